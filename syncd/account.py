"""Whose library this is: the account in the jobs, and the key that was used before.

A library never mixes two accounts: another account's jobs would look like additions, and its own
like deletions.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Sequence
from dataclasses import replace

from syncd.catalog.store import Binding, Catalog
from syncd.core.model import Job
from syncd.errors import NoSuchJob, WrongAccount
from syncd.remote.client import AudioPod
from syncd.remote.query import JobQuery
from syncd.secret import Secret

PROBES = 10
"""How many known jobs, old and new, are asked for before a changed key counts as another's."""

_ADVICE = (
    "use the key of the library's account; to bind the library to this one, syncd adopt shows what "
    "becomes of its files; nothing was changed"
)


def fingerprint(key: Secret, library_id: str) -> str:
    """A keyed hash of ``key`` (HMAC-SHA-256 under the library's id), 32 hex digits.

    Tells whether the key changed; of no use to whoever finds it.
    """
    return hmac.digest(library_id.encode(), key.reveal().encode(), "sha256").hex()[:32]


def check_account(catalog: Catalog, jobs: Sequence[Job]) -> None:
    """Bind a new library to the account of ``jobs``; raises ``WrongAccount`` for another one's.

    Jobs that carry no ``user_id`` say nothing (api.md does not promise it).
    """
    accounts = {job.user_id for job in jobs if job.user_id is not None}
    if not accounts:
        return
    binding = catalog.binding()
    assert binding is not None, "a library is bound when it is opened"
    if binding.account is None and len(accounts) == 1:
        catalog.bind(replace(binding, account=accounts.pop()))
    elif accounts != {binding.account}:
        found, expected = ", ".join(sorted(accounts)), binding.account or "none yet"
        raise WrongAccount(
            f"the service lists jobs of account {found}, the library belongs to {expected}",
            hint=_ADVICE,
        )


async def confirm_key(client: AudioPod, catalog: Catalog, key_fingerprint: str) -> None:
    """Accept a changed key where it is of the same account; else ``WrongAccount``.

    What the last one was refused is then no longer held.

    The account is what the jobs say (``user_id``); where they do not, a key that still knows one of
    this library's jobs is of the same account. A new library takes the key it is first used with.
    """
    binding = await asyncio.to_thread(catalog.binding)
    assert binding is not None, "a library is bound when it is opened"
    if binding.key_fingerprint == key_fingerprint:
        return
    if binding.key_fingerprint is not None and not await _is_same_account(client, catalog, binding):
        raise WrongAccount(
            "the API key changed, and the new one is not of this library's account",
            hint=_ADVICE,
        )
    # Without a job that is known nothing was compared.
    is_proven = await asyncio.to_thread(catalog.some_jobs, 1)
    first = binding.line_of_keys if is_proven else None
    # First, and not last: a stop between the two only has it refused once more.
    await asyncio.to_thread(catalog.holds.end_refusals_to_key)
    fresh = replace(binding, key_fingerprint=key_fingerprint, first_key=first)
    await asyncio.to_thread(catalog.bind, fresh)


async def _is_same_account(client: AudioPod, catalog: Catalog, binding: Binding) -> bool:
    if binding.account is not None:
        newest = await client.page(JobQuery(limit=1))
        accounts = {job.user_id for job in newest.jobs if job.user_id is not None}
        if accounts:
            return accounts == {binding.account}
    known = await asyncio.to_thread(catalog.some_jobs, PROBES)
    return not known or await _any_answers(client, known)


async def _any_answers(client: AudioPod, job_ids: Sequence[int]) -> bool:
    for job_id in job_ids:
        try:
            await client.job(job_id)
        except NoSuchJob:
            continue
        return True
    return False
