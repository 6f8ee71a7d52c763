"""A cover is a JPEG or PNG as served, and becomes the front cover of any format."""

from __future__ import annotations

import base64
import struct
import zlib
from importlib.resources import files

import pytest
from mutagen import id3
from mutagen.flac import FLAC, Picture
from mutagen.oggvorbis import OggVorbis

from syncd.local.tags import MAX_COVER, Cover, read_cover, write_fields

from .fresh import Fresh, MakeFresh, ReadID3

COVERS = files("syncd.simulator") / "data" / "covers"


def png(width: int, height: int, kind: int = 2) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def jpeg(frame: int, *, width: int = 640, height: int = 480, components: int = 3) -> bytes:
    exif = b"\xff\xe1" + struct.pack(">H", 12) + b"Exif\0\0\xff\xd9\0\0"
    start = b"\xff" + bytes([frame]) + struct.pack(">HBHHB", 17, 8, height, width, components)
    return b"\xff\xd8" + exif + b"\xff" + start + bytes(9) + b"\xff\xda\0\x02 scan \xff\xd9"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(png(300, 200), ("image/png", 300, 200, 24), id="png"),
        pytest.param(png(300, 200, 6), ("image/png", 300, 200, 32), id="png with alpha"),
        pytest.param(png(30, 20, 3), ("image/png", 30, 20, 8), id="png with a palette"),
        pytest.param(jpeg(0xC0), ("image/jpeg", 640, 480, 24), id="baseline jpeg"),
        pytest.param(jpeg(0xC2), ("image/jpeg", 640, 480, 24), id="progressive jpeg"),
        pytest.param(
            jpeg(0xC0).replace(b"\xff\xc0", b"\xff\x01\xff\xff\xff\xc0"),
            ("image/jpeg", 640, 480, 24),
            id="jpeg with fill bytes",
        ),
        pytest.param(jpeg(0xC0, components=1), ("image/jpeg", 640, 480, 8), id="grey jpeg"),
    ],
)
def test_a_picture_tells_its_kind_and_size(
    data: bytes, expected: tuple[str, int, int, int]
) -> None:
    cover = Cover.parse(data)
    assert cover is not None
    assert cover.data == data
    assert (cover.mime, cover.width, cover.height, cover.depth) == expected


@pytest.mark.parametrize("name", ["rainy-library.jpg", "pixel-picnic.png"])
def test_a_cover_of_the_library_is_a_square_picture(name: str) -> None:
    cover = Cover.parse((COVERS / name).read_bytes())
    assert cover is not None
    assert cover.width == cover.height > 100


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>", id="a web page"),
        pytest.param(b"GIF89a" + bytes(100), id="gif"),
        pytest.param(b"RIFF\0\0\0\0WEBP" + bytes(100), id="webp"),
        pytest.param(png(300, 200)[:60], id="half a png"),
        pytest.param(png(300, 200)[:20], id="a png cut in its head"),
        pytest.param(png(0, 200), id="a png without width"),
        pytest.param(png(300, 200, 5), id="a png of no known colours"),
        pytest.param(jpeg(0xC0)[:-4], id="a jpeg cut in its scan"),
        pytest.param(jpeg(0xC0)[:24], id="a jpeg cut before its size"),
        pytest.param(jpeg(0xC3), id="a lossless jpeg, which players cannot show"),
        pytest.param(png(300, 200).ljust(MAX_COVER + 1, b"\0"), id="too large"),
    ],
)
def test_anything_else_is_no_cover(data: bytes) -> None:
    assert Cover.parse(data) is None


@pytest.mark.parametrize("data", [png(300, 200, 6), jpeg(0xC0)], ids=["png", "jpeg"])
def test_the_cover_becomes_the_front_cover(fresh: Fresh, id3_of: ReadID3, data: bytes) -> None:
    cover = Cover.parse(data)
    assert cover is not None
    assert read_cover(fresh.path, fresh.fmt) is None
    write_fields(fresh.path, fresh.fmt, {}, cover=cover, duration=fresh.duration)
    assert read_cover(fresh.path, fresh.fmt) == cover
    if fresh.fmt in ("mp3", "wav"):
        (frame,) = id3_of(fresh.path).getall("APIC")
        assert (frame.type, frame.mime, frame.data) == (3, cover.mime, data)
        return
    (block,) = pictures(fresh)
    assert (block.type, block.mime, block.data) == (3, cover.mime, data)
    assert (block.width, block.height, block.depth) == (cover.width, cover.height, cover.depth)


def test_another_front_cover_is_replaced_and_the_same_one_left(
    fresh: Fresh, id3_of: ReadID3
) -> None:
    for size in (100, 200, 200):
        cover = Cover.parse(png(size, size))
        write_fields(fresh.path, fresh.fmt, {}, cover=cover, duration=fresh.duration)
    write_fields(fresh.path, fresh.fmt, {}, cover=None, duration=fresh.duration)
    if fresh.fmt in ("mp3", "wav"):
        found = [frame.data for frame in id3_of(fresh.path).getall("APIC")]
    else:
        found = [block.data for block in pictures(fresh)]
    assert found == [png(200, 200)]


def test_a_back_cover_that_bears_the_same_description_is_kept(
    make_fresh: MakeFresh, id3_of: ReadID3
) -> None:
    fresh = make_fresh("mp3")
    theirs = id3.ID3()
    theirs.add(id3.APIC(encoding=3, mime="image/png", type=4, desc="Cover", data=b"back"))
    theirs.save(fresh.path)
    cover = Cover.parse(png(10, 10))
    write_fields(fresh.path, "mp3", {}, cover=cover, duration=fresh.duration)
    kinds = {frame.type: frame.data for frame in id3_of(fresh.path).getall("APIC")}
    assert kinds == {4: b"back", 3: png(10, 10)}


def pictures(fresh: Fresh) -> list[Picture]:
    if fresh.fmt == "flac":
        return list(FLAC(fresh.path).pictures)
    texts = OggVorbis(fresh.path)["METADATA_BLOCK_PICTURE"]
    return [Picture(base64.b64decode(text)) for text in texts]
