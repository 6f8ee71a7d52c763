"""The audio under a known id is changed in the account: the bytes decide, not the address."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from mutagen.flac import FLAC

from syncd.core.baseline import State
from syncd.local.trash import Why
from syncd.simulator import Fault
from syncd.simulator.sound import tone

from .mirroring import ALBUM, Mirror, dies_after, dies_before, patch

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]


def served(mirror: Mirror, name: str) -> bytes:
    """The end of the audio that the account has of a song."""
    content: bytes = mirror.sim.world.job(mirror.jobs[name]).audio["flac"].content
    return content[-1000:]


def edit(mirror: Mirror, name: str) -> bytes:
    """Let the user write into the tags of a file; its bytes after that."""
    tagged = FLAC(mirror.path(name))
    tagged["comment"] = "mine"
    tagged.save()
    return mirror.path(name).read_bytes()


def test_changed_audio_takes_the_place_of_the_old_which_goes_to_the_trash(mirror: Mirror) -> None:
    alpha, old = mirror.jobs["Alpha"], mirror.path("Alpha").read_bytes()
    mirror.sim.world.replace_audio(alpha)
    result = mirror.sync()
    assert "1 replaced" in result.out
    assert mirror.sent() == []
    new = mirror.path("Alpha").read_bytes()
    assert new[-1000:] == served(mirror, "Alpha") != old[-1000:]
    assert FLAC(mirror.path("Alpha"))["audiopod_job_id"] == [str(alpha)]
    assert mirror.files() == ["Alpha.flac", "Beta.flac", "Delta.flac", "Gamma.flac"]
    (entry,) = mirror.trash()
    assert mirror.in_trash(entry).read_bytes() == old
    assert (entry.why, entry.path) == (Why.REPLACED, f"{ALBUM}/Alpha.flac")
    assert mirror.path("Alpha.lrc").exists()
    assert mirror.done("Alpha") == [("compare", "done"), ("redownload", "done")]
    mirror.assert_rests()


def test_it_is_fetched_once(mirror: Mirror) -> None:
    mirror.sim.world.replace_audio(mirror.jobs["Alpha"])
    mirror.sync()
    fetched = mirror.bench.requests("media")
    size = len(mirror.sim.world.job(mirror.jobs["Alpha"]).audio["flac"].content)
    # Its last byte is asked for again, to see that it is still the same audio.
    assert [(r.range, r.status) for r in fetched] == [(None, 200), (f"bytes={size - 1}-", 206)]


def test_the_same_bytes_at_a_new_address_replace_nothing(mirror: Mirror, look: Look) -> None:
    alpha = mirror.jobs["Alpha"]
    before = look(mirror.path("Alpha"))
    audio = {kind: clip.content for kind, clip in mirror.sim.world.job(alpha).audio.items()}
    mirror.sim.world.replace_audio(alpha, audio)
    mirror.sync()
    assert len(mirror.bench.requests("media")) == 1
    assert look(mirror.path("Alpha")) == before
    assert mirror.trash() == []
    assert mirror.done("Alpha") == [("compare", "done")]
    mirror.assert_rests()


def test_a_fresh_signature_is_no_new_address(mirror: Mirror, look: Look) -> None:
    before = look(mirror.path("Alpha"))
    mirror.sim.switches.media_expiry = 7200.0
    mirror.assert_rests()
    assert look(mirror.path("Alpha")) == before
    assert mirror.done("Alpha") == []


def test_a_file_that_the_user_changed_stays_and_the_new_audio_is_placed_beside_it(
    mirror: Mirror,
) -> None:
    alpha, mine = mirror.jobs["Alpha"], edit(mirror, "Alpha")
    mirror.sim.world.replace_audio(alpha)
    result = mirror.sync()
    assert "1 placed beside yours" in result.out
    assert mirror.path("Alpha").read_bytes() == mine
    (copy,) = (mirror.bench.root / ALBUM).glob("Alpha (conflict *.flac")
    assert copy.read_bytes()[-1000:] == served(mirror, "Alpha")
    assert FLAC(copy)["audiopod_job_id"] == [str(alpha)]
    assert mirror.trash() == []
    assert mirror.sent() == []
    assert mirror.bench.placed(alpha) == mirror.path("Alpha")
    mirror.assert_rests()
    assert mirror.path("Alpha").read_bytes() == mine


def test_a_second_conflict_copy_has_a_name_of_its_own(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    edit(mirror, "Alpha")
    for _ in range(2):
        mirror.sim.world.replace_audio(alpha)
        mirror.sync()
    copies = sorted(path.name for path in (mirror.bench.root / ALBUM).glob("Alpha (conflict*"))
    assert len([name for name in copies if name.endswith(".flac")]) == 2
    mirror.assert_rests()


def test_what_is_changed_in_the_last_moment_is_not_replaced(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    seen: list[bytes] = []
    mirror.sim.world.replace_audio(alpha)
    mirror.sim.faults.add(
        Fault("run", origin="media", call=lambda _world: seen.append(edit(mirror, "Alpha")))
    )
    mirror.sync()
    assert mirror.path("Alpha").read_bytes() == seen[0]
    assert len(list((mirror.bench.root / ALBUM).glob("Alpha (conflict *.flac"))) == 1


def test_what_is_changed_while_the_new_audio_comes_is_not_replaced(mirror: Mirror) -> None:
    seen: list[bytes] = []
    mirror.sim.world.replace_audio(mirror.jobs["Alpha"])
    # The first request to the media host compares; the second one is to replace.
    mirror.sim.faults.add(
        Fault(
            "run", origin="media", after=1, call=lambda _world: seen.append(edit(mirror, "Alpha"))
        )
    )
    mirror.sync()
    assert mirror.path("Alpha").read_bytes() == seen[0]
    assert ("redownload", "replan") in mirror.done("Alpha")
    assert len(list((mirror.bench.root / ALBUM).glob("Alpha (conflict *.flac"))) == 1
    assert mirror.trash() == []


@pytest.mark.parametrize("how", ["in place", "by a new file"])
def test_what_is_changed_after_its_copy_was_made_is_not_replaced(mirror: Mirror, how: str) -> None:
    path = mirror.path("Alpha")
    other = path if how == "in place" else mirror.bench.folder / "fresh.flac"
    edits = f"""
