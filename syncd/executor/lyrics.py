"""Synchronised lyrics beside a placed file: ours follow it, and what the account says of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256

from syncd.core.baseline import Placed
from syncd.core.model import Job
from syncd.core.naming import sibling, stem_of
from syncd.errors import Changed
from syncd.executor.context import Context
from syncd.local import files, tags
from syncd.local.aside import is_one_name, swap
from syncd.local.retag import replace_text
from syncd.local.sidecars import carry_sidecars, is_kept_out, sidecars


def lyrics_digest(job: Job) -> str:
    """What ``Placed.lyrics`` keeps of the lyrics of ``job``; empty where it has none."""
    text = tags.lrc_text(job.lrc_content or "")
    return sha256(text.encode()).hexdigest() if text.strip() else ""


def move_lyrics(context: Context, job: Job, old: str, new: str) -> None:
    """Let our own lyrics follow the file that the user moved; theirs stay where they are.

    They stand where the file stood, or in its new folder, where that was renamed as a whole. Where
    those of another track that was moved, too, stand in the way, they go where they belong first:
    so it is all the same whose turn comes first, also where tracks exchange their names.
    """
    if old != new:
        with context.beside:
            _move(context, job, old, new, {})


def make_room(context: Context, path: str) -> None:
    """Let the lyrics of a track that left ``path``, and was stopped there, follow it: beside the
    one that is to stand there they would pass for that one's."""
    with context.beside:
        _make_room(context, path, {})


def _move(context: Context, job: Job, old: str, new: str, under_way: Mapping[str, str]) -> None:
    """``under_way`` are the lyrics that wait for these to go, with their digests."""
    digest, target = lyrics_digest(job), files.sidecar_path(new, ".lrc")
    if not digest or is_kept_out(context.root, target):
        return
    for lyrics in (files.sidecar_path(old, ".lrc"), _left_beside(context, old, new)):
        if lyrics is None or not _is(context, lyrics, digest):
            continue
        if is_kept_out(context.root, lyrics):
            continue
        here, there = context.root.path / lyrics, context.root.path / target
        if is_one_name(context.root, here, there):
            carry_sidecars(context.root, [(here, there)])
            return
        waiting = {**under_way, lyrics: digest}
        if not _take(context, job, lyrics, target):
            _make_room(context, new, waiting)
            # Where it is a circle, what stands there now is one of those that wait.
            if any(_is(context, target, other) for other in waiting.values() if other != digest):
                swap(context.root, context.root.path / lyrics, context.root.path / target)
            elif not _is(context, target, digest):
                _take(context, job, lyrics, target)
            elif _is(context, lyrics, digest) and not _may_be_of(context, old, digest):
                here.unlink(missing_ok=True)  # a stop came after they were placed there
        return


def _take(context: Context, job: Job, lyrics: str, target: str) -> bool:
    """Let ``lyrics``, which are those of ``job``, stand at ``target``, where nothing does."""
    text = tags.lrc_text(job.lrc_content or "")
    if not files.place_text(context.root, target, text, mode=context.settings.file_mode):
        return False
    (context.root.path / lyrics).unlink(missing_ok=True)
    return True


def _make_room(context: Context, path: str, waiting: Mapping[str, str]) -> None:
    """Let the lyrics beside ``path`` follow the track that was there, where it is elsewhere now."""
    moved = context.catalog.scans.gone_from(path)
    job = context.catalog.job(moved[0]) if moved else None
    if job is None or moved is None:
        return
    lyrics, target = files.sidecar_path(path, ".lrc"), files.sidecar_path(moved[1], ".lrc")
    if not _is(context, lyrics, lyrics_digest(job)):
        return
    if target in waiting:
        swap(context.root, context.root.path / lyrics, context.root.path / target)
    else:
        _move(context, job, path, moved[1], waiting)


def _may_be_of(context: Context, path: str, digest: str) -> bool:
    """Whether a track stands at ``path`` that these lyrics may be of."""
    try:
        identity = tags.read_identity(context.root.path / path)
    except OSError:
        return os.path.lexists(context.root.path / path)
    job = context.catalog.job(identity.job_id) if identity else None
    return job is None or lyrics_digest(job) == digest


def _left_beside(context: Context, old: str, new: str) -> str | None:
    """The lyrics in the folder of ``new`` that bear the name of ``old``, if no track has it."""
    track = sibling(new, stem_of(old))
    lyrics = files.sidecar_path(track, ".lrc")
    if os.path.lexists(context.root.path / track):
        return None
    return lyrics if lyrics in sidecars(context.root, track) else None


def renew_lyrics(context: Context, job: Job, placed: Placed) -> Placed:
    """Bring the lyrics beside the file up to the account, where they are ours or there were none.

    What the user took away, or wrote, stays so; and what the account has no more stays, too.
    """
    digest = lyrics_digest(job)
    lyrics = files.sidecar_path(placed.path, ".lrc")
    if placed.lyrics is None:
        return replace(placed, lyrics=digest)
    if digest in ("", placed.lyrics) or is_kept_out(context.root, lyrics):
        return placed
    with context.beside:
        if placed.lyrics and _is(context, lyrics, placed.lyrics):
            # In one step: after a stop there stand the old ones, or the new ones.
            text = tags.lrc_text(job.lrc_content or "")
            with suppress(Changed):  # by the user, this moment: theirs stay
                replace_text(context.root, lyrics, text, kept=placed.lyrics)
        elif not placed.lyrics:
            context.place_lyrics(job, placed.path)
    return replace(placed, lyrics=digest)


def _is(context: Context, path: str, digest: str) -> bool:
    try:
        file = context.root.path / path
        return not file.is_symlink() and files.sha256(file) == digest
    except OSError:
        return False
