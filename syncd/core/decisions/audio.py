"""Rows about audio that was changed in the account under a known id."""

from __future__ import annotations

from syncd.core.cases import Case, is_edited
from syncd.core.decisions.planning import (
    Decision,
    Planning,
    file_of,
    placed_of,
    track_of,
)
from syncd.core.operations import Compare, Redownload, Wait
from syncd.core.selection import Standing, said_outside


def readdressed(planning: Planning, case: Case) -> Decision:
    placed = placed_of(case)
    return Compare(
        job_id=case.job_id,
        path=placed.path,
        format=placed.format,
        reason="its audio is at another address than it was fetched from",
    )


def replaced(planning: Planning, case: Case) -> Decision:
    track, placed, file = track_of(case), placed_of(case), file_of(case)
    album, number = planning.given(track, case.known)
    if case.standing is Standing.OUTSIDE:
        why = said_outside(track, planning.policy.only)
        return Wait(job_id=case.job_id, reason=f"{why}; its other audio is not fetched")
    copy, reason = None, "its audio was changed in the account"
    if is_edited(file, placed):
        reason += ", and its file in the folder: both are kept"
        copy = planning.conflict_copy(file, placed.format)
    elif placed.as_found:
        reason += ", and nobody knows whether its file was in the folder: both are kept"
        copy = planning.conflict_copy(file, placed.format)
    return Redownload(
        job_id=case.job_id,
        path=file.path,
        format=placed.format,
        album=album,
        number=number,
        copy=copy,
        reason=reason,
    )
