"""A hidden file beside the place that it is for: where no rename leads there from elsewhere.

It bears no audio suffix, so no player takes it for a track. What it is called is noted in
``.syncd/incoming`` before it is made, so that one which a stop left is found without a search.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from syncd.local.root import Root
from syncd.local.under_way import in_library, read_note, write_note

BESIDE_NOTE = re.compile(r"syncd-([0-9a-f]{32})\.part\.beside")
"""The name of a note in ``.syncd/incoming``; the group is in the name of the hidden file too."""


@contextmanager
def beside(root: Root, target: Path) -> Iterator[Path]:
    """The hidden path in the folder of ``target``, where nothing stands yet.

    What stands there at the end is removed: whoever wants to keep it has given it its name by
    then. Raises ``OSError``.
    """
    digest = hashlib.sha256(os.fsencode(target)).hexdigest()[:32]
    part, note = target.with_name(f".syncd-{digest}.text.part"), _note(root, digest)
    away = target.parent.lstat().st_dev != root.device
    write_note(note, {"part": str(part.relative_to(root.path)), "away": away})
    try:
        part.unlink(missing_ok=True)
        yield part
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
            note.unlink(missing_ok=True)


def recover_beside(root: Root, note: Path) -> None:
    """Remove the hidden file that ``note`` names, then ``note``; raises ``OSError``.

    The note stays while the disk of that file is not there.
    """
    named = BESIDE_NOTE.fullmatch(note.name)
    if named is None or not stat.S_ISREG(note.lstat().st_mode):
        return
    noted = read_note(note)
    if isinstance(noted.get("part"), str):
        part, away = in_library(root, noted.get("part")), noted.get("away")
        if part is None or part.name != f".syncd-{named[1]}.text.part":
            return
        try:
            folder = part.parent.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return
        if away and folder.st_dev == root.device:
            return
        with suppress(FileNotFoundError):
            if stat.S_ISREG(part.lstat().st_mode):
                part.unlink()
    note.unlink()


def _note(root: Root, digest: str) -> Path:
    return root.incoming / f"syncd-{digest}.part.beside"
