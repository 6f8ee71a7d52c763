"""Logs: every record is redacted, in every style, whoever wrote it."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from io import StringIO
from typing import Literal

import pytest
import structlog

from syncd import log

KEY = "ap_live_c4nary-0123456789"
ADDRESS = "https://media.audiopod.ai/7.flac?Signature=c4nary&Expires=1"
Style = Literal["text", "json", "journald"]


class Written:
    """What went to standard error so far."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._text = ""

    def getvalue(self) -> str:
        self._text += self._capsys.readouterr().err
        return self._text


@pytest.fixture
def stream(capsys: pytest.CaptureFixture[str]) -> Iterator[Written]:
    handlers, level = logging.root.handlers[:], logging.root.level
    libraries = {name: logging.getLogger(name).level for name in ("httpx", "httpcore", "asyncio")}
    hooks = sys.excepthook, threading.excepthook
    log.recent.cache_clear()
    yield Written(capsys)
    log.recent.cache_clear()
    sys.excepthook, threading.excepthook = hooks
    logging.captureWarnings(False)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    for name, before in libraries.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


styles = pytest.mark.parametrize("style", ["text", "json", "journald"])


@styles
def test_no_key_and_no_signature_reaches_the_log(stream: Written, style: Style) -> None:
    log.configure("debug", style)
    ours, theirs = structlog.get_logger("syncd.x"), logging.getLogger("some.library")
    ours.info(f"asked {ADDRESS} with {KEY}")
    ours.warning("fields", key=KEY, address=ADDRESS, nested={"headers": [("X-API-Key", KEY)]})
    ours.info(f"over\n{KEY}\tlines", note=f"é{KEY}")
    ours.info("header", authorization=f"Bearer {KEY}")
    theirs.warning("GET %s with %s", ADDRESS, KEY)
    theirs.error(f"Bearer c4nary and {KEY}", extra={"key": KEY})
    theirs.error("of %s", "c4nary@example.org", extra={"user": "c4nary@example.org"})
    ours.info("of", user="c4nary@example.org", headers={"from": "c4nary@example.org"})
    theirs.error("GET %s", "/7.flac?Signature=c4nary&v=1")
    try:
        raise ValueError(f"could not fetch {ADDRESS} as {KEY}")
    except ValueError:
        ours.exception("ours failed")
        theirs.exception("theirs failed")
    text = stream.getvalue()
    assert "c4nary" not in text
    assert text.count("ap_…") >= 9
    assert text.count("https://media.audiopod.ai/7.flac?…") >= 5
    assert text.count("…@example.org") >= 3
    assert "ours failed" in text
    assert "Traceback" in text


@styles
def test_a_traceback_does_not_show_what_variables_hold(stream: Written, style: Style) -> None:
    log.configure("info", style)
    password = "hunter" + "2"
    try:
        len(password) / 0
    except ZeroDivisionError:
        structlog.get_logger("syncd.x").exception("failed")
    assert "hunter2" not in stream.getvalue()
    assert "ZeroDivisionError" in stream.getvalue()


def test_json_is_one_object_a_line(stream: Written) -> None:
    log.configure("info", "json")
    structlog.get_logger("syncd.x").info("two\nlines", path='a "b"', address=f'"{ADDRESS}"')
    logging.getLogger("library").warning("ends in %s", f'"{ADDRESS}"')
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert first["event"] == "two\nlines"
    assert first["path"] == 'a "b"'
    assert first["address"] == '"https://media.audiopod.ai/7.flac?…"'
    assert first["level"] == "info"
    assert first["timestamp"].endswith("Z")
    assert second["event"] == 'ends in "https://media.audiopod.ai/7.flac?…"'
    assert second["level"] == "warning"


@styles
def test_what_commands_a_terminal_is_escaped(stream: Written, style: Style) -> None:
    log.configure("info", style)
    commanding = "\x1b]0;owned\x07\x9b2J\u202egnp.exe\u2066\x7f\u200f"
    structlog.get_logger("syncd.x").info("renamed", to=commanding)
    logging.getLogger("library").warning("odd: %s", commanding)
    written = stream.getvalue()
    assert not set(commanding) - set("]0;owned2Jgnp.exe") & set(written)
    assert r"\u202egnp.exe" in written


@styles
def test_a_text_of_any_length_takes_a_line_of_bounded_length(stream: Written, style: Style) -> None:
    log.configure("info", style)
    structlog.get_logger("syncd.x").info("renamed", to="http://a" * 100_000)
    logging.getLogger("library").warning("b" * 100_000)
    one, other = stream.getvalue().splitlines()
    assert max(len(one), len(other)) < 10_000
    assert "…" in one
    assert "…" in other


def test_text_is_for_reading(stream: Written) -> None:
    log.configure("info", "text")
    structlog.get_logger("syncd.x").info("download", job=7, path="a b.flac")
    line = stream.getvalue()
    assert "[info" in line
    assert "download" in line
    assert "job=7" in line
    assert "\x1b" not in line, "no colours where nobody sees them"


