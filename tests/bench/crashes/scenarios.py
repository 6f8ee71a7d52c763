"""What a program can be stopped at: one thing each that it does, small, from first to last.

``before`` brings the library to where it begins, and is never stopped; ``act`` is; ``again`` is
what people do when the program was ended meanwhile: most often what they had done.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from syncd.settings import Settings
from syncd.simulator.sound import square_png

from ...configuring import tables_for
from .. import sound
from .stage import Outfit, Stage

Does = Callable[[Stage], Awaitable[None]]
LYRICS = "[00:00.00]la\n[00:00.10]lu"
PLAIN = Outfit(grace=0)

SYSTEMS = ("native", "linking", "bare")
"""What renames without replacing: a call of the system; a hard link; neither (FAT)."""


async def sync(stage: Stage) -> None:
    await stage.sync()
    await stage.end()


@dataclass(frozen=True)
class Scenario:
    name: str
    before: Does
    act: Does = sync
    again: Does | None = None
    setup: Outfit = PLAIN
    system: str = "native"
    may_send_again: bool = False
    """Whether a request may be sent twice: where the service tells of no difference."""


SCENARIOS: dict[str, Scenario] = {}


def scenario(name: str, **values: Any) -> Callable[[Does], Does]:
    """What follows is the ``before`` of this scenario."""

    def made(before: Does) -> Does:
        SCENARIOS[name] = Scenario(name, before, **values)
        return before

    return made


def on(name: str, system: str) -> None:
    """The same scenario on another file system."""
    SCENARIOS[f"{name}-{system}"] = replace(SCENARIOS[name], name=f"{name}-{system}", system=system)


def more(**sections: Any) -> Outfit:
    return Outfit(grace=0, more=sections)


async def two(stage: Stage, kind: str = "flac", **values: Any) -> None:
    """Two tracks in step, one with lyrics."""
    stage.job("Rain", kind, lrc_content=LYRICS, **values)
    stage.job("Sun", kind)
    await stage.sync()
    await stage.end()


async def three(stage: Stage) -> None:
    """Enough that one of them may go: what would take the last file away is always held."""
    stage.job("Moon")
    stage.job("Star")
    await two(stage)


# First runs


@scenario("first-flac")
async def _flac(stage: Stage) -> None:
    stage.job("Rain", lrc_content=LYRICS, cover=square_png(1))
    stage.job("Sun")


@scenario("first-mp3")
async def _mp3(stage: Stage) -> None:
    stage.job("Rain", "mp3", lrc_content=LYRICS, cover=square_png(1))


@scenario("first-wav")
async def _wav(stage: Stage) -> None:
    stage.job("Rain", "wav", lrc_content=LYRICS, cover=square_png(1))


@scenario("added")
async def _added(stage: Stage) -> None:
    await two(stage)
    stage.job("Rain")


# Names


@scenario("rename-up")
async def _rename_up(stage: Stage) -> None:
    await two(stage)
    stage.rename("Rain", "Snow")


@scenario("rename-down")
async def _rename_down(stage: Stage) -> None:
    await two(stage)
    stage.world.rename(stage.jobs[0], "Snow")


@scenario("swap-up")
async def _swap_up(stage: Stage) -> None:
    await two(stage)
    stage.rename("Rain", "between")
    stage.rename("Sun", "Rain")
    stage.rename("between", "Sun")


@scenario("swap-down")
async def _swap_down(stage: Stage) -> None:
    await two(stage)
    stage.world.rename(stage.jobs[0], "Sun")
    stage.world.rename(stage.jobs[1], "Rain")


@scenario("case-up")
async def _case_up(stage: Stage) -> None:
    await two(stage)
    stage.rename("Rain", "RAIN")


@scenario("case-down")
async def _case_down(stage: Stage) -> None:
    await two(stage)
    stage.world.rename(stage.jobs[0], "RAIN")


@scenario("both-renamed", setup=Outfit(grace=0, conflicts="hold"))
async def _both_renamed(stage: Stage) -> None:
    await two(stage)
    stage.rename("Rain", "Snow")
    stage.world.rename(stage.jobs[0], "Hail")


@scenario("both-renamed-ours")
async def _both_renamed_ours(stage: Stage) -> None:
    await two(stage)
    stage.rename("Rain", "Snow")
    stage.world.rename(stage.jobs[0], "Hail")


@scenario("template")
async def _template(stage: Stage) -> None:
    await two(stage)
    configure(stage, library={"template": "{artist}/{title} [{id}].{ext}"})


@scenario("folder-moved")
async def _folder_moved(stage: Stage) -> None:
    await two(stage)
    stage.rename("Rain", "Mine/Deep/Rain")


# Deletions


@scenario("deletion-up")
async def _deletion_up(stage: Stage) -> None:
    await three(stage)
    stage.delete("Rain")


@scenario("deletion-down")
async def _deletion_down(stage: Stage) -> None:
    await three(stage)
    stage.world.delete(stage.jobs[2])


@scenario("deletion-both")
async def _deletion_both(stage: Stage) -> None:
    await three(stage)
    stage.delete("Rain")
    stage.world.delete(stage.jobs[0])


@scenario("deletion-ignored", setup=Outfit(grace=0, deletions="ignore"))
async def _deletion_ignored(stage: Stage) -> None:
    await three(stage)
    stage.delete("Rain")


@scenario("detached", setup=Outfit(grace=0, remote_deletions="keep"))
async def _detached(stage: Stage) -> None:
    await three(stage)
    stage.world.delete(stage.jobs[2])


@scenario("purge")
async def _purge(stage: Stage) -> None:
    await three(stage)
    stage.delete("Rain")
    await sync(stage)
    configure(stage, trash={"retention": "1d"})
    stage.house.moment.pass_(100_000)


# Audio and tags


@scenario("other-audio")
async def _other_audio(stage: Stage) -> None:
    await two(stage)
    stage.world.replace_audio(stage.jobs[0], stage.other(stage.jobs[0]))


@scenario("other-audio-edited")
async def _other_audio_edited(stage: Stage) -> None:
    await two(stage)
    mark(stage, "Rain")
    stage.world.replace_audio(stage.jobs[0], stage.other(stage.jobs[0]))


@scenario("edited")
async def _edited(stage: Stage) -> None:
    await two(stage)
    mark(stage, "Rain")


@scenario("words")
async def _words(stage: Stage) -> None:
    await two(stage)
    stage.world.update(stage.jobs[0], genre="Jazz", bpm=99, lrc_content="[00:00.00]lo")


@scenario("copied")
async def _copied(stage: Stage) -> None:
    await two(stage)
    path = stage.file("Rain")
    stage.people(lambda _: path.with_name("Rain copy.flac").write_bytes(path.read_bytes()))


# What is chosen and kept out


@scenario("only")
async def _only(stage: Stage) -> None:
    await two(stage, genre="Pop")
    configure(stage, library={"only": {"genre": ("Pop",)}})


@scenario("kept-out")
async def _kept_out(stage: Stage) -> None:
    await two(stage)
    (stage.root / ".syncdignore").write_text("Rain*\n")


# What other programs read


@scenario("exports", setup=more(exports={"playlists": "Playlists", "rekordbox": "dj.xml"}))
async def _exports(stage: Stage) -> None:
    await two(stage)
    stage.world.rename(stage.jobs[0], "Snow")


# Further trees


ALSO = more(library={"formats": ["flac"], "also": ["mp3"]})


async def both_kinds(stage: Stage) -> None:
    for title in ("Rain", "Sun"):
        audio = {kind: stage.house.audio(kind) for kind in ("flac", "mp3")}
        stage.job(title, audio=audio)


@scenario("also-first", setup=ALSO)
async def _also_first(stage: Stage) -> None:
    await both_kinds(stage)


@scenario("also-rename", setup=ALSO)
async def _also_rename(stage: Stage) -> None:
    await both_kinds(stage)
    await sync(stage)
    stage.rename("Rain", "Snow")


@scenario("also-deletion", setup=ALSO)
async def _also_deletion(stage: Stage) -> None:
    await both_kinds(stage)
    await sync(stage)
    stage.delete("Rain")


# The account itself


@scenario("retry-failed", setup=Outfit(grace=0, retries=2))
async def _retry_failed(stage: Stage) -> None:
    await two(stage)
    stage.job("Fog", status="FAILED")


@scenario("key-changed")
async def _key_changed(stage: Stage) -> None:
    await two(stage)
    key = f"{stage.member.key}_new"
    stage.world.grant(key)
    stage.world.revoke(stage.member.key)
    stage.home.member = replace(stage.member, key=key)
    stage.rename("Rain", "Snow")


@scenario("upkeep")
async def _upkeep(stage: Stage) -> None:
    await two(stage)
    stage.house.moment.pass_(200_000)


# Bits and pieces


def configure(
    stage: Stage, playlists: Sequence[object] = (), **sections: dict[str, object]
) -> None:
    """The same library with other settings from now on."""
    options = stage.home.setup.options()
    for name, values in sections.items():
        options[name] = {**options.get(name, {}), **values}
    folder = stage.member.base
    tables = tables_for(stage.house.account.sim, stage.root, folder / "state", **options)
    settings = Settings.model_validate({**tables, "playlists": playlists})
    stage.home.member = replace(stage.member, settings=settings)


def mark(stage: Stage, title: str) -> None:
    path = stage.file(title)
    stage.home.ledger.leaves(path)
    sound.mark(path, "by hand")
    stage.home.ledger.marked(path, "by hand")


for _system in ("linking", "bare"):
    for _name in (
        "first-flac", "rename-down", "swap-down", "case-down", "deletion-up", "deletion-down",
        "other-audio", "exports", "template",
    ):  # fmt: skip
        on(_name, _system)
