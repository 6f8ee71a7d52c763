"""Settings: a TOML file in, a frozen ``Settings`` out. Unknown keys and bad values are errors.

Every error is one line with the file, the key and what is allowed (``ConfigError``, exit 2).
The key of the API is never a setting: it comes from the environment, a file or a credential.
"""

from __future__ import annotations

import difflib
import ipaddress
import logging
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from syncd.core.model import FORMATS
from syncd.core.naming import ALBUM_FIELDS, BadTemplateError, check_fields, check_template
from syncd.errors import ConfigError
from syncd.secret import Secret, redact

_log = logging.getLogger(__name__)

KEY_VARIABLE = "AUDIOPOD_API_KEY"
CONFIG_VARIABLE = "SYNCD_CONFIG"
CREDENTIAL = "audiopod_api_key"

_DEFAULT_PORTS = {"http": 80, "https": 443}
_DURATION_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SIZE_UNITS: dict[str, int] = {
    "B": 1,
    **{f"{prefix}B": int(1000**power) for power, prefix in enumerate("kMGT", start=1)},
    **{f"{prefix}iB": int(1024**power) for power, prefix in enumerate("KMGT", start=1)},
    "KB": 1000,
}


def parse_duration(value: object) -> float:
    """Seconds of ``90s``, ``10m``, ``2h`` or ``30d``; raises ``ValueError`` for anything else."""
    match = re.fullmatch(r"([0-9]{1,9})([smhd])", value) if isinstance(value, str) else None
    if not match:
        raise ValueError("must be a duration such as 0s, 90s, 10m, 2h or 30d")
    return float(int(match[1]) * _DURATION_UNITS[match[2]])


def parse_size(value: object) -> int:
    """Bytes of ``500MB`` or ``1GiB``; raises ``ValueError`` for anything else."""
    match = re.fullmatch(r"([0-9]{1,18}) ?([A-Za-z]+)", value) if isinstance(value, str) else None
    if not match or match[2] not in _SIZE_UNITS:
        raise ValueError("must be a size such as 500MB or 1GiB")
    return int(match[1]) * _SIZE_UNITS[match[2]]


def _origin(value: str) -> str:
    problem = ValueError("must be an origin such as https://api.audiopod.ai, without a path")
    try:
        parts = urlsplit(value)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise problem from None
    if (
        parts.scheme not in _DEFAULT_PORTS
        or not host
        or not re.fullmatch(r"[!-~]+", value)
        or "\\" in value
        or port == 0
        or parts.username is not None
        or parts.path.rstrip("/")
        or parts.query
        or parts.fragment
    ):
        raise problem
    if parts.scheme == "http" and not _is_this_machine(host):
        raise ValueError("must be https: plain http, but to this machine, would show the key")
    # One spelling for one origin: the marker and the tags of every file hold it.
    where = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{where}" + (
        "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    )


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    # ::ffff:127.0.0.1, which Pythons judge differently, is no one's need.
    return address.is_loopback and getattr(address, "ipv4_mapped", None) is None


def _path(value: object) -> Path:
    if not isinstance(value, str | Path) or not str(value).strip() or "\0" in str(value):
        raise ValueError("must be a path")
    try:
        path = Path(value).expanduser()
    except RuntimeError:
        raise ValueError("names a home folder that is not known") from None
    if not path.is_absolute():
        raise ValueError("must be an absolute path, or one that starts with ~/")
    return path


def _template(value: str) -> str:
    try:
        check_template(value)
    except BadTemplateError as error:
        raise ValueError(str(error)) from None
    return value


def _album(value: str) -> str:
    try:
        check_fields(value, ALBUM_FIELDS)
    except BadTemplateError as error:
        raise ValueError(str(error)) from None
    return value


def _formats(value: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(value)) != len(value):
        raise ValueError("names a format twice")
    return value


