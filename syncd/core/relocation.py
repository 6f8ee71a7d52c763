"""Names given anew: which of several files that want each other's name goes first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from syncd.core.baseline import Baseline, Placed
from syncd.core.naming import (
    Names,
    collision_key,
    has_own_suffix,
    own_suffix,
    same_text,
    sibling,
    stem_of,
)
from syncd.core.operations import MakeWay, MoveLocal, RenameLocal, Wait
from syncd.core.policy import Policy

if TYPE_CHECKING:
    from syncd.core.decisions.planning import Decision

Relocation = RenameLocal | MoveLocal

Relocating = RenameLocal | MoveLocal | MakeWay
"""What gives a file that stands in the folder another name."""

_WAY = "~{}"
"""What a file that makes way has behind its stem, with its job's id: no name of another's."""


def way_of(path: str, job_id: int) -> str:
    """The name that the file of a track takes to make way."""
    return sibling(path, f"{stem_of(path)}{_WAY.format(job_id)}")


def has_made_way(path: str, before: str, job_id: int) -> bool:
    """Whether the file that stood at ``before`` stands at ``path`` because it made way."""
    ways = stem_of(path).removeprefix(stem_of(before))
    repeated = ways.replace(_WAY.format(job_id), "")
    return bool(ways) and not repeated and sibling(before, stem_of(path)) == path


def without_way(placed: Placed, job_id: int) -> str:
    """The stem that a file had before it made way; a template may end a name in that way, too."""
    way = _WAY.format(job_id)
    bare = placed.stem.removesuffix(way)
    ends_so = placed.template.removesuffix(".{ext}").endswith(_WAY.format("{id}"))
    return placed.stem if ends_so and not bare.endswith(way) else bare


def awaits_user(op: Relocation, baseline: Baseline, policy: Policy) -> bool:
    """Whether the user has to release ``op`` first: until then its file stands where it does."""
    held = baseline.holds.get((op.job_id, op.verb))
    if held is not None and (held.approved or held.batch is not None):
        return not held.approved
    return policy.cautious or (isinstance(op, MoveLocal) and policy.moves == "ask")


def settle(
    decisions: Sequence[Decision], names: Names, stays: Callable[[Relocation], bool]
) -> list[Decision]:
    """``decisions`` with a free name for each relocation, in an order in which each can be done.

    A name that another relocation gives up is free; who takes it goes after that one. Of a circle
    one file makes way first, and gets its name in the next plan. A name that is taken for good
    becomes one with the job's id, and where that is taken too the track waits. What ``stays`` (it
    is going to be held) gives nothing up, and keeps the name that it asks for.
    """
    relocations = [d for d in decisions if isinstance(d, RenameLocal | MoveLocal)]
    if not relocations:
        return list(decisions)
    staying = [op for op in relocations if stays(op)]
    leaving = [op for op in relocations if not stays(op)]
    # What stands where it is to stand gives its name up to none, whatever stands beside it.
    in_place = [op for op in leaving if _is_in_place(op)]
    moving, waits = _named([op for op in leaving if not _is_in_place(op)], names)
    others = [d for d in decisions if not isinstance(d, RenameLocal | MoveLocal)]
    return [*in_place, *_ordered(moving, names), *staying, *waits, *others]


def _is_in_place(op: Relocation) -> bool:
    return same_text(op.path, op.new_path)


def _named(ops: Sequence[Relocation], names: Names) -> tuple[list[Relocation], list[Wait]]:
    """Each with a name that is free. Who gets none stays, and so its own name is not free."""
    for op in ops:
        names.leave(op.path)
    found = [_choose(op, names) for op in ops]
    named = [op for op in found if op is not None]
    if len(named) == len(ops):
        return named, []
    for op in named:
        names.leave(op.new_path)
    for op in ops:
        names.take(op.path)
    stuck = [op for op, choice in zip(ops, found, strict=True) if choice is None]
    named, waits = _named([op for op in ops if op not in stuck], names)
    return named, [*(_taken(op) for op in stuck), *waits]


def _choose(op: Relocation, names: Names) -> Relocation | None:
    choices = [op] if has_own_suffix(op.stem, op.job_id) else [op, _suffixed(op)]
    for choice in choices:
        if names.is_free(choice.new_path):
            names.take(choice.new_path)
            return choice
    return None


def _suffixed(op: Relocation) -> Relocation:
    stem = f"{op.stem}{own_suffix(op.job_id)}"
    return replace(op, stem=stem, new_path=sibling(op.new_path, stem))


def _taken(op: Relocation) -> Wait:
    return Wait(job_id=op.job_id, reason=f"{op.new_path} is taken; it keeps its name until then")


def _ordered(ops: Sequence[Relocation], names: Names) -> list[Decision]:
    """Each after those whose name it takes; a circle is opened by one file that makes way."""
    holders: defaultdict[str, set[int]] = defaultdict(set)
    for op in ops:
        holders[collision_key(op.path)].add(op.job_id)
    ordered: list[Decision] = []
    waiting = {op.job_id: op for op in ops}
    while waiting:
        ready = [
            op
            for op in waiting.values()
            if not (holders[collision_key(op.new_path)] - {op.job_id}) & waiting.keys()
        ]
        if not ready:
            opener = next(iter(waiting.values()))
            names.leave(opener.new_path)
            ordered += _make_way(opener, names, holders)
            del waiting[opener.job_id]
        for op in ready:
            ordered.append(op)
            del waiting[op.job_id]
    return ordered


def _make_way(op: Relocation, names: Names, standing: Collection[str]) -> tuple[MakeWay, Wait]:
    """The opening of a circle; ``standing`` are the names of those that are to be renamed.

    The wait keeps what was approved for the track until it is due.
    """
    path = way_of(op.path, op.job_id)
    while not names.is_free(path) or collision_key(path) in standing:
        path = way_of(path, op.job_id)
    names.take(path)
    reason = f"another track gets its name; it becomes {op.new_path} after that"
    made = MakeWay(job_id=op.job_id, path=op.path, new_path=path, reason=reason)
    return made, Wait(job_id=op.job_id, reason=reason)
