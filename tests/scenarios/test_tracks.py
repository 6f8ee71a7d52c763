"""What is asked of one track by its id: rename, cover, and an id that is none."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from mutagen.flac import FLAC

from syncd.catalog import queries
from syncd.simulator import Simulator

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

MARCH = 1_772_500_000.0
ALBUM = "AudioPod 2026-03"
LRC = "[00:00.00]la"

Look = Callable[..., dict[str, Any]]


@pytest.fixture
def track(bench: Bench, sim: Simulator) -> int:
    """One track, placed, with its lyrics beside it."""
    job_id = sim.world.add(display_name="Rain", created_at=MARCH, lrc_content=LRC)
    assert bench.run("sync").code == 0
    sim.requests.clear()
    return job_id


def history(bench: Bench, job_id: int) -> list[tuple[str, str | None, str | None, str | None]]:
    with bench.catalog() as catalog:
        found = queries.history(catalog, job_id)
    return [(one.verb, one.before, one.after, one.outcome) for one in found]


# --- rename ---


def test_a_track_is_renamed_in_the_account_and_its_file_follows(
    bench: Bench, sim: Simulator, track: int
) -> None:
    result = bench.run("rename", track, "Snow: live")
    assert (result.code, result.out) == (0, f"job {track}: “Rain” is “Snow: live” now\n")
    assert sim.world.job(track).display_name == "Snow: live"
    assert bench.audio() == [f"{ALBUM}/Snow： live.flac"]
    assert FLAC(bench.placed(track))["title"] == ["Snow: live"]
    assert bench.placed(track).with_suffix(".lrc").exists()
    assert ("rename-remote", "Rain", "Snow: live", "done") in history(bench, track)
    sim.requests.clear()
    assert bench.run("sync").code == 0
    assert sim.requests.mutating() == []


@pytest.mark.parametrize("answer", ["job", "wrapped", "message"])
def test_what_the_service_made_of_a_name_is_said_and_is_the_files_name(
    bench: Bench, sim: Simulator, track: int, answer: str
) -> None:
    sim.switches.set_text("name_limit", "6")
    sim.switches.set_text("patch_answer", answer)
    document = bench.run("rename", track, "Drizzle", "--json").document
    assert (document["before"], document["asked"], document["display_name"]) == (
        "Rain",
        "Drizzle",
        "Drizzl",
    )
    assert bench.audio() == [f"{ALBUM}/Drizzl.flac"]
    said = bench.run("rename", track, "Downpour").out
    assert said == f"job {track}: “Drizzl” is “Downpo” now (the service made that of “Downpour”)\n"


def test_the_name_given_by_command_settles_a_rename_in_the_folder(
    bench: Bench, sim: Simulator, track: int
) -> None:
    bench.configure(sync={"conflicts": "hold"})
    mine = bench.placed(track).with_name("Sleet.flac")
    bench.placed(track).rename(mine)
    sim.world.rename(track, "Hail")
    assert bench.run("sync").code == 3
    assert bench.run("rename", track, "Snow").code == 0
    assert bench.audio() == [f"{ALBUM}/Snow.flac"]
    assert sim.world.job(track).display_name == "Snow"
    assert [r.method for r in sim.requests.mutating()] == ["PATCH"]


def test_a_name_that_it_has_already_is_not_sent(bench: Bench, sim: Simulator, track: int) -> None:
    result = bench.run("rename", track, "Rain")
    assert (result.code, result.out) == (0, f"job {track} is called “Rain” already\n")
    assert sim.requests.mutating() == []


@pytest.mark.parametrize("name", ["", "  "])
def test_an_empty_name_is_a_usage_error(
    bench: Bench, sim: Simulator, track: int, name: str
) -> None:
    result = bench.run("rename", track, name)
    assert result.code == 2
    assert "nothing" in result.complaint
    assert sim.requests.mutating() == []


def test_a_job_that_is_not_in_the_account_cannot_be_renamed(bench: Bench, track: int) -> None:
    result = bench.run("rename", track + 1000, "Snow")
    assert result.code == 1
    assert f"job {track + 1000} is not known; syncd ls lists those that are" in result.complaint


def test_a_name_that_the_service_refuses_changes_nothing(
    bench: Bench, sim: Simulator, track: int
) -> None:
    sim.switches.name_limit, sim.switches.name_refuse = 3, True
    result = bench.run("rename", track, "Snow")
    assert result.code == 1
    assert "at most 3 characters" in result.complaint
    assert bench.audio() == [f"{ALBUM}/Rain.flac"]
    assert history(bench, track)[-1][3] == "failed"


@pytest.mark.parametrize(
    "command",
    [("rename", "Snow"), ("cover", "https://example.org/a.png"), ("rm", "--yes")],
    ids=lambda command: command[0],
)
def test_nothing_is_sent_where_the_direction_is_down(
    bench: Bench, sim: Simulator, track: int, command: tuple[str, str]
) -> None:
    bench.configure(sync={"direction": "down"})
    verb, argument = command
    result = bench.run(verb, track, argument)
    assert result.code == 2
    assert 'sync.direction = "down"' in result.complaint
    assert sim.requests.mutating() == []


@pytest.mark.parametrize(
    "command",
    [("rename", "Snow"), ("cover", "https://example.org/a.png"), ("rm", "--yes")],
    ids=lambda command: command[0],
)
def test_nothing_is_sent_before_one_complete_clean_cycle_of_a_new_catalog(
    bench: Bench, sim: Simulator, track: int, command: tuple[str, str]
) -> None:
    shutil.rmtree(bench.state)
    assert bench.run("rebuild").code == 0
    verb, argument = command
    result = bench.run(verb, track, argument)
    assert result.code == 1
    assert "has not seen one complete clean cycle yet" in result.complaint
    assert "run syncd sync once" in result.complaint
    assert sim.requests.mutating() == []
    assert bench.run("sync").code == 0
    assert bench.run(verb, track, argument).code == 0
    assert len(sim.requests.mutating()) == 1


def test_a_key_that_may_only_read_renames_nothing(bench: Bench, sim: Simulator, track: int) -> None:
    sim.world.grant(sim.key, read_only=True)
    result = bench.run("rename", track, "Snow")
    assert result.code == 1
    assert "may not rename jobs" in result.complaint
    assert bench.audio() == [f"{ALBUM}/Rain.flac"]


# --- cover ---


def test_a_cover_is_given_in_the_account_and_the_file_is_left_alone(
    bench: Bench, sim: Simulator, track: int, look: Look
) -> None:
    before = look(bench.root / ALBUM)
    result = bench.run("cover", track, "https://example.org/a.png")
    assert result.code == 0
    assert "the cover inside its file stays as it is" in result.out
    (sent,) = sim.requests.mutating()
    assert (sent.method, json.loads(sent.body)) == (
        "PATCH",
        {"thumbnail_url": "https://example.org/a.png"},
    )
    assert look(bench.root / ALBUM) == before
    verb, _, after, outcome = history(bench, track)[-1]
    assert (verb, after, outcome) == ("cover", "https://example.org/a.png", "done")


@pytest.mark.parametrize(
    "url", ["ftp://example.org/a.png", "http://127.0.0.1/a", "a.png", "https://u:p@example.org/a"]
)
def test_an_address_that_is_none_for_a_cover_is_a_usage_error(
    bench: Bench, sim: Simulator, track: int, url: str
) -> None:
    assert bench.run("cover", track, url).code == 2
    assert sim.requests.mutating() == []


# --- ids ---


@pytest.mark.parametrize("command", [("rm", "--yes"), ("rename", "New"), ("evict",), ("fetch",)])
def test_an_id_that_was_never_known_is_told_from_a_job_that_is_gone(
    bench: Bench, sim: Simulator, track: int, command: tuple[str, ...]
) -> None:
    verb, *rest = command
    never = bench.run(verb, track + 1000, *rest)
    assert never.code == 1
    assert f"job {track + 1000} is not known; syncd ls lists those that are" in never.complaint
    assert bench.run("rm", track, "--yes").code == 0
    gone = bench.run(verb, track, *rest)
    assert gone.code == 1
    assert "the account" in gone.complaint
    assert "syncd sync" not in gone.complaint
