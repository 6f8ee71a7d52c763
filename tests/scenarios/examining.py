"""What the tests of the doctor are written with: its findings, by name."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syncd.doctor.examination import examine

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

OF_THE_SERVICE = ["api", "model", "clock"]
OF_THE_FOLDER = ["root", "marker", "writable", "file system", "permissions", "patterns", "watching"]
OF_THE_CATALOG = [
    "catalog", "integrity", "binding", "account", "sweep", "waiting", "backup",
]  # fmt: skip
NAMES = [
    "version", "python", "libraries", "config", "key", *OF_THE_SERVICE, *OF_THE_FOLDER, "disk",
    "state disk", "state", *OF_THE_CATALOG, "daemon", "unit",
]  # fmt: skip
"""Every check, in its order; ``lingering`` follows where a user unit is installed."""


class Examined:
    """What the doctor found."""

    def __init__(self, checks: Iterable[Mapping[str, Any]]) -> None:
        listed = list(checks)
        self.checks = {check["name"]: check for check in listed}
        self.failed = [name for name, c in self.checks.items() if c["verdict"] == "failure"]
        assert len(self.checks) == len(listed)

    def said(self, name: str) -> str:
        """Verdict and message."""
        return f"{self.checks[name]['verdict']}: {self.checks[name]['message']}"

    def fix(self, name: str) -> str:
        found = self.checks[name]["fix"]
        assert found is not None
        return str(found)

    @property
    def unseen(self) -> list[str]:
        """What was not looked at."""
        found = self.checks.items()
        return [name for name, check in found if check["verdict"] == "skip"]


async def examined(bench: Bench, **changes: str | None) -> Examined:
    """What ``syncd doctor`` finds, looked at in this very process."""
    environ = {**bench.env, **changes}
    given = {name: value for name, value in environ.items() if value is not None}
    return Examined([asdict(check) async for check in examine(bench.config, given)])


def commanded(bench: Bench, *options: str | Path, **changes: Any) -> Examined:
    """What ``syncd doctor --json`` says it found."""
    result = bench.run(*options, "doctor", "--json", **changes)
    document = result.document
    found = Examined(document["checks"])
    assert result.err == ""
    assert document["exit_code"] == result.code == (1 if found.failed else 0)
    return found


def copy_of(synced: Bench, folder: Path) -> Bench:
    """The demo account's library, to be spoilt at will; the log of requests is empty."""
    made = synced.beside(folder, synced.sim)
    for kept, own in ((synced.root, made.root), (synced.state, made.state)):
        shutil.copytree(kept, own, dirs_exist_ok=True)
    synced.sim.requests.clear()
    return made
