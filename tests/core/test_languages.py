"""Languages by code and by name."""

from __future__ import annotations

from itertools import product
from string import ascii_lowercase

import pytest

from syncd.core.languages import language_code

WITHDRAWN = {"in", "iw", "ji", "jw", "mo"}
PAIRS = {"".join(pair) for pair in product(ascii_lowercase, repeat=2)} - WITHDRAWN


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("en", "eng"),
        ("EN-gb", "eng"),
        ("pt_BR", "por"),
        ("eng", "eng"),
        (" English ", "eng"),
        ("Mandarin", "zho"),
        ("zh-Hant", "zho"),
        ("yue", "yue"),
        ("ja", "jpn"),
        ("hr", "hrv"),
        ("is", "isl"),
        ("ger", "deu"),
        ("fre", "fra"),
        ("chi", "zho"),
        ("cmn", "zho"),
        ("zh-yue", "zho"),
        ("es-419", "spa"),
        ("iw", "heb"),
        ("grc", "grc"),
        ("Croatian", "hrv"),
        ("Deutsch", "deu"),
        ("FRANÇAIS", "fra"),
        ("italiano", "ita"),
        ("日本語", "jpn"),
        ("Cantonese", "yue"),
        ("Portuguese (Brazil)", "por"),
        ("Haitian Creole", "hat"),
        ("Klingon", None),
        ("no-vocals", None),
        ("instrumental", None),
        ("auto", None),
        ("und", None),
        ("zxx", None),
        ("unknown", None),
        ("", None),
        (None, None),
    ],
)
def test_a_language_as_iso_639_2(text: str | None, code: str | None) -> None:
    assert language_code(text) == code


def test_every_language_of_iso_639_1_is_known_by_its_codes() -> None:
    every = {two: code for two in PAIRS if (code := language_code(two))}
    assert len(every) == 184
    assert len(set(every.values())) == 184
    assert {language_code(code) for code in every.values()} == set(every.values())
