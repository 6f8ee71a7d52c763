"""Each operator, condition and value of ``syncd/core`` changed in turn, by mutmut.

What it changes are functions without decorators; the table of rules and the constants stand in
``lists/``. A mutant that no test notices is a trouble, unless ``explained.toml`` explains it: by
its file, function and change, so that the explanation outlives what is edited elsewhere.
"""

from __future__ import annotations

import ast
import difflib
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .tree import PROJECT, Tree

EXPLAINED = Path(__file__).parent / "explained.toml"

TOLD = (
    "exporting.py", "harmony.py", "languages.py", "likeness.py", "listing.py", "lyrics.py",
    "query.py", "retagging.py", "tagging.py", "verbs.py", "words.py",
)  # fmt: skip
"""What decides nothing about what is fetched, renamed or removed: words, searches, tags. Other
tests than those of ``tests/core`` look at it, and it is left out."""

_ALSO = {"core/model.py": ("tests/catalog", "tests/remote/test_schema.py")}
"""Tests beside those of ``tests/core`` that a file is for."""

_OWN = {
    "core/naming.py": (
        "tests/core/test_naming.py",
        "tests/core/test_naming_edges.py",
        "tests/core/test_names.py",
        "tests/core/test_round_trip.py",
        "tests/core/test_templates.py",
    )
}
"""Files that nearly every test comes by, so that all of them take over an hour: their own tests
alone have to notice everything."""

_SURVIVED, _UNTESTED = 0, 33
"""mutmut's codes for what no test noticed, and for what no test came by."""

_SETTINGS = """
[tool.mutmut]
source_paths = ["syncd"]
only_mutate = ["syncd/{file}"]
pytest_add_cli_args_test_selection = {tests}
use_setproctitle = false
"""

FORGETS = """

def pytest_sessionstart():
    import functools, gc

    for one in gc.get_objects():
        if isinstance(one, functools._lru_cache_wrapper) and one.__module__.startswith("syncd"):
            one.cache_clear()
"""
"""Put into the tests: mutmut forks from a process that has run them, in which every cache has what
the program answered before it was changed."""


@dataclass(frozen=True, slots=True, order=True)
class Mutant:
    """One change, as ``- old + new`` of the lines that it is in."""

    file: str
    function: str
    change: str


@dataclass(frozen=True, slots=True)
class Mutated:
    """What the mutation of one file came to."""

    number: int
    survivors: tuple[Mutant, ...]
    trouble: str | None = None


def files() -> Iterator[str]:
    """The files that are mutated, below ``syncd``."""
    for path in sorted((PROJECT / "syncd/core").rglob("*.py")):
        if path.name not in TOLD and "def " in path.read_text(encoding="utf-8"):
            yield str(path.relative_to(PROJECT / "syncd"))


def explained() -> dict[Mutant, str]:
    """The survivors that are known, and why nothing can notice each of them."""
    tables = tomllib.loads(EXPLAINED.read_text(encoding="utf-8")).get("mutant", [])
    return {
        Mutant(table["file"], table["function"], change): table["why"]
        for table in tables
        for change in table["changes"]
    }


def mutate(file: str, base: Path) -> Mutated:
    """Mutate ``file``, below ``syncd``, in a copy of the program at ``base``."""
    tree = Tree.copied(base)
    with (tree.base / "pyproject.toml").open("a", encoding="utf-8") as stream:
        tests = json.dumps(_OWN.get(file, ("tests/core", *_ALSO.get(file, ()))))
        stream.write(_SETTINGS.format(file=file, tests=tests))
    with (tree.base / "tests/conftest.py").open("a", encoding="utf-8") as stream:
        stream.write(FORGETS)
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", "1"]
    run = subprocess.run(
        command,
        cwd=tree.base,
        env=tree.environment(),
        capture_output=True,
        text=True,
        errors="replace",
    )
    mutants = tree.base / "mutants" / "syncd" / file
    found = mutants.with_name(f"{mutants.name}.meta")
    codes: dict[str, int | None] = {}
    if found.exists():
        codes = json.loads(found.read_text(encoding="utf-8"))["exit_code_by_key"]
    if not codes or None in codes.values():
        end = " | ".join((run.stdout + run.stderr).strip().splitlines()[-8:])
        return Mutated(0, (), f"mutmut ended with {run.returncode}: {end}")
    left = [name for name, code in codes.items() if code in (_SURVIVED, _UNTESTED)]
    return Mutated(len(codes), tuple(_told(file, mutants.read_text(encoding="utf-8"), left)))


def _told(file: str, text: str, names: list[str]) -> Iterator[Mutant]:
    """The mutants of these ``names``, but for those in which only words to a person differ."""
    functions = {
        node.name: node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    for name in names:
        mutant = name.rpartition(".")[2]
        function = mutant.rpartition("__mutmut_")[0]
        before, after = functions[f"{function}__mutmut_orig"], functions[mutant]
        if not is_about_words(before, after):
            yield Mutant(file, function.removeprefix("x_"), _change(text, before, after))


def _change(text: str, before: ast.AST, after: ast.AST) -> str:
    sources = [ast.get_source_segment(text, node) or "" for node in (before, after)]
    lines = [[line.strip() for line in source.splitlines()[1:]] for source in sources]
    found = [*difflib.unified_diff(*lines, n=0, lineterm="")][2:]
    return " ".join(f"{line[0]} {line[1:]}" for line in found if line[0] in "-+")


def is_about_words(before: ast.AST, after: ast.AST) -> bool:
    """Whether both do the same, and differ in a text with a blank in it: words for a person."""
    one, other = _texts(before), _texts(after)
    if len(one) != len(other) or _shape(before) != _shape(after):
        return False
    return all(" " in text for text, now in zip(one, other, strict=True) if text != now)


def _texts(node: ast.AST) -> list[str]:
    return [
        inner.value
        for inner in ast.walk(node)
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str)
    ]


def _shape(node: ast.AST) -> list[str]:
    """All that there is but for texts, and but for the name of the function."""
    return [
        type(inner).__name__ if _is_text(inner) or inner is node else _of(inner)
        for inner in ast.walk(node)
    ]


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _of(node: ast.AST) -> str:
    plain = [value for _, value in ast.iter_fields(node) if isinstance(value, str | int | float)]
    return f"{type(node).__name__} {plain}"
