"""``syncd export``."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from syncd.cli import output
from syncd.core.exporting import Format
from syncd.core.words import amount
from syncd.errors import ConfigError


def export(
    context: typer.Context,
    form: Annotated[
        Format,
        typer.Argument(metavar="FORMAT", help="csv, json, m3u8, rekordbox or nsp."),
    ],
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH",
            help="A file, - for standard output, or a folder (see above).",
        ),
    ],
    terms: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[QUERY]...", help="Only these, in this order: a query as of syncd ls."
        ),
    ] = None,
    query: Annotated[str | None, typer.Option(metavar="QUERY", help="The same.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what stands there.")] = False,
) -> None:
    """Write the tracks here as a table, playlists or a collection.

    Those that have a file; needs no network. Into a folder, m3u8 writes a playlist of all, of what
    is liked, and of each genre, emotion and occasion, and nsp smart playlists for Navidrome.
    [exports] in the configuration keeps such files up to date by itself.
    """
    from syncd import config
    from syncd.actions.export import as_bytes, tracks_of, write
    from syncd.cli.opening import reading
    from syncd.core.query import BadQueryError, parse_query
    from syncd.derived import exports_of

    settings = config.load(context.obj)
    root, exports = settings.library.root, exports_of(settings)
    try:
        asked = [*([] if query is None else [query]), *(terms or [])]
        listing = parse_query(" ".join(asked)) if asked else None
    except BadQueryError as error:
        raise ConfigError(f"query: {error}") from None
    with reading(settings) as catalog:
        tracks = tracks_of(catalog, root, exports, form, listing, datetime.now(UTC))
    if path == "-":
        data = as_bytes(form, tracks)
        if sys.stdout.isatty():
            data = output.printable_lines(data.decode()).encode()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    target = Path(path)
    is_folder = path.endswith("/") or target.is_dir()
    written = write(
        form, tracks, target, root=root, exports=exports, is_folder=is_folder, force=force
    )
    counted = amount(len(tracks), "track")
    if not written:
        typer.echo(f"{output.printable(path)} holds it already: {counted}")
    elif is_folder:
        typer.echo(f"{amount(len(written), 'file')} written to {output.printable(path)}: {counted}")
    else:
        typer.echo(f"{output.printable(path)} written: {counted}")
