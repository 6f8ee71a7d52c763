"""The managed fields of one audio file: written, and read back before anyone relies on them."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from mutagen import MutagenError
from mutagen.flac import FLAC
from mutagen.id3 import ID3v1SaveOptions
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis

from syncd.core.tagging import MANAGED, SERVED, Fields
from syncd.errors import CorruptMedia
from syncd.local.tags import id3, mapping, vorbis, wav
from syncd.local.tags.cover import Cover
from syncd.local.tags.frames import serialised

_OGG_HEAD = 64
_DAMAGED = (ValueError, LookupError, EOFError, struct.error, RecursionError, MemoryError)
"""The last for a picture that says that it is four gigabytes: room is made before it is read."""


def write_fields(
    path: Path,
    fmt: str,
    fields: Fields,
    *,
    cover: Cover | None,
    duration: float,
    id3_version: int = 4,
) -> dict[str, tuple[str, ...]]:
    """Write ``fields``, the measured ``duration`` (seconds) and ``cover`` into the audio file.

    The file is changed in place, so it must be one that nobody else looks at yet. ``fmt`` is one
    of ``core.model.FORMATS``; the name of the file says nothing, and a field that has no spelling
    in it is left out. ``id3_version`` is 4, or 3 for ID3v2.3 in UTF-16. Tags that are not managed
    stay as they are; an ID3v1 tag, LIST/INFO in a WAV and an ID3 tag in a FLAC do not.

    Returns the fields as written and read back, and under names that begin with ``tagging.SERVED``
    what stands in those that were not written: what the file holds that is not the user's. A rating
    that was there already is kept, and ``liked`` is then not among them. Raises ``CorruptMedia`` if
    a field does not read back as it was written, ``OSError`` if the file cannot be written.
    """
    wanted = mapping.spellable(fmt, _clean({**fields, "duration": (f"{duration:.3f}",)}))
    with path.open("rb+") as file, errors_translated("written"):
        _WRITERS[fmt](file, wanted, cover, id3_version)
    found = read_fields(path, fmt)
    if wanted.get("liked") != found.get("liked"):
        wanted.pop("liked", None)
    for name, values in wanted.items():
        if found.get(name) != values:
            raise CorruptMedia(f"the tag {name} of the {fmt} file does not read back as written")
    served = {name: found[name] for name in found if name not in wanted and name != "liked"}
    return wanted | {f"{SERVED}{name}": values for name, values in served.items()}


def read_fields(path: Path, fmt: str) -> dict[str, tuple[str, ...]]:
    """The managed fields in the tags of the file at ``path``, whoever wrote them.

    Raises ``CorruptMedia`` if the tags cannot be read, ``OSError`` if the file cannot.
    """
    with path.open("rb") as file, errors_translated("read"):
        return _READERS[fmt](file)


def read_cover(path: Path, fmt: str) -> Cover | None:
    """The front cover in the file at ``path``; ``None`` where there is none that can be shown.

    Raises ``CorruptMedia`` if the tags cannot be read, ``OSError`` if the file cannot.
    """
    with path.open("rb") as file, errors_translated("read"):
        data = _COVER_READERS[fmt](file)
    return None if data is None else Cover.parse(data)


def _clean(fields: Fields) -> dict[str, tuple[str, ...]]:
    # NUL separates the values of a frame, and half a surrogate pair has no form in UTF-8.
    cleaned = {
        name: tuple(
            text
            for value in fields.get(name, ())
            if (text := value.replace("\0", "").encode("utf-8", "replace").decode())
        )
        for name in MANAGED
    }
    return {name: values for name, values in cleaned.items() if values}


@contextmanager
def errors_translated(done: str) -> Iterator[None]:
    """What mutagen and damaged tags raise, as ``CorruptMedia`` or the ``OSError`` that it was."""
    try:
        yield
    except MutagenError as error:
        # mutagen wraps the errors of the system too: a full disk says nothing about the file. What
        # it raises itself on a short read is an OSError without a number.
        cause = error.args[0] if error.args else None
        if isinstance(cause, OSError) and cause.errno is not None:
            raise cause from None
        raise CorruptMedia(f"the tags cannot be {done}: {error}") from error
    except _DAMAGED as error:
        raise CorruptMedia(f"the tags cannot be {done}: they are damaged") from error


def _write_flac(file: BinaryIO, fields: Fields, cover: Cover | None, _version: int) -> None:
    audio: Any = FLAC(file)
    if audio.tags is None:
        audio.add_tags()
    vorbis.apply(audio.tags, fields)
    if cover is not None:
        front = [block for block in audio.pictures if vorbis.is_front(block)]
        if not any(block.data == cover.data for block in front):
            others = [
                block for block in audio.metadata_blocks if not any(block is old for old in front)
            ]
            audio.metadata_blocks[:] = [*others, vorbis.picture(cover)]
    file.seek(0)
    audio.save(file, deleteid3=True)


def _write_mp3(file: BinaryIO, fields: Fields, cover: Cover | None, version: int) -> None:
    tags = id3.load(file)
    id3.apply(tags, fields, cover)
    if version == 3:
        id3.to_v23(tags)
    file.seek(0)
    tags.save(file, v1=ID3v1SaveOptions.REMOVE, v2_version=version, v23_sep=None)


def _write_ogg(file: BinaryIO, fields: Fields, cover: Cover | None, _version: int) -> None:
    audio = _open_ogg(file)
    vorbis.apply(audio.tags, fields)
    if cover is not None:
        vorbis.apply_cover(audio.tags, cover)
    file.seek(0)
    audio.save(file)


def _write_wav(file: BinaryIO, fields: Fields, cover: Cover | None, version: int) -> None:
    tags = id3.load(io.BytesIO(wav.read_tag(file)))
    id3.apply(tags, fields, cover)
    if version == 3:
        id3.to_v23(tags)
    wav.write_tag(file, serialised(tags, version))


def _read_flac(file: BinaryIO) -> dict[str, tuple[str, ...]]:
    comments: Any = FLAC(file).tags
    return {} if comments is None else vorbis.read(comments)


def _read_mp3(file: BinaryIO) -> dict[str, tuple[str, ...]]:
    return id3.read(id3.load(file))


def _read_ogg(file: BinaryIO) -> dict[str, tuple[str, ...]]:
    return vorbis.read(_open_ogg(file).tags)


def _read_wav(file: BinaryIO) -> dict[str, tuple[str, ...]]:
    return id3.read(id3.load(io.BytesIO(wav.read_tag(file))))


def _flac_cover(file: BinaryIO) -> bytes | None:
    pictures: list[Any] = FLAC(file).pictures
    return next((block.data for block in pictures if vorbis.is_front(block)), None)


def _mp3_cover(file: BinaryIO) -> bytes | None:
    return id3.read_cover(id3.load(file))


def _ogg_cover(file: BinaryIO) -> bytes | None:
    return vorbis.read_cover(_open_ogg(file).tags)


def _wav_cover(file: BinaryIO) -> bytes | None:
    return id3.read_cover(id3.load(io.BytesIO(wav.read_tag(file))))


def _open_ogg(file: BinaryIO) -> Any:
    is_opus = b"OpusHead" in file.read(_OGG_HEAD)
    file.seek(0)
    return OggOpus(file) if is_opus else OggVorbis(file)


_WRITERS = {"flac": _write_flac, "mp3": _write_mp3, "ogg": _write_ogg, "wav": _write_wav}
_COVER_READERS = {"flac": _flac_cover, "mp3": _mp3_cover, "ogg": _ogg_cover, "wav": _wav_cover}
_READERS = {"flac": _read_flac, "mp3": _read_mp3, "ogg": _read_ogg, "wav": _read_wav}
