"""Every state of a track meets every observation, under every setting: one thing is decided."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from syncd.core.baseline import BaselineTrack, Held, State
from syncd.core.cases import EXPECTED
from syncd.core.operations import (
    DeleteRemote,
    Download,
)
from syncd.core.policy import Policy
from syncd.core.safety import guard

from .trees import (
    ALBUM,
    BOTH,
    EARLIER,
    ELSEWHERE,
    HOME,
    POLICY,
    Row,
    absence,
    decided,
    failed,
    file,
    folder,
    held,
    job,
    known,
    planned,
)

STATUSES = ["PENDING", "COMPLETED", "FAILED", "CANCELLED", None]
PRESENCE = {
    "absent": folder(),
    "in place": folder(file()),
    "moved": folder(file("elsewhere.flac")),
    "renamed": folder(file(f"{ALBUM}/Regen.flac")),
    "no text": folder(file(f"{ALBUM}/\udce9.flac")),
    "stripped": folder(file(job_id=None)),
    "pasted": folder(file(job_id=99)),
    "foreign": folder(file(origin=ELSEWHERE)),
    "replaced by a folder": folder(names=[HOME]),
    "unreadable": folder(names=[HOME], unreadable=[HOME]),
    "under an unreadable root": folder(unreadable=["."]),
    "under a link": folder(names=[ALBUM]),
    "under another disk": folder(mounted=[ALBUM]),
}
BASELINES: dict[str, list[BaselineTrack]] = {
    "blank": [],
    **{f"{state}, placed": [known(state=state)] for state in State},
    **{f"{state}, missed": [known(state=state, absence=absence())] for state in sorted(EXPECTED)},
    **{f"{state}, not placed": [known(path=None, state=state)] for state in State},
    "backing off": [failed()],
    "backing off, placed": [failed(path=HOME)],
    "due again": [failed(EARLIER)],
}
EVERY_VERB = ("download", "restore", "adopt", "rename-remote", "rename-local", "delete-remote")
DOWN = replace(POLICY, direction="down")
POLICIES = [
    POLICY,
    replace(POLICY, attempted=frozenset((7, verb) for verb in EVERY_VERB)),
    replace(POLICY, retry_now=True, deletion_grace=0.0),
    replace(POLICY, formats=("ogg",)),
    DOWN,
    replace(POLICY, deletions="restore", conflicts="remote", template="{title}.{ext}"),
    replace(POLICY, deletions="ignore", conflicts="hold", remote_deletions="keep"),
    replace(POLICY, cautious=True),
]
APPROVED = [held(verb, approved=True) for verb in EVERY_VERB]
SETTINGS: list[tuple[Policy, list[Held]]] = [
    *((policy, []) for policy in POLICIES),
    (POLICY, APPROVED),
    (DOWN, APPROVED),
]


@pytest.mark.parametrize("status", STATUSES, ids=str)
@pytest.mark.parametrize("presence", PRESENCE)
def test_every_state_and_observation_is_decided(status: str | None, presence: str) -> None:
    local = PRESENCE[presence]
    shown = [(title, audio) for title in ("Rain", "Other") for audio in (BOTH, {})]
    for baseline, (policy, holds), (title, audio) in product(BASELINES.values(), SETTINGS, shown):
        jobs = [] if status is None else [job(title=title, status=status, audio=audio)]
        row = Row("", jobs, local, baseline, policy, holds=holds)
        whole = planned(row)
        for found in (whole, guard(whole, local, row.known, policy)):
            decisions = [one for one in decided(found) if one.job_id == 7]
            assert len(decisions) <= 1
            assert all(decision.reason for decision in decisions)
            for op in decisions:
                # Nothing is fetched while the file could be there, or the job has no audio.
                if isinstance(op, Download | DeleteRemote):
                    assert status == "COMPLETED"
                    assert audio
                    assert not local.is_hidden(op.path)
                    assert op.path not in local.names
