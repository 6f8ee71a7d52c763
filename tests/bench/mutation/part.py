"""Whether the tests would notice: what keeps the program from losing something is taken out.

Each guard in ``lists/`` in turn, and, of ``syncd/core``, each operator and value (``core``). A test
has to fail each time; where none does, that is a trouble.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..part import Size, Verdict
from . import core
from .guards import Guard, guards
from .tree import Tree

NAME = "mutation"
UNIT = "mutants"

LIMIT = 3600
"""Seconds; a file of ``syncd/core`` has hundreds of mutants."""

_UNHARMED = "unharmed:"
_GUARD = "guard:"
_CORE = "core:"


def cases(size: Size) -> Iterable[str]:
    every = list(guards())
    if size is Size.CI:
        return [f"{_GUARD}{one.key}" for one in every if one.ci]
    files = dict.fromkeys(_file(test) for one in every for test in one.noticed_by)
    return [
        *(f"{_UNHARMED}{file}" for file in files),
        *(f"{_GUARD}{one.key}" for one in every),
        *(f"{_CORE}{file}" for file in core.files()),
    ]


def play(case: str, base: Path) -> Verdict:
    if case.startswith(_UNHARMED):
        return _unharmed(case.removeprefix(_UNHARMED), base)
    if case.startswith(_CORE):
        return _mutated(case.removeprefix(_CORE), base)
    return _taken_out(next(one for one in guards() if case == f"{_GUARD}{one.key}"), base)


def _unharmed(file: str, base: Path) -> Verdict:
    """A test that fails anyway notices nothing."""
    tests = {test for one in guards() for test in one.noticed_by if _file(test) == file}
    answer = Tree.copied(base).ask(sorted(tests), to_the_end=True)
    found = answer.trouble or (f"{answer.first} fails without any change" if answer.noticed else "")
    return Verdict((found,) if found else (), counts={"unharmed": len(tests)})


def _taken_out(guard: Guard, base: Path) -> Verdict:
    tree = Tree.copied(base)
    tree.change(guard.file, guard.old, guard.new)
    answer = tree.ask(guard.noticed_by)
    if answer.trouble:
        return Verdict((answer.trouble,))
    if guard.equivalent is not None:
        told = f"{answer.first} notices it after all: it is no second guard"
        return Verdict((told,) if answer.noticed else (), counts={"guards": 1, "explained": 1})
    told = f"syncd/{guard.file}: no test misses {guard.guard!r}"
    if not answer.noticed:
        return Verdict((told,), counts={"guards": 1, "survivors": 1})
    return Verdict(trace=(f"{answer.first} notices it",), counts={"guards": 1, "killed": 1})


def _mutated(file: str, base: Path) -> Verdict:
    found = core.mutate(file, base)
    if found.trouble:
        return Verdict((found.trouble,))
    known = core.explained()
    left = [one for one in found.survivors if one not in known]
    counts = {
        "mutants": found.number,
        "killed": found.number - len(found.survivors),
        "explained": len(found.survivors) - len(left),
        "survivors": len(left),
    }
    troubles = (f"{one.function} in syncd/{file}: no test notices {one.change}" for one in left)
    return Verdict(tuple(troubles), counts=counts)


def _file(test: str) -> str:
    return test.partition("::")[0]
