"""Titles are anybody's words: whatever they hold, each track has a place of its own in the root."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from syncd.local.tags import read_fields
from syncd.simulator import Simulator

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

MARCH = 1_772_500_000.0

TITLES: tuple[str | None, ...] = (
    None,
    "",
    "   ",
    ".",
    "..",
    "../../x",
    "/etc/passwd",
    "~/x",
    ".hidden",
    "trailing.",
    "trailing ",
    "AC/DC",
    "back\\slash",
    'a<b>c:d"e|f?g*h',
    "CON",
    "nul.txt",
    "com1",
    "subs",
    "song.sync",
    "tab\there",
    "line\nbreak",
    "bell\x07 and escape \x1b[31mred",
    "nul\x00inside",
    "\u202eevil\u202c",
    "\u2066bidi\u2069",
    "zero\u200bwidth",
    "x" * 300,
    "é" * 300,
    "🎈" * 100,
    "e" + "\u0301" * 200,
    "Café",
    unicodedata.normalize("NFD", "Café"),
    "CAFÉ",
    "café",
    "Straße",
    "STRASSE",
    "same",
    "same",
    "same",
    "Song [48211]",
    "{title} {0} %s",
    "-rf",
    "AC／DC",
    "[bold]x[/bold]",
    "雨の図書館",
    "\U000e0041tag",
)


@pytest.fixture(scope="module")
def library(synced: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bench, Any]]:
    """A track for each of the titles, synced once."""
    with Simulator() as sim:
        made = synced.beside(tmp_path_factory.mktemp("titles"), sim)
        ids = {
            sim.world.add(
                display_name=title,
                created_at=MARCH + number,
                prompt="a quiet song" if number % 2 else None,
                lrc_content="[00:00.00]la",
            ): title
            for number, title in enumerate(TITLES)
        }
        result = made.run("sync")
        assert result.code == 0, result
        yield made, ids


def test_every_track_is_placed_inside_the_root(library: tuple[Bench, Any]) -> None:
    bench, ids = library
    outside = sorted(path.name for path in bench.folder.iterdir())
    assert outside == ["Music", "config.toml", "home", "state", "tmp"]
    assert [path.name for path in bench.root.iterdir() if path.name != ".syncd"] == [
        "AudioPod 2026-03"
    ]
    for job_id in ids:
        path = bench.placed(job_id)
        assert path.is_file()
        assert path.resolve().parent == bench.root.resolve() / "AudioPod 2026-03"


def test_no_two_are_one_on_a_file_system_that_folds_case_or_normalises(
    library: tuple[Bench, Any],
) -> None:
    bench, ids = library
    names = [path.name for path in (bench.root / "AudioPod 2026-03").iterdir()]
    assert len(names) == 2 * len(ids)  # each with its lyrics
    folded = {
        unicodedata.normalize("NFC", unicodedata.normalize("NFC", n).casefold()) for n in names
    }
    assert len(folded) == len(names)


def test_no_name_is_one_that_another_system_refuses(library: tuple[Bench, Any]) -> None:
    bench, _ = library
    for name in bench.audio():
        base = Path(name).name
        assert len(base.encode()) <= 200
        assert not set(base) & set('<>:"/\\|?*')
        assert all(unicodedata.category(char) not in ("Cc", "Cs", "Co") for char in base)
        assert not set(base) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b")
        assert not base.startswith((".", " "))
        assert not Path(base).stem.endswith((".", " "))
        assert Path(base).stem.casefold() not in ("con", "com1", "subs")
        assert unicodedata.is_normalized("NFC", base)


def test_the_title_in_the_tags_is_the_whole_one(library: tuple[Bench, Any]) -> None:
    bench, ids = library
    for job_id, title in ids.items():
        (written,) = read_fields(bench.placed(job_id), "flac")["title"]
        if title in ("x" * 300, "AC/DC", "Café", "雨の図書館", "{title} {0} %s", "-rf"):
            assert written == title
        if title in (None, "", "   "):
            assert written in ("a quiet song", "Untitled")


def test_a_second_run_does_nothing(library: tuple[Bench, Any]) -> None:
    bench, _ = library
    assert bench.run("sync").out == "in step: nothing to do\n"


def test_nothing_that_commands_a_terminal_is_written_to_it(library: tuple[Bench, Any]) -> None:
    bench, ids = library
    job_id = next(i for i, title in ids.items() if title and "\x1b" in title)
    for arguments in (["ls"], ["show", str(job_id)], ["plan"], ["sync"]):
        result = bench.run(*arguments)
        assert result.code == 0
        shown = (result.out + result.err).replace("\n", "")
        assert all(unicodedata.category(char) != "Cc" for char in shown)
        assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def test_json_keeps_every_title_as_the_service_has_it(library: tuple[Bench, Any]) -> None:
    bench, ids = library
    listed = {entry["id"]: entry["display_name"] for entry in bench.run("ls", "--json").document}
    assert listed == ids


def test_a_sync_of_odd_titles_says_nothing_odd(bench: Bench, sim: Simulator) -> None:
    sim.world.add(display_name="red \x1b[31m\u202e title", audio={})
    sim.world.add(display_name="red \x1b[31m\u202e title")
    plan = bench.run("plan")
    result = bench.run("sync")
    for shown in (plan.out, plan.err, result.out, result.err):
        assert "\x1b" not in shown
        assert "\u202e" not in shown
