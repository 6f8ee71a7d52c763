"""``syncd ls``, ``stats`` and ``similar``: the library without network, key or disk."""

from __future__ import annotations

import csv
import io
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncd.simulator import Simulator, World

from .starting import COMMAND

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench


@pytest.fixture(scope="module")
def away(synced: Bench, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The demo account, synced; then service, key and disk went away."""
    with Simulator(World.demo()) as sim:
        facets = {"genre", "emotion", "occasion", "language", "song_type", "liked"}
        sim.switches.facets = frozenset(facets)
        made = synced.beside(tmp_path_factory.mktemp("away"), sim)
        assert made.run("sync").code == 0
    del made.env["AUDIOPOD_API_KEY"]
    made.root.rename(made.folder / "unplugged")
    return made


def titles(bench: Bench, *arguments: str) -> list[str]:
    result = bench.run("ls", *arguments, "--format", "{title}")
    assert result.code == 0, result.err
    return result.out.splitlines()


def test_jobs_are_chosen_by_options_and_in_words(away: Bench) -> None:
    lanterns = ["Paper Lanterns", "Paper Lanterns"]
    assert titles(away, "--match", "paper lant*") == titles(away, "paper lant*") == lanterns
    assert titles(away, "paper", "genre:house") == ["Paper Lanterns"]
    assert titles(away, "--genre", "house", "--genre", "garage") == lanterns
    assert titles(away, "--liked", "--duration", "0:20..", "--sort-order", "asc") == [
        "雨の図書館", "Paper Lanterns", "Corner Store Astronaut"
    ]  # fmt: skip
    assert titles(away, "図書館", "--state", "placed") == ["雨の図書館"]
    assert titles(away, "paper", "^genre:garage") == ["Paper Lanterns"]
    house = away.run("ls", "--genre", "house", "--json").document[0]
    assert titles(away, "--id", str(house["id"]), "--title", "LANT") == ["Paper Lanterns"]
    mixing = away.run("ls", "--mixes-with", str(house["id"]), "--format", "{bpm} {camelot}").out
    assert mixing.splitlines() == ["120 9A", "60 8B"]


def test_each_way_to_print_says_the_same(away: Bench) -> None:
    asked = ("--since", "2026-03", "--until", "2026-03-06", "--sort-by", "display_name")
    listed = away.run("ls", *asked, "--json").document
    names = [entry["display_name"] for entry in listed]
    assert names == ["Undertow Signal", "Pixel Picnic 🎈"]
    paths = [entry["path"] for entry in listed]
    assert away.run("ls", *asked, "--path").out.splitlines() == paths
    assert away.run("ls", *asked, "--print0").out == "".join(f"{path}\0" for path in paths)
    rows = list(csv.DictReader(io.StringIO(away.run("ls", *asked, "--csv").out)))
    assert [(row["display_name"], row["path"]) for row in rows] == list(
        zip(names, paths, strict=True)
    )
    assert not any("://" in value for row in rows for value in row.values())
    said = away.run("ls", *asked, "--format", r"{{{id}}}\t{key} {openkey} {year}").out
    assert said.splitlines() == [
        f"{{{listed[0]['id']}}}\tGm 11m 2026", f"{{{listed[1]['id']}}}\tD 3d 2026"
    ]  # fmt: skip
    template = "{title:>18}|{bpm:<4}|{album}|{track}|{ext}|{size}"
    said = away.run("ls", *asked, "--format", template).out
    files = [away.folder / "unplugged" / Path(path).relative_to(away.root) for path in paths]
    cells = [line.split("|") for line in said.splitlines()]
    assert all(row.pop(3).isdecimal() for row in cells)
    assert cells == [
        [f"{one['display_name']:>18}", f"{one['bpm']:<4}", "AudioPod 2026-03",
         file.suffix[1:], str(file.stat().st_size)]
        for one, file in zip(listed, files, strict=True)
    ]  # fmt: skip
    table = away.run("ls", *asked, "--table").out.splitlines()
    assert table[0].split() == [
        *("id", "made", "length", "bpm", "key", "genre", "emotion", "liked", "title")
    ]
    assert [line.endswith(name) for line, name in zip(table[1:], names, strict=True)] == [
        True,
        True,
    ]


def test_a_path_that_is_no_text_reaches_the_pipe_as_it_is(bench: Bench) -> None:
    job_id = bench.sim.world.add(display_name="Song")
    assert bench.run("sync").code == 0
    named = bench.root / "caf\udce9\n" / "Song.flac"
    named.parent.mkdir()
    bench.placed(job_id).rename(named)
    assert bench.run("sync").code == 0
    listed = bench.folder / "listed"
    with listed.open("wb") as stream:
        subprocess.run([COMMAND, "ls", "--print0"], env=bench.env, stdout=stream, check=True)
    assert [Path(name.decode(errors="surrogateescape")) for name in
            listed.read_bytes().split(b"\0")[:-1]] == [named]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ls", "bpmm:3"], "there is no field bpmm"),
        (["ls", "--bpm", "fast"], "bpm must be a number or a range"),
        (["ls", "--since", "soon"], "since must be a date"),
        (["ls", "--format", "{foo}"], "there is no field {foo}"),
        (["ls", "--format", "{title"], "{ stands alone"),
        (["ls", "--format", "{title:wide}"], "{title:wide}: wide is no width; {title:<20}, "),
        (["ls", "--song-type", "songs"], "song-type must be one of rap, instrumental, samples"),
        (["ls", "house OR techno"], "OR is no operator"),
        (["ls", "--csv", "--json"], "--csv and --json exclude each other"),
        (["ls", "--foreign", "--path"], "--foreign lists files"),
        (["similar", "1", "--path", "--json"], "--path and --json exclude each other"),
        (["stats", "--by", "mood"], "must be one of genre, emotion"),
    ],
)
def test_a_question_that_cannot_be_understood_is_answered_in_one_line(
    away: Bench, arguments: list[str], words: str
) -> None:
    result = away.run(*arguments)
    assert result.code == 2
    assert words in result.complaint


def test_the_figures_add_up_and_are_drawn(away: Bench) -> None:
    said = away.run("stats", "--json").document
    listed = away.run("ls", "--status", "COMPLETED", "--json").document
    assert said["total"]["count"] == said["total"]["files"] == len(listed) == 15
    assert said["total"]["seconds"] == pytest.approx(sum(one["audio_duration"] for one in listed))
    files = [away.folder / "unplugged" / Path(one["path"]).relative_to(away.root) for one in listed]
    assert said["total"]["size"] == sum(file.stat().st_size for file in files)
    assert list(said["by"]) == ["genre", "emotion", "occasion", "language", "task", "month"]
    months = {one["value"]: one["count"] for one in said["by"]["month"]}
    assert months == {"2026-01": 6, "2026-02": 5, "2026-03": 4}
    chart = away.run("stats", "liked:yes", "--by", "month").out.splitlines()
    assert chart[0].startswith("7 jobs, ")
    assert chart[2].split() == ["month", "jobs", "length", "size"]
    assert [len(line.split()[-1]) for line in chart[3:]] == [24, 16, 16]
    narrow = away.run("stats", COLUMNS="48").out.splitlines()
    assert "█" in "".join(narrow)
    assert max(map(len, narrow)) <= 48
    assert list(away.run("stats", "--by", "task", "--json").document["by"]) == ["task"]


def test_what_is_like_a_track_comes_with_its_score(away: Bench) -> None:
    (folk,) = away.run("ls", "genre:folk", "--json").document
    found = away.run("similar", str(folk["id"]), "--limit", "3", "--json").document
    scores = [one["score"] for one in found]
    assert len(found) == 3
    assert scores == sorted(scores, reverse=True)
    assert 0 < scores[-1] <= scores[0] <= 1
    assert folk["id"] not in [one["id"] for one in found]
    paths = away.run("similar", str(folk["id"]), "--limit", "3", "--path").out.splitlines()
    assert paths == [one["path"] for one in found]
    table = away.run("similar", str(folk["id"]), "--limit", "3").out.splitlines()
    assert table[0].split()[0] == "score"
    assert [line.split()[0] for line in table[1:]] == [f"{score:.2f}" for score in scores]
    assert away.run("similar", "1").code == 1


@pytest.mark.parametrize("arguments", [("ls", "--csv"), ("export", "csv", "-")])
def test_a_title_commands_no_terminal_and_reaches_a_pipe_as_it_is(
    bench: Bench, arguments: tuple[str, ...]
) -> None:
    bench.sim.world.add(display_name="Snow\x1b[2J")
    assert bench.run("sync").code == 0
    code, shown = bench.on_terminal(*arguments)
    assert code == 0
    assert "Snow\N{REPLACEMENT CHARACTER}[2J" in shown
    assert "\x1b[2J" not in shown
    assert "Snow\x1b[2J" in bench.run(*arguments).out
