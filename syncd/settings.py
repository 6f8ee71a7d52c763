"""What can be set: each section with its keys, their defaults and what they may hold.

A duration is a number of seconds, a size a number of bytes, a path absolute. A value that is not
allowed raises ``ValueError`` with the words that ``config`` makes its one line of.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from syncd.core.model import FORMATS
from syncd.core.naming import ALBUM_FIELDS, BadTemplateError, check_fields, check_template

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


def _listen(value: str) -> str:
    """``HOST:PORT`` of this machine, or nothing; raises ``ValueError`` for another's."""
    if not value:
        return value
    host, _, port = value.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65_535 or not _is_this_machine(host):
        raise ValueError("must be an address of this machine and a port, such as 127.0.0.1:9465")
    return value


def _command(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
        raise ValueError('must be a list of words, such as ["mpc", "update"]')
    if value and not value[0].strip():
        raise ValueError("names no program")
    if any("\0" in word for word in value):
        raise ValueError("holds a NUL character")
    return tuple(value)


def _within(days: int) -> AfterValidator:
    """At most so many days, said in days: a limit in seconds would have to be worked out."""

    def check(seconds: float) -> float:
        if seconds > days * _DURATION_UNITS["d"]:
            raise ValueError(f"must be at most {days}d")
        return seconds

    return AfterValidator(check)


Duration = Annotated[float, BeforeValidator(parse_duration)]
Size = Annotated[int, BeforeValidator(parse_size)]
PathSetting = Annotated[Path, BeforeValidator(_path)]
Format = Literal["flac", "mp3", "ogg", "wav"]
Command = Annotated[tuple[str, ...], BeforeValidator(_command)]


def _default_state_dir() -> Path:
    folder = systemd_folder(os.environ, "STATE_DIRECTORY")
    return folder or platformdirs.user_state_path("syncd")


def systemd_folder(environ: Mapping[str, str], name: str) -> Path | None:
    """The folder that systemd made for the unit and names in ``name``, or ``None`` without one."""
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
    moves: Literal["ask", "auto", "never"] = "ask"


class Sync(_Section):
    """``[sync]``: what is sent to the account, what follows it, how much at once, and how often.

    Budgets count tracks over a rolling day; with 0 every single one waits for the user. The
    intervals are the daemon's.
    """

    direction: Literal["both", "down"] = "both"
    deletions: Literal["mirror", "restore", "ignore"] = "mirror"
    deletion_grace: Annotated[Duration, _within(days=365)] = 86_400.0
    deletion_budget: Annotated[int, Field(ge=0)] = 10
    rename_budget: Annotated[int, Field(ge=0)] = 100
    remote_deletions: Literal["trash", "keep"] = "trash"
    conflicts: Literal["local", "remote", "hold"] = "local"
    poll_interval: Annotated[Duration, Field(ge=5), _within(days=1)] = 60.0
    sweep_interval: Annotated[Duration, Field(ge=60), _within(days=30)] = 21_600.0
    scan_interval: Annotated[Duration, Field(ge=10), _within(days=30)] = 900.0


class Trash(_Section):
    """``[trash]``: what becomes of files that were taken out of the library."""

    # A century: further back, a day's arithmetic leaves the calendar.
    retention: Annotated[Duration, _within(days=36_500)] = 2_592_000.0


class State(_Section):
    """``[state]``: where the catalog is, and how long it remembers what was done."""

    dir: PathSetting = Field(default_factory=_default_state_dir)
    history: Annotated[Duration, Field(ge=86_400), _within(days=36_500)] = 31_536_000.0


class Limits(_Section):
    """``[limits]``: what may be used at most. ``bandwidth`` is bytes a second, 0 without limit."""

    bandwidth: Size = 0
    parallel_downloads: Annotated[int, Field(ge=1, le=32)] = 4
    min_free_space: Size = 500_000_000
    max_file_size: Annotated[Size, Field(ge=1)] = 1 << 30


class Log(_Section):
    """``[log]``: what is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "text", "json", "journald"] = "auto"


class Hooks(_Section):
    """``[hooks]``: programs that the daemon runs, with their arguments; none where empty."""

    on_added: Command = ()
    on_removed: Command = ()
    on_renamed: Command = ()
    on_pending: Command = ()
    on_held: Command = ()
    on_error: Command = ()
    timeout: Annotated[Duration, Field(ge=1), _within(days=1)] = 60.0


class Metrics(_Section):
    """``[metrics]``: where the daemon answers with figures and its health; nowhere where empty."""

    listen: Annotated[str, AfterValidator(_listen)] = ""


class Notify(_Section):
    """``[notify]``: how the daemon calls for the person it works for."""

    desktop: bool = False


class Settings(_Section):
    """All settings, each with its default. ``file`` is where they came from, if from a file."""

    api: Api = Field(default_factory=Api)
    library: Library = Field(default_factory=Library)
    sync: Sync = Field(default_factory=Sync)
    trash: Trash = Field(default_factory=Trash)
    state: State = Field(default_factory=State)
    limits: Limits = Field(default_factory=Limits)
    log: Log = Field(default_factory=Log)
    hooks: Hooks = Field(default_factory=Hooks)
    metrics: Metrics = Field(default_factory=Metrics)
    notify: Notify = Field(default_factory=Notify)
    file: Path | None = None

    @property
    def catalog(self) -> Path:
        return self.state.dir / "catalog.sqlite3"