def test_auto_is_json_where_there_is_no_terminal(stream: Written) -> None:
    log.configure("info", "auto")
    structlog.get_logger("syncd.x").info("x")
    assert json.loads(stream.getvalue())["event"] == "x"


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("no_color", ["", "1"])
def test_auto_is_text_on_a_terminal(
    stream: Written, monkeypatch: pytest.MonkeyPatch, no_color: str
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("NO_COLOR", no_color)
    log.configure("info", "auto")
    structlog.get_logger("syncd.x").info("hello")
    assert "hello" in terminal.getvalue()
    assert ("\x1b" in terminal.getvalue()) is (no_color == "")


@styles
def test_the_level_holds_for_all(stream: Written, style: Style) -> None:
    log.configure("warning", style)
    structlog.get_logger("syncd.x").info("quiet")
    logging.getLogger("library").info("quiet")
    structlog.get_logger("syncd.x").warning("loud")
    assert "quiet" not in stream.getvalue()
    assert "loud" in stream.getvalue()


def test_http_libraries_are_kept_to_warnings(stream: Written) -> None:
    log.configure("debug", "json")
    for name in ("httpx", "httpcore", "asyncio", "httpcore.http11"):
        logging.getLogger(name).info("HTTP Request: GET %s", ADDRESS)
    assert stream.getvalue() == ""


def test_configuring_again_replaces_what_was_set_up(
    stream: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.configure("info", "json")
    log.configure("info", "json")
    structlog.get_logger("syncd.x").info("once")
    assert len(stream.getvalue().splitlines()) == 1
    later = StringIO()
    monkeypatch.setattr(sys, "stderr", later)
    structlog.get_logger("syncd.x").info("twice")
    assert "twice" in later.getvalue(), "it follows sys.stderr"


# --- the journal ---


def test_auto_is_for_the_journal_where_standard_error_is_its_stream(
    stream: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = os.fstat(2)
    monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
    log.configure("info", "auto")
    structlog.get_logger("syncd.x").info("hello", job=7)
    assert stream.getvalue() == "<6>hello job=7\n"


@pytest.mark.parametrize("other", ["1:2", "", "none"])
def test_auto_is_json_where_only_a_parent_wrote_to_the_journal(
    stream: Written, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", other)
    log.configure("info", "auto")
    structlog.get_logger("syncd.x").info("x")
    assert json.loads(stream.getvalue())["event"] == "x"


def test_each_line_for_the_journal_begins_with_the_priority_of_its_record(stream: Written) -> None:
    log.configure("debug", "journald")
    ours, theirs = structlog.get_logger("syncd.x"), logging.getLogger("library")
    ours.debug("seen")
    theirs.info("told")
    ours.warning("a title with\n<0>a line of its own\0<0>and more")
    try:
        raise ValueError("no luck")
    except ValueError:
        theirs.exception("failed")
    theirs.critical("over")
    lines = stream.getvalue().splitlines()
    assert lines[:2] == ["<7>seen", "<6>told"]
    assert [line[:3] for line in lines[2:5]] == ["<4>"] * 3
    assert lines[5] == "<3>failed"
    assert lines[6] == "<3>Traceback (most recent call last):"
    assert lines[-2] == "<3>ValueError: no luck"
    assert lines[-1] == "<3>over"
    assert all(line.startswith("<3>") for line in lines[5:])


# --- what stands in every line ---


@styles
async def test_a_cycle_and_a_job_stand_in_every_line_about_them(
    stream: Written, style: Style
) -> None:
    log.configure("info", style)
    ours, theirs = structlog.get_logger("syncd.x"), logging.getLogger("library")
    with structlog.contextvars.bound_contextvars(cycle="c0ffee"):
        with structlog.contextvars.bound_contextvars(job=7):
            ours.info("ours")
            await asyncio.to_thread(theirs.warning, "theirs, in a thread")
        ours.info("the cycle's")
    ours.info("neither's")
    first, second, third, fourth = stream.getvalue().splitlines()
    assert ["c0ffee" in line for line in (first, second, third, fourth)] == [True] * 3 + [False]
    assert ["job" in line for line in (first, second, third, fourth)] == [True] * 2 + [False] * 2


# --- what nobody caught, and what cannot be logged ---


@styles
def test_an_error_that_nobody_caught_is_logged_and_redacted(stream: Written, style: Style) -> None:
    log.configure("error", style)

    def fail() -> None:
        raise ValueError(f"could not fetch {ADDRESS} as {KEY}")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    try:
        fail()
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    text = stream.getvalue()
    assert text.count("ValueError: could not fetch https://media.audiopod.ai/7.flac?…") == 2
    assert "c4nary" not in text
    if style == "journald":
        assert all(line.startswith("<3>") for line in text.splitlines())


def test_a_warning_of_python_is_logged_and_redacted(stream: Written) -> None:
    log.configure("info", "json")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn(f"old {KEY}", stacklevel=1)
        logging.captureWarnings(False)
    document = json.loads(stream.getvalue())
    assert document["level"] == "warning"
    assert "old ap_…" in document["event"]


@styles
def test_what_cannot_be_formatted_shows_nothing_and_stops_nothing(
    stream: Written, style: Style
) -> None:
    log.configure("info", style, keep=True)
    logging.getLogger("library").warning("%d of " + KEY, ADDRESS)
    logging.getLogger("library").warning("next")
    first, second = stream.getvalue().splitlines()
    assert first.startswith("syncd: a line of library could not be logged: TypeError")
    assert "next" in second
    assert len(log.recent().lines(9)) == 1


def test_a_broken_standard_error_stops_nothing(
    stream: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = StringIO()
    log.configure("info", "json", keep=True)
    broken.close()
    monkeypatch.setattr(sys, "stderr", broken)
    structlog.get_logger("syncd.x").info("kept")
    monkeypatch.undo()
    assert "kept" in log.recent().lines(1)[0]


# --- the last records ---


def test_the_last_records_are_kept_as_text_where_that_was_asked_for(stream: Written) -> None:
    log.configure("info", "json")
    structlog.get_logger("syncd.x").info("before")
    assert log.recent().lines(9) == []
    log.configure("info", "json", keep=True)
    for n in range(3):
        structlog.get_logger("syncd.x").info("x", n=n, key=KEY)
    structlog.get_logger("syncd.x").debug("not of interest")
    log.configure("debug", "journald", keep=True)
    structlog.get_logger("syncd.x").debug("after the configuration changed")
    lines = log.recent().lines(3)
    assert [line.split(" ", 1)[1] for line in lines] == [
        "[info     ] x key=ap_… n=1",
        "[info     ] x key=ap_… n=2",
        "[debug    ] after the configuration changed",
    ]
    assert len(log.recent().lines(1000)) == 4
    assert log.recent().lines(0) == []


def test_a_traceback_is_kept_with_its_record(stream: Written) -> None:
    log.configure("info", "journald", keep=True)
    try:
        raise ValueError(KEY)
    except ValueError:
        structlog.get_logger("syncd.x").exception("failed")
    (text,) = log.recent().lines(9)
    assert text.endswith("\nValueError: ap_…")


def test_only_so_many_are_kept(stream: Written) -> None:
    log.configure("info", "json", keep=True)
    for n in range(log.KEPT + 5):
        structlog.get_logger("syncd.x").info("x", n=n)
    kept = log.recent().lines(10 * log.KEPT)
    assert len(kept) == log.KEPT
    assert kept[0].endswith("n=5")


def words(text: str) -> str:
    return text.split("] ")[-1]


async def test_who_follows_gets_the_last_ones_and_every_new_one_from_any_thread(
    stream: Written,
) -> None:
    log.configure("info", "json", keep=True)
    ours = structlog.get_logger("syncd.x")
    for text in ("first", "second", "third"):
        ours.info(text)
    following = log.recent().follow(last=2)
    assert [words(await anext(following)) for _ in range(2)] == ["second", "third"]
    waiting = asyncio.ensure_future(anext(following))
    await asyncio.to_thread(ours.info, "fourth")
    assert words(await waiting) == "fourth"
    ours.info("fifth")
    ours.info("sixth")
    assert [words(await anext(following)) for _ in range(2)] == ["fifth", "sixth"]


async def test_who_follows_from_an_empty_start_gets_the_first(stream: Written) -> None:
    log.configure("info", "json", keep=True)
    waiting = asyncio.ensure_future(anext(log.recent().follow()))
    await asyncio.sleep(0)
    structlog.get_logger("syncd.x").info("first")
    assert words(await waiting) == "first"


async def test_who_reads_too_slowly_is_told_how_much_was_left_out() -> None:
    kept = log.Recent(size=2)
    following = kept.follow(last=1)
    record = logging.LogRecord("x", logging.INFO, "", 0, "n", None, None)
    kept.handle(record)
    await anext(following)
    for _ in range(5):
        kept.handle(record)
    texts = [await anext(following) for _ in range(3)]
    assert texts[0] == "… 3 lines left out …"
    assert [words(text) for text in texts[1:]] == ["n", "n"]


def test_a_follower_whose_loop_is_gone_hinders_nobody() -> None:
    kept = log.Recent()
    record = logging.LogRecord("x", logging.INFO, "", 0, "n", None, None)
    kept.handle(record)

    async def begin() -> None:
        following = kept.follow(last=1)
        await anext(following)
        left.append(following)

    left: list[object] = []
    loop = asyncio.new_event_loop()
    loop.run_until_complete(begin())
    loop.close()
    kept.handle(record)
    assert len(kept.lines(9)) == 2
