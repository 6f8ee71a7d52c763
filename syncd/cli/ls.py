"""``syncd ls``: the jobs in the catalog, without a network."""

from __future__ import annotations

from contextlib import closing
from itertools import chain, islice
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli import listed, output
from syncd.cli.output import JSON
from syncd.core.listing import AnySortBy, SortOrder
from syncd.core.query import LARGEST
from syncd.errors import ConfigError

if TYPE_CHECKING:
    from syncd.core.listing import Listing


_MEANT = 5
"""How many other spellings are told."""

QUERY = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[QUERY]...",
        help='Words to find, best match first, and options as fields: paper lant* "a phrase" '
        "genre:house bpm:120..128; ^ leaves out what a word or field finds.",
    ),
]
_Texts = list[str] | None


def ls(
    context: typer.Context,
    query: QUERY = None,
    status: Annotated[
        _Texts, typer.Option(metavar="STATUS", help="Of this status, such as COMPLETED.")
    ] = None,
    task: Annotated[_Texts, typer.Option(metavar="TASK", help="Such as text2music.")] = None,
    song_type: Annotated[
        _Texts, typer.Option(metavar="TYPE", help="rap, song, vocals, instrumental or samples.")
    ] = None,
    liked: Annotated[
        bool | None, typer.Option("--liked/--not-liked", help="Liked in the account, or not.")
    ] = None,
    search: Annotated[
        str | None, typer.Option(metavar="TEXT", help="With this in name, prompt or lyrics.")
    ] = None,
    match: Annotated[
        str | None, typer.Option(metavar="WORDS", help="With all these words; like QUERY.")
    ] = None,
    title: Annotated[_Texts, typer.Option(metavar="TEXT", help="With this in its name.")] = None,
    job_id: Annotated[
        list[int] | None,
        typer.Option("--id", metavar="ID", min=1, max=LARGEST, help="Of this id."),
    ] = None,
    state: Annotated[
        _Texts, typer.Option(metavar="STATE", help="As placed, evicted, unselected or failed.")
    ] = None,
    language: Annotated[_Texts, typer.Option(metavar="LANGUAGE", help="Such as en.")] = None,
    genre: Annotated[_Texts, typer.Option(metavar="GENRE", help="As the service has it.")] = None,
    emotion: Annotated[_Texts, typer.Option(metavar="EMOTION", help="The same.")] = None,
    occasion: Annotated[_Texts, typer.Option(metavar="OCCASION", help="The same.")] = None,
    key: Annotated[_Texts, typer.Option(metavar="KEY", help="Such as Am, 8A or 1m.")] = None,
    mixes_with: Annotated[
        int | None,
        typer.Option(
            metavar="ID", min=1, max=LARGEST, help="In a key and tempo that mix with this job's."
        ),
    ] = None,
    bpm: Annotated[str | None, typer.Option(metavar="RANGE", help="Such as 120..128.")] = None,
    duration: Annotated[
        str | None, typer.Option(metavar="RANGE", help="Such as 2:00..4:00, 90.. or ..3:30.")
    ] = None,
    quality: Annotated[str | None, typer.Option(metavar="RANGE", help="Such as 0.8..")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Made since 2026-03-31, 2026-03, 30d, …")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Made until then, that day included.")
    ] = None,
    sort_by: Annotated[
        AnySortBy | None,
        typer.Option(help="Order of the list; else by date, or by how well words match."),
    ] = None,
    sort_order: Annotated[SortOrder, typer.Option(help="Its direction.")] = "desc",
    skip: Annotated[
        int | None,
        typer.Option(min=0, max=LARGEST, metavar="N", help="Leave out so many at the start."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=0, max=LARGEST, metavar="N", help="List at most so many.")
    ] = None,
    gone: Annotated[
        bool,
        typer.Option("--gone", help="Also jobs that are gone from the account and have no file."),
    ] = False,
    foreign: Annotated[
        bool, typer.Option("--foreign", help="List the files in the folder that are no job's.")
    ] = False,
    table: Annotated[
        bool, typer.Option("--table", help="Print a table with tempo, key and genre.")
    ] = False,
    template: Annotated[
        str | None,
        typer.Option("--format", metavar="TEMPLATE", help="Print '{title} - {bpm}' of each."),
    ] = None,
    path: Annotated[
        bool, typer.Option("--path", help="Print the paths alone, of those that have a file.")
    ] = False,
    print0: Annotated[
        bool, typer.Option("--print0", help="The same, each ended by a NUL character.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False,
    as_json: JSON = False,
) -> None:
    """List the jobs in the catalog, newest first; needs no network.

    What is not asked for is not left out; of an option that is given several times any value will
    do. Jobs that are gone from the account and have no file here are left out.
    """
    from syncd import config
    from syncd.catalog import queries
    from syncd.cli.opening import reading

    ways = {
        "--table": table,
        "--format": template is not None,
        "--path": path,
        "--print0": print0,
        "--csv": as_csv,
        "--json": as_json,
    }
    asked = [name for name, wanted in ways.items() if wanted]
    if len(asked) > 1:
        raise ConfigError(f"{asked[0]} and {asked[1]} exclude each other")
    given: list[tuple[str, object]] = [
        ("status", status),
        ("task", task),
        ("song-type", song_type),
        ("liked", None if liked is None else "yes" if liked else "no"),
        ("search", search),
        ("match", match),
        ("title", title),
        ("id", job_id),
        ("state", state),
        ("language", language),
        ("genre", genre),
        ("emotion", emotion),
        ("occasion", occasion),
        ("key", key),
        ("mixes-with", mixes_with),
        ("bpm", bpm),
        ("duration", duration),
        ("quality", quality),
        ("since", since),
        ("until", until),
        ("gone", "yes" if gone else None),
    ]
    settings = config.load(context.obj)
    if foreign:
        if query or any(value is not None for _, value in given) or asked not in ([], ["--json"]):
            raise ConfigError(
                "--foreign lists files, which have no status, no words to search, and are not gone",
                hint="it goes with --skip, --limit and --json alone",
            )
        listed.print_foreign(settings, skip or 0, limit, as_json=as_json)
        return
    given += [("sort-by", sort_by), ("skip", skip), ("limit", limit)]
    if sort_order != "desc":
        given.append(("sort-order", sort_order))
    listing = listing_of(query, given)
    shown = listed.parse_template(template) if template is not None else None
    with reading(settings) as catalog, closing(queries.stream(catalog, listing)) as stream:
        root = settings.library.root
        first = list(islice(stream, 1))
        entries = chain(first, stream)
        if as_json:
            output.print_json_array(listed.entry_json(root, entry) for entry in entries)
        elif as_csv:
            listed.print_csv(root, entries)
        elif path or print0:
            listed.print_paths(root, entries, end="\0" if print0 else "\n")
        elif shown is not None:
            listed.print_formatted(root, entries, shown)
        elif not (listed.print_table(root, entries) if table else listed.print_lines(entries)):
            more = "" if listing.gone else " (--gone also lists those that are gone)"
            output.say_nothing_found(f"there is no such job in the catalog{more}")
        if not first and (meant := queries.other_spellings(catalog, listing)):
            terms = ", ".join(_term(name, value) for name, value in meant[:_MEANT])
            typer.echo(output.printable(f"did you mean {terms}?"), err=True)


def _term(name: str, value: str) -> str:
    """A field with its value, as a query has it."""
    quoted = value if value.isalnum() else f'"{value}"'
    return f"{name.replace('_', '-')}:{quoted}"


def listing_of(query: list[str] | None, given: list[tuple[str, object]]) -> Listing:
    """The listing of a query and of options by name; raises ``ConfigError``."""
    from syncd.core import query as language

    fields: list[tuple[str, str]] = []
    for name, value in given:
        values = value if isinstance(value, list) else [] if value is None else [value]
        fields += [(name, str(one)) for one in values]
    try:
        written, words = language.split_query(" ".join(query or ()))
        return language.listing_of([*written, *fields], words)
    except language.BadQueryError as error:
        raise ConfigError(str(error)) from None
