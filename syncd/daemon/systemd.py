"""Telling systemd how the daemon is: the protocol of sd_notify(3), in datagrams to a Unix socket.

Where no service manager asked for it (``NOTIFY_SOCKET`` is not set), nothing is sent. Nothing here
raises: a daemon does not stop because nobody listens.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping, MutableMapping
from contextlib import suppress

from syncd.secret import redact

PATIENCE = 1.0
"""Seconds to wait for a service manager that does not read; the next message may get through."""


class Notifier:
    """What the service manager is told; may be used from any thread.

    Takes ``NOTIFY_SOCKET`` out of ``environ``, so that no program the daemon starts speaks for it.
    """

    def __init__(self, environ: MutableMapping[str, str] = os.environ) -> None:
        address = environ.pop("NOTIFY_SOCKET", "")
        self._address = None if address[:1] not in ("/", "@") else _socket_name(address)

    def ready(self, status: str) -> None:
        """The start, or a reload, is done. ``status`` is a line for ``systemctl status``."""
        self._send("READY=1", _status(status))

    def status(self, text: str) -> None:
        """How it is, in a line for ``systemctl status``."""
        self._send(_status(text))

    def reloading(self) -> None:
        """The configuration is being read again; ``ready`` must follow."""
        # The time tells this reload from another one, for Type=notify-reload (systemd 253).
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The daemon is about to end."""
        self._send("STOPPING=1")

    def watchdog(self) -> None:
        """The daemon gets on: only to be said where that was seen, see ``watchdog_seconds``."""
        self._send("WATCHDOG=1")

    def _send(self, *assignments: str) -> None:
        if self._address is None:
            return
        message = "\n".join(assignments).encode(errors="backslashreplace")
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.settimeout(PATIENCE)
            sender.sendto(message, self._address)


def watchdog_seconds(environ: Mapping[str, str], pid: int) -> float | None:
    """How long the service manager waits for ``Notifier.watchdog`` before it kills the process.

    ``None`` where it does not watch this process: sd_watchdog_enabled(3).
    """
    try:
        microseconds = int(environ.get("WATCHDOG_USEC", ""))
        if int(environ.get("WATCHDOG_PID", pid)) != pid:
            return None
    except ValueError:
        return None
    return microseconds / 1e6 if microseconds > 0 else None


def _socket_name(address: str) -> bytes:
    # The kernel writes names outside the file system with a NUL where people write an @.
    name = os.fsencode(address)
    return b"\0" + name[1:] if address.startswith("@") else name


def _status(text: str) -> str:
    return f"STATUS={redact(' '.join(text.split()))}"
