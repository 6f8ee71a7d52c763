"""A job is renamed in the account: its file follows, in the folder and with the suffix it has."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mutagen.flac import FLAC

from syncd.core.baseline import State

from .mirroring import ALBUM, LRC, Mirror, dies_after, dies_before, title_of

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]


def stems(mirror: Mirror) -> list[str]:
    return [Path(name).stem for name in mirror.files()]


def test_a_renamed_job_renames_its_file_in_place(mirror: Mirror) -> None:
    audio = mirror.path("Alpha").read_bytes()[-200:]
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Omega")
    result = mirror.sync()
    assert result.out == "in step: 0 placed, 1 renamed here\n"
    assert {method for method, _ in mirror.asked()} == {"GET"}
    assert mirror.bench.requests("media") == []
    assert mirror.files() == ["Beta.flac", "Delta.flac", "Gamma.flac", "Omega.flac"]
    assert mirror.path("Omega").read_bytes()[-200:] == audio
    assert title_of(mirror.path("Omega")) == "Omega"
    assert mirror.path("Omega.lrc").read_text().strip() == LRC
    assert not mirror.path("Alpha.lrc").exists()
    (entry,) = mirror.history("Alpha")
    assert (entry["verb"], entry["before"], entry["after"], entry["outcome"]) == (
        ("rename-local", "Alpha", "Omega", "done")
    )
    assert mirror.trash() == []
    mirror.assert_rests()


def test_it_stays_in_the_users_folder_and_keeps_the_users_suffix(mirror: Mirror) -> None:
    moved = mirror.rename("Alpha", "Alpha.FLAC", folder="Best of/2026")
    mirror.sync()
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Omega")
    mirror.sync()
    assert not moved.exists()
    assert mirror.path("Omega.FLAC", "Best of/2026").exists()
    mirror.assert_rests()


def test_every_sidecar_of_the_track_follows(mirror: Mirror) -> None:
    mirror.path("Alpha.jpg").write_bytes(b"mine")
    mirror.path("Beta.jpg").write_bytes(b"another's")
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Omega")
    mirror.sync()
    assert mirror.path("Omega.jpg").read_bytes() == b"mine"
    assert not mirror.path("Alpha.jpg").exists()
    assert mirror.path("Beta.jpg").exists()
    mirror.assert_rests()


NAMES = {
    "a slash": ("AC/DC live", "AC／DC live"),
    "case alone": ("ALPHA", "ALPHA"),
    "accents": (unicodedata.normalize("NFD", "Café"), "Café"),
    "blanks around it": ("  Omega  ", "Omega"),
    "out of the root": ("../../Omega", "．．／..／Omega"),
    "no name, but a prompt": (None, "a quiet song"),
    "a name longer than a file's can be": ("n" * 300, "n" * 180),
}


@pytest.mark.parametrize(("name", "stem"), NAMES.values(), ids=NAMES)
def test_whatever_the_name_is_the_file_gets_one_and_nothing_is_sent(
    bench: Bench, look: Look, name: str | None, stem: str
) -> None:
    mirror = Mirror(bench, bench.sim, look, {})
    mirror.add("Alpha", prompt="a quiet song")
    mirror.sync()
    mirror.sim.world.rename(mirror.jobs["Alpha"], name)
    mirror.sync()
    assert stems(mirror) == [stem]
    assert mirror.sent() == []
    assert mirror.account()[mirror.jobs["Alpha"]] == name
    mirror.assert_rests()


def test_another_spelling_of_its_accents_renames_nothing(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look, "Café")
    before = look(mirror.path("Café"))
    mirror.sim.world.rename(mirror.jobs["Café"], unicodedata.normalize("NFD", "Café"))
    mirror.assert_rests()
    assert look(mirror.path("Café")) == before


@pytest.mark.parametrize(
    "names",
    [
        {"Alpha": "Beta", "Beta": "Gamma", "Gamma": "New"},
        {"Alpha": "Beta", "Beta": "Alpha"},
        {"Alpha": "Beta", "Beta": "Gamma", "Gamma": "Alpha"},
    ],
    ids=["a chain", "a swap", "a circle"],
)
def test_names_that_are_handed_on_are_handed_on_here(mirror: Mirror, names: dict[str, str]) -> None:
    for old, new in names.items():
        mirror.sim.world.rename(mirror.jobs[old], new)
    mirror.sync()
    assert mirror.sent() == []
    for old, new in names.items():
        path = mirror.path(new)
        assert mirror.bench.placed(mirror.jobs[old]) == path
        assert FLAC(path)["audiopod_job_id"] == [str(mirror.jobs[old])]
        assert title_of(path) == new
        assert path.with_suffix(".lrc").exists()
    assert len(mirror.files()) == 4
    mirror.assert_rests()


def test_a_name_that_is_taken_gets_the_id_behind_it(mirror: Mirror) -> None:
    mine = mirror.path("Omega")
    mine.write_bytes(b"mine")
    alpha, beta = mirror.jobs["Alpha"], mirror.jobs["Beta"]
    mirror.sim.world.rename(alpha, "Omega")
    mirror.sim.world.rename(beta, "GAMMA")
    mirror.sync()
    assert mine.read_bytes() == b"mine"
    assert stems(mirror) == ["Delta", f"GAMMA [{beta}]", "Gamma", f"Omega [{alpha}]", "Omega"]
    assert mirror.sent() == []
    mirror.assert_rests()


def test_a_file_that_comes_to_stand_at_the_new_name_meanwhile_is_left_alone(
    mirror: Mirror,
) -> None:
    mine = mirror.path("Omega")
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Omega")
    quicker = f"""
