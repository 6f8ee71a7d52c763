"""Genre and emotion that no job says: each file is placed once, with its own.

``SYNCD_LIBRARY_JOBS=2000`` makes the library as large as that, in about a minute.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from math import ceil
from typing import TYPE_CHECKING

import pytest

from syncd.local.tags import read_fields
from syncd.simulator import Simulator, World

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

JOBS = int(os.environ.get("SYNCD_LIBRARY_JOBS", "120"))
KINDS = ("genre", "emotion", "occasion", "language", "song_type")
SONG_TYPES = 5


@pytest.mark.timeout(600)
def test_every_file_has_its_right_genre_and_emotion_at_the_cost_of_its_pages(
    bench: Bench, record_property: Callable[[str, object], None]
) -> None:
    world = World.synthetic(JOBS, seed=5)
    with Simulator(world) as sim:
        bench = bench.beside(bench.folder / "large", sim)
        bench.configure(library={"template": "{genre}/{emotion}/{title}.{ext}"})
        result = bench.run("sync")
        assert result.code == 0, result.err
        lookups = len(bench.lookups())
        downloads = len(bench.downloads())
    assert downloads == JOBS, "each is fetched and placed once"
    for job in world.jobs():
        path = bench.placed(job.id)
        fields = read_fields(path, path.suffix[1:])
        assert fields["genre"] == (job.genre,)
        assert fields["emotion"] == (job.emotion,)
        assert path.relative_to(bench.root).parts[:2] == (job.genre, job.emotion)
    values = [len({getattr(job, kind) for job in world.jobs()} - {None}) for kind in KINDS[:-1]]
    pages = ceil(JOBS / 90)
    # What is offered; a probe of each filter; and the likes: two probes, and their pages.
    constant = 1 + len(KINDS) + 1 + 2
    record_property("requests", lookups)
    sys.stdout.write(f"{JOBS} jobs: {lookups} requests to look up what they do not say\n")
    assert lookups <= (sum(values) + SONG_TYPES + 1) * pages + constant
    # In fact each job is on one page for each kind, and each value has one that is not full.
    assert lookups <= (len(KINDS) + 1) * pages + sum(values) + SONG_TYPES + 1 + constant


def test_a_service_that_does_not_offer_them_keeps_nothing_waiting(bench: Bench) -> None:
    bench.sim.world.add(display_name="Song", genre="folk")
    bench.sim.switches.filter_values = "absent"
    assert bench.run("sync").code == 0
    (name,) = bench.audio()
    assert name.endswith("/Song.flac")


def test_a_plan_shows_the_names_that_a_sync_gives(bench: Bench) -> None:
    bench.configure(library={"template": "{genre}/{title}.{ext}"})
    bench.sim.world.add(display_name="Song", genre="folk")
    assert "folk/Song.flac" in bench.run("plan").out
    assert bench.audio() == []
