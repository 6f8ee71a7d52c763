"""What names of files say of titles, told without any code of the program."""

from __future__ import annotations

import re
import unicodedata

ASIDE = re.compile(r" \(conflict \d{4}-\d\d-\d\d\)( \d+)?$")
_LOOKALIKES = str.maketrans("／＼：＊？＂＜＞｜．", '/\\:*?"<>|.')
_LONG = 100
"""Bytes: a shorter name was not cut."""


def meant(stem: str, job: int) -> set[str]:
    """The titles that a person who gives a file this name can mean."""
    text = unicodedata.normalize("NFC", stem)
    found = {text}
    # Twice, where the template has it, and the name that this makes is another file's.
    for _ in range(2):
        found |= {one.removesuffix(f" [{job}]") for one in found}
    found |= {re.sub(r"^\d+ ", "", one) for one in found}
    found |= {one.translate(_LOOKALIKES) for one in found}
    return found | {one.strip() for one in found}


def same(one: str | None, other: str | None) -> bool:
    return unicodedata.normalize("NFC", one or "") == unicodedata.normalize("NFC", other or "")


def letters(text: str) -> str:
    """What is left of any title, whatever a file system refuses."""
    return "".join(char for char in unicodedata.normalize("NFC", text) if char.isalnum())


def shows(stem: str, title: str, job: int) -> bool:
    """Whether a file of ``job`` with this name shows ``title``: its letters and digits, in their
    order, all of them unless the name is so long that it was cut."""
    wanted = letters(title)
    if not wanted:
        return True  # it shows something else, and what is not said
    for one in meant(stem, job):
        found = letters(one)
        if found == wanted or (found and len(stem.encode()) > _LONG and wanted.startswith(found)):
            return True
    return False
