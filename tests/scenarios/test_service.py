"""``syncd service``: what it writes, and what it has systemd do; the systemd here only takes notes.

A real one starts the daemon in ``tests/systemd``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd is for Linux")

SYSTEMCTL = """#!/bin/sh
folder=$(dirname "$0")
echo "$@" >>"$folder/calls"
shift 2
if [ "$1" = "$(cat "$folder/fails" 2>/dev/null)" ]; then
    echo "Failed to $1: no luck" >&2
    exit 1
fi
case $1 in
enable | restart) echo active >"$folder/active" ;;
disable) rm -f "$folder/active" ;;
show)
    cat "$folder/shown" 2>/dev/null && exit
    [ -e "$folder/active" ] && echo ActiveState=active || echo ActiveState=inactive
    ;;
esac
"""
LOGINCTL = """#!/bin/sh
echo "Linger=$(cat "$(dirname "$0")/linger" 2>/dev/null || echo no)"
"""
RUNNING = """LoadState=loaded
UnitFileState=enabled
ActiveState=active
SubState=running
StatusText=idle, 12 tracks
MainPID=4711
ActiveEnterTimestamp=Sun 2026-11-22 19:10:51 UTC
Result=success
ExecMainStatus=0
NRestarts=2
"""
FAILED = """LoadState=loaded
UnitFileState=enabled
ActiveState=failed
SubState=failed
StatusText=
MainPID=0
ActiveEnterTimestamp=
Result=exit-code
ExecMainStatus=78
NRestarts=0
"""
ABSENT = "LoadState=not-found\nActiveState=inactive\nSubState=dead\nMainPID=0\n"


class Systemd:
    """The folder of a ``systemctl`` that takes notes, first on the ``PATH``."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        folder.mkdir()
        for name, text in (("systemctl", SYSTEMCTL), ("loginctl", LOGINCTL)):
            folder.joinpath(name).write_text(text)
            folder.joinpath(name).chmod(0o755)
        bench.env["PATH"] = f"{folder}:{os.environ['PATH']}"
        self.folder = folder
        self.unit = bench.home / ".config/systemd/user/syncd.service"

    def calls(self) -> list[str]:
        """What it was asked to do since it was last looked at, questions left out."""
        path = self.folder / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        path.write_text("")
        assert all(line.startswith("--user --no-pager ") for line in lines)
        words = [line.removeprefix("--user --no-pager ") for line in lines]
        return [line for line in words if not line.startswith("show")]

    def says(self, shown: str) -> None:
        self.folder.joinpath("shown").write_text(shown)

    def fails_at(self, verb: str) -> None:
        self.folder.joinpath("fails").write_text(verb)


@pytest.fixture
def systemd(bench: Bench, tmp_path: Path) -> Systemd:
    key = bench.folder / "api_key"
    key.write_text(bench.sim.key)
    key.chmod(0o600)
    bench.configure(api={"key_file": str(key)})
    return Systemd(bench, tmp_path / "systemd")


def start_of(unit: Path) -> str:
    (line,) = [line for line in unit.read_text().splitlines() if line.startswith("ExecStart=")]
    return line.removeprefix("ExecStart=")


# --- install ---


def test_install_writes_a_unit_that_starts_this_very_program(
    bench: Bench, systemd: Systemd
) -> None:
    result = bench.run("service", "install", cold=True)
    assert result.code == 0, result.err
    program = Path(sys.executable).with_name("syncd").resolve()
    assert start_of(systemd.unit) == f"{program} --config {bench.config} run"
    assert systemd.calls() == ["daemon-reload", "enable --now syncd.service"]
    assert f"wrote {systemd.unit}" in result.out
    assert "loginctl enable-linger" in result.out


def test_a_program_without_a_command_of_its_own_is_started_as_a_module(
    bench: Bench, systemd: Systemd
) -> None:
    bench.run("service", "install")
    assert start_of(systemd.unit) == f"{sys.executable} -m syncd --config {bench.config} run"


def test_a_configuration_that_is_found_without_being_named_is_not_named(
    bench: Bench, systemd: Systemd
) -> None:
    found = bench.home / ".config/syncd/config.toml"
    found.parent.mkdir(parents=True)
    found.write_text(bench.config.read_text())
    result = bench.run("service", "install", SYNCD_CONFIG=None)
    assert result.code == 0, result.err
    assert start_of(systemd.unit) == f"{sys.executable} -m syncd run"


def test_a_second_install_changes_nothing(bench: Bench, systemd: Systemd) -> None:
    bench.run("service", "install")
    before = systemd.unit.stat().st_mtime_ns, systemd.unit.stat().st_ino
    systemd.calls()
    result = bench.run("service", "install")
    assert result.code == 0, result.err
    assert (systemd.unit.stat().st_mtime_ns, systemd.unit.stat().st_ino) == before
    assert "restart syncd.service" not in systemd.calls()
    assert "wrote" not in result.out


def test_another_configuration_is_another_unit_and_takes_effect_at_once(
    bench: Bench, systemd: Systemd
) -> None:
    bench.run("service", "install")
    other = bench.folder / "an other.toml"
    other.write_text(bench.config.read_text())
    systemd.calls()
    result = bench.run("--config", other, "service", "install")
    assert result.code == 0, result.err
    assert f'--config "{other}" run' in start_of(systemd.unit)
    assert systemd.calls()[-1] == "restart syncd.service"


def test_who_lingers_is_not_told_to(bench: Bench, systemd: Systemd) -> None:
    systemd.folder.joinpath("linger").write_text("yes")
    assert "enable-linger" not in bench.run("service", "install").out


