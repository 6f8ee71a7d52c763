"""Rows about files that are there or are wanted, and about what cannot be judged."""

from __future__ import annotations

import shlex
from dataclasses import replace

from syncd.core.baseline import Named, State
from syncd.core.cases import Case, There, hidden_place, is_edited, place_kept_out, place_taken
from syncd.core.decisions.planning import (
    Decision,
    Planning,
    file_of,
    placed_of,
    track_of,
)
from syncd.core.keeping import said_kept_out
from syncd.core.model import COMPLETED
from syncd.core.naming import (
    effective_title,
    encode,
    has_own_suffix,
    name_track,
    same_text,
    sibling,
    stem_of,
    suffix_of,
    uses_facets,
)
from syncd.core.operations import (
    Defer,
    Evict,
    Forget,
    Free,
    Hold,
    MakeWay,
    MoveLocal,
    RenameLocal,
    Retag,
    Wait,
)
from syncd.core.relocation import awaits_user, has_made_way, without_way
from syncd.core.selection import Standing, said_outside
from syncd.core.tagging import told


def nothing(planning: Planning, case: Case) -> Decision:
    return None


def out_of_sight(planning: Planning, case: Case) -> Decision:
    placed, local = placed_of(case), planning.local
    hidden = hidden_place(case.known, local) if case.known else None
    if hidden is not None:
        path = hidden.path
        reason = f"{path} could not be read, or is on another disk than before"
        if (broken := local.broken_above(path)) is not None:
            reason = f"whether {path} is kept out is not known: {broken}"
        return Wait(job_id=case.job_id, reason=reason, unseen=path)
    reason = f"{placed.path} was not found, and "
    if local.unreadable:
        reason += f"it may be in {local.said_unreadable()}, which could not be read"
    else:
        places = case.known.places if case.known else ()
        mounts = {local.mount_of(place.path) for place in places} - {None, *planning.found.disks}
        reason += (
            f"no other track was found on the disk at {min(filter(None, mounts))}: it may be "
            f"another one (syncd rm {case.job_id} deletes the job)"
        )
    return Wait(job_id=case.job_id, reason=reason, unseen=placed.path)


def kept_out(planning: Planning, case: Case) -> Decision:
    """Left alone where it stands, or stood; when the pattern goes it is a file as any other."""
    settled = (State.EVICTED, State.IGNORED, State.UNSELECTED)
    is_back = case.state is State.UNSELECTED and case.standing is Standing.INSIDE
    if case.state in (settled if case.track else (State.GONE, State.DETACHED)) and not is_back:
        return None  # nothing would be done about it in any case
    aside = place_kept_out(case.known, planning.local) if case.known else None
    path = case.file.path if case.file else aside or placed_of(case).path
    reason = said_kept_out(path, planning.local)
    return Wait(job_id=case.job_id, reason=reason or path, kept_out=True)


def not_listed_yet(planning: Planning, case: Case) -> Decision:
    if case.file is None:
        return None
    return Wait(job_id=case.job_id, reason="the account was not listed in full yet")


def missed(planning: Planning, case: Case) -> Decision:
    return Wait(
        job_id=case.job_id,
        reason=f"{placed_of(case).path} was not found; a second look decides",
    )


def stranger(planning: Planning, case: Case) -> Decision:
    taken = place_taken(case.known, planning.local) if case.known else None
    path = taken or placed_of(case).path
    return Hold(
        job_id=case.job_id,
        path=path,
        reason="the file at its path no longer carries its id; it is left alone "
        f"({_identify(path, case.job_id)} says that it is this job's)",
    )


def pasted(planning: Planning, case: Case) -> Decision:
    # Whose tags were pasted into whose file cannot be told from here.
    path, owner = file_of(case).path, case.owner
    return Hold(
        job_id=case.job_id,
        path=path,
        reason=f"the file of job {owner} now carries the id of this job; it is left alone "
        f"({_identify(path, owner)} says that it is job {owner}'s, "
        f"{_identify(path, case.job_id)} that it is this one's)",
    )


def _identify(path: str, job_id: int | None) -> str:
    """The command, as it can be pasted into a shell."""
    return f"syncd identify {shlex.quote(path)} {job_id}"


