"""What a renamed file asks for, and what a new title makes of a file's name."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest

from syncd.core.naming import STEM_BYTES
from syncd.core.renaming import (
    UnsendableName,
    conflict_stem,
    is_renamed,
    new_stem,
    title_of,
    without_conflict,
)

from .names import (
    ARTIST,
    ARTIST_LAST,
    BLANK_ENDS,
    BRACES,
    DATED,
    IN_THE_MIDDLE,
    LONG,
    NO_SPACE,
    NUMBERED,
    NUMBERED_ARTIST,
    PLAIN,
    TWICE,
    WITH_ID,
    asked,
    emitted,
    followed,
)

LONG_TITLE = "Ein sehr langer Titel, " * 12

# --- what a renamed file asks for ---


@pytest.mark.parametrize(
    ("title", "template", "stem", "title_asked"),
    [
        # the name alone
        ("Rain", PLAIN, "Snow", "Snow"),
        ("AC/DC", PLAIN, "AC／DC live", "AC/DC live"),
        ("AC／DC", PLAIN, "AC‛／DC live", "AC／DC live"),
        ("Rain", PLAIN, "RAIN", "RAIN"),
        ("Rain", PLAIN, "rain", "rain"),
        ("Rain", PLAIN, "Rain ", "Rain "),
        ("Rain", PLAIN, "．hidden", ".hidden"),
        (".hidden", PLAIN, "．hidden too", ".hidden too"),
        ("Rain", PLAIN, "Rain 🌧️👩‍👩‍👧", "Rain 🌧️👩‍👩‍👧"),
        ("Rain", PLAIN, "Cafe\u0301", "Café"),
        ("Rain", PLAIN, "＜\u0338", "≮"),
        (LONG_TITLE, PLAIN, "Short", "Short"),
        ("Wait...", PLAIN, "Wait for me", "Wait for me"),
        # between what the template put around it
        ("Rain", NUMBERED, "01 Snow", "Snow"),
        ("Rain", NUMBERED, "01 02 Snow", "02 Snow"),
        ("AC/DC", NUMBERED, "01 AC／DC live", "AC/DC live"),
        ("Rain", NUMBERED_ARTIST, "01 - AudioPod - Snow", "Snow"),
        ("AudioPod", NUMBERED_ARTIST, "01 - AudioPod - Snow", "Snow"),
        ("A - B", NUMBERED_ARTIST, "01 - AudioPod - A - B - C", "A - B - C"),
        ("Rain", ARTIST_LAST, "Snow (AudioPod)", "Snow"),
        ("Rain", DATED, "Snow, 2026", "Snow"),
        ("F# minor", IN_THE_MIDDLE, "lo-fi, jazz／funk AudioPod - Snow - 92 F# minor", "Snow"),
        ("Rain", BRACES, "{01} Snow {live}", "Snow"),
        ("Rain", BLANK_ENDS, "AudioPod - Snow live", "Snow"),
        ("(x", ARTIST_LAST, "(y (AudioPod)", "(y"),
        (LONG_TITLE, NUMBERED, "01 Short", "Short"),
        (LONG_TITLE, ARTIST_LAST, "Short (AudioPod)", "Short"),
        ("👩‍👩‍👧" * 40, ARTIST_LAST, "Short (AudioPod)", "Short"),
        # what the template put around it was touched: the whole name
        ("Rain", NUMBERED, "Snow", "Snow"),
        ("Rain", NUMBERED, "02 Snow", "02 Snow"),
        ("Rain", NUMBERED, "99 Luftballons", "99 Luftballons"),
        ("Rain", ARTIST, "Heavy Rain", "Heavy Rain"),
        ("Rain", ARTIST, "Me - Rain", "Me - Rain"),
        ("Rain", ARTIST_LAST, "Rain (live)", "Rain (live)"),
        ("Rain", BRACES, "{01} {live}", "{01} {live}"),
        ("Rain", TWICE, "Snow - Rain", "Snow - Rain"),
        ("Rain", NUMBERED, "01 ", "01 "),
        # the own suffix is nobody's title, another's number is
        ("Rain", PLAIN, "Snow [7]", "Snow"),
        ("Rain", PLAIN, "Rain [8]", "Rain [8]"),
        ("Rain [8]", PLAIN, "Snow [8]", "Snow [8]"),
        ("Rain", PLAIN, "Rain[7]", "Rain[7]"),
        ("Rain", PLAIN, "[7] Rain", "[7] Rain"),
        ("Rain", NUMBERED, "01 Snow [7]", "Snow"),
        ("Rain", WITH_ID, "Snow [7]", "Snow"),
        ("Rain", WITH_ID, "Snow", "Snow"),
        ("Rain [7]", NUMBERED, "01 Snow [7]", "Snow"),
        ("Rain [7]", ARTIST, "AudioPod - Snow [7]", "Snow"),
        ("Rain [7]", ARTIST_LAST, "Snow [7] (AudioPod)", "Snow [7]"),
        # the title stands where the template puts it, and elsewhere as well
        ("o", "{artist} {title} ({artist}).{ext}", "AudioPod Snow (AudioPod)", "Snow"),
        ("o", "{artist}o{title} ({artist}).{ext}", "AudioPodoSnow (AudioPod)", "Snow"),
        # the job's number before it
        ("Rain", "{id} - {title}.{ext}", "7 - Snow", "Snow"),
        ("Rain", "{id} - {title}.{ext}", "8 - Snow", "8 - Snow"),
        # cut by one character, and to one
        ("x" * 170, ARTIST_LAST, "Snow (AudioPod)", "Snow"),
        (
            "x👩‍👩‍👧‍👦",
            "{artist}" + "y" * 152 + " {title}.{ext}",
            "AudioPod" + "y" * 152 + " Snow",
            "Snow",
        ),
    ],
)
def test_a_file_renamed_by_the_user_asks_for(
    title: str, template: str, stem: str, title_asked: str
) -> None:
    assert asked(stem, title, template) == title_asked


@pytest.mark.parametrize(
    ("title", "template", "stem"),
    [
        # emitted so, whatever of the title was lost on the way
        ("Rain", PLAIN, "Rain"),
        ("Wait...", PLAIN, "Wait"),
        ("two\nlines", PLAIN, "two lines"),
        ("CON", PLAIN, "CON_"),
        ("a\u202eb", NUMBERED, "01 ab"),
        # another spelling
        ("Café", PLAIN, "Cafe\u0301"),
        ("Café", NUMBERED, "01 Cafe\u0301"),
        ("A: B", PLAIN, "A: B"),
        ("한글", PLAIN, unicodedata.normalize("NFD", "한글")),
        # the own suffix came or went
        ("Rain", PLAIN, "Rain [7]"),
        ("Rain [7]", PLAIN, "Rain"),
        ("Rain [7]", NUMBERED, "Rain [7]"),
        ("Rain [7]", NUMBERED, "Rain"),
        ("Rain", WITH_ID, "Rain"),
        ("a\u202eb [7]", ARTIST_LAST, "ab (AudioPod)"),
        ("Café", PLAIN, "Cafe\u0301 [7]"),
        # what the template put around the title went, or has another number
        ("Rain", NUMBERED, "Rain"),
        ("Rain", NUMBERED, "Rain [7]"),
        ("Rain", NUMBERED, "02 Rain"),
        ("Rain", NUMBERED_ARTIST, "12 - AudioPod - Rain"),
        ("Rain", NUMBERED_ARTIST, "Rain"),
        ("Rain", DATED, "Rain, 1999"),
        ("Rain", "{year} {track} {title}.{ext}", "1999 02 Rain"),
        ("Wait...", NUMBERED, "Wait"),
        ("Rain", TWICE, "Rain"),
        (LONG_TITLE, NUMBERED, emitted(LONG_TITLE, NUMBERED).removeprefix("01 ")),
        # a blank name is no name
        ("Rain", PLAIN, ""),
        ("Rain", PLAIN, " "),
        ("Rain", PLAIN, " [7]"),
        ("Rain", PLAIN, "\u200b\u202e"),
    ],
)
def test_a_name_that_says_nothing_new_sends_nothing(title: str, template: str, stem: str) -> None:
    assert asked(stem, title, template) is None


def test_a_suffix_that_the_program_gave_is_no_part_of_the_title() -> None:
    for template in (PLAIN, NUMBERED, ARTIST, ARTIST_LAST, WITH_ID):
        placed = emitted("Rain", template, suffixed=True)
        assert placed.endswith(" [7]")
        assert asked(placed.removesuffix(" [7]"), "Rain", template, placed=placed) is None
        changed = placed.replace("Rain", "Snow")
        assert asked(changed, "Rain", template, placed=placed) == "Snow"
        assert asked(changed.removesuffix(" [7]"), "Rain", template, placed=placed) == "Snow"


def test_the_suffix_of_another_job_is_kept_as_text() -> None:
    assert asked("Rain [8]", "Rain", job_id=8) is None
    assert asked("Rain [8]", "Rain", job_id=7) == "Rain [8]"
    assert asked("Rain [17]", "Rain", job_id=7) == "Rain [17]"


@pytest.mark.parametrize(
    ("prompt", "template", "stem", "title_asked"),
    [
        ("slow lofi", PLAIN, "Snow", "Snow"),
        ("slow lofi", NUMBERED, "01 Snow", "Snow"),
        ("slow lofi", NUMBERED, "02 slow lofi", None),
        ("slow lofi", NUMBERED, "slow lofi", None),
        ("99 balloons", NUMBERED, "01 Snow", "Snow"),
        ("slow lofi", DATED, "Snow, 2026", "Snow"),
        ("slow lofi", ARTIST, "AudioPod - Snow", "AudioPod - Snow"),
        (None, PLAIN, "Snow", "Snow"),
        (None, NUMBERED, "01 Snow", "Snow"),
        (None, ARTIST, "AudioPod - Snow", "Snow"),
        (None, ARTIST, "Untitled", None),
        (None, PLAIN, "Untitled [7]", None),
        (None, PLAIN, "untitled", "untitled"),
    ],
)
def test_a_track_without_a_title_can_be_given_one(
    prompt: str | None, template: str, stem: str, title_asked: str | None
) -> None:
    placed = emitted(None, template, prompt=prompt)
    for title in (None, "", " \u200b"):
        assert asked(stem, title, template, placed=placed) == title_asked


@pytest.mark.parametrize(
    ("title", "placed", "template", "stem", "title_asked"),
    [
        # the user's own name, without the number, and then another
        ("Snow", "Snow", NUMBERED, "Hail", "Hail"),
        ("99 Luftballons", "99 Luftballons", NUMBERED, "99 Balloons", "99 Balloons"),
        ("Heavy Rain", "Heavy Rain", ARTIST, "Light Rain", "Light Rain"),
        # the service cut or changed what it was sent
        ("99 Luft", "99 Luftballons", NUMBERED, "99 Balloons", "99 Balloons"),
        ("Snow fa", "01 Snow falls", NUMBERED, "01 Hail", "Hail"),
        ("SNOW", "01 Snow", NUMBERED, "01 Hail", "Hail"),
        ("SNOW", "01 Snow", NUMBERED, "03 Snow", None),
        ("Sno", "Snow, 2026", DATED, "Hail, 2026", "Hail"),
        ("Snow and hail", "Snow (AudioPod)", ARTIST_LAST, "Hail (AudioPod)", "Hail (AudioPod)"),
        ("Rainbow", "AudioPod - Rain", ARTIST, "AudioPod - Hail", "AudioPod - Hail"),
        ("a" * 169, "AudioPod - " + "a" * 168, ARTIST, "AudioPod - Hail", "AudioPod - Hail"),
        ("SNOW", "7 - Snow", "{id} - {title}.{ext}", "7 - Hail", "Hail"),
        # … or a title that is too long for a name begins like a number
        ("99 " + LONG_TITLE, ("99 " + LONG_TITLE)[:177], NUMBERED, "99 Balloons", "99 Balloons"),
        # a name of several lines
        ("SNOW", "01 Sn\now", NUMBERED, "01 Hail", "Hail"),
        ("Snow", "Me\nYou - Snow", ARTIST, "Me\nYou - Hail", "Hail"),
        ("Snow", "Snow (Me\nYou)", ARTIST_LAST, "Hail (Me\nYou)", "Hail"),
    ],
)
def test_a_name_can_change_again(
    title: str, placed: str, template: str, stem: str, title_asked: str | None
) -> None:
    assert asked(stem, title, template, placed=placed) == title_asked


def test_a_chain_of_renames_gives_each_title_in_turn() -> None:
    title, stem = "AC/DC", emitted("AC/DC", NUMBERED)
    for name, expected in (
        ("01 AC／DC live", "AC/DC live"),
        ("01 Who？", "Who?"),
        ("Who？ [7]", None),
        ("99 Luftballons", "99 Luftballons"),
        ("99 luftballons", "99 luftballons"),
    ):
        result = asked(name, title, NUMBERED, placed=stem)
        assert result == expected
        if result is not None:
            title, stem = result, name


@pytest.mark.parametrize("half", [0xD800, 0xDCFF, 0xDFFF])
def test_no_half_of_a_character_is_sent(half: int) -> None:
    with pytest.raises(UnsendableName):
        asked(f"Snow {chr(half)}", "Rain")


def test_what_is_beside_the_halves_is_sent() -> None:
    assert asked("Snow \ud7ff", "Rain") == "Snow \ud7ff"
    assert asked("Snow \ue000", "Rain") == "Snow \ue000"


def test_a_name_that_is_not_utf_8_cannot_be_sent() -> None:
    with pytest.raises(UnsendableName, match="not valid UTF-8"):
        asked("Rain \udcff", "Rain")
    with pytest.raises(UnsendableName):
        asked("01 \udce9", "Rain", NUMBERED)
    assert asked("\udcff", "Rain", placed="\udcff") is None
    assert asked("\udcff [7]", "Rain", placed="\udcff") is None


def test_a_name_that_was_not_utf_8_can_be_mended() -> None:
    placed = "\udcff - Rain"
    assert asked("Snow", "Rain", ARTIST, placed=placed) == "Snow"
    assert followed("Snow", "Rain", ARTIST, placed=placed) == "Snow"


def test_a_rename_is_a_difference_that_no_file_system_makes() -> None:
    assert not is_renamed("Cafe\u0301", "Café")
    assert is_renamed("cafe\u0301", "Café")
    assert is_renamed("Rain [7]", "Rain")


def test_a_title_made_to_be_hard_to_find_is_looked_for_quickly() -> None:
    template = "{genre} {artist} {album} {task} {key} {occasion} {emotion} {language} {title}.{ext}"
    placed = "a " * 85 + "bb"
    assert asked("Snow", "b" + "c" * 5000, template, placed=placed) == "Snow"


# --- what a new title makes of a file's name ---


@pytest.mark.parametrize(
    ("before", "template", "title", "stem"),
    [
        ("Rain", PLAIN, "AC/DC", "AC／DC"),
        ("Rain", NUMBERED, "Snow", "01 Snow"),
        ("Rain", NUMBERED_ARTIST, "Snow", "01 - AudioPod - Snow"),
        ("Rain", ARTIST_LAST, "Snow", "Snow (AudioPod)"),
        ("Rain", WITH_ID, "Snow", "Snow [7]"),
        ("Rain", TWICE, "Snow", "Snow"),
        ("Rain", BRACES, "{Snow}", "{01} {Snow} {live}"),
        (LONG_TITLE, NUMBERED, "Snow", "01 Snow"),
        (LONG_TITLE, ARTIST_LAST, "Snow", "Snow (AudioPod)"),
        (None, NUMBERED, "Snow", "01 Snow"),
        ("Rain", NUMBERED, "...", "01 ．．．"),
        ("Rain", NUMBERED, "", "01 Untitled"),
        ("Rain", PLAIN, "con", "con_"),
        ("Rain", "{track}.{title}.{ext}", "sync", "sync"),
        ("Rain", NO_SPACE, "\u0301x", "AudioPod\u0301x"),
        ("Rain", "e{title}.{ext}", "\u0301x", "\u0301x"),
    ],
)
def test_the_frame_is_kept_around_a_new_title(
    before: str | None, template: str, title: str, stem: str
) -> None:
    assert followed(title, before, template) == stem


def test_a_suffix_is_added_inside_the_budget() -> None:
    assert followed("Snow", "Rain", NUMBERED, suffixed=True) == "01 Snow [7]"
    assert followed("Snow", "Rain", WITH_ID, suffixed=True) == "Snow [7]"
    placed = emitted("Rain", NUMBERED, suffixed=True)
    assert followed("Snow", "Rain", NUMBERED, placed=placed) == "01 Snow"
    long = followed("x" * 400, "Rain", NUMBERED, suffixed=True)
    assert long == "01 " + "x" * (STEM_BYTES - 7) + " [7]"


def test_a_frame_that_leaves_no_room_is_given_up_for_the_title() -> None:
    template = "y" * 170 + " {title}.{ext}"
    assert followed("Snow", "Rain", template) == "Snow"
    assert followed("Snow", "Rain", LONG) == "y" * 160 + " Snow"
    least = "y" * (STEM_BYTES - 16)
    assert followed("Snow", "Rain", least + "{title}.{ext}") == least + "Snow"
    assert followed("Snow", "Rain", least + "y{title}.{ext}") == "Snow"


def test_a_title_that_is_left_without_its_frame_has_room_for_the_suffix() -> None:
    template = "y" * 170 + " {title}.{ext}"
    made = followed("x" * 400, "Rain", template, suffixed=True)
    assert made == "x" * (STEM_BYTES - 4) + " [7]"


def test_a_stem_has_no_suffix_unless_it_is_asked_for() -> None:
    stem = new_stem(
        "Snow", placed_title="Rain", placed_stem="Rain", template="{title}.{ext}", job_id=7
    )
    assert stem == "Snow"


@pytest.mark.parametrize("end", ["", " (conflict 2026-04-01)", " (conflict 2026-04-01) 12"])
def test_what_a_conflict_copy_has_behind_its_name_is_taken_off(end: str) -> None:
    assert without_conflict(f"Rain{end}") == "Rain"


def test_a_name_of_the_users_own_gets_no_number_back() -> None:
    assert followed("Hail", "Snow", NUMBERED, placed="Snow") == "Hail"
    assert followed("Hail", "99 Luftballons", NUMBERED, placed="99 Luftballons") == "Hail"


@pytest.mark.parametrize("name", ["r" * 250, "é" * 120, "\udcff" * 240, "🎈" * 60])
def test_the_name_of_a_conflict_copy_fits_whatever_the_file_is_called(name: str) -> None:
    made = conflict_stem(name, date(2026, 4, 1), 12)
    assert len(f"{made}.flac".encode(errors="surrogateescape")) <= 255
    assert made.endswith(" (conflict 2026-04-01) 12")


@pytest.mark.parametrize("stem", ["02 Sun (conflict 2026-04-01)", "02 Sun (conflict 2026-04-01) 2"])
def test_a_conflict_copy_named_by_an_earlier_template_is_no_rename(stem: str) -> None:
    found = title_of(
        stem, placed_title="Sun", placed_stem="Sun", template="{title}.{ext}", job_id=3
    )
    assert found is None
