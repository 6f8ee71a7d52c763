"""The catalog in memory: baseline, absences, holds, and what was spent, by the real one's rules.

``catalog/outcomes.py``, ``catalog/scans.py`` and ``catalog/holds.py`` are what it stands for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from syncd.core.baseline import (
    Absence,
    Baseline,
    BaselineTrack,
    Held,
    Named,
    Placed,
    Retried,
    State,
)
from syncd.core.cases import WITHOUT_FILE
from syncd.core.evidence import Astray, Sighting
from syncd.core.holding import leaves_open
from syncd.core.model import RemoteTrack, RemoteTree
from syncd.core.naming import stem_of
from syncd.core.operations import DeleteRemote, Free, Operation, Plan
from syncd.core.policy import Now
from syncd.core.selection import BY_NAME
from syncd.core.time import DAY, agreed_elapsed, rearmed

_BACKOFF = timedelta(minutes=10)


@dataclass(slots=True)
class Catalog:
    """``spent``: when each verb was carried out last for a job, by both clocks; ``retried``: each
    time that one was sent to be made again."""

    jobs: dict[int, RemoteTrack] = field(default_factory=dict)
    tracks: dict[int, BaselineTrack] = field(default_factory=dict)
    absences: dict[int, Absence] = field(default_factory=dict)
    holds: dict[tuple[int, str], Held] = field(default_factory=dict)
    spent: dict[str, dict[int, Now]] = field(default_factory=dict)
    retried: dict[int, list[Now]] = field(default_factory=dict)
    settled: bool = False
    scans: int = 0
    batches: int = 0
    selection: str = ""
    kept_out: set[int] = field(default_factory=set)
    astray: dict[int, Astray] = field(default_factory=dict)
    unseen: frozenset[int] = frozenset()

    def remote(self) -> RemoteTree:
        return RemoteTree(dict(self.jobs))

    def baseline(self, now: Now) -> Baseline:
        absences = self.absences
        tracks = {
            job_id: replace(known, absence=absences[job_id]) if job_id in absences else known
            for job_id, known in self.tracks.items()
        }
        for job_id in self.astray.keys() & tracks.keys():
            at = self.astray[job_id]
            tracks[job_id] = replace(tracks[job_id], seen=at.seen, copies=at.copies)
        spent = {
            verb: frozenset(job for job, when in jobs.items() if _is_recent(when, now))
            for verb, jobs in self.spent.items()
        }
        retried = {
            job_id: Retried(times=len(times), at=times[-1].local, server_at=times[-1].server)
            for job_id, times in self.retried.items()
        }
        return Baseline(
            tracks,
            dict(self.holds),
            spent,
            self.settled,
            kept_out=frozenset(self.kept_out),
            retried=retried,
        )

    # --- what was done ---

    def known(self, job_id: int) -> BaselineTrack:
        return self.tracks.get(job_id) or BaselineTrack(job_id=job_id, state=State.WANTED)

    def give_number(self, job_id: int, album: str, number: int) -> None:
        self.tracks[job_id] = replace(self.known(job_id), album=album, number=number)

    def commit(self, job_id: int, state: State, placed: Placed | None = None) -> None:
        known = self.known(job_id)
        self.tracks[job_id] = replace(known, state=state, placed=placed or known.placed)

    def intend(self, job_id: int, names: Named) -> None:
        self.tracks[job_id] = replace(self.known(job_id), intended=names)

    def record(
        self,
        op: Operation,
        state: State,
        now: Now,
        *,
        placed: Placed | None = None,
        seen: bool = False,
        counted: bool = False,
        gone: bool = False,
        replaced_by: str | None = None,
    ) -> None:
        """The transaction that ends an operation; ``seen``: its file was looked at."""
        before = self.known(op.job_id)
        self.tracks[op.job_id] = replace(
            before,
            state=state,
            placed=placed or before.placed,
            attempts=0,
            reason=None,
            next_try_at=None,
            replaced_by=replaced_by,
            declined=None if op.verb in ("download", "restore", "redownload") else before.declined,
            intended=before.intended if op.verb in ("compare", "redownload", "retag") else None,
        )
        if seen or state in WITHOUT_FILE:
            self.absences.pop(op.job_id, None)
        self.holds.pop((op.job_id, op.verb), None)
        if counted:
            self.spent.setdefault(op.verb, {})[op.job_id] = now
        if gone:
            self.jobs.pop(op.job_id, None)

    def fail(self, job_id: int, reason: str, now: Now) -> None:
        known = self.known(job_id)
        state = State.UNAVAILABLE if known.state is State.WANTED else known.state
        due = now.local + _BACKOFF * 2 ** min(known.attempts, 5)
        self.tracks[job_id] = replace(
            known, state=state, attempts=known.attempts + 1, reason=reason, next_try_at=due
        )

    def select(self, changed: Mapping[int, tuple[State, str | None]], digest: str) -> None:
        self.selection = digest
        for job_id, (state, reason) in changed.items():
            known = self.known(job_id)
            self.tracks[job_id] = replace(
                known, state=state, reason=reason, attempts=0, next_try_at=None
            )

    # --- what scans missed ---

    def note(self, sighting: Sighting, now: Now) -> None:
        self.scans += 1
        if now.server is not None:
            for times in self.spent.values():
                times |= {job_id: now for job_id, when in times.items() if when.server is None}
        unsettled = sighting.missed | sighting.unsure | sighting.displaced
        self.kept_out = (self.kept_out & unsettled) | sighting.kept_out.keys()
        self.astray, self.unseen = dict(sighting.astray), sighting.unsure
        for job_id in self.absences.keys() - sighting.missed - sighting.unsure:
            del self.absences[job_id]
        for job_id in sighting.missed:
            before = self.absences.get(job_id)
            if before is None or now.local < before.first_at:
                self.absences[job_id] = Absence(
                    first_at=now.local,
                    first_scan=self.scans,
                    last_at=now.local,
                    last_scan=self.scans,
                    scans=1,
                    seen_at=before.seen_at if before else None,
                    armed_at=now.local,
                    armed_server=now.server,
                )
            else:
                again = replace(
                    before, last_at=now.local, last_scan=self.scans, scans=before.scans + 1
                )
                self.absences[job_id] = rearmed(again, now)

    # --- what waits for the user ---

    def keep_holds(self, plan: Plan, now: Now) -> None:
        wanted = {(op.job_id, op.held): op for op in plan.holds}
        going_on = {(op.job_id, op.verb) for op in plan}
        waiting = {wait.job_id for wait in plan.waits}
        staying = {(wait.job_id, Free.verb) for wait in plan.waits if wait.stays}
        planned = {op.job_id: op for op in plan}
        for key in self.holds.keys() - wanted.keys() - going_on:
            op = planned.get(key[0])
            is_waiting = key[0] in waiting and key not in staying
            is_back = key[1] == DeleteRemote.verb and key[0] not in {*self.absences, *self.unseen}
            stands = is_waiting or (op is not None and leaves_open(op, self.holds[key]))
            if is_back or not stands:
                del self.holds[key]
        batches: dict[str, int] = {}
        for key, op in wanted.items():
            before = self.holds.get(key)
            if before is not None and (before.batch is not None) == op.batched:
                self.holds[key] = replace(before, reason=op.reason, path=op.path)
                continue
            if op.batched and op.held not in batches:
                self.batches += 1
                batches[op.held] = self.batches
            self.holds[key] = Held(
                job_id=op.job_id,
                verb=op.held,
                reason=op.reason,
                since=now.local,
                path=op.path,
                batch=batches.get(op.held) if op.batched else None,
                refused=op.refused,
            )

    def refuse(self, op: Operation, path: str, now: Now) -> None:
        """The service refused ``op``: not sent again as long as it is the same."""
        self.holds[op.job_id, op.verb] = Held(
            job_id=op.job_id,
            verb=op.verb,
            reason="refused",
            since=now.local,
            path=path,
            refused=True,
        )

    def approve(self, batch: int) -> None:
        for key, held in self.holds.items():
            if held.batch == batch:
                self.holds[key] = replace(held, approved=True)

    def reject(self, job_id: int, verb: str) -> None:
        """Settle a held operation by not doing it: whatever made it wanted is taken as known."""
        held, known = self.holds.pop((job_id, verb)), self.known(job_id)
        placed = known.placed
        if verb in ("delete-remote", "restore"):
            self.absences.pop(job_id, None)
        if verb == "delete-remote":
            known = replace(known, state=State.WANTED, kept=BY_NAME)
        elif verb == "free":
            known = replace(known, kept=self.selection)
        elif verb == "trash-local":
            known = replace(known, state=State.DETACHED)
        elif verb in ("download", "restore"):
            known = replace(known, state=State.IGNORED)
        elif placed is None:
            return
        elif verb == "redownload":
            declined = known.replaced_by or known.declined
            known = replace(known, declined=declined, replaced_by=None)
        elif verb == "rename-remote":
            stem = stem_of(held.path or placed.path)
            known = replace(known, placed=replace(placed, stem=stem))
        elif verb == "rename-local" and job_id in self.jobs:
            title = self.jobs[job_id].title
            known = replace(known, placed=replace(placed, title=title))
        elif verb == "move-local":
            known = replace(known, placed=replace(placed, moved=True))
        self.tracks[job_id] = known


def _is_recent(when: Now, now: Now) -> bool:
    elapsed = agreed_elapsed(when.local, when.server, now)
    return elapsed is None or elapsed < DAY
