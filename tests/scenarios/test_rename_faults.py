"""A name that is sent under surprises, lost answers and stops: once, and only for its own file."""

from __future__ import annotations

import pytest

from syncd.simulator import Fault

from .mirroring import Mirror, dies_after, dies_before, patch, title_of

# --- the last look ---


def test_a_file_that_became_anothers_in_the_last_moment_sends_no_name(mirror: Mirror) -> None:
    path = mirror.rename("Alpha", "Omega")
    other = mirror.path("Beta").read_bytes()
    mirror.sim.faults.add(
        Fault("run", path="/status$", call=lambda _world: path.write_bytes(other) and None)
    )
    mirror.bench.run("sync")
    assert mirror.sent() == []
    assert mirror.account()[mirror.jobs["Alpha"]] == "Alpha"
    assert mirror.done("Alpha")[0] == ("rename-remote", "replan")


def test_a_marker_that_vanishes_in_the_last_moment_lets_no_name_be_sent(mirror: Mirror) -> None:
    mirror.rename("Alpha", "Omega")
    marker = mirror.bench.root / ".syncd/library.json"
    mirror.sim.faults.add(Fault("run", path="/status$", call=lambda _world: marker.unlink()))
    mirror.sync(78)
    assert mirror.sent() == []
    assert mirror.account()[mirror.jobs["Alpha"]] == "Alpha"


def test_a_file_that_another_takes_the_place_of_while_its_name_is_sent(mirror: Mirror) -> None:
    mirror.rename("Alpha", "Omega")

    def swapped(_world: object) -> None:
        between = mirror.path("between")
        mirror.path("Omega").rename(between)
        mirror.path("Beta").rename(mirror.path("Omega"))
        between.rename(mirror.path("Beta"))

    mirror.sim.faults.add(Fault("run", method="PATCH", call=swapped))
    alpha, beta = mirror.jobs["Alpha"], mirror.jobs["Beta"]
    mirror.sync()
    assert mirror.sent()[0] == patch(alpha, "Omega")
    mirror.sync()  # a name is sent once in a run
    assert mirror.account()[alpha] == "Beta"
    assert mirror.account()[beta] == "Omega"
    mirror.assert_rests()


# --- answers that are lost ---


@pytest.mark.parametrize("kind", ["reset", "close", "hang"])
def test_a_lost_answer_is_looked_up_and_not_sent_again(
    mirror: Mirror, kind: str, haste: str
) -> None:
    if kind == "hang":
        mirror.bench.configure(api={"timeout": "1s"})
    mirror.sim.faults.add(Fault(kind, method="PATCH"))
    mirror.rename("Alpha", "Omega")
    mirror.sync(before=haste)
    alpha = mirror.jobs["Alpha"]
    assert mirror.sent() == [patch(alpha, "Omega")]
    asked = [method for method, path in mirror.asked() if str(alpha) in path]
    assert asked == ["GET", "PATCH", "GET"]
    assert mirror.account()[alpha] == "Omega"
    mirror.assert_rests()


@pytest.mark.parametrize("status", [500, 503])
def test_what_was_not_done_is_looked_up_and_sent_again(
    mirror: Mirror, status: int, haste: str
) -> None:
    mirror.sim.faults.add(Fault("status", method="PATCH", status=status))
    mirror.rename("Alpha", "Omega")
    mirror.sync(before=haste)
    alpha = mirror.jobs["Alpha"]
    asked = [method for method, path in mirror.asked() if str(alpha) in path]
    assert asked == ["GET", "PATCH", "GET", "PATCH"]
    assert mirror.account()[alpha] == "Omega"
    mirror.assert_rests()


def test_what_cannot_even_be_looked_up_ends_the_run_and_the_next_one_knows(
    mirror: Mirror, haste: str
) -> None:
    mirror.sim.faults.add(Fault("reset", method="PATCH", times=None))
    mirror.sim.faults.add(Fault("reset", path="/status$", after=1, times=None))
    mirror.rename("Alpha", "Omega")
    mirror.sync(75, before=haste)
    mirror.sim.faults.clear()
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.account()[mirror.jobs["Alpha"]] == "Omega"
    mirror.assert_rests()


# --- stops ---

STOPS = {
    "before the journal": dies_before("syncd.catalog.journal.Journal.start"),
    "before the look": dies_before("syncd.executor.names.look"),
    "before the PATCH": dies_before("syncd.remote.client.AudioPod.update"),
    "after the PATCH": dies_after("syncd.remote.client.AudioPod.update"),
    "before the lyrics move": dies_before("syncd.executor.names.move_lyrics"),
    "before the title is written": dies_before("syncd.executor.retag.write"),
    "after the title is written": dies_after("syncd.executor.retag.write"),
    "before it is recorded": dies_before("syncd.catalog.outcomes.Outcomes.record"),
}


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
def test_a_stop_at_any_moment_is_made_good(mirror: Mirror, stop: str) -> None:
    path = mirror.rename("Alpha", "Omega")
    audio = path.read_bytes()[-200:]
    mirror.sync(9, before=stop)
    was_sent = list(mirror.sent())
    mirror.sync()
    alpha = mirror.jobs["Alpha"]
    assert [*was_sent, *mirror.sent()] == [patch(alpha, "Omega")]
    assert mirror.account()[alpha] == "Omega"
    assert path.read_bytes()[-200:] == audio
    assert title_of(path) == "Omega"
    assert len(mirror.files()) == 4
    assert mirror.trash() == []
    mirror.bench.assert_nothing_half_placed()
    mirror.assert_rests()


def test_a_rename_that_is_stopped_before_it_is_sent_is_in_the_history(mirror: Mirror) -> None:
    mirror.rename("Alpha", "Omega")
    mirror.sync(9, before=STOPS["before the PATCH"])
    assert mirror.sent() == []
    (entry,) = mirror.history("Alpha")
    found = [entry[name] for name in ("verb", "before", "after", "outcome")]
    assert found == ["rename-remote", "Alpha", "Omega", None]
