"""A few managed fields of one audio file changed, and every other byte of its tags kept.

``container.write_fields`` gives a fresh download its whole set. This is for a file that has been
in the library since, where other programs and the user have written too: frames, blocks, comments
and chunks that a change does not name are carried over as they stand. Only where an ID3 tag becomes
one of another version, text may get another encoding (``version``).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from mutagen.ogg import OggPage

from syncd.core.tagging import ID3_VERSION, OLDER
from syncd.errors import CorruptMedia
from syncd.local.audio import flac
from syncd.local.tags import frames, id3, vorbis, wav
from syncd.local.tags.change import Change
from syncd.local.tags.container import errors_translated, read_fields
from syncd.local.tags.version import in_version

_PADDING = 1
_LARGEST_BLOCK = (1 << 24) - 1
_ROOM = 1024
_PIECE = 1 << 20
_STREAM_HEADS = (b"\x01vorbis", b"OpusHead")
_COMMENT_HEADS = (b"\x03vorbis", b"OpusTags")


def edit_fields(
    path: Path, fmt: str, changes: Sequence[Change], *, id3_version: int | None = None
) -> dict[str, tuple[str, ...]]:
    """Make ``changes`` in the audio file at ``path``, each spelling only where it is still ours.

    The file is changed in place, so it must be one that nobody else looks at. ``fmt`` is one of
    ``core.model.FORMATS``. An ID3 tag becomes one of ``id3_version``, also where nothing else
    changes, if every frame of another's can stand in that (``version.in_version``). Returns the
    fields that were set, with their values, and ``tagging.ID3_VERSION`` where that changed; the
    file is left as it was where there are none. Raises ``CorruptMedia`` for tags that
    cannot be read, or a field that does not read back as it was written; ``OSError`` if the file
    cannot be written.
    """
    with path.open("rb+") as file, errors_translated("written"):
        fields = _EDITORS[fmt](file, changes, id3_version)
    given = (
        {ID3_VERSION: (str(OLDER),) if id3_version == OLDER else ()}
        if ID3_VERSION in fields
        else {}
    )
    found = read_fields(path, fmt)
    written = {change.field: change.after for change in changes if change.field in fields}
    for name, values in written.items():
        # A field that was taken away may be read from a spelling of the user's.
        if values and found.get(name) != values:
            raise CorruptMedia(f"the tag {name} of the {fmt} file does not read back as written")
    return written | given


def _edit_flac(file: BinaryIO, changes: Sequence[Change], _version: int | None) -> set[str]:
    found = list(flac.blocks(file))
    start, end = found[0].start - 4, found[-1].start + found[-1].size
    blocks = [(block.kind, _body(file, block)) for block in found if block.kind != _PADDING]
    at = next((n for n, (kind, _) in enumerate(blocks) if kind == flac.VORBIS_COMMENT), None)
    old = vorbis.EMPTY if at is None else blocks[at][1]
    new, fields = vorbis.edited(old, changes)
    if not fields:
        return fields
    if len(new) > _LARGEST_BLOCK:
        raise CorruptMedia("the flac file has no room for tags: a block ends at 16 MiB")
    if at is None:
        blocks.insert(1, (flac.VORBIS_COMMENT, new))
    else:
        blocks[at] = (flac.VORBIS_COMMENT, new)
    spare = end - start - sum(4 + len(body) for _, body in blocks)
    if spare:
        # The padding takes up what is left, so that the audio stays where it is if it can.
        size = spare - 4 if 4 <= spare <= _LARGEST_BLOCK else _ROOM
        blocks.append((_PADDING, bytes(size)))
    head = b"".join(
        bytes([kind | (0x80 if number == len(blocks) else 0)]) + len(body).to_bytes(3, "big") + body
        for number, (kind, body) in enumerate(blocks, 1)
    )
    _replace(file, start, end, head)
    return fields


def _edit_mp3(file: BinaryIO, changes: Sequence[Change], version: int | None) -> set[str]:
    old = frames.first_tag(file)
    tag, fields = _edited(old, file, changes, version)
    if fields:
        _replace(file, 0, len(old), tag.rendered(room=len(old) or _ROOM))
    return fields


def _edit_ogg(file: BinaryIO, changes: Sequence[Change], _version: int | None) -> set[str]:
    file.seek(0)
    page = OggPage(file)
    while not (page.packets and page.packets[0].startswith(_STREAM_HEADS)):
        page = OggPage(file)
    serial = page.serial
    pages: list[OggPage] = []
    while not pages or not (pages[-1].complete or len(pages[-1].packets) > 1):
        page = OggPage(file)
        if page.serial == serial:
            pages.append(page)
    packets = OggPage.to_packets(pages)
    magic = next((magic for magic in _COMMENT_HEADS if packets[0].startswith(magic)), None)
    if magic is None:
        raise CorruptMedia("the tags cannot be written: the ogg file has none where they belong")
    new, fields = vorbis.edited(packets[0][len(magic) :], changes)
    if fields:
        packets[0] = magic + new
        OggPage.replace(file, pages, OggPage.from_packets(packets, sequence=pages[0].sequence))
    return fields


def _edit_wav(file: BinaryIO, changes: Sequence[Change], version: int | None) -> set[str]:
    old = wav.read_tag(file)
    tag, fields = _edited(old, io.BytesIO(old), changes, version)
    if fields:
        wav.write_tag(file, tag.rendered(), keep_info=True)
    return fields


def _edited(
    old: bytes, file: BinaryIO, changes: Sequence[Change], version: int | None
) -> tuple[frames.Tag, set[str]]:
    """The tag ``old``, that ``file`` begins with, with what was asked for; and what was set."""
    is_whole = bool(old) and old[3] in (3, 4)
    before = frames.parse(old) if is_whole else _anew(file)
    start = before if version is None else in_version(before, version)[0]
    tag, fields = id3.edited(start, changes)
    # A file without a tag is not given one for the sake of its version.
    if (is_whole or fields) and tag.version != before.version:
        fields.add(ID3_VERSION)
    return tag, fields


def _anew(file: BinaryIO) -> frames.Tag:
    """None, one of v2.2, whose frames have other names, or only the v1 tag at the end, which
    nobody reads any more once there is another."""
    tags = id3.load(file)
    return frames.parse(frames.serialised(tags, 4)) if tags else frames.Tag()


def _body(file: BinaryIO, block: flac.Block) -> bytes:
    file.seek(block.start)
    return file.read(block.size)


def _replace(file: BinaryIO, start: int, end: int, new: bytes) -> None:
    """Put ``new`` in place of the bytes from ``start`` to ``end``; what follows moves along."""
    shift = start + len(new) - end
    size = file.seek(0, 2)
    if shift > 0:
        at = size
        while at > end:
            at, upper = max(end, at - _PIECE), at
            _move(file, at, upper - at, shift)
    elif shift < 0:
        for at in range(end, size, _PIECE):
            _move(file, at, min(_PIECE, size - at), shift)
        file.truncate(size + shift)
    file.seek(start)
    file.write(new)


def _move(file: BinaryIO, at: int, length: int, shift: int) -> None:
    file.seek(at)
    piece = file.read(length)
    file.seek(at + shift)
    file.write(piece)


_EDITORS = {"flac": _edit_flac, "mp3": _edit_mp3, "ogg": _edit_ogg, "wav": _edit_wav}
