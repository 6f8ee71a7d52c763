"""How each scenario has to end, in words of README and safety.md: no program says it here.

``{0}`` is the id of the first job of a scenario. A place is in the folder of its month unless it
names another; a file sounds of the track that it is called after unless told otherwise (``=``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from ..sound import SUFFIXES
from .census import Census, census
from .stage import OWN, Stage

MONTH = "AudioPod 2026-03"


@dataclass(frozen=True)
class End:
    """``library`` and ``account``: what is there, and nothing else (of somebody's own: ``OWN``).
    ``trash``: what can be heard there. ``sent``: the requests that change something. ``forgone``:
    what need not be here any more, as people asked for that by name and the account keeps it, or
    its time in the trash was over."""

    library: tuple[str, ...]
    account: str
    trash: tuple[str, ...] = ()
    sent: str = ""
    forgone: tuple[str, ...] = ()


RAIN = ("Rain.flac", "Rain.lrc")
SNOW = ("Snow.flac=Rain", "Snow.lrc", "Sun.flac")
HAIL = ("RAIN.flac=Rain", "RAIN.lrc", "Sun.flac")
SWAPPED = ("Rain.flac=Sun", "Sun.flac=Rain", "Sun.lrc")
OTHERS = ("Moon.flac", "Star.flac", "Sun.flac")

TWO = End((*RAIN, "Sun.flac"), "Rain Sun")
"""Nothing happened; or it was fetched, or is here again."""
THREE_LEFT = End(OTHERS, "Moon Star Sun", trash=("Rain",))
"""A track that was deleted in the account: its file is in the trash."""
DELETED = End(OTHERS, "Moon Star Sun", trash=("Rain",), sent="DELETE")
"""One that was deleted here: its job is deleted once, with a copy of the audio in the trash."""
SWAPPED_THERE = End(SWAPPED, "Sun Rain")
RENAMED_THERE = End(SNOW, "Snow Sun")
OTHER_AUDIO = End(("Rain.flac=anew", "Rain.lrc", "Sun.flac"), "Rain Sun", trash=("Rain",))
TEMPLATE = End(
    (
        "AudioPod/Rain [{0}].flac=Rain", "AudioPod/Rain [{0}].lrc", "AudioPod/Sun [{1}].flac=Sun",
    ),
    "Rain Sun",
)  # fmt: skip
EXPORTS = End((*SNOW, "./Playlists/All.m3u8", "./dj.xml"), "Snow Sun")

ENDS: dict[str, End] = {
    "first-flac": TWO,
    "first-mp3": End(("Rain.mp3", "Rain.lrc"), "Rain"),
    "first-wav": End(("Rain.wav", "Rain.lrc"), "Rain"),
    "added": End((*RAIN, "Sun.flac", "Rain [{2}].flac=Rain 2"), "Rain Sun Rain"),
    "rename-up": End(SNOW, "Snow Sun", sent="PATCH"),
    "rename-down": RENAMED_THERE,
    "swap-up": End(SWAPPED, "Sun Rain", sent="PATCH PATCH"),
    "swap-down": SWAPPED_THERE,
    "case-up": End(HAIL, "RAIN Sun", sent="PATCH"),
    "case-down": End(HAIL, "RAIN Sun"),
    # Held: the file keeps the name that its user gave it, and the account its own.
    "both-renamed": End(("Snow.flac=Rain", "Rain.lrc", "Sun.flac"), "Hail Sun"),
    "both-renamed-ours": End(SNOW, "Snow Sun", sent="PATCH"),
    "template": TEMPLATE,
    # Nothing is sent of a move.
    "folder-moved": End(("Mine/Deep/Rain.flac", "Mine/Deep/Rain.lrc", "Sun.flac"), "Rain Sun"),
    "deletion-up": DELETED,
    "deletion-down": THREE_LEFT,
    "deletion-both": End(
        ("Star.flac", "Sun.flac"), "Star Sun", trash=("Moon", "Rain"), sent="DELETE"
    ),
    "deletion-ignored": End((*OTHERS, "Rain.lrc"), "Moon Star Rain Sun"),
    "detached": End((*OTHERS, *RAIN), "Moon Star Sun"),
    "purge": End(OTHERS, "Moon Star Sun", forgone=("Rain",)),
    "other-audio": OTHER_AUDIO,
    "other-audio-edited": End(
        (*RAIN, "Sun.flac", "Rain (conflict 2026-03-31).flac=anew"), "Rain Sun"
    ),
    "edited": TWO,
    "words": TWO,
    "copied": End((*RAIN, "Sun.flac", "Rain copy.flac=Rain"), "Rain Sun"),
    # What is here already is freed by approval alone.
    "only": TWO,
    "kept-out": End((*RAIN, "Sun.flac", "./.syncdignore"), "Rain Sun"),
    "exports": EXPORTS,
    "also-first": End(
        ("Rain.flac", "Sun.flac", "mp3:Rain.mp3", "mp3:Sun.mp3"), "Rain Sun"
    ),
    "also-rename": End(
        ("Snow.flac=Rain", "Sun.flac", "mp3:Snow.mp3=Rain", "mp3:Sun.mp3"), "Snow Sun", sent="PATCH"
    ),
    # A job is deleted only once its file is gone from all trees.
    "also-deletion": End(("Sun.flac", "mp3:Rain.mp3", "mp3:Sun.mp3"), "Rain Sun"),
    "retry-failed": End((*RAIN, "Sun.flac", "Fog.flac"), "Rain Sun Fog", sent="POST"),
    "key-changed": End(SNOW, "Snow Sun", sent="PATCH"),
    "upkeep": TWO,
    "evict": End(("Sun.flac",), "Rain Sun", forgone=("Rain",)),
    "evict-edited": End(("Sun.flac",), "Rain Sun", trash=("Rain",)),
    "fetch": TWO,
    "restore": End((*OTHERS, *RAIN), "Moon Star Sun"),
    "trash-empty": End(OTHERS, "Moon Star Sun", forgone=("Rain",)),
    "rename-command": End(SNOW, "Snow Sun", sent="PATCH"),
    "rm": End(("Sun.flac",), "Sun", trash=("Rain",), sent="DELETE"),
    "undo": End((*RAIN, "Sun.flac"), "Rain Sun", sent="PATCH"),
    "approve": DELETED,
    "reject": End((*OTHERS, *RAIN), "Moon Star Rain Sun"),
    "identify": TWO,
    "retag": TWO,
    "rebuild": TWO,
    "adopt": TWO,
    "init": End(("Rain.flac",), "Rain"),
    "lists": End(
        (
            *RAIN, "Sun.flac", "./Other/All.m3u8", "./Other/Genre - Pop.m3u8", "./Other/Pop.m3u8",
            "./Smart/Genre - Pop.nsp",
        ),
        "Rain Sun",
    ),
    "resumed": End(("Rain.flac",), "Rain"),
    "migrated": TWO,
}  # fmt: skip


def end_of(scenario: str) -> End:
    """Of a scenario, whatever file system it is on."""
    return ENDS[scenario.removesuffix("-linking").removesuffix("-bare")]


def wrong(stage: Stage, end: End, before: Census, *, month: str = MONTH) -> Iterator[str]:
    """In what the library and the account came to something else; ``before``: where it began;
    ``month``: the folder of the jobs."""
    now = census(stage)
    yield from lost(stage, end, before, now)
    heard = {place: _called(stage, what) for place, what in now.library.items()}
    library = {f"{place}={heard[place]}" if place in heard else place for place in now.shas}
    # Of somebody's own ``lost`` tells, which looks at every byte.
    own = {place for place in library if place.partition("=")[0] in OWN}
    library -= own
    expected = set(_places(stage, end, month))
    yield from (f"the library lacks {place}" for place in sorted(expected - library))
    yield from (f"in the library there is {place}" for place in sorted(library - expected))
    trash = {_called(stage, what) for what in now.trash.values()}
    yield from (f"the trash lacks {name}" for name in sorted(set(end.trash) - trash))
    yield from ("in the trash is what sounds like no track" for name in trash if name == "?")
    for place in OWN:
        if now.shas.get(place) != before.shas.get(place):
            yield f"somebody's own {place!r} is not as it was"
    for place in before.edited:
        called, sha = _called(stage, before.library[place]), before.shas[place]
        if sha not in (now.trash if called in end.trash else now.shas.values()):
            yield f"what somebody wrote into {place} is not there any more, byte by byte"
    account = " ".join(str(job.display_name) for job in stage.world.jobs())
    if account != end.account:
        yield f"the account has {account!r}, not {end.account!r}"
    sent = Counter(one.method for one in stage.house.account.sim.requests.mutating()[before.sent :])
    if sent != Counter(end.sent.split()):
        yield f"sent was {dict(sent)}, not {end.sent!r}"


def lost(stage: Stage, end: End, before: Census, now: Census) -> Iterator[str]:
    """What could be heard and cannot be any more; what was somebody's and is not as it was."""
    for what in sorted(before.heard - now.heard):
        name = _called(stage, what)
        if name not in end.forgone:
            yield f"what {name} sounded like is lost"
    for sha, name in stage.home.ledger.own.items():
        if sha not in now.shas.values():
            yield f"somebody's own {name!r} is not in the library any more"


def _called(stage: Stage, heard: str) -> str:
    sound = stage.sounds.get(heard)
    return sound.name if sound else "?"


def _places(stage: Stage, end: End, month: str) -> Iterator[str]:
    for told in end.library:
        place, _, name = told.format(*stage.jobs).partition("=")
        tree, mark, path = place.rpartition(":")
        inner = PurePosixPath(path)
        if inner.suffix in SUFFIXES and not name:
            name = inner.stem
        plain = "/" in path or path.startswith("./")
        path = path.removeprefix("./") if plain else f"{month}/{path}"
        yield f"{tree}{mark}{path}{f'={name}' if name else ''}"
