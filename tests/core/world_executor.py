"""The model executor: each operation as its docstring in ``core/operations.py`` says.

``Changed`` where the world is other than the plan believed: nothing was done then, and the next
plan decides. ``lost`` leaves out the record of what was done, as a crash would; what is committed
before an act persists.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from syncd.core import operations as ops
from syncd.core.baseline import BaselineTrack, Placed, State
from syncd.core.cases import EXPECTED, REMEMBERED
from syncd.core.model import COMPLETED, FAILED, FileStat, Identity
from syncd.core.tagging import told

from .world import World, effective
from .world_act import RELOCATION, Act, Changed, as_far_as_known, look
from .world_names import make_way, move_local, rename_local, rename_remote, retitled
from .world_terms import key, stem_of, suffix_of
from .world_things import File, Job, Trashed

_NOTHING = FileStat(0, 0, 0, 0)


def carry_out(world: World, op: ops.Operation, *, lost: bool = False) -> None:
    """Do ``op``, then judge what became of the files. Raises ``Changed``, ``Refused``."""
    before = dict(world.folder)
    alone = {path: file.sha256 for path, file in before.items() if world.is_kept_out(path)}
    try:
        _ACTS[type(op)](Act(world, op, lost))
    finally:
        _judge(world, op, before)
        standing = {p: file.sha256 for p, file in world.folder.items() if world.is_kept_out(p)}
        assert standing == alone, "what is kept out is left alone"


def _judge(world: World, op: ops.Operation, before: dict[str, File]) -> None:
    """No file but the track's was touched, and what went is in the trash as it was."""
    standing = set(world.folder.values())
    for path, file in before.items():
        if file not in standing:
            assert world.job_of(file) == op.job_id, f"{path} was no file of job {op.job_id}"
            agreed = file.as_made if isinstance(op, ops.Redownload) else file.as_placed
            assert file.sha256 == agreed, f"{path} was changed by the user, and went"
            kept = any(one.file is file for one in world.trash)
            assert kept or isinstance(op, ops.Evict | ops.Free), f"{path} went, and is in no trash"
        elif world.folder.get(path) is not file:
            assert world.job_of(file) == op.job_id, f"{path} was no file of job {op.job_id}"
            assert isinstance(op, RELOCATION), f"{op.verb} moved {path}"
    assert len(world.folder) == len(standing)


def _download(act: Act) -> None:
    op, world = act.op, act.world
    act.known_job()
    unwanted = (State.EVICTED, State.IGNORED, State.UNSELECTED)
    assert world.catalog.known(op.job_id).state not in unwanted, "nobody wants it"
    world.catalog.give_number(op.job_id, op.album, op.number)
    job, source = act.sound(op.format)
    file = _made(act, source, job)
    placed = Placed(
        path=op.path,
        title=op.title,
        stem=op.stem,
        template=world.policy.template,
        format=op.format,
        audio=job.address_of(op.format),
        etag=None,
        sha256=file.sha256,
        stat=file.stat,
        source=source,
        tags={"title": (file.title or "",), "words": (file.words,)},
        moved=op.moved,
        told=told(job.track()),
    )
    # As it is foretold: where no record says that it was placed, neither this file nor its absence
    # is the user's doing.
    world.catalog.commit(op.job_id, State.WANTED, placed)
    act.put(op.path, file)
    file.changed = world.tick()
    world.released.discard(op.job_id)
    placed = replace(placed, stat=file.stat)
    act.record(State.PLACED, placed=placed, seen=True)


def _made(act: Act, source: str, job: Job) -> File:
    act.world.worded.discard(act.op.job_id)
    return act.world.make_file(
        source,
        Identity(act.op.job_id, act.world.policy.origin),
        effective(job),
        job.track().gist,
    )


def _compare(act: Act) -> None:
    op = act.op
    job, source = act.sound(op.format)
    placed, address = act.placed(), job.address_of(op.format)
    file = act.world.folder.get(placed.path)
    # The tags of a file that was taken in as it was found may be the user's: it stays so.
    sounds_alike = placed.source is None and file is not None and file.content == source
    if placed.source == source or sounds_alike:
        act.record(State.PLACED, placed=replace(placed, audio=address))
    else:
        act.record(State.PLACED, replaced_by=address)


