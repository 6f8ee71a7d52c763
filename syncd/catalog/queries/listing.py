"""Which jobs a listing holds: what ``GET /jobs`` answers online, and more.

What the documented parameters mean is the service's to say. Where it does not, this was chosen:

- A filter takes its value to the letter, capitals and all. (``status`` is kept in capitals.)
- A job with several genres passes for each of them. A language is the one that the job says or
  listings taught, else the one it was asked to be sung in. What is not known to be liked is not.
- ``search`` finds any part of display name, prompt or lyrics, whatever its case
  (``str.casefold``), accents and all; every character stands for itself.
- Names and statuses sort by their characters' code points. What has no value comes after all that
  do, before them when descending; of a length, -1 is a value. Ties are broken by id, the same way
  round. Keys sort by their place on the Camelot wheel, minor before major.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Integer,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
)

from syncd.catalog.indexing import indexed
from syncd.catalog.queries.entry import THERE, Entry, entries_of, unknown
from syncd.catalog.schema import BASELINE, KNOWN, WORDS
from syncd.catalog.store import Catalog
from syncd.core.baseline import State
from syncd.core.harmony import camelot, mixing_tempos, neighbours
from syncd.core.listing import Listing, Range, When, Word
from syncd.core.model import COMPLETED, FAILED
from syncd.errors import SyncdError

_BATCH = 200
"""Entries that are in memory at once while a listing is read."""

_WEIGHTS = (10.0, 3.0, 1.0)
"""How much more a word weighs in a title, and in a prompt, than in the lyrics."""

LANGUAGE = func.coalesce(func.nullif(KNOWN.c.language, ""), func.nullif(KNOWN.c.vocal_language, ""))
_CAMELOT = func.camelot(KNOWN.c.keyscale, type_=String)

# The catalog takes a length of -1 for none; in an order it is still a number.
_LENGTH = case(
    (KNOWN.c.audio_duration.is_not(None), KNOWN.c.audio_duration),
    (
        func.json_valid(KNOWN.c.raw) == 1,
        cast(func.json_extract(KNOWN.c.raw, "$.audio_duration"), Float),
    ),
)
_SORTED_BY: dict[str, ColumnElement[Any]] = {
    "created_at": KNOWN.c.created_at,
    "display_name": KNOWN.c.display_name,
    "audio_duration": _LENGTH,
    "status": KNOWN.c.status,
    "bpm": KNOWN.c.bpm,
    "quality_score": KNOWN.c.quality_score,
}
# The number on the Camelot wheel, then its letter: minor before major.
_KEY_ORDER = (cast(_CAMELOT, Integer), func.substr(_CAMELOT, -1))


def jobs(catalog: Catalog, listing: Listing, *, now: datetime | None = None) -> list[Entry]:
    """The jobs of ``listing``, see ``stream``."""
    return list(stream(catalog, listing, now=now))


def stream(
    catalog: Catalog, listing: Listing, *, now: datetime | None = None
) -> Generator[Entry, None, None]:
    """The jobs of ``listing`` one by one, in its order; see above.

    All are of one moment, whatever is written meanwhile. Close it where it is left early. ``now``
    is what an age is counted from. Raises ``SyncdError`` where nothing can mix with ``mixes_with``.
    """
    with catalog.reading() as connection:
        ids = list(connection.execute(chosen(connection, listing, now)).scalars())
        for start in range(0, len(ids), _BATCH):
            yield from entries_of(connection, ids[start : start + _BATCH])


def chosen(connection: Connection, listing: Listing, now: datetime | None = None) -> Select[Any]:
    """The statement that selects the ids of ``listing``, in its order. See ``stream``."""
    statement = select(KNOWN.c.id).where(*_filters(connection, listing, now))
    if not listing.gone and State.GONE not in listing.state:
        statement = statement.join(BASELINE, BASELINE.c.job_id == KNOWN.c.id, isouter=True).where(
            THERE
        )
    for left_out in listing.without:
        # What is not known of a job is not what it is left out for.
        is_found = and_(true(), *_filters(connection, left_out, now))
        if left_out.match:
            is_found = and_(is_found, KNOWN.c.id.in_(_matching(left_out)))
        statement = statement.where(func.coalesce(is_found, 0) == 0)
    orders: tuple[ColumnElement[Any], ...] = (_SORTED_BY["created_at"], KNOWN.c.id)
    if listing.sort_by == "key":
        orders = (*_KEY_ORDER, KNOWN.c.id)
    elif listing.sort_by is not None:
        orders = (_SORTED_BY[listing.sort_by], KNOWN.c.id)
    if listing.match:
        statement = statement.join(WORDS, WORDS.c.rowid == KNOWN.c.id)
        statement = statement.where(WORDS.c.words.op("MATCH")(_expression(listing.match)))
        if listing.sort_by is None:
            # The better the match, the smaller the figure; descending means the best first.
            orders = (-func.bm25(WORDS.c.words, *_WEIGHTS), KNOWN.c.id)
    falling = listing.sort_order == "desc"
    statement = statement.order_by(
        *(
            order.desc().nulls_first() if falling else order.asc().nulls_last()
            for order in orders[:-1]
        ),
        orders[-1].desc() if falling else orders[-1].asc(),
    )
    # SQLite has no OFFSET without a LIMIT; -1 means none.
    return statement.offset(listing.skip).limit(-1 if listing.limit is None else listing.limit)


def _filters(
    connection: Connection, listing: Listing, now: datetime | None
) -> Iterable[ColumnElement[bool]]:
    """All that a listing asks of a job, but for its words."""
    yield from _documented(listing)
    yield from _ranges(listing, now)
    if listing.id:
        yield KNOWN.c.id.in_(listing.id)
    if listing.title:
        yield or_(
            *(func.has_part(part.casefold(), KNOWN.c.display_name) == 1 for part in listing.title)
        )
    if listing.state:
        placed = select(BASELINE.c.job_id).where(BASELINE.c.state.in_(listing.state))
        is_failed = and_(KNOWN.c.status == FAILED, literal("failed" in listing.state))
        yield or_(KNOWN.c.id.in_(placed), is_failed)
    if listing.key:
        yield _CAMELOT.in_([camelot(key) for key in listing.key])
    if listing.mixes_with is not None:
        yield from _mixing(connection, listing.mixes_with)


def _matching(listing: Listing) -> Select[Any]:
    return select(WORDS.c.rowid).where(WORDS.c.words.op("MATCH")(_expression(listing.match)))


def _documented(listing: Listing) -> Iterable[ColumnElement[bool]]:
    """The filters of ``GET /jobs``."""
    for column, values in (
        (KNOWN.c.status, [status.upper() for status in listing.status]),
        (KNOWN.c.task, listing.task),
        (KNOWN.c.song_type, listing.song_type),
        (LANGUAGE, listing.language),
    ):
        if values:
            yield column.in_(values)
    for column, values in (
        (KNOWN.c.genre, listing.genre),
        (KNOWN.c.emotion, listing.emotion),
        (KNOWN.c.occasion, listing.occasion),
    ):
        if values:
            yield or_(*(_is_among(value, column) for value in values))
    if listing.liked is not None:
        yield func.coalesce(KNOWN.c.liked, 0) == int(listing.liked)
    if listing.search is not None:
        texts = (KNOWN.c.display_name, KNOWN.c.prompt, KNOWN.c.lyrics)
        yield func.has_part(listing.search.casefold(), *texts) == 1


def _is_among(value: str, column: ColumnElement[Any]) -> ColumnElement[bool]:
    terms = func.json_each(column).table_valued("value")
    among = select(literal(1)).select_from(terms).where(terms.c.value == value).exists()
    # Far quicker than to take each list apart; what has no such text in it need not be.
    return and_(func.instr(column, json.dumps(value)) > 0, among)


def _ranges(listing: Listing, now: datetime | None) -> Iterable[ColumnElement[bool]]:
    for column, bounds in (
        (KNOWN.c.bpm, listing.bpm),
        (KNOWN.c.audio_duration, listing.duration),
        (KNOWN.c.quality_score, listing.quality),
    ):
        if bounds is not None:
            yield _within(column, bounds)
    if listing.since is not None:
        yield KNOWN.c.created_at >= _moment(listing.since, now)
    if listing.before is not None:
        yield KNOWN.c.created_at < _moment(listing.before, now)


def _within(column: ColumnElement[Any], bounds: Range) -> ColumnElement[bool]:
    ends: list[ColumnElement[bool]] = [column.is_not(None)]
    if bounds.least is not None:
        ends.append(column >= bounds.least)
    if bounds.most is not None:
        ends.append(column <= bounds.most)
    return and_(*ends)


def _moment(when: When, now: datetime | None) -> datetime:
    if isinstance(when, datetime):
        return when
    try:
        return (now or datetime.now(UTC)) - when
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _mixing(connection: Connection, job_id: int) -> Iterable[ColumnElement[bool]]:
    """Same key or one beside it, and a tempo that can be brought to the same beat.

    Of a job that has only one of the two, that one decides.
    """
    row = connection.execute(
        select(KNOWN.c.keyscale, KNOWN.c.bpm).where(KNOWN.c.id == job_id)
    ).one_or_none()
    if row is None:
        raise unknown(job_id)
    keys = neighbours(row.keyscale)
    if not keys and not row.bpm:
        raise SyncdError(f"nothing can be mixed with job {job_id}: it has neither key nor tempo")
    yield KNOWN.c.id != job_id
    yield KNOWN.c.status == COMPLETED
    if keys:
        yield _CAMELOT.in_(sorted(keys))
    if row.bpm:
        yield or_(*(_within(KNOWN.c.bpm, Range(*tempo)) for tempo in mixing_tempos(row.bpm)))


def _expression(words: tuple[Word, ...]) -> str:
    """All of ``words``, as the full-text index has it (https://sqlite.org/fts5.html, 3)."""

    def one(word: Word) -> str:
        text = (indexed(word.text) or "").replace("\0", " ").replace('"', '""')
        return f'"{text}"{"*" if word.prefix else ""}'

    return " AND ".join(map(one, words))
