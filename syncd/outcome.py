"""What a run of cycles came to: its exit code, and how it is told to people and to scripts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath

from syncd.core.model import FAILED, RemoteTree
from syncd.core.operations import Defer, Download, Hold, Operation, Pending, Redownload, Wait
from syncd.core.verbs import TOLD, counted, words
from syncd.core.words import amount, due_words, plural, printable
from syncd.cycle import Report
from syncd.errors import ExitCode, SyncdError
from syncd.executor import Outcome, Result
from syncd.secret import redact

_SHOWN = 20

_BESIDE = "placed beside yours"
_TOLD = (*TOLD, _BESIDE)


class Run:
    """The reports of one run, taken together: of each operation on a track how it ended at last.

    What is held, pending or waiting is that of the last cycle that came as far as a plan.
    """

    def __init__(self, reports: Sequence[Report]) -> None:
        last = next((r for r in reversed(reports) if r.plan.operations or not r.error), reports[-1])
        self.outcomes = _final(reports, last)
        self.remote = last.remote
        self.batches = last.batches
        self.failed = [o for o in self.outcomes if o.result is Result.FAILED]
        self.held = [o for o in self.outcomes if o.result is Result.HELD]
        self.done = [o for o in self.outcomes if o.result is Result.DONE]
        placed = {o.operation.job_id for o in self.done if isinstance(o.operation, Download)}
        failed = {o.operation.job_id for o in self.failed}
        waits = last.plan.waits
        self.waits = [wait for wait in waits if wait.job_id not in placed | failed]
        self.pending = list(last.plan.pending)
        missing: list[Wait | Pending] = [*waits, *self.pending]
        self.lost = [one for one in missing if one.job_id in placed - failed]
        """What was placed and is no longer there: another program took it."""
        self.doubts = [doubt for report in reports for doubt in report.doubts]
        self.unreadable = last.unreadable
        self.broken = last.broken
        self.unseen = [wait for wait in self.waits if wait.unseen is not None]
        self.kept_out = sum(wait.kept_out for wait in self.waits)
        self.unselected = last.plan.unselected
        self.unmatched = last.unmatched
        self.without_audio = sum(track.status == FAILED for track in last.remote.tracks.values())
        self.error: SyncdError | None = reports[-1].error
        self.left = _left(reports[-1])
        """Downloads that were left to whoever goes on with them."""

    @property
    def exit_code(self) -> ExitCode:
        """What ended the run, else what failed or could not be seen, else what is held.

        Waiting out a grace is 0.
        """
        if self.error:
            return self.error.exit_code
        if self.failed or self.lost or self.unreadable or self.unseen:
            return ExitCode.FAILED
        return ExitCode.HELD if self.held else ExitCode.IN_STEP

    def summary(self) -> str:
        """A line of counts, then what needs a look, with reasons; empty if nothing was done."""
        if self.error and not self.outcomes:
            return ""
        done = Counter(_word_of(o.operation) for o in self.done)
        counts = {
            **{word: done[word] for word in _TOLD},
            "failed": len(self.failed),
            plural(len(self.pending), "pending deletion"): len(self.pending),
            "held": len(self.held),
            "waiting": len(self.waits) - self.kept_out,
            "kept out": self.kept_out,
            "failed in the account": self.without_audio,
            "still to be downloaded": self.left,
        }
        words = [f"{n} {what}" for what, n in counts.items() if n or what == "placed"]
        start = "in step: " if self.exit_code is ExitCode.IN_STEP and not self.left else ""
        if start and not self.done:
            words[0] = "nothing to do"
        failed = [f"  failed: {_failure(o)}" for o in self.failed]
        # What could not be read is named as a whole.
        unseen = [f"  out of sight: {one.reason}" for one in self.unseen if not self._is_told(one)]
        alone = [o for o in self.held if not _is_batched(o.operation)]
        held = [f"  held: {_path(o.operation)}: {o.detail}" for o in alone]
        pending = [
            f"  pending deletion: {one.path}: {due_words(one.until)}" for one in self.pending
        ]
        more = max(len(failed) - _SHOWN, 0) + max(len(held) - _SHOWN, 0)
        holds = [o.operation for o in self.held if isinstance(o.operation, Hold)]
        lines = [
            start + ", ".join(words),
            *failed[:_SHOWN],
            *(f"  {line}" for line in batch_lines(holds, self.batches, with_files=True)),
            *held[:_SHOWN],
            *([f"  and {more} more: syncd plan lists them all"] if more else []),
            *pending[:_SHOWN],
            *(f"  {one.reason}" for one in [one for one in self.waits if one.stays][:_SHOWN]),
            *(f"  {line}" for line in selection_lines(self.unselected, self.unmatched)),
            *(["  syncd pending shows the evidence, and all of them"] if pending else []),
            *(f"  failed: job {one.job_id}: {one.reason}" for one in self.lost[:_SHOWN]),
            *(f"  could not be read: {self._unread(path)}" for path in self.unreadable[:_SHOWN]),
            *unseen[:_SHOWN],
            *([f"  and {len(unseen) - _SHOWN} more out of sight"] if unseen[_SHOWN:] else []),
            *(f"  doubtful: {doubt}" for doubt in self.doubts),
        ]
        return "\n".join(printable(line) for line in lines)

    def _unread(self, path: str) -> str:
        return f"{path} ({self.broken[path]})" if path in self.broken else path

    def _is_told(self, wait: Wait) -> bool:
        return any(PurePath(wait.unseen or "").is_relative_to(path) for path in self.unreadable)

    def document(self, root: Path) -> dict[str, object]:
        """The run for a script. Each operation on a track stands once, with its result."""
        error = self.error
        lost = [one for one in self.lost if isinstance(one, Wait)]
        return {
            "exit_code": int(self.exit_code),
            "operations": [
                {
                    **operation_json(o.operation, root, self.remote, self.batches),
                    "result": o.result,
                    "detail": o.detail,
                }
                for o in self.outcomes
            ],
            "pending": [pending_json(one, root, self.remote) for one in self.pending],
            "unselected": sorted(self.unselected),
            "waiting": [wait_json(wait, self.remote) for wait in (*self.waits, *lost)],
            "unreadable": [root / path for path in self.unreadable],
            "doubts": self.doubts,
            "error": None if error is None else redact(error.message),
            "hint": None if error is None else error.hint,
        }


def selection_lines(unselected: Collection[int], unmatched: Iterable[str]) -> Iterator[str]:
    """What ``library.only`` leaves out, and what it asks for in vain."""
    if number := len(unselected):
        yield f"{amount(number, 'job is', 'jobs are')} outside library.only, and not fetched"
    yield from (f"no job has the {value} that library.only asks for" for value in unmatched)


def _left(report: Report) -> int:
    if not report.gave_way:
        return 0
    tried = {one.operation.job_id for one in report.outcomes if isinstance(one.operation, Download)}
    return len({op.job_id for op in report.plan if isinstance(op, Download)} - tried)


def _failure(outcome: Outcome) -> str:
    """Which track it is, what went wrong, and the file, where that is not said by then."""
    said, path = outcome.detail or "", _path(outcome.operation)
    named = f" ({path})" if path and path not in said else ""
    return f"job {outcome.operation.job_id}: {said}{named}"


def _final(reports: Sequence[Report], last: Report) -> list[Outcome]:
    """How each operation on each track ended, in the order in which they did.

    What was overtaken in the same run is left out: a hold that is over, a track that could be had
    in the end, a plan that was made anew.
    """
    final: dict[tuple[int, str], Outcome] = {}
    for report in reports:
        for outcome in report.outcomes:
            if outcome.result is Result.HELD and report is not last:
                continue
            op = outcome.operation
            key = (op.job_id, op.held if isinstance(op, Hold) else op.verb)
            final.pop(key, None)
            final[key] = outcome
    had = {
        o.operation.job_id
        for o in final.values()
        if o.result is Result.DONE and isinstance(o.operation, Download)
    }
    settled = {o.operation.job_id for o in final.values() if o.result is not Result.REPLAN}

    def counts(outcome: Outcome) -> bool:
        job_id = outcome.operation.job_id
        if outcome.result is Result.REPLAN:
            return job_id not in settled
        return not (isinstance(outcome.operation, Defer) and job_id in had)

    return [outcome for outcome in final.values() if counts(outcome)]


def batch_lines(
    holds: Sequence[Hold], batches: Mapping[tuple[int, str], int], *, with_files: bool
) -> Iterator[str]:
    """What was held together, with why and the commands that settle it; then the files."""
    grouped: defaultdict[tuple[int, str], list[Hold]] = defaultdict(list)
    for hold in holds:
        if hold.batched:
            grouped[batches.get((hold.job_id, hold.held), 0), hold.held].append(hold)
    for (batch, verb), members in sorted(grouped.items()):
        what = counted(verb, len(members))
        reasons = {hold.reason for hold in members}
        why = f" ({reasons.pop()})" if len(reasons) == 1 else ""
        settles = f"syncd approve {batch}, or syncd reject {batch}"
        if not batch:
            settles = "the next sync gives them a batch to approve or reject"
        yield f"held: {what}{f', batch {batch}' if batch else ''}{why}: {settles}"
        shown = members[:_SHOWN] if with_files else ()
        yield from (f"  {_held(hold)}" for hold in shown)
        if with_files and len(members) > _SHOWN:
            yield f"  and {len(members) - _SHOWN} more: syncd plan lists them all"


def _held(hold: Hold) -> str:
    """The file that is held, or its job; of one that would be moved both names."""
    path = hold.path or f"job {hold.job_id}"
    return f"{hold.stands_at} → {path}" if hold.stands_at else path


def operation_json(
    op: Operation, root: Path, remote: RemoteTree, batches: Mapping[tuple[int, str], int]
) -> dict[str, object]:
    """An operation for a script; paths are absolute. What it does not have is left out."""
    track = remote.tracks.get(op.job_id)
    path = _path(op)
    said: dict[str, object] = {
        "operation": op.verb,
        "id": op.job_id,
        "display_name": track.title if track else None,
        "path": root / path if path else None,
        "format": getattr(op, "format", None),
        "reason": op.reason,
    }
    if isinstance(op, Hold):
        said |= {"held": op.held, "batch": batches.get((op.job_id, op.held))}
        if op.stands_at:
            said |= {"path": root / op.stands_at, "new_path": root / op.path}
    if new_path := getattr(op, "new_path", None) or getattr(op, "copy", None):
        said["new_path"] = root / new_path
    if (new_title := getattr(op, "new_title", None)) is not None:
        said["new_title"] = new_title
    if evidence := getattr(op, "evidence", ()):
        said["evidence"] = list(evidence)
    return said


def pending_json(one: Pending, root: Path, remote: RemoteTree) -> dict[str, object]:
    """A pending deletion for a script; ``until`` is null where the service does not say its time.

    ``path`` is where the file stood.
    """
    track = remote.tracks.get(one.job_id)
    return {
        "id": one.job_id,
        "display_name": track.title if track else None,
        "path": root / one.path,
        "until": one.until,
        "evidence": list(one.evidence),
    }


def wait_json(wait: Wait, remote: RemoteTree) -> dict[str, object]:
    """A track for which nothing is to be done now, for a script."""
    track = remote.tracks.get(wait.job_id)
    return {
        "id": wait.job_id,
        "display_name": track.title if track else None,
        "status": track.status if track else None,
        "reason": wait.reason,
        "until": wait.until,
    }


def _word_of(op: Operation) -> str:
    return _BESIDE if isinstance(op, Redownload) and op.copy else words(op.verb).done


def _is_batched(op: Operation) -> bool:
    return isinstance(op, Hold) and op.batched


def _path(op: Operation) -> str | None:
    return getattr(op, "path", None)
