"""The values: what a job offers, whose a file is, and what lies under an unreadable folder."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.model import Job, LocalTree, Origin, address_path, without_signatures
from syncd.core.policy import Policy

MEDIA = "https://media.audiopod.ai/a/7"


@pytest.mark.parametrize(
    ("fields", "offered"),
    [
        pytest.param({}, {}, id="nothing yet"),
        pytest.param(
            {"output_urls": {"flac": f"{MEDIA}.flac", "mp3": f"{MEDIA}.mp3"}},
            {"flac": f"{MEDIA}.flac", "mp3": f"{MEDIA}.mp3"},
            id="output_urls",
        ),
        pytest.param({"output_urls": {"FLAC": MEDIA}}, {"flac": MEDIA}, id="upper case"),
        pytest.param({"output_urls": {"aiff": MEDIA, "m4a": MEDIA}}, {}, id="unknown formats"),
        pytest.param({"output_urls": {"flac": ""}}, {}, id="empty address"),
        pytest.param(
            {"output_url": f"{MEDIA}.mp3"}, {"mp3": f"{MEDIA}.mp3"}, id="output_url alone"
        ),
        pytest.param(
            {"output_url": f"{MEDIA}.MP3?Expires=1&n=x.flac"},
            {"mp3": f"{MEDIA}.MP3?Expires=1&n=x.flac"},
            id="upper-case suffix before a query",
        ),
        pytest.param(
            {"output_url": MEDIA, "format": "OGG"}, {"ogg": MEDIA}, id="no suffix, but a format"
        ),
        pytest.param(
            {"output_url": f"{MEDIA}.bin", "format": "wav"},
            {"wav": f"{MEDIA}.bin"},
            id="another suffix, but a format",
        ),
        pytest.param({"output_url": MEDIA}, {}, id="neither suffix nor format"),
        pytest.param({"output_url": MEDIA, "format": "aiff"}, {}, id="an unknown format"),
        pytest.param(
            {"output_urls": {"mp3": "a"}, "output_url": f"{MEDIA}.mp3"},
            {"mp3": "a"},
            id="output_urls goes before output_url",
        ),
        pytest.param(
            {"output_urls": {"mp3": "a"}, "output_url": f"{MEDIA}.flac"},
            {"mp3": "a", "flac": f"{MEDIA}.flac"},
            id="both",
        ),
        pytest.param({"output_url": "https://[bad/x.mp3"}, {}, id="an address that is none"),
    ],
)
def test_the_audio_on_offer(fields: dict[str, object], offered: dict[str, str]) -> None:
    assert Job(id=7, status="COMPLETED", **fields).audio == offered  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("address", "path"),
    [
        (f"{MEDIA}.flac?Signature=abc", "media.audiopod.ai/a/7.flac"),
        ("HTTPS://Media.AudioPod.AI:443/A.flac#x", "media.audiopod.ai/A.flac"),
        ("relative/a.flac", "relative/a.flac"),
        ("https://[bad", ""),
        ("", ""),
    ],
)
def test_an_address_without_its_signature(address: str, path: str) -> None:
    assert address_path(address) == path


def test_planning_sees_the_job_without_its_signatures_and_lyrics() -> None:
    made = datetime(2026, 3, 1, tzinfo=UTC)
    job = Job(
        id=7,
        status="COMPLETED",
        display_name="Rain",
        prompt="p" * 500,
        output_urls={"flac": f"{MEDIA}.flac?sig=1"},
        created_at=made,
        vocal_language="en",
        genre=("lo-fi",),
        user_id="u1",
    )
    track = job.track()
    assert (track.id, track.title, track.created_at, track.user_id) == (7, "Rain", made, "u1")
    assert track.prompt == "p" * 200
    assert track.audio == {"flac": "media.audiopod.ai/a/7.flac"}
    assert track.language == "en"
    assert track.genre == ("lo-fi",)
    assert Job(id=8, status="PENDING", language="de", vocal_language="en").track().language == "de"
    assert Job(id=9, status="PENDING", prompt="").track().prompt is None


@pytest.mark.parametrize(
    "origin",
    [
        Origin("https://api.audiopod.ai"),
        Origin("https://api.audiopod.ai", "42"),
        Origin("http://[::1]:8000", "user#with#marks"),
    ],
)
def test_an_origin_survives_being_written_as_text(origin: Origin) -> None:
    assert Origin.parse(str(origin)) == origin


@given(text=st.text())
def test_any_text_in_a_tag_is_an_origin_of_some_kind(text: str) -> None:
    origin = Origin.parse(text)
    assert Origin.parse(str(origin)) == origin


@pytest.mark.parametrize(
    ("one", "other", "matches"),
    [
        (Origin("https://a", "1"), Origin("https://a", "1"), True),
        (Origin("https://a"), Origin("https://a", "1"), True),
        (Origin("https://a"), Origin("https://a"), True),
        (Origin("https://a", "1"), Origin("https://a", "2"), False),
        (Origin("https://a", "1"), Origin("https://b", "1"), False),
        (Origin("https://a"), Origin("https://b"), False),
    ],
)
def test_origins_match_unless_a_known_part_differs(
    one: Origin, other: Origin, matches: bool
) -> None:
    assert one.matches(other) is matches
    assert other.matches(one) is matches


@pytest.mark.parametrize(
    ("unreadable", "path", "hidden"),
    [
        ({"a"}, "a/x.mp3", True),
        ({"a"}, "a/b/x.mp3", True),
        ({"a/x.mp3"}, "a/x.mp3", True),
        ({"a"}, "ab/x.mp3", False),
        ({"a/b"}, "a/x.mp3", False),
        ({"."}, "anything", True),
        (set(), "a/x.mp3", False),
    ],
)
def test_what_lies_under_an_unreadable_folder_is_hidden(
    unreadable: set[str], path: str, hidden: bool
) -> None:
    assert LocalTree({}, unreadable=frozenset(unreadable)).is_hidden(path) is hidden


TREE = LocalTree(
    {},
    names=frozenset({"a", "a/b", "a/b/x.mp3", "link", "a/file"}),
    folders=frozenset({"a", "a/b", "a/b/c"}),
    mounted=frozenset({"a/b", "a/b/c/d"}),
)


@pytest.mark.parametrize(
    ("path", "mount"),
    [
        ("a/b/x.mp3", "a/b"),
        ("a/b/c/x.mp3", "a/b"),
        ("a/b/gone/x.mp3", "a/b"),
        ("a/b/c/d/e/x.mp3", "a/b/c/d"),
        ("a/b", None),
        ("a/x.mp3", None),
        ("gone/x.mp3", None),
        ("x.mp3", None),
    ],
)
def test_a_path_lies_in_what_is_mounted_at_the_nearest_folder_above(
    path: str, mount: str | None
) -> None:
    assert TREE.mount_of(path) == mount


@pytest.mark.parametrize(
    ("unreadable", "words"), [({"b"}, "b"), ({"b", "a/x", "c"}, "a/x and 2 more")]
)
def test_what_could_not_be_read_is_said_by_name(unreadable: set[str], words: str) -> None:
    assert LocalTree({}, unreadable=frozenset(unreadable)).said_unreadable() == words


@pytest.mark.parametrize(
    ("path", "walled"),
    [
        ("link/x.mp3", True),
        ("link/deep/x.mp3", True),
        ("a/file/x.mp3", True),
        ("a/b/x.mp3", False),
        ("a/gone/x.mp3", False),
        ("link", False),
        ("x.mp3", False),
    ],
)
def test_a_path_is_walled_where_no_folder_is_in_the_place_of_one(path: str, walled: bool) -> None:
    assert TREE.is_walled(path) is walled


@pytest.mark.parametrize(
    ("origin", "known"),
    [
        (None, True),
        (Origin("https://a", "1"), True),
        (Origin("https://a"), True),
        (Origin("https://a", "2"), False),
        (Origin("https://old", "1"), True),
        (Origin("https://older", "9"), True),
        (Origin("https://b", "1"), False),
    ],
)
def test_the_files_of_this_library_are_known_by_its_origin_and_its_former_ones(
    origin: Origin | None, known: bool
) -> None:
    aliases = (Origin("https://old", "1"), Origin("https://older"))
    assert Policy(origin=Origin("https://a", "1"), aliases=aliases).knows(origin) is known


def test_values_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Job(id=1, status="PENDING").status = "COMPLETED"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ('{"id": 7, "a": {"b": ["https://m/7.flac?signature=1"]}}',
         '{"id": 7, "a": {"b": ["https://m/7.flac"]}}'),
        ('{"a": "HTTP://m/7.flac?signature=1?2"}', '{"a": "HTTP://m/7.flac"}'),
        ('{"prompt": "why? because"}', '{"prompt": "why? because"}'),
        ("[1]", "{}"),
        ("no JSON", "{}"),
    ],
)  # fmt: skip
def test_a_job_is_kept_without_the_signatures_of_its_addresses(raw: str, kept: str) -> None:
    assert without_signatures(raw) == kept


def test_a_track_is_as_long_as_its_job_says() -> None:
    assert Job(id=7, status="COMPLETED", audio_duration=61.5).track().audio_duration == 61.5
