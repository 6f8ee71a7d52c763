"""Hooks are real programs here."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from syncd.daemon.events import Event
from syncd.daemon.hooks import Hooks
from syncd.settings import Settings

FACT = {"job_id": 7, "path": "/music/a.mp3", "verb": "download", "reason": "new"}
ADDED = Event("added", (FACT,))
RECORD = """
import json, os, sys
said = {k: v for k, v in os.environ.items() if k.startswith(("SYNCD_", "AUDIOPOD_", "NOTIFY_"))}
with open(sys.argv[1], "a") as file:
    file.write(json.dumps([json.load(sys.stdin), said]) + "\\n")
"""


def settings(**hooks: object) -> Settings:
    return Settings.model_validate({"library": {"root": "/music"}, "hooks": hooks})


def recording(into: Path) -> list[str]:
    return [sys.executable, "-c", RECORD, str(into)]


async def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        await asyncio.sleep(0.01)


async def test_the_program_gets_the_facts_and_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIOPOD_API_KEY", "ap_secret")
    into = tmp_path / "into"
    hooks = Hooks(settings(on_added=recording(into)))
    hooks.tell([ADDED, Event("removed", ({"job_id": 1},))])
    await until(lambda: into.exists() and into.read_text().endswith("\n"))
    await hooks.close()
    ((document, said),) = [json.loads(line) for line in into.read_text().splitlines()]
    assert document == {"event": "added", "count": 1, "tracks": [*ADDED.facts]}
    assert said == {
        "SYNCD_EVENT": "added",
        "SYNCD_COUNT": "1",
        "SYNCD_ROOT": "/music",
        "SYNCD_JOB_ID": "7",
        "SYNCD_PATH": "/music/a.mp3",
        "SYNCD_REASON": "new",
    }


async def test_no_shell_reads_the_arguments(tmp_path: Path) -> None:
    into = tmp_path / "into"
    hooks = Hooks(settings(on_added=[*recording(into), f"; touch {tmp_path}/shell", "$(id)"]))
    hooks.tell([ADDED])
    await until(lambda: into.exists() and into.read_text().endswith("\n"))
    await hooks.close()
    assert not (tmp_path / "shell").exists()


async def test_what_happens_while_one_runs_is_told_to_the_next_together(tmp_path: Path) -> None:
    into, go = tmp_path / "into", tmp_path / "go"
    waits = f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)\n"
    hooks = Hooks(settings(on_added=[sys.executable, "-c", waits + RECORD, str(into)]))
    hooks.tell([ADDED])
    await asyncio.sleep(0.05)
    for _ in range(500):
        hooks.tell([ADDED])
    go.touch()
    await until(lambda: into.exists() and len(into.read_text().splitlines()) == 2)
    await hooks.close()
    counts = [json.loads(line)[0]["count"] for line in into.read_text().splitlines()]
    assert counts == [1, 500]


async def test_one_that_takes_too_long_is_stopped_with_all_that_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    # It has a child, and neither ends when it is asked to.
    stubborn = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = os.fork()\n"
        f"open({str(pids)!r}, 'a').write(f'{{os.getpid()}}\\n')\n"
        "time.sleep(600)\n"
    )
    hooks = Hooks(settings(on_added=[sys.executable, "-c", stubborn], timeout="1s"))
    with capture_logs() as logs:
        hooks.tell([ADDED])
        await until(lambda: logs)
        await until(lambda: not any(map(_runs, pids.read_text().split())))
    await hooks.close()
    assert logs[0]["event"] == "the hook took too long and was stopped"


def _runs(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["/there/is/no/such/program"], "the hook could not be run"),
        ([sys.executable, "-c", "raise SystemExit(4)"], "the hook failed"),
    ],
)
async def test_one_that_fails_is_said_and_stops_nothing(command: list[str], said: str) -> None:
    hooks = Hooks(settings(on_added=command, on_renamed=command))
    with capture_logs() as logs:
        hooks.tell([ADDED, Event("renamed", ({"job_id": 1},))])
        await until(lambda: len(logs) == 2)
    await hooks.close()
    assert {log["event"] for log in logs} == {said}


async def test_one_that_fails_is_told_with_its_last_line() -> None:
    code = "import sys; sys.exit('the player is away\\nand why: ' + 'x' * 9000 + '\\n')"
    hooks = Hooks(settings(on_added=[sys.executable, "-c", code]))
    with capture_logs() as logs:
        hooks.tell([ADDED])
        await until(lambda: logs)
    await hooks.close()
    assert logs[0]["event"] == "the hook failed"
    assert logs[0]["exit_code"] == 1
    assert set(logs[0]["said"]) == {"x"}
    assert len(logs[0]["said"]) == 300


async def test_what_it_left_running_is_not_waited_for(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = (
        "import os, subprocess, sys\n"
        "left = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(pid)!r}, 'w').write(str(left.pid))\n"
        "sys.exit(3)\n"
    )
    hooks = Hooks(settings(on_added=[sys.executable, "-c", code]))
    with capture_logs() as logs:
        hooks.tell([ADDED])
        await until(lambda: logs)
    await hooks.close()
    os.kill(int(pid.read_text()), signal.SIGKILL)
    assert (logs[0]["event"], logs[0]["exit_code"], logs[0]["said"]) == ("the hook failed", 3, None)


async def test_one_that_takes_too_long_is_one_line() -> None:
    code = "import time, sys; print('waiting', file=sys.stderr, flush=True); time.sleep(60)"
    hooks = Hooks(settings(on_added=[sys.executable, "-c", code], timeout="1s"))
    with capture_logs() as logs:
        hooks.tell([ADDED])
        await until(lambda: logs)
        await hooks.finish(20)
    await hooks.close()
    (log,) = logs
    assert (log["event"], log["said"]) == ("the hook took too long and was stopped", "waiting")


async def test_closing_stops_what_runs(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    hooks = Hooks(settings(on_added=[sys.executable, "-c", code]))
    hooks.tell([ADDED])
    await until(lambda: pid.exists() and pid.read_text())
    await hooks.close()
    await until(lambda: not _runs(pid.read_text()))


async def test_a_path_that_is_not_utf_8_reaches_the_environment_as_it_is(tmp_path: Path) -> None:
    into = tmp_path / "into"
    code = "import os, sys; open(sys.argv[1], 'wb').write(os.environb[b'SYNCD_PATH'])"
    hooks = Hooks(settings(on_added=[sys.executable, "-c", code, str(into)]))
    hooks.tell([Event("added", ({"job_id": 1, "path": os.fsdecode(b"/music/\xff.mp3")},))])
    await until(lambda: into.exists() and into.stat().st_size)
    await hooks.close()
    assert into.read_bytes() == b"/music/\xff.mp3"
