"""Programs that the daemon runs, and what it shows on a desktop, when something happened."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncd.simulator import Fault
from syncd.simulator.sound import tone

from .daemons import Daemon, daemon, warnings
from .hooking import HANG, Hooked, told_once
from .mirroring import ALBUM, NO_GRACE, Look, Mirror
from .ringing import RINGING, ring, ring_only

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench


@pytest.fixture
def hooked(bench: Bench, look: Look) -> Hooked:
    """Four songs in step, with hooks."""
    return Hooked(Mirror.of(bench, look))


def test_thirty_new_files_are_one_run(hooked: Hooked) -> None:
    mirror = hooked.mirror
    with daemon(mirror.bench, before=RINGING) as running:
        for number in range(30):
            mirror.add(f"New {number:02}", audio={"flac": tone("flac", 1)})
        ring_only(running, "poll")
        document = told_once(running, hooked, "added")
    assert document["count"] == 30
    paths = {Path(track["path"]) for track in document["tracks"]}
    assert paths == {mirror.bench.root / ALBUM / f"New {number:02}.flac" for number in range(30)}
    assert all(path.exists() for path in paths)
    assert hooked.ran() == {"added"}


def test_renames_of_both_sides_are_told(hooked: Hooked) -> None:
    mirror = hooked.mirror
    with daemon(mirror.bench, before=RINGING) as running:
        mirror.rename("Alpha", "Omega")
        document = told_once(running, hooked, "renamed")
        assert [track["job_id"] for track in document["tracks"]] == [mirror.jobs["Alpha"]]
        mirror.sim.world.rename(mirror.jobs["Beta"], "Beta live")
        ring(running, "poll")
        running.wait_until(lambda: len(hooked.runs("renamed")) == 2)
    _, (document, environ) = hooked.runs("renamed")
    assert environ["SYNCD_JOB_ID"] == str(mirror.jobs["Beta"])
    assert environ["SYNCD_PATH"] == str(mirror.path("Beta live"))
    assert hooked.ran() == {"renamed"}


def test_a_deletion_is_told_when_it_is_pending_and_when_it_is_done(hooked: Hooked) -> None:
    mirror = hooked.mirror
    with daemon(mirror.bench, before=RINGING) as running:
        mirror.path("Alpha").unlink()
        document = told_once(running, hooked, "pending")
        assert [track["path"] for track in document["tracks"]] == [str(mirror.path("Alpha"))]
        assert document["tracks"][0]["until"].endswith("Z")
        assert mirror.bench.run("approve", "--job", mirror.jobs["Alpha"]).code == 0
        document = told_once(running, hooked, "removed")
        assert [track["job_id"] for track in document["tracks"]] == [mirror.jobs["Alpha"]]
    assert hooked.ran() == {"pending", "removed"}


def test_what_is_held_is_told_once_with_its_batch(bench: Bench, look: Look) -> None:
    hooked = Hooked(Mirror.of(bench, look), sync={"rename_budget": 0})
    mirror = hooked.mirror
    with daemon(bench, before=RINGING) as running:
        mirror.rename("Alpha", "Omega")
        document = told_once(running, hooked, "held")
        (batch,) = bench.run("pending", "--json").document["batches"]
        ring(running, "sweep")
    assert [track["batch"] for track in document["tracks"]] == [batch["batch"]]
    assert document["tracks"][0]["verb"] == "rename-remote"
    assert len(hooked.runs("held")) == 1
    assert hooked.ran() == {"held"}


def test_what_goes_wrong_is_told(hooked: Hooked) -> None:
    mirror = hooked.mirror
    with daemon(mirror.bench, before=RINGING) as running:
        mirror.sim.faults.add(Fault("status", origin="media", status=404, times=None))
        mirror.add("Echo")
        ring_only(running, "poll")
        document = told_once(running, hooked, "error")
    (track,) = document["tracks"]
    assert track["job_id"] == mirror.jobs["Echo"]
    assert track["reason"]
    assert hooked.ran() == {"error"}


def test_a_service_that_does_not_answer_is_told_once_while_it_lasts(hooked: Hooked) -> None:
    mirror = hooked.mirror
    with daemon(mirror.bench, before=RINGING) as running:
        mirror.sim.faults.add(Fault("status", status=503, times=None))
        ring_only(running, "poll")
        running.wait_until(lambda: any(one["count"] > 2 for one in running.status()["errors"]))
        mirror.sim.faults.clear()
        running.wait_for("idle")
    assert len(hooked.runs("error")) == 1


def test_a_hook_has_no_key_and_none_of_the_daemons_own_channels(hooked: Hooked) -> None:
    mirror = hooked.mirror
    with daemon(mirror.bench, before=RINGING, CREDENTIALS_DIRECTORY="/nowhere") as running:
        mirror.rename("Alpha", "Omega")
        running.wait_until(lambda: hooked.runs("renamed"))
    ((_, environ),) = hooked.runs("renamed")
    assert environ["HOME"] == str(mirror.bench.home)
    assert mirror.sim.key not in json.dumps(environ)
    assert not {"AUDIOPOD_API_KEY", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET"} & environ.keys()


def test_one_that_hangs_holds_up_neither_the_daemon_nor_its_stop(hooked: Hooked) -> None:
    mirror = hooked.mirror
    hooked.configure(on_renamed=hooked.program(HANG, "renamed"))
    with daemon(mirror.bench, before=RINGING) as running:
        mirror.rename("Alpha", "Omega")
        running.wait_until(hooked.into("renamed").exists)
        mirror.rename("Beta", "Beta live")
        running.wait_until(lambda: len(mirror.sent()) == 2)
        assert mirror.bench.run("sync").code == 0
        began = time.monotonic()
        running.stop()
        assert time.monotonic() - began < 30, "its limit is a minute"


def test_one_that_takes_too_long_is_stopped_and_the_next_is_run(hooked: Hooked) -> None:
    mirror = hooked.mirror
    hooked.configure(on_renamed=hooked.program(HANG, "renamed"), timeout="1s")
    with daemon(mirror.bench, before=RINGING) as running:
        mirror.rename("Alpha", "Omega")
        running.wait_until(lambda: any("took too long" in line for line in running.log()))
        mirror.add("Echo")
        ring_only(running, "poll")
        assert told_once(running, hooked, "added")["count"] == 1
        assert "the hook took too long and was stopped" in warnings(running.stop())


def test_hooks_are_read_again_with_the_configuration(hooked: Hooked) -> None:
    mirror = hooked.mirror
    hooked.configure(on_renamed=[])
    with daemon(mirror.bench, before=RINGING) as running:
        mirror.rename("Alpha", "Omega")
        running.wait_until(mirror.sent)
        running.wait_for("idle")
        assert hooked.ran() == set()
        hooked.configure()
        running.reload()
        running.wait_for("idle")
        mirror.rename("Beta", "Beta live")
        document = told_once(running, hooked, "renamed")
    assert [track["job_id"] for track in document["tracks"]] == [mirror.jobs["Beta"]]


def test_one_that_is_not_there_is_a_warning_and_no_more(hooked: Hooked) -> None:
    mirror = hooked.mirror
    hooked.configure(on_renamed=["/nowhere/at-all"])
    with daemon(mirror.bench, before=RINGING) as running:
        mirror.rename("Alpha", "Omega")
        running.wait_until(lambda: any("could not be run" in line for line in running.log()))
        ring(running, "poll")
        assert warnings(running.stop()) == ["the hook could not be run"]


def test_a_deletion_from_the_account_is_told_as_removed(bench: Bench, look: Look) -> None:
    hooked = Hooked(Mirror.of(bench, look), sync={**NO_GRACE})
    mirror = hooked.mirror
    with daemon(bench, before=RINGING) as running:
        mirror.sim.world.delete(mirror.jobs["Alpha"])
        ring_only(running, "poll")
        document = told_once(running, hooked, "removed")
    assert [track["job_id"] for track in document["tracks"]] == [mirror.jobs["Alpha"]]


# --- on a desktop ---

SHOWING = """
import json, sys, types
class DesktopNotifier:
    def __init__(self, app_name):
        self.app_name = app_name
    async def send(self, title, message):
        with open("shown", "a") as stream:
            stream.write(json.dumps([self.app_name, title, message]) + "\\n")
