"""What a mess in the folder is made and judged with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .stage import Stage


class Abuses(dict[str, Callable[[Stage], None]]):
    """Each by what it is, in words."""

    def named(self, name: str) -> Callable[[Callable[[Stage], None]], Callable[[Stage], None]]:
        def kept(play: Callable[[Stage], None]) -> Callable[[Stage], None]:
            self[name] = play
            return play

        return kept


@contextmanager
def mess(it: Stage, *, code: int | None = 0, serves: bool = True) -> Iterator[Path]:
    """What is made in the root meanwhile; a new track is served beside it, and none is lost."""
    it.job()
    yield it.root
    it.sync(code=code)
    if serves:
        it.serves()


def bait(it: Stage, name: str = "bait.mp3") -> Path:
    """Somebody's file outside the library: a copy of a track, so that reading it would show."""
    path = it.outside / name
    if not path.exists():
        path.write_bytes(next(iter(it.placed().values())).read_bytes())
    return path


def first(it: Stage) -> Path:
    return it.placed()[it.healthy[0]]


def over(it: Stage, *paths: Path) -> None:
    for path in paths:
        path.unlink()
    it.relieved()
