"""Who tells what happened: to hooks, and to the desktop.

What was done is read from the journal, so that nothing is lost of a cycle that was broken off, nor
of a command that borrowed the library; what was done before this daemon began is not told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from syncd.catalog.store import Catalog
from syncd.cycle import Report
from syncd.daemon.desktop import Desktop
from syncd.daemon.events import LED_ELSEWHERE, NAMED_ANEW, Deed, Event, Events, of_error
from syncd.daemon.hooks import Hooks
from syncd.errors import SyncdError
from syncd.executor.threads import to_its_end
from syncd.settings import Settings

LAST_WORD = 2.0
"""Seconds that hooks have at the end for what they were told last."""

_log = structlog.get_logger("syncd.daemon")


class Herald:
    """Tells as ``settings`` say. Close it at the end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.events = Events()
        self._hooks = Hooks(settings)
        self._desktop = Desktop()
        self._told_to: int | None = None
        """The last entry of the journal that was told of, or needs not to be."""
        self._turn = asyncio.Lock()

    def take(self, settings: Settings) -> None:
        """From now on as ``settings`` say."""
        self._settings = settings
        self._hooks.take(settings)

    async def opened(self, catalog: Catalog) -> None:
        """A library was opened: tell what was done in it since this daemon closed it."""
        if self._told_to is None:
            self._told_to = await asyncio.to_thread(catalog.journal.newest)
        await self.tell((), catalog)

    async def tell(self, reports: Sequence[Report], catalog: Catalog) -> None:
        """Tell what is new in ``reports``, and what was done since this was called last."""
        async with self._turn:
            self._told_to, deeds = await to_its_end(self._deeds, catalog)
            self._pass_on(self.events.of(reports, self._settings.library.root, deeds))

    def trouble(self, error: SyncdError, *, lasts: bool = False) -> None:
        """Tell of an error that is no track's; of one that ``lasts`` only once."""
        self._pass_on(self.events.lasting(error) if lasts else (of_error(error),))

    async def close(self) -> None:
        """Let the hooks hear the last, in a limited time; then stop what runs."""
        await self._hooks.finish(LAST_WORD)
        await self._hooks.close()
        await self._desktop.close()

    def _pass_on(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.name in ("held", "pending"):
                _note(event)
        self._hooks.tell(events)
        if self._settings.notify.desktop:
            self._desktop.tell(events)

    def _deeds(self, catalog: Catalog) -> tuple[int, list[Deed]]:
        """The newest entry of the journal, and what was done since the last that was told of."""
        assert self._told_to is not None, "the library was opened"
        try:
            newest = catalog.journal.newest()
            # A new catalog begins anew, as does one whose history was all too old.
            since = self._told_to if newest >= self._told_to else 0
            return newest, [self._deed(catalog, entry) for entry in catalog.journal.since(since)]
        except SyncdError as error:
            _log.debug("what was done is told later", why=error.message)
            return self._told_to, []

    def _deed(self, catalog: Catalog, entry: Mapping[str, Any]) -> Deed:
        verb, path = entry["verb"], entry["path"]
        if verb in LED_ELSEWHERE:
            path = entry["after"] or path
        elif verb in NAMED_ANEW:
            known = catalog.baseline_of(entry["job_id"])
            path = known.placed.path if known and known.placed else path
        return Deed(entry["job_id"], verb, path, entry["reason"])


def _note(event: Event) -> None:
    """A line of the log for each reason, with the track where it is one."""
    by_reason: dict[tuple[str, int | None], list[Mapping[str, Any]]] = {}
    for fact in event.facts:
        by_reason.setdefault((fact["reason"], fact.get("batch")), []).append(fact)
    for (reason, batch), facts in by_reason.items():
        about: dict[str, object] = {"why": reason}
        if batch is not None:
            about["batch"] = batch
        if len(facts) == 1:
            about |= {"job": facts[0]["job_id"], "path": facts[0]["path"]}
        else:
            about["count"] = len(facts)
        _log.info(event.name, **about)
