"""The API key goes to the service's own address, and nowhere else."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncd.simulator import Fault, Simulator

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

CANARY = "ap_canary_7f3e9b1d5a2c4e8f"


@pytest.fixture
def guarded(bench: Bench, sim: Simulator) -> Bench:
    """A library whose key would be noticed anywhere."""
    sim.world.grant(CANARY)
    bench.env["AUDIOPOD_API_KEY"] = CANARY
    bench.configure(log={"level": "debug", "format": "text"})
    return bench


def traces(folder: Path) -> list[str]:
    """The files under ``folder`` that hold the key, or whose name does."""
    return [
        str(path)
        for path in folder.rglob("*")
        if CANARY in str(path) or (path.is_file() and CANARY.encode() in path.read_bytes())
    ]


def test_the_key_is_in_nothing_that_a_run_writes_and_reaches_the_api_alone(
    guarded: Bench, sim: Simulator
) -> None:
    sim.world.add(display_name="Song", cover=True, lrc_content="[00:00.00]la")
    sim.world.add(display_name="Bad")
    sim.switches.media_redirects = 1
    sim.faults.add(
        Fault("expired", origin="media"),
        Fault("corrupt", origin="media", path=r"\.flac", at=4, count=30, times=3),
        Fault("status", origin="api", status=503),
    )
    for arguments in (["sync"], ["sync", "--json"], ["plan"], ["ls"], ["ls", "--json"]):
        result = guarded.run(*arguments)
        assert CANARY not in result.out + result.err
        assert CANARY[:12] not in result.out + result.err
    for job in sim.world.jobs():
        result = guarded.run("show", str(job.id), "--json")
        assert CANARY not in result.out + result.err
    assert traces(guarded.folder) == []
    assert guarded.requests("media")
    assert not any(request.has_key for request in guarded.requests("media"))
    for request in guarded.requests("api"):
        holders = [name for name, value in request.headers if CANARY in value]
        assert holders == ["x-api-key"]
        assert CANARY not in request.path + str(request.query)


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_the_key_is_in_no_complaint_even_where_the_service_repeats_it(
    guarded: Bench, sim: Simulator, haste: str, status: int
) -> None:
    body = f'{{"detail": "the key {CANARY} is not welcome"}}'
    sim.faults.add(
        Fault("status", origin="api", status=status, body=body, retry_after=3600, times=None)
    )
    for arguments in (["sync"], ["sync", "--json"]):
        result = guarded.run(*arguments, before=haste)
        assert result.code in (75, 77)
        assert CANARY not in result.out + result.err
    assert traces(guarded.folder) == []


def test_the_key_does_not_follow_a_redirect_of_the_api(guarded: Bench, sim: Simulator) -> None:
    sim.faults.add(Fault("redirect", origin="api", location=f"{sim.media_url}/api/v1/music/jobs"))
    assert guarded.run("sync").code == 1
    assert not any(request.has_key for request in guarded.requests("media"))


def test_the_key_is_not_in_the_command_line_of_a_running_sync(
    guarded: Bench, sim: Simulator, wait_until: Callable[..., None]
) -> None:
    sim.faults.add(Fault("hang", origin="api", times=None))
    running = guarded.start("sync", cold=True)
    wait_until(lambda: len(sim.requests))
    processes = Path("/proc")
    if processes.is_dir():
        assert CANARY not in (processes / str(running.pid) / "cmdline").read_text()
    running.send_signal(signal.SIGTERM)
    guarded.finish(running)


def test_the_key_in_a_file_is_named_by_its_path_alone(guarded: Bench, sim: Simulator) -> None:
    key_file = guarded.folder / "key"
    key_file.write_text(CANARY)
    guarded.configure(api={"key_file": str(key_file)}, log={"level": "debug"})
    sim.world.add(display_name="Song")
    result = guarded.run("sync", AUDIOPOD_API_KEY=None)
    assert result.code == 0
    assert CANARY not in result.out + result.err
    assert traces(guarded.folder) == [str(key_file)]


def test_what_is_private_can_be_read_by_its_owner_alone(guarded: Bench, sim: Simulator) -> None:
    sim.world.add(display_name="Song")
    assert guarded.run("sync").code == 0
    assert guarded.state.stat().st_mode & 0o077 == 0
    for path in guarded.state.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


def test_notes_in_the_trash_hold_no_signature(guarded: Bench, sim: Simulator) -> None:
    job_id = sim.world.add()
    assert guarded.run("sync").code == 0
    assert guarded.run("rm", str(job_id), "--yes").code == 0
    (note,) = (guarded.root / ".syncd/trash").rglob("*.json")
    assert "http" in note.read_text()
    assert "signature=" not in note.read_text()
    assert "signature=" in (guarded.state / "catalog.sqlite3").read_bytes().decode(errors="replace")


def test_signatures_of_media_addresses_are_not_logged(guarded: Bench, sim: Simulator) -> None:
    sim.world.add(display_name="Song")
    sim.faults.add(Fault("status", origin="media", status=404, times=None))
    result = guarded.run("sync")
    assert "signature=" not in result.out + result.err
