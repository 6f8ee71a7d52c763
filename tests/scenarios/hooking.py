"""Hooks that write down what they are told."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .mirroring import Mirror
from .ringing import ring

if TYPE_CHECKING:
    from .daemons import Daemon

RECORD = """
import json, os, sys
with open(sys.argv[1], "a") as stream:
    stream.write(json.dumps([json.load(sys.stdin), dict(os.environ)]) + "\\n")
"""
HANG = "import signal, sys\nopen(sys.argv[1], 'a').close()\nsignal.pause()\n"


class Hooked:
    """A library whose hooks write down what they are told."""

    def __init__(self, mirror: Mirror, **sections: dict[str, object]) -> None:
        self.mirror = mirror
        self.sections = sections
        self.configure()

    def configure(self, **hooks: object) -> None:
        names = ("added", "removed", "renamed", "pending", "held", "error")
        programs = {f"on_{name}": self.program(RECORD, name) for name in names}
        self.mirror.bench.configure(**self.sections, hooks={**programs, **hooks})

    def program(self, text: str, name: str) -> list[str]:
        return [sys.executable, "-c", text, str(self.into(name))]

    def into(self, name: str) -> Path:
        return self.mirror.bench.folder / f"told-{name}"

    def runs(self, name: str) -> list[tuple[Any, dict[str, str]]]:
        """What each run of a hook was told: its document, and its environment."""
        into = self.into(name)
        lines = into.read_text().splitlines() if into.exists() else []
        return [(document, environ) for document, environ in map(json.loads, lines)]

    def ran(self) -> set[str]:
        """The hooks that were run."""
        return {path.name.removeprefix("told-") for path in self.into("x").parent.glob("told-*")}


def told_once(running: Daemon, hooked: Hooked, name: str) -> Any:
    """The document that the one run of a hook was told."""
    running.wait_until(lambda: hooked.runs(name))
    ring(running, "scan")
    ((document, environ),) = hooked.runs(name)
    assert document["event"] == environ["SYNCD_EVENT"] == name
    assert document["count"] == int(environ["SYNCD_COUNT"]) == len(document["tracks"])
    return document
