"""Which tracks a command is for: ids, paths and a query, each or several of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli.asking import library_path
from syncd.core.query import LARGEST
from syncd.errors import SyncdError

if TYPE_CHECKING:
    from syncd.catalog.store import Catalog

CHOSEN = Annotated[
    list[str],
    typer.Argument(
        metavar="ID|PATH|QUERY...", help="Ids of jobs, files, folders, or a query as of syncd ls."
    ),
]
SOME = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[ID|PATH|QUERY]...",
        help="Ids of jobs, files, folders, or a query as of syncd ls; else all.",
    ),
]


def chosen(catalog: Catalog, root: Path, arguments: Sequence[str]) -> list[int]:
    """The jobs that ``arguments`` name, each once; a query gives those that have a file.

    What is a path in the folder one is in, or in the library, is none of a query. Raises
    ``SyncdError`` for a path that is no track's and for a query that finds nothing,
    ``ConfigError`` for one that cannot be understood.
    """
    found: list[int] = []
    terms: list[str] = []
    for argument in arguments:
        if argument.isascii() and argument.isdecimal():
            found.append(min(int(argument), LARGEST))
        elif _is_path(root, argument):
            found += _at(_files(catalog), root, argument)
        else:
            terms.append(argument)
    return list(dict.fromkeys([*found, *(_matching(catalog, terms) if terms else ())]))


def _files(catalog: Catalog) -> dict[str, int]:
    from syncd.catalog import queries

    return {one.path: one.id for one in queries.placed(catalog)}


def _is_path(root: Path, argument: str) -> bool:
    is_plain = argument.startswith(("/", "./", "../"))
    return is_plain or os.path.lexists(argument) or os.path.lexists(root / argument)


def _at(files: dict[str, int], root: Path, argument: str) -> list[int]:
    whole = os.path.realpath(argument) == os.path.realpath(root)
    path = "" if whole else library_path(root, Path(argument))
    if path in files:
        return [files[path]]
    inside = [job_id for name, job_id in files.items() if whole or name.startswith(f"{path}/")]
    if not inside:
        raise SyncdError(
            f"{argument} is no track's file, and no folder with any",
            hint="syncd sync looks where files are now; syncd ls --foreign lists those of no job",
        )
    return inside


def _matching(catalog: Catalog, terms: Sequence[str]) -> list[int]:
    from syncd.catalog import queries
    from syncd.cli.ls import listing_of

    with_file = set(_files(catalog).values())
    found = queries.ids(catalog, listing_of(list(terms), []))
    if matching := [job_id for job_id in found if job_id in with_file]:
        return matching
    raise SyncdError(f"no track with a file matches {' '.join(terms)}")
