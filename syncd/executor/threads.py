"""Work in a thread that a cancelled cycle waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def to_its_end(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Run ``function`` in a thread, and wait for it even where the cycle is cancelled meanwhile.

    Placing and recording so stay together, and the locks are held until both are done.
    """
    work = asyncio.ensure_future(asyncio.to_thread(function, *arguments, **options))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        if not work.cancelled():
            work.exception()  # looked at, or it would be reported beside what ended the cycle
        raise
