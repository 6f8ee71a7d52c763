"""What people do in a soak: in their account, and in the folders beside the program.

Each act takes the house and a source of chance; where there is nothing to do it to it says nothing.
"""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from .. import sound
from ..acts_account import TITLES

if TYPE_CHECKING:
    from .home import Home
    from .house import House

MOST, LEAST = 80, 56
"""Jobs that the account has about at any time."""

_WORDS = (
    "Rain", "Sun", "Moon", "River", "Amber", "Glass", "Winter", "Harbour", "Paper", "Neon",
    "Quiet", "Copper", "Salt", "Velvet",
)  # fmt: skip
_FOLDERS = ("Mine", "Mine/Deep", "Sets", ".")
_SPARE = 6
"""Copies and files of people's own that a folder holds about."""


def title(rng: random.Random) -> str | None:
    if rng.random() < 0.1:
        return rng.choice(TITLES)
    return "".join(rng.choice(_WORDS) for _ in range(rng.randint(2, 3)))


def _job(house: House, rng: random.Random, *statuses: str) -> int | None:
    found = [job.id for job in house.world.jobs() if not statuses or job.status in statuses]
    return rng.choice(found) if found else None


def job_new(house: House, rng: random.Random) -> str | None:
    """One that is made now, as all are; some fail."""
    if len(house.world.jobs()) >= MOST:
        return None
    outcome = "FAILED" if rng.random() < 0.2 else "COMPLETED"
    kinds = rng.choice((("flac", "mp3"), ("mp3",), ("flac",), ("wav",)))
    job = house.world.add(
        display_name=title(rng),
        prompt=f"prompt {rng.random()}",
        status="PENDING",
        outcome=outcome,
        audio={kind: house.audio(kind) for kind in kinds},
        lrc_content="[00:00.00]la" if rng.random() < 0.3 else None,
        run_seconds=rng.choice((25.0, 300.0, 4_000.0)),
    )
    return f"account: {job} begun, will be {outcome}"


def job_delete(house: House, rng: random.Random) -> str | None:
    if len(house.world.jobs()) <= LEAST:
        return None
    job = _job(house, rng, "FAILED") if rng.random() < 0.4 else None
    job = job or _job(house, rng)
    if job is None:
        return None
    house.world.delete(job)
    return f"account: {job} deleted"


def job_rename(house: House, rng: random.Random) -> str | None:
    job, name = _job(house, rng), title(rng)
    if job is None:
        return None
    house.world.rename(job, name)
    return f"account: {job} is {name!r}"


def job_retry(house: House, rng: random.Random) -> str | None:
    job = _job(house, rng, "FAILED")
    if job is None:
        return None
    house.world.retry(job)
    return f"account: {job} retried"


def job_audio(house: House, rng: random.Random) -> str | None:
    job = _job(house, rng, "COMPLETED")
    found = house.world.job(job) if job is not None else None
    if found is None:
        return None
    house.world.replace_audio(found.id, {kind: house.audio(kind) for kind in found.audio})
    return f"account: {job} has other audio"


def job_words(house: House, rng: random.Random) -> str | None:
    job = _job(house, rng)
    if job is None:
        return None
    genre, liked = rng.choice(("Pop", "Jazz", "Lo-fi", None)), rng.random() < 0.5
    house.world.update(job, genre=genre, liked=liked, bpm=rng.randint(60, 180))
    return f"account: {job} is {genre}"


def _one(home: Home, rng: random.Random) -> Path | None:
    found = [path for path in home.ledger.tracks() if path.suffix in sound.SUFFIXES]
    return rng.choice(found) if found else None


def rename(house: House, home: Home, rng: random.Random) -> str | None:
    path = _one(home, rng)
    name = title(rng)
    if path is None or not name or "/" in name:
        return None
    return _moved(home, path, path.with_name(name[:100] + path.suffix))


def move(house: House, home: Home, rng: random.Random) -> str | None:
    path = _one(home, rng)
    return path and _moved(home, path, home.root / rng.choice(_FOLDERS) / path.name)


