"""What the bars show."""

from __future__ import annotations

import io

from rich.console import Console

from syncd.cli.progress import Bars
from syncd.core.operations import Download, Plan


def shown(bars: Bars) -> str:
    """What is on the screen now."""
    console = Console(file=io.StringIO(), width=120)
    with console.capture() as capture:
        console.print(bars._live.renderable)
    return capture.get()


def download(job_id: int) -> Download:
    return Download(
        job_id=job_id,
        path="A/Song.flac",
        format="flac",
        title="Song",
        stem="Song",
        album="A",
        number=1,
        reason="new",
    )


def test_without_a_total_there_is_no_bar() -> None:
    bars = Bars(Console(file=io.StringIO()))
    assert shown(bars).split() == ["listing", "the", "account"]
    bars.swept(5, None)
    assert shown(bars).split() == ["listing", "the", "account", "5"]
    bars.swept(5, 10)
    assert "━" in shown(bars)
    assert "5/10" in shown(bars)


def test_a_second_look_is_announced_until_it_is_over() -> None:
    bars = Bars(Console(file=io.StringIO()))
    bars.planned(Plan())
    bars.looking_again(2, 30.0)
    assert shown(bars).strip() == "2 files are missing; looking again in 30 s"
    bars.planned(Plan(operations=(download(1),)))
    assert "looking again" not in shown(bars)
    assert "0/1" in shown(bars)


def test_the_wait_for_a_second_look_counts_down() -> None:
    bars = Bars(Console(file=io.StringIO()))
    bars.looking_again(2, 30.0)
    assert "looking again in 30 s" in shown(bars)
    (task,) = [task for task in bars._run.tasks if "seconds" in task.fields]
    assert task.start_time is not None
    task.start_time -= 12
    assert "looking again in 18 s" in shown(bars)
    task.start_time -= 60
    assert "looking again in 0 s" in shown(bars)


def test_more_downloads_add_to_those_before() -> None:
    bars = Bars(Console(file=io.StringIO()))
    bars.planned(Plan(operations=(download(1), download(2))))
    bars.finished(download(1), done=True, detail=None)
    bars.looking_again(1, 30.0)
    bars.planned(Plan(operations=(download(3),)))
    assert "1/3" in shown(bars)
