"""What no job says is looked up before anything is placed: an engine, and a service over HTTP."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncd import rest
from syncd.core.only import Only
from syncd.cycle import Look, Report, run_cycle
from syncd.engine import Engine, open_engine
from syncd.errors import KeyRefused, RateLimited
from syncd.local.root import create_root
from syncd.remote import Retries
from syncd.rest import run_until_rest
from syncd.secret import Secret
from syncd.settings import Settings
from syncd.simulator import Fault, Simulator, World

from .configuring import tables_for

SAYS_ALL = frozenset({"genre", "emotion", "occasion", "language", "song_type", "liked"})


@pytest.fixture
def world() -> World:
    """Five jobs, of which the first is the oldest."""
    made = World()
    facets: list[dict[str, Any]] = [
        {"genre": "folk", "emotion": "calm", "occasion": "sleep", "vocal_language": "en"},
        {"genre": ("folk", "jazz"), "emotion": "happy", "language": "de"},
        {"genre": "jazz", "liked": True},
        {"emotion": "calm", "task": "text2rap"},
        {},
    ]
    for number, job in enumerate(facets):
        made.add(id=number + 1, display_name=f"Song {number}", created_at=1e9 + number, **job)
    return made


@pytest.fixture
def sim(world: World) -> Iterator[Simulator]:
    with Simulator(world) as running:
        yield running


class Clock:
    """The time, which can be moved."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def engine(
    sim: Simulator, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Engine]:
    monkeypatch.setattr(rest, "LOOKUPS_APART", 0.01)
    quick = Retries(attempts=2, wait_initial=0.001, wait_max=0.002, longest_wait=0.5)
    monkeypatch.setattr("syncd.remote.http.Retries", lambda: quick)
    create_root(tmp_path / "Music", sim.api_url)
    by_genre = {"template": "{genre}/{title}.{ext}"}
    tables = tables_for(sim, tmp_path / "Music", tmp_path / "state", library=by_genre)
    settings = Settings.model_validate(tables)
    async with open_engine(settings, Secret(sim.key), clock=clock) as opened:
        yield opened


async def sync(engine: Engine) -> list[Report]:
    return await run_until_rest(engine.library, engine.executor, engine.policy)


async def cycle(engine: Engine, look: Look, give_way: Callable[[], bool] = lambda: False) -> Report:
    return await run_cycle(engine.library, engine.executor, engine.policy, look, give_way=give_way)


def genres(engine: Engine) -> dict[int, tuple[str, ...]]:
    tracks = engine.library.catalog.remote_tree().tracks
    return {job_id: track.genre for job_id, track in tracks.items()}


def placed(engine: Engine) -> list[str]:
    root = engine.library.root.path
    return sorted(str(path.relative_to(root)) for path in root.rglob("*.flac"))


def filtered(sim: Simulator, name: str) -> list[str]:
    """The values of a filter that were asked for."""
    return [r.query[name] for r in sim.requests.select(origin="api") if name in r.query]


LEARNT = {1: ("folk",), 2: ("folk", "jazz"), 3: ("jazz",), 4: (), 5: ()}
PLACED = [
    "Unknown/Song 3.flac",
    "Unknown/Song 4.flac",
    "folk, jazz/Song 1.flac",
    "folk/Song 0.flac",
    "jazz/Song 2.flac",
]


async def test_all_is_learnt_before_anything_is_placed(engine: Engine, sim: Simulator) -> None:
    reports = await sync(engine)
    assert genres(engine) == LEARNT
    assert placed(engine) == PLACED
    assert [len(report.plan.operations) for report in reports] == [5, 0], "each is placed once"
    tracks = engine.library.catalog.remote_tree().tracks
    assert [tracks[n].emotion for n in range(1, 6)] == [("calm",), ("happy",), (), ("calm",), ()]
    assert [tracks[n].occasion for n in (1, 2)] == [("sleep",), ()]
    assert [tracks[n].language for n in (1, 2, 3)] == ["en", "de", None]
    assert [tracks[n].song_type for n in (1, 4)] == ["song", "rap"]
    assert [tracks[n].liked for n in range(1, 6)] == [False, False, True, False, False]


