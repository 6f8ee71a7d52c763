"""The daemon on a disk without room, and with a state folder that fails it."""

from __future__ import annotations

from .daemons import SWIFT, daemon, warnings
from .mirroring import Mirror, patch

FULL = f"""{SWIFT}
import os
from syncd.local import files
free_bytes, full = files.free_bytes, os.path.expanduser("~/full")
files.free_bytes = lambda root: min(free_bytes(root), 0 if os.path.exists(full) else 1 << 60)
"""
"""Put before ``run``: the disk is full as long as there is a file ``full`` in the home folder."""


def test_without_room_downloads_wait_and_names_do_not(mirror: Mirror) -> None:
    full = mirror.bench.home / "full"
    full.touch()
    mirror.add("Echo")
    with daemon(mirror.bench, before=FULL) as running:
        (trouble,) = running.status()["errors"]
        assert "limits.min_free_space" in trouble["message"]
        assert "downloads wait" in trouble["hint"]
        mirror.sim.requests.clear()
        mirror.rename("Alpha", "Alpha live")
        running.wait_until(mirror.sent)
        assert "Echo.flac" not in mirror.files()
        assert mirror.bench.downloads() == []
        full.unlink()
        running.wait_until(lambda: "Echo.flac" in mirror.files())
        running.wait_until(lambda: running.status()["errors"] == [])
        lines = running.stop()
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Alpha live")]
    assert warnings(lines) == ["downloads wait"]


def test_a_folder_that_goes_away_while_there_is_no_room_is_waited_for(mirror: Mirror) -> None:
    full, aside = mirror.bench.home / "full", mirror.bench.folder / "aside"
    with daemon(mirror.bench, before=FULL) as running:
        full.touch()
        mirror.rename("Alpha", "Alpha live")
        running.wait_until(lambda: running.status()["errors"])
        mirror.bench.root.rename(aside)
        running.wait_for("waiting")
        aside.rename(mirror.bench.root)
        full.unlink()
        mirror.add("Echo")
        assert running.ask("sync")["exit_code"] == 0
    assert "Echo.flac" in mirror.files()
