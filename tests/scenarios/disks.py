"""Real file systems for a library: in a file each, mounted by what the machine has for them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SIZE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kind:
    """How a file system is made on a device and mounted: by one of ``mounts``, the first that can.

    ``{device}`` and ``{point}`` are filled in.
    """

    make: tuple[str, ...]
    mounts: tuple[tuple[str, ...], ...]
    folds: bool


KINDS = {
    "exfat": Kind(
        ("mkfs.exfat", "{device}"),
        (
            ("mount", "-t", "exfat", "{device}", "{point}"),
            ("mount.exfat-fuse", "{device}", "{point}"),
        ),
        folds=True,
    ),
    "vfat": Kind(
        ("mkfs.vfat", "-F", "32", "{device}"),
        (("mount", "-t", "vfat", "-o", "utf8", "{device}", "{point}"),),
        folds=True,
    ),
    "ntfs": Kind(
        ("mkfs.ntfs", "-q", "-Q", "{device}"),
        (("ntfs-3g", "{device}", "{point}"),),
        folds=False,
    ),
    "ext4 that folds case": Kind(
        ("mkfs.ext4", "-q", "-O", "casefold", "-E", "encoding=utf8", "{device}"),
        (("mount", "-t", "ext4", "{device}", "{point}"),),
        folds=True,
    ),
}

LOSING_CASE = Kind(
    KINDS["ntfs"].make,
    (("lowntfs-3g", "-o", "ignore_case", "{device}", "{point}"),),
    folds=True,
)
"""Shows every name in lower case, however it was given."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A mounted file system; ``root`` is the folder of the library on it."""

    kind: Kind
    device: str
    point: Path

    @property
    def root(self) -> Path:
        return self.point / "Music"

    def mount(self, *options: str) -> None:
        """Mount it, with ``options`` of mount(8); skips the test where no way is open to that."""
        refused = []
        for way in self.kind.mounts:
            command, *arguments = _filled(way, self.device, self.point)
            result = _run(command, *(["-o", ",".join(options)] if options else []), *arguments)
            if result is None:
                return
            refused.append(result)
        _REFUSED[self.kind] = "; ".join(refused)
        pytest.skip(_REFUSED[self.kind])

    def unmount(self) -> None:
        subprocess.run(["umount", self.point], check=True, capture_output=True)

    def remount(self, *options: str) -> None:
        """As a disk that was taken out and put in again: what was known of its inodes is lost."""
        self.unmount()
        self.mount(*options)


_REFUSED: dict[Kind, str] = {}
"""What was tried once and cannot be had here."""


@contextmanager
def mounted(kind: Kind, folder: Path) -> Iterator[Disk]:
    """A new file system in a file in ``folder``; skips the test where that is refused."""
    if kind in _REFUSED:
        pytest.skip(_REFUSED[kind])
    image, point = folder / "disk.img", folder / "disk"
    image.touch()
    point.mkdir()
    with image.open("r+b") as stream:
        stream.truncate(SIZE)
    losetup = shutil.which("losetup")
    if losetup is None:
        pytest.skip("losetup is not installed")
    looped = subprocess.run([losetup, "-f", "--show", image], capture_output=True, text=True)
    if looped.returncode != 0:
        pytest.skip(f"no loop device: {looped.stderr.strip()}")
    disk = Disk(kind, looped.stdout.strip(), point)
    try:
        refused = _run(*_filled(disk.kind.make, disk.device, point))
        if refused is not None:
            pytest.skip(refused)
        disk.mount()
        try:
            disk.root.mkdir()
            if "casefold" in kind.make:
                subprocess.run(["chattr", "+F", disk.root], check=True, capture_output=True)
            yield disk
        finally:
            disk.unmount()
    finally:
        subprocess.run([losetup, "-d", disk.device], check=True, capture_output=True)


def _filled(words: tuple[str, ...], device: str, point: Path) -> list[str]:
    return [word.format(device=device, point=point) for word in words]


def _run(command: str, *arguments: str) -> str | None:
    """``None`` where it went well, else what it said."""
    if shutil.which(command) is None:
        return f"{command} is not installed"
    result = subprocess.run([command, *arguments], capture_output=True, text=True)
    said = (result.stderr or result.stdout).strip().splitlines()
    return f"{command}: {said[0] if said else result.returncode}" if result.returncode else None
