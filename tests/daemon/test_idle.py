"""A daemon that nobody needs costs next to nothing: hours of it, on a clock that runs faster.

``SYNCD_IDLE_HOURS=10`` makes it ten hours, in about a minute.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

HOURS = float(os.environ.get("SYNCD_IDLE_HOURS", "1"))
FACTOR = 600
POLL = 60.0

MEBI = 1 << 20


def test_at_rest_it_asks_little_changes_nothing_and_does_not_grow(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("idle.py"), tmp_path, str(HOURS), str(FACTOR)],
        capture_output=True,
        text=True,
        timeout=110 + 2 * HOURS * 3_600 / FACTOR,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    sys.stdout.write(f"{figures}\n")
    polls = HOURS * 3_600 / POLL
    assert figures["methods"].keys() == {"GET"}, "nothing is sent that changes anything"
    # Three for a poll, jitter included; a sweep of so small an account is two.
    assert figures["requests"] <= 3 * 1.1 * polls + 4 * HOURS
    assert figures["requests"] >= polls, "it does poll"
    # For a poll: its timer, its answers and its threads; and a look at the clocks twice a minute.
    assert figures["wakes"] <= 25 * polls
    assert figures["memory_after"] - figures["memory_before"] <= 8 * MEBI
