"""The benchmarks' own arithmetic and texts. Nothing is timed here, and no target asserted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import __main__ as program
from benchmarks import report
from benchmarks.account import Spec, answer, build, world_of
from benchmarks.bench import Bench, Growth, Scale
from benchmarks.growth import CURVES
from benchmarks.pairs import Figures, Row, Sample, Trouble, commands_run, in_turn, run_child, short
from benchmarks.rivals import Rivals, knows_parallel, version_in
from benchmarks.service import Rows, Window


def figures(*values: float) -> Figures:
    return Figures.of(values)


def test_median_and_spread_are_of_all_rounds() -> None:
    assert (figures(1, 4, 2).median, figures(1, 4, 2).spread) == (2, 1.5)
    assert figures(0, 0).spread == 0


@pytest.mark.parametrize(
    ("row", "ratio", "met"),
    [
        pytest.param(
            Row(work="w", ours=figures(3), theirs=figures(2), most=1.5), 1.5, True, id="met"
        ),
        pytest.param(
            Row(work="w", ours=figures(3), theirs=figures(2), most=1), 1.5, False, id="missed"
        ),
        pytest.param(Row(work="w", ours=figures(3), theirs=figures(2)), 1.5, None, id="no target"),
        pytest.param(Row(work="w", ours=figures(3), most=3), None, True, id="amount"),
        pytest.param(Row(work="w", ours=figures(0), most=0), None, True, id="nothing at all"),
        pytest.param(Row(work="w", ours=figures(4), most=3), None, False, id="too large an amount"),
        pytest.param(Row(work="w", most=3, missing="absent"), None, None, id="not measured"),
        pytest.param(
            Row(work="w", ours=figures(3), theirs=figures(0), most=2), None, None, id="of nothing"
        ),
    ],
)
def test_a_target_is_of_the_ratio_where_there_is_a_rival(
    row: Row, ratio: float | None, met: bool | None
) -> None:
    assert (row.ratio, row.met) == (ratio, met)


def test_rivals_are_run_in_turn() -> None:
    order: list[str] = []

    def runner(name: str) -> Sample:
        order.append(name)
        return Sample(len(order), 0.0, 0)

    taken = in_turn(2, {"a": lambda: runner("a"), "b": lambda: runner("b")}, warm=True)
    assert "".join(order) == "ababab"
    assert [sample.wall for sample in taken["b"]] == [4, 6], "the first round is not counted"


def test_a_child_is_measured_and_heard() -> None:
    sample = run_child(["sh", "-c", "echo noise; echo '{\"a\": 1}'"], speaks=True)
    assert sample.said == {"a": 1}
    assert sample.wall > 0
    assert sample.peak > 0
    assert "sh -c" in next(reversed(commands_run))


def test_a_child_that_fails_is_a_line_that_says_why() -> None:
    with pytest.raises(Trouble, match=r"^sh ended with 3: no such thing$"):
        run_child(["sh", "-c", "echo no such thing >&2; exit 3"], measured=False)


def test_versions_are_found_in_what_rivals_say() -> None:
    assert version_in("curl 7.88.1 (x86_64) libcurl/7.88.1") == "7.88.1"
    assert version_in("nothing") == "of an unknown version"
    assert [knows_parallel(text) for text in ("7.65.3", "7.66.0", "8.5.0")] == [False, True, True]


# The command line


def test_all_works_are_run_where_none_is_named() -> None:
    assert program.arguments([]).names == list(program.WORKS)
    assert program.arguments(["poll", "--quick", "--rounds", "2"]).rounds == 2


@pytest.mark.parametrize("given", [["pol"], ["--rounds", "0"], ["--before", "nowhere.json"]])
def test_what_cannot_be_is_refused(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        program.arguments(given)
    assert ended.value.code == 2
    assert given[-1] in capsys.readouterr().err or given == ["--rounds", "0"]


def test_every_work_can_be_reached_and_says_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == list(program.WORKS)
    assert all(line[12:].strip() for line in listed)


def test_rows_are_printed_and_the_folder_is_removed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders: list[Path] = []

    def work(bench: Bench) -> Iterator[Row]:
        folders.append(bench.fresh("some") / "..")
        yield Row(work="w", ours=figures(1), most=2)

    monkeypatch.setattr(program, "WORKS", {"poll": work})
    monkeypatch.setattr(program, "find_rivals", lambda: Rivals(absent={"rclone": "no rclone"}))
    saved = tmp_path / "saved.json"
    assert program.main(["poll", "--quick", "--save", str(saved)]) == 0
    out = capsys.readouterr().out
    assert "absent: no rclone" in out
    assert "(target ≤ 2 s: met)" in out
    assert json.loads(saved.read_text()) == {"w": 1}
    assert not folders[0].exists()


def test_trouble_is_one_line_and_keeps_no_other_work_from_its_turn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(_bench: Bench) -> Iterator[Row]:
        raise Trouble("do this first")
        yield

    other = [Row(work="w", ours=figures(1), most=2)]
    monkeypatch.setattr(program, "WORKS", {"poll": work, "scan": lambda _bench: iter(other)})
    monkeypatch.setattr(program, "find_rivals", Rivals)
    assert program.main([]) == 1
    said = capsys.readouterr()
    assert said.err == "benchmarks: poll: do this first\n"
    assert "(target ≤ 2 s: met)" in said.out


def test_what_was_built_is_there_for_the_next_run(tmp_path: Path) -> None:
    bench = Bench.kept(tmp_path, Scale(quick=True), Rivals())
    spec = bench.account(2, 500)
    bench.fresh("scratch")
    bench.keep()
    again = Bench.kept(tmp_path, Scale(quick=True), Rivals())
    assert again.ports == bench.ports
    assert again.where(again.account(2, 500)) == bench.where(spec)
    assert not (tmp_path / "scratch").exists()


# The report

PAIR = Row(
    work="sweep", beside="curl", ours=figures(1, 3, 2), theirs=figures(4), most=0.3, note="so many"
)


def test_a_row_shows_its_target_beside_its_figures() -> None:
    assert report.cells(PAIR) == (
        *("sweep", "curl", "2 s ±50 %", "4 s", "0.50 ×", "≤ 0.3 ×", "MISSED", "so many"),
    )
    absent = Row(work="sync", beside="rclone", most=1, missing="rclone is not installed")
    assert report.cells(absent)[-3:] == ("≤ 1 ×", "not measured", "rclone is not installed")
    assert [short(value) for value in (0.01234, 12.0, 1234.5)] == ["0.0123", "12", "1,234"]


def test_an_earlier_run_stands_beside() -> None:
    before = {**report.saved([PAIR]), "sweep": 8.0}
    assert "| 8 s, now 0.25 × |" in report.table([PAIR], before)


def test_the_report_says_on_what_and_with_what(tmp_path: Path) -> None:
    growths = [Growth(jobs, dict.fromkeys(CURVES, jobs / 10)) for jobs in (1_000, 10_000)]
    commands = report.as_commands(
        ["curl /tmp/x/a", "find '/tmp/x/in step 30'", "find '/tmp/x/in step 9'"], {"/tmp/x": "DATA"}
    )
    conditions = report.Conditions(
        command="python -m benchmarks",
        rivals=Rivals({"curl": "8.1"}, {"rclone": "rclone is not installed"}),
        delay="none",
        folder=tmp_path,
        commands=commands,
    )
    text = report.document([PAIR], growths, conditions, "growth.svg")
    for wanted in ("0 of 1 targets met", "curl 8.1", "- rclone is not installed", "httpx "):
        assert wanted in text
    assert "curl DATA/a\nfind 'DATA/in step'\n```" in text
    assert "| sweep | 100 s | 1,000 s |" in text


def test_the_picture_has_a_curve_for_each_figure() -> None:
    growths = [Growth(jobs, dict.fromkeys(CURVES, jobs / 10)) for jobs in (1_000, 10_000)]
    drawn = ElementTree.fromstring(report.picture(growths))
    assert len(drawn.findall(".//{*}polyline")) == len(CURVES)


# What serves

SPEC = Spec(jobs=30, audio=500, facets=True, media_url="http://127.0.0.1:1")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    folder = tmp_path_factory.mktemp("account")
    build(folder, SPEC)
    return Rows(folder, json.loads((folder / "index.json").read_text()))


@pytest.mark.parametrize(
    "query",
    [
        {"sort_order": "asc", "sort_by": "created_at", "limit": "7"},
        {"sort_order": "asc", "skip": "27", "limit": "7"},
        {"sort_order": "asc", "skip": "40"},
        {"limit": "5"},
        {"sort_order": "desc", "skip": "28", "limit": "100"},
        {"status": "PROCESSING"},
        {"genre": "jazz", "sort_order": "desc"},
        {"liked": "true", "language": "de", "sort_order": "asc"},
        {"emotion": "no such value"},
    ],
)
def test_pages_are_those_of_the_simulator(served: Rows, query: dict[str, str]) -> None:
    body, headers = answer(world_of(SPEC), SPEC, "/jobs", query)
    assert served.page(query) == (body, int(headers["x-total-count"]))


def test_another_epoch_has_other_signatures_and_nothing_else(served: Rows) -> None:
    pages = []
    for served.epoch in (1, 0):
        pages.append(json.loads(served.page({"sort_order": "asc"})[0]))
    for one, other in zip(*pages, strict=True):
        assert one["output_url"] != other["output_url"]
        assert one["output_url"].split("?")[0] == other["output_url"].split("?")[0]
        assert {**one, "output_url": 0, "output_urls": 0} == {
            **other,
            "output_url": 0,
            "output_urls": 0,
        }


def test_slow_start_sends_twice_as_much_each_round_trip() -> None:
    window = Window(0.03)
    sizes = [size for _, size in window.parts(0, 8_000_000)]
    assert sizes[1:4] == [2 * sizes[0], min(4 * sizes[0], 3_000_000), 3_000_000]
    assert sum(sizes) == 8_000_000
    assert [size for _, size in window.parts(0, 4_000_000)] == [3_000_000, 1_000_000]
    assert list(Window(0).parts(5, 4_000_000)) == [(5, 4_000_000)]


def test_a_renamed_job_is_shown_so(served: Rows) -> None:
    job_id = served.ids[3]
    assert json.loads(served.rename(job_id, "New") or b"")["display_name"] == "New"
    assert json.loads(served.page({"sort_order": "asc"})[0])[3]["display_name"] == "New"
    assert served.names() == {job_id: "New"}
    assert served.rename(1, "None of that id") is None
