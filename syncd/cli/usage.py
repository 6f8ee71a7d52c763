"""How the help of a command shows its arguments: by what they are called in the usage line."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand

_TYPE = re.compile(r" <[^<>]*>$")
_RANGE = re.compile(r"\d+<=x<=\d{19}|x[<>]=\d+")
"""Limits that say nothing: those of an integer of the catalog, and of numbers that count."""


class Command(TyperCommand):
    """A command whose help has ``ID`` where typer writes ``ID <int range>`` and its limits."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        arguments, options = [], []
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is None:
                continue
            name, text = record
            if param.param_type_name == "argument":
                arguments.append((_TYPE.sub("", name), _plain(text)))
            else:
                options.append((name, _plain(text)))
        for title, records in (("Arguments", arguments), ("Options", options)):
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


def _plain(text: str) -> str:
    """``text`` without limits, and without brackets that were left empty."""
    head, bracket, extra = text.rpartition("  [")
    if not bracket:
        return text
    kept = [part for part in extra.removesuffix("]").split("; ") if not _RANGE.fullmatch(part)]
    return f"{head}  [{'; '.join(kept)}]" if kept else head
