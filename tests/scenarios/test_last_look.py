"""The last look before something goes: at the folder, the account, both clocks and the copy."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from mutagen.flac import FLAC

from syncd.core.operations import DeleteRemote
from syncd.core.policy import Now
from syncd.simulator import Fault

from .mirroring import NO_GRACE, Mirror, delete, stepped
from .starting import AT_ONCE

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]

DAY = 86_400

STEPS_WHILE_WAITING = """
import asyncio, time, time_machine, syncd.rest
syncd.rest.scans_apart = lambda policy: 0
pause = asyncio.sleep
async def stepping(seconds, *rest):
    if seconds == 0:
        time_machine.travel(time.time() + {days} * 86_400).start()
    await pause(0)
syncd.rest.asyncio.sleep = stepping
"""
"""Put before a command: the wall clock is set forward between its two scans."""

AFTER_THE_COPY = """
from pathlib import Path
import shutil, time, time_machine
import syncd.executor.remove as remove
copy, root, folder = remove.recovery_copy, Path({root!r}), Path({folder!r})
async def copied(*arguments, **options):
    kept = await copy(*arguments, **options)
    {then}
    return kept
remove.recovery_copy = copied
"""
"""Put before a command: something happens while the recovery copy is made."""

STEPS_AFTER_THE_DELETE = """
import time, time_machine
from syncd.remote.client import AudioPod
real = AudioPod.delete
async def deleting(self, job_id):
    await real(self, job_id)
    time_machine.travel(time.time() + 31 * 86_400).start()
AudioPod.delete = deleting
"""


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Mirror:
    """Four songs in step; what is deleted is deleted at once."""
    return Mirror.of(bench, look, sync=NO_GRACE)


def after_the_copy(mirror: Mirror, then: str) -> str:
    bench = mirror.bench
    return AFTER_THE_COPY.format(root=str(bench.root), folder=str(bench.folder), then=then)


def assert_kept(mirror: Mirror, name: str = "Alpha") -> None:
    assert mirror.sent() == []
    assert mirror.sim.world.job(mirror.jobs[name]) is not None


# --- the clocks ---


def test_a_clock_that_is_set_between_two_scans_of_a_run_ends_no_grace(
    bench: Bench, look: Look
) -> None:
    mirror = Mirror.of(bench, look)
    mirror.path("Alpha").unlink()
    result = mirror.sync(before=AT_ONCE + STEPS_WHILE_WAITING.format(days=2))
    assert "1 pending deletion" in result.out
    assert mirror.done("Alpha") == []
    assert_kept(mirror)


def test_a_clock_that_is_set_after_the_deletion_does_not_purge_its_copy(mirror: Mirror) -> None:
    mirror.path("Alpha").unlink()
    mirror.sync(before=STEPS_AFTER_THE_DELETE)
    assert mirror.sent() == [delete(mirror.jobs["Alpha"])]
    assert len(mirror.trash()) == 1


def test_a_clock_that_is_set_while_the_copy_is_made_begins_the_grace_anew(
    bench: Bench, look: Look
) -> None:
    mirror = Mirror.of(bench, look)
    mirror.path("Alpha").unlink()
    mirror.sync(before=AT_ONCE)
    mirror.sim.switches.date_skew = DAY + 600
    step = "time_machine.travel(time.time() + 2 * 86_400).start()"
    before = AT_ONCE + stepped(DAY + 600) + after_the_copy(mirror, step)
    result = mirror.sync(before=before)
    assert "1 pending deletion" in result.out
    assert_kept(mirror)


def test_an_approved_deletion_waits_for_no_clock(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look)
    mirror.path("Alpha").unlink()
    mirror.sync(before=AT_ONCE)
    mirror.sim.requests.clear()
    result = bench.run("approve", "--job", mirror.jobs["Alpha"], before=AT_ONCE)
    assert result.code == 0, result.err
    assert mirror.sent() == [delete(mirror.jobs["Alpha"])]


# --- the folder ---


def test_a_file_that_is_put_back_elsewhere_while_the_copy_is_made_keeps_its_job(
    mirror: Mirror,
) -> None:
    shelf = mirror.path("Alpha").rename(mirror.bench.folder / "Alpha.flac")
    back = (
        "(root / 'Back').mkdir(exist_ok=True); shutil.copy2(folder / 'Alpha.flac', root / 'Back')"
    )
    mirror.sync(before=after_the_copy(mirror, back))
    assert_kept(mirror)
    assert shelf.exists()
    assert mirror.bench.placed(mirror.jobs["Alpha"]) == mirror.bench.root / "Back/Alpha.flac"
    assert ("delete-remote", "replan") in mirror.done("Alpha")
    mirror.assert_rests()


def test_a_folder_that_cannot_be_read_before_a_deletion_stops_it(mirror: Mirror) -> None:
    mirror.path("Alpha").unlink()
    unreadable = (
        "import syncd.executor.absence as absence; from dataclasses import replace; "
        "real = absence.scan; absence.scan = lambda *a, **k: "
        "replace(real(*a, **k), unreadable=frozenset({'Private'}))"
    )
    mirror.bench.run("sync", before=after_the_copy(mirror, unreadable))
    assert_kept(mirror)


def test_a_file_that_is_back_after_the_last_look_at_the_folder_keeps_its_job(
    mirror: Mirror,
) -> None:
    path = mirror.path("Alpha")
    data = path.read_bytes()
    path.unlink()
    # The second look at the account follows the last one at the folder.
    mirror.sim.faults.add(
        Fault("run", path="/status$", after=1, call=lambda _world: path.write_bytes(data) and None)
    )
    mirror.sync()
    assert_kept(mirror)
    assert path.read_bytes() == data
    assert mirror.done("Alpha")[0] == ("delete-remote", "replan")


def test_a_marker_that_vanishes_after_the_last_look_at_the_folder_stops_it(mirror: Mirror) -> None:
    marker = mirror.bench.root / ".syncd/library.json"
    mirror.path("Alpha").unlink()
    mirror.sim.faults.add(
        Fault("run", path="/status$", after=1, call=lambda _world: marker.unlink())
    )
    mirror.sync(78)
    assert_kept(mirror)


BACK_ELSEWHERE = """
import syncd.executor.absence as absence
away, real = folder / "away", absence.scan
(folder / "Alpha.flac").rename(folder / "shelf")
def swapped():
    root.rename(away)
    root.mkdir()