def _redownload(act: Act) -> None:
    op, world = act.op, act.world
    job, source = act.sound(op.format)
    placed = act.placed()
    address = job.address_of(op.format)
    if op.copy:
        act.put(op.copy, _made(act, source, job))
        # From here on the file is known to be another than what the account has.
        seen = replace(placed, audio=address, source=source, sha256="", stat=_NOTHING)
        act.record(State.PLACED, placed=seen, seen=True)
        return
    file = act.file()
    if file.stat != placed.stat and file.sha256 != placed.sha256:
        raise Changed("it was changed in the folder meanwhile")
    world.catalog.commit(op.job_id, State.WANTED)
    world.trash.append(Trashed(op.job_id, file))
    fresh = world.folder[op.path] = _made(act, source, job)
    after = replace(
        placed,
        path=op.path,
        format=op.format,
        audio=address,
        sha256=fresh.sha256,
        stat=fresh.stat,
        source=source,
        tags={"title": (fresh.title or "",), "words": (fresh.words,)},
        told=told(job.track()),
    )
    act.record(State.PLACED, placed=after, seen=True, counted=True)


def _retag(act: Act) -> None:
    op, world = act.op, act.world
    placed, file = act.placed(), act.file()
    act.known_job()
    if op.path != placed.path:
        raise Changed("it was moved meanwhile")
    track = world.catalog.jobs[op.job_id]
    after = placed
    world.worded.discard(op.job_id)
    if file.words != track.gist and (file.words,) == placed.tags.get("words", ("",)):
        assert not file.words.startswith("mine"), "the user wrote that"
        edited = file.stat != placed.stat and file.sha256 != placed.sha256
        stat, was_made, was_placed = file.stat, file.sha256 == file.as_made, not edited
        file.words = track.gist
        file.as_made = file.sha256 if was_made else file.as_made
        file.as_placed = file.sha256 if was_placed else file.as_placed
        world.rewrite(file)
        if not edited:
            # As it is foretold: after a stop the old file is known by its stat, this by its bytes.
            known = world.catalog.known(op.job_id)
            foretold = replace(placed, sha256=file.sha256, stat=stat)
            world.catalog.tracks[op.job_id] = replace(known, placed=foretold)
            after = replace(placed, sha256=file.sha256, stat=file.stat)
        after = replace(after, tags={**placed.tags, "words": (file.words,)})
    elif file.words == track.gist and file.sha256 == placed.sha256 and placed.source is not None:
        after = replace(placed, tags={**placed.tags, "words": (file.words,)})
    elif file.words != track.gist:
        world.worded.add(op.job_id)
    act.record(State.PLACED, placed=replace(after, told=told(track)), seen=True)


def _trash_local(act: Act) -> None:
    op, world = act.op, act.world
    if op.job_id in world.account:
        act.job()
        raise Changed("its job is in the account after all")
    placed, file = act.placed(State.PLACED, State.TRASHING), act.file()
    if file.stat != placed.stat and file.sha256 != placed.sha256:
        raise Changed("it was changed in the folder meanwhile")
    assert world.policy.remote_deletions == "trash"
    world.catalog.commit(op.job_id, State.TRASHING)
    world.trash.append(Trashed(op.job_id, world.folder.pop(op.path)))
    act.record(State.GONE, counted=True, gone=True)


def _evict(act: Act) -> None:
    op, world, placed = act.op, act.world, act.placed(State.EVICTED)
    file = act.file()
    if file.stat != placed.stat:
        raise Changed("it was changed in the folder meanwhile")
    act.obtainable(placed)
    if placed.as_found:
        world.trash.append(Trashed(op.job_id, file))
    del world.folder[op.path]
    act.record(State.EVICTED)


def _free(act: Act) -> None:
    op, world, placed = act.op, act.world, act.placed(State.PLACED, State.UNSELECTED)
    assert op.job_id in world.released, "nobody allowed it"
    file = act.file()
    if op.path != placed.path:
        raise Changed("it was moved meanwhile")
    if file.stat != placed.stat and file.sha256 != placed.sha256:
        raise Changed("it was changed in the folder meanwhile")
    act.obtainable(placed)
    world.catalog.commit(op.job_id, State.UNSELECTED, replace(placed, stat=file.stat))
    if placed.as_found:
        world.trash.append(Trashed(op.job_id, file))
    del world.folder[op.path]
    act.record(State.UNSELECTED)


def _delete_remote(act: Act) -> None:
    op, world = act.op, act.world
    job = look(act)
    if job.status != COMPLETED or job.address_of(op.format) != op.audio:
        raise Changed("it has other audio by now")
    job, source = act.sound(op.format)
    act.placed()
    if op.path in world.folder or op.job_id not in world.catalog.absences:
        raise Changed("it is back")
    world.trash.append(Trashed(op.job_id, _made(act, source, job), recovery=True))
    held = world.catalog.holds.get((op.job_id, op.verb))
    world.deleted(job, approved=held is not None and held.approved)
    if not act.lost:
        world.deletions.append((op.job_id, world.elapsed))
    act.record(State.GONE, counted=True, gone=True)


