"""Which commands there are, and where: each module is imported as its command is called.

Importing all of them takes longer than most commands do.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup
from typer.main import get_command

from syncd.cli.usage import Command


class Place(NamedTuple):
    """Where a command is, and its line in the help: the first sentence of its docstring.

    ``name`` is that of a function of ``syncd.cli.module``, or of a group of commands.
    """

    module: str
    name: str
    help: str


COMMANDS = {
    "demo": Place(
        "demo", "demo", "See it work: a made-up account and a folder, in step both ways."
    ),
    "init": Place("init", "init", "Set up a library: a configuration, a folder and its marker."),
    "sync": Place("sync", "sync", "Bring the folder into step with the account, then exit."),
    "run": Place("run", "run", "Keep both sides in step until stopped: the daemon."),
    "status": Place("status", "status", "Show how the daemon and the library are."),
    "pause": Place("pausing", "pause", "Have the daemon rest for a while, or until resume."),
    "resume": Place("pausing", "resume", "Have the daemon go on after a pause."),
    "logs": Place("logs", "logs", "Show what the running daemon logged lately."),
    "plan": Place("plan", "plan", "Show what sync would do, and why."),
    "ls": Place("ls", "ls", "List the jobs in the catalog, newest first; needs no network."),
    "show": Place(
        "library", "show", "Show one job: what the service said, its file, tags and history."
    ),
    "stats": Place(
        "figures", "stats", "Show how many jobs there are of what, how long and how large."
    ),
    "similar": Place(
        "figures", "similar", "List the jobs most like one, by facets, tempo and key."
    ),
    "export": Place(
        "export", "export", "Write the tracks here as a table, playlists or a collection."
    ),
    "pending": Place(
        "holds", "pending", "Show pending deletions and what is held, with the evidence."
    ),
    "approve": Place(
        "holds", "approve", "Carry out what is held, or a deletion before its grace is over."
    ),
    "reject": Place(
        "holds", "reject", "Settle what is held, or a pending deletion, by not doing it."
    ),
    "history": Place(
        "history", "history", "Show what was done, when, why and from which evidence."
    ),
    "undo": Place(
        "history", "undo", "Give back the names that the last cycle with a rename changed."
    ),
    "identify": Place("tracks", "identify", "Say whose a file is whose tags lost their id."),
    "rename": Place("tracks", "rename", "Rename a track in the account; its file follows."),
    "rm": Place("remove", "rm", "Delete jobs in the account for good, after asking."),
    "cover": Place("tracks", "cover", "Give a track another cover in the account."),
    "evict": Place("tracks", "evict", "Remove the files of tracks to free space."),
    "fetch": Place(
        "tracks", "fetch", "Fetch tracks again that are not there, or whose file is broken."
    ),
    "retry": Place("retry", "retry", "Have failed jobs made again, 10 in a minute."),
    "tags": Place("tags", "tags", "Show the tags of files: as they are, as written, as wanted."),
    "retag": Place("retag", "retag", "Bring the tags of files up to the settings and the account."),
    "verify": Place(
        "verify", "verify", "Read every file again and compare it with what was placed."
    ),
    "doctor": Place(
        "doctor", "doctor", "Check all that syncd needs, with the fix for what is wrong."
    ),
    "adopt": Place("bind", "adopt", "Bind catalog, folder and service anew where they do not fit."),
    "rebuild": Place(
        "bind", "rebuild", "Make a lost catalog anew from the service and the ids in files."
    ),
    "simulate": Place("simulate", "simulate", "Run an AudioPod API to try syncd on."),
    "remote": Place(
        "remote", "app", "Ask the service itself, call by call; syncd ls asks the catalog."
    ),
    "trash": Place(
        "trash", "app", "List, bring back or remove for good what was moved to the trash."
    ),
    "service": Place("service", "app", "Have systemd run the daemon, or say how it does."),
}
"""By name, in the order of the help."""


def loaded(name: str) -> Any:
    """The command of that name, or the group, as typer makes it of its function."""
    place = COMMANDS[name]
    found = getattr(import_module(f"syncd.cli.{place.module}"), place.name)
    if isinstance(found, typer.Typer):
        made = get_command(found)
    else:
        alone = typer.Typer(rich_markup_mode=None, add_completion=False)
        alone.command(name, cls=Command)(found)
        made = get_command(alone)
    made.name = name
    return made


class Commands(TyperGroup):
    """All commands, each loaded as it is called. The help shows their lines and loads none."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        # What a name that there is not is like is looked for here.
        nothing: Any = None
        self.commands.update(dict.fromkeys(COMMANDS, nothing))

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return loaded(cmd_name) if cmd_name in COMMANDS else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.help) for name, place in COMMANDS.items()])
