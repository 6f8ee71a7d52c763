"""Tags that change after a file was placed: by the account, by the settings, and by the user."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mutagen import id3
from mutagen.flac import FLAC

from syncd.local.tags import read_fields

from .mirroring import ALBUM, NO_GRACE, Mirror, delete, dies_after
from .starting import AT_ONCE

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]
SONG = {
    "genre": ("Folk",),
    "emotion": ("Calm",),
    "keyscale": "F# minor",
    "bpm": 92.4,
    "prompt": "a slow song",
}


@pytest.fixture
def make(bench: Bench, look: Look) -> Callable[..., Mirror]:
    """Songs that say their facets, in step."""

    def of(*names: str, **sections: dict[str, Any]) -> Mirror:
        bench.configure(**sections)
        bench.sim.switches.facets = frozenset({"genre", "emotion", "occasion", "liked"})
        mirror = Mirror(bench, bench.sim, look, {})
        for name in names or ("Alpha", "Beta"):
            mirror.add(name, **SONG)
        mirror.sync()
        return mirror

    return of


def fields(path: Path) -> dict[str, tuple[str, ...]]:
    return read_fields(path, path.suffix[1:])


def liked(mirror: Mirror, name: str = "Alpha") -> None:
    mirror.sim.world.like(mirror.jobs[name])


def test_what_changes_in_the_account_comes_into_the_tags_once(make: Callable[..., Mirror]) -> None:
    mirror = make()
    before = mirror.path("Beta").stat()
    mirror.sim.world.update(
        mirror.jobs["Alpha"], genre=("Jazz", "Folk"), bpm=None, occasion=("Gym",), lyrics="la la"
    )
    liked(mirror)
    said = mirror.sync().out
    assert "1 tagged anew" in said
    assert mirror.bench.requests("media") == []
    found = fields(mirror.path("Alpha"))
    assert found["genre"] == ("Jazz", "Folk")
    assert (found["occasion"], found["lyrics"], found["liked"]) == (("Gym",), ("la la",), ("1",))
    assert "bpm" not in found
    assert mirror.path("Beta").stat() == before
    assert mirror.done("Alpha") == [("retag", "done")]
    assert mirror.bench.run("verify").code == 0
    mirror.assert_rests()


def test_what_the_user_changed_stays_theirs_and_is_still_known_as_theirs(
    make: Callable[..., Mirror],
) -> None:
    mirror = make("Alpha", sync=NO_GRACE)
    audio = FLAC(mirror.path("Alpha"))
    audio["GENRE"] = ["Mine"]
    audio["SERATO_MARKERS_V2"] = ["AAAA"]
    del audio["MOOD"]
    audio.save()
    mirror.sim.world.update(mirror.jobs["Alpha"], genre=("Jazz",), emotion=("Sad",), bpm=120.0)
    mirror.sync()
    audio = FLAC(mirror.path("Alpha"))
    assert (audio["GENRE"], audio["SERATO_MARKERS_V2"]) == (["Mine"], ["AAAA"])
    assert "MOOD" not in audio
    assert audio["BPM"] == ["120"]
    mirror.assert_rests()
    # The file is the user's version, so it outlives its job.
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    mirror.sync()
    assert mirror.path("Alpha").exists()
    assert mirror.trash() == []


def test_a_file_that_syncd_tagged_anew_is_no_edit(make: Callable[..., Mirror]) -> None:
    mirror = make("Alpha", "Beta", "Gamma", "Delta", sync=NO_GRACE)
    for name in ("Alpha", "Beta"):
        liked(mirror, name)
    mirror.sync()
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    mirror.sync()
    assert [entry.title for entry in mirror.trash()] == ["Alpha"]
    mirror.path("Beta").unlink()
    mirror.sync(before=AT_ONCE)
    assert mirror.sent() == [delete(mirror.jobs["Beta"])]


@pytest.mark.parametrize(
    "stop",
    ["syncd.local.retag._put", "syncd.catalog.outcomes.Outcomes.commit"],
    ids=["exchanged, not recorded", "foretold, not exchanged"],
)
def test_a_stop_while_tags_are_written_leaves_no_edit(
    make: Callable[..., Mirror], stop: str
) -> None:
    mirror = make("Alpha", "Beta", "Gamma", "Delta", sync=NO_GRACE)
    liked(mirror)
    assert mirror.bench.run("sync", before=dies_after(stop)).code == 9
    mirror.sync()
    assert fields(mirror.path("Alpha"))["liked"] == ("1",)
    mirror.sim.world.like(mirror.jobs["Alpha"], liked=False)
    mirror.sync()
    assert "liked" not in fields(mirror.path("Alpha"))
    mirror.assert_rests()
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    mirror.sync()
    assert [entry.title for entry in mirror.trash()] == ["Alpha"]


def test_tags_do_not_wait_for_a_move_that_does(make: Callable[..., Mirror]) -> None:
    mirror = make("Alpha", library={"template": "{genre}/{title}.{ext}"})
    mirror.sim.world.update(mirror.jobs["Alpha"], genre=("Jazz",))
    mirror.sync(3)
    assert fields(mirror.path("Alpha", "Folk"))["genre"] == ("Jazz",)
    held = [one["batch"] for one in mirror.bench.run("pending", "--json").document["batches"]]
    liked(mirror)
    mirror.sync(3)
    assert fields(mirror.path("Alpha", "Folk"))["liked"] == ("1",)
    again = [one["batch"] for one in mirror.bench.run("pending", "--json").document["batches"]]
    assert again == held
    mirror.bench.run("approve", held[0])
    mirror.sync()
    assert mirror.path("Alpha", "Jazz").exists()
    mirror.assert_rests()


def test_a_catalog_of_an_earlier_version_reads_no_file_for_it(make: Callable[..., Mirror]) -> None:
    mirror = make("Alpha", "Beta")
    liked(mirror, "Beta")
    with sqlite3.connect(mirror.bench.state / "catalog.sqlite3") as catalog:
        catalog.execute("UPDATE job SET gist = NULL")
        catalog.execute("UPDATE baseline SET told = NULL")
        catalog.execute("INSERT INTO meta VALUES ('untold', '1')")
    mirror.sync()
    assert mirror.done("Alpha") == []
    assert mirror.done("Beta") == [("retag", "done")]
    assert fields(mirror.path("Beta"))["liked"] == ("1",)
    mirror.assert_rests()


# --- by command ---


def test_settings_come_into_the_tags_by_command_alone(make: Callable[..., Mirror]) -> None:
    mirror = make("Alpha", "Beta", library={"formats": ["mp3"]})
    path = mirror.path("Alpha.mp3")
    cues = id3.GEOB(encoding=0, mime="application/octet-stream", desc="Serato Markers2", data=b"\1")
    audio = id3.ID3(path)
    audio.add(cues)
    audio.add(id3.TKEY(encoding=3, text=["Gm"]))
    audio.save()
    tags = {"profile": "dj", "key": "camelot"}
    mirror.bench.configure(library={"formats": ["mp3"]}, tags=tags)
    mirror.assert_rests()

    before = path.read_bytes()
    shown = mirror.bench.run("retag", "--dry-run").out
    assert "key: F#m → 11A" in shown
    assert "yours, and stays: key" in shown
    assert "would change 2 files" in shown
    assert path.read_bytes() == before
    refused = mirror.bench.run("retag")
    assert (refused.code, refused.complaint.count("--yes")) == (2, 1)
    assert path.read_bytes() == before

    done = mirror.bench.run("retag", "--yes", "--json").document
    assert {one["id"]: sorted(one["written"]) for one in done["files"]} == {
        mirror.jobs["Alpha"]: ["comment"],
        mirror.jobs["Beta"]: ["comment", "key"],
    }
    audio = id3.ID3(path, translate=False)
    assert audio.version == (2, 3, 0)
    assert (str(audio["TKEY"]), audio["TXXX:MOOD"].text) == ("Gm", ["Calm"])
    assert str(audio["COMM::XXX"]) == "11A - 92 BPM - Calm - a slow song"
    assert audio["COMM::XXX"].encoding == id3.Encoding.UTF16
    assert audio["GEOB:Serato Markers2"] == cues
    assert mirror.bench.run("retag", "--dry-run").out.startswith("nothing to write")
    mirror.assert_rests()


def test_ownership_lets_syncd_write_over_what_the_user_changed_but_ratings(
    make: Callable[..., Mirror],
) -> None:
    mirror = make("Alpha", tags={"ownership": "syncd"})
    liked(mirror)
    mirror.sync()
    audio = FLAC(mirror.path("Alpha"))
    audio["GENRE"] = ["Mine"]
    audio["FMPS_RATING"] = ["0.6"]
    audio["MY_OWN"] = ["kept"]
    audio.save()
    mirror.assert_rests()
    assert mirror.bench.run("retag", mirror.jobs["Alpha"], "--yes").code == 0
    audio = FLAC(mirror.path("Alpha"))
    assert (audio["GENRE"], audio["FMPS_RATING"], audio["MY_OWN"]) == (["Folk"], ["0.6"], ["kept"])


def test_tags_are_shown_side_by_side(make: Callable[..., Mirror]) -> None:
    mirror = make("Alpha")
    audio = FLAC(mirror.path("Alpha"))
    audio["GENRE"] = ["Mine"]
    audio.save()
    result = mirror.bench.run("tags", mirror.jobs["Alpha"])
    lines = {line.split()[0]: line.split()[1:] for line in result.out.splitlines()[2:]}
    assert result.out.splitlines()[0] == f"{ALBUM}/Alpha.flac"
    assert lines["genre"] == ["Mine", "Folk", "Folk", "you"]
    assert lines["key"] == ["F#m", "F#m", "F#m", "syncd"]
    document = mirror.bench.run("tags", mirror.jobs["Alpha"], "--json").document
    (genre,) = [row for row in document["fields"] if row["field"] == "genre"]
    assert genre == {
        "field": "genre",
        "file": ["Mine"],
        "baseline": ["Folk"],
        "remote": ["Folk"],
        "owner": "you",
    }
    mirror.path("Alpha").unlink()
    assert "is not there" in mirror.bench.run("tags", mirror.jobs["Alpha"]).complaint
