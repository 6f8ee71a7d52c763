"""Adopt and Detach: take a file that stands in the folder into the baseline."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from syncd.catalog.outcomes import Done
from syncd.core.baseline import BaselineTrack, Placed, State
from syncd.core.cases import EXPECTED, REMEMBERED
from syncd.core.model import Job, LocalFile, Origin, address_path
from syncd.core.naming import stem_of
from syncd.core.operations import Adopt, Detach
from syncd.core.tagging import told
from syncd.errors import Changed
from syncd.executor.context import Context
from syncd.executor.lyrics import lyrics_digest, move_lyrics
from syncd.executor.names import retitle
from syncd.executor.stand_in import NO_FILE, as_far_as_known
from syncd.local import files, tags
from syncd.local.audio import sniff
from syncd.local.mounts import is_mounted
from syncd.local.scan import file_stat


def adopt(context: Context, op: Adopt, entry: int, origin: Origin) -> None:
    """Take the file into the baseline as it stands.

    Nothing of it is touched but the title in its tags, where the account and the folder have come
    to agree on another name and that title is still ours.
    """
    path = context.root.path / op.path
    known = context.catalog.baseline_of(op.job_id)
    job = context.job(op.job_id)
    mounted = is_mounted(context.root, op.path)
    try:
        if known and known.placed and known.state in EXPECTED:
            placed = as_far_as_known(replace(known.placed, path=op.path), path)
            if known.state is State.PLACED and op.title != placed.title:
                placed = retitle(context, op.job_id, placed, job)
        else:
            placed = _as_before(known, path) or _as_found(context, op, job, path, origin, known)
        file = _its_own(context, op)
    except FileNotFoundError:
        raise Changed(f"{op.path} is no longer there") from None
    placed = replace(
        placed, path=op.path, title=op.title, stem=op.stem, moved=op.moved, mounted=mounted
    )
    context.catalog.outcomes.give_number(op.job_id, album=op.album, number=op.number)
    if known and known.placed and known.state in EXPECTED:
        move_lyrics(context, job, known.placed.path, op.path)
    else:
        context.place_lyrics(job, op.path)
        placed = replace(placed, lyrics=lyrics_digest(job))
    done = Done(
        job_id=op.job_id,
        verb=op.verb,
        state=State.PLACED,
        placed=placed,
        file=file,
    )
    context.catalog.outcomes.record(done, entry=entry, now=context.now(), after=op.path)


def _its_own(context: Context, op: Adopt | Detach) -> LocalFile:
    """The file as it stands; raises ``Changed`` where it says by now that it is another track's."""
    file = context.file_at(op.path)
    if file.identity and file.identity.job_id != op.job_id:
        raise Changed(f"{op.path} is of job {file.identity.job_id} by now")
    return file


def detach(context: Context, op: Detach, entry: int) -> None:
    """Keep the file, whose job is gone, as the user's own: known, listed, never removed."""
    path = context.root.path / op.path
    known = context.catalog.baseline_of(op.job_id)
    mounted = is_mounted(context.root, op.path)
    try:
        file = _its_own(context, op)
        if known and known.placed and known.state in REMEMBERED:
            placed = replace(known.placed, path=op.path)
        else:
            placed = _found(context, op.path, path)
    except FileNotFoundError:
        raise Changed(f"{op.path} is no longer there") from None
    job = context.catalog.job(op.job_id)
    title = job.display_name if job else placed.title
    placed = replace(placed, title=title, stem=stem_of(op.path), mounted=mounted)
    done = Done(
        job_id=op.job_id,
        verb=op.verb,
        state=State.DETACHED,
        placed=placed,
        file=file,
    )
    context.catalog.outcomes.record(done, entry=entry, now=context.now())


def _found(context: Context, name: str, path: Path) -> Placed:
    format_ = sniff(path)
    if format_ is None:
        raise Changed(f"{name} is no longer an audio file")
    found = tags.read_fields(path, format_)
    return Placed(
        path=name,
        title=next(iter(found.get("title", ())), None),
        stem=stem_of(name),
        template=context.settings.template,
        format=format_,
        audio="",
        etag=None,
        sha256=files.sha256(path),
        stat=file_stat(path),
        placed_at=context.clock(),
    )


def _as_before(known: BaselineTrack | None, path: Path) -> Placed | None:
    """How the file at ``path`` was placed, if it is the one that was: by its bytes.

    Where only that was not recorded, also by what the file system says of it: one that rotted is
    not to be taken in as it is by now.
    """
    if known is None or known.placed is None:
        return None
    placed, stat = known.placed, file_stat(path)
    if files.sha256(path) == placed.sha256:
        return replace(placed, stat=stat)
    is_wanted = known.state in (State.WANTED, State.UNAVAILABLE)
    return placed if is_wanted and stat.is_unmoved(placed.stat) else None


def _as_found(
    context: Context,
    op: Adopt,
    job: Job,
    path: Path,
    origin: Origin,
    known: BaselineTrack | None,
) -> Placed:
    placed = _found(context, op.path, path)
    # Not the file that was placed: a copy, perhaps of before its audio was replaced. That is
    # compared; of a file that no catalog knew it is believed.
    is_copy = known is not None and known.placed is not None
    if known and known.placed:
        # It holds something else than was placed: it is the user's, as one that they changed.
        placed = replace(placed, sha256=known.placed.sha256, stat=NO_FILE)
    found = tags.read_fields(path, placed.format)
    desired = context.desired(job, origin, album=op.album, number=op.number)
    return replace(
        placed,
        audio="" if is_copy else address_path(job.audio.get(placed.format, "")),
        # Only what still equals what we would write is ours; the rest is the user's.
        tags={name: value for name, value in desired.items() if found.get(name) == value},
        told=told(job.track()),
    )
