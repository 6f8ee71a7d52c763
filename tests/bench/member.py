"""One folder that is kept in step with the account by its own program, catalog and key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from syncd.core.operations import Plan
from syncd.cycle import Look, Report, run_cycle
from syncd.engine import Engine, open_engine
from syncd.errors import SyncdError
from syncd.further import run_further
from syncd.local.root import create_root
from syncd.progress import Silent
from syncd.rest import run_until_rest
from syncd.secret import Secret
from syncd.settings import Settings

from ..configuring import tables_for
from .account import Account
from .canary import KEY


class _Eyes(Silent):
    def __init__(self, member: Member) -> None:
        self._member = member

    def planned(self, plan: Plan) -> None:
        self._member.watch("planned")
        self._member.seam("planned")


@dataclass
class Member:
    """``seam`` is called where the world may change meanwhile, with what is about to happen.
    ``watch`` is called where it is looked at: when a run begins, is planned, or is over."""

    name: str
    base: Path
    account: Account
    settings: Settings
    key: str
    seam: Callable[[str], None] = field(default=lambda _: None)
    watch: Callable[[str], None] = field(default=lambda _: None)
    reports: list[Report] = field(default_factory=list)
    """Of the last run."""
    further: dict[str, list[Report]] = field(default_factory=dict)
    """Of the last run, by the format of the tree."""
    errors: list[SyncdError] = field(default_factory=list)
    """Of all."""
    _opened: AsyncExitStack | None = None
    _engine: Engine | None = None

    @classmethod
    def make(
        cls,
        name: str,
        base: Path,
        account: Account,
        options: Mapping[str, Mapping[str, object]] | None = None,
    ) -> Member:
        """With an empty library; ``options`` are sections of its configuration."""
        folder = base / name
        folder.mkdir(parents=True)
        key = f"{KEY}_{name}"
        account.world.grant(key)
        tables = tables_for(account.sim, folder / "Music", folder / "state", **(options or {}))
        settings = Settings.model_validate(tables)
        create_root(settings.library.root, settings.api.base_url)
        return cls(name, folder, account, settings, key)

    @property
    def root(self) -> Path:
        return self.settings.library.root

    async def open(self) -> Engine:
        """Start the program, if it does not run. Raises ``SyncdError``."""
        if self._engine is None:
            async with AsyncExitStack() as stack:
                self._engine = await stack.enter_async_context(
                    open_engine(
                        self.settings,
                        Secret(self.key),
                        progress=_Eyes(self),
                        clock=self.account.moment.now,
                    )
                )
                self._opened = stack.pop_all()
        return self._engine

    async def close(self) -> None:
        """End the program, in the ordinary way."""
        opened, self._opened, self._engine = self._opened, None, None
        if opened is not None:
            await opened.aclose()

    async def sync(self, *, sweep: bool = True, poll: bool = False) -> None:
        """One run, to rest in all trees; the program is started for it where it does not run.

        ``poll``: it asks first for what a few requests show, and sweeps if that needs it.
        """
        self.reports, self.further = [], {}
        self.watch("begins")
        try:
            engine = await self.open()
            if poll:
                look = Look(poll=True, scan=True)
                seen = await run_cycle(engine.library, engine.executor, engine.policy, look)
                sweep = seen.wants_sweep
            if await self._run(engine, sweep):
                for tree in await run_further(engine, partial(self._run, engine)):
                    self.further[tree.format] = tree.reports
                    self.errors += [tree.error] if tree.error else []
        except SyncdError as error:
            self.errors.append(error)
        self.watch("over")
        reports = [*self.reports, *(one for tree in self.further.values() for one in tree)]
        self.errors += [report.error for report in reports if report.error]

    async def _run(self, engine: Engine, sweep: bool) -> list[Report]:
        reports = await run_until_rest(engine.library, engine.executor, engine.policy, sweep=sweep)
        self.reports += reports
        return [] if reports[-1].error else reports
