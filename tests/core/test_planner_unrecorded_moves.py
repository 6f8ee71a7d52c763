"""Moves by this program that came to a stop before their record: none of them is the user's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.core.baseline import Named
from syncd.core.operations import MakeWay, MoveLocal

from .test_planner_moves import AUTO, BY_GENRE, FLATTENED, MOVED, SORTED, move
from .test_planner_renames import rename_remote
from .trees import (
    ALBUM,
    HOME,
    Row,
    adopt,
    decided,
    file,
    folder,
    held,
    job,
    known,
    placed_at,
    planned,
)

LOST = "it was moved there before, and the record of that was lost"
NUMBERED = replace(AUTO, template="{track} {title}.{ext}")
BY_ALBUM = replace(AUTO, template="all/{album}/{title}.{ext}")
WAY = f"{ALBUM}/Rain~7.flac"


def recorded(path: str) -> MoveLocal:
    return replace(move(path, path), reason=LOST)


TABLE = [
    # --- by the template ---
    Row("it stands where the template puts it", [job()], folder(file("Rain.flac")), [known()],
        policy=FLATTENED, expected=[recorded("Rain.flac")]),
    Row("it stands there with the suffix of a collision", [job()],
        folder(file("Rain [7].flac"), file("Rain.flac", None)), [known()],
        policy=FLATTENED, expected=[recorded("Rain [7].flac")]),
    Row("it stands there under the name it had, and the account has another by now",
        [job(title="Regen")], folder(file("Rain.flac")), [known()],
        policy=FLATTENED, expected=[recorded("Rain.flac")]),
    Row("it stands there in the folder of its album", [job()],
        folder(file(f"all/{ALBUM}/Rain.flac")), [known()],
        policy=BY_ALBUM, expected=[recorded(f"all/{ALBUM}/Rain.flac")]),
    Row("it stands there with its number", [job()], folder(file("12 Rain.flac")),
        [known(number=12)], policy=NUMBERED, expected=[recorded("12 Rain.flac")]),
    Row("it stands there, and no number was given to it", [job()], folder(file("00 Rain.flac")),
        [known(number=None)], policy=NUMBERED, expected=[recorded("00 Rain.flac")]),
    Row("it stands there, and the user had approved that", [job()], folder(file("Rain.flac")),
        [known()], policy=replace(FLATTENED, moves="ask"),
        holds=[held("move-local", approved=True)], expected=[recorded("Rain.flac")]),
    Row("it stands there, and nobody approved that: it was the user", [job()],
        folder(file("Rain.flac")), [known()], policy=replace(FLATTENED, moves="ask"),
        holds=[held("move-local")], expected=[adopt("Rain.flac", MOVED, moved=True)]),
    Row("it stands there, and nobody was asked yet: it was the user", [job()],
        folder(file("Rain.flac")), [known()], policy=replace(FLATTENED, moves="ask"),
        expected=[adopt("Rain.flac", MOVED, moved=True)]),
    Row("only the accents of its folder are spelled otherwise: nobody moved it",
        [job(genre=("Caf\u00e9",))], folder(file("Cafe\u0301/Rain.flac")),
        [known(placed=placed_at("Caf\u00e9/Rain.flac", template=BY_GENRE))],
        policy=SORTED, expected=[adopt("Cafe\u0301/Rain.flac", "its folder is spelled otherwise")]),
    Row("… and it had been moved by the user before", [job(genre=("Caf\u00e9",))],
        folder(file("Cafe\u0301/Rain.flac")),
        [known(placed=placed_at("Caf\u00e9/Rain.flac", template=BY_GENRE, moved=True))],
        policy=SORTED,
        expected=[adopt("Cafe\u0301/Rain.flac", "its folder is spelled otherwise", moved=True)]),
    Row("it has the name that it was about to get, where another template puts it, too",
        [job(title="Second")], folder(file(f"{ALBUM}/Second.flac")),
        [known(intended=Named("Second", "Second"))],
        policy=replace(AUTO, template="AudioPod {year}-{month}/{title}.{ext}"),
        expected=[recorded(f"{ALBUM}/Second.flac")]),
    # --- out of the way ---
    Row("it made way for another, which gets its name", [job(title="Regen")],
        folder(file(WAY)), [known()],
        expected=[MakeWay(job_id=7, path=WAY, new_path=WAY, reason=LOST)]),
    Row("it looks as if it had made way, for which there was no cause: it was the user", [job()],
        folder(file(WAY)), [known()],
        expected=[rename_remote(WAY, "Rain~7")]),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_the_plan_for(row: Row) -> None:
    assert decided(planned(row)) == row.expected


def test_a_file_that_stands_where_it_was_is_moved_then() -> None:
    row = Row("", [job()], folder(file()), [known()], policy=FLATTENED)
    (op,) = decided(planned(row))
    assert isinstance(op, MoveLocal)
    assert (op.path, op.new_path) == (HOME, "Rain.flac")
