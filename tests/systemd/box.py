"""A real systemd in namespaces of its own, with the program installed in it.

It sees this machine's files copy-on-write, has a network of its own with loopback alone, and is
driven from outside: ``run`` starts a command in it, ``path`` reaches its files.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds after which what does not come is a failure."""

_CGROUPS = (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup"))
_TOOLS = (
    "unshare",
    "nsenter",
    "ip",
    "pivot_root",
    "runuser",
    "useradd",
    "systemctl",
    "journalctl",
    "loginctl",
)
_NAMESPACES = ("--pid", "--mount", "--uts", "--ipc", "--net", "--cgroup")
_CLONE_NEWNET = 0x40000000


class Refused(Exception):
    """This machine does not let a systemd boot; the message says where it ended."""


def missing() -> str | None:
    """Why no systemd can be booted here, as far as that can be told without trying."""
    if os.name != "posix" or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "needs root"
    if absent := [tool for tool in _TOOLS if shutil.which(tool) is None]:
        return f"needs {', '.join(absent)}"
    if not Path("/lib/systemd/systemd").exists():
        return "needs systemd"
    if _cgroups() is None:
        return "needs control groups of version 2"
    return None


class Box:
    """A booted systemd; ``close`` ends it. Raises ``Refused`` where it does not come up."""

    def __init__(self, work: Path, program: Path) -> None:
        parent = _cgroups()
        if parent is None:
            raise Refused("no control groups of version 2")
        self._cgroup = parent / f"syncd-test-{os.getpid()}-{time.monotonic_ns()}"
        self._cgroup.mkdir()
        self._log = work.with_suffix(".log")
        work.mkdir()
        boot = Path(__file__).with_name("boot.sh")
        enter = f'echo $$ >"{self._cgroup}/cgroup.procs" && exec "$@"'
        unshare = ["unshare", "--fork", *_NAMESPACES, "--kill-child", "--propagation", "private"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["sh", "-c", enter, "sh", *unshare, "sh", boot, work, program],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            self.pid = self._await("a first process", self._child)
            self._await("systemd", lambda: self._is_systemd() or None)
            self._await("box.target", self._has_booted)
        except BaseException:
            self.close()
            raise

    # --- driving it ---

    def run(
        self, *command: str, check: bool = True, user: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the box, as root or as ``user``, whose session is then around it."""
        words = list(command)
        environ = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"]
        if user:
            words = ["runuser", "-u", user, "--", *words]
            environ += [f"HOME=/home/{user}", f"XDG_RUNTIME_DIR=/run/user/{self.uid(user)}"]
        done = subprocess.run(
            ["nsenter", "-t", str(self.pid), "-a", "--", *environ, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done

    def uid(self, user: str) -> int:
        """The number of a user of the box."""
        lines = self.path("/etc/passwd").read_text().splitlines()
        return next(int(line.split(":")[2]) for line in lines if line.startswith(f"{user}:"))

    def path(self, inside: str) -> Path:
        """A file of the box, for this process."""
        return Path(f"/proc/{self.pid}/root") / inside.lstrip("/")

    def in_its_network(self, work: Callable[[], T]) -> T:
        """Do ``work`` in a thread of the box's network: a socket made there stays there."""
        results: list[T] = []
        libc = ctypes.CDLL(None, use_errno=True)

        def enter() -> None:
            with Path(f"/proc/{self.pid}/ns/net").open("rb") as network:
                if libc.setns(network.fileno(), _CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "the network of the box cannot be entered")
            results.append(work())

        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        return results[0]

    def show(self, unit: str, name: str) -> str:
        """A property of a unit."""
        return self.run("systemctl", "show", "--value", "-p", name, unit).stdout.strip()

    def journal(self) -> str:
        """What was logged since the boot, with every field of every entry."""
        self.run("journalctl", "--sync")
        return self.run("journalctl", "--no-pager", "-o", "export", "-a").stdout

    def cursor(self) -> str:
        """Where the journal ends now."""
        self.run("journalctl", "--sync")
        shown = self.run("journalctl", "-n", "1", "-o", "json").stdout
        return str(json.loads(shown)["__CURSOR"])

    def messages(self, cursor: str, unit: str) -> list[tuple[int, str]]:
        """Priority and text of what a unit, and systemd of it, logged after ``cursor``."""
        self.run("journalctl", "--sync")
        only = ["--output-fields=PRIORITY,MESSAGE", f"--after-cursor={cursor}", "-u", unit]
        lines = self.run("journalctl", "--no-pager", "-o", "json", "-a", *only).stdout
        return [_message(line) for line in lines.splitlines()]

    # --- its life ---

    def close(self) -> None:
        """Power it off, or kill it; nothing of it stays."""
        if self._process.poll() is None and hasattr(self, "pid"):
            with contextlib.suppress(subprocess.TimeoutExpired, AssertionError):
                self.run("systemctl", "poweroff")
                self._process.wait(10)
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)  # --kill-child ends the box with it
            self._process.wait()
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                _remove_cgroup(self._cgroup)
                return
            time.sleep(0.05)

    def _child(self) -> int | None:
        pid = self._process.pid
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(text[0]) if text else None

    def _is_systemd(self) -> bool:
        return Path(f"/proc/{self.pid}/comm").read_text().strip() == "systemd"

    def _has_booted(self) -> bool | None:
        done = self.run("systemctl", "is-active", "box.target", check=False)
        return done.stdout.strip() == "active" or None

    def _await(self, what: str, look: Callable[[], T | None]) -> T:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                if (found := look()) is not None:
                    return found
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        said = self._log.read_text(errors="replace").strip().splitlines()
        raise Refused(f"{what} did not come: {said[-1] if said else 'nothing was said'}")


def until(look: Callable[[], T | None], what: str, patience: float = PATIENCE) -> T:
    """What ``look`` finds, as soon as it finds something; fails with ``what`` otherwise."""
    end = time.monotonic() + patience
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, f"{what} did not come within {patience} s"
        time.sleep(0.1)


def _message(line: str) -> tuple[int, str]:
    fields = json.loads(line)
    text = fields["MESSAGE"]
    # A text that is not plain comes as an array of bytes.
    return int(fields["PRIORITY"]), text if isinstance(text, str) else bytes(text).decode()


def _cgroups() -> Path | None:
    return next((path for path in _CGROUPS if (path / "cgroup.procs").exists()), None)


def _remove_cgroup(top: Path) -> None:
    for path, _, _ in os.walk(top, topdown=False):
        Path(path).rmdir()
