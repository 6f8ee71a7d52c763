"""What the tests of the guards share: how a command is run, and that nothing was removed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syncd.simulator.sound import tone

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench, Completed

MARCH = 1_772_500_000.0
ALBUM = "AudioPod 2026-03"

ORDINARY_USER = """
import ctypes
header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
assert ctypes.CDLL(None).capset(header, none) == 0
"""
"""Put before a command: where the tests run as root, it may no more than its files allow."""

IMPATIENT = {"sync": {"deletion_grace": "0s"}}
"""Settings with which a deletion that no guard stops is sent at once."""


def add(bench: Bench, count: int, *, first: int = 0, user_id: int | None = None) -> list[int]:
    """So many jobs, oldest first."""
    audio = {"flac": tone("flac", 1)}
    return [
        bench.sim.world.add(
            display_name=f"T{number}", created_at=MARCH + number, audio=audio, user_id=user_id
        )
        for number in range(first, first + count)
    ]


def fill(bench: Bench, count: int, **settings: Any) -> list[int]:
    """A library of so many tracks, in step, that waits out no grace; the request log is empty."""
    bench.configure(**{**IMPATIENT, **settings})
    jobs = add(bench, count)
    assert bench.run("sync").code == 0
    bench.sim.requests.clear()
    return jobs


def restore_older(bench: Bench) -> list[int]:
    """Five tracks, and a folder from a backup that lacks the last two of them."""
    first = fill(bench, 3)
    shutil.copytree(bench.root, bench.folder / "backup")
    later = add(bench, 2, first=3)
    assert bench.run("sync").code == 0
    shutil.rmtree(bench.root)
    (bench.folder / "backup").rename(bench.root)
    bench.sim.requests.clear()
    return [*first, *later]


def trashed(bench: Bench) -> list[str]:
    """The names of what is in the trash."""
    return sorted(path.name for path in (bench.root / ".syncd/trash").rglob("*.flac"))


def deleted(bench: Bench) -> list[int]:
    """The jobs for which a deletion was sent, by id."""
    return sorted(_named(bench, "DELETE"))


def renamed(bench: Bench) -> list[int]:
    """The jobs for which another name was sent, by id."""
    return sorted(_named(bench, "PATCH"))


def _named(bench: Bench, method: str) -> list[int]:
    return [int(Path(record.path).name) for record in bench.sim.requests.select(method=method)]


def assert_nothing_removed(bench: Bench) -> None:
    """Nothing that changes the account was sent so far, and no file went to the trash."""
    assert bench.sim.requests.mutating() == []
    assert trashed(bench) == []


def assert_refused(
    bench: Bench, *words: str, before: str | None = None, key: str | None = None
) -> Completed:
    """A sync (with another key, if one is given) stops for safety, and removes nothing."""
    result = bench.run("sync", before=before, AUDIOPOD_API_KEY=key or bench.sim.key)
    assert result.code == 78, result.out + result.err
    for word in words:
        assert word in result.complaint
    assert_nothing_removed(bench)
    return result


def assert_in_step(bench: Bench) -> None:
    """Another sync finds nothing to do, and nothing was removed before."""
    result = bench.run("sync")
    assert (result.code, result.out) == (0, "in step: nothing to do\n")
    assert_nothing_removed(bench)


def held(bench: Bench) -> dict[str, list[int]]:
    """The jobs that are held in batches, by what is held."""
    found: dict[str, list[int]] = {}
    for batch in bench.run("pending", "--json").document["batches"]:
        found.setdefault(batch["held"], []).extend(track["id"] for track in batch["tracks"])
    return {verb: sorted(jobs) for verb, jobs in found.items()}


def marker(bench: Bench) -> dict[str, Any]:
    """What the marker of the root says."""
    said: dict[str, Any] = json.loads((bench.root / ".syncd/library.json").read_text())
    return said


def mark(bench: Bench, **changes: object) -> None:
    """Change the marker of the root by hand."""
    changed = json.dumps({**marker(bench), **changes})
    (bench.root / ".syncd/library.json").write_text(changed)
