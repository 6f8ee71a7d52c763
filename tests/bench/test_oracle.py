"""The oracle must notice each thing that may never be: the program is made to do it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from syncd import executor
from syncd.core import planner, safety
from syncd.core.decisions import audio, presence, renames
from syncd.core.operations import Wait
from syncd.executor import look, names, remove
from syncd.executor.context import Context
from syncd.local import rename
from syncd.local.trash import Trash
from syncd.remote import sweep
from syncd.remote.client import AudioPod

from . import ledger
from .history import told
from .names import shows
from .setup import Setup
from .story import Act, Run, Story


def troubles(base: Path, *steps: Act | Run, **setup: Any) -> str:
    tale = Story(1, (Setup(**setup),), 2, steps)
    return " | ".join(told(tale, base).troubles)


STOPS = range(25, 30)
"""Steps of a run in which a name is sent or given: the step itself is one of these."""

DELETED = (Act("delete", one=0), Run(), Act("wait", one=4), Run())


def test_all_is_well_as_it_is(tmp_path: Path) -> None:
    assert troubles(tmp_path, *DELETED) == ""


def test_a_deletion_before_its_grace_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = Setup.options

    def hasty(self: Setup) -> dict[str, dict[str, object]]:
        found = options(self)
        return {**found, "sync": {**found["sync"], "deletion_grace": "0s"}}

    monkeypatch.setattr(Setup, "options", hasty)
    assert "s after its file went" in troubles(tmp_path, Act("delete"), Run())


def test_a_deletion_of_what_nobody_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger.Ledger, "after", lambda *_: None)
    assert "people never took its file away" in troubles(tmp_path, *DELETED)


def test_a_deletion_without_a_recovery_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete = remove.delete_remote

    async def careless(context: Any, op: Any, entry: int, *rest: Any) -> None:
        trash = context.root.path / ".syncd" / "trash"

        class Lossy(type(context.client)):  # type: ignore[misc]
            async def delete(self, job_id: int) -> Any:
                for path in trash.rglob("*.*"):
                    path.write_bytes(b"") if path.is_file() else None
                return await super().delete(job_id)

        context.client.__class__ = Lossy
        await delete(context, op, entry, *rest)

    monkeypatch.setattr(executor, "delete_remote", careless)
    assert "no recovery copy" in troubles(tmp_path, *DELETED)


def test_what_somebody_wrote_and_new_audio_took_the_place_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secure = Trash.secure

    def lossy(self: Trash, path: Any, **facts: Any) -> Any:
        kept = secure(self, path, **facts)
        for copy in (tmp_path / "a/Music/.syncd/trash").rglob("*.*"):
            if copy.is_file():
                copy.write_bytes(b"")
        return kept

    monkeypatch.setattr(audio, "is_edited", lambda *_: False)
    monkeypatch.setattr(Context, "check_unedited", lambda *_: None)
    monkeypatch.setattr(Trash, "secure", lossy)
    edited = (Act("edit", one=1, other=1), Act("job_audio", one=0), Run())
    assert "that somebody changed" in troubles(tmp_path, *edited)


def test_a_name_that_nobody_gave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncd.core.renaming.decode", lambda _: "Another")
    assert "people call it" in troubles(tmp_path, Act("rename", one=0, other=2), Run())


def test_a_track_that_is_never_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = tuple(
        dataclasses.replace(rule, decide=presence.nothing) if rule.name == "wanted" else rule
        for rule in planner.RULES
    )
    monkeypatch.setattr(planner, "RULES", rules)
    assert "has no file, and nothing says why" in troubles(tmp_path, Run())


FIVE = tuple(Act("job_add", one=number, other=number * 5 + 4) for number in range(3))
"""Three more than there are."""


def test_a_wait_that_nothing_explains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def later(planning: Any, case: Any) -> Wait:
        return Wait(job_id=case.job_id, reason="tomorrow")

    rules = tuple(
        dataclasses.replace(rule, decide=later) if rule.name == "wanted" else rule
        for rule in planner.RULES
    )
    monkeypatch.setattr(planner, "RULES", rules)
    assert "has no file, and nothing says why" in troubles(tmp_path, Run())


def test_more_deletions_than_the_budget_of_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safety, "_check_budget", lambda plan, *_, **__: plan)
    gone = (Act("delete"), Act("delete"), *DELETED[1:])
    assert "2 of 1 that a day may have" in troubles(tmp_path, *FIVE, Run(), *gone, budget=1)


def test_deletions_that_empty_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safety, "_check_budget", lambda plan, *_, **__: plan)
    assert "all 2 tracks" in troubles(tmp_path, Act("delete"), *DELETED)


def test_deletions_of_more_than_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safety, "_check_budget", lambda plan, *_, **__: plan)
    gone = (Act("delete"), Act("delete"), *DELETED)
    assert "3 of 5 tracks" in troubles(tmp_path, *FIVE, Run(), *gone)


RENAMED_MEANWHILE = (
    Act("rename", one=0, other=2),
    Run(meanwhile=tuple((3, Act("job_rename", one=one, other=1)) for one in (0, 1))),
)
"""Both jobs, in the account, right after the program planned."""


def test_a_name_that_is_given_there_meanwhile_is_seen(tmp_path: Path) -> None:
    assert troubles(tmp_path, *RENAMED_MEANWHILE, conflicts="hold") == ""


def test_a_name_that_is_given_there_while_a_look_is_kept_waiting_is_seen(tmp_path: Path) -> None:
    both = (Act("rename", one=1, other=1), Act("job_add", one=1, other=2))
    run = Run(lag=20, meanwhile=(("media 0", Act("job_rename", other=12)),))
    assert troubles(tmp_path, *both, run) == ""


def test_a_name_that_is_sent_over_one_that_nobody_saw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def blind(context: Any, op: Any) -> Any:
        return context.job(op.job_id)

    monkeypatch.setattr(names, "look", blind)
    assert "not asked for it" in troubles(tmp_path, *RENAMED_MEANWHILE, conflicts="hold")


def test_a_name_that_is_sent_whatever_a_look_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def careless(context: Any, op: Any) -> Any:
        return await look.ask(context, op.job_id)

    monkeypatch.setattr(names, "look", careless)
    told = troubles(tmp_path, *RENAMED_MEANWHILE, conflicts="hold")
    assert "a look showed 'Sun', or audio, that nothing was planned upon" in told


def test_a_name_that_wins_though_people_are_to_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = tuple(
        dataclasses.replace(rule, decide=renames.renamed_here)
        if rule.name == "renamed on both sides"
        else rule
        for rule in planner.RULES
    )
    monkeypatch.setattr(planner, "RULES", rules)
    both = (Act("rename", other=2), *(Act("job_rename", one=one, other=1) for one in (0, 1)))
    assert "renamed in the account, too" in troubles(tmp_path, *both, Run(), conflicts="hold")


def test_a_name_whose_sending_was_never_taken_down_is_sent_again(tmp_path: Path) -> None:
    after = (Act("job_rename", other=3), Run())
    # Wherever it dies: one of these is right after the name was sent.
    for stop in STOPS:
        (tmp_path / f"{stop}").mkdir()
        dies = (Act("rename", one=1, other=1), Run(stop=stop))
        assert troubles(tmp_path / f"{stop}", *dies, *after, conflicts="hold") == ""


def test_what_a_dead_program_placed_and_did_not_record_stays_though_its_job_goes(
    tmp_path: Path,
) -> None:
    steps = (Act("job_add", one=2, other=1), Run(stop=46), Act("job_delete", one=2), Run())
    assert troubles(tmp_path, *steps) == ""


def test_a_deletion_whatever_a_look_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def careless(context: Any, op: Any) -> Any:
        return await look.ask(context, op.job_id)

    monkeypatch.setattr(remove, "look", careless)
    late = Run(meanwhile=tuple((6, Act("job_rename", one=one, other=1)) for one in (0, 1)))
    assert "that nothing was planned upon" in troubles(tmp_path, *DELETED[:3], late)


def test_a_name_that_a_file_had_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    twice = (Act("rename", other=2), Run(), Act("rename", other=13))
    assert troubles(tmp_path, *twice) == ""
    update = AudioPod.update

    async def late(self: AudioPod, job_id: int, **_: Any) -> Any:
        return await update(self, job_id, display_name="Moon")

    monkeypatch.setattr(AudioPod, "update", late)
    (tmp_path / "again").mkdir()
    assert "people call it ['雨']" in troubles(tmp_path / "again", *twice)


def test_a_title_is_shown_by_its_letters() -> None:
    assert shows("AC／DC", "AC/DC", 7)
    assert shows("con_", "con", 7)
    assert shows("01 Zoë： live？ [7]", "Zoë: live?", 7)
    assert shows("y" * 150, "y" * 190, 7)
    assert not shows("y" * 80, "y" * 190, 7)
    assert not shows("Rain", "AC/DC", 7)
    assert not shows("rain", "Rain", 7)


def test_a_file_that_does_not_show_an_odd_title(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = tuple(
        dataclasses.replace(rule, decide=presence.nothing) if "rename" in rule.name else rule
        for rule in planner.RULES
    )
    monkeypatch.setattr(planner, "RULES", rules)
    assert "is 'AC/DC'" in troubles(tmp_path, Act("job_rename", one=0, other=4), Run())


@pytest.mark.parametrize("act", ["delete", "rename"])
def test_a_request_without_a_look_at_the_job_right_before(
    act: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def from_memory(context: Context, op: Any) -> Any:
        return context.catalog.job(op.job_id)

    for module in (remove, names):
        monkeypatch.setattr(module, "look", from_memory)
    steps = (Act(act, other=2), *DELETED[1:])
    assert "it was not looked at before" in troubles(tmp_path, *steps)


def test_a_file_that_is_nowhere_for_a_moment_in_which_the_program_dies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = rename.native_rename

    def careless(source: Path, target: Path, **rest: int) -> bool:
        data = source.read_bytes()
        source.unlink()
        source.write_bytes(data)
        return real(source, target, **rest)

    monkeypatch.setattr(rename, "native_rename", careless)
    told = ""
    for stop in STOPS:
        (tmp_path / f"{stop}").mkdir()
        steps = (Act("edit", one=1), Act("job_rename", other=2), Run(stop=stop))
        told += troubles(tmp_path / f"{stop}", *steps)
    assert "their audio is nowhere any more" in told


def test_a_row_that_slipped_between_two_pages_is_taken_for_a_job_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def believed(*_: object) -> None:
        pass

    monkeypatch.setattr(sweep._Walk, "doubts", lambda _: [])
    monkeypatch.setattr(remove, "confirm_gone", believed)
    monkeypatch.setattr(sweep._Walk, "is_unsteady", False)
    run = Run(meanwhile=(("list 1", Act("job_delete")),))
    tale = Story(1, (Setup(),), 5, (run,), page=3)
    assert "is in the account" in " | ".join(told(tale, tmp_path).troubles)


def test_what_was_put_back_is_its_users_under_another_name_too(tmp_path: Path) -> None:
    older = (Act("delete", one=1), Act("job_audio"), Run(), Act("delete", one=1), Act("put_back"))
    assert troubles(tmp_path, *older, Act("job_rename", other=2), Run()) == ""
