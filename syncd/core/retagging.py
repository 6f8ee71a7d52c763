"""What the tags of a file in the library should become: three ways, as the baseline has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syncd.core.baseline import BaselineTrack, Placed
from syncd.core.model import Job, Origin
from syncd.core.naming import effective_title, same_text
from syncd.core.tagging import JOBS_OWN, MANAGED, PLAIN, Fields, Style, desired_fields

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
    wanted = {name: desired.get(name, ()) for name in names if name not in left}
    force = frozenset(wanted) - _NEVER_FORCED if style.ownership == "syncd" else frozenset()
    return Retagging(owned, wanted, force)


def owned_fields(placed: Placed) -> dict[str, tuple[str, ...]]:
    """What this program wrote last in each managed field of the file."""
    owned = {name: placed.tags[name] for name in MANAGED if name in placed.tags}
    if "prompt" in owned:
        # The comment was no field of its own once, and held the prompt.
        owned.setdefault("comment", owned["prompt"])
    return owned


def says_the_same(tags: Fields, job: Job) -> bool:
    """Whether ``tags``, written under the default settings, are what ``job`` asks for.

    What follows from settings, or from the track's name and place, is not looked at.
    """
    desired = desired_fields(
        job, origin=Origin(""), title="", artist="", album="", number=None, style=PLAIN
    )
    return all(tags.get(name, ()) == desired.get(name, ()) for name in JOBS_OWN)
