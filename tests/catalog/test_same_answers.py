"""The catalog answers what ``GET /jobs`` answers: the same ids, in the same order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.catalog import queries
from syncd.catalog.store import Catalog
from syncd.core.query import listing_of
from syncd.remote.schema import parse_job
from syncd.simulator import Simulator, World

MADE = 1_772_500_000.0
TITLES = (
    None, "", " ", "Rain", "rain", "RAIN", "räin", "RÄIN", "ra\u0308in", "Straße", "STRASSE",
    "100% Rain", "snow_fall", "snowXfall", "back\\slash", "Дождь", "дождь", "ὈΔΥΣΣΕΎΣ", "a\0rain",
    "日本語の歌", "👾", '"quoted"', "it's", "  Rain", "x" * 300, "İstanbul", "Ⅷ", "ﬁre",
)  # fmt: skip
TEXTS = (None, "", "slow rain over the harbour", "50% off_beat", "Ein Lied über ÄPFEL", "la\nla")
GENRES = ("house", "House", "hip hop", "drum & bass", "lo-fi", "", "жанр", 'a"b', "a,b", "[x]", "%")
EMOTIONS, OCCASIONS = ("calm", "happy", "tense"), ("party", "sleep")
LANGUAGES = (None, "en", "de", "EN", "zh-CN")
TASKS = ("text2music", "text2rap", "cover", "retake")
STATUSES = ("PENDING", "PROCESSING", "COMPLETED", "FAILED")
SONG_TYPES = ("rap", "song", "vocals", "instrumental", "samples")
LENGTHS = (-1.0, 0.25, 30.0, 30.0, 61.5, 180.0, 180.125)


def several(source: random.Random, values: tuple[str, ...]) -> str | tuple[str, ...] | None:
    count = min(source.choice((0, 1, 1, 1, 2, 3)), len(values))
    if count == 1:
        return source.choice(values)
    return tuple(source.sample(values, count)) or None


def stocked(count: int) -> World:
    """Jobs that differ in all that can be asked for, with ties in all that can be sorted by."""
    source = random.Random(4)
    world = World(clock=lambda: MADE + 5000)
    for _ in range(count):
        language = source.choice(LANGUAGES)
        length = source.choice(LENGTHS)
        world.add(
            audio={},
            status=source.choice(STATUSES),
            created_at=MADE + source.choice((0.0, 0.5, 1.0)) * source.randrange(60),
            display_name=source.choice(TITLES),
            prompt=source.choice(TEXTS),
            lyrics=source.choice(TEXTS),
            task=source.choice(TASKS),
            song_type=source.choice(SONG_TYPES),
            liked=source.random() < 0.3,
            genre=several(source, GENRES),
            emotion=several(source, EMOTIONS),
            occasion=several(source, OCCASIONS),
            language=language,
            vocal_language=source.choice((None, language)),
            audio_duration=length,
            requested_duration=source.choice(LENGTHS),
        )
    return world


class Both:
    """The same jobs in the service and in a catalog."""

    def __init__(self, api: httpx.Client, catalog: Catalog) -> None:
        self._api, self._catalog = api, catalog

    def online(self, asked: dict[str, str]) -> tuple[list[int], int]:
        answer = self._api.get("/jobs", params=asked)
        assert answer.status_code == 200, answer.text
        return [row["id"] for row in answer.json()], int(answer.headers["x-total-count"])

    def offline(self, asked: dict[str, str]) -> tuple[list[int], int]:
        page, whole = listing_of(asked.items()), dict(asked)
        for name in ("skip", "limit"):
            whole.pop(name, None)
        found = [
            [one.id for one in queries.jobs(self._catalog, listing)]
            for listing in (page, listing_of(whole.items()))
        ]
        return found[0], len(found[1])

    def choose(self, fields: dict[str, str]) -> list[int]:
        """The ids of all jobs that the catalog finds, the latest first."""
        found = queries.jobs(self._catalog, listing_of(fields.items()))
        return sorted((one.id for one in found), reverse=True)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    path: Path = tmp_path_factory.mktemp("same") / "catalog.sqlite3"
    with Simulator(stocked(400)) as sim:
        facets = {"genre", "emotion", "occasion", "language", "song_type", "liked"}
        sim.switches.facets = frozenset(facets)
        catalog = Catalog.open(path)
        address, headers = f"{sim.api_url}/api/v1/music", {"X-API-Key": sim.key}
        with httpx.Client(base_url=address, headers=headers, trust_env=False) as api:
            rows = [
                row
                for skip in range(0, 400, 100)
                for row in api.get("/jobs", params={"skip": skip, "limit": 100}).json()
            ]
            catalog.observe([parse_job(row) for row in rows], datetime.now(UTC))
            yield Both(api, catalog)
        catalog.close()


ASKED = st.fixed_dictionaries(
    {"limit": st.integers(1, 100).map(str)},
    optional={
        "status": st.sampled_from(STATUSES),
        "task": st.sampled_from((*TASKS, "TEXT2MUSIC")),
        "song_type": st.sampled_from(SONG_TYPES),
        "liked": st.sampled_from(("true", "false")),
        "search": st.one_of(
            st.sampled_from(
                ("rain", "RÄ", "%", "_", "\\", "ss", "ß", "ό", "ΣΣ", "\0", "é", "i", "")
            ),
            st.text(st.sampled_from("rainßÄä %_\\сДx\0\u0308"), max_size=3),
        ),
        "language": st.sampled_from(("en", "de", "EN", "fr")),
        "genre": st.sampled_from((*[genre for genre in GENRES if genre], "a", '"', ",", "hop")),
        "emotion": st.sampled_from((*EMOTIONS, "Calm")),
        "occasion": st.sampled_from(OCCASIONS),
        "sort_by": st.sampled_from(("created_at", "display_name", "audio_duration", "status")),
        "sort_order": st.sampled_from(("asc", "desc")),
        "skip": st.integers(0, 450).map(str),
    },
)


@settings(max_examples=250)
@given(asked=ASKED)
def test_the_catalog_answers_as_the_service_does(both: Both, asked: dict[str, str]) -> None:
    assert both.offline(asked) == both.online(asked)


@settings(max_examples=60)
@given(asked=ASKED)
def test_what_is_left_out_is_all_that_is_not_found(both: Both, asked: dict[str, str]) -> None:
    paging = ("sort_by", "sort_order", "skip", "limit")
    filters = {name: value for name, value in asked.items() if name not in paging}
    everything = set(both.choose({}))
    kept = everything
    for name, value in filters.items():
        found = set(both.choose({name: value}))
        assert both.choose({f"-{name}": value}) == sorted(everything - found, reverse=True)
        kept = kept - found
    assert both.choose({f"-{name}": value for name, value in filters.items()}) == sorted(
        kept, reverse=True
    )


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("by", ["created_at", "display_name", "audio_duration", "status"])
def test_the_whole_list_is_in_the_same_order(both: Both, by: str, order: str) -> None:
    for skip in range(0, 400, 100):
        asked = {"sort_by": by, "sort_order": order, "skip": str(skip), "limit": "100"}
        ids, total = both.online(asked)
        assert (len(ids), total) == (100, 400)
        assert both.offline(asked) == (ids, total)
