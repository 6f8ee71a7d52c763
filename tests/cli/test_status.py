"""What ``syncd status`` shows, of a daemon and without one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncd.cli.status_text import ago, groups, rows, span, until
from syncd.daemon import wire
from syncd.daemon.status import Disk, Held, Service, Status, Transfer, Trouble
from syncd.errors import SyncdError

from .conftest import Said, StandIn

Syncd = Callable[..., Said]

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
IDLE = Status(
    at=NOW,
    version="1.2",
    state="idle",
    pid=77,
    since=NOW - timedelta(hours=3),
    last={"poll": NOW - timedelta(seconds=20), "sweep": NOW - timedelta(hours=2)},
    next={"poll": NOW + timedelta(seconds=40), "scan": NOW},
    watching="inotify",
    root="/home/ann/Music",
    jobs=12,
    counts={"placed": 9, "evicted": 2, "gone": 0},
    disk=Disk(free=120_300_000_000, total=500_000_000_000, enough=True),
    service=Service(reachable=True, answered_at=NOW - timedelta(seconds=20), model="healthy"),
)
TRANSFER = Transfer(
    job_id=1, path="A/Song.flac", size=3_100_000, total=10_200_000, speed=1_200_000.0, left=5.9
)
HELD = Held(
    verb="rename-remote",
    count=12,
    reason="more than a day may do",
    since=NOW - timedelta(hours=2),
    batch=3,
    command="syncd approve 3",
    reject="syncd reject 3",
)
TROUBLE = Trouble(
    message="no answer",
    hint="it is tried again",
    first_at=NOW - timedelta(hours=2),
    last_at=NOW - timedelta(minutes=5),
    count=9,
)


def as_sent(status: Status) -> dict[str, Any]:
    """The document of ``status`` as it comes out of the socket."""
    return json.loads(wire.line(status.document()))


def shown(status: Status) -> list[str]:
    """The lines of ``status``, an empty one between groups."""
    found = rows(groups(as_sent(status), start="syncd run starts one"))
    return [f"{name}  {text}".rstrip() for name, text, _ in found]


def line(status: Status, name: str) -> str:
    """The text of the line of that name."""
    (found,) = [text for text in shown(status) if text.startswith(name)]
    return found.removeprefix(name).strip()


# --- text ---


def test_a_daemon_that_rests_is_shown_in_groups() -> None:
    assert shown(IDLE) == [
        "state    idle",
        "since    2026-03-01 09:00 UTC (3 h ago), process 77, syncd 1.2",
        "",
        "folder   /home/ann/Music, watched by inotify",
        "tracks   12 jobs, 2 evicted, 9 placed",
        "",
        "poll     last 20 s ago, next in 40 s",
        "sweep    last 2 h ago",
        "scan     last never, next now",
        "",
        "disk     120.3 GB free of 500.0 GB",
        "service  answered 20 s ago; its model says “healthy”",
    ]


def test_in_the_first_sync_counts_add_up_and_what_is_done_is_done_now() -> None:
    next_ = {"poll": NOW + timedelta(seconds=40)}
    status = replace(IDLE, state="working", last={}, next=next_, to_come=20, counts={"placed": 3})
    assert line(status, "tracks") == "12 jobs, 3 placed, 20 to come"
    assert line(status, "poll") == "now, next in 40 s"
    assert line(status, "sweep") == "now"
    assert line(replace(status, state="idle"), "poll") == "last never, next in 40 s"


def test_transfers_with_speed_and_time_left() -> None:
    unknown = replace(TRANSFER, path="B.mp3", total=None, speed=None, left=None)
    status = replace(IDLE, state="working", transfers=(TRANSFER, unknown))
    lines = shown(status)
    at = lines.index("transfers  Song.flac  3.1 MB of 10.2 MB  1.2 MB/s  6 s left")
    assert lines[at + 1].strip() == "B.mp3  3.1 MB"


def test_what_is_held_comes_with_its_command() -> None:
    one = replace(HELD, verb="download", count=1, reason="why", command="syncd pending", batch=None)
    lines = shown(replace(IDLE, held=(HELD, one)))
    assert (
        "held     12 files were renamed; renaming their jobs is held, 2 h ago: more than a day may "
        "do (syncd pending; syncd approve 3 or reject 3)" in lines
    )
    assert "         1 download is held, 2 h ago: why (syncd pending)" in lines


@pytest.mark.parametrize(
    ("verb", "count", "words"),
    [
        ("delete-remote", 12, "12 files are missing here; deleting their jobs is held"),
        ("delete-remote", 1, "1 file is missing here; deleting its job is held"),
        ("rename-remote", 1, "1 file was renamed; renaming its job is held"),
        (
            "trash-local",
            2,
            "2 jobs are gone from the account; moving their files to the trash is held",
        ),
        ("redownload", 1, "1 job has other audio now; replacing its file is held"),
        ("move-local", 2, "2 moves here are held"),
    ],
)
def test_what_is_held_does_not_read_as_if_it_had_happened(
    verb: str, count: int, words: str
) -> None:
    status = replace(IDLE, held=(replace(HELD, verb=verb, count=count, reject=None),))
    assert line(status, "held").startswith(words)
    assert line(status, "held").endswith("(syncd pending; syncd approve 3)")


@pytest.mark.parametrize(
    ("number", "due", "words"),
    [
        (1, NOW + timedelta(hours=22), "1 deletion, the first due in 22 h (syncd pending)"),
        (2, None, "2 deletions (syncd pending)"),
    ],
)
def test_what_is_pending_and_until_when(number: int, due: datetime | None, words: str) -> None:
    assert line(replace(IDLE, pending=number, pending_until=due), "pending") == words


@pytest.mark.parametrize(
    ("number", "state", "words"),
    [
        (12, "idle", "12 files; looked for again in 25 s (syncd pending)"),
        (1, "idle", "1 file; looked for again in 25 s (syncd pending)"),
        (1, "stopped", "1 file; the next sync looks again, and decides (syncd pending)"),
    ],
)
def test_what_one_scan_missed_and_when_it_is_looked_for_again(
    number: int, state: Any, words: str
) -> None:
    until = NOW + timedelta(seconds=25)
    status = replace(IDLE, state=state, missed=number, missed_until=until)
    assert line(status, "missing") == words


def test_errors_with_age_and_number() -> None:
    once = replace(TROUBLE, message="full", hint=None, count=1)
    lines = shown(replace(IDLE, errors=(TROUBLE, once)))
    assert "errors   no answer; it is tried again (9 times since 2 h ago, last 5 min ago)" in lines
    assert "         full (5 min ago)" in lines


def test_what_it_waits_for_is_said_once() -> None:
    awaits = "the service to answer: no answer (is this machine online?)"
    lines = shown(replace(IDLE, state="offline", awaits=awaits, errors=(TROUBLE, TROUBLE)))
    assert sum("no answer" in one for one in lines) == 1
    assert not [one for one in lines if one.startswith("errors")]


def test_many_of_a_kind_are_counted() -> None:
    lines = shown(replace(IDLE, errors=(TROUBLE,) * 13))
    assert "         and 3 more" in lines


@pytest.mark.parametrize(
    ("change", "name", "words"),
    [
        (
            {"state": "paused", "paused_until": NOW + timedelta(hours=2)},
            "state",
            "paused, goes on in 2 h (2026-03-01 14:00 UTC)",
        ),
        ({"state": "paused"}, "state", "paused until syncd resume"),
        ({"state": "waiting", "awaits": "the folder"}, "waits for", "the folder"),
        ({"state": "stopped"}, "state", "stopped: no daemon runs; syncd run starts one"),
        ({"jobs": 1, "counts": {}}, "tracks", "1 job"),
        (
            {"disk": Disk(free=1_000_000, total=2_000_000, enough=False)},
            "disk",
            "1.0 MB free of 2.0 MB: too little, downloads wait",
        ),
        (
            {"service": Service(reachable=False, answered_at=NOW - timedelta(hours=1))},
            "service",
            "last answer 60 min ago",
        ),
        ({"service": Service(reachable=False)}, "service", "last answer never"),
        ({"service": Service(reachable=True, answered_at=NOW)}, "service", "answered just now"),
    ],
)  # fmt: skip
def test_each_state_has_its_words(change: dict[str, Any], name: str, words: str) -> None:
    assert line(replace(IDLE, **change), name) == words


def test_what_is_not_known_is_not_shown() -> None:
    assert shown(Status(at=NOW, version="1", state="stopped")) == [
        "state  stopped: no daemon runs; syncd run starts one"
    ]


def test_a_name_does_not_command_the_terminal() -> None:
    transfer = replace(TRANSFER, path="A/\x1b[2J\n.flac")
    assert all("\x1b" not in text for text in shown(replace(IDLE, transfers=(transfer,))))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 s"), (89, "89 s"), (91, "2 min"), (3600, "60 min"), (5400, "2 h"), (86_400, "24 h"),
        (172_800, "2 days"), (40 * 86_400, "40 days"),
    ],
)  # fmt: skip
def test_a_time_is_told_in_its_largest_unit(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_a_moment_is_told_from_now() -> None:
    then = wire.plain(NOW)
    assert isinstance(then, str)
    assert ago(then, NOW + timedelta(seconds=30)) == "30 s ago"
    assert ago(then, NOW - timedelta(seconds=30)) == "just now"
    assert until(then, NOW - timedelta(seconds=30)) == "in 30 s"
    assert until(then, NOW + timedelta(seconds=30)) == "now"


# --- the command ---


def test_status_comes_from_the_daemon(daemon: StandIn, syncd: Syncd) -> None:
    daemon.answers["status"] = {"status": IDLE.document()}
    said = syncd("status")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == shown(IDLE)
    assert syncd("status", "--json").document == as_sent(IDLE)
    assert daemon.asked == [{"do": "status"}] * 2


def test_asking_the_daemon_loads_nothing_heavy(daemon: StandIn) -> None:
    daemon.answers["status"] = {"status": IDLE.document()}
    program = (
        "import sys\n"
        "sys.argv = ['syncd', 'status']\n"
        "from syncd.cli.app import run\n"
        "try:\n"
        "    run()\n"
        "except SystemExit as end:\n"
        "    assert not end.code\n"
        "print(*{'sqlalchemy', 'httpx', 'mutagen', 'structlog', 'apscheduler'} & {*sys.modules})\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stdout.splitlines() == [*shown(IDLE), ""], result.stderr


def test_status_exits_with_0_whatever_it_tells(daemon: StandIn, syncd: Syncd) -> None:
    daemon.answers["status"] = {"status": replace(IDLE, state="refused", held=(HELD,)).document()}
    assert syncd("status").code == 0


def test_without_a_daemon_it_says_so_and_how_to_start_one(syncd: Syncd, tmp_path: Path) -> None:
    said = syncd("status")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0].startswith("state   stopped: no daemon runs; syncd run starts one")
    assert f"folder  {tmp_path / 'Music'}" in lines
    document = syncd("status", "--json").document
    assert document["running"] is False
    assert document["state"] == "stopped"


def test_a_daemon_that_cannot_tell_is_an_error(daemon: StandIn, syncd: Syncd) -> None:
    daemon.answers["status"] = SyncdError("it cannot be told", hint="why not")
    assert syncd("status") == Said(1, "", "syncd: it cannot be told; why not\n")


def test_in_a_pipe_there_is_no_colour_and_no_wrapping(
    daemon: StandIn, syncd: Syncd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    daemon.answers["status"] = {"status": replace(IDLE, errors=(TROUBLE,)).document()}
    assert syncd("status").out.splitlines() == shown(replace(IDLE, errors=(TROUBLE,)))


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_a_terminal_sees_colour_unless_it_does_not_want_it(
    daemon: StandIn,
    syncd: Syncd,
    monkeypatch: pytest.MonkeyPatch,
    *,
    no_color: str,
    coloured: bool,
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    daemon.answers["status"] = {"status": IDLE.document()}
    out = syncd("status").out
    assert ("\x1b[32midle" in out) is coloured
    assert "idle" in out


# --- watching ---


@pytest.fixture
def stop_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Has Ctrl-C come after so many frames, and no time pass between two."""

    def after(frames: int) -> None:
        left = iter(range(frames - 1))

        def sleep(seconds: float) -> None:
            if next(left, None) is None:
                raise KeyboardInterrupt

        monkeypatch.setattr("syncd.cli.status.time.sleep", sleep)

    return after


