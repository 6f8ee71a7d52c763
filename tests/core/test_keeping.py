"""Trees in, plan out: what is kept out is left alone, and nothing follows from it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from syncd.core.baseline import Baseline, BaselineTrack, Place, State
from syncd.core.evidence import Astray, match, sight
from syncd.core.keeping import LET_IN
from syncd.core.model import LocalFile, LocalTree
from syncd.core.only import Only
from syncd.core.operations import DeleteRemote, Hold, Operation, Wait
from syncd.core.safety import guard

from .trees import (
    ALBUM,
    HOME,
    OTHER_BYTES,
    POLICY,
    STAT,
    TOUCHED,
    Row,
    file,
    folder,
    guarded,
    job,
    known,
    missing,
    placed_at,
    planned,
)

BY = ".syncdignore"
KEPT = "Stems/Rain.flac"
AUTO = replace(POLICY, moves="auto")


@dataclass(frozen=True)
class Under:
    """Keeps out whatever begins so."""

    starts: tuple[str, ...]

    def by(self, path: str) -> str | None:
        return BY if path.startswith(self.starts) else None


def apart(
    *starts: str, files: tuple[LocalFile, ...] = (), names: tuple[str, ...] = ()
) -> LocalTree:
    return replace(folder(*files, names=names), kept_out=Under(starts))


def waiting(path: str) -> list[Wait]:
    return [Wait(job_id=7, reason=f"{path} is kept out by {BY}", kept_out=True)]


IN_STEMS = (file(KEPT),)
ALONE = [
    Row("moved there", [job()], apart("Stems/", files=IN_STEMS), [known()]),
    Row("moved there, and renamed in the account", [job(title="Regen")],
        apart("Stems/", files=IN_STEMS), [known()]),
    Row("renamed there", [job()], apart("Stems/", files=(file("Stems/Sun.flac"),)), [known()]),
    Row("found there, and wanted", [job()], apart("Stems/", files=IN_STEMS)),
    Row("its folder is kept out since", [job()], apart(ALBUM, files=(file(),)), [known()]),
    Row("its folder is kept out since, and its job is gone", [],
        apart(ALBUM, files=(file(),)), [known()]),
    Row("its folder is kept out since, and its audio changed", [job(audio={"flac": "n/7.flac"})],
        apart(ALBUM, files=(file(),)), [known(replaced_by="n/7.flac")]),
    Row("its id was stripped there", [job()], apart(ALBUM, files=(file(job_id=None),)), [known()]),
    Row("deleted there", [job()], apart(ALBUM), [missing()]),
    Row("deleted there, to be restored", [job()], apart(ALBUM), [missing()],
        policy=replace(POLICY, deletions="restore")),
    Row("on its way to the trash", [], apart(ALBUM, files=(file(),)),
        [known(state=State.TRASHING)]),
    Row("to be placed there", [job()], apart(ALBUM)),
    Row("to be moved there by the template", [job()], apart("Rain", files=(file(),)), [known()],
        policy=replace(AUTO, template="{title}.{ext}")),
    Row("to be renamed to such a name", [job(title="Stems")],
        apart(f"{ALBUM}/Stems", files=(file(),)), [known()]),
    Row("to get a copy beside it", [job(audio={"flac": "n/7.flac"})],
        apart(f"{ALBUM}/Rain (conflict", files=(file(stat=TOUCHED, sha256=OTHER_BYTES),)),
        [known(replaced_by="n/7.flac")]),
]  # fmt: skip


@pytest.mark.parametrize("row", ALONE, ids=str)
def test_it_waits_and_the_words_name_the_pattern(row: Row) -> None:
    plan = guarded(row)
    assert plan.operations == ()
    assert plan.pending == ()
    assert plan.missed == frozenset()
    (wait,) = plan.waits
    assert wait.kept_out
    assert wait.reason.endswith(f" is kept out by {BY}")


@pytest.mark.parametrize(
    ("state", "jobs"),
    [
        (State.EVICTED, [job()]),
        (State.IGNORED, [job()]),
        (State.UNSELECTED, [job()]),
        (State.DETACHED, []),
        (State.GONE, []),
    ],
)
def test_where_nothing_would_be_done_in_any_case_nothing_is_said(
    state: State, jobs: list[object]
) -> None:
    local, moons = apart(ALBUM, files=(file(),)), replace(POLICY, only=Only(title="Moon"))
    plan = guarded(Row("", jobs, local, [known(state=state)], policy=moons))  # type: ignore[arg-type]
    assert (plan.operations, plan.waits) == ((), ())


def test_a_freed_track_that_is_asked_for_again_waits_where_a_copy_of_it_is_kept_out() -> None:
    copy = file("Mine/Rain.flac", stat=replace(STAT, inode=9))
    row = Row("", [job()], apart("Mine/", files=(copy,)), [known(state=State.UNSELECTED)])
    assert list(guarded(row).waits) == waiting("Mine/Rain.flac")


def test_others_go_on() -> None:
    local = apart("Stems/", files=(*IN_STEMS, file(f"{ALBUM}/Sun.flac", 8)))
    other = known(8, placed=placed_at(f"{ALBUM}/Moon.flac", title="Moon"))
    plan = guarded(Row("", [job(), job(8, "Moon")], local, [known(), other]))
    assert [(op.verb, op.job_id) for op in plan] == [("rename-remote", 8)]
    assert [wait.job_id for wait in plan.waits] == [7]


def test_a_name_that_is_not_given_up_is_not_given_to_another() -> None:
    local = apart(f"{ALBUM}/Stems", files=(file(), file(f"{ALBUM}/Sun.flac", 8)))
    sun = known(8, f"{ALBUM}/Sun.flac", number=2)
    plan = guarded(Row("", [job(title="Stems"), job(8, "Rain")], local, [known(), sun]))
    (op,) = plan
    assert getattr(op, "new_path", None) == f"{ALBUM}/Rain [8].flac"


def found(local: LocalTree, *tracks: object) -> tuple[dict[int, str], Baseline]:
    baseline = Baseline({7: known()})
    return {j: f.path for j, f in match(local, baseline, POLICY).files.items()}, baseline


def test_a_copy_that_is_let_in_goes_before_one_that_is_kept_out() -> None:
    moved = file("A/Rain.flac")  # the inode of what was placed
    copy = file("Mine/Rain.flac", stat=replace(STAT, inode=9))
    assert found(apart("A/", files=(moved, copy)))[0] == {7: "Mine/Rain.flac"}
    assert found(apart("B/", files=(moved, copy)))[0] == {7: "A/Rain.flac"}


def test_a_copy_does_not_take_the_place_of_a_file_whose_folder_is_kept_out_since() -> None:
    copy = file("Mine/Sun.flac", stat=replace(STAT, inode=9))
    assert found(apart(ALBUM, files=(file(), copy)))[0] == {7: HOME}


def test_nor_that_of_a_file_that_was_seen_where_it_is_kept_out_since() -> None:
    seen = file("Stems/x.flac", stat=replace(STAT, inode=8))
    copy = file("Mine/Sun.flac", stat=replace(STAT, inode=9))
    baseline = Baseline({7: known(seen=Place("Stems/x.flac", mounted=False))})
    local = apart("Stems/", files=(seen, copy))
    assert match(local, baseline, POLICY).files[7].path == "Stems/x.flac"


def test_a_copy_that_is_kept_out_is_followed_and_a_file_that_was_moved_there_is_not() -> None:
    place = Place("Stems/x.flac", mounted=False)
    local = apart("Stems/", names=("Stems/y.flac",))
    copied, moved = known(copies=(place,)), known(seen=place)
    for track, kept in ((copied, {}), (moved, {7: Astray(place)})):
        baseline = Baseline({7: track})
        seen = sight(local, baseline, match(local, baseline, POLICY))
        assert (seen.astray, seen.missed) == (kept, {7} - kept.keys())


@pytest.mark.parametrize("tracks", [{}, {7: known(path=None, state=State.WANTED)}])
def test_of_a_track_that_was_never_placed_the_copy_that_is_let_in_is_its_file(
    tracks: dict[int, BaselineTrack],
) -> None:
    local = apart("A/", files=(file("A/Rain.flac"), file("Mine/Rain.flac")))
    matched = match(local, Baseline(tracks), POLICY)
    assert matched.files[7].path == "Mine/Rain.flac"
    assert matched.copies == {"A/Rain.flac": 7}


@pytest.mark.parametrize(
    ("local", "kept"),
    [
        (apart("Stems/", files=IN_STEMS), {7: KEPT}),
        (apart(ALBUM, files=(file(),)), {7: HOME}),
        (apart(ALBUM), {7: HOME}),
        (apart("Stems/", files=(file(),)), {}),
    ],
)
def test_a_scan_never_misses_what_is_kept_out(local: LocalTree, kept: dict[int, str]) -> None:
    _, baseline = found(local)
    sighting = sight(local, baseline, match(local, baseline, POLICY))
    assert sighting.missed == frozenset()
    assert sighting.kept_out == kept


def test_what_was_known_of_a_file_stands_where_nothing_is_looked_for() -> None:
    local, baseline = apart(ALBUM), Baseline({7: missing()})
    assert sight(local, baseline, match(local, baseline, POLICY)).unsure == {7}


def gone(*kept_out: int, **changes: object) -> list[Operation]:
    row = Row("", [job()], folder(), [missing()], policy=replace(POLICY, deletion_grace=0.0))
    row = replace(row, **changes)  # type: ignore[arg-type]
    baseline = replace(row.known, kept_out=frozenset(kept_out))
    return list(guard(planned(row), row.local, baseline, row.policy))


def test_what_went_while_it_was_kept_out_is_asked_about() -> None:
    others = [known(n, f"{ALBUM}/{n}.flac", number=n) for n in range(20, 30)]
    files = folder(*(file(f"{ALBUM}/{n}.flac", n) for n in range(20, 30)))
    jobs = [job(), *(job(n, str(n)) for n in range(20, 30))]
    rest = {"jobs": jobs, "local": files, "baseline": [missing(), *others]}
    (op,) = gone(**rest)
    assert isinstance(op, DeleteRemote)
    (held,) = gone(7, **rest)
    assert isinstance(held, Hold)
    assert (held.held, held.reason, held.batched) == (DeleteRemote.verb, LET_IN, True)
    (held,) = gone(7, **rest, policy=POLICY)
    assert isinstance(held, Hold), "also within its grace"


@pytest.mark.parametrize(
    ("top", "path", "is_below"),
    [
        (".", "Rain.flac", True),
        (".", "a/Rain.flac", True),
        ("a", "a/b/Rain.flac", True),
        ("a", "a", False),
        ("a", "ab/Rain.flac", False),
        ("a", "Rain.flac", False),
    ],
)
def test_what_is_broken_is_so_for_all_below_it(top: str, path: str, is_below: bool) -> None:
    local = replace(folder(unreadable=[top]), broken={top: "not UTF-8"})
    assert local.broken_above(path) == ("not UTF-8" if is_below else None)


def test_a_broken_file_is_named() -> None:
    broken = {ALBUM: f"{ALBUM}/{BY} is not UTF-8"}
    local = replace(folder(unreadable=[ALBUM]), broken=broken)
    (wait,) = guarded(Row("", [job()], local, [known()])).waits
    assert f"{ALBUM}/{BY} is not UTF-8" in wait.reason
    assert wait.unseen == HOME
    (wait,) = guarded(Row("", [job()], local)).waits
    assert f"{ALBUM}/{BY} is not UTF-8" in wait.reason
    (wait,) = guarded(Row("", [job()], local, [known(path="Mine/Rain.flac")])).waits
    assert f"{ALBUM}/{BY} is not UTF-8" in wait.reason