def move_folder(house: House, home: Home, rng: random.Random) -> str | None:
    folders = [path for path in sorted(home.root.iterdir()) if path.is_dir()]
    folders = [path for path in folders if not path.name.startswith(".")]
    if not folders:
        return None
    folder = rng.choice(folders)
    inside = [path for path in home.ledger.tracks() if folder in path.parents]
    new = home.root / f"Folder {rng.randint(1, 5)}"
    if os.path.lexists(new):
        return None
    folder.rename(new)
    for path in inside:
        home.ledger.calls(new / path.relative_to(folder))
    return f"mv {folder.name!r} {new.name!r}"


def _moved(home: Home, path: Path, new: Path) -> str | None:
    if os.path.lexists(new):
        return None
    new.parent.mkdir(parents=True, exist_ok=True)
    path.rename(new)
    home.ledger.calls(new)
    return f"mv {_at(home, path)} {_at(home, new)}"


def copy(house: House, home: Home, rng: random.Random) -> str | None:
    path = _one(home, rng)
    if path is None or len(_spare(house, home)) > _SPARE:
        return None
    new = path.with_name(f"{path.stem} copy {rng.randint(1, 99)}{path.suffix}")
    if os.path.lexists(new):
        return None
    job = home.read(path).job
    shutil.copy2(path, new)
    home.ledger.calls(new)
    home.ledger.copied |= {job} - {None}
    return f"cp {_at(home, path)} {_at(home, new)}"


def delete(house: House, home: Home, rng: random.Random) -> str | None:
    if len(house.world.jobs()) <= LEAST:
        return None
    path = _one(home, rng)
    return path and _removed(house, home, path)


def _removed(house: House, home: Home, path: Path) -> str:
    job = home.read(path).job
    home.attic.put(path, home.root)
    home.ledger.leaves(path)
    path.unlink()
    home.ledger.takes(job, house.moment.uptime)
    return f"rm {_at(home, path)}"


def put_back(house: House, home: Home, rng: random.Random) -> str | None:
    told = home.attic.back(rng.randint(0, 1 << 30), home.root)
    if told:
        for path in home.ledger.tracks():
            home.ledger.calls(path) if repr(_at(home, path)) in told else None
    return told


def tidy(house: House, home: Home, rng: random.Random) -> str | None:
    """People remove what is of no job, and what is there twice."""
    found = _spare(house, home)
    return _removed(house, home, rng.choice(found)) if len(found) > _SPARE else None


def _spare(house: House, home: Home) -> list[Path]:
    jobs, seen, found = {job.id for job in house.world.jobs()}, set(), []
    for path in home.ledger.tracks():
        job = home.read(path).job
        if (job not in jobs or job in seen) and path.suffix != ".lrc":
            found.append(path)
        seen.add(job)
    return found


def edit(house: House, home: Home, rng: random.Random) -> str | None:
    """As a tag editor does: in place, or beside and over it."""
    path = _one(home, rng)
    if path is None or sound.opened(path) is None:
        return None
    text = f"mark {next(house.numbers)}"
    home.ledger.leaves(path)
    if rng.random() < 0.5:
        sound.mark(path, text)
    else:
        beside = path.with_name(f".{path.stem}.editor{path.suffix}")
        shutil.copy2(path, beside)
        sound.mark(beside, text)
        beside.replace(path)
    home.ledger.marked(path, text)
    if (kept := sound.title_of(path) or "").startswith("My own"):
        home.ledger.titled(path, kept)
    return f"tag {_at(home, path)} with {text!r}"


def own_file(house: House, home: Home, rng: random.Random) -> str | None:
    if len(_spare(house, home)) > _SPARE:
        return None
    number = next(house.numbers)
    path = home.root / rng.choice(_FOLDERS) / rng.choice((f"{number}.txt", f"mine {number}.mp3"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"somebody's own, {number}")
    home.ledger.keeps(path)
    return f"own file {_at(home, path)}"


def _at(home: Home, path: Path) -> str:
    return str(path.relative_to(home.root))
