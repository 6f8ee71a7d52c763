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

from syncd.errors import DiskFull, LocalError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_LARGEST_NOTE = 64 * 1024


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
        """What ``If-Range`` may be sent: a strong ETag, else a date (RFC 9110, 13.1.5)."""
        if self.etag and not self.etag.startswith("W/"):
            return self.etag
        return None if self.etag else self.last_modified


class Part:
    """The part at ``path``, open for writing; a context manager.

    Made with mode 0600, never through a symbolic link; the note lies in ``path`` + ``.json``.
    Raises ``DiskFull`` where there is no room (the part stays), ``LocalError`` for any other
    trouble with the file.
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
            raise LocalError(f"{self.path.name} is not an ordinary file")
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
        # The note first: with the old one still there, a crash would join two files into one.
        self._write_note(note)
        self.cut(0)

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
        self._note_path.unlink(missing_ok=True)
        self.note = None

    def remove(self) -> None:
        """Remove the part and its note."""
        self.path.unlink(missing_ok=True)
        self.finish()

    def _read_note(self) -> Note | None:
        try:
            file = os.open(self._note_path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            with os.fdopen(file, "rb") as stream:
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
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            with os.fdopen(os.open(self._note_path, flags, 0o600), "wb") as stream:
                stream.write(json.dumps(asdict(note)).encode("ascii"))
        except OSError as error:
            raise self._trouble(error) from None
        self.note = note

    def _trouble(self, error: OSError) -> LocalError:
        if error.errno in _FULL:
            return DiskFull(f"no room for {self.path.name}", hint="make room, or move the library")
        return LocalError(f"{self.path.name} cannot be written: {error.strerror}")
