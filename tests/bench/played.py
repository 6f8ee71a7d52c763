"""What other runs came to, here or elsewhere: committed, so that any machine can go on there.

A run of a machine is remembered case by case (``store``). ``report`` adds what it came to here, in
few lines; the cases themselves stand as spans, such as ``batch-0000..0999``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

PLAYED = Path(__file__).with_name("PLAYED.json")

_NUMBERED = re.compile(r"(.*?)(\d+)")
_SPAN = re.compile(r"(.*?)(\d+)\.\.(\d+)")


@dataclass(frozen=True, slots=True)
class Sum:
    """Of one part and one state of the program, in one run. ``seconds`` of the processor.

    ``run`` is a name of its own for each store; ``spans`` are all cases, the ``troubled`` too.
    """

    run: str
    part: str
    program: str
    commit: str
    versions: str
    first: str
    last: str
    cases: int
    spans: tuple[str, ...]
    seconds: float
    counts: dict[str, int]
    troubled: tuple[str, ...]

    def passed(self) -> set[str]:
        return set(spread(self.spans)) - set(self.troubled)


def spans(cases: Iterable[str]) -> tuple[str, ...]:
    """``cases`` in order, where the last number of a name goes up by one as ``first..last``."""
    found: list[str] = []
    kept: list[tuple[str, str, str]] = []  # before the number, first, last
    for case in sorted(cases):
        numbered = _NUMBERED.fullmatch(case)
        if numbered is None:
            found.append(case)
            continue
        before, number = numbered.groups()
        if kept and (kept[-1][0], _next(kept[-1][2])) == (before, number):
            kept[-1] = (before, kept[-1][1], number)
        else:
            kept.append((before, number, number))
    return (
        *(before + (one if one == last else f"{one}..{last}") for before, one, last in kept),
        *found,
    )


def spread(spans: Iterable[str]) -> Iterator[str]:
    """The cases that ``spans`` were made of."""
    for span in spans:
        found = _SPAN.fullmatch(span)
        if found is None:
            yield span
            continue
        before, first, last = found.groups()
        for number in range(int(first), int(last) + 1):
            yield f"{before}{number:0{len(first)}}"


def _next(number: str) -> str:
    return f"{int(number) + 1:0{len(number)}}"


def read(path: Path) -> list[Sum]:
    if not path.exists():
        return []
    return [
        Sum(**{**one, "spans": tuple(one["spans"]), "troubled": tuple(one["troubled"])})
        for one in json.loads(path.read_text(encoding="utf-8"))
    ]


def merge(others: Iterable[Sum], mine: Iterable[Sum]) -> list[Sum]:
    """All of both. A run that was written down before is so with what it has come to since."""
    fresh = {(one.run, one.part, one.program): one for one in mine}
    kept = [one for one in others if (one.run, one.part, one.program) not in fresh]
    return [*kept, *fresh.values()]


def write(path: Path, sums: Iterable[Sum]) -> None:
    text = json.dumps([asdict(one) for one in sums], indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
