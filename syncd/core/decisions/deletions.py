"""Rows about what was deleted, in the account or in the folder."""

from __future__ import annotations

from datetime import timedelta

from syncd.core.baseline import Absence, Placed, State
from syncd.core.cases import Case, is_edited
from syncd.core.decisions.planning import (
    Decision,
    Planning,
    absence_of,
    file_of,
    placed_of,
    track_of,
)
from syncd.core.evidence import said_of
from syncd.core.model import LocalFile
from syncd.core.operations import DeleteRemote, Forget, Hold, Ignore, Pending, TrashLocal, Wait
from syncd.core.time import agreed_elapsed


def deleted_there(planning: Planning, case: Case) -> Decision:
    file, placed = file_of(case), placed_of(case)
    if is_edited(file, placed):
        return planning.detach(case, "changed in the folder, deleted in the account")
    if case.state is State.TRASHING and not _is_on_its_way(file, placed):
        return planning.detach(case, "a copy of it; its job was deleted in the account")
    if planning.policy.cautious:
        return planning.detach(case, "its job is gone from the account")
    if planning.policy.remote_deletions == "keep":
        return planning.detach(case, 'deleted in the account; sync.remote_deletions = "keep"')
    if planning.is_emptied and not planning.is_approved(case.job_id, TrashLocal.verb):
        # None is left that could vouch for the service's 404: only the user knows.
        return Hold(
            job_id=case.job_id,
            path=file.path,
            held=TrashLocal.verb,
            batched=True,
            reason="the account lists no job any more: was it emptied, or is it another one?",
        )
    return TrashLocal(job_id=case.job_id, path=file.path, reason="deleted in the account")


def _is_on_its_way(file: LocalFile, placed: Placed) -> bool:
    """Whether it is the file that was about to go when the program was stopped: that may be in the
    trash by now, and what is found a copy, which stays."""
    return file.path == placed.path or file.stat.inode == placed.stat.inode


def renamed_and_deleted(planning: Planning, case: Case) -> Decision:
    return planning.detach(case, "renamed in the folder, deleted in the account")


def evicted_and_deleted(planning: Planning, case: Case) -> Decision:
    return planning.detach(case, "deleted in the account before its file was removed")


def still_detached(planning: Planning, case: Case) -> Decision:
    if file_of(case).path == placed_of(case).path:
        return None
    return planning.detach(case, "its file was moved in the folder")


def found_without_job(planning: Planning, case: Case) -> Decision:
    return planning.detach(case, "a file carries its id, and its job is gone")


def nothing_left(planning: Planning, case: Case) -> Decision:
    if case.known is None:
        return None
    return Forget(job_id=case.job_id, reason="gone from the account and from the folder")


def deleted_here(planning: Planning, case: Case) -> Decision:
    absence, policy = absence_of(case), planning.policy
    path = placed_of(case).path
    if policy.deletions == "ignore":
        return Ignore(
            job_id=case.job_id, path=path, reason='deleted here; sync.deletions = "ignore"'
        )
    if policy.deletions == "restore" or policy.direction == "down":
        return planning.restore(case, "its file is gone from the folder")
    if (where := policy.elsewhere.get(case.job_id)) is not None:
        # Not even where it is approved: a track is deleted where it is gone from every tree.
        back = f"syncd reject --job {case.job_id} fetches it again"
        return Wait(job_id=case.job_id, reason=f"{path} is gone, but {where} ({back})")
    # An approval shortens the grace; it does not outlive a setting by which nothing is deleted.
    if planning.is_approved(case.job_id, DeleteRemote.verb):
        return _delete(case)
    if others := planning.may_be(placed_of(case), absence):
        more = "" if len(others) == 1 else f" (or another of {len(others)})"
        return Hold(
            job_id=case.job_id,
            path=path,
            held=DeleteRemote.verb,
            batched=True,
            reason=f"{others[0]}{more} carries no id and may be its file: it appeared as this one "
            f'vanished (syncd identify "{others[0]}" {case.job_id} says that it is)',
            evidence=_evidence(absence),
        )
    grace = timedelta(seconds=policy.deletion_grace)
    elapsed = agreed_elapsed(absence.armed_at, absence.armed_server, planning.now)
    if grace and (elapsed is None or elapsed < grace):
        return Pending(
            job_id=case.job_id,
            path=path,
            reason="deleted from the folder; its job is deleted when the grace is over",
            until=None if absence.armed_server is None else absence.armed_at + grace,
            evidence=_evidence(absence),
        )
    return _delete(case)


def deleted_and_changed(planning: Planning, case: Case) -> Decision:
    if planning.policy.deletions == "ignore":
        return deleted_here(planning, case)
    return planning.restore(case, "changed in the account after it was deleted from the folder")


def deleted_without_audio(planning: Planning, case: Case) -> Decision:
    track = track_of(case)
    if planning.policy.deletions == "ignore":
        return deleted_here(planning, case)
    return Wait(
        job_id=case.job_id,
        reason=f"its file is gone and the job is {track.status}: without audio there is no "
        f"recovery copy, so it is not deleted (syncd rm {case.job_id} deletes it)",
    )


def _delete(case: Case) -> DeleteRemote | Wait:
    track, placed = track_of(case), placed_of(case)
    audio = track.audio.get(placed.format)
    if audio is None:
        # Whether another format is of the same audio cannot be told.
        return Wait(
            job_id=case.job_id,
            reason=f"its file is gone, and the service no longer offers {placed.format} of it: "
            f"what was deleted cannot be kept a copy of (syncd rm {case.job_id} deletes it)",
        )
    return DeleteRemote(
        job_id=case.job_id,
        path=placed.path,
        format=placed.format,
        title=track.title,
        audio=audio,
        reason="its file was deleted from the folder",
        evidence=_evidence(absence_of(case)),
    )


def _evidence(absence: Absence) -> tuple[str, ...]:
    first = (absence.first_scan, absence.first_at)
    return said_of(absence.seen_at, first, (absence.last_scan, absence.last_at))
