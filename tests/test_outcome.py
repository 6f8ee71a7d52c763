"""What is said of a run, from the reports of its cycles."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from syncd.core.model import RemoteTrack, RemoteTree
from syncd.core.operations import (
    Adopt,
    Compare,
    Defer,
    DeleteRemote,
    Detach,
    Download,
    Evict,
    Forget,
    Hold,
    Ignore,
    MakeWay,
    MoveLocal,
    Operation,
    Pending,
    Plan,
    Redownload,
    RenameLocal,
    RenameRemote,
    Restore,
    Retag,
    TrashLocal,
    Wait,
)
from syncd.cycle import Report
from syncd.errors import DiskFull, ExitCode, RequestRefused
from syncd.executor import Outcome, Result
from syncd.outcome import Run

ROOT = Path("/music")
DUE = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)

_FACTS: dict[str, Any] = {"path": "A/Song.flac", "reason": "because"}
_NAMED: dict[str, Any] = {**_FACTS, "title": "Song", "stem": "Song"}
_GIVEN: dict[str, Any] = {**_NAMED, "format": "flac", "album": "A", "number": 1}
_AUDIO: dict[str, Any] = {**_FACTS, "format": "flac"}
_ALBUM: dict[str, Any] = {**_AUDIO, "album": "A", "number": 1}
_MOVED: dict[str, Any] = {**_FACTS, "new_path": "A/Other.flac"}


def download(job_id: int) -> Download:
    return Download(job_id=job_id, **_GIVEN)


def restore(job_id: int) -> Restore:
    return Restore(job_id=job_id, **_GIVEN)


def adopt(job_id: int) -> Adopt:
    return Adopt(job_id=job_id, **_NAMED, album="A", number=1)


def rename_remote(job_id: int) -> RenameRemote:
    return RenameRemote(job_id=job_id, **_NAMED, new_title="Other")


def rename_local(job_id: int) -> RenameLocal:
    return RenameLocal(job_id=job_id, **_NAMED, new_path="A/Other.flac")


def delete_remote(job_id: int) -> DeleteRemote:
    return DeleteRemote(
        job_id=job_id, **_AUDIO, title="Song", audio="/song.flac", evidence=("last seen today",)
    )


def redownload(job_id: int, copy: str | None = None) -> Redownload:
    return Redownload(job_id=job_id, **_ALBUM, copy=copy)


def hold(job_id: int, held: str = "identify", reason: str = "strange") -> Hold:
    batched = held != "identify"
    return Hold(job_id=job_id, path=f"A/{job_id}.flac", reason=reason, held=held, batched=batched)


def pending(job_id: int, until: datetime | None = DUE) -> Pending:
    return Pending(
        job_id=job_id,
        path="A/Song.flac",
        reason="deleted from the folder",
        until=until,
        evidence=("last seen yesterday", "missed by scan 3", "missed by scan 4"),
    )


def report(
    *outcomes: tuple[Operation, Result],
    batches: dict[tuple[int, str], int] | None = None,
    **plan: Any,
) -> Report:
    """A cycle with ``outcomes``; what else its plan had is in ``plan``."""
    return Report(
        cycle="c",
        plan=Plan(operations=tuple(op for op, _ in outcomes), **plan),
        remote=RemoteTree({1: RemoteTrack(id=1, status="COMPLETED", title="Song")}),
        outcomes=[
            Outcome(op, result, None if result is Result.DONE else op.reason)
            for op, result in outcomes
        ],
        batches=batches or {},
    )


def done(*operations: Operation) -> Report:
    return report(*((op, Result.DONE) for op in operations))


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (download(1), "1 placed"),
        (restore(1), "0 placed, 1 restored"),
        (adopt(1), "0 placed, 1 adopted"),
        (rename_remote(1), "0 placed, 1 renamed in the account"),
        (rename_local(1), "0 placed, 1 renamed here"),
        (MoveLocal(job_id=1, **_MOVED, stem="Other"), "0 placed, 1 moved here"),
        (Retag(job_id=1, **_FACTS), "0 placed, 1 tagged anew"),
        (redownload(1), "0 placed, 1 replaced"),
        (redownload(1, copy="A/Song (conflict).flac"), "0 placed, 1 placed beside yours"),
        (delete_remote(1), "0 placed, 1 deleted in the account"),
        (TrashLocal(job_id=1, **_FACTS), "0 placed, 1 moved to the trash"),
        (Evict(job_id=1, **_FACTS), "0 placed, 1 evicted"),
        (Ignore(job_id=1, **_FACTS), "0 placed, 1 ignored"),
        (Detach(job_id=1, **_FACTS), "0 placed, 1 detached"),
        (Forget(job_id=1, reason="gone"), "0 placed, 1 gone on both sides"),
        (Compare(job_id=1, **_AUDIO), "0 placed, 1 compared"),
        (MakeWay(job_id=1, **_MOVED), "0 placed"),
    ],
    ids=lambda value: getattr(value, "verb", None),
)
def test_each_kind_of_operation_is_told_in_its_own_words(operation: Operation, said: str) -> None:
    run = Run([done(operation), report()])
    assert run.summary() == f"in step: {said}"
    assert run.exit_code is ExitCode.IN_STEP


def test_a_track_that_was_renamed_and_then_replaced_counts_in_both() -> None:
    run = Run([done(rename_remote(1)), done(redownload(1)), report()])
    assert run.summary() == "in step: 0 placed, 1 renamed in the account, 1 replaced"
    said = [entry["operation"] for entry in run.document(ROOT)["operations"]]  # type: ignore[attr-defined]
    assert said == ["rename-remote", "redownload"]


def test_what_turned_out_other_than_planned_is_told_by_what_came_of_it() -> None:
    first = report((delete_remote(1), Result.REPLAN))
    run = Run([first, done(restore(1)), report()])
    assert [o.operation.verb for o in run.outcomes] == ["restore"]
    assert Run([first]).outcomes == first.outcomes


def test_a_track_that_could_be_had_in_the_end_has_not_failed() -> None:
    put_off = report((Defer(job_id=1, reason="no audio"), Result.FAILED))
    assert Run([put_off]).exit_code is ExitCode.FAILED
    assert Run([put_off, done(download(1)), report()]).summary() == "in step: 1 placed"


def test_a_failure_is_not_hidden_by_what_else_was_done_with_the_track() -> None:
    failed = report((rename_remote(1), Result.FAILED))
    run = Run([failed, done(redownload(1)), report()])
    assert run.exit_code is ExitCode.FAILED
    assert run.summary().splitlines() == [
        "0 placed, 1 replaced, 1 failed",
        "  failed: job 1: because (A/Song.flac)",
    ]


def test_waiting_out_a_grace_is_in_step_and_says_until_when() -> None:
    run = Run([report(pending=(pending(1),))])
    assert run.exit_code is ExitCode.IN_STEP
    assert run.summary().splitlines() == [
        "in step: nothing to do, 1 pending deletion",
        "  pending deletion: A/Song.flac: its job is deleted in the account after "
        "2026-03-04 05:06 UTC",
        "  syncd pending shows the evidence, and all of them",
    ]
    assert run.document(ROOT)["pending"] == [
        {
            "id": 1,
            "display_name": "Song",
            "path": ROOT / "A/Song.flac",
            "until": DUE,
            "evidence": ["last seen yesterday", "missed by scan 3", "missed by scan 4"],
        }
    ]


def test_more_than_one_pending_deletion_are_deletions() -> None:
    said = Run([report(pending=(pending(1), pending(2)))]).summary()
    assert said.startswith("in step: nothing to do, 2 pending deletions\n")


def test_a_grace_that_cannot_begin_says_why() -> None:
    said = Run([report(pending=(pending(1, until=None),))]).summary()
    assert "its grace has not begun: the service does not say its time" in said


def test_what_is_held_together_is_one_line_with_the_commands_that_settle_it() -> None:
    much = "12 deletions in the account within a day are more than the budget of 10"
    outcomes = [(hold(n, "delete-remote", much), Result.HELD) for n in (1, 2)]
    outcomes.append((hold(3, "move-local", "the template changed"), Result.HELD))
    run = Run(
        [
            report(
                *outcomes,
                batches={(1, "delete-remote"): 3, (2, "delete-remote"): 3, (3, "move-local"): 4},
            )
        ]
    )
    assert run.exit_code is ExitCode.HELD
    assert run.summary().splitlines() == [
        "0 placed, 3 held",
        f"  held: 2 deletions in the account, batch 3 ({much}): syncd approve 3, or syncd reject 3",
        "    A/1.flac",
        "    A/2.flac",
        "  held: 1 move here, batch 4 (the template changed): syncd approve 4, or syncd reject 4",
        "    A/3.flac",
    ]
    operations: Any = run.document(ROOT)["operations"]
    assert [(one["operation"], one["held"], one["batch"]) for one in operations] == [
        ("hold", "delete-remote", 3),
        ("hold", "delete-remote", 3),
        ("hold", "move-local", 4),
    ]


def test_a_large_batch_names_some_of_its_files_and_says_how_many_more() -> None:
    outcomes = [(hold(n, "trash-local"), Result.HELD) for n in range(1, 26)]
    lines = Run([report(*outcomes)]).summary().splitlines()
    assert lines[1].startswith("  held: 25 files to the trash (strange): ")
    assert lines[-1] == "    and 5 more: syncd plan lists them all"
    assert len(lines) == 2 + 20 + 1


def test_a_hold_of_its_own_and_a_refusal_say_what_stands_there_and_why() -> None:
    refusal = Outcome(
        rename_remote(2), Result.HELD, "too long", RequestRefused("too long", status=422)
    )
    cycle = report((hold(1), Result.HELD))
    cycle.outcomes.append(refusal)
    run = Run([cycle])
    assert run.exit_code is ExitCode.HELD
    assert run.summary().splitlines() == [
        "0 placed, 2 held",
        "  held: A/1.flac: strange",
        "  held: A/Song.flac: too long",
    ]


def test_a_hold_that_ended_within_the_run_is_not_told() -> None:
    held = report((hold(1), Result.HELD), (download(2), Result.DONE))
    assert Run([held, done(rename_local(1)), report()]).exit_code is ExitCode.IN_STEP


@pytest.mark.parametrize("make", [download, restore])
def test_a_file_that_was_placed_and_went_away_again_is_a_failure(make: Any) -> None:
    wait = Wait(job_id=1, reason="A/Song.flac was not found")
    run = Run([done(make(1)), report(waits=(wait,))])
    assert run.exit_code is ExitCode.FAILED
    assert "  failed: job 1: A/Song.flac was not found" in run.summary().splitlines()
    assert [one["id"] for one in run.document(ROOT)["waiting"]] == [1]  # type: ignore[attr-defined]
    assert Run([done(make(1)), report(pending=(pending(1),))]).exit_code is ExitCode.FAILED


def test_a_track_that_was_renamed_and_waits_for_more_is_waiting() -> None:
    wait = Wait(job_id=1, reason="dealt with in this run")
    run = Run([done(rename_local(1)), report(waits=(wait,))])
    assert run.summary() == "in step: 0 placed, 1 renamed here, 1 waiting"


def test_what_cannot_be_seen_is_a_failure_and_is_told_once() -> None:
    seen = Wait(job_id=1, reason="Dark/Song.flac could not be read", unseen="Dark/Song.flac")
    run = Run([report(waits=(seen,))])
    assert run.exit_code is ExitCode.FAILED
    assert run.summary().splitlines() == [
        "0 placed, 1 waiting",
        "  out of sight: Dark/Song.flac could not be read",
    ]
    unreadable = report(waits=(seen,))
    unreadable.unreadable = ("Dark",)
    assert Run([unreadable]).summary().splitlines() == [
        "0 placed, 1 waiting",
        "  could not be read: Dark",
    ]


def test_of_many_that_cannot_be_seen_some_are_named() -> None:
    waits = tuple(Wait(job_id=n, reason="away", unseen=f"{n}.flac") for n in range(25))
    said = Run([report(waits=waits)]).summary()
    assert said.count("out of sight: ") == 20
    assert said.endswith("and 5 more out of sight")


def test_a_rename_for_a_script_has_both_names_and_a_deletion_its_evidence() -> None:
    run = Run([done(rename_remote(1), rename_local(2), delete_remote(3)), report()])
    up, down, gone = run.document(ROOT)["operations"]  # type: ignore[misc]
    assert up["new_title"] == "Other"
    assert down["new_path"] == ROOT / "A/Other.flac"
    assert gone["evidence"] == ["last seen today"]
    assert "new_path" not in up
    assert "new_title" not in gone


def test_what_ended_the_run_decides_its_exit_code_and_what_was_done_is_still_told() -> None:
    first = done(download(1))
    ended = Report(cycle="c", error=DiskFull("the disk is full"))
    run = Run([first, ended])
    assert run.exit_code is DiskFull.exit_code
    assert run.summary() == "1 placed"
    assert Run([ended]).summary() == ""


def test_characters_that_command_a_terminal_are_not_printed() -> None:
    held = Hold(job_id=1, path="A/\x1b[2J.flac", reason="\u202estrange")
    assert not set("\x1b\u202e") & set(Run([report((held, Result.HELD))]).summary())
