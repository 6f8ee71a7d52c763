"""Commands that want the library for themselves have it, and the daemon goes on afterwards."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from mutagen.flac import FLAC

from syncd.simulator import Fault

from .daemons import Daemon, daemon, warnings
from .mirroring import ALBUM, Mirror, delete, patch, title_of
from .ringing import RINGING, ring, ring_only

if TYPE_CHECKING:
    from tests.scenarios.conftest import Completed


FREEZES = "import signal, syncd.actions.tracks as t\nt.rename = lambda *a: signal.pause()\n"
"""Put before ``rename``: it stops once it has the library open."""


@contextmanager
def borrowed(mirror: Mirror, running: Daemon) -> Iterator[None]:
    """``syncd rename`` has the library, and is killed with it at the end."""
    borrower = mirror.bench.start("rename", mirror.jobs["Alpha"], "Omega", before=FREEZES)
    try:
        running.wait_for("lent")
        yield
    finally:
        borrower.send_signal(signal.SIGKILL)
        assert borrower.wait()[0] == -signal.SIGKILL


@pytest.fixture
def running(mirror: Mirror) -> Iterator[Daemon]:
    """The daemon of that library, which warns of nothing and ends in order."""
    with daemon(mirror.bench, before=RINGING) as made:
        mirror.sim.requests.clear()
        yield made
        assert warnings(made.stop()) == []


@pytest.fixture
def lent(mirror: Mirror, running: Daemon) -> Callable[..., Completed]:
    """Run a command that borrows the library and succeeds; the daemon goes on when it has ended."""

    def run(*arguments: str | int, code: int = 0) -> Completed:
        lendings = sum("standing aside" in line for line in running.log())
        result = mirror.bench.run(*arguments)
        assert result.code == code, result.out + result.err
        assert sum("standing aside" in line for line in running.log()) > lendings
        running.wait_for("idle")
        return result

    return run


def assert_goes_on(mirror: Mirror, running: Daemon) -> None:
    """A new job is fetched, and a rename in the folder is sent."""
    echo = mirror.add(f"Echo {len(mirror.jobs)}")
    ring(running, "poll")
    running.wait_until(lambda: any("Echo" in name for name in mirror.files()))
    mirror.rename(f"Echo {len(mirror.jobs) - 1}", "Foxtrot")
    running.wait_until(lambda: mirror.account()[echo] == "Foxtrot")


def test_rename(mirror: Mirror, running: Daemon, lent: Callable[..., Completed]) -> None:
    lent("rename", mirror.jobs["Alpha"], "Omega")
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Omega")]
    assert title_of(mirror.path("Omega")) == "Omega"
    assert_goes_on(mirror, running)


def test_rm_and_its_copy_back_from_the_trash(
    mirror: Mirror, running: Daemon, lent: Callable[..., Completed]
) -> None:
    lent("rm", mirror.jobs["Alpha"], "--yes")
    assert mirror.sent() == [delete(mirror.jobs["Alpha"])]
    assert "Alpha.flac" not in mirror.files()
    assert [entry.job_id for entry in mirror.trash()] == [mirror.jobs["Alpha"]]
    lent("trash", "restore", mirror.jobs["Alpha"])
    assert "Alpha.flac" in mirror.files()
    assert_goes_on(mirror, running)


def test_trash_empty(mirror: Mirror, running: Daemon, lent: Callable[..., Completed]) -> None:
    lent("rm", mirror.jobs["Alpha"], "--yes")
    lent("trash", "empty", "--yes")
    assert mirror.trash() == []
    assert_goes_on(mirror, running)


def test_evict_and_fetch(mirror: Mirror, running: Daemon, lent: Callable[..., Completed]) -> None:
    lent("evict", mirror.jobs["Alpha"])
    ring(running, "sweep")
    assert "Alpha.flac" not in mirror.files()
    assert running.status()["counts"] == {"evicted": 1, "placed": 3}
    lent("fetch", mirror.jobs["Alpha"])
    assert "Alpha.flac" in mirror.files()
    assert mirror.sent() == []
    assert_goes_on(mirror, running)


def test_undo(mirror: Mirror, running: Daemon, lent: Callable[..., Completed]) -> None:
    mirror.rename("Alpha", "Omega")
    running.wait_until(mirror.sent)
    running.wait_for("idle")
    lent("undo", "--yes")
    ring(running, "scan")
    assert "Alpha.flac" in mirror.files()
    assert mirror.sent() == [
        patch(mirror.jobs["Alpha"], "Omega"),
        patch(mirror.jobs["Alpha"], "Alpha"),
    ]
    assert_goes_on(mirror, running)


def test_identify(mirror: Mirror, running: Daemon, lent: Callable[..., Completed]) -> None:
    FLAC(mirror.path("Alpha")).delete()
    running.wait_until(lambda: running.status()["held"])
    lent("identify", f"{ALBUM}/Alpha.flac", mirror.jobs["Alpha"])
    ring(running, "scan")
    assert running.status()["held"] == []
    assert_goes_on(mirror, running)


def test_cover(mirror: Mirror, running: Daemon, lent: Callable[..., Completed]) -> None:
    lent("cover", mirror.jobs["Alpha"], "https://example.org/a.png")
    assert mirror.sent() == [
        ("PATCH", mirror.jobs["Alpha"], {"thumbnail_url": "https://example.org/a.png"})
    ]
    assert_goes_on(mirror, running)


def test_verify(mirror: Mirror, running: Daemon, lent: Callable[..., Completed]) -> None:
    lent("verify")
    assert mirror.sent() == []
    assert_goes_on(mirror, running)


def test_adopt_where_nothing_is_to_be_adopted(
    mirror: Mirror, running: Daemon, lent: Callable[..., Completed]
) -> None:
    assert "nothing to adopt" in lent("adopt", "--yes").out
    assert_goes_on(mirror, running)


def test_rebuild(mirror: Mirror, running: Daemon, lent: Callable[..., Completed]) -> None:
    lent("rebuild", "--yes")
    assert len(list(mirror.bench.state.glob("catalog.sqlite3.2*"))) == 1
    assert mirror.bench.downloads() == []
    assert mirror.sent() == []
    ring(running, "sweep")
    assert running.status()["counts"] == {"placed": 4}
    assert_goes_on(mirror, running)


def test_a_command_takes_the_place_of_downloads_which_go_on_afterwards(
    mirror: Mirror, running: Daemon, lent: Callable[..., Completed]
) -> None:
    mirror.sim.switches.latency = 0.05
    queue = [f"Q{number}" for number in range(40)]
    for name in queue:
        mirror.add(name)
    ring_only(running, "poll")
    running.wait_until(lambda: running.status()["transfers"])
    lent("rename", mirror.jobs["Alpha"], "Omega")
    running.wait_until(lambda: len(mirror.files()) == len(queue) + 4)
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Omega")]
    mirror.bench.assert_nothing_half_placed()


def test_while_it_is_lent_nothing_is_shown_as_being_fetched(
    mirror: Mirror, running: Daemon
) -> None:
    mirror.sim.faults.add(Fault("throttle", origin="media", rate=2000, times=None))
    mirror.add("Echo")
    ring_only(running, "poll")
    running.wait_until(lambda: running.status()["transfers"])
    with borrowed(mirror, running):
        running.wait_until(lambda: not running.status()["transfers"])
        mirror.sim.faults.clear()
    running.wait_until(lambda: "Echo.flac" in mirror.files())


def test_one_that_is_killed_while_it_works_gives_the_library_back(
    mirror: Mirror, running: Daemon
) -> None:
    for _ in range(2):
        with borrowed(mirror, running):
            assert running.status()["awaits"].startswith("syncd rename, which has the library")
        running.wait_for("idle")
    assert_goes_on(mirror, running)


def test_the_log_says_what_had_the_library_and_how_that_ended(
    mirror: Mirror, running: Daemon, lent: Callable[..., Completed]
) -> None:
    lent("rename", mirror.jobs["Alpha"], "Omega")
    lent("rename", 999_999, "Omega", code=1)
    with borrowed(mirror, running):
        pass
    running.wait_for("idle")
    ends = [line for line in running.log() if "the library is given back" in line]
    expected = ("'in order'", "with exit code 1", "as if it was killed")
    for line, how in zip(ends, expected, strict=True):
        assert how in line
        assert "syncd rename" in line


def test_of_two_at_once_the_second_is_told_who_has_it(mirror: Mirror, running: Daemon) -> None:
    with borrowed(mirror, running):
        second = mirror.bench.run("evict", mirror.jobs["Beta"])
        assert second.code == 1
        assert second.complaint == (
            "syncd: the library is lent to syncd rename; wait for it, or stop it"
        )
    running.wait_for("idle")
    assert mirror.bench.run("evict", mirror.jobs["Beta"]).code == 0
    assert_goes_on(mirror, running)


def test_one_right_after_the_other_is_not_told_that_the_first_still_has_it(
    mirror: Mirror, running: Daemon
) -> None:
    for number in range(20):
        with running.contact.borrowed(f"command {number}"):
            pass
    running.wait_for("idle")
    assert_goes_on(mirror, running)


def test_sync_while_the_library_is_lent_waits_for_its_turn(mirror: Mirror, running: Daemon) -> None:
    mirror.add("Echo")
    with borrowed(mirror, running):
        waiting = mirror.bench.start("sync")
        for _ in range(20):
            assert running.state == "lent"
    ended = mirror.bench.finish(waiting)
    assert (ended.code, ended.err) == (0, "")
    assert "Echo.flac" in mirror.files()
