"""There and back: any title, any template, and nothing is sent that nobody asked for."""

from __future__ import annotations

import unicodedata

from hypothesis import assume, given
from hypothesis import strategies as st

from syncd.core.naming import STEM_BYTES, decode, encode

from .names import TEMPLATES, TWICE, asked, emitted, followed

TITLES = st.one_of(
    st.text(st.characters(), max_size=60),
    st.lists(
        st.one_of(
            st.sampled_from(
                [" [7]", " [8]", "[7]", " - ", " ", "/", "／", ":", "‛", ".", "．", "..."]
            ),
            st.sampled_from(["01 ", "2026", "AudioPod", "con", ".sync", "Untitled", "\u0301", "y"]),
            st.sampled_from(
                ["👩‍👩‍👧", "🇩🇪", "क्षि", "\u1100\u1161\u11a8", "\u202e", "\n", "＜\u0338"]
            ),
            st.text(max_size=3),
        ),
        max_size=12,
    ).map("".join),
    st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=6), st.just(90)),
)


@given(a=TITLES, b=TITLES, template=st.sampled_from(TEMPLATES), suffixed=st.booleans())
def test_a_file_that_followed_the_account_asks_for_nothing(
    a: str, b: str, template: str, suffixed: bool
) -> None:
    stem = followed(b, a, template, suffixed=suffixed)
    assert 0 < len(stem.encode()) <= STEM_BYTES
    assert stem.endswith(" [7]") or not suffixed
    assert asked(stem, b, template, placed=stem) is None
    decomposed = unicodedata.normalize("NFD", stem)
    assert asked(decomposed, b, template, placed=stem) is None


REVERSIBLE = TITLES.map(lambda title: decode(encode(title).text)).filter(
    lambda title: (
        encode(title).reversible and not title.endswith("[7]") and title not in ("", "Untitled")
    )
)


@given(a=TITLES, b=REVERSIBLE, template=st.sampled_from(TEMPLATES), suffixed=st.booleans())
def test_a_file_that_was_given_the_name_of_another_title_asks_for_that_title(
    a: str, b: str, template: str, suffixed: bool
) -> None:
    text = encode(b).text
    stem = followed(b, a, template, suffixed=suffixed)
    assume(text in stem)  # a title that was cut beside its frame cannot come back whole
    placed = emitted(a, template).removesuffix(" [7]")
    if stem.removesuffix(" [7]") == placed or text == encode(a).text.removesuffix(" [7]"):
        assert asked(stem, a, template) is None
    else:
        assert asked(stem, a, template) == unicodedata.normalize("NFC", b)


@given(a=TITLES, b=st.text("abc /:[]7é-", max_size=90), template=st.sampled_from(TEMPLATES[:-4]))
def test_a_file_that_follows_the_account_is_named_as_if_it_were_new(
    a: str, b: str, template: str
) -> None:
    assume(template != TWICE)
    # Where the old title melted into its frame, its stem cannot be taken apart.
    assume(unicodedata.normalize("NFC", a)[:1].isascii() and not encode(a).text.endswith("[7]"))
    assert followed(b, a, template) == emitted(b, template)
