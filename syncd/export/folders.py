"""Folders of playlists: where each of them stands, and what makes its bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from syncd.export import m3u8, nsp
from syncd.export.lists import TrackList, file_names

Maker = Callable[[], bytes]


def playlists(folder: Path, lists: Sequence[TrackList], way: m3u8.Way) -> dict[Path, Maker]:
    """A playlist of each of ``lists``."""
    # Each track stands in several of them.
    tracks = {track.id: track for one in lists for track in one.tracks}
    entries = {job_id: m3u8.entry(track, way) for job_id, track in tracks.items()}
    names = file_names((one.title for one in lists), m3u8.SUFFIX)
    return {
        folder / name: partial(_playlist, one, entries)
        for name, one in zip(names, lists, strict=True)
    }


def smart_playlists(folder: Path, lists: Sequence[TrackList], artist: str) -> dict[Path, Maker]:
    """The rules of those of ``lists`` that rules can say."""
    made = [(one.title, nsp.smart_playlist(one, artist)) for one in lists]
    rules = [(title, data) for title, data in made if data is not None]
    names = file_names((title for title, _ in rules), nsp.SUFFIX)
    return {
        folder / name: partial(bytes, data) for name, (_, data) in zip(names, rules, strict=True)
    }


def _playlist(chosen: TrackList, entries: Mapping[int, str]) -> bytes:
    return m3u8.joined(entries[track.id] for track in chosen.tracks)
