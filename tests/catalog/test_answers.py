"""What the service said of the account as a whole is kept with its age, for one service and key."""

from datetime import datetime, timedelta

from syncd.catalog.answers import MOST_KEPT, Kept
from syncd.catalog.store import Binding, Catalog
from syncd.core.policy import Now

BINDING = Binding("library", "https://api.audiopod.ai", key_fingerprint="one")
SECOND = timedelta(seconds=1)


def test_the_last_answer_to_a_query_is_kept(catalog: Catalog, now: datetime):
    query = {"status": "FAILED", "song_type": "rap"}
    catalog.answers.keep("counts", query, {"total": 1}, now)
    catalog.answers.keep("counts", dict(reversed(query.items())), {"total": 2}, now + SECOND)
    assert catalog.answers.find("counts", query) == Kept({"total": 2}, now + SECOND)
    assert catalog.answers.find("counts", {}) is None
    assert catalog.answers.find("liked", query) is None


def test_signatures_are_not_kept(catalog: Catalog, now: datetime):
    body = [{"id": 1, "output_url": "https://media.audiopod.ai/1.flac?signature=s"}]
    catalog.answers.keep("liked", {}, body, now)
    kept = catalog.answers.find("liked", {})
    assert kept is not None
    assert kept.body == [{"id": 1, "output_url": "https://media.audiopod.ai/1.flac"}]


def test_only_so_many_are_kept_and_the_newest(catalog: Catalog, now: datetime):
    for number in range(MOST_KEPT + 5):
        catalog.answers.keep("liked", {"skip": number}, [], now + number * SECOND)
    catalog.answers.keep("counts", {}, {}, now)
    kept = [n for n in range(MOST_KEPT + 5) if catalog.answers.find("liked", {"skip": n})]
    assert kept == list(range(5, MOST_KEPT + 5))


def test_another_key_or_service_makes_them_forgotten(catalog: Catalog, now: datetime):
    catalog.bind(BINDING)
    catalog.answers.keep("presets", {}, {}, now)
    catalog.bind(BINDING)
    assert catalog.answers.find("presets", {})
    catalog.bind(Binding("library", "https://api.audiopod.ai", key_fingerprint="two"))
    assert catalog.answers.find("presets", {}) is None


def test_retries_of_the_last_minute_are_known_whoever_sent_them(catalog: Catalog, now: datetime):
    for age in (2 * 86_400, 90, 30, 0, -30):
        catalog.retries.note(7, Now(now - age * SECOND))
    assert catalog.retries.lately(now, 60 * SECOND) == [now - 30 * SECOND, now]
