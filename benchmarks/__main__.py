"""``python -m benchmarks``: build the data, run every work, print and write what comes of it."""

from __future__ import annotations

import argparse
import compileall
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

import syncd
from benchmarks import (
    ceiling,
    commands,
    first_sync,
    growth,
    latency,
    poll,
    renames,
    rest,
    scan,
    sweep,
)
from benchmarks.bench import Bench, Scale
from benchmarks.library import COMMAND
from benchmarks.pairs import Row, Trouble, commands_run
from benchmarks.report import (
    Conditions,
    as_commands,
    document,
    growth_table,
    picture,
    printed,
    saved,
    table,
)
from benchmarks.rivals import find_rivals, install
from benchmarks.serving import delay_in_words

Work = Callable[[Bench], Iterator[Row]]

WORKS: dict[str, Work] = {
    "ceiling": ceiling.measure,
    "commands": commands.measure,
    "first-sync": first_sync.measure,
    "sweep": sweep.measure,
    "poll": poll.measure,
    "scan": scan.measure,
    "rest": rest.measure,
    "renames": renames.measure,
    "latency": latency.measure,
    "growth": growth.measure,
}
"""In the order in which they run."""

REPORT = Path(__file__).with_name("REPORT.md")
PICTURE = REPORT.with_name("growth.svg")


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """What the command line asks for; ``names`` are all works where none is named."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure what syncd costs, beside what people would use instead.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a work; all where none is named")
    parser.add_argument("--list", action="store_true", help="name the works, and end")
    parser.add_argument("--quick", action="store_true", help="cut all sizes; see that it runs")
    parser.add_argument("--rounds", type=_rounds, metavar="N", help="how often each pair is run")
    parser.add_argument("--write", action="store_true", help=f"write {REPORT.name} and the picture")
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="FOLDER",
        help="build the data there and leave it for the next run: accounts and large libraries",
    )
    parser.add_argument(
        "--save", type=Path, metavar="FILE", help="write the program's medians as JSON"
    )
    parser.add_argument(
        "--before", type=Path, metavar="FILE", help="set them beside those of an earlier --save"
    )
    parser.add_argument("--install", action="store_true", help="get absent rivals from Debian")
    asked = parser.parse_args(given)
    if asked.before and not asked.before.exists():
        parser.error(f"{asked.before}: there is no such file; an earlier run makes it with --save")
    unknown = [name for name in asked.names if name not in WORKS]
    if unknown:
        parser.error(f"no work is called {unknown[0]!r}; these are: {', '.join(WORKS)}")
    asked.names = asked.names or list(WORKS)
    return asked


def _rounds(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("a whole number of at least 1 is needed")
    return int(text)


def run(asked: argparse.Namespace, folder: Path) -> tuple[list[Row], Bench]:
    """Run the works in ``folder``, and print each row as it comes. Raises ``Trouble``."""
    if not COMMAND.exists():
        raise Trouble("syncd is not installed beside this Python: pip install --editable '.[test]'")
    # Else whoever runs first after a change pays for all that come later.
    compileall.compile_dir(str(Path(syncd.__file__).parent), quiet=2)
    rivals = find_rivals()
    for why in rivals.absent.values():
        print(f"absent: {why}")
    print(f"delay: {delay_in_words()}")
    bench = Bench.kept(folder, Scale(asked.quick, asked.rounds), rivals)
    rows = []
    try:
        for name in (name for name in WORKS if name in asked.names):
            print(f"\n=== {name}", flush=True)
            try:
                for row in WORKS[name](bench):
                    rows.append(row)
                    print(printed(row), flush=True)
            except Trouble as trouble:
                # The others are worth their hour nevertheless.
                rows.append(Row(work=name, missing=str(trouble)))
                bench.is_whole = False
                print(f"benchmarks: {name}: {trouble}", file=sys.stderr)
    finally:
        if asked.keep:
            bench.keep()
    if bench.growth:
        print(growth_table(bench.growth))
    if asked.before:
        print(table(rows, json.loads(asked.before.read_text())))
    return rows, bench


def write(asked: argparse.Namespace, rows: Sequence[Row], bench: Bench) -> None:
    """Write the report beside this file."""
    given = sys.argv[1:]
    conditions = Conditions(
        command=" ".join(["python -m benchmarks", *given]),
        rivals=bench.rivals,
        delay=delay_in_words(),
        folder=bench.folder,
        commands=as_commands(
            commands_run,
            {
                str(bench.folder): "DATA",
                str(COMMAND): "syncd",
                sys.executable: "python",
                bench.api_url: "API",
                bench.media_url: "MEDIA",
            },
        ),
        before=json.loads(asked.before.read_text()) if asked.before else None,
        quick=asked.quick,
        commit=_commit(),
    )
    REPORT.write_text(document(rows, bench.growth, conditions, PICTURE.name), encoding="utf-8")
    if bench.growth:
        PICTURE.write_text(picture(bench.growth), encoding="utf-8")
    print(f"\nwritten: {REPORT.name}" + (f", {PICTURE.name}" if bench.growth else ""))


def main(given: Sequence[str]) -> int:
    asked = arguments(given)
    if asked.list:
        for name, work in WORKS.items():
            summary = (sys.modules[work.__module__].__doc__ or "").splitlines()[0]
            print(f"{name:12}{summary}")
        return 0
    signal.signal(signal.SIGTERM, _stop)
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="syncd-benchmarks-"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if asked.install:
            install()
        rows, bench = run(asked, folder.absolute())
        if asked.save:
            asked.save.write_text(json.dumps(saved(rows), indent=1) + "\n")
        if asked.write:
            write(asked, rows, bench)
    except Trouble as trouble:
        print(f"benchmarks: {trouble}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"benchmarks: {error}; TMPDIR names another folder for the data", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("benchmarks: stopped", file=sys.stderr)
        return 130
    finally:
        if not asked.keep:
            shutil.rmtree(folder, ignore_errors=True)
    return 0 if bench.is_whole else 1


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _commit() -> str:
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=REPORT.parent,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    return told.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
