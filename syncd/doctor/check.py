"""What a check finds: one line, and where something is to be done, what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from syncd.errors import SyncdError
from syncd.secret import redact


class Verdict(StrEnum):
    """``WARNING``: syncd works, though not as well as it could. ``SKIP``: it was not looked at, for
    a reason that has a check of its own, or that is none to worry."""

    OK = "ok"
    SKIP = "skip"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. ``fix`` is what to do about it, where something is."""

    name: str
    verdict: Verdict
    message: str
    fix: str | None = None


def ok(name: str, message: str) -> Check:
    return Check(name, Verdict.OK, message)


def warning(name: str, message: str, fix: str | None = None) -> Check:
    return Check(name, Verdict.WARNING, message, fix)


def failure(name: str, message: str, fix: str | None = None) -> Check:
    return Check(name, Verdict.FAILURE, message, fix)


def unseen(name: str, why: str) -> Check:
    """What could not be looked at, because of something that has a check of its own."""
    return Check(name, Verdict.SKIP, f"not looked at: {why}")


def of_error(name: str, error: SyncdError) -> Check:
    """The failure that an error is; a service may repeat the key in what it says of it."""
    return failure(name, redact(error.message), redact(error.hint) if error.hint else None)
