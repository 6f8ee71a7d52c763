"""The README, the example configuration and ``--help`` say what the program does."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from syncd.cli.commands import COMMANDS
from syncd.errors import ExitCode
from syncd.simulator import Simulator, World

PROJECT = Path(__file__).parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands() -> set[str]:
    return set(COMMANDS)


def test_it_opens_with_exactly_two_commands_one_line_each():
    opening = README.split("\n## ")[0]
    blocks = re.findall(r"^```sh\n(.*?)^```$", opening, re.MULTILINE | re.DOTALL)
    assert [block.count("\n") for block in blocks] == [1, 1]
    assert blocks[0].rstrip().endswith(".venv/bin/syncd demo")
    assert ".venv/bin/pytest" in blocks[1]


def test_its_table_of_commands_is_the_command_line():
    table = set(re.findall(r"^\| `syncd ([a-z]+)", README, re.MULTILINE))
    assert table == commands()


def test_every_command_it_mentions_exists():
    code = "".join(BLOCKS) + "\n".join(re.findall(r"`[^`\n]+`", README))
    mentioned = set(re.findall(r"(?:^|`|/)syncd ([a-z]+)", code, re.MULTILINE))
    assert {"demo", "init", "plan", "sync"} <= mentioned <= commands()


def test_its_exit_codes_are_those_of_the_program():
    table = {int(n) for n in re.findall(r"^\| (\d+)(?:, 143)? \|", README, re.MULTILINE)}
    assert table == {int(code) for code in ExitCode}


def test_its_first_steps_work_as_written(tmp_path: Path):
    steps = [line for block in BLOCKS for line in block.splitlines()]
    steps = [line for line in steps if line.startswith("syncd ")]
    assert steps == [
        *("syncd init", "syncd plan", "syncd sync", "syncd service install", "syncd status")
    ]
    # tests/systemd does that with a real systemd.
    steps.remove("syncd service install")
    with Simulator(World.demo()) as simulator:
        config = tmp_path / "config.toml"
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "SYNCD_CONFIG": str(config),
            "AUDIOPOD_API_KEY": simulator.key,
        }
        root = tmp_path / "Music"
        for step in steps:
            words = step.split()[1:]
            if words == ["init"]:  # with the answers that a terminal would be asked for
                words += ["--root", str(root), "--yes", "--base-url", simulator.api_url]
            done = subprocess.run(
                [sys.executable, "-m", "syncd", *words],
                env=environ,
                capture_output=True,
                text=True,
                timeout=60,
            )
            assert done.returncode == 0, done.stderr
            if words[0] == "init":
                with config.open("a") as stream:  # this machine's disk may be nearly full
                    stream.write('\n[limits]\nmin_free_space = "5MB"\n')
    assert len(list(root.rglob("*.flac"))) == 5


@pytest.mark.parametrize("path", re.findall(r"\]\(([\w./]+)\)", README))
def test_what_it_links_to_is_there(path: str):
    assert (PROJECT / path).exists()
