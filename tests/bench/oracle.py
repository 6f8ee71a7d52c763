"""What must hold, written from what the program promises; it shares no code with it.

Each judgement is a text that says what is wrong, or nothing.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Set
from pathlib import Path
from typing import TYPE_CHECKING

from . import sound
from .ledger import everything, walk
from .names import ASIDE, letters, meant, same, shows

if TYPE_CHECKING:
    from .house import Home, House

_COPY = re.compile(r"( \(copy \d+\))+$")
_SENT_AFTER = 60.0
"""Seconds between counting a deletion and sending it, at most."""


def of_request(house: House, home: Home, method: str, path: str, body: bytes) -> str | None:
    """On a request of ``home`` that changes the account: did people do there what it says?"""
    found = re.search(r"/(\d+)(/|$)", path)
    job = int(found[1]) if found else -1
    if home.setup.direction == "down":
        return f"{method} {path}: nothing may ever be sent from {home.member.name}"
    if method == "DELETE":
        wrong = _deletion(house, home, job)
        return wrong and f"DELETE {job}: {wrong}"
    if method == "PATCH":
        name = json.loads(body)["display_name"]
        if ASIDE.search(name):
            return f"PATCH {job} {name!r}: the name of a conflict copy is no title"
        stems = {stem for tree in home.trees for stem in tree.ledger.called(job)}
        if not any(same(name, text) for stem in stems for text in meant(stem, job)):
            return f"PATCH {job} {name!r}: people call it {sorted(stems)}"
        doubt = home.told.doubt(job, house.moment.uptime, sound=False)
        if not doubt and home.setup.conflicts != "local":
            renamed = [tree.told.is_renamed_there(job, home.told) for tree in home.trees]
            doubt = "it was renamed in the account, too" if all(renamed) else None
        return doubt and f"PATCH {job} {name!r}: {doubt}"
    known = house.world.job(job)
    # Somebody may have been quicker: then the service declines, and nothing is done.
    is_failed = known is not None and (known.status == "FAILED" or home.told.saw_failed(job))
    if method == "POST" and path.endswith("/retry") and is_failed:
        tries = home.ledger.retried[job] = home.ledger.retried.get(job, 0) + 1
        if tries <= home.setup.retries:
            return None
    return f"{method} {path}: nobody asked for it"


def _deletion(house: House, home: Home, job: int) -> str | None:
    gone = [since for tree in home.trees if (since := tree.ledger.gone(job)) is not None]
    if home.setup.deletions != "mirror":
        return f"deletions are not mirrored here but {home.setup.deletions}"
    if not gone:
        return "people never took its file away"
    if house.moment.uptime - max(gone) < home.setup.grace:
        return f"{house.moment.uptime - max(gone):.0f} s after its file went"
    for tree in home.trees:
        if job in tree.ledger.bearers():
            return f"a file of it is there, in {tree.root.name}"
    if doubt := home.told.doubt(job, house.moment.uptime, sound=True):
        return doubt
    if (known := house.world.job(job)) is None:
        return None
    if wrong := _out_of_step(house, home, job, max(gone)) or _too_many(house, home, job):
        return wrong
    house.chronicle.ends(job, home.member.name)
    audio = {house.heard(clip) for clip in known.audio.values()}
    kept = {
        tree.read(path).heard
        for tree in home.trees
        for path in everything(tree.root / ".syncd" / "trash")
    }
    if audio and not audio & kept:
        return "there is no recovery copy of what it sounds like"
    return None


def _out_of_step(house: House, home: Home, job: int, gone: float) -> str | None:
    """Whether the account changed it after its file went: then it is fetched again instead."""
    now, before = house.chronicle.now(job), house.chronicle.until(job, gone)
    if gone == -math.inf or now in before:
        return None
    if now and now.title in home.told.sent(job) and now.heard in {one.heard for one in before}:
        return None  # the name was on its way
    if home.told.saw(job) in before:
        return None  # it was as it had been; what somebody did since arrived no sooner than this
    return "it was renamed, or has other audio, since its file went"


def _too_many(house: House, home: Home, job: int) -> str | None:
    """Whether people must be asked: by the budget of a day, and of half of the tracks or all."""
    uptime, told = house.moment.uptime, home.told
    told.sums.add("DELETE", job, uptime - _SENT_AFTER)
    if any(tree.ledger.removed.get(job) == -math.inf for tree in home.trees):
        return None  # they were asked
    return told.sums.excess("DELETE", uptime, budget=home.setup.budget, of=told.placed)


def explained(house: House, home: Home, held: Set[int], waits: Set[int]) -> set[int]:
    """Of the jobs that the program says are held, or wait, those of which it is known why."""
    first = next(one for one in house.homes if one.member is home.member)
    touched = {job for tree in first.trees for job in (*tree.ledger.touched, *tree.ledger.removed)}
    return {job for job in held if job in touched or house.chronicle.changed(job)} | {
        job for job in waits if _may_wait(house, home, first, job)
    }


def _may_wait(house: House, home: Home, first: Home, job: int) -> bool:
    known = house.world.job(job)
    if known is None:
        return job in home.ledger.touched
    if known.status != "COMPLETED":
        return True
    if job in home.ledger.removed:
        # A file stands in another tree: as its, or stripped of what says whose it is; or another
        # track's was put upon it.
        return any(
            home.read(path).job in (job, None)
            or str(path.relative_to(tree.root)) in tree.ledger.places.get(job, ())
            for tree in first.trees
            if tree is not home
            for path in tree.files()
            if path.suffix in sound.SUFFIXES
        )
    # Its name may be another file's: which has the same letters there, in whatever case.
    title = letters(known.display_name or "").casefold()
    places = home.ledger.bearers().get(job, set())
    folders = {Path(path).parent for path in places}
    others = (path.relative_to(home.root) for path in home.files())
    return any(
        other.parent in folders and letters(other.stem).casefold().startswith(title)
        for other in others
        if str(other) not in places
    )


def at_rest(house: House, home: Home, explained: set[int]) -> Iterator[str]:
    """Does the folder show the account, and is everything there? ``explained``: the jobs of which
    something waits, or is held."""
    places = home.ledger.bearers()
    jobs = {job.id: job for job in house.world.jobs()}
    seen = {path: home.read(home.root / path) for paths in places.values() for path in paths}
    touched = home.ledger.marks.keys()
    renamed = home.ledger.copied | home.ledger.named.keys()

    def is_edited(path: str) -> bool:
        """Whether people changed it: then it is theirs, and stays as it is."""
        one = seen[path]
        return (
            bool(set(one.marks) & touched)
            or one.title in home.ledger.titles
            or one.sha in home.ledger.own
            or one.sha in home.attic.returned
        )

    for number, job in jobs.items():
        if job.status != "COMPLETED" or number in explained:
            continue
        if not (job.audio if home.format is None else home.format in job.audio):
            continue
        if number not in places:
            if number in home.ledger.removed and _stays_away(home):
                continue
            yield f"job {number} {job.display_name!r} has no file, and nothing says why"
            continue
        audio = {house.heard(clip) for clip in job.audio.values()}
        if not any(seen[path].heard in audio or is_edited(path) for path in places[number]):
            yield f"job {number}: {sorted(places[number])} sounds otherwise than the account"
        if home.setup.direction == "down" and number in home.ledger.named:
            continue
        stems = [Path(path).stem for path in places[number]]
        title = job.display_name
        aside = [stem for stem in stems if ASIDE.search(_COPY.sub("", stem))]
        if aside and (len(aside) == len(stems) or number in home.ledger.copied):
            continue  # what counts is called like a conflict copy: its name is theirs to settle
        if number in renamed and not home.attic.stems.isdisjoint(stems):
            continue  # found again under a name of people's: it may be a copy, and keeps that
        if number in renamed & home.ledger.unrecorded:
            continue  # nothing says that the program named it: it keeps the name it was found with
        if title and not any(shows(stem, title, number) for stem in stems):
            yield f"job {number} is {title!r}, its file {sorted(places[number])}"
    for number, paths in places.items():
        if number in jobs or number in explained or home.setup.remote_deletions == "keep":
            continue
        if number in home.ledger.unrecorded:
            continue  # nothing says who placed it: what may be people's stays
        if number not in renamed and not any(map(is_edited, paths)):
            yield f"{sorted(paths)} is of job {number}, which is no more"
    yield from lost(home)


def _stays_away(home: Home) -> bool:
    """Whether a file that people removed is not fetched again."""
    further = home.format is not None and home.setup.deletions == "mirror"
    return further or home.setup.deletions == "ignore" or home.setup.direction == "down"


def lost(home: Home) -> Iterator[str]:
    """What people made and is no more, neither in the library nor in its trash."""
    found = [home.read(path) for path in walk(home.root)]
    found += [home.read(path) for path in everything(home.root / ".syncd" / "trash")]
    shas, titles = {one.sha for one in found}, {one.title for one in found}
    marks = {text for one in found for text in one.marks}
    for sha, name in home.ledger.own.items():
        if sha not in shas:
            yield f"somebody's own {name!r} is lost"
    for text, name in home.ledger.marks.items():
        if text not in marks:
            yield f"what somebody wrote into {name!r} is lost: {text!r}"
    for text, name in home.ledger.titles.items():
        if text not in titles:
            yield f"the title somebody gave to {name!r} is lost: {text!r}"
