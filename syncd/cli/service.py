"""``syncd service``: the daemon as a user unit of systemd."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli import output
from syncd.cli.asking import check_somebody_there, confirm
from syncd.cli.output import JSON
from syncd.cli.usage import Command
from syncd.errors import ConfigError, ExitCode, SyncdError

if TYPE_CHECKING:
    from syncd.config import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Have systemd run the daemon, or say how it does.",
)

YES = Annotated[
    bool, typer.Option("--yes", "-y", help="Replace or remove a unit that was changed by hand.")
]
_SYSTEMCTL = ("systemctl", "--user", "--no-pager")
_PROPERTIES = {
    "LoadState": "load",
    "UnitFileState": "enabled",
    "ActiveState": "active",
    "SubState": "sub",
    "StatusText": "status",
    "MainPID": "pid",
    "ActiveEnterTimestamp": "since",
    "Result": "result",
    "ExecMainStatus": "exit_code",
    "NRestarts": "restarts",
}
"""What systemctl(1) shows of a unit, and what it is called in the document."""

_NUMBERS = ("pid", "exit_code", "restarts")


@app.command(cls=Command)
def install(context: typer.Context, yes: YES = False) -> None:
    """Have systemd run the daemon whenever you are logged in.

    Writes a user unit that starts this very program, with this --config if one is given.
    """
    from syncd import config
    from syncd.daemon.unit import NAME, is_ours, unit_text

    path, named = config.config_path(context.obj)
    settings = config.load(context.obj)
    _check_manager()
    _check_ready(settings)
    text = unit_text([*_program(), *(["--config", str(path)] if named else []), "run"])
    unit = _unit()
    before = _read(unit)
    if before is not None and before != text and not is_ours(before) and not yes:
        _ask(f"{unit} was not written by syncd, or changed since", "Replace it?")
    if before != text:
        _write(unit, text)
        typer.echo(f"wrote {unit}")
    _systemctl("daemon-reload")
    running = _state()["active"] in ("active", "reloading", "activating")
    _systemctl("enable", "--now", NAME)
    if running and before != text:
        _systemctl("restart", NAME)
    typer.echo("syncd runs, and will whenever you log in: syncd status shows how it is")
    if not _lingers():
        typer.echo("It stops when you log out; to keep it running: loginctl enable-linger")


@app.command(cls=Command)
def uninstall(yes: YES = False) -> None:
    """Stop the daemon and remove its unit. Library, catalog and configuration stay."""
    from syncd.daemon.unit import NAME, is_ours

    unit = _unit()
    text = _read(unit)
    if text is None:
        typer.echo("no unit is installed: there is nothing to remove")
        return
    _check_manager()
    if not is_ours(text) and not yes:
        _ask(f"{unit} was not written by syncd, or changed since", "Remove it?")
    _systemctl("disable", "--now", NAME)
    try:
        unit.unlink()
    except OSError as error:
        raise SyncdError(f"{unit} cannot be removed: {error.strerror}") from None
    _systemctl("daemon-reload")
    typer.echo(f"syncd is stopped, and {unit} is removed")


@app.command(cls=Command)
def status(as_json: JSON = False) -> None:
    """Show what systemd says of the daemon's unit.

    Exit code 1 where it does not run. syncd status shows how the daemon itself is.
    """
    _check_manager()
    unit = _unit()
    installed = _read(unit) is not None
    state = _state()
    runs = state["active"] in ("active", "reloading")
    if as_json:
        said = {name: _plain(name, value) for name, value in state.items()}
        output.print_json({"unit": unit if installed else None, "running": runs, **said})
    elif state["load"] == "not-found":
        typer.echo("no unit is installed; syncd service install makes one")
    else:
        _show(unit if installed else None, state)
    if not runs:
        raise typer.Exit(int(ExitCode.FAILED))


def _plain(name: str, value: str) -> str | int | None:
    """A property for a script: numbers as such, and null for what is not said."""
    if name not in _NUMBERS:
        return value or None
    is_said = value.isdigit() and (name, value) != ("pid", "0")
    return int(value) if is_said else None


def _show(unit: Path | None, state: dict[str, str]) -> None:
    typer.echo(f"unit     {unit or 'not in your own folder'} ({state['enabled'] or state['load']})")
    since = f" since {state['since']}" if state["since"] else ""
    typer.echo(f"state    {state['active']} ({state['sub']}){since}")
    if state["status"]:
        typer.echo(f"says     {output.printable(state['status'])}")
    if state["pid"] not in ("", "0"):
        typer.echo(f"process  {state['pid']}")
    if state["restarts"] not in ("", "0"):
        typer.echo(f"restarts {state['restarts']}")
    if state["active"] == "failed":
        typer.echo(f"failed   {state['result']}, exit code {state['exit_code']}")
        typer.echo("         journalctl --user -u syncd tells more")


def _program() -> list[str]:
    """This program, by absolute path, as a unit can start it."""
    called = Path(sys.argv[0])
    if called.name == "syncd" and called.is_file() and os.access(called, os.X_OK):
        return [str(called.resolve())]
    # Not resolved: the link is what makes it the Python of its environment.
    return [str(Path(sys.executable).absolute()), "-m", "syncd"]


def _check_manager() -> None:
    """Raises ``SyncdError`` where no systemd runs for this user."""
    if sys.platform != "linux" or shutil.which("systemctl") is None:
        raise SyncdError(
            "there is no systemd here, for which this command is",
            hint="start syncd run with what starts services on this machine",
        )
    done = _call(*_SYSTEMCTL, "show-environment")
    if done.returncode != 0:
        raise SyncdError(
            f"systemd does not run for this user: {_first_line(done.stderr)}",
            hint="log in as that user instead of by su or sudo, or, on a machine that nobody logs "
            "in to, use the system unit: see systemd/README.md",
        )


def _check_ready(settings: Settings) -> None:
    """Raises ``SyncdError`` for a service that could not start: no key that it sees, no library."""
    from syncd import config

    if settings.file is None:
        from syncd.binding import without_marker
        from syncd.local.root import find_marker

        if find_marker(settings.library.root) is None:
            raise without_marker(settings)
    try:
        config.load_key(settings, environ={})
    except ConfigError as error:
        if settings.api.key_file:
            raise
        raise ConfigError(
            error.message + " in a way that a service sees",
            hint="put it into a file that only you can read, and set api.key_file to that",
        ) from None


def _ask(line: str, question: str) -> None:
    check_somebody_there("--yes goes on nevertheless", about=line)
    confirm([line], question)


def _unit() -> Path:
    from syncd.daemon.unit import unit_path

    return unit_path(Path.home())


def _read(unit: Path) -> str | None:
    try:
        return unit.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SyncdError(f"{unit} cannot be read: {error.strerror}") from None


def _write(unit: Path, text: str) -> None:
    part = unit.with_name(f".{unit.name}.part")
    try:
        unit.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(unit)
    except OSError as error:
        raise SyncdError(f"{unit} cannot be written: {error.strerror}") from None


def _state() -> dict[str, str]:
    from syncd.daemon.unit import NAME

    shown = _systemctl("show", f"--property={','.join(_PROPERTIES)}", NAME)
    found = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    return {word: found.get(name, "") for name, word in _PROPERTIES.items()}


def _systemctl(*words: str) -> str:
    done = _call(*_SYSTEMCTL, *words)
    if done.returncode != 0:
        raise SyncdError(
            f"systemctl --user {' '.join(words)}: {_first_line(done.stderr)}",
            hint="journalctl --user -u syncd tells more",
        )
    return done.stdout


def _lingers() -> bool:
    """Whether this user's services run without a login: loginctl(1)."""
    if shutil.which("loginctl") is None:
        return False
    shown = _call("loginctl", "show-user", str(os.getuid()), "--property=Linger")
    return shown.stdout.strip() == "Linger=yes"


def _call(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        command,
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "no reason given")
