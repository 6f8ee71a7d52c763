"""The planner's part: the same stories everywhere, and an oracle that notices what is amiss."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from syncd.core.decisions import audio, deletions
from syncd.core.operations import DeleteRemote, Redownload
from syncd.core.policy import Policy

from ...core import world_executor
from ...core.trees import HERE
from ...core.world_act import Act
from ...core.world_people import ACTS
from ...core.world_rounds import Luck
from ...core.world_story import Episode, Story
from . import cases as planner
from .stories import as_test, shortened, story

ROOT = Path(__file__).parents[3]
SEEDS = 20

_PRINTED = "from tests.bench.planner import test_planner as it; print(it.digest(it.SEEDS))"


def digest(number: int) -> str:
    """Of all that happens in so many stories."""
    traces = (
        oracle.trace
        for seed in range(number)
        for oracle in planner.told(story(seed), tells=True)[0]
    )
    return hashlib.sha256(repr(list(traces)).encode("utf-8", "surrogatepass")).hexdigest()


@pytest.mark.parametrize("hashing", ["1", "2"])
def test_a_seed_is_the_same_story_in_every_process(hashing: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PRINTED],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hashing},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == digest(SEEDS)


def test_stories_have_much_happen_in_them(tmp_path: Path) -> None:
    seen: set[str] = set()
    for seed in range(100):
        oracles, trouble = planner.told(story(seed))
        assert trouble is None
        seen.update(*(oracle.counts for oracle in oracles))
    assert {"delete-remote", "rename-remote", "retry-remote", "trash-local", "evict"} <= seen
    assert planner.play("seed-3", tmp_path).counts["histories"] == 1


def _acts(*names: str) -> list[tuple[int, int, int]]:
    numbers = {act.__name__: number for number, act in enumerate(ACTS)}
    return [(numbers[name], 0, 0) for name in names]


def _story(*names: str) -> Story:
    policy = Policy(origin=HERE, moves="auto", deletion_grace=36_000.0)
    return Story(policy, ["Rain", "Sun", "Moon"], [Episode(_acts(*names), [Luck()])])


def _wrong(tale: Story) -> str:
    return planner.told(tale)[1] or ""


def test_a_deletion_within_its_grace_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not _wrong(_story("delete"))
    monkeypatch.setattr(deletions, "agreed_elapsed", lambda *_: deletions.timedelta(days=9))
    assert "within its grace" in _wrong(_story("delete"))


def test_a_file_that_was_written_in_is_not_replaced_unnoticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tale = _story("edit", "replace_audio")
    assert not _wrong(tale)
    monkeypatch.setattr(audio, "is_edited", lambda *_: False)
    monkeypatch.setitem(world_executor._ACTS, Redownload, _write_over)
    assert "is gone" in _wrong(tale)


def _write_over(act: Act) -> None:
    del act.world.folder[act.op.path]


def test_a_deletion_that_keeps_nothing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def deletes(act: Act) -> None:
        del act.world.account[act.op.job_id]

    monkeypatch.setitem(world_executor._ACTS, DeleteRemote, deletes)
    assert "nothing is left of its audio" in _wrong(_story("delete"))


def test_what_fails_is_made_short_and_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletions, "agreed_elapsed", lambda *_: deletions.timedelta(days=9))
    tale = _story("touch", "delete", "add_job")
    short = shortened(tale, lambda one: "within its grace" in _wrong(one))
    assert len(short.titles) + len(short.episodes[0].acts) == 3
    said = as_test(short, "too_soon")
    assert "step(acts.delete, 0, 0)" in said
    compile(said, "too_soon", "exec")
