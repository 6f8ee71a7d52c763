"""The model executor's part that gives names: to files, and to jobs."""

from __future__ import annotations

from dataclasses import replace

from syncd.core import operations as ops
from syncd.core.baseline import Named, Placed, State
from syncd.core.renaming import title_of

from .world import effective
from .world_act import Act, Refused, as_far_as_known, look
from .world_terms import same, stem_of


def _moved(act: Act) -> Placed:
    op, world, placed, file = act.op, act.world, act.placed(), act.file()
    # Where people put it right there themselves, only the record follows.
    if isinstance(op, ops.MoveLocal) and not same(op.new_path, op.path):
        assert op.path == placed.path, "the user put it where it is"
        assert not placed.moved, "the user put it where it is"
    if isinstance(op, ops.RenameLocal) and world.policy.conflicts != "remote":
        named, before = world.catalog.known(op.job_id).intended, placed
        if named and same(stem_of(op.path), named.stem):
            before = replace(placed, title=named.title, stem=named.stem)
        assert not _is_user_named(before, op.path, op.job_id), "the user gave it its name"
    if op.path != placed.path:
        placed = as_far_as_known(placed, file)
    before = file.stat
    if op.new_path != op.path:
        act.put(op.new_path, file)
        del world.folder[op.path]
        file.changed = world.tick()
    stat = file.stat if before == placed.stat else placed.stat
    return replace(placed, path=op.new_path, stat=stat)


def _is_user_named(placed: Placed, path: str, job_id: int) -> bool:
    title = title_of(
        stem_of(path),
        placed_title=placed.title,
        placed_stem=placed.stem,
        template=placed.template,
        job_id=job_id,
    )
    return title is not None


def retitled(act: Act, placed: Placed, title: str) -> Placed:
    """The title in the tags, where it still is what the program wrote there."""
    file = act.world.folder[placed.path]
    if (file.title,) != placed.tags.get("title") or file.title == title:
        return placed
    edited = file.stat != placed.stat and file.sha256 != placed.sha256
    was_made, was_placed = file.sha256 == file.as_made, file.sha256 == file.as_placed
    file.title = title
    file.as_made = file.sha256 if was_made else file.as_made
    file.as_placed = file.sha256 if was_placed else file.as_placed
    act.world.rewrite(file)
    tags = {**placed.tags, "title": (title,)}
    if edited:
        return replace(placed, tags=tags)
    return replace(placed, stat=file.stat, sha256=file.sha256, tags=tags)


def _record_earlier(act: Act) -> None:
    """What an earlier rename was about to record, where the file bears that name and gets another
    one. Its title may not be written yet."""
    op, known, path = act.op, act.world.catalog.known(act.op.job_id), act.op.path
    named, placed = known.intended, act.placed()
    if not named or path == placed.path or not same(stem_of(path), named.stem):
        return
    if not same(op.stem, named.stem):
        placed = as_far_as_known(placed, act.file())
        placed = replace(placed, path=path, title=named.title, stem=named.stem)
        placed = replace(placed, told=placed.told and "")
        act.world.catalog.tracks[op.job_id] = replace(known, placed=placed)


def rename_local(act: Act) -> None:
    job, op = act.known_job(), act.op
    _record_earlier(act)
    act.world.catalog.intend(op.job_id, Named(op.title, op.stem))
    placed = replace(_moved(act), title=act.op.title, stem=act.op.stem)
    act.record(State.PLACED, placed=retitled(act, placed, effective(job)), seen=True)


def move_local(act: Act) -> None:
    placed = replace(_moved(act), stem=act.op.stem, template=act.world.policy.template)
    act.record(State.PLACED, placed=placed, seen=True)


def make_way(act: Act) -> None:
    placed = replace(_moved(act), stem=stem_of(act.op.new_path))
    act.record(State.PLACED, placed=placed, seen=True)


def rename_remote(act: Act) -> None:
    op, world = act.op, act.world
    job = look(act)
    act.file()
    placed = act.placed()
    if "!" in op.new_title:
        raise Refused("the service does not like this name")
    world.patched(job, op.new_title, op.stem)
    if act.lost:
        return
    world.observe(job)
    if op.path != placed.path:
        placed = as_far_as_known(placed, act.file())
    placed = replace(placed, path=op.path, title=job.title, stem=op.stem, moved=op.moved)
    placed = retitled(act, placed, effective(job))
    act.record(State.PLACED, placed=placed, seen=True, counted=True)
