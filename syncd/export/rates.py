"""Sample and bit rates: what of a track only its file says."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path

from syncd.catalog.sounds import Rates, Unread
from syncd.catalog.store import Catalog
from syncd.local.root import Root
from syncd.local.sound import read_sound

_AT_ONCE = 200
"""Files that are read before what was found is kept."""


def read_rates(catalog: Catalog, root: Path) -> dict[int, Rates]:
    """The rates that are known, and those of the other placed files, which are read.

    For whoever cannot write to the catalog.
    """
    rates = catalog.sounds.rates()
    for file in catalog.sounds.unread():
        with suppress(OSError):
            rates[file.job_id] = _read(root, file)
    return rates


def learn_rates(catalog: Catalog, root: Root, stopped: Callable[[], bool]) -> bool:
    """Read the rates of each placed file that was not read as it is now.

    Whether it came to its end. What cannot be read now is tried again the next time.
    """
    files = iter(catalog.sounds.unread())
    while some := list(islice(files, _AT_ONCE)):
        found = []
        for file in some:
            if stopped():
                return False
            try:
                found.append((file, _read(root.path, file)))
            except OSError:
                continue
        catalog.sounds.keep(found)
    return True


def _read(root: Path, file: Unread) -> Rates:
    sound = read_sound(root / file.path, file.format)
    return Rates(sound.sample_rate, sound.bit_rate)
