"""The scenes that faults strike: between them they do everything that a run does."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from syncd.actions.evict import evict
from syncd.cycle import Look, run_cycle
from syncd.remote.client import AudioPod
from syncd.simulator import Fault

from .. import sound
from ..house import House, audio
from .scene import Furnished, Scene


def _tracks(house: House, *, cover: bool = False) -> None:
    """Three, one of each kind, with a cover and synchronised lyrics."""
    for number, (title, kind) in enumerate((("Rain", "flac"), ("Sun", "mp3"), ("Moon", "wav"))):
        house.world.add(
            display_name=title,
            prompt=title,
            audio={kind: audio(kind, number)},
            cover=True if cover and kind != "wav" else None,
            lrc_content="[00:00.00]la" if kind == "flac" else None,
            created_at=house.moment.truth() - 86_400 + number,
        )


def _shelves(house: House) -> None:
    """Seven in three folders: what lies in any one of them is few enough to go without asking."""
    for number in range(7):
        kind = ("flac", "mp3", "wav")[number % 3]
        house.world.add(
            display_name=("Rain", "Sun", "Moon", "Wind", "Snow", "Hail", "Fog")[number],
            audio={kind: audio(kind, number)},
            created_at=house.moment.truth() - 86_400 * 35 * (number % 3) + number,
        )


def _complete(house: House) -> None:
    _tracks(house, cover=True)


def _at(house: House, title: str) -> Path:
    """Where the track of that title stands."""
    return next(path for path in house.homes[0].files() if path.stem == title and _is_audio(path))


def _is_audio(path: Path) -> bool:
    return path.suffix in sound.SUFFIXES


def _job(house: House, title: str) -> int:
    return next(job.id for job in house.world.jobs() if job.display_name == title)


def _person(house: House, change: object) -> None:
    """Somebody does something in the folder, and the ledger takes it down."""
    ledger = house.homes[0].ledger
    before = ledger.bearers()
    change()  # type: ignore[operator]
    ledger.after(before, house.moment.uptime)


def _rename_here(house: House) -> None:
    path = _at(house, "Rain")
    _person(house, lambda: path.rename(path.with_name("Storm.flac")))


def _delete_here(house: House) -> None:
    path = _at(house, "Rain")
    house.homes[0].ledger.leaves(path)
    _person(house, path.unlink)


def _move_here(house: House) -> None:
    folder = _at(house, "Rain").parent
    _person(house, lambda: folder.rename(folder.with_name("Mine")))


def _edit_here(house: House) -> None:
    path = _at(house, "Rain")
    sound.mark(path, "mark 1")
    house.homes[0].ledger.marked(path, "mark 1")


def _rename_there(house: House) -> None:
    house.world.rename(_job(house, "Rain"), "Storm")


def _swap_there(house: House) -> None:
    rain, sun = _job(house, "Rain"), _job(house, "Sun")
    house.world.rename(rain, "Sun")
    house.world.rename(sun, "Rain")


def _delete_there(house: House) -> None:
    house.world.delete(_job(house, "Rain"))


def _words_there(house: House) -> None:
    for title in ("Rain", "Sun", "Moon"):
        house.world.update(_job(house, title), genre="Jazz", bpm=98)


def _audio_there(house: House) -> None:
    house.world.replace_audio(_job(house, "Rain"), {"flac": audio("flac", 9)})


def _edit_and_audio(house: House) -> None:
    _edit_here(house)
    _audio_there(house)


def _failed(house: House) -> None:
    _tracks(house)
    job = house.world.add(
        display_name="Wind", status="PENDING", outcome="FAILED", audio={"flac": audio("flac", 7)}
    )
    house.world.fail(job)


def _begun(house: House) -> None:
    _tracks(house)
    house.world.add(
        display_name="Wind", status="PENDING", run_seconds=None, audio={"flac": audio("flac", 7)}
    )


def _finished(house: House) -> None:
    house.world.complete(_job(house, "Wind"))


def _one_more(house: House) -> None:
    house.world.add(display_name="Wind", audio={"flac": audio("flac", 7)}, cover=True)


def _one_liked(house: House) -> None:
    house.world.update(_job(house, "Rain"), liked=True)


def _broken_off(house: House) -> None:
    """A download that breaks off, and is taken up where it stopped."""
    _one_more(house)
    house.account.sim.faults.add(
        Fault("truncate", origin="media", path="flac", at=2_000),
    )


def _another_key(house: House) -> None:
    """The same account's; the old one is revoked."""
    member = house.homes[0].member
    house.world.revoke(member.key)
    member.key += "_anew"
    house.world.grant(member.key)


