"""What the daemon serves beside the library, where that is set: hooks, notifications, figures."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from syncd.core.words import printable
from syncd.daemon.contact import Contact
from syncd.daemon.metrics import host_and_port, listener_at
from syncd.doctor.check import Check, failure, of_error, ok, warning
from syncd.errors import ConfigError, SyncdError
from syncd.settings import Settings

_EXTRA = "pipx install --force 'audiopod-syncd[desktop]'"
_PATIENCE = 2.0
"""Seconds in which somebody answers at a port of this machine."""


def look(settings: Settings, environ: Mapping[str, str]) -> Iterator[Check]:
    if any(_hooks(settings).values()):
        yield _programs(_hooks(settings), environ)
    if settings.notify.desktop:
        yield _desktop()
    if settings.metrics.listen:
        yield _port(settings)


def _hooks(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """The commands by the names of their settings."""
    found = settings.hooks.model_dump()
    return {name: command for name, command in found.items() if name.startswith("on_")}


def _programs(hooks: Mapping[str, tuple[str, ...]], environ: Mapping[str, str]) -> Check:
    """Looked for in this PATH, which may not be that of a unit."""
    missing = [
        f"hooks.{name} starts {command[0]}, {why}"
        for name, command in hooks.items()
        if command and (why := _why_not(command[0], environ))
    ]
    if missing:
        return failure("hooks", printable("; ".join(missing)), "correct it, or take it out")
    return ok("hooks", ", ".join(name for name, command in hooks.items() if command))


def _why_not(program: str, environ: Mapping[str, str]) -> str | None:
    if not program.startswith("/"):
        found = shutil.which(program, path=environ.get("PATH", os.defpath))
        return None if found else "which is not in PATH"
    path = Path(program)
    if not path.is_file():
        return "which is not there"
    return None if os.access(path, os.X_OK) else "which is not executable"


def _desktop() -> Check:
    if find_spec("desktop_notifier") is None:
        said = "notify.desktop is set, and what shows notifications is not installed"
        return warning("desktop", said, _EXTRA)
    return ok("desktop", "what shows notifications is installed")


def _port(settings: Settings) -> Check:
    listen = settings.metrics.listen
    try:
        runs = Contact.find(settings.state.dir) is not None
    except SyncdError:
        runs = True
    if not runs:
        try:
            listener_at(listen).close()
        except ConfigError as error:
            return of_error("metrics", error)
        return ok("metrics", f"{listen} is free for the daemon")
    host, port = host_and_port(listen)
    if port == 0:
        return ok("metrics", f"{listen} is whatever port was free; the daemon's log says which")
    try:
        socket.create_connection((host, port), timeout=_PATIENCE).close()
    except OSError as error:
        said = f"the daemon does not answer at {listen}: {error.strerror or error}"
        return warning("metrics", said, "start it anew after a change of metrics.listen")
    return ok("metrics", f"http://{listen}/metrics and /health are answered")
