"""The scan's memory: the files, so that an unchanged one need not be opened, and their disks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import event

from syncd.catalog.outcomes import Done
from syncd.catalog.store import Catalog
from syncd.core.baseline import Place, State
from syncd.core.evidence import Astray, Sighting
from syncd.core.model import FileStat, LocalFile
from syncd.core.policy import Now

from .looking import NOT_UTF8, MakeFile, MakePlaced

SECOND = timedelta(seconds=1)

# --- the files ---


def test_the_scan_is_remembered_by_its_differences(catalog: Catalog, local_file: MakeFile) -> None:
    first = {path: local_file(path) for path in ("a.flac", "b.flac", "c.flac")}
    catalog.scans.remember({}, first)
    assert catalog.scans.known_files() == first

    second = {"a.flac": first["a.flac"], "b.flac": local_file("b.flac", 9, size=5)}
    second["d.flac"] = local_file("d.flac", None)
    written: list[object] = []
    event.listen(
        catalog._engine,
        "before_cursor_execute",
        lambda _c, _cursor, _statement, parameters, *_: written.append(parameters),
    )
    catalog.scans.remember(first, second)
    assert "c.flac" in repr(written)
    assert "a.flac" not in repr(written)
    assert catalog.scans.known_files() == second


def test_a_scan_without_differences_writes_nothing(catalog: Catalog, local_file: MakeFile) -> None:
    files = {"a.flac": local_file("a.flac")}
    catalog.scans.remember({}, files)
    statements: list[str] = []
    event.listen(
        catalog._engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, *_: statements.append(statement),
    )
    catalog.scans.remember(files, files)
    assert statements == []


def test_an_id_without_an_origin_is_remembered_as_such(
    catalog: Catalog, local_file: MakeFile
) -> None:
    file = local_file("a.flac")
    assert file.identity is not None
    file = replace(file, identity=replace(file.identity, origin=None))
    catalog.scans.remember({}, {"a.flac": file})
    assert catalog.scans.known_files() == {"a.flac": file}


def test_the_digest_of_a_file_is_remembered_and_forgotten_with_its_bytes(
    catalog: Catalog, local_file: MakeFile
) -> None:
    hashed = {"a.flac": replace(local_file("a.flac"), sha256="1" * 64)}
    catalog.scans.remember({}, hashed)
    assert catalog.scans.known_files() == hashed
    changed = {"a.flac": local_file("a.flac", size=9)}
    catalog.scans.remember(hashed, changed)
    assert catalog.scans.known_files() == changed


def test_the_largest_numbers_of_a_file_system_fit(catalog: Catalog) -> None:
    stat = FileStat(2**63 - 1, 2**62, 2**62, -1)
    catalog.scans.remember({}, {"a.mp3": LocalFile("a.mp3", stat)})
    assert catalog.scans.known_files()["a.mp3"].stat == stat


def test_names_that_are_not_utf8_come_back_as_they_were(
    catalog: Catalog, local_file: MakeFile, placed: MakePlaced, now: datetime
) -> None:
    file = local_file(NOT_UTF8)
    catalog.scans.remember({}, {NOT_UTF8: file})
    assert catalog.scans.known_files() == {NOT_UTF8: file}
    stem = replace(placed(NOT_UTF8), stem="\udcff\udcfe")
    entry = catalog.journal.start(
        cycle="c", job_id=7, verb="adopt", path=NOT_UTF8, reason=f"found {NOT_UTF8}", now=now
    )
    done = Done(
        job_id=7,
        verb="adopt",
        state=State.PLACED,
        placed=stem,
        file=local_file(NOT_UTF8, size=9),
    )
    catalog.outcomes.record(done, entry=entry, now=Now(now))
    known = catalog.baseline_of(7)
    assert known is not None
    assert known.placed == stem
    assert catalog.scans.known_files()[NOT_UTF8].stat.size == 9
    row = catalog.journal.entries(7)[0]
    assert row["path"] == NOT_UTF8
    assert row["reason"] == r"found Caf\udce9/\udcff\udcfe.flac"
    catalog.outcomes.fail(7, f"lost {NOT_UTF8}", attempts=1, next_try_at=now)
    assert r"\udce9" in str(catalog.baseline_of(7))
    catalog.scans.remember({NOT_UTF8: file}, {})
    assert catalog.scans.known_files() == {}


# --- other disks ---


def test_whether_a_folder_is_on_another_disk_is_remembered_by_track(
    library: Catalog, now: datetime
) -> None:
    before = {job_id: library.baseline_of(job_id) for job_id in (7, 8)}
    library.scans.note_mounted({7: True, 99: True})
    known = library.baseline_of(7)
    assert known is not None
    assert known.placed is not None
    assert known.placed.mounted
    assert library.baseline_of(8) == before[8]
    assert library.baseline_of(99) is None
    library.scans.note_mounted({7: False})
    assert library.baseline_of(7) == before[7]


def test_no_change_of_disks_writes_nothing(library: Catalog) -> None:
    statements: list[object] = []
    event.listen(library._engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    library.scans.note_mounted({})
    assert statements == []


def test_it_is_remembered_which_scan_first_found_something_at_a_path(
    catalog: Catalog, local_file: MakeFile, now: datetime
) -> None:
    nothing = Sighting(frozenset(), frozenset())
    old, new = local_file("old.flac"), local_file("new.flac", job_id=None)
    catalog.scans.remember({}, {"old.flac": replace(old, since=None)})
    assert catalog.scans.note(nothing, Now(now)) == 1
    known = catalog.scans.known_files()
    stripped = replace(old, identity=None, since=None)
    seen = {"old.flac": stripped, "new.flac": replace(new, since=None)}
    catalog.scans.remember(known, seen)
    assert catalog.scans.note(nothing, Now(now)) == 2
    since = {path: file.since for path, file in catalog.scans.known_files().items()}
    assert since == {"old.flac": 1, "new.flac": 2}


# --- what is kept out ---


def test_what_was_kept_out_is_remembered_until_a_scan_sees_it_elsewhere(
    catalog: Catalog, now: datetime
) -> None:
    def scan(*missed: int, unsure: tuple[int, ...] = (), **kept_out: str) -> None:
        kept = {int(name[1:]): path for name, path in kept_out.items()}
        catalog.scans.note(Sighting(frozenset(missed), frozenset(unsure), kept), Now(now))

    def remembered() -> frozenset[int]:
        return catalog.baseline(Now(now)).kept_out

    scan()
    assert (remembered(), catalog.scans.kept_out()) == (frozenset(), {})
    scan(_7="a.flac", _8=NOT_UTF8)
    assert (remembered(), catalog.scans.kept_out()) == ({7, 8}, {7: "a.flac", 8: NOT_UTF8})
    scan(7, unsure=(8,))
    assert (remembered(), catalog.scans.kept_out()) == ({7, 8}, {})
    scan(7)
    assert remembered() == {7}, "8 was seen"
    other = Sighting(frozenset(), frozenset(), displaced=frozenset({7}))
    catalog.scans.note(other, Now(now))
    assert remembered() == {7}, "what stands in its place is another file"
    scan()
    assert remembered() == frozenset()


# --- what stands elsewhere ---


def test_where_files_stand_that_are_not_recorded_there_is_remembered(
    catalog: Catalog, now: datetime, placed: MakePlaced
) -> None:
    def scan(**astray: Astray) -> None:
        tracks = {int(name[1:]): where for name, where in astray.items()}
        catalog.scans.note(Sighting(frozenset(), frozenset(), astray=tracks), Now(now))

    def remembered() -> dict[int, Astray]:
        before = catalog.baseline(Now(now))
        again = catalog.baseline_after(before, ())
        assert again.tracks == before.tracks
        tracks = before.tracks.items()
        return {job: Astray(t.seen, t.copies) for job, t in tracks if t.seen or t.copies}

    for job_id in (7, 8, 9):
        catalog.outcomes.commit(job_id, State.PLACED, placed(f"{job_id}.flac"))
    here, disk, odd = Place("a.flac", False), Place("disk/b.flac", True), Place(NOT_UTF8, False)
    assert remembered() == {}
    scan(_7=Astray(here), _8=Astray(disk, (odd, here)), _9=Astray(None, (disk,)))
    assert remembered() == {7: Astray(here), 8: Astray(disk, (odd, here)), 9: Astray(None, (disk,))}
    before = catalog.baseline(Now(now))
    scan(_8=Astray(odd))
    assert catalog.baseline_after(before, ()).tracks == catalog.baseline(Now(now)).tracks
    assert remembered() == {8: Astray(odd)}
    scan()
    assert remembered() == {}
