"""Notifications on the desktop, with the extra ``desktop``: never a reason to fail."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from syncd.daemon.events import Event

_PATIENCE = 5.0
"""Seconds that a desktop has to take a notification."""

_log = structlog.get_logger("syncd.desktop")


class Desktop:
    """Shows what is held for the user. Says once why it cannot, and is quiet from then on."""

    def __init__(self) -> None:
        self._notifier: Any = None
        self._is_off = False
        self._shown: set[asyncio.Task[None]] = set()

    def tell(self, events: Iterable[Event]) -> None:
        """Show a notification for what is held among ``events``; returns at once."""
        held = [event for event in events if event.name == "held"]
        if held and not self._is_off:
            task = asyncio.create_task(self._show(sum(len(event.facts) for event in held)))
            self._shown.add(task)
            task.add_done_callback(self._shown.discard)

    async def close(self) -> None:
        for task in self._shown:
            task.cancel()
        if self._shown:
            await asyncio.wait(self._shown)

    async def _show(self, count: int) -> None:
        what = "1 change is held" if count == 1 else f"{count} changes are held"
        try:
            async with asyncio.timeout(_PATIENCE):
                if self._notifier is None:
                    module = await asyncio.to_thread(importlib.import_module, "desktop_notifier")
                    self._notifier = module.DesktopNotifier(app_name="syncd")
                with _heard() as failures:
                    await self._notifier.send(
                        title=f"syncd: {what} for you", message="syncd pending shows what and why"
                    )
                why = failures[0] if failures else None
        except Exception as error:  # a library of many systems, on machines without a desktop
            why = str(error) or type(error).__name__
        if why is not None and not self._is_off:
            self._is_off = True
            _log.warning("no desktop notifications", why=why)


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Why nothing was shown, of which desktop-notifier makes no errors but a log with tracebacks:
    that is for nobody else."""
    failures: list[str] = []

    class Hears(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            failures.append(str(error or "") or record.getMessage())

    hears, log = Hears(logging.WARNING), logging.getLogger("desktop_notifier")
    log.propagate = False
    log.addHandler(hears)
    try:
        yield failures
    finally:
        log.removeHandler(hears)
