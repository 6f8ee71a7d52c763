"""Watching the folder: a hint that something stirred, and no more.

What stirred is for a scan to find, and scans run without a hint too: events are lost where there
are too many of them (watchfiles does not say so: the watch begins again where that may have been),
in folders that are filled as they are made, and where the system tells none. Links to folders are
followed by watchfiles, and not by a scan.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePath

from syncd.local.lookout import Lookout, Mode
from syncd.local.watchable import is_network, watch_limit

__all__ = ["Mode", "Watch", "is_network", "watch_limit"]

_STEPS = 3
"""Looks at what came, for each time in which a burst settles: a batch takes two of them, so that
without the third one a file that grows would seem to have settled."""

_LEAVE = 1.0
"""How long the thread is waited for at the end: one that looks at a dead share never returns."""


class Watch:
    """Says when something stirred under the root; a hint and no more.

    A burst is told once ``settle`` seconds went by without an event, and ``longest`` seconds after
    its first one at the latest. Every ``check`` seconds the watch looks whether the root is still
    the folder that it watches. After an error it begins again, ``pause`` seconds later and twice as
    long each time. Where the system tells nothing, it looks through the folder every ``poll``
    seconds. What is kept out, by ``ignore`` (``library.ignore``) too, is not told.
    """

    def __init__(
        self,
        root: Path,
        *,
        settle: float = 0.3,
        longest: float = 3.0,
        check: float = 30.0,
        pause: float = 1.0,
        poll: float = 10.0,
        ignore: tuple[str, ...] = (),
    ) -> None:
        self._settle = settle
        self._longest = longest
        self._has_told = False
        self._lookout = Lookout(root, settle / _STEPS, check, pause, poll, ignore)

    @property
    def mode(self) -> Mode:
        """How it watches now. ``inotify`` stands for FSEvents too."""
        return self._lookout.mode

    @property
    def is_beginning(self) -> bool:
        """Whether it is about to begin for the first time, and to say so."""
        return not (self._has_told or self._lookout.has_failed)

    async def stirrings(self) -> AsyncGenerator[str, None]:
        """Why to look, in a few words, once for each burst; once also whenever the watch began.

        Never ends by itself: cancel it, or close it. To be iterated once at a time. Raises what the
        lookout failed with, if it did: it begins again by itself after all that it knows of.
        """
        loop = asyncio.get_running_loop()
        burst, stop, ended = _Burst(), threading.Event(), asyncio.Event()
        self._has_told = self._lookout.has_failed = False

        def tell(what: Callable[[], None]) -> None:
            # The loop may be closed before a look at a dead share returns.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(what)

        def look() -> None:
            try:
                self._lookout.keep(stop, lambda names: tell(lambda: burst.hear(names)))
            except BaseException as error:
                tell(partial(burst.fail, error))
            tell(ended.set)

        # A thread of its own: to begin a watch is to walk through the whole folder.
        thread = threading.Thread(target=look, name="syncd-watch", daemon=True)
        thread.start()
        try:
            while True:
                why = await burst.settled(self._settle, self._longest)
                self._has_told = True
                yield why
        finally:
            stop.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LEAVE):
                    await ended.wait()
                thread.join()


class _Burst:
    """What stirred since it was told last. Of the event loop's thread alone."""

    def __init__(self) -> None:
        self._stirred = asyncio.Event()
        self._began = False
        self._names: set[str] = set()
        self._error: BaseException | None = None

    def fail(self, error: BaseException) -> None:
        """Nothing more will be heard."""
        self._error = error
        self._stirred.set()

    def hear(self, names: Collection[str]) -> None:
        """``names`` stirred; none: the watch began."""
        self._began = self._began or not names
        self._names.update(names)
        self._stirred.set()

    async def settled(self, settle: float, longest: float) -> str:
        await self._stirred.wait()
        clock = asyncio.get_running_loop().time
        latest = clock() + longest
        while (left := min(settle, latest - clock())) > 0:
            self._stirred.clear()
            try:
                async with asyncio.timeout(left):
                    await self._stirred.wait()
            except TimeoutError:
                break
        if self._error is not None:
            raise self._error
        names, began = self._names, self._began
        self._names, self._began = set(), False
        self._stirred.clear()
        if began:
            return "the watch began"
        if len(names) == 1:
            return f"{PurePath(names.pop()).name} changed"
        return f"{len(names)} names changed"