from syncd.executor import names
real = names.move
def move(*arguments, **named):
    open({str(mine)!r}, "wb").write(b"mine")
    return real(*arguments, **named)
names.move = move
"""
    mirror.sync(before=quicker)
    assert mine.read_bytes() == b"mine"
    assert f"Omega [{mirror.jobs['Alpha']}]" in stems(mirror)
    mirror.assert_rests()


INSTEAD = """
import shutil
import syncd.executor.names as names
real = names._record_earlier
def later(*arguments):
    names._record_earlier = real
    shutil.copy({other!r}, {path!r})
    real(*arguments)
names._record_earlier = later
"""
"""Put before a command: another track's file is put in the place of one about to be renamed."""


def test_what_is_anothers_in_the_last_moment_is_not_renamed(mirror: Mirror) -> None:
    path, other = mirror.path("Alpha"), mirror.path("Beta")
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Omega")
    mirror.bench.run("sync", before=INSTEAD.format(other=str(other), path=str(path)))
    assert path.read_bytes() == other.read_bytes()
    assert not mirror.path("Omega").exists()
    assert mirror.done("Alpha")[0] == ("rename-local", "replan")


def test_a_number_of_the_template_stays(bench: Bench, look: Look) -> None:
    library = {"template": "{album}/{track} - {title}.{ext}"}
    mirror = Mirror.of(bench, look, "Alpha", "Beta", library=library)
    mirror.rename("02 - Beta", "12 - Beta")
    mirror.sync()
    for old, new in {"Alpha": "One", "Beta": "Two"}.items():
        mirror.sim.world.rename(mirror.jobs[old], new)
    mirror.sync()
    assert stems(mirror)[0] == "01 - One"
    assert stems(mirror)[1].endswith(" - Two")
    mirror.assert_rests()


# --- the title in the tags ---


def test_a_title_of_the_users_is_kept_and_so_is_what_else_they_wrote(mirror: Mirror) -> None:
    tagged = FLAC(mirror.path("Alpha"))
    tagged["title"], tagged["comment"] = "Mine", "also mine"
    tagged.save()
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Omega")
    mirror.sync()
    renamed = FLAC(mirror.path("Omega"))
    assert (renamed["title"], renamed["comment"]) == (["Mine"], ["also mine"])
    mirror.assert_rests()


def test_a_title_of_ours_is_renewed_beside_what_the_user_wrote(mirror: Mirror) -> None:
    tagged = FLAC(mirror.path("Alpha"))
    tagged["comment"] = "mine"
    tagged.save()
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Omega")
    mirror.sync()
    renamed = FLAC(mirror.path("Omega"))
    assert (renamed["title"], renamed["comment"]) == (["Omega"], ["mine"])
    mirror.assert_rests()


