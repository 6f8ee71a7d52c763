"""A copy of the program and its tests, in which a line is changed and the tests are asked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
"""The work tree, of which nothing is ever changed."""

PATIENCE = 600
"""Seconds after which the tests of one change are given up. One that waits for ever ends before
that, by pytest's own timeout."""

_WITNESS = "the_copy_is_tested"
_NOTICED, _UNNOTICED = 1, 0
"""How pytest ends where a test failed, and where none did; all else is trouble."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the tests said: ``noticed`` by ``first``, else ``trouble``, where they could not say."""

    noticed: bool
    first: str | None = None
    trouble: str | None = None


class Tree:
    """The copy at ``base``, whose ``syncd`` is what its tests import."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.source = base / "syncd"

    @classmethod
    def copied(cls, base: Path) -> Tree:
        """With what was compiled before, which is much of the time that a short run takes."""
        tree = cls(base / "tree")
        tree.base.mkdir()
        shutil.copytree(PROJECT / "syncd", tree.source)
        # The bench asks these tests; asked by them, it would ask itself.
        left_out = shutil.ignore_patterns("bench", "*.pyc")
        shutil.copytree(PROJECT / "tests", tree.base / "tests", ignore=left_out)
        for name in ("pyproject.toml", "README.md", "config.example.toml"):
            shutil.copy2(PROJECT / name, tree.base)
        tree._bear_witness()
        return tree

    def change(self, file: str, old: str, new: str) -> None:
        """Put ``new`` in the place of ``old``, which stands once in ``file`` below ``syncd``."""
        path = self.source / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        changed = text.replace(old, new)
        compile(changed, file, "exec")
        path.write_text(changed, encoding="utf-8")
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
            compiled.unlink()

    def ask(self, tests: Sequence[str], *, to_the_end: bool = False) -> Answer:
        """Whether any of ``tests`` fails here."""
        command = [sys.executable, "-P", "-m", "pytest", "-q", "-n", "0", "-p", _WITNESS]
        command += ["-p", "no:cacheprovider", "--tb=line", *([] if to_the_end else ["-x"])]
        try:
            run = subprocess.run(
                [*command, *tests],
                cwd=self.base,
                env=self.environment(),
                capture_output=True,
                text=True,
                errors="replace",
                timeout=PATIENCE,
            )
        except subprocess.TimeoutExpired:
            return Answer(False, trouble=f"nothing within {PATIENCE} s")
        if run.returncode == _UNNOTICED:
            return Answer(False)
        failed = [line for line in run.stdout.splitlines() if line.startswith(("FAILED", "ERROR "))]
        if run.returncode != _NOTICED or not failed:
            end = (run.stdout + run.stderr).strip().splitlines()[-8:]
            return Answer(False, trouble=f"pytest ended with {run.returncode}: " + " | ".join(end))
        return Answer(True, failed[0].split(" ", 1)[1].partition(" - ")[0])

    def environment(self) -> dict[str, str]:
        """The copy comes before the installed program, wherever a test starts another Python."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith("SYNCD_")}
        return {**mine, "PYTHONPATH": str(self.base), "CI": "true"}

    def _bear_witness(self) -> None:
        """A plugin that ends the run unless it is the copy which is imported."""
        (self.base / f"{_WITNESS}.py").write_text(
            "import pathlib, pytest, syncd\n"
            "if pathlib.Path(syncd.__file__).parents[1] != pathlib.Path(__file__).parent:\n"
            "    pytest.exit(f'{syncd.__file__} is tested', returncode=99)\n",
            encoding="utf-8",
        )
