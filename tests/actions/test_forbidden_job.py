"""A job that the service does not show to a key that is good otherwise (403), named in a command.

It is told from a key that is good for nothing any more, and nothing is done about it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from syncd.actions.evict import evict
from syncd.actions.fetch import fetch
from syncd.actions.removal import removals
from syncd.actions.tracks import cover, rename
from syncd.actions.undo import Renaming, renamings, undo
from syncd.engine import Engine, open_engine
from syncd.errors import ExitCode, KeyRevoked, RequestRefused
from syncd.local.root import create_root
from syncd.rest import run_until_rest
from syncd.secret import Secret
from syncd.settings import Settings
from syncd.simulator import Fault, Simulator
from syncd.simulator.sound import tone

from ..configuring import tables_for

Command = Callable[[Engine, int], Awaitable[object]]

COMMANDS: dict[str, Command] = {
    "rename": lambda e, job: rename(e.library, e.executor, e.context, e.policy, job, "Omega"),
    "cover": lambda e, job: cover(e.library, e.context, e.policy, job, "https://a.example/b.png"),
    "rm": lambda e, job: removals(e.library, e.policy, [job]),
    "evict": lambda e, job: evict(e.library, e.context, e.policy, job),
    "fetch": lambda e, job: fetch(e.library, e.executor, e.context, e.policy, [job]),
}


@pytest.fixture
def jobs(sim: Simulator) -> tuple[int, int]:
    """A song, and one whose file was given back."""
    one, other = (
        sim.world.add(display_name=name, audio={"flac": tone("flac", 1)}) for name in "AB"
    )
    return one, other


@pytest.fixture
async def engine(tmp_path: Path, sim: Simulator, jobs: tuple[int, int]) -> AsyncIterator[Engine]:
    """The library of both, in step."""
    create_root(tmp_path / "Music", sim.api_url)
    settings = Settings.model_validate(tables_for(sim, tmp_path / "Music", tmp_path / "state"))
    async with open_engine(settings, Secret(sim.key, "the environment")) as engine:
        await run_until_rest(engine.library, engine.executor, engine.policy)
        await evict(engine.library, engine.context, engine.policy, jobs[1])
        yield engine


async def test_each_command_says_that_it_is_this_job_alone_and_what_can_be_done(
    engine: Engine, sim: Simulator, jobs: tuple[int, int]
) -> None:
    placed = engine.context.placed(jobs[0])
    sim.faults.add(Fault("status", path="/status$", status=403, times=None))
    for name, command in COMMANDS.items():
        job_id = jobs[name == "fetch"]
        with pytest.raises(RequestRefused) as caught:
            await command(engine, job_id)
        assert caught.value.exit_code is ExitCode.FAILED
        assert caught.value.message.startswith(f"the service does not show job {job_id} to this ")
        assert caught.value.hint is not None
        assert "look at the key in the AudioPod dashboard" in caught.value.hint
    assert sim.requests.mutating() == []
    assert engine.context.placed(jobs[0]) == placed
    assert (engine.library.root.path / placed.path).exists()


async def test_a_key_that_was_revoked_is_said_as_such(
    engine: Engine, sim: Simulator, jobs: tuple[int, int]
) -> None:
    sim.faults.add(Fault("status", origin="api", status=403, times=None))
    for name, command in COMMANDS.items():
        with pytest.raises(KeyRevoked) as caught:
            await command(engine, jobs[name == "fetch"])
        assert caught.value.exit_code is ExitCode.REFUSED
        assert caught.value.hint == (
            "the API key was revoked, has expired or lacks a scope; it came from the environment"
        )
    assert sim.requests.mutating() == []


async def test_it_keeps_no_other_name_from_being_given_back(
    engine: Engine, sim: Simulator, jobs: tuple[int, int]
) -> None:
    chosen: list[Renaming] = []
    for job_id in jobs:
        await COMMANDS["rename"](engine, job_id)
        chosen += renamings(engine.library.catalog, job_id=job_id)
    sim.faults.add(Fault("status", path=f"/{jobs[0]}/status$", status=403, times=None))
    undoing = await undo(engine.library, engine.executor, engine.policy, chosen)
    forbidden, given_back = undoing.undone
    assert "does not show job" in (forbidden.detail or "")
    assert (given_back.renaming.job_id, given_back.name) == (jobs[1], "B")
