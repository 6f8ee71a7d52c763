"""The configuration and the command line: what is wrong with them is said in one line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from syncd import __version__

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench


# --- the configuration ---


@pytest.mark.parametrize(
    ("section", "key", "value", "words"),
    [
        ("library", "rot", "/music", ("library.rot", "unknown key", "did you mean root?")),
        ("libary", "root", "/music", ("libary", "unknown key", "did you mean library?")),
        ("library", "root", "music", ("library.root", "absolute path")),
        ("library", "formats", ["flac", "aac"], ("library.formats", "'flac', 'mp3', 'ogg'")),
        ("library", "formats", [], ("library.formats",)),
        ("library", "template", "../{title}.{ext}", ("library.template",)),
        ("library", "template", "{titel}.{ext}", ("library.template", "titel")),
        ("library", "template", "{title", ("library.template",)),
        ("library", "album", "{title}", ("library.album",)),
        ("api", "base_url", "api.audiopod.ai", ("api.base_url", "an origin such as")),
        ("api", "timeout", 30, ("api.timeout", "a duration such as")),
        ("limits", "parallel_downloads", 0, ("limits.parallel_downloads",)),
        ("limits", "max_file_size", "lots", ("limits.max_file_size", "a size such as")),
        ("log", "level", "loud", ("log.level", "'debug'")),
    ],
)
def test_a_bad_setting_is_one_line_with_file_and_key(
    bench: Bench, section: str, key: str, value: object, words: tuple[str, ...]
) -> None:
    bench.configure(**{section: {key: value}})
    result = bench.run("ls")
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert str(bench.config) in result.complaint
    assert all(word in result.complaint for word in words)


@pytest.mark.parametrize("content", [b"[api", b"\xff\xfe", b"[api]\nbase_url = 1\nbase_url = 2"])
def test_a_file_that_is_no_toml_is_one_line(bench: Bench, content: bytes) -> None:
    bench.config.write_bytes(content)
    result = bench.run("sync")
    assert result.code == 2
    assert str(bench.config) in result.complaint


def test_a_named_file_that_is_not_there_is_said(bench: Bench) -> None:
    result = bench.run("--config", bench.folder / "nowhere.toml", "sync")
    assert result.code == 2
    assert "nowhere.toml" in result.complaint


def test_the_key_is_not_sent_over_plain_http_to_another_machine(bench: Bench) -> None:
    bench.root.rename(bench.folder / "old")
    bench.configure(api={"base_url": "http://192.0.2.1"})
    bench.run("init", "--yes")
    result = bench.run("sync")
    assert result.code == 2
    assert "plain http" in result.complaint


# --- the command line ---


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["dance"], "dance"),
        (["sync", "--fast"], "--fast"),
        (["ls", "--sort-by", "mood"], "--sort-by"),
        (["ls", "--limit", "-1"], "--limit"),
        (["show"], "ID"),
        (["show", "first"], "Invalid value for 'ID'"),
    ],
)
def test_a_bad_command_line_is_a_usage_error(bench: Bench, arguments: list[str], word: str) -> None:
    result = bench.run(*arguments)
    assert result.code == 2
    assert word in result.err


@pytest.mark.parametrize(
    "arguments",
    [["dance"], ["sync", "--fast"], ["show"], ["show", "first"], ["approve", "0"], ["trash", "lz"]],
    ids=" ".join,
)
def test_a_script_gets_its_document_for_a_bad_command_line_too(
    bench: Bench, arguments: list[str]
) -> None:
    result = bench.run(*arguments, "--json", cold=True)
    assert result.code == 2
    assert result.document["exit_code"] == 2
    assert result.document["error"] in result.err
    assert result.document["hint"]


def test_what_was_never_set_up_is_set_up_first(bench: Bench) -> None:
    bench.root.joinpath(".syncd", "library.json").unlink()
    nothing = {"SYNCD_CONFIG": None, "AUDIOPOD_API_KEY": None}
    for command in (("sync",), ("plan",), ("fetch", "1")):
        result = bench.run(*command, **nothing)
        assert result.code == 2
        assert "is not a syncd library yet; run syncd init" in result.complaint
    result = bench.run("sync", AUDIOPOD_API_KEY=None)
    assert "no API key is given" in result.complaint


COMMANDS = ("demo", "init", "sync", "plan", "ls", "show", "simulate")


def test_help_is_there_for_every_command_and_lists_the_exit_codes(bench: Bench) -> None:
    top = bench.run("--help", cold=True)
    assert top.code == 0
    assert all(command in top.out for command in COMMANDS)
    for words in ("0 in step", "1 failed", "2 usage", "3 ", "75 ", "77 ", "78 ", "130 or 143"):
        assert words in top.out
    for command in COMMANDS:
        result = bench.run(command, "--help")
        assert result.code == 0
        assert f"Usage: syncd {command}" in result.out


def test_help_fits_a_narrow_terminal_and_calls_things_by_their_names(bench: Bench) -> None:
    for group in ((), ("trash",), ("remote",)):
        top = bench.run(*group, "--help", COLUMNS="80", cold=True).out
        assert max(len(line) for line in top.splitlines()) <= 80
        assert "..." not in top.partition("Commands:")[2]
        for line in top.partition("Commands:")[2].strip().splitlines():
            shown = bench.run(*group, line.split()[0], "--help", COLUMNS="80").out
            assert not re.search(r"<(int|float|list|str)|\d{19}", shown), shown
    assert re.search(r"^  ID +The job's id", bench.run("show", "--help").out, re.MULTILINE)
    assert re.search(r"^  PATH +A file", bench.run("identify", "--help").out, re.MULTILINE)


def test_the_version_is_said(bench: Bench) -> None:
    assert bench.run("--version", cold=True).out == f"syncd {__version__}\n"
