"""What names and selections mean, said once more: what the worlds are judged by.

Nothing of the program's is used here, so that a mistake in it is not made twice.
"""

from __future__ import annotations

import re
import unicodedata
from fnmatch import fnmatchcase
from typing import Protocol

AUDIO = ("flac", "mp3", "ogg", "wav")


class Selection(Protocol):
    """What of ``[library.only]`` stories use."""

    @property
    def task(self) -> tuple[str, ...]: ...

    @property
    def title(self) -> str | None: ...


def stem_of(path: str) -> str:
    name = path[path.rfind("/") + 1 :]
    at = name.rfind(".")
    return name[:at] if at > 0 else name


def suffix_of(path: str) -> str:
    return path.rpartition(".")[2]


def beside(path: str, stem: str) -> str:
    """Another name in the same folder, for a file of the same kind."""
    return f"{path[: path.rfind('/') + 1]}{stem}.{suffix_of(path)}"


def same(one: str | None, other: str | None) -> bool:
    """However the accents are spelled; no name is an empty one."""
    if one == other:
        return True
    return unicodedata.normalize("NFC", one or "") == unicodedata.normalize("NFC", other or "")


def key(path: str) -> str:
    """The same for two names that some file system, or one sidecar, takes for one."""
    stem, dot, suffix = path.rpartition(".")
    name = stem if dot and suffix.lower() in AUDIO else path
    return unicodedata.normalize("NFC", name.casefold())


def reading(text: str) -> str:
    """A name or a title as people read it: without what no file system, or no ear, tells apart."""
    text = unicodedata.normalize("NFKC", text)
    return " ".join(text.split()).strip(" ._") or "Untitled"


def readings(stem: str, job_id: int) -> set[str]:
    """What of a stem may be the title: with or without a number, the job's id, a conflict."""
    found = {stem, re.sub(r" \(conflict [-0-9]+\)( [0-9]+)?$", "", stem)}
    found |= {re.sub(r"^[0-9]{2,} ", "", one) for one in found}
    while bare := {one.removesuffix(f" [{job_id}]") for one in found} - found:
        found |= bare
    return {reading(one) for one in found}


def is_asked_for(title: str, task: str | None, only: Selection) -> bool:
    """Whether a selection by task and title has a job that is called so."""
    if only.task and (task or "").casefold() not in {one.casefold() for one in only.task}:
        return False
    # Brackets stand for themselves.
    asked = (only.title or "*").casefold().replace("[", "[[]")
    return fnmatchcase(title.casefold(), asked)
