"""The parts of the bench by name, and what each of them is made of."""

from __future__ import annotations

import hashlib
import importlib
from functools import cache
from pathlib import Path
from typing import cast

import syncd

from .part import Part

PARTS = {
    "planner": "planner.cases",
    "histories": "history",
    "crashes": "crashes.cases",
    "faults": "faults.cases",
    "abuse": "abuse.cases",
    "mutation": "mutation.part",
    "soak": "soak.cases",
}
"""Each part, and the module that it is."""

_ALL = ("syncd", "tests/bench", "tests/core")
"""What a part is made of that does not say otherwise (``SOURCES``)."""

_ROOT = Path(syncd.__file__).parent.parent


def part(name: str) -> Part:
    return cast("Part", importlib.import_module(f".{PARTS[name]}", __package__))


def program(name: str) -> str:
    """A digest of the source of the program, and of what plays with it in that part.

    What was played is known for exactly that: a weaker oracle may have passed what another finds.
    """
    return _digest(getattr(part(name), "SOURCES", _ALL))


@cache
def _digest(sources: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for source in sources:
        whole = _ROOT / source
        files = [whole] if whole.is_file() else [*whole.rglob("*.py"), *whole.rglob("*.toml")]
        for path in sorted(files):
            digest.update(path.relative_to(_ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
