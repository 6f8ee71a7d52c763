"""What the folder and the account show of one track: the two axes of the planner's table."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum

from syncd.core.baseline import (
    Absence,
    Baseline,
    BaselineTrack,
    Named,
    Place,
    Placed,
    State,
)
from syncd.core.model import (
    COMPLETED,
    FAILED,
    LocalFile,
    LocalTree,
    RemoteTrack,
    RemoteTree,
)
from syncd.core.naming import name_track, same_text, stem_of, suffix_of, uses_facets
from syncd.core.operations import MoveLocal
from syncd.core.policy import Policy
from syncd.core.relocation import has_made_way
from syncd.core.renaming import UnsendableName, title_of
from syncd.core.selection import UNPLACED, Standing, standing_of

SCANS_APART = 30.0
"""Seconds between two scans that may confirm an absence; the grace, where that is shorter."""

EXPECTED = frozenset({State.PLACED, State.DETACHED})
"""The states in which a file should stand at the known path."""

WITH_FILE = EXPECTED | {State.TRASHING}
"""The states in which a file stands at the known path, or should."""

WITHOUT_FILE = frozenset(State) - WITH_FILE
"""The others: no scan misses anything, and the track can be wanted again as it is."""

REMEMBERED = WITH_FILE | {State.EVICTED, State.UNSELECTED}
"""The states in which a file at the known path is the one that was placed."""


class Here(StrEnum):
    """What the folder shows of a track."""

    NOTHING = "no file, and none is expected"
    FOUND = "a file carries its id, and none is expected"
    IN_PLACE = "its file stands where it is known to"
    MOVED = "its file stands elsewhere, under the name it was given"
    RENAMED = "its file has another name than it was given"
    UNSENDABLE = "its file has a name that is no text"
    MISSED = "its file was not found, by one scan so far"
    ABSENT = "its file is gone: two scans agree"
    STRANGER = "what stands at its path does not carry its id"
    PASTED = "its id is in the file of another job"
    HIDDEN = "where its file should be, or may be, could not be looked at"
    KEPT_OUT = "its file, or its place, is kept out by the user's patterns"


class There(StrEnum):
    """What the account shows of a track."""

    UNSEEN = "no job, but no complete sweep yet either"
    GONE = "no job, says a complete sweep"
    UNREADY = "a job that is not completed"
    FAILED = "a job that failed"
    SILENT = "a completed job without audio that is wanted"
    AS_KNOWN = "a completed job, as it was known last"
    RENAMED = "a job with another name than it was known by"
    READDRESSED = "its audio is at another address than it was fetched from"
    REPLACED = "its audio was found to be another than what was placed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One track, and where it stands in the table."""

    job_id: int
    track: RemoteTrack | None
    known: BaselineTrack | None
    file: LocalFile | None
    here: Here
    there: There
    new_title: str | None = None
    owner: int | None = None
    moved_as: str | None = None
    """The stem under which this program moved the file, where that was never recorded."""
    named_as: Named | None = None
    """The names that this program gave the file where it stands, and never recorded."""
    standing: Standing = Standing.INSIDE
    """Whether the selection has it; of a track without a job that is open."""

    @property
    def state(self) -> State:
        """A track whose file is not known by any path is wanted, whatever else was committed;
        but whether it is fetched is for the selection to say.
        """
        state = self.known.state if self.known else State.WANTED
        if self.placed is None and state in WITH_FILE:
            state = State.WANTED
        if state in UNPLACED and self.standing is Standing.OUTSIDE:
            return State.UNSELECTED
        is_back = state is State.UNSELECTED and self.standing is Standing.INSIDE
        return State.WANTED if is_back and self.here is Here.NOTHING else state

    @property
    def placed(self) -> Placed | None:
        return self.known.placed if self.known else None


def classify(
    job_id: int,
    *,
    remote: RemoteTree,
    local: LocalTree,
    baseline: Baseline,
    policy: Policy,
    file: LocalFile | None,
    owner: int | None,
    disks: Collection[str] = (),
) -> Case:
    """The case of one track; ``owner`` is the job whose file this one's id was pasted into.

    ``disks`` are the mounted folders that are known to be the same as before (``evidence.Found``).
    """
    track, known = remote.tracks.get(job_id), baseline.tracks.get(job_id)
    named_as = _unrecorded_name(known, file)
    if named_as and known and known.placed:
        renamed = replace(known.placed, title=named_as.title, stem=named_as.stem)
        known = replace(known, placed=renamed)
    here, new_title = _here(job_id, known, file, owner, local, policy, disks)
    moved_as = None
    if here in (Here.MOVED, Here.RENAMED) and track and known and file:
        # A stop between a move and the record of it is never taken for a rename by the user.
        moved_as = _unrecorded(track, known, file, baseline, policy)
    if moved_as is not None:
        here, new_title = Here.MOVED, None
    return Case(
        job_id=job_id,
        track=track,
        known=known,
        file=file,
        here=here,
        there=_there(track, known, remote, policy, has_file=file is not None),
        new_title=new_title,
        owner=owner,
        moved_as=moved_as,
        named_as=named_as if here is Here.MOVED and moved_as is None else None,
        standing=standing_of(track, known, remote, policy.only) if track else Standing.OPEN,
    )


