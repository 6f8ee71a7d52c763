"""What scans missed: absences, and the evidence that they give."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from syncd.catalog.store import Catalog
from syncd.core.baseline import Absence
from syncd.core.policy import Now
from syncd.core.time import TOLERANCE

from .looking import HOUR, MakePlaced, both, missed, put

SECOND = timedelta(seconds=1)


def absence(catalog: Catalog, job_id: int = 7) -> Absence | None:
    known = catalog.baseline_of(job_id)
    assert known is not None
    return known.absence


def test_the_first_miss_begins_an_absence(library: Catalog, now: datetime) -> None:
    assert library.scans.note(missed(7), Now(now, now + SECOND)) == 1
    assert absence(library) == Absence(
        first_at=now,
        first_scan=1,
        last_at=now,
        last_scan=1,
        scans=1,
        seen_at=now - HOUR,
        armed_at=now,
        armed_server=now + SECOND,
    )
    assert absence(library, 8) is None


def test_the_next_miss_confirms_it_and_its_grace_goes_on(library: Catalog, now: datetime) -> None:
    library.scans.note(missed(7), both(now))
    first = absence(library)
    assert first is not None
    later = now + 30 * SECOND
    assert library.scans.note(missed(7), both(later)) == 2
    assert absence(library) == replace(first, last_at=later, last_scan=2, scans=2)


def test_a_file_that_is_found_again_ends_its_absence_and_the_next_begins_anew(
    library: Catalog, now: datetime
) -> None:
    library.scans.note(missed(7, 8), both(now))
    library.scans.note(missed(8), both(now + HOUR))
    assert absence(library) is None
    kept = absence(library, 8)
    assert kept is not None
    assert kept.scans == 2
    library.scans.note(missed(7), both(now + 2 * HOUR))
    again = absence(library)
    assert again is not None
    assert (again.first_at, again.first_scan, again.scans) == (now + 2 * HOUR, 3, 1)
    assert again.seen_at == now + HOUR


def test_a_scan_that_could_not_look_there_neither_ends_nor_confirms_an_absence(
    library: Catalog, now: datetime
) -> None:
    library.scans.note(missed(7), both(now))
    before = absence(library)
    library.scans.note(missed(unsure=(7, 8)), both(now + HOUR))
    assert absence(library) == before
    assert absence(library, 8) is None
    library.scans.note(missed(7), both(now + 2 * HOUR))
    after = absence(library)
    assert after is not None
    assert (after.first_scan, after.last_scan, after.scans) == (1, 3, 2)


def test_a_file_was_last_seen_by_the_scan_before_the_one_that_missed_it(
    library: Catalog, now: datetime
) -> None:
    library.scans.note(missed(), both(now))
    library.scans.note(missed(), both(now + HOUR))
    library.scans.note(missed(7), both(now + 2 * HOUR))
    library.scans.note(missed(7), both(now + 3 * HOUR))
    found = absence(library)
    assert found is not None
    assert found.seen_at == now + HOUR


def test_a_file_placed_since_the_last_scan_was_last_seen_when_it_was_placed(
    library: Catalog, placed: MakePlaced, now: datetime
) -> None:
    library.scans.note(missed(), both(now))
    put(library, replace(placed("a.flac"), placed_at=now + HOUR), None, now)
    library.scans.note(missed(7), both(now + 2 * HOUR))
    found = absence(library)
    assert found is not None
    assert found.seen_at == now + HOUR


def test_a_scan_that_could_not_look_there_has_not_seen_the_file(
    library: Catalog, now: datetime
) -> None:
    library.scans.note(missed(), both(now))
    library.scans.note(missed(unsure=(7,)), both(now + HOUR))
    library.scans.note(missed(8, unsure=(7,)), both(now + 2 * HOUR))
    library.scans.note(missed(7, 8), both(now + 3 * HOUR))
    out_of_sight, in_sight = absence(library), absence(library, 8)
    assert out_of_sight is not None
    assert in_sight is not None
    assert (out_of_sight.seen_at, in_sight.seen_at) == (now, now + HOUR)


def test_a_file_that_came_back_into_sight_was_seen_then(library: Catalog, now: datetime) -> None:
    library.scans.note(missed(unsure=(7,)), both(now))
    library.scans.note(missed(), both(now + HOUR))
    library.scans.note(missed(7), both(now + 2 * HOUR))
    found = absence(library)
    assert found is not None
    assert found.seen_at == now + HOUR


def test_a_file_that_nothing_ever_saw_says_so(
    catalog: Catalog, placed: MakePlaced, now: datetime
) -> None:
    put(catalog, replace(placed("a.flac"), placed_at=None), None, now)
    catalog.scans.note(missed(7), both(now))
    found = absence(catalog)
    assert found is not None
    assert found.seen_at is None


def test_a_clock_that_was_set_back_makes_the_miss_the_first_again(
    library: Catalog, now: datetime
) -> None:
    library.scans.note(missed(7), both(now))
    library.scans.note(missed(7), both(now + HOUR))
    set_back = Now(now - SECOND, now + 2 * HOUR)
    library.scans.note(missed(7), set_back)
    found = absence(library)
    assert found is not None
    assert (found.first_at, found.first_scan) == (now - SECOND, 3)
    assert (found.last_at, found.last_scan, found.scans) == (now - SECOND, 3, 1)
    assert (found.armed_at, found.armed_server) == (set_back.local, set_back.server)
    assert found.seen_at == now - HOUR, "when it was seen is no matter of this clock"


def test_a_clock_that_was_set_back_unheard_by_the_service_leaves_no_grace_running(
    library: Catalog, now: datetime
) -> None:
    library.scans.note(missed(7), both(now))
    library.scans.note(missed(7), Now(now - SECOND))
    found = absence(library)
    assert found is not None
    assert (found.armed_at, found.armed_server) == (now - SECOND, None)


@pytest.mark.parametrize(
    ("step", "armed_anew"),
    [
        (timedelta(0), False),
        (TOLERANCE, False),
        (-TOLERANCE, False),
        (TOLERANCE + SECOND, True),
        (-TOLERANCE - SECOND, True),
    ],
)
def test_the_grace_begins_anew_where_the_clocks_disagree_on_how_long_it_ran(
    library: Catalog, now: datetime, step: timedelta, armed_anew: bool
) -> None:
    library.scans.note(missed(7), both(now))
    later = Now(now + HOUR + step, now + HOUR)
    library.scans.note(missed(7), later)
    found = absence(library)
    assert found is not None
    armed = later if armed_anew else both(now)
    assert (found.armed_at, found.armed_server) == (armed.local, armed.server)
    assert (found.first_at, found.scans) == (now, 2), "two scans agree all the same"


def test_the_grace_begins_when_the_service_first_says_its_time(
    library: Catalog, now: datetime
) -> None:
    library.scans.note(missed(7), Now(now))
    library.scans.note(missed(7), Now(now + HOUR))
    unheard = absence(library)
    assert unheard is not None
    assert (unheard.armed_at, unheard.armed_server) == (now, None)
    library.scans.note(missed(7), both(now + 2 * HOUR))
    heard = absence(library)
    assert heard is not None
    assert (heard.armed_at, heard.armed_server) == (now + 2 * HOUR, now + 2 * HOUR)
    library.scans.note(missed(7), Now(now + 3 * HOUR))
    assert absence(library) == replace(heard, last_at=now + 3 * HOUR, last_scan=4, scans=4)


def test_noting_a_scan_is_all_or_nothing(
    library: Catalog, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.scans.note(missed(8), both(now))
    before = absence(library, 8)

    def stops(*_: object) -> None:
        raise OSError("pulled out")

    monkeypatch.setattr("syncd.catalog.scans.note_all", stops)
    with pytest.raises(OSError, match="pulled out"):
        library.scans.note(missed(7), both(now + HOUR))
    monkeypatch.undo()
    assert (absence(library), absence(library, 8)) == (None, before)
    assert library.scans.note(missed(), both(now + HOUR)) == 2


def test_scans_are_numbered_on_after_the_catalog_was_closed(
    path: Path, library: Catalog, now: datetime
) -> None:
    library.scans.note(missed(7), both(now))
    library.close()
    again = Catalog.open(path)
    assert again.scans.note(missed(7), both(now + HOUR)) == 2
    found = absence(again)
    assert found is not None
    assert found.scans == 2
    again.close()


def test_the_baseline_holds_each_absence_beside_its_track(library: Catalog, now: datetime) -> None:
    library.scans.note(missed(7), both(now))
    tracks = library.baseline(Now(now)).tracks
    assert tracks == {7: library.baseline_of(7), 8: library.baseline_of(8)}
    assert tracks[7].absence == absence(library)
    assert tracks[8].absence is None
