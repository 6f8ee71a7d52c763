"""Names given back: the renames of the history, reverted in the account; the files follow."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from syncd.actions.asked import KeptOutError, check_let_in, check_sending, look_up
from syncd.catalog.outcomes import Done
from syncd.catalog.store import Catalog
from syncd.core.baseline import State
from syncd.core.model import Job
from syncd.core.naming import same_text
from syncd.core.operations import RenameLocal, RenameRemote
from syncd.core.policy import Policy
from syncd.cycle import Report
from syncd.errors import KeyRevoked, NoSuchJob, RequestRefused
from syncd.executor import Executor
from syncd.executor.look import refused
from syncd.executor.threads import to_its_end
from syncd.library import Library
from syncd.rest import run_until_rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Renaming:
    """A rename in the history: ``entry`` of the journal gave a job the name ``after``."""

    entry: int
    cycle: str
    job_id: int
    when: datetime
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What became of a renaming: the job is called ``name`` now, or ``detail`` says why not."""

    renaming: Renaming
    name: str | None = None
    detail: str | None = None

    @property
    def done(self) -> bool:
        return self.detail is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoing:
    """What was given back, and the cycles that followed."""

    undone: tuple[Undone, ...]
    reports: tuple[Report, ...]


def renamings(
    catalog: Catalog, *, job_id: int | None = None, cycle: str | None = None
) -> tuple[Renaming, ...]:
    """What ``undo`` reverts, from the catalog alone: the last rename of each job that is meant.

    Those of ``cycle``; else those of the last cycle that renamed ``job_id``, or any job. By job.
    """
    followed = cycle is not None
    if cycle is None:
        newest = (one for one in _renames(catalog, job_id=job_id) if not _is_echo(catalog, one))
        if (last := next(newest, None)) is None:
            return ()
        cycle = last.cycle
    found: dict[int, Renaming] = {}
    for one in _renames(catalog, job_id=job_id, cycle=cycle):
        if one.job_id not in found and (followed or not _is_echo(catalog, one)):
            found[one.job_id] = one.renaming
    return tuple(renaming for _, renaming in sorted(found.items()))


async def undo(
    library: Library, executor: Executor, policy: Policy, reverted: Sequence[Renaming]
) -> Undoing:
    """Give each job the name back that it had, where it still has the one it was given.

    Each is one PATCH after a fresh status call, written to the journal as a rename, so that it can
    itself be undone. Cycles follow, for the files to take the names. What concerns one job stands
    in ``Undone.detail``; raises ``ConfigError`` where nothing may be sent, ``Doubtful`` before the
    first clean cycle of a new catalog, and whatever concerns all of them.
    """
    await check_sending(library, policy)
    await asyncio.to_thread(library.root.verify, library.marker)
    cycle = secrets.token_hex(4)
    undone = [await _revert(library, renaming, cycle) for renaming in reverted]
    reports = await run_until_rest(library, executor, policy, sweep=False)
    return Undoing(undone=tuple(undone), reports=tuple(reports))


_RENAMING = (RenameRemote.verb, RenameLocal.verb)


@dataclass(frozen=True, slots=True)
class _Rename:
    """An entry of the journal that gave a name; ``sent``: to the account, not to a file here."""

    sent: bool
    renaming: Renaming

    @property
    def cycle(self) -> str:
        return self.renaming.cycle

    @property
    def job_id(self) -> int:
        return self.renaming.job_id


def _renames(
    catalog: Catalog,
    *,
    job_id: int | None = None,
    cycle: str | None = None,
    before: int | None = None,
) -> Iterator[_Rename]:
    """What gave another name, newest first (``Journal.done``)."""
    for row in catalog.journal.done(_RENAMING, job_id=job_id, cycle=cycle, before=before):
        if same_text(row["before"], row["after"]):
            continue
        renaming = Renaming(
            entry=row["id"],
            cycle=row["cycle"],
            job_id=row["job_id"],
            when=row["started_at"],
            before=row["before"],
            after=row["after"],
        )
        yield _Rename(row["verb"] == RenameRemote.verb, renaming)


def _is_echo(catalog: Catalog, one: _Rename) -> bool:
    """Whether a file was renamed since its name had been sent from here before."""
    followers: list[_Rename] = [one]
    last: _Rename | None = None
    if not one.sent:
        for earlier in _renames(catalog, job_id=one.job_id, before=one.renaming.entry):
            if earlier.sent:
                last = earlier
                break
            followers.append(earlier)
    is_echo = False
    # An echo says nothing of the next one; what is none does.
    for follower in reversed(followers):
        is_echo = (
            not follower.sent
            and last is not None
            and last.sent
            and same_text(last.renaming.after, follower.renaming.after)
        )
        last = last if is_echo else follower
    return is_echo


async def _revert(library: Library, renaming: Renaming, cycle: str) -> Undone:
    job_id, name = renaming.job_id, renaming.before
    if not name:
        return _not_done(renaming, "it had no name before, and a name cannot be taken away")
    try:
        await asyncio.to_thread(check_let_in, library, job_id)
        job = await look_up(library, job_id)
    except NoSuchJob:
        return _not_done(renaming, "its job is no longer in the account")
    except (KeptOutError, RequestRefused) as error:
        return _not_done(renaming, str(error))
    if not same_text(job.display_name, renaming.after):
        return _not_done(renaming, f"it is called “{job.display_name or ''}” by now")
    entry = await asyncio.to_thread(_begin, library, renaming, cycle)
    try:
        answer = await _send(library, job, name)
        await to_its_end(_record, library, answer, entry)
    except (NoSuchJob, RequestRefused) as error:
        await to_its_end(_finish, library, entry, "failed", error.message)
        return _not_done(renaming, str(error))
    except BaseException as error:
        await to_its_end(_finish, library, entry, "stopped", type(error).__name__)
        raise
    return Undone(renaming=renaming, name=answer.display_name)


async def _send(library: Library, seen: Job, name: str) -> Job:
    try:
        job = await library.client.update(seen, display_name=name)
    except KeyRevoked as error:
        raise refused(error, "rename jobs") from None
    return await library.client.job(seen.id) if job is None else job


def _begin(library: Library, renaming: Renaming, cycle: str) -> int:
    known = library.catalog.baseline_of(renaming.job_id)
    return library.catalog.journal.start(
        cycle=cycle,
        job_id=renaming.job_id,
        verb=RenameRemote.verb,
        path=known.placed.path if known and known.placed else None,
        reason=f"undo of entry {renaming.entry}",
        now=library.clock(),
        before=renaming.after,
        after=renaming.before,
        evidence=[f"renamed {renaming.when:%F %T} UTC in cycle {renaming.cycle}"],
    )


def _record(library: Library, job: Job, entry: int) -> None:
    """The name is observed alone: the baseline keeps the old pair, so that the file follows."""
    catalog = library.catalog
    catalog.observe([job], library.clock())
    known = catalog.baseline_of(job.id)
    done = Done(
        job_id=job.id,
        verb=RenameRemote.verb,
        state=known.state if known else State.WANTED,
        replaced_by=known.replaced_by if known else None,
        counted=True,
    )
    catalog.outcomes.record(done, entry=entry, now=library.now(), after=job.display_name)


def _finish(library: Library, entry: int, outcome: str, detail: str) -> None:
    library.catalog.journal.finish(entry, library.clock(), outcome=outcome, detail=detail)


def _not_done(renaming: Renaming, why: str) -> Undone:
    return Undone(renaming=renaming, detail=why)
