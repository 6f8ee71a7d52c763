"""``syncd init``: a configuration file, a root and its marker."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncd.cli import output
from syncd.cli.asking import code_of
from syncd.cli.output import JSON
from syncd.core.safety import PRIVATE_FOLDER
from syncd.errors import ConfigError, RootUnusable, WrongAccount

if TYPE_CHECKING:
    from syncd.config import Settings


def init(
    context: typer.Context,
    root: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder of the library.")
    ] = None,
    key_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file that holds the API key.")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(metavar="URL", help="The service, if not AudioPod's own.")
    ] = None,
    state_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the catalog is kept.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; take defaults.")] = False,
    as_json: JSON = False,
) -> None:
    """Set up a library: a configuration, a folder and its marker.

    A configuration that exists already is left as it is: the folder it names is made and marked.
    """
    from syncd import config
    from syncd.local.owner import check_owner
    from syncd.local.root import create_root, write_marker

    path, _ = config.config_path(context.obj)
    files: dict[Path, str] = {}
    if path.exists():
        settings = config.load(path)
        _check_unchanged(settings, root, key_file, base_url, state_dir)
    else:
        if not yes and not sys.stdin.isatty():
            raise ConfigError("there is nobody to ask", hint="say --yes to take the defaults")
        settings = config.Settings()
        root = _absolute(root or _ask_root(settings.library.root, yes=yes))
        key = None if yes or key_file or os.environ.get(config.KEY_VARIABLE) else _ask_key()
        if key:
            key_file = path.with_name("api_key")
            files[key_file] = f"{key}\n"
        if state_dir is None and path != config.default_config_path():
            # A second configuration is a second library: it must not share the first one's catalog.
            mark = sha256(os.fsencode(path)).hexdigest()[:8]
            state_dir = settings.state.dir.with_name(f"syncd-{mark}")
        text = config_text(root, key_file, base_url, state_dir)
        settings = config.parse(_toml(text), path)
        files[path] = text
    written = [file for file, content in files.items() if not _stands(file, content)]
    check_owner(settings.library.root, settings.state.dir)
    _check_root(settings)
    made, marker = create_root(settings.library.root, settings.api.base_url)
    if marker.base_url != settings.api.base_url:  # nothing was ever placed: see _check_root
        marker = replace(marker, base_url=settings.api.base_url, account=None)
        write_marker(made, marker)
    # Last, the configuration last of all: while there is none, init can be run again.
    for file in written:
        write_private(file, files[file])
    if as_json:
        output.print_json(
            {"config": path, "root": made.path, "library_id": marker.library_id, "written": written}
        )
        return
    for file in written:
        typer.echo(f"wrote {file}")
    typer.echo(f"{made.path} is a syncd library ({marker.library_id})")
    called = output.program()
    called += "" if path == config.default_config_path() else f" --config {path}"
    steps = [f"{called} plan   shows what would be done", f"{called} sync   does it"]
    try:
        config.load_key(settings)
    except ConfigError as error:
        steps = [f"give the API key: {error.hint or error.message}; then", *steps]
    for step in steps:
        typer.echo(f"{'next:' if step is steps[0] else '     '} {step}")


def _check_unchanged(
    settings: Settings,
    root: Path | None,
    key_file: Path | None,
    base_url: str | None,
    state_dir: Path | None,
) -> None:
    for name, given, found in (
        ("--root", root and _absolute(root), settings.library.root),
        ("--key-file", key_file and _absolute(key_file), settings.api.key_file),
        ("--base-url", base_url and base_url.rstrip("/"), settings.api.base_url),
        ("--state-dir", state_dir and _absolute(state_dir), settings.state.dir),
    ):
        if given is not None and given != found:
            said = f"says {found}" if found else "names none"
            raise ConfigError(
                f"{settings.file} exists and {said}, {name} says {given}",
                hint="edit the file, or name another one with --config",
            )


def _stands(path: Path, content: str) -> bool:
    """Whether an earlier try left this very file; ``ConfigError`` where it cannot be written."""
    try:
        if path.read_bytes() == content.encode():
            return True
    except FileNotFoundError:
        folder = next(folder for folder in path.parents if folder.exists())
        if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
            return False
        raise ConfigError(f"{path} cannot be written: {folder} does not allow it") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from None
    raise ConfigError(
        f"{path} exists and holds something else",
        hint="name it with --key-file to use the key that it holds, or move it away",
    )


def _check_root(settings: Settings) -> None:
    """Refuse, before anything is made, a root that the service or the catalog does not belong to.

    A catalog that never held a job belongs to no library yet, and a root that holds nothing but
    its marker is bound to no service yet.
    """
    from syncd.catalog.store import Catalog
    from syncd.local.root import find_marker

    root, base_url = settings.library.root, settings.api.base_url
    marker = find_marker(root)
    binding = None
    if catalog := Catalog.read(settings.catalog):
        try:
            binding = None if catalog.is_empty() else catalog.binding()
        finally:
            catalog.close()
    begun = binding or (root.is_dir() and any(p.name != PRIVATE_FOLDER for p in root.iterdir()))
    if marker and marker.base_url != base_url and begun:
        raise WrongAccount(
            f"{root} is a library of {marker.base_url}, not of {base_url}",
            hint="choose another folder, or correct api.base_url",
        )
    if binding and (marker is None or marker.library_id != binding.library_id):
        raise RootUnusable(
            f"the catalog {settings.catalog} belongs to a library, and {root} is not its folder",
            hint="bring that folder back (mount its disk, or correct library.root); if this is the "
            "library nevertheless, syncd adopt binds it anew; or, to begin a new library, move "
            f"{settings.catalog} aside or choose another state.dir",
        )


def _ask_root(default: Path, *, yes: bool) -> Path:
    return default if yes else Path(_ask("Folder of the library", default=str(default)))


def _ask_key() -> str | None:
    from syncd import config

    text = _ask(
        "API key (starts with ap_, not shown; empty to give it later)",
        default="",
        hide_input=True,
        show_default=False,
    ).strip()
    if not text:
        return None
    try:
        return config.load_key(config.Settings(), {config.KEY_VARIABLE: text}).reveal()
    except ConfigError as error:
        raise ConfigError("that is no AudioPod key", hint=error.hint) from None


def _ask(question: str, **options: Any) -> str:
    try:
        return str(typer.prompt(question, **options))
    except typer.Abort as abort:
        typer.echo("\nsyncd: stopped; nothing was changed", err=True)
        raise typer.Exit(int(code_of(abort))) from None


def config_text(
    root: Path, key_file: Path | None, base_url: str | None, state_dir: Path | None
) -> str:
    """A short file: what was chosen, and where to read about the rest.

    Raises ``ConfigError`` for a path that is not UTF-8, which TOML cannot hold.
    """
    lines = ["# syncd: what is not set here has its default; see config.example.toml.", ""]
    api = [
        *([f"base_url = {_quoted(base_url)}"] if base_url else []),
        *([f"key_file = {_quoted(_absolute(key_file))}"] if key_file else []),
    ]
    if api:
        lines += ["[api]", *api, ""]
    lines += ["[library]", f"root = {_quoted(root)}"]
    if state_dir:
        lines += ["", "[state]", f"dir = {_quoted(_absolute(state_dir))}"]
    text = "\n".join(lines) + "\n"
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ConfigError("a configuration can only name paths that are UTF-8") from None
    return text


def _quoted(value: object) -> str:
    # A TOML basic string escapes as JSON does, but for DEL, which JSON leaves as it is.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml(text: str) -> dict[str, object]:
    import tomllib

    return tomllib.loads(text)


def _absolute(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        raise ConfigError(f"{path} names a home folder that is not known") from None


def write_private(path: Path, text: str) -> None:
    """Make a file only its owner can read; an existing one is never replaced."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