def in_step(planning: Planning, case: Case) -> Decision:
    """In step; unless it belongs elsewhere, or made way and has not got its name since, or the
    account says something else for its tags, or the selection leaves it out; or is not to get the
    name any more that it was about to get, which is the user's to give from now on."""
    if case.known is not None and case.known.intended is not None:
        placed = placed_of(case)
        return planning.adopt(case, placed.title, placed.stem, "it keeps the name that it has")
    free = _left_out(planning, case)
    if isinstance(free, Free) and planning.is_approved(case.job_id, Free.verb):
        return free
    move = _moved_by_template(planning, case) or _back_from_the_way(planning, case)
    if move is not None and not awaits_user(move, planning.baseline, planning.policy):
        return move
    # Its tags do not wait for what the user is asked about.
    return retagged(planning, case) or free or move


def _left_out(planning: Planning, case: Case) -> Free | Wait | None:
    """It is outside the selection, and the account would give it back."""
    if case.standing is not Standing.OUTSIDE or case.there is not There.AS_KNOWN:
        return None
    if planning.policy.cautious:
        return None
    track, file, placed = track_of(case), file_of(case), placed_of(case)
    why = said_outside(track, planning.policy.only)
    if is_edited(file, placed):
        reason = f"{why}, but {file.path} was changed in the folder: it stays"
        return Wait(job_id=case.job_id, reason=reason, stays=True)
    if track.audio.get(placed.format) != placed.audio:
        return None  # other audio, which was declined: this is the only copy of what is here
    return Free(job_id=case.job_id, path=file.path, reason=why)


def retagged(planning: Planning, case: Case) -> Retag | None:
    """The account says something else for its tags than when they were written."""
    track, placed, file = track_of(case), placed_of(case), file_of(case)
    # Another name is another operation's, and the title with it; the other tags are not its.
    is_sound = case.there in (There.AS_KNOWN, There.RENAMED)
    if planning.policy.cautious or not is_sound or placed.told is None:
        return None
    # What is still being looked up would have it written a second time.
    if case.job_id in planning.unlearnt or placed.told == told(track):
        return None
    return Retag(
        job_id=case.job_id, path=file.path, reason="the account says something else for its tags"
    )


def _moved_by_template(planning: Planning, case: Case) -> MoveLocal | None:
    """The template, or a tag that it names, puts the file elsewhere now."""
    track, placed, file = track_of(case), placed_of(case), file_of(case)
    known = case.known
    if placed.moved or planning.policy.moves == "never" or known is None or known.album is None:
        return None
    if placed.template == planning.policy.template and not uses_facets(placed.template):
        return None
    name = name_track(
        track,
        planning.policy,
        album=known.album,
        number=known.number or 0,
        ext=suffix_of(file.path),
        suffixed=has_own_suffix(without_way(placed, case.job_id), case.job_id),
    )
    if same_text(name.path, file.path):
        return None
    return MoveLocal(
        job_id=case.job_id,
        path=file.path,
        new_path=name.path,
        stem=name.stem,
        reason="library.template, or what it is filled with, puts it there now",
    )


def _back_from_the_way(planning: Planning, case: Case) -> RenameLocal | None:
    """What it was to be called next was taken back in the account: it gets its old name again."""
    track, placed, file = track_of(case), placed_of(case), file_of(case)
    if placed.stem == without_way(placed, case.job_id):
        return None
    stem = planning.stem_now(track, placed)
    if same_text(stem, placed.stem) or placed.stem.endswith(encode(effective_title(track)).text):
        return None  # a title that happens to end so
    return RenameLocal(
        job_id=case.job_id,
        path=file.path,
        new_path=sibling(file.path, stem),
        title=track.title,
        stem=stem,
        reason="it made way for another track, which has its name by now",
        old_title=placed.title,
    )


def moved(planning: Planning, case: Case) -> Decision:
    """The user moved it under the root: it stays where they put it, and nothing is sent."""
    placed, path = placed_of(case), file_of(case).path
    if case.named_as is not None and path == sibling(placed.path, case.named_as.stem):
        return _named_before(planning, case, case.named_as)
    if case.moved_as is not None:
        reason = "it was moved there before, and the record of that was lost"
        if has_made_way(path, placed.path, case.job_id):
            return MakeWay(job_id=case.job_id, path=path, new_path=path, reason=reason)
        return MoveLocal(
            job_id=case.job_id, path=path, new_path=path, stem=case.moved_as, reason=reason
        )
    if same_text(path, placed.path):  # as another file system spells accents
        return planning.adopt(case, placed.title, placed.stem, "its folder is spelled otherwise")
    return planning.adopt(
        case, placed.title, placed.stem, "its file was moved in the folder", moved=True
    )


