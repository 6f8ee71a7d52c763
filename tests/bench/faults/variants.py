"""What goes wrong with an answer: every kind of the simulator's faults, in its variants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Ill(Enum):
    """What an answer so struck says: by it, and by nothing else, the outcome is stated."""

    PASSING = "a fault that may pass"
    SLOW = "nothing but slow"
    PAUSE = "come back in a moment"
    LONG_PAUSE = "come back in an hour, or more"
    BAD_KEY = "the key is refused"
    NO_RIGHT = "the key may not"
    NO_CREDIT = "no credits"
    REFUSED = "understood, and no"
    ABSENT = "no such job"
    NOT_THE_API = "something that is no answer of the service"
    GARBLED = "a body with bytes that are no text"
    EXPIRED = "not at this address any more"
    DAMAGED = "something that is not the audio"
    ALTERED = "an answer that reads well, and is not the one that was meant"


@dataclass(frozen=True, slots=True)
class Variant:
    """``faults`` are arguments of ``simulator.Fault``."""

    name: str
    ill: Ill
    given: Mapping[str, Any]
    answered: bool = True
    """Whether the service read the request and carried it out, where it is one that changes."""


def _status(status: int, ill: Ill, name: str = "", **given: Any) -> Variant:
    return Variant(
        f"{status}{name}", ill, {"kind": "status", "status": status, **given}, answered=False
    )


def _fault(kind: str, ill: Ill, name: str = "", *, answered: bool = True, **given: Any) -> Variant:
    return Variant(f"{kind}{name}", ill, {"kind": kind, **given}, answered=answered)


_HTML = {"body": "<!doctype html><p>no</p>", "content_type": "text/html"}

VARIANTS = (
    _status(400, Ill.REFUSED),
    _status(401, Ill.BAD_KEY),
    _status(402, Ill.NO_CREDIT),
    _status(403, Ill.NO_RIGHT),
    _status(403, Ill.NOT_THE_API, "-page", **_HTML),
    _status(404, Ill.ABSENT),
    _status(404, Ill.NOT_THE_API, "-page", **_HTML),
    _status(405, Ill.REFUSED),
    _status(408, Ill.PASSING),
    _status(409, Ill.REFUSED),
    _status(422, Ill.REFUSED),
    _status(429, Ill.PAUSE),
    _status(429, Ill.PAUSE, "-5s", retry_after=5.0),
    _status(429, Ill.PAUSE, "-date", retry_after=7.0, retry_after_date=True),
    _status(429, Ill.LONG_PAUSE, "-hour", retry_after=3_600.0),
    _status(429, Ill.LONG_PAUSE, "-huge", retry_after=1e9),
    _status(500, Ill.PASSING),
    _status(502, Ill.PASSING, "-page", **_HTML),
    _status(503, Ill.PASSING),
    _status(503, Ill.PAUSE, "-5s", retry_after=5.0),
    _status(503, Ill.LONG_PAUSE, "-hour", retry_after=3_600.0),
    _status(504, Ill.PASSING),
    _fault("portal", Ill.NOT_THE_API, answered=False),
    _fault("expired", Ill.NO_RIGHT, answered=False),
    _fault("redirect", Ill.NOT_THE_API, location="http://127.0.0.1:8002/elsewhere", answered=False),
    _fault("redirect", Ill.NOT_THE_API, "-astray", location="/", answered=False),
    _fault(
        "redirect", Ill.NOT_THE_API, "-within", location="/api/v1/music/presets", answered=False
    ),
    _fault("reset", Ill.PASSING),
    _fault("reset", Ill.PASSING, "-midway", at=20),
    _fault("close", Ill.PASSING),
    _fault("close", Ill.PASSING, "-midway", at=20),
    _fault("hang", Ill.PASSING, seconds=None),
    _fault("hang", Ill.PASSING, "-midway", seconds=None, at=20),
    _fault("hang", Ill.SLOW, "-20s", seconds=20.0),
    _fault("truncate", Ill.PASSING),
    _fault("truncate-silent", Ill.NOT_THE_API),
    _fault("wrong-length", Ill.PASSING, "-more", by=10),
    _fault("wrong-length", Ill.NOT_THE_API, "-less", by=-10),
    _fault("throttle", Ill.SLOW, rate=2_000.0),
    _fault("latency", Ill.SLOW, seconds=20.0),
    _fault("corrupt", Ill.NOT_THE_API),
    _fault("cut-json", Ill.NOT_THE_API),
    _fault("object", Ill.NOT_THE_API),
    _fault("deep-json", Ill.NOT_THE_API, count=3_000),
    _fault("stuck", Ill.ALTERED),
    _fault("short", Ill.ALTERED),
    _fault("duplicate", Ill.ALTERED),
)

TIMES: Mapping[str, int | None] = {"once": 1, "thrice": 3, "always": None}
