"""The media origin: signed addresses, ranges, validators, redirects."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from syncd.simulator import Simulator, World

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def job(world: World) -> int:
    return world.add(audio={"flac": CONTENT}, cover=True)


@pytest.fixture
def url(api: httpx.Client, job: int) -> str:
    return str(api.get(f"/jobs/{job}/status").json()["output_url"])


def test_audio_comes_from_the_second_origin_and_needs_no_key(
    media: httpx.Client, sim: Simulator, url: str
) -> None:
    assert url.startswith(sim.media_url + "/")
    assert sim.media_url != sim.api_url
    answer = media.get(url)
    assert answer.content == CONTENT
    assert answer.headers["content-type"] == "audio/flac"
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["last-modified"] == "Tue, 31 Mar 2026 23:33:20 GMT"


def test_a_cover_is_served_there_too(api: httpx.Client, media: httpx.Client, job: int) -> None:
    thumbnail = api.get(f"/jobs/{job}/status").json()["thumbnail_url"]
    answer = media.get(thumbnail)
    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")


def test_an_address_expires_and_the_status_call_gives_a_fresh_one(
    api: httpx.Client,
    media: httpx.Client,
    job: int,
    url: str,
    clock: Any,
) -> None:
    clock.advance(3599)
    assert media.get(url).status_code == 200
    clock.advance(1)
    expired = media.get(url)
    assert expired.status_code == 403
    assert "expired" in expired.text
    fresh = api.get(f"/jobs/{job}/status").json()["output_url"]
    assert fresh.partition("?")[0] == url.partition("?")[0]
    assert media.get(fresh).content == CONTENT


@pytest.mark.parametrize(
    "spoil",
    [
        lambda url: url.partition("?")[0],
        lambda url: url[:-1] + ("0" if url[-1] != "0" else "1"),
        lambda url: url.replace("expires=1", "expires=2"),
        lambda url: url.replace("track.flac", "cover.png"),
    ],
    ids=["unsigned", "forged", "prolonged", "for another file"],
)
def test_a_signature_is_checked(media: httpx.Client, url: str, spoil: Any) -> None:
    assert media.get(spoil(url)).status_code == 403


def test_unsigned_addresses_hold_for_good(
    api: httpx.Client,
    media: httpx.Client,
    sim: Simulator,
    job: int,
    clock: Any,
) -> None:
    sim.switches.media_signed = False
    url = api.get(f"/jobs/{job}/status").json()["output_url"]
    assert "?" not in url
    clock.advance(10**7)
    assert media.get(url).content == CONTENT


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, 10239),
        ("bytes=-5", 10235, 10239),
        ("bytes=10000-99999", 10000, 10239),
        ("bytes=-99999", 0, 10239),
    ],
)
def test_a_range_is_answered_in_part(
    media: httpx.Client, url: str, asked: str, first: int, last: int
) -> None:
    answer = media.get(url, headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {first}-{last}/10240"
    assert answer.content == CONTENT[first : last + 1]


@pytest.mark.parametrize("asked", ["bytes=10240-", "bytes=-0", "bytes=5-4"])
def test_a_range_that_does_not_exist_is_416(media: httpx.Client, url: str, asked: str) -> None:
    answer = media.get(url, headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */10240"


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "lines=0-1", "bytes=-", "bytes=a-b"])
def test_any_other_range_is_answered_in_full(media: httpx.Client, url: str, asked: str) -> None:
    answer = media.get(url, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, CONTENT)


def test_if_range_continues_only_what_is_unchanged(
    api: httpx.Client, media: httpx.Client, world: World, job: int, url: str
) -> None:
    whole = media.get(url)
    wanted = {"Range": "bytes=5000-"}
    for validator in (whole.headers["etag"], whole.headers["last-modified"]):
        assert media.get(url, headers={**wanted, "If-Range": validator}).status_code == 206
    for validator in ('"other"', "Mon, 05 Jan 2026 00:00:00 GMT", "nonsense"):
        assert media.get(url, headers={**wanted, "If-Range": validator}).status_code == 200
    world.replace_audio(job, {"flac": CONTENT[::-1]}, same_address=True)
    changed = media.get(url, headers={**wanted, "If-Range": whole.headers["etag"]})
    assert (changed.status_code, changed.content) == (200, CONTENT[::-1])


def test_a_known_etag_is_answered_with_304(media: httpx.Client, url: str) -> None:
    etag = media.get(url).headers["etag"]
    answer = media.get(url, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content) == (304, b"")


def test_head_tells_the_length_alone(media: httpx.Client, url: str) -> None:
    answer = media.head(url)
    assert (answer.headers["content-length"], answer.content) == ("10240", b"")


def test_only_reading_is_allowed(media: httpx.Client, url: str) -> None:
    answer = media.put(url, content=b"x")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_replaced_audio_has_another_address_and_the_old_one_is_gone(
    api: httpx.Client, media: httpx.Client, world: World, job: int, url: str
) -> None:
    world.replace_audio(job)
    fresh = api.get(f"/jobs/{job}/status").json()["output_url"]
    assert fresh.partition("?")[0] != url.partition("?")[0]
    assert media.get(fresh).content not in (b"", CONTENT)
    assert media.get(url).status_code == 404


def test_another_account_or_name_is_404(media: httpx.Client, sim: Simulator, job: int) -> None:
    sim.switches.media_signed = False
    paths = [f"/7001/{job}/track.mp3", f"/8/{job}/track.flac", "/7001/3/track.flac", "/x"]
    assert [media.get(path).status_code for path in paths] == [404] * 4


def test_audio_of_an_unfinished_job_is_not_there(
    media: httpx.Client, sim: Simulator, world: World
) -> None:
    sim.switches.media_signed = False
    job = world.add(status="PENDING")
    assert media.get(f"/7001/{job}/track.flac").status_code == 404
    world.complete(job)
    assert media.get(f"/7001/{job}/track.flac").status_code == 200


class TestSwitches:
    def test_redirects_lead_to_the_bytes(
        self, media: httpx.Client, sim: Simulator, url: str
    ) -> None:
        sim.switches.media_redirects = 3
        answer = media.get(url, follow_redirects=True)
        assert [hop.status_code for hop in answer.history] == [302] * 3
        assert answer.content == CONTENT

    def test_redirects_may_name_another_host(
        self, media: httpx.Client, sim: Simulator, url: str
    ) -> None:
        sim.switches.media_redirects = 1
        sim.switches.media_redirect_host = "localhost"
        answer = media.get(url, follow_redirects=True)
        assert answer.url.host == "localhost"
        assert answer.content == CONTENT

    def test_without_a_length_the_body_is_chunked(
        self, media: httpx.Client, sim: Simulator, url: str
    ) -> None:
        sim.switches.media_length = False
        answer = media.get(url)
        assert "content-length" not in answer.headers
        assert answer.headers["transfer-encoding"] == "chunked"
        assert answer.content == CONTENT

    def test_without_ranges_the_whole_comes(
        self, media: httpx.Client, sim: Simulator, url: str
    ) -> None:
        sim.switches.media_ranges = False
        answer = media.get(url, headers={"Range": "bytes=5-"})
        assert (answer.status_code, answer.content) == (200, CONTENT)
        assert "accept-ranges" not in answer.headers

    def test_validators_can_be_absent(self, media: httpx.Client, sim: Simulator, url: str) -> None:
        sim.switches.media_etag = sim.switches.media_last_modified = False
        headers = media.get(url).headers
        assert "etag" not in headers
        assert "last-modified" not in headers
        conditional = {"Range": "bytes=5-", "If-Range": "Tue, 31 Mar 2026 23:33:20 GMT"}
        assert media.get(url, headers=conditional).status_code == 200
