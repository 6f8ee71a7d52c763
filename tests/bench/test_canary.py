"""The key is heard whoever says it, and found wherever it is left."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from . import canary


def _prints() -> None:
    sys.stdout.write(canary.KEY)


def _complains_in_pieces() -> None:
    for letter in canary.KEY:
        sys.stderr.write(letter)


def _logs_in_passing() -> None:
    # Past what hides it: a library's record of a header in two words, which is no key to redact.
    logging.root.handlers[0].stream.write(canary.KEY)  # type: ignore[attr-defined]


SPEAKERS = (_prints, _complains_in_pieces, _logs_in_passing)


@pytest.mark.parametrize("says", SPEAKERS)
def test_it_is_heard_even_where_the_text_is_thrown_away(says: Callable[[], None]) -> None:
    with canary.overheard() as heard:
        says()
        heard.seek(0)
        heard.truncate()
    assert heard.is_leaking


@pytest.mark.parametrize("says", SPEAKERS)
def test_who_listens_outside_hears_what_is_said_inside(says: Callable[[], None]) -> None:
    with canary.overheard(keeps=False) as outer:
        with canary.overheard() as inner:
            says()
        assert inner.is_leaking
    assert outer.is_leaking
    assert outer.getvalue() == ""


def test_a_child_is_heard_that_is_killed_the_moment_after() -> None:
    with canary.overheard() as heard:
        child = os.fork()
        if child == 0:
            _prints()
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(child, 0)
    assert heard.getvalue() == ""
    assert heard.is_leaking


def test_the_smallest_word_of_the_log_is_heard() -> None:
    with canary.overheard() as heard:
        logging.getLogger("anything").debug("a small thing")
    assert "a small thing" in heard.getvalue()


def test_nothing_is_heard_where_nothing_is_said(tmp_path: Path) -> None:
    with canary.overheard() as heard:
        sys.stdout.write("ap_")
        sys.stderr.write("canary")
    (tmp_path / "x").write_text("ap_")
    assert not heard.is_leaking
    assert canary.found_below(tmp_path) == []
