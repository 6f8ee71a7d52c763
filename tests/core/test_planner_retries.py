"""Failed jobs that are made again unasked: which, how often, how soon, and when no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from syncd.core.baseline import Baseline, BaselineTrack, Retried, State
from syncd.core.model import RemoteTrack, RemoteTree
from syncd.core.only import Only
from syncd.core.operations import Defer, Plan, RetryRemote, Wait
from syncd.core.pacing import LONGEST_REST, MOST_RETRIES
from syncd.core.planner import plan
from syncd.core.policy import Now, Policy
from syncd.core.safety import guard

from .trees import CLOCKS, NOW, POLICY, failed, file, folder, known, wait
from .trees import job as made

THRICE = replace(POLICY, retry_failed=3)
HOUR = timedelta(hours=1)
FIRST = RetryRemote(job_id=7, reason="the job failed, and is made again (try 1 of 3)")
SECOND = replace(FIRST, reason="the job failed, and is made again (try 2 of 3)")


def job(job_id: int = 7, **fields: object) -> RemoteTrack:
    return made(job_id, status="FAILED", audio={}, **fields)


def retried(times: int = 1, ago: timedelta = HOUR, **fields: object) -> Retried:
    last = Retried(times=times, at=NOW - ago, server_at=NOW - ago)
    return replace(last, **fields)  # type: ignore[arg-type]


def planned(
    *jobs: RemoteTrack,
    policy: Policy = THRICE,
    last: Retried | None = None,
    known: BaselineTrack | None = None,
    now: Now = CLOCKS,
    settled: bool = True,
    lately: tuple[datetime, ...] = (),
    rest: datetime | None = None,
    here: Mapping[str, object] | None = None,
) -> Plan:
    remote = RemoteTree({one.id: one for one in jobs or (job(),)})
    baseline = Baseline(
        {known.job_id: known} if known else {},
        settled=settled,
        retried={7: last} if last else {},
        retries=lately,
        no_retry_before=rest,
    )
    local = folder(file()) if here else folder()
    return guard(plan(remote, local, baseline, policy, now), local, baseline, policy)


def test_a_failed_job_is_made_again_at_once():
    assert planned().operations == (FIRST,)


@pytest.mark.parametrize(
    "policy",
    [
        POLICY,
        replace(THRICE, direction="down"),
        replace(THRICE, only=Only(title="Sun")),
        # Whether it would be wanted cannot be told.
        replace(THRICE, only=Only(genre=("Rock",))),
    ],
)
def test_it_is_not_where_that_is_off_or_it_would_not_be_fetched(policy: Policy):
    found = planned(policy=policy)
    assert (found.operations, found.waits) == ((), ())


@pytest.mark.parametrize(
    "state",
    [State.EVICTED, State.IGNORED, State.UNSELECTED, State.GONE, State.TRASHING, State.DETACHED],
)
def test_it_is_not_where_it_was_given_up_or_deleted(state: State):
    policy = replace(THRICE, only=Only(title="Sun")) if state is State.UNSELECTED else THRICE
    assert RetryRemote not in map(type, planned(known=known(state=state), policy=policy))


@pytest.mark.parametrize("status", ["COMPLETED", "PENDING", "PROCESSING", "CANCELLED"])
def test_only_what_failed_is_made_again(status: str):
    assert RetryRemote not in map(type, planned(made(status=status)))


def test_what_has_its_file_is_left_alone():
    assert planned(known=known(), here={"file": True}).operations == ()


@pytest.mark.parametrize(
    ("times", "distance"),
    [(1, HOUR), (2, 6 * HOUR), (3, 24 * HOUR), (4, 24 * HOUR)],
)
def test_the_more_often_it_was_tried_the_longer_the_next_try_waits(times: int, distance: timedelta):
    policy = replace(POLICY, retry_failed=9)
    moment = timedelta(seconds=1)
    early = planned(policy=policy, last=retried(times, distance - moment))
    reason = f"the job failed, and is made again (try {times + 1} of 9)"
    assert early.operations == ()
    assert early.waits == (wait(reason, NOW + moment),)
    (op,) = planned(policy=policy, last=retried(times, distance))
    assert op == RetryRemote(job_id=7, reason=reason)


def test_both_clocks_must_agree_that_it_is_due():
    ahead = Now(NOW + 5 * HOUR, NOW)
    behind = Now(NOW, NOW + 5 * HOUR)
    for now in (ahead, behind):
        (one,) = planned(last=retried(ago=timedelta(0)), now=now).waits
        assert one.until == now.local + HOUR
    unheard = planned(last=retried(ago=5 * HOUR), now=Now(NOW))
    assert unheard.waits == (wait(f"{SECOND.reason}, once the service says its time"),)


def test_a_local_clock_that_was_set_back_says_nothing():
    past = Now(NOW - 1000 * HOUR, NOW)
    assert planned(last=retried(), now=past).operations == (SECOND,)
    assert planned(last=retried(server_at=None), now=Now(past.local)).operations == (SECOND,)


def test_after_the_last_try_it_is_told_once_and_left_alone():
    told = Defer(job_id=7, reason="retried 3 times, and failed again")
    assert planned(last=retried(3, 48 * HOUR)).operations == (told,)
    once = planned(policy=replace(POLICY, retry_failed=1), last=retried(1, 48 * HOUR))
    assert once.operations == (replace(told, reason="retried once, and failed again"),)
    known_to_be = replace(failed(None), reason=told.reason)
    assert planned(last=retried(3, 48 * HOUR), known=known_to_be) == Plan()
    (again,) = planned(last=retried(4, 48 * HOUR), known=known_to_be)
    assert again == replace(told, reason="retried 4 times, and failed again")


def test_one_that_the_service_refused_is_told_once_and_not_sent_again():
    reason = "the service will not make it again: too old"
    last = retried(1, 48 * HOUR, refused="too old")
    assert planned(last=last).operations == (Defer(job_id=7, reason=reason),)
    assert planned(last=last, known=replace(failed(None), reason=reason)) == Plan()


def test_a_look_that_failed_is_repeated_only_after_its_back_off():
    (one,) = planned(known=failed()).waits
    assert one.until == failed().next_try_at
    assert planned(known=failed(NOW)).operations == (FIRST,)


def test_one_run_sends_a_job_once():
    attempted = replace(THRICE, attempted=frozenset({(7, "retry-remote")}))
    assert planned(policy=attempted).operations == ()


def test_no_more_are_sent_than_the_service_takes_in_a_minute():
    lately = tuple(NOW - timedelta(seconds=s) for s in range(MOST_RETRIES - 3))
    found = planned(*(job(number) for number in range(1, 8)), lately=lately)
    assert [op.job_id for op in found] == [1, 2, 3]
    assert [one.job_id for one in found.waits] == [4, 5, 6, 7]
    assert all("10 in a minute" in one.reason for one in found.waits)
    assert all(one.until == NOW + timedelta(seconds=61) for one in found.waits)


def test_after_as_many_as_it_takes_the_next_waits_until_the_first_is_a_minute_old():
    lately = tuple(NOW - timedelta(seconds=20 + s) for s in range(MOST_RETRIES))
    found = planned(lately=lately)
    assert found.operations == ()
    assert [one.until for one in found.waits] == [lately[-1] + timedelta(seconds=61)]


def test_none_is_sent_before_the_service_allows_it():
    rest = NOW + timedelta(minutes=5)
    found = planned(rest=rest)
    assert (found.operations, found.waits[0].until) == ((), rest)
    assert planned(rest=NOW).operations == (FIRST,)
    # Set by a clock that was wrong.
    assert planned(rest=NOW + 2 * LONGEST_REST).operations == (FIRST,)


def test_none_is_sent_while_the_catalog_is_new_or_bound_anew():
    for found in (
        planned(settled=False),
        planned(policy=replace(THRICE, cautious=True)),
        planned(policy=replace(THRICE, cautious=True), settled=False),
    ):
        assert found.operations == ()
        assert [type(one) for one in found.waits] == [Wait]
    reason = "the failed job to be made again waits for one complete clean cycle"
    assert planned(settled=False).waits == (wait(reason),)
