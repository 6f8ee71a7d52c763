"""Everything that can go wrong around the program × everything that it does.

What is to become of it is stated in ``stated`` (calls of the service), ``files`` (every touch of a
file), ``unread`` (every look at the library), ``root``, ``catalog`` and ``commits``; a
cell that turns out otherwise is a trouble.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..part import Size, Verdict
from . import (
    api,
    catalog,
    commits,
    files,
    root,
    stated,
    unread,
)
from .calls import CALLS

NAME, UNIT = "faults", "cells of the matrix of faults"


EVERY = "every-"
"""Before the kind of a case: each place is struck with each error, once and for good."""


def cases(size: Size) -> Iterator[str]:
    """The longest last, of which the fewest are lost where time is up."""
    more = EVERY if size is Size.FULL else ""
    yield from (f"{more}{case}" for case in unread.cases())
    yield from (f"{more}{case}" for case in root.cases())
    yield from catalog.cases()
    yield from (f"{more}{case}" for case in commits.cases())
    yield from (f"api/{name}" for name in CALLS)
    yield from (f"{more}{case}" for case in files.cases())


def play(case: str, base: Path) -> Verdict:
    kind, _, name = case.partition("/")
    size = Size.FULL if kind.startswith(EVERY) else Size.CI
    kind = kind.removeprefix(EVERY)
    left_out = 0
    if kind == "api":
        troubles, number = api.played(name, base)
    elif kind == "files":
        troubles, number = files.played(name, base, size)
    elif kind == "unread":
        troubles, number = unread.played(name, base, size)
    elif kind == "root":
        troubles, number, left_out = root.played(name, base, size)
    elif kind == "commits":
        troubles, number = commits.played(name, base, size)
    else:
        troubles, number = catalog.played(name, base)
    counts = {"cells": number, f"cells of {kind}": number}
    if left_out:
        counts["cells left out, for nothing can be mounted here"] = left_out
    return Verdict(tuple(troubles), counts=counts)


def table() -> str:
    """The stated outcomes, for people."""
    return "\n\n".join(
        (
            stated.__doc__ or "",
            stated.table(),
            files.__doc__ or "",
            files.table(),
            unread.__doc__ or "",
            root.__doc__ or "",
            catalog.__doc__ or "",
            commits.__doc__ or "",
        )
    )
