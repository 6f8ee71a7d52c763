"""Where the settings come from: a TOML file in, a frozen ``Settings`` out, or an error.

Unknown keys and bad values are errors, each one line with the file, the key and what is allowed
(``ConfigError``, exit 2). The key of the API is never a setting: it comes from the environment, a
file or a credential. What can be set is in ``settings``.
"""

from __future__ import annotations

import difflib
import logging
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from syncd.errors import ConfigError, KeyMissing
from syncd.secret import Secret, redact
from syncd.setting_types import parse_duration, parse_size
from syncd.settings import (
    Api,
    Exports,
    Hooks,
    Library,
    Limits,
    Log,
    Metrics,
    Notify,
    OnlySection,
    Playlist,
    Settings,
    State,
    Sync,
    Tags,
    Trash,
    systemd_folder,
)

__all__ = [
    "CONFIG_VARIABLE",
    "CREDENTIAL",
    "KEY_VARIABLE",
    "Settings",
    "config_path",
    "default_config_path",
    "load",
    "load_key",
    "parse",
    "parse_duration",
    "parse_size",
]

_log = logging.getLogger(__name__)

KEY_VARIABLE = "AUDIOPOD_API_KEY"
CONFIG_VARIABLE = "SYNCD_CONFIG"
CREDENTIAL = "audiopod_api_key"

_SECTIONS: dict[str, type[BaseModel]] = {
    "api": Api,
    "library": Library,
    "tags": Tags,
    "sync": Sync,
    "trash": Trash,
    "state": State,
    "limits": Limits,
    "log": Log,
    "hooks": Hooks,
    "metrics": Metrics,
    "notify": Notify,
    "exports": Exports,
    "playlists": Playlist,
}


def default_config_path(environ: Mapping[str, str] = os.environ) -> Path:
    """``$CONFIGURATION_DIRECTORY`` (systemd) before the user's own configuration folder."""
    if folder := systemd_folder(environ, "CONFIGURATION_DIRECTORY"):
        return folder / "config.toml"
    return platformdirs.user_config_path("syncd") / "config.toml"


def config_path(option: Path | None, environ: Mapping[str, str] = os.environ) -> tuple[Path, bool]:
    """The configuration file in force, and whether the user named it (so that it must exist).

    Raises ``ConfigError`` for a ``~name`` that nobody has.
    """
    named = option or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    if named is None:
        return default_config_path(environ), False
    try:
        return named.expanduser().absolute(), True
    except RuntimeError:
        raise ConfigError(f"{named}: names a home folder that is not known") from None


Chosen = Path | tuple[Path | None, str] | None
"""What the command line names: a file, or a file and the format of a further tree."""


