"""``syncd simulate``, run as a command."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from typing import Any

import httpx
import pytest
import typer
from typer.testing import CliRunner

from syncd.cli.simulate import simulate

PROGRAM = """
import typer
from syncd.cli.simulate import simulate
app = typer.Typer()
app.command()(simulate)
app()
"""


@pytest.fixture
def app() -> typer.Typer:
    application = typer.Typer()
    application.command()(simulate)
    return application


def run(app: typer.Typer, *arguments: str) -> Any:
    ports = ("--port", "0", "--media-port", "0")
    return CliRunner().invoke(app, [*ports, *arguments], env={"COLUMNS": "200"})


def test_it_says_where_it_is_and_what_to_try(app: typer.Typer) -> None:
    result = run(app, "--for", "0")
    assert result.exit_code == 0
    for words in (
        "http://127.0.0.1:",
        "AUDIOPOD_API_KEY=ap_simulator",
        "SYNCD_CONFIG",
        "syncd sync",
    ):
        assert words in result.output


def test_json_is_one_line(app: typer.Typer) -> None:
    result = run(app, "--for", "0", "--json", "--jobs", "3", "--key", "ap_mine")
    facts = json.loads(result.stdout)
    assert set(facts) == {"api", "media", "key"}
    assert facts["key"] == "ap_mine"
    assert result.stdout.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_a_signal_and_ends_well(number: signal.Signals) -> None:
    arguments = ["--port=0", "--media-port=0", "--json", "--jobs=4", "--facets", "--hostile"]
    arguments += ["--switch=ids-as-text=true", "--fault=status:status=503,path=/liked"]
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        with httpx.Client(
            base_url=f"{facts['api']}/api/v1/music", headers={"X-API-Key": facts["key"]}
        ) as client:
            rows = client.get("/jobs").json()
            liked = client.get("/liked").status_code
        process.send_signal(number)
        assert process.wait(10) == 0
    assert [type(row["id"]) for row in rows] == [str] * 4
    assert rows[0]["genre"]
    assert liked == 503


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--host", "0.0.0.0", "--expose"], "name one address"),
        (["--host", "192.0.2.1"], "other machines could reach 192.0.2.1"),
        (["--host", "192.0.2.1", "--expose"], "cannot listen on 192.0.2.1"),
        (["--host", "example.org"], "example.org is no IPv4 address"),
        (["--switch", "ids_as_text"], "ids_as_text is not NAME=VALUE"),
        (["--switch", "colour=red"], "no switch is called 'colour'"),
        (["--fault", "explode"], "no fault is called 'explode'"),
        (["--jobs", "-1"], "--jobs"),
        (["--port", "70000"], "--port"),
    ],
)
def test_a_bad_value_is_refused_with_its_reason(
    app: typer.Typer, arguments: list[str], reason: str
) -> None:
    result = run(app, "--for", "0", *arguments)
    assert result.exit_code == 2
    assert reason in result.output


def test_localhost_is_a_loopback_host(app: typer.Typer) -> None:
    assert run(app, "--for", "0", "--host", "localhost").exit_code == 0


def test_a_port_in_use_is_named(app: typer.Typer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = run(app, "--for", "0", "--port", port)
    assert result.exit_code == 2
    assert f"port {port} on 127.0.0.1 is in use" in result.output


def test_signals_mean_what_they_meant_before(app: typer.Typer) -> None:
    before = signal.getsignal(signal.SIGTERM)
    run(app, "--for", "0")
    assert signal.getsignal(signal.SIGTERM) is before