async def test_afterwards_only_new_values_and_likes_are_asked_for(
    engine: Engine, sim: Simulator, world: World
) -> None:
    await sync(engine)
    sim.requests.clear()
    world.like(1)
    await sync(engine)
    asked = [(r.path.rpartition("/")[2], r.query.get("liked")) for r in sim.requests]
    assert asked == [("jobs", None), ("stats", None), ("jobs", "true")]
    assert engine.library.catalog.remote_tree().tracks[1].liked


async def test_a_poll_asks_for_nothing_more_where_nothing_lacks(
    engine: Engine, sim: Simulator
) -> None:
    await sync(engine)
    await cycle(engine, Look(poll=True))
    sim.requests.clear()
    report = await cycle(engine, Look(poll=True))
    assert report.quiet
    assert {r.path.rpartition("/")[2] for r in sim.requests} == {"jobs"}
    assert len(sim.requests) == 2


async def test_jobs_that_say_all_of_it_cost_no_request(engine: Engine, sim: Simulator) -> None:
    sim.switches.facets = SAYS_ALL
    await sync(engine)
    assert placed(engine) == PLACED
    asked = [r.path.rpartition("/")[2] for r in sim.requests.select(origin="api")]
    kept = ["counts", "stats", "presets"]
    assert asked == ["jobs", *kept]


async def test_what_there_is_to_learn_is_asked_once_and_kept(
    engine: Engine, sim: Simulator
) -> None:
    await cycle(engine, Look(sweep=True))
    asked = [r.path.rpartition("/")[2] for r in sim.requests.select(origin="api")]
    assert [asked.count(name) for name in ("counts", "stats", "presets")] == [1, 1, 1]
    kept = engine.library.catalog.answers.find("filters", {})
    assert kept is not None
    assert kept.body["available_filters"]["genres"] == ["folk", "jazz"]


async def test_likes_that_come_with_the_listing_are_not_asked_for(
    engine: Engine, sim: Simulator
) -> None:
    sim.switches.interactions = "flag"
    await sync(engine)
    assert filtered(sim, "liked") == []
    assert engine.library.catalog.remote_tree().tracks[3].liked


async def test_a_new_job_costs_a_page_for_each_value(
    engine: Engine, sim: Simulator, world: World
) -> None:
    for number in range(150):
        world.add(genre="folk", created_at=1e9 + 10 + number, audio={})
    await sync(engine)
    sim.requests.clear()
    job = world.add(display_name="New", genre="jazz")
    report = await cycle(engine, Look(poll=True))
    assert not report.quiet
    assert genres(engine)[job] == ("jazz",)
    assert "jazz/New.flac" in placed(engine), "it is learnt and placed in the same cycle"
    assert filtered(sim, "genre") == ["folk", "jazz"]


async def test_a_filter_that_is_ignored_teaches_nothing(
    engine: Engine, sim: Simulator, clock: Clock
) -> None:
    sim.switches.unknown_filters = frozenset({"genre", "liked"})
    await sync(engine)
    assert set(genres(engine).values()) == {()}
    assert {path.partition("/")[0] for path in placed(engine)} == {"Unknown"}
    tracks = engine.library.catalog.remote_tree().tracks
    assert tracks[1].emotion == ("calm",), "the others are learnt"
    assert tracks[3].liked is None
    assert filtered(sim, "genre") == ["no such value"]
    await sync(engine)
    assert filtered(sim, "genre") == ["no such value"], "that is remembered"
    sim.switches.unknown_filters = frozenset()
    clock.ahead = timedelta(days=1, minutes=1)
    await sync(engine)
    assert genres(engine) == LEARNT, "and asked again after a day"