def test_what_the_user_changed_in_it_is_known_as_theirs_after_it(mirror: Mirror) -> None:
    tagged = FLAC(mirror.path("Alpha"))
    tagged["comment"] = "mine"
    tagged.save()
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Omega")
    mirror.sync()
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    mirror.sync()
    assert mirror.path("Omega").exists()
    assert mirror.known("Alpha").state == "detached"
    assert mirror.trash() == []


EDITED = """
from mutagen.flac import FLAC
import syncd.executor.names as names
real = names.move
def move(root, old, new, **named):
    names.move = real
    tagged = FLAC(root.path / old)
    tagged["comment"] = "mine"
    tagged.save()
    return real(root, old, new, **named)
names.move = move
"""
"""Put before a command: the user writes into a file right before it gets its name."""


def test_what_the_user_writes_in_the_last_moment_is_known_as_theirs(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    mirror.sim.world.rename(alpha, "Omega")
    mirror.sync(before=EDITED)
    assert mirror.done("Alpha")[0] == ("rename-local", "replan")
    mirror.sim.world.delete(alpha)
    mirror.sync()
    assert FLAC(mirror.path("Omega"))["comment"] == ["mine"]
    assert mirror.known("Alpha").state is State.DETACHED


# --- stops ---

STOPS = {
    "before the journal": dies_before("syncd.catalog.journal.Journal.start"),
    "before the move": dies_before("syncd.executor.names.move"),
    "before the sidecars": dies_before("syncd.local.moves.move_sidecars"),
    "after the move": dies_after("syncd.executor.names.move"),
    "before the title is written": dies_before("syncd.executor.retag.write"),
    "after the title is written": dies_after("syncd.executor.retag.write"),
    "before it is recorded": dies_before("syncd.catalog.outcomes.Outcomes.record"),
}


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
def test_a_stop_at_any_moment_is_made_good_and_nothing_is_sent(mirror: Mirror, stop: str) -> None:
    audio = mirror.path("Alpha").read_bytes()[-200:]
    mirror.sim.world.rename(mirror.jobs["Alpha"], "AC/DC")
    mirror.sync(9, before=stop)
    was_sent = mirror.sent()
    mirror.sync()
    assert was_sent + mirror.sent() == []
    assert stems(mirror) == ["AC／DC", "Beta", "Delta", "Gamma"]
    assert mirror.path("AC／DC").read_bytes()[-200:] == audio
    assert mirror.account()[mirror.jobs["Alpha"]] == "AC/DC"
    assert mirror.known("Alpha").placed.title == "AC/DC"
    assert title_of(mirror.path("AC／DC")) == "AC/DC"
    assert mirror.path("AC／DC.lrc").exists()
    assert not mirror.path("Alpha.lrc").exists()
    mirror.bench.assert_nothing_half_placed()
    mirror.assert_rests()


@pytest.mark.parametrize("function", ["syncd.executor.names.move", "syncd.executor.retag.write"])
def test_a_swap_that_is_stopped_half_way_is_made_good(mirror: Mirror, function: str) -> None:
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Beta")
    mirror.sim.world.rename(mirror.jobs["Beta"], "Alpha")
    mirror.sync(9, before=dies_after(function))
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.bench.placed(mirror.jobs["Alpha"]) == mirror.path("Beta")
    assert mirror.bench.placed(mirror.jobs["Beta"]) == mirror.path("Alpha")
    assert [FLAC(mirror.path(n))["audiopod_job_id"] for n in ("Alpha", "Beta")] == [
        [str(mirror.jobs["Beta"])],
        [str(mirror.jobs["Alpha"])],
    ]
    mirror.assert_rests()


def test_folders_are_never_made_nor_removed_by_a_new_name(mirror: Mirror) -> None:
    before = sorted(str(p) for p in mirror.bench.root.rglob("*") if p.is_dir())
    for song in mirror.jobs:
        mirror.sim.world.rename(mirror.jobs[song], f"{ALBUM}/{song}/x")
    mirror.sync()
    assert sorted(str(p) for p in mirror.bench.root.rglob("*") if p.is_dir()) == before
    mirror.assert_rests()
