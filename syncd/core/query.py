"""The language in which jobs are chosen: ``genre:house bpm:120..128 liked:yes "paper lant"*``.

Words, phrases in quotation marks and beginnings (``lant*``) are to be found in title, prompt or
lyrics; ``name:value`` is a field of ``core.listing.Listing``, by the name of the option of
``syncd ls``. All of it must hold; of a field that is given several times, any value will do.
``-`` or ``^`` before a word or a field leaves out what it finds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from syncd.core.baseline import State
from syncd.core.harmony import camelot
from syncd.core.listing import ORDERS, SORTS, Listing, Range, When, Word
from syncd.core.model import SONG_TYPES

T = TypeVar("T")

LARGEST = 2**63 - 1
"""The catalog counts in integers of 64 bits."""

_TERM = re.compile(
    r'\s*(?P<not>[-^](?=[^\s]))?(?:(?P<name>[A-Za-z][A-Za-z_-]*):)?(?:"(?P<quoted>[^"]*)"(?P<star>\*?)|(?P<bare>[^\s"]+))'
)
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_AGO = re.compile(r"([0-9]{1,5})([hdwy])")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "y": 365 * 24}
_CLOCK = re.compile(r"(?:([0-9]{1,3}):)?([0-9]{1,3}):([0-5][0-9])")
_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


_OPERATORS = {
    "AND": "all of a query must hold",
    "OR": "of a field that is given several times, any value will do",
    "NOT": "a - or ^ before a word or field leaves out what it finds",
}
_NO_FILTERS = ("sort_by", "sort_order", "skip", "limit", "gone")
_FAILED = "failed"


class BadQueryError(ValueError):
    """A query that cannot be understood; the text says why, and what can be written instead."""


def parse_query(text: str) -> Listing:
    """The listing that ``text`` describes; raises ``BadQueryError``."""
    return listing_of(*split_query(text))


def split_query(text: str) -> tuple[list[tuple[str, str]], list[Word]]:
    """The fields of a query, as (name, value), and its words; raises ``BadQueryError``.

    The name of what is to be left out begins with ``-``.
    """
    fields: list[tuple[str, str]] = []
    words: list[Word] = []
    position = 0
    text = text.strip()
    while position < len(text):
        term = _TERM.match(text, position)
        if term is None:
            raise BadQueryError("a quotation mark is not closed")
        position = term.end()
        value, star = term["quoted"] if term["quoted"] is not None else term["bare"], term["star"]
        is_word, sign = term["name"] is None, "-" if term["not"] else ""
        if is_word and value.endswith(":") and value[:-1].lower() in FIELDS:
            raise BadQueryError(f"{value} names no value")
        if is_word and term["quoted"] is None and value in _OPERATORS:
            raise BadQueryError(
                f"{value} is no operator: {_OPERATORS[value]} (the word goes into quotation marks)"
            )
        if is_word and not sign:
            words.append(_word(value, starred=bool(star)))
        elif is_word:
            fields.append(("-match", f'"{value}"{star or ""}'))
        else:
            fields.append((sign + term["name"], value + (star or "")))
    return fields, words


def listing_of(fields: Iterable[tuple[str, str]], words: Iterable[Word] = ()) -> Listing:
    """The listing with these fields, by the names of ``FIELDS``; raises ``BadQueryError``."""
    given: dict[str, Any] = {}
    without: list[Listing] = []
    for spelled, text in fields:
        sign, bare = ("-", spelled[1:]) if spelled.startswith("-") else ("", spelled)
        name = bare.lower().replace("-", "_")
        if name not in FIELDS:
            known = ", ".join(FIELDS)
            raise BadQueryError(
                f"there is no field {bare}; these are: {known} (words with a colon go into "
                "quotation marks)"
            )
        field, parse = FIELDS[name]
        try:
            value = parse(text)
        except BadQueryError as error:
            raise BadQueryError(f"{bare} {error}") from None
        if sign and field in _NO_FILTERS:
            raise BadQueryError(f"{bare} finds nothing that could be left out")
        if sign:
            without.append(Listing(**{field: value}))
        elif isinstance(value, tuple):
            given[field] = (*given.get(field, ()), *value)
        elif field in given:
            raise BadQueryError(f"{bare} is given twice")
        else:
            given[field] = value
    given["match"] = (*given.get("match", ()), *words)
    return Listing(**given, without=tuple(without))


def _word(text: str, *, starred: bool = False) -> Word:
    bare = text.rstrip("*")
    # The tokenizer of the index takes these for words, and all else for what stands between them.
    if not any(unicodedata.category(sign)[0] in "LN" for sign in bare):
        raise BadQueryError(f"there is no word to look for in {text or 'empty quotation marks'}")
    return Word(bare, prefix=starred or bare != text)


def _match(text: str) -> tuple[Word, ...]:
    fields, words = split_query(text)
    if fields or not words:
        raise BadQueryError("takes words alone")
    return tuple(words)


def _text(text: str) -> str:
    return text


def _texts(text: str) -> tuple[str, ...]:
    if not text.strip():
        raise BadQueryError("names no value")
    return (text,)


def _statuses(text: str) -> tuple[str, ...]:
    return tuple(status.upper() for status in _texts(text))


def _song_types(text: str) -> tuple[str, ...]:
    return (_one_of(SONG_TYPES)(text),)


def _states(text: str) -> tuple[str, ...]:
    state = text.lower()
    if state not in (*State, _FAILED):
        raise BadQueryError(f"must be one of {', '.join((*State, _FAILED))}")
    return (state,)


def _ids(text: str) -> tuple[int, ...]:
    return (_whole(text),)


def _yes_or_no(text: str) -> bool:
    word = text.lower()
    if word not in ("yes", "no", "true", "false"):
        raise BadQueryError("must be yes or no")
    return word in ("yes", "true")


def _key(text: str) -> tuple[str, ...]:
    if camelot(text) is None:
        raise BadQueryError("must be a key such as Am, 8A or 1m")
    return (text,)


def _whole(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,19}", text) or int(text) > LARGEST:
        raise BadQueryError("must be a whole number")
    return int(text)


def _range(read: Callable[[str], float], shown: float) -> Callable[[str], Range]:
    """Reads ``2..4``, ``2..`` and ``..4``; a number alone is whatever is shown as it.

    ``shown``: the size of the last place that is shown.
    """

    def parse(text: str) -> Range:
        least, dots, most = text.partition("..")
        if not dots:
            value = read(text)
            return Range(value - shown / 2, value + shown / 2)
        if not least and not most:
            raise BadQueryError("names no value")
        found = Range(read(least) if least else None, read(most) if most else None)
        if found.least is not None and found.most is not None and found.least > found.most:
            raise BadQueryError(f"must rise: {most}..{least}")
        return found

    return parse


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise BadQueryError("must be a number or a range such as 0.5..0.8, 120.. or ..128")
    return float(text)


def _seconds(text: str) -> float:
    if match := _CLOCK.fullmatch(text):
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return hours * 3600.0 + minutes * 60.0 + seconds
    if not _NUMBER.fullmatch(text):
        raise BadQueryError("must be a length or a range such as 2:00..4:00, 90.. or ..3:30")
    return float(text)


def _since(text: str) -> When:
    return _period(text)[0]


def _until(text: str) -> When:
    return _period(text)[1]


def _period(text: str) -> tuple[When, When]:
    """From when to when (not included) a date lasts; of a moment or an age both are it."""
    wrong = BadQueryError(
        "must be a date such as 2026-03-31, 2026-03 or 2026, a time such as "
        "2026-03-31T18:00Z, or an age such as 12h, 30d, 8w or 1y"
    )
    if match := _AGO.fullmatch(text):
        ago = timedelta(hours=int(match[1]) * _HOURS[match[2]])
        return ago, ago
    try:
        if match := _DATE.fullmatch(text):
            year, month, day = (int(part) if part else None for part in match.groups())
            assert year is not None
            first = datetime(year, month or 1, day or 1, tzinfo=UTC)
            if day:
                return first, first + timedelta(days=1)
            after = (year, month + 1) if month and month < 12 else (year + 1, 1)
            return first, datetime(*after, 1, tzinfo=UTC)
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise wrong from None
    return moment, moment


def _one_of(allowed: tuple[T, ...]) -> Callable[[str], T]:
    def parse(text: str) -> T:
        for value in allowed:
            if value == text:
                return value
        raise BadQueryError(f"must be one of {', '.join(map(str, allowed))}")

    return parse


FIELDS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "status": ("status", _statuses),
    "task": ("task", _texts),
    "song_type": ("song_type", _song_types),
    "liked": ("liked", _yes_or_no),
    "search": ("search", _text),
    "match": ("match", _match),
    "title": ("title", _texts),
    "id": ("id", _ids),
    "state": ("state", _states),
    "language": ("language", _texts),
    "genre": ("genre", _texts),
    "emotion": ("emotion", _texts),
    "occasion": ("occasion", _texts),
    "key": ("key", _key),
    "mixes_with": ("mixes_with", _whole),
    "bpm": ("bpm", _range(_number, 1)),
    "duration": ("duration", _range(_seconds, 1)),
    "quality": ("quality", _range(_number, 0.01)),
    "since": ("since", _since),
    "until": ("before", _until),
    "sort_by": ("sort_by", _one_of(SORTS)),
    "sort_order": ("sort_order", _one_of(ORDERS)),
    "skip": ("skip", _whole),
    "limit": ("limit", _whole),
    "gone": ("gone", _yes_or_no),
}
"""Name in a query, and of the option of ``syncd ls`` -> the field of ``Listing``, and its reader.

``-`` and ``_`` in a name are one, and so are capitals and small letters.
"""
