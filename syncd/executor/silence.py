"""Media hosts that give no answer: no fault of the tracks that wait for them."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from syncd.core.model import address_path
from syncd.core.operations import Compare, Download, Redownload
from syncd.executor.context import Context

FIRST_SILENCE, LONGEST_SILENCE = timedelta(minutes=1), timedelta(minutes=10)
"""After which a track is tried again whose host was silent: the first time, and the longest."""

_log = structlog.get_logger("syncd.executor")


class Silence:
    """Which tracks were put off because a media host was silent; all of them once it answers."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._waiting: dict[int, tuple[str, int]] = {}
        """The host, and how often it was silent, by track."""

    async def met(self, op: Download | Redownload | Compare, why: str) -> timedelta:
        """The host of what ``op`` fetches gave no answer; when to try that track again."""
        host = await asyncio.to_thread(self._host, op)
        if all(host != known for known, _ in self._waiting.values()):
            _log.warning("the media host is silent", host=host, why=why)
        known, times = self._waiting.get(op.job_id, (host, 0))
        times = times + 1 if known == host else 1
        self._waiting[op.job_id] = host, times
        return min(FIRST_SILENCE * 2.0 ** min(times - 1, 10), LONGEST_SILENCE)

    async def over(self, op: Download | Redownload | Compare) -> None:
        """What ``op`` fetches arrived: what waits for the same host is tried without a wait."""
        if not self._waiting:
            return
        answers = await asyncio.to_thread(self._host, op)
        tracks = [job_id for job_id, (host, _) in self._waiting.items() if host == answers]
        if not tracks:
            return
        for job_id in tracks:
            del self._waiting[job_id]
        now = self._context.clock()
        await asyncio.to_thread(self._context.catalog.outcomes.try_at_once, tracks, now)
        _log.info("the media host answers again", host=answers)

    def _host(self, op: Download | Redownload | Compare) -> str:
        job = self._context.catalog.job(op.job_id)
        return address_path(job.audio.get(op.format, "") if job else "").partition("/")[0]
