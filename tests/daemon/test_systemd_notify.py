"""What systemd is told, and that it is told only if it asks."""

from __future__ import annotations

import os
import secrets
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.daemon import systemd
from syncd.daemon.systemd import Notifier, watchdog_seconds


class Manager:
    """The side of systemd: a datagram socket and what it received."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self._socket.setblocking(False)

    def received(self) -> list[str]:
        messages = []
        while True:
            try:
                messages.append(self._socket.recv(65_536).decode())
            except BlockingIOError:
                return messages

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(str(tmp_path / "notify"))
    yield made
    made.close()


def test_each_thing_is_one_message(manager: Manager) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": manager.address})
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    notifier.ready("idle, 7 tracks")
    notifier.status("working")
    notifier.watchdog()
    notifier.reloading()
    notifier.stopping()
    messages = manager.received()
    after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    reload = messages.pop(3)
    assert messages == ["READY=1\nSTATUS=idle, 7 tracks", "STATUS=working", "WATCHDOG=1",
                        "STOPPING=1"]  # fmt: skip
    first, second = reload.splitlines()
    assert first == "RELOADING=1"
    assert before <= int(second.removeprefix("MONOTONIC_USEC=")) <= after


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has such names")
def test_a_socket_outside_the_file_system_is_found_too() -> None:
    manager = Manager(f"@syncd-{secrets.token_hex(8)}")
    try:
        Notifier({"NOTIFY_SOCKET": manager.address}).watchdog()
        assert manager.received() == ["WATCHDOG=1"]
    finally:
        manager.close()


def test_a_status_is_one_line_that_says_nothing_else_and_no_key(manager: Manager) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": manager.address})
    notifier.status("fetching\nWATCHDOG=trigger\t ap_c4nary \udcff")
    assert manager.received() == ["STATUS=fetching WATCHDOG=trigger ap_… \\udcff"]


def test_what_the_daemon_starts_does_not_inherit_the_socket(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", manager.address)
    notifier = Notifier()
    assert "NOTIFY_SOCKET" not in os.environ
    notifier.watchdog()
    assert manager.received() == ["WATCHDOG=1"]


@pytest.mark.parametrize("address", [None, "", "vsock:2:1234", "relative", "/nowhere/notify", "@"])
def test_nobody_who_listens_is_no_trouble(address: str | None) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": address} if address is not None else {})
    notifier.ready("idle")
    notifier.stopping()


def test_a_manager_that_does_not_read_is_waited_for_only_so_long(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systemd, "PATIENCE", 0.01)
    notifier = Notifier({"NOTIFY_SOCKET": manager.address})
    for _ in range(20):
        notifier.status("x" * 100_000)
    notifier.watchdog()
    assert 0 < len(manager.received()) < 21, "the socket was full, and nothing was raised"


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({"WATCHDOG_USEC": "300000000", "WATCHDOG_PID": "7"}, 300.0),
        ({"WATCHDOG_USEC": "1500000"}, 1.5),
        ({"WATCHDOG_USEC": "300000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "300000000", "WATCHDOG_PID": "seven"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": ""}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_that_of_this_process(
    environ: dict[str, str], seconds: float | None
) -> None:
    assert watchdog_seconds(environ, 7) == seconds