def load(option: Chosen = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of the file in force; the defaults where none was named and none exists.

    Those of a further tree where one was named; raises ``ConfigError`` where there is no such.
    """
    if isinstance(option, tuple):
        option, format_ = option
        trees = load(option, environ).trees
        if format_ not in trees:
            known = ", ".join(trees) or "none"
            raise ConfigError(f"library.also has no tree of {format_} (it has: {known})")
        return trees[format_]
    path, named = config_path(option, environ)
    try:
        with path.open("rb") as stream:
            table = tomllib.load(stream)
    except FileNotFoundError:
        if named:
            raise ConfigError(
                f"{path}: there is no such configuration file",
                hint="syncd init makes one; --config and SYNCD_CONFIG name one",
            ) from None
        return Settings()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from None
    except (RecursionError, ValueError):
        raise ConfigError(f"{path}: what it holds is nested too deep, or too long") from None
    return parse(table, path)


def parse(table: Mapping[str, Any], path: Path) -> Settings:
    """Settings of a TOML table; ``path`` is named in errors."""
    if "file" in table:
        raise ConfigError(f"{path}: file: {_unknown('file', Settings)}")
    try:
        return Settings.model_validate({**table, "file": path})
    except ValidationError as error:
        raise ConfigError(f"{path}: {_explain(error.errors()[0], table)}") from None


def load_key(settings: Settings, environ: Mapping[str, str] = os.environ) -> Secret:
    """The API key: ``AUDIOPOD_API_KEY``, else ``api.key_file``, else the systemd credential.

    Raises ``KeyMissing`` where there is none of them, ``ConfigError`` for one that is no key.
    """
    credentials = systemd_folder(environ, "CREDENTIALS_DIRECTORY")
    if value := environ.get(KEY_VARIABLE, "").strip():
        return _checked_key(value, KEY_VARIABLE)
    if settings.api.key_file:
        return _checked_key(_read_key(settings.api.key_file), str(settings.api.key_file))
    if credentials and (credentials / CREDENTIAL).exists():
        return _checked_key(_read_key(credentials / CREDENTIAL), f"the credential {CREDENTIAL}")
    raise KeyMissing(
        "no API key is given",
        hint=f"set {KEY_VARIABLE}, or api.key_file to a file that holds it",
    )


def _read_key(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as stream:
            if os.fstat(stream.fileno()).st_mode & 0o077:
                # A word and no refusal: secrets mounted into a container often look like this.
                _log.warning("other users can read the key file %s; chmod 600 mends it", path)
            return stream.read(10_000).strip()
    except (OSError, UnicodeDecodeError) as error:
        word = (error.strerror if isinstance(error, OSError) else None) or "it is not a text file"
        raise ConfigError(f"the key file {path} cannot be read: {word}") from None


def _checked_key(value: str, source: str) -> Secret:
    if not value:
        raise ConfigError(f"{source} is empty", hint="it must hold a key that starts with ap_")
    if not value.startswith("ap_"):
        raise ConfigError(f"{source} does not hold an AudioPod key", hint="keys start with ap_")
    if not re.fullmatch(r"[\x21-\x7e]{4,512}", value):
        raise ConfigError(f"{source} holds characters that no key has", hint="copy it again")
    return Secret(value, source)


def _explain(error: ErrorDetails, table: Mapping[str, Any]) -> str:
    where = [part for part in error["loc"] if isinstance(part, str)]
    key = ".".join(part if part.isprintable() else repr(part) for part in where)
    if where == ["playlists"] and isinstance(error["input"], Mapping):
        return f"{key}: each is one of a list, written as [[{key}]], not [{key}]"
    if where[:1] == ["playlists"] and len(where) > 1:
        one = table["playlists"][error["loc"][1]]
        named = one.get("name") if isinstance(one, Mapping) else None
        key += f" (of {_shown(named)})" if named else ""
    if error["type"] == "extra_forbidden":
        return f"{key}: {_unknown(where[-1], _section_of(where))}"
    if error["type"] == "model_type":
        return f"{key}: must be a section, written as [{key}], not {_shown(error['input'])}"
    if error["type"] == "too_short":
        return f"{key}: must hold at least one"
    if error["type"] == "value_error":
        return f"{key}: {error['ctx']['error']}, not {_shown(error['input'])}"
    word = error["msg"].replace("Input should be", "must be", 1)
    return f"{key}: {word}, not {_shown(error['input'])}"


def _section_of(where: Sequence[str]) -> type[BaseModel]:
    """The section in which the key at ``where`` stands."""
    if where[:2] == ["library", "only"] and len(where) > 2:
        return OnlySection
    return _SECTIONS.get(where[0], Settings)


def _unknown(name: str, section: type[BaseModel]) -> str:
    known = [key for key in section.model_fields if key != "file"]
    close = difflib.get_close_matches(name, known, n=1)
    meant = f"; did you mean {close[0]}?" if close else ""
    return f"unknown key{meant} (known here: {', '.join(known)})"


def _shown(value: object) -> str:
    # A key pasted into the wrong place must not reach a log by way of the error.
    try:
        text = redact(repr(value))
    except (RecursionError, ValueError):
        return "what is there, which is nested too deep, or too long"
    return text if len(text) <= 80 else f"{text[:77]}..."
