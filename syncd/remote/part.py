"""The unfinished file of a download, and the note beside it that says what it is a part of."""

from __future__ import annotations

import errno
import json
import os
import stat
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from syncd.errors import DiskFull, FolderUnusable, LocalError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_NO_FILE = (errno.ENXIO, errno.EISDIR, errno.ELOOP)
"""How opening a pipe that nobody reads, a folder and a link fails."""

_LARGEST_NOTE = 64 * 1024
_LONGEST_VALIDATOR = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a part belongs to: ``address`` is host and path, without the signature.

    ``etag`` and ``last_modified`` are the validators that the media host gave, ``total`` the
    size of the whole in bytes.
    """

    address: str
    etag: str | None = None
    last_modified: str | None = None
    total: int | None = None

    @property
    def validator(self) -> str | None:
        """What ``If-Range`` may be sent: a strong ETag, else a date (RFC 9110, 13.1.5).

        One that no header can hold, or no server would read, is none.
        """
        weak = self.etag is not None and self.etag.startswith("W/")
        found = self.last_modified if not self.etag else None if weak else self.etag
        if not found or len(found) > _LONGEST_VALIDATOR:
            return None
        return found if found.isascii() and found.isprintable() else None


class Part:
    """The part at ``path``, open for writing; a context manager.

    Made with mode 0600, never through a symbolic link; the note lies in ``path`` + ``.json``.
    Raises ``DiskFull`` where there is no room (the part stays), ``LocalError`` for any other
    trouble with the file, and ``FolderUnusable``, which settles this one alone, for what stands
    there and is no file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        """Bytes that the part holds."""
        self.note: Note | None = None
        self._note_path = path.with_name(f"{path.name}.json")
        self._file = -1

    def __enter__(self) -> Part:
        # O_NONBLOCK: a FIFO of that name must not hold the program up.
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            self._file = os.open(self.path, flags, 0o600)
            found = os.fstat(self._file)
            if stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
                # Placed by a link, and stopped before this name went: writing here would write
                # into the placed file, wherever the user has moved it since.
                os.close(self._file)
                self.path.unlink()
                self._file = os.open(self.path, flags | os.O_EXCL, 0o600)
                found = os.fstat(self._file)
        except OSError as error:
            raise self._trouble(error) from None
        if not stat.S_ISREG(found.st_mode):
            os.close(self._file)
            raise _out_of_place(self.path)
        self.size = found.st_size
        self.note = self._read_note() if self.size else None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            os.close(self._file)

    def cut(self, size: int) -> None:
        """Keep the first ``size`` bytes; what is written next follows them."""
        try:
            os.ftruncate(self._file, size)
            os.lseek(self._file, size, os.SEEK_SET)
        except OSError as error:
            raise self._trouble(error) from None
        self.size = size

    def begin(self, note: Note) -> None:
        """Start from nothing, as a part of what ``note`` says."""
        # The bytes go before anything vouches for what follows, or a stop in between would let the
        # rest of the new audio be joined on to the beginning of the old.
        self.finish()
        self.cut(0)
        self._write_note(note)

    def write(self, chunk: bytes) -> None:
        """Append ``chunk``. In the event loop: it goes to the page cache, not to the disk."""
        view = memoryview(chunk)
        try:
            while view:
                written = os.write(self._file, view)
                self.size += written
                view = view[written:]
        except OSError as error:
            raise self._trouble(error) from None

    def finish(self) -> None:
        """The part is the whole: the note has served."""
        try:
            self._note_path.unlink(missing_ok=True)
        except OSError as error:
            raise self._trouble(error) from None
        self.note = None

    def remove(self) -> None:
        """Remove the part and its note."""
        self.path.unlink(missing_ok=True)
        self.finish()

    def _read_note(self) -> Note | None:
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            with os.fdopen(os.open(self._note_path, flags), "rb") as stream:
                found = json.loads(stream.read(_LARGEST_NOTE))
            note = Note(**found)
        except (OSError, ValueError, TypeError, RecursionError):
            return None
        texts = (note.address, note.etag or "", note.last_modified or "")
        sound = all(isinstance(text, str) for text in texts) and (
            note.total is None or isinstance(note.total, int)
        )
        return note if sound else None

    def _write_note(self, note: Note) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            with os.fdopen(os.open(self._note_path, flags, 0o600), "wb") as stream:
                stream.write(json.dumps(asdict(note)).encode("ascii"))
        except OSError as error:
            raise self._trouble(error) from None
        self.note = note

    def _trouble(self, error: OSError) -> LocalError:
        if error.errno in _FULL:
            return DiskFull(f"no room for {self.path.name}", hint="make room, or move the library")
        if error.errno in _NO_FILE:
            return _out_of_place(Path(error.filename or self.path))
        return LocalError(
            f"{self.path} cannot be written: {error.strerror}",
            hint="check the disk that holds the library",
        )


def _out_of_place(path: Path) -> FolderUnusable:
    return FolderUnusable(
        f"{path.name} is not an ordinary file", hint=f"remove it from {path.parent}"
    )
