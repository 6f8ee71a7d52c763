"""Where each job stands to the selection, ``[library.only]``: wanted in the folder or not.

Pure. What is not known of a job does not fit where it is asked for: a job without a quality score
has not the least one. As long as it can still become known, nothing is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase

from syncd.core.baseline import Baseline, BaselineTrack, State
from syncd.core.languages import language_code
from syncd.core.model import COMPLETED, RemoteTrack, RemoteTree
from syncd.core.naming import effective_title
from syncd.core.only import Only, folded

BY_NAME = "*"
"""``BaselineTrack.kept`` of a track that the user asked for by name: no selection leaves it out."""

UNPLACED = frozenset({State.WANTED, State.UNAVAILABLE, State.GONE})
"""The states in which a job would be fetched, were it not for the selection."""


class Standing(Enum):
    """Where a job stands to the selection."""

    INSIDE = "it is wanted"
    OUTSIDE = "it is not wanted"
    OPEN = "what decides it is not known yet"


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a job does not fit, in plain words. ``unknown``: only because that is not known."""

    reason: str
    unknown: bool = False


def misfit(track: RemoteTrack, only: Only) -> Misfit | None:
    """Why ``track`` is outside ``only``, or ``None``; what is known against it comes first."""
    if only.everything:
        return None
    found = list(_misfits(track, only))
    return next((one for one in found if not one.unknown), found[0] if found else None)


def standing(
    track: RemoteTrack, only: Only, *, kept: str | None = None, unlearnt: bool = False
) -> Standing:
    """Where ``track`` stands to ``only``.

    ``kept`` is what the user said of it (``BaselineTrack.kept``); ``unlearnt``: a facet of it is
    still to be learnt. Of an unfinished job, too, what is not known may yet be.
    """
    if only.everything or (kept is not None and kept in (BY_NAME, only.digest)):
        return Standing.INSIDE
    if (why := misfit(track, only)) is None:
        return Standing.INSIDE
    is_open = why.unknown and (unlearnt or track.status != COMPLETED)
    return Standing.OPEN if is_open else Standing.OUTSIDE


def standing_of(
    track: RemoteTrack, known: BaselineTrack | None, remote: RemoteTree, only: Only
) -> Standing:
    """The same for a track of the trees."""
    kept = known.kept if known else None
    return standing(track, only, kept=kept, unlearnt=track.id in remote.unlearnt)


def changed_states(
    remote: RemoteTree, baseline: Baseline, only: Only, present: Collection[int] = ()
) -> Mapping[int, tuple[State, str | None]]:
    """The tracks that the selection leaves out now, or no more: their new state, and why.

    Those that are ``present``, with a file in the folder, stay as they are: a plan decides.
    """
    changed: dict[int, tuple[State, str | None]] = {}
    for job_id, track in remote.tracks.items():
        known = baseline.tracks.get(job_id)
        state = known.state if known else State.WANTED
        is_asked = state is State.UNSELECTED or (state in UNPLACED and not only.everything)
        if not is_asked or job_id in present:
            continue
        where = standing_of(track, known, remote, only)
        if where is Standing.OUTSIDE:
            reason = said_outside(track, only)
            if known is None or (state, known.reason) != (State.UNSELECTED, reason):
                changed[job_id] = (State.UNSELECTED, reason)
        elif where is Standing.INSIDE and state is State.UNSELECTED:
            changed[job_id] = (State.WANTED, None)
    return changed


def said_outside(track: RemoteTrack, only: Only) -> str:
    """Why ``track`` is outside ``only``, for people."""
    why = misfit(track, only)
    return f"outside library.only: {why.reason}" if why else "outside library.only"


def unmatched(remote: RemoteTree, only: Only) -> tuple[str, ...]:
    """The values of ``only`` that no job has, with what they are, for people.

    None as long as what the jobs have is still to be learnt.
    """
    found: list[str] = []
    if only.everything or remote.unlearnt:
        return ()
    for what, values_of, wanted_of in _KINDS:
        if wanted := wanted_of(only):
            tracks = remote.tracks.values()
            had = {alike for track in tracks for alike in _alike(what, values_of(track))}
            missing = (value for value in wanted if had.isdisjoint(_alike(what, [value])))
            found += (f"{what} “{value}”" for value in missing)
    return tuple(found)


def _misfits(track: RemoteTrack, only: Only) -> Iterator[Misfit]:
    for what, values_of, wanted_of in _KINDS:
        wanted, values = wanted_of(only), values_of(track)
        if not wanted:
            continue
        if not values:
            yield Misfit(f"its {what} is not known", unknown=True)
        elif {*_alike(what, values)}.isdisjoint(_alike(what, wanted)):
            yield Misfit(f"its {what} is {', '.join(values)}")
    if only.liked is not None and track.liked is not only.liked:
        yield from _of_like(track.liked)
    yield from _of_figures(track, only)
    title = effective_title(track)
    if only.title is not None and not fnmatchcase(folded(title), _pattern(only.title)):
        yield Misfit(f"it is called “{title}”")


def _of_like(liked: bool | None) -> Iterator[Misfit]:
    if liked is None:
        yield Misfit("whether it is liked is not known", unknown=True)
    else:
        yield Misfit("it is liked" if liked else "it is not liked")


def _of_figures(track: RemoteTrack, only: Only) -> Iterator[Misfit]:
    quality, seconds, made = track.quality_score, track.audio_duration, track.created_at
    if only.min_quality is not None:
        if quality is None:
            yield Misfit("its quality is not known", unknown=True)
        elif quality < only.min_quality:
            yield Misfit(f"its quality is {quality:g}")
    if only.duration is not None:
        least, most = only.duration.least, only.duration.most
        if seconds is None:
            yield Misfit("its length is not known", unknown=True)
        elif (least is not None and seconds < least) or (most is not None and seconds > most):
            yield Misfit(f"it lasts {_length(seconds)}")
    if only.since is not None:
        if made is None:
            yield Misfit("when it was made is not known", unknown=True)
        elif made < only.since:
            yield Misfit(f"it was made on {made:%Y-%m-%d}")


def _one(value: str | None) -> tuple[str, ...]:
    return (value,) if value else ()


def _length(seconds: float) -> str:
    """To the hundredth: what is a little longer than a limit must not read as the limit."""
    text = f"{int(seconds) // 60}:{seconds % 60:05.2f}"
    return text.rstrip("0").rstrip(".")


def _pattern(text: str) -> str:
    """For ``fnmatch``, where brackets stand for themselves."""
    return folded(text).replace("[", "[[]")


def _alike(what: str, values: Iterable[str]) -> Iterator[str]:
    """The same text for two values that mean the same."""
    for value in values:
        if what == "language":
            yield language_code(value) or folded(value)
        elif what == "song type":
            yield folded(value).removesuffix("s")  # counts speak of songs, the filter of song
        else:
            yield folded(value)


_KINDS: tuple[
    tuple[str, Callable[[RemoteTrack], tuple[str, ...]], Callable[[Only], tuple[str, ...]]], ...
] = (
    ("task", lambda track: _one(track.task), lambda only: only.task),
    ("song type", lambda track: _one(track.song_type), lambda only: only.song_type),
    ("genre", lambda track: track.genre, lambda only: only.genre),
    ("emotion", lambda track: track.emotion, lambda only: only.emotion),
    ("occasion", lambda track: track.occasion, lambda only: only.occasion),
    ("language", lambda track: _one(track.language), lambda only: only.language),
)
"""What a selection may name values of: its name, those of a track, and those that are wanted."""