@pytest.mark.parametrize("change", ["foreign", "edited"])
def test_a_unit_that_somebody_wrote_is_replaced_only_when_that_is_wanted(
    bench: Bench, systemd: Systemd, change: str
) -> None:
    bench.run("service", "install")
    ours = systemd.unit.read_text()
    theirs = ours + "Environment=A=B\n" if change == "edited" else "[Service]\nExecStart=/x\n"
    systemd.unit.write_text(theirs)
    systemd.calls()
    result = bench.run("service", "install")
    assert result.code == 2
    assert result.complaint == (
        f"syncd: {systemd.unit} was not written by syncd, or changed since, and there is nobody to "
        "ask; --yes goes on nevertheless"
    )
    assert systemd.unit.read_text() == theirs
    assert "enable --now syncd.service" not in systemd.calls()
    code, shown = bench.on_terminal("service", "install", typed={"Replace it?": "n"})
    assert code == 1
    assert "was not written by syncd, or changed since" in shown
    assert systemd.unit.read_text() == theirs
    assert bench.run("service", "install", "--yes").code == 0
    assert systemd.unit.read_text() == ours


def test_a_key_that_a_service_would_not_see_is_asked_for_first(
    bench: Bench, systemd: Systemd
) -> None:
    bench.configure()
    result = bench.run("service", "install")
    assert result.code == 2
    assert "no API key is given in a way that a service sees" in result.complaint
    assert "api.key_file" in result.complaint
    assert not systemd.unit.exists()


def test_what_was_never_set_up_is_set_up_first(bench: Bench, systemd: Systemd) -> None:
    result = bench.run("service", "install", SYNCD_CONFIG=None)
    assert result.code == 2
    assert "run syncd init" in result.complaint
    assert not systemd.unit.exists()


def test_a_service_that_does_not_start_is_said(bench: Bench, systemd: Systemd) -> None:
    systemd.fails_at("enable")
    result = bench.run("service", "install")
    assert result.code == 1
    assert "systemctl --user enable --now syncd.service: Failed to enable: no luck" in result.err
    assert "journalctl --user -u syncd" in result.complaint


def test_a_unit_that_cannot_be_written_is_said(bench: Bench, systemd: Systemd) -> None:
    systemd.unit.parent.parent.mkdir(parents=True)
    systemd.unit.parent.write_text("no folder")
    result = bench.run("service", "install")
    assert result.code == 1
    assert f"{systemd.unit} cannot be" in result.complaint


# --- uninstall ---


def test_uninstall_stops_the_daemon_and_removes_its_unit(bench: Bench, systemd: Systemd) -> None:
    bench.run("service", "install")
    systemd.calls()
    result = bench.run("service", "uninstall")
    assert result.code == 0, result.err
    assert systemd.calls() == ["disable --now syncd.service", "daemon-reload"]
    assert not systemd.unit.exists()
    assert bench.config.exists()
    again = bench.run("service", "uninstall")
    assert (again.code, again.out) == (0, "no unit is installed: there is nothing to remove\n")
    assert systemd.calls() == []


def test_a_unit_that_somebody_wrote_is_removed_only_when_that_is_wanted(
    bench: Bench, systemd: Systemd
) -> None:
    systemd.unit.parent.mkdir(parents=True)
    systemd.unit.write_text("[Service]\nExecStart=/x\n")
    result = bench.run("service", "uninstall")
    assert result.code == 2
    assert systemd.unit.exists()
    assert bench.run("service", "uninstall", "--yes").code == 0
    assert not systemd.unit.exists()


# --- status ---


def test_status_shows_a_service_that_runs(bench: Bench, systemd: Systemd) -> None:
    bench.run("service", "install")
    systemd.says(RUNNING)
    result = bench.run("service", "status")
    assert result.code == 0
    assert result.out.splitlines() == [
        f"unit     {systemd.unit} (enabled)",
        "state    active (running) since Sun 2026-11-22 19:10:51 UTC",
        "says     idle, 12 tracks",
        "process  4711",
        "restarts 2",
    ]
    document = bench.run("service", "status", "--json").document
    assert document["running"] is True
    assert document["unit"] == str(systemd.unit)
    assert document["status"] == "idle, 12 tracks"
    assert (document["pid"], document["exit_code"], document["restarts"]) == (4711, 0, 2)


def test_status_shows_how_a_service_failed(bench: Bench, systemd: Systemd) -> None:
    bench.run("service", "install")
    systemd.says(FAILED)
    result = bench.run("service", "status")
    assert result.code == 1
    assert "state    failed (failed)" in result.out
    assert "failed   exit-code, exit code 78" in result.out
    assert "journalctl --user -u syncd" in result.out
    document = bench.run("service", "status", "--json").document
    assert (document["running"], document["pid"], document["exit_code"]) == (False, None, 78)
    assert document["status"] is None


def test_status_shows_that_nothing_is_installed(bench: Bench, systemd: Systemd) -> None:
    systemd.says(ABSENT)
    result = bench.run("service", "status")
    assert result.code == 1
    assert "no unit is installed; syncd service install makes one" in result.out
    assert bench.run("service", "status", "--json").document["unit"] is None


# --- without systemd ---


@pytest.mark.parametrize("command", ["install", "status"])
def test_a_machine_without_systemd_is_said(
    bench: Bench, systemd: Systemd, tmp_path: Path, command: str
) -> None:
    result = bench.run("service", command, PATH=str(tmp_path))
    assert result.code == 1
    assert "there is no systemd here" in result.complaint


@pytest.mark.parametrize("command", ["install", "status"])
def test_a_user_without_a_systemd_is_said(bench: Bench, systemd: Systemd, command: str) -> None:
    systemd.fails_at("show-environment")
    result = bench.run("service", command)
    assert result.code == 1
    assert "systemd does not run for this user: Failed to show-environment" in result.complaint
    assert not systemd.unit.exists()
