"""The baseline, read from its tables: as a whole, and again what a scan has changed of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from dataclasses import replace

from sqlalchemy import Connection

from syncd.catalog import rows
from syncd.catalog.holds import read_holds
from syncd.catalog.outcomes import read_spent, read_track
from syncd.catalog.retries import read_retries
from syncd.catalog.scans import kept_out, left_behind, read_absences, with_places
from syncd.catalog.schema import BASELINE
from syncd.catalog.statements import all_noted, find
from syncd.core.baseline import Baseline
from syncd.core.policy import Now


def read_baseline(connection: Connection, now: Now, sent: Mapping[str, Set[int]]) -> Baseline:
    """All of it. ``sent``: the jobs for which each verb was sent from elsewhere, to be counted."""
    absences = read_absences(connection)
    tracks = {
        row.job_id: rows.baseline_from_row(row, absences.get(row.job_id))  # type: ignore[arg-type]
        for row in find(connection, BASELINE)
    }
    spent = read_spent(connection, now)
    for verb, jobs in sent.items():
        if jobs:
            spent[verb] = spent.get(verb, frozenset()) | jobs
    facts = all_noted(connection)
    tracks |= with_places(tracks, facts)
    return Baseline(
        tracks,
        holds=read_holds(connection),
        spent=spent,
        settled=facts.get("settled") == "1",
        left_behind=left_behind(facts),
        kept_out=kept_out(facts),
        **read_retries(connection, now.local, facts),
    )


def read_again(connection: Connection, before: Baseline, touched: Collection[int]) -> Baseline:
    """``before``, with what a scan found missing since, and the rows ``touched``, by job.

    Of a large library nearly all is as it was, and is not read again.
    """
    tracks = dict(before.tracks)
    for job_id in touched:
        if (track := read_track(connection, job_id)) is not None:
            tracks[job_id] = track
    absences = read_absences(connection)
    stale = {
        job_id for job_id, track in tracks.items() if track.absence or track.seen or track.copies
    }
    for job_id in (absences.keys() | stale) & tracks.keys():
        absence = absences.get(job_id)
        tracks[job_id] = replace(tracks[job_id], absence=absence, seen=None, copies=())
    facts = all_noted(connection)
    tracks |= with_places(tracks, facts)
    return replace(before, tracks=tracks, left_behind=left_behind(facts), kept_out=kept_out(facts))
