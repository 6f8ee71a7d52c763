"""What runs: the daemon, the unit of systemd that starts it, and whether it outlives a login."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from syncd import __version__, config
from syncd.core.words import printable
from syncd.daemon.contact import Contact
from syncd.daemon.unit import NAME
from syncd.doctor.check import Check, failure, of_error, ok, unseen, warning
from syncd.doctor.configuration import BROKEN
from syncd.doctor.system import output_of
from syncd.doctor.unit import Unit, find_unit, start_hint
from syncd.errors import ConfigError, SyncdError
from syncd.settings import Settings

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
"""One word of a command line in a unit."""


def look(settings: Settings | ConfigError, environ: Mapping[str, str]) -> Iterator[Check]:
    if isinstance(settings, ConfigError):
        yield unseen("daemon", BROKEN)
    else:
        yield _daemon(settings, environ)
    if sys.platform != "linux":
        return
    try:
        unit = find_unit(environ)
    except OSError as error:
        yield failure("unit", f"{error.filename} cannot be read: {error.strerror}")
        return
    if unit is None:
        yield ok("unit", "none is installed")
        return
    yield _unit(unit, settings, environ)
    if unit.user:
        yield _lingering(environ)


def _daemon(settings: Settings, environ: Mapping[str, str]) -> Check:
    try:
        contact = Contact.find(settings.state.dir)
        if contact is None:
            return warning("daemon", "none runs", start_hint(environ))
        status = contact.ask("status")["status"]
    except SyncdError as error:
        return of_error("daemon", error)
    said = f"process {contact.pid} runs since {contact.started_at:%Y-%m-%d %H:%M} UTC"
    said = f"{said}, {status['state']}"
    if status.get("awaits"):
        return warning("daemon", printable(f"{said}; waits for {status['awaits']}"), "syncd status")
    if contact.version != __version__:
        return warning(
            "daemon", f"{said}; it is syncd {contact.version}", "start it anew after an upgrade"
        )
    if status.get("errors"):
        return warning("daemon", f"{said}, with troubles", "syncd status tells them")
    return ok("daemon", said)


def _unit(unit: Unit, settings: Settings | ConfigError, environ: Mapping[str, str]) -> Check:
    program = _program(unit.text, environ)
    if program is None or not os.access(program, os.X_OK):
        return failure(
            "unit",
            f"{unit.path} starts {program or 'nothing'}, which is not there to be run",
            "syncd service install writes it anew" if unit.user else "correct its ExecStart=",
        )
    state = _state(unit, environ)
    said = f"{unit.path} starts {program}"
    if state.get("ActiveState") == "failed":
        which = "--user -u" if unit.user else "-u"
        return failure(
            "unit",
            f"{said}; it failed ({state.get('Result')}, exit code {state.get('ExecMainStatus')})",
            f"journalctl {which} syncd tells why",
        )
    enabled = state.get("UnitFileState")
    if enabled not in (None, "", "enabled", "enabled-runtime"):
        manager = "systemctl --user" if unit.user else "systemctl"
        return warning("unit", f"{said}; it is {enabled}", f"{manager} enable --now syncd")
    if unit.user and isinstance(settings, Settings) and not _sees_a_key(settings):
        return warning(
            "unit",
            f"{said}, which sees no key: that of this shell is not passed on",
            "put the key into a file that only you can read, and set api.key_file to that",
        )
    return ok("unit", f"{said}; {enabled}" if enabled else said)


def _program(text: str, environ: Mapping[str, str]) -> Path | None:
    """The program that a unit starts, from ``ExecStart=``: systemd.service(5), systemd.syntax(7).

    Not ``env``, which finds the ones whose names systemd does not take.
    """
    line = re.search(r"^ExecStart=[@:+!-]*(.+)$", text, re.MULTILINE)
    found = _WORD.finditer(line[1]) if line else ()
    words = [re.sub(r"\\(.)", r"\1", word[1]) if word[1] else word[2] for word in found]
    if words and words[0] == "/usr/bin/env":
        words = [word.replace("$$", "$") for word in words[1:]]
    home = environ.get("HOME", "")
    path = re.sub(r"%([%h])", lambda one: "%" if one[1] == "%" else home, words[0] if words else "")
    return Path(path) if path.startswith("/") else None


def _sees_a_key(settings: Settings) -> bool:
    try:
        config.load_key(settings, environ={})
    except ConfigError:
        return False
    return True


def _state(unit: Unit, environ: Mapping[str, str]) -> dict[str, str]:
    """What systemd says of the unit; empty where it says nothing."""
    properties = "--property=UnitFileState,ActiveState,Result,ExecMainStatus"
    manager = ["--user"] if unit.user else []
    shown = output_of(["systemctl", *manager, "show", properties, NAME], environ)
    return dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)


def _lingering(environ: Mapping[str, str]) -> Check:
    shown = output_of(["loginctl", "show-user", str(os.getuid()), "--property=Linger"], environ)
    if shown.strip() == "Linger=yes":
        return ok("lingering", "the daemon outlives your login")
    if shown.strip() == "Linger=no":
        return warning(
            "lingering",
            "the daemon stops when you log out, and does not start before you log in",
            "loginctl enable-linger, if it should run without you",
        )
    return ok("lingering", "whether the daemon outlives your login is not said")
