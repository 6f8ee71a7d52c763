"""The bench's own running: what is taken up again, and that the key is found wherever it leaks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from . import canary, parts, played, report, runner
from .part import Size, Verdict
from .played import Sum
from .store import Store


@pytest.fixture
def part(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A part of the bench whose cases do as the test says."""
    made = ModuleType("made")
    made.NAME, made.UNIT = "made", "things"  # type: ignore[attr-defined]
    made.cases = lambda _: ["a", "b", "c"]  # type: ignore[attr-defined]
    made.play = lambda case, base: Verdict()  # type: ignore[attr-defined]
    monkeypatch.setattr(parts, "part", lambda _: made)
    monkeypatch.setitem(parts.PARTS, "made", "made")
    return made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "results.sqlite")
    yield made
    made.close()


def run(store: Store, *cases: str, until: float | None = None) -> dict[str, Verdict]:
    heard: dict[str, Verdict] = {}
    missing = list(store.missing("made", cases))
    runner.run("made", missing, store, workers=2, until=until, tell=heard.__setitem__)
    return heard


def test_what_was_passed_is_not_played_again_and_what_was_not_is(part: Any, store: Store) -> None:
    part.play = lambda case, _: Verdict(("wrong",) if case == "b" else (), counts={"things": 2})
    assert run(store, "a", "b").keys() == {"a", "b"}
    assert run(store, "a", "b", "c").keys() == {"b", "c"}
    (found,) = store.sums()
    assert (found.cases, found.counts, found.troubled) == (3, {"things": 6}, ("b",))
    assert "| made |" in report.text([found])


def test_what_another_run_passed_is_not_played_again(part: Any, tmp_path: Path) -> None:
    part.play = lambda case, _: Verdict(("wrong",) if case == "b" else ())
    there, here = (Store(tmp_path / name) for name in ("there.sqlite", "here.sqlite"))
    run(there, "a", "b")
    path = tmp_path / "played.json"
    played.write(path, played.merge([], there.sums()))
    run(here, "c")
    played.write(path, played.merge(played.read(path), here.sums()))
    run(here, "d")
    sums = played.merge(played.read(path), here.sums())
    assert [(one.cases, one.troubled) for one in sums] == [(2, ("b",)), (2, ())]
    third = Store(tmp_path / "third.sqlite", sums)
    assert list(third.missing("made", ["a", "b", "c", "d", "e"])) == ["b", "e"]
    # Another program has passed none of them; those that nobody has come first.
    part.SOURCES = ("tests/bench/part.py",)
    assert list(third.missing("made", ["a", "b", "c", "d", "e"])) == ["b", "e", "a", "c", "d"]
    for store in (there, here, third):
        store.close()


