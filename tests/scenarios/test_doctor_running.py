"""``syncd doctor`` on what runs: the daemon, the unit that starts it, lingering."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from syncd import __version__
from syncd.daemon.control import Caller, serve
from syncd.daemon.status import Status, Trouble
from syncd.daemon.unit import unit_path, unit_text
from syncd.doctor import running
from syncd.doctor import unit as units
from syncd.errors import SyncdError

from .examining import Examined, examined

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

NOW = datetime.now(UTC)
TROUBLE = Trouble(message="m", hint=None, first_at=NOW, last_at=NOW, count=1)
IDLE = Status(at=NOW, version=__version__, state="idle")
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="systemd is of Linux")


async def beside_a_daemon(bench: Bench, status: Status | SyncdError) -> Examined:
    """What is found while a daemon runs that answers with ``status``."""

    async def answer(do: str, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        assert do == "status"
        if isinstance(status, SyncdError):
            raise status
        return {"status": status.document()}

    bench.state.mkdir(mode=0o700, exist_ok=True)
    async with serve(bench.state / "control.sock", answer, state_dir=bench.state):
        return await examined(bench)


# --- the daemon ---


async def test_no_daemon_is_said_with_how_to_start_one(bench: Bench) -> None:
    found = await examined(bench)
    assert found.said("daemon") == "warning: none runs"
    assert "syncd service install" in found.fix("daemon")
    assert "syncd run" in found.fix("daemon")


async def test_a_daemon_that_is_well_is_ok(bench: Bench) -> None:
    found = await beside_a_daemon(bench, IDLE)
    assert found.said("daemon").startswith("ok: process ")
    assert found.said("daemon").endswith(", idle")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (
            Status(at=NOW, version="0", state="refused", awaits="another key"),
            "refused; waits for another key",
        ),
        (Status(at=NOW, version="0", state="idle", errors=(TROUBLE,)), "with troubles"),
    ],
    ids=["waits", "has troubles"],
)
async def test_what_a_daemon_waits_for_is_passed_on(
    bench: Bench, status: Status, words: str
) -> None:
    found = await beside_a_daemon(bench, status)
    assert found.said("daemon").startswith("warning: ")
    assert words in found.said("daemon")
    assert "syncd status" in found.fix("daemon")


async def test_a_daemon_of_another_version_is_to_be_started_anew(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "__version__", "99")
    found = await beside_a_daemon(bench, IDLE)
    assert f"it is syncd {__version__}" in found.said("daemon")


async def test_a_daemon_that_gives_an_error_is_a_failure(bench: Bench) -> None:
    found = await beside_a_daemon(bench, SyncdError("it is torn", hint="mend it"))
    assert found.failed == ["daemon"]
    assert (found.said("daemon"), found.fix("daemon")) == ("failure: it is torn", "mend it")


# --- the unit ---


@pytest.fixture
def tools(bench: Bench) -> Callable[..., None]:
    """Stand-ins for systemctl and loginctl, which say what they are told to."""
    folder = bench.folder / "bin"
    folder.mkdir()
    bench.env["PATH"] = f"{folder}:{bench.env['PATH']}"

    def say(name: str, *lines: str, code: int = 0) -> None:
        said = "\n".join(f"echo '{line}'" for line in lines)
        (folder / name).write_text(f"#!/bin/sh\n{said}\nexit {code}\n")
        (folder / name).chmod(0o755)

    say("systemctl", "UnitFileState=enabled", "ActiveState=active")
    say("loginctl", "Linger=yes")
    return say


@pytest.fixture
def install(bench: Bench, tools: Callable[..., None]) -> Callable[[Path], Path]:
    """Install the user unit, which starts a program."""

    def write(program: Path) -> Path:
        unit = unit_path(bench.home)
        unit.parent.mkdir(parents=True)
        unit.write_text(unit_text([str(program), "run"]))
        return unit

    key = bench.folder / "key"
    key.write_text(bench.sim.key)
    key.chmod(0o600)
    bench.configure(api={"key_file": str(key)})
    return write


@pytest.fixture(params=["bin", "100% $mine", 'bin "100%" of $my \\it'])
def program(bench: Bench, request: pytest.FixtureRequest) -> Path:
    """A program, with names that a unit has to quote, too."""
    path = bench.folder / request.param / "syncd"
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@ON_LINUX
async def test_without_a_unit_there_is_nothing_to_mend(
    bench: Bench, tools: Callable[..., None]
) -> None:
    found = await examined(bench)
    assert found.said("unit") == "ok: none is installed"
    assert "lingering" not in found.checks


@ON_LINUX
async def test_a_unit_that_starts_a_program_that_is_there_is_ok(
    bench: Bench, install: Callable[[Path], Path], program: Path
) -> None:
    unit = install(program)
    found = await examined(bench)
    assert found.said("unit") == f"ok: {unit} starts {program}; enabled"
    assert found.said("lingering") == "ok: the daemon outlives your login"
    assert found.fix("daemon") == "systemctl --user start syncd starts it"


@ON_LINUX
async def test_a_unit_as_it_is_shipped_starts_a_program_in_the_home(
    bench: Bench, tools: Callable[..., None]
) -> None:
    unit = unit_path(bench.home)
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\nExecStart=%h/.local/bin/syncd run\n")
    found = await examined(bench)
    assert found.failed == ["unit"]
    assert str(bench.home / ".local/bin/syncd") in found.said("unit")
    assert "syncd service install" in found.fix("unit")


@ON_LINUX
async def test_a_unit_that_starts_nothing_is_a_failure(
    bench: Bench, tools: Callable[..., None]
) -> None:
    unit = unit_path(bench.home)
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\n")
    assert "starts nothing" in (await examined(bench)).said("unit")


@ON_LINUX
@pytest.mark.parametrize(
    ("state", "verdict", "words", "fix"),
    [
        (["UnitFileState=disabled"], "warning", "it is disabled", "systemctl --user enable --now"),
        (
            ["ActiveState=failed", "Result=exit-code", "ExecMainStatus=78"],
            "failure",
            "it failed (exit-code, exit code 78)",
            "journalctl --user -u syncd",
        ),
    ],
    ids=["disabled", "failed"],
)
async def test_what_systemd_says_of_the_unit_is_passed_on(
    bench: Bench,
    install: Callable[[Path], Path],
    program: Path,
    tools: Callable[..., None],
    state: list[str],
    verdict: str,
    words: str,
    fix: str,
) -> None:
    install(program)
    tools("systemctl", *state)
    found = await examined(bench)
    assert found.said("unit").startswith(f"{verdict}: ")
    assert words in found.said("unit")
    assert fix in found.fix("unit")


@ON_LINUX
async def test_a_unit_is_looked_at_without_systemd_too(
    bench: Bench, install: Callable[[Path], Path], program: Path, tools: Callable[..., None]
) -> None:
    unit = install(program)
    tools("systemctl", "Failed to connect to bus", code=1)
    tools("loginctl", code=1)
    found = await examined(bench)
    assert found.said("unit") == f"ok: {unit} starts {program}"
    assert found.said("lingering").startswith("ok: whether ")


@ON_LINUX
async def test_a_key_that_only_this_shell_has_is_not_the_units(
    bench: Bench, install: Callable[[Path], Path], program: Path
) -> None:
    install(program)
    bench.configure()
    found = await examined(bench)
    assert "sees no key" in found.said("unit")
    assert "api.key_file" in found.fix("unit")


@ON_LINUX
async def test_a_daemon_that_ends_with_the_login_is_said(
    bench: Bench, install: Callable[[Path], Path], program: Path, tools: Callable[..., None]
) -> None:
    install(program)
    tools("loginctl", "Linger=no")
    found = await examined(bench)
    assert found.said("lingering").startswith("warning: ")
    assert found.fix("lingering").startswith("loginctl enable-linger")


@ON_LINUX
async def test_a_unit_of_the_system_has_no_lingering(
    bench: Bench,
    tools: Callable[..., None],
    program: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unit = bench.folder / "syncd.service"
    unit.write_text(unit_text([str(program), "run"]))
    monkeypatch.setattr(units, "_SYSTEM_UNITS", (unit,))
    tools("systemctl", "UnitFileState=disabled")
    found = await examined(bench)
    assert found.fix("unit") == "systemctl enable --now syncd"
    assert found.fix("daemon") == "systemctl start syncd, as root, starts it"
    assert "lingering" not in found.checks


@ON_LINUX
async def test_a_unit_that_cannot_be_read_is_said(
    bench: Bench, install: Callable[[Path], Path], program: Path
) -> None:
    unit = install(program)
    unit.unlink()
    unit.mkdir()
    found = await examined(bench)
    assert found.said("unit") == f"failure: {unit} cannot be read: Is a directory"
