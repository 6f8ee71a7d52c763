"""What the tools of the system say; nothing, where they are not there or do not answer."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence

_PATIENCE = 5.0
"""Seconds that such a tool gets."""


def output_of(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """The standard output of ``command``; empty where it fails."""
    try:
        done = subprocess.run(  # noqa: S603
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
