"""Trees in, plan out: names that hold more than a title, and what follows from them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.core.baseline import State

from .test_planner_moves import AUTO, move
from .test_planner_renames import rename_local, rename_remote
from .trees import (
    ALBUM,
    POLICY,
    Row,
    adopt,
    decided,
    download,
    file,
    folder,
    job,
    known,
    placed_at,
    planned,
    restore,
)

BY_ARTIST = "{album}/{artist} - {title}.{ext}"
LONG = f"{'a' * 167}~7{'b' * 50}"
"""With the artist before it, a file's name has room for its first 169 letters."""
CUT = f"{ALBUM}/AudioPod - {LONG[:169]}.flac"
ENDS_SO = "{title}~{id}.{ext}"

TABLE = [
    Row("a template that ends as a file does that made way", [job()], folder(file("Rain~7.flac")),
        [known(placed=placed_at("Rain~7.flac", title="Rain", template=ENDS_SO))],
        policy=replace(POLICY, template=ENDS_SO), expected=[]),
    Row("it made way, by such a template", [job()], folder(file("Rain~7~7.flac")),
        [known(placed=placed_at("Rain~7~7.flac", title="Rain", template=ENDS_SO))],
        policy=replace(POLICY, template=ENDS_SO), expected=[
            rename_local("Rain~7.flac", "Rain", path="Rain~7~7.flac",
                         reason="it made way for another track, which has its name by now")]),
    Row("another template, with its album", [job()], folder(file()), [known()],
        policy=replace(AUTO, template="all/{album}/{title}.{ext}"),
        expected=[move(f"all/{ALBUM}/Rain.flac")]),
    Row("another template, and no number was given to it", [job()], folder(file()),
        [known(number=None)], policy=replace(AUTO, template="{track} {title}.{ext}"),
        expected=[move("00 Rain.flac")]),
    Row("renamed in the folder, with what stands before its title", [job()],
        folder(file(f"{ALBUM}/AudioPod - Regen.flac")),
        [known(placed=placed_at(f"{ALBUM}/AudioPod - Rain.flac", title="Rain",
                                template=BY_ARTIST))],
        policy=replace(POLICY, template=BY_ARTIST),
        expected=[rename_remote(f"{ALBUM}/AudioPod - Regen.flac", "Regen")]),
    Row("a long title that was cut so that it looks as if it had made way", [job(title=LONG)],
        folder(file(CUT)), [known(placed=placed_at(CUT, title=LONG, template=BY_ARTIST))],
        policy=replace(POLICY, template=BY_ARTIST), expected=[]),
    Row("renamed in the account after it made way, with what stands before its title",
        [job(title="Regen")], folder(file(f"{ALBUM}/AudioPod - Rain~7.flac")),
        [known(placed=placed_at(f"{ALBUM}/AudioPod - Rain~7.flac", title="Rain",
                                template=BY_ARTIST))],
        policy=replace(POLICY, template=BY_ARTIST),
        expected=[rename_local(f"{ALBUM}/AudioPod - Regen.flac", "Regen",
                               path=f"{ALBUM}/AudioPod - Rain~7.flac")]),
    Row("renamed in the account after its name was another's: its id stays behind it",
        [job(title="Regen")], folder(file(f"{ALBUM}/Rain [7].flac")),
        [known(placed=placed_at(f"{ALBUM}/Rain [7].flac", title="Rain"))],
        expected=[rename_local(f"{ALBUM}/Regen [7].flac", "Regen",
                               path=f"{ALBUM}/Rain [7].flac")]),
    Row("new, and another file has its name: its number stays", [job()],
        folder(file(f"{ALBUM}/01 Rain.flac", None)),
        policy=replace(POLICY, template="{album}/{track} {title}.{ext}"),
        expected=[download(f"{ALBUM}/01 Rain [7].flac")]),
    Row("brought back under the very name it had, which need not be its title", [job()],
        baseline=[known(state=State.GONE,
                        placed=placed_at(f"{ALBUM}/rain.flac", title="Rain"))],
        expected=[restore(f"{ALBUM}/rain.flac", "wanted again")]),
    Row("a lost catalog, bound anew: its name by the template, with album and number", [job()],
        folder(file("x/y.flac")),
        policy=replace(POLICY, cautious=True, template="{album} {track} {title}.{ext}"),
        expected=[adopt("x/y.flac", "a file in the folder carries its id",
                        stem=f"{ALBUM} 01 Rain")]),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_the_plan_for(row: Row) -> None:
    assert decided(planned(row)) == row.expected
