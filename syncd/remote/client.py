"""The eleven calls of the music API, typed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar
from unicodedata import normalize

from syncd.core.model import FAILED, Job, address_path
from syncd.errors import (
    Changed,
    NoSuchJob,
    Offline,
    OutcomeUnknown,
    RateLimited,
    RemoteError,
    RequestRefused,
)
from syncd.remote.bodies import (
    Reply,
    counts_of,
    jobs_of,
    liked_of,
    model_of,
    presets_of,
    sample_of,
    stats_of,
    wrong_shape,
)
from syncd.remote.http import Http
from syncd.remote.query import PATHS, JobQuery
from syncd.remote.results import Counts, ModelStatus, Page, Presets, SampleData, Stats
from syncd.remote.schema import Rejected, parse_job

T = TypeVar("T")
S = TypeVar("S")

MOST_SENDS = 3
"""How often a deletion or a change is sent, each time after a look, before its outcome stays
unknown."""


class AudioPod:
    """One account. Every call may raise the errors of ``syncd.errors`` under "the service".

    A changing call whose outcome is unknown is looked up before it is sent again, so it takes
    effect once; ``OutcomeUnknown`` is left for when looking does not work either. A retry has a
    limit of its own, and is sent once alone.
    """

    def __init__(self, http: Http) -> None:
        self._http = http
        self._knows_likes = True

    @property
    def server_time(self) -> datetime | None:
        """The time by the service's clock (``Date``), whatever this machine's wall clock says.

        ``None`` before it told one.
        """
        seconds = self._http.server_time
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

    @property
    def requests(self) -> int:
        """How many were sent so far, each try counted."""
        return self._http.requests

    async def job(self, job_id: int) -> Job:
        """``GET /jobs/{id}/status``. Raises ``NoSuchJob``."""
        return _own_job((await self.ask_job(job_id)).document, job_id)

    async def ask_job(self, job_id: int) -> Reply:
        """The same: the answer as it came, whatever its shape."""
        return await self._http.request("GET", f"/jobs/{job_id}/status", job_id=job_id)

    async def page(self, query: JobQuery | None = None) -> Page:
        """``GET /jobs``: one page of the listing."""
        parameters = (query or JobQuery()).parameters()
        return jobs_of(await self.ask("jobs", parameters))

    async def page_with_likes(self, query: JobQuery) -> Page:
        """The same with the like status of each job, where the service can be asked for it.

        One that refuses ``include_interactions`` is not asked for it again.
        """
        if self._knows_likes:
            try:
                return await self.page(replace(query, include_interactions=True))
            except RequestRefused:
                page = await self.page(query)
                self._knows_likes = False
                return page
        return await self.page(query)

    async def delete(self, seen: Job) -> None:
        """``DELETE /jobs/{id}``: the job and its audio, for good.

        ``seen`` is the job as it was looked at right before: only while it is still the same, it is
        sent again. Raises ``NoSuchJob`` where it was not there before anything was sent, and
        ``Changed`` where somebody changed it meanwhile.
        """
        job_id, sent = seen.id, False

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
                job = await self.job(job_id)
            except NoSuchJob:
                return True
            if _meaning(job) != _meaning(seen):
                raise _changed(job, "its deletion")
            return None

        await _sent_once(f"the deletion of job {job_id}", send, look)

    async def update(
        self, seen: Job, *, display_name: str | None = None, thumbnail_url: str | None = None
    ) -> Job | None:
        """``PATCH /jobs/{id}``. The job as it is then, where the answer or the look shows it.

        ``seen`` is the job as it was looked at right before: only while it still shows that, it is
        sent again. Raises ``NoSuchJob``, ``RequestRefused`` for a name the service will not have,
        and ``Changed`` where somebody changed the same meanwhile.
        """
        job_id = seen.id
        given = {"display_name": display_name, "thumbnail_url": thumbnail_url}
        body = {name: value for name, value in given.items() if value is not None}
        if not body:
            raise ValueError("nothing to change")

        async def send() -> Job | None:
            reply = await self._http.request("PATCH", f"/jobs/{job_id}", body=body, job_id=job_id)
            return _job_within(reply.document, job_id)

        async def look() -> Job | None:
            job = await self.job(job_id)
            now = {name: getattr(job, name) for name in body}
            if now == body:
                return job
            if now == {name: getattr(seen, name) for name in body}:
                return None
            if thumbnail_url is None and _is_made_of(job.display_name, display_name or ""):
                return job
            raise _changed(job, "the change of it")

        return await _sent_once(f"the change of job {job_id}", send, look)

    async def retry(self, job_id: int) -> Job:
        """``POST /jobs/{id}/retry``, for a FAILED job: sent once, whatever becomes of it.

        ``OutcomeUnknown`` and ``ContractBroken`` where it may have been carried out; where any
        other error is raised it was not: ``NoSuchJob``, ``RequestRefused``, or ``RateLimited`` at
        once, since this call has a limit of its own, of minutes.
        """
        is_answered = True
        try:
            path = f"/jobs/{job_id}/retry"
            reply = await self._http.request("POST", path, job_id=job_id, longest_wait=0.0)
            job = _job_within(reply.document, job_id)
        except OutcomeUnknown:
            is_answered, job = False, None
        if job is not None:
            return job
        try:
            job = await self.job(job_id)
        except RemoteError:
            # It is the look's, and says nothing of what was sent.
            job = None
        if job is None or (job.status == FAILED and not is_answered):
            raise _unknown(f"the retry of job {job_id}")
        return job

    async def ask(self, name: str, query: Mapping[str, str | int] | None = None) -> Reply:
        """``GET`` of one of ``query.PATHS``: the answer as it came, whatever its shape."""
        return await self._http.request("GET", PATHS[name], query=query)

    async def counts(self, *, status: str | None = None, song_type: str | None = None) -> Counts:
        """``GET /jobs/counts``."""
        asked = {"status": status, "song_type": song_type}
        query = {name: value for name, value in asked.items() if value is not None}
        return counts_of((await self.ask("counts", query)).document)

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
        return liked_of(await self.ask("liked", query.parameters()))

    async def stats(self) -> Stats:
        """``GET /filters/stats``: what the library can be filtered by."""
        return stats_of((await self.ask("filters")).document)

    async def presets(self) -> Presets:
        """``GET /presets``."""
        return presets_of((await self.ask("presets")).document)

    async def model_status(self) -> ModelStatus:
        """``GET /model/status``."""
        return model_of((await self.ask("model")).document)

    async def sample_data(self) -> SampleData:
        """``GET /sample-data``."""
        return sample_of((await self.ask("sample-data")).document)


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
    raise _unknown(what)


def _unknown(what: str) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"{what} was sent, and whether it was done is not known",
        hint="it is looked up again in the next cycle",
    )


def _meaning(job: Job) -> tuple[object, ...]:
    """What a deletion is decided upon."""
    audio = {name: address_path(url) for name, url in job.audio.items()}
    return job.display_name, job.status, audio


def _is_made_of(shown: str | None, sent: str) -> bool:
    """Whether a service may show this of a name that it was sent: trimmed, cut, normalised."""
    made, given = (" ".join(normalize("NFC", text).split()) for text in (shown or "", sent))
    return bool(made) and given.startswith(made)


def _changed(job: Job, what: str) -> Changed:
    return Changed(f"job {job.id} was changed in the account while {what} was sent")


def _own_job(document: object, job_id: int) -> Job:
    try:
        job = parse_job(document)
    except Rejected:
        job = None
    if job is None or job.id != job_id:
        raise wrong_shape(f"the status of job {job_id}")
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
