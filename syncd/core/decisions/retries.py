"""The row about failed jobs: made again by the service, where ``sync.retry_failed`` asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from syncd.core.baseline import Baseline
from syncd.core.cases import Case
from syncd.core.decisions.planning import Decision, Planning
from syncd.core.operations import Defer, RetryRemote, Wait
from syncd.core.pacing import WINDOW, allowed, distance_left, is_over, wait
from syncd.core.selection import Standing


def failed(planning: Planning, case: Case) -> Decision:
    """It is made again, so often at most, unless it may be that it would not be fetched then."""
    policy, job_id = planning.policy, case.job_id
    if policy.direction == "down" or case.standing is not Standing.INSIDE:
        return None
    if not policy.retry_failed:
        return None
    last = planning.baseline.retried.get(job_id)
    if last is None:
        return RetryRemote(job_id=job_id, reason=_said(1, policy.retry_failed))
    if last.refused:
        return _given_up(case, f"the service will not make it again: {last.refused}")
    if last.times >= policy.retry_failed:
        times = "once" if last.times == 1 else f"{last.times} times"
        return _given_up(case, f"retried {times}, and failed again")
    reason = _said(last.times + 1, policy.retry_failed)
    left = distance_left(last, planning.now)
    if left is None:
        return Wait(job_id=job_id, reason=f"{reason}, once the service says its time")
    if left > timedelta(0):
        return Wait(job_id=job_id, reason=reason, until=planning.now.local + left)
    return RetryRemote(job_id=job_id, reason=reason)


def paced(decisions: Sequence[Decision], baseline: Baseline, now: datetime) -> Iterator[Decision]:
    """``decisions`` with no more retries than the service takes at once; the others wait."""
    room = allowed(baseline.retries, now)
    until = now + (WINDOW if room else timedelta(seconds=wait(baseline.retries, now)))
    rest = baseline.no_retry_before
    if rest is not None and not is_over(rest, now):
        room, until = 0, max(until, rest)
    for decision in decisions:
        if isinstance(decision, RetryRemote):
            room -= 1
            if room < 0:
                reason = f"{decision.reason}; the service takes 10 in a minute"
                yield Wait(job_id=decision.job_id, reason=reason, until=until)
                continue
        yield decision


def _given_up(case: Case, reason: str) -> Decision:
    """Told once: whoever wants it made again all the same says so (``syncd retry``)."""
    if case.known is not None and case.known.reason == reason:
        return None
    return Defer(job_id=case.job_id, reason=reason)


def _said(number: int, most: int) -> str:
    return f"the job failed, and is made again (try {number} of {most})"
