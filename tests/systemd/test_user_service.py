"""``syncd service`` with the systemd of a user who never logs in."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from syncd.simulator import Simulator

from .box import Box, until

USER = "ada"
HOME = f"/home/{USER}"
SYNCD = "/opt/syncd/bin/syncd"
CONFIG = f"{HOME}/an odd $name 100%.toml"


@pytest.fixture
def ada(box: Box, sim: Simulator) -> Iterator[Box]:
    """The box with a user who has a library, and a systemd of their own without a login."""
    box.run("useradd", "--create-home", USER)
    box.path(f"{HOME}/key").write_text(sim.key)
    box.run("chown", f"{USER}:", f"{HOME}/key")
    box.run("chmod", "600", f"{HOME}/key")
    box.run("loginctl", "enable-linger", USER)
    until(box.path(f"/run/user/{box.uid(USER)}/systemd/private").exists, "the user's systemd")
    chosen = ["--root", f"{HOME}/Music", "--key-file", f"{HOME}/key", "--base-url", sim.api_url]
    box.run(SYNCD, "--config", CONFIG, "init", "--yes", *chosen, user=USER)
    yield box
    box.run("loginctl", "disable-linger", USER, check=False)
    box.run("loginctl", "terminate-user", USER, check=False)
    until(lambda: box.run("userdel", "-rf", USER, check=False).returncode in (0, 6, 12), "the end")


def test_a_user_installs_it_asks_it_and_removes_it(ada: Box, sim: Simulator) -> None:
    said = ada.run(SYNCD, "--config", CONFIG, "service", "install", user=USER).stdout
    assert "wrote /home/ada/.config/systemd/user/syncd.service" in said
    assert "enable-linger" not in said
    shown = ada.run(SYNCD, "service", "status", "--json", user=USER).stdout
    document = json.loads(shown)
    assert document["running"] is True
    assert document["enabled"] == "enabled"
    music = ada.path(f"{HOME}/Music")
    until(lambda: len([p for p in music.glob("*/*") if ".syncd" not in p.parts]) == 12, "music")
    asked = ada.run(SYNCD, "--config", CONFIG, "status", "--json", user=USER).stdout
    assert json.loads(asked)["pid"] == int(document["pid"])
    path = next(path for path in music.glob("*/*") if ".syncd" not in path.parts)
    path.rename(path.with_name(f"By ada{path.suffix}"))
    until(lambda: "By ada" in {job.display_name for job in sim.world.jobs()}, "the new name")
    ada.run(SYNCD, "service", "uninstall", user=USER)
    done = ada.run(SYNCD, "service", "status", user=USER, check=False)
    assert done.returncode == 1
    assert "no unit is installed" in done.stdout
    stopped = ada.run(SYNCD, "--config", CONFIG, "status", "--json", user=USER, check=False)
    assert json.loads(stopped.stdout)["running"] is False
    assert sim.key not in ada.journal()
