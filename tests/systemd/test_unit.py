"""The system unit in a real systemd: start, work, stop, reload, restart, and what it gives away."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from syncd.simulator import Fault

from .box import until
from .machine import ROOT, UNIT, Machine


def renamed_to(machine: Machine, title: str) -> bool:
    return any(job.display_name == title for job in machine.sim.world.jobs())


def freeze(machine: Machine) -> None:
    machine.box.run("kill", f"-{signal.SIGSTOP.value}", str(machine.pid))


# --- start, work, stop ---


def test_it_is_ready_and_brings_the_library_into_step(machine: Machine) -> None:
    machine.start()
    assert machine.show("ActiveState") == "active"
    until(lambda: len(machine.audio()) == 12, "the whole library")
    until(lambda: machine.show("StatusText") == "idle", "rest")
    assert machine.show("NRestarts") == "0"
    path = machine.audio()[0]
    assert path.stat().st_mode & 0o777 == 0o644, "players of other users can read it"


def test_a_rename_reaches_the_account(machine: Machine) -> None:
    machine.start_and_fill()
    path = machine.audio()[0]
    path.rename(path.with_name(f"A new name{path.suffix}"))
    until(lambda: renamed_to(machine, "A new name"), "the new name in the account", 20)


def test_it_stops_within_five_seconds_while_it_fetches(machine: Machine) -> None:
    machine.sim.faults.add(Fault("throttle", origin="media", rate=2000, times=None))
    machine.start()
    until(lambda: machine.sim.requests.select(origin="media"), "a transfer")
    # TimeoutStopSec is when systemd loses its patience: then the result is not success.
    machine.drop_in("stop", "TimeoutStopSec=5")
    machine.box.run("systemctl", "stop", UNIT)
    assert machine.show("Result") == "success"
    assert machine.show("ExecMainStatus") == "0"
    assert machine.show("ActiveState") == "inactive"
    assert machine.audio() == []


def test_status_answers_to_the_user_of_the_unit(machine: Machine) -> None:
    assert machine.status()["running"] is False
    machine.start_and_fill()
    status = machine.status()
    assert status["running"] is True
    assert status["pid"] == machine.pid
    assert status["root"] == ROOT


def test_commands_of_its_user_work_with_the_key_that_the_unit_alone_was_given(
    machine: Machine,
) -> None:
    machine.start_and_fill()
    first, second, *_ = [job.id for job in machine.sim.world.jobs()]
    machine.syncd("rename", str(first), "By command")
    assert renamed_to(machine, "By command")
    machine.syncd("undo", "--yes")
    machine.syncd("evict", str(second))
    machine.syncd("fetch", str(second))
    machine.syncd("plan")
    assert "ok    key" in machine.syncd("doctor", check=False)
    assert machine.sim.key not in machine.box.journal()


# --- restarts ---


def test_a_frozen_daemon_is_killed_and_started_again(machine: Machine) -> None:
    machine.drop_in("watchdog", "WatchdogSec=3")
    machine.start_and_fill()
    frozen = machine.pid
    freeze(machine)
    until(lambda: machine.show("NRestarts") == "1", "the restart")
    until(lambda: machine.show("StatusText") == "idle", "rest")
    assert machine.pid != frozen
    assert "Watchdog timeout" in machine.said()
    assert "Fatal Python error: Aborted" in machine.said(), "and what hung is shown"
    path = machine.audio()[0]
    path.rename(path.with_name(f"After the restart{path.suffix}"))
    until(lambda: renamed_to(machine, "After the restart"), "work as before", 20)


def test_an_idle_daemon_is_not_taken_for_a_frozen_one(machine: Machine) -> None:
    machine.drop_in("watchdog", "WatchdogSec=1")
    machine.start_and_fill()
    pid = machine.pid
    fed: set[str] = set()

    def has_been_fed_often() -> bool:
        fed.add(machine.show("WatchdogTimestampMonotonic"))
        return len(fed) == 4

    until(has_been_fed_often, "three signs of life")
    assert machine.pid == pid
    assert machine.show("NRestarts") == "0"


def test_a_folder_of_another_library_is_not_tried_again(machine: Machine) -> None:
    machine.start_and_fill()
    machine.box.run("systemctl", "stop", UNIT)
    marker = machine.root / ".syncd/library.json"
    document = json.loads(marker.read_text())
    marker.write_text(json.dumps({**document, "library_id": "f" * 32}))
    before = len(machine.sim.requests.select(method="DELETE"))
    machine.start(check=False)
    until(lambda: machine.show("ActiveState") == "failed", "the end")
    # One that is to be started again is "activating" instead, and "auto-restart".
    assert machine.show("SubState") == "failed"
    assert machine.show("ExecMainStatus") == "78"
    assert machine.show("NRestarts") == "0"
    assert len(machine.sim.requests.select(method="DELETE")) == before
    assert len(machine.audio()) == 12


def test_a_bad_configuration_is_not_tried_again(machine: Machine) -> None:
    machine.configure(sync={"pol_interval": "60s"})
    machine.start(check=False)
    assert machine.show("ActiveState") == "failed"
    assert machine.show("ExecMainStatus") == "2"
    assert machine.show("NRestarts") == "0"
    assert "did you mean poll_interval?" in machine.said()


def test_a_daemon_that_is_killed_is_started_again(machine: Machine) -> None:
    machine.start_and_fill()
    before = machine.pid
    machine.box.run("kill", "-9", str(before))
    until(lambda: machine.show("NRestarts") == "1", "the restart")
    until(lambda: machine.show("StatusText") == "idle", "rest")
    assert machine.pid != before


# --- reload ---


def test_a_reload_is_shown_and_takes_effect(machine: Machine) -> None:
    machine.start_and_fill()
    pid = machine.pid
    machine.configure(log={"level": "debug"})
    machine.box.run("systemctl", "log-level", "debug")
    try:
        machine.box.run("systemctl", "reload", UNIT)
        until(lambda: "the configuration was read again" in machine.said(), "the reload")
        assert "RELOADING=1" in machine.said(), "as systemd received it"
    finally:
        machine.box.run("systemctl", "log-level", "info")
    until(lambda: "a cycle begins" in machine.said(), "what only the new level shows")
    assert machine.show("ActiveState") == "active"
    assert machine.pid == pid


def test_a_bad_configuration_changes_nothing_in_a_running_daemon(machine: Machine) -> None:
    machine.start_and_fill()
    pid = machine.pid
    machine.configure(sync={"poll_interval": "never"})
    machine.box.run("systemctl", "reload", UNIT)
    until(lambda: "sync.poll_interval" in machine.said(), "a word on it")
    assert machine.show("ActiveState") == "active"
    assert machine.pid == pid


# --- the sandbox ---


def test_a_disk_that_comes_back_is_seen_from_inside_the_sandbox(machine: Machine) -> None:
    run = machine.box.run
    run("mkdir", "/srv/disk")
    run("mount", "-t", "tmpfs", "box", "/srv/disk")
    run("chown", "syncd:", "/srv/disk")
    run("mount", "--bind", "/srv/disk", ROOT)
    machine.syncd("init", "--yes")
    machine.start_and_fill()
    run("umount", "--lazy", ROOT)  # as when it is pulled out
    until(lambda: machine.show("StatusText").startswith("waits for"), "its wait", 30)
    run("mount", "--bind", "/srv/disk", ROOT)
    until(lambda: machine.show("StatusText") == "idle", "the end of its wait", 30)
    path = machine.audio()[0]
    path.rename(path.with_name(f"After the wait{path.suffix}"))
    until(lambda: renamed_to(machine, "After the wait"), "work as before", 20)
    assert not machine.sim.requests.select(method="DELETE")


def test_a_hook_runs_in_it_and_does_not_speak_for_the_daemon(machine: Machine) -> None:
    hook = "cd /srv/music; env >environment; cat >part; mv part facts"
    machine.configure(hooks={"on_added": ["/bin/sh", "-c", hook]})
    machine.start()
    environment, facts = (machine.box.path(f"/srv/music/{x}") for x in ("environment", "facts"))
    until(facts.exists, "the hook")
    assert "job_id" in facts.read_text()
    assert "SYNCD_EVENT=" in environment.read_text()
    assert "NOTIFY_SOCKET" not in environment.read_text()
    assert machine.sim.key not in environment.read_text() + facts.read_text()


# --- the journal and the key ---


def test_the_journal_has_the_priority_of_each_line_and_no_second_time(machine: Machine) -> None:
    machine.start_and_fill()
    machine.configure(sync={"poll_interval": "never"})
    machine.box.run("systemctl", "reload", UNIT)
    until(lambda: "sync.poll_interval" in machine.said(), "a word on it")
    ours = {text: priority for priority, text in machine.messages() if "started" in text}
    assert f"started root={ROOT}" in [text.replace("'", "") for text in ours]
    assert set(ours.values()) == {6}
    assert 3 in [priority for priority, text in machine.messages() if "poll_interval" in text]


def test_the_key_is_nowhere_but_in_its_credential(machine: Machine) -> None:
    key = machine.sim.key
    machine.configure(log={"level": "debug"})
    machine.start_and_fill()
    machine.sim.world.revoke(key)
    machine.box.run("systemctl", "restart", UNIT)
    until(lambda: machine.show("StatusText").startswith("refused"), "the refusal", 30)
    machine.status()
    credential = machine.box.path(f"/run/credentials/{UNIT}/audiopod_api_key")
    assert credential.read_text().strip() == key, "what is looked for is there to be found"
    assert machine.sim.requests.select(origin="api")[0].has_key
    assert key not in machine.box.journal()
    assert key not in machine.box.run("systemctl", "show", UNIT).stdout
    assert key not in machine.box.run("systemctl", "status", UNIT, check=False).stdout
    processes = [p for p in machine.box.path("/proc").iterdir() if p.name.isdigit()]
    assert str(machine.pid) in {process.name for process in processes}
    shown = b"".join(read(p / name) for p in processes for name in ("environ", "cmdline"))
    assert b"/opt/syncd" in shown
    assert key.encode() not in shown
    for folder in ("/var/lib/syncd", "/run/syncd", "/srv/music", "/var/log"):
        files = [p for p in machine.box.path(folder).rglob("*") if p.is_file()]
        assert not [path for path in files if key.encode() in path.read_bytes()], folder


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # a process that ended meanwhile
        return b""
