"""Every call of the service × everything that can be wrong with its answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from syncd.simulator import Fault
from syncd.simulator.requests import RequestRecord

from ..house import House
from .calls import CALLS, Call, Sort
from .scene import Came, struck, unharmed
from .state import differences
from .stated import TRIES, End, Stated, stated
from .variants import TIMES, VARIANTS, Variant

_OF_ROWS = ("stuck", "short", "duplicate", "object", "deep-json")
"""What only a list of jobs can suffer from; nested arrays are told in one place as in another."""
_THRICE = ("500", "429", "reset")
_ONCE = ("404", "429", "500", "503-5s", "portal", "reset", "hang", "truncate", "corrupt")


def cells(call: Call) -> Iterator[tuple[Variant, str]]:
    """What is played of a call: each variant for good; once as well, of those that differ by what
    hangs on the call, or where each try is sent and looked for by itself; three times where tries
    are counted."""
    for variant in VARIANTS:
        if variant.given["kind"] in _OF_ROWS and not _is_list(call):
            continue
        yield variant, "always"
        if call.sort in (Sort.HAND, Sort.COVER, Sort.FIGURES):
            continue
        if variant.name in _ONCE or call.sort is Sort.CHANGE or call.name == "audio":
            yield variant, "once"
        if variant.name in _THRICE:
            yield variant, "thrice"


def _is_list(call: Call) -> bool:
    return call.path.endswith("/jobs$") or call.name == "liked"


def played(name: str, base: Path) -> tuple[list[str], int]:
    """The troubles with one call, and how many cells that were."""
    call, troubles, number = CALLS[name], list[str](), 0
    wanted = unharmed(call.scene, base)
    for variant, often in cells(call):
        number += 1
        met: list[RequestRecord] = []
        came = struck(call.scene, base, lambda house: _strike(house, call, variant, often, met))  # noqa: B023
        told = stated(call, variant, TIMES[often])
        sends = len(met) - call.after
        found = [*came.troubles, *judged(told, came, sends), *_ended(told, came, wanted)]
        troubles += [f"{name} × {variant.name} {often}: {text}" for text in found]
    return troubles, number


@contextmanager
def _strike(
    house: House, call: Call, variant: Variant, often: str, met: list[RequestRecord]
) -> Iterator[None]:
    def when(record: RequestRecord) -> bool:
        if not call.is_met(record):
            return False
        met.append(record)
        return True

    faults = house.account.sim.faults
    if call.spoilt:
        faults.add(Fault("expired", origin="media", path="track"))
    given: dict[str, Any] = dict(variant.given)
    faults.add(Fault(when=when, times=TIMES[often], after=call.after, **given))
    yield
    faults.clear()


def judged(told: Stated, came: Came, sends: int) -> Iterator[str]:
    """In what the struck run was not as it is stated."""
    if came.exit not in told.exits:
        yield f"exit {came.exit}, not {told.exits}: {came.told[:300]}"
    kind = type(came.error).__name__ if came.error else None
    if kind is not None and kind not in (told.error or "").split():
        yield f"{kind}, not {told.error}: {came.told[:300]}"
    least, most = told.sends
    if not least <= sends <= most:
        yield f"sent {sends} times, not {least} to {most}"
    yield from unsaid(came)


def unsaid(came: Came) -> Iterator[str]:
    """What the user is not told, of a run that did not come to a good end."""
    if came.exit and not came.told.strip():
        yield "it fails, and says nothing"
    if came.error is not None and not came.error.hint:
        yield f"it does not say what to do: {came.error}"
    if "Traceback" in came.told or "exc_info" in came.told:
        yield f"people are shown a traceback: {came.told[:300]}"


def _ended(told: Stated, came: Came, wanted: dict[str, object]) -> Iterator[str]:
    if came.was_held != (told.end is End.APPROVED):
        yield f"held: {came.was_held}"
    unlike = differences(came.after, wanted)
    if unlike and told.end in (End.SAME, End.APPROVED):
        yield from unlike
    if not unlike and told.end is End.BACK:
        yield "it is gone"


__all__ = ["TRIES", "cells", "judged", "played", "unsaid"]
