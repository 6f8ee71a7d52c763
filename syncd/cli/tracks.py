"""``syncd rename``, ``cover``, ``fetch``, ``identify``, ``evict``: one track, named by its id."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli import output
from syncd.cli.asking import library_path, size_words
from syncd.cli.options import ID, IDS
from syncd.cli.output import JSON
from syncd.errors import ExitCode, SyncdError

if TYPE_CHECKING:
    from syncd.actions.evict import Evicted
    from syncd.actions.identify import Identified
    from syncd.actions.tracks import Covered, Renamed
    from syncd.config import Settings
    from syncd.cycle import Report
    from syncd.progress import Progress
    from syncd.secret import Secret


def rename(
    context: typer.Context,
    job_id: ID,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its new display name.")],
    as_json: JSON = False,
) -> None:
    """Rename a track in the account; its file follows."""
    from syncd import config
    from syncd.cli.opening import borrowed, load_key, watched
    from syncd.outcome import Run

    settings = config.load(context.obj)
    key = load_key(settings)
    with borrowed(settings, "rename"), watched(settings) as progress:
        done = output.run_until_stopped(_rename(settings, key, progress, job_id, name))
    run = Run(done.reports)
    if as_json:
        output.print_json(
            {
                "id": done.job_id,
                "display_name": done.after,
                "before": done.before,
                "asked": done.asked,
                **run.document(settings.library.root),
            }
        )
    else:
        typer.echo(output.printable(_renamed(done)))
        if run.exit_code is not ExitCode.IN_STEP and (said := run.summary()):
            typer.echo(said)
    if run.error:
        output.complain(run.error)
    raise typer.Exit(int(run.exit_code))


def cover(
    context: typer.Context,
    job_id: ID,
    url: Annotated[str, typer.Argument(metavar="URL", help="An https address of an image.")],
    as_json: JSON = False,
) -> None:
    """Give a track another cover in the account.

    The one inside its file stays for now.
    """
    from syncd import config, log
    from syncd.cli.opening import borrowed, load_key

    settings = config.load(context.obj)
    log.configure(settings.log.level, settings.log.format)
    key = load_key(settings)
    with borrowed(settings, "cover"):
        done = output.run_until_stopped(_cover(settings, key, job_id, url))
    if as_json:
        output.print_json({"id": done.job_id, "thumbnail_url": done.after, "before": done.before})
        return
    said = f"job {done.job_id} has its cover from {done.after or 'nowhere'} now"
    typer.echo(output.printable(said))
    typer.echo(
        f"the cover inside its file stays as it is: syncd evict {job_id} and syncd fetch {job_id} "
        "bring the new one"
    )


def fetch(context: typer.Context, job_ids: IDS, as_json: JSON = False) -> None:
    """Fetch tracks again that are not there, or whose file is broken.

    What verify found broken, though nobody wrote it, goes to the trash first.
    """
    from syncd import config
    from syncd.cli.opening import borrowed, load_key, watched
    from syncd.outcome import Run

    settings = config.load(context.obj)
    key = load_key(settings)
    with borrowed(settings, "fetch"), watched(settings) as progress:
        run = Run(output.run_until_stopped(_fetch(settings, key, progress, job_ids)))
    if as_json:
        output.print_json(run.document(settings.library.root))
    elif said := run.summary():
        typer.echo(said)
    if run.error:
        output.complain(run.error)
    raise typer.Exit(int(run.exit_code))


def identify(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file in the library.")],
    job_id: ID,
    as_json: JSON = False,
) -> None:
    """Say whose a file is whose tags lost their id.

    It is written into them. Needs no network.
    """
    from syncd import config, log
    from syncd.cli.opening import borrowed

    settings = config.load(context.obj)
    log.configure(settings.log.level, settings.log.format)
    root = settings.library.root
    where = library_path(root, path)
    with borrowed(settings, "identify"):
        done = output.run_until_stopped(_identify(settings, where, job_id))
    if as_json:
        output.print_json(
            {
                "id": done.job_id,
                "path": root / done.path,
                "fetched_again": list(done.fetched_again),
            }
        )
        return
    said = f"{done.path} carries the id of job {done.job_id} now; the next sync takes it up"
    typer.echo(output.printable(said))
    for rival in done.fetched_again:
        typer.echo(f"it was known as the file of job {rival}, which the next sync fetches again")


def evict(
    context: typer.Context,
    job_ids: IDS,
    force: Annotated[
        bool, typer.Option("--force", help="Also files that you changed: they go to the trash.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """Remove the files of tracks to free space.

    Their jobs keep the audio (see fetch).
    """
    from syncd import config, log
    from syncd.cli.opening import borrowed, load_key

    settings = config.load(context.obj)
    log.configure(settings.log.level, settings.log.format)
    key = load_key(settings)
    with borrowed(settings, "evict"):
        done, refused = output.run_until_stopped(_evict(settings, key, job_ids, force))
    for error in refused:
        output.complain(error)
    root = settings.library.root
    if as_json:
        output.print_json(
            {
                "evicted": [
                    {
                        "id": one.job_id,
                        "display_name": one.title,
                        "path": root / one.path,
                        "state": "evicted",
                        "size": one.size,
                        "kept": one.kept,
                    }
                    for one in done
                ],
                "errors": [error.message for error in refused],
            }
        )
    else:
        for one in done:
            freed = f", freed {size_words(one.size)}"
            said = (
                f"; {_why_kept(one)}, and is kept in the trash as {one.kept}" if one.kept else freed
            )
            typer.echo(output.printable(f"evicted {one.path}{said}"))
    if refused:
        raise typer.Exit(int(max(error.exit_code for error in refused)))


def _why_kept(one: Evicted) -> str:
    return "it was changed" if one.changed else "it may hold what the account has not"


def _renamed(done: Renamed) -> str:
    if done.before == done.after:
        return f"job {done.job_id} is called “{done.after or ''}” already"
    said = f"job {done.job_id}: “{done.before or ''}” is “{done.after or ''}” now"
    if done.after != done.asked:
        said += f" (the service made that of “{done.asked}”)"
    return said


async def _rename(
    settings: Settings, key: Secret, progress: Progress | None, job_id: int, name: str
) -> Renamed:
    from syncd.actions.tracks import rename
    from syncd.engine import open_engine

    async with open_engine(settings, key, progress=progress) as engine:
        return await rename(
            engine.library, engine.executor, engine.context, engine.policy, job_id, name
        )


async def _cover(settings: Settings, key: Secret, job_id: int, url: str) -> Covered:
    from syncd.actions.tracks import cover
    from syncd.engine import open_engine

    async with open_engine(settings, key) as engine:
        return await cover(engine.library, engine.context, engine.policy, job_id, url)


async def _fetch(
    settings: Settings, key: Secret, progress: Progress | None, job_ids: Sequence[int]
) -> list[Report]:
    from syncd.actions.fetch import fetch
    from syncd.engine import open_engine

    async with open_engine(settings, key, progress=progress) as engine:
        return await fetch(engine.library, engine.executor, engine.context, engine.policy, job_ids)


async def _identify(settings: Settings, path: str, job_id: int) -> Identified:
    from syncd.actions.identify import identify
    from syncd.engine import open_offline
    from syncd.rest import export_anew

    async with open_offline(settings) as engine:
        done = await identify(engine.library, engine.context, engine.policy, path, job_id)
        await export_anew(engine.library)
        return done


async def _evict(
    settings: Settings, key: Secret, job_ids: Sequence[int], force: bool
) -> tuple[list[Evicted], list[SyncdError]]:
    """What was evicted, and why the others were not: one track's trouble is not another's."""
    from syncd.actions.evict import evict
    from syncd.engine import open_engine
    from syncd.rest import export_anew

    done, refused = [], []
    async with open_engine(settings, key) as engine:
        for job_id in job_ids:
            try:
                parts = (engine.library, engine.context, engine.policy)
                done.append(await evict(*parts, job_id, force=force))
            except SyncdError as error:
                refused.append(error)
        await export_anew(engine.library)
    return done, refused
