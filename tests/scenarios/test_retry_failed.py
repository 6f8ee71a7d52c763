"""``sync.retry_failed``: what commands and the daemon say of it, and what outlives a catalog."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from syncd.simulator import Simulator

from .daemons import daemon
from .hooking import Hooked, told_once
from .mirroring import Mirror
from .ringing import RINGING, ring

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench, Look

ONCE = {"retry_failed": 1}


def sent(sim: Simulator) -> list[str]:
    return [record.path.rpartition("/music")[2] for record in sim.requests.mutating()]


def test_it_is_told_in_words_and_remembered_beside_the_marker(bench: Bench, sim: Simulator) -> None:
    bench.configure(sync=ONCE)
    sim.world.add(display_name="Fine")
    assert bench.run("sync").code == 0
    job_id = sim.world.add(display_name="Broken", status="FAILED")
    planned = bench.run("plan")
    assert f"retry in the account job {job_id}  (the job failed, and is made again" in planned.out
    assert sent(sim) == []
    synced = bench.run("sync", "--json").document
    (op,) = [op for op in synced["operations"] if op["id"] == job_id]
    assert (op["operation"], op["result"], op["path"]) == ("retry-remote", "done", None)
    assert sent(sim) == [f"/jobs/{job_id}/retry"]
    sim.world.fail(job_id)
    result = bench.run("sync")
    assert result.code == 1
    assert f"failed: job {job_id}: retried once, and failed again" in result.out
    (entry,) = bench.run("ls", "--status", "FAILED", "--json").document
    assert (entry["reason"], entry["retried"]) == ("retried once, and failed again", 1)
    assert "1 job, 1 of them retried (syncd ls --status FAILED)" in bench.run("status").out
    shutil.rmtree(bench.state)
    assert "retried once, and failed again" in bench.run("rebuild").out
    assert bench.run("sync").code == 0
    assert sent(sim) == [f"/jobs/{job_id}/retry"], "it was tried often enough"


def test_the_daemon_follows_it_and_says_when_it_was_in_vain(
    bench: Bench, look: Look, sim: Simulator
) -> None:
    hooked = Hooked(Mirror.of(bench, look), sync=ONCE)
    with daemon(bench, before=RINGING) as running:
        good, bad = (sim.world.add(display_name=name, status="FAILED") for name in ("Yes", "No"))
        ring(running, "poll")
        running.wait_until(lambda: len(sent(sim)) == 2)
        sim.world.update(good, queue_seconds=0.0, run_seconds=0.0)
        sim.world.fail(bad)
        ring(running, "poll")
        running.wait_until(lambda: hooked.mirror.bench.placed(good))
        told = told_once(running, hooked, "error")
        (fact,) = told["tracks"]
        assert fact["job_id"] == bad
        assert fact["reason"].endswith("retried once, and failed again")
