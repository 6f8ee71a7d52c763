"""Arguments and options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

from syncd.core.query import LARGEST

ID = Annotated[int, typer.Argument(metavar="ID", min=1, max=LARGEST, help="The job's id.")]
IDS = Annotated[list[int], typer.Argument(metavar="ID", min=1, max=LARGEST, help="Ids of jobs.")]
YES = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")]
