"""What a setting may hold: the kinds of values, and how each is read.

A duration is a number of seconds, a size a number of bytes, a path absolute. A value that is not
allowed raises ``ValueError`` with the words that ``config`` makes its one line of.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from syncd.core.listing import Range
from syncd.core.model import SONG_TYPES
from syncd.core.naming import ALBUM_FIELDS, BadTemplateError, check_fields, check_template
from syncd.core.query import BadQueryError, listing_of, parse_query
from syncd.core.safety import is_inside

_MOST_TRIES = 100
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


def _also_root(value: str) -> str:
    if value.count("{format}") != 1 or set(re.findall(r"{[^}]*}", value)) - {"{root}", "{format}"}:
        raise ValueError("must name {format} once, and may name {root}")
    _path(value.replace("{root}", "/"))
    return value


def _text(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError("must be a line of text that is not empty")
    return value


def _values(value: object) -> tuple[str, ...]:
    """A list of texts, or one alone; raises ``ValueError``."""
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list | tuple) or not all(isinstance(one, str) for one in found):
        raise ValueError('must be a list of texts, such as ["house", "techno"]')
    if not found:
        raise ValueError("must hold at least one; leave it out to ask for all")
    return tuple(_text(one) for one in found)


def _song_types(value: tuple[str, ...]) -> tuple[str, ...]:
    if strange := [one for one in value if one.casefold() not in SONG_TYPES]:
        raise ValueError(f"knows no {strange[0]}: these are {', '.join(SONG_TYPES)}")
    return value


def _length(value: object) -> Range:
    """A range of seconds, as ``syncd ls --duration`` takes it; raises ``ValueError``."""
    try:
        found = listing_of([("duration", value)]).duration if isinstance(value, str) else None
    except BadQueryError:
        found = None
    if found is None or not isinstance(value, str) or ".." not in value:
        raise ValueError("must be a range of lengths such as 1:00..5:00, 90.. or ..3:30")
    return found


def _since(value: object) -> datetime:
    """A date, as ``syncd ls --since`` takes it, but no age; raises ``ValueError``."""
    text = value.isoformat() if isinstance(value, date) else value
    found: object = None
    if isinstance(text, str):
        with contextlib.suppress(BadQueryError):
            found = listing_of([("since", text)]).since
    if isinstance(found, datetime):
        return found
    raise ValueError("must be a date such as 2026-03-31, 2026-03 or 2026")


def _is_pattern(text: str) -> bool:
    """Whether it is one of gitignore's, and neither a comment nor several."""
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    if not text.isprintable():
        return False
    try:
        return GitIgnoreSpecPattern(text).regex is not None
    except (ValueError, re.error):
        return False


def _ignore(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise ValueError('must be a list of patterns, such as ["/Stems/", "*.demo.mp3"]')
    for one in value:
        if not _is_pattern(one):
            raise ValueError(f"holds what is no pattern of gitignore's: {one}")
    return tuple(value)


def _listen(value: str) -> str:
    """``HOST:PORT`` of this machine, or nothing; raises ``ValueError`` for another's."""
    if not value:
        return value
    host, _, port = value.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65_535 or not _is_this_machine(host):
        raise ValueError(
            "must be a loopback address, which no other machine reaches, and a port, such as "
            "127.0.0.1:9465"
        )
    return value


def _command(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
        raise ValueError('must be a list of words, such as ["mpc", "update"]')
    if value and not value[0].strip():
        raise ValueError("names no program")
    if value and "/" in value[0] and not value[0].startswith("/"):
        raise ValueError("must begin with an absolute path, or with a name that is in PATH")
    if any("\0" in word for word in value):
        raise ValueError("holds a NUL character")
    return tuple(value)


def _export(value: str) -> str:
    """A place for exports: absolute, or relative to the root; nothing where it is empty."""
    if not value:
        return value
    if "\0" in value or not value.strip():
        raise ValueError("must be a path, or empty")
    if value.startswith("~"):
        return str(_path(value))
    path = value.rstrip("/") or "/"
    if not path.startswith("/") and not is_inside(path):
        raise ValueError("must be a path in the library, or absolute")
    return path


def _export_file(value: str) -> str:
    if value and not value.lower().endswith(".xml"):
        raise ValueError("must end in .xml")
    return _export(value)


def _path_map(value: object) -> dict[str, str]:
    example = 'must be a table such as {"/srv/music" = "/volume1/music"}'
    if not isinstance(value, dict):
        raise ValueError(example)  # noqa: TRY004 - pydantic wants a ValueError
    for start, target in value.items():
        if not isinstance(target, str) or not target.strip() or not start.startswith("/"):
            raise ValueError(f"{example}, of absolute paths")
    return dict(value)


def _query(value: str) -> str:
    try:
        parse_query(value)
    except BadQueryError as error:
        raise ValueError(f"is no query: {error}") from None
    return value


def _tries(value: object) -> object:
    if value == "off" or (type(value) is int and 1 <= value <= _MOST_TRIES):
        return value
    raise ValueError(f"must be 'off', or a number of tries from 1 to {_MOST_TRIES}")


def within(days: int) -> AfterValidator:
    """At most so many days, said in days: a limit in seconds would have to be worked out."""

    def check(seconds: float) -> float:
        if seconds > days * _DURATION_UNITS["d"]:
            raise ValueError(f"must be at most {days}d")
        return seconds

    return AfterValidator(check)


Duration = Annotated[float, BeforeValidator(parse_duration)]
Size = Annotated[int, BeforeValidator(parse_size)]
PathSetting = Annotated[Path, BeforeValidator(_path)]
Address = Annotated[str, AfterValidator(_origin)]
Template = Annotated[str, AfterValidator(_template)]
Album = Annotated[str, AfterValidator(_text), AfterValidator(_album)]
Text = Annotated[str, AfterValidator(_text)]
Format = Literal["flac", "mp3", "ogg", "wav"]
Formats = Annotated[tuple[Format, ...], Field(min_length=1, strict=False), AfterValidator(_formats)]
FurtherFormats = Annotated[tuple[Format, ...], Field(strict=False), AfterValidator(_formats)]
AlsoRoot = Annotated[str, AfterValidator(_also_root)]
Values = Annotated[tuple[str, ...], BeforeValidator(_values)]
SongTypes = Annotated[Values, AfterValidator(_song_types)]
Length = Annotated[Range, BeforeValidator(_length)]
Since = Annotated[datetime, BeforeValidator(_since)]
Listen = Annotated[str, AfterValidator(_listen)]
Export = Annotated[str, AfterValidator(_export)]
ExportFile = Annotated[str, AfterValidator(_export_file)]
PathMap = Annotated[dict[str, str], BeforeValidator(_path_map)]
Query = Annotated[str, AfterValidator(_query)]
Ignore = Annotated[tuple[str, ...], BeforeValidator(_ignore)]
Tries = Annotated[Literal["off"] | int, BeforeValidator(_tries)]
Command = Annotated[tuple[str, ...], BeforeValidator(_command)]
