"""What a run of cycles came to: its exit code, and how it is told to people and to scripts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from syncd.cli.output import printable
from syncd.core.model import FAILED, RemoteTree
from syncd.core.operations import Operation, Wait
from syncd.cycle import Report
from syncd.errors import ExitCode, SyncdError
from syncd.executor import Outcome, Result
from syncd.secret import redact

_SHOWN = 20


class Run:
    """The reports of one run, taken together; of each track only what became of it at last."""

    def __init__(self, reports: Sequence[Report]) -> None:
        last = reports[-1]
        final = {o.operation.job_id: o for report in reports for o in report.outcomes}
        self.outcomes: list[Outcome] = list(final.values())
        self.remote = last.remote
        self.failed = [o for o in self.outcomes if o.result is Result.FAILED]
        self.held = [o for o in self.outcomes if o.result is Result.HELD]
        self.done = [o for o in self.outcomes if o.result is Result.DONE]
        settled = {o.operation.job_id for o in (*self.failed, *self.done)}
        self.waits = [wait for wait in last.plan.waits if wait.job_id not in settled]
        done = {o.operation.job_id for o in self.done}
        self.lost = [wait for wait in last.plan.waits if wait.job_id in done]
        """What was placed and is no longer there: another program took it."""
        self.doubts = [doubt for report in reports for doubt in report.doubts]
        self.unreadable = last.unreadable
        self.without_audio = sum(track.status == FAILED for track in last.remote.tracks.values())
        self.error: SyncdError | None = last.error

    @property
    def exit_code(self) -> ExitCode:
        """What ended the run, else what failed, else what is held."""
        if self.error:
            return self.error.exit_code
        if self.failed or self.lost or self.unreadable:
            return ExitCode.FAILED
        return ExitCode.HELD if self.held else ExitCode.IN_STEP

    def summary(self) -> str:
        """A line of counts, then what needs a look, with reasons; empty if nothing was done."""
        if self.error and not self.outcomes:
            return ""
        placed = sum(o.operation.verb == "download" for o in self.done)
        counts = {
            "placed": placed,
            "adopted": len(self.done) - placed,
            "failed": len(self.failed),
            "held": len(self.held),
            "waiting": len(self.waits),
            "failed in the account": self.without_audio,
        }
        words = [f"{n} {what}" for what, n in counts.items() if n or what == "placed"]
        start = "in step: " if self.exit_code is ExitCode.IN_STEP else ""
        failed = [f"  failed: job {o.operation.job_id}: {o.detail}" for o in self.failed]
        held = [f"  held: {_path(o.operation)}: {o.detail}" for o in self.held]
        more = max(len(failed) - _SHOWN, 0) + max(len(held) - _SHOWN, 0)
        lines = [
            start + ", ".join(words),
            *failed[:_SHOWN],
            *held[:_SHOWN],
            *([f"  and {more} more: syncd plan lists them all"] if more else []),
            *(f"  failed: job {wait.job_id}: {wait.reason}" for wait in self.lost[:_SHOWN]),
            *(f"  could not be read: {path}" for path in self.unreadable[:_SHOWN]),
            *(f"  doubtful: {doubt}" for doubt in self.doubts),
        ]
        return "\n".join(printable(line) for line in lines)

    def document(self, root: Path) -> dict[str, object]:
        """The run for a script. Each track stands once in ``operations``, with its result."""
        error = self.error
        return {
            "exit_code": int(self.exit_code),
            "operations": [
                {
                    **operation_json(o.operation, root, self.remote),
                    "result": o.result,
                    "detail": o.detail,
                }
                for o in self.outcomes
            ],
            "waiting": [wait_json(wait, self.remote) for wait in (*self.waits, *self.lost)],
            "unreadable": [root / path for path in self.unreadable],
            "doubts": self.doubts,
            "error": None if error is None else redact(error.message),
            "hint": None if error is None else error.hint,
        }


def operation_json(op: Operation, root: Path, remote: RemoteTree) -> dict[str, object]:
    """An operation for a script; ``path`` is absolute."""
    track = remote.tracks.get(op.job_id)
    path = _path(op)
    return {
        "operation": op.verb,
        "id": op.job_id,
        "display_name": track.title if track else None,
        "path": None if path is None else root / path,
        "format": getattr(op, "format", None),
        "reason": op.reason,
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


def _path(op: Operation) -> str | None:
    return getattr(op, "path", None)
