"""What is gone on both sides does not stay in the list of what there is; it can be asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from .mirroring import Mirror

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Mirror:
    """Four songs, and a job that never had audio; the account has Beta alone by now.

    Alpha went with its file, Gamma's file is kept since it was renamed, Delta was removed here.
    """
    mirror = Mirror.of(bench, look)
    mirror.sim.world.fail(mirror.add("Silence"))
    mirror.sync()
    for name in ("Alpha", "Gamma", "Silence"):
        mirror.sim.world.delete(mirror.jobs[name])
    mirror.rename("Gamma", "Mine")
    assert bench.run("rm", mirror.jobs["Delta"], "--yes").code == 0
    mirror.sync()
    return mirror


def listed(mirror: Mirror, *options: str) -> list[str]:
    """The names of the jobs that are listed, oldest first."""
    names = {job_id: name for name, job_id in mirror.jobs.items()}
    document = mirror.bench.run("ls", "--json", *options).document
    assert len(mirror.bench.run("ls", *options).out.splitlines()) == len(document)
    return [names[entry["id"]] for entry in reversed(document)]


def test_what_has_neither_job_nor_file_is_not_listed(mirror: Mirror) -> None:
    assert listed(mirror) == ["Beta", "Gamma"]


def test_it_is_listed_where_it_is_asked_for(mirror: Mirror) -> None:
    assert listed(mirror, "--gone") == ["Alpha", "Beta", "Gamma", "Delta", "Silence"]
    assert "Alpha  (gone)" in mirror.bench.run("ls", "--gone").out


def test_a_page_of_the_list_is_a_page_of_what_there_is(mirror: Mirror) -> None:
    assert listed(mirror, "--skip", "1", "--limit", "1") == ["Beta"]


def test_a_job_that_is_gone_can_still_be_shown(mirror: Mirror) -> None:
    assert mirror.bench.run("show", mirror.jobs["Alpha"]).code == 0


def test_files_that_are_no_jobs_are_never_gone(mirror: Mirror) -> None:
    assert mirror.bench.run("ls", "--foreign", "--gone").code == 2


def test_nothing_to_list_names_the_option_that_lists_more(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look, "Alpha")
    assert bench.run("rm", mirror.jobs["Alpha"], "--yes").code == 0
    code, shown = bench.on_terminal("ls")
    assert code == 0
    assert "--gone" in shown
