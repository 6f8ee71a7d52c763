"""Whoever follows the log has all that is said while the lines from before are still being sent."""

from __future__ import annotations

import logging

from syncd import log


def say(kept: log.Recent, *texts: str) -> None:
    for text in texts:
        kept.handle(logging.LogRecord("x", logging.INFO, "", 0, text, None, None))


async def test_what_is_said_while_the_history_is_read_comes_right_after_it_and_once() -> None:
    kept = log.Recent()
    say(kept, "1", "2", "3")
    following = kept.follow(last=2)
    told = [await anext(following)]
    say(kept, "4")
    told.append(await anext(following))
    say(kept, "5", "6")
    told += [await anext(following) for _ in range(3)]
    say(kept, "7")
    told.append(await anext(following))
    assert [text.split()[-1] for text in told] == ["2", "3", "4", "5", "6", "7"]
