"""From titles to paths and back: no title leaves the root, breaks a file system, or is lost."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.core.model import Origin, RemoteTrack
from syncd.core.naming import (
    ALBUM_FIELDS,
    STEM_BYTES,
    BadTemplateError,
    Names,
    album_of,
    check_fields,
    check_template,
    decode,
    effective_title,
    encode,
    encode_part,
    fold,
    name_track,
)
from syncd.core.policy import Policy
from syncd.core.safety import is_inside
from syncd.local.scan import RECYCLE_FOLDERS

POLICY = Policy(origin=Origin("https://api.audiopod.ai"))
MARCH = datetime(2026, 3, 9, 8, 7, 6, tzinfo=UTC)
ALBUM = "AudioPod 2026-03"

REFUSED = '/\\:*?"<>|'
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

AWKWARD = st.one_of(
    st.sampled_from(
        f"{REFUSED}{BIDI}／＼：＊？＂＜＞｜．‛ .\t\n\0\x7f\u3000\u00a0\u200b\ufeff\u0338\u0e33"
    ),
    st.sampled_from(["..", "../", "con", "nul.", "COM1", "sample", ".part", ".sync", "e\u0301"]),
    st.sampled_from(["👩‍👩‍👧", "🇩🇪", "👍🏽", "क्षि", "\u1100\u1161\u11a8", "\ud800", "\udcff"]),
)
TITLES = st.one_of(
    st.text(st.characters(), max_size=80),
    st.lists(st.one_of(AWKWARD, st.text(max_size=4)), max_size=30).map("".join),
    st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=6), st.just(90)),
)


def track(title: str | None, job_id: int = 7, **fields: object) -> RemoteTrack:
    made = RemoteTrack(id=job_id, status="COMPLETED", title=title, created_at=MARCH)
    return replace(made, **fields)  # type: ignore[arg-type]


def path_of(title: str | None, *, suffixed: bool = False, policy: Policy = POLICY) -> str:
    return name_track(
        track(title), policy, album=ALBUM, number=3, ext="flac", suffixed=suffixed
    ).path


def assert_safe(component: str) -> None:
    assert component
    assert len(component.encode()) <= 255
    assert unicodedata.normalize("NFC", component) == component
    assert not component.startswith(".")
    assert component == component.strip()
    assert not component.endswith(".")
    assert not set(component) & set(REFUSED + BIDI)
    assert all(unicodedata.category(char) not in ("Cc", "Cs", "Cn") for char in component)


@given(title=TITLES, suffixed=st.booleans())
@settings(max_examples=250, deadline=None)
def test_any_title_gives_a_path_that_every_file_system_takes(title: str, suffixed: bool) -> None:
    policy = replace(POLICY, template="{title}/{genre}/{track} {title}{artist}.{ext}")
    given_track = track(title, genre=(title,))
    for one in (POLICY, policy):
        name = name_track(given_track, one, album=title, number=3, ext="flac", suffixed=suffixed)
        assert is_inside(name.path)
        assert name.path.endswith(f"/{name.stem}.flac")
        assert len(name.stem.encode()) <= STEM_BYTES
        assert not suffixed or name.stem.endswith(" [7]")
        for component in name.path.split("/"):
            assert_safe(component)


@given(title=TITLES)
@settings(max_examples=250, deadline=None)
def test_a_reversible_stem_gives_the_title_back(title: str) -> None:
    stem = encode(title)
    if stem.reversible:
        assert decode(stem.text) == unicodedata.normalize("NFC", title)


@given(title=st.text(st.sampled_from([*REFUSED, *"／＼：＊？＂＜＞｜．‛ab"]), max_size=20))
@settings(deadline=None)
def test_refused_characters_and_their_look_alikes_are_told_apart(title: str) -> None:
    stem = encode(f"a{title}z")
    assert stem.reversible
    assert decode(stem.text) == f"a{title}z"


@given(stem=st.text(max_size=60))
@settings(deadline=None)
def test_whatever_the_user_calls_a_file_can_be_decoded(stem: str) -> None:
    assert isinstance(decode(stem), str)


@pytest.mark.parametrize(
    ("title", "emitted", "reversible"),
    [
        ("AC/DC", "AC／DC", True),
        ("AC／DC", "AC‛／DC", True),
        ("‛quoted‛", "‛‛quoted‛‛", True),
        ("What? *No* <way>: a|b", "What？ ＊No＊ ＜way＞： a｜b", True),
        ("A．B", "A‛．B", True),
        ("..", "．．", True),
        ("../../x", "．．／..／x", True),
        (".hidden", "．hidden", True),
        ("Café", "Café", True),
        ("Cafe\u0301", "Café", True),
        ("Wait...", "Wait", False),
        ("  padded  ", "padded", False),
        ("non-breaking\u00a0", "non-breaking", False),
        ("two\nlines", "two lines", False),
        ("a\u202eb\u0007c", "abc", False),
        ("e\u200b\u0301", "é", False),
        ("CON", "CON_", False),
        ("con.txt", "con_.txt", False),
        ("Aux .x.y", "Aux _.x.y", False),
        ("lpt¹", "lpt¹_", False),
        ("sample", "sample_", False),
        ("console", "console", True),
        ("song.part", "song.part_", False),
        ("song.SYNC", "song.SYNC_", False),
        ("", "", True),
        ("   ", "", False),
        ("\u200b\u202e", "", False),
    ],
)
def test_a_title_is_emitted_as(title: str, emitted: str, reversible: bool) -> None:
    assert encode(title).text == emitted
    assert encode(title).reversible is reversible


def test_a_renamed_stem_decodes_to_the_name_the_server_should_have() -> None:
    assert decode("AC／DC live") == "AC/DC live"
    assert decode("Cafe\u0301") == "Café"


LETTERS = {
    "a family of emoji": "👨‍👩‍👧‍👦",
    "a skin tone": "👍🏽",
    "a country's flag": "🇩🇪",
    "a region's flag": "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "an accent with no composed form": "x\u0323\u0301",
    "a Devanagari conjunct with its vowel": "क्षि",
    "a Tamil syllable": "நி",
    "a Thai syllable with its tone and vowel": "น้ำ",
    "an archaic Korean syllable": "\u1113\u1161\u11aa",
    "a heart in colour": "❤️",
}


@pytest.mark.parametrize("letter", LETTERS.values(), ids=LETTERS)
def test_a_cut_falls_between_letters(letter: str) -> None:
    for padding in range(len(letter.encode()) + 1):
        title = "a" * padding + letter * 60
        kept = encode(title).text
        assert 0 < len(kept.encode()) <= STEM_BYTES
        assert kept[padding:] == letter * (len(kept[padding:]) // len(letter))
        assert STEM_BYTES - len(kept.encode()) < len(letter.encode())


def test_one_letter_longer_than_the_budget_is_cut_all_the_same() -> None:
    kept = encode("q" + "\u0301" * 500).text
    assert kept.startswith("q")
    assert 0 < len(kept.encode()) <= STEM_BYTES


def test_a_cut_never_leaves_half_a_quote() -> None:
    for padding in range(8):
        kept = encode("a" * padding + "／" * 100).text
        assert decode(kept) == "a" * padding + "／" * (len(decode(kept)) - padding)
        kept = encode("a" * padding + "‛" * 100).text
        assert decode(kept) == "a" * padding + "‛" * (len(decode(kept)) - padding)


@pytest.mark.parametrize(
    ("title", "prompt", "expected"),
    [
        ("Rain", "slow lofi", "Rain"),
        (None, "slow lofi beat with warm piano and rain", "slow lofi beat with warm piano"),
        ("", "slow\n lofi", "slow lofi"),
        (" \u200b ", None, "Untitled"),
        ("...", None, "..."),
        (None, "\u202e", "Untitled"),
        (None, "x" * 100, "x" * 60),
    ],
)
def test_a_track_without_a_title_is_named_for_its_prompt(
    title: str | None, prompt: str | None, expected: str
) -> None:
    assert effective_title(track(title, prompt=prompt)) == expected


@pytest.mark.parametrize(
    ("title", "path"),
    [
        ("Rain", f"{ALBUM}/Rain.flac"),
        (None, f"{ALBUM}/Untitled.flac"),
        ("..", f"{ALBUM}/．．.flac"),
        ("../../x", f"{ALBUM}/．．／..／x.flac"),
        ("/etc/passwd", f"{ALBUM}/／etc／passwd.flac"),
        ("Song.mp3", f"{ALBUM}/Song.mp3.flac"),
        ("nul", f"{ALBUM}/nul_.flac"),
        ("{title}{ext}", f"{ALBUM}/{{title}}{{ext}}.flac"),
        ("x" * 300, f"{ALBUM}/{'x' * 180}.flac"),
    ],
)
def test_the_path_of(title: str | None, path: str) -> None:
    assert path_of(title) == path


def test_the_id_suffix_stands_inside_the_budget_of_the_stem() -> None:
    name = name_track(
        track("ü" * 300, 2**63 - 1), POLICY, album=ALBUM, number=1, ext="ogg", suffixed=True
    )
    assert name.stem.endswith("ü [9223372036854775807]")
    assert STEM_BYTES - 2 < len(name.stem.encode()) <= STEM_BYTES


def test_a_long_frame_around_the_title_is_cut_and_keeps_the_id() -> None:
    policy = replace(POLICY, template="{title}" + "y" * 300 + ".{ext}")
    assert path_of("Rain", policy=policy, suffixed=True).endswith("y [7].flac")
    assert len(path_of("Rain", policy=policy, suffixed=True).rpartition("/")[2]) <= 185


def test_every_field_of_a_template_is_filled_in() -> None:
    template = "{artist}/{year}/{month}/{day}/{date}/{task}/{song_type}/{key}/{bpm}/{genre}/"
    template += "{emotion}/{occasion}/{language}/{album}/{track} {id} {title}.{ext}"
    check_template(template)
    full = track(
        "Rain",
        task="text2music",
        song_type="song",
        keyscale="F# minor",
        bpm=92.6,
        genre=("lo-fi", "jazz/funk"),
        emotion=("calm",),
        occasion=("study",),
        language="en",
    )
    policy = replace(POLICY, template=template, artist="Me")
    assert name_track(full, policy, album=ALBUM, number=3, ext="mp3").path == (
        "Me/2026/03/09/2026-03-09/text2music/song/F# minor/93/lo-fi, jazz／funk/calm/study/en/"
        "AudioPod 2026-03/03 7 Rain.mp3"
    )
    bare = RemoteTrack(id=1, status="COMPLETED")
    assert name_track(bare, policy, album="x", number=1, ext="mp3").path == (
        "Me/1970/01/01/1970-01-01/Unknown/Unknown/Unknown/Unknown/Unknown/Unknown/Unknown/Unknown/"
        "x/01 1 Untitled.mp3"
    )


def test_the_album_is_the_month_of_creation_by_default() -> None:
    assert album_of(track("x"), POLICY) == ALBUM
    assert album_of(track("x"), replace(POLICY, album="{artist}: {genre}")) == "AudioPod: Unknown"
    assert album_of(RemoteTrack(id=1, status="x"), POLICY) == "AudioPod 1970-01"


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("..", "Unknown"),
        ("", "Unknown"),
        (" . x. ", "x"),
        ("Sample", "Sample_"),
        ("subs", "subs_"),
        ("con.d", "con_.d"),
        ("Rock.sync", "Rock.sync_"),
        ("e\u0301", "é"),
    ],
)
def test_a_folder_is_mended_at_its_ends(part: str, expected: str) -> None:
    assert encode_part(part) == expected


@pytest.mark.parametrize("folder", [*sorted(RECYCLE_FOLDERS), ".Trash-1000", "#RECYCLE"])
def test_no_folder_is_one_that_the_scan_leaves_out(folder: str) -> None:
    made = encode_part(folder).casefold()
    assert made not in RECYCLE_FOLDERS
    assert not made.startswith(".trash-")


@pytest.mark.parametrize(
    ("taken", "wanted", "free"),
    [
        ("a/Rain.mp3", "a/Rain.mp3", False),
        ("a/Rain.mp3", "a/RAIN.mp3", False),
        ("A/Rain.mp3", "a/Rain.mp3", False),
        ("a/Cafe\u0301.mp3", "a/Café.mp3", False),
        ("a/Straße.mp3", "a/STRASSE.mp3", False),
        ("a/Rain.mp3", "a/Rain.flac", False),
        ("a/Rain.MP3", "a/rain.ogg", False),
        ("a/Rain.lrc", "a/Rain.mp3", True),
        ("a/Rain", "a/Rain.mp3", True),
        ("a/Rain.mp3", "b/Rain.mp3", True),
        ("a/Rain.mp3", "a/Rain 2.mp3", True),
        ("a.mp3/Rain", "a.flac/Rain", True),
        ("a/\udcff.mp3", "a/\udcff.mp3", False),
    ],
)
def test_two_paths_collide_where_a_file_system_or_a_sidecar_would(
    taken: str, wanted: str, free: bool
) -> None:
    names = Names([taken])
    assert names.is_free(wanted) is free
    names.take(wanted)
    assert not names.is_free(wanted)


def test_folding_joins_case_and_normal_forms() -> None:
    assert fold("A/CAFE\u0301") == fold("a/café")
    assert fold("a") != fold("b")


@pytest.mark.parametrize(
    ("one", "other"),
    [("❤\ufe0f", "❤"), ("a\u00adb", "AB"), ("a\u200db", "ab"), ("ı", "I"), ("Maß", "MASS")],
)
def test_folding_joins_what_only_some_systems_take_for_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{title", "expected '}' before end of string; fields are written as {title}"),
        ("{album}/{name}.{ext}", "'{name}' is no field; fields are id, title, album"),
        ("{title!r}.{ext}", "'{title}' is no field"),
        ("{title:>9}.{ext}", "'{title}' is no field"),
        ("{}{title}.{ext}", "'{}' is no field"),
        ("{title.__class__}.{ext}", "'{title.__class__}' is no field"),
        ("/{title}.{ext}", "must be a relative path without empty, '.' or '..' parts"),
        ("~/{title}.{ext}", "must be a relative path without empty, '.' or '..' parts"),
        ("a//{title}.{ext}", "must be a relative path without empty, '.' or '..' parts"),
        ("../{title}.{ext}", "must be a relative path without empty, '.' or '..' parts"),
        ("./{title}.{ext}", "must be a relative path without empty, '.' or '..' parts"),
        (".syncd/{title}.{ext}", "no part may start with a dot"),
        ("{album}/.{title}.{ext}", "no part may start with a dot"),
        ("{title}/{id}.{ext}", "the last part must hold {title} and end in .{ext}"),
        ("{title}.mp3", "the last part must hold {title} and end in .{ext}"),
        ("", "must be a relative path without empty, '.' or '..' parts"),
        ("{ext}/{title}.{ext}", "{ext} may stand only at the end"),
        ("{title}.{ext}.{ext}", "{ext} may stand only at the end"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused(template: str, message: str) -> None:
    with pytest.raises(BadTemplateError) as caught:
        check_template(template)
    assert str(caught.value).startswith(message)


def test_a_template_may_hold_braces_of_its_own() -> None:
    check_template("{{live}}/{title}.{ext}")
    policy = replace(POLICY, template="{{live}}/{title}.{ext}")
    assert path_of("Rain", policy=policy) == "{live}/Rain.flac"


def test_the_album_has_fewer_fields() -> None:
    check_fields("{artist} {year}", ALBUM_FIELDS)
    with pytest.raises(BadTemplateError, match="is no field; fields are year, month, day"):
        check_fields("{title}", ALBUM_FIELDS)
