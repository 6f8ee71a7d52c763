"""``syncd demo``: the whole program on a made-up account, without a key."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from syncd.cli import output
from syncd.cli.sync import run_sync
from syncd.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from syncd.catalog.queries import Entry
    from syncd.config import Settings
    from syncd.outcome import Run
    from syncd.simulator import Simulator

_FACETS = frozenset({"genre", "emotion", "occasion", "language", "song_type", "liked"})
_SEARCH = "night"
_BY_HAND = " (by hand)"
_MARK = "# A demo of syncd, on a made-up account: its key is no key of yours."
"""The first line of the configuration of a kept demo: what tells it from one of the user's."""


def demo(
    keep: Annotated[
        Path | None, typer.Option("--keep", metavar="DIR", help="Keep everything in this folder.")
    ] = None,
) -> None:
    """See it work: a made-up account and a folder, in step both ways.

    Needs no API key and no network. Without --keep everything is removed at the end.
    """
    from syncd import config, log

    log.configure("warning", "auto")
    with ExitStack() as stack:
        if keep is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="syncd-demo-")))
        else:
            folder = keep.expanduser().absolute()
        config_file = folder / "config.toml"
        simulator = _start(stack, _port(config_file))
        if not config_file.exists():
            _set_up(config_file, simulator)
        settings = config.load(config_file)
        _head(f"An account with {len(simulator.world.jobs())} jobs, at {simulator.api_url}")
        typer.echo("  made up, on this machine: no API key, no network")
        if settings.catalog.exists():
            typer.echo("  and as new: what an earlier demo did to it comes down as a change")
        _head(f"syncd sync, into {settings.library.root}")
        run = _sync(settings, simulator)
        if run.exit_code is ExitCode.IN_STEP:
            _show(settings)
            if hands := _your_hands(settings):
                run = _there_and_back(settings, simulator, hands)
    _head("What next")
    for line in _next_steps(settings, keep=keep is not None):
        typer.echo(f"  {line}")
    raise typer.Exit(int(run.exit_code))


def _sync(settings: Settings, simulator: Simulator) -> Run:
    from syncd.cli.progress import Bars
    from syncd.secret import Secret

    with Bars() if sys.stderr.isatty() else nullcontext() as progress:
        run, _ = output.run_until_stopped(run_sync(settings, Secret(simulator.key), progress))
    typer.echo(f"  {run.summary()}")
    if run.error:
        raise run.error
    return run


def _port(config_file: Path) -> int:
    """0, any port, for a new demo; a kept one goes on at the address it is bound to."""
    from syncd import config

    folder = config_file.parent
    hint = "name an empty folder, or one that is not there yet"
    if config_file.exists():
        address = urlsplit(config.load(config_file).api.base_url)
        # Its key must never be sent to a service that the user wrote there, nor its jobs come down
        # into a library of the user's.
        if not _is_marked(config_file) or address.hostname != "127.0.0.1" or not address.port:
            raise ConfigError(f"{config_file} is a configuration, and no earlier demo's", hint=hint)
        return address.port
    try:
        empty = not folder.exists() or not any(folder.iterdir())
    except OSError as error:
        raise ConfigError(f"{folder} cannot be used: {error.strerror}", hint=hint) from None
    if not empty:
        raise ConfigError(f"{folder} is not empty, and no earlier demo", hint=hint)
    return 0


def _is_marked(config_file: Path) -> bool:
    with config_file.open(encoding="utf-8") as stream:
        return stream.readline().rstrip("\n") == _MARK


def _start(stack: ExitStack, port: int) -> Simulator:
    from syncd.simulator import Simulator, Switches, World

    simulator = Simulator(World.demo(), switches=Switches(facets=_FACETS), port=port)
    try:
        return stack.enter_context(simulator)
    except OSError as error:
        raise ConfigError(
            f"the demo cannot be served at its address: {error.strerror}",
            hint="stop what listens there first, such as another syncd demo or syncd simulate",
        ) from None


def _set_up(config_file: Path, simulator: Simulator) -> None:
    """What ``syncd init`` would make, with everything inside the demo's folder."""
    from syncd.cli.init import config_text, write_private
    from syncd.local.root import create_root

    folder = config_file.parent
    key_file, root = folder / "api_key", folder / "AudioPod"
    text = config_text(root, key_file, simulator.api_url, folder / "state")
    # Fifteen small tracks fit where a library would leave a reserve; nobody waits a day here.
    text += '\n[limits]\nmin_free_space = "10MB"\n\n[sync]\ndeletion_grace = "0s"\n'
    create_root(root, simulator.api_url)
    write_private(key_file, f"{simulator.key}\n")
    write_private(config_file, f"{_MARK}\n{text}")


