"""Imports run one way; read from the import statements, wherever in a file they stand."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import syncd

SOURCE = Path(syncd.__file__).parent
LONGEST_FILE = 400

GROUND = {"core", "errors", "secret"}
PARTS = GROUND | {"remote", "local", "catalog", "progress", "account"}
WORK = PARTS | {"elsewhere", "executor", "library"}
CYCLE = WORK | {"observation", "learning", "generation", "cycle"}
WHOLE = CYCLE | {"rest", "actions", "binding", "config", "settings", "engine", "log", "outcome"}
WHOLE |= {"export", "derived"}
MAY_IMPORT: dict[str, set[str]] = {
    "core": set(),
    "errors": set(),
    "secret": set(),
    "progress": {"core"},
    "setting_types": GROUND,
    "settings": GROUND | {"setting_types"},
    "config": GROUND | {"setting_types", "settings"},
    "log": GROUND,
    "remote": GROUND | {"__init__"},
    "local": GROUND,
    "catalog": GROUND,
    "simulator": set(),
    "account": GROUND | {"remote", "catalog"},
    "elsewhere": GROUND | {"local", "catalog"},
    "executor": PARTS - {"account"} | {"elsewhere"},
    "library": PARTS - {"account"} | {"elsewhere"},
    "observation": WORK,
    "learning": WORK,
    "generation": WORK,
    "cycle": CYCLE - {"cycle"},
    "rest": CYCLE | {"export"},
    "export": GROUND | {"catalog", "local", "__init__"},
    "actions": CYCLE | {"rest", "export"},
    "outcome": CYCLE,
    "binding": GROUND | {"local", "catalog", "config"},
    "derived": GROUND | {"catalog", "config", "elsewhere", "executor", "local"},
    "engine": CYCLE | {"derived", "elsewhere", "actions", "config", "binding", "export"},
    "further": CYCLE | {"rest", "engine"},
    "daemon": WHOLE | {"further", "__init__"},
    "doctor": WHOLE | {"daemon", "__init__"},
    "cli": WHOLE | {"further", "daemon", "doctor", "simulator", "__init__"},
    "__main__": {"cli"},
    "__init__": set(),
}
"""Module or package of ``syncd`` -> the others that it may import; itself always."""

ONLY_HERE = {
    "httpx": {"remote"},
    "aiolimiter": {"remote"},
    "mutagen": {"local"},
    "sqlmodel": {"catalog"},
    "sqlalchemy": {"catalog"},
    "sqlite3": {"catalog"},
    "typer": {"cli"},
    "rich": {"cli"},
    "starlette": {"daemon", "simulator"},
    "uvicorn": {"daemon", "simulator"},
    "apscheduler": {"daemon"},
    "prometheus_client": {"daemon"},
    "pathspec": {"local", "setting_types"},
    "watchfiles": {"local"},
}

HEAVY = {
    "httpx", "sqlmodel", "sqlalchemy", "mutagen", "pydantic", "starlette", "uvicorn", "apscheduler",
    "structlog", "numpy",
    "watchfiles", "prometheus_client",
}  # fmt: skip


def modules(source: Path) -> Iterator[tuple[str, Path]]:
    """Dotted name and file of every module under ``source``, the root of the package ``syncd``."""
    for path in sorted(source.rglob("*.py")):
        parts = path.relative_to(source.parent).with_suffix("").parts
        yield ".".join(part for part in parts if part != "__init__" or len(parts) == 2), path


def imported(name: str, path: Path) -> Iterator[str]:
    """The dotted name of everything that a module imports, relative imports resolved."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    package = package.removesuffix(".__init__")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")
            prefix = base[: len(base) - node.level + 1] if node.level else []
            module = ".".join([*prefix, *([node.module] if node.module else [])])
            # ``from syncd import x`` names a module by its last word.
            if module == "syncd":
                yield from (f"syncd.{alias.name}" for alias in node.names)
            else:
                yield module


def part_of(name: str) -> str:
    """``core`` for ``syncd.core.model``; a name that ``syncd`` exports is its ``__init__``."""
    words = name.split(".")
    part = words[1] if len(words) > 1 else "__init__"
    return "__init__" if part == "__version__" else part


