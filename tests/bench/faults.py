"""Everything that can go wrong around the program × everything that it does.

What is to become of it is stated in ``faults_stated`` (calls of the service), ``faults_files``
(every touch of a file), ``faults_root`` and ``faults_catalog``; a cell that turns out otherwise is
a trouble.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from . import faults_api, faults_catalog, faults_files, faults_root, faults_stated
from .faults_calls import CALLS
from .part import Size, Verdict

NAME, UNIT = "faults", "cells of the matrix of faults"


EVERY = "every-"
"""Before the kind of a case: each place is struck with each error, once and for good."""


def cases(size: Size) -> Iterator[str]:
    yield from (f"api/{name}" for name in CALLS)
    more = EVERY if size is Size.FULL else ""
    yield from (f"{more}{case}" for case in faults_files.cases())
    yield from (f"{more}{case}" for case in faults_root.cases())
    yield from faults_catalog.cases()


def play(case: str, base: Path) -> Verdict:
    kind, _, name = case.partition("/")
    size = Size.FULL if kind.startswith(EVERY) else Size.CI
    kind = kind.removeprefix(EVERY)
    if kind == "api":
        troubles, number = faults_api.played(name, base)
    elif kind == "files":
        troubles, number = faults_files.played(name, base, size)
    elif kind == "root":
        troubles, number = faults_root.played(name, base, size)
    else:
        troubles, number = faults_catalog.played(name, base)
    return Verdict(tuple(troubles), counts={"cells": number, f"cells of {kind}": number})


def table() -> str:
    """The stated outcomes, for people."""
    return "\n\n".join(
        (
            faults_stated.__doc__ or "",
            faults_stated.table(),
            faults_files.__doc__ or "",
            faults_files.table(),
            faults_root.__doc__ or "",
            faults_catalog.__doc__ or "",
        )
    )
