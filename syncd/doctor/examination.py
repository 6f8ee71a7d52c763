"""The checks in their order. Each group stands alone: what is broken in one leaves the others."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from syncd.doctor import (
    beside,
    catalog,
    configuration,
    disk,
    folder,
    further,
    program,
    running,
    service,
)
from syncd.doctor.check import Check, failure, of_error, unseen
from syncd.doctor.configuration import BROKEN
from syncd.doctor.service import Asked
from syncd.errors import ConfigError, SyncdError
from syncd.secret import Secret, redact
from syncd.settings import Settings

PATIENCE = 60.0
"""Seconds that a group gets: a network share that is away would hold it for ever."""

Group = Callable[[], Iterable[Check]]


async def examine(
    option: Path | None = None, environ: Mapping[str, str] = os.environ
) -> AsyncIterator[Check]:
    """Everything, check by check. ``option`` is the configuration file, where one is named.

    Raises nothing: what cannot be looked at is a check, too.
    """
    settings = configuration.read(option, environ)
    key = await asyncio.to_thread(configuration.read_key, settings, environ)
    for check in await _aside("program", program.look):
        yield check
    for check in await _aside("config", lambda: configuration.look(settings, key, environ)):
        yield check
    asked, why_not = await _asked(settings, key)
    groups: list[tuple[str, Group]] = [
        ("service", lambda: service.look(asked, why_not, environ)),
        *_of_the_library(settings, asked),
        ("running", lambda: running.look(settings, environ)),
        *_beside(settings, environ),
    ]
    for name, group in groups:
        for check in await _aside(name, group):
            yield check


def _of_the_library(
    settings: Settings | ConfigError, asked: Asked | None
) -> list[tuple[str, Group]]:
    if isinstance(settings, ConfigError):
        names = ("root", "disk", "state", "catalog")
        return [("library", lambda: [unseen(name, BROKEN) for name in names])]
    return [
        ("root", lambda: folder.look(settings)),
        ("trees", lambda: further.look(settings)),
        ("disk", lambda: [disk.for_library(settings), disk.for_state(settings)]),
        ("catalog", lambda: catalog.look(settings, asked, datetime.now(UTC))),
    ]


def _beside(
    settings: Settings | ConfigError, environ: Mapping[str, str]
) -> list[tuple[str, Group]]:
    if isinstance(settings, ConfigError):
        return []
    return [("hooks", lambda: beside.look(settings, environ))]


async def _asked(
    settings: Settings | ConfigError, key: Secret | ConfigError | None
) -> tuple[Asked | None, str]:
    """What the service says, or why it was not asked."""
    if isinstance(settings, ConfigError):
        return None, BROKEN
    if not isinstance(key, Secret):
        return None, "there is no key"
    return await service.ask(settings, key), ""


async def _aside(name: str, group: Group) -> list[Check]:
    """What ``group`` found, in a thread that nothing waits for longer than ``PATIENCE``."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    found: list[Check] = []

    def look() -> None:
        try:
            found.extend(group())  # what came before an error is kept
        except SyncdError as error:
            found.append(of_error(name, error))
        except Exception as error:
            said = redact(f"{type(error).__name__}: {error}")
            found.append(failure(name, f"could not be looked at: {said}", "please report this"))
        with suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(ended.set)

    # A daemon: the end of the program does not wait for a share that never answers.
    threading.Thread(target=look, daemon=True).start()
    try:
        async with asyncio.timeout(PATIENCE):
            await ended.wait()
    except TimeoutError:
        said = f"what comes next did not end within {PATIENCE:.0f} s"
        return [*found, failure(name, said, "look for a disk or a share that does not answer")]
    return found
