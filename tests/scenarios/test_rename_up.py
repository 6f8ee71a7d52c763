"""A file is renamed in the folder: its job follows, the file stays where the user put it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from mutagen.flac import FLAC

from syncd.simulator import Simulator

from .mirroring import ALBUM, LRC, Mirror, patch, title_of

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]


# --- which names are sent ---


class Renaming(NamedTuple):
    """A song, what its file is renamed to, and the name that is sent for it, if any is."""

    title: str
    file: str
    to: str
    sent: str | None


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


RENAMINGS = {
    "another stem": Renaming("Alpha", "Alpha", "Alpha live.flac", "Alpha live"),
    "a slash": Renaming("AC/DC", "AC／DC", "AC／DC live.flac", "AC/DC live"),
    "a question mark": Renaming("Who", "Who", "Who？.flac", "Who?"),
    "leading dots": Renaming("...And", "．．．And", "．．．And so.flac", "...And so"),
    "case alone": Renaming("echo", "echo", "Echo.flac", "Echo"),
    "accents spelled otherwise": Renaming("Café", "Café", nfd("Café.flac"), None),
    "an accent, spelled apart": Renaming("Naive", "Naive", nfd("Naïve.flac"), "Naïve"),
    "another case of the extension": Renaming("Golf", "Golf", "Golf.FLAC", None),
    "another extension": Renaming("Hotel", "Hotel", "Hotel.oga", None),
    "its own id behind it": Renaming("India", "India", "India [{id}].flac", None),
    "a number behind it": Renaming("Juliett", "Juliett", "Juliett [1].flac", "Juliett [1]"),
    "moved": Renaming("Kilo", "Kilo", "../Best of/Kilo.flac", None),
    "moved and renamed": Renaming("Lima", "Lima", "../Best of/Lima 2.flac", "Lima 2"),
    "to the top": Renaming("Mike", "Mike", "../Mike.flac", None),
    "the suffix kept": Renaming("Same", "Same [{id}]", "Other [{id}].flac", "Other"),
    "a title cut off": Renaming("n" * 200, "n" * 180, "November.flac", "November"),
    "a dot within": Renaming("Oscar", "Oscar", "Oscar vs. Papa.flac", "Oscar vs. Papa"),
}


class Renamed(NamedTuple):
    """The library after every renaming at once, and what its first sync and a second one did."""

    mirror: Mirror
    jobs: dict[str, int]
    first: list[object]
    again: list[object]


@pytest.fixture(scope="module")
def renamed(synced: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Renamed]:
    """To be looked at, not to be changed."""
    with Simulator() as sim:
        bench = synced.beside(tmp_path_factory.mktemp("renamed"), sim)
        mirror = Mirror(bench, sim, lambda *_: {}, {})
        mirror.add("Same")
        jobs = {}
        for case, row in RENAMINGS.items():
            jobs[case] = mirror.add(row.title)
        mirror.sync()
        for case, row in RENAMINGS.items():
            mirror.rename(row.file.format(id=jobs[case]), row.to.format(id=jobs[case]))
        mirror.sync()
        first = list(mirror.sent())
        mirror.sync()
        yield Renamed(mirror, jobs, first, list(mirror.sent()))


@pytest.mark.parametrize("case", RENAMINGS)
def test_a_renamed_file_sends_what_its_name_stands_for(renamed: Renamed, case: str) -> None:
    mirror, job_id, row = renamed.mirror, renamed.jobs[case], RENAMINGS[case]
    sent = [one for one in renamed.first if one[1] == job_id]  # type: ignore[index]
    assert sent == ([] if row.sent is None else [patch(job_id, row.sent)])
    assert mirror.account()[job_id] == (row.sent or row.title)
    path = mirror.bench.placed(job_id)
    assert path.resolve() == mirror.path(row.to.format(id=job_id)).resolve()
    assert path.exists()
    with mirror.bench.catalog() as catalog:
        entries = catalog.journal.entries(job_id)
    sendings = [e for e in entries if e["verb"] == "rename-remote"]
    assert [(e["before"], e["after"], e["outcome"]) for e in sendings] == (
        [] if row.sent is None else [(row.title, row.sent, "done")]
    )


def test_nothing_else_is_sent_and_a_second_run_sends_nothing(renamed: Renamed) -> None:
    assert len(renamed.first) == sum(row.sent is not None for row in RENAMINGS.values())
    assert renamed.again == []
    assert renamed.mirror.trash() == []


def test_one_patch_is_sent_after_a_fresh_look(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    before = mirror.path("Alpha").stat()
    path = mirror.rename("Alpha", "Omega")
    result = mirror.sync()
    assert mirror.asked() == [
        ("GET", "/jobs"),
        ("GET", f"/jobs/{alpha}/status"),
        ("PATCH", f"/jobs/{alpha}"),
    ]
    assert mirror.sent() == [patch(alpha, "Omega")]
    assert mirror.bench.requests("media") == []
    assert result.out == "in step: 0 placed, 1 renamed in the account\n"
    assert path.stat().st_mode == before.st_mode
    assert mirror.files() == ["Beta.flac", "Delta.flac", "Gamma.flac", "Omega.flac"]
    assert mirror.path("Omega.lrc").read_text() == LRC + "\n"
    assert not mirror.path("Alpha.lrc").exists()
    assert mirror.done("Alpha") == [("rename-remote", "done")]
    mirror.assert_rests()


def test_a_number_of_the_template_never_travels(bench: Bench, look: Look) -> None:
    library = {"template": "{album}/{track} - {title}.{ext}"}
    mirror = Mirror.of(bench, look, "Alpha", "Beta", "Gamma", library=library)
    mirror.rename("01 - Alpha", "07 - Alpha")
    mirror.rename("02 - Beta", "02 - Better")
    mirror.rename("03 - Gamma", "Ray")
    mirror.sync()
    beta, gamma = mirror.jobs["Beta"], mirror.jobs["Gamma"]
    assert sorted(mirror.sent()) == sorted([patch(beta, "Better"), patch(gamma, "Ray")])
    assert mirror.files() == ["02 - Better.flac", "07 - Alpha.flac", "Ray.flac"]
    mirror.assert_rests()


# --- several at once ---


def test_of_several_renamings_since_the_last_run_the_last_name_is_sent(mirror: Mirror) -> None:
    mirror.rename("Alpha", "One")
    mirror.rename("One", "Two")
    mirror.rename("Two", "Three", folder="Best of")
    mirror.sync()
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Three")]
    mirror.assert_rests()


def test_what_was_renamed_and_renamed_back_sends_nothing(mirror: Mirror) -> None:
    mirror.rename("Alpha", "One")
    mirror.rename("One", "Alpha")
    mirror.sync()
    assert mirror.sent() == []


@pytest.mark.parametrize(
    "names",
    [
        {"Alpha": "Beta", "Beta": "Gamma", "Gamma": "New"},
        {"Alpha": "Beta", "Beta": "Alpha"},
        {"Alpha": "Beta", "Beta": "Gamma", "Gamma": "Alpha"},
    ],
    ids=["a chain", "a swap", "a circle"],
)
def test_names_that_are_handed_on_are_sent_as_they_are(
    mirror: Mirror, names: dict[str, str]
) -> None:
    for old in names:
        mirror.rename(old, f"{old} for now")
    for old, new in names.items():
        mirror.rename(f"{old} for now", new)
    before = mirror.files()
    mirror.sync()
    expected = [patch(mirror.jobs[old], new) for old, new in names.items()]
    assert sorted(mirror.sent()) == sorted(expected)
    assert mirror.files() == before
    for old, new in names.items():
        assert mirror.account()[mirror.jobs[old]] == new
        assert mirror.bench.placed(mirror.jobs[old]) == mirror.path(new)
        assert title_of(mirror.path(new)) == new
    assert mirror.trash() == []
    mirror.assert_rests()


def test_a_renamed_folder_sends_nothing(mirror: Mirror) -> None:
    (mirror.bench.root / ALBUM).rename(mirror.bench.root / "Spring")
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.bench.requests("media") == []
    assert mirror.bench.placed(mirror.jobs["Beta"]) == mirror.path("Beta", "Spring")
    assert mirror.done("Beta") == [("adopt", "done")]
    assert mirror.trash() == []
    mirror.assert_rests()


# --- the title in the tags ---


def test_a_title_of_ours_is_renewed(mirror: Mirror) -> None:
    path = mirror.rename("Alpha", "AC／DC")
    mirror.sync()
    assert title_of(path) == "AC/DC"
    mirror.assert_rests()


def test_a_title_for_which_there_is_no_room_is_written_once_there_is(mirror: Mirror) -> None:
    path = mirror.rename("Alpha", "Omega")
    refused = "lambda *_, **__: (_ for _ in ()).throw(OSError(28, 'No space left on device'))"
    module = "__import__('sys').modules['syncd.executor.retag']"
    result = mirror.sync(1, before=f"import syncd.executor\n{module}.write = {refused}")
    assert "is full" in result.err
    assert mirror.account()[mirror.jobs["Alpha"]] == "Omega"
    assert title_of(path) == "Alpha"
    mirror.sync()
    assert title_of(path) == "Omega"
    mirror.assert_rests()


def test_a_title_of_the_users_is_kept(mirror: Mirror) -> None:
    path = mirror.rename("Alpha", "Omega")
    tagged = FLAC(path)
    tagged["title"], tagged["comment"] = "Mine", "also mine"
    tagged.save()
    mirror.sync()
    assert mirror.account()[mirror.jobs["Alpha"]] == "Omega"
    assert (title_of(path), FLAC(path)["comment"]) == ("Mine", ["also mine"])
    mirror.assert_rests()


# --- what the service makes of a name ---


@pytest.mark.parametrize("answer", ["job", "wrapped", "message"])
def test_whatever_the_answer_to_a_patch_is_the_name_is_known(mirror: Mirror, answer: Any) -> None:
    mirror.sim.switches.patch_answer = answer
    mirror.rename("Alpha", "Omega")
    mirror.sync()
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Omega")]
    asked = [method for method, path in mirror.asked() if str(mirror.jobs["Alpha"]) in path]
    assert asked == ["GET", "PATCH", *(["GET"] if answer == "message" else [])]
    assert mirror.known("Alpha").placed.title == "Omega"
    mirror.assert_rests()


@pytest.mark.parametrize(
    ("switches", "stem", "kept"),
    [
        ({"name_trim": True}, "  Omega  ", "Omega"),
        ({"name_limit": 10}, "A name that is too long", "A name tha"),
    ],
    ids=["trimmed", "cut"],
)
def test_what_the_service_makes_of_a_name_is_the_name_and_the_file_keeps_its_own(
    mirror: Mirror, switches: dict[str, Any], stem: str, kept: str
) -> None:
    for switch, value in switches.items():
        setattr(mirror.sim.switches, switch, value)
    path = mirror.rename("Alpha", f"{stem}.flac")
    mirror.sync()
    alpha = mirror.jobs["Alpha"]
    assert mirror.sent() == [patch(alpha, stem)]
    assert mirror.account()[alpha] == kept
    assert mirror.known("Alpha").placed.title == kept
    assert path.exists()
    assert title_of(path) == kept
    mirror.assert_rests()
    mirror.rename(f"{stem}.flac", "Short")
    mirror.sync()
    assert mirror.sent() == [patch(alpha, "Short")]


@pytest.mark.parametrize("status", [400, 422])
def test_a_name_that_is_refused_is_held_and_not_sent_again_until_it_is_another(
    mirror: Mirror, status: int
) -> None:
    mirror.sim.switches.name_limit, mirror.sim.switches.name_refuse = 10, True
    mirror.sim.switches.validation_status = status
    alpha = mirror.jobs["Alpha"]
    mirror.rename("Alpha", "A name that is too long")
    mirror.rename("Beta", "Better")
    result = mirror.sync(3)
    assert f"held: {ALBUM}/A name that is too long.flac: " in result.out
    assert patch(alpha, "A name that is too long") in mirror.sent()
    assert mirror.account()[alpha] == "Alpha"
    assert mirror.account()[mirror.jobs["Beta"]] == "Better"
    assert mirror.path("A name that is too long").exists()
    assert mirror.done("Alpha") == [("rename-remote", "held")]
    mirror.assert_rests(3)
    mirror.rename("A name that is too long", "Short")
    mirror.sync()
    assert mirror.sent() == [patch(alpha, "Short")]
    mirror.assert_rests()


def test_what_one_key_may_not_do_is_done_with_another(mirror: Mirror) -> None:
    mirror.sim.world.grant(mirror.sim.key, read_only=True)
    mirror.sim.world.grant("ap_full")
    mirror.rename("Alpha", "Omega")
    mirror.sync(3)
    pending = " ".join(mirror.bench.run("pending").out.split())
    assert f"syncd approve {mirror.jobs['Alpha']}" in pending
    mirror.assert_rests(3)
    mirror.sync(AUDIOPOD_API_KEY="ap_full")
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Omega")]
    mirror.sync(AUDIOPOD_API_KEY="ap_full")
    assert mirror.sent() == []


def test_a_key_that_may_only_read_is_a_hold_and_downloads_go_on(mirror: Mirror) -> None:
    mirror.sim.world.grant(mirror.sim.key, read_only=True)
    mirror.rename("Alpha", "Omega")
    mirror.add("New")
    result = mirror.sync(3)
    assert "the API key may not rename jobs" in result.out
    assert mirror.path("New").exists()
    assert mirror.account()[mirror.jobs["Alpha"]] == "Alpha"
    mirror.assert_rests(3)
