"""Rows about names: which side's is sent to the other."""

from __future__ import annotations

from syncd.core.cases import Case, There, heard
from syncd.core.decisions.audio import readdressed, replaced
from syncd.core.decisions.planning import (
    Decision,
    Planning,
    file_of,
    is_moved,
    placed_of,
    track_of,
)
from syncd.core.decisions.presence import moved, retagged
from syncd.core.model import COMPLETED
from syncd.core.naming import own_suffix, same_text, sibling, stem_of
from syncd.core.operations import Hold, RenameLocal, RenameRemote


def renamed_there(planning: Planning, case: Case) -> Decision:
    return _follow(planning, case, "renamed in the account")


def renamed_here(planning: Planning, case: Case) -> Decision:
    return _send_name(planning, case, "its file was renamed in the folder")


def renamed_twice(planning: Planning, case: Case) -> Decision:
    track, file = track_of(case), file_of(case)
    emitted = planning.stem_now(track, placed_of(case))
    # Also where this program gave the name, which need not read as the title, and no record of
    # that was made.
    given = (emitted, f"{emitted}{own_suffix(case.job_id)}")
    if same_text(case.new_title, track.title) or any(
        same_text(stem_of(file.path), stem) for stem in given
    ):
        return planning.adopt(
            case, track.title, stem_of(file.path), "renamed alike on both sides",
            moved=is_moved(case),
        )  # fmt: skip
    if planning.policy.conflicts == "remote":
        return _follow(planning, case, f"renamed on both sides; the folder said “{case.new_title}”")
    if planning.policy.conflicts == "hold":
        return Hold(
            job_id=case.job_id,
            path=file.path,
            held=RenameRemote.verb,
            reason=f"renamed on both sides: “{track.title}” in the account, "
            f"“{case.new_title}” in the folder (syncd rename {case.job_id} NAME settles it)",
        )
    return _send_name(
        planning, case, f"renamed on both sides; the account said “{track.title or ''}”"
    )


def unsendable(planning: Planning, case: Case) -> Decision:
    return Hold(
        job_id=case.job_id,
        path=file_of(case).path,
        held=RenameRemote.verb,
        reason="its new name is not valid UTF-8, so it cannot be sent; rename the file",
    )


def _follow(planning: Planning, case: Case, reason: str) -> Decision:
    """The file takes the name that its track has in the account, in the folder it is in."""
    track, placed, file = track_of(case), placed_of(case), file_of(case)
    stem = planning.stem_now(track, placed)
    if same_text(stem, stem_of(file.path)):
        return planning.adopt(case, track.title, stem, reason, moved=is_moved(case))
    return RenameLocal(
        job_id=case.job_id,
        path=file.path,
        new_path=sibling(file.path, stem),
        title=track.title,
        stem=stem,
        reason=reason,
        old_title=placed.title,
    )


def _send_name(planning: Planning, case: Case, reason: str) -> Decision:
    file, placed = file_of(case), placed_of(case)
    assert case.new_title is not None, "only a rename is sent"
    if planning.policy.direction == "down":
        # Nothing is ever sent; the pair stays, so that it is found if that is changed.
        return moved(planning, case) if file.path != placed.path else _unsent(planning, case)
    track = track_of(case)
    return RenameRemote(
        job_id=case.job_id,
        path=file.path,
        title=track.title,
        new_title=case.new_title,
        stem=stem_of(file.path),
        reason=reason,
        moved=is_moved(case),
    )


def _unsent(planning: Planning, case: Case) -> Decision:
    """What else there is to do for a file whose own name is never sent."""
    track = track_of(case)
    # Also where the account has another name, which is not followed: audio is no name.
    match heard(track, case.known) if track.status == COMPLETED else case.there:
        case There.READDRESSED:
            return readdressed(planning, case)
        case There.REPLACED:
            return replaced(planning, case)
    return retagged(planning, case)
