"""Which fields of a file may be changed, by what was written last."""

from __future__ import annotations

import pytest

from syncd.local.tags import Change, changes

TITLE = Change("title", ("A",), ("B",))


@pytest.mark.parametrize(
    ("found", "owned", "wanted", "force", "expected"),
    [
        pytest.param("A", "A", "B", "", TITLE, id="ours, and another is wanted"),
        pytest.param("A", "A", "A", "", None, id="as wanted"),
        pytest.param("mine", "A", "B", "", None, id="the user's"),
        pytest.param("mine", "A", "B", "title", Change("title", None, ("B",)), id="forced"),
        pytest.param("B", "A", "B", "title", None, id="forced and as wanted"),
        pytest.param("", "A", "B", "", None, id="the user took it away"),
        pytest.param("", "", "B", "", Change("title", (), ("B",)), id="never written"),
        pytest.param("mine", "", "B", "", None, id="never written, and the user did"),
        pytest.param("A", "A", "", "", Change("title", ("A",), ()), id="no longer wanted"),
    ],
)
def test_what_was_written_last_decides_whose_a_field_is(
    found: str, owned: str, wanted: str, force: str, expected: Change | None
) -> None:
    fields = [{"title": (text,)} if text else {} for text in (found, owned)]
    decided = changes(
        fields[0], owned=fields[1], wanted={"title": (wanted,) if wanted else ()}, force={force}
    )
    assert decided == (() if expected is None else (expected,))


@pytest.mark.parametrize(
    "found",
    ["2026-03-01T12:34", "2026-03-01T12:34:00", "2026-03-01T12", "2026-03-01", "2026"],
)
def test_a_date_that_lost_its_seconds_is_still_ours(found: str) -> None:
    ours, other = ("2026-03-01T12:34:56",), ("2025-01-01T00:00:00",)
    held, owned = {"date": (found,)}, {"date": ours}
    assert changes(held, owned=owned, wanted={"date": ours}) == ()
    assert changes(held, owned=owned, wanted={"date": other}) == (Change("date", ours, other),)
    assert Change("date", ours, other).may_replace((found,), ours)


@pytest.mark.parametrize("found", ["2026-03-02", "2026-0", "2026-03-01T12:34:57", ""])
def test_a_date_that_is_another_is_the_users(found: str) -> None:
    owned = {"date": ("2026-03-01T12:34:56",)}
    held = {"date": (found,)} if found else {}
    assert changes(held, owned=owned, wanted={"date": ("2025",)}) == ()


def test_a_field_that_is_not_wanted_is_not_touched() -> None:
    owned = {"title": ("A",), "cover": ("0f",)}
    assert changes(owned, owned=owned, wanted={"cover": ("1e",)}) == ()