def _unrecorded_name(known: BaselineTrack | None, file: LocalFile | None) -> Named | None:
    """The pair of names that this program was about to give, where ``file`` has that stem."""
    if known is None or known.state is not State.PLACED or known.intended is None:
        return None
    if known.placed is None or file is None or file.path == known.placed.path:
        return None
    stem = stem_of(file.path)
    has_it = same_text(stem, known.intended.stem) and not same_text(stem, known.placed.stem)
    return known.intended if has_it else None


def _unrecorded(
    track: RemoteTrack,
    known: BaselineTrack,
    file: LocalFile,
    baseline: Baseline,
    policy: Policy,
) -> str | None:
    """The stem of ``file``, if it stands where a ``MoveLocal`` or a ``MakeWay`` had put it."""
    placed = known.placed
    if placed is None or known.state is not State.PLACED or same_text(file.path, placed.path):
        return None
    held = baseline.holds.get((known.job_id, MoveLocal.verb))
    may_move = policy.moves == "auto" or (held is not None and held.approved)
    is_changed = placed.template != policy.template or uses_facets(placed.template)
    moves = may_move and is_changed and not placed.moved and known.album is not None
    if not moves and same_text(track.title, placed.title):
        return None
    if has_made_way(file.path, placed.path, known.job_id):
        return stem_of(file.path)
    if not moves or known.album is None:
        return None
    named_before = replace(track, title=placed.title)
    targets = (
        name_track(
            named_before,
            policy,
            album=known.album,
            number=known.number or 0,
            ext=suffix_of(file.path),
            suffixed=suffixed,
        )
        for suffixed in (False, True)
    )
    return next((to.stem for to in targets if same_text(to.path, file.path)), None)


def _here(
    job_id: int,
    known: BaselineTrack | None,
    file: LocalFile | None,
    owner: int | None,
    local: LocalTree,
    policy: Policy,
    disks: Collection[str],
) -> tuple[Here, str | None]:
    placed = known.placed if known else None
    if known is None or placed is None or known.state not in REMEMBERED:
        if file is None:
            return Here.NOTHING, None
        if local.kept_out_by(file.path):
            return Here.KEPT_OUT, None
        return (Here.FOUND if owner is None else Here.PASTED), None
    elsewhere = file is not None and file.path != placed.path
    if (file is None or elsewhere) and known.state in EXPECTED:
        # What is found elsewhere may be a copy: the original cannot be seen.
        hidden = hidden_place(known, local)
        at_home = hidden is not None and hidden.path == placed.path
        if hidden and (file is None or at_home or not file.stat.is_unmoved(placed.stat)):
            return Here.HIDDEN, None
    if file is None:
        return _without_file(known, placed, local, policy, disks), None
    if local.kept_out_by(file.path):
        # Whoever changed its name, its tags or its bytes there did it apart from the library.
        return Here.KEPT_OUT, None
    if owner is not None:
        return Here.PASTED, None
    try:
        new_title = title_of(
            stem_of(file.path),
            placed_title=placed.title,
            placed_stem=placed.stem,
            template=placed.template,
            job_id=job_id,
        )
    except UnsendableName:
        return Here.UNSENDABLE, None
    if new_title is not None:
        return Here.RENAMED, new_title
    return (Here.MOVED if elsewhere else Here.IN_PLACE), None


def _without_file(
    known: BaselineTrack,
    placed: Placed,
    local: LocalTree,
    policy: Policy,
    disks: Collection[str],
) -> Here:
    if known.state not in EXPECTED:
        return Here.NOTHING
    if place_kept_out(known, local) is not None:
        # What becomes of a file there is not followed, and so no deletion either.
        return Here.KEPT_OUT
    if place_taken(known, local) is not None:
        # Something stands where its file should be, so the track is not absent: never guess.
        return Here.STRANGER
    if is_out_of_reach(known, local, disks):
        return Here.HIDDEN
    if known.absence is not None and is_confirmed(known.absence, policy):
        return Here.ABSENT
    return Here.MISSED