def violations(source: Path) -> list[str]:
    """Every import under ``source`` that runs the wrong way, in plain words."""
    found = []
    for name, path in modules(source):
        own = part_of(name)
        for target in imported(name, path):
            top = target.split(".")[0]
            if top == "syncd":
                other = part_of(target)
                if other != own and other not in MAY_IMPORT.get(own, set()):
                    found.append(f"{name} imports {target}")
            elif own == "core" and top not in sys.stdlib_module_names:
                found.append(f"{name} imports {target}, which is not the standard library's")
            elif own not in ONLY_HERE.get(top, {own}):
                found.append(f"{name} imports {target}")
    return found


def test_imports_run_one_way() -> None:
    assert violations(SOURCE) == []


def test_every_part_has_its_place_in_the_order() -> None:
    assert {part_of(name) for name, _ in modules(SOURCE)} <= set(MAY_IMPORT)
    order: list[str] = []
    waiting = dict(MAY_IMPORT)
    while ready := [part for part, needs in waiting.items() if needs <= {*order}]:
        order += ready
        waiting = {part: needs for part, needs in waiting.items() if part not in ready}
    assert waiting == {}, "a circle"


@pytest.mark.parametrize(
    ("path", "line", "violation"),
    [
        ("core/model.py", "import httpx", "syncd.core.model imports httpx, which is not the"),
        ("core/model.py", "from syncd.errors import X", "syncd.core.model imports syncd.errors"),
        ("core/__init__.py", "from ..errors import X", "syncd.core imports syncd.errors"),
        ("remote/x.py", "import syncd.local.files", "syncd.remote.x imports syncd.local.files"),
        ("remote/x.py", "from syncd import local", "syncd.remote.x imports syncd.local"),
        ("local/x.py", "from ..catalog import store", "syncd.local.x imports syncd.catalog"),
        ("local/a/x.py", "from ... import catalog", "syncd.local.a.x imports syncd.catalog"),
        ("catalog/x.py", "def f():\n    import mutagen", "syncd.catalog.x imports mutagen"),
        ("local/x.py", "import httpx._client", "syncd.local.x imports httpx._client"),
        ("cycle.py", "import sqlalchemy as s", "syncd.cycle imports sqlalchemy"),
        ("engine.py", "from syncd.cli import app", "syncd.engine imports syncd.cli"),
        ("executor.py", "from syncd import cycle", "syncd.executor imports syncd.cycle"),
        ("simulator/x.py", "from syncd.core import model", "syncd.simulator.x imports syncd.core"),
        (
            "remote/x.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from syncd.config import S",
            "syncd.remote.x imports syncd.config",
        ),
        ("stray.py", "import syncd.core", "syncd.stray imports syncd.core"),
    ],
)
def test_a_planted_violation_is_found(tmp_path: Path, path: str, line: str, violation: str) -> None:
    planted = tmp_path / "syncd" / path
    planted.parent.mkdir(parents=True)
    planted.write_text(line)
    found = violations(tmp_path / "syncd")
    assert len(found) == 1
    assert found[0].startswith(violation)


def test_an_import_that_is_allowed_is_not_found(tmp_path: Path) -> None:
    planted = tmp_path / "syncd" / "remote" / "x.py"
    planted.parent.mkdir(parents=True)
    planted.write_text(
        "import httpx\nfrom .y import z\nfrom . import y\nfrom syncd.core import model"
    )
    assert violations(tmp_path / "syncd") == []


@pytest.mark.parametrize("path", [path for _, path in modules(SOURCE)], ids=lambda path: path.name)
def test_a_file_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_a_word_of_help_imports_nothing_heavy(option: str) -> None:
    code = (
        "import sys\n"
        f"sys.argv = ['syncd', {option!r}]\n"
        "from syncd.__main__ import main\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        "print('imported', *(name.partition('.')[0] for name in sys.modules))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    last = result.stdout.splitlines()[-1].split()
    assert last[0] == "imported"
    assert "typer" in last
    assert set(last) & HEAVY == set()


def test_nothing_is_caught_with_except_star() -> None:
    # What is raised in such a clause is wrapped in a group by Python 3.11.0 to 3.11.3, which
    # Debian 12 has: an error with a line for the user would become a traceback.
    for name, path in modules(SOURCE):
        found = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.TryStar)]
        assert not found, f"{name}:{found[0].lineno}"
