"""The executor: one small function per operation.

Each operation is written to the journal before it acts. What fails for one track is recorded with
it and does not stop the others; what concerns them all (no service, a refused key, a full disk)
ends the run. Nothing here decides: the plan did. Files change their names first, one after the
other, in the order of the plan; everything else goes on in parallel, and begins in that order:
what changes the account or removes does not wait for the downloads (``core.planner``).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial

import structlog

from syncd.catalog.outcomes import Done
from syncd.core.baseline import State
from syncd.core.model import Origin
from syncd.core.operations import (
    Adopt,
    Compare,
    Defer,
    DeleteRemote,
    Detach,
    Download,
    Evict,
    Forget,
    Free,
    Hold,
    Ignore,
    MakeWay,
    MoveLocal,
    Operation,
    Plan,
    Redownload,
    RenameLocal,
    RenameRemote,
    Retag,
    RetryRemote,
    TrashLocal,
)
from syncd.errors import (
    AnotherDisk,
    CatalogUnusable,
    Changed,
    Doubtful,
    FolderUnusable,
    GaveWay,
    MediaError,
    MediaSilent,
    MediaUnavailable,
    NoSuchJob,
    Occupied,
    Offline,
    RequestRefused,
    StatusUnknown,
    SyncdError,
)
from syncd.executor.adopt import adopt, detach
from syncd.executor.context import Context, Execution
from syncd.executor.download import download
from syncd.executor.names import make_way, move_local, rename_local, rename_remote
from syncd.executor.remove import delete_remote, forget, free, resume_eviction, trash_local
from syncd.executor.replace import compare, redownload
from syncd.executor.retag import retag
from syncd.executor.retry import retry_remote
from syncd.executor.silence import Silence
from syncd.executor.threads import to_its_end
from syncd.local.root import root_error

__all__ = ["FIRST_BACKOFF", "Context", "Execution", "Executor", "Outcome", "Result"]

REPLANS = 3
"""How often in a row a track may turn out other than planned before it is put off."""

SILENT_IN_A_ROW, REFUSED_IN_A_ROW = 8, 40
"""Tracks in a row that got no answer, or only faults for an answer, before that is taken for the
service's fault and not theirs. What failed comes last in the next run, so the others get on."""

FIRST_BACKOFF = timedelta(minutes=10)
_LONGEST_BACKOFF = timedelta(days=1)

_log = structlog.get_logger("syncd.executor")


_RELOCATIONS = (RenameLocal, MoveLocal, MakeWay)
_FETCHING = (Download, Redownload, Compare)

Acting = (
    Download
    | Compare
    | Redownload
    | RenameLocal
    | MoveLocal
    | MakeWay
    | TrashLocal
    | Evict
    | Free
    | Retag
    | RenameRemote
    | DeleteRemote
    | RetryRemote
    | Adopt
    | Ignore
    | Detach
    | Forget
)
"""The operations that do something, and so are written to the journal."""


class Result(StrEnum):
    """How an operation ended. ``REPLAN``: what was seen while acting differs from the plan."""

    DONE = "done"
    FAILED = "failed"
    HELD = "held"
    REPLAN = "replan"


@dataclass(frozen=True, slots=True)
class Outcome:
    """An operation and how it ended; ``detail`` says why where it was not done.

    ``error`` is what it failed with, if it was an error.
    """

    operation: Operation
    result: Result
    detail: str | None = None
    error: SyncdError | None = None


