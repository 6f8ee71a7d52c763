"""The tags of a file side by side, in as many columns as a terminal has."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from syncd.actions.tags import Owner, Row, Tags
from syncd.cli.tags import table

LONG = ("[verse]\nla la la, 雨の音だけ\n" * 9,)
FOUND = Tags(
    7,
    "Rain",
    "a/Rain.mp3",
    (
        Row("key", ("Gm",), ("F#m",), ("F#m",), Owner.YOU),
        Row("date", ("2026-03-01T12:34:56",), ("2026-03-01T12:34:56",), (), Owner.SYNCD),
        Row("timesignature", ("4/4",), (), (), Owner.NOBODY),
        Row("lyrics", LONG, LONG, LONG, Owner.SYNCD),
    ),
)


@pytest.mark.parametrize("width", [60, 80, 120, 400])
def test_a_table_is_as_wide_as_the_terminal_at_most(width: int) -> None:
    lines = list(table(FOUND, width))
    assert max(map(cell_len, lines)) <= width
    assert (
        len(
            {
                line.rindex(word)
                for line, word in zip(lines[:3], ("whose", "you", "syncd"), strict=True)
            }
        )
        == 1
    )
    assert lines[1].split() == ["key", "Gm", "F#m", "F#m", "you"]
    assert "2026-03" in lines[2]


def test_what_fits_is_whole_and_what_does_not_is_marked() -> None:
    narrow, wide = (list(table(FOUND, width)) for width in (60, 120))
    assert "2026-03-01T12:34:56" in wide[2]
    assert "…" not in wide[2]
    assert "…" in narrow[4]
    assert list(table(FOUND)) == list(table(FOUND, 400))
