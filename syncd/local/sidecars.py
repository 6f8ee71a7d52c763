"""Sidecars: lyrics, covers and cue sheets beside a track, which follow it wherever it goes."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from syncd.core.naming import AUDIO_SUFFIXES, fold
from syncd.errors import Changed
from syncd.local.carry import carry, translated
from syncd.local.ignore import BrokenPatterns, Fresh
from syncd.local.root import Root
from syncd.local.scan import file_stat

_STAYS = (errno.EEXIST, errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)


def is_audio(name: str) -> bool:
    """Whether a file of this name is taken for a track."""
    return PurePosixPath(name).suffix.lower() in AUDIO_SUFFIXES


def sidecars(root: Root, path: str) -> tuple[str, ...]:
    """Relative paths of the sidecars of the track at ``path``, whether that still stands or not.

    Ordinary files (no links) in its folder, without an audio suffix, named for its stem
    (``Rain.lrc``) or its full name (``Rain.flac.cue``), and not kept out. One that another track
    could claim as well is shared, and is not among them.
    Raises ``FolderUnusable``, ``RootUnusable``.
    """
    return _sidecars(root, path, apart_from=path)


def is_kept_out(root: Root, path: str) -> bool:
    """Whether what stands at ``path`` is to be left alone; also where that cannot be told."""
    try:
        return Fresh(root.path, root.ignore).by(path) is not None
    except BrokenPatterns:
        return True


def sidecar_name(sidecar: str, track: str, new: str) -> str:
    """The name of ``sidecar`` once its track, named ``track``, is named ``new``."""
    name = PurePosixPath(sidecar)
    stem = new if name.stem == track else PurePosixPath(new).stem
    return stem + name.suffix


def move_sidecars(root: Root, old: str, new: str) -> None:
    """Let each sidecar follow its track from ``old`` to ``new``, where the track is by now.

    Never upon anything that stands there: then it stays where it was, as does one that went or
    changed meanwhile, or whose name would be too long. Raises ``FolderUnusable``,
    ``RootUnusable``, ``DiskFull``.
    """
    before = PurePosixPath(old).name
    carry_sidecars(
        root,
        [
            (root.path / path, root.path / beside)
            for path in _sidecars(root, old, apart_from=new)
            if not is_kept_out(root, beside := _beside(new, path, before))
        ],
    )


def _beside(new: str, sidecar: str, before: str) -> str:
    track = PurePosixPath(new)
    return str(track.with_name(sidecar_name(PurePosixPath(sidecar).name, before, track.name)))


def carry_sidecars(root: Root, moves: Iterable[tuple[Path, Path]]) -> None:
    """Carry each sidecar from the one path to the other, or leave it, as ``move_sidecars`` does."""
    with translated(root):
        for source, target in moves:
            if source == target:
                continue
            try:
                carry(root, source, target, file_stat(source))
            except Changed:
                continue
            except OSError as error:
                if error.errno not in _STAYS:
                    raise


def _sidecars(root: Root, path: str, *, apart_from: str) -> tuple[str, ...]:
    """The sidecars of the track at ``path``; that at ``apart_from`` is the same one by now."""
    track = PurePosixPath(path)
    with translated(root):
        try:
            with os.scandir(root.path / track.parent) as listing:
                files = {entry.name: entry.is_file(follow_symlinks=False) for entry in listing}
        except (FileNotFoundError, NotADirectoryError):
            return ()
    here = str(track.parent)
    itself = {name for name in (path, apart_from) if str(PurePosixPath(name).parent) == here}
    own = {PurePosixPath(name).name for name in itself}
    others = [PurePosixPath(name) for name in files if is_audio(name) and name not in own]
    # A file system that folds case may open either for the other.
    claimed = {fold(claim) for other in others for claim in (other.name, other.stem)}
    return tuple(
        str(track.with_name(name))
        for name, is_file in sorted(files.items())
        if is_file
        and not is_audio(name)
        and (stem := PurePosixPath(name).stem) != name
        and stem in (track.stem, track.name)
        and fold(stem) not in claimed
        and not is_kept_out(root, str(track.with_name(name)))
    )