def _show(settings: Settings) -> None:
    """The folder, the tags of one track, and a question to the catalog."""
    from syncd.catalog import queries
    from syncd.catalog.store import Catalog
    from syncd.local.tags import read_cover, read_fields

    root = settings.library.root
    _head("The folder")
    for line in _tree(root):
        typer.echo(f"  {line}")
    catalog = Catalog.read(settings.catalog)
    assert catalog is not None, "the sync before this made one"
    try:
        entries = queries.jobs(catalog, queries.Listing(status=("COMPLETED",), sort_order="asc"))
        found = queries.jobs(catalog, queries.Listing(search=_SEARCH))
    finally:
        catalog.close()
    path = next(root / entry.path for entry in entries if entry.path and entry.job.get("lyrics"))
    _head(f"The tags of {output.printable(path.name)}")
    for name, values in read_fields(path, path.suffix.lstrip(".")).items():
        text = output.printable(" / ".join("; ".join(values).split("\n")))
        typer.echo(f"  {name:14}{text if len(text) <= 70 else text[:69] + '…'}")
    if cover := read_cover(path, path.suffix.lstrip(".")):
        typer.echo(f"  {'cover':14}{cover.mime}, {cover.width}x{cover.height}")
    _head(f'The catalog, asked for "{_SEARCH}" in names, prompts and lyrics')
    for entry in found:
        typer.echo(f"  {entry.id}  {output.printable(entry.display_name or '')}  {entry.status}")


def _your_hands(settings: Settings) -> tuple[Entry, Entry] | None:
    """The track to rename and the track to delete: the same ones each time, while they are there.

    ``None`` where there are none, or where a deletion would have to wait out a grace.
    """
    from syncd.catalog import queries
    from syncd.catalog.store import Catalog

    if settings.sync.deletion_grace or settings.sync.deletions != "mirror":
        return None
    catalog = Catalog.read(settings.catalog)
    assert catalog is not None, "the sync before this made one"
    try:
        entries = queries.jobs(catalog, queries.Listing(status=("COMPLETED",), sort_order="asc"))
    finally:
        catalog.close()
    root = settings.library.root
    named = [e for e in entries if e.path and Path(e.path).stem == e.display_name]
    there = [e for e in named if (root / str(e.path)).exists()]
    if len(there) < 2 or _by_hand(root / str(there[-1].path)).exists():
        return None
    return there[-1], there[-2]


def _by_hand(path: Path) -> Path:
    """Its new name; the old one again, where an earlier demo was stopped in between."""
    stem = path.stem
    if stem.endswith(_BY_HAND):
        return path.with_stem(stem.removesuffix(_BY_HAND))
    return path.with_stem(stem + _BY_HAND)


def _there_and_back(settings: Settings, simulator: Simulator, hands: tuple[Entry, Entry]) -> Run:
    """Rename one file, delete another, and show what the account and the trash say then."""
    from syncd.local import files
    from syncd.local.root import open_root
    from syncd.local.trash import Trash

    root = settings.library.root
    renamed, deleted = (root / str(entry.path) for entry in hands)
    new = _by_hand(renamed)
    _head("In the folder, one file is renamed and one is deleted")
    typer.echo(
        "  a deletion waits 24 hours before it is sent (sync.deletion_grace); not in this demo"
    )
    typer.echo(f"  {output.printable(f'{renamed.name} → {new.name}')}")
    typer.echo(f"  {output.printable(deleted.name)}, deleted")
    renamed.rename(new)
    deleted.unlink()
    _head("syncd sync, once more")
    run = _sync(settings, simulator)
    _head("The account now")
    jobs = [simulator.world.job(entry.id) for entry in hands]
    for entry, job in zip(hands, jobs, strict=True):
        said = f"is called {job.display_name}" if job else f"({entry.display_name}) is gone"
        typer.echo(f"  job {entry.id} {output.printable(said)}")
    trash = Trash(open_root(root), mode=files.default_mode())
    _head(f"The trash, {output.printable(str(trash.folder))}")
    for kept in trash.of_job(hands[1].id):
        typer.echo(
            f"  {output.printable(kept.name)}: {kept.why}; syncd trash restore brings it back"
        )
    return run


def _tree(folder: Path, indent: str = "") -> Iterator[str]:
    if not indent:
        yield f"{folder.name}/"
    shown = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    for path in shown:
        last = path == shown[-1]
        yield f"{indent}{'└── ' if last else '├── '}{output.printable(path.name)}"
        if path.is_dir():
            yield from _tree(path, f"{indent}{'    ' if last else '│   '}")


def _next_steps(settings: Settings, *, keep: bool) -> Iterator[str]:
    called = output.program()
    own = (f"{called} init", "set up your own account and folder")
    steps = [(f"{called} demo --keep ~/syncd-demo", "the same, and the folder stays"), own]
    if keep:
        port = urlsplit(settings.api.base_url).port
        steps = [
            (f"{called} --config {settings.file} ls", "the catalog, without the account"),
            (f"{called} simulate --facets --port {port}", "the account, in another terminal;"),
            (f"{called} --config {settings.file} sync", "then keeps the folder in step with it"),
            own,
        ]
    width = max(len(command) for command, _ in steps)
    for command, what in steps:
        yield f"{command:{width}}  {what}"


def _head(text: str) -> None:
    typer.secho(f"\n{output.printable(text)}", bold=True)