def test_a_case_whose_process_dies_or_hangs_is_a_trouble(
    part: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def play(case: str, base: Path) -> Verdict:
        if case == "a":
            os.kill(os.getpid(), signal.SIGKILL)
        if case == "b":
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
            time.sleep(600)
        return Verdict()

    part.play = play
    part.LIMIT = 4
    monkeypatch.setattr(runner, "_GRACE", 5.0)
    found = run(store, "a", "b", "c", "d", "e")
    assert found["a"].troubles == ("the process that played it ended with -9",)
    assert found["b"].troubles == ("it hung, and its process was killed",)
    assert not any(found[case].troubles for case in "cde")


def test_a_case_that_the_program_would_go_on_with_for_ever_is_stuck(
    part: Any, store: Store
) -> None:
    def play(case: str, base: Path) -> Verdict:
        while True:
            with suppress(Exception):
                time.sleep(5)

    part.play = play
    part.LIMIT = 1
    assert run(store, "a")["a"].troubles == ("Stuck: a takes for ever",)


@pytest.mark.parametrize(
    ("cases", "spans"),
    [
        ([], ()),
        (["one"], ("one",)),
        (["x-7"], ("x-7",)),
        (["9", "10"], ("10", "9")),
        (["07", "08", "09", "10", "12"], ("07..10", "12")),
        (["a/kill", "a/3", "a/4", "b/5"], ("a/3..4", "b/5", "a/kill")),
        (["v1 2", "v1 3"], ("v1 2..3",)),
    ],
)
def test_cases_are_told_as_spans(cases: list[str], spans: tuple[str, ...]) -> None:
    assert played.spans(cases) == spans
    assert sorted(played.spread(spans)) == sorted(cases)


def test_a_case_that_fails_in_any_way_is_a_trouble(part: Any, store: Store) -> None:
    def play(case: str, base: Path) -> Verdict:
        raise {"a": AssertionError("not so"), "b": RuntimeError("broken")}[case]

    part.play = play
    found = run(store, "a", "b")
    assert found["a"].troubles == ("AssertionError: not so",)
    assert found["b"].troubles == ("RuntimeError: broken",)


def test_a_case_that_is_stuck_is_a_trouble(part: Any) -> None:
    part.LIMIT = 1
    part.play = lambda *_: time.sleep(60)
    verdict, _ = runner.play("made", "a")
    assert verdict.troubles == ("Stuck: a takes for ever",)


def test_a_run_that_is_out_of_time_is_taken_up_later(part: Any, store: Store) -> None:
    part.play = lambda case, _: Verdict()
    assert run(store, "a", until=time.monotonic() - 1).keys() <= {"a"}
    run(store, "a", "b")
    assert list(store.missing("made", ["a", "b", "c"])) == ["c"]


def test_what_a_broken_off_run_leaves_is_cleared_away(
    part: Any, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "scratch", lambda: tmp_path)

    def play(case: str, base: Path) -> Verdict:
        (base / "left").touch()
        time.sleep(60 if case == "b" else 0)
        return Verdict()

    part.play = play
    assert run(store, "a", "b", until=time.monotonic() + 2).keys() == {"a"}
    assert list(tmp_path.glob("syncd-bench-*")) == []


@pytest.mark.parametrize("where", ["file", "name", "deep", "output", "error", "log"])
def test_the_key_is_found_wherever_it_leaks(part: Any, where: str) -> None:
    def play(case: str, base: Path) -> Verdict:
        if where == "file":
            (base / "catalog").write_bytes(b"\0" + canary.KEY.encode())
        elif where == "name":
            (base / f"\udcff{canary.KEY}").mkdir()
        elif where == "deep":
            (base / "a/b").mkdir(parents=True)
            (base / "a/b/core").write_text(canary.KEY)
        elif where == "log":
            import logging

            # As something that went wrong says it, past every place that hides it.
            logging.root.handlers[0].stream.write(canary.KEY)  # type: ignore[attr-defined]
        else:
            stream = sys.stdout if where == "output" else sys.stderr
            stream.write(canary.KEY)
        return Verdict()

    part.play = play
    verdict, _ = runner.play("made", "a")
    assert len(verdict.troubles) == 1
    assert verdict.troubles[0].startswith("the key stands in")


def test_nothing_is_found_where_nothing_leaks(part: Any) -> None:
    part.play = lambda case, base: (base / "x").write_text("ap_") and Verdict()
    assert runner.play("made", "a")[0].troubles == ()


def test_the_report_counts_a_case_once_and_says_what_is_troubled_still(part: Any) -> None:
    def told(program: str, spans: tuple[str, ...], last: str, *troubled: str) -> Sum:
        return Sum(
            run=program, part="made", program=program, commit="c0ffee", versions="Python 3",
            first=last, last=last, cases=3, spans=spans, seconds=3600, counts={"things": 3},
            troubled=troubled,
        )  # fmt: skip

    now = parts.program("made")
    first = told("before", ("1..3",), "2026-01-01", "1", "2")
    second = told(now, ("2..4",), "2026-01-02", "4")
    row = next(line for line in report.text([second, first]).splitlines() if "| made |" in line)
    assert row == "| made | 4 | 3 | 2.0 h | 1 4 |"


def test_a_part_that_names_its_sources_is_made_of_nothing_else() -> None:
    told = "import sys, tests.bench.{}; print(*(m.__file__ for m in [*sys.modules.values()]"
    told += " if m.__name__.split('.')[0] in ('syncd', 'tests') and m.__file__), sep='\\n')"
    for name, module in parts.PARTS.items():
        sources = getattr(parts.part(name), "SOURCES", None)
        if sources is None:
            continue
        root = Path(__file__).parents[2]
        command = [sys.executable, "-c", told.format(module)]
        out = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
        files = {Path(line).relative_to(root).as_posix() for line in out.splitlines()}
        assert len(files) > 10
        used = {file for file in files if not file.endswith("__init__.py")}
        assert [file for file in used if not file.startswith(sources)] == []


def test_every_part_has_cases_with_names_of_their_own() -> None:
    for name in parts.PARTS:
        which = parts.part(name)
        few, all_ = (list(which.cases(size)) for size in (Size.CI, Size.FULL))
        assert name == which.NAME
        assert few
        assert len(set(few)) == len(few)
        assert len(set(all_)) == len(all_)
