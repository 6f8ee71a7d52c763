"""What a run tells, made into events and back again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from syncd.core.operations import Compare, Download, Fetching, Plan
from syncd.daemon import wire
from syncd.daemon.telling import Teller, retell

DOWNLOAD = Download(
    job_id=1,
    path="A/Song.flac",
    format="flac",
    title="Song",
    stem="Song",
    album="A",
    number=1,
    reason="new",
)
COMPARE = Compare(job_id=1, path="A/Song.flac", format="flac", reason="another address")


class Notes:
    """A ``Watcher`` that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []

    def swept(self, seen: int, total: int | None) -> None:
        self.told.append(("swept", seen, total))

    def looking_up(self, kind: str, done: int, values: int) -> None:
        self.told.append(("looking_up", kind, done, values))

    def expect(self, downloads: int) -> None:
        self.told.append(("expect", downloads))

    def begin(self, job_id: int, path: str) -> None:
        self.told.append(("begin", job_id, path))

    def advanced(self, job_id: int, size: int, total: int | None) -> None:
        self.told.append(("advanced", job_id, size, total))

    def end(self, job_id: int, *, counts: bool) -> None:
        self.told.append(("end", job_id, counts))

    def looking_again(self, missed: int, seconds: float) -> None:
        self.told.append(("looking_again", missed, seconds))


@pytest.fixture
def events() -> list[Mapping[str, Any]]:
    return []


def retold(events: list[Mapping[str, Any]]) -> list[tuple[object, ...]]:
    """What a watcher is told at the other end of the socket."""
    notes = Notes()
    for event in events:
        retell(json.loads(wire.line(event)), notes)
    return notes.told


def test_whatever_is_told_arrives(events: list[Mapping[str, Any]]) -> None:
    teller = Teller(events.append)
    teller.swept(3, None)
    teller.swept(3, 9)
    teller.looked()
    teller.planned(Plan(operations=(DOWNLOAD,)))
    teller.started(DOWNLOAD)
    teller.advanced(1, 5, None)
    teller.finished(DOWNLOAD, done=True, detail=None)
    teller.looking_again(2, 30.0)
    assert retold(events) == [
        ("swept", 3, None),
        ("swept", 3, 9),
        ("expect", 1),
        ("begin", 1, "A/Song.flac"),
        ("advanced", 1, 5, None),
        ("end", 1, True),
        ("looking_again", 2, 30.0),
    ]


@pytest.mark.parametrize(
    ("operation", "counts"), [(DOWNLOAD, True), (COMPARE, False)], ids=["download", "compare"]
)
def test_only_downloads_count(
    events: list[Mapping[str, Any]], operation: Fetching, *, counts: bool
) -> None:
    teller = Teller(events.append)
    teller.started(operation)
    teller.finished(operation, done=True, detail=None)
    assert events[0]["progress"]["downloading"] is counts
    assert retold(events)[1] == ("end", 1, counts)


def test_a_transfer_is_told_ten_times_a_second_and_at_its_end(
    events: list[Mapping[str, Any]],
) -> None:
    now = 0.0
    teller = Teller(events.append, clock=lambda: now)
    for size in range(1, 1001):
        now = size / 1000
        teller.advanced(1, size, 1000)
        teller.advanced(2, size, None)
    first = [event["progress"]["size"] for event in events if event["progress"]["job_id"] == 1]
    assert len(first) <= 12
    assert first[-1] == 1000
    assert len(events) - len(first) in range(9, 12)


def test_a_transfer_that_begins_again_is_told_at_once(events: list[Mapping[str, Any]]) -> None:
    teller = Teller(events.append, clock=lambda: 0.0)
    teller.advanced(1, 5, None)
    teller.finished(DOWNLOAD, done=False, detail="cut off")
    teller.advanced(1, 6, None)
    assert [told[2] for told in retold(events) if told[0] == "advanced"] == [5, 6]


def test_events_of_another_kind_say_nothing() -> None:
    assert retold([{"line": "x"}, {"progress": {"what": "new"}}, {"progress": None}]) == []
