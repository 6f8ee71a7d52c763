"""What is particular to one format: tags around the frames, open sizes, chained streams."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from mutagen.ogg import OggPage

from syncd.errors import CorruptMedia
from syncd.local.audio import check, mp3, sniff

Place = Callable[[bytes], Path]
Samples = dict[str, bytes]

ID3 = b"ID3\x04\0\0\0\0\x01\0" + bytes(128)
APE_WITH_HEADER = (
    b"APETAGEX" + struct.pack("<IIII8x", 2000, 44, 1, 0xA0000000)
    + b"x" * 12
    + b"APETAGEX" + struct.pack("<IIII8x", 2000, 44, 1, 0x80000000)
)  # fmt: skip
APE_FOOTER_ONLY = b"x" * 12 + b"APETAGEX" + struct.pack("<IIII8x", 2000, 44, 1, 0)
ID3_WITH_FOOTER = (
    b"ID3\x04\0\x10\0\0\0\x40" + bytes(64) + b"3DI\x04\0\x10\0\0\0\x40"
)  # fmt: skip
LYRICS = b"LYRICSBEGIN" + b"IND0000200" + b"000021LYRICS200"
ID3V1 = b"TAG" + b"title".ljust(125, b"\0")


# --- mp3 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tail",
    [
        pytest.param(ID3V1, id="ID3v1"),
        pytest.param(APE_FOOTER_ONLY, id="APE"),
        pytest.param(APE_WITH_HEADER, id="APE with a header"),
        pytest.param(LYRICS + ID3V1, id="Lyrics3 before ID3v1"),
        pytest.param(APE_FOOTER_ONLY + ID3V1, id="APE before ID3v1"),
        pytest.param(ID3_WITH_FOOTER, id="ID3v2.4 with a footer"),
    ],
)
def test_tags_behind_an_mp3_are_not_taken_for_damage(
    mp3_frames: list[bytes], placed: Place, tail: bytes
) -> None:
    frames = list(mp3_frames)
    without_count = b"".join(frames[1:])
    expected = check(placed(without_count), "mp3", expected_duration=None).duration
    path = placed(without_count + tail)
    assert check(path, "mp3", expected_duration=None).duration == expected


def test_an_mp3_with_and_without_tags_in_front_is_known(
    mp3_frames: list[bytes], placed: Place
) -> None:
    bare = b"".join(mp3_frames)
    assert sniff(placed(bare)) == "mp3"
    assert sniff(placed(ID3 + ID3 + bare)) == "mp3"
    assert check(placed(ID3 + ID3_WITH_FOOTER + bare), "mp3", expected_duration=None).duration > 0


def test_an_mp3_cut_between_two_frames_is_found_by_the_count(
    mp3_frames: list[bytes], placed: Place
) -> None:
    frames = list(mp3_frames)
    with pytest.raises(CorruptMedia, match=f"{len(frames) - 2} of its {len(frames) - 1} frames"):
        check(placed(b"".join(frames[:-1])), "mp3", expected_duration=None)


def test_an_mp3_whose_count_includes_its_own_frame_is_sound(
    mp3_frames: list[bytes], placed: Place
) -> None:
    frames = list(mp3_frames)
    marker = max(frames[0].find(b"Xing"), frames[0].find(b"Info"))
    first = bytearray(frames[0])
    struct.pack_into(">III", first, marker + 4, 3, len(frames), sum(map(len, frames)))
    whole = [bytes(first), *frames[1:]]
    assert check(placed(b"".join(whole)), "mp3", expected_duration=None).duration > 0
    with pytest.raises(CorruptMedia):
        check(placed(b"".join(whole[:-1])), "mp3", expected_duration=None)


def test_an_mp3_with_a_damaged_header_is_found(mp3_frames: list[bytes], placed: Place) -> None:
    frames = list(mp3_frames)
    frames[20] = b"\xff\0" + frames[20][2:]
    with pytest.raises(CorruptMedia, match="where a frame should begin"):
        check(placed(b"".join(frames)), "mp3", expected_duration=None)


def test_padding_behind_all_the_counted_frames_is_excused(
    mp3_frames: list[bytes], placed: Place
) -> None:
    frames = list(mp3_frames)
    assert check(placed(b"".join(frames) + bytes(500)), "mp3", expected_duration=None)
    with pytest.raises(CorruptMedia):
        check(placed(b"".join(frames[1:]) + bytes(500)), "mp3", expected_duration=None)


def test_an_mp3_whose_first_frame_leaves_the_count_out_is_sound(
    mp3_frames: list[bytes], placed: Place
) -> None:
    marker = max(mp3_frames[0].find(b"Xing"), mp3_frames[0].find(b"Info"))
    first = mp3_frames[0][: marker + 4] + bytes(len(mp3_frames[0]) - marker - 4)
    path = placed(first + b"".join(mp3_frames[1:]))
    assert check(path, "mp3", expected_duration=None).duration > 0


def test_a_tag_before_something_else_makes_no_mp3_of_it(placed: Place) -> None:
    assert sniff(placed(ID3 + b"<html>")) is None


def test_an_mp3_of_free_format_is_not_recognised(placed: Place) -> None:
    assert sniff(placed((b"\xff\xfb\x00\0" + bytes(413)) * 4)) is None


def test_an_mp3_cut_inside_its_tags_is_found(placed: Place) -> None:
    with pytest.raises(CorruptMedia, match="inside its tags"):
        check(placed(ID3[:50]), "mp3", expected_duration=None)


def test_the_count_of_a_fraunhofer_encoder_is_understood(
    mp3_frames: list[bytes], placed: Place
) -> None:
    frames = mp3_frames[1:60]
    longest = max(frames, key=len)
    total = len(longest) + sum(map(len, frames))
    note = b"VBRI" + struct.pack(">HHHII", 1, 0, 0, total, len(frames))
    first = longest[:4] + bytes(32) + note + bytes(len(longest) - 36 - len(note))
    assert check(placed(first + b"".join(frames)), "mp3", expected_duration=None).duration > 0
    with pytest.raises(CorruptMedia, match="of its 59 frames"):
        check(placed(first + b"".join(frames[:-1])), "mp3", expected_duration=None)


def test_an_mp3_of_mpeg_1_is_measured(placed: Place) -> None:
    # 128 kbit/s, 44.1 kHz, stereo; the last bit of the third byte pads a frame by one byte.
    frames = b"".join(b"\xff\xfb\x90\0" + bytes(413) + b"\xff\xfb\x92\0" + bytes(414) for _ in "ab")
    path = placed(frames)
    assert check(path, "mp3", expected_duration=None).duration == pytest.approx(4 * 1152 / 44_100)


# --- flac --------------------------------------------------------------------------------------


def test_a_flac_behind_an_id3_tag_is_a_flac(samples: Samples, placed: Place) -> None:
    path = placed(ID3 + samples["flac"] + ID3V1)
    assert sniff(path) == "flac"
    assert check(path, "flac", expected_duration=None).duration > 0


def test_a_flac_that_does_not_know_its_length_is_measured(samples: Samples, placed: Place) -> None:
    expected = check(placed(samples["flac"]), "flac", expected_duration=None).duration
    path = placed(_with_total(samples["flac"], 0))
    assert check(path, "flac", expected_duration=None).duration == expected


def test_a_flac_whose_frames_end_before_its_announced_length_is_found(
    samples: Samples, placed: Place
) -> None:
    path = placed(_with_total(samples["flac"], 1 << 30))
    with pytest.raises(CorruptMedia, match="of its 1073741824 samples"):
        check(path, "flac", expected_duration=None)


def test_a_flac_whose_first_frame_does_not_begin_is_found(samples: Samples, placed: Place) -> None:
    damaged = samples["flac"].replace(b"\xff\xf8", b"\xff\0", 1)
    with pytest.raises(CorruptMedia, match="where a frame should begin"):
        check(placed(damaged), "flac", expected_duration=None)


@pytest.mark.parametrize("total", [None, 0], ids=["known length", "unknown length"])
def test_a_flac_with_a_frame_lost_from_its_middle_is_found(
    samples: Samples, placed: Place, total: int | None
) -> None:
    whole = samples["flac"] if total is None else _with_total(samples["flac"], total)
    sync = whole[whole.index(b"\xff\xf8") :][:4]
    starts = [at for at in range(len(whole)) if whole[at : at + 4] == sync]
    with pytest.raises(CorruptMedia, match=f"lacks a frame before byte {starts[5]}"):
        check(placed(whole[: starts[5]] + whole[starts[6] :]), "flac", expected_duration=None)


def test_a_flac_of_large_frames_is_followed_over_the_pieces_it_is_read_in(placed: Place) -> None:
    path = placed(verbatim_flac(frames=8, samples=65_535))
    assert path.stat().st_size > 1 << 20
    duration = check(path, "flac", expected_duration=None).duration
    assert duration == pytest.approx(8 * 65_535 / 48_000)
    with pytest.raises(CorruptMedia, match="cut short in the frame"):
        check(placed(path.read_bytes()[:-1]), "flac", expected_duration=None)


def test_a_flac_without_stream_information_is_found(placed: Place) -> None:
    path = placed(b"fLaC\x84\0\0\x04" + bytes(60))
    with pytest.raises(CorruptMedia, match="stream information"):
        check(path, "flac", expected_duration=None)


# --- ogg ---------------------------------------------------------------------------------------


def test_an_ogg_that_lacks_a_page_is_found(samples: Samples, placed: Place) -> None:
    pages = _pages(samples["ogg"])
    with pytest.raises(CorruptMedia, match="lacks a page"):
        check(placed(b"".join(pages[:7] + pages[8:])), "ogg", expected_duration=None)


def test_an_ogg_that_lacks_its_last_page_is_found(samples: Samples, placed: Place) -> None:
    with pytest.raises(CorruptMedia, match="last page is missing"):
        check(placed(b"".join(_pages(samples["ogg"])[:-1])), "ogg", expected_duration=None)


def test_streams_that_follow_each_other_add_up(samples: Samples, placed: Place) -> None:
    once = check(placed(samples["ogg"]), "ogg", expected_duration=None).duration
    twice = check(placed(samples["ogg"] * 2), "ogg", expected_duration=None).duration
    assert twice == pytest.approx(2 * once)


def test_opus_in_ogg_is_measured_without_its_pre_skip(placed: Place) -> None:
    path = placed(opus(samples=48_000 + 312))
    assert sniff(path) == "ogg"
    assert check(path, "ogg", expected_duration=1).duration == pytest.approx(1)


def test_an_ogg_without_audio_is_no_track(placed: Place) -> None:
    page = OggPage()
    page.packets, page.position, page.sequence = [b"fishead\0" + bytes(56)], 0, 0
    page.first = page.last = True
    with pytest.raises(CorruptMedia, match="without any audio"):
        check(placed(page.write()), "ogg", expected_duration=None)


# --- wav ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("unknown", [0, 0xFFFFFFFF])
def test_a_wav_written_to_a_pipe_runs_to_the_end(
    samples: Samples, placed: Place, unknown: int
) -> None:
    expected = check(placed(samples["wav"]), "wav", expected_duration=None).duration
    open_ended = bytearray(samples["wav"])
    struct.pack_into("<I", open_ended, 4, unknown)
    struct.pack_into("<I", open_ended, open_ended.index(b"data") + 4, unknown)
    assert check(placed(bytes(open_ended)), "wav", expected_duration=None).duration == expected
    with pytest.raises(CorruptMedia, match="last sample"):
        check(placed(bytes(open_ended[:-1])), "wav", expected_duration=None)


def test_a_missing_byte_of_padding_at_the_end_is_excused(placed: Place) -> None:
    data = wav((b"fmt ", FMT), (b"data", b"\1\2\3\4"), (b"cue ", b"\0\0\0"))
    assert check(placed(data), "wav", expected_duration=None).duration == pytest.approx(1 / 4000)
    assert check(placed(data[:-1]), "wav", expected_duration=None).duration > 0
    with pytest.raises(CorruptMedia):
        check(placed(data[:-2]), "wav", expected_duration=None)


@pytest.mark.parametrize(
    ("chunks", "message"),
    [
        pytest.param([(b"fmt ", None)], "no data chunk", id="no data"),
        pytest.param([(b"data", b"\1\2")], "no fmt chunk", id="no fmt"),
        pytest.param([(b"fmt ", b"\1\0"), (b"data", b"\1\2")], "fmt chunk", id="short fmt"),
        pytest.param([(b"fmt ", bytes(16)), (b"data", b"\1\2")], "fmt chunk", id="empty fmt"),
        pytest.param([(b"fmt ", None), (b"data", b"")], "without any audio", id="no samples"),
    ],
)
def test_a_wav_without_what_it_needs_is_found(
    placed: Place, chunks: list[tuple[bytes, bytes | None]], message: str
) -> None:
    data = wav(*((name, FMT if body is None else body) for name, body in chunks))
    with pytest.raises(CorruptMedia, match=message):
        check(placed(data), "wav", expected_duration=None)


FMT = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)


def wav(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def opus(*, samples: int) -> bytes:
    """A stream of Opus that claims ``samples``, its packets of no matter."""
    packets = [
        b"OpusHead\x01\x02" + struct.pack("<HIhB", 312, 48_000, 0, 0),
        b"OpusTags" + struct.pack("<I", 4) + b"test" + struct.pack("<I", 0),
        bytes(100),
    ]
    written = b""
    for number, packet in enumerate(packets):
        page = OggPage()
        page.packets, page.serial, page.sequence = [packet], 7, number
        page.position = samples if number == 2 else 0
        page.first, page.last = number == 0, number == 2
        written += page.write()
    return written


def verbatim_flac(*, frames: int, samples: int) -> bytes:
    """A mono FLAC of 24-bit silence, not compressed, its length not announced."""
    packed = 48_000 << 44 | 23 << 36
    info = struct.pack(">HH", samples, samples) + bytes(6) + packed.to_bytes(8, "big")
    written = b"fLaC\x80\0\0\x22" + info + bytes(16)
    for number in range(frames):
        head = b"\xff\xf8\x7a\x0c" + bytes([number]) + struct.pack(">H", samples - 1)
        body = head + bytes([_remainder(head, 8, 0x107)]) + b"\x02" + bytes(3 * samples)
        written += body + struct.pack(">H", _remainder(body, 16, 0x18005))
    return written


def _remainder(data: bytes, width: int, polynomial: int) -> int:
    """The checksum as the specification of FLAC describes it, a step a byte."""
    table = []
    for value in range(256):
        value <<= width - 8
        for _ in range(8):
            value = value << 1 ^ (polynomial if value >> width - 1 else 0)
        table.append(value)
    crc, mask = 0, (1 << width) - 1
    for byte in data:
        crc = crc << 8 & mask ^ table[crc >> width - 8 ^ byte]
    return crc


def _pages(ogg: bytes) -> list[bytes]:
    starts = [at for at in range(len(ogg)) if ogg[at : at + 4] == b"OggS"]
    return [ogg[start:end] for start, end in zip(starts, [*starts[1:], len(ogg)], strict=True)]


def _with_total(flac: bytes, samples: int) -> bytes:
    packed = int.from_bytes(flac[18:26], "big") >> 36 << 36 | samples
    return flac[:18] + packed.to_bytes(8, "big") + flac[26:]


@pytest.mark.parametrize("block", [4, 5, 63, 417, 418, 1000])
def test_a_frame_that_begins_anywhere_in_a_piece_is_found(
    mp3_frames: list[bytes], placed: Place, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    data = b"".join(mp3_frames[1:])
    whole = check(placed(data), "mp3", expected_duration=None).duration
    monkeypatch.setattr(mp3, "_BLOCK", block)
    assert check(placed(data), "mp3", expected_duration=None).duration == whole
    for cut in (1, 3, 4, len(mp3_frames[-1]) - 1):
        with pytest.raises(CorruptMedia, match=r"cut short|damaged"):
            check(placed(data[:-cut]), "mp3", expected_duration=None)
    for trailer in (b"\xff", b"\xff\xfb\x90", b"nothing", b"\xff\xf3"):
        with pytest.raises(CorruptMedia, match="damaged"):
            check(placed(data + trailer), "mp3", expected_duration=None)
