"""Files that want each other's names: who goes first, who makes way, and who gets another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.naming import Names, collision_key
from syncd.core.operations import Forget, MakeWay, RenameLocal, Wait
from syncd.core.relocation import settle, way_of, without_way

from .trees import (
    ALBUM,
    HOME,
    POLICY,
    Row,
    file,
    folder,
    held,
    job,
    known,
    placed_at,
    planned,
)

Steps = list[tuple[str, str]]


def rename(job_id: int, path: str, new_path: str) -> RenameLocal:
    stem = new_path.rpartition("/")[2].rpartition(".")[0]
    return RenameLocal(
        job_id=job_id, path=path, new_path=new_path, title=stem, stem=stem, reason="renamed"
    )


def settled(wanted: Steps, others: Iterable[str] = (), held: Iterable[int] = ()) -> list[object]:
    """``wanted`` are pairs of names, of the jobs 1, 2, …; ``others`` stand in the folder too."""
    ops = [rename(number, *pair) for number, pair in enumerate(wanted, 1)]
    names = Names([*(op.path for op in ops), *others])
    return list(settle(ops, names, lambda op: op.job_id in set(held)))


def steps(decisions: Iterable[object]) -> Steps:
    return [(d.path, d.new_path) for d in decisions if isinstance(d, RenameLocal | MakeWay)]


TABLE: list[tuple[str, Steps, tuple[str, ...], Steps]] = [
    ("a name that is free", [("a.flac", "b.flac")], (), [("a.flac", "b.flac")]),
    (
        "a chain goes from its end",
        [("a.flac", "b.flac"), ("b.flac", "c.flac"), ("c.flac", "d.flac")],
        (),
        [("c.flac", "d.flac"), ("b.flac", "c.flac"), ("a.flac", "b.flac")],
    ),
    (
        "a chain that stands in order already",
        [("b.flac", "c.flac"), ("a.flac", "b.flac")],
        (),
        [("b.flac", "c.flac"), ("a.flac", "b.flac")],
    ),
    (
        "a swap: one makes way",
        [("a.flac", "b.flac"), ("b.flac", "a.flac")],
        (),
        [("a.flac", "a~1.flac"), ("b.flac", "a.flac")],
    ),
    (
        "a circle of three: one makes way, the others follow",
        [("a.flac", "b.flac"), ("b.flac", "c.flac"), ("c.flac", "a.flac")],
        (),
        [("a.flac", "a~1.flac"), ("c.flac", "a.flac"), ("b.flac", "c.flac")],
    ),
    (
        "two swaps",
        [("a.flac", "b.flac"), ("b.flac", "a.flac"), ("x.mp3", "y.mp3"), ("y.mp3", "x.mp3")],
        (),
        [("a.flac", "a~1.flac"), ("b.flac", "a.flac"), ("x.mp3", "x~3.mp3"), ("y.mp3", "x.mp3")],
    ),
    (
        "a taken name becomes one with the id",
        [("a.flac", "b.flac")],
        ("b.flac",),
        [("a.flac", "b [1].flac")],
    ),
    (
        "a name taken in another case",
        [("a.flac", "b.flac")],
        ("B.FLAC",),
        [("a.flac", "b [1].flac")],
    ),
    (
        "a name taken by the sidecar's stem: another format",
        [("a.flac", "b.flac")],
        ("b.mp3",),
        [("a.flac", "b [1].flac")],
    ),
    (
        "the suffix stays",
        [("a [1].flac", "b [1].flac")],
        ("b.flac",),
        [("a [1].flac", "b [1].flac")],
    ),
    (
        "only the case differs",
        [("a.flac", "A.flac")],
        (),
        [("a.flac", "A.flac")],
    ),
    (
        "only the case differs, and another takes the name in a third case: it cannot",
        [("a.flac", "A.flac"), ("b.flac", "á.flac"), ("c.flac", "a.flac")],
        (),
        [("a.flac", "A.flac"), ("b.flac", "á.flac"), ("c.flac", "a [3].flac")],
    ),
    (
        "two want one name: the first gets it",
        [("a.flac", "c.flac"), ("b.flac", "c.flac")],
        (),
        [("a.flac", "c.flac"), ("b.flac", "c [2].flac")],
    ),
    (
        "two formats of one name, and a third track wants it: after both have gone",
        [("c.flac", "a.flac"), ("a.flac", "x.flac"), ("a.mp3", "y.mp3")],
        (),
        [("a.flac", "x.flac"), ("a.mp3", "y.mp3"), ("c.flac", "a.flac")],
    ),
    (
        "two formats of one name, and only one of them goes",
        [("c.flac", "a.flac"), ("a.flac", "x.flac")],
        ("a.mp3",),
        [("c.flac", "a [1].flac"), ("a.flac", "x.flac")],
    ),
]


@pytest.mark.parametrize(
    ("wanted", "others", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_the_order_of(wanted: Steps, others: tuple[str, ...], expected: Steps) -> None:
    assert steps(settled(wanted, others)) == expected


def test_who_gets_no_name_waits_and_its_own_name_is_not_free() -> None:
    found = settled([("a.flac", "b.flac"), ("b.flac", "c.flac")], others=("c.flac", "c [2].flac"))
    assert steps(found) == [("a.flac", "b [1].flac")]
    assert [d for d in found if isinstance(d, Wait)] == [
        Wait(job_id=2, reason="c.flac is taken; it keeps its name until then")
    ]


def test_who_gets_none_but_its_suffixed_name_waits_only_for_itself() -> None:
    found = settled([("a [1].flac", "b [1].flac")], others=("b [1].flac",))
    assert steps(found) == []
    assert [d.job_id for d in found if isinstance(d, Wait)] == [1]


def test_a_held_file_gives_its_name_to_nobody() -> None:
    found = settled([("a.flac", "b.flac"), ("b.flac", "c.flac")], held=[2])
    assert steps(found) == [("a.flac", "b [1].flac"), ("b.flac", "c.flac")]


def test_who_makes_way_takes_no_name_that_stands_there() -> None:
    swap = [("a.flac", "b.flac"), ("b.flac", "a.flac")]
    found = steps(settled(swap, others=["a~1.flac", "a~1~1.flac"]))
    assert found[0] == ("a.flac", "a~1~1~1.flac")


def test_who_makes_way_says_what_it_becomes() -> None:
    found = settled([("a.flac", "b.flac"), ("b.flac", "a.flac")])
    assert found[0] == MakeWay(
        job_id=1,
        path="a.flac",
        new_path="a~1.flac",
        reason="another track gets its name; it becomes b.flac after that",
    )
    assert Wait(job_id=1, reason=found[0].reason) in found


def test_what_is_no_relocation_is_left_as_it_is() -> None:
    others = [Forget(job_id=1, reason="gone"), None, Wait(job_id=2, reason="later")]
    assert settle(others, Names(), lambda op: False) == others


@pytest.mark.parametrize("stem", ["a", "a [7]", "a~8", "~"])
def test_the_stem_before_the_way_is_found_again(stem: str) -> None:
    way = way_of(f"x/{stem}.flac", 7)
    assert without_way(placed_at(way), 7) == stem
    assert without_way(placed_at(f"{stem}.flac"), 7) == stem


NAME = st.sampled_from([f"{stem}.{ext}" for stem in "abcde" for ext in ("flac", "mp3")])


@given(data=st.data())
def test_each_step_finds_its_file_and_a_free_name(data: st.DataObject) -> None:
    paths = data.draw(st.lists(NAME, unique_by=collision_key, min_size=1, max_size=5))
    moving = data.draw(st.integers(1, len(paths)))
    held = data.draw(st.sets(st.integers(1, moving)))
    wanted = [(path, data.draw(NAME)) for path in paths[:moving]]
    wanted = [(old, new) for old, new in wanted if old != new]
    found = settled(wanted, set(paths) - {old for old, _ in wanted}, held)
    standing = {collision_key(path) for path in paths}
    for decision in found:
        if isinstance(decision, Wait) or decision.job_id in held:  # type: ignore[attr-defined]
            continue
        assert isinstance(decision, RenameLocal | MakeWay)
        assert collision_key(decision.path) in standing
        standing.remove(collision_key(decision.path))
        if decision.path == decision.new_path:
            continue
        assert collision_key(decision.new_path) not in standing
        standing.add(collision_key(decision.new_path))


def test_a_circle_that_was_opened_is_closed_by_the_next_plan() -> None:
    row = Row(
        "the first of a swap has made way, the other has its name",
        [job(7, "b"), job(8, "a")],
        folder(file(f"{ALBUM}/a~7.flac", 7), file(f"{ALBUM}/a.flac", 8)),
        [
            known(7, placed=placed_at(f"{ALBUM}/a~7.flac", title="a")),
            known(8, f"{ALBUM}/a.flac", number=2),
        ],
    )
    assert steps(planned(row)) == [(f"{ALBUM}/a~7.flac", f"{ALBUM}/b.flac")]


def test_names_swapped_in_the_account_are_swapped_in_the_folder() -> None:
    row = Row(
        "",
        [job(7, "b"), job(8, "a")],
        folder(file(f"{ALBUM}/a.flac", 7), file(f"{ALBUM}/b.flac", 8)),
        [known(7, f"{ALBUM}/a.flac"), known(8, f"{ALBUM}/b.flac", number=2)],
    )
    assert steps(planned(row)) == [
        (f"{ALBUM}/a.flac", f"{ALBUM}/a~7.flac"),
        (f"{ALBUM}/b.flac", f"{ALBUM}/a.flac"),
    ]


def test_a_name_is_not_given_up_by_a_move_that_was_held_before_moves_were_let_happen() -> None:
    row = Row(
        "",
        [job(7, "Rain"), job(8, "Rain")],
        folder(file(), file(f"{ALBUM}/Sun.flac", 8)),
        [known(), known(8, f"{ALBUM}/Sun.flac", number=2)],
        policy=replace(POLICY, moves="auto", template="{title}.{ext}"),
        holds=[held("move-local")],
    )
    (rename,) = [op for op in planned(row) if isinstance(op, RenameLocal)]
    assert rename.new_path == f"{ALBUM}/Rain [8].flac"
    free = replace(row, holds=[held("move-local", approved=True, batch=None)])
    (rename,) = [op for op in planned(free) if isinstance(op, RenameLocal)]
    assert rename.new_path == HOME


def test_what_failed_before_does_not_leave_the_chain() -> None:
    row = Row(
        "",
        [job(7, "b"), job(8, "c")],
        folder(file(f"{ALBUM}/a.flac", 7), file(f"{ALBUM}/b.flac", 8)),
        [known(7, f"{ALBUM}/a.flac"), known(8, f"{ALBUM}/b.flac", number=2, attempts=3)],
    )
    assert steps(planned(row)) == [
        (f"{ALBUM}/b.flac", f"{ALBUM}/c.flac"),
        (f"{ALBUM}/a.flac", f"{ALBUM}/b.flac"),
    ]
