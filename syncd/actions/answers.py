"""What the service is asked by hand, and what of it the catalog answers without a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from syncd.account import fingerprint
from syncd.catalog import queries
from syncd.catalog.queries import counts
from syncd.catalog.store import Catalog
from syncd.core.model import unsigned
from syncd.errors import NoSuchJob
from syncd.remote.bodies import jobs_of
from syncd.remote.client import AudioPod
from syncd.remote.query import LARGEST_LIMIT, JobQuery
from syncd.secret import Secret

KEPT = ("counts", "liked", "filters", "presets")
"""What is kept of the service's answers, by name (``remote.query.PATHS``)."""

Query = Mapping[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered: the JSON as it came, but for the signatures of addresses.

    ``total`` is X-Total-Count. ``source`` says who speaks: the ``service`` now, the service as it
    was ``kept``, or the ``catalog`` for itself, as it was told ``at``.
    """

    body: Any
    total: int | None = None
    source: Literal["service", "kept", "catalog"] = "service"
    at: datetime | None = None


async def ask(client: AudioPod, name: str, query: Query) -> Answer:
    """Ask one of ``remote.query.PATHS``."""
    reply = await client.ask(name, query)
    total = reply.headers.get("x-total-count", "")
    return Answer(body=unsigned(reply.document), total=int(total) if total.isdecimal() else None)


async def ask_job(client: AudioPod, job_id: int) -> Answer:
    """``GET /jobs/{id}/status``. Raises ``NoSuchJob``."""
    try:
        return Answer(body=unsigned((await client.ask_job(job_id)).document))
    except NoSuchJob as error:
        error.hint = "syncd remote jobs lists those of the account"
        raise


async def ask_all(
    client: AudioPod, query: JobQuery, *, seen: Callable[[int, int | None], None]
) -> Answer:
    """``GET /jobs`` page by page, each job once; ``seen`` is told how many of how many are there.

    What shifts while it is read may be missing: ``total`` tells. Raises ``ContractBroken``.
    """
    query = replace(query, limit=LARGEST_LIMIT)
    body: list[Any] = []
    known: set[int | None] = set()
    while True:
        reply = await client.ask("jobs", query.parameters())
        page = jobs_of(reply)
        new = [
            (row, entry)
            for row, entry in zip(page.rows, reply.document, strict=True)
            if row is None or row not in known
        ]
        known.update(row for row, _ in new)
        body += [unsigned(entry) for _, entry in new]
        query = replace(query, skip=query.skip + len(page.rows))
        seen(len(body), page.total)
        at_end = len(page.rows) < query.limit if page.total is None else query.skip >= page.total
        if at_end or all(row is None for row, _ in new):
            return Answer(body=body, total=page.total)


def keep(
    path: Path, base_url: str, key: Secret, name: str, query: Query, body: Any, now: datetime
) -> None:
    """Keep an answer in the catalog at ``path``, where that is of the same service and key.

    Takes no lock: it is one statement, which waits for whoever writes. Raises ``CatalogUnusable``.
    """
    reading = Catalog.read(path)
    if reading is None:
        return
    try:
        binding = reading.binding()
    finally:
        reading.close()
    if binding is None or binding.base_url != base_url:
        return
    if binding.key_fingerprint != fingerprint(key, binding.library_id):
        return
    # It has this version: it is not migrated here, where no lock is held.
    catalog = Catalog.open(path)
    try:
        catalog.answers.keep(name, query, body, now)
    finally:
        catalog.close()


def offline(catalog: Catalog, base_url: str, name: str, query: Query) -> Answer | None:
    """The answer without a network: the service's last one, or the catalog's own if that is newer.

    ``None`` where there is neither.
    """
    binding = catalog.binding()
    if binding is None or binding.base_url != base_url:
        return None
    found = catalog.answers.find(name, query)
    swept = queries.last_sweep(catalog)
    if swept is not None and (found is None or found.at < swept):
        body = _own(catalog, name, query)
        if body is not None:
            return Answer(body=body, source="catalog", at=swept)
    return Answer(body=found.body, source="kept", at=found.at) if found else None


def _own(catalog: Catalog, name: str, query: Query) -> Any:
    """What the catalog says by itself, in the shape of the service; ``None`` where it cannot."""
    given = {key: str(query[key]) for key in ("status", "song_type") if key in query}
    if name == "counts":
        said = asdict(counts.tally(catalog, **given))
        return {**said, "filters": {"status": None, "song_type": None, **given}}
    if name == "liked":
        entries = counts.liked(catalog, **given)
        skip, limit = int(query.get("skip", 0)), int(query.get("limit", 50))
        if entries is not None:
            return [_job_object(entry.job) for entry in entries[skip : skip + limit]]
    return None


def _job_object(job: Mapping[str, Any]) -> object:
    """``Entry.job`` as the service sends it: times as ISO 8601 text."""
    said = {
        name: value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
        for name, value in job.items()
    }
    return unsigned(said)
