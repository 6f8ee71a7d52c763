"""What people do to the account, to the folder and with the program, one small function each.

Each takes two numbers that choose what it is done to; where there is nothing to do it to, nothing
happens. What was done is noted in the world, so that the program can be judged by it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from syncd.core.baseline import State
from syncd.core.model import COMPLETED, FAILED, Identity, Origin
from syncd.core.only import ALL, Only
from syncd.core.operations import Redownload

from .world import World
from .world_terms import beside, stem_of
from .world_things import Job, Veil

TITLES = (
    "Rain", "Sun", "rain", "a/b", "Cafe\u0301", "Café", "", None, "con", "Rain [2]", "01 Sun",
    " Sun ", "Sun.", "a very long name that the service cuts", "Sun~1", "Untitled", "No!",
)  # fmt: skip
STEMS = (
    "Rain", "Sun", "Moon", "rain", "a／b", "Cafe\u0301", "01 Sun", "Rain [1]", "Sun ", "No!",
    "\udcff", "Untitled", "02 a very long name that the service cuts", "Rain~2", "Café", "07 Rain",
)  # fmt: skip
FOLDERS = ("AudioPod 2026-03", "Mine", "AudioPod 2026-04", "Mine/Deep", "")
FOREIGN = Origin("http://127.0.0.1:8000", "7")
TEMPLATES = (
    "{album}/{title}.{ext}",
    "{track} {title}.{ext}",
    "{album}/{track} {title}.{ext}",
    "{title} [{id}].{ext}",
)

KEPT_OUT = ("Mine/", "*Sun*", "AudioPod 2026-03/", "*Rain*")

SELECTIONS = (
    ALL,
    Only(title="rain*"),
    Only(task=("Song",)),
    Only(task=("song",), title="*[!n]"),
)

Act = Callable[[World, int, int], None]


def act(world: World, kind: int, one: int, other: int) -> None:
    """Do the act of that number, and note what it did to the files."""
    _do(world, ACTS[kind], one, other)


def meddle(world: World, kind: int, one: int, other: int) -> None:
    """The same during a run, in which the program takes no command and reads no setting."""
    if ACTS[kind] not in _OF_THE_USER:
        _do(world, ACTS[kind], one, other)


def act_by_name(world: World, name: str, one: int = 0, other: int = 0) -> None:
    """The same for the act of that name."""
    _do(world, next(one for one in ACTS if one.__name__ == name), one, other)


def _do(world: World, act: Act, one: int, other: int) -> None:
    before = {path: (file, file.identity) for path, file in world.folder.items()}
    bearers = world.bearers()
    world.disturb()
    act(world, one, other)
    for path, file in world.folder.items():
        if before.get(path) != (file, file.identity) and (job := world.job_of(file)) is not None:
            world.given.setdefault(job, set()).add(stem_of(path))
    for gone in bearers - world.bearers():
        world.removed.setdefault(gone, world.elapsed)
    world.witness.people_did(act.__name__)


# --- the folder ---


def _path(world: World, number: int) -> str | None:
    paths = sorted(world.folder)
    return paths[number % len(paths)] if paths else None


def _relocate(world: World, old: str, new: str) -> None:
    """As ``mv`` does it: what stood at the new name is gone."""
    if old == new:
        return
    file = world.folder.pop(old)
    if new in world.folder:
        world.bin.append((new, world.folder[new]))
    world.folder[new] = file
    file.changed = world.tick()


def rename(world: World, one: int, other: int) -> None:
    if path := _path(world, one):
        new = beside(path, STEMS[other % len(STEMS)])
        if new not in world.folder:
            _relocate(world, path, new)


def rename_upon(world: World, one: int, other: int) -> None:
    path, target = _path(world, one), _path(world, other)
    if path and target and path != target:
        _relocate(world, path, target)


def swap(world: World, one: int, other: int) -> None:
    path, target = _path(world, one), _path(world, other)
    if path and target and path != target:
        folder = world.folder
        folder[path], folder[target] = folder[target], folder[path]
        folder[path].changed, folder[target].changed = world.tick(), world.tick()


def chain(world: World, one: int, other: int) -> None:
    """Each file gets the name of the next, the last a new one."""
    paths = sorted(world.folder)
    new = beside(paths[-1], STEMS[other % len(STEMS)]) if paths else ""
    if not paths or new in world.folder:
        return
    for path, target in reversed(list(zip(paths, [*paths[1:], new], strict=True))):
        _relocate(world, path, target)


def move(world: World, one: int, other: int) -> None:
    if path := _path(world, one):
        folder = FOLDERS[other % len(FOLDERS)]
        new = f"{folder}/{path.rpartition('/')[2]}".lstrip("/")
        if new not in world.folder:
            _relocate(world, path, new)


def delete(world: World, one: int, other: int) -> None:
    if path := _path(world, one):
        world.bin.append((path, world.folder.pop(path)))


def delete_folder(world: World, one: int, other: int) -> None:
    if path := _path(world, one):
        folder = path.rpartition("/")[0]
        for name in [name for name in world.folder if name.rpartition("/")[0] == folder]:
            world.bin.append((name, world.folder.pop(name)))


def put_back(world: World, one: int, other: int) -> None:
    if world.bin:
        path, file = world.bin.pop()
        if path not in world.folder and file not in world.folder.values():
            world.folder[path] = file
            file.changed = world.tick()


def copy(world: World, one: int, other: int) -> None:
    if path := _path(world, one):
        file = world.folder[path]
        new = beside(path, STEMS[other % len(STEMS)])
        if new not in world.folder:
            made = world.make_file(file.content, file.identity, file.title, file.words)
            made.as_made, made.as_placed = file.as_made, file.as_placed
            world.folder[new] = made


def edit(world: World, one: int, other: int) -> None:
    if path := _path(world, one):
        file = world.folder[path]
        file.content += f" edit {world.tick()}"
        world.rewrite(file, same_inode=other % 2 == 0)


def retitle(world: World, one: int, other: int) -> None:
    if path := _path(world, one):
        file = world.folder[path]
        file.title = f"title {world.tick()}"
        world.rewrite(file)


def reword(world: World, one: int, other: int) -> None:
    if path := _path(world, one):
        file = world.folder[path]
        file.words = f"mine {world.tick()}"
        world.rewrite(file)


def touch(world: World, one: int, other: int) -> None:
    if path := _path(world, one):
        world.rewrite(world.folder[path], same_inode=other % 2 == 0)


def strip(world: World, one: int, other: int) -> None:
    if path := _path(world, one):
        file = world.folder[path]
        file.identity = None
        world.rewrite(file)


def paste(world: World, one: int, other: int) -> None:
    path, source = _path(world, one), _path(world, other)
    if path and source and world.folder[path].identity != world.folder[source].identity:
        file = world.folder[path]
        file.identity = world.folder[source].identity
        world.rewrite(file)


def add_foreign(world: World, one: int, other: int) -> None:
    stem, folder = STEMS[one % len(STEMS)], FOLDERS[other % len(FOLDERS)]
    path = f"{folder}/{stem}.flac".lstrip("/")
    if path not in world.folder:
        identity = Identity(1, FOREIGN) if one % 2 else None
        world.folder[path] = world.make_file(f"foreign {world.tick()}", identity)
        world.folder[path].as_made = world.folder[path].as_placed = ""


def veil(world: World, one: int, other: int) -> None:
    """Something stands in the way of the next look into a folder."""
    folders = sorted({path.rpartition("/")[0] for path in world.folder} - {""})
    if folders:
        world.veils = {folders[one % len(folders)]: list(Veil)[other % len(Veil)]}


# --- the account ---


def _job(world: World, number: int) -> Job | None:
    jobs = sorted(world.account)
    return world.account[jobs[number % len(jobs)]] if jobs else None


def rename_job(world: World, one: int, other: int) -> None:
    if job := _job(world, one):
        job.title = TITLES[other % len(TITLES)]


def reword_job(world: World, one: int, other: int) -> None:
    if job := _job(world, one):
        job.words += 1


def swap_jobs(world: World, one: int, other: int) -> None:
    first, second = _job(world, one), _job(world, other)
    if first and second:
        first.title, second.title = second.title, first.title


def delete_job(world: World, one: int, other: int) -> None:
    if job := _job(world, one):
        world.account.lost.append(world.account.pop(job.id))


def bring_job_back(world: World, one: int, other: int) -> None:
    if world.account.lost:
        job = world.account.lost.pop()
        world.account[job.id] = job


def add_job(world: World, one: int, other: int) -> None:
    status = FAILED if other % 2 else COMPLETED
    world.account.add(TITLES[one % len(TITLES)], status)


def replace_audio(world: World, one: int, other: int) -> None:
    if job := _job(world, one):
        job.audio = job.address = world.tick()


def readdress(world: World, one: int, other: int) -> None:
    if job := _job(world, one):
        job.address = world.tick()


def set_status(world: World, one: int, other: int) -> None:
    if job := _job(world, one):
        job.status = (FAILED, "PROCESSING", COMPLETED, "CANCELLED")[other % 4]


def set_formats(world: World, one: int, other: int) -> None:
    if job := _job(world, one):
        job.formats = (("mp3",), (), ("flac", "mp3"), ("ogg",))[other % 4]


# --- the program's own user ---


def approve(world: World, one: int, other: int) -> None:
    batches = sorted({held.batch for held in world.catalog.holds.values() if held.batch})
    if batches:
        batch = batches[one % len(batches)]
        world.catalog.approve(batch)
        held = world.catalog.holds.values()
        world.released |= {h.job_id for h in held if (h.batch, h.verb) == (batch, "free")}


def reject(world: World, one: int, other: int) -> None:
    held = sorted(key for key, one in world.catalog.holds.items() if one.batch)
    if held:
        job_id, verb = held[one % len(held)]
        if verb == Redownload.verb and (offered := world.catalog.known(job_id).replaced_by):
            world.declined.setdefault(job_id, set()).add(world.sounds.get(offered))
        world.catalog.reject(job_id, verb)
        world.as_found.add(job_id)


def evict(world: World, one: int, other: int) -> None:
    """``syncd evict``: the state is committed; here it comes no further."""
    job = _job(world, one)
    known = world.catalog.tracks.get(job.id) if job else None
    if known and known.placed and known.state is State.PLACED:
        if world.is_kept_out(known.placed.path):
            return
        found = world.folder.get(known.placed.path)
        if found and world.job_of(found) == known.job_id and found.stat == known.placed.stat:
            world.catalog.commit(known.job_id, State.EVICTED)


def stop_freeing(world: World, one: int, other: int) -> None:
    """What was released is begun: the state is committed; here it comes no further."""
    for held in world.catalog.holds.values():
        known = world.catalog.known(held.job_id)
        if (held.verb, held.approved, known.state) != ("free", True, State.PLACED):
            continue
        assert known.placed
        found = world.folder.get(known.placed.path)
        if found and world.job_of(found) == known.job_id and found.stat == known.placed.stat:
            world.catalog.commit(known.job_id, State.UNSELECTED)


def change_template(world: World, one: int, other: int) -> None:
    world.policy = replace(world.policy, template=TEMPLATES[one % len(TEMPLATES)])


def change_selection(world: World, one: int, other: int) -> None:
    world.policy = replace(world.policy, only=SELECTIONS[one % len(SELECTIONS)])


def keep_out(world: World, one: int, other: int) -> None:
    world.kept_out |= {KEPT_OUT[one % len(KEPT_OUT)]}


def let_in(world: World, one: int, other: int) -> None:
    if world.kept_out:
        world.kept_out -= {sorted(world.kept_out)[one % len(world.kept_out)]}


def set_clock(world: World, one: int, other: int) -> None:
    world.clock_error = timedelta(hours=(26, -26, 0)[one % 3])


def silence_clock(world: World, one: int, other: int) -> None:
    world.deaf = True


ACTS: tuple[Act, ...] = (
    rename, delete, rename_job, delete_job, edit, approve, rename, delete, rename_job, delete_job,
    edit, approve, move, swap, chain, copy, strip, paste, add_foreign, delete_folder, put_back,
    touch, retitle, rename_upon, veil, swap_jobs, add_job, replace_audio, replace_audio, readdress,
    set_status, set_formats, bring_job_back, reject, evict, change_template, set_clock,
    silence_clock, reword, reword_job, reword_job, change_selection, change_selection,
    change_selection, stop_freeing, add_job, add_job, keep_out, keep_out, let_in,
)  # fmt: skip
"""What happens often stands here more than once."""


def step(act: Act, one: int = 0, other: int = 0) -> tuple[int, int, int]:
    """What people do, as stories have it."""
    return (ACTS.index(act), one, other)


_OF_THE_USER = (
    *(approve, reject, evict, stop_freeing, change_template, change_selection),
    *(keep_out, let_in),
)
