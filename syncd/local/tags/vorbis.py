"""Managed fields in Vorbis comments, and the picture blocks of FLAC that all of them share.

Sources: xiph.org "Vorbis I: Ogg Vorbis comment field", RFC 9639 section 8.8 (picture), and the
Xiph wiki on METADATA_BLOCK_PICTURE.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import MutableMapping, Sequence

from mutagen import MutagenError
from mutagen.flac import Picture
from mutagen.id3 import PictureType

from syncd.core.tagging import Fields
from syncd.errors import CorruptMedia
from syncd.local.tags import mapping
from syncd.local.tags.change import Change
from syncd.local.tags.cover import Cover

Comments = MutableMapping[str, list[str]]
"""Vorbis comments, as mutagen gives them: names in any case -> values."""

PICTURE = "METADATA_BLOCK_PICTURE"
EMPTY = struct.pack("<I5sI", 5, b"syncd", 0)
"""Vorbis comments without a comment, as this program begins them where a file has none."""

_FRONT = PictureType.COVER_FRONT


def read(comments: Comments) -> dict[str, tuple[str, ...]]:
    """The managed fields that ``comments`` hold."""

    def values_of(spelling: str) -> tuple[str, ...]:
        return tuple(value for value in comments.get(spelling, []) if value)

    return mapping.read(mapping.VORBIS, values_of)


def apply(comments: Comments, fields: Fields) -> None:
    """Set ``fields`` in ``comments``; a rating that is there is kept."""
    for field, values in fields.items():
        for spelling in mapping.VORBIS[field]:
            if field == "liked":
                comments.setdefault(spelling, [mapping.LIKED_RATING])
            # Setting moves a comment to the end, which would make a second writing differ.
            elif comments.get(spelling) != list(values):
                comments[spelling] = list(values)


def edited(data: bytes, changes: Sequence[Change]) -> tuple[bytes, set[str]]:
    """The comments ``data``, from the vendor on, with ``changes`` made in them; the fields set.

    Comments that no change names, and what follows the last, are the same bytes as before.
    Raises ``CorruptMedia`` where the lengths in ``data`` do not add up.
    """
    vendor, comments, rest = _split(data)
    fields = set()
    for change in changes:
        for spelling in mapping.VORBIS[change.field]:
            found = _texts(comments, spelling)
            if change.may_replace(found, _spelled(change.field, change.before or ())):
                comments = _replaced(comments, spelling, _spelled(change.field, change.after))
                fields.add(change.field)
            elif spelling == mapping.VORBIS[change.field][0]:
                break  # what the field is read from is the user's, so all of it is
    body = b"".join(struct.pack("<I", len(comment)) + comment for comment in comments)
    return vendor + struct.pack("<I", len(comments)) + body + rest, fields


def picture(cover: Cover) -> Picture:
    """``cover`` as the body of a FLAC picture block, of the type front cover."""
    block = Picture()
    block.type = _FRONT
    block.mime = cover.mime
    block.width, block.height, block.depth = cover.width, cover.height, cover.depth
    block.data = cover.data
    return block


def apply_cover(comments: Comments, cover: Cover) -> None:
    """Set the front cover of an Ogg file; pictures of other types are kept as they stand."""
    texts = comments.get(PICTURE, [])
    front = {text: block for text in texts if (block := _front(text)) is not None}
    if any(block.data == cover.data for block in front.values()):
        return
    ours = base64.b64encode(picture(cover).write()).decode("ascii")
    comments[PICTURE] = [*(text for text in texts if text not in front), ours]


def read_cover(comments: Comments) -> bytes | None:
    """The bytes of the front cover among ``comments``."""
    blocks = (_front(text) for text in comments.get(PICTURE, ()))
    return next((block.data for block in blocks if block is not None), None)


def is_front(block: Picture) -> bool:
    """Whether ``block`` is a front cover."""
    return bool(block.type == _FRONT)


def _front(text: str) -> Picture | None:
    try:
        block = Picture(base64.b64decode(text))
    except (binascii.Error, MutagenError, ValueError, struct.error):
        return None
    return block if is_front(block) else None


def _split(data: bytes) -> tuple[bytes, list[bytes], bytes]:
    """The vendor with its length, the comments, and what follows them."""
    start = 4 + _length(data, 0)
    at = start + 4
    comments = []
    for _ in range(_length(data, start)):
        end = at + 4 + _length(data, at)
        comments.append(data[at + 4 : end])
        at = end
    if at > len(data):
        raise CorruptMedia("the tags cannot be read: their lengths do not add up")
    return data[:start], comments, data[at:]


def _length(data: bytes, at: int) -> int:
    field = data[at : at + 4]
    if len(field) < 4:
        raise CorruptMedia("the tags cannot be read: their lengths do not add up")
    return int.from_bytes(field, "little")


def _is(comment: bytes, spelling: str) -> bool:
    return comment.partition(b"=")[0].upper() == spelling.encode("ascii")


def _texts(comments: Sequence[bytes], spelling: str) -> tuple[str, ...]:
    values = (comment.partition(b"=")[2] for comment in comments if _is(comment, spelling))
    return tuple(value.decode("utf-8", "replace") for value in values if value)


def _spelled(field: str, values: tuple[str, ...]) -> tuple[str, ...]:
    return (mapping.LIKED_RATING,) if field == "liked" and values else values


def _replaced(comments: list[bytes], spelling: str, values: Sequence[str]) -> list[bytes]:
    """``comments`` with those of ``spelling`` replaced, where the first of them stood."""
    places = [at for at, comment in enumerate(comments) if _is(comment, spelling)]
    at = places[0] if places else len(comments)
    name = comments[at].partition(b"=")[0] if places else spelling.encode("ascii")
    new = [name + b"=" + value.encode() for value in values]
    after = [comment for comment in comments[at:] if not _is(comment, spelling)]
    return [*comments[:at], *new, *after]
