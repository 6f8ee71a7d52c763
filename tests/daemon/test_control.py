"""The two ends of the control socket, against each other over a real one."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import resource
import signal
import socket
import stat
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog

from syncd import __version__
from syncd.daemon import control, wire
from syncd.daemon.contact import Contact, DaemonGone
from syncd.daemon.control import LONGEST_BACKLOG, Caller, Handle, serve, socket_path
from syncd.errors import (
    CatalogUnusable,
    ConfigError,
    ExitCode,
    KeyRefused,
    Locked,
    SyncdError,
)

Ask = Callable[..., Awaitable[Mapping[str, Any]]]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder with a name that no ``sun_path`` can hold."""
    return tmp_path / ("a long name " * 10) / "state"


@contextlib.asynccontextmanager
async def answering(state: Path, handle: Handle) -> AsyncIterator[Contact]:
    """A daemon of ``state`` that answers with ``handle``, and the way to it."""
    async with serve(state / "control.sock", handle, state_dir=state):
        found = await asyncio.to_thread(Contact.find, state)
        assert found is not None
        yield found


async def echo(do: str, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
    return {"did": do, **fields}


async def ask(contact: Contact, do: str, *told: Any, **fields: Any) -> Mapping[str, Any]:
    return await asyncio.to_thread(contact.ask, do, *told, **fields)


async def say(state: Path, sent: bytes) -> list[dict[str, Any]]:
    """What is answered to these very bytes."""

    def exchange() -> list[dict[str, Any]]:
        with socket.socket(socket.AF_UNIX) as connection:
            with wire.address(state / "control.sock") as address:
                connection.connect(address)
            with contextlib.suppress(ConnectionError):
                connection.sendall(sent)
            with connection.makefile("rb") as lines:
                return [json.loads(line) for line in iter(lines.readline, b"")]

    return await asyncio.to_thread(exchange)


# --- asking ---


async def test_a_request_reaches_the_handler_and_its_result_the_caller(state: Path) -> None:
    async with answering(state, echo) as contact:
        assert await ask(contact, "greet", name="Zoë", times=[1, 2]) == {
            "did": "greet",
            "name": "Zoë",
            "times": [1, 2],
        }


async def test_events_come_first_and_in_their_order(state: Path) -> None:
    async def handle(do: str, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        for number in range(500):
            caller.tell({"number": number})
        return {"ended": True}

    events: list[Mapping[str, Any]] = []
    async with answering(state, handle) as contact:
        assert await ask(contact, "count", events.append) == {"ended": True}
        assert await ask(contact, "count") == {"ended": True}
    assert [event["number"] for event in events] == [*range(500)]


async def test_times_and_paths_travel_as_text(state: Path) -> None:
    async def handle(do: str, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        return {"at": datetime(2026, 3, 1, 12, tzinfo=UTC), "path": Path("/a/b\udcff")}

    async with answering(state, handle) as contact:
        assert await ask(contact, "x") == {"at": "2026-03-01T12:00:00Z", "path": "/a/b\udcff"}


async def test_a_result_of_many_megabytes_arrives_whole(state: Path) -> None:
    async def handle(do: str, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        return {"text": "x" * 20_000_000}

    async with answering(state, handle) as contact:
        assert len((await ask(contact, "x"))["text"]) == 20_000_000


async def test_several_are_answered_at_once(state: Path) -> None:
    both = asyncio.Barrier(2)

    async def handle(do: str, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        await both.wait()
        return {"did": do}

    async with answering(state, handle) as contact:
        assert await asyncio.gather(ask(contact, "one"), ask(contact, "two")) == [
            {"did": "one"},
            {"did": "two"},
        ]


async def test_the_handler_is_told_who_asks(state: Path) -> None:
    async def handle(do: str, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        return {"pid": caller.pid}

    async with answering(state, handle) as contact:
        assert await ask(contact, "x") == {"pid": os.getpid()}


# --- errors ---


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("say what", hint="such as a batch"), ExitCode.USAGE),
        (KeyRefused("the key was refused"), ExitCode.REFUSED),
        (SyncdError("it failed"), ExitCode.FAILED),
    ],
)
async def test_an_error_keeps_its_words_and_its_exit_code(
    state: Path, error: SyncdError, code: ExitCode
) -> None:
    async def handle(do: str, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        raise error

    async with answering(state, handle) as contact:
        with pytest.raises(SyncdError) as raised:
            await ask(contact, "x")
    assert (raised.value.message, raised.value.hint) == (error.message, error.hint)
    assert raised.value.exit_code is code


async def test_an_error_does_not_carry_a_key(state: Path) -> None:
    async def handle(do: str, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        raise SyncdError("it said ap_0123456789abcdef", hint="not ap_0123456789abcdef")

    async with answering(state, handle) as contact:
        with pytest.raises(SyncdError) as raised:
            await ask(contact, "x")
    assert "0123456789" not in str(raised.value)


async def test_a_bug_is_logged_with_its_traceback_and_the_daemon_lives_on(state: Path) -> None:
    async def handle(do: str, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        if do == "divide":
            return {"quotient": 1 / fields["by"]}
        return {"unsent": object()} if do == "object" else {}

    with structlog.testing.capture_logs() as logged:
        async with answering(state, handle) as contact:
            for do, fields in {"divide": {"by": 0}, "object": {}}.items():
                with pytest.raises(SyncdError, match=f"the daemon failed at “{do}”"):
                    await ask(contact, do, **fields)
            assert await ask(contact, "well") == {}
    assert [(entry["do"], entry["exc_info"]) for entry in logged] == [
        ("divide", True),
        ("object", True),
    ]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"hello\n", "a request is a line of JSON"),
        (b"\xff\xfe\n", "a request is a line of JSON"),
        (b"[" * 60_000 + b"\n", "a request is a line of JSON"),
        (b"[]\n", 'a request is an object with a "do"'),
        (b'{"do": 7}\n', 'a request is an object with a "do"'),
        (b'{"do": "x", "text": "' + b"y" * 70_000 + b'"}\n', "a request has at most 65536 bytes"),
        (b"y" * 1_000_000, "a request has at most 65536 bytes"),
    ],
    ids=["a word", "bytes", "brackets", "an array", "a number", "too long", "endless"],
)
async def test_junk_gets_an_error_line(state: Path, sent: bytes, words: str) -> None:
    async with answering(state, echo) as contact:
        (answer,) = await say(state, sent)
        assert answer["error"] == {"message": words, "hint": None, "exit_code": 2}
        assert await ask(contact, "still") == {"did": "still"}


async def test_a_request_that_is_too_long_is_refused_in_words(state: Path) -> None:
    async with answering(state, echo) as contact:
        with pytest.raises(SyncdError, match="at most 65536 bytes"):
            await ask(contact, "x", text="y" * 3_000_000)


async def test_whoever_says_nothing_is_let_go(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "_PATIENCE", 0.05)
    async with answering(state, echo):
        (answer,) = await say(state, b'{"do": ')
    assert answer["error"]["message"] == "no request came in time"


async def test_another_user_is_refused(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with answering(state, echo) as contact:
        monkeypatch.setattr(control, "_peer", lambda connection: (1, os.geteuid() + 1))
        with pytest.raises(SyncdError, match="another user's"):
            await ask(contact, "x")
        monkeypatch.setattr(control, "_peer", lambda connection: (1, 0))
        assert await ask(contact, "x") == {"did": "x"}


# --- coming and going ---


async def test_a_caller_that_hangs_up_is_noticed(state: Path) -> None:
    noticed = asyncio.Event()

    async def handle(do: str, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        caller.tell({"begun": True})
        await caller.gone.wait()
        caller.tell({"said": "to nobody"})
        noticed.set()
        return {}

    def stop(event: Mapping[str, Any]) -> None:
        raise KeyboardInterrupt

    def ask_and_stop(contact: Contact) -> None:
        with pytest.raises(KeyboardInterrupt):
            contact.ask("wait", stop)

    async with answering(state, handle) as contact:
        await asyncio.to_thread(ask_and_stop, contact)
        await asyncio.wait_for(noticed.wait(), 10)


async def test_a_caller_that_does_not_read_is_cut_off_and_holds_up_nobody(state: Path) -> None:
    told: list[int] = []

    async def handle(do: str, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        while do == "flood" and not caller.gone.is_set():
            caller.tell({"text": "x" * 10_000})
            told.append(10_000)
        return {}

    async with answering(state, handle) as contact:
        with contact._connect() as connection:
            connection.sendall(wire.line({"do": "flood"}))
            assert await ask(contact, "other") == {}
            while not told or len(told) * 10_000 < LONGEST_BACKLOG:
                await asyncio.sleep(0.01)
            received = b""
            with contextlib.suppress(ConnectionResetError):
                while data := connection.recv(1 << 20):
                    received += data
    assert b"result" not in received
    assert sum(told) < 2 * LONGEST_BACKLOG


async def test_one_that_stops_reading_a_long_result_is_let_go(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "_PATIENCE", 0.05)

    async def handle(do: str, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        return {"text": "x" * 20_000_000}

    async with answering(state, handle) as contact:
        with contact._connect() as connection:
            connection.sendall(wire.line({"do": "x"}))
            while len(asyncio.all_tasks()) == 1:
                await asyncio.sleep(0)
            while len(asyncio.all_tasks()) > 1:
                await asyncio.sleep(0.01)
            received = 0
            with contextlib.suppress(ConnectionResetError):
                while data := connection.recv(1 << 20):
                    received += len(data)
    assert received < 20_000_000


async def test_whoever_tells_much_at_once_can_wait_for_the_caller(state: Path) -> None:
    async def handle(do: str, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        for _ in range(500):
            caller.tell({"text": "x" * 10_000})
            await caller.caught_up()
        return {"gone": caller.gone.is_set()}

    events: list[Mapping[str, Any]] = []
    async with answering(state, handle) as contact:
        assert await ask(contact, "much", events.append) == {"gone": False}
    assert len(events) == 500


async def test_a_caller_that_does_not_catch_up_is_cut_off(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "_PATIENCE", 0.05)
    cut_off = asyncio.Event()

    async def handle(do: str, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        while not caller.gone.is_set():
            caller.tell({"text": "x" * 10_000})
            await caller.caught_up()
        cut_off.set()
        return {}

    async with answering(state, handle) as contact:
        with contact._connect() as connection:
            connection.sendall(wire.line({"do": "much"}))
            await asyncio.wait_for(cut_off.wait(), 10)


async def test_without_room_for_a_caller_it_waits_and_is_served_then(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "_FAREWELL", 0.02)
    async with answering(state, echo) as contact:
        with structlog.testing.capture_logs() as logged, contact._connect() as connection:
            most = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (connection.fileno(), most[1]))
            try:
                while not logged:
                    await asyncio.sleep(0)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, most)
            assert await ask(contact, "x") == {"did": "x"}
    assert logged[0]["event"] == "a caller waits"


async def test_a_daemon_that_stops_says_so_to_those_who_wait(state: Path) -> None:
    begun = asyncio.Event()

    async def handle(do: str, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        begun.set()
        await asyncio.Event().wait()
        return {}

    async with answering(state, handle) as contact:
        waiting = asyncio.create_task(ask(contact, "x"))
        await begun.wait()
    with pytest.raises(SyncdError, match="the daemon stops, and left this undone"):
        await waiting


def test_a_daemon_that_dies_is_told_from_one_that_answers(state: Path) -> None:
    state.mkdir(parents=True)
    with listening(state, answer=b'{"heard": true}\n{"event": {}}\n{"resu') as contact:
        events: list[Mapping[str, Any]] = []
        with pytest.raises(DaemonGone) as raised:
            contact.ask("x", events.append)
    assert events == [{}]
    assert raised.value.hint == "syncd status shows whether it runs again"


def test_a_daemon_that_talks_otherwise_is_of_another_version(state: Path) -> None:
    state.mkdir(parents=True)
    with (
        listening(state, answer=b"220 hello\n") as contact,
        pytest.raises(SyncdError, match="does not understand"),
    ):
        contact.ask("x")


def test_a_frozen_daemon_is_not_waited_for(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncd.daemon.contact._PATIENCE", 0.05)
    state.mkdir(parents=True)
    with (
        listening(state, answer=None) as contact,
        pytest.raises(SyncdError, match=r"the daemon \(process 7\) does not react"),
    ):
        contact.ask("x")


@contextlib.contextmanager
def listening(state: Path, answer: bytes | None) -> Any:
    """A socket that takes calls; says ``answer`` and hangs up, or with ``None`` says nothing."""
    with socket.socket(socket.AF_UNIX) as listener:
        with wire.address(state / "control.sock") as address:
            listener.bind(address)
        listener.listen()
        contact = Contact(7, state / "control.sock", datetime.now(UTC), "1")

        def talk() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer or b"")

        if answer is None:
            yield contact
            return
        thread = threading.Thread(target=talk)
        thread.start()
        yield contact
        thread.join()


# --- borrowing ---


class Lender:
    """A handler that lends, and notes when it is given back."""

    def __init__(self) -> None:
        self.lent: list[str] = []
        self.back = asyncio.Event()

    async def __call__(
        self, do: str, fields: Mapping[str, Any], caller: Caller
    ) -> Mapping[str, Any]:
        assert do == "lend"
        self.lent.append(fields["for"])
        caller.tell({"lent": True})
        await caller.gone.wait()
        self.back.set()
        return {}


async def test_the_library_is_lent_until_the_borrower_is_done(state: Path) -> None:
    lender = Lender()

    def borrow(contact: Contact) -> bool:
        with contact.borrowed("syncd rename"):
            return not lender.back.is_set()

    async with answering(state, lender) as contact:
        assert await asyncio.to_thread(borrow, contact)
        await asyncio.wait_for(lender.back.wait(), 10)
    assert lender.lent == ["syncd rename"]


CRASH = """
import os, sys
from pathlib import Path
from syncd.daemon.contact import Contact
with Contact.find(Path(sys.argv[1])).borrowed("a crash"):
    os.kill(os.getpid(), 9)
"""


async def test_the_library_comes_back_from_a_borrower_that_crashes(state: Path) -> None:
    lender = Lender()
    async with answering(state, lender) as contact:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CRASH, contact.path.parent
        )
        assert await child.wait() == -signal.SIGKILL
        await asyncio.wait_for(lender.back.wait(), 10)
    assert lender.lent == ["a crash"]


async def test_a_refusal_to_lend_is_the_borrowers_error(state: Path) -> None:
    async def handle(do: str, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        if fields["for"] == "this":
            raise SyncdError("not now", hint="later")
        return {}

    def borrow(contact: Contact, what: str) -> None:
        with contact.borrowed(what):
            pytest.fail("it was not lent")

    async with answering(state, handle) as contact:
        with pytest.raises(SyncdError, match="not now"):
            await asyncio.to_thread(borrow, contact, "this")
        with pytest.raises(SyncdError, match="did not stand aside"):
            await asyncio.to_thread(borrow, contact, "that")


def test_a_daemon_that_ends_instead_of_lending_has_let_go_too(state: Path) -> None:
    state.mkdir(parents=True)
    with (
        listening(state, answer=b'{"heard": true}\n') as contact,
        contact.borrowed("syncd rename"),
    ):
        borrowed = True
    assert borrowed


# --- the socket and the note ---


async def test_the_socket_is_its_owners_and_goes_with_the_daemon(state: Path) -> None:
    async with answering(state, echo) as contact:
        assert stat.S_IMODE((state / "control.sock").lstat().st_mode) == 0o600
        assert stat.S_IMODE(state.stat().st_mode) == 0o700
        note = state / "daemon.json"
        assert stat.S_IMODE(note.stat().st_mode) == 0o600
        assert json.loads(note.read_bytes()) == {
            "pid": os.getpid(),
            "socket": str(state / "control.sock"),
            "started_at": contact.started_at.isoformat().replace("+00:00", "Z"),
            "version": __version__,
        }
    assert {path.name for path in state.iterdir()} == {"daemon.lock"}
    assert Contact.find(state) is None


@pytest.mark.parametrize("note", [None, b"", b"[]", b"{}", b'{"pid": "x"}', b"\xff"], ids=repr)
def test_without_a_note_that_can_be_read_no_daemon_runs(tmp_path: Path, note: bytes | None) -> None:
    if note is not None:
        (tmp_path / "daemon.json").write_bytes(note)
    assert Contact.find(tmp_path) is None


async def test_what_a_dead_daemon_left_counts_as_none_and_is_replaced(state: Path) -> None:
    state.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as dead, wire.address(state / "control.sock") as address:
        dead.bind(address)
    (state / "daemon.json").write_bytes(
        wire.line(
            {
                "pid": 1,
                "socket": state / "control.sock",
                "started_at": datetime.now(UTC),
                "version": "1",
            }
        )
    )
    assert Contact.find(state) is None
    async with answering(state, echo) as contact:
        assert contact.pid == os.getpid()
        assert await ask(contact, "x") == {"did": "x"}


async def test_there_is_one_daemon_for_a_state_folder(state: Path) -> None:
    async with answering(state, echo) as contact:
        with pytest.raises(Locked, match="as its daemon"):
            async with serve(state / "other.sock", echo, state_dir=state):
                pytest.fail("there were two")
        assert await ask(contact, "x") == {"did": "x"}


async def test_a_socket_that_answers_is_not_replaced(state: Path) -> None:
    async with answering(state, echo) as contact:
        with pytest.raises(Locked, match="another daemon answers at"):
            async with serve(contact.path, echo, state_dir=state.parent / "other"):
                pytest.fail("it was replaced")
        assert await ask(contact, "x") == {"did": "x"}


async def test_a_file_in_the_place_of_the_socket_stays(state: Path) -> None:
    state.mkdir(parents=True)
    (state / "control.sock").write_text("mine")
    with pytest.raises(SyncdError, match="cannot be made: something else stands at"):
        async with serve(state / "control.sock", echo, state_dir=state):
            pytest.fail("it was replaced")
    assert (state / "control.sock").read_text() == "mine"


async def test_a_state_folder_that_cannot_be_used_is_a_halt(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CatalogUnusable, match=r"the state folder .* cannot be used"):
        async with serve(tmp_path / "a.sock", echo, state_dir=tmp_path / "file" / "state"):
            pytest.fail("it was used")


async def test_a_note_that_cannot_be_written_leaves_no_socket(state: Path) -> None:
    (state / "daemon.json").mkdir(parents=True)
    with pytest.raises(CatalogUnusable):
        async with serve(state / "control.sock", echo, state_dir=state):
            pytest.fail("it was announced")
    assert not (state / "control.sock").exists()
    with (state / "daemon.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_the_socket_belongs_where_systemd_says(tmp_path: Path) -> None:
    environ = {"RUNTIME_DIRECTORY": "/run/syncd", "XDG_RUNTIME_DIR": str(tmp_path)}
    assert socket_path(tmp_path / "state", environ) == Path("/run/syncd/control.sock")


def test_without_systemd_it_belongs_to_the_users_session(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    environ = {"XDG_RUNTIME_DIR": str(tmp_path)}
    path = socket_path(tmp_path / "state", environ)
    assert path.parent == tmp_path / "syncd"
    assert len(path.stem) == 12
    assert path == socket_path(tmp_path / "other" / ".." / "state", environ)
    assert path != socket_path(tmp_path / "other", environ)


@pytest.mark.parametrize("mode", [None, 0o777], ids=["missing", "open to all"])
def test_a_session_folder_that_is_not_ones_own_is_not_used(
    tmp_path: Path, mode: int | None
) -> None:
    session = tmp_path / "session"
    if mode is not None:
        session.mkdir()
        session.chmod(mode)
    state = tmp_path / "state"
    for named in (str(session), "", "relative"):
        assert socket_path(state, {"XDG_RUNTIME_DIR": named}) == state / "control.sock"
    assert socket_path(state, {}) == state / "control.sock"
