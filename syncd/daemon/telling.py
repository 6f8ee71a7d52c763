"""What a run tells whoever asked for it, as plain values: from the daemon, to the command line.

``Teller`` makes events of what a cycle tells, ``retell`` makes calls of them again at the other
end, and ``result_of`` is what both print in the end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from syncd.core.operations import Download, Fetching, Operation, Plan
from syncd.core.words import of_tree
from syncd.errors import ExitCode, RemoteError, SyncdError
from syncd.secret import redact

if TYPE_CHECKING:
    from syncd.further import TreeRun
    from syncd.outcome import Run

_APART = 0.1
"""Seconds between two events on one transfer: the eye sees no more."""


class Teller:
    """A ``Progress`` that gives each thing that it is told to ``tell``, as an event."""

    def __init__(
        self,
        tell: Callable[[Mapping[str, Any]], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell = tell
        self._clock = clock
        self._told_at: dict[int, float] = {}

    def swept(self, seen: int, total: int | None) -> None:
        self._say("swept", seen=seen, total=total)

    def looking_up(self, kind: str, done: int, values: int) -> None:
        self._say("looking_up", kind=kind, done=done, values=values)

    def looked(self) -> None:
        pass  # told from another thread, and too often to be passed on

    def planned(self, plan: Plan) -> None:
        self._say("planned", downloads=downloads_in(plan))

    def started(self, operation: Fetching) -> None:
        self._say(
            "started",
            job_id=operation.job_id,
            path=operation.path,
            downloading=isinstance(operation, Download),
        )

    def advanced(self, job_id: int, size: int, total: int | None) -> None:
        now = self._clock()
        if size != total and now - self._told_at.get(job_id, -_APART) < _APART:
            return
        self._told_at[job_id] = now
        self._say("advanced", job_id=job_id, size=size, total=total)

    def finished(self, operation: Operation, *, done: bool, detail: str | None) -> None:
        self._told_at.pop(operation.job_id, None)
        self._say("finished", job_id=operation.job_id, counts=isinstance(operation, Download))

    def looking_again(self, missed: int, seconds: float) -> None:
        self._say("looking_again", missed=missed, seconds=seconds)

    def _say(self, what: str, **fields: object) -> None:
        self._tell({"progress": {"what": what, **fields}})


class Watcher(Protocol):
    """Whoever watches a run from afar: told what ``Progress`` is told, in plain values."""

    def swept(self, seen: int, total: int | None) -> None:
        """See ``Progress``."""

    def looking_up(self, kind: str, done: int, values: int) -> None:
        """See ``Progress``."""

    def expect(self, downloads: int) -> None:
        """A plan was made; it has so many downloads."""

    def begin(self, job_id: int, path: str) -> None:
        """Audio begins to be fetched."""

    def advanced(self, job_id: int, size: int, total: int | None) -> None:
        """See ``Progress``."""

    def end(self, job_id: int, *, counts: bool) -> None:
        """An operation ended; ``counts``: it was one of the downloads."""

    def looking_again(self, missed: int, seconds: float) -> None:
        """See ``Progress``."""


def retell(event: Mapping[str, Any], watcher: Watcher) -> None:
    """Tell ``watcher`` what a ``Teller`` was told; an event of another kind says nothing."""
    match event.get("progress"):
        case {"what": "swept", "seen": seen, "total": total}:
            watcher.swept(seen, total)
        case {"what": "looking_up", "kind": kind, "done": done, "values": values}:
            watcher.looking_up(kind, done, values)
        case {"what": "planned", "downloads": downloads}:
            watcher.expect(downloads)
        case {"what": "started", "job_id": job_id, "path": path}:
            watcher.begin(job_id, path)
        case {"what": "advanced", "job_id": job_id, "size": size, "total": total}:
            watcher.advanced(job_id, size, total)
        case {"what": "finished", "job_id": job_id, "counts": counts}:
            watcher.end(job_id, counts=counts)
        case {"what": "looking_again", "missed": missed, "seconds": seconds}:
            watcher.looking_again(missed, seconds)


def downloads_in(plan: Plan) -> int:
    """How many tracks ``plan`` downloads."""
    return sum(isinstance(op, Download) for op in plan)


def result_of(run: Run, root: Path, further: Sequence[TreeRun] = ()) -> dict[str, Any]:
    """What ``syncd sync`` and its like say of ``run``, over a library at ``root``.

    ``further`` is what the run came to in its further trees.
    """
    found: dict[str, Any] = {
        "summary": run.summary(),
        "document": run.document(root),
        "exit_code": int(run.exit_code),
        "error": None if run.error is None else _told(run.error),
        "troubles": [],
    }
    for tree in further:
        _add(found, tree)
    return found


def _add(found: dict[str, Any], tree: TreeRun) -> None:
    """Tell of one further tree; what it fails with stops the others no more than a track does."""
    from syncd.outcome import Run

    run = Run(tree.reports) if tree.reports else None
    error = tree.error or (run and run.error)
    code = run.exit_code if run else ExitCode.IN_STEP
    if error and not isinstance(error, RemoteError):
        code = ExitCode.FAILED
    document = run.document(tree.root) if run else {}
    document |= {"exit_code": int(code), "error": error and redact(error.message)}
    about = {"format": tree.format, "root": tree.root}
    found["document"].setdefault("also", []).append(about | document)
    if run and (summary := run.summary()):
        found["summary"] += f"\n{tree.format}: {of_tree(summary, tree.format)}"
    if error:
        told = _told(error)
        found["troubles"].append({**told, "message": f"{tree.format}: {told['message']}"})
    if found["exit_code"] in (ExitCode.IN_STEP, ExitCode.HELD) and code:
        found["exit_code"] = found["document"]["exit_code"] = int(code)


def _told(error: SyncdError) -> dict[str, str | None]:
    return {"message": redact(error.message), "hint": error.hint}
