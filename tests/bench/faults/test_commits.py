"""A commit that fails while the program runs on."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

import pytest
from sqlalchemy.engine.default import DefaultDialect

from ..house import House
from . import commits
from .commits import KINDS, Blow, cell
from .scenes import SCENES


@pytest.mark.parametrize("kind", KINDS)
def test_it_comes_to_the_same_after_all(tmp_path: Path, kind: str) -> None:
    assert cell(SCENES["delete-up"], tmp_path, Blow(kind, 5)) == []


def test_it_is_noticed_where_a_failed_commit_counts_as_done(tmp_path: Path) -> None:
    real = DefaultDialect.do_commit

    def careless(self: DefaultDialect, connection: Any) -> None:
        try:
            real(self, connection)
        except sqlite3.OperationalError:
            connection.rollback()

    with patch.object(DefaultDialect, "do_commit", careless):
        found = [
            text
            for at in (4, 5, 6)
            for text in cell(SCENES["delete-up"], tmp_path, Blow("full", at))
        ]
    assert any("something failed, and nobody told" in text for text in found)


def test_what_is_sent_twice_is_noticed() -> None:
    once = SimpleNamespace(method="PATCH", path="/jobs/1", body=b"a")
    other = SimpleNamespace(method="PATCH", path="/jobs/1", body=b"b")

    def told(*sent: object) -> list[str]:
        requests = SimpleNamespace(mutating=lambda: sent)
        house = SimpleNamespace(account=SimpleNamespace(sim=SimpleNamespace(requests=requests)))
        return list(commits._sent_twice(cast("House", house)))

    assert told(once, other) == []
    (found,) = told(once, other, once)
    assert "was sent 2 times" in found
