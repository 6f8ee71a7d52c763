"""Progress bars on a terminal."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress_bar import ProgressBar
from rich.text import Text

from syncd.cli.output import printable
from syncd.core.operations import Download, Fetching, Operation, Plan
from syncd.core.words import looking_again
from syncd.daemon.telling import downloads_in

_PLURAL = {
    "genre": "genres",
    "emotion": "emotions",
    "occasion": "occasions",
    "language": "languages",
    "song_type": "song types",
    "liked": "likes",
}
"""What is looked up, as a run of it is called."""


class _Bar(BarColumn):
    """A bar where the total is known; one that only pulses says nothing."""

    def render(self, task: Task) -> ProgressBar | Text:  # type: ignore[override]
        return Text() if task.total is None else super().render(task)


class _Count(MofNCompleteColumn):
    """``3/15``; without a total ``3``, and nothing before the first."""

    def render(self, task: Task) -> Text:
        if task.total is not None:
            return super().render(task)
        return Text(f"{task.completed:.0f}" if task.completed else "")


class _Said(TextColumn):
    """The description; where it is of a wait, with the seconds that are left of it."""

    def render(self, task: Task) -> Text:
        said = super().render(task)
        if (seconds := task.fields.get("seconds")) is not None:
            said.append(f" in {max(0.0, seconds - (task.elapsed or 0.0)):.0f} s")
        return said


class Bars:
    """A line for the run as a whole and one for each download under way, on standard error.

    Both a ``Progress``, for a run in this process, and a ``Watcher``, for one of the daemon's.
    ``console`` is where they are drawn; rich leaves colour out under ``NO_COLOR``.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._run = Progress(
            _Said("{task.description}", markup=False),
            _Bar(bar_width=24),
            _Count(),
        )
        self._files = Progress(
            TextColumn("  {task.description}", markup=False),
            _Bar(bar_width=24),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        self._live = Live(
            Group(self._run, self._files),
            console=console or Console(stderr=True),
            refresh_per_second=10,
            transient=True,
        )
        self._listing = self._run.add_task("listing the account", total=None)
        self._tracks: TaskID | None = None
        self._waiting: TaskID | None = None
        self._running: dict[int, TaskID] = {}

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def swept(self, seen: int, total: int | None) -> None:
        self._run.update(self._listing, completed=seen, total=total)

    def looking_up(self, kind: str, done: int, values: int) -> None:
        said = f"looking up {_PLURAL.get(kind, kind)}"
        self._run.update(
            self._listing, description=said, completed=done, total=values, visible=True
        )

    def looked(self) -> None:
        pass

    def planned(self, plan: Plan) -> None:
        self.expect(downloads_in(plan))

    def started(self, operation: Fetching) -> None:
        self.begin(operation.job_id, operation.path)

    def finished(self, operation: Operation, *, done: bool, detail: str | None) -> None:
        self.end(operation.job_id, counts=isinstance(operation, Download))

    def expect(self, downloads: int) -> None:
        self._run.update(self._listing, visible=False)
        if self._waiting is not None:
            self._run.remove_task(self._waiting)
            self._waiting = None
        if not downloads:
            return
        if self._tracks is None:
            self._tracks = self._run.add_task("downloading", total=0)
        (known,) = [task for task in self._run.tasks if task.id == self._tracks]
        self._run.update(self._tracks, total=(known.total or 0) + downloads)

    def begin(self, job_id: int, path: str) -> None:
        name = printable(path.rpartition("/")[2])
        short = name if len(name) <= 40 else f"{name[:39]}…"
        self._running[job_id] = self._files.add_task(short, total=None)

    def advanced(self, job_id: int, size: int, total: int | None) -> None:
        # Whoever asks a daemon may come in the middle of a transfer, and not have seen it begin.
        if job_id in self._running:
            self._files.update(self._running[job_id], completed=size, total=total)

    def end(self, job_id: int, *, counts: bool) -> None:
        running = self._running.pop(job_id, None)
        if running is not None:
            self._files.remove_task(running)
        if counts and self._tracks is not None:
            self._run.advance(self._tracks)

    def looking_again(self, missed: int, seconds: float) -> None:
        self._waiting = self._run.add_task(looking_again(missed), total=None, seconds=seconds)
