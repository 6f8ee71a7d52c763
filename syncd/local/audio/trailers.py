"""The tags that stand before and after the frames of an mp3 or FLAC file.

Sources: id3.org (ID3v1, ID3v2.4 section 3.1 and 3.4), the APEv2 specification, id3.org/Lyrics3v2.
"""

from __future__ import annotations

from typing import BinaryIO

_ID3_HEADER = 10
_FOOTER_PRESENT = 0x10
_APE_HEADER_PRESENT = 1 << 31


def after_id3(file: BinaryIO) -> int:
    """The offset of the first byte after the ID3v2 tags in front, 0 where there are none.

    It lies beyond the end of a file that was cut inside such a tag.
    """
    start = 0
    while True:
        file.seek(start)
        header = file.read(_ID3_HEADER)
        if len(header) < _ID3_HEADER or header[:3] != b"ID3" or max(header[6:10]) > 0x7F:
            return start
        start += _ID3_HEADER + _synchsafe(header[6:10])
        if header[5] & _FOOTER_PRESENT:
            start += _ID3_HEADER


def before_trailers(file: BinaryIO, size: int) -> int:
    """The offset where the audio ends: that of the first of the ID3v1, APE, Lyrics3 and appended
    ID3v2 tags at the end of a file of ``size`` bytes."""
    end = size
    while True:
        length = _trailer_length(file, end)
        if not 0 < length <= end:
            return end
        end -= length


def _trailer_length(file: BinaryIO, end: int) -> int:
    start = max(0, end - 256)
    file.seek(start)
    tail = file.read(end - start)
    if tail[-128:-125] == b"TAG" and len(tail) >= 128:
        return 128
    if tail[-32:-24] == b"APETAGEX":
        flags = int.from_bytes(tail[-12:-8], "little")
        length = int.from_bytes(tail[-20:-16], "little")
        return length + (32 if flags & _APE_HEADER_PRESENT else 0)
    if tail[-9:] == b"LYRICS200" and tail[-15:-9].isdigit():
        return int(tail[-15:-9]) + 15
    if tail[-10:-7] == b"3DI" and max(tail[-4:]) <= 0x7F:
        return _synchsafe(tail[-4:]) + 2 * _ID3_HEADER
    return 0


def _synchsafe(data: bytes) -> int:
    return data[0] << 21 | data[1] << 14 | data[2] << 7 | data[3]
