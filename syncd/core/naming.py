"""Names: from a track to a path under the root, and back from a stem to a title (tags.md, "Names").

The encoding is reversible in the manner of rclone: a character that some file system refuses is
replaced by its full-width look-alike, and a look-alike that was in the title is quoted. What cannot
be encoded reversibly is changed for good; ``Stem.reversible`` says so, and the catalog keeps the
pair (server name, emitted name).
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache

from syncd.core.model import FORMATS, RemoteTrack
from syncd.core.only import distinct
from syncd.core.policy import Policy

STEM_BYTES = 180
"""UTF-8 bytes that one path component may take before its extension (file systems allow 255)."""

UNTITLED = "Untitled"
UNKNOWN = "Unknown"

TEMPLATE_FIELDS = (
    "id", "title", "album", "artist", "genre", "emotion", "occasion", "language", "task",
    "song_type", "bpm", "key", "year", "month", "day", "date", "track", "ext",
)  # fmt: skip
_FACET_FIELDS = frozenset({"genre", "emotion", "occasion", "language", "song_type", "bpm", "key"})
ALBUM_FIELDS = ("year", "month", "day", "date", "artist", "task", "song_type", "genre")

AUDIO_SUFFIXES = frozenset({*(f".{name}" for name in FORMATS), ".oga", ".opus"})

_QUOTE = "‛"  # U+201B, as rclone uses it
_LOOK_ALIKES = str.maketrans('/\\:*?"<>|', "／＼：＊？＂＜＞｜")
_ORIGINALS = {fake: chr(real) for real, fake in _LOOK_ALIKES.items()} | {ord("．"): "."}
_QUOTED = re.compile(f"[{_QUOTE}{''.join(chr(code) for code in _ORIGINALS)}]")
_DECODE = re.compile(f"{_QUOTE}(.)|([{''.join(chr(code) for code in _ORIGINALS)}])", re.DOTALL)

# Default_Ignorable_Code_Point of Unicode (DerivedCoreProperties.txt).
_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)

# Windows device names; folders that players skip or read as something else (tags.md); and the
# recycle folders of other programs, into which the scan does not look.
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$", "sample", "metadata", "subs"}
    | {"#recycle", "$recycle.bin", "@eadir", "lost+found"}
    | {f"{device}{digit}" for device in ("com", "lpt") for digit in "0123456789¹²³"}
)
_MISREAD_SUFFIX = re.compile(r"\.(sync|part|lrc)$", re.IGNORECASE)
_OWN_SUFFIX = " [{}]"

_VIRAMA = 9  # canonical combining class of the signs that join two Indic consonants into one
_FLAG_HALVES = "".join(map(chr, range(0x1F1E6, 0x1F200)))  # two of them make a country's flag
_JOINS_BEFORE = frozenset("\u200c\u200d\u0e33\u0eb3")  # joiners, and the Thai and Lao sign am


@dataclass(frozen=True, slots=True)
class Stem:
    """A title as it was emitted. ``reversible``: ``decode(text)`` gives the title, in NFC."""

    text: str
    reversible: bool


class BadTemplateError(ValueError):
    """The template cannot be used; the message says what is allowed."""


@lru_cache(maxsize=4096)
def encode(title: str, *, budget: int = STEM_BYTES) -> Stem:
    """``title`` as one path component of at most ``budget`` bytes; empty where nothing is left."""
    wanted = unicodedata.normalize("NFC", title)
    text = _QUOTED.sub(lambda match: _QUOTE + match[0], wanted)
    text = text.translate(_LOOK_ALIKES)
    if not (text.isascii() and text.isprintable()):
        text = "".join(_printable(char) for char in text)
    # Again: what was left out may have stood between a letter and its accent.
    text = unicodedata.normalize("NFC", text).lstrip()
    text = re.sub(r"^\.+", lambda match: "．" * len(match[0]), text)
    text = _usable(text, budget)
    return Stem(text, reversible=decode(text) == wanted)


def decode(stem: str) -> str:
    """The title that ``stem`` stands for: look-alikes back to what they replaced."""
    text = unicodedata.normalize("NFC", stem)
    return _DECODE.sub(lambda match: match[1] or _ORIGINALS[ord(match[2])], text)


def effective_title(track: RemoteTrack) -> str:
    """The display name, else the first words of the prompt, else ``Untitled``."""
    if encode(track.title or "").text:
        return track.title or UNTITLED
    words = " ".join((track.prompt or "").split()[:6])[:60]
    return words if encode(words).text else UNTITLED


def fold(path: str) -> str:
    """The key under which two paths are one on some file system: one that folds case, normalises,
    or passes over what shows nothing (ext4 with ``casefold``, HFS+).
    """
    if path.isascii():
        return path.lower()
    # Upper case first, as exFAT and NTFS compare: a dotless i is an I to them.
    text = _IGNORABLE.sub("", unicodedata.normalize("NFC", path).upper().casefold())
    return unicodedata.normalize("NFC", text)


def check_template(template: str, *, fields: Iterable[str] = TEMPLATE_FIELDS) -> None:
    """Raise ``BadTemplateError`` unless every path of the template can be used."""
    check_fields(template, fields)
    parts = template.split("/")
    if template.startswith(("/", "~")) or any(part in ("", ".", "..") for part in parts):
        raise BadTemplateError("must be a relative path without empty, '.' or '..' parts")
    if any(part.startswith(".") for part in parts):
        raise BadTemplateError("no part may start with a dot")
    if "{title}" not in parts[-1] or not parts[-1].endswith(".{ext}"):
        raise BadTemplateError("the last part must hold {title} and end in .{ext}")
    if "{ext}" in template[: -len("{ext}")]:
        raise BadTemplateError("{ext} may stand only at the end")


def check_fields(template: str, fields: Iterable[str]) -> None:
    """Raise ``BadTemplateError`` where ``template`` is malformed or names another field."""
    allowed = tuple(fields)
    try:
        parsed = list(string.Formatter().parse(template))
    except ValueError as error:
        raise BadTemplateError(f"{error}; fields are written as {{title}}") from None
    for _, name, spec, conversion in parsed:
        if name is not None and (name not in allowed or spec or conversion):
            known = ", ".join(allowed)
            raise BadTemplateError(f"'{{{name}}}' is no field; fields are {known}")


def album_of(track: RemoteTrack, policy: Policy) -> str:
    """The album a track is given once: ``library.album`` with its date parts filled in."""
    fields = _field_values(track, policy, album="", number=None)
    return policy.album.format_map({name: fields[name] for name in ALBUM_FIELDS}).strip() or UNKNOWN


@cache
def _fields_of(template: str) -> tuple[str, ...]:
    """The fields that a template names: a track has many more, and encoding them costs."""
    return tuple({name for _, name, _, _ in string.Formatter().parse(template) if name})


def uses_facets(template: str) -> bool:
    """Whether ``template`` names what may change in the account after a track was placed."""
    return not _FACET_FIELDS.isdisjoint(_fields_of(template))


@dataclass(frozen=True, slots=True)
class Name:
    """A path under the root for one track; ``stem`` is what was emitted for the last part."""

    path: str
    stem: str


def name_track(
    track: RemoteTrack, policy: Policy, *, album: str, number: int, ext: str, suffixed: bool = False
) -> Name:
    """The path of ``track`` by the template; ``suffixed`` adds `` [id]`` against a collision."""
    values = _field_values(track, policy, album=album, number=number)
    values["title"] = effective_title(track)
    *folders, last = policy.template.removesuffix(".{ext}").split("/")
    parts = []
    for folder in folders:
        encoded = {key: encode(values[key]).text or UNKNOWN for key in _fields_of(folder)}
        parts.append(encode_part(folder.format_map(encoded)))
    suffix = _OWN_SUFFIX.format(track.id) if suffixed else ""
    stem = _fit(last, values, budget=STEM_BYTES - len(suffix.encode())) + suffix
    return Name("/".join([*parts, f"{stem}.{ext}"]), stem)


def encode_part(text: str) -> str:
    """A path component that already holds encoded values: only its ends and length are mended."""
    text = re.sub(r"^[\s.]+", "", unicodedata.normalize("NFC", text))
    return _usable(text, STEM_BYTES) or UNKNOWN


def same_text(one: str | None, other: str | None) -> bool:
    """Whether two names are one text, however their accents are spelled; no name is empty."""
    return unicodedata.normalize("NFC", one or "") == unicodedata.normalize("NFC", other or "")


def own_suffix(job_id: int) -> str:
    """What tells the later of two equal names apart; it never travels to the service."""
    return _OWN_SUFFIX.format(job_id)


def has_own_suffix(stem: str, job_id: int) -> bool:
    return stem.endswith(own_suffix(job_id))


def stem_of(path: str) -> str:
    """The last part of ``path`` without its last suffix."""
    return _split(path)[0]


def shortened(stem: str) -> str:
    """At most ``STEM_BYTES`` of ``stem``, cut between letters: room for what is put behind it."""
    return _cut(stem, STEM_BYTES)


def suffix_of(path: str) -> str:
    """The last suffix of ``path``, without its dot."""
    return _split(path)[1]


def _split(path: str) -> tuple[str, str]:
    """As ``PurePath.stem`` and ``suffix`` have it, at a tenth of their cost."""
    name = path.rpartition("/")[2]
    stem, _, suffix = name.rpartition(".")
    return (stem, suffix) if stem and suffix else (name, "")


def sibling(path: str, stem: str, suffix: str | None = None) -> str:
    """``path`` with another stem; its suffix stays unless one is given."""
    folder, slash, _ = path.rpartition("/")
    return f"{folder}{slash}{stem}.{suffix or suffix_of(path)}"


class Names:
    """The names taken so far, by folder, as a case-folding file system would see them.

    Two audio files of one stem collide even where their extensions differ: they share a sidecar.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = Counter(collision_key(path) for path in taken)

    def is_free(self, path: str) -> bool:
        return self._taken[collision_key(path)] <= 0

    def take(self, path: str) -> None:
        self._taken[collision_key(path)] += 1

    def leave(self, path: str) -> None:
        """Free one of the names like ``path``: what stood there is about to go."""
        self._taken[collision_key(path)] -= 1


