"""How much of one kind may be done in a day without asking anybody."""

from __future__ import annotations

from collections.abc import Collection

DAY = 86_400.0
_HALF_FROM = 4


class Sums:
    """What was done of each kind, and since when at the earliest: so that what counts as "within a
    day" was, whichever moment of it the program took down."""

    def __init__(self) -> None:
        self._done: dict[str, dict[int, float]] = {}

    def add(self, kind: str, job: int, since: float) -> None:
        self._done.setdefault(kind, {})[job] = since

    def within(self, kind: str, uptime: float) -> set[int]:
        """The jobs that it was done to within the day before ``uptime``."""
        return {job for job, since in self._done.get(kind, {}).items() if uptime - since < DAY}

    def excess(
        self,
        kind: str,
        uptime: float,
        *,
        budget: int,
        of: Collection[int] | None,
        all_: bool = True,
    ) -> str | None:
        """What is too much about it. ``of``: the tracks that there were, the ones it was done to
        left out or not; ``None`` where that is not known. ``all_``: not to all of them either."""
        done = self.within(kind, uptime)
        if len(done) > budget:
            return f"{len(done)} of {budget} that a day may have unasked: {sorted(done)}"
        if of is None:
            return None
        placed = len(done | set(of))
        if all_ and len(done) >= placed:
            return f"all {placed} tracks within a day, unasked: {sorted(done)}"
        if placed >= _HALF_FROM and 2 * len(done) > placed:
            return f"{len(done)} of {placed} tracks within a day, unasked: {sorted(done)}"
        return None
