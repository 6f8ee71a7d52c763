"""``syncd remote``: what the service itself says, call by call; needs no library, and no lock."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli import output
from syncd.cli.options import ID
from syncd.cli.output import JSON
from syncd.cli.usage import Command
from syncd.core.listing import SortBy, SortOrder
from syncd.core.query import LARGEST
from syncd.errors import ConfigError, ContractBroken, Offline, RateLimited, SyncdError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from syncd.actions.answers import Answer
    from syncd.config import Settings
    from syncd.remote.client import AudioPod
    from syncd.remote.query import JobQuery
    from syncd.secret import Secret

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Ask the service itself, call by call; syncd ls asks the catalog.",
)


_Text = str | None
_STATUS = Annotated[
    _Text,
    typer.Option(
        metavar="STATUS",
        callback=lambda text: text and text.upper(),
        help="Of this status, such as FAILED.",
    ),
]
_SONG_TYPE = Annotated[
    _Text,
    typer.Option(metavar="TYPE", help="rap, song, vocals, instrumental or samples."),
]
_SKIP = Annotated[
    int, typer.Option(min=0, max=LARGEST, metavar="N", help="Leave out so many at the start.")
]
_LIMIT = Annotated[int, typer.Option(min=1, max=100, metavar="N", help="At most so many.")]
_SOURCE = Annotated[
    bool,
    typer.Option("--with-source", help="Print JSON that says who answered, and as of when."),
]
_OFFLINE = Annotated[
    bool, typer.Option("--offline", help="As it was last answered, or as the catalog knows it.")
]


@app.command(cls=Command)
def jobs(
    context: typer.Context,
    status: _STATUS = None,
    task: Annotated[_Text, typer.Option(metavar="TASK", help="Such as text2music.")] = None,
    song_type: _SONG_TYPE = None,
    liked: Annotated[
        bool | None, typer.Option("--liked/--not-liked", help="Liked, or not.")
    ] = None,
    search: Annotated[
        _Text, typer.Option(metavar="TEXT", help="With this in name, prompt or lyrics.")
    ] = None,
    language: Annotated[_Text, typer.Option(metavar="LANGUAGE", help="Such as en.")] = None,
    genre: Annotated[_Text, typer.Option(metavar="GENRE", help="One that filters shows.")] = None,
    emotion: Annotated[_Text, typer.Option(metavar="EMOTION", help="The same.")] = None,
    occasion: Annotated[_Text, typer.Option(metavar="OCCASION", help="The same.")] = None,
    sort_by: Annotated[
        SortBy | None,
        typer.Option(help="Order of the list; else by date."),
    ] = None,
    sort_order: Annotated[
        SortOrder | None, typer.Option(help="Its direction; else descending.")
    ] = None,
    include_interactions: Annotated[
        bool | None, typer.Option("--include-interactions", help="With the like of each.")
    ] = None,
    skip: _SKIP = 0,
    limit: Annotated[
        int | None, typer.Option(min=1, max=100, metavar="N", help="At most so many; else 50.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Page by page to the end.")] = False,
    as_json: JSON = False,
) -> None:
    """List jobs, one page or all (GET /jobs)."""
    from syncd import config
    from syncd.cli import remote_text
    from syncd.remote.query import JobQuery

    if everything and limit is not None:
        raise ConfigError("--all and --limit exclude each other")
    query = JobQuery(
        skip=skip,
        limit=limit or 50,
        task=task,
        status=status,
        song_type=song_type,
        liked=liked,
        search=search,
        language=language,
        genre=genre,
        emotion=emotion,
        occasion=occasion,
        sort_by=sort_by,
        sort_order=sort_order,
        include_interactions=include_interactions,
    )
    settings = config.load(context.obj)
    key = _key(settings)
    if everything:
        answer = _all(settings, key, query)
    else:
        answer = _ask_by_name(settings, key, "jobs", query.parameters())
    _tell(answer, remote_text.print_jobs, as_json)
    remote_text.say_how_many(answer, skip, is_all=everything)


@app.command(cls=Command)
def job(context: typer.Context, job_id: ID, as_json: JSON = False) -> None:
    """Show one job as it is now (GET /jobs/ID/status)."""
    from syncd import config
    from syncd.actions import answers
    from syncd.cli import remote_text

    settings = config.load(context.obj)
    answer = _ask(settings, _key(settings), partial(answers.ask_job, job_id=job_id))
    _tell(answer, remote_text.print_fields, as_json)


@app.command(cls=Command)
def counts(
    context: typer.Context,
    status: _STATUS = None,
    song_type: _SONG_TYPE = None,
    offline: _OFFLINE = False,
    with_source: _SOURCE = False,
    as_json: JSON = False,
) -> None:
    """Count the jobs by task and song type (GET /jobs/counts)."""
    from syncd.cli import remote_text

    answer = _kept_or_asked(context, "counts", offline, status=status, song_type=song_type)
    _tell(answer, remote_text.print_counts, as_json, with_source)


@app.command(cls=Command)
def liked(
    context: typer.Context,
    skip: _SKIP = 0,
    limit: _LIMIT = 50,
    song_type: _SONG_TYPE = None,
    status: _STATUS = None,
    offline: _OFFLINE = False,
    with_source: _SOURCE = False,
    as_json: JSON = False,
) -> None:
    """List the liked jobs (GET /liked)."""
    from syncd.cli import remote_text

    answer = _kept_or_asked(
        context, "liked", offline, skip=skip, limit=limit, song_type=song_type, status=status
    )
    _tell(answer, remote_text.print_liked, as_json, with_source)


@app.command(cls=Command)
def filters(
    context: typer.Context,
    offline: _OFFLINE = False,
    with_source: _SOURCE = False,
    as_json: JSON = False,
) -> None:
    """Show what jobs can be filtered by (GET /filters/stats)."""
    from syncd.cli import remote_text

    answer = _kept_or_asked(context, "filters", offline)
    _tell(answer, remote_text.print_filters, as_json, with_source)


@app.command(cls=Command)
def presets(
    context: typer.Context,
    offline: _OFFLINE = False,
    with_source: _SOURCE = False,
    as_json: JSON = False,
) -> None:
    """Show the genre presets (GET /presets)."""
    from syncd.cli import remote_text

    answer = _kept_or_asked(context, "presets", offline)
    _tell(answer, remote_text.print_presets, as_json, with_source)


@app.command(cls=Command)
def model(context: typer.Context, as_json: JSON = False) -> None:
    """Show the health of the model (GET /model/status)."""
    _as_it_is(context, "model", as_json)


@app.command("sample-data", cls=Command)
def sample_data(context: typer.Context, as_json: JSON = False) -> None:
    """Show the sample data for development (GET /sample-data)."""
    _as_it_is(context, "sample-data", as_json)


def _as_it_is(context: typer.Context, name: str, as_json: bool) -> None:
    from syncd import config
    from syncd.cli import remote_text

    settings = config.load(context.obj)
    answer = _ask_by_name(settings, _key(settings), name, {})
    _tell(answer, remote_text.print_as_it_is, as_json)


def _kept_or_asked(
    context: typer.Context, name: str, offline: bool, **given: str | int | None
) -> Answer:
    """The answer to what is kept: asked anew, and served as it was kept where that cannot be."""
    from syncd import config
    from syncd.cli import remote_text

    query = {name: value for name, value in given.items() if value is not None}
    settings = config.load(context.obj)
    if offline:
        found = _offline(settings, name, query)
        if found is None:
            raise SyncdError(
                "the catalog does not know: the service was not asked this while it could be",
                hint=f"syncd remote {name} asks it",
            )
    else:
        key = _key(settings)
        try:
            answer = _ask_by_name(settings, key, name, query)
        except (Offline, RateLimited, ContractBroken) as error:
            # Such as the page of a hotspot that wants a login.
            found = None
            with suppress(SyncdError):
                found = _offline(settings, name, query)
            if found is None:
                raise
            output.complain(error)
        else:
            with suppress(SyncdError):  # to keep it is a courtesy
                _keep(settings, key, name, query, answer)
            return answer
    remote_text.say_source(found)
    return found


def _offline(settings: Settings, name: str, query: Mapping[str, str | int]) -> Answer | None:
    from syncd.actions.answers import offline
    from syncd.cli.opening import reading

    with reading(settings) as catalog:
        return offline(catalog, settings.api.base_url, name, query)


def _keep(
    settings: Settings, key: Secret, name: str, query: Mapping[str, str | int], answer: Answer
) -> None:
    from syncd.actions.answers import keep
    from syncd.local.owner import check_owner

    check_owner(settings.library.root, settings.state.dir)
    keep(settings.catalog, settings.api.base_url, key, name, query, answer.body, datetime.now(UTC))


def _tell(
    answer: Answer, print_text: Callable[[Answer], None], as_json: bool, with_source: bool = False
) -> None:
    if with_source:
        output.print_json(
            {"source": answer.source, "at": answer.at, "total": answer.total, "body": answer.body}
        )
    elif as_json:
        output.print_json(answer.body)
    else:
        print_text(answer)


def _key(settings: Settings) -> Secret:
    from syncd import log
    from syncd.cli.opening import load_key

    log.configure("warning", settings.log.format)
    return load_key(settings)


def _all(settings: Settings, key: Secret, query: JobQuery) -> Answer:
    from syncd.actions import answers
    from syncd.cli.opening import watched

    with watched(settings) as progress:

        def seen(count: int, total: int | None) -> None:
            if progress is not None:
                progress.swept(count, total)

        return _ask(settings, key, partial(answers.ask_all, query=query, seen=seen))


def _ask_by_name(
    settings: Settings, key: Secret, name: str, query: Mapping[str, str | int]
) -> Answer:
    from syncd.actions import answers

    return _ask(settings, key, partial(answers.ask, name=name, query=query))


def _ask(settings: Settings, key: Secret, call: Callable[[AudioPod], Awaitable[Answer]]) -> Answer:
    from syncd.engine import open_client

    async def asked() -> Answer:
        async with open_client(settings, key) as client:
            return await call(client)

    return output.run_until_stopped(asked())
