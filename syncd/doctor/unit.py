"""The unit of systemd that starts the daemon: where it is, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from syncd.config import CREDENTIAL
from syncd.daemon.unit import NAME, unit_path

_SYSTEM_UNITS = tuple(
    Path(folder, NAME)
    for folder in (
        "/etc/systemd/system",
        "/usr/local/lib/systemd/system",
        "/usr/lib/systemd/system",
    )
)
"""Where a system unit may be: systemd.unit(5)."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit that starts the daemon. ``user``: it is the user's own, not the system's."""

    path: Path
    user: bool
    text: str


def find_unit(environ: Mapping[str, str]) -> Unit | None:
    """The user's unit before the system's. Raises ``OSError`` for one that cannot be read."""
    places = [(path, False) for path in _SYSTEM_UNITS]
    if home := environ.get("HOME"):
        places.insert(0, (unit_path(Path(home)), True))
    for path, user in places:
        try:
            return Unit(path, user, path.read_text(encoding="utf-8", errors="replace"))
        except (FileNotFoundError, NotADirectoryError):
            continue
    return None


def start_hint(environ: Mapping[str, str]) -> str:
    """What to do where no daemon runs: start the unit that is there for it, if one is."""
    try:
        unit = find_unit(environ)
    except OSError:
        unit = None  # the check of the unit says so
    if unit is None:
        return "syncd run starts one, and syncd service install keeps one running"
    if unit.user:
        return "systemctl --user start syncd starts it"
    return "systemctl start syncd, as root, starts it"


def unit_with_credential(environ: Mapping[str, str]) -> Path | None:
    """The unit, where it gives the daemon its key as a credential: systemd.exec(5)."""
    try:
        unit = find_unit(environ)
    except OSError:
        return None  # the check of the unit says so
    if unit is None:
        return None
    lines = (line.partition("=") for line in unit.text.splitlines())
    given = (name.startswith("LoadCredential") and value for name, _, value in lines)
    return unit.path if any(v and v.split(":")[0] == CREDENTIAL for v in given) else None
