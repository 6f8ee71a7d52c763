"""The key of a daemon that alone was given one, as a system unit is with its credential."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.daemon.contact import Contact
from syncd.doctor import unit as units

from .daemons import Daemon, daemon
from .examining import commanded, examined
from .mirroring import Mirror
from .ringing import RINGING

ALONE = {"AUDIOPOD_API_KEY": None}
"""What a command sees: no key."""


@pytest.fixture
def running(mirror: Mirror) -> Iterator[Daemon]:
    """A daemon whose key is a credential."""
    folder = mirror.bench.folder / "credentials"
    folder.mkdir(mode=0o700)
    file = folder / "audiopod_api_key"
    file.write_text(mirror.sim.key)
    file.chmod(0o600)
    given = {"CREDENTIALS_DIRECTORY": str(folder), **ALONE}
    with daemon(mirror.bench, before=RINGING, **given) as running:
        yield running


def test_commands_that_see_no_key_work_with_the_daemons(mirror: Mirror, running: Daemon) -> None:
    alpha, beta = mirror.jobs["Alpha"], mirror.jobs["Beta"]
    for command in (
        ("rename", alpha, "Omega"),
        ("undo", "--yes"),
        ("evict", beta),
        ("fetch", beta),
        ("plan",),
        ("rm", beta, "--yes"),
    ):
        result = mirror.bench.run(*command, **ALONE)
        assert result.code == 0, (command, result.err)
    running.wait_until(lambda: mirror.files() == ["Alpha.flac", "Delta.flac", "Gamma.flac"])


def test_the_doctor_examines_the_key_of_the_daemon(mirror: Mirror, running: Daemon) -> None:
    found = commanded(mirror.bench, "--config", mirror.bench.config, **ALONE)
    assert found.said("key").startswith("ok: ap_…")
    assert f"from the daemon (process {running.running.pid})" in found.said("key")
    assert "key" not in found.failed
    assert "api" not in found.unseen


def test_the_key_is_told_to_whoever_asks_for_it_and_nowhere_else(
    mirror: Mirror, running: Daemon
) -> None:
    assert running.contact.key().reveal() == mirror.sim.key
    assert mirror.bench.run("rename", mirror.jobs["Alpha"], "Omega", **ALONE).code == 0
    running.wait_for("idle")
    assert mirror.sim.key not in json.dumps(running.status())
    assert mirror.sim.key not in "\n".join(running.log())
    assert mirror.sim.key not in json.dumps(running.stop())
    assert all(
        mirror.sim.key not in path.read_text(errors="replace")
        for path in mirror.bench.state.iterdir()
        if path.is_file()
    )


def test_without_a_daemon_a_command_needs_a_key_of_its_own(mirror: Mirror) -> None:
    result = mirror.bench.run("rename", mirror.jobs["Alpha"], "Omega", **ALONE)
    assert result.code == 2
    assert "no API key is given" in result.complaint
    assert Contact.find(mirror.bench.state) is None


@pytest.mark.parametrize("kind", ["LoadCredential", "LoadCredentialEncrypted"])
async def test_without_a_daemon_the_doctor_says_whose_the_key_is(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    unit = tmp_path / "syncd.service"
    unit.write_text(f"[Service]\n{kind}=audiopod_api_key:/etc/syncd/api_key\n")
    monkeypatch.setattr(units, "_SYSTEM_UNITS", (unit,))
    found = await examined(mirror.bench, **ALONE)
    assert found.said("key").startswith(f"warning: {unit} gives the daemon one")
    unit.write_text("[Service]\nLoadCredential=another:/etc/key\n")
    assert (await examined(mirror.bench, **ALONE)).said("key") == "failure: no API key is given"
