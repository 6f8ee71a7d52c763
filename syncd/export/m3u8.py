"""Playlists in extended M3U, in UTF-8: two lines for each track."""

from __future__ import annotations

import posixpath
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from syncd.core.exporting import mapped
from syncd.export.tracks import Track

SUFFIX = ".m3u8"

Way = Callable[[Track], str]
"""How the file of a track is found from where the playlist stands."""


def playlist(tracks: Iterable[Track], way: Way) -> bytes:
    """``#EXTINF:seconds,Artist - Title`` and the way to the file, of each of ``tracks``.

    Left out is a file whose name the format cannot hold: one that is not UTF-8, or has a line end.
    """
    return joined(entry(track, way) for track in tracks)


def entry(track: Track, way: Way) -> str:
    """The lines of one track; empty where it is left out."""
    path = way(track)
    if not _can_be_held(path):
        return ""
    seconds = -1 if track.seconds is None else round(track.seconds)
    return f"#EXTINF:{seconds},{_line(track.artist)} - {_line(track.title)}\n{path}\n"


def joined(entries: Iterable[str]) -> bytes:
    """A playlist of entries."""
    return "".join(["#EXTM3U\n", *entries]).encode("utf-8", "replace")


def way_from(folder: Path, root: Path, path_map: Mapping[str, str]) -> Way:
    """Relative to ``folder``, where the playlist stands.

    From outside the library that leads nowhere for a program that sees the library elsewhere: it
    gets the absolute paths that ``path_map`` makes for it.
    """
    inside = folder == root or root in folder.parents
    if not inside and mapped(str(root), path_map) is not None:
        return absolute
    start = posixpath.relpath(root, folder)

    def relative(track: Track) -> str:
        if start != ".":
            return f"{start}/{track.path}"
        # A line that begins with this sign is a comment.
        return f"./{track.path}" if track.path.startswith("#") else track.path

    return relative


def absolute(track: Track) -> str:
    """For a playlist that stands nowhere, or that is read elsewhere."""
    return track.location


def _can_be_held(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\n" not in path and "\r" not in path and path == path.strip()


def _line(text: str) -> str:
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in text)
    return " ".join(text.split())
