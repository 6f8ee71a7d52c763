"""One job whose status call answers oddly is that track's trouble; many are the service's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from syncd.core.baseline import State
from syncd.simulator import Fault

from .mirroring import NO_GRACE, Mirror, delete, patch

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]

ODD = {
    "500": Fault("status", status=500, times=None),
    "403": Fault("status", status=403, times=None),
    "422": Fault("status", status=422, times=None),
    "a web page": Fault("portal", times=None),
}
odd = pytest.mark.parametrize("fault", ODD.values(), ids=ODD)


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Mirror:
    """Four songs in step; what is deleted is deleted at once."""
    return Mirror.of(bench, look, sync=NO_GRACE)


def harm(mirror: Mirror, name: str, fault: Fault) -> None:
    """From now on the status of a song cannot be told."""
    mirror.sim.faults.add(replace(fault, path=rf"/jobs/{mirror.jobs[name]}/status$"))


@odd
def test_a_rename_that_cannot_be_looked_up_keeps_nothing_else_from_its_turn(
    mirror: Mirror, haste: str, fault: Fault
) -> None:
    harm(mirror, "Alpha", fault)
    mirror.rename("Alpha", "Alpha II")
    mirror.rename("Beta", "Beta II")
    mirror.add("Later")
    result = mirror.sync(1, before=haste)
    assert f"failed: job {mirror.jobs['Alpha']}: the status call failed" in result.out
    assert mirror.sent() == [patch(mirror.jobs["Beta"], "Beta II")]
    assert "Later.flac" in mirror.files()
    mirror.sim.faults.clear()
    mirror.sync()
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Alpha II")]


def test_a_deletion_that_cannot_be_looked_up_keeps_nothing_else_from_its_turn(
    mirror: Mirror, haste: str
) -> None:
    harm(mirror, "Alpha", ODD["500"])
    for name in ("Alpha", "Beta"):
        mirror.path(name).unlink()
    mirror.sync(1, before=haste)
    assert mirror.sent() == [delete(mirror.jobs["Beta"])]
    mirror.sim.faults.clear()
    mirror.sync()
    assert mirror.sent() == [delete(mirror.jobs["Alpha"])]


SENT_ODDLY = {**ODD, "402": Fault("status", status=402, times=None)}
del SENT_ODDLY["422"], SENT_ODDLY["403"]  # understood: what they refuse is held
sent_oddly = pytest.mark.parametrize("fault", SENT_ODDLY.values(), ids=SENT_ODDLY)


@sent_oddly
def test_a_name_that_is_answered_oddly_keeps_nothing_else_from_its_turn(
    mirror: Mirror, haste: str, fault: Fault
) -> None:
    alpha, beta = mirror.jobs["Alpha"], mirror.jobs["Beta"]
    mirror.sim.faults.add(replace(fault, method="PATCH", path=f"/jobs/{alpha}$"))
    mirror.rename("Alpha", "Alpha II")
    mirror.rename("Beta", "Beta II")
    mirror.add("Later")
    result = mirror.sync(1, before=haste)
    assert f"failed: job {alpha}: the name was sent, and nothing certain came of it" in result.out
    assert mirror.account()[beta] == "Beta II"
    assert "Later.flac" in mirror.files()
    mirror.sim.faults.clear()
    mirror.sync()
    assert mirror.account()[alpha] == "Alpha II"


@sent_oddly
def test_a_deletion_that_is_answered_oddly_keeps_nothing_else_from_its_turn(
    mirror: Mirror, haste: str, fault: Fault
) -> None:
    alpha, beta = mirror.jobs["Alpha"], mirror.jobs["Beta"]
    mirror.sim.faults.add(replace(fault, method="DELETE", path=f"/jobs/{alpha}$"))
    for name in ("Alpha", "Beta"):
        mirror.path(name).unlink()
    mirror.add("Later")
    result = mirror.sync(1, before=haste)
    assert f"failed: job {alpha}: the deletion was sent, and nothing certain" in result.out
    assert "Later.flac" in mirror.files()
    assert alpha in mirror.account()
    assert beta not in mirror.account()
    mirror.sim.faults.clear()
    mirror.sync()
    assert alpha not in mirror.account()


def test_a_deletion_whose_answer_cannot_be_read_is_done_where_the_job_is_gone(
    mirror: Mirror, haste: str
) -> None:
    mirror.sim.faults.add(Fault("cut-json", method="DELETE"))
    mirror.path("Alpha").unlink()
    mirror.sync(before=haste)
    assert mirror.sent() == [delete(mirror.jobs["Alpha"])]
    assert mirror.known("Alpha").state is State.GONE


def test_a_job_that_left_the_listing_and_answers_oddly_keeps_its_file(
    mirror: Mirror, haste: str
) -> None:
    harm(mirror, "Alpha", ODD["403"])
    for name in ("Alpha", "Beta"):
        mirror.sim.world.delete(mirror.jobs[name])
    mirror.add("Later")
    mirror.sync(1, before=haste)
    assert mirror.files() == ["Alpha.flac", "Delta.flac", "Gamma.flac", "Later.flac"]
    mirror.sim.faults.clear()
    mirror.sync()
    assert mirror.known("Alpha").state is State.GONE


def test_who_answers_oddly_does_not_vouch_and_the_next_one_is_asked(
    mirror: Mirror, haste: str
) -> None:
    harm(mirror, "Beta", ODD["a web page"])
    harm(mirror, "Gamma", ODD["a web page"])
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    mirror.sync(before=haste)
    assert mirror.known("Alpha").state is State.GONE


def test_where_none_but_odd_answers_vouch_the_file_stays(mirror: Mirror, haste: str) -> None:
    for name in ("Beta", "Gamma", "Delta"):
        harm(mirror, name, ODD["500"])
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    result = mirror.sync(1, before=haste)
    assert "the status call failed" in result.out
    assert mirror.path("Alpha").exists()
    assert mirror.trash() == []


def test_many_in_a_row_are_the_services_fault(bench: Bench, look: Look, haste: str) -> None:
    names = [f"Song {number}" for number in range(12)]
    mirror = Mirror.of(bench, look, *names)
    mirror.sim.faults.add(Fault("status", path="/status$", status=503, times=None))
    for name in names:
        mirror.rename(name, f"{name} new")
    result = mirror.sync(75, before=haste)
    assert "answered 503" in result.complaint
    assert mirror.sent() == []
