"""What leaves a question open that the user was asked, and what settles it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.core.baseline import Held
from syncd.core.holding import leaves_open
from syncd.core.operations import Compare, Defer, Hold, MakeWay, Operation, RenameRemote, Retag

from .trees import HOME, adopt, detach, forget, held, restore

COMPARE = Compare(job_id=7, path=HOME, format="flac", reason="another address")
DEFER = Defer(job_id=7, reason="no audio")
WAY = MakeWay(job_id=7, path=HOME, new_path="x", reason="a swap")
RETAG = Retag(job_id=7, path=HOME, reason="liked")
RENAME = RenameRemote(job_id=7, path=HOME, title="a", new_title="b", stem="b", reason="renamed")
UNSENDABLE = Hold(job_id=7, path=HOME, held="rename-remote", reason="no text")
STRANGER = Hold(job_id=7, path=HOME, reason="no id")

DELETION, REPLACEMENT = held("delete-remote"), held("redownload")
RELEASED = held("delete-remote", batch=None, approved=True)
REFUSED = held("delete-remote", batch=None, refused=True)
FOR_ITSELF = held("identify", batch=None)

OPEN: list[tuple[str, Operation, Held, bool]] = [
    ("a deletion, while its audio is compared", COMPARE, DELETION, True),
    ("a deletion that was released, while its audio is compared", COMPARE, RELEASED, True),
    ("a deletion that was refused, while its audio is compared", COMPARE, REFUSED, True),
    ("a deletion, while there is no audio", DEFER, DELETION, True),
    ("a download, while there is no audio", DEFER, held("download"), True),
    ("a rename, while it makes way", WAY, held("rename-local"), True),
    ("a move, while it is tagged", RETAG, held("move-local"), True),
    ("a deletion, once it is fetched again", restore(), DELETION, False),
    ("a deletion, once its file is found", adopt(HOME, "found"), DELETION, False),
    ("a deletion, once its job is gone", forget(), DELETION, False),
    ("a deletion, once a stranger stands there", STRANGER, DELETION, False),
    ("a replacement, while its name is sent", RENAME, REPLACEMENT, True),
    ("a replacement, while its name is held", UNSENDABLE, REPLACEMENT, True),
    ("a replacement, while it is taken as moved", adopt("x", "moved"), REPLACEMENT, True),
    ("a way to the trash, once its job is back", UNSENDABLE, held("trash-local"), False),
    ("a way to the trash, once it is tagged", RETAG, held("trash-local", approved=True), False),
    ("a way to the trash, once it is detached", detach(HOME, "kept"), held("trash-local"), False),
    ("a replacement, once a stranger stands there", STRANGER, REPLACEMENT, False),
    ("a file to be freed, while it is tagged", RETAG, held("free"), True),
    ("a file to be freed, while its name is sent", RENAME, held("free"), True),
    ("a file to be freed, once it is taken in anew", adopt("x", "moved"), held("free"), False),
    ("what stands for itself, whatever comes", COMPARE, FOR_ITSELF, False),
    ("what stands for itself, and was released", COMPARE, replace(FOR_ITSELF, approved=True), True),
]


@pytest.mark.parametrize(
    ("op", "before", "expected"), [row[1:] for row in OPEN], ids=[row[0] for row in OPEN]
)
def test_the_question_of(op: Operation, before: Held, expected: bool) -> None:
    assert leaves_open(op, before) is expected
