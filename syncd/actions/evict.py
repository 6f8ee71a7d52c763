"""Evict: give the space of a file back, and keep its job."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from syncd.actions.asked import check_let_in, journalled, look_up
from syncd.catalog.outcomes import Done
from syncd.core.baseline import Placed, State
from syncd.core.model import COMPLETED, Job, address_path
from syncd.core.operations import Evict
from syncd.core.policy import Policy
from syncd.errors import Changed, SyncdError
from syncd.executor.context import Context
from syncd.executor.obtainable import check_served
from syncd.executor.remove import evict as remove_file
from syncd.executor.threads import to_its_end
from syncd.generation import enter_next_generation, keep_notes
from syncd.library import Library
from syncd.local.scan import file_stat
from syncd.local.trash import Entry, Why

_ASKED = "named by command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evicted:
    """A file that was given up, ``path`` relative to the root and ``size`` in bytes.

    ``kept``: what it is called in the trash, where it is not known to hold what the account has;
    ``changed``: it is known that the user changed it.
    """

    job_id: int
    title: str | None
    path: str
    size: int
    kept: str | None = None
    changed: bool = False


async def evict(
    library: Library, context: Context, policy: Policy, job_id: int, *, force: bool = False
) -> Evicted:
    """Give back the space of a track: its job keeps the audio, ``fetch`` brings it back.

    A file that was taken in as it was found may hold what the user changed before: it goes to the
    trash. One that was stopped when its file had gone to the trash already is brought to its end.
    ``force``: also of one that the user changed since; that goes to the trash, too. Raises
    ``SyncdError`` where it has no file, or one that the user changed or moved, and where the
    account could not give it back.
    """
    await asyncio.to_thread(check_let_in, context, job_id)
    job = await look_up(library, job_id)
    known = await asyncio.to_thread(context.catalog.baseline_of, job_id)
    if known and known.placed and known.state is State.EVICTED:
        half_done = await asyncio.to_thread(_half_done, context, job_id, known.placed)
        if half_done is not None:
            _check_offered(job, known.placed, policy, known.declined)
            return await _finish(context, job, known.placed, half_done)
    if known is None or known.placed is None or known.state is not State.PLACED:
        state = known.state if known else State.WANTED
        raise SyncdError(f"job {job_id} has no file in the folder: it is {state}")
    _check_offered(job, known.placed, policy, known.declined)
    path = known.placed.path
    await check_served(context, job, known.placed)
    async with journalled(context, job_id, Evict.verb, reason=_ASKED, path=path) as entry:
        return await to_its_end(_evict, library, context, job, known.placed, entry, force)


def _half_done(context: Context, job_id: int, placed: Placed) -> Entry | None:
    """What a stop left of an eviction: the file is in the trash, which it was only to pass.

    What is kept there is another: it is not known to hold the audio of the account.
    """
    for entry in context.trash.of_job(job_id):
        if (entry.why, entry.path, entry.sha256, entry.audio) == (
            (Why.EVICTED, placed.path, placed.sha256, placed.audio)
        ):
            return entry
    return None


async def _finish(context: Context, job: Job, placed: Placed, left: Entry) -> Evicted:
    at = (context.trash.folder / left.name).relative_to(context.root.path)
    await check_served(context, job, placed, at=str(at))
    async with journalled(context, job.id, Evict.verb, reason=_ASKED, path=placed.path) as entry:
        await to_its_end(context.trash.empty, [left])
        done = Done(job_id=job.id, verb=Evict.verb, state=State.EVICTED)
        await to_its_end(context.record, done, entry)
    return Evicted(job_id=job.id, title=job.display_name, path=placed.path, size=left.size)


def _check_offered(job: Job, placed: Placed, policy: Policy, declined: str | None) -> None:
    """Raise ``SyncdError`` unless the account can give the very audio back that was placed."""
    offered = job.audio.get(placed.format)
    if job.status != COMPLETED or offered is None:
        raise SyncdError(
            f"job {job.id} is {job.status} and offers no {placed.format} that could be fetched "
            f"again in the place of {placed.path}",
            hint="the file was left alone, as the only copy of its audio",
        )
    if not any(name in job.audio for name in policy.formats):
        raise SyncdError(
            f"job {job.id} offers {placed.format} alone, which library.formats does not ask for: "
            "it would not be fetched again",
            hint="the file was left alone; add that format to library.formats first",
        )
    if declined is not None and address_path(offered) == declined:
        raise SyncdError(
            f"the account offers other audio of job {job.id}, which was declined in favour of "
            f"{placed.path}",
            hint="the file was left alone, as the only copy of its audio",
        )
    if address_path(offered) != placed.audio:
        raise SyncdError(
            f"the account offers job {job.id} from another address than {placed.path} came from, "
            "and perhaps as other audio",
            hint="the file was left alone; syncd sync compares the two, then try again",
        )


def _evict(
    library: Library, context: Context, job: Job, placed: Placed, entry: int, force: bool
) -> Evicted:
    path = context.root.path / placed.path
    context.root.verify(context.marker)
    try:
        context.check_file(job.id, placed.path)
        stat = file_stat(path)
        changed = context.is_edited(placed, placed.path)
        if changed and not force:
            raise SyncdError(
                f"{placed.path} was changed in the folder, and the account has not what it holds",
                hint=f"syncd evict --force {job.id} moves your version to the trash",
            )
    except Changed as error:
        raise SyncdError(error.message, hint="syncd sync looks where it is now") from None
    enter_next_generation(library)
    # With how it stands now: an eviction that is stopped goes on with this very file alone.
    context.catalog.outcomes.commit(job.id, State.EVICTED, replace(placed, stat=stat))
    keep_notes(library)
    op = Evict(job_id=job.id, path=placed.path, reason=_ASKED)
    kept = remove_file(context, op, entry)
    return Evicted(
        job_id=job.id,
        title=job.display_name,
        path=placed.path,
        size=stat.size,
        kept=kept.name if kept else None,
        changed=changed,
    )