def test_watching_prints_block_after_block_until_ctrl_c(
    daemon: StandIn, syncd: Syncd, stop_after: Callable[[int], None]
) -> None:
    daemon.answers["status"] = {"status": IDLE.document()}
    stop_after(3)
    said = syncd("status", "--watch")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [*shown(IDLE), ""] * 3


def test_watching_for_a_script_prints_a_document_a_line(
    daemon: StandIn, syncd: Syncd, stop_after: Callable[[int], None]
) -> None:
    daemon.answers["status"] = {"status": IDLE.document()}
    stop_after(2)
    said = syncd("status", "--watch", "--json")
    assert [json.loads(text) for text in said.out.splitlines()] == [as_sent(IDLE)] * 2


def test_watching_goes_on_where_one_look_fails(
    daemon: StandIn, syncd: Syncd, stop_after: Callable[[int], None]
) -> None:
    daemon.answers["status"] = SyncdError("it cannot be told", hint="why not")
    stop_after(2)
    said = syncd("status", "--watch")
    assert said.code == 0
    assert said.out.splitlines() == ["syncd: it cannot be told (why not)", ""] * 2


def test_on_a_terminal_the_frame_is_drawn_anew(
    daemon: StandIn,
    syncd: Syncd,
    stop_after: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    daemon.answers["status"] = {"status": IDLE.document()}
    stop_after(2)
    said = syncd("status", "--watch")
    assert said.code == 0
    assert said.out.count("120.3 GB free") >= 2
    assert "\x1b[1A" in said.out, "it goes up to where the frame before began"
    assert said.out.rstrip().endswith("\x1b[?25h"), "the cursor is shown again"


@pytest.mark.parametrize(
    ("arguments", "number", "code"),
    [
        (("status", "--watch"), signal.SIGTERM, 143),
        (("status",), signal.SIGTERM, 143),
        (("status",), signal.SIGINT, 130),
    ],
)
def test_a_signal_ends_it_in_order(
    daemon: StandIn, syncd: Syncd, arguments: tuple[str, ...], number: signal.Signals, code: int
) -> None:
    def stop() -> None:
        assert daemon.heard.wait(30)
        os.kill(os.getpid(), number)

    stopper = threading.Thread(target=stop)
    stopper.start()
    assert syncd(*arguments) == Said(code, "", "")
    stopper.join()
