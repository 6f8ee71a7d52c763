"""Which renames of the history ``undo`` reverts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from syncd.actions.undo import renamings
from syncd.catalog.store import Catalog

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)

# cycle, job, verb, before, after, outcome
Row = tuple[str, int, str, str | None, str | None, str]
SENT, HERE = "rename-remote", "rename-local"


def write(catalog: Catalog, rows: list[Row]) -> None:
    for cycle, job_id, verb, before, after, outcome in rows:
        entry = catalog.journal.start(
            cycle=cycle,
            job_id=job_id,
            verb=verb,
            path=None,
            reason="",
            now=NOW,
            before=before,
            after=after,
        )
        catalog.journal.finish(entry, NOW, outcome=outcome)


CASES: list[tuple[str, list[Row], list[tuple[int, str | None, str | None]]]] = [
    ("an empty history", [], []),
    (
        "those of the last cycle, and no earlier ones",
        [("a", 1, SENT, "x", "y", "done"), ("b", 2, HERE, "p", "q", "done")],
        [(2, "p", "q")],
    ),
    (
        "all of one cycle, by job",
        [("a", 2, SENT, "p", "q", "done"), ("a", 1, SENT, "x", "y", "done")],
        [(1, "x", "y"), (2, "p", "q")],
    ),
    (
        "only what was done",
        [("a", 1, SENT, "x", "y", "done"), ("b", 1, SENT, "y", "z", "failed")],
        [(1, "x", "y")],
    ),
    (
        "no other operation",
        [("a", 1, SENT, "x", "y", "done"), ("b", 2, "move-local", "p", "q", "done")],
        [(1, "x", "y")],
    ),
    (
        "not a file that followed the name sent from here",
        [
            ("a", 1, SENT, "x", "y", "done"),
            ("a", 2, SENT, "p", "q", "done"),
            ("b", 2, HERE, "p", "q", "done"),
        ],
        [(1, "x", "y"), (2, "p", "q")],
    ),
    (
        "a file that followed another's rename",
        [("a", 1, SENT, "x", "y", "done"), ("b", 1, HERE, "y", "z", "done")],
        [(1, "y", "z")],
    ),
    (
        "a file that followed a name back and forth",
        [
            ("a", 1, SENT, "x", "y", "done"),
            ("b", 1, HERE, "y", "z", "done"),
            ("c", 1, HERE, "z", "y", "done"),
        ],
        [(1, "z", "y")],
    ),
    (
        "not a file that followed, found once more after that",
        [
            ("a", 1, SENT, "x", "y", "done"),
            ("b", 1, HERE, "x", "y", "done"),
            ("c", 1, HERE, "z", "y", "done"),
        ],
        [(1, "x", "y")],
    ),
    (
        "a file that followed another's rename, then another's again",
        [
            ("a", 1, HERE, "w", "x", "done"),
            ("b", 1, HERE, "x", "y", "done"),
        ],
        [(1, "x", "y")],
    ),
    (
        "no name that the service left as it was",
        [("a", 1, SENT, "x", "y", "done"), ("b", 2, SENT, "p", "p", "done")],
        [(1, "x", "y")],
    ),
    (
        "no spelling of the same accents",
        [("a", 1, SENT, "x", "y", "done"), ("b", 2, HERE, "caf\u00e9", "cafe\u0301", "done")],
        [(1, "x", "y")],
    ),
    (
        "a job that had no name",
        [("a", 1, SENT, None, "y", "done")],
        [(1, None, "y")],
    ),
]


@pytest.mark.parametrize(("rows", "meant"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_last_cycle_with_a_rename_is_meant(
    catalog: Catalog, rows: list[Row], meant: list[tuple[int, str | None, str | None]]
) -> None:
    write(catalog, rows)
    assert [(one.job_id, one.before, one.after) for one in renamings(catalog)] == meant


def test_of_a_job_that_is_named_its_last_rename_is_meant(catalog: Catalog) -> None:
    write(catalog, [("a", 1, SENT, "x", "y", "done"), ("b", 2, SENT, "p", "q", "done")])
    assert [one.cycle for one in renamings(catalog, job_id=1)] == ["a"]
    assert renamings(catalog, job_id=3) == ()


def test_of_a_cycle_that_is_named_each_rename_is_meant_also_one_that_followed(
    catalog: Catalog,
) -> None:
    write(catalog, [("a", 1, SENT, "x", "y", "done"), ("b", 1, HERE, "x", "y", "done")])
    assert [one.cycle for one in renamings(catalog, cycle="b")] == ["b"]
    assert renamings(catalog, cycle="c") == ()
    assert renamings(catalog, job_id=2, cycle="a") == ()
