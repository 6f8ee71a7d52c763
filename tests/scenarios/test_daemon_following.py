"""``syncd logs --follow``: what was said before and what comes are one text."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

from .daemons import SWIFT, daemon

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

TALKATIVE = (
    SWIFT
    + """
import threading, time
from syncd.daemon import daemon
def talk():
    import structlog
    log = structlog.get_logger("talk")
    number = 0
    while True:
        log.info("line", number=(number := number + 1))
        time.sleep(0.001)
def run(self, real=daemon.Daemon.run):
    threading.Thread(target=talk, daemon=True).start()
    return real(self)
daemon.Daemon.run = run
"""
)
"""Put before ``run``: it says something without a pause."""

BEFORE, IN_ALL = 30, 300


def numbers(said: str) -> list[int]:
    """Those of the whole lines."""
    return [int(number) for number in re.findall(r" number=(\d+)\n", said)]


def test_nothing_is_left_out_or_said_twice_where_the_one_ends_and_the_other_begins(
    bench: Bench,
) -> None:
    with daemon(bench, before=TALKATIVE) as running:
        running.wait_until(lambda: len(running.log()) > BEFORE)
        for _ in range(3):
            command = bench.start("logs", "--follow", "--lines", BEFORE)
            running.wait_until(lambda: len(numbers(command.said())) >= IN_ALL)  # noqa: B023
            command.send_signal(signal.SIGINT)
            result = bench.finish(command)
            assert result.code == 0
            said = numbers(result.out)
            assert said == [*range(said[0], said[0] + len(said))]
