"""The commands, put together; what every one of them shares. Imports nothing heavy."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from syncd import __version__
from syncd.cli import output
from syncd.cli.commands import Commands
from syncd.errors import ConfigError, ExitCode, SyncdError

app = typer.Typer(
    name="syncd",
    cls=Commands,
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


_UsageError: Any = typer.BadParameter.__base__
"""What typer raises for a bad command line: of that it exports only the kind for a bad value."""


_OF_ALL_TREES = (
    *("demo", "init", "sync", "run", "pause", "resume", "logs", "rm", "cover", "retry", "doctor"),
    *("simulate", "remote", "service"),
)
"""What concerns the account, the daemon or the machine, and no single tree."""


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"syncd {__version__}")
        raise typer.Exit


@app.callback()
def common(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help="Configuration file (else SYNCD_CONFIG, else config.toml in the user's folder).",
        ),
    ] = None,
    tree: Annotated[
        str | None,
        typer.Option(
            "--tree",
            metavar="FORMAT",
            help="Have the command work on this tree of library.also, not on the first.",
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Keep a music folder, a local catalog and an AudioPod account in step.

    Exit codes: 0 in step, 1 failed, 2 usage or configuration, 3 something is held for you,
    75 service unreachable, 77 key refused, 78 stopped for safety, 130 or 143 stopped by Ctrl-C or
    SIGTERM.
    """
    if tree is not None and context.invoked_subcommand in _OF_ALL_TREES:
        raise ConfigError(
            f"syncd {context.invoked_subcommand} is not for one tree alone",
            hint="leave --tree out",
        )
    context.obj = config if tree is None else (config, tree)


def run() -> None:
    """Run one command and exit with its code."""
    output.open_output()
    try:
        sys.exit(app(prog_name="syncd", standalone_mode=False))
    except _UsageError as error:
        error.show()
        if "--json" in sys.argv[1:]:
            output.print_error_json(ConfigError(error.format_message(), hint="see --help"))
        sys.exit(ExitCode.USAGE)
    except SyncdError as error:
        output.complain(error)
        if "--json" in sys.argv[1:]:
            output.print_error_json(error)
        sys.exit(error.exit_code)
    except output.OutputLost as error:
        with suppress(output.OutputLost):
            output.complain(SyncdError(f"the output cannot be written: {error.strerror}"))
        output.give_up()
        sys.exit(ExitCode.FAILED)
