"""Plays the cases of a part in several processes, and looks for the key after each."""

from __future__ import annotations

import gc
import os
import resource
import shutil
import signal
import tempfile
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path
from types import FrameType

from . import canary, parts, pool
from .part import Part, Verdict
from .scratch import scratch
from .store import Store

LIMIT = 600
"""Seconds after which a case is stuck, unless its part says ``LIMIT``."""

_GRACE = 60.0
"""Seconds that a case has to end by itself once it is stuck."""


class Stuck(BaseException):
    """A case took longer than any should. No ``except Exception`` of the program keeps it."""


def play(name: str, case: str, below: Path | None = None) -> tuple[Verdict, float]:
    """One case in a folder of its own, and how much of the processor it took, in seconds."""
    which = parts.part(name)
    base = _folder() if below is None else Path(tempfile.mkdtemp(prefix="", dir=below))
    began = _spent()
    try:
        with canary.overheard(keeps=False) as heard:
            verdict = _played(which, case, base)
        leaks = canary.found_below(base)
        leaks += ["what was printed or logged"] if heard.is_leaking else []
    finally:
        _clear(base)
    leaked = tuple(f"the key stands in {leak}" for leak in leaks)
    return Verdict(
        tuple(verdict.troubles) + leaked, tuple(verdict.trace), verdict.counts
    ), _spent() - began


def _collect_seldom() -> None:
    """A tenth of the processor otherwise; what a case leaves is collected all the same."""
    gc.set_threshold(50_000)


def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="syncd-bench-", dir=scratch()))


def _played(which: Part, case: str, base: Path) -> Verdict:
    def stuck(_signal: int, _frame: FrameType | None) -> None:
        raise Stuck(f"{case} takes for ever")

    limit = getattr(which, "LIMIT", LIMIT)
    before = signal.signal(signal.SIGALRM, stuck)
    signal.alarm(limit)
    try:
        return which.play(case, base)
    except (Exception, Stuck) as error:
        told = "".join(traceback.format_exception(error)[-12:])
        return Verdict((f"{type(error).__name__}: {error}",), tuple(told.splitlines()))
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _spent() -> float:
    """Seconds of the processor, those of ended children too."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    found = [resource.getrusage(kind) for kind in kinds]
    return sum(one.ru_utime + one.ru_stime for one in found)


def _clear(base: Path) -> None:
    """Also what a case made unreadable."""
    if base.exists():
        for folder, folders, _ in os.walk(base):
            for name in folders:
                inner = Path(folder, name)
                with suppress(OSError):  # a path that is longer than paths may be
                    if not inner.is_symlink():
                        inner.chmod(0o700)
    shutil.rmtree(base, ignore_errors=True)


def _task(name: str, below: Path, case: str) -> tuple[Verdict, float]:
    _collect_seldom()
    return play(name, case, below)


def run(
    name: str,
    cases: Sequence[str],
    store: Store,
    *,
    workers: int,
    until: float | None,
    tell: Callable[[str, Verdict], None],
) -> int:
    """Play ``cases``, note what each came to; how many were played.

    ``workers`` are as many as there are processors; a part whose cases mostly wait plays so many
    times more at once (``AT_ONCE``).
    ``until``: the reading of ``time.monotonic`` after which no more is waited for. ``tell`` hears
    of each as it ends.
    """
    which = parts.part(name)  # imported here, not in each of the processes
    count = 0
    below = _folder()
    with ExitStack() as stack:
        stack.callback(_clear, below)  # what was broken off is left in it
        results = pool.played(
            partial(_task, name, below),
            cases,
            workers * getattr(which, "AT_ONCE", 1),
            limit=getattr(which, "LIMIT", LIMIT) + _GRACE,
            until=until,
        )
        stack.enter_context(closing(results))
        for case, found in results:
            if isinstance(found, pool.Lost):
                found = Verdict((str(found),)), 0.0
            store.note(name, case, *found)
            count += 1
            tell(case, found[0])
    return count
