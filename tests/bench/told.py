"""What a member was told by the account, and what it did upon that.

By its requests alone: what was listed for it, which job it asked for. That an answer came to it
whole is not known; what it may know is a little more than it does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from pathlib import Path

from .chronicle import Chronicle, Version
from .names import letters, shows
from .sums import Sums

_LOOK = re.compile(r"/jobs/(\d+)/status$")
_FRESH = 900.0
"""Seconds: where it is not known when a plan was made, a look is no older."""


class Told:
    """``sums``: what it sent. ``placed``: the tracks that it had when it planned last; ``None``
    where nobody sees it plan."""

    def __init__(self, chronicle: Chronicle) -> None:
        self._chronicle = chronicle
        self._told: dict[int, set[Version]] = {}
        self._known: dict[int, set[Version]] = {}
        self._looks: dict[int, tuple[float, Version | None]] = {}
        self._sent: set[int] = set()
        self._failed: set[int] = set()
        self._deleting: set[int] = set()
        self._agreed: dict[int, str] = {}
        self._lately: dict[int, set[str]] = {}
        self._unsure: set[int] = set()
        self._own: dict[int, set[str]] = {}
        self._sending: dict[int, str] = {}
        self._names: dict[int, set[str]] = {}
        self.sums = Sums()
        self.placed: set[int] | None = None

    def asks(self, method: str, path: str, uptime: float) -> None:
        """A request of it is being answered, from what the account is now."""
        if method == "PATCH":
            self._sent.add(_job(path))
        if method != "GET":
            return
        if found := _LOOK.search(path):
            job = int(found[1])
            self._looks[job] = (uptime, self._chronicle.now(job))
            self._deleting.discard(job)
            self._learns(job)
        elif path.endswith(("/jobs", "/liked")):
            for job in self._chronicle.jobs():
                self._learns(job)

    def names(self, path: str, title: str) -> None:
        """It sends a title, which both sides agree upon from then on."""
        self._own.setdefault(_job(path), set()).add(title)
        self._sending[_job(path)] = title
        self._names.setdefault(_job(path), set()).add(title)

    def sent(self, job: int) -> set[str]:
        """Every title that it ever sent for a job."""
        return self._names.get(job, set())

    def named(self, path: str) -> None:
        """The account has answered that."""
        self._sending.pop(_job(path), None)

    def saw(self, job: int) -> Version | None:
        """What it looked like when this looked last, and sent no deletion since."""
        return None if job in self._deleting else self._looks.get(job, (0.0, None))[1]

    def deletes(self, path: str) -> None:
        """It sends the deletion of a job: what it saw before is no reason for another."""
        self._deleting.add(_job(path))

    def saw_failed(self, job: int) -> bool:
        """Whether it had failed when it was told of it last."""
        return job in self._failed

    def _learns(self, job: int) -> None:
        if self._chronicle.has_failed(job):
            self._failed.add(job)
        else:
            self._failed.discard(job)
        if version := self._chronicle.now(job):
            self._told.setdefault(job, set()).add(version)

    def plans(self, placed: set[int]) -> None:
        """It makes up its mind, upon what it was told so far; ``placed``: its tracks."""
        for job in self._sent:
            self._learns(job)
        self._sent.clear()
        self._known = {job: set(found) for job, found in self._told.items()}
        self._looks.clear()
        self.placed = placed

    def dies(self) -> None:
        """It ends on the way: what was agreed upon lately it may not have taken down."""
        self._unsure = set(self._lately)

    def ends(self, held: Set[int]) -> None:
        """It ends in the ordinary way, with all that was agreed upon taken down, but of what is
        ``held``: of that it may not know what it did before it died."""
        self._unsure &= held
        kept = {job: self._lately[job] for job in self._unsure}
        self._lately = {job: {title} for job, title in self._agreed.items()} | kept

    def agrees(self, bearers: Mapping[int, Iterable[str]]) -> None:
        """Its files stand there so: where one shows the title of its job, both sides agree. One
        that has no letters any name shows, so it must have been told of that."""
        for job in self._agreed.keys() - bearers.keys():
            del self._agreed[job]
        for job, paths in bearers.items():
            version = self._chronicle.now(job)
            if version and not letters(version.title) and version not in self._told.get(job, ()):
                continue
            if version and any(shows(Path(path).stem, version.title, job) for path in paths):
                self._agreed[job] = version.title
                self._lately.setdefault(job, set()).add(version.title)
                # What is on its way there may yet become the title.
                self._own[job] = {self._sending[job]} if job in self._sending else set()

    def is_renamed_there(self, job: int, seen: Told) -> bool:
        """Whether ``seen``, which looked, saw another title than was agreed upon, or sent since."""
        _, version = seen._looks.get(job, (0.0, None))
        agreed = self._agreed.get(job)
        if version is None or agreed is None:
            return False
        lately = self._lately[job] if job in self._unsure else ()
        return version.title not in {agreed, *seen._own.get(job, ()), *lately}

    def doubt(self, job: int, uptime: float, *, sound: bool) -> str | None:
        """Why nothing may be sent about ``job``: it did not look, or saw what it did not expect.
        ``sound``: other audio is unexpected, too."""
        if job not in self._looks:
            return "it was not looked at before: the account was not asked for it"
        at, seen = self._looks[job]
        if self.placed is None:
            return None if uptime - at < _FRESH else "the account was not asked for it right before"
        if seen is None:
            return "the account did not know it right before"
        if any(
            seen.title == known.title and (not sound or seen.heard == known.heard)
            for known in self._known.get(job, ())
        ):
            return None
        return f"a look showed {seen.title!r}, or audio, that nothing was planned upon"


def _job(path: str) -> int:
    """Which job a PATCH or a DELETE is for."""
    return int(path.rsplit("/", 1)[1])
