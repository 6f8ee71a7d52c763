"""Adopt: take a file that stands in the folder into the baseline."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

from syncd.core.model import LocalFile, Origin, Placed, address_path
from syncd.core.operations import Adopt
from syncd.errors import Changed
from syncd.executor.context import Context
from syncd.local import files, tags
from syncd.local.audio import sniff
from syncd.local.scan import file_stat


def adopt(context: Context, op: Adopt, entry: int, origin: Origin) -> None:
    """Take the file into the baseline as it stands; the file itself is not touched."""
    path = context.root.path / op.path
    try:
        stat = file_stat(path)
        identity = tags.read_identity(path)
        known = context.catalog.baseline_of(op.job_id)
        if known and known.placed:
            placed = replace(known.placed, path=op.path, stat=stat)
        else:
            placed = _as_found(context, op, path, origin)
    except FileNotFoundError:
        raise Changed(f"{op.path} is no longer there") from None
    context.catalog.give_number(op.job_id, album=op.album, number=op.number)
    if known and known.placed and (job := context.catalog.job(op.job_id)):
        context.move_lyrics(job, known.placed.path, op.path)
    file = LocalFile(op.path, stat, identity)
    context.catalog.record_placed(op.job_id, placed, file, entry=entry, now=context.clock())


def _as_found(context: Context, op: Adopt, path: Path, origin: Origin) -> Placed:
    job = context.catalog.job(op.job_id)
    if job is None:
        raise Changed(f"job {op.job_id} is no longer in the catalog")
    format_ = sniff(path)
    if format_ is None:
        raise Changed(f"{op.path} is no longer an audio file")
    found = tags.read_fields(path, format_)
    desired = context.desired(op, job, origin)
    context.place_lyrics(job, op.path)
    return Placed(
        path=op.path,
        title=job.display_name,
        stem=PurePosixPath(op.path).stem,
        template=context.settings.template,
        format=format_,
        audio=address_path(job.audio.get(format_, "")),
        etag=None,
        sha256=files.sha256(path),
        stat=file_stat(path),
        # Only what still equals what we would write is ours; the rest is the user's.
        tags={name: value for name, value in desired.items() if found.get(name) == value},
        placed_at=context.clock(),
    )
