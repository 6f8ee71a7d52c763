"""The bench must notice each file that the program may not take: the program is made to do it."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from syncd import executor, rest
from syncd.core import planner, safety
from syncd.core.decisions import audio, deletions, presence
from syncd.core.operations import TrashLocal
from syncd.executor import remove, replace
from syncd.executor.context import Context
from syncd.local.trash import Trash

from .ledger import Ledger, Reader
from .story import Act, Run
from .test_oracle import troubles

GONE_THERE = (Act("job_delete"), Run())
REPLACED = (Act("job_audio"), Run())
EDITED = (Act("edit", one=1, other=1), *REPLACED)


def test_all_is_well_as_it_is(tmp_path: Path) -> None:
    for number, steps in enumerate((GONE_THERE, REPLACED, EDITED)):
        (base := tmp_path / str(number)).mkdir()
        assert troubles(base, *steps, kept=21_600) == ""


def test_the_only_copy_of_the_audio_here_is_destroyed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Trash.put

    def lossy(self: Trash, path: str, **facts: Any) -> Any:
        entry = put(self, path, **facts)
        (self.folder / entry.name).unlink()
        return entry

    monkeypatch.setattr(Trash, "put", lossy)
    assert "their audio is nowhere any more" in troubles(tmp_path, *GONE_THERE)


def test_an_edited_file_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio, "is_edited", lambda *_: False)
    monkeypatch.setattr(Context, "check_unedited", lambda *_: None)
    assert "that somebody changed" in troubles(tmp_path, *EDITED)


def test_somebodys_own_file_is_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trash_local = executor.trash_local  # type: ignore[attr-defined]

    async def greedy(context: Context, *rest: Any) -> None:
        for path in context.root.path.rglob("mine.mp3"):
            path.rename(path.with_name("theirs.mp3"))
        await trash_local(context, *rest)

    monkeypatch.setattr(executor, "trash_local", greedy)
    own = Act("own_file", one=4, other=3)
    assert "is no job's, and did not stay" in troubles(tmp_path, own, *GONE_THERE)


def test_a_file_whose_job_is_there_goes_to_the_trash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remove, "confirm_gone", _yes)

    def one(planning: Any, case: Any) -> Any:
        is_one = case.file.path.endswith("rain.flac")
        return (_trash if is_one else presence.in_step)(planning, case)

    rules = tuple(
        dataclasses.replace(rule, decide=one) if rule.decide is presence.in_step else rule
        for rule in planner.RULES
    )
    monkeypatch.setattr(planner, "RULES", rules)
    assert "nothing says why" in troubles(tmp_path, Run())


async def _yes(*_: Any) -> None:
    pass


def _trash(planning: Any, case: Any) -> Any:
    return TrashLocal(job_id=case.job_id, path=case.file.path, reason="none")


def test_what_is_to_be_kept_goes_to_the_trash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = tuple(
        dataclasses.replace(rule, decide=_trash) if rule.decide is deletions.deleted_there else rule
        for rule in planner.RULES
    )
    monkeypatch.setattr(planner, "RULES", rules)
    assert "was to be kept" in troubles(tmp_path, *GONE_THERE, remote_deletions="keep")


def test_more_goes_to_the_trash_than_the_budget_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safety, "_check_budget", lambda plan, *_, **__: plan)
    four = tuple(Act("job_add", one=number, other=number) for number in range(3))
    both = (Act("job_delete"), Act("job_delete"), Run())
    assert "files to the trash: 2 of 1" in troubles(tmp_path, *four, Run(), *both, budget=1)


def test_the_trash_is_purged_before_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def early(library: Any) -> int:
        found = [entry for entry in library.trash.entries() if entry.why == "replaced"]
        return int(library.trash.empty(found))

    monkeypatch.setattr(rest, "purge_trash", early)
    told = troubles(tmp_path, *REPLACED, Run(), kept=86_400)
    assert "s at most, and is gone" in told


def test_the_last_copy_is_purged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "syncd.local.trash.is_due",
        lambda entry, now, *_: now - entry.trashed_at > timedelta(days=1),
    )
    long = (*GONE_THERE, Act("wait", one=4), Act("wait", one=4), Run())
    assert "was the last copy" in troubles(tmp_path, *long, kept=86_400)


def test_an_old_file_is_not_kept_when_it_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in_place = replace.put_in_place

    def careless(root: Any, part: Path, path: str, *, kept: str) -> Any:
        for file in (root.path / ".syncd" / "trash").rglob("*.flac"):
            file.unlink()
        return put_in_place(root, part, path, kept=kept)

    monkeypatch.setattr(replace, "put_in_place", careless)
    assert "their audio is nowhere any more" in troubles(tmp_path, *REPLACED)


def test_what_was_fetched_again_is_not_removed_any_more(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, Reader())
    ledger.removed |= {7: 1.0, 8: 1.0}
    ledger.named |= {7: {"Rain", "Sun"}}
    ledger.sees({7: {"AudioPod/Rain.flac"}})
    assert ledger.removed == {8: 1.0}
    assert ledger.called(7) == {"Rain"}, "it is called so no more"
    ledger.begins()
    assert ledger.called(7) == set()
