"""The guard: what it doubts becomes a hold, and nothing else is touched."""

from __future__ import annotations

import pytest

from syncd.core.model import LocalTree
from syncd.core.operations import Adopt, Defer, Download, Hold, Operation, Plan, Wait
from syncd.core.safety import guard, is_inside


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
    return Adopt(job_id=job_id, path=path, album="a", number=job_id, reason="found")


def guarded(*operations: Operation, names: tuple[str, ...] = ()) -> tuple[Operation, ...]:
    return guard(Plan(operations), LocalTree({}, frozenset(names))).operations


def test_a_sound_plan_passes_unchanged() -> None:
    plan = Plan(
        (
            download(1, "a/x.flac"),
            adopt(2, "a/y.flac"),
            Defer(job_id=3, reason="no audio"),
            Hold(job_id=4, path="a/z.flac", reason="its own"),
        ),
        (Wait(job_id=5, reason="the job is PENDING"),),
    )
    names = frozenset({"a", "a/y.flac", "a/z.flac"})
    assert guard(plan, LocalTree({}, names, folders=frozenset({"a"}))) == plan
    assert guard(Plan(), LocalTree({})) == Plan()


@pytest.mark.parametrize(
    ("doubtful", "reason"),
    [
        (download(1, "../x.flac"), "the path leaves the library"),
        (download(1, "/x.flac"), "the path leaves the library"),
        (download(1, ".syncd/x.flac"), "the path leaves the library"),
        (adopt(1, "a/../../x.flac"), "the path leaves the library"),
        (download(1, "taken/X.flac"), "something stands at this path"),
        (download(1, "taken/Cafe\u0301.flac"), "something stands at this path"),
    ],
)
def test_a_doubtful_operation_is_held_alone(doubtful: Download | Adopt, reason: str) -> None:
    sound = download(2, "a/fine.flac")
    held = Hold(job_id=1, path=doubtful.path, reason=reason)
    names = ("taken", "taken/x.flac", "taken/Café.flac")
    assert guarded(doubtful, sound, names=names) == (held, sound)


def test_two_tracks_that_want_one_path_are_both_held() -> None:
    first, second, sound = download(1, "a/x.flac"), download(2, "A/X.flac"), download(3, "a/y.flac")
    reason = "two tracks want this path"
    assert guarded(first, second, sound) == (
        Hold(job_id=1, path="a/x.flac", reason=reason),
        Hold(job_id=2, path="A/X.flac", reason=reason),
        sound,
    )


def test_a_track_planned_twice_is_held_twice() -> None:
    reason = "planned twice in one plan"
    assert guarded(download(1, "a/x.flac"), adopt(1, "a/y.flac"), download(2, "a/z.flac")) == (
        Hold(job_id=1, path="a/x.flac", reason=reason),
        Hold(job_id=1, path="a/y.flac", reason=reason),
        download(2, "a/z.flac"),
    )


def test_a_file_is_adopted_where_it_stands() -> None:
    found = adopt(1, "a/x.flac")
    assert guarded(found, names=("a/x.flac",)) == (found,)


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
    names = {obstacle, "a"}
    local = LocalTree({}, frozenset(names), folders=frozenset(names - {obstacle}))
    (held,) = guard(Plan((download(1, path),)), local).operations
    assert isinstance(held, Hold)
    assert held.reason.startswith(f"{obstacle} is a link or a file, where a folder is needed")
    free = LocalTree({}, frozenset(names), folders=frozenset(names))
    assert guard(Plan((download(1, path),)), free).holds == ()
