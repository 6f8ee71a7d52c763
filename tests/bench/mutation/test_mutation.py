"""What is taken out stands in the program still, and what is to notice it among the tests; and a
change is noticed, or told that it was not."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from syncd.core.naming import encode

from ..part import Size
from . import core
from .core import explained, is_about_words
from .guards import Guard, guards
from .part import cases
from .tree import PROJECT, Tree

GUARDS = list(guards())
CLOCKS = "core/time.py", "return min(now.local - since, now.server - since_server)"
ITS_TESTS = "tests/core/test_time.py"


@cache
def source(file: str) -> str:
    return (PROJECT / file).read_text(encoding="utf-8")


def stale(guard: Guard) -> str | None:
    """What of ``guard`` is no longer so."""
    text = source(f"syncd/{guard.file}")
    if text.count(guard.old) != 1:
        return f"{guard.old!r} stands {text.count(guard.old)} times in syncd/{guard.file}"
    try:
        compile(text.replace(guard.old, guard.new), guard.file, "exec")
    except SyntaxError as error:
        return f"{guard.new!r} cannot stand in syncd/{guard.file}: {error}"
    for test in guard.noticed_by:
        file, _, name = test.partition("::")
        if name and not re.search(rf"def {name.partition('[')[0]}\(", source(file)):
            return f"there is no {test}"
    return None if guard.noticed_by else "nothing is to notice it"


def test_each_guard_stands_in_the_program_and_its_tests_among_the_tests() -> None:
    found = [f"{one.guard}: {why}" for one in GUARDS if (why := stale(one)) is not None]
    assert not found, "\n".join(found)


def test_no_guard_is_named_twice() -> None:
    assert [name for name, times in Counter(one.guard for one in GUARDS).items() if times > 1] == []


def test_what_is_explained_is_of_a_function_that_is_there() -> None:
    for mutant in explained():
        name = re.split("ǁ", mutant.function)[-1].removesuffix("_")
        assert f"def {name}" in source(f"syncd/{mutant.file}"), mutant


def test_the_cases_are_the_same_each_time_and_those_of_ci_among_them() -> None:
    every, few = list(cases(Size.FULL)), list(cases(Size.CI))
    assert len(every) == len({*every})
    assert 0 < len(few) == len({*few} & {*every})
    assert every == list(cases(Size.FULL))


def test_a_line_that_is_taken_out_is_noticed_and_one_that_says_the_same_is_not(
    tmp_path: Path,
) -> None:
    tree = Tree.copied(tmp_path)
    file, line = CLOCKS
    same = line.replace(
        "now.local - since, now.server - since_server",
        "*reversed([now.local - since, now.server - since_server])",
    )
    tree.change(file, line, same)
    assert not tree.ask([ITS_TESTS]).noticed
    tree.change(file, same, "return now.local - since")
    answer = tree.ask([ITS_TESTS])
    assert answer.noticed
    assert answer.first is not None
    assert answer.first.startswith(ITS_TESTS)


def test_what_names_no_test_or_asks_another_program_is_trouble(tmp_path: Path) -> None:
    tree = Tree.copied(tmp_path)
    assert "no tests ran" in str(tree.ask([f"{ITS_TESTS}::test_that_is_not_there"]).trouble)
    (tree.source / "__init__.py").rename(tree.base / "aside.py")
    tree.source.rename(tree.base / "elsewhere")
    assert "is tested" in str(tree.ask([ITS_TESTS]).trouble)


@pytest.mark.parametrize(
    ("before", "after", "alike"),
    [
        ("def a(): return f'job {b} is gone'", "def a_1(): return f'XXjob {b} is goneXX'", True),
        ("def a(): return Wait('too little room')", "def a_1(): return Wait(None)", False),
        ("def a(): return b == 'down'", "def a_1(): return b == 'XXdownXX'", False),
        ("def a(): return b < 1 or 'not yet'", "def a_1(): return b <= 1 or 'NOT YET'", False),
        ("def a(): return b + 1, 'not yet'", "def a_1(): return b + 2, 'not yet'", False),
    ],
)
def test_only_words_to_a_person_are_passed_over(before: str, after: str, alike: bool) -> None:
    one, other = (ast.parse(text).body[0] for text in (before, after))
    assert is_about_words(one, other) is alike


def test_all_that_decides_is_mutated() -> None:
    found = {*core.files()}
    assert {"core/safety.py", "core/evidence.py", "core/decisions/deletions.py"} <= found
    assert not {f"core/{name}" for name in core.TOLD} & found


def test_what_was_answered_before_a_change_is_forgotten() -> None:
    encode("Rain")
    assert encode.cache_info().currsize
    found: dict[str, Any] = {}
    exec(core.FORGETS, found)
    found["pytest_sessionstart"]()
    assert not encode.cache_info().currsize