def hidden_place(known: BaselineTrack, local: LocalTree) -> Place | None:
    """The place of its file of which the scan says nothing: unreadable, or another disk's now.

    A folder that became a mount point, or ceased to be one, or became a link, shows other files
    than those that stood in it: their absence is no deletion.
    """
    return next((place for place in known.places if is_hidden(place, local)), None)


def is_hidden(place: Place, local: LocalTree) -> bool:
    """Whether the scan says nothing of that place."""
    return (
        local.is_hidden(place.path)
        or local.is_walled(place.path)
        or (local.mount_of(place.path) is not None) != place.mounted
    )


def place_kept_out(known: BaselineTrack, local: LocalTree) -> str | None:
    """The place of its file that is kept out."""
    return next((place.path for place in known.places if local.kept_out_by(place.path)), None)


def place_taken(known: BaselineTrack, local: LocalTree) -> str | None:
    """Where its own file stood, and something stands of which nobody can tell whose it is.

    Where it was known to be that is anything; where it was seen since, another track's file is not.
    """
    home = known.placed.path if known.placed else None
    for place in known.stands:
        if (place.path == home and home in local.names) or is_nobodys(place.path, local):
            return place.path
    return None


def is_nobodys(path: str, local: LocalTree) -> bool:
    """Whether something stands there that carries no track's id."""
    file = local.files.get(path)
    return path in local.names and (file is None or file.identity is None)


def is_out_of_reach(known: BaselineTrack, local: LocalTree, disks: Collection[str]) -> bool:
    """Whether a file that was not found may stand where nobody could look.

    It may have been moved into what is unreadable, whatever its own place is like; and another
    disk may be mounted where its own was, unless that shows a file that was placed on it.
    """
    mounts = {local.mount_of(place.path) for place in known.places}
    return bool(local.unreadable) or not mounts <= {None, *disks}


def scans_apart(policy: Policy) -> float:
    """Seconds that must lie between two scans before they confirm an absence."""
    return min(SCANS_APART, policy.deletion_grace)


def is_confirmed(absence: Absence, policy: Policy) -> bool:
    """Whether two complete scans, far enough apart, agree that the file is absent."""
    apart = (absence.last_at - absence.first_at).total_seconds()
    return absence.scans >= 2 and apart >= scans_apart(policy)


def is_edited(file: LocalFile, placed: Placed) -> bool:
    """Whether the file holds anything else than what was placed.

    A file whose bytes are not known (``sha256``) counts as edited unless nothing touched it.
    """
    return file.stat != placed.stat and file.sha256 != placed.sha256


def _there(
    track: RemoteTrack | None,
    known: BaselineTrack | None,
    remote: RemoteTree,
    policy: Policy,
    *,
    has_file: bool,
) -> There:
    if track is None:
        return There.GONE if remote.swept else There.UNSEEN
    placed = known.placed if known and known.state in REMEMBERED else None
    renamed = placed is not None and not same_text(track.title, placed.title)
    if renamed and has_file:
        return There.RENAMED
    # Without a file, what counts first is whether its audio can be had.
    if track.status == FAILED:
        return There.FAILED
    if track.status != COMPLETED:
        return There.UNREADY
    if not any(name in track.audio for name in policy.formats):
        return There.SILENT
    return There.RENAMED if renamed else heard(track, known)


def heard(track: RemoteTrack, known: BaselineTrack | None) -> There:
    """What the account shows of the audio of a completed job, whatever the job is called."""
    placed = known.placed if known and known.state in REMEMBERED else None
    address = track.audio.get(placed.format) if placed else None
    if placed is None or known is None or address is None:
        return There.AS_KNOWN
    if address in (placed.audio, known.declined):
        return There.AS_KNOWN
    return There.REPLACED if address == known.replaced_by else There.READDRESSED


_LEAVING = frozenset(
    {
        *(Here.NOTHING, Here.IN_PLACE, Here.MOVED, Here.RENAMED, Here.UNSENDABLE, Here.PASTED),
        Here.KEPT_OUT,
    }
)

_UNPLACED = frozenset({Here.NOTHING, Here.FOUND, Here.PASTED, Here.KEPT_OUT})

POSSIBLE: dict[State, frozenset[Here]] = {
    State.WANTED: _UNPLACED,
    State.UNAVAILABLE: _UNPLACED,
    State.IGNORED: _UNPLACED,
    State.GONE: _UNPLACED,
    State.PLACED: frozenset(set(Here) - {Here.NOTHING, Here.FOUND}),
    State.DETACHED: frozenset(set(Here) - {Here.NOTHING, Here.FOUND}),
    State.TRASHING: _LEAVING,
    State.EVICTED: _LEAVING | {Here.FOUND},
    State.UNSELECTED: _LEAVING | {Here.FOUND},
}
"""What the folder can show of a track in each state: the rows that the table must have."""
