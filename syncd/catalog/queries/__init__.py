"""What the catalog answers without a network: the jobs, and what is missing, held, done or foreign.

``listing`` has which jobs, ``entry`` what is said of one, ``figures`` how many, ``likeness`` which
are alike, ``spelling`` what is spelled otherwise, ``waiting`` what waits, ``done`` what was done,
``placed`` which files are in place. Each answer is of one moment. All raise ``CatalogUnusable``.
"""

from __future__ import annotations

from syncd.catalog.foreign import ForeignFile, foreign
from syncd.catalog.queries.done import HistoryEntry, history
from syncd.catalog.queries.entry import Entry, job
from syncd.catalog.queries.figures import (
    DIMENSIONS,
    Share,
    Statistics,
    count,
    failed,
    last_sweep,
    states,
    statistics,
    to_come,
)
from syncd.catalog.queries.likeness import Similar, similar
from syncd.catalog.queries.listing import jobs, stream
from syncd.catalog.queries.placed import PlacedEntry, ids, placed
from syncd.catalog.queries.spelling import other_spellings
from syncd.catalog.queries.waiting import (
    HoldEntry,
    MissedEntry,
    PendingEntry,
    holds,
    missed,
    pending,
)
from syncd.core.listing import Listing

__all__ = [
    "DIMENSIONS",
    "Entry",
    "ForeignFile",
    "HistoryEntry",
    "HoldEntry",
    "Listing",
    "MissedEntry",
    "PendingEntry",
    "PlacedEntry",
    "Share",
    "Similar",
    "Statistics",
    "count",
    "failed",
    "foreign",
    "history",
    "holds",
    "ids",
    "job",
    "jobs",
    "last_sweep",
    "missed",
    "other_spellings",
    "pending",
    "placed",
    "similar",
    "states",
    "statistics",
    "stream",
    "to_come",
]