def _retry_remote(act: Act) -> None:
    op, world = act.op, act.world
    if act.job().status != FAILED:
        raise Changed("it is made again by now")
    world.catalog.retried.setdefault(op.job_id, []).append(world.now)
    world.retried(world.account[op.job_id])
    act.job()
    act.record(State.WANTED)


def _adopt(act: Act) -> None:
    op, world = act.op, act.world
    file, known = act.file(), world.catalog.known(op.job_id)
    if known.state is not State.PLACED:
        world.as_found.add(op.job_id)
    job = world.catalog.jobs.get(op.job_id)
    if job is None:
        raise Changed("no such job in the catalog")
    if known.placed and known.state in EXPECTED:
        placed = as_far_as_known(replace(known.placed, path=op.path), file)
        if known.state is State.PLACED and op.title != placed.title:
            placed = retitled(act, placed, effective(act.known_job()))
    elif known.placed and _is_as_before(known, file):
        is_same = file.sha256 == known.placed.sha256
        placed = replace(known.placed, stat=file.stat if is_same else known.placed.stat)
    else:
        placed = replace(
            _found(act, file),
            # A copy, perhaps of other audio than was placed, is compared.
            audio="" if known.placed else job.audio.get(suffix_of(op.path), ""),
            told=told(job),
        )
        tags = {"title": effective(act.known_job()), "words": job.gist}
        found = {"title": file.title or "", "words": file.words}
        ours = {name: (text,) for name, text in tags.items() if found[name] == text}
        placed = replace(placed, tags=ours)
        if not act.lost:
            file.as_placed = file.sha256
    placed = replace(placed, path=op.path, title=op.title, stem=op.stem, moved=op.moved)
    world.catalog.give_number(op.job_id, op.album, op.number)
    act.record(State.PLACED, placed=placed, seen=True)


def _is_as_before(known: BaselineTrack, file: File) -> bool:
    """Whether it is the file that was placed before, and given up since."""
    placed = known.placed
    assert placed
    is_wanted = known.state in (State.WANTED, State.UNAVAILABLE)
    is_same = file.sha256 == placed.sha256
    return is_same or (is_wanted and file.stat.is_unmoved(placed.stat))


def _found(act: Act, file: File) -> Placed:
    return Placed(
        path=act.op.path,
        title=file.title,
        stem=stem_of(act.op.path),
        template=act.world.policy.template,
        format=suffix_of(act.op.path),
        audio="",
        etag=None,
        sha256=file.sha256,
        stat=file.stat,
    )


def _detach(act: Act) -> None:
    op, known, file = act.op, act.world.catalog.known(act.op.job_id), act.file()
    remembered = known.placed if known.state in REMEMBERED else None
    placed = remembered or _found(act, file)
    if not remembered and not act.lost:
        file.as_placed = file.sha256
    placed = replace(placed, path=op.path, stem=stem_of(op.path))
    act.world.as_found.add(op.job_id)
    act.record(State.DETACHED, placed=placed, seen=True)


def _ignore(act: Act) -> None:
    act.record(State.IGNORED)


def _forget(act: Act) -> None:
    act.record(State.GONE)


def _defer(act: Act) -> None:
    act.world.catalog.fail(act.op.job_id, act.op.reason, act.world.now)


_ACTS: dict[type, Callable[[Act], None]] = {
    ops.Download: _download,
    ops.Restore: _download,
    ops.Compare: _compare,
    ops.Retag: _retag,
    ops.Redownload: _redownload,
    ops.RenameLocal: rename_local,
    ops.MoveLocal: move_local,
    ops.MakeWay: make_way,
    ops.TrashLocal: _trash_local,
    ops.Evict: _evict,
    ops.Free: _free,
    ops.RenameRemote: rename_remote,
    ops.DeleteRemote: _delete_remote,
    ops.RetryRemote: _retry_remote,
    ops.Adopt: _adopt,
    ops.Detach: _detach,
    ops.Ignore: _ignore,
    ops.Forget: _forget,
    ops.Defer: _defer,
}


def is_free_of_likes(world: World, path: str) -> bool:
    """Whether no other file has a name that could not stand beside ``path`` everywhere."""
    wanted = key(path)
    return not any(key(other) == wanted for other in world.folder if other != path)
