"""What is to become of a run when a call of it goes wrong: the table that can be argued with.

By what hangs on the call (``Sort``) and what the answer says (``Ill``), and by nothing else but
whether it goes wrong once or for good. Whatever the cell: no other error than the program's own is
seen, nothing is sent that people did not bring about, nothing of theirs is lost, a run that does
not come to its end says why and what to do, and once the fault is gone all is as if it never was.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .calls import Call, Sort
from .variants import VARIANTS, Ill, Variant

TRIES = 5
"""How often a request is sent that may be sent again."""
SENDS = 3
"""How often a change is sent whose outcome a look shows not to be there."""
AUDIO_TRIES = 3
"""How often audio is fetched that arrives damaged."""


class End(Enum):
    """What it comes to once the fault is gone."""

    SAME = "as without the fault"
    APPROVED = "held; as without the fault once somebody approves it"
    BACK = "taken for done; the listing shows otherwise, and the track comes back"
    LATER = "as without the fault, or the job waits for a rarer try of its own"
    BELIEVED = "nothing is lost; what was said is believed until it is said otherwise"


@dataclass(frozen=True, slots=True)
class Stated:
    """``sends``: how often the call is sent in the struck run, at least and at most; ``error``: the
    class that ends the run, ``None`` where it comes to its end; ``what`` is for people."""

    exits: tuple[int, ...]
    error: str | None
    sends: tuple[int, int]
    end: End
    what: str


_MANY = 40
_GONE_ON = "goes on as if nothing had happened"


def stated(call: Call, variant: Variant, times: int | None) -> Stated:
    """``times``: how many of the requests are struck; ``None``: all of them."""
    ill = _ill(call, variant)
    if ill is Ill.SLOW or (ill is Ill.ALTERED and call.sort is not Sort.EXTRA):
        return Stated((0,), None, (1, 9), End.SAME, _GONE_ON)
    if call.sort is Sort.COVER:
        return Stated((0,), None, (0, 1), End.SAME, "asked once; placed without it, and said so")
    if call.sort is Sort.AUDIO:
        return _audio(call, ill, variant, times)
    if call.sort is Sort.GLANCE:
        return _glance(ill, times)
    if call.sort is Sort.CHANGE:
        return _change(call, ill, variant, times)
    if call.sort is Sort.RETRY:
        return _retry(ill)
    is_cured = ill in (Ill.PASSING, Ill.PAUSE) and times is not None and times < TRIES
    if is_cured:
        return Stated((0,), None, (times or 0, _MANY), End.SAME, "sent again until it is answered")
    if call.name == "honoured" and ill is Ill.REFUSED:
        return Stated((0,), None, (1, 9), End.SAME, "no such value: the filter is honoured")
    return _question(call, ill, variant, times)


def _question(call: Call, ill: Ill, variant: Variant, times: int | None) -> Stated:
    """What changes nothing, and is not answered."""
    sort, end = call.sort, End.SAME
    if ill is Ill.GARBLED:
        what = "refused, if it cannot be read"
        return Stated((0, 1), "ContractBroken", (1, _MANY), End.BELIEVED, what)
    if sort is Sort.FIGURES:
        return Stated((0,), None, (1, TRIES), end, "left for the next sweep")
    ends_all = sort in (Sort.LISTING, Sort.KEY, Sort.HAND)
    if ill is Ill.BAD_KEY:
        return Stated((77,), "KeyRefused", (1, 1), end, "ends the run: another key is asked for")
    if ill is Ill.LONG_PAUSE and (ends_all or sort is Sort.WATCH):
        return Stated((75,), "RateLimited Offline", (1, 2), end, "ends the run, and is not asked")
    if ill is Ill.PAUSE and (ends_all or sort is Sort.WATCH):
        what = f"waited for, {TRIES} times; ends the run"
        return Stated((0, 75), "RateLimited Offline", (TRIES, 2 * TRIES), end, what)
    if call.name == "liked" and variant.name == "object":
        # Whether that list is bare is not said anywhere.
        return Stated((0,), None, (1, 1), end, "an object that holds one list is read as that list")
    if sort is Sort.HAND and variant.name == "redirect-within":
        what = "within the service it is followed, three times; what can be read there is shown"
        return Stated((0, 1), "ContractBroken", (1, 4), end, what)
    if ends_all:
        most = 2 * TRIES if ill is Ill.PASSING else 4
        least = TRIES if ill is Ill.PASSING else 1
        code, error, what = {
            Ill.PASSING: (75, "Offline", f"sent {TRIES} times; ends the run"),
            Ill.NO_RIGHT: (77, "KeyRevoked", "ends the run: another key is asked for"),
            Ill.NO_CREDIT: (1, "CreditsExhausted", "ends the run"),
            Ill.REFUSED: (1, "RequestRefused", "ends the run"),
            Ill.ABSENT: (1, "ContractBroken", "ends the run: is that the address of the service?"),
            Ill.NOT_THE_API: (1, "ContractBroken", "ends the run: who answers there?"),
        }[ill]
        # Once is not always enough: a parameter that is refused, say, is left out.
        codes = (0, code) if times is not None else (code,)
        return Stated(codes, error, (least, most), end, what)
    if sort is Sort.WATCH:
        what = "that job's alone, as long as the account is shown: it is asked again later"
        return Stated((0,), None, (1, 2 * TRIES), end, what)
    if sort is Sort.EXTRA:
        what = f"tried {AUDIO_TRIES} times, seconds apart; done without, and said in the log"
        return Stated((0, 75), "RateLimited Offline", (1, _MANY), end, what)
    return _look(call, ill, times)


def _look(call: Call, ill: Ill, times: int | None) -> Stated:
    if ill in (Ill.PAUSE, Ill.LONG_PAUSE):
        what = "429 ends the run; 503 puts that track off"
        return Stated((1, 75), "RateLimited", (1, _MANY), End.SAME, what)
    if call.name == "is-it-gone" and ill is Ill.ABSENT:
        return Stated((0,), None, (2, 2), End.SAME, "so it is: asked twice, and another one too")
    what = "that track alone is put off, and said; nothing is sent or removed"
    codes = (0, 1) if times is not None or call.name == "others-there" else (1,)
    return Stated(codes, None, (1, _MANY), End.SAME, what)


def _change(call: Call, ill: Ill, variant: Variant, times: int | None) -> Stated:
    is_for_good = times is None or times >= SENDS
    one = (1, 1)
    if ill is Ill.BAD_KEY:
        return Stated((77,), "KeyRefused", one, End.SAME, "ends the run: another key is asked for")
    if ill in (Ill.REFUSED, Ill.NO_RIGHT):
        return Stated((3,), None, one, End.APPROVED, "held, with what the service said")
    if ill is Ill.LONG_PAUSE:
        what = "ends the run, and is not sent again"
        return Stated((75,), "RateLimited OutcomeUnknown", one, End.SAME, what)
    if ill is Ill.ABSENT and call.method == "DELETE":
        return Stated((0,), None, one, End.BACK, "done by somebody else: the look just before")
    if ill is Ill.ABSENT:
        codes = (1,) if is_for_good else (0,)
        return Stated(codes, None, (1, SENDS), End.SAME, "looked at and planned anew, 3 times")
    if variant.given.get("status") == 429:
        codes = (75,) if times is None else (0,)
        what = f"was not carried out: waited for, and sent {TRIES} times; ends the run"
        return Stated(codes, "RateLimited", (1, TRIES), End.SAME, what)
    if ill in (Ill.PASSING, Ill.PAUSE) and variant.answered:
        return Stated((0,), None, one, End.SAME, "a look shows that it was carried out")
    if ill in (Ill.PASSING, Ill.PAUSE):
        codes = (1,) if is_for_good else (0,)
        what = (
            f"a look shows that it was not carried out: sent {SENDS} times; that track is put off"
        )
        return Stated(codes, None, (1, SENDS), End.SAME, what)
    what = "a look shows a deletion that was carried out; else that track alone is put off"
    return Stated((0, 1), None, one, End.SAME, what)


def _retry(ill: Ill) -> Stated:
    if ill is Ill.BAD_KEY:
        what = "ends the run: another key is asked for"
        return Stated((77,), "KeyRefused", (1, 1), End.LATER, what)
    what = "sent once, whatever comes of it: it may cost something; said, and put off"
    return Stated((0, 1), None, (1, 1), End.LATER, what)


def _audio(call: Call, ill: Ill, variant: Variant, times: int | None) -> Stated:
    kind, midway = variant.given["kind"], "at" in variant.given
    if midway and times is None and kind in ("close", "hang"):
        # Twenty bytes at a time are progress, however slow; a short answer has no midway.
        what = "taken up where it broke off, for as long as each try brings a byte"
        return Stated((0, 1), None, (1, 200), End.SAME, what)
    if call.name == "rest-of-audio" and kind in ("truncate-silent", "wrong-length"):
        # The first answer said how long all of it is.
        what = "placed once all of it is there; else that track alone is put off"
        return Stated((0, 1), None, (1, _MANY), End.SAME, what)
    if ill in (Ill.PASSING, Ill.PAUSE):
        if times is not None:
            return Stated((0,), None, (times, _MANY), End.SAME, "taken up where it broke off")
        what = f"{TRIES} times without a byte more; that track alone is put off"
        return Stated((1,), None, (TRIES, _MANY), End.SAME, what)
    if ill is Ill.EXPIRED:
        codes = (1,) if times != 1 else (0, 1)
        what = "a fresh address is asked for, once; then that track alone is put off"
        return Stated(codes, None, (1, 4), End.SAME, what)
    if ill is Ill.DAMAGED:
        # What does not fit its beginning is fetched as a whole.
        codes = (0, 1) if times is not None or call.name == "rest-of-audio" else (1,)
        what = f"fetched {AUDIO_TRIES} times, and never placed; that track alone is put off"
        return Stated(codes, None, (1, 3 * TRIES), End.SAME, what)
    return Stated((1,), None, (1, 3), End.SAME, "that track alone is put off, and said")


def _glance(ill: Ill, times: int | None) -> Stated:
    error = "MediaUnavailable MediaSilent AddressExpired CorruptMedia"
    is_retried = ill in (Ill.PASSING, Ill.PAUSE)
    what = "the file stays, as perhaps the only copy"
    if is_retried and times is not None:
        return Stated((0,), None, (1, _MANY), End.SAME, "asked again until it is answered")
    # Of a body that is cut or spoilt a byte may be there all the same.
    codes = (0, 1) if ill is Ill.DAMAGED or is_retried else (1,)
    return Stated(codes, error, (1, _MANY), End.SAME, what)


def _ill(call: Call, variant: Variant) -> Ill:
    """What a variant says to who made this call."""
    if call.sort not in (Sort.AUDIO, Sort.COVER, Sort.GLANCE):
        is_read = variant.given["kind"] == "corrupt"
        return Ill.GARBLED if is_read else variant.ill
    if variant.given["kind"] == "redirect" or variant.given.get("status") in (401, 403, 404):
        return Ill.EXPIRED
    if variant.given["kind"] == "expired":
        return Ill.EXPIRED
    return Ill.DAMAGED if variant.ill is Ill.NOT_THE_API else variant.ill


def table() -> str:
    """The same for people, one line for each sort of call and what may be said to it."""
    from .calls import CALLS

    lines = ["| Call | Answer | Once | For good | In the end |", "|---|---|---|---|---|"]
    for sort in Sort:
        calls = [call for call in CALLS.values() if call.sort is sort]
        told: dict[str, list[str]] = {}
        for variant in VARIANTS:
            once, always = (stated(calls[0], variant, times) for times in (1, None))
            line = f"{_told(once)} | {_told(always)} | {always.end.value}"
            told.setdefault(line, []).append(variant.name)
        for line, names in told.items():
            lines.append(f"| {sort.value} | {', '.join(names)} | {line} |")
    return "\n".join(lines)


def _told(one: Stated) -> str:
    codes = " or ".join(map(str, one.exits))
    error = f", {' or '.join(one.error.split())}" if one.error and one.exits != (0,) else ""
    return f"{one.what} (exit {codes}{error})"
