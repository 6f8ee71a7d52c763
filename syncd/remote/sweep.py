"""A complete listing of the account, or a plain statement of why it is none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from syncd.core.model import Job
from syncd.errors import ContractBroken
from syncd.remote.client import AudioPod
from syncd.remote.query import LARGEST_LIMIT, JobQuery
from syncd.remote.results import Page

MOST_JOBS = 1_000_000
"""A list that is longer is taken for one that has no end."""


class Sweep:
    """Every job, page by page, and then the verdict: may an absence be built on this?

    The list is asked for oldest first, so that new jobs land behind what was read. Each page
    begins with the last row of the page before; where it does not, the list has shifted and a job
    may have slipped through, so the sweep starts again, at most ``attempts`` times in all. A sweep
    that is not ``complete`` may add to what is known but never take away.

        sweep = Sweep(client)
        async for jobs in sweep.pages():
            ...
        if sweep.complete:
            ...
    """

    def __init__(self, client: AudioPod, *, attempts: int = 3, limit: int = LARGEST_LIMIT) -> None:
        self.complete = False
        self.total: int | None = None
        """The last X-Total-Count."""
        self.rejected = 0
        """Rows that were no jobs, among those of the last attempt."""
        self.doubts: tuple[str, ...] = ()
        """Why the sweep is not complete, in plain words."""
        self._client = client
        self._attempts = attempts
        self._limit = limit
        self._seen: set[int] = set()

    @property
    def seen(self) -> frozenset[int]:
        """The ids of the last attempt: of a complete sweep, every id there is."""
        return frozenset(self._seen)

    @property
    def count(self) -> int:
        """How many ids ``seen`` holds."""
        return len(self._seen)

    async def pages(self) -> AsyncIterator[tuple[Job, ...]]:
        """The jobs as they come; after a fresh start those of the first pages come once more.

        Raises ``ContractBroken`` for a list that never advances, never ends or holds no jobs at
        all, and whatever the client raises; the sweep is then not complete.
        """
        self.complete = False
        for attempt in range(1, self._attempts + 1):
            walk = _Walk(self._client, self._limit)
            self._seen = walk.seen
            async for jobs in walk.pages():
                yield jobs
            self.total, self.rejected = walk.total, walk.rejected
            doubts = walk.doubts()
            if not walk.is_unsteady:
                break
            if attempt == self._attempts:
                doubts.append(f"the list shifted {_times(attempt)} while it was read")
        self.doubts = tuple(dict.fromkeys(doubts))
        self.complete = not self.doubts


class _Walk:
    """One attempt, from the first page to the last, or to the seam at which the list shifted."""

    def __init__(self, client: AudioPod, limit: int) -> None:
        self.seen: set[int] = set()
        self.total: int | None = None
        self.rejected = 0
        self.shifted = False
        self._client = client
        self._limit = limit
        self._totals: set[int | None] = set()
        self._first: tuple[int | None, ...] = ()
        self._last: tuple[int | None, datetime | None] | None = None

    @property
    def is_unsteady(self) -> bool:
        """Whether another attempt may succeed: the list changed while it was read."""
        wandering = len(self._totals) > 1 and self.total != len(self.seen)
        return self.shifted or wandering

    def doubts(self) -> list[str]:
        """What speaks against this attempt, apart from a shift."""
        found: list[str] = []
        if None in self._totals:
            found.append("the service gave no X-Total-Count")
        elif not self.shifted and self.total != len(self.seen):
            found.append(f"X-Total-Count says {self.total}, the list held {len(self.seen)}")
        if self.rejected:
            found.append(f"{self.rejected} entries of the list were no jobs")
        return found

    async def pages(self) -> AsyncIterator[tuple[Job, ...]]:
        skip = 0
        while True:
            query = JobQuery(skip=skip, limit=self._limit, sort_by="created_at", sort_order="asc")
            page = await self._client.page_with_likes(query)
            if skip and not self._continues(page):
                self.shifted = True
                return
            fresh = self._take(page)
            if fresh:
                yield fresh
            if self._is_last(page, fresh, skip):
                return
            # One row of overlap: the last row of this page is the first of the next.
            skip += len(page.rows) - 1
            self._first = self._first or page.rows

    def _continues(self, page: Page) -> bool:
        """Whether ``page`` begins with the row that the page before it ended with.

        Raises ``ContractBroken`` where it is the first page once more.
        """
        if len(page.rows) > 1 and page.rows == self._first[: len(page.rows)]:
            raise ContractBroken(
                "the list of jobs never advances: every page is the first one",
                hint="the service ignores `skip`; the library cannot be read completely",
            )
        if not page.rows or self._last is None:
            return False
        last_id, last_moment = self._last
        if page.rows[0] == last_id:
            return True
        # Jobs of one batch share their moment, and their order may then be another one in each
        # answer. That is no shift as long as the count stands still; a job that is missed for it
        # shows in the sum at the end.
        head = page.jobs[0] if page.jobs and page.jobs[0].id == page.rows[0] else None
        tied = head is not None and head.created_at is not None and head.created_at == last_moment
        return tied and page.total is not None and self._totals == {page.total}

    def _take(self, page: Page) -> tuple[Job, ...]:
        fresh: dict[int, Job] = {}
        for job in page.jobs:
            if job.id not in self.seen:
                fresh[job.id] = job
        # The first row was counted with the page before, where there was one.
        overlap = 1 if self._last is not None else 0
        self.rejected += sum(row is None for row in page.rows[overlap:])
        if page.rejected == len(page.rows) > overlap:
            raise ContractBroken(
                "a page of the list of jobs holds nothing that is a job",
                hint="a newer API than this program knows",
            )
        self.seen.update(fresh)
        if len(self.seen) > MOST_JOBS:
            raise ContractBroken(
                f"the list of jobs has no end: more than {MOST_JOBS} came, and more follow",
                hint="a fault of the service; nothing is removed for it",
            )
        self.total = page.total
        self._totals.add(page.total)
        if page.rows:
            tail = page.jobs[-1] if page.jobs and page.jobs[-1].id == page.rows[-1] else None
            self._last = (page.rows[-1], tail.created_at if tail else None)
        return tuple(fresh.values())

    def _is_last(self, page: Page, fresh: tuple[Job, ...], skip: int) -> bool:
        """Whether the list ends here. The total alone never says so.

        A page that brings nothing beyond the overlap is the end; so is a short one, where the
        count agrees. A short page that does not agree comes from a service with smaller pages.
        """
        if len(page.rows) <= (1 if skip else 0):
            return True
        short = len(page.rows) < self._limit
        if short and page.total == len(self.seen):
            return True
        # A single row has nothing to overlap with: the next page would be this one again.
        return len(page.rows) == 1 or (skip > 0 and not fresh and page.rejected == 0)


def _times(count: int) -> str:
    words = {1: "once", 2: "twice in a row", 3: "three times in a row"}
    return words.get(count, f"{count} times in a row")