def _nothing(_house: House) -> None:
    """It is as it was."""


def _time_passes(house: House) -> None:
    house.moment.pass_(40 * 86_400)


def _unlearnt(house: House) -> None:
    """The service says of no job what the filters know."""
    house.account.sim.switches.facets = frozenset()
    _tracks(house)
    house.world.update(_job(house, "Rain"), genre="Jazz", liked=True)


async def _poll(house: House) -> None:
    await _cycle(house, Look(poll=True, scan=True))


async def _flight(house: House) -> None:
    await _cycle(house, Look(flight=True))


async def _evict(house: House) -> None:
    engine = await house.homes[0].member.open()
    await evict(engine.library, engine.context, engine.policy, _job(house, "Rain"))


async def _cycle(house: House, look: Look) -> None:
    member = house.homes[0].member
    engine = await member.open()
    report = await run_cycle(engine.library, engine.executor, engine.policy, look)
    member.reports = [report]
    member.errors += [report.error] if report.error else []


_EXPORTS = Furnished(
    grace=0,
    more={"exports": {"playlists": "Lists", "rekordbox": "dj.xml", "nsp": "Smart"}},
)
_PURGING = Furnished(grace=0, more={"trash": {"retention": "30d"}})

SCENES = {
    scene.name: scene
    for scene in (
        Scene(name="first", first=_complete, then=None),
        Scene(name="learn", first=_unlearnt, then=None, setup=Furnished(grace=0, facets=False)),
        Scene(name="more", first=_tracks, then=_one_more),
        Scene(name="poll", first=_tracks, then=_one_more, run=_poll),
        Scene(name="flight", first=_begun, then=_finished, run=_flight),
        Scene(name="name-up", first=_tracks, then=_rename_here),
        Scene(name="name-down", first=_complete, then=_rename_there),
        Scene(name="swap", first=_tracks, then=_swap_there),
        Scene(name="delete-up", first=_tracks, then=_delete_here),
        Scene(name="delete-down", first=_complete, then=_delete_there),
        Scene(name="rest", first=_shelves, then=_nothing),
        Scene(name="delete-one", first=_shelves, then=_delete_here),
        Scene(name="move", first=_complete, then=_move_here),
        Scene(name="retag", first=_tracks, then=_words_there),
        Scene(name="audio", first=_complete, then=_audio_there),
        Scene(name="beside", first=_complete, then=_edit_and_audio),
        Scene(name="rekey", first=_tracks, then=_another_key, run=_poll),
        Scene(name="broken-off", first=_tracks, then=_broken_off),
        Scene(name="evict", first=_tracks, then=_nothing, run=_evict, by_hand=True),
        Scene(name="exports", first=_complete, then=_words_there, setup=_EXPORTS),
        Scene(name="purge", first=_complete, then=_time_passes, setup=_PURGING),
        Scene(name="retry", first=_failed, then=None, setup=Furnished(grace=0, retries=2)),
    )
}


def asking(name: str, call: Callable[[AudioPod], Awaitable[Any]]) -> Scene:
    """A question that somebody asks by hand, of a library that is in step."""

    async def ask(house: House) -> None:
        await call((await house.homes[0].member.open()).library.client)

    more = SCENES["more"]
    return dataclasses.replace(more, name=f"ask-{name}", then=_one_liked, run=ask, by_hand=True)