def _text(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError("must be a line of text that is not empty")
    return value


Duration = Annotated[float, BeforeValidator(parse_duration)]
Size = Annotated[int, BeforeValidator(parse_size)]
PathSetting = Annotated[Path, BeforeValidator(_path)]
Format = Literal["flac", "mp3", "ogg", "wav"]


def _default_state_dir() -> Path:
    folder = _systemd_folder(os.environ, "STATE_DIRECTORY")
    return folder or platformdirs.user_state_path("syncd")


def _systemd_folder(environ: Mapping[str, str], name: str) -> Path | None:
    # systemd gives a list where the unit names several directories; ours names one.
    first = environ.get(name, "").split(":")[0]
    return Path(first) if first else None


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Api(_Section):
    """``[api]``: where the service is, and how often it is asked."""

    base_url: Annotated[str, AfterValidator(_origin)] = "https://api.audiopod.ai"
    key_file: PathSetting | None = None
    requests_per_minute: Annotated[int, Field(ge=0, le=100_000)] = 120
    timeout: Annotated[Duration, Field(ge=1, le=600)] = 30.0


class Library(_Section):
    """``[library]``: the folder and how files are chosen and named."""

    root: PathSetting = Field(default_factory=lambda: platformdirs.user_music_path() / "AudioPod")
    template: Annotated[str, AfterValidator(_template)] = "{album}/{title}.{ext}"
    formats: Annotated[
        tuple[Format, ...], Field(min_length=1, strict=False), AfterValidator(_formats)
    ] = FORMATS  # type: ignore[assignment]
    artist: Annotated[str, AfterValidator(_text)] = "AudioPod"
    album: Annotated[str, AfterValidator(_text), AfterValidator(_album)] = "AudioPod {year}-{month}"


class State(_Section):
    """``[state]``: where the catalog is."""

    dir: PathSetting = Field(default_factory=_default_state_dir)


class Limits(_Section):
    """``[limits]``: what may be used at most."""

    parallel_downloads: Annotated[int, Field(ge=1, le=32)] = 4
    min_free_space: Size = 500_000_000
    max_file_size: Annotated[Size, Field(ge=1)] = 1 << 30


class Log(_Section):
    """``[log]``: what is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "text", "json"] = "auto"


class Settings(_Section):
    """All settings, each with its default. ``file`` is where they came from, if from a file."""

    api: Api = Field(default_factory=Api)
    library: Library = Field(default_factory=Library)
    state: State = Field(default_factory=State)
    limits: Limits = Field(default_factory=Limits)
    log: Log = Field(default_factory=Log)
    file: Path | None = None

    @property
    def catalog(self) -> Path:
        return self.state.dir / "catalog.sqlite3"


_SECTIONS: dict[str, type[BaseModel]] = {
    "api": Api,
    "library": Library,
    "state": State,
    "limits": Limits,
    "log": Log,
}


def default_config_path(environ: Mapping[str, str] = os.environ) -> Path:
    """``$CONFIGURATION_DIRECTORY`` (systemd) before the user's own configuration folder."""
    if folder := _systemd_folder(environ, "CONFIGURATION_DIRECTORY"):
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


def load(option: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of the file in force; the defaults where none was named and none exists."""
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
    return parse(table, path)


def parse(table: Mapping[str, Any], path: Path) -> Settings:
    """Settings of a TOML table; ``path`` is named in errors."""
    if "file" in table:
        raise ConfigError(f"{path}: file: {_unknown('file', Settings)}")
    try:
        return Settings.model_validate({**table, "file": path})
    except ValidationError as error:
        raise ConfigError(f"{path}: {_explain(error.errors()[0])}") from None


def load_key(settings: Settings, environ: Mapping[str, str] = os.environ) -> Secret:
    """The API key: ``AUDIOPOD_API_KEY``, else ``api.key_file``, else the systemd credential."""
    credentials = _systemd_folder(environ, "CREDENTIALS_DIRECTORY")
    if value := environ.get(KEY_VARIABLE, "").strip():
        return _checked_key(value, KEY_VARIABLE)
    if settings.api.key_file:
        return _checked_key(_read_key(settings.api.key_file), str(settings.api.key_file))
    if credentials and (credentials / CREDENTIAL).exists():
        return _checked_key(_read_key(credentials / CREDENTIAL), f"the credential {CREDENTIAL}")
    raise ConfigError(
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


def _explain(error: ErrorDetails) -> str:
    where = [part for part in error["loc"] if isinstance(part, str)]
    key = ".".join(part if part.isprintable() else repr(part) for part in where)
    if error["type"] == "extra_forbidden":
        return f"{key}: {_unknown(where[-1], _SECTIONS.get(where[0], Settings))}"
    if error["type"] == "model_type":
        return f"{key}: must be a section, written as [{key}], not {_shown(error['input'])}"
    if error["type"] == "too_short":
        return f"{key}: must hold at least one"
    if error["type"] == "value_error":
        return f"{key}: {error['ctx']['error']}, not {_shown(error['input'])}"
    word = error["msg"].replace("Input should be", "must be", 1)
    return f"{key}: {word}, not {_shown(error['input'])}"


def _unknown(name: str, section: type[BaseModel]) -> str:
    known = [key for key in section.model_fields if key != "file"]
    close = difflib.get_close_matches(name, known, n=1)
    meant = f"; did you mean {close[0]}?" if close else ""
    return f"unknown key{meant} (known here: {', '.join(known)})"


def _shown(value: object) -> str:
    # A key pasted into the wrong place must not reach a log by way of the error.
    text = redact(repr(value))
    return text if len(text) <= 80 else f"{text[:77]}..."
