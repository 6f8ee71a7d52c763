"""The part on abuse notices what it looks for, and covers what it says."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import patch

import pytest

from syncd.remote.addresses import AddressPolicy
from syncd.remote.transport import Transport

from ..part import Size
from . import cases as abuse
from . import hosts
from .stage import stage


def test_every_abuse_has_a_key_that_stays() -> None:
    ci, full = list(abuse.cases(Size.CI)), list(abuse.cases(Size.FULL))
    assert ci == list(abuse.cases(Size.CI))
    assert len(set(full)) == len(full) > 380
    assert set(ci) < set(full)
    assert "folder: fifty thousand entries in a folder" in ci
    assert "value: an id of two to the seventieth" in full


@pytest.mark.parametrize("kind", ["audio at", "a redirect of audio to", "a redirect of the API to"])
def test_a_host_that_nobody_should_name_is_not_asked(tmp_path: Path, kind: str) -> None:
    verdict = abuse.play(f"host: {kind} the cloud's metadata", tmp_path)
    assert verdict.troubles == ()
    assert verdict.counts == {"abuses": 1}


def test_it_is_noticed_where_any_host_is_asked(tmp_path: Path) -> None:
    with (
        patch.object(AddressPolicy, "permits", lambda *_: True),
        patch.object(AddressPolicy, "_permits_text", lambda *_: True),
    ):
        verdict = abuse.play("host: audio at the cloud's metadata", tmp_path)
    assert "it connected to ['169.254.169.254']" in verdict.troubles


def test_it_is_noticed_where_the_key_goes_along(tmp_path: Path) -> None:
    def keyed(self: Transport, request: object) -> object:
        request.headers["X-API-Key"] = self._key.reveal()  # type: ignore[attr-defined]
        return request

    with patch.object(Transport, "_keyed", keyed):
        verdict = abuse.play("host: audio at a public host of somebody's", tmp_path)
    (leak,) = [text for text in verdict.troubles if "the key went to" in text]
    assert hosts.MEDIA in leak
    assert "trap.example" in leak


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_it_is_noticed_where_a_command_says_the_key(tmp_path: Path, stream: str) -> None:
    with stage(tmp_path, jobs=0) as it:
        it.before = f"import os, sys\nprint(os.environ['AUDIOPOD_API_KEY'], file=sys.{stream})\n"
        it.run("status")
    assert "the key stands in what it says" in it.troubles


@pytest.mark.parametrize(
    "deed",
    [
        "f = os.open('{0}', os.O_RDONLY)\nos.open('theirs', os.O_RDONLY, dir_fd=f)",
        "f = os.open('{1}', os.O_RDONLY)\nos.open('away/theirs', os.O_RDONLY, dir_fd=f)",
        "os.chdir('{0}')\nos.open('theirs', os.O_RDONLY)",
        "os.chdir('{0}')\nopen('theirs')",
        "os.listdir('{1}/away')",
        "os.scandir('{0}')",
    ],
)
def test_it_is_noticed_what_is_opened_outside(tmp_path: Path, deed: str) -> None:
    with stage(tmp_path, jobs=0) as it:
        (it.outside / "theirs").write_bytes(b"x")
        (it.root / "away").symlink_to(it.outside)
        it.before = "import os\n" + deed.format(it.outside, it.root) + "\nos.chdir('/')\n"
        it.run("status")
        (it.root / "away").unlink()
    assert [text for text in it.troubles if "it went for what lies outside, to read" in text]


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    with patch.object(os, "mknod", refused):
        verdict = abuse.play("folder: pipes, sockets and devices with names of audio", tmp_path)
    assert verdict.troubles == ()
    assert [what for what in verdict.counts if "left out: devices" in what]
