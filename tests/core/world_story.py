"""A story: what befalls a library, or several of one account, and how it must end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from syncd.core.operations import Plan
from syncd.core.policy import Policy

from .world import World
from .world_judge import check_in_step, held
from .world_people import act
from .world_rounds import Luck, is_at_rest, play_round
from .world_things import Account

T = TypeVar("T")

ROUNDS = 12
"""Within how many rounds without faults everything must be at rest, for each program."""


@dataclass(frozen=True, slots=True)
class Episode:
    """What people do, and how the rounds after it go, of the program ``who``."""

    acts: list[tuple[int, int, int]]
    rounds: list[Luck]
    who: int = 0


@dataclass(frozen=True, slots=True)
class Story:
    """``others`` are the settings of further programs on the account, each with its own folder."""

    policy: Policy
    titles: list[str | None]
    episodes: list[Episode]
    others: list[Policy] = field(default_factory=list)


def synced(policy: Policy, titles: Sequence[str | None]) -> World:
    world = World(policy)
    for title in titles:
        world.account.add(title)
    play_round(world, Luck())
    return world


def rested(world: World) -> Plan:
    """Play without faults until nothing is left to do."""
    return _rested([world])[0]


def play(story: Story, watch: Callable[[World], None] = lambda world: None) -> None:
    """Tell ``story`` to its end, and look whether everything is in step then.

    ``watch`` gets every world before anything happened in it.
    """
    worlds = _peopled(story, watch)
    for episode in story.episodes:
        who = episode.who % len(worlds)
        for step in episode.acts:
            _turn(worlds, who, act, *step)
        for luck in episode.rounds:
            _turn(worlds, who, play_round, luck)
    plans = _checked(worlds)
    if any(world.kept_out for world in worlds):
        for world in worlds:
            world.kept_out = frozenset()
        plans = _checked(worlds)
    for world, plan in zip(worlds, plans, strict=True):
        again = play_round(world, Luck(pause=timedelta(minutes=1)))
        assert is_at_rest(world, again)
        assert len(again.holds) == len(again.operations)
        assert held(again) == held(plan)
        world.witness.looked_again()


def _peopled(story: Story, watch: Callable[[World], None]) -> list[World]:
    account, worlds = Account(), []
    for title in story.titles:
        account.add(title)
    for number, policy in enumerate([story.policy, *story.others]):
        # What is numbered in one world is numbered otherwise in the next: it meets in the account.
        worlds.append(World(policy, account, _count=number * 1_000_000))
        watch(worlds[-1])
    for who in range(len(worlds)):
        _turn(worlds, who, play_round, Luck())
    return worlds


def _checked(worlds: list[World]) -> list[Plan]:
    plans = _rested(worlds)
    for world, plan in zip(worlds, plans, strict=True):
        check_in_step(world, plan)
        world.witness.rests({one.job_id for one in (*plan.operations, *plan.waits)})
    return plans


def _rested(worlds: list[World]) -> list[Plan]:
    """The last plan of each. What one does in the account may give the next one something to do."""
    for world in worlds:
        world.veils.clear()
        world.deaf = False
    for number in range(ROUNDS * len(worlds)):
        luck = Luck(pause=timedelta(minutes=45 if number < 4 else 360))
        plans = [_turn(worlds, who, play_round, luck) for who in range(len(worlds))]
        if all(map(is_at_rest, worlds, plans)):
            return plans
    raise AssertionError(f"no rest after {number + 1} rounds: {plans}")


def _turn(worlds: list[World], who: int, do: Callable[..., T], *given: object) -> T:
    """``do`` to one world; the others hear of it where it changed the account."""
    if len(worlds) == 1:
        return do(worlds[who], *given)
    before = repr(worlds[who].account)
    result = do(worlds[who], *given)
    if repr(worlds[who].account) != before:
        for world in worlds:
            if world is not worlds[who]:
                world.disturb()
    return result
