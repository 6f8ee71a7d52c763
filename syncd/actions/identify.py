"""Identify: say whose a file is, where its tags do not say so any more."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

from syncd.actions.asked import journalled, refuse_kept_out, unknown
from syncd.catalog.outcomes import Done
from syncd.core.baseline import State
from syncd.core.cases import EXPECTED
from syncd.core.evidence import Found, match
from syncd.core.policy import Policy
from syncd.core.safety import is_inside
from syncd.cycle import policy_for
from syncd.errors import SyncdError
from syncd.executor.context import Context
from syncd.executor.threads import to_its_end
from syncd.generation import enter_next_generation
from syncd.library import Library, Trees
from syncd.local.retag import embed_identity
from syncd.local.sidecars import is_audio
from syncd.observation import observe


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """A file (relative to the root) that carries the id of ``job_id`` now.

    ``fetched_again`` are the jobs whose file was known to be there; they are wanted again.
    """

    job_id: int
    path: str
    fetched_again: tuple[int, ...] = ()


async def identify(
    library: Library, context: Context, policy: Policy, path: str, job_id: int
) -> Identified:
    """Say whose the file at ``path``, relative to the root, is: its id goes into its tags.

    Asks the service nothing. Where the file was known as another job's, that one is wanted again.
    Raises ``SyncdError`` where the catalog lacks the job, where there is no such audio file, where
    it is another track's in good order, or where another file carries the id.
    """
    if await asyncio.to_thread(library.catalog.job, job_id) is None:
        raise unknown(job_id)
    if not is_inside(path) or not is_audio(path):
        raise SyncdError(f"{path} is no audio file in the library")
    await asyncio.to_thread(refuse_kept_out, library.root, path)
    policy = policy_for(library, policy)
    trees = await observe(library, policy)
    found = match(trees.local, trees.baseline, policy)
    _check_free(trees, found, policy, path, job_id)
    rivals = tuple(
        owner
        for owner in found.owners.get(path, ())
        if owner != job_id and trees.baseline.tracks[owner].state in EXPECTED
    )
    await asyncio.to_thread(enter_next_generation, library)
    async with journalled(
        context, job_id, "identify", reason="identified by command", path=path
    ) as entry:
        embed = partial(embed_identity, library.root, path, job_id, policy.origin)
        await to_its_end(embed)
        record, now = context.catalog.outcomes.record, context.now()
        if rivals:
            # As found anew, under the name that it has: that name is no rename by the user.
            done = Done(job_id=job_id, verb="identify", state=State.WANTED)
            await to_its_end(partial(record, done, entry=entry, now=now))
        else:
            finish = context.catalog.journal.finish
            await to_its_end(partial(finish, entry, now.local, outcome="done"))
    for rival in rivals:
        reason = f"its file was identified as that of job {job_id}"
        async with journalled(context, rival, "identify", reason=reason, path=path) as entry:
            done = Done(job_id=rival, verb="identify", state=State.WANTED)
            await to_its_end(partial(record, done, entry=entry, now=now))
    return Identified(job_id=job_id, path=path, fetched_again=rivals)


def _check_free(trees: Trees, found: Found, policy: Policy, path: str, job_id: int) -> None:
    """Raise ``SyncdError`` unless the file at ``path`` can be given the id of ``job_id``."""
    file = trees.local.files.get(path)
    if file is None:
        read = "cannot be read" if trees.local.is_hidden(path) else "is no audio file in the folder"
        raise SyncdError(f"{path} {read}")
    for other in sorted(trees.local.files):
        identity = trees.local.files[other].identity
        known = identity is not None and policy.knows(identity.origin)
        if known and identity and identity.job_id == job_id and other != path:
            raise SyncdError(
                f"{other} carries the id of job {job_id} already",
                hint="a track has one file: remove that one first if it is not the right one",
            )
    carried = file.identity.job_id if file.identity else job_id
    if carried == job_id or found.files.get(carried) is not file:
        return
    if found.bereft_owner(carried) is None:
        raise SyncdError(
            f"{path} is the file of job {carried} and carries its id",
            hint="copy it, and identify the copy, if it is to serve for both",
        )
