"""Rounds: look, plan, guard and carry out, with or without luck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from random import Random

from syncd.core.operations import Defer, Hold, Operation, Plan

from .world import World
from .world_act import RELOCATION, Changed, Refused
from .world_executor import carry_out, is_free_of_likes
from .world_people import meddle
from .world_terms import same


class Fault(Enum):
    """What may happen to one operation."""

    REPLAN = "it is put off until the next plan"
    FAILS = "it fails, and is due again after a while"
    LOST = "it is done, and the record of it is lost"
    CRASH = "it is done, the record of it is lost, and the rest is not begun"
    MEDDLING = "people do something right before it"


@dataclass(frozen=True, slots=True)
class Luck:
    """What befalls one round. ``order`` seeds the order of its operations.

    ``faults`` are by the number of the operation; ``meddling`` is the act of people (world_people).
    """

    pause: timedelta = timedelta(minutes=45)
    order: int = 0
    swept: bool = True
    faults: Mapping[int, Fault] = field(default_factory=dict)
    meddling: tuple[int, int, int] = (0, 0, 0)


def play_round(world: World, luck: Luck) -> Plan:
    """One round. Without meddling and faults, every operation is carried out as it was planned."""
    world.elapsed += luck.pause
    if luck.swept:
        world.sweep()
    plan = world.plan()
    # What the plan could not know: a listing of before, a fault, or people who were quicker.
    is_surprising = bool(not luck.swept or world.veils or luck.faults)
    clean = luck.swept and not world.veils
    for number, op in enumerate(_in_some_order(plan, luck.order)):
        fault = luck.faults.get(number)
        if fault is Fault.MEDDLING:
            meddle(world, *luck.meddling)
        elif fault is Fault.REPLAN:
            continue
        elif fault is Fault.FAILS:
            world.catalog.fail(op.job_id, "no answer", world.now)
            continue
        lost = fault in (Fault.LOST, Fault.CRASH)
        clean = clean and fault is None
        world.witness.begins(op.job_id, op.verb)
        try:
            carry_out(world, op, lost=lost)
            # What people put where it is to stand stands beside whatever they put there with it.
            is_moved = isinstance(op, RELOCATION) and not same(op.path, op.new_path)
            if is_moved and not is_surprising:
                assert is_free_of_likes(world, op.new_path)
        except Changed as surprise:
            if not is_surprising:
                raise AssertionError(f"{op} met an unchanged world: {surprise}") from surprise
        except Refused:
            world.catalog.refuse(op, getattr(op, "path", ""), world.now)
        finally:
            world.witness.ended(lost=lost)
        if fault is Fault.CRASH or (lost and isinstance(op, RELOCATION)):
            break
    world.veils.clear()
    world.catalog.settled = world.catalog.settled or clean
    return plan


def _in_some_order(plan: Plan, seed: int) -> list[Operation]:
    """Relocations first and in their order, as the executor keeps it; the rest in any."""
    relocations = [op for op in plan if isinstance(op, RELOCATION)]
    others = [op for op in plan if not isinstance(op, RELOCATION | Hold)]
    if seed:
        Random(seed).shuffle(others)
    return [*relocations, *others]


def is_at_rest(world: World, plan: Plan) -> bool:
    """Nothing was done, and nothing is to come of itself but another look for audio."""
    return (
        all(isinstance(op, Hold | Defer) for op in plan)
        and not plan.pending
        and not plan.missed
        and not any(
            wait.until and (world.is_audible(wait.job_id) or "is made again" in wait.reason)
            for wait in plan.waits
        )
    )
