"""A machine that runs syncd as its README says: the system unit, its user, its folders."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from syncd.simulator import Simulator

from ..configuring import as_toml, tables_for
from .box import Box, until

UNIT = "syncd.service"
SYNCD = "/opt/syncd/bin/syncd"
CONFIG = "/etc/syncd/config.toml"
ROOT = "/srv/music/audiopod"
STATE = "/var/lib/syncd"
SHIPPED = Path(__file__).parents[2] / "systemd/system/syncd.service"


class Machine:
    """The box with a library in ``ROOT``, of the account that ``sim`` holds."""

    def __init__(self, box: Box, sim: Simulator) -> None:
        self.box = box
        self.sim = sim
        self.root = box.path(ROOT)
        self._cursor = box.cursor()

    # --- setting up ---

    def set_up(self) -> None:
        """The steps of systemd/README.md, up to the start."""
        run = self.box.run
        if run("id", "syncd", check=False).returncode != 0:
            run("useradd", "--system", "syncd")
        self.write("/etc/systemd/system/syncd.service", SHIPPED.read_text())
        run("install", "-d", "-m", "755", "/etc/syncd")
        self.write("/etc/syncd/api_key", f"{self.sim.key}\n", mode=0o600)
        self.configure()
        run("install", "-d", "-o", "syncd", "-g", "syncd", "/srv/music", ROOT)
        self.syncd("init", "--yes")
        # One second instead of thirty, so that a restart that must not come would be seen.
        self.drop_in("restart", "RestartSec=1")

    def configure(self, **sections: Mapping[str, object]) -> None:
        """Write the configuration, with what ``sections`` adds to it."""
        tables = tables_for(self.sim, ROOT, STATE, **sections)
        self.write(CONFIG, as_toml(tables), mode=0o644)

    def drop_in(self, name: str, *lines: str) -> None:
        """Change the unit, as systemctl edit does."""
        text = "\n".join(["[Service]", *lines, ""])
        self.box.path(f"/etc/systemd/system/{UNIT}.d").mkdir(exist_ok=True)
        self.write(f"/etc/systemd/system/{UNIT}.d/{name}.conf", text)
        self.box.run("systemctl", "daemon-reload")

    def write(self, inside: str, text: str, mode: int = 0o644) -> None:
        path = self.box.path(inside)
        path.write_text(text)
        path.chmod(mode)

    def clear(self) -> None:
        """Leave nothing to the next test."""
        self.box.run("systemctl", "stop", UNIT, check=False)
        self.box.run("systemctl", "reset-failed", UNIT, check=False)
        for mounted in (ROOT, "/srv/disk"):
            self.box.run("umount", "--lazy", mounted, check=False)
        folders = [STATE, "/srv/music", "/etc/syncd", f"/etc/systemd/system/{UNIT}.d"]
        self.box.run("rm", "-rf", *folders)

    # --- driving it ---

    def start(self, *, check: bool = True) -> None:
        """Start the unit; returns once the daemon said that it is ready."""
        done = self.box.run("systemctl", "start", UNIT, check=False)
        assert not check or done.returncode == 0, f"{done.stderr}{self.said()}"

    def start_and_fill(self) -> None:
        """Start, and wait until every track of the account is in place."""
        self.start()
        wanted = len(self.sim.world.jobs())
        until(lambda: len(self.audio()) == wanted, "the whole library")
        until(lambda: self.show("StatusText") == "idle", "rest")

    def syncd(self, *arguments: str, check: bool = True) -> str:
        """Run a command as the unit's user; its standard output."""
        return self.box.run(SYNCD, "--config", CONFIG, *arguments, check=check, user="syncd").stdout

    def status(self) -> Any:
        """What ``syncd status`` says, as its document."""
        return json.loads(self.syncd("status", "--json", check=False))

    # --- looking ---

    def show(self, name: str) -> str:
        return self.box.show(UNIT, name)

    @property
    def pid(self) -> int:
        """The daemon's process id in the box."""
        return int(self.show("MainPID"))

    def said(self) -> str:
        """What the daemon logged, line by line, of all starts of this test."""
        return "\n".join(text for _, text in self.messages())

    def messages(self) -> list[tuple[int, str]]:
        """Priority and text of each line that the daemon, and systemd of it, logged."""
        return self.box.messages(self._cursor, UNIT)

    def audio(self) -> list[Path]:
        """The audio files in the library."""
        suffixes = {".flac", ".mp3", ".ogg", ".wav"}
        try:
            found = [path for path in self.root.rglob("*") if path.suffix in suffixes]
        except OSError:  # a folder that went away meanwhile
            return []
        return sorted(path for path in found if ".syncd" not in path.parts)
