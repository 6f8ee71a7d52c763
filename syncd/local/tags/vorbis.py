"""Managed fields in Vorbis comments, and the picture blocks of FLAC that all of them share.

Sources: xiph.org "Vorbis I: Ogg Vorbis comment field", RFC 9639 section 8.8 (picture), and the
Xiph wiki on METADATA_BLOCK_PICTURE.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import MutableMapping

from mutagen import MutagenError
from mutagen.flac import Picture
from mutagen.id3 import PictureType

from syncd.core.tagging import Fields
from syncd.local.tags import mapping
from syncd.local.tags.cover import Cover

Comments = MutableMapping[str, list[str]]
"""Vorbis comments, as mutagen gives them: names in any case -> values."""

PICTURE = "METADATA_BLOCK_PICTURE"
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
