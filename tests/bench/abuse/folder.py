"""What stands in the folder is no file, leads elsewhere, or may not be touched."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

from ...scenarios.guarding import ORDINARY_USER
from .mess import Abuses, bait, first, mess, over
from .stage import Stage

CASES = Abuses()


@CASES.named("links in a circle")
def _circle(it: Stage) -> None:
    with mess(it) as root:
        (root / "all").symlink_to(root)
        (root / "a.mp3").symlink_to(root / "b.mp3")
        (root / "b.mp3").symlink_to(root / "a.mp3")
    over(it, root / "all", root / "a.mp3", root / "b.mp3")


@CASES.named("links out of the root")
def _out(it: Stage) -> None:
    theirs = bait(it)
    with mess(it) as root:
        (root / "folder").symlink_to(it.outside)
        (root / "file.mp3").symlink_to(theirs)
        (root / "etc").symlink_to("/etc")
        (root / "nowhere.mp3").symlink_to(it.outside / "nowhere.mp3")
    over(it, *(root / name for name in ("folder", "file.mp3", "etc", "nowhere.mp3")))


@CASES.named("a link in the place of a track")
def _track_linked(it: Stage) -> None:
    path = first(it)
    theirs = bait(it)
    kept = it.base / "kept.mp3"
    with mess(it, code=None, serves=False):
        path.rename(kept)
        path.symlink_to(theirs)
    it.must(path.is_symlink(), "it touched the link")
    path.unlink()
    kept.rename(path)
    it.relieved()


@CASES.named("a link in the place of an album")
def _album_linked(it: Stage) -> None:
    album = first(it).parent
    it.job()
    album.rename(it.outside / "album")
    album.symlink_to(it.outside / "album")
    it.sync()
    album.unlink()
    (it.outside / "album").rename(album)
    it.relieved()


@CASES.named("pipes, sockets and devices with names of audio")
def _special(it: Stage) -> None:
    made = []
    with mess(it) as root:
        os.mkfifo(root / "pipe.mp3")
        made.append(root / "pipe.mp3")
        try:
            for name, device in (
                ("zero.mp3", (1, 5)),
                ("random.flac", (1, 9)),
                ("tty.wav", (5, 0)),
            ):
                os.mknod(root / name, stat.S_IFCHR | 0o666, os.makedev(*device))
                made.append(root / name)
        except PermissionError:
            it.left_out.append("devices with names of audio, which root alone can make")
        (root / "zeros.mp3").symlink_to("/dev/zero")
        made.append(root / "zeros.mp3")
        here = Path.cwd()
        os.chdir(root)
        try:
            with socket.socket(socket.AF_UNIX) as bound:
                bound.bind("socket.mp3")
        finally:
            os.chdir(here)
        made.append(root / "socket.mp3")
    over(it, *made)


@CASES.named("a pipe in the place of a track")
def _pipe_for_track(it: Stage) -> None:
    path, kept = first(it), it.base / "kept.mp3"
    with mess(it, code=None, serves=False):
        path.rename(kept)
        os.mkfifo(path)
    it.must(stat.S_ISFIFO(path.lstat().st_mode), "it touched the pipe")
    path.unlink()
    kept.rename(path)
    it.relieved()


@CASES.named("a folder in the place of a track")
def _folder_for_track(it: Stage) -> None:
    path, kept = first(it), it.base / "kept.mp3"
    with mess(it, code=None, serves=False):
        path.rename(kept)
        path.mkdir()
    path.rmdir()
    kept.rename(path)
    it.relieved()


@CASES.named("files and folders that may not be read")
def _forbidden(it: Stage) -> None:
    it.before = ORDINARY_USER
    with mess(it, code=None) as root:
        (root / "dark").mkdir()
        (root / "dark" / "a.mp3").write_bytes(b"a")
        (root / "dark").chmod(0)
        (root / "shut.mp3").write_bytes(b"a")
        (root / "shut.mp3").chmod(0)
        first(it).chmod(0)
    (root / "dark").chmod(0o700)
    (root / "shut.mp3").chmod(0o600)
    path = next(path for path in root.glob("*/*.mp3") if not path.stat().st_mode & 0o777)
    path.chmod(0o600)
    it.relieved()


@CASES.named("a folder that may not be written")
def _unwritable(it: Stage) -> None:
    it.before = ORDINARY_USER
    album = first(it).parent
    it.job()
    album.chmod(0o500)
    it.sync(says="AudioPod 2026-02")
    album.chmod(0o755)
    it.relieved()