def scan(*arguments, **options):
    absence.scan = real
    {before}
    tree = real(*arguments, **options)
    {after}
    return tree
absence.scan = scan
def back():
    root.rmdir()
    away.rename(root)
check = remove.check_kept
def checked(*arguments):
    {then}
    return check(*arguments)
remove.check_kept = checked
"""
"""The track is back in the folder, elsewhere; another folder stands there for a moment."""


@pytest.mark.parametrize(
    ("first", "steps"),
    [
        ("; swapped()", {"before": "pass", "after": "back()", "then": "pass"}),
        ("", {"before": "swapped()", "after": "pass", "then": "back()"}),
    ],
    ids=["from before the look", "until after the look"],
)
def test_a_look_at_another_folder_is_no_look(
    mirror: Mirror, first: str, steps: dict[str, str]
) -> None:
    shelf = mirror.path("Alpha").rename(mirror.bench.folder / "Alpha.flac")
    put_back = f"shutil.copy2(folder / 'shelf', root / 'Back.flac'){first}"
    mirror.sync(78, before=after_the_copy(mirror, put_back) + BACK_ELSEWHERE.format(**steps))
    assert not shelf.exists()
    assert_kept(mirror)


def test_one_look_at_the_folder_serves_several_deletions(mirror: Mirror) -> None:
    for name in ("Alpha", "Beta"):
        mirror.path(name).unlink()
    log = mirror.bench.folder / "looks"
    counting = f"""
import syncd.executor.absence as absence
real = absence.scan
def counted(*arguments, **options):
    open({str(log)!r}, "a").write("x")
    return real(*arguments, **options)
absence.scan = counted
"""
    mirror.add("Epsilon")
    mirror.sync(before=counting)
    assert sorted(mirror.sent()) == sorted(delete(mirror.jobs[n]) for n in ("Alpha", "Beta"))
    assert log.read_text() == "x"


def test_a_look_at_the_folder_serves_no_deletion_that_asks_much_later(mirror: Mirror) -> None:
    for name in ("Alpha", "Beta"):
        mirror.path(name).unlink()
    log = mirror.bench.folder / "looks"
    slowly = f"""
import itertools
import syncd.executor.absence as absence
ticks, real = itertools.count(0, 11), absence.scan
absence.uptime = lambda: float(next(ticks))
def counted(*arguments, **options):
    open({str(log)!r}, "a").write("x")
    return real(*arguments, **options)
