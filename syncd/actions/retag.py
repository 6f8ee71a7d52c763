"""Retag: the tags of files brought up to what the account and the settings ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from syncd.actions.asked import journalled
from syncd.actions.tags import Proposal
from syncd.core.operations import Retag
from syncd.core.policy import Policy
from syncd.cycle import policy_for
from syncd.errors import DiskFull, RootUnusable, SyncdError
from syncd.executor.context import Context
from syncd.executor.retag import retag as write
from syncd.executor.threads import to_its_end
from syncd.generation import enter_next_generation
from syncd.library import Library
from syncd.local.ignore import Fresh

_ASKED = "named by command"


@dataclass(frozen=True, slots=True)
class Retagged:
    """What became of a proposal: the fields that were set, or why none was."""

    proposal: Proposal
    fields: tuple[str, ...] = ()
    problem: str | None = None


async def retag(
    library: Library, context: Context, policy: Policy, proposals: Sequence[Proposal]
) -> list[Retagged]:
    """Tag these files anew; each is looked at once more before.

    One file's trouble is not another's: raises what concerns all of them, ``RootUnusable`` and
    ``DiskFull``.
    """
    origin = policy_for(library, policy).origin
    await asyncio.to_thread(enter_next_generation, library)
    done: list[Retagged] = []
    fresh = Fresh(context.root.path, context.root.ignore)
    for one in proposals:
        if by := await asyncio.to_thread(fresh.by, one.path):
            done.append(Retagged(one, problem=f"{one.path} is kept out by {by}"))
            continue
        op = Retag(job_id=one.job_id, path=one.path, reason=_ASKED)
        try:
            async with journalled(
                context, op.job_id, op.verb, reason=_ASKED, path=op.path
            ) as entry:
                fields = await to_its_end(write, context, op, entry, origin)
        except (RootUnusable, DiskFull):
            raise
        except SyncdError as error:
            done.append(Retagged(one, problem=error.message))
        else:
            done.append(Retagged(one, tuple(fields)))
    return done