class Executor:
    """Carries out plans, with what ``context`` holds."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._catalog = context.catalog
        self._clock = context.clock
        self._faults = 0
        self._left = False
        self._replanned: Counter[int] = Counter()
        self._silence = Silence(context)

    async def run(
        self,
        plan: Plan,
        *,
        cycle: str,
        origin: Origin,
        outcomes: list[Outcome],
        give_way: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Carry out ``plan``; each outcome is added to ``outcomes`` as it comes.

        Once ``give_way()`` is true nothing more begins to be fetched, and what can be taken up
        again is broken off; whether it came to the end.
        Raises what concerns all tracks at once; what was done by then stays done.
        """
        self._faults = 0
        self._context.deaf_hosts.clear()
        self._context.turn.is_over = give_way
        self._left = False
        await asyncio.to_thread(self._catalog.holds.keep, plan, self._clock())
        relocations = [op for op in plan if isinstance(op, _RELOCATIONS)]
        await self._work(iter(relocations), cycle, origin, outcomes)
        others = iter([op for op in plan if not isinstance(op, _RELOCATIONS)])

        def in_turn() -> Iterator[Operation]:
            for operation in others:
                if isinstance(operation, _FETCHING) and give_way():
                    self._left = True
                    return
                yield operation

        turns = in_turn()
        try:
            async with asyncio.TaskGroup() as workers:
                for _ in range(self._context.settings.parallel_downloads):
                    workers.create_task(self._work(turns, cycle, origin, outcomes))
        except ExceptionGroup as group:
            # Not ``except*``: Python before 3.11.4 wraps what is raised there in a group anew.
            ours, others_ = group.split(SyncdError)
            if ours is None or others_ is not None:
                raise
            raise ours.exceptions[0] from None
        return not self._left

    async def _work(
        self, operations: Iterator[Operation], cycle: str, origin: Origin, outcomes: list[Outcome]
    ) -> None:
        for operation in operations:
            match operation:
                case Defer(job_id=job_id, reason=reason):
                    await asyncio.to_thread(self._put_off, job_id, reason)
                    outcome = Outcome(operation, Result.FAILED, reason)
                case Hold(reason=reason):
                    outcome = Outcome(operation, Result.HELD, reason)
                case _:
                    try:
                        outcome = await self._act(operation, cycle, origin)
                    except GaveWay as way:
                        _log.debug("a download gave way", job=operation.job_id, why=way.message)
                        self._left = True
                        continue
            outcomes.append(outcome)
            self._report(outcome, cycle)
            self._count_faults(outcome)

    async def _act(self, operation: Acting, cycle: str, origin: Origin) -> Outcome:
        """One operation between its two journal rows; settles what concerns this track alone."""
        journal = self._catalog.journal
        entry = await asyncio.to_thread(
            journal.start,
            cycle=cycle,
            job_id=operation.job_id,
            verb=operation.verb,
            path=getattr(operation, "path", None),
            reason=operation.reason,
            now=self._clock(),
            before=_before(operation),
            after=_after(operation),
            evidence=getattr(operation, "evidence", ()),
        )
        result = Result.DONE
        failure: SyncdError | None = None
        try:
            await self._carry_out(operation, entry, origin)
        except (RequestRefused, AnotherDisk) as error:
            # Understood and not done: it waits for the user instead of being tried for ever.
            result, failure = Result.HELD, error
            why = str(error)
            await asyncio.to_thread(self._catalog.holds.refuse, operation, why, self._clock())
        except (Occupied, Changed) as error:
            result, failure = self._replan_or_fail(operation.job_id), error
        except (MediaError, NoSuchJob, Doubtful, FolderUnusable) as error:
            result, failure = Result.FAILED, error
        except BaseException as error:
            await self._note_stop(entry, error)
            raise
        if failure is None:
            del self._replanned[operation.job_id]
            if isinstance(operation, _FETCHING):
                await self._silence.over(operation)
            return Outcome(operation, result)
        if result is Result.FAILED:
            silent = None
            if isinstance(failure, MediaSilent) and isinstance(operation, _FETCHING):
                silent = await self._silence.met(operation, failure.message)
            await asyncio.to_thread(self._put_off, operation.job_id, failure.message, silent)
        await asyncio.to_thread(
            journal.finish, entry, self._clock(), outcome=result, detail=failure.message
        )
        return Outcome(operation, result, failure.message, failure)

    async def _note_stop(self, entry: int, error: BaseException) -> None:
        """Finish the entry of an operation that was stopped; what stopped it stays the news."""
        finish = partial(
            self._catalog.journal.finish,
            entry,
            self._clock(),
            outcome="stopped",
            detail=type(error).__name__,
        )
        try:
            await to_its_end(finish)
        except CatalogUnusable as trouble:
            _log.warning("the journal could not be finished", why=trouble.message)

    async def _carry_out(self, operation: Acting, entry: int, origin: Origin) -> None:
        try:
            await asyncio.to_thread(self._context.check_let_in, operation)
            await self._dispatch(operation, entry, origin)
        except OSError as error:
            # The network's errors are translated by now: this one is the file system's.
            raise root_error(error, self._context.root.path) from None

    async def _dispatch(self, operation: Acting, entry: int, origin: Origin) -> None:
        context = self._context
        match operation:
            case Download():
                await download(context, operation, entry, origin)
            case Compare():
                await compare(context, operation, entry)
            case Redownload():
                await redownload(context, operation, entry, origin)
            case RenameRemote():
                await rename_remote(context, operation, entry)
            case DeleteRemote():
                await delete_remote(context, operation, entry, origin)
            case RetryRemote():
                await retry_remote(context, operation, entry)
            case TrashLocal():
                await trash_local(context, operation, entry)
            case RenameLocal():
                await to_its_end(rename_local, context, operation, entry)
            case MoveLocal():
                await to_its_end(move_local, context, operation, entry)
            case MakeWay():
                await to_its_end(make_way, context, operation, entry)
            case Retag():
                await to_its_end(retag, context, operation, entry, origin)
            case Adopt():
                await to_its_end(adopt, context, operation, entry, origin)
            case Detach():
                await to_its_end(detach, context, operation, entry)
            case Evict():
                await resume_eviction(context, operation, entry)
            case Free():
                await free(context, operation, entry)
            case Ignore(job_id=job_id):
                await to_its_end(self._ignore, job_id, operation.verb, entry)
            case Forget():
                await to_its_end(forget, context, operation, entry)

    def _ignore(self, job_id: int, verb: str, entry: int) -> None:
        done = Done(job_id=job_id, verb=verb, state=State.IGNORED)
        self._catalog.outcomes.record(done, entry=entry, now=self._context.now())

    def _replan_or_fail(self, job_id: int) -> Result:
        """Look and plan again; but what never turns out as planned is a failure like another."""
        self._replanned[job_id] += 1
        if self._replanned[job_id] < REPLANS:
            return Result.REPLAN
        del self._replanned[job_id]
        return Result.FAILED

    def _put_off(self, job_id: int, reason: str, silent: timedelta | None = None) -> None:
        """Record the failure, and when the next try is due (doubling, at most a day).

        ``silent``: when it is where the media host is silent, which says nothing of this track.
        """
        known = self._catalog.baseline_of(job_id)
        attempts = 1 if silent else (known.attempts if known else 0) + 1
        backoff = silent or min(FIRST_BACKOFF * 2 ** min(attempts - 1, 10), _LONGEST_BACKOFF)
        self._catalog.outcomes.fail(
            job_id, reason, attempts=attempts, next_try_at=self._clock() + backoff
        )

    def _count_faults(self, outcome: Outcome) -> None:
        """Many tracks in a row without an answer are one fault, which ends the run."""
        error = outcome.error
        if outcome.result is Result.DONE:
            self._faults = 0
        if not isinstance(error, MediaUnavailable | StatusUnknown):
            return
        self._faults += 1
        answered = not isinstance(error, MediaSilent | StatusUnknown)
        if self._faults < (REFUSED_IN_A_ROW if answered else SILENT_IN_A_ROW):
            return
        if isinstance(error, StatusUnknown):
            raise error.error
        raise Offline(
            f"{self._faults} downloads in a row came to nothing: {error.message}",
            hint="the media host is out of order or out of reach; the next run goes on",
        )

    def _report(self, outcome: Outcome, cycle: str) -> None:
        op, done = outcome.operation, outcome.result is Result.DONE
        facts = {"job": op.job_id, "path": getattr(op, "path", None), "cycle": cycle}
        if done:
            names = {"from": _before(op), "to": _after(op)} if isinstance(op, _RENAMING) else {}
            _log.info(op.verb, **facts, **names)
        elif isinstance(op, Hold):
            # The same in each cycle until it is settled: the summary and syncd pending tell it.
            _log.debug(op.verb, held=op.held, why=op.reason, **facts)
        elif isinstance(outcome.error, MediaSilent) and isinstance(op, _FETCHING):
            # Said once, of the host (``Silence``).
            _log.debug(f"{op.verb}: {outcome.result}", why=outcome.detail, **facts)
        else:
            _log.warning(f"{op.verb}: {outcome.result}", why=outcome.detail, **facts)
        self._context.progress.finished(op, done=done, detail=outcome.detail)


_RENAMING = (RenameRemote, RenameLocal, MoveLocal)


def _before(op: Acting) -> str | None:
    """What a name or place was before ``op``: what ``undo`` goes back to."""
    if isinstance(op, RenameRemote):
        return op.title
    if isinstance(op, RenameLocal):
        return op.old_title
    return op.path if isinstance(op, MoveLocal) else None


def _after(op: Acting) -> str | None:
    if isinstance(op, RenameRemote):
        return op.new_title
    if isinstance(op, RenameLocal):
        return op.title
    return op.new_path if isinstance(op, MoveLocal) else None
