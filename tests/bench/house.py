"""Everything of one history: the account, the folders, and what is known of both from outside."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from syncd.cycle import Report
from syncd.simulator.job import Clip
from syncd.simulator.requests import RequestRecord
from syncd.simulator.sound import tone

from . import acts_account, acts_folder, compiled, oracle, sound
from .account import Account
from .chronicle import Chronicle
from .custody import Custody
from .ledger import Attic, Ledger, Reader, bearers, walk
from .member import Member
from .moment import Loop, Moment
from .setup import Setup
from .story import Act
from .told import Told

START = 1_775_000_000.0
"""When histories begin, in seconds since the epoch."""

_TONES: dict[tuple[str, int], bytes] = {}
_HEARD: dict[bytes, str] = {}


def audio(kind: str, number: int) -> bytes:
    """A file of that kind; the same for the same number."""
    key = (kind, number % 60)
    if key not in _TONES:
        _TONES[key] = tone(kind, key[1], 0.2)
    return _TONES[key]


def heard(clip: Clip) -> str:
    """What a clip of the account sounds like, as ``sound.heard`` says it of a file."""
    content = clip.content
    if content not in _HEARD:
        _HEARD[content] = sound.heard(content)
    return _HEARD[content]


class Home:
    """One tree of a member, and what people do in its folder. ``format``: the one that a further
    tree holds; the first holds any."""

    def __init__(
        self,
        member: Member,
        setup: Setup,
        attic: Path,
        numbers: Iterator[int],
        chronicle: Chronicle,
        *,
        format: str | None = None,  # noqa: A002
    ) -> None:
        self.member = member
        self.setup = setup
        self.format = format
        self.settings = member.settings.tree(format) if format else member.settings
        self.name = f"{member.name} {format}" if format else member.name
        self.read = Reader()
        self.ledger = Ledger(self.root, self.read)
        self.attic = Attic(attic)
        self.custody = Custody(self, chronicle)
        self.told = Told(chronicle)
        self.numbers = numbers
        self.trees = (
            self,
            *(
                Home(member, setup, attic.with_name(f"attic {one}"), numbers, chronicle, format=one)
                for one in (() if format else setup.also)
            ),
        )
        """All of the member, the first one first; of a further one itself alone."""

    @property
    def root(self) -> Path:
        return self.settings.library.root

    def files(self) -> list[Path]:
        return list(walk(self.root))

    def reports(self) -> list[Report]:
        """Of the last run, in this tree."""
        return self.member.further.get(self.format, []) if self.format else self.member.reports


class House:
    """``homes`` are the first trees, one for each member. ``troubles`` are what the oracle said of
    requests; ``trace`` is what happened, in words.

    ``follows``: each file is followed, and each run; people then do nothing but through ``act``.
    """

    def __init__(
        self, base: Path, seed: int, setups: tuple[Setup, ...], *, follows: bool = False
    ) -> None:
        self._follows = follows
        self.moment = Moment(START)
        self.account = Account(self.moment, seed)
        self.trace: list[str] = []
        self.troubles: list[str] = []
        self._clips = itertools.count(seed % 50)
        self.chronicle = Chronicle(self, lambda: self.moment.uptime)
        numbers = itertools.count(1)
        self.homes = []
        for index, setup in enumerate(setups):
            name = "abcd"[index]
            member = Member.make(name, base, self.account, setup.options())
            home = Home(member, setup, base / name / "attic", numbers, self.chronicle)
            if follows:
                member.watch = partial(self._watching, home)
            self.homes.append(home)
        self.trees = [tree for home in self.homes for tree in home.trees]
        """Every folder of everyone."""
        self.running: list[Home] = []
        """Whose program runs at the moment."""
        self._arrived = self.account.sim.requests.arrived
        self._answered = self.account.sim.requests.answered
        self.account.sim.requests.arrived = self._arriving  # type: ignore[method-assign]
        self.account.sim.requests.answered = self._answering  # type: ignore[method-assign]
        for setup in setups:
            setup.furnish(self.account.sim.switches)

    @property
    def world(self):
        return self.account.world

    def audio(self, kind: str) -> bytes:
        return audio(kind, next(self._clips))

    def heard(self, clip: Clip) -> str:
        return heard(clip)

    @contextmanager
    def lives(self) -> Iterator[asyncio.AbstractEventLoop]:
        """Its time is everyone's, and every way out leads to its account."""
        with ExitStack() as stack:
            stack.enter_context(self.moment.reigns())
            stack.enter_context(compiled.shared())
            loop = Loop(self.moment)
            stack.callback(asyncio.set_event_loop, None)
            stack.callback(loop.close)
            asyncio.set_event_loop(loop)
            stack.enter_context(self.account.connected(loop))
            yield loop

    def act(self, act: Act) -> None:
        """Do it, and note what it did; nothing at all where there is nothing to do it to."""
        self.looks()
        if act.name in acts_account.NAMED:
            told = acts_account.NAMED[act.name](self, act.one, act.other)
        else:
            home = self.trees[act.who % len(self.trees)]
            before = home.ledger.bearers()
            told = acts_folder.NAMED[act.name](home, act.one, act.other)
            if told:
                home.ledger.after(before, self.moment.uptime)
                told = f"{home.name}: {told}"
        self.chronicle.look()
        for tree in self.trees:
            tree.custody.accept(self.moment.uptime)
        if told:
            self.trace.append(told)

    def looks(self) -> None:
        """See what the programs did to the files."""
        self.chronicle.look()
        for tree in self.trees:
            library = tree.read.below(tree.root)
            stands = bearers(library)
            tree.ledger.sees(stands)
            tree.told.agrees(stands)
            found = tree.custody.judge(library, self.moment.uptime) if self._follows else ()
            self.troubles += [f"{tree.name}: {text}" for text in found]

    def _watching(self, home: Home, what: str) -> None:
        self.looks()
        for tree in home.trees:
            if what == "begins":
                tree.ledger.begins()
                tree.ledger.sees(tree.ledger.bearers())
            if what == "planned":
                stands = tree.ledger.bearers()
                tree.ledger.noted(stands)
                tree.attic.seen(stands)
                placed = stands.keys() | tree.ledger.removed.keys()
                tree.custody.placed = placed
                tree.told.plans(placed)
            if what == "over":
                reports = tree.reports()
                tree.told.ends({op.job_id for one in reports for op in one.plan.holds})

    def mutating(self) -> int:
        """How many requests were sent that change something."""
        return len(self.account.sim.requests.mutating())

    def _arriving(
        self,
        origin: str,
        method: str,
        path: str,
        query: dict[str, str],
        headers: tuple[tuple[str, str], ...],
        body: bytes,
    ) -> RequestRecord:
        home = self._home_of(headers)
        if method not in ("GET", "HEAD"):
            text = body.decode(errors="replace")
            self.trace.append(f"  {home.member.name} > {method} {path} {text}")
            self.looks()
            trouble = oracle.of_request(self, home, method, path, body)
            self.troubles += [trouble] if trouble else []
            if method == "DELETE":
                home.told.deletes(path)
            if method == "PATCH":
                home.told.names(path, json.loads(body)["display_name"])
                home.told.asks(method, path, self.moment.uptime)
        is_page = method == "GET" and query.get("sort_order") == "asc" and "status" not in query
        page = f"?skip={query.get('skip', 0)}" if is_page else ""
        home.member.seam(f"{method} {path}{page}")
        self.chronicle.look()
        return self._arrived(origin, method, path, query, headers, body)

    def _answering(self, record: RequestRecord, status: int) -> None:
        """It tells what the account is by now: it may have been kept waiting meanwhile."""
        self._answered(record, status)
        told = self._home_of(record.headers).told
        if record.method == "GET":
            self.chronicle.look()
            told.asks(record.method, record.path, self.moment.uptime)
        if record.method == "PATCH":
            told.named(record.path)

    def _home_of(self, headers: tuple[tuple[str, str], ...]) -> Home:
        """Whose key it carries; addresses of audio carry none: they are of who runs (the first of
        those that do, where two are at the same time)."""
        given = " ".join(value for _, value in headers)
        running = [*self.running, *self.homes]
        return next((home for home in self.homes if home.member.key in given), running[0])
