"""What both ends of the control socket agree on: lines of JSON, errors among them, and an address.

A request is one line, ``{"do": …, …}``. The answer is lines: ``{"heard": true}`` at once, then any
number of ``{"event": {…}}``, and at last ``{"result": {…}}`` or ``{"error": {…}}``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from syncd.errors import ExitCode, SyncdError
from syncd.secret import redact

LONGEST_REQUEST = 64 * 1024
"""Bytes of a request with its line end; a longer one is refused."""

ANNOUNCEMENT = "daemon.json"
"""The file in the state folder that says where the daemon of that folder is to be asked."""

_LONGEST_ADDRESS = 100
"""``sun_path`` holds 108 bytes on Linux and 104 elsewhere, the NUL at its end included."""


def line(message: Mapping[str, Any]) -> bytes:
    """``message`` as it is sent: times as ISO 8601 with ``Z``, paths as text.

    Raises ``TypeError`` for what has no JSON form.
    """
    return json.dumps(message, default=plain).encode() + b"\n"


def plain(value: object) -> object:
    """What JSON has no form for, in one it has: ``default`` of ``json.dumps``."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def error_line(error: SyncdError) -> bytes:
    """The line that ends an answer with ``error``; secrets in its words are hidden."""
    said = {
        "message": redact(error.message),
        "hint": redact(error.hint) if error.hint else None,
        "exit_code": int(error.exit_code),
    }
    return line({"error": said})


def error_from(said: object) -> SyncdError:
    """The error that an error line, or the ``error`` of a result, tells of."""
    fields = said if isinstance(said, Mapping) else {}
    hint = fields.get("hint")
    error = SyncdError(
        str(fields.get("message") or "the daemon failed"), hint=None if hint is None else str(hint)
    )
    code = fields.get("exit_code")
    error.exit_code = next((known for known in ExitCode if known == code), ExitCode.FAILED)
    return error


@contextmanager
def address(path: Path) -> Iterator[str]:
    """How the socket at ``path`` is named to ``bind`` and ``connect``, however long its path is.

    A long one goes by way of its opened folder. Raises ``OSError``.
    """
    if len(os.fsencode(path)) <= _LONGEST_ADDRESS:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def ended_how(farewell: bytes) -> str:
    """How a command ended that borrowed the library, from the last line that it sent."""
    try:
        code = int(json.loads(farewell)["exit_code"])
    except (ValueError, TypeError, KeyError):
        return "without a word, as if it was killed"
    return f"by an error, with exit code {code}" if code else "in order"
