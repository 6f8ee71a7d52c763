"""Whatever is planned: no operation touches, or gives, a name that is kept out."""

from __future__ import annotations

import pytest

from syncd.core.keeping import leave_alone
from syncd.core.operations import Evict, Operation, Plan

from .test_keeping import KEPT, apart, waiting
from .test_planner_audio import redownload
from .test_planner_moves import move
from .trees import HOME, adopt, download

OUT, IN = KEPT, HOME


def evict(path: str) -> Evict:
    return Evict(job_id=7, path=path, reason="its eviction was interrupted")


TOUCHING: list[Operation] = [
    evict(OUT), download(OUT), adopt(OUT, "found"), move(IN, OUT), move(OUT), redownload(OUT),
]  # fmt: skip
APART: list[Operation] = [
    evict(IN),
    download(),
    adopt(IN, "found"),
    move("b"),
    redownload(),
]


@pytest.mark.parametrize("op", TOUCHING, ids=lambda op: op.verb)
def test_what_touches_it_waits(op: Operation) -> None:
    assert leave_alone(Plan((op,)), apart("Stems/")) == Plan(waits=tuple(waiting(OUT)))


@pytest.mark.parametrize("op", APART, ids=lambda op: op.verb)
def test_what_does_not_goes_on(op: Operation) -> None:
    assert leave_alone(Plan((op,)), apart("Stems/")) == Plan((op,))