async def test_values_that_each_list_all_there_is_teach_nothing(
    engine: Engine, sim: Simulator
) -> None:
    sim.switches.unknown_filters = frozenset({"genre"})
    nonsense = {"genre": "no such value"}
    sim.faults.add(Fault("status", status=422, query=nonsense, times=None))
    await sync(engine)
    assert set(filtered(sim, "genre")) == {"no such value", "folk", "jazz"}
    assert set(genres(engine).values()) == {()}
    assert len(placed(engine)) == 5


async def test_a_job_that_contradicts_a_filter_ends_its_lookup(
    engine: Engine, sim: Simulator, world: World
) -> None:
    await sync(engine)
    sim.switches.unknown_filters = frozenset({"genre"})
    sim.switches.facets = frozenset({"genre"})
    world.add(display_name="New", genre=None)
    await sync(engine)
    assert genres(engine) == {**LEARNT, max(genres(engine)): ()}


async def test_what_was_begun_is_gone_on_with(engine: Engine, sim: Simulator, world: World) -> None:
    for number in range(250):
        world.add(genre="folk", emotion="calm", created_at=1e9 + 10 + number, audio={})
    reports: list[Report] = []
    look = Look(sweep=True, scan=True)
    while not reports or reports[-1].gave_way:
        turns = iter([False] * 2)
        reports.append(await cycle(engine, look, lambda turns=turns: next(turns, True)))  # type: ignore[misc]
        assert not (reports[-1].unlearnt and placed(engine))
        look = Look(scan=True, learn=True)
    pages = [(r.query["genre"], r.query["skip"]) for r in sim.requests if "genre" in r.query][1:]
    assert pages == [("folk", "0"), ("folk", "99"), ("folk", "198"), ("jazz", "0")]
    assert len(reports) > 5
    assert sum(genre == ("folk",) for genre in genres(engine).values()) == 251


async def test_until_then_the_tracks_wait_and_say_why(engine: Engine) -> None:
    report = await cycle(engine, Look(sweep=True, scan=True), lambda: True)
    assert report.gave_way
    assert {wait.reason for wait in report.plan.waits} == {
        "its genre, mood and the like are looked up first"
    }
    assert report.plan.operations == ()


async def test_a_value_that_is_new_is_listed_back_to_the_first_job(
    engine: Engine, sim: Simulator, world: World
) -> None:
    await sync(engine)
    world.update(1, genre=("folk", "waltz"))
    world.update(5, genre="waltz")
    sim.requests.clear()
    await sync(engine)
    assert genres(engine) == {**LEARNT, 1: ("folk", "waltz"), 5: ("waltz",)}
    assert filtered(sim, "genre") == ["no such value", "waltz"]
    sim.requests.clear()
    await sync(engine)
    assert filtered(sim, "genre") == [], "once"


@pytest.mark.parametrize(
    ("at", "folders"),
    [
        ({"path": "/filters/stats$"}, {"Unknown"}),
        ({"query": {"genre": "folk"}}, {"Unknown", "jazz"}),
        ({"when": lambda r: "genre" in r.query}, {"Unknown"}),
    ],
)
async def test_what_cannot_be_had_is_done_without_and_learnt_late(
    engine: Engine, sim: Simulator, at: dict[str, object], folders: set[str]
) -> None:
    sim.faults.add(Fault("status", status=500, times=None, **at))  # type: ignore[arg-type]
    reports = await sync(engine)
    assert reports[-1].error is None
    assert {path.partition("/")[0] for path in placed(engine)} == folders
    tries = [report for report in reports if report.look.account]
    assert len(tries) == 3
    assert engine.library.catalog.remote_tree().tracks[4].song_type == "rap"
    sim.requests.clear()
    await cycle(engine, Look(poll=True))
    assert not filtered(sim, "genre"), "it is left alone for a while"
    sim.faults.clear()
    await sync(engine)
    assert genres(engine) == LEARNT


