"""A cover picture, as far as tags must know it: what it is and how large.

Sources: ITU-T T.81 annex B (JPEG markers), the PNG specification section 11 (IHDR).
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_COVER = 10 * 1024 * 1024
"""Bytes; a larger picture is refused, since a FLAC metadata block ends at 16 MiB (tags.md)."""

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_JPEG_START, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
# Baseline, extended and progressive: the frame types that players decode.
_JPEG_FRAMES = (0xC0, 0xC1, 0xC2)
_JPEG_BARE = (0x01, *range(0xD0, 0xD8))


@dataclass(frozen=True, slots=True)
class Cover:
    """A JPEG or PNG as served. ``width`` and ``height`` in pixels, ``depth`` in bits a pixel."""

    data: bytes
    mime: str
    width: int
    height: int
    depth: int = 24

    @classmethod
    def parse(cls, data: bytes) -> Cover | None:
        """The picture in ``data``; ``None`` for anything but a whole JPEG or PNG of at most
        ``MAX_COVER`` bytes. Progressive JPEGs are accepted."""
        if len(data) > MAX_COVER:
            return None
        cover = None
        if data.startswith(_PNG):
            cover = _png(data)
        elif data.startswith(_JPEG_START):
            cover = _jpeg(data)
        return cover if cover and cover.width and cover.height else None


def _png(data: bytes) -> Cover | None:
    channels = _PNG_CHANNELS.get(data[25]) if len(data) > 25 and data[12:16] == b"IHDR" else None
    if channels is None or b"IEND" not in data[-32:]:
        return None
    width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    return Cover(data, "image/png", width, height, data[24] * channels)


def _jpeg(data: bytes) -> Cover | None:
    position = 2
    while position + 10 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker in _JPEG_BARE:
            position += 2
            continue
        if marker in _JPEG_FRAMES:
            # Precision, height, width, components; the end must still come, or it was cut short.
            if data.find(_JPEG_END, position) < 0:
                return None
            height = int.from_bytes(data[position + 5 : position + 7], "big")
            width = int.from_bytes(data[position + 7 : position + 9], "big")
            depth = data[position + 4] * data[position + 9]
            return Cover(data, "image/jpeg", width, height, depth)
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return None
