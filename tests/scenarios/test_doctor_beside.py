"""``syncd doctor`` on what the daemon serves beside the library."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from syncd.daemon.control import Caller, serve
from syncd.daemon.metrics import listener_at
from syncd.doctor import beside
from syncd.doctor.check import Check
from syncd.settings import Settings

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench


def found(bench: Bench, **sections: Mapping[str, object]) -> dict[str, Check]:
    """What is found with these settings, by name."""
    settings = Settings(state={"dir": bench.state}, **sections)  # type: ignore[arg-type]
    return {check.name: check for check in beside.look(settings, bench.env)}


def test_what_is_not_set_is_not_looked_at(bench: Bench) -> None:
    assert found(bench) == {}


def test_a_hook_whose_program_is_there_is_ok(bench: Bench) -> None:
    check = found(bench, hooks={"on_added": ["sh", "-c", "x"], "on_error": ["/bin/sh"]})["hooks"]
    assert (check.verdict, check.message) == ("ok", "on_added, on_error")


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("no-such-program", "which is not in PATH"),
        ("{home}/missing", "which is not there"),
        ("{home}", "which is not there"),
        ("{home}/plain", "which is not executable"),
    ],
)
def test_a_hook_that_cannot_be_started_is_a_failure(bench: Bench, program: str, why: str) -> None:
    (bench.home / "plain").touch(0o600)
    program = program.format(home=bench.home)
    check = found(bench, hooks={"on_held": [program, "x"], "on_added": ["sh"]})["hooks"]
    assert (check.verdict, check.message) == ("failure", f"hooks.on_held starts {program}, {why}")
    assert check.fix


@pytest.mark.parametrize("there", [True, False])
def test_what_notifications_need_is_named_with_the_command_that_installs_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    spec: Any = object() if there else None
    monkeypatch.setattr(beside, "find_spec", {"desktop_notifier": spec}.__getitem__)
    check = found(bench, notify={"desktop": True})["desktop"]
    assert (check.verdict == "ok") is there
    assert there or "audiopod-syncd[desktop]" in str(check.fix)


def test_a_port_that_another_program_has_is_a_failure(bench: Bench) -> None:
    with listener_at("127.0.0.1:0") as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        check = found(bench, metrics={"listen": where})["metrics"]
    assert check.verdict == "failure"
    assert check.message == f"metrics.listen: {where} cannot be used: Address already in use"
    assert check.fix == "choose another port"
    check = found(bench, metrics={"listen": where})["metrics"]
    assert (check.verdict, check.message) == ("ok", f"{where} is free for the daemon")


async def test_of_a_daemon_that_runs_the_port_is_to_answer(bench: Bench) -> None:
    async def answer(do: str, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        return {}

    bench.state.mkdir(mode=0o700, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{free.getsockname()[1]}"
    async with serve(bench.state / "control.sock", answer, state_dir=bench.state):
        check = found(bench, metrics={"listen": where})["metrics"]
        assert check.verdict == "warning"
        assert check.message.startswith(f"the daemon does not answer at {where}: ")
        with listener_at(where):
            check = found(bench, metrics={"listen": where})["metrics"]
        assert check.verdict == "ok"
        assert found(bench, metrics={"listen": "127.0.0.1:0"})["metrics"].verdict == "ok"