import os, shutil
from mutagen.flac import FLAC
from syncd.executor import replace
real = replace.put_in_place
def put_in_place(*arguments, **named):
    replace.put_in_place = real
    if {str(other)!r} != {str(path)!r}:
        shutil.copy({str(path)!r}, {str(other)!r})
    tagged = FLAC({str(other)!r})
    tagged["comment"] = "mine"
    tagged.save()
    os.replace({str(other)!r}, {str(path)!r})
    return real(*arguments, **named)
replace.put_in_place = put_in_place
"""
    mirror.sim.world.replace_audio(mirror.jobs["Alpha"])
    mirror.sync(before=edits)
    assert FLAC(path)["comment"] == ["mine"]
    assert len(list((mirror.bench.root / ALBUM).glob("Alpha (conflict *.flac"))) == 1
    mirror.assert_rests()


def test_what_was_not_replaced_is_still_known_as_it_was_placed(mirror: Mirror) -> None:
    placed = mirror.known("Alpha").placed
    edits = f"""
from mutagen.flac import FLAC
from syncd.executor import replace
real = replace.put_in_place
def put_in_place(*arguments, **named):
    replace.put_in_place = real
    tagged = FLAC({str(mirror.path("Alpha"))!r})
    tagged["comment"] = "mine"
    tagged.save()
    return real(*arguments, **named)
