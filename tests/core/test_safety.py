"""The guard on single operations: what it doubts becomes a hold, and nothing else is touched."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.core.baseline import Baseline
from syncd.core.model import LocalTree
from syncd.core.operations import (
    Adopt,
    Defer,
    DeleteRemote,
    Detach,
    Download,
    Hold,
    Ignore,
    MakeWay,
    MoveLocal,
    Operation,
    Plan,
    Redownload,
    RenameLocal,
    RenameRemote,
    TrashLocal,
    Wait,
)
from syncd.core.safety import guard, is_inside

from .trees import POLICY, known

PLACED = Baseline({number: known(number, f"a/{number}.flac") for number in range(100, 130)})
"""A library that is large enough for none of a few deletions to be too many."""


def download(job_id: int, path: str) -> Download:
    return Download(
        job_id=job_id,
        path=path,
        format="flac",
        title="x",
        stem="x",
        album="a",
        number=job_id,
        reason="new",
    )


def adopt(job_id: int, path: str) -> Adopt:
    return Adopt(
        job_id=job_id, path=path, title="x", stem="x", album="a", number=job_id, reason="found"
    )


def rename(job_id: int, path: str, new_path: str) -> RenameLocal:
    return RenameLocal(
        job_id=job_id, path=path, new_path=new_path, title="x", stem="x", reason="renamed"
    )


def redownload(job_id: int, path: str, copy: str | None) -> Redownload:
    return Redownload(
        job_id=job_id, path=path, format="flac", album="a", number=1, reason="new", copy=copy
    )


def delete(job_id: int, path: str) -> DeleteRemote:
    return DeleteRemote(
        job_id=job_id, path=path, format="flac", title="x", audio="m", reason="deleted"
    )


def send_name(job_id: int, path: str) -> RenameRemote:
    return RenameRemote(
        job_id=job_id, path=path, title="x", new_title="y", stem="y", reason="renamed"
    )


def guarded(
    *operations: Operation, names: tuple[str, ...] = (), folders: tuple[str, ...] = ()
) -> tuple[Operation, ...]:
    local = LocalTree({}, frozenset([*names, *folders]), folders=frozenset(folders))
    return guard(Plan(operations), local, PLACED, POLICY).operations


def held(op: Operation, path: str, reason: str) -> Hold:
    return Hold(job_id=op.job_id, path=path, held=op.verb, reason=reason)


def test_a_sound_plan_passes_unchanged() -> None:
    plan = Plan(
        (
            download(1, "a/x.flac"),
            adopt(2, "a/y.flac"),
            Defer(job_id=3, reason="no audio"),
            Hold(job_id=4, path="a/z.flac", reason="its own"),
            rename(6, "a/p.flac", "a/q.flac"),
            redownload(7, "a/r.flac", "a/s.flac"),
            send_name(8, "a/t.flac"),
            delete(9, "a/u.flac"),
            TrashLocal(job_id=10, path="a/v.flac", reason="gone"),
        ),
        (Wait(job_id=5, reason="the job is PENDING"),),
    )
    names = frozenset({"a", "a/y.flac", "a/z.flac", "a/p.flac", "a/r.flac", "a/t.flac"})
    local = LocalTree({}, names, folders=frozenset({"a"}))
    assert guard(plan, local, PLACED, POLICY) == plan
    assert guard(Plan(), LocalTree({}), Baseline({}), POLICY) == Plan()


LEAVES, TAKEN = "the path leaves the library", "something stands at this path"


@pytest.mark.parametrize(
    ("doubtful", "path", "reason"),
    [
        (download(1, "../x.flac"), "../x.flac", LEAVES),
        (download(1, "/x.flac"), "/x.flac", LEAVES),
        (download(1, ".syncd/x.flac"), ".syncd/x.flac", LEAVES),
        (adopt(1, "a/../../x.flac"), "a/../../x.flac", LEAVES),
        (rename(1, "a/x.flac", "../x.flac"), "../x.flac", LEAVES),
        (rename(1, "../x.flac", "a/x.flac"), "a/x.flac", LEAVES),
        (redownload(1, "a/x.flac", ".syncd/x.flac"), ".syncd/x.flac", LEAVES),
        (redownload(1, "../x.flac", None), "../x.flac", LEAVES),
        (delete(1, "../x.flac"), "../x.flac", LEAVES),
        (send_name(1, "../x.flac"), "../x.flac", LEAVES),
        (TrashLocal(job_id=1, path="../x.flac", reason="gone"), "../x.flac", LEAVES),
        (Detach(job_id=1, path="../x.flac", reason="gone"), "../x.flac", LEAVES),
        (download(1, "taken/X.flac"), "taken/X.flac", TAKEN),
        (download(1, "taken/Cafe\u0301.flac"), "taken/Cafe\u0301.flac", TAKEN),
        (rename(1, "a/x.flac", "taken/x.flac"), "taken/x.flac", TAKEN),
        (redownload(1, "a/x.flac", "taken/x.flac"), "taken/x.flac", TAKEN),
        (
            MakeWay(job_id=1, path="a/x.flac", new_path="taken/x.flac", reason="swap"),
            "taken/x.flac",
            TAKEN,
        ),
    ],
)
def test_a_doubtful_operation_is_held_alone(doubtful: Operation, path: str, reason: str) -> None:
    sound = download(2, "a/fine.flac")
    names = ("taken/x.flac", "taken/Café.flac", "a/x.flac")
    found = guarded(doubtful, sound, names=names, folders=("taken", "a"))
    assert found == (held(doubtful, path, reason), sound)


def test_two_tracks_that_want_one_path_are_both_held() -> None:
    first, second, sound = download(1, "a/x.flac"), download(2, "A/X.flac"), download(3, "a/y.flac")
    reason = "two tracks want this path"
    assert guarded(first, second, sound) == (
        held(first, "a/x.flac", reason),
        held(second, "A/X.flac", reason),
        sound,
    )


def test_a_track_planned_twice_is_held_twice() -> None:
    first, second, sound = download(1, "a/x.flac"), adopt(1, "a/y.flac"), download(2, "a/z.flac")
    reason = "planned twice in one plan"
    assert guarded(first, second, sound) == (
        held(first, "a/x.flac", reason),
        held(second, "a/y.flac", reason),
        sound,
    )


def test_a_file_is_adopted_where_it_stands() -> None:
    found = adopt(1, "a/x.flac")
    assert guarded(found, names=("a/x.flac",)) == (found,)


def test_a_file_may_take_the_name_that_another_gives_up_or_its_own_in_another_case() -> None:
    chain = (rename(1, "b.flac", "c.flac"), rename(2, "a.flac", "b.flac"))
    assert guarded(*chain, names=("a.flac", "b.flac")) == chain
    case = rename(3, "x.flac", "X.flac")
    assert guarded(case, names=("x.flac",)) == (case,)


def test_a_file_may_not_take_the_name_of_a_file_whose_own_move_is_held() -> None:
    move = MoveLocal(job_id=1, path="b.flac", new_path="n/b.flac", stem="b", reason="template")
    follower = rename(2, "a.flac", "b.flac")
    found = guarded(move, follower, names=("a.flac", "b.flac"))
    assert found[1] == held(follower, "b.flac", TAKEN)
    assert isinstance(found[0], Hold)


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("a/x.flac", True),
        ("x.flac", True),
        ("a/.syncd/x.flac", True),
        ("...", True),
        ("", False),
        (".", False),
        ("..", False),
        ("a/../x", False),
        ("a/./x", False),
        ("a//x", False),
        ("/etc/passwd", False),
        ("a/", False),
        ("a\0b", False),
        (".syncd", False),
        (".SyncD/x", False),
    ],
)
def test_which_paths_are_inside(path: str, inside: bool) -> None:
    assert is_inside(path) is inside


@pytest.mark.parametrize("path", ["a/x.flac", "a/b/x.flac"])
def test_a_link_or_a_file_where_a_folder_is_needed_is_a_hold(path: str) -> None:
    obstacle = path.rpartition("/")[0]
    above = tuple({"a"} - {obstacle})
    op = download(1, path)
    (found,) = guarded(op, names=(obstacle,), folders=above)
    assert isinstance(found, Hold)
    assert found.reason.startswith(f"{obstacle} is a link or a file, where a folder is needed")
    assert guarded(op, folders=(obstacle, *above)) == (op,)


def test_what_waits_for_a_clean_cycle_says_what_could_not_be_read() -> None:
    local = LocalTree({}, unreadable=frozenset({"b", "a"}))
    plan = Plan((delete(100, "a/100.flac"),))
    (wait,) = guard(plan, local, replace(PLACED, settled=False), POLICY).waits
    assert wait.reason.endswith("one complete clean cycle, and a and 1 more could not be read")


def test_while_a_catalog_is_bound_anew_no_track_is_ignored_unasked() -> None:
    op = Ignore(job_id=100, path="a/100.flac", reason="deleted here")
    cautious = replace(POLICY, cautious=True)
    (hold,) = guard(Plan((op,)), LocalTree({}), PLACED, cautious).operations
    assert (hold.held, hold.batched, hold.evidence) == ("ignore", True, ("deleted here",))  # type: ignore[union-attr]
    assert hold.reason.startswith("deleted here; catalog and folder were bound anew")
    assert guard(Plan((op,)), LocalTree({}), PLACED, POLICY).operations == (op,)


def test_while_a_catalog_is_bound_anew_what_is_new_waits_for_what_cannot_be_read() -> None:
    local = LocalTree({}, unreadable=frozenset({"dark"}))
    plan = Plan((download(1, "a/x.flac"),))
    (wait,) = guard(plan, local, PLACED, replace(POLICY, cautious=True)).waits
    assert wait.reason == "new in the account; a sync that can read dark fetches it"
