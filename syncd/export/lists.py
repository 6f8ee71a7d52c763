"""Which lists there are: liked, all, one for each value of a facet, and the saved queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from syncd.core.naming import UNTITLED, encode, fold
from syncd.export.tracks import Track

Kind = Literal["all", "liked", "query", "genre", "emotion", "occasion"]
FACETS: tuple[Literal["genre", "emotion", "occasion"], ...] = ("genre", "emotion", "occasion")

_MIDDLE = " - "


@dataclass(frozen=True, slots=True)
class TrackList:
    """A list of tracks, in its order; ``name`` is a value of a facet, or that of a saved query."""

    kind: Kind
    name: str
    tracks: tuple[Track, ...]

    @property
    def title(self) -> str:
        """Its name where it stands beside lists of all kinds: a mood may be called as a genre."""
        return f"{self.kind.title()}{_MIDDLE}{self.name}" if self.kind in FACETS else self.name


def track_lists(tracks: Sequence[Track], saved: Mapping[str, Iterable[int]]) -> list[TrackList]:
    """Every list of ``tracks``, the saved ones first; ``saved`` has ids by name.

    Only a saved list may be empty: it was asked for by its name. One that is called as another
    takes the place of that.
    """
    track_by_id = {track.id: track for track in tracks}
    lists = [
        TrackList(
            "query", name, tuple(track_by_id[job_id] for job_id in ids if job_id in track_by_id)
        )
        for name, ids in saved.items()
    ]
    liked = tuple(track for track in tracks if track.liked)
    own = [TrackList("all", "All", tuple(tracks)), TrackList("liked", "Liked", liked)]
    taken = {fold(name) for name in saved}
    lists += [one for one in own if one.tracks and fold(one.name) not in taken]
    for facet in FACETS:
        found: dict[str, list[Track]] = {}
        for track in tracks:
            for value in dict.fromkeys(getattr(track, facet)):
                found.setdefault(value, []).append(track)
        lists += [TrackList(facet, value, tuple(found[value])) for value in sorted(found)]
    return lists


def file_names(titles: Iterable[str], suffix: str) -> list[str]:
    """A file name for each title, in their order: usable on any system, and none like another."""
    taken: set[str] = set()
    names = []
    for title in titles:
        stem = encode(title).text or UNTITLED
        name, number = f"{stem}{suffix}", 1
        while fold(name) in taken:
            number += 1
            name = f"{stem} ({number}){suffix}"
        taken.add(fold(name))
        names.append(name)
    return names