def collision_key(path: str) -> str:
    """Equal for two paths that could not stand side by side everywhere (see ``Names``)."""
    stem, dot, suffix = path.rpartition(".")
    return fold(stem) + "\0" if dot and f".{suffix.lower()}" in AUDIO_SUFFIXES else fold(path)


def _field_values(
    track: RemoteTrack, policy: Policy, *, album: str, number: int | None
) -> dict[str, str]:
    # A job without created_at is dated by nothing that will not change: 1970 says so plainly.
    made = track.created_at or datetime.fromtimestamp(0, UTC)
    values = {
        "id": str(track.id),
        "album": album,
        "artist": policy.artist,
        "genre": ", ".join(distinct(track.genre)),
        "emotion": ", ".join(distinct(track.emotion)),
        "occasion": ", ".join(distinct(track.occasion)),
        "language": track.language or "",
        "task": track.task or "",
        "song_type": track.song_type or "",
        "bpm": str(round(track.bpm)) if track.bpm else "",
        "key": track.keyscale or "",
        "year": f"{made.year:04}",
        "month": f"{made.month:02}",
        "day": f"{made.day:02}",
        "date": made.date().isoformat(),
        "track": f"{number or 0:02}",
    }
    return {key: value or UNKNOWN for key, value in values.items()}


