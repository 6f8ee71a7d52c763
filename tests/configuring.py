"""How a library that is kept in step with a simulated service is configured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from syncd.simulator import Simulator


def tables_for(
    sim: Simulator,
    root: str | Path,
    state: str | Path | None = None,
    /,
    **sections: Mapping[str, object],
) -> dict[str, dict[str, object]]:
    """The simulator's address and these folders, no limit that would slow a test, and
    ``sections`` over all of it.
    """
    tables: dict[str, dict[str, object]] = {
        "api": {"base_url": sim.api_url, "requests_per_minute": 0},
        "library": {"root": str(root)},
        **({} if state is None else {"state": {"dir": str(state)}}),
        "limits": {"min_free_space": "1MB"},
    }
    for name, values in sections.items():
        tables[name] = {**tables.get(name, {}), **values}
    return tables


def as_toml(tables: Mapping[str, Mapping[str, object]]) -> str:
    """The same as a configuration file."""
    lines = []
    for name, values in tables.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
    return "\n".join(lines) + "\n"
