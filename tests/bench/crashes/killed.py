"""A real process, killed by the system: nothing of it runs on, and what it held is released.

It is this one's child and has everything imported; time is as virtual in it as here. Its account
is a copy: what it sends is told through a pipe before it is carried out there, and carried out here
once it is dead.
"""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import re
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from .seams import Steps

if TYPE_CHECKING:
    from .stage import Stage

LIMIT = 60
"""Seconds after which a child is stuck."""

_FAILED = 3


async def killed(stage: Stage, steps: Steps, act: Callable[[], Awaitable[None]]) -> bool:
    """Whether ``act``, in a process of its own, was killed at a step."""
    reading, writing = os.pipe()
    loop = asyncio.get_running_loop()
    child = os.fork()
    if child == 0:
        asyncio._set_running_loop(loop)  # which is known by its process
        await _live(stage, steps, act, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        _carry_out(stage, stream)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return True
    if status:
        raise AssertionError(f"the process ended otherwise than it should: {status}")
    return False


async def _live(
    stage: Stage, steps: Steps, act: Callable[[], Awaitable[None]], writing: int
) -> None:
    """Of the child: does not come back."""
    status = _FAILED
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(LIMIT)
        steps.die = lambda: os.kill(os.getpid(), signal.SIGKILL)
        send, arrived = os.write, stage.house._arrived

        def told(*request: Any) -> Any:
            if request[1] not in ("GET", "HEAD"):
                send(writing, pickle.dumps((request, stage.house.troubles)))
            return arrived(*request)

        stage.house._arrived = told
        with steps.counted():
            stage.member.seam = steps.arriving
            await act()
        status = 0
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(status)


def _carry_out(stage: Stage, stream: Any) -> None:
    """What the dead sent, in the account that is left."""
    while True:
        try:
            request, troubles = pickle.load(stream)
        except EOFError:
            return
        stage.house.troubles[:] = troubles
        stage.house._arrived(*request)
        _, method, path, _, _, body = request
        found = re.search(r"/(\d+)(/|$)", path)
        job = int(found[1]) if found else -1
        if stage.world.job(job) is None:
            continue
        if method == "DELETE":
            stage.world.delete(job)
        elif method == "PATCH":
            stage.world.rename(job, json.loads(body)["display_name"])
        elif path.endswith("/retry"):
            stage.world.retry(job)
            tried = stage.home.ledger.retried
            tried[job] = tried.get(job, 0) + 1
