"""What a file says of its sound, and where a disk says nothing."""

from __future__ import annotations

import errno
import itertools
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from syncd.local.sound import Sound, read_sound
from syncd.simulator.sound import tone


class _Sick:
    """An open file of which one read fails, the ``at``-th."""

    def __init__(self, file: Any, at: int) -> None:
        self._file, self._at = file, at
        self._reads = itertools.count()
        self.was_hit = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> _Sick:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, size: int = -1) -> Any:
        if next(self._reads) == self._at:
            self.was_hit = True
            raise OSError(errno.EIO, "Input/output error")
        return self._file.read(size)


@pytest.mark.parametrize("fmt", ["flac", "mp3", "wav"])
def test_a_read_that_fails_is_nothing_that_the_file_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fmt: str
) -> None:
    path = tmp_path / f"a.{fmt}"
    path.write_bytes(tone(fmt, 1, 0.2))
    assert read_sound(path, fmt).sample_rate
    opened = Path.open
    for at in itertools.count():
        file = _Sick(opened(path, "rb"), at)
        monkeypatch.setattr(Path, "open", lambda *_, file=file: file)
        with suppress(OSError):
            read_sound(path, fmt)
            break  # only where no read was left to fail
    assert at > 1
    assert not file.was_hit


def test_a_file_that_is_none_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(b"nothing of the kind")
    assert read_sound(path, "mp3") == Sound()