replace.put_in_place = put_in_place
"""
    # Once a copy is placed beside it, it is known as the user's.
    stop = dies_before("syncd.executor.replace._place_beside")
    mirror.sim.world.replace_audio(mirror.jobs["Alpha"])
    mirror.sync(9, before=edits + stop)
    assert ("redownload", "replan") in mirror.done("Alpha")
    now = mirror.known("Alpha").placed
    assert (now.sha256, now.stat) == (placed.sha256, placed.stat)


def goes_away(mirror: Mirror) -> str:
    """The library goes away once the new file stands in it, before that was made durable."""
    return f"""
import os
from syncd.local import retag
real = retag.fsync_folder
def fsync_folder(folder):
    retag.fsync_folder = real
    os.rename({str(mirror.bench.root)!r}, {str(mirror.bench.root)!r} + " away")
    return real(folder)
retag.fsync_folder = fsync_folder
"""


def test_audio_that_was_in_place_before_the_library_went_is_known_as_placed(
    mirror: Mirror,
) -> None:
    mirror.sim.world.replace_audio(mirror.jobs["Alpha"])
    mirror.sync(78, before=goes_away(mirror))
    mirror.bench.root.with_name(f"{mirror.bench.root.name} away").rename(mirror.bench.root)
    mirror.sync()
    assert list((mirror.bench.root / ALBUM).glob("*(conflict*")) == []
    mirror.assert_rests()


def test_tags_that_were_in_place_before_the_library_went_are_known_as_placed(
    mirror: Mirror,
) -> None:
    mirror.sim.world.update(mirror.jobs["Alpha"], genre="Dub")
    mirror.sync(78, before=goes_away(mirror))
    mirror.bench.root.with_name(f"{mirror.bench.root.name} away").rename(mirror.bench.root)
    mirror.sync()
    mirror.sim.world.replace_audio(mirror.jobs["Alpha"])
    mirror.sync()
    assert list((mirror.bench.root / ALBUM).glob("*(conflict*")) == []
    mirror.assert_rests()


def test_a_moved_file_is_replaced_where_it_is(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    moved = mirror.rename("Alpha", "Alpha", folder="Best of")
    mirror.sim.world.replace_audio(alpha)
    mirror.sync()
    assert moved.read_bytes()[-1000:] == served(mirror, "Alpha")
    assert not mirror.path("Alpha").exists()
    assert len(mirror.trash()) == 1
    mirror.assert_rests()


def test_a_rename_here_and_other_audio_there_are_both_done(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    mirror.sim.world.replace_audio(alpha)
    path = mirror.rename("Alpha", "Omega")
    mirror.sync()
    assert mirror.sent() == [patch(alpha, "Omega")]
    assert path.read_bytes()[-1000:] == served(mirror, "Alpha")
    assert len(mirror.trash()) == 1
    mirror.assert_rests()


def test_a_rename_there_and_other_audio_there_are_both_done(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    mirror.sim.world.replace_audio(alpha)
    mirror.sim.world.rename(alpha, "Omega")
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.path("Omega").read_bytes()[-1000:] == served(mirror, "Alpha")
    assert not mirror.path("Alpha").exists()
    mirror.assert_rests()


@pytest.mark.parametrize("kind", ["missing", "corrupt"])
def test_audio_that_cannot_be_had_leaves_the_old_in_place(
    mirror: Mirror, kind: str, haste: str, look: Look
) -> None:
    before = look(mirror.path("Alpha"))
    mirror.sim.world.replace_audio(mirror.jobs["Alpha"])
    fault = Fault("corrupt", origin="media", at=0, count=40, times=None)
    if kind == "missing":
        fault = Fault("status", origin="media", status=404, times=None)
    mirror.sim.faults.add(fault)
    mirror.sync(1, before=haste)
    assert look(mirror.path("Alpha")) == before
    assert mirror.trash() == []
    mirror.sim.faults.clear()
    mirror.sync()
    assert mirror.path("Alpha").read_bytes()[-1000:] == served(mirror, "Alpha")


def test_more_than_the_budget_is_held_before_a_file_is_replaced(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look, sync={"deletion_budget": 1})
    before = look(bench.root / ALBUM)
    for name in ("Alpha", "Beta"):
        mirror.sim.world.replace_audio(mirror.jobs[name])
    mirror.sync(3)
    assert look(bench.root / ALBUM) == before
    assert mirror.trash() == []
    mirror.assert_rests(3)


REPLACE = "syncd.executor.replace."
STOPS = {
    "before it is compared": dies_before("syncd.executor.compare"),
    "after it is compared": dies_after("syncd.executor.compare"),
    "before it is fetched": dies_before("syncd.executor.redownload"),
    "before it is tagged": dies_before(REPLACE + "write_tags"),
    "before the old one is secured": dies_before("syncd.local.trash.Trash.secure"),
    "after the old one is secured": dies_after("syncd.local.trash.Trash.secure"),
    "before it is in place": dies_before(REPLACE + "put_in_place"),
    "after it is in place": dies_after(REPLACE + "put_in_place"),
    "before it is recorded": dies_before("syncd.catalog.outcomes.Outcomes.record"),
}


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
def test_a_stop_at_any_moment_keeps_the_old_and_converges(mirror: Mirror, stop: str) -> None:
    alpha, old = mirror.jobs["Alpha"], mirror.path("Alpha").read_bytes()
    mirror.sim.world.replace_audio(alpha)
    mirror.sync(9, before=stop)
    assert old in _everything(mirror)
    mirror.sync()
    assert mirror.sent() == []
    assert old in _everything(mirror)
    assert mirror.path("Alpha").read_bytes()[-1000:] == served(mirror, "Alpha")
    assert mirror.files() == ["Alpha.flac", "Beta.flac", "Delta.flac", "Gamma.flac"]
    assert mirror.known("Alpha").state is State.PLACED
    mirror.assert_rests()


def _everything(mirror: Mirror) -> list[bytes]:
    """The bytes of every file in the library and in the trash."""
    paths = [mirror.in_trash(entry) for entry in mirror.trash()]
    paths += [mirror.bench.root / name for name in mirror.bench.audio()]
    return [path.read_bytes() for path in paths]


def test_tags_of_ours_are_written_into_the_new_file(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    mirror.sim.world.replace_audio(alpha, {"flac": tone("flac", 99, 0.5)}, duration=0.5)
    mirror.sync()
    tagged = FLAC(mirror.path("Alpha"))
    assert tagged["title"] == ["Alpha"]
    assert tagged["audiopod_duration"] == ["0.500"]
    assert tagged["tracknumber"] == ["1"]


def test_a_file_with_a_copy_beside_it_gets_no_second_one_by_being_renamed(mirror: Mirror) -> None:
    edit(mirror, "Alpha")
    mirror.sync()
    mirror.sim.world.replace_audio(mirror.jobs["Alpha"])
    mirror.sync()
    mirror.path("Alpha").rename(mirror.path("Alpha").with_name("Omega.flac"))
    mirror.sync()
    assert len([name for name in mirror.files() if "(conflict" in name]) == 1


def test_a_stop_after_a_copy_was_placed_places_no_second_one(mirror: Mirror) -> None:
    mine = edit(mirror, "Alpha")
    mirror.sync()
    mirror.sim.world.replace_audio(mirror.jobs["Alpha"])
    mirror.sync(9, before=dies_after("syncd.local.files.place"))
    mirror.sync(9, before=dies_before("syncd.catalog.outcomes.Outcomes.record"))
    mirror.sync()
    (copy,) = [name for name in mirror.files() if "(conflict" in name]
    assert mirror.path(copy).read_bytes()[-1000:] == served(mirror, "Alpha")
    assert mirror.path("Alpha").read_bytes() == mine
    mirror.assert_rests()
