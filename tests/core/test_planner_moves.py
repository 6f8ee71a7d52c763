"""Trees in, plan out: where a file belongs, by the template or by the user."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.core.operations import Hold, MakeWay, MoveLocal, RenameLocal

from .trees import (
    ALBUM,
    HOME,
    POLICY,
    Row,
    adopt,
    decided,
    file,
    folder,
    guarded,
    held,
    job,
    known,
    placed_at,
    planned,
    wait,
)

MOVED = "its file was moved in the folder"
BY_TEMPLATE = "library.template, or what it is filled with, puts it there now"
FLAT, BY_GENRE = "{title}.{ext}", "{genre}/{title}.{ext}"
AUTO = replace(POLICY, moves="auto")
FLATTENED, SORTED = replace(AUTO, template=FLAT), replace(AUTO, template=BY_GENRE)


def move(new_path: str, path: str = HOME, job_id: int = 7) -> MoveLocal:
    stem = new_path.rpartition("/")[2].rpartition(".")[0]
    return MoveLocal(job_id=job_id, path=path, new_path=new_path, stem=stem, reason=BY_TEMPLATE)


ROCK = placed_at("Rock/Rain.flac", template=BY_GENRE)

TABLE = [
    # --- by the template ---
    Row("another template", [job()], folder(file()), [known()], policy=FLATTENED,
        expected=[move("Rain.flac")]),
    Row("another template, and moves are never made", [job()], folder(file()), [known()],
        policy=replace(FLATTENED, moves="never"), expected=[]),
    Row(
        "another template, by which it stands where it belongs",
        [job()],
        folder(file()),
        [known()],
        policy=replace(AUTO, template="AudioPod {year}-{month}/{title}.{ext}"),
        expected=[],
    ),
    Row(
        "another template, and the user chose the folder",
        [job()],
        folder(file("mine/Rain.flac")),
        [known(placed=placed_at("mine/Rain.flac", moved=True))],
        policy=FLATTENED,
        expected=[],
    ),
    Row(
        "another template, and renamed in the account: first the one, then the other",
        [job(title="Regen")],
        folder(file()),
        [known()],
        policy=FLATTENED,
        expected=[
            RenameLocal(
                job_id=7,
                path=HOME,
                new_path=f"{ALBUM}/Regen.flac",
                title="Regen",
                stem="Regen",
                reason="renamed in the account",
                old_title="Rain",
            )
        ],
    ),
    Row(
        "another template, and no album known",
        [job()],
        folder(file()),
        [known(album=None)],
        policy=FLATTENED,
        expected=[],
    ),
    Row(
        "another template, and the number that was given",
        [job()],
        folder(file()),
        [known(number=12)],
        policy=replace(AUTO, template="{track} {title}.{ext}"),
        expected=[move("12 Rain.flac")],
    ),
    Row(
        "another template, and a suffix once given is not dropped",
        [job()],
        folder(file(f"{ALBUM}/Rain [7].flac")),
        [known(placed=placed_at(f"{ALBUM}/Rain [7].flac", title="Rain"))],
        policy=FLATTENED,
        expected=[move("Rain [7].flac", f"{ALBUM}/Rain [7].flac")],
    ),
    Row(
        "another template, and its new name is taken",
        [job()],
        folder(file(), file("rain.mp3", None)),
        [known()],
        policy=FLATTENED,
        expected=[move("Rain [7].flac")],
    ),
    Row(
        "another template, and its new name is taken with and without its id",
        [job()],
        folder(file(), file("Rain.flac", None), file("Rain [7].flac", None)),
        [known()],
        policy=FLATTENED,
        expected=[wait("Rain.flac is taken; it keeps its name until then")],
    ),
    Row(
        "moving it was done in this run",
        [job()],
        folder(file()),
        [known()],
        policy=replace(FLATTENED, attempted=frozenset({(7, "move-local")})),
        expected=[wait("dealt with in this run")],
    ),
    # --- by what the template is filled with ---
    Row(
        "another genre in the account",
        [job(genre=("Pop",))],
        folder(file("Rock/Rain.flac")),
        [known(placed=ROCK)],
        policy=SORTED,
        expected=[move("Pop/Rain.flac", "Rock/Rain.flac")],
    ),
    Row(
        "the same genre in the account",
        [job(genre=("Rock",))],
        folder(file("Rock/Rain.flac")),
        [known(placed=ROCK)],
        policy=SORTED,
        expected=[],
    ),
    Row(
        "another genre in the account, which the template does not name",
        [job(genre=("Pop",))],
        folder(file()),
        [known()],
        policy=AUTO,
        expected=[],
    ),
    Row(
        "two tracks that swap their genre: one makes way",
        [job(7, genre=("Pop",)), job(8, genre=("Rock",))],
        folder(file("Rock/Rain.flac", 7), file("Pop/Rain.flac", 8)),
        [known(placed=ROCK), known(8, number=2, placed=replace(ROCK, path="Pop/Rain.flac"))],
        policy=SORTED,
        expected=[
            MakeWay(
                job_id=7,
                path="Rock/Rain.flac",
                new_path="Rock/Rain~7.flac",
                reason="another track gets its name; it becomes Pop/Rain.flac after that",
            ),
            move("Rock/Rain.flac", "Pop/Rain.flac", job_id=8),
            wait("another track gets its name; it becomes Pop/Rain.flac after that"),
        ],
    ),
    Row(
        "it made way, and its new name is free by now",
        [job(genre=("Pop",))],
        folder(file("Rock/Rain~7.flac")),
        [known(placed=placed_at("Rock/Rain~7.flac", title="Rain", template=BY_GENRE))],
        policy=SORTED,
        expected=[move("Pop/Rain.flac", "Rock/Rain~7.flac")],
    ),
    Row(
        "it made way with the suffix of a collision, which is not dropped",
        [job(genre=("Pop",))],
        folder(file("Rock/Rain [7]~7.flac")),
        [known(placed=placed_at("Rock/Rain [7]~7.flac", title="Rain", template=BY_GENRE))],
        policy=SORTED,
        expected=[move("Pop/Rain [7].flac", "Rock/Rain [7]~7.flac")],
    ),
    Row(
        "it made way for nothing: the account took the new name back",
        [job()],
        folder(file(f"{ALBUM}/Rain~7.flac")),
        [known(placed=placed_at(f"{ALBUM}/Rain~7.flac", title="Rain"))],
        expected=[
            RenameLocal(
                job_id=7,
                path=f"{ALBUM}/Rain~7.flac",
                new_path=HOME,
                title="Rain",
                stem="Rain",
                reason="it made way for another track, which has its name by now",
                old_title="Rain",
            )
        ],
    ),
    Row(
        "a title that looks as if it had made way",
        [job(title="Rain~7")],
        folder(file(f"{ALBUM}/Rain~7.flac")),
        [known(path=f"{ALBUM}/Rain~7.flac")],
        expected=[],
    ),
    # --- by the user ---
    Row("moved to another folder", [job()], folder(file("mine/Rain.flac")), [known()],
        expected=[adopt("mine/Rain.flac", MOVED, moved=True)]),
    Row("moved back", [job()], folder(file()),
        [known(placed=placed_at("mine/Rain.flac", moved=True))],
        expected=[adopt(HOME, MOVED, moved=True)]),
    Row("only the case of its folder was changed", [job()],
        folder(file(f"{ALBUM.upper()}/Rain.flac")), [known()],
        expected=[adopt(f"{ALBUM.upper()}/Rain.flac", MOVED, moved=True)]),
    Row("copied", [job()], folder(file("a copy.flac"), file()), [known()], expected=[]),
    Row(
        "moved and copied: the first by name is it",
        [job()],
        folder(file("b/Rain.flac"), file("a/Rain.flac")),
        [known(placed=replace(placed_at(HOME), stat=replace(placed_at(HOME).stat, inode=9)))],
        expected=[adopt("a/Rain.flac", MOVED, moved=True)],
    ),
    Row(
        "stripped of its id, but a copy has it",
        [job()],
        folder(file(job_id=None), file("mine/Rain.flac")),
        [known()],
        expected=[adopt("mine/Rain.flac", MOVED, moved=True)],
    ),
    Row(
        "moved, and its job is at work again",
        [job(status="PROCESSING", audio={})],
        folder(file("mine/Rain.flac")),
        [known()],
        expected=[adopt("mine/Rain.flac", MOVED, moved=True)],
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_the_plan_for(row: Row) -> None:
    assert decided(planned(row)) == row.expected


ASKED = replace(POLICY, template=FLAT)
"""The default: the user is asked before files are moved."""


def test_a_move_waits_for_the_user_and_once_approved_is_made() -> None:
    row = Row("", [job()], folder(file()), [known()], ASKED)
    (hold,) = guarded(row).operations
    assert hold == Hold(
        job_id=7,
        path="Rain.flac",
        held="move-local",
        batched=True,
        reason=BY_TEMPLATE,
        evidence=(f"{file().path} → Rain.flac",),
        stands_at=file().path,
    )
    approved = replace(row, holds=[held("move-local", approved=True)])
    assert decided(guarded(approved)) == [move("Rain.flac")]


def test_a_move_that_was_held_stays_held_when_the_setting_says_auto_later() -> None:
    hold = held("move-local", reason="it was held before")
    row = Row("", [job()], folder(file()), [known()], FLATTENED, holds=[hold])
    assert [(one.held, one.reason) for one in guarded(row).holds] == [
        ("move-local", "it was held before")
    ]


SWAPPED = Row(
    "two tracks that swap their genre",
    [job(7, genre=("Pop",)), job(8, genre=("Rock",))],
    folder(file("Rock/Rain.flac", 7), file("Pop/Rain.flac", 8)),
    [known(placed=ROCK), known(8, number=2, placed=replace(ROCK, path="Pop/Rain.flac"))],
    replace(SORTED, moves="ask"),
)


def test_no_file_makes_way_for_a_move_that_nobody_approved() -> None:
    found = guarded(SWAPPED)
    assert [(hold.job_id, hold.held, hold.path) for hold in found.operations] == [  # type: ignore[union-attr]
        (7, "move-local", "Pop/Rain.flac"),
        (8, "move-local", "Rock/Rain.flac"),
    ]
    assert found.waits == ()


def test_one_of_two_that_swap_does_not_fall_on_the_other_that_is_held() -> None:
    one = replace(SWAPPED, holds=[held("move-local", 8, approved=True)])
    found = guarded(one)
    assert [(hold.job_id, hold.held) for hold in found.holds] == [(7, "move-local")]
    assert [op for op in found if not isinstance(op, Hold)] == [
        move("Rock/Rain [8].flac", "Pop/Rain.flac", job_id=8)
    ]


def test_of_two_approved_that_swap_one_makes_way_and_keeps_its_approval() -> None:
    holds = [held("move-local", one, approved=True) for one in (7, 8)]
    found = guarded(replace(SWAPPED, holds=holds))
    assert [op.verb for op in found] == ["make-way", "move-local"]
    # A hold of a track that waits is kept (catalog.holds), and so is its approval.
    assert [one.job_id for one in found.waits] == [7]


def test_a_rename_does_not_fall_on_a_file_whose_move_is_held() -> None:
    row = Row(
        "",
        [job(7, "Rain"), job(8, "Rain")],
        folder(file(), file(f"{ALBUM}/Sun.flac", 8)),
        [known(), known(8, f"{ALBUM}/Sun.flac", number=2)],
        ASKED,
    )
    found = guarded(row)
    assert [(hold.job_id, hold.held) for hold in found.holds] == [(7, "move-local")]
    (rename,) = (op for op in found if not isinstance(op, Hold))
    assert isinstance(rename, RenameLocal)
    assert rename.new_path == f"{ALBUM}/Rain [8].flac"
