"""How a status reads: its document (``daemon.status``) as aligned lines, in groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from syncd.cli.asking import size_words
from syncd.core.verbs import counted
from syncd.core.words import amount, plural, printable

_SHOWN = 10
"""Transfers, holds and errors that are shown; JSON has all."""

_STYLES = {
    "idle": "green",
    "working": "green",
    "starting": "green",
    "paused": "yellow",
    "offline": "yellow",
    "lent": "yellow",
    "waiting": "red",
    "refused": "red",
}
_LOUD = {
    "waits for": "yellow",
    "held": "yellow",
    "missing": "yellow",
    "pending": "yellow",
    "errors": "red",
}

_UNDONE = {
    "delete-remote": (
        ("{} file is missing here", "deleting its job"),
        ("{} files are missing here", "deleting their jobs"),
    ),
    "rename-remote": (
        ("{} file was renamed", "renaming its job"),
        ("{} files were renamed", "renaming their jobs"),
    ),
    "trash-local": (
        ("{} job is gone from the account", "moving its file to the trash"),
        ("{} jobs are gone from the account", "moving their files to the trash"),
    ),
    "free": (
        ("{} file is outside library.only", "freeing it"),
        ("{} files are outside library.only", "freeing them"),
    ),
    "redownload": (
        ("{} job has other audio now", "replacing its file"),
        ("{} jobs have other audio now", "replacing their files"),
    ),
}
"""By the verb that is held: what is the case and what waits, of one and of many."""


class Line(NamedTuple):
    """``name`` is empty where the line goes on with what the one before it names."""

    name: str
    text: str
    style: str = ""


Groups = list[list[Line]]


def groups(status: Mapping[str, Any], *, start: str) -> Groups:
    """What to show of ``status``, as of its own time. ``start`` says how to start a daemon."""
    now = _time(status["at"])
    found = [
        list(_state(status, now, start)),
        list(_library(status)),
        list(_transfers(status)),
        list(_waiting(status, now)),
        list(_times(status, now)),
        list(_errors(status, now)),
        list(_ground(status, now)),
    ]
    return [[_styled(line) for line in group] for group in found if group]


def rows(found: Groups) -> Iterator[tuple[str, str, str]]:
    """(name, text, style) a line, the names padded to one width; an empty row between groups."""
    width = max(len(line.name) for group in found for line in group)
    for number, group in enumerate(found):
        if number:
            yield "", "", ""
        for line in group:
            yield f"{line.name:{width}}", printable(line.text), line.style


def ago(since: str | None, now: datetime) -> str:
    """How long ago that was: ``2 min ago``; ``never`` where it was not."""
    if since is None:
        return "never"
    seconds = (now - _time(since)).total_seconds()
    return "just now" if seconds < 1 else f"{span(seconds)} ago"


def until(then: str, now: datetime) -> str:
    """How far off that is: ``in 40 s``; ``now`` for what is due."""
    seconds = (_time(then) - now).total_seconds()
    return "now" if seconds < 1 else f"in {span(seconds)}"


def span(seconds: float) -> str:
    """A time in its largest unit: ``40 s``, ``2 min``, ``3 h``, ``5 days``."""
    for most, unit, size in ((90, "s", 1), (5400, "min", 60), (172_800, "h", 3600)):
        if seconds < most:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} days"


def _styled(line: Line) -> Line:
    return line if line.style else line._replace(style=_LOUD.get(line.name, ""))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _state(status: Mapping[str, Any], now: datetime, start: str) -> Iterator[Line]:
    word = status["state"]
    if not status["running"]:
        yield Line("state", f"stopped: no daemon runs; {start}", "yellow")
        if status["awaits"]:
            yield Line("waits for", status["awaits"])
        return
    if (then := status["paused_until"]) is not None:
        word += f", goes on {until(then, now)} ({_time(then):%Y-%m-%d %H:%M} UTC)"
    elif word == "paused":
        word += " until syncd resume"
    yield Line("state", word, _STYLES.get(status["state"], ""))
    if status["awaits"]:
        yield Line("waits for", status["awaits"])
    if status["since"]:
        since = f"{_time(status['since']):%Y-%m-%d %H:%M} UTC ({ago(status['since'], now)})"
        yield Line("since", f"{since}, process {status['pid']}, syncd {status['version']}")


def _library(status: Mapping[str, Any]) -> Iterator[Line]:
    if status["root"]:
        watched = f", watched by {status['watching']}" if status["watching"] else ""
        yield Line("folder", f"{status['root']}{watched}")
    for tree in status.get("also", ()):  # which a daemon of before an upgrade does not say
        held = f", {tree['held']} held (syncd --tree {tree['format']} pending)"
        said = f"{tree['root']}, {amount(tree['files'], 'file')}{held if tree['held'] else ''}"
        trouble = tree["trouble"]
        yield Line(tree["format"], f"{said}; {trouble}" if trouble else said, "red" * bool(trouble))
    states = [f"{number} {state}" for state, number in sorted(status["counts"].items()) if number]
    if to_come := status.get("to_come"):  # as above
        states.append(f"{to_come} to come")
    if kept_out := status.get("kept_out"):
        states.append(f"{kept_out} kept out")
    if status["jobs"] is not None:
        yield Line("tracks", ", ".join([amount(status["jobs"], "job"), *states]))
    if failed := status.get("failed"):  # as above
        retried = f", {status['retried']} of them retried" if status["retried"] else ""
        yield Line("failed", f"{amount(failed, 'job')}{retried} (syncd ls --status FAILED)")


def _transfers(status: Mapping[str, Any]) -> Iterator[Line]:
    found = status["transfers"]
    for number, one in enumerate(found[:_SHOWN]):
        total = f" of {size_words(one['total'])}" if one["total"] is not None else ""
        facts = [one["path"].rpartition("/")[2], f"{size_words(one['size'])}{total}"]
        if one["speed"] is not None:
            facts.append(f"{size_words(round(one['speed']))}/s")
        if one["left"] is not None:
            facts.append(f"{span(one['left'])} left")
        yield Line("" if number else "transfers", "  ".join(facts))
    yield from _more(found)


def _waiting(status: Mapping[str, Any], now: datetime) -> Iterator[Line]:
    for number, one in enumerate(status["held"][:_SHOWN]):
        what = f"{_held(one['verb'], one['count'])}, {ago(one['since'], now)}"
        text = f"{what}: {one['reason']} ({_settled_by(one)})"
        yield Line("" if number else "held", text, _LOUD["held"])
    yield from _more(status["held"])
    if number := int(status.get("missed") or 0):  # which a daemon of before an upgrade does not say
        again = f"looked for again {until(status['missed_until'], now)}"
        if not status["running"]:
            again = "the next sync looks again, and decides"
        yield Line("missing", f"{amount(number, 'file')}; {again} (syncd pending)")
    if number := status["pending"]:
        first = status["pending_until"]
        due = f", the first due {until(first, now)}" if first else ""
        yield Line("pending", f"{amount(number, 'deletion')}{due} (syncd pending)")


def _held(verb: str, number: int) -> str:
    """What is the case, and what was not done about it."""
    if (found := _UNDONE.get(verb)) is None:
        return f"{counted(verb, number)} {plural(number, 'is', 'are')} held"
    case, act = found[number != 1]
    return f"{case.format(number)}; {act} is held"


def _settled_by(held: Mapping[str, Any]) -> str:
    """The commands that show and settle it."""
    if held["batch"] is None:
        return str(held["command"])
    # A daemon of before an upgrade does not say the other one.
    other = f" or {reject.removeprefix('syncd ')}" if (reject := held.get("reject")) else ""
    return f"syncd pending; {held['command']}{other}"


def _times(status: Mapping[str, Any], now: datetime) -> Iterator[Line]:
    for name in ("poll", "sweep", "scan"):
        last, then = status["last"].get(name), status["next"].get(name)
        if status["running"] or last:
            following = f", next {until(then, now)}" if then else ""
            # What was not done before is being done, where it works.
            is_first = last is None and status["state"] == "working"
            yield Line(name, f"{'now' if is_first else f'last {ago(last, now)}'}{following}")


def _errors(status: Mapping[str, Any], now: datetime) -> Iterator[Line]:
    # What it waits for is said above.
    awaited = status["awaits"] or ""
    told = [one for one in status["errors"] if one["message"] not in awaited]
    for number, one in enumerate(told[:_SHOWN]):
        when = ago(one["last_at"], now)
        if one["count"] > 1:
            when = f"{one['count']} times since {ago(one['first_at'], now)}, last {when}"
        hint = f"; {one['hint']}" if one["hint"] else ""
        text = f"{one['message']}{hint} ({when})"
        yield Line("" if number else "errors", text, _LOUD["errors"])
    yield from _more(told)


def _ground(status: Mapping[str, Any], now: datetime) -> Iterator[Line]:
    if disk := status["disk"]:
        free = f"{size_words(disk['free'])} free of {size_words(disk['total'])}"
        if disk["enough"]:
            yield Line("disk", free)
        else:
            yield Line("disk", f"{free}: too little, downloads wait", "red")
    service = status["service"]
    if service["reachable"] is None:
        return
    when = ago(service["answered_at"], now)
    if service["reachable"]:
        model = f"; its model says “{service['model']}”" if service["model"] else ""
        yield Line("service", f"answered {when}{model}")
    else:
        yield Line("service", f"last answer {when}", "yellow")


def _more(found: list[Any]) -> Iterator[Line]:
    if len(found) > _SHOWN:
        yield Line("", f"and {len(found) - _SHOWN} more")
