"""What the tags of a file in the library should become: three ways, as the baseline has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syncd.core.baseline import BaselineTrack, Placed
from syncd.core.model import Job, Origin
from syncd.core.naming import effective_title, same_text
from syncd.core.tagging import (
    ID3_VERSION,
    JOBS_OWN,
    MANAGED,
    OLDER,
    PLAIN,
    SERVED,
    Fields,
    Style,
    desired_fields,
)

_LEFT = frozenset({"job_id", "duration"})
"""Measured, or what the file is known by: neither follows from what the account says."""

_NEVER_FORCED = frozenset({"liked"})
"""A rating that somebody gave is theirs under any setting."""


@dataclass(frozen=True, slots=True)
class Retagging:
    """``owned``: what this program wrote last; ``wanted``: what the file should hold, empty where
    it should not; ``force``: the fields that are written whoever wrote them last."""

    owned: Fields
    wanted: Mapping[str, tuple[str, ...]]
    force: frozenset[str] = frozenset()


def retagging(
    known: BaselineTrack, placed: Placed, job: Job, *, origin: Origin, artist: str, style: Style
) -> Retagging:
    """What the account and the settings ask for in the file of a placed track.

    A title that the account and the file do not agree on is another operation's.
    """
    owned = owned_fields(placed)
    desired = desired_fields(
        job,
        origin=origin,
        title=effective_title(job.track()),
        artist=artist,
        album=known.album or "",
        number=known.number,
        style=style,
    )
    left = set(_LEFT)
    if not same_text(job.display_name, placed.title):
        left.add("title")
    if known.album is None:
        left |= {"album", "track"}
    names = [name for name in MANAGED if name in desired or name in owned]
    served = {name: placed.tags.get(f"{SERVED}{name}", ()) for name in names}
    wanted = {name: desired.get(name, served[name]) for name in names if name not in left}
    force = frozenset(wanted) - _NEVER_FORCED if style.ownership == "syncd" else frozenset()
    return Retagging(owned, wanted, force)


def owned_fields(placed: Placed) -> dict[str, tuple[str, ...]]:
    """What this program wrote last in each managed field of the file, or the audio brought along
    where nothing was to be written."""
    tags = placed.tags
    return {
        name: owned
        for name in MANAGED
        if (owned := tags.get(name) or tags.get(f"{SERVED}{name}", ()))
    }


def id3_version(placed: Placed, style: Style) -> int | None:
    """The version of ID3v2 that the file's tag is to have; ``None``: the one that it has.

    Every program reads v2.3, so a tag that an editor saved so stays.
    """
    is_ours = placed.tags.get(ID3_VERSION) == (str(OLDER),)
    return style.id3_version if style.id3_version == OLDER or is_ours else None


def says_the_same(tags: Fields, job: Job) -> bool:
    """Whether ``tags``, written under the default settings, are what ``job`` asks for.

    What follows from settings, or from the track's name and place, is not looked at.
    """
    desired = desired_fields(
        job, origin=Origin(""), title="", artist="", album="", number=None, style=PLAIN
    )
    return all(tags.get(name, ()) == desired.get(name, ()) for name in JOBS_OWN)
