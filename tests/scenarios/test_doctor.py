"""``syncd doctor``: the whole of it, the configuration, the key and the service."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from syncd import __version__, config
from syncd.catalog.store import Catalog
from syncd.doctor import configuration, disk, examination, program, service
from syncd.doctor.check import Check
from syncd.settings import Settings
from syncd.simulator import Simulator
from syncd.simulator.faults import Fault

from .examining import NAMES, OF_THE_SERVICE, commanded, copy_of, examined
from .mirroring import stepped

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]


@pytest.fixture
def library(synced: Bench, tmp_path: Path) -> Iterator[Bench]:
    """A library in step with its account."""
    yield copy_of(synced, tmp_path / "bench")
    synced.sim.faults.clear()


# --- the whole ---


def test_a_sound_library_passes_and_nothing_is_changed(library: Bench, look: Look) -> None:
    with closing(Catalog.open(library.state / "catalog.sqlite3")) as catalog:
        catalog.upkeep.backup(library.state / "backups", datetime.now(UTC))
    before = look(library.root, library.state)
    found = commanded(library)
    after = look(library.root, library.state)
    assert list(found.checks) == NAMES
    of_this_machine = {"daemon", "libraries", "clock"}
    worried = {name for name, check in found.checks.items() if check["verdict"] != "ok"}
    assert worried - of_this_machine == set()
    assert after.keys() == before.keys()
    touched = {Path(path).name for path in before if before[path] != after[path]}
    assert touched == {".syncd", "state"}  # their dates: files came and went, SQLite's log too
    assert [(request.method, request.path) for request in library.sim.requests.select()] == [
        ("GET", "/api/v1/music/jobs"),
        ("GET", "/api/v1/music/model/status"),
    ]


def test_each_check_is_a_line_and_each_fix_is_indented_under_it(library: Bench) -> None:
    result = library.run("doctor")
    lines = result.out.splitlines()
    assert lines[0] == f"ok    version      syncd {__version__}"
    assert f"ok    root         {library.root}" in lines
    daemon = lines.index("warn  daemon       none runs")
    assert lines[daemon + 1].startswith(f"{'':18} syncd run starts one")
    assert lines[-1].startswith("0 failures, ")
    assert "\x1b" not in result.out


@pytest.mark.parametrize("plain", [None, "1"])
def test_on_a_terminal_the_verdicts_have_colours(bench: Bench, plain: str | None) -> None:
    code, shown = bench.on_terminal("doctor", NO_COLOR=plain, AUDIOPOD_API_KEY=None)
    assert code == 1
    failed = "FAIL  key" if plain else "\x1b[31mFAIL \x1b[0m key"
    assert failed in shown


def test_before_anything_was_set_up_it_says_how_to_begin(bench: Bench) -> None:
    shutil.rmtree(bench.root)
    found = commanded(bench, SYNCD_CONFIG=None, AUDIOPOD_API_KEY=None)
    assert found.failed == ["key", "root"]
    assert "is not a syncd library yet" in found.said("root")
    assert found.fix("root").startswith("run syncd init")
    assert found.said("config").startswith("ok: every setting has its default")
    assert found.said("state").startswith("skip: not looked at: there is no ")


async def test_a_fault_of_the_doctors_own_is_one_check_and_no_traceback(
    library: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(settings: Settings) -> Check:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(disk, "for_state", broken)
    found = await examined(library)
    assert found.failed == ["disk"]
    assert found.said("disk") == "failure: could not be looked at: ZeroDivisionError: by zero"
    assert found.fix("disk") == "please report this"
    assert found.said("integrity").startswith("ok: ")


async def test_a_disk_that_never_answers_does_not_hold_it_up(
    library: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()
    monkeypatch.setattr(disk, "for_state", lambda _: answers.wait())
    monkeypatch.setattr(examination, "PATIENCE", 3.0)
    found = await examined(library)
    answers.set()
    assert found.failed == ["disk"]
    assert "did not end within 3 s" in found.said("disk")
    assert found.said("integrity").startswith("ok: ")


def test_saved_queries_that_are_written_nowhere_are_a_warning() -> None:
    saved = {"playlists": [{"name": "A", "query": ""}]}
    for exports, verdicts in (({}, ["ok", "warning"]), ({"rekordbox": "x.xml"}, ["ok"])):
        settings = config.parse({**saved, "exports": exports}, Path("config.toml"))
        assert [check.verdict for check in configuration.look(settings, None, {})] == verdicts


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["httpx<0.29", "no-such-thing>=1", "gone>=2; extra == 'test'"]
    monkeypatch.setattr(program, "requires", lambda _: wanted)
    *_, libraries = program.look()
    assert (libraries.verdict, libraries.message) == ("warning", "missing: no-such-thing")
    monkeypatch.setattr(program, "requires", lambda _: wanted[:1])
    *_, libraries = program.look()
    assert (libraries.verdict, libraries.message) == ("ok", f"httpx {version('httpx')}")


def test_a_program_that_was_never_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "_PACKAGE", "no-such-package")
    *_, libraries = program.look()
    assert libraries.verdict == "warning"
    assert "is not installed" in libraries.message


# --- the configuration and the key ---


async def test_a_broken_configuration_is_said_and_the_rest_is_not_looked_at(library: Bench) -> None:
    library.configure(library={"rot": "/music"})
    found = await examined(library)
    assert found.failed == ["config"]
    assert "library.rot: unknown key; did you mean root?" in found.said("config")
    assert str(library.config) in found.said("config")
    unseen = ["key", *OF_THE_SERVICE, "root", "disk", "state", "catalog", "daemon"]
    assert found.unseen == unseen
    assert found.said("version").startswith("ok: ")


def test_a_configuration_that_is_not_there_is_said(library: Bench) -> None:
    nowhere = library.folder / "nowhere.toml"
    found = commanded(library, "--config", nowhere)
    assert found.failed == ["config"]
    assert str(nowhere) in found.said("config")


async def test_no_key_leaves_the_service_alone_and_the_library_looked_at(library: Bench) -> None:
    found = await examined(library, AUDIOPOD_API_KEY=None)
    assert found.failed == ["key"]
    assert "api.key_file" in found.fix("key")
    assert found.unseen == [*OF_THE_SERVICE, "account"]
    assert found.said("integrity").startswith("ok: ")
    assert library.sim.requests.select() == []


def test_a_key_is_shown_masked_with_its_source(bench: Bench, sim: Simulator) -> None:
    key = "ap_0123456789abcdefghij"
    sim.world.grant(key)
    result = bench.run("doctor", AUDIOPOD_API_KEY=key)
    assert "ap_…ghij from AUDIOPOD_API_KEY" in result.out
    assert key not in result.out + result.err


@pytest.mark.parametrize(("mode", "verdict"), [(0o600, "ok"), (0o644, "warning")])
async def test_a_key_file_that_others_can_read_is_said(
    bench: Bench, sim: Simulator, mode: int, verdict: str
) -> None:
    file = bench.folder / "key"
    file.write_text(sim.key)
    file.chmod(mode)
    bench.configure(api={"key_file": str(file)})
    found = await examined(bench, AUDIOPOD_API_KEY=None)
    assert found.checks["key"]["verdict"] == verdict
    assert f"{mode:04o}" in found.said("key")
    assert found.checks["key"]["fix"] == (None if verdict == "ok" else f"chmod 600 {file}")


# --- the service ---


@pytest.mark.parametrize(
    ("fault", "verdict", "words", "fix"),
    [
        (Fault("status", status=401), "failure", "answered 401", "copy it again"),
        (Fault("status", status=403), "failure", "answered 403", "make a new one"),
        (Fault("status", status=429, retry_after=40), "warning", "answered 429", "wait, and lower"),
        (Fault("status", status=503), "failure", "answered 503", "the service has a fault"),
        (Fault("portal"), "failure", "a web page", "a captive portal"),
        (Fault("object"), "failure", "does not have the shape", "a wrong api.base_url"),
        (Fault("reset"), "failure", "broke off", "is this machine online?"),
    ],
    ids=["401", "403", "429", "503", "captive portal", "another API", "cut off"],
)
async def test_what_the_service_refuses_is_told_apart(
    library: Bench, fault: Fault, verdict: str, words: str, fix: str
) -> None:
    library.sim.faults.add(fault)
    found = await examined(library)
    assert found.said("api").startswith(f"{verdict}: ")
    assert words in found.said("api")
    assert fix in found.fix("api")
    assert found.failed == (["api"] if verdict == "failure" else [])
    assert [name for name in found.unseen if name != "clock"] == ["model", "account"]
    assert len(library.sim.requests.select()) == 1


async def test_no_network_fails_and_leaves_the_rest_looked_at(library: Bench) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        library.configure(api={"base_url": f"http://127.0.0.1:{taken.getsockname()[1]}"})
        found = await examined(library)
    assert "no connection" in found.said("api")
    assert set(found.failed) == {"api", "marker", "binding"}  # that address is another service
    assert found.said("integrity").startswith("ok: ")


async def test_a_slow_service_is_said(library: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_SLOW", 0.0)
    found = await examined(library)
    assert found.said("api").startswith(f"warning: {library.sim.api_url} answers in ")
    assert "it is slow" in found.fix("api")


async def test_a_model_that_is_not_well_is_no_failure(library: Bench) -> None:
    library.sim.faults.add(Fault("status", path="/model/status$", status=500))
    found = await examined(library)
    assert found.failed == []
    assert found.said("model").startswith("warning: its health is not told: ")
    assert found.said("api").startswith("ok: ")


@pytest.mark.parametrize(
    ("seconds", "verdict", "words"),
    [(20, "ok", "s ahead of"), (300, "warning", "s ahead of"), (-300, "warning", "s behind")],
)
def test_a_clock_that_differs_from_the_services_is_said(
    bench: Bench, seconds: int, verdict: str, words: str
) -> None:
    found = commanded(bench, before=stepped(seconds))
    assert found.said("clock").startswith(f"{verdict}: ")
    assert words in found.said("clock")
    assert found.checks["clock"]["fix"] == (
        None if verdict == "ok" else "let NTP set it: timedatectl set-ntp true"
    )


@pytest.mark.parametrize(
    ("said", "words"), [("yes", "; kept by NTP"), ("no", "; not kept by NTP"), ("", "the service")]
)
async def test_whether_ntp_keeps_the_clock_is_said(library: Bench, said: str, words: str) -> None:
    tools = library.folder / "bin"
    tools.mkdir()
    tool = tools / "timedatectl"
    tool.write_text(f"#!/bin/sh\necho {said}\n")
    tool.chmod(0o755)
    found = await examined(library, PATH=f"{tools}:{library.env['PATH']}")
    assert found.said("clock").endswith(words)


async def test_the_key_of_another_account_is_said(library: Bench) -> None:
    library.sim.world.grant("ap_theirs", user_id=8000)
    library.sim.world.add(user_id=8000, display_name="Theirs")
    found = await examined(library, AUDIOPOD_API_KEY="ap_theirs")
    assert found.failed == ["account"]
    assert "of account 8000, the library of account 7001" in found.said("account")
    assert "syncd adopt" in found.fix("account")