def _named_before(planning: Planning, case: Case, names: Named) -> RenameLocal:
    """This program renamed it, and stopped before that was recorded; on to its name of now."""
    file, title, stem = file_of(case), names.title, names.stem
    if case.track is not None and not same_text(case.track.title, title):
        title, stem = case.track.title, planning.stem_now(case.track, placed_of(case))
    return RenameLocal(
        job_id=case.job_id,
        path=file.path,
        new_path=sibling(file.path, stem),
        title=title,
        stem=stem,
        reason="renamed in the account; the record of that was lost",
        old_title=names.title,
    )


def found(planning: Planning, case: Case) -> Decision:
    """Placed and not recorded (a crash between the two), or brought from elsewhere."""
    track, file, before = track_of(case), file_of(case), case.placed
    reason = "a file in the folder carries its id"
    if before is not None and stem_of(file.path) == before.stem:
        # Under the name that it had: where the job has another by now, the account changed it.
        return planning.adopt(case, before.title, before.stem, reason)
    adopted = planning.adopt(case, track.title, stem_of(file.path), reason)
    if not planning.policy.cautious:
        return adopted
    # A name that differs is a rename that was never sent, or one that was lost.
    named = name_track(
        track,
        planning.policy,
        album=adopted.album,
        number=adopted.number,
        ext=suffix_of(file.path),
    )
    return replace(adopted, stem=named.stem)


def job_is_back(planning: Planning, case: Case) -> Decision:
    file = file_of(case)
    return planning.adopt(
        case, track_of(case).title, stem_of(file.path), "its job is in the account again"
    )


def not_ready(planning: Planning, case: Case) -> Decision:
    return Wait(job_id=case.job_id, reason=f"the job is {track_of(case).status}")


def without_audio(planning: Planning, case: Case) -> Decision:
    track = track_of(case)
    if not track.audio:
        reason = "the job is completed, but the service offers no audio for it"
    else:
        wanted, offered = ", ".join(planning.policy.formats), ", ".join(sorted(track.audio))
        reason = f"none of the wanted formats ({wanted}) is on offer ({offered})"
    if planning.policy.further and track.audio:
        return Wait(job_id=case.job_id, reason=reason)
    return Defer(job_id=case.job_id, reason=reason)


def fetch(planning: Planning, case: Case) -> Decision:
    known = case.known
    if case.standing is Standing.OUTSIDE:
        # Its job was gone and is back; from now on it is a job that the selection leaves out.
        return Forget(job_id=case.job_id, reason="its file is gone, and it is outside library.only")
    if case.standing is Standing.OPEN:
        return Wait(job_id=case.job_id, reason="whether library.only has it is looked up first")
    if case.job_id in planning.unlearnt and case.placed is None:
        # Players keep paths and cues from the first sight on: it is placed once, and complete.
        return Wait(job_id=case.job_id, reason="its genre, mood and the like are looked up first")
    if known and known.attempts:
        return planning.download(case, f"failed before: {known.reason}")
    if known and known.placed:
        return planning.restore(case, "wanted again")
    return planning.download(case, "new in the account")


def evicting(planning: Planning, case: Case) -> Decision:
    file, placed = file_of(case), placed_of(case)
    if file.stat != placed.stat:
        return found(planning, case)  # not the file that was to be removed
    track = track_of(case)
    if track.status != COMPLETED or track.audio.get(placed.format) != placed.audio:
        return Wait(
            job_id=case.job_id,
            reason=f"{file.path} is kept: the service does not offer this audio of it now, "
            "and it could not be fetched again",
        )
    return Evict(job_id=case.job_id, path=file.path, reason="its eviction was interrupted")


def freeing(planning: Planning, case: Case) -> Decision:
    """The user released it, and the program stopped before its file was gone."""
    file, placed, track = file_of(case), placed_of(case), track_of(case)
    is_offered = track.status == COMPLETED and track.audio.get(placed.format) == placed.audio
    # Its state says that nobody misses it: where it is not to go, it is a track like any other.
    if case.standing is not Standing.OUTSIDE or file.stat != placed.stat or not is_offered:
        return found(planning, case)
    why = said_outside(track, planning.policy.only)
    return Free(job_id=case.job_id, path=file.path, reason=why)
