"""What people are told an operation is."""

from __future__ import annotations

from typing import get_args

import pytest

from syncd.core.operations import Operation
from syncd.core.verbs import TOLD, counted, words
from syncd.core.words import amount, these


@pytest.mark.parametrize("verb", [operation.verb for operation in get_args(Operation)])
def test_no_operation_is_called_by_its_code_name(verb: str) -> None:
    found = words(verb)
    assert not any("-" in text for text in (found.do, found.done, found.one, found.many))
    assert found.do in (found.do.lower(), verb)


def test_what_is_counted_is_singular_or_plural() -> None:
    assert counted("delete-remote", 1) == "1 deletion in the account"
    assert counted("delete-remote", 2) == "2 deletions in the account"


def test_things_are_counted_with_their_own_plural() -> None:
    assert [amount(number, "file") for number in (0, 1, 2)] == ["0 files", "1 file", "2 files"]
    assert amount(1, "job is", "jobs are") == "1 job is"
    assert amount(2, "job is", "jobs are") == "2 jobs are"
    assert [these(number, "job") for number in (1, 2)] == ["this job", "these 2 jobs"]


def test_a_verb_that_is_not_in_the_table_is_told_as_it_is() -> None:
    assert words("approve").do == "approve"
    assert counted("approve", 2) == "2 approve"


def test_a_step_on_the_way_is_not_told_as_done() -> None:
    assert words("make-way").done == ""
    assert "" not in TOLD
