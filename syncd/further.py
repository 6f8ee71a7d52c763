"""The further trees of a library (``library.also``), worked on after the first has come to rest.

What happens in one may be news for the others: a name that was sent, a file that is gone. So they
go on in turn until none has anything left to tell. What keeps a further tree from being opened is
told of it, and ends nothing else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from structlog.contextvars import bound_contextvars

from syncd.core.operations import Adopt, DeleteRemote, Ignore, RenameRemote
from syncd.core.words import of_tree
from syncd.cycle import Report
from syncd.engine import Engine, open_further
from syncd.errors import SyncdError
from syncd.executor import Result
from syncd.rest import run_until_rest

_ROUNDS = 5
"""How often the trees have their turns at most: a program that renames in two of them would keep
us at it for ever."""

_NEWS = (RenameRemote, DeleteRemote, Ignore, Adopt)
"""What concerns the other trees as well."""

RunFirst = Callable[[bool], Awaitable[Sequence[Report]]]
"""Cycles of the first tree until it rests, beginning with a sweep where that is asked for."""

Between = Callable[[Report], Awaitable[None]]
Rested = Callable[[Engine], Awaitable[None]]


@dataclass(slots=True)
class TreeRun:
    """What a run came to in one further tree. ``error``: why it could not be opened."""

    format: str
    root: Path
    reports: list[Report] = field(default_factory=list)
    error: SyncdError | None = None


def tells_others(reports: Iterable[Report]) -> bool:
    """Whether something was done that concerns the other trees, or was seen that only a new
    listing of the account explains."""
    return any(report.wants_sweep for report in reports) or any(
        isinstance(outcome.operation, _NEWS)
        # A deletion that came to nothing may have met what another tree does not know of yet.
        and (outcome.result is Result.DONE or isinstance(outcome.operation, DeleteRemote))
        for report in reports
        for outcome in report.outcomes
    )


async def run_further(
    engine: Engine,
    run_first: RunFirst,
    *,
    give_way: Callable[[], bool] = lambda: False,
    between: Between | None = None,
    rested: Rested | None = None,
) -> list[TreeRun]:
    """Bring the further trees into step with the first, which rests, and it with them.

    For ``give_way`` and ``between`` see ``run_until_rest``. ``rested`` is awaited with each tree
    that came to rest, while it is open.
    """

    async def run(tree: TreeRun) -> list[Report]:
        with bound_contextvars(tree=tree.format):
            return await _run(engine, tree, give_way, between, rested)

    runs = [TreeRun(f, tree.library.root) for f, tree in engine.settings.trees.items()]
    for _ in range(_ROUNDS):
        fresh = [report for tree in runs for report in await run(tree)]
        if not tells_others(fresh):
            break
        reports = await run_first(any(report.wants_sweep for report in fresh))
        if reports[-1].error or not tells_others(reports):
            break
    return runs


async def _run(
    engine: Engine,
    run: TreeRun,
    give_way: Callable[[], bool],
    between: Between | None,
    rested: Rested | None,
) -> list[Report]:
    """Cycles of one further tree until it rests."""
    try:
        async with open_further(engine, run.format) as tree:
            policy = replace(tree.policy, retry_now=True)
            reports = await run_until_rest(
                tree.library, tree.executor, policy, give_way=give_way, between=between
            )
            if rested is not None and not reports[-1].error:
                await rested(tree)
    except SyncdError as error:
        hint = error.hint and of_tree(error.hint, run.format)
        run.error = SyncdError(error.message, hint=hint)
        return []
    run.error = None
    run.reports += reports
    return reports
