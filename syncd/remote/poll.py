"""The cheap look at the account: a few requests, however many jobs it holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from syncd.core.model import PENDING, PROCESSING, Job
from syncd.core.words import amount
from syncd.errors import ContractBroken, RequestRefused
from syncd.remote.client import AudioPod
from syncd.remote.query import LARGEST_LIMIT, JobQuery
from syncd.remote.results import Page

MOST_MISSING = 5
"""How many jobs that left a status ``missing_in_flight`` names at once."""

_SHIFTED = "the list has shifted since the page before was read"
_BEHIND = "every job of the newest page is new, so that more may stand behind it"


@dataclass(frozen=True, slots=True)
class Polled:
    """What one poll saw. ``jobs`` has each job once, as it was shown last.

    ``newest`` and ``rolling`` are pages of the whole list, ``rolling`` from row ``skip`` on, oldest
    first; ``None`` where the newest page holds all there is. ``complete``: it saw all jobs that are
    in ``status``.
    """

    jobs: tuple[Job, ...]
    newest: Page
    rolling: Page | None
    skip: int
    status: str
    complete: bool

    @property
    def total(self) -> int | None:
        """X-Total-Count of the newest page; ``None`` where it is missing."""
        return self.newest.total


class Poller:
    """Looks at the newest page, the jobs in flight (PENDING and PROCESSING in turn), and one page
    that rolls through the library from poll to poll, so that every job is seen in the end.

    A sweep is needed where the new jobs do not explain the total, or the rolling page does not
    follow the one before. ``newest`` and ``rolling`` are rows a page. What was seen before is kept
    in memory alone.

        polled = await poller.poll()
        news = catalog.observe(polled.jobs, now)
        if poller.doubts(polled, news.new):
            ...  # sweep, then poller.swept(sweep.total, sweep.count)
    """

    def __init__(self, client: AudioPod, *, newest: int = 50, rolling: int = LARGEST_LIMIT) -> None:
        self._client = client
        self._newest = newest
        self._rolling = rolling
        self._status = PROCESSING
        self._expected: int | None = None
        self._missed = 0
        self._is_small = False
        self._skip = 0
        self._seam: tuple[int | None, datetime | None] | None = None
        self._standing: dict[str, None] = {}

    async def poll(self) -> Polled:
        """Three requests of ``GET /jobs``; two where all there is did not fill the newest page.

        Raises what the client raises; the next poll then looks at the same again.
        """
        status = PROCESSING if self._status == PENDING else PENDING
        flight = await self._in_flight(status)
        rolling = None if self._is_small else await self._rolling_page()
        # Last, so that what was created or deleted meanwhile is counted in its total.
        newest = await self._client.page_with_likes(
            JobQuery(limit=self._newest, sort_by="created_at", sort_order="desc")
        )
        self._status = status
        pages = [page for page in (flight, rolling, newest) if page is not None]
        return Polled(
            jobs=tuple({job.id: job for page in pages for job in page.jobs}.values()),
            newest=newest,
            rolling=rolling,
            skip=self._skip,
            status=status,
            complete=flight is not None and _is_complete(flight, status),
        )

    def doubts(self, polled: Polled, new: Collection[int]) -> tuple[str, ...]:
        """Why a sweep is needed, in plain words; empty if none is.

        To be asked once for each poll whose jobs were taken in; ``new``: those that were not known
        to be there. A doubt stands until a sweep has ended.
        """
        rows = polled.newest.rows
        is_full, is_all = len(rows) >= self._newest, polled.total == len(rows)
        self._is_small = is_all and not is_full
        if is_full and not is_all and set(new).issuperset(rows):
            self._standing[_BEHIND] = None
        if not self._roll(polled):
            self._standing[_SHIFTED] = None
        return (*self._standing, *self._miscount(polled.total, len(new)))

    def missing_in_flight(
        self, polled: Polled, in_flight: Mapping[int, tuple[str, datetime | None]]
    ) -> tuple[int, ...]:
        """The jobs believed to be in the status asked for that no page showed, youngest first.

        ``in_flight``: id -> (status, created_at). At most ``MOST_MISSING``; none where the list of
        those jobs was not complete, and so says nothing of them.
        """
        if not polled.complete:
            return ()
        seen = {job.id for job in polled.jobs}
        missing = [
            (created_at or datetime.min.replace(tzinfo=UTC), job_id)
            for job_id, (status, created_at) in in_flight.items()
            if status == polled.status and job_id not in seen
        ]
        return tuple(job_id for _, job_id in sorted(missing, reverse=True)[:MOST_MISSING])

    def swept(self, total: int | None, seen: int | None = None) -> None:
        """A sweep has ended, of which the service said that it is ``total`` jobs, and that saw so
        many (``None``: all of them). The rolling page starts afresh.
        """
        self._expected = total
        self._missed = max(0, total - seen) if total is not None and seen is not None else 0
        self._is_small = total is not None and total < self._newest
        self._standing.clear()
        self._start_over()

    def deleted(self, count: int) -> None:
        """This program deleted ``count`` jobs: they are no cause for doubt."""
        if self._expected is not None:
            self._expected -= count
        # Read on from where no row can have slipped past, and expect no seam there.
        self._skip, self._seam = max(0, self._skip - count), None

    async def _in_flight(self, status: str) -> Page | None:
        query = JobQuery(
            limit=LARGEST_LIMIT, status=status, sort_by="created_at", sort_order="desc"
        )
        try:
            return await self._client.page_with_likes(query)
        except (ContractBroken, RequestRefused):
            # The filter alone may be at fault; if it is more, the other pages show it.
            return None

    async def _rolling_page(self) -> Page:
        query = JobQuery(
            skip=self._skip, limit=self._rolling, sort_by="created_at", sort_order="asc"
        )
        return await self._client.page_with_likes(query)

    def _miscount(self, total: int | None, new: int) -> tuple[str, ...]:
        """A change of the total that is not explained; a difference that always was is none."""
        if self._expected is None:
            self._expected = total
            return ()
        self._expected += new
        if total is not None:
            # What the last sweep missed is counted already.
            found = min(max(0, self._expected - total), new, self._missed)
            self._expected, self._missed = self._expected - found, self._missed - found
        if total is None or total == self._expected:
            return ()
        return (f"the account holds {amount(total, 'job')}, {self._expected} were expected",)

    def _roll(self, polled: Polled) -> bool:
        """Go on to the next page, or start over; whether this one followed the one before."""
        page = polled.rolling
        if page is None:
            self._start_over()
            return True
        fits = self._fits(page)
        at_end = len(page.rows) <= 1 or (
            # A short page alone may come from a service whose pages are smaller.
            len(page.rows) < self._rolling
            and page.total is not None
            and polled.skip + len(page.rows) >= page.total
        )
        if at_end or not fits:
            self._start_over()
        else:
            # One row of overlap: the last row of this page is the first of the next.
            self._skip = polled.skip + len(page.rows) - 1
            tail = page.jobs[-1] if page.jobs and page.jobs[-1].id == page.rows[-1] else None
            self._seam = page.rows[-1], tail.created_at if tail else None
        return fits

    def _fits(self, page: Page) -> bool:
        if self._seam is None:
            return True
        if not page.rows:
            return False
        row, moment = self._seam
        if page.rows[0] == row:
            return True
        # Jobs of one batch share their moment, and may come in another order each time. A job that
        # went away unseen for it shows in the total.
        head = page.jobs[0] if page.jobs and page.jobs[0].id == page.rows[0] else None
        return head is not None and head.created_at is not None and head.created_at == moment

    def _start_over(self) -> None:
        self._skip, self._seam = 0, None


def _is_complete(page: Page, status: str) -> bool:
    """Whether the page holds all jobs in ``status``. Its total is no evidence: a service that does
    not know the filter counts them all.
    """
    honoured = not page.rejected and all(job.status == status for job in page.jobs)
    return honoured and len(page.rows) < LARGEST_LIMIT