def _fit(template: str, values: Mapping[str, str], *, budget: int) -> str:
    """The last part, its title cut so that the whole takes at most ``budget`` bytes."""
    others = {
        key: encode(values[key], budget=60).text or UNKNOWN
        for key in _fields_of(template)
        if key != "title"
    }
    frame = template.format_map({**others, "title": ""})
    room = max(budget - len(frame.encode()), 16) // max(template.count("{title}"), 1)
    title = encode(values["title"], budget=room).text or UNTITLED
    return _usable(encode_part(template.format_map({**others, "title": title})), budget)


def _usable(text: str, budget: int) -> str:
    """``text`` with its end mended: at most ``budget`` bytes, and no name that is misread."""
    text = _without_tail(_cut(text, budget))
    base, dot, rest = text.partition(".")
    if _is_reserved(base) or _is_reserved(text):
        # Windows looks at what stands before the first dot, whatever follows.
        text = _without_tail(_cut(f"{base}_{dot}{rest}", budget))
    if _MISREAD_SUFFIX.search(text):
        text = f"{_cut(text, budget - 1)}_"
    return text


def _is_reserved(name: str) -> bool:
    return name.strip().casefold() in _RESERVED


def _without_tail(text: str) -> str:
    return re.sub(r"[\s.]+$", "", text)


def _printable(char: str) -> str:
    category = unicodedata.category(char)
    if char in "\t\n\r\v\f\x85" or category in ("Zl", "Zp"):
        return " "
    # Cc, Cs and the bidi controls among Cf; other Cf (joiners in scripts and emoji) are letters.
    if category in ("Cc", "Cs", "Cn") or char in "\u061c\u200b\u200e\u200f\ufeff":
        return ""
    return "" if "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069" else char


def _cut(text: str, budget: int) -> str:
    """At most ``budget`` UTF-8 bytes of ``text``, cut between what a reader sees as letters."""
    data = text.encode(errors="surrogateescape")
    if len(data) <= budget:
        return text
    end = len(data[:budget].decode(errors="ignore"))
    # Where all of it is one letter (a heap of accents), any cut is as good as another.
    at = next((at for at in range(end, 0, -1) if _may_cut(text, at)), end)
    kept = text[:at].rstrip("\u200d")
    # A quote sign without what it quotes would quote the next thing: of an odd run, one is cut.
    quotes = len(kept) - len(kept.rstrip(_QUOTE))
    return kept[:-1] if quotes % 2 else kept


def _may_cut(text: str, at: int) -> bool:
    """Whether ``text[at]`` begins a letter: not an accent, a joined emoji or half a conjunct."""
    before, after = text[at - 1], text[at]
    if unicodedata.category(after).startswith("M") or after in _JOINS_BEFORE or before == "\u200d":
        return False
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return False  # skin tones, and the tags that spell the flags of regions
    if "\u1160" <= after <= "\u11ff":
        return False  # the vowel or end of a Korean syllable
    if unicodedata.combining(before) == _VIRAMA and after.isalpha():
        return False
    if before in _FLAG_HALVES and after in _FLAG_HALVES:
        run = len(text[:at]) - len(text[:at].rstrip(_FLAG_HALVES))
        return run % 2 == 0
    return True
