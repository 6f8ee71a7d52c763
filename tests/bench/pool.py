"""Cases played in several processes. One that dies, or hangs for good, is told as such.

``multiprocessing.Pool`` loses the case of a worker that is killed, and waits for it without end.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Generic, TypeVar

_FORK = multiprocessing.get_context("fork")

_CASES_A_PROCESS = 250
"""After which one makes room for another: what cases leave in memory does not add up."""

_TICK = 2.0
"""Seconds between looks for what hangs, and that a process has to end."""

T = TypeVar("T")


class Lost(Exception):
    """Why there is no result, in words."""


class _Worker(Generic[T]):
    """A process that plays what it is given, one case after another."""

    def __init__(self, play: Callable[[str], T], others: Iterable[_Worker[T]]) -> None:
        self.ours, theirs = _FORK.Pipe()
        # A process holds what was open as it was forked, and would keep these from ending.
        inherited = [self.ours, *(other.ours for other in others)]
        self.process = _FORK.Process(target=_serve, args=(play, theirs, inherited), daemon=False)
        self.process.start()
        theirs.close()
        self.case: str | None = None
        self.began = 0.0
        self.played = 0

    @property
    def is_spent(self) -> bool:
        return self.played >= _CASES_A_PROCESS or not self.process.is_alive()

    def give(self, case: str) -> None:
        self.case, self.began = case, time.monotonic()
        self.ours.send(case)

    def is_stuck(self, limit: float) -> bool:
        return time.monotonic() - self.began > limit

    def result(self) -> T:
        """Raises ``Lost``."""
        self.played += 1
        with suppress(EOFError):
            if self.ours.poll():
                found: T = self.ours.recv()
                return found
        self.process.join(_TICK)  # what was killed is seen to be ending before it has ended
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
            raise Lost("it hung, and its process was killed")
        self.process.join()
        raise Lost(f"the process that played it ended with {self.process.exitcode}")

    def end(self, *, at_once: bool) -> None:
        """An idle one ends as its pipe does; one that is at work is stopped."""
        self.ours.close()
        if at_once:
            self.process.terminate()
        self.process.join(_TICK)
        self.process.kill()
        self.process.join()


def _serve(play: Callable[[str], T], cases: Connection, inherited: list[Connection]) -> None:
    for other in inherited:
        other.close()
    while True:
        try:
            case = cases.recv()
        except EOFError:
            return
        cases.send(play(case))


def played(
    play: Callable[[str], T],
    cases: Iterable[str],
    workers: int,
    *,
    limit: float,
    until: float | None = None,
) -> Iterator[tuple[str, T | Lost]]:
    """What ``play`` returns for each of ``cases``, as they end.

    ``limit``: seconds after which a case hangs, and its process is killed. ``until``: the reading
    of ``time.monotonic`` after which no more is waited for.
    """
    waiting = iter(cases)
    busy: list[_Worker[T]] = []
    try:
        while True:
            while len(busy) < workers and (case := next(waiting, None)) is not None:
                busy.append(_Worker(play, busy))
                busy[-1].give(case)
            if not busy or (until is not None and time.monotonic() >= until):
                return
            for worker in _done(busy, limit, until):
                assert worker.case is not None
                yield worker.case, _result_of(worker)
                case = None if worker.is_spent else next(waiting, None)
                if case is None:
                    busy.remove(worker)
                    worker.end(at_once=False)
                else:
                    worker.give(case)
    finally:
        for worker in busy:
            worker.end(at_once=True)


def _result_of(worker: _Worker[T]) -> T | Lost:
    try:
        return worker.result()
    except Lost as error:
        return error


def _done(busy: list[_Worker[T]], limit: float, until: float | None) -> list[_Worker[T]]:
    """Those that have a result, or will have none: waits for the first, for a moment at most."""
    left = _TICK if until is None else min(_TICK, max(0.0, until - time.monotonic()))
    signs = [sign for worker in busy for sign in (worker.ours, worker.process.sentinel)]
    ready = wait(signs, left)
    return [
        worker
        for worker in busy
        if worker.ours in ready or worker.process.sentinel in ready or worker.is_stuck(limit)
    ]
