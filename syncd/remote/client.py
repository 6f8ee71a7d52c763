"""The eleven calls of the music API, typed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import fields
from datetime import UTC, datetime
from typing import TypeVar

from syncd.core.model import FAILED, Job
from syncd.errors import ContractBroken, NoSuchJob, Offline, OutcomeUnknown, RateLimited
from syncd.remote.http import Http, Reply
from syncd.remote.query import JobQuery
from syncd.remote.results import (
    AvailableFilters,
    Counts,
    ModelStatus,
    Page,
    Presets,
    SampleData,
    Stats,
)
from syncd.remote.schema import Rejected, json_text, parse_job, terms, whole, whole_numbers

T = TypeVar("T")
S = TypeVar("S")

MOST_SENDS = 3
"""How often a changing call is sent, each time after a look, before its outcome stays unknown."""


class AudioPod:
    """One account. Every call may raise the errors of ``syncd.errors`` under "the service".

    A changing call whose outcome is unknown is looked up before it is sent again, so it takes
    effect once; ``OutcomeUnknown`` is left for when looking does not work either.
    """

    def __init__(self, http: Http) -> None:
        self._http = http

    @property
    def server_time(self) -> datetime | None:
        """The time by the service's clock (``Date``), whatever this machine's wall clock says.

        ``None`` before it told one.
        """
        seconds = self._http.server_time
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

    async def job(self, job_id: int) -> Job:
        """``GET /jobs/{id}/status``. Raises ``NoSuchJob``."""
        reply = await self._http.request("GET", f"/jobs/{job_id}/status", job_id=job_id)
        return _own_job(reply.document, job_id)

    async def page(self, query: JobQuery | None = None) -> Page:
        """``GET /jobs``: one page of the listing."""
        parameters = (query or JobQuery()).parameters()
        reply = await self._http.request("GET", "/jobs", query=parameters)
        return _page(reply, "the list of jobs")

    async def delete(self, job_id: int) -> None:
        """``DELETE /jobs/{id}``: the job and its audio, for good.

        Raises ``NoSuchJob`` where it was not there before anything was sent.
        """
        sent = False

        async def send() -> None:
            nonlocal sent
            try:
                await self._http.request("DELETE", f"/jobs/{job_id}", job_id=job_id)
            except NoSuchJob:
                # An earlier DELETE of this very call may have arrived late.
                if not sent:
                    raise
            finally:
                sent = True

        async def look() -> bool | None:
            try:
                await self.job(job_id)
            except NoSuchJob:
                return True
            return None

        await _sent_once(f"the deletion of job {job_id}", send, look)

    async def update(
        self, job_id: int, *, display_name: str | None = None, thumbnail_url: str | None = None
    ) -> Job | None:
        """``PATCH /jobs/{id}``. The job as it is then, where the answer or the look shows it.

        Raises ``NoSuchJob``, ``RequestRefused`` for a name the service will not have.
        """
        given = {"display_name": display_name, "thumbnail_url": thumbnail_url}
        body = {name: value for name, value in given.items() if value is not None}
        if not body:
            raise ValueError("nothing to change")

        async def send() -> Job | None:
            reply = await self._http.request("PATCH", f"/jobs/{job_id}", body=body, job_id=job_id)
            return _job_within(reply.document, job_id)

        async def look() -> Job | None:
            job = await self.job(job_id)
            return job if all(getattr(job, name) == value for name, value in body.items()) else None

        return await _sent_once(f"the change of job {job_id}", send, look)

    async def retry(self, job_id: int) -> Job:
        """``POST /jobs/{id}/retry``, for a FAILED job. Raises ``NoSuchJob``, ``RequestRefused``."""

        async def send() -> Job | None:
            reply = await self._http.request("POST", f"/jobs/{job_id}/retry", job_id=job_id)
            return _job_within(reply.document, job_id)

        async def look() -> Job | None:
            job = await self.job(job_id)
            return None if job.status == FAILED else job

        job = await _sent_once(f"the retry of job {job_id}", send, look)
        return job if job is not None else await self.job(job_id)

    async def counts(self, *, status: str | None = None, song_type: str | None = None) -> Counts:
        """``GET /jobs/counts``."""
        asked = {"status": status, "song_type": song_type}
        query = {name: value for name, value in asked.items() if value is not None}
        found = _object(await self._http.request("GET", "/jobs/counts", query=query), "the counts")
        total = whole(found.get("total"))
        if total is None or total < 0:
            raise _wrong_shape("the counts")
        return Counts(
            total=total,
            by_task=whole_numbers(found.get("by_task")),
            by_song_type=whole_numbers(found.get("by_song_type")),
            raw=json_text(found),
        )

    async def liked(
        self,
        *,
        skip: int = 0,
        limit: int = 50,
        song_type: str | None = None,
        status: str | None = None,
    ) -> Page:
        """``GET /liked``: one page of the liked tracks."""
        query = JobQuery(skip=skip, limit=limit, song_type=song_type, status=status)
        reply = await self._http.request("GET", "/liked", query=query.parameters())
        found = reply.document
        # api.md does not say whether this list is bare.
        if isinstance(found, dict):
            lists = [value for value in found.values() if isinstance(value, list)]
            total = reply.headers.get("x-total-count", str(found.get("total", "")))
            if len(lists) == 1:
                reply = Reply(lists[0], {"x-total-count": total})
        return _page(reply, "the list of liked tracks")

    async def stats(self) -> Stats:
        """``GET /filters/stats``: what the library can be filtered by."""
        found = _object(await self._http.request("GET", "/filters/stats"), "the filters")
        offered = found.get("available_filters")
        offered = offered if isinstance(offered, dict) else {}
        names = [field.name for field in fields(AvailableFilters)]
        return Stats(
            total_tracks=whole(found.get("total_tracks")),
            liked_count=whole(found.get("liked_count")),
            song_types=whole_numbers(found.get("song_types")),
            available_filters=AvailableFilters(
                **{name: terms(offered.get(name)) for name in names}
            ),
            raw=json_text(found),
        )

    async def presets(self) -> Presets:
        """``GET /presets``."""
        found = _object(await self._http.request("GET", "/presets"), "the presets")
        presets = found.get("genre_presets")
        if not isinstance(presets, dict):
            raise _wrong_shape("the presets")
        kept = {name: preset for name, preset in presets.items() if isinstance(preset, dict)}
        return Presets(genre_presets=kept, raw=json_text(found))

    async def model_status(self) -> ModelStatus:
        """``GET /model/status``."""
        found = (await self._http.request("GET", "/model/status")).document
        state = found.get("status") if isinstance(found, dict) else None
        return ModelStatus(state if isinstance(state, str) else None, json_text(found))

    async def sample_data(self) -> SampleData:
        """``GET /sample-data``."""
        found = (await self._http.request("GET", "/sample-data")).document
        return SampleData(json_text(found))


async def _sent_once(
    what: str, send: Callable[[], Awaitable[T]], look: Callable[[], Awaitable[S | None]]
) -> T | S:
    """What ``send`` gives; where its outcome is unknown, what ``look`` finds it has done.

    ``look`` gives ``None`` where it has not been done, and only then it is sent again.
    """
    for _ in range(MOST_SENDS):
        try:
            return await send()
        except OutcomeUnknown:
            pass
        try:
            found = await look()
        except (Offline, RateLimited):
            break
        if found is not None:
            return found
    raise OutcomeUnknown(
        f"{what} was sent, and whether it was done is not known",
        hint="it is looked up again in the next cycle",
    )


def _page(reply: Reply, what: str) -> Page:
    if not isinstance(reply.document, list):
        raise _wrong_shape(what)
    jobs: list[Job] = []
    rows: list[int | None] = []
    for entry in reply.document:
        try:
            job = parse_job(entry)
        except Rejected:
            rows.append(None)
        else:
            jobs.append(job)
            rows.append(job.id)
    total = whole(reply.headers.get("x-total-count"))
    return Page(tuple(jobs), total if total is not None and total >= 0 else None, tuple(rows))


def _own_job(document: object, job_id: int) -> Job:
    try:
        job = parse_job(document)
    except Rejected:
        job = None
    if job is None or job.id != job_id:
        raise _wrong_shape(f"the status of job {job_id}")
    return job


def _job_within(document: object, job_id: int) -> Job | None:
    """The job that an answer carries, by itself or under ``job``; ``None`` if it carries none."""
    if isinstance(document, dict) and "job" in document:
        document = document["job"]
    try:
        job = parse_job(document)
    except Rejected:
        return None
    return job if job.id == job_id else None


def _object(reply: Reply, what: str) -> dict[str, object]:
    if not isinstance(reply.document, dict):
        raise _wrong_shape(what)
    return reply.document


def _wrong_shape(what: str) -> ContractBroken:
    return ContractBroken(
        f"{what} does not have the shape that the API promises",
        hint="a wrong api.base_url, or a newer API than this program knows",
    )
