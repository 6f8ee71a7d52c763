"""The least rate of a body."""

from __future__ import annotations

import pytest

from syncd.remote.pace import Pace

START = 500.0

BODIES = [
    ("nothing is judged before a window is over", [(9.9, 1)], True),
    ("a body at the least rate goes on", [(10.0, 10_000)], True),
    ("a body below it does not", [(10.0, 9_999)], False),
    ("what came during the window counts", [(1.0, 9_999), (10.0, 1)], True),
    ("what came before the window does not", [(10.0, 10**9), (20.0, 9_999)], False),
    ("a chunk that comes late is judged by all its time", [(19.0, 18_000)], False),
]


@pytest.mark.parametrize(
    ("chunks", "holds"), [row[1:] for row in BODIES], ids=[r[0] for r in BODIES]
)
def test_a_rate_is_judged_over_windows(chunks: list[tuple[float, int]], holds: bool) -> None:
    pace = Pace(10.0, now=START)
    *before, last = [pace.holds(size, now=START + seconds) for seconds, size in chunks]
    assert all(before)
    assert last is holds
