"""Output that cannot be written is said to be that, and nothing else is."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, NoReturn

import pytest

from syncd.cli import forwarding

COMMAND = Path(sys.executable).with_name("syncd")
FULL = Path("/dev/full")


def syncd(*arguments: str, **streams: IO[str] | int) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *arguments], text=True, **streams)  # type: ignore[call-overload, no-any-return]


@pytest.mark.skipif(not FULL.exists(), reason="this system has no full device")
@pytest.mark.parametrize("arguments", [("--version",), ("status",), ("status", "--json")])
def test_a_full_standard_output_is_one_line(arguments: tuple[str, ...]) -> None:
    with FULL.open("w") as out:
        ended = syncd(*arguments, stdout=out, stderr=subprocess.PIPE)
    assert ended.returncode == 1
    assert ended.stderr == "syncd: the output cannot be written: No space left on device\n"


def test_a_reader_that_went_away_is_no_news_to_anybody() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as out:
        ended = syncd("status", stdout=out, stderr=subprocess.PIPE)
    assert (ended.returncode, ended.stderr) == (1, "")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no full device")
def test_a_full_standard_error_leaves_the_exit_code() -> None:
    with FULL.open("w") as err:
        ended = syncd("show", "0", stdout=subprocess.PIPE, stderr=err)
    assert (ended.returncode, ended.stdout) == (1, "")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_what_the_caller_closed_leads_nowhere(closed: str) -> None:
    script = f'"$0" --version {closed}; "$0" show 0 {closed}; echo "ended with $?"'
    ended = subprocess.run(["/bin/sh", "-c", script, COMMAND], capture_output=True, text=True)
    assert ended.stdout.splitlines()[-1] == "ended with 2"
    assert "Traceback" not in ended.stderr


def test_the_error_of_a_file_is_not_taken_for_the_outputs(
    syncd: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(_: object) -> NoReturn:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(forwarding, "find", find)
    with pytest.raises(OSError, match="Read-only file system"):
        syncd("status")
