"""What a listing can be asked beyond ``GET /jobs``: words, ranges, keys, figures, likeness."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd.catalog import queries
from syncd.catalog.indexing import add_function
from syncd.catalog.schema import LEARNT
from syncd.catalog.store import Catalog
from syncd.core.model import Job
from syncd.core.query import parse_query
from syncd.errors import SyncdError

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)


def song(job_id: int, name: str | None = None, **fields: object) -> Job:
    made = NOON + timedelta(days=job_id)
    values: dict[str, object] = {"status": "COMPLETED", "created_at": made, **fields}
    return Job(id=job_id, display_name=name, **values)  # type: ignore[arg-type]


@pytest.fixture
def stocked(catalog: Catalog, now: datetime) -> Catalog:
    catalog.observe(
        [
            song(1, "Paper Lanterns", bpm=124.0, keyscale="A minor", genre=("house",)),
            song(2, "Night Bus", prompt="paper lantern festival", bpm=62.0, keyscale="E minor",
                 genre=("house", "garage"), audio_duration=150.0, quality_score=0.9),
            song(3, "Café", lyrics="the paper moon", bpm=119.6, keyscale="C Major",
                 vocal_language="en", audio_duration=240.0, quality_score=0.5),
            song(4, "Lantern of paper", bpm=175.0, keyscale="Am", emotion=("calm",)),
            song(5, None, status="FAILED", bpm=124.0, keyscale="Am"),
        ],
        now,
    )  # fmt: skip
    return catalog


def ids(catalog: Catalog, query: str, now: datetime | None = None) -> list[int]:
    return [one.id for one in queries.jobs(catalog, parse_query(query), now=now)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        # A title weighs more than a prompt, and a prompt more than lyrics.
        ("paper", [1, 4, 2, 3]),
        ("paper sort-order:asc", [3, 2, 4, 1]),
        ("paper sort-by:created_at", [4, 3, 2, 1]),
        ("paper limit:1 skip:1", [4]),
        ("PAPER lant*", [1, 4, 2]),
        ("paper lantern", [4, 2]),
        ('"paper lant"*', [1, 2]),
        ("cafe", [3]),
        ("CAFÉ", [3]),
        ("pap", []),
        ("paper genre:house", [1, 2]),
        ('"paper NEAR moon"', []),
        ('"OR"', []),
        ("-paper", [5]),
        ("paper ^lant*", [3]),
        ('paper -"paper lant"*', [4, 3]),
        ("-genre:house -match:café sort-order:asc", [4, 5]),
        ("-bpm:100.. ^liked:yes", [2]),
        ("-key:Am", [3, 2]),
        ("-language:en -duration:2:30 -quality:0.8..", [5, 4, 1]),
        ("-mixes-with:1", [5, 4, 1]),
        ("-since:2026-04-03 -title:x", [2, 1]),
        ("id:4 id:2", [4, 2]),
        ("-id:4 -id:2", [5, 3, 1]),
        ("title:LANTERN", [4, 1]),
        ("title:bus title:caf", [3, 2]),
        ("state:failed", [5]),
        ("state:placed", []),
        ("-state:failed limit:1", [4]),
        ("sort-by:bpm", [4, 5, 1, 3, 2]),
        ("sort-by:key", [2, 3, 5, 4, 1]),
        ("sort-by:key sort-order:asc", [1, 4, 5, 3, 2]),
        ("sort-by:quality_score sort-order:asc limit:2", [3, 2]),
        ("bpm:120..128", [5, 1]),
        ("bpm:120", [3]),
        ("duration:2:00..3:00", [2]),
        ("quality:0.8..", [2]),
        ("quality:..1", [3, 2]),
        ("key:Am", [5, 4, 1]),
        ("key:8a key:9A", [5, 4, 2, 1]),
        ("mixes-with:1", [3, 2]),
        ("since:2026-04-03", [5, 4, 3]),
        ("until:2026-04-03", [3, 2, 1]),
        ("genre:garage genre:house", [2, 1]),
        ("language:en", [3]),
        ("liked:no limit:2", [5, 4]),
    ],
)
def test_a_query_finds(stocked: Catalog, query: str, found: list[int]) -> None:
    assert ids(stocked, query) == found


@pytest.mark.parametrize(
    ("title", "queries", "others"),
    [
        ("雨の図書館", ("図書館", "雨", "図書*", '"の図書"', "雨 図書館"), ("書図", "館雨")),
        ("夜のドライブ Tokyo", ("ドライブ", "ﾄﾞﾗｲﾌﾞ", "tokyo", "夜の*"), ("ドラマ", "toky")),
        ("เพลงรัก", ("รัก", "เพลง"), ("รถ",)),
        ("Größe ΣΟΦΟΣ ＡＢＣ", ("GRÖSSE", "größe", "grosse", "GRÖ*", "σοφος", "abc"), ("gross",)),
    ],
)
def test_a_word_is_found_in_any_script(
    catalog: Catalog, now: datetime, title: str, queries: tuple[str, ...], others: tuple[str, ...]
) -> None:
    catalog.observe([song(1, title), song(2, "Paper"), song(3, None)], now)
    assert [query for query in queries if ids(catalog, query) != [1]] == []
    assert [query for query in others if ids(catalog, query)] == []


def test_an_age_is_counted_from_the_question(stocked: Catalog) -> None:
    assert ids(stocked, "since:2d", now=NOON + timedelta(days=5)) == [5, 4, 3]
    assert ids(stocked, "until:99999y", now=NOON) == []


def test_what_was_learnt_is_found_like_what_is_said(stocked: Catalog) -> None:
    with stocked.together(), stocked.reading() as connection:
        connection.execute(LEARNT.insert().values(job_id=4, genre=["jazz"], liked=True))
    assert ids(stocked, "genre:jazz") == ids(stocked, "liked:yes") == [4]


@pytest.mark.parametrize(
    ("query", "words"), [("mixes-with:99", "is not known"), ("mixes-with:6", "neither key nor")]
)
def test_what_nothing_mixes_with_is_said(stocked: Catalog, query: str, words: str) -> None:
    stocked.observe([song(6)], NOON)
    with pytest.raises(SyncdError, match=words):
        ids(stocked, query)


def is_in_step(path: Path) -> bool:
    """Whether the index holds what one that is made anew holds, place by place."""
    columns = ("display_name", "prompt", "lyrics")
    with closing(sqlite3.connect(path)) as connection:
        add_function(connection)
        (made,) = connection.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'words'"
        ).fetchone()
        connection.execute(made.replace("TABLE words", "TABLE temp.anew"))
        spelled = ", ".join(f"indexed({name})" for name in columns)
        connection.execute(
            f"INSERT INTO anew (rowid, {', '.join(columns)}) SELECT id, {spelled} FROM job"
        )
        for where, name in (("main", "words"), ("temp", "anew")):
            held = f"fts5vocab('{where}', '{name}', 'instance')"
            connection.execute(f"CREATE VIRTUAL TABLE temp.in_{name} USING {held}")
        index, anew = (
            sorted(connection.execute(f"SELECT term, doc, col, offset FROM in_{name}").fetchall())
            for name in ("words", "anew")
        )
        return index == anew != []


def test_the_index_keeps_in_step_with_whatever_the_service_shows(
    catalog: Catalog, path: Path, now: datetime
) -> None:
    source = random.Random(5)
    texts = (
        None,
        "",
        "paper",
        "lantern moon",
        "Идёт дождь",
        "a\0b",
        "paper paper",
        "雨の図書館",
        "Größe",
    )
    shown: dict[int, Job] = {}
    for step in range(40):
        moment = now + timedelta(minutes=step)
        sweep = catalog.begin_sweep(moment) if source.random() < 0.3 else None
        jobs = [
            song(job_id, source.choice(texts), prompt=source.choice(texts),
                 lyrics=source.choice(texts), raw=f'{{"step":{step}}}')
            for job_id in source.sample(range(1, 30), 12)
        ]  # fmt: skip
        catalog.observe(jobs, moment, sweep=sweep)
        shown |= {job.id: job for job in jobs}
        if sweep is not None:
            catalog.finish_sweep(sweep, moment, complete=True, total=12, seen=12)
    holding = {
        job.id
        for job in shown.values()
        if any("paper" in (text or "") for text in (job.display_name, job.prompt, job.lyrics))
    }
    assert set(ids(catalog, "paper gone:yes")) == holding != set()
    assert is_in_step(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER words_of_changed_job")
        connection.execute("UPDATE job SET prompt = 'other'")
        connection.commit()
    assert not is_in_step(path)


def test_figures_count_each_value_with_its_length(stocked: Catalog) -> None:
    found = queries.statistics(stocked, parse_query("status:COMPLETED"))
    assert (found.total.count, found.total.seconds, found.files) == (4, 390.0, 0)
    assert [(one.value, one.count, one.seconds) for one in found.by["genre"]] == [
        ("house", 2, 150.0),
        ("garage", 1, 150.0),
        (None, 2, 240.0),
    ]
    assert [(one.value, one.count) for one in found.by["month"]] == [("2026-04", 4)]
    assert [(one.value, one.count) for one in found.by["language"]] == [("en", 1), (None, 3)]
    assert queries.statistics(stocked, parse_query("paper limit:1")).total.count == 1


def test_what_is_like_a_job(stocked: Catalog) -> None:
    found = queries.similar(stocked, 1, 10)
    assert [one.entry.id for one in found] == [2, 3, 4]
    assert found == sorted(found, key=lambda one: -one.score)
    assert [one.entry.id for one in queries.similar(stocked, 1, 1)] == [2]
    stocked.observe([song(6)], NOON)
    for job_id, words in ((99, "is not known"), (6, "nothing can be compared")):
        with pytest.raises(SyncdError, match=words):
            queries.similar(stocked, job_id, 10)


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("genre:House", [("genre", "house")]),
        ("genre:House genre:GARAGE emotion:Calm",
         [("genre", "garage"), ("genre", "house"), ("emotion", "calm")]),
        ("language:EN task:text2music", [("language", "en")]),
        ("genre:house emotion:happy", []),
        ("genre:hous", []),
        ("paper", []),
    ],
)  # fmt: skip
def test_a_value_that_is_spelled_with_other_capitals_is_known(
    stocked: Catalog, query: str, meant: list[tuple[str, str]]
) -> None:
    assert queries.other_spellings(stocked, parse_query(query)) == meant
