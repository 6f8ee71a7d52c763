"""Synchronised lyrics: the text of an LRC file as lines with their times, and back.

Source: the LRC format as players read it: ``[mm:ss.xx]`` before a line, several where it is sung
again, ``[offset:±ms]`` and other ``[name:value]`` lines for the whole.
"""

from __future__ import annotations

import re

_STAMP = re.compile(r"\[(\d{1,3}):([0-5]?\d)(?:[.:](\d{1,3}))?\]")
_WORD = re.compile(r"<\d{1,3}:[0-5]?\d(?:[.:]\d{1,3})?>")
_OFFSET = re.compile(r"\[offset:\s*([+-]?\d{1,9})\s*\]", re.IGNORECASE)

Line = tuple[int, str]
"""When a line is sung, in milliseconds, and the line."""


def timed_lines(lrc: str) -> tuple[Line, ...]:
    """The lines of ``lrc`` in the order in which they are sung; what has no time is left out."""
    found = _OFFSET.search(lrc)
    # A positive offset brings the lyrics up sooner.
    offset = int(found[1]) if found else 0
    lines = []
    for text in lrc.replace("\0", "").splitlines():
        stamps = []
        rest = text.strip()
        while stamp := _STAMP.match(rest):
            stamps.append(stamp)
            rest = rest[stamp.end() :].lstrip()
        sung = _WORD.sub("", rest).strip()
        lines += [(max(_milliseconds(stamp) - offset, 0), sung) for stamp in stamps]
    return tuple(sorted(lines, key=lambda line: line[0]))


def timed_text(lines: tuple[Line, ...]) -> str:
    """``lines`` as LRC, with times to the millisecond: equal texts are equal lyrics."""
    return "\n".join(
        f"[{at // 60_000:02}:{at // 1000 % 60:02}.{at % 1000:03}]{text}" for at, text in lines
    )


def _milliseconds(stamp: re.Match[str]) -> int:
    minutes, seconds, fraction = stamp.groups()
    return int(minutes) * 60_000 + int(seconds) * 1000 + int((fraction or "").ljust(3, "0"))
