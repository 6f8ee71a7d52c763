"""What everything that is asked for by a job's id begins with: a fresh look, and the journal."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from syncd.account import check_account, confirm_key
from syncd.catalog import queries
from syncd.catalog.store import Catalog
from syncd.core.model import Job
from syncd.core.policy import Policy
from syncd.errors import (
    ConfigError,
    Doubtful,
    KeyRevoked,
    NoSuchJob,
    RemoteError,
    RequestRefused,
    SyncdError,
)
from syncd.executor.context import Context
from syncd.executor.threads import to_its_end
from syncd.library import Library
from syncd.local.ignore import Fresh
from syncd.local.root import Root, root_error
from syncd.remote.query import JobQuery


class KeptOutError(SyncdError):
    """What is asked for would touch a file that the user's patterns keep out."""


async def check_sending(library: Library, policy: Policy) -> None:
    """Raise unless what is asked for may be sent to the account now.

    ``ConfigError`` where nothing ever is, ``Doubtful`` before the first complete clean cycle of a
    catalog that is new, or was adopted or rebuilt.
    """
    check_direction(policy)
    binding = await asyncio.to_thread(library.catalog.binding)
    if binding is None or not binding.settled:
        raise Doubtful(
            "this catalog has not seen one complete clean cycle yet: "
            "nothing in the account is changed before",
            hint="run syncd sync once, then try again",
        )


def check_direction(policy: Policy) -> None:
    """Raise ``ConfigError`` where nothing is ever to be sent."""
    if policy.direction == "down":
        raise ConfigError(
            'sync.direction = "down": nothing in the account is changed from here',
            hint='set it to "both" to do this',
        )


async def look_up(library: Library, job_id: int) -> Job:
    """The job as it is now (``GET /jobs/{id}/status``), taken into the catalog.

    Raises ``NoSuchJob``, ``WrongAccount``, ``RequestRefused`` for a job that a good key may not
    see, and what asking the service raises.
    """
    await confirm_key(library.client, library.catalog, library.key_fingerprint)
    try:
        job = await library.client.job(job_id)
    except NoSuchJob:
        raise await asyncio.to_thread(_absent, library.catalog, job_id) from None
    except KeyRevoked as error:
        raise await _forbidden(library, job_id, error) from None
    await asyncio.to_thread(check_account, library.catalog, [job])
    await asyncio.to_thread(library.catalog.observe, [job], library.clock())
    return job


async def _forbidden(library: Library, job_id: int, error: KeyRevoked) -> RemoteError:
    """What 403 for one job means: where the key lists the account, it is not the key's end."""
    try:
        await library.client.page(JobQuery(limit=1))
    except RemoteError:
        return error
    return RequestRefused(
        f"the service does not show job {job_id} to this key (403), though it lists the account's "
        "jobs; nothing was done about it",
        status=403,
        hint="it may lack a scope: look at the key in the AudioPod dashboard, or ask again later",
    )


def check_let_in(context: Context | Library, job_id: int) -> None:
    """Raise ``KeptOutError`` where the file of a track, or its place, is kept out."""
    known = context.catalog.baseline_of(job_id)
    placed = known.placed.path if known and known.placed else None
    if path := context.catalog.scans.kept_out().get(job_id, placed):
        refuse_kept_out(context.root, path)


def refuse_kept_out(root: Root, path: str) -> None:
    """Raise ``KeptOutError`` where ``path`` is kept out by now."""
    if by := Fresh(root.path, root.ignore).by(path):
        raise KeptOutError(
            f"{path} is kept out by {by}, and left alone",
            hint="move it elsewhere, or take the pattern away, and run syncd sync first",
        )


def unknown(job_id: int) -> SyncdError:
    """The error for a job that the catalog lacks."""
    return SyncdError(
        f"job {job_id} is not known",
        hint="syncd ls lists those that are; syncd sync looks for more",
    )


def _absent(catalog: Catalog, job_id: int) -> NoSuchJob:
    """The error for a job that the account lacks: never known, known to be gone, or just gone."""
    entry = queries.job(catalog, job_id)
    if entry is None:
        return NoSuchJob(
            f"job {job_id} is not known", job_id=job_id, hint="syncd ls lists those that are"
        )
    return NoSuchJob(
        f"job {job_id} is not in the account any more",
        job_id=job_id,
        hint=f"syncd history --job {job_id} tells what became of it"
        if entry.absent_since
        else "syncd sync takes in what became of it",
    )


@asynccontextmanager
async def journalled(
    context: Context,
    job_id: int,
    verb: str,
    *,
    reason: str,
    path: str | None = None,
    before: str | None = None,
    after: str | None = None,
) -> AsyncIterator[int]:
    """An entry in the journal, written before anything is done; whoever does it finishes it.

    What is not done is finished here. An ``OSError`` is the file system's: the service's are
    translated.
    """
    entry = await asyncio.to_thread(
        context.catalog.journal.start,
        cycle=secrets.token_hex(4),
        job_id=job_id,
        verb=verb,
        path=path,
        reason=reason,
        now=context.clock(),
        before=before,
        after=after,
    )
    try:
        yield entry
    except OSError as error:
        trouble = root_error(error, context.root.path)
        await _finish(context, entry, "failed", trouble.message)
        raise trouble from None
    except SyncdError as error:
        await _finish(context, entry, "failed", error.message)
        raise
    except BaseException as error:
        await _finish(context, entry, "stopped", type(error).__name__)
        raise


async def _finish(context: Context, entry: int, outcome: str, detail: str) -> None:
    finish = context.catalog.journal.finish
    await to_its_end(partial(finish, entry, context.clock(), outcome=outcome, detail=detail))
