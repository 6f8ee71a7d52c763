"""Renames: the title that a renamed file asks for, and the stem that a new title asks for.

A stem is emitted as *frame + title + frame*: the frame is what the template puts around
``{title}``, a track number say (tags.md and safety.md, "Names"). The frame and the track's own
`` [id]`` suffix are this program's and never travel to the service.
"""

from __future__ import annotations

import re
import string
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from syncd.core.naming import (
    STEM_BYTES,
    UNTITLED,
    decode,
    encode,
    encode_part,
    own_suffix,
    shortened,
)

_LEAST_ROOM = 16
"""Bytes; a frame that leaves a title less than this is given up for the title."""

_CONFLICT = re.compile(r" \(conflict [0-9]{4}-[0-9]{2}-[0-9]{2}\)(?: [0-9]+)?$")
_RESTORED = re.compile(r" \(restored(?: [0-9]+)?\)$")
_NAMELESS = re.compile(rf"syncd-[0-9a-f]{{8}}{_RESTORED.pattern}")
"""What stood aside when its name was lost (``local.aside``)."""

# What naming fills in that can be told from a title by its looks.
_SHAPES = {
    "track": "[0-9]{2,}",
    "year": "[0-9]{4}",
    "month": "[0-9]{2}",
    "day": "[0-9]{2}",
    "date": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
}


