"""``.syncdignore``: what is kept out is left alone, and never looks like a deletion."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from syncd.core.keeping import LET_IN
from syncd.local.ignore import NAME

from .examining import examined
from .mirroring import ALBUM, NO_GRACE, Look, Mirror, patch
from .starting import AT_ONCE

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Mirror:
    """Four songs in step; a deletion waits out no grace."""
    return Mirror.of(bench, look, sync=NO_GRACE)


def keep_out(mirror: Mirror, *patterns: str) -> None:
    (mirror.bench.root / NAME).write_text("\n".join(patterns))


def test_a_track_that_is_moved_to_where_it_is_kept_out_waits_until_it_is_let_in(
    mirror: Mirror,
) -> None:
    bench, alpha = mirror.bench, mirror.jobs["Alpha"]
    keep_out(mirror, "/Stems/")
    there = mirror.rename("Alpha", "Sketch", "Stems")
    bench.root.joinpath("Stems", "mine.wav").write_bytes(b"no song")
    mirror.sim.world.rename(alpha, "Omega")
    assert "1 kept out" in mirror.sync(before=AT_ONCE).out
    assert mirror.sent() == []
    mirror.assert_rests()
    plan = bench.run("plan")
    assert f"Stems/Sketch.flac is kept out by {NAME}" in plan.out
    assert "1 track is kept out, and left alone" in plan.out
    assert "1 kept out" in bench.run("status").out
    assert "Stems/Sketch.flac: left alone" in bench.run("show", str(alpha)).out
    assert bench.run("ls", "--foreign").out == ""
    assert "Omega" not in bench.run("export", "csv", "-").out
    keep_out(mirror)
    mirror.sync()
    assert mirror.sent() == [patch(alpha, "Sketch")]
    assert there.exists()
    mirror.assert_rests()


def test_commands_leave_it_alone_and_say_why(mirror: Mirror) -> None:
    alpha = str(mirror.jobs["Alpha"])
    keep_out(mirror, "Alpha.*")
    for command in (
        ("rm", "--yes", alpha),
        ("evict", alpha),
        ("fetch", alpha),
        ("rename", alpha, "Psi"),
        ("identify", f"{ALBUM}/Alpha.flac", alpha),
        ("retag", "--yes", alpha),
    ):
        if command[0] == "retag":
            mirror.sync()  # it asks no service, and so looks at no folder of its own
        result = mirror.bench.run(*command)
        assert result.code == 1, command
        assert f"{ALBUM}/Alpha.flac is kept out" in result.out + result.err, command
    assert mirror.path("Alpha").exists()
    assert mirror.sim.requests.mutating() == []


@pytest.mark.parametrize("verb", ["download", "delete-remote"])
def test_patterns_that_come_while_a_plan_is_carried_out_count(mirror: Mirror, verb: str) -> None:
    mirror.path("Alpha").unlink()
    if verb == "download":
        mirror.add("Epsilon")
        mirror.rename("Beta", "Omega")
    once_planned = f"""
import pathlib, syncd.cycle
real = syncd.cycle.make_plan
def planned(*arguments):
    made = real(*arguments)
    if any(op.verb == "{verb}" for op in made):
        pathlib.Path({str(mirror.bench.root / NAME)!r}).write_text("*")
    return made
syncd.cycle.make_plan = planned
"""
    result = mirror.sync(before=AT_ONCE + once_planned)
    assert f"{5 if verb == 'download' else 4} kept out" in result.out
    assert mirror.sent() == []
    assert "Epsilon.flac" not in mirror.files()


def test_what_stands_beside_a_track_is_left_alone_too(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look, "Alpha", library={"ignore": ["*.lrc", "/*/Omega.txt"]})
    album = mirror.path("Alpha").parent
    assert [path.name for path in album.iterdir()] == ["Alpha.flac"]
    for suffix in ("lrc", "cue", "txt"):
        (album / f"Alpha.{suffix}").write_text("mine")
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Omega")
    mirror.sync()
    assert sorted(path.name for path in album.iterdir()) == [
        *("Alpha.lrc", "Alpha.txt", "Omega.cue", "Omega.flac"),
    ]


def test_a_pattern_over_everything_does_nothing_but_say_so(mirror: Mirror) -> None:
    bench = mirror.bench
    bench.configure(sync=NO_GRACE, library={"ignore": ["*"]})
    mirror.add("Epsilon")
    assert "5 kept out" in mirror.sync().out
    shutil.rmtree(bench.root / ALBUM)
    for _ in range(2):
        assert "5 kept out" in mirror.sync(before=AT_ONCE).out
    assert mirror.sent() == []
    assert mirror.files() == []
    bench.configure(sync=NO_GRACE)
    result = mirror.sync(3, before=AT_ONCE)
    assert mirror.files() == ["Epsilon.flac"]
    assert f"held: 4 deletions in the account, batch 1 ({LET_IN})" in result.out
    assert mirror.sent() == []
    assert bench.run("reject", "1").code == 0
    mirror.sync()
    assert len(mirror.files()) == 5


async def test_where_the_patterns_cannot_be_followed_all_of_the_folder_is_left_alone(
    mirror: Mirror,
) -> None:
    bench = mirror.bench
    broken = bench.root / ALBUM / NAME
    broken.write_bytes(b"\xff")
    mirror.path("Alpha").unlink()
    mirror.sim.world.rename(mirror.jobs["Beta"], "Omega")
    for _ in range(2):
        assert f"({ALBUM}/{NAME} is not UTF-8)" in mirror.sync(1, before=AT_ONCE).out
    assert mirror.sent() == []
    assert f"{ALBUM}/{NAME} is not UTF-8" in (await examined(bench)).said("patterns")
    broken.rename(bench.root / NAME)
    result = mirror.sync(78)
    assert f"{NAME} is not UTF-8" in result.err
    (bench.root / NAME).unlink()
    mirror.sync(before=AT_ONCE)
    assert mirror.path("Omega").exists()
    assert f"0 {NAME} files can be followed" in (await examined(bench)).said("patterns")
