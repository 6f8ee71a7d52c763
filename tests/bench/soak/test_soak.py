"""The soak's own instruments: the clock that leaps, the ledger, and what counts as growing."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from .clock import WORKS, Clock, Page, Sleeper
from .figures import DAY, MEBI, Figures, grown
from .life import life
from .notes import Notes, Patient

HOUR = 3_600.0


@pytest.fixture
def sleepers(tmp_path: Path) -> Iterator[list[Sleeper]]:
    found = [Sleeper(tmp_path / name) for name in "ab"]
    for one in found:
        one.counts = True
    yield found
    for one in found:
        one.close()


def test_the_time_leaps_to_where_the_first_wants_to_go_on(sleepers: list[Sleeper]) -> None:
    clock = Clock(0.0)
    for one, seconds in zip(sleepers, (500.0, 900.0), strict=True):
        clock.join(one)
        one.page.rests_until = clock.uptime + seconds
    clock.leap(clock.uptime + 10_000)

    assert 500 <= clock.elapsed < 600
    assert Page(sleepers[0].path).leapt == sleepers[1].page.leapt >= 499
    assert sleepers[0].page.rests_until == WORKS, "it was woken, and works until it says otherwise"
    assert os.eventfd_read(sleepers[0].bell) == 1
    assert sleepers[1].page.rests_until != WORKS
    assert not clock.rests()


def test_the_time_does_not_leap_while_one_works(sleepers: list[Sleeper]) -> None:
    clock = Clock(0.0)
    for one in sleepers:
        clock.join(one)
    sleepers[0].page.rests_until = clock.uptime + 500
    clock.leap(clock.uptime + 10_000)
    assert clock.elapsed < 400

    sleepers[1].counts = False  # its machine is off, or asleep
    clock.leap(clock.uptime + 10_000)
    assert clock.elapsed >= 500


def month(figure: Callable[[float], float], name: str) -> dict[str, tuple[float, float]]:
    rng = random.Random(1)
    figures = Figures()
    for hour in range(30 * 24):
        day = hour / 24
        figures.samples.append(
            (
                hour * HOUR,
                {
                    "memory": 50 * MEBI + rng.random() * MEBI,
                    "log": 2_000.0 * hour,
                    "requests": 20.0 * hour,
                    "processor": 0.1 * hour,
                    name: figure(day),
                },
            )
        )
    return figures.thirds(7 * DAY, 30 * DAY)


def test_what_stays_as_it_is_has_not_grown() -> None:
    assert grown(month(lambda _: 100.0, "rows of job")) == []


def test_what_rises_in_the_first_week_alone_has_not_grown() -> None:
    assert grown(month(lambda day: 100.0 + 500 * min(day, 6), "rows of job")) == []


@pytest.mark.parametrize(
    ("name", "a_day"),
    [
        ("memory", 0.5 * MEBI),
        ("descriptors", 0.5),
        ("threads", 0.2),
        ("children", 0.1),
        ("catalog", 0.1 * MEBI),
        ("rows of journal", 10.0),
        ("trash files", 2.0),
    ],
)
def test_what_grows_each_day_is_noticed(name: str, a_day: float) -> None:
    [said] = grown(month(lambda day: 30.0 + a_day * day, name))
    assert said.startswith(f"{name} grew")


@pytest.mark.parametrize("name", ["log", "requests", "processor"])
def test_what_is_done_more_each_day_is_noticed(name: str) -> None:
    [said] = grown(month(lambda day: 20_000.0 * day * day, name))
    assert said.startswith(f"{name} a day grew")


def test_what_people_made_and_is_no_more_is_noticed(tmp_path: Path) -> None:
    notes = Notes(tmp_path, Patient())
    path = tmp_path / "mine.txt"
    path.write_text("mine")
    notes.keeps(path)
    assert list(notes.lost(0.0, DAY)) == []
    path.unlink()
    [said] = notes.lost(HOUR, DAY)
    assert "'mine.txt' is lost" in said


@pytest.mark.parametrize(("days", "says"), [(2, 0), (0.5, 1)])
def test_the_trash_may_let_go_of_it_after_its_time(tmp_path: Path, days: float, says: int) -> None:
    notes = Notes(tmp_path, Patient())
    path = tmp_path / "mine.txt"
    path.write_text("mine")
    notes.keeps(path)
    trash = tmp_path / ".syncd" / "trash"
    trash.mkdir(parents=True)
    trashed = path.rename(trash / path.name)
    assert list(notes.lost(0.0, DAY)) == []
    trashed.unlink()
    assert len(list(notes.lost(days * DAY, DAY))) == says


def test_the_same_seed_is_the_same_life() -> None:
    def told(seed: int) -> list[float]:
        return [due.at for due in life(random.Random(seed), 3)]

    assert told(1) == told(1) != told(2)
    assert all(one <= other for one, other in pairwise(told(1)))
