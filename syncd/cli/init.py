"""``syncd init``: a configuration file, a root and its marker."""

from __future__ import annotations

import json
import os
import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli import output
from syncd.cli.sync import JSON
from syncd.errors import ConfigError, WrongAccount

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
    """Set up a library: write a configuration, make the folder and mark it.

    A configuration that exists already is left as it is: the folder it names is made and marked.
    """
    from syncd import config
    from syncd.local.root import create_root

    path, _ = config.config_path(context.obj)
    written: list[Path] = []
    if path.exists():
        settings = config.load(path)
        _check_unchanged(settings, root, base_url)
    else:
        if not yes and not sys.stdin.isatty():
            raise ConfigError("there is nobody to ask", hint="say --yes to take the defaults")
        settings = config.Settings()
        root = _absolute(root or _ask_root(settings.library.root, yes=yes))
        key = None if yes or key_file or os.environ.get(config.KEY_VARIABLE) else _ask_key()
        if key:
            key_file = path.with_name("api_key")
            write_private(key_file, f"{key}\n")
            written.append(key_file)
        if state_dir is None and path != config.default_config_path():
            # A second configuration is a second library: it must not share the first one's catalog.
            mark = sha256(os.fsencode(path)).hexdigest()[:8]
            state_dir = settings.state.dir.with_name(f"syncd-{mark}")
        text = config_text(root, key_file, base_url, state_dir)
        settings = config.parse(_toml(text), path)
        write_private(path, text)
        written.append(path)
    made, marker = create_root(settings.library.root, settings.api.base_url)
    if marker.base_url != settings.api.base_url:
        raise WrongAccount(
            f"{made.path} is a library of {marker.base_url}, not of {settings.api.base_url}",
            hint="choose another folder, or correct api.base_url",
        )
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
    typer.echo(f"next: {called} plan shows what would be done, {called} sync does it")


def _check_unchanged(settings: Settings, root: Path | None, base_url: str | None) -> None:
    for name, given, found in (
        ("--root", root and _absolute(root), settings.library.root),
        ("--base-url", base_url and base_url.rstrip("/"), settings.api.base_url),
    ):
        if given is not None and given != found:
            raise ConfigError(
                f"{settings.file} exists and says {found}, {name} says {given}",
                hint="edit the file, or name another one with --config",
            )


def _ask_root(default: Path, *, yes: bool) -> Path:
    return default if yes else Path(typer.prompt("Folder of the library", default=str(default)))


def _ask_key() -> str | None:
    text = str(
        typer.prompt(
            "API key (starts with ap_; empty to give it later)",
            default="",
            hide_input=True,
            show_default=False,
        )
    ).strip()
    if text and not text.startswith("ap_"):
        raise ConfigError("that is no AudioPod key", hint="keys start with ap_")
    return text or None


def config_text(
    root: Path, key_file: Path | None, base_url: str | None, state_dir: Path | None
) -> str:
    """A short file: what was chosen, and where to read about the rest."""
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
    return "\n".join(lines) + "\n"


def _quoted(value: object) -> str:
    # A TOML basic string escapes as JSON does, but for DEL, which JSON leaves as it is.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml(text: str) -> dict[str, object]:
    import tomllib

    return tomllib.loads(text)


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def write_private(path: Path, text: str) -> None:
    """Make a file only its owner can read; an existing one is never replaced."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
