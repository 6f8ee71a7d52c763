"""Where nothing happens, the daemon asks little, opens nothing, writes nothing and says nothing."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncd.simulator.sound import tone

from .daemons import Daemon, daemon
from .mirroring import Look, Mirror
from .ringing import RINGING, ring, ring_only

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

MANY = tuple(f"T{number:03}" for number in range(120))

NOTING = """
import json, os, sys
opened = []
def note(event, arguments):
    if event in ("open", "os.listdir", "os.scandir", "sqlite3.connect", "os.rename", "os.mkdir"):
        opened.append(str(arguments[0]))
sys.addaudithook(note)
def tell():
    said, opened[:] = list(opened), []
    with open("opened.json.new", "w") as stream:
        json.dump(said, stream)
    os.rename("opened.json.new", "opened.json")
import asyncio, signal
from syncd.daemon import daemon
def run(self, real=daemon.Daemon.run):
    asyncio.get_running_loop().add_signal_handler(signal.SIGIO, tell)
    return real(self)
daemon.Daemon.run = run
"""
"""Put before ``run``: it notes what it opens, and on SIGIO writes that down and begins anew."""


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Mirror:
    """A library whose list takes more than a page."""
    made = Mirror(bench, bench.sim, look, {})
    for name in MANY:
        made.add(name, audio={"flac": tone("flac", 1)}, lrc_content=None)
    made.sync()
    return made


def poll_quietly(mirror: Mirror, running: Daemon, times: int) -> list[list[str]]:
    """Have it poll so often; what each poll asked for. Nothing else is asked of the daemon."""
    polls = []
    for _ in range(times):
        mirror.sim.requests.clear()
        ring_only(running, "poll")
        running.wait_until(lambda: len(mirror.asked()) >= 3)
        polls.append([path for _, path in mirror.asked()])
    return polls


def opened(mirror: Mirror, running: Daemon) -> list[str]:
    """What was opened since this was asked last, without what belongs to Python."""
    told = mirror.bench.folder / "opened.json"
    told.unlink(missing_ok=True)
    running.running.send_signal(signal.SIGIO)
    running.wait_until(told.exists)
    found: list[str] = json.loads(told.read_text())
    return [path for path in found if Path(path).name != "opened.json.new"]


def test_a_poll_of_a_quiet_account_is_three_requests_and_touches_no_file_but_the_marker(
    mirror: Mirror,
) -> None:
    state, root = mirror.bench.state, mirror.bench.root
    mirror.bench.configure(log={"level": "debug"})
    with daemon(mirror.bench, before=RINGING + NOTING) as running:
        # The folder is looked at once more when the watch stands.
        running.wait_until(lambda: any("the watch began" in line for line in running.log()))
        for _ in range(2):
            ring(running, "poll")  # what is loaded with the first ones is none of the others'
        mirror.sim.requests.clear()
        opened(mirror, running)
        before = mirror.look(state, root)
        assert poll_quietly(mirror, running, 5) == [["/jobs"] * 3] * 5
        # A cycle that begins shows that the one before has ended.
        poll_quietly(mirror, running, 1)
        after = mirror.look(state, root)
        assert {path for path in after | before if after.get(path) != before.get(path)} <= {
            # The memory that SQLite's readers share: it is never flushed.
            str(state / "catalog.sqlite3-shm")
        }
        touched = {path for path in opened(mirror, running) if path.startswith(str(root.parent))}
        assert touched == {str(root / ".syncd" / "library.json")}
    assert mirror.sent() == []


def test_it_sees_in_a_few_polls_what_stands_on_any_page(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        listed = running.status()["last"]["sweep"]
        for name in (MANY[0], MANY[60], MANY[-1]):
            mirror.sim.world.rename(mirror.jobs[name], f"{name} live")
        for _ in range(3):
            ring(running, "poll")
        assert {f"{name} live.flac" for name in (MANY[0], MANY[60], MANY[-1])} <= {*mirror.files()}
        assert running.status()["last"]["sweep"] == listed


def test_ten_polls_without_news_are_no_line_in_the_log(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        before = running.log()
        for _ in range(10):
            ring(running, "poll")
        ring(running, "scan")
        ring(running, "sweep")
        assert running.log() == before


def test_a_sweep_follows_a_count_that_new_jobs_do_not_explain_and_no_other(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        listed = running.status()["last"]["sweep"]
        mirror.add("Echo")
        for _ in range(3):
            ring(running, "poll")
        assert running.status()["last"]["sweep"] == listed
        # One more and one less: the count is what it was, and yet it is not explained.
        mirror.add("Foxtrot")
        mirror.sim.world.delete(mirror.jobs[MANY[3]])
        ring(running, "poll")
        running.wait_until(lambda: running.status()["last"]["sweep"] > listed)
        running.wait_until(lambda: f"{MANY[3]}.flac" not in mirror.files())
        running.wait_for("idle")
        listed = running.status()["last"]["sweep"]
        ring(running, "poll")
        assert running.status()["last"]["sweep"] == listed
    assert {"Echo.flac", "Foxtrot.flac"} <= {*mirror.files()}
