"""Histories of the full engine: real executor, catalog and files, and a simulated service.

A library is made, perturbed on both sides, also while the program runs, and left alone. Then it
must come to rest, and show that nothing was lost (``oracle``). The same seed is the same history,
step by step.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from syncd.catalog.store import Catalog
from syncd.core.operations import Defer, Hold
from syncd.executor import Result

from . import oracle
from .house import Home, House
from .ledger import entries
from .part import Size, Verdict
from .runs import Runs, pages_of
from .scratch import scratch
from .shrink import alike, shortened, trouble_of
from .story import Act, Run, Story, story

NAME, UNIT = "histories", "histories of the full engine"
_FIRST = 1_000_000
_COUNTS = {Size.CI: 2_000, Size.FULL: 20_000}
_SENT = {"PATCH": "PATCHes", "DELETE": "DELETEs", "POST": "POSTs"}
_PAUSES = (3_700, 3_700, 3_700, 30_000, 90_000, 90_000, 90_000, 90_000)
"""Seconds between the runs that come to rest: a grace, a wait of a failure, a day of a budget."""


def cases(size: Size) -> Iterator[str]:
    return (str(seed) for seed in range(_FIRST, _FIRST + _COUNTS[size]))


def play(case: str, base: Path) -> Verdict:
    return told(story(int(case)), base)


def told(tale: Story, base: Path) -> Verdict:
    """Tell it to its end; ``base`` is an empty folder."""
    house = House(base, tale.seed, tale.setups, follows=True)
    runs = Runs(house)
    with house.lives() as loop, pages_of(tale.page):
        troubles = loop.run_until_complete(_tell(house, runs, tale))
    return Verdict((*troubles, *runs.taken), tuple(house.trace), _counts(house, runs))


def _counts(house: House, runs: Runs) -> dict[str, int]:
    """What happened, of all that could: a bench in which nothing does shows nothing."""
    requests = house.account.sim.requests
    counts = runs.counts + Counter(_SENT.get(one.method, one.method) for one in requests.mutating())
    counts["downloads"] = sum(one.origin == "media" for one in requests)
    return {what: number for what, number in counts.items() if number}


async def _tell(house: House, runs: Runs, tale: Story) -> list[str]:
    for number in range(tale.jobs):
        house.act(Act("job_add", 0, number, number * 5 + 3))
    for who in range(len(house.homes)):
        await runs.play(Run(who))
    for step in _in_turn(tale.steps):
        if isinstance(step, Act):
            house.act(step)
        else:
            await runs.play(*step)
        if house.troubles:
            return house.troubles
    runs.what_is_left()
    troubles = await _to_rest(house, runs)
    for home in house.homes:
        await home.member.close()
    return troubles


def _in_turn(steps: Iterable[Act | Run]) -> Iterator[Act | list[Run]]:
    """Each act, and the runs that are at the same time."""
    together: list[Run] = []
    for step in steps:
        if together and not (isinstance(step, Run) and step.beside):
            yield together
            together = []
        if isinstance(step, Run):
            together = [*together, step]
        else:
            yield step
    if together:
        yield together


async def _to_rest(house: House, runs: Runs) -> list[str]:
    """Leave it alone until nothing happens any more, and judge it then."""
    for pause in _PAUSES:
        house.moment.pass_(pause)
        stood, sent = _standing(house), house.mutating()
        for who in range(len(house.homes)):
            await runs.play(Run(who))
        if house.troubles:
            return house.troubles
        if not any(map(_is_busy, house.trees)):
            break
    else:
        return ["it does not come to rest"]
    troubles = []
    if house.mutating() != sent:
        troubles.append("a run with nothing to do changes the account")
    if changed := _standing(house) ^ stood:
        troubles.append(f"a run with nothing to do changes files: {sorted(changed)}")
    for tree in house.trees:
        explained = _explained(house, runs, tree)
        troubles += [f"{tree.name}: {text}" for text in oracle.at_rest(house, tree, explained)]
    return troubles


def _is_busy(home: Home) -> bool:
    """Whether its last run did something, failed at something, or left something for a later."""
    reports = home.reports()
    if not reports or reports[-1].error:
        return True
    plan = reports[-1].plan
    return (
        any(one.result is not Result.HELD for report in reports for one in report.outcomes)
        or any(not isinstance(op, Hold | Defer) for op in plan)
        or bool(plan.pending)
        or any(wait.until is not None for wait in plan.waits)
    )


def _explained(house: House, runs: Runs, home: Home) -> set[int]:
    """The jobs of which the program itself says that something waits, or is held, and of which
    the history knows why."""
    catalog = Catalog.read(home.settings.catalog)
    assert catalog is not None
    held = {one.job_id for one in catalog.holds.all()}
    catalog.close()
    waits = {wait.job_id: wait.reason for wait in home.reports()[-1].plan.waits}
    house.trace.append(f"{home.name} holds {sorted(held)}, waits {waits}")
    runs.counts["holds"] += len(held)
    return oracle.explained(house, home, held, waits.keys())


def _standing(house: House) -> set[tuple[str, int, int, int]]:
    """Every file of every library, and whether it is still the same."""
    return {
        (entry.path, (stat := entry.stat()).st_ino, stat.st_size, stat.st_mtime_ns)
        for tree in house.trees
        for entry in entries(tree.root)
    }


def shrunk(case: str) -> str:
    """The shortest history that goes wrong as this one does, ready to become a test."""

    def wrong(tale: Story) -> tuple[str, ...]:
        with tempfile.TemporaryDirectory(prefix="syncd-bench-", dir=scratch()) as base:
            return told(tale, Path(base)).troubles

    short = shortened(story(int(case)), alike(wrong, story(int(case))))
    return f"{short!r}\n{trouble_of(wrong, short)}"
