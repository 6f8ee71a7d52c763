"""The units: what they hold, and how the user's names its program."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from syncd.daemon import unit
from syncd.errors import ExitCode, SyncdError

PROJECT = Path(__file__).parents[2]
USER = PROJECT / "systemd/user/syncd.service"
SYSTEM = PROJECT / "systemd/system/syncd.service"
SHIPPED = Path(unit.__file__).with_name("syncd.service")

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def analyze(tmp_path: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    command = ["systemd-analyze", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, env=environ)


def program_in(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "syncd"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return program


def start_of(text: str) -> str:
    (line,) = [line for line in text.splitlines() if line.startswith("ExecStart=")]
    return line.removeprefix("ExecStart=")


# --- the files ---


def test_the_user_unit_of_the_repository_is_the_one_that_is_shipped() -> None:
    assert USER.read_text() == SHIPPED.read_text()


@needs_systemd
@pytest.mark.parametrize("path", [USER, SYSTEM], ids=["user", "system"])
def test_systemd_finds_nothing_to_say_about_a_unit(tmp_path: Path, path: Path) -> None:
    program = program_in(tmp_path / "bin")
    text = path.read_text().replace("/opt/syncd/bin/syncd", str(program))
    copy = tmp_path / "syncd.service"
    copy.write_text(text.replace("%h/.local/bin/syncd", str(program)))
    manager = ["--user"] if path is USER else []
    done = analyze(tmp_path, "verify", *manager, copy)
    assert done.stdout + done.stderr == ""


@needs_systemd
def test_the_system_unit_is_shut_in(tmp_path: Path) -> None:
    done = analyze(tmp_path, "security", "--offline=true", "--threshold=15", SYSTEM)
    assert done.returncode == 0, done.stdout.splitlines()[-1]


@pytest.mark.parametrize("path", [USER, SYSTEM], ids=["user", "system"])
def test_what_needs_a_person_is_not_started_again(path: Path) -> None:
    (line,) = [x for x in path.read_text().splitlines() if x.startswith("RestartPreventExit")]
    codes = {int(code) for code in line.split("=")[1].split()}
    assert codes == {ExitCode.USAGE, ExitCode.REFUSED, ExitCode.SAFETY}


# --- what is installed ---


@pytest.mark.parametrize(
    ("command", "start"),
    [
        (["/opt/s/syncd", "run"], "/opt/s/syncd run"),
        (["/home/a b/syncd", "run"], '"/home/a b/syncd" run'),
        (["/x/syncd", "--config", "/é/100%.toml", "run"], '/x/syncd --config "/é/100%%.toml" run'),
        (["/a$b/syncd", "/c$d"], '"/a$b/syncd" "/c$$d"'),
        (['/a"b\\$c/syncd'], '/usr/bin/env "/a\\"b\\\\$$c/syncd"'),
        (["/x/syncd", "", ";", "'"], '/x/syncd "" ";" "\'"'),
    ],
)
def test_a_word_is_written_as_systemd_reads_it(command: Sequence[str], start: str) -> None:
    assert start_of(unit.unit_text(command)) == start


@pytest.mark.parametrize("word", ["/a\nExecStart=/b", "/a\t", "/caf\udce9"])
def test_a_word_that_no_unit_can_hold_is_refused(word: str) -> None:
    with pytest.raises(SyncdError, match="cannot stand in a unit"):
        unit.unit_text(["/x/syncd", word])


@needs_systemd
@pytest.mark.parametrize("name", ["a b%c$d é", "e'f", 'g"h\\i'])
def test_systemd_finds_the_program_wherever_it_lies(tmp_path: Path, name: str) -> None:
    program = program_in(tmp_path / name)
    made = tmp_path / "syncd.service"
    made.write_text(unit.unit_text([str(program), "--config", "/a %i $HOME.toml", "run"]))
    done = analyze(tmp_path, "verify", "--user", made)
    assert done.stdout + done.stderr == ""


def test_only_what_was_written_here_and_left_alone_is_ours() -> None:
    text = unit.unit_text(["/opt/s/syncd", "run"])
    assert unit.is_ours(text)
    assert unit.is_ours(unit.unit_text(["/elsewhere/syncd", "run"]))
    assert not unit.is_ours(USER.read_text())
    assert not unit.is_ours(text + "Nice=0\n")
    assert not unit.is_ours(text.replace("Nice=10", "Nice=0"))
    assert not unit.is_ours("")


def test_the_rest_of_the_unit_is_as_it_is_shipped() -> None:
    shipped = SHIPPED.read_text().replace("%h/.local/bin/syncd run", "/opt/s/syncd run")
    assert unit.unit_text(["/opt/s/syncd", "run"]).split("\n", 1)[1] == shipped
