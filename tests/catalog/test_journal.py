"""The journal: written before an operation acts, finished when it ended."""

from __future__ import annotations

from datetime import datetime

import pytest

from syncd.catalog.store import Catalog

from .looking import HOUR, NOT_UTF8


def begin(catalog: Catalog, now: datetime, job_id: int = 7, verb: str = "download") -> int:
    return catalog.journal.start(
        cycle="c", job_id=job_id, verb=verb, path="a.flac", reason="new", now=now
    )


def test_an_operation_stands_in_the_journal_before_it_ends(catalog: Catalog, now: datetime) -> None:
    entry = catalog.journal.start(
        cycle="c",
        job_id=7,
        verb="rename-remote",
        path=NOT_UTF8,
        reason=f"renamed to {NOT_UTF8}",
        now=now,
        before="Rain",
        after="Snow",
        evidence=("a", "b"),
    )
    assert catalog.journal.entries(7) == [
        {
            "id": entry,
            "cycle": "c",
            "job_id": 7,
            "verb": "rename-remote",
            "path": NOT_UTF8,
            "reason": r"renamed to Caf\udce9/\udcff\udcfe.flac",
            "started_at": now,
            "finished_at": None,
            "outcome": None,
            "detail": None,
            "before": "Rain",
            "after": "Snow",
            "evidence": ["a", "b"],
        }
    ]


def test_an_operation_without_names_and_evidence_has_none(catalog: Catalog, now: datetime) -> None:
    begin(catalog, now)
    (row,) = catalog.journal.entries()
    assert (row["before"], row["after"], row["evidence"]) == (None, None, [])


@pytest.mark.parametrize(("said", "after"), [(None, "Snow"), ("Snow, trimmed", "Snow, trimmed")])
def test_what_it_gave_in_the_end_is_what_it_set_out_with_unless_it_says_otherwise(
    catalog: Catalog, now: datetime, said: str | None, after: str
) -> None:
    entry = catalog.journal.start(
        cycle="c", job_id=7, verb="x", path=None, reason="r", now=now, before="Rain", after="Snow"
    )
    catalog.journal.finish(entry, now + HOUR, outcome="done", detail="d", after=said)
    (row,) = catalog.journal.entries()
    assert (row["before"], row["after"]) == ("Rain", after)
    assert (row["finished_at"], row["outcome"], row["detail"]) == (now + HOUR, "done", "d")


def test_only_the_entry_that_ended_is_finished(catalog: Catalog, now: datetime) -> None:
    first, second = begin(catalog, now), begin(catalog, now)
    catalog.journal.finish(second, now, outcome="failed")
    outcomes = {row["id"]: row["outcome"] for row in catalog.journal.entries()}
    assert outcomes == {first: None, second: "failed"}


def test_an_entry_can_be_finished_in_the_transaction_of_another(
    catalog: Catalog, now: datetime
) -> None:
    entry = begin(catalog, now)
    with catalog.reading() as connection:
        catalog.journal.finish(entry, now, outcome="done", connection=connection)
        connection.rollback()
    assert catalog.journal.entries()[0]["outcome"] is None


@pytest.mark.parametrize(
    ("job_id", "limit", "verbs"),
    [
        (None, None, ["a", "b", "c", "d"]),
        (None, 2, ["c", "d"]),
        (None, 9, ["a", "b", "c", "d"]),
        (None, 0, []),
        (7, None, ["a", "c"]),
        (7, 1, ["c"]),
        (9, None, []),
    ],
)
def test_the_history_is_told_oldest_first_and_a_limit_keeps_the_newest(
    catalog: Catalog, now: datetime, job_id: int | None, limit: int | None, verbs: list[str]
) -> None:
    for job, verb in ((7, "a"), (8, "b"), (7, "c"), (8, "d")):
        begin(catalog, now, job, verb)
    found = catalog.journal.entries(job_id, limit=limit)
    assert [row["verb"] for row in found] == verbs


def test_what_was_done_is_read_backwards_and_no_further_than_it_is_asked_for(
    catalog: Catalog, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncd.catalog.journal._PAGE", 3)
    for number in range(10):
        entry = begin(
            catalog, now, job_id=number % 2, verb="rename-local" if number else "download"
        )
        if number != 5:
            catalog.journal.finish(entry, now, outcome="done")
    read = catalog.journal.done(["rename-local"])
    assert [row["id"] for row in read] == [10, 9, 8, 7, 5, 4, 3, 2]
    read = catalog.journal.done(["rename-local"])
    assert next(read)["id"] == 10
    begin(catalog, now, verb="rename-local")
    catalog.journal.finish(6, now, outcome="done")
    # The first page was read; what follows is read when it is asked for.
    assert [row["id"] for row in read] == [9, 8, 7, 6, 5, 4, 3, 2]


def test_what_was_done_of_one_job_in_one_cycle_before_an_entry(
    catalog: Catalog, now: datetime
) -> None:
    for job_id in (7, 8, 7, 7):
        catalog.journal.finish(begin(catalog, now, job_id), now, outcome="done")
    assert [row["id"] for row in catalog.journal.done(["download"], job_id=7)] == [4, 3, 1]
    assert [row["id"] for row in catalog.journal.done(["download"], job_id=7, before=3)] == [1]
    assert list(catalog.journal.done(["download"], cycle="d")) == []
    assert list(catalog.journal.done(["restore"])) == []
