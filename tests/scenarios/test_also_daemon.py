"""``library.also`` under the daemon: the further trees follow as the first one does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .daemons import daemon
from .mirroring import ALBUM, Mirror
from .ringing import RINGING, ring, ring_only

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]


def test_the_daemon_keeps_every_tree_in_step(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look, "Alpha", "Beta")
    bench.configure(library={"also": ["mp3"]})
    second = bench.folder / "Music mp3"

    def stand(*names: str) -> bool:
        return all((second / ALBUM / name).exists() for name in names)

    with daemon(bench, before=RINGING) as running:
        running.wait_until(lambda: stand("Alpha.mp3", "Beta.mp3"))
        mirror.add("Gamma")
        ring(running, "poll")
        running.wait_until(lambda: stand("Gamma.mp3") and mirror.path("Gamma").exists())
        (second / ALBUM / "Alpha.mp3").rename(second / ALBUM / "Aleph.mp3")
        running.wait_until(lambda: mirror.path("Aleph").exists())
        mirror.rename("Beta", "Bet")
        running.wait_until(lambda: stand("Bet.mp3"))
        running.wait_for("idle")
        ring(running, "poll")
        for _ in range(2):
            mirror.sim.requests.clear()
            ring_only(running, "poll")
            # So few jobs are a page of their own: a poll is two requests.
            running.wait_until(lambda: len(mirror.asked()) >= 2)
            assert mirror.asked() == [("GET", "/jobs")] * 2
        away = second.rename(second.with_name("away"))
        mirror.path("Gamma").unlink()
        running.wait_until(lambda: any("mp3: " in e["message"] for e in running.status()["errors"]))
        result = bench.run("sync")
        assert result.code == 1
        assert f"syncd: mp3: {second} is not there" in result.err
        away.rename(second)
        ring(running, "scan")
        running.wait_until(
            lambda: not any("mp3: " in e["message"] for e in running.status()["errors"])
        )
        assert mirror.sim.requests.mutating() == []
        done = bench.run("sync")
        assert "mp3: in step" in done.out
        assert bench.run("--tree", "mp3", "evict", mirror.jobs["Gamma"]).code == 0
        assert not stand("Gamma.mp3")
        assert bench.run("--tree", "mp3", "status", "--json").document["running"]
        running.wait_for("idle")
        running.stop()
    assert mirror.account() == {
        mirror.jobs["Alpha"]: "Aleph", mirror.jobs["Beta"]: "Bet", mirror.jobs["Gamma"]: "Gamma",
    }  # fmt: skip
