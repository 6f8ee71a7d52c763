"""Whatever is planned: no operation touches, or gives, a name that is kept out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.core.keeping import leave_alone
from syncd.core.operations import Evict, MoveLocal, Operation, Plan, Redownload

from .trees import ALBUM, HOME, adopt, download, folder, wait

OUT, IN = "Stems/Rain.flac", HOME


class Stems:
    """Keeps out one folder."""

    def by(self, path: str) -> str | None:
        return ".syncdignore" if path.startswith("Stems/") else None


def evict(path: str) -> Evict:
    return Evict(job_id=7, path=path, reason="its eviction was interrupted")


def move(path: str, new_path: str) -> MoveLocal:
    return MoveLocal(job_id=7, path=path, new_path=new_path, stem="Rain", reason="its template")


def redownload(copy: str | None) -> Redownload:
    return Redownload(
        job_id=7, path=IN, format="flac", album=ALBUM, number=1, copy=copy, reason="changed"
    )


TOUCHING: list[Operation] = [
    evict(OUT), download(OUT), adopt(OUT, "found"), move(OUT, IN), move(IN, OUT), redownload(OUT),
]  # fmt: skip
APART: list[Operation] = [
    evict(IN),
    download(),
    adopt(IN, "found"),
    move(IN, "b"),
    redownload(None),
]


@pytest.mark.parametrize("op", TOUCHING, ids=lambda op: op.verb)
def test_what_touches_it_waits(op: Operation) -> None:
    tree = replace(folder(), kept_out=Stems())
    said = replace(wait(f"{OUT} is kept out by .syncdignore"), kept_out=True)
    assert leave_alone(Plan((op,)), tree) == Plan(waits=(said,))


@pytest.mark.parametrize("op", APART, ids=lambda op: op.verb)
def test_what_does_not_goes_on(op: Operation) -> None:
    tree = replace(folder(), kept_out=Stems())
    assert leave_alone(Plan((op,)), tree) == Plan((op,))