absence.scan = counted
"""
    mirror.add("Epsilon")
    mirror.bench.configure(sync=NO_GRACE, limits={"parallel_downloads": 1})
    mirror.sync(before=slowly)
    assert len(mirror.sent()) == 2
    assert log.read_text() == "xx"


def test_a_deletion_that_is_due_does_not_wait_behind_downloads(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look, limits={"parallel_downloads": 1})
    mirror.path("Delta").unlink()
    mirror.sync(before=AT_ONCE)
    for number in range(6):
        mirror.add(f"New {number}", created_at=1_000.0 + number)
    mirror.sim.switches.date_skew = DAY + 600
    mirror.sync(before=AT_ONCE + stepped(DAY + 600))
    assert mirror.sent() == [delete(mirror.jobs["Delta"])]
    (deleted,) = [request.index for request in mirror.sim.requests.mutating()]
    fetched = [r.index for r in bench.requests("media", r"\.flac$")]
    assert [index > deleted for index in fetched] == [False, *[True] * 6]


# --- the copy ---


def test_a_copy_that_was_spoilt_before_the_deletion_keeps_its_job(mirror: Mirror) -> None:
    mirror.path("Alpha").unlink()
    spoil = "(root / '.syncd/trash' / kept.name).write_bytes(b'spoilt')"
    mirror.bench.run("sync", before=after_the_copy(mirror, spoil))
    assert_kept(mirror)
    assert mirror.done("Alpha")[0] == ("delete-remote", "replan")


# --- the count ---


def test_a_deletion_whose_outcome_is_not_known_counts(mirror: Mirror, haste: str) -> None:
    alpha = mirror.jobs["Alpha"]
    mirror.sim.faults.add(Fault("reset", method="DELETE", times=None))
    mirror.sim.faults.add(Fault("reset", path="/status$", after=2, times=None))
    mirror.path("Alpha").unlink()
    mirror.sync(75, before=haste)
    with mirror.bench.catalog() as catalog:
        spent = catalog.baseline(Now(datetime.now().astimezone())).spent
    assert spent == {DeleteRemote.verb: {alpha}}


# --- who answers ---


def test_where_no_other_job_is_known_to_ask_for_nothing_goes_to_the_trash(mirror: Mirror) -> None:
    # What the user changed is kept anyway, so that one file to the trash is below every budget.
    for name in ("Alpha", "Beta", "Gamma"):
        tagged = FLAC(mirror.path(name))
        tagged["comment"] = "mine"
        tagged.save()
    for job_id in mirror.jobs.values():
        mirror.sim.world.delete(job_id)
    assert "the account lists no job any more" in mirror.sync(3).out
    assert mirror.trash() == []
    assert mirror.path("Delta").exists()
    mirror.add("Epsilon")
    # Epsilon would answer; but it was asked, and that is for the user to settle.
    mirror.sync(3)
    assert mirror.trash() == []
    assert mirror.bench.run("approve", 1).code == 0
    assert [entry.job_id for entry in mirror.trash()] == [mirror.jobs["Delta"]]


def test_an_account_that_was_emptied_is_taken_to_the_trash_with_the_users_word(
    mirror: Mirror,
) -> None:
    for job_id in mirror.jobs.values():
        mirror.sim.world.delete(job_id)
    mirror.sync(3)
    assert mirror.trash() == []
    result = mirror.bench.run("approve", 1)
    assert result.code == 0, result.out + result.err
    assert len(mirror.trash()) == 4
    mirror.assert_rests()


# --- the marker ---

FOREIGN_MARKER = """
import json, syncd.cycle
from pathlib import Path
marker, real = Path({marker!r}), syncd.cycle.make_plan
def planned(*arguments):
    table = json.loads(marker.read_text())
    marker.write_text(json.dumps({{**table, "library_id": str(__import__("uuid").uuid4())}}))
    return real(*arguments)
syncd.cycle.make_plan = planned
"""


def test_the_marker_of_another_library_is_not_counted_on(mirror: Mirror) -> None:
    marker = mirror.bench.root / ".syncd/library.json"
    before = json.loads(marker.read_text())
    mirror.add("Epsilon")
    mirror.sync(78, before=FOREIGN_MARKER.format(marker=str(marker)))
    after = json.loads(marker.read_text())
    assert after["library_id"] != before["library_id"]
    assert after["generation"] == before["generation"]
    assert mirror.bench.requests("media") == []
