"""What people or other programs do after a crash, before the program is started again.

There is no telling without it to compare with then: what holds of every history has to hold
(``oracle``), and what could be heard when it was done can be heard in the end.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing

from syncd.catalog.store import Catalog
from syncd.core.baseline import BaselineTrack, State
from syncd.core.policy import Now
from syncd.errors import CatalogUnusable

from .. import oracle
from ..story import Act
from .census import census
from .ends import End, lost
from .stage import Stage
from .telling import Told

ACTS = (
    "delete", "delete", "rename", "rename_upon", "swap", "move", "copy", "edit", "own_file",
    "job_rename", "job_rename", "job_delete", "job_delete", "job_audio", "job_words",
)  # fmt: skip

CHOSEN = (
    "only", "kept-out", "evict", "evict-edited", "identify", "retry-failed", "approve", "restore",
    "adopt", "rebuild",
)  # fmt: skip
"""Scenarios in which a track is away, or here without a job, or a name differs, as people asked for
just that (``adopt`` and ``rebuild`` keep a file whose job is gone, as safety.md says): what the
folder has to show of the account is not what ``oracle.at_rest`` says of any library."""


def act(stage: Stage, seed: str) -> bool:
    """Something, the same for the same seed; whether there was anything to do it to."""
    stage.kept["recorded"] = {one.job_id for one in _tracks(stage) if one.state is not State.WANTED}
    rng = random.Random(seed)
    said = len(stage.house.trace)
    for _ in range(5):
        one = Act(rng.choice(ACTS), 0, rng.randrange(50), rng.randrange(50))
        stage.house.act(one)
        if len(stage.house.trace) > said:
            return True
    return False


def wrong(told: Told, scenario: str, end: End) -> Iterator[str]:
    """In what it came to; requests are judged as they arrive."""
    stage, now = told.stage, census(told.stage)
    yield from lost(stage, end, told.after, now)
    yield from _deleted(told)
    if scenario.removesuffix("-linking").removesuffix("-bare") not in CHOSEN:
        explained = _explained(stage)
        yield from oracle.at_rest(stage.house, stage.home, explained)


def _deleted(told: Told) -> Iterator[str]:
    """Jobs that the program deleted and that cannot be heard here any more."""
    stage, now = told.stage, census(told.stage)
    for one in stage.house.account.sim.requests.mutating()[told.before.sent :]:
        if one.method != "DELETE":
            continue
        job = int(one.path.rpartition("/")[2])
        heard = {what for what, sound in stage.sounds.items() if sound.job == job}
        if heard and not heard & now.heard:
            yield f"job {job} was deleted, and cannot be heard here any more"


def _explained(stage: Stage) -> set[int]:
    """The jobs of which the program itself says that something waits, or is held; and that a file
    was kept, as what was placed was not yet recorded when it died, and its job went meanwhile:
    nobody knows any more whose doing it is, and it is left alone."""
    found = {wait.job_id for one in stage.member.reports for wait in one.plan.waits}
    for catalog in _catalogs(stage):
        found |= {one.job_id for one in catalog.holds.all()}
    kept = {one.job_id for one in _tracks(stage) if one.state is State.DETACHED}
    return found | (kept - stage.kept["recorded"])


def _tracks(stage: Stage) -> Iterator[BaselineTrack]:
    for catalog in _catalogs(stage):
        yield from catalog.baseline(Now(stage.house.moment.now())).tracks.values()


def _catalogs(stage: Stage) -> Iterator[Catalog]:
    settings = stage.member.settings
    for path in (settings.catalog, *(tree.catalog for tree in settings.trees.values())):
        try:
            catalog = Catalog.read(path)
        except CatalogUnusable:
            continue  # it died as it made it
        if catalog is not None:
            with closing(catalog):
                yield catalog