class UnsendableName(ValueError):
    """The file was renamed to something that is no UTF-8, and so no title."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """An emitted stem, taken apart.

    ``renumbered`` matches the same stem with other numbers and dates in its frame.
    """

    prefix: str
    title: str
    suffix: str
    renumbered: str

    def title_in(self, stem: str) -> str | None:
        """What stands between, where the frame is intact; empty where its ends overlap."""
        if not (stem.startswith(self.prefix) and stem.endswith(self.suffix)):
            return None
        return stem[len(self.prefix) : len(stem) - len(self.suffix)]


@dataclass(frozen=True, slots=True)
class _Side:
    """The template before or after ``{title}``: literal text and fields, in order."""

    pieces: tuple[tuple[str, str | None], ...]
    job_id: int

    @property
    def is_shaped(self) -> bool:
        """Whether it can be told from a title without knowing the title."""
        return all(name is None or self._shape(name) for _, name in self.pieces)

    @property
    def pattern(self) -> str:
        """A regular expression whose groups are the shaped fields."""
        runs = [""]
        for literal, name in self.pieces:
            runs[-1] += re.escape(literal)
            if name and self._shape(name):
                runs[-1] += f"({self._shape(name)})"
            elif name:
                runs.append("")
        first, *others = runs
        if not others:
            return first
        # Each run where it comes first, for good: a title cannot make the search a long one.
        *inner, last = others
        return first + "".join(f"(?>.+?{run})" for run in inner) + f".+{last}"

    def renumbered(self, found: re.Match[str]) -> str:
        """What ``pattern`` found, as a pattern that takes any other numbers and dates in it."""
        shapes = [self._shape(name) for _, name in self.pieces if name and self._shape(name)]
        pattern, at = "", 0
        for group, shape in enumerate(shapes, start=1):
            start, end = found.span(group)
            pattern += re.escape(found.string[at:start]) + shape
            at = end
        return pattern + re.escape(found.string[at:])

    def _shape(self, name: str) -> str:
        return str(self.job_id) if name == "id" else _SHAPES.get(name, "")


def conflict_stem(stem: str, day: date, number: int) -> str:
    """The name of a conflict copy beside a file called ``stem``; ``number`` from 1."""
    return f"{shortened(stem)} (conflict {day:%Y-%m-%d})" + (f" {number}" if number > 1 else "")


def without_conflict(stem: str) -> str:
    """``stem`` without what a conflict copy has behind it: that is no part of a title."""
    return _CONFLICT.sub("", stem)


def is_beside(stem: str) -> bool:
    """Whether this program gives such a name to what it places beside another file.

    A conflict copy, or what the trash brought back to where another file stands.
    """
    return _CONFLICT.search(stem) is not None or _RESTORED.search(stem) is not None


def is_renamed(stem: str, placed_stem: str) -> bool:
    """Whether two stems differ, however a file system spells their accents."""
    return _nfc(stem) != _nfc(placed_stem)


def title_of(
    stem: str, *, placed_title: str | None, placed_stem: str, template: str, job_id: int
) -> str | None:
    """The display name that a file renamed by the user to ``stem`` stands for.

    ``placed_title`` is the name that the service had when ``placed_stem`` was emitted for it by
    ``template``. ``None`` where nothing is to be sent: the title is the emitted one, and at most
    the track's own suffix or a conflict copy's, the spelling of accents or the text of the template
    around the title (it was taken away, or a number in it changed) differs. ``None`` too for a name
    that this program gave a file whose own was lost. Raises ``UnsendableName``.
    """
    if not is_renamed(stem, placed_stem) or _CONFLICT.search(stem) or _NAMELESS.match(stem):
        # A conflict copy has its name from this program, and perhaps by another template.
        return None
    bare, emitted = _bare(stem, job_id), _bare(placed_stem, job_id)
    if bare == emitted:
        return None
    if not _is_utf_8(stem):
        raise UnsendableName("the name is not valid UTF-8")
    frame = _frame(placed_stem, placed_title, template, job_id)
    between = frame.title_in(bare)
    if between is None and re.fullmatch(frame.renumbered, bare, re.DOTALL):
        return None
    if between is None or _is_blank(between):
        between = bare
    title = _nfc(decode(between))
    known = _nfc(placed_title or "")
    # The title as it is emitted, which may have lost something, or as the service writes it.
    shown = encode(known).text
    if between in (frame.title, shown, _bare(shown, job_id)) or title == known:
        return None
    return None if _is_blank(between) else title


def new_stem(
    title: str,
    *,
    placed_title: str | None,
    placed_stem: str,
    template: str,
    job_id: int,
    suffixed: bool = False,
) -> str:
    """The stem that a file of this track gets when its title becomes ``title`` in the account.

    ``title`` is the effective one (``naming.effective_title``). The frame of ``placed_stem`` is
    kept, unless it leaves no room for a title or would melt into this one. ``suffixed`` lets the
    stem end in `` [id]``, as does a template that ends so; at most ``STEM_BYTES`` with it.
    """
    own = own_suffix(job_id) if suffixed or _last(template).endswith(" [{id}]") else ""
    budget = STEM_BYTES - len(own)
    frame = _frame(placed_stem, placed_title, template, job_id)
    room = budget - _size(frame.prefix + frame.suffix)
    if room >= _LEAST_ROOM:
        framed = frame.prefix + (encode(title, budget=room).text or UNTITLED) + frame.suffix
        # Otherwise an accent joins its neighbour, or the whole reads as something else (".sync").
        if encode_part(framed) == framed:
            return framed + own
    return (encode(title, budget=budget).text or UNTITLED) + own


def _frame(placed_stem: str, placed_title: str | None, template: str, job_id: int) -> _Frame:
    """``placed_stem``, without its own suffix, taken apart; all title where that cannot be done."""
    emitted = _bare(placed_stem, job_id)
    whole = _Frame("", emitted, "", re.escape(emitted))
    sides = _sides(template, job_id)
    if sides is None or not _is_utf_8(emitted):
        return whole
    before, after = sides
    if not before.pieces and not after.pieces:
        return whole
    known = encode(placed_title or "", budget=sys.maxsize).text
    spare = STEM_BYTES - _size(placed_stem)
    for title in _spellings(known or UNTITLED, len(emitted), spare, job_id):
        if frame := _around(title, emitted, before, after):
            return frame
    if known and before.pieces and (emitted.startswith(known) or known.startswith(emitted)):
        # A name of the user's own, of which the service cut the end, or the title that this program
        # had cut.
        return whole
    # The service changed the title that it was sent, or it has none and the prompt named the file:
    # numbers and dates can be told from a title all the same.
    if before.is_shaped and after.is_shaped:
        found = re.fullmatch(f"{before.pattern}(?P<title>.+){after.pattern}", emitted, re.DOTALL)
        if found and (frame := _around(found["title"], emitted, before, after)):
            return frame
    return whole


def _spellings(encoded: str, length: int, spare: int, job_id: int) -> Iterator[str]:
    """The forms that a title may have in a stem of ``length`` characters, the longest first.

    ``spare`` bytes were left in the stem.
    """
    yield encoded
    # It may end like the own suffix, which was taken from the end of the stem.
    yield _bare(encoded, job_id)
    size = _size(encoded)
    for end in range(min(len(encoded) - 1, length), 0, -1):
        # It was cut only if it would not have fitted.
        if size - _size(encoded[:end]) > spare:
            yield encoded[:end]


def _around(title: str, emitted: str, before: _Side, after: _Side) -> _Frame | None:
    """The frame of ``emitted`` around ``title``, where the template allows it to stand there."""
    at = emitted.find(title)
    while at >= 0:
        end = at + len(title)
        prefix = re.fullmatch(before.pattern, emitted[:at], re.DOTALL)
        suffix = re.fullmatch(after.pattern, emitted[end:], re.DOTALL)
        if prefix and suffix:
            renumbered = before.renumbered(prefix) + re.escape(title) + after.renumbered(suffix)
            return _Frame(emitted[:at], title, emitted[end:], renumbered)
        at = emitted.find(title, at + 1)
    return None


def _sides(template: str, job_id: int) -> tuple[_Side, _Side] | None:
    """What stands before and after ``{title}``; ``None`` where it stands there twice."""
    last = _bare_template(_last(template))
    pieces = [(_nfc(literal), name) for literal, name, *_ in string.Formatter().parse(last)]
    at = [index for index, (_, name) in enumerate(pieces) if name == "title"]
    if len(at) != 1:
        return None
    before = [*pieces[: at[0]], (pieces[at[0]][0], None)]
    after = pieces[at[0] + 1 :]
    # As naming mends the ends of a name.
    before[0] = (re.sub(r"^[\s.]+", "", before[0][0]), before[0][1])
    if after and after[-1][1] is None:
        after[-1] = (re.sub(r"[\s.]+$", "", after[-1][0]), None)
    return _Side(_without_empty(before), job_id), _Side(_without_empty(after), job_id)


def _without_empty(pieces: Sequence[tuple[str, str | None]]) -> tuple[tuple[str, str | None], ...]:
    return tuple((literal, name) for literal, name in pieces if literal or name)


def _last(template: str) -> str:
    return template.rpartition("/")[2].removesuffix(".{ext}")


def _bare_template(last: str) -> str:
    while last.endswith(" [{id}]"):
        last = last.removesuffix(" [{id}]")
    return last


def _bare(stem: str, job_id: int) -> str:
    """``stem`` in NFC without the own suffix of this track, nor one more after a collision."""
    bare, own = _nfc(stem), own_suffix(job_id)
    while bare.endswith(own):
        bare = bare.removesuffix(own)
    return bare


def _is_blank(text: str) -> bool:
    """Whether no track would be named for that title (``naming.effective_title``)."""
    return not encode(decode(text)).text


def _is_utf_8(stem: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in stem)


def _size(text: str) -> int:
    return len(text.encode())


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
