"""What the daemon does for whoever asks over the control socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from syncd.actions import holds
from syncd.cycle import Report
from syncd.daemon.control import Caller
from syncd.daemon.snapshot import status_of
from syncd.daemon.telling import Teller, result_of
from syncd.daemon.wakes import Request
from syncd.engine import Engine
from syncd.errors import ConfigError
from syncd.executor.threads import to_its_end
from syncd.further import TreeRun, run_further
from syncd.log import recent
from syncd.outcome import Run
from syncd.rest import run_until_rest

if TYPE_CHECKING:
    from syncd.daemon.daemon import Daemon
    from syncd.daemon.session import Session

_LONGEST_PAUSE = 365 * 86_400

_LEAVING = 1.0
"""Seconds for which whoever wants to borrow the library waits for the one before to hang up."""


class Requests:
    """``handle`` is what ``control.serve`` is given."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._known: dict[
            str, Callable[[Mapping[str, Any], Caller], Awaitable[Mapping[str, Any]]]
        ] = {
            "status": self._status,
            "pause": self._pause,
            "resume": self._resume,
            "sync": self._sync,
            "approve": self._approve,
            "reject": self._reject,
            "logs": self._logs,
            "lend": self._lend,
            "key": self._key,
        }

    async def handle(self, do: str, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        """Raises ``ConfigError`` for what is not known here, and ``SyncdError`` of many kinds."""
        known = self._known.get(do)
        if known is None:
            raise ConfigError(
                f"the daemon does not know “{do}”", hint="it may be an older one: restart it"
            )
        return await known(fields, caller)

    async def _status(self, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        return {"status": (await status_of(self._daemon)).document()}

    async def _pause(self, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        seconds, until = fields.get("seconds"), None
        if seconds is not None:
            if not isinstance(seconds, int | float) or not 0 < seconds <= _LONGEST_PAUSE:
                raise ConfigError("a pause lasts up to 365d")
            until = self._daemon.clock() + timedelta(seconds=seconds)
        self._daemon.set_pause(until)
        return {"paused_until": until}

    async def _resume(self, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        self._daemon.resume()
        return {}

    async def _sync(self, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        async def work(engine: Engine) -> tuple[Run, Sequence[TreeRun]]:
            policy, session = replace(engine.policy, retry_now=True), self._session
            reports: list[Report] = []

            def is_asked() -> bool:
                return self._daemon.wakes.is_asked_briefly

            async def run_first(sweep: bool) -> Sequence[Report]:
                more = await run_until_rest(
                    engine.library,
                    engine.executor,
                    policy,
                    sweep=sweep,
                    give_way=is_asked,
                    between=session.serve_brief,
                )
                reports.extend(more)
                await session.took(more)
                return more

            await run_first(True)
            further = (
                []
                if reports[-1].error
                else await run_further(
                    engine, run_first, give_way=is_asked, between=session.serve_brief
                )
            )
            return Run(reports), further

        run, further = await self._in_turn("sync", work, caller)
        return self._told(run, further)

    async def _approve(self, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        batches, jobs = _numbers(fields, "batches"), _numbers(fields, "jobs")

        async def work(engine: Engine) -> holds.Approval:
            session = self._session
            approval = await holds.approve(
                engine.library,
                engine.executor,
                engine.policy,
                batches=batches,
                jobs=jobs,
                # Else it would not be answered before all of a large account is there.
                leaves_downloads=session.left_downloads,
            )
            await session.took(approval.reports)
            return approval

        approval = await self._in_turn("approve", work, caller, is_brief=True)
        released = [asdict(choice) for choice in approval.released]
        return {"released": released, **self._told(Run(approval.reports))}

    async def _reject(self, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        batches, jobs = _numbers(fields, "batches"), _numbers(fields, "jobs")

        async def work(engine: Engine) -> tuple[holds.Choice, ...]:
            rejected = await to_its_end(
                holds.reject, engine.library, engine.policy, batches=batches, jobs=jobs
            )
            self._session.restore_again(choice.job_id for choice in rejected)
            return rejected

        rejected = await self._in_turn("reject", work, caller, is_brief=True)
        return {"rejected": [asdict(choice) for choice in rejected]}

    async def _logs(self, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        lines = fields.get("lines", 100)
        if not isinstance(lines, int) or not 0 <= lines <= 100_000:
            raise ConfigError("lines is a number of lines")
        if fields.get("follow"):
            following = asyncio.ensure_future(_follow(caller, lines))
            try:
                await caller.gone.wait()
            finally:
                following.cancel()
            return {}
        for line in recent().lines(lines):
            caller.tell({"line": line})
            await caller.caught_up()
        return {}

    async def _lend(self, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        what = fields.get("for")
        if (last := self._daemon.borrower) is not None:
            # One that hung up just now, as a command does that borrows twice, may not be noticed.
            with suppress(TimeoutError):
                async with asyncio.timeout(_LEAVING):
                    await last.gone.wait()
        self._daemon.lend(caller, what if isinstance(what, str) and what else "a command")
        await caller.gone.wait()
        return {}

    async def _key(self, fields: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        """For a command that sees none: a credential of systemd is the unit's alone."""
        if not caller.is_known:
            raise ConfigError(
                "the daemon tells its key to nobody here: the system does not say who asks",
                hint="give the command a key of its own",
            )
        daemon = self._daemon
        return {"key": (await asyncio.to_thread(daemon.load_key, daemon.settings)).reveal()}

    async def _in_turn(
        self,
        what: str,
        work: Callable[[Engine], Awaitable[Any]],
        caller: Caller,
        *,
        is_brief: bool = False,
    ) -> Any:
        """What ``work`` gives, done in the queue with the open library; tells the caller of it."""
        live, teller = self._daemon.live, Teller(caller.tell)

        async def told(engine: Engine) -> Any:
            live.listeners.append(teller)
            try:
                return await work(engine)
            finally:
                live.listeners.remove(teller)

        request = Request(what, told, is_brief)
        self._daemon.wakes.ask(request)
        self._daemon.ask_again()
        return await request.answer

    @property
    def _session(self) -> Session:
        session = self._daemon.session
        assert session is not None, "whoever works has the library open"
        return session

    def _told(self, run: Run, further: Sequence[TreeRun] = ()) -> Mapping[str, Any]:
        return result_of(run, self._daemon.settings.library.root, further)


async def _follow(caller: Caller, last: int) -> None:
    async for line in recent().follow(last):
        caller.tell({"line": line})
        await caller.caught_up()


def _numbers(fields: Mapping[str, Any], name: str) -> tuple[int, ...]:
    found = fields.get(name) or []
    if not isinstance(found, list) or not all(type(one) is int for one in found):
        raise ConfigError(f"{name} is a list of numbers")
    return tuple(found)
