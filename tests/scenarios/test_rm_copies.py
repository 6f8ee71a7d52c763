"""What ``syncd rm`` takes for a recovery copy: a file only where it is known to be as placed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from syncd.local.audio import check
from syncd.local.trash import Why

from .mirroring import ALBUM, Mirror, delete, dies_before

if TYPE_CHECKING:
    from pathlib import Path


def cut(path: Path) -> bytes:
    """Leave a third of a file, as an editor would; its bytes from then on."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 3])
    return path.read_bytes()


def kept(mirror: Mirror) -> list[bytes]:
    return [mirror.in_trash(entry).read_bytes() for entry in mirror.trash()]


def test_a_file_that_was_taken_in_as_it_was_found_is_no_copy_of_what_the_account_has(
    mirror: Mirror,
) -> None:
    path = mirror.path("Alpha")
    mine = cut(path)
    shutil.rmtree(mirror.bench.state)
    assert mirror.bench.run("rebuild").code == 0
    mirror.sync()
    result = mirror.bench.run("rm", "--yes", mirror.jobs["Alpha"])
    assert result.code == 0, result.err
    assert mine in kept(mirror)
    (fetched,) = (mirror.in_trash(e) for e in mirror.trash() if e.size > len(mine))
    assert check(fetched, "flac", expected_duration=None).duration > 0
    assert not path.exists()


def test_a_file_that_lost_bytes_is_no_copy_where_the_audio_may_come_back(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    cut(mirror.path("Alpha"))
    mirror.sim.world.update(alpha, audio={})
    mirror.sim.requests.clear()
    result = mirror.bench.run("rm", "--yes", alpha)
    assert result.code == 1
    assert "offers no audio now" in result.complaint
    assert mirror.sent() == []
    mirror.sim.world.update(alpha, status="FAILED")
    assert mirror.bench.run("rm", "--yes", alpha).code == 0
    assert mirror.sent() == [delete(alpha)]


CUT_AFTER_THE_QUESTION = """
from pathlib import Path
import syncd.actions.removal as removal
asked = removal.removals
async def cutting(*arguments):
    meant = await asked(*arguments)
    path = Path({path!r})
    data = path.read_bytes()
    path.write_bytes(data[:len(data) // 3])
    return meant
removal.removals = cutting
"""


def test_a_file_that_is_changed_after_the_question_is_no_copy(mirror: Mirror) -> None:
    alpha, path = mirror.jobs["Alpha"], mirror.path("Alpha")
    mirror.sim.requests.clear()
    before = CUT_AFTER_THE_QUESTION.format(path=str(path))
    result = mirror.bench.run("rm", "--yes", alpha, before=before)
    assert result.code == 1
    assert f"{ALBUM}/Alpha.flac was changed in the folder meanwhile" in result.complaint
    assert mirror.sent() == []
    assert path.exists()
    assert mirror.trash() == []
    # Asked anew, it is the account that the copy is made of.
    assert mirror.bench.run("rm", "--yes", alpha).code == 0
    assert [entry.why for entry in mirror.trash()] == [Why.REMOVED] * 2


def test_a_deletion_that_is_refused_leaves_no_copy(mirror: Mirror) -> None:
    alpha, path = mirror.jobs["Alpha"], mirror.path("Alpha")
    mirror.sim.world.grant(mirror.sim.key, read_only=True)
    result = mirror.bench.run("rm", "--yes", alpha)
    assert result.code == 1
    assert "may not delete jobs" in result.complaint
    assert mirror.trash() == []
    assert path.stat().st_nlink == 1


def test_a_copy_does_not_change_with_its_file(mirror: Mirror) -> None:
    alpha, path = mirror.jobs["Alpha"], mirror.path("Alpha")
    data = path.read_bytes()
    before = dies_before("syncd.remote.client.AudioPod.delete")
    assert mirror.bench.run("rm", "--yes", alpha, before=before).code == 9
    with path.open("ab") as stream:
        stream.write(b"edited in place")
    assert kept(mirror) == [data]