async def test_where_likes_are_selected_by_those_of_a_new_job_are_learnt_with_it(
    engine: Engine, sim: Simulator, world: World
) -> None:
    policy = dataclasses.replace(engine.policy, only=Only(liked=False))
    await run_until_rest(engine.library, engine.executor, policy)
    assert len(placed(engine)) == 4
    new = world.add(display_name="New")
    sim.requests.clear()
    for _ in range(2):
        await run_cycle(engine.library, engine.executor, policy, Look(poll=True))
    assert "Unknown/New.flac" in placed(engine)
    assert engine.library.catalog.remote_tree().tracks[new].liked is False
    assert filtered(sim, "liked") == ["true"], "once"


async def test_a_value_that_is_refused_teaches_nothing_and_the_others_do(
    engine: Engine, sim: Simulator
) -> None:
    sim.faults.add(Fault("status", status=400, query={"genre": "folk"}, times=None))
    reports = await sync(engine)
    assert genres(engine) == {**LEARNT, 1: (), 2: ("jazz",)}
    assert len([report for report in reports if report.look.account]) == 1, "nothing waits for it"
    sim.faults.clear()
    sim.requests.clear()
    await sync(engine)
    assert filtered(sim, "genre") == ["folk"], "it is tried again as a new one is"
    assert set(genres(engine)[2]) == {"folk", "jazz"}


async def test_a_genre_that_changed_is_noticed_where_its_values_are_listed_for_a_new_job(
    engine: Engine, world: World
) -> None:
    await sync(engine)
    world.update(1, genre="jazz")
    world.update(2, genre="folk")
    new = world.add(display_name="New", genre="folk")
    await sync(engine)
    assert genres(engine) == {**LEARNT, 1: ("jazz",), 2: ("folk",), new: ("folk",)}


async def test_a_limit_on_one_filter_does_not_keep_the_tracks_for_ever(
    engine: Engine, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = Fault("status", status=429, retry_after=600, when=lambda r: "genre" in r.query)
    sim.faults.add(dataclasses.replace(fault, times=None))
    gate = engine.context.http._gate
    for _ in range(2):
        (report,) = await sync(engine)
        assert isinstance(report.error, RateLimited)
        monkeypatch.setattr(gate, "_until", 0.0)
    reports = await sync(engine)
    assert reports[-1].error is None
    assert len(placed(engine)) == 5
    assert engine.library.catalog.remote_tree().tracks[1].emotion == ("calm",)


async def test_where_each_job_has_all_values_the_filter_may_yet_be_honoured(
    engine: Engine, sim: Simulator, world: World
) -> None:
    for number in range(2, 6):
        world.delete(number)
    world.update(1, genre=("folk", "jazz"))
    await sync(engine)
    assert genres(engine) == {1: ("folk", "jazz")}


async def test_offered_values_that_list_nothing_teach_nothing(
    engine: Engine, sim: Simulator, world: World
) -> None:
    empty = Fault("short", count=100, when=lambda r: "genre" in r.query, times=None)
    sim.faults.add(empty)
    sim.switches.total_count = False
    await sync(engine)
    assert len(placed(engine)) == 5
    assert engine.library.catalog.facets.state()["genre"].lacking, "none was found to have none"


async def test_a_refused_scope_is_no_refused_key(engine: Engine, sim: Simulator) -> None:
    sim.faults.add(Fault("status", status=403, path="/filters/stats$", times=None))
    reports = await sync(engine)
    assert reports[-1].error is None
    assert len(placed(engine)) == 5


@pytest.mark.parametrize(
    ("status", "error"), [(401, KeyRefused), (403, KeyRefused), (429, RateLimited)]
)
async def test_what_is_not_about_a_filter_ends_the_cycle(
    engine: Engine, sim: Simulator, status: int, error: type[Exception]
) -> None:
    sim.faults.add(
        Fault("status", origin="api", status=status, retry_after=60, after=3, times=None)
    )
    (report,) = await sync(engine)
    assert isinstance(report.error, error)
    assert placed(engine) == []
