"""The job id and its origin, embedded in a file of the user's."""

from __future__ import annotations

import pytest

from syncd.core.model import Identity
from syncd.errors import Changed, CorruptMedia
from syncd.local.retag import embed_identity
from syncd.local.root import Root
from syncd.local.scan import file_stat
from syncd.local.tags import read_fields, read_identity

from .retagged import (
    AUDIO,
    ORIGIN,
    SAMPLES,
    Track,
    payload,
)


def test_an_identity_is_embedded_and_nothing_else(track: Track) -> None:
    before, audio = read_fields(track.path, track.fmt), payload(track.path, track.fmt)
    stat = embed_identity(track.root, track.name, 4711, ORIGIN)
    assert stat == file_stat(track.path)
    assert read_identity(track.path) == Identity(4711, ORIGIN)
    expected = {**before, "job_id": ("4711",), "origin": (str(ORIGIN),)}
    assert read_fields(track.path, track.fmt) == expected
    assert payload(track.path, track.fmt) == audio
    assert embed_identity(track.root, track.name, 4711, ORIGIN) == stat


def test_a_file_without_any_tags_is_given_an_identity(root: Root, track: Track) -> None:
    bare = root.path / f"bare.{track.fmt}"
    bare.write_bytes((AUDIO / SAMPLES[track.fmt]).read_bytes())
    embed_identity(root, bare.name, 1, ORIGIN)
    assert read_identity(bare) == Identity(1, ORIGIN)


def test_the_bytes_say_what_a_file_is_and_not_its_name(root: Root, flac: Track) -> None:
    misnamed = flac.path.rename(root.path / "Rain.mp3")
    embed_identity(root, "Rain.mp3", 1, ORIGIN)
    assert read_identity(misnamed) == Identity(1, ORIGIN)


@pytest.mark.parametrize(
    "content", [b"", b"plain text", b"OggS" + bytes(60), b"fLaC" + bytes(60), b"RIFF\4\0\0\0WAVE"]
)
def test_what_is_no_audio_is_given_no_identity(root: Root, content: bytes) -> None:
    path = root.path / "notes.flac"
    path.write_bytes(content)
    with pytest.raises(CorruptMedia):
        embed_identity(root, "notes.flac", 1, ORIGIN)
    assert path.read_bytes() == content


def test_an_identity_for_what_is_gone_is_refused(root: Root) -> None:
    with pytest.raises(Changed, match=r"gone\.flac is no longer there"):
        embed_identity(root, "gone.flac", 1, ORIGIN)
