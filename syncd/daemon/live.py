"""What the running daemon knows of itself: transfers, troubles, figures. In memory only."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from syncd.core.operations import Fetching, Operation, Plan
from syncd.cycle import Report
from syncd.daemon.status import Service, Transfer, Trouble
from syncd.errors import MediaSilent, SyncdError
from syncd.executor import Result
from syncd.progress import Progress

_SPEED_OVER = 10.0
"""Seconds over which the speed of a transfer is taken."""

_MOST_TROUBLES = 50

_NAMED = 10
"""Folders that a line of the log names."""

_log = structlog.get_logger("syncd.daemon")

Key = tuple[str | int, ...]
"""What a trouble is about: ``("service",)``, ``("job", 5)``, ``("folder", "a/b")`` and the like."""


@dataclass(slots=True)
class _Running:
    path: str
    size: int = 0
    total: int | None = None
    samples: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=100))


class Live:
    """Told as a ``Progress`` what goes on, and asked by ``status``.

    ``activity`` grows with everything that happens, so that a cycle that gets on is told from one
    that is stuck; it may be told from any thread.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self._running: dict[int, _Running] = {}
        self._troubles: dict[Key, Trouble] = {}
        self._unreadable: frozenset[str] = frozenset()
        self.listeners: list[Progress] = []
        self.last: dict[str, datetime] = {}
        self.operations: Counter[str] = Counter()
        self.cycles = 0
        self.activity = 0
        self.requests = 0
        """Those of libraries that were closed since; the open one counts its own."""
        self.service = Service()
        self.progress_at = now()
        self.interrupted = False
        """Set where the daemon is about to close the library: a look at the folder is then broken
        off."""
        self.stopping = False

    # --- progress ---

    def swept(self, seen: int, total: int | None) -> None:
        self.stir()
        for listener in self.listeners:
            listener.swept(seen, total)

    def looking_up(self, kind: str, done: int, values: int) -> None:
        self.stir()
        for listener in self.listeners:
            listener.looking_up(kind, done, values)

    def looked(self) -> None:
        self.stir()
        if self.interrupted:
            raise SyncdError("stopped while the folder was looked at")

    def planned(self, plan: Plan) -> None:
        self.stir()
        for listener in self.listeners:
            listener.planned(plan)

    def started(self, operation: Fetching) -> None:
        self.stir()
        self._running[operation.job_id] = _Running(operation.path)
        for listener in self.listeners:
            listener.started(operation)

    def advanced(self, job_id: int, size: int, total: int | None) -> None:
        self.stir()
        if running := self._running.get(job_id):
            running.size, running.total = size, total
            running.samples.append((time.monotonic(), size))
        for listener in self.listeners:
            listener.advanced(job_id, size, total)

    def finished(self, operation: Operation, *, done: bool, detail: str | None) -> None:
        self.stir()
        self._running.pop(operation.job_id, None)
        if done:
            self.operations[operation.verb] += 1
        for listener in self.listeners:
            listener.finished(operation, done=done, detail=detail)

    def looking_again(self, missed: int, seconds: float) -> None:
        self.stir()
        for listener in self.listeners:
            listener.looking_again(missed, seconds)

    def stir(self) -> None:
        """Something gets on; may be told from any thread."""
        self.activity += 1
        self.progress_at = self.now()

    def closed(self, requests: int) -> None:
        """The library was closed, after so many requests: nothing is fetched any more."""
        self.requests += requests
        self.broken_off()

    def broken_off(self) -> None:
        """What was going on was ended: nothing is fetched any more."""
        self._running.clear()

    # --- what came of a cycle ---

    def took(self, report: Report) -> None:
        """Take in how a cycle ended."""
        now = self.now()
        self.cycles += 1
        self.progress_at = now
        self._running.clear()
        if report.error:
            return
        look = report.look
        if look.poll or look.sweep:
            self.last["poll"] = now
        if look.sweep:
            self.last["sweep"] = now
        if not report.quiet:
            self.last["scan"] = now
            self.settle("folder", keep=report.unreadable)
            new = [path for path in report.unreadable if path not in self._unreadable]
            self._unreadable = frozenset(report.unreadable)
            if new:
                _log.info("cannot be read", count=len(new), paths=new[:_NAMED], cycle=report.cycle)
            for path in report.unreadable:
                why = report.broken.get(path)
                said = f"{path} is left alone: {why}" if why else f"{path} cannot be read"
                self.trouble(("folder", path), SyncdError(said))
        for outcome in report.outcomes:
            key = ("job", outcome.operation.job_id)
            if outcome.result is Result.DONE:
                self._troubles.pop(key, None)
                if isinstance(outcome.operation, Fetching):
                    self.settle("media")
            elif isinstance(outcome.error, MediaSilent):
                silent = f"the media host is silent: {outcome.detail}"
                self.trouble(("media",), SyncdError(silent, hint="downloads wait; nothing is lost"))
            elif outcome.result is Result.FAILED:
                detail = outcome.detail or "failed"
                hint = outcome.error.hint if outcome.error else None
                self.trouble(key, SyncdError(f"job {key[1]}: {detail}", hint=hint))

    def trouble(self, key: Key, error: SyncdError) -> None:
        """Note that something goes wrong, once more."""
        now, known = self.now(), self._troubles.pop(key, None)
        self._troubles[key] = (
            replace(known, last_at=now, count=known.count + 1)
            if known and known.message == error.message
            else Trouble(message=error.message, hint=error.hint, first_at=now, last_at=now, count=1)
        )
        while len(self._troubles) > _MOST_TROUBLES:
            self._troubles.pop(next(iter(self._troubles)))

    def settle(self, kind: str, *, keep: tuple[str, ...] = ()) -> None:
        """Forget the troubles of ``kind``, but for those that are about ``keep``."""
        kept = {(kind, about) for about in keep}
        for key in [key for key in self._troubles if key[0] == kind and key not in kept]:
            del self._troubles[key]

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """The newest first."""
        return tuple(reversed(self._troubles.values()))

    @property
    def transfers(self) -> tuple[Transfer, ...]:
        return tuple(_transfer(job_id, one) for job_id, one in self._running.items())


def _transfer(job_id: int, running: _Running) -> Transfer:
    now = time.monotonic()
    recent = [(at, size) for at, size in running.samples if at >= now - _SPEED_OVER]
    speed = left = None
    if len(recent) > 1 and now > recent[0][0]:
        speed = (recent[-1][1] - recent[0][1]) / (now - recent[0][0])
        if speed > 0 and running.total is not None:
            left = max(0, running.total - running.size) / speed
    return Transfer(
        job_id=job_id,
        path=running.path,
        size=running.size,
        total=running.total,
        speed=speed,
        left=left,
    )
