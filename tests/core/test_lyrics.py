"""Lyrics with times, as they stand in an LRC file."""

from __future__ import annotations

import pytest

from syncd.core.lyrics import timed_lines, timed_text


@pytest.mark.parametrize(
    ("lrc", "lines"),
    [
        ("[00:01.50]la\n[01:02.003]lu", [(1500, "la"), (62_003, "lu")]),
        ("[00:01]la\r\n[00:02:5]lu\r\n", [(1000, "la"), (2500, "lu")]),
        ("[00:09.00][00:01.00] again", [(1000, "again"), (9000, "again")]),
        ("[ar: Someone]\n[length: 2:30]\n[00:01.00]la", [(1000, "la")]),
        ("[offset:+500]\n[00:00.20]la\n[00:01.00]lu", [(0, "la"), (500, "lu")]),
        ("[00:01.00]<00:01.00>la <00:01.50>la", [(1000, "la la")]),
        ("[00:01.00]la\n[00:02.00]\n", [(1000, "la"), (2000, "")]),
        ("no time at all\n[Chorus]\n[0:99.00]", []),
        ("", []),
    ],
)
def test_lines_have_their_times(lrc: str, lines: list[tuple[int, str]]) -> None:
    assert list(timed_lines(lrc)) == lines


def test_the_text_of_lines_is_read_back_as_these_lines() -> None:
    lines = ((0, "la"), (62_003, ""), (6_000_000, "[la] <x>"))
    assert timed_text(lines) == "[00:00.000]la\n[01:02.003]\n[100:00.000][la] <x>"
    assert timed_lines(timed_text(lines)) == lines
