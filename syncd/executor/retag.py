"""Retag: tags changed in a file that is in place, and the baseline with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from syncd.catalog.outcomes import Done
from syncd.core.baseline import Placed, State
from syncd.core.model import Origin
from syncd.core.operations import Retag
from syncd.core.retagging import id3_version, owned_fields, retagging
from syncd.core.tagging import ID3_VERSION, OLDER, told
from syncd.errors import Changed
from syncd.executor.context import Context
from syncd.executor.lyrics import renew_lyrics
from syncd.local.retag import retag as write
from syncd.local.scan import file_stat
from syncd.local.tags import read_fields, version_of


def retag(context: Context, op: Retag, entry: int, origin: Origin) -> dict[str, tuple[str, ...]]:
    """Write what the account and the settings ask for, where that is ours to write.

    The fields that were set, empty where taken away, and ``tagging.ID3_VERSION`` where the tag is
    of another now; none where all was as it should be.
    """
    known = context.catalog.baseline_of(op.job_id)
    placed = context.placed(op.job_id)
    assert known is not None, "it is placed"
    if op.path != placed.path:
        raise Changed(f"job {op.job_id} is at {placed.path} by now")
    context.check_file(op.job_id, op.path)
    job = context.job(op.job_id)
    style = context.settings.style
    asked = retagging(
        known, placed, job, origin=origin, artist=context.settings.artist, style=style
    )
    after = rewrite(
        context,
        op.job_id,
        placed,
        asked.wanted,
        force=asked.force,
        id3_version=id3_version(placed, style),
    )
    after = renew_lyrics(context, job, after)
    done = Done(
        job_id=op.job_id,
        verb=op.verb,
        state=State.PLACED,
        placed=replace(after, told=told(job.track())),
        file=context.file_at(op.path),
        replaced_by=known.replaced_by,
    )
    context.catalog.outcomes.record(done, entry=entry, now=context.now())
    return {
        name: after.tags.get(name, ())
        for name in (*asked.wanted, ID3_VERSION)
        if after.tags.get(name, ()) != placed.tags.get(name, ())
    }


def rewrite(
    context: Context,
    job_id: int,
    placed: Placed,
    wanted: Mapping[str, tuple[str, ...]],
    *,
    force: Collection[str] = (),
    id3_version: int | None = None,
) -> Placed:
    """Write ``wanted`` into the tags of the file, each field where it is ours or in ``force``.

    How it is placed by then; what the user changed in the file stays known as theirs. A stop at any
    moment leaves a file that is known as placed. Raises what ``local.retag`` raises.
    """
    known = context.catalog.baseline_of(job_id)
    # Looked at first: what the user writes from here on is not what is placed.
    stat = file_stat(context.root.path / placed.path)
    edited = context.is_edited(placed, placed.path)

    def foretold(digest: str) -> None:
        # After a stop both are as they were placed: the old one by its stat, the new one by its
        # bytes. Neither is taken for an edit by the user.
        if edited or known is None or known.placed is None:
            return
        awaited = replace(known.placed, sha256=digest, stat=stat)
        context.catalog.outcomes.commit(job_id, known.state, awaited)

    try:
        written = write(
            context.root,
            placed.path,
            placed.format,
            owned=owned_fields(placed),
            wanted=wanted,
            force=force,
            foretold=foretold,
            id3_version=id3_version,
        )
    except Changed:
        # Where the library itself went this says nothing of the file: it may be the new one.
        context.root.verify(context.marker)
        if known is not None and known.placed is not None:
            context.catalog.outcomes.commit(job_id, known.state, known.placed)
        raise
    if written is None:
        return _as_written(context, placed, wanted, id3_version)
    return replace(
        placed,
        stat=placed.stat if edited else written.stat,
        sha256=placed.sha256 if edited else written.sha256,
        tags=_with(placed.tags, written.written),
    )


def _as_written(
    context: Context,
    placed: Placed,
    wanted: Mapping[str, tuple[str, ...]],
    id3_version: int | None,
) -> Placed:
    """``placed``, with what was written before a stop: its bytes are ours, so it is."""
    if not context.is_as_placed(placed, placed.path):
        return placed
    path = context.root.path / placed.path
    found = read_fields(path, placed.format)
    ours = {name: value for name, value in wanted.items() if found.get(name, ()) == value}
    if id3_version is not None:
        version = version_of(path, placed.format, id3_version)
        is_older = version is not None and version.found == OLDER
        ours[ID3_VERSION] = (str(OLDER),) if is_older else ()
    return replace(placed, tags=_with(placed.tags, ours))


def _with(
    tags: Mapping[str, tuple[str, ...]], written: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    return {name: values for name, values in {**tags, **written}.items() if values}
