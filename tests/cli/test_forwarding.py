"""What a running daemon is asked to do, and how its answer is told."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from syncd.errors import KeyRefused

from .conftest import Said, StandIn

Syncd = Callable[..., Said]


def result(code: int = 0, **fields: object) -> dict[str, Any]:
    """What a daemon says of a run."""
    return {
        "summary": "in step: 2 placed",
        "document": {"exit_code": code, "operations": []},
        "exit_code": code,
        "error": None,
        **fields,
    }


CHOICE: Mapping[str, Any] = {
    "job_id": 5,
    "display_name": "Song",
    "verb": "delete-remote",
    "path": "A/Song.flac",
    "batch": 3,
    "reason": "more than a day may do",
    "evidence": ["two scans missed it"],
    "pending": False,
}


# --- sync ---


def test_sync_tells_what_the_daemon_made_of_it(daemon: StandIn, syncd: Syncd) -> None:
    daemon.answers["sync"] = result()
    assert syncd("sync") == Said(0, "in step: 2 placed\n", "")
    assert daemon.asked == [{"do": "sync"}]


@pytest.mark.parametrize("code", [0, 1, 3, 75, 77, 78])
def test_its_exit_code_is_that_of_the_run(daemon: StandIn, syncd: Syncd, code: int) -> None:
    daemon.answers["sync"] = result(code)
    assert syncd("sync").code == code


def test_a_run_that_was_ended_by_an_error_says_both(daemon: StandIn, syncd: Syncd) -> None:
    error = {"message": "the service does not answer", "hint": "it is tried again later"}
    daemon.answers["sync"] = result(75, error=error)
    said = syncd("sync")
    assert said.err == "syncd: the service does not answer; it is tried again later\n"
    assert said.out == "in step: 2 placed\n"


def test_a_script_gets_the_document(daemon: StandIn, syncd: Syncd) -> None:
    daemon.answers["sync"] = result(3)
    said = syncd("sync", "--json")
    assert said.document == {"exit_code": 3, "operations": []}
    assert said.code == 3


def test_quiet_it_says_only_what_went_wrong(daemon: StandIn, syncd: Syncd) -> None:
    daemon.answers["sync"] = result(75, error={"message": "no answer", "hint": None})
    assert syncd("sync", "--quiet") == Said(75, "", "syncd: no answer\n")


def test_a_daemon_that_cannot_work_says_why(daemon: StandIn, syncd: Syncd) -> None:
    daemon.answers["sync"] = KeyRefused("the service refuses the key", hint="set a new one")
    assert syncd("sync") == Said(77, "", "syncd: the service refuses the key; set a new one\n")
    said = syncd("sync", "--json")
    assert said.document["exit_code"] == 77


def test_no_key_is_needed_where_the_daemon_has_one(
    daemon: StandIn, syncd: Syncd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AUDIOPOD_API_KEY")
    daemon.answers["sync"] = result()
    assert syncd("sync").code == 0


def test_a_terminal_sees_bars_of_what_the_daemon_does(daemon: StandIn, syncd: Syncd) -> None:
    daemon.events["sync"] = [
        {"progress": {"what": "swept", "seen": 3, "total": 9}},
        {"progress": {"what": "planned", "downloads": 2}},
        {"progress": {"what": "started", "job_id": 1, "path": "A/One.flac", "downloading": True}},
        {"progress": {"what": "advanced", "job_id": 1, "size": 10, "total": 20}},
        {"progress": {"what": "advanced", "job_id": 7, "size": 10, "total": 20}},
        {"progress": {"what": "finished", "job_id": 1, "counts": True}},
        {"progress": {"what": "looking_again", "missed": 1, "seconds": 30.0}},
        {"progress": {"what": "something new"}},
        {"other": 1},
    ]
    daemon.answers["sync"] = result()
    said = syncd("sync", terminal=True)
    assert said.code == 0
    assert "downloading" in said.err
    assert "1/2" in said.err
    assert "1 file is missing; looking again in 30 s" in said.err
    assert syncd("sync", "--quiet", terminal=True).err == ""


def test_off_a_terminal_a_line_says_that_it_waits(daemon: StandIn, syncd: Syncd) -> None:
    daemon.events["sync"] = [
        {"progress": {"what": "planned", "downloads": 2}},
        {"progress": {"what": "looking_again", "missed": 12, "seconds": 30.0}},
    ]
    daemon.answers["sync"] = result()
    assert syncd("sync") == Said(
        0, "in step: 2 placed\n", "syncd: 12 files are missing; looking again in 30 s\n"
    )
    assert syncd("sync", "--quiet").err == ""


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"]
)
def test_a_command_that_is_stopped_leaves_the_daemon_at_it(
    daemon: StandIn, syncd: Syncd, number: signal.Signals, code: int
) -> None:
    def stop() -> None:
        assert daemon.heard.wait(30)
        os.kill(os.getpid(), number)

    stopper = threading.Thread(target=stop)
    stopper.start()
    said = syncd("sync")
    stopper.join()
    assert said == Said(
        code, "", "syncd: stopped; the daemon goes on with it; syncd status shows how it is\n"
    )
    assert daemon.left.wait(30)
    daemon.answers["sync"] = result()
    assert syncd("sync").code == 0


def test_a_daemon_that_stops_meanwhile_says_so(daemon: StandIn, syncd: Syncd) -> None:
    def stop() -> None:
        assert daemon.heard.wait(30)
        daemon.stop()

    stopper = threading.Thread(target=stop)
    stopper.start()
    said = syncd("sync")
    stopper.join()
    assert said.code == 1
    assert said.err.startswith("syncd: the daemon stops, and left this undone")


# --- approve and reject ---


def test_approve_names_what_is_released(daemon: StandIn, syncd: Syncd, tmp_path: Path) -> None:
    daemon.answers["approve"] = result(released=[CHOICE])
    assert syncd("approve", "3", "--job", "5") == Said(0, "in step: 2 placed\n", "")
    assert daemon.asked == [{"do": "approve", "batches": [3], "jobs": [5]}]
    assert syncd("approve", "3", "--json").document == {
        "approved": [
            {
                "id": 5,
                "display_name": "Song",
                "path": str(tmp_path / "Music/A/Song.flac"),
                "held": "delete-remote",
                "batch": 3,
                "reason": "more than a day may do",
                "evidence": ["two scans missed it"],
            }
        ],
        "exit_code": 0,
        "operations": [],
    }


def test_reject_says_what_follows(daemon: StandIn, syncd: Syncd) -> None:
    daemon.answers["reject"] = {"rejected": [CHOICE]}
    said = syncd("reject", "--job", "5")
    assert said.code == 0
    assert said.out.startswith("job 5  A/Song.flac: deletion in the account rejected; ")
    assert daemon.asked == [{"do": "reject", "batches": [], "jobs": [5]}]
    (rejected,) = syncd("reject", "3", "--json").document["rejected"]
    assert rejected["id"] == 5
    assert rejected["follows"] in said.out


def test_a_decision_without_a_name_does_not_reach_the_daemon(daemon: StandIn, syncd: Syncd) -> None:
    assert syncd("approve").code == 2
    assert syncd("reject").code == 2
    assert daemon.asked == []


# --- pause, resume, logs ---


def test_pause_and_resume(daemon: StandIn, syncd: Syncd) -> None:
    daemon.answers |= {"pause": {"paused_until": None}, "resume": {}}
    assert syncd("pause") == Said(0, "the daemon rests until syncd resume\n", "")
    daemon.answers["pause"] = {"paused_until": "2026-03-01T14:00:00Z"}
    assert syncd("pause", "--for", "2h").out == "the daemon rests until 2026-03-01 14:00 UTC\n"
    assert syncd("resume") == Said(0, "the daemon goes on\n", "")
    assert daemon.asked == [
        {"do": "pause", "seconds": None},
        {"do": "pause", "seconds": 7200.0},
        {"do": "resume"},
    ]


@pytest.mark.parametrize("duration", ["soon", "2", "0s", "-1h"])
def test_a_pause_takes_a_duration(daemon: StandIn, syncd: Syncd, duration: str) -> None:
    said = syncd("pause", f"--for={duration}")
    assert said.code == 2
    assert said.err.startswith("syncd: --for ")
    assert daemon.asked == []


def test_logs_are_shown_as_they_were_said(daemon: StandIn, syncd: Syncd) -> None:
    daemon.events["logs"] = [{"line": "one"}, {"line": "a\nb"}, {"line": "red \x1b[31m"}]
    daemon.answers["logs"] = {}
    assert syncd("logs", "-n", "7") == Said(0, "one\na\nb\nred �[31m\n", "")
    assert daemon.asked == [{"do": "logs", "lines": 7, "follow": False}]


def test_logs_are_followed_until_ctrl_c(daemon: StandIn, syncd: Syncd) -> None:
    daemon.events["logs"] = [{"line": "one"}]

    def stop() -> None:
        assert daemon.heard.wait(30)
        os.kill(os.getpid(), signal.SIGINT)

    stopper = threading.Thread(target=stop)
    stopper.start()
    said = syncd("logs", "--follow")
    stopper.join()
    assert (said.code, said.err) == (0, "")
    assert daemon.asked == [{"do": "logs", "lines": 100, "follow": True}]
    assert daemon.left.wait(30)


@pytest.mark.parametrize("command", ["pause", "resume", "logs"])
def test_without_a_daemon_they_say_how_to_start_one(syncd: Syncd, command: str) -> None:
    said = syncd(command)
    assert said.code == 1
    assert said.err.startswith("syncd: no daemon runs; syncd run starts one")


def test_where_a_unit_of_the_system_is_there_they_say_how_that_is_started(
    syncd: Syncd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = tmp_path / "syncd.service"
    unit.touch()
    monkeypatch.setattr("syncd.doctor.unit._SYSTEM_UNITS", (unit,))
    assert "no daemon runs; systemctl start syncd, as root, starts it" in syncd("pause").err
    assert "no daemon runs; systemctl start syncd, as root, starts it" in syncd("status").out


# --- borrowing ---

BORROWERS = [
    ("rename", "5", "Name"),
    ("cover", "5", "https://example.org/a.png"),
    ("fetch", "5"),
    ("evict", "5"),
    ("rm", "5", "--yes"),
    ("adopt", "--yes"),
    ("rebuild", "--yes"),
    ("verify",),
    ("trash", "restore", "5"),
]


@pytest.mark.parametrize("arguments", BORROWERS, ids=lambda arguments: arguments[0])
def test_a_command_that_works_on_the_library_borrows_it(
    daemon: StandIn, syncd: Syncd, arguments: tuple[str, ...]
) -> None:
    daemon.events["lend"] = [{"lent": True}]
    said = syncd(*arguments)
    # There is no library here: it gets as far as to look for one.
    assert said.code in (1, 2, 78), said
    assert daemon.asked == [{"do": "lend", "for": f"syncd {arguments[0]}"}]
    assert daemon.left.wait(30)
    assert "stands aside" not in said.err


def test_a_terminal_is_told_that_the_daemon_stands_aside(daemon: StandIn, syncd: Syncd) -> None:
    daemon.events["lend"] = [{"lent": True}]
    assert syncd("evict", "5", terminal=True).err.startswith("the daemon stands aside\n")


def test_a_daemon_that_does_not_lend_says_why(daemon: StandIn, syncd: Syncd) -> None:
    daemon.answers["lend"] = KeyRefused("it is lent to syncd verify", hint="wait for it")
    assert syncd("rename", "5", "Name") == Said(
        77, "", "syncd: it is lent to syncd verify; wait for it\n"
    )


def test_stopped_before_the_library_was_lent_nothing_was_done(
    daemon: StandIn, syncd: Syncd
) -> None:
    def stop() -> None:
        assert daemon.heard.wait(30)
        os.kill(os.getpid(), signal.SIGINT)

    stopper = threading.Thread(target=stop)
    stopper.start()
    said = syncd("rename", "5", "Name")
    stopper.join()
    assert said == Said(130, "", "syncd: stopped; nothing was done\n")
    assert daemon.left.wait(30)


@pytest.mark.parametrize(
    "arguments", [("ls",), ("show", "5"), ("pending",), ("history",), ("trash", "ls")]
)
def test_looking_borrows_nothing(daemon: StandIn, syncd: Syncd, arguments: tuple[str, ...]) -> None:
    syncd(*arguments)
    assert daemon.asked == []
