"""A WAV keeps its audio and its cues, loses LIST/INFO, and gets an ID3 chunk behind the audio."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from mutagen.wave import WAVE

from syncd.errors import CorruptMedia
from syncd.local.audio import check
from syncd.local.tags import read_fields, write_fields

FORMAT = (b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8))
INFO = (b"LIST", b"INFOINAM\x04\0\0\0Old\0")
LABELS = (b"LIST", b"adtllabl\x06\0\0\0\x01\0\0\0a\0")
CUES = (b"cue ", bytes(28))
DATA = (b"data", bytes(range(256)) * 40)
ODD_DATA = (b"data", bytes(range(251)) * 41)

Chunks = list[tuple[bytes, bytes]]


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param([FORMAT, DATA], id="nothing but audio"),
        pytest.param([FORMAT, ODD_DATA], id="an odd number of bytes"),
        pytest.param([FORMAT, INFO, DATA], id="INFO before the audio"),
        pytest.param([FORMAT, ODD_DATA, INFO], id="INFO behind the audio"),
        pytest.param([FORMAT, INFO, CUES, ODD_DATA, LABELS, INFO], id="cues and labels"),
        pytest.param([FORMAT, (b"ID3 ", b"ID3\4" + bytes(6)), DATA], id="a tag before the audio"),
        pytest.param([FORMAT, DATA, (b"id3 ", b"")], id="an empty tag"),
    ],
)
def test_everything_but_tags_stays_and_the_sizes_add_up(tmp_path: Path, chunks: Chunks) -> None:
    path = placed(tmp_path, riff(chunks))
    fields = {"title": ("New",), "job_id": ("3",)}
    write_fields(path, "wav", fields, cover=None, duration=1.25)
    found = parsed(path.read_bytes())
    tags = (b"id3 ", b"ID3 ")
    kept = [chunk for chunk in chunks if chunk[0] not in tags and chunk is not INFO]
    assert found[:-1] == kept
    assert found[-1][0] == b"id3 "
    assert check(path, "wav", expected_duration=None).duration > 1
    assert read_fields(path, "wav") == {**fields, "duration": ("1.250",)}
    assert WAVE(path).tags["TIT2"].text == ["New"]


@pytest.mark.parametrize("unknown", [0, 0xFFFFFFFF])
def test_the_open_sizes_of_a_stream_are_filled_in(tmp_path: Path, unknown: int) -> None:
    data = bytearray(riff([FORMAT, INFO, ODD_DATA])[:-1])
    struct.pack_into("<I", data, 4, unknown)
    struct.pack_into("<I", data, data.index(b"data") + 4, unknown)
    path = placed(tmp_path, bytes(data))
    write_fields(path, "wav", {"title": ("New",)}, cover=None, duration=1)
    assert parsed(path.read_bytes())[:-1] == [FORMAT, ODD_DATA]


def test_a_wav_that_ends_inside_its_audio_is_left_as_it_is(tmp_path: Path) -> None:
    data = riff([FORMAT, DATA])[:-10]
    path = placed(tmp_path, data)
    with pytest.raises(CorruptMedia, match="cut short"):
        write_fields(path, "wav", {"title": ("New",)}, cover=None, duration=1)
    assert path.read_bytes() == data


def placed(folder: Path, data: bytes) -> Path:
    path = folder / "x.part"
    path.write_bytes(data)
    return path


def riff(chunks: Chunks) -> bytes:
    body = b"".join(
        name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def parsed(data: bytes) -> Chunks:
    """The chunks of a file whose every size and byte of padding is right."""
    assert data[:4] + data[8:12] == b"RIFFWAVE"
    assert struct.unpack_from("<I", data, 4) == (len(data) - 8,)
    at, found = 12, []
    while at < len(data):
        (size,) = struct.unpack_from("<I", data, at + 4)
        found.append((data[at : at + 4], data[at + 8 : at + 8 + size]))
        assert data[at + 8 + size :][: size % 2] == bytes(size % 2)
        at += 8 + size + size % 2
    assert at == len(data)
    return found
