"""The service: whether it answers, how fast, what it thinks of the key, and what time it says."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from syncd.doctor.check import Check, of_error, ok, unseen, warning
from syncd.doctor.system import output_of
from syncd.errors import KeyRefused, KeyRevoked, RateLimited, SyncdError
from syncd.remote.client import AudioPod
from syncd.remote.http import Http
from syncd.remote.query import JobQuery
from syncd.remote.waits import Retries
from syncd.secret import Secret
from syncd.settings import Settings

_PATIENCE = 15.0
"""Seconds without a byte: who runs the doctor waits for it."""

_SLOW = 3.0
_APART = timedelta(seconds=60)
"""By how much the two clocks may differ: more, and certificates and dates become doubtful."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one look at the account came to; ``error`` where it failed.

    ``latency`` is seconds, ``apart`` how far the local clock is ahead of the service's, ``total``
    how many jobs the account holds and ``accounts`` whose they are, as far as that was said.
    ``model`` is the health of the service's model, or why it was not told.
    """

    where: str
    error: SyncdError | None = None
    latency: float = 0.0
    apart: timedelta | None = None
    total: int | None = None
    accounts: frozenset[str] = frozenset()
    model: str | SyncdError | None = None


async def ask(settings: Settings, key: Secret) -> Asked:
    """One GET of a single job, and one of the model's health; nothing else leaves this machine."""
    where = settings.api.base_url
    try:
        async with Http(
            base_url=where,
            key=key,
            requests_per_minute=0,
            timeout=min(settings.api.timeout, _PATIENCE),
            retries=Retries(attempts=1, longest_wait=0),
            may_change=False,
        ) as http:
            return await _ask(AudioPod(http), where)
    except SyncdError as error:
        return Asked(where=where, error=error)


async def _ask(client: AudioPod, where: str) -> Asked:
    begun = time.monotonic()
    try:
        page = await client.page(JobQuery(limit=1))
    except SyncdError as error:
        return Asked(where=where, error=error, apart=_apart(client))
    latency, apart = time.monotonic() - begun, _apart(client)
    model: str | SyncdError | None
    try:
        model = (await client.model_status()).state
    except SyncdError as error:
        model = error
    return Asked(
        where=where,
        latency=latency,
        apart=apart,
        total=page.total,
        accounts=frozenset(job.user_id for job in page.jobs if job.user_id is not None),
        model=model,
    )


def _apart(client: AudioPod) -> timedelta | None:
    told = client.server_time
    return None if told is None else datetime.now(UTC) - told


def look(asked: Asked | None, why_not: str, environ: Mapping[str, str]) -> Iterator[Check]:
    """``why_not`` where nothing was ``asked``."""
    if asked is None:
        yield unseen("api", why_not)
        yield unseen("model", why_not)
    else:
        yield _api(asked)
        yield _model(asked)
    yield _clock(asked, environ)


def _api(asked: Asked) -> Check:
    error = asked.error
    if error is None:
        told = f"{asked.where} answers in {asked.latency * 1000:.0f} ms"
        jobs = "" if asked.total is None else f"; jobs in the account: {asked.total}"
        if asked.latency > _SLOW:
            return warning("api", f"{told}{jobs}", "it is slow: look at the network")
        return ok("api", f"{told}{jobs}")
    if isinstance(error, RateLimited):
        return warning("api", error.message, "wait, and lower api.requests_per_minute")
    failed = of_error("api", error)
    if isinstance(error, KeyRevoked):
        return replace(failed, fix=f"{failed.fix}; make a new one in the AudioPod dashboard")
    if isinstance(error, KeyRefused):
        return replace(failed, fix=f"{failed.fix}; copy it again from the AudioPod dashboard")
    return failed


def _model(asked: Asked) -> Check:
    if asked.error is not None:
        return unseen("model", "the service was not reached, or refused")
    if isinstance(asked.model, SyncdError):
        return warning("model", f"its health is not told: {of_error('model', asked.model).message}")
    return ok("model", asked.model or "it answers, and does not say how it is")


def _clock(asked: Asked | None, environ: Mapping[str, str]) -> Check:
    synchronised = _synchronised(environ)
    kept = "" if synchronised is None else f"; {'kept' if synchronised else 'not kept'} by NTP"
    apart = asked.apart if asked else None
    fix = "let NTP set it: timedatectl set-ntp true"
    if apart is None:
        if synchronised is not False:
            return unseen("clock", f"the service told no time{kept}")
        said = f"not compared: the service told no time{kept}"
        return warning("clock", said, fix)
    seconds = round(apart.total_seconds())
    word = "ahead of" if seconds > 0 else "behind"
    said = f"{abs(seconds)} s {word} the service{kept}" if seconds else f"as the service's{kept}"
    if abs(apart) > _APART:
        return warning("clock", said, fix)
    return ok("clock", said)


def _synchronised(environ: Mapping[str, str]) -> bool | None:
    """Whether NTP keeps the clock: timedatectl(1). ``None`` where nobody says."""
    told = output_of(["timedatectl", "show", "--property=NTPSynchronized", "--value"], environ)
    return {"yes": True, "no": False}.get(told.strip())