module = types.ModuleType("desktop_notifier")
module.DesktopNotifier = DesktopNotifier
sys.modules["desktop_notifier"] = module
"""
"""Put before ``run``: a desktop that writes down what it is to show."""

SILENT = """
import logging, sys, types
class DesktopNotifier:
    def __init__(self, app_name):
        pass
    async def send(self, title, message):
        try:
            raise OSError("no bus here")
        except OSError:
            log = logging.getLogger("desktop_notifier.backends.base")
            log.warning("Notification failed", exc_info=True)
module = types.ModuleType("desktop_notifier")
module.DesktopNotifier = DesktopNotifier
sys.modules["desktop_notifier"] = module
"""
"""Put before ``run``: no desktop, which desktop-notifier 6.2 logs instead of raising it."""

WITHOUT = "import sys\nsys.modules['desktop_notifier'] = None\n"
"""Put before ``run``: the extra is not installed."""


@pytest.fixture
def asking(bench: Bench, look: Look) -> Mirror:
    """Four songs in step; every rename is held, and shown on the desktop."""
    return Mirror.of(bench, look, sync={"rename_budget": 0}, notify={"desktop": True})


def hold(mirror: Mirror, running: Daemon, count: int, *names: str) -> None:
    """Rename files, and wait until so much is held."""
    for name in names:
        mirror.rename(name, f"{name} live")
    running.wait_until(lambda: sum(one["count"] for one in running.status()["held"]) == count)
    running.wait_for("idle")


def test_a_hold_is_shown_once_on_the_desktop(asking: Mirror) -> None:
    shown = asking.bench.folder / "shown"
    with daemon(asking.bench, before=RINGING + SHOWING) as running:
        hold(asking, running, 1, "Alpha")
        running.wait_until(shown.exists)
        ring(running, "scan")
        ring(running, "sweep")
        hold(asking, running, 2, "Beta")
        running.wait_until(lambda: len(shown.read_text().splitlines()) == 2)
    says = ["syncd", "syncd: 1 change is held for you", "syncd pending shows what and why"]
    assert [json.loads(line) for line in shown.read_text().splitlines()] == [says, says]


def test_without_the_extra_it_warns_once_and_works_on(asking: Mirror) -> None:
    with daemon(asking.bench, before=RINGING + WITHOUT) as running:
        hold(asking, running, 1, "Alpha")
        hold(asking, running, 2, "Beta")
        assert asking.bench.run("approve", "--job", asking.jobs["Alpha"]).code == 3
        assert warnings(running.stop(signal.SIGTERM)).count("no desktop notifications") == 1


def test_without_a_desktop_it_warns_once_in_a_line_and_works_on(asking: Mirror) -> None:
    with daemon(asking.bench, before=RINGING + SILENT) as running:
        hold(asking, running, 1, "Alpha")
        hold(asking, running, 2, "Beta")
        lines = running.stop()
    assert warnings(lines) == ["no desktop notifications"]
    (said,) = [line for line in lines if line["event"] == "no desktop notifications"]
    assert (said["why"], "exception" in said) == ("no bus here", False)
