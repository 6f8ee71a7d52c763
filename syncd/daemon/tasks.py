"""Tasks of the event loop: how one is ended."""

from __future__ import annotations

import asyncio
from contextlib import suppress


async def cancelled(task: asyncio.Task[None]) -> None:
    """Cancel ``task`` and wait until it has ended. Raises what it failed with, if it did."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
