"""Logs: every record is redacted, in both styles, whoever wrote it."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from io import StringIO
from typing import Literal

import pytest
import structlog

from syncd import log

KEY = "ap_live_c4nary-0123456789"
ADDRESS = "https://media.audiopod.ai/7.flac?Signature=c4nary&Expires=1"
Style = Literal["text", "json"]


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
    yield Written(capsys)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    for name, before in libraries.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


styles = pytest.mark.parametrize("style", ["text", "json"])


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
    try:
        raise ValueError(f"could not fetch {ADDRESS} as {KEY}")
    except ValueError:
        ours.exception("ours failed")
        theirs.exception("theirs failed")
    text = stream.getvalue()
    assert "c4nary" not in text
    assert text.count("ap_…") >= 9
    assert text.count("https://media.audiopod.ai/7.flac?…") >= 5
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
