"""The program, installed and run by a systemd that was booted for it.

One box serves all tests, which takes about ten seconds to make; it needs root. Under xdist every
worker would boot one, so that these tests are run by themselves: ``pytest -n 0 tests/systemd``.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.simulator import Simulator, World

from .box import Box, Refused, missing
from .machine import Machine

PROJECT = Path(__file__).parents[2]
PYTHON = Path("/usr/bin/python3")
"""The system's: the sandbox of the unit hides one that lies in somebody's home."""


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the program installed from this folder, to stand in /opt/syncd."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        pytest.skip("boots a systemd: run by itself, with -n 0")
    if reason := missing():
        pytest.skip(reason)
    usable = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"
    if not PYTHON.exists() or subprocess.run([PYTHON, "-c", usable], stderr=-3).returncode:
        pytest.skip(f"needs {PYTHON}, 3.11 or newer, with venv")
    folder = tmp_path_factory.mktemp("program") / "syncd"
    _checked(PYTHON, "-m", "venv", folder)
    constraints = PROJECT / "constraints.txt"
    _checked(folder / "bin/pip", "install", "--quiet", "--constraint", constraints, PROJECT)
    command = folder / "bin/syncd"
    command.write_text(command.read_text().replace(str(folder), "/opt/syncd"))
    return folder


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory, program: Path) -> Iterator[Box]:
    try:
        booted = Box(tmp_path_factory.mktemp("box") / "work", program)
    except Refused as refused:
        pytest.skip(f"no systemd boots here: {refused}")
    yield booted
    booted.close()


@pytest.fixture
def sim(box: Box) -> Iterator[Simulator]:
    """An account with twelve tracks, on the box's own loopback."""
    simulator = Simulator(World.synthetic(12), key="ap_c4nary-0123456789abcdef")
    box.in_its_network(simulator.__enter__)
    yield simulator
    simulator.__exit__(None, None, None)


@pytest.fixture
def machine(box: Box, sim: Simulator) -> Iterator[Machine]:
    """The box with the system unit installed and a library set up, as systemd/README.md has it."""
    made = Machine(box, sim)
    made.set_up()
    yield made
    made.clear()


def _checked(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
