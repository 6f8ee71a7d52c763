"""Files that change their folder: by the user, who has the last word, or by the template."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from mutagen.flac import FLAC

from .mirroring import ALBUM, LRC, NO_GRACE, Mirror, dies_after, dies_before, patch

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]

BY_GENRE = "{genre}/{title}.{ext}"


@pytest.fixture
def by_genre(bench: Bench, look: Look) -> Callable[..., Mirror]:
    """Two songs in the folders of their genres, with a setting of ``library.moves``."""

    def make(**library: object) -> Mirror:
        bench.configure(library={"template": BY_GENRE, **library})
        bench.sim.switches.facets = frozenset({"genre"})
        mirror = Mirror(bench, bench.sim, look, {})
        mirror.add("Alpha", genre="Folk")
        mirror.add("Beta", genre="Jazz")
        mirror.sync()
        return mirror

    return make


# --- by the user ---


def test_a_moved_file_stays_where_the_user_put_it_and_nothing_is_sent(mirror: Mirror) -> None:
    moved = mirror.rename("Alpha", "Alpha", folder="Best of/2026")
    before = moved.stat()
    mirror.sync()
    assert mirror.asked() == [("GET", "/jobs")]
    assert mirror.bench.requests("media") == []
    assert (moved.stat().st_ino, moved.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert mirror.bench.placed(mirror.jobs["Alpha"]) == moved
    assert moved.with_suffix(".lrc").read_text().strip() == LRC
    assert not mirror.path("Alpha.lrc").exists()
    assert mirror.done("Alpha") == [("adopt", "done")]
    assert mirror.trash() == []
    mirror.assert_rests()


def test_moved_again_and_back_it_is_known_each_time(mirror: Mirror) -> None:
    for folder in ("One", "One/Two", "", ALBUM):
        moved = mirror.bench.placed(mirror.jobs["Alpha"])
        target = mirror.path("Alpha", folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        moved.rename(target)
        mirror.sync()
        assert mirror.sent() == []
        assert mirror.bench.placed(mirror.jobs["Alpha"]) == target
    assert mirror.path("Alpha.lrc").exists()
    mirror.assert_rests()


def test_a_renamed_folder_takes_its_tracks_and_lyrics_along(mirror: Mirror) -> None:
    (mirror.bench.root / ALBUM).rename(mirror.bench.root / "Spring")
    mirror.sync()
    assert mirror.sent() == []
    assert not (mirror.bench.root / ALBUM).exists()
    for name in mirror.jobs:
        assert mirror.bench.placed(mirror.jobs[name]) == mirror.path(name, "Spring")
        assert mirror.path(f"{name}.lrc", "Spring").exists()
    mirror.assert_rests()


def test_a_renamed_folder_with_a_renamed_file_in_it_sends_that_name_alone(mirror: Mirror) -> None:
    (mirror.bench.root / ALBUM).rename(mirror.bench.root / "Spring")
    mirror.path("Alpha", "Spring").rename(mirror.path("Omega", "Spring"))
    mirror.sync()
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Omega")]
    assert mirror.path("Omega.lrc", "Spring").exists()
    mirror.assert_rests()


def test_lyrics_that_the_user_changed_stay_where_they_are(mirror: Mirror) -> None:
    mirror.path("Alpha.lrc").write_text("mine")
    mirror.rename("Alpha", "Alpha", folder="Best of")
    mirror.sync()
    assert mirror.path("Alpha.lrc").read_text() == "mine"
    mirror.assert_rests()


def test_a_file_that_is_fetched_again_comes_to_where_the_user_had_it(
    bench: Bench, look: Look
) -> None:
    mirror = Mirror.of(bench, look, sync={**NO_GRACE, "deletions": "restore"})
    moved = mirror.rename("Alpha", "Alpha", folder="Best of")
    mirror.sync()
    moved.unlink()
    mirror.sync()
    assert mirror.files()[0] == "Beta.flac"
    assert moved.exists()
    mirror.assert_rests()


def test_two_files_that_swap_their_folders_send_nothing(bench: Bench, look: Look) -> None:
    mirror = Mirror(bench, bench.sim, look, {})
    march = mirror.add("Same")
    other = bench.sim.world.add(display_name="Same", created_at=1_770_000_000.0)
    mirror.sync()
    one, two = bench.placed(march), bench.placed(other)
    assert one.parent != two.parent
    between = bench.root / "between.flac"
    one.rename(between)
    two.rename(one)
    between.rename(two)
    mirror.sync()
    assert mirror.sent() == []
    assert (bench.placed(march), bench.placed(other)) == (two, one)
    mirror.assert_rests()


# --- by the template ---


def test_a_new_template_asks_and_moves_once_it_is_approved(mirror: Mirror) -> None:
    mirror.bench.configure(library={"template": "Songs/{title}.{ext}"})
    result = mirror.sync(3)
    assert "moves here" in result.out
    told = f"{ALBUM}/Alpha.flac → Songs/Alpha.flac"
    for command in ("sync", "plan", "pending"):
        assert told in mirror.bench.run(command).out
    assert mirror.files() == ["Alpha.flac", "Beta.flac", "Delta.flac", "Gamma.flac"]
    mirror.assert_rests(3)
    assert mirror.bench.run("approve", "1").code == 0
    assert sorted(p.name for p in (mirror.bench.root / "Songs").glob("*.flac")) == [
        "Alpha.flac",
        "Beta.flac",
        "Delta.flac",
        "Gamma.flac",
    ]
    assert mirror.path("Alpha.lrc", "Songs").exists()
    assert not (mirror.bench.root / ALBUM).exists()
    assert mirror.sent() == []
    mirror.sync()
    mirror.assert_rests()


def test_where_it_may_move_it_moves_and_keeps_what_the_user_did(mirror: Mirror) -> None:
    chosen = mirror.rename("Alpha", "Alpha", folder="Best of")
    mirror.sync()
    mirror.bench.configure(library={"template": "Songs/{title}.{ext}", "moves": "auto"})
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.bench.requests("media") == []
    assert chosen.exists()
    for name in ("Beta", "Gamma", "Delta"):
        assert mirror.bench.placed(mirror.jobs[name]) == mirror.path(name, "Songs")
        assert mirror.done(name) == [("move-local", "done")]
    mirror.assert_rests()


def test_a_file_renamed_here_is_sent_and_moved(mirror: Mirror) -> None:
    mirror.rename("Alpha", "Omega")
    mirror.bench.configure(library={"template": "Songs/{title}.{ext}", "moves": "auto"})
    mirror.sync()
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Omega")]
    assert mirror.path("Omega", "Songs").exists()
    mirror.assert_rests()


def test_where_nothing_may_move_nothing_does(mirror: Mirror) -> None:
    mirror.bench.configure(library={"template": "Songs/{title}.{ext}", "moves": "never"})
    mirror.assert_rests()
    mirror.add("New")
    mirror.sync()
    assert mirror.path("New", "Songs").exists()
    assert mirror.path("Alpha").exists()


@pytest.mark.parametrize("moves", ["ask", "auto", "never"])
def test_another_genre_moves_a_file_as_the_setting_says(
    by_genre: Callable[..., Mirror], moves: str
) -> None:
    mirror = by_genre(moves=moves)
    mirror.sim.world.update(mirror.jobs["Alpha"], genre="Rock")
    mirror.sync(3 if moves == "ask" else 0)
    assert mirror.bench.audio() == (
        ["Jazz/Beta.flac", "Rock/Alpha.flac"]
        if moves == "auto"
        else ["Folk/Alpha.flac", "Jazz/Beta.flac"]
    )
    assert (mirror.bench.root / "Folk").exists() == (moves != "auto")
    assert mirror.sent() == []
    mirror.assert_rests(3 if moves == "ask" else 0)


def test_a_folder_with_something_of_the_users_is_left(by_genre: Callable[..., Mirror]) -> None:
    mirror = by_genre(moves="auto")
    mine = mirror.bench.root / "Folk" / "notes.md"
    mine.write_text("mine")
    mirror.sim.world.update(mirror.jobs["Alpha"], genre="Rock")
    mirror.sync()
    assert mine.read_text() == "mine"
    assert mirror.path("Alpha", "Rock").exists()


def test_what_stands_at_the_new_place_is_left_alone(by_genre: Callable[..., Mirror]) -> None:
    mirror = by_genre(moves="auto")
    mine = mirror.path("Alpha", "Rock")
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    alpha = mirror.jobs["Alpha"]
    mirror.sim.world.update(alpha, genre="Rock")
    mirror.sync()
    assert mine.read_bytes() == b"mine"
    assert mirror.bench.placed(alpha) == mirror.path(f"Alpha [{alpha}]", "Rock")
    assert mirror.sent() == []
    mirror.assert_rests()


STOPS = {
    "before the move": dies_before("syncd.executor.names.move"),
    "before the sidecars": dies_before("syncd.local.moves.move_sidecars"),
    "after the move": dies_after("syncd.executor.names.move"),
    "before it is recorded": dies_before("syncd.catalog.outcomes.Outcomes.record"),
}


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
def test_a_stop_at_any_moment_is_made_good_and_is_no_move_by_the_user(
    by_genre: Callable[..., Mirror], stop: str
) -> None:
    mirror = by_genre(moves="auto")
    alpha = mirror.jobs["Alpha"]
    mirror.sim.world.update(alpha, genre="Rock")
    mirror.sync(9, before=stop)
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.bench.audio() == ["Jazz/Beta.flac", "Rock/Alpha.flac"]
    assert FLAC(mirror.path("Alpha", "Rock"))["audiopod_job_id"] == [str(alpha)]
    assert mirror.path("Alpha.lrc", "Rock").exists()
    assert not (mirror.bench.root / "Folk").exists()
    mirror.assert_rests()
    mirror.sim.world.update(alpha, genre="Pop")
    mirror.sync()
    assert mirror.path("Alpha", "Pop").exists()


# --- between disks ---

ANOTHER_DISK = """
import errno, os
from syncd.local import moves
def across(*_, **__):
    raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
moves.rename_anew = across
"""
"""Put before a command: what it moves would leave its disk."""


def test_a_file_that_would_leave_its_disk_is_held(mirror: Mirror) -> None:
    mirror.bench.configure(library={"template": "Songs/{title}.{ext}", "moves": "auto"})
    before = mirror.files()
    result = mirror.sync(3, before=ANOTHER_DISK)
    assert "is on another file system than" in result.out
    assert [outcome for verb, outcome in mirror.done("Alpha") if verb == "move-local"] == ["held"]
    assert mirror.files() == before
    mirror.sync(3, before=ANOTHER_DISK)
    assert mirror.done("Alpha")[1:] == []
    assert mirror.bench.run("reject", "--job", mirror.jobs["Alpha"]).code == 0
    assert "3 held" in mirror.sync(3, before=ANOTHER_DISK).out
