"""Evict: give the space of a file back, and keep its job."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from syncd.actions.asked import journalled, look_up
from syncd.core.baseline import Placed, State
from syncd.core.model import COMPLETED, Job, address_path
from syncd.core.operations import Evict
from syncd.core.policy import Policy
from syncd.cycle import Library, enter_next_generation, keep_notes
from syncd.errors import Changed, SyncdError
from syncd.executor.context import Context
from syncd.executor.remove import evict as remove_file
from syncd.executor.threads import to_its_end
from syncd.local import files, tags
from syncd.local.scan import file_stat
from syncd.local.sidecars import sidecars

_ASKED = "named by command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evicted:
    """A file that was given up, ``path`` relative to the root and ``size`` in bytes."""

    job_id: int
    title: str | None
    path: str
    size: int


async def evict(library: Library, context: Context, policy: Policy, job_id: int) -> Evicted:
    """Give back the space of a track: its job keeps the audio, ``fetch`` brings it back.

    Raises ``SyncdError`` where it has no file, or one that the user changed or moved, and where
    the account could not give it back.
    """
    job = await look_up(library, job_id)
    known = await asyncio.to_thread(context.catalog.baseline_of, job_id)
    if known is None or known.placed is None or known.state is not State.PLACED:
        state = known.state if known else State.WANTED
        raise SyncdError(f"job {job_id} has no file in the folder: it is {state}")
    _check_offered(job, known.placed, policy)
    path = known.placed.path
    async with journalled(context, job_id, Evict.verb, reason=_ASKED, path=path) as entry:
        return await to_its_end(_evict, library, context, job, known.placed, entry)


def _check_offered(job: Job, placed: Placed, policy: Policy) -> None:
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
    if address_path(offered) != placed.audio:
        raise SyncdError(
            f"the account offers job {job.id} from another address than {placed.path} came from, "
            "and perhaps as other audio",
            hint="the file was left alone; syncd sync compares the two, then try again",
        )


def _evict(library: Library, context: Context, job: Job, placed: Placed, entry: int) -> Evicted:
    path = context.root.path / placed.path
    context.root.verify(context.marker)
    try:
        context.check_file(job.id, placed.path)
        stat = file_stat(path)
        if context.is_edited(placed, placed.path):
            raise SyncdError(
                f"{placed.path} was changed in the folder, and the account has not what it holds",
                hint="move your version out of the library first",
            )
    except Changed as error:
        raise SyncdError(error.message, hint="syncd sync looks where it is now") from None
    enter_next_generation(library)
    # With how it stands now: an eviction that is stopped goes on with this very file alone.
    context.catalog.outcomes.commit(job.id, State.EVICTED, replace(placed, stat=stat))
    keep_notes(library)
    _remove_lyrics(context, job, placed.path)
    op = Evict(job_id=job.id, path=placed.path, reason=_ASKED)
    remove_file(context, op, entry)
    return Evicted(job_id=job.id, title=job.display_name, path=placed.path, size=stat.size)


def _remove_lyrics(context: Context, job: Job, path: str) -> None:
    """Remove the lyrics beside the file where they are what the account has."""
    beside = files.sidecar_path(path, ".lrc")
    text = tags.lrc_text(job.lrc_content or "")
    lyrics = context.root.path / beside
    ours = text.strip() and beside in sidecars(context.root, path)
    if ours and lyrics.read_bytes() == text.encode():
        lyrics.unlink()
