"""``syncd adopt`` and ``syncd rebuild``: bind what does not fit together, anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from syncd.cli import output
from syncd.cli.asking import check_somebody_there, confirm
from syncd.cli.options import YES
from syncd.cli.output import JSON
from syncd.errors import CatalogUnusable, Changed, ExitCode

if TYPE_CHECKING:
    from syncd.actions.bind import Adoption
    from syncd.config import Settings
    from syncd.outcome import Run
    from syncd.progress import Progress
    from syncd.secret import Secret


def adopt(context: typer.Context, yes: YES = False, as_json: JSON = False) -> None:
    """Bind catalog, folder and service anew where they do not fit.

    For a folder or a catalog from a backup, a missing marker, a new disk, another address or
    account. Shows what it would do, and asks. Deletes, renames and sends nothing: what differs is
    held for you.
    """
    from syncd import config
    from syncd.cli.opening import borrowed, load_key, watched

    settings = config.load(context.obj)
    key = load_key(settings)
    with borrowed(settings, "adopt"), watched(settings):
        # The library is not kept locked while a question waits for its answer.
        shown = output.run_until_stopped(_examine(settings, key))
    run: Run | None = None
    if shown.changes:
        if not as_json:
            _show(settings, shown)
        if not yes:
            check_somebody_there("say --yes to do it")
            confirm((), "Bind them so?")
        with borrowed(settings, "adopt"), watched(settings) as progress:
            run = output.run_until_stopped(_adopt(settings, key, progress, shown))
    _finish(settings, run, as_json=as_json)


def rebuild(context: typer.Context, yes: YES = False, as_json: JSON = False) -> None:
    """Make a lost catalog anew from the service and the ids in files.

    Downloads, deletes, renames and sends nothing. A catalog that is there is put aside, not
    removed.
    """
    from syncd import config
    from syncd.cli.opening import borrowed, load_key, watched

    settings = config.load(context.obj)
    key = load_key(settings)
    if _holds_something(settings) and not yes:
        check_somebody_there("say --yes to put the catalog aside and make it anew")
        question = f"Put the catalog in {settings.state.dir} aside and make it anew?"
        confirm((), output.printable(question))
    with borrowed(settings, "rebuild"), watched(settings) as progress:
        run = output.run_until_stopped(_rebuild(settings, key, progress))
    _finish(settings, run, as_json=as_json)


async def _examine(settings: Settings, key: Secret) -> Adoption:
    from datetime import UTC, datetime

    from syncd.actions.bind import examine
    from syncd.core.policy import Now
    from syncd.engine import open_unbound

    async with open_unbound(settings, key) as (unbound, _):
        return await examine(unbound, Now(datetime.now(UTC)))


async def _adopt(
    settings: Settings, key: Secret, progress: Progress | None, shown: Adoption
) -> Run:
    from datetime import UTC, datetime

    from syncd.actions.bind import examine
    from syncd.core.policy import Now
    from syncd.engine import open_unbound
    from syncd.outcome import Run
    from syncd.rest import run_until_rest

    async with open_unbound(settings, key, progress=progress) as (unbound, join):
        if await examine(unbound, Now(datetime.now(UTC))) != shown:
            raise Changed(
                "the catalog, the folder or the service changed since they were looked at",
                hint="look again with syncd adopt; nothing was changed",
            )
        engine = join(shown)
        return Run(await run_until_rest(engine.library, engine.executor, engine.policy))


async def _rebuild(settings: Settings, key: Secret, progress: Progress | None) -> Run:
    from syncd.actions.bind import begin_anew
    from syncd.engine import open_unbound
    from syncd.outcome import Run
    from syncd.rest import run_until_rest

    async with open_unbound(settings, key, progress=progress, afresh=True) as (unbound, join):
        if unbound.aside is not None:
            kept = output.printable(str(unbound.aside))
            typer.echo(f"the catalog that was there is kept as {kept}", err=True)
        engine = join(begin_anew(unbound.root, unbound.marker, unbound.base_url))
        return Run(await run_until_rest(engine.library, engine.executor, engine.policy))


def _holds_something(settings: Settings) -> bool:
    from syncd.catalog.store import Catalog

    try:
        catalog = Catalog.read(settings.catalog)
    except CatalogUnusable:
        return True
    if catalog is None:
        return False
    try:
        return not catalog.is_empty()
    finally:
        catalog.close()


def _show(settings: Settings, adoption: Adoption) -> None:
    typer.echo(f"{output.printable(str(settings.library.root))} would be bound anew:")
    for change in adoption.changes:
        typer.echo(f"  {output.printable(change)}")
    missing = adoption.placed - adoption.found
    typer.echo(
        f"  {adoption.found} of {adoption.placed} tracks of the catalog have their file here; "
        f"{missing} have none, and would be held for you"
    )


def _finish(settings: Settings, run: Run | None, *, as_json: bool) -> None:
    if run is None:
        if as_json:
            output.print_json({"exit_code": 0, "changes": []})
        else:
            typer.echo("nothing to adopt: catalog, folder and service fit together")
        raise typer.Exit(int(ExitCode.IN_STEP))
    if as_json:
        output.print_json(run.document(settings.library.root))
    elif said := run.summary():
        typer.echo(said)
    if run.error:
        output.complain(run.error)
    raise typer.Exit(int(run.exit_code))
