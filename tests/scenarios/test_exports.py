"""Playlists and DJ formats: kept up to date by sync and by the daemon, and written by hand."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from syncd.simulator import Switches
from syncd.simulator.sound import tone

from .daemons import daemon
from .ringing import RINGING, ring

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

EXPORTS = {"playlists": "Playlists", "rekordbox": "rekordbox.xml"}
QUERY = '[[playlists]]\nname = "Short"\nquery = "duration:..0:30 sort_order:asc"\n'
HEARD = """
from syncd.local import watch
def hear(self, names, real=watch._Burst.hear):
    print(*names or ["the watch began"], sep="\\n", flush=True)
    real(self, names)
watch._Burst.hear = hear
"""
"""Put before ``run``: the names that stir, and so wake it, are on standard output."""


@pytest.fixture
def shelf(bench: Bench) -> Bench:
    """Two songs with genres, of which one is liked; exports are on, and nothing was synced."""
    bench.sim.switches = Switches(facets=frozenset({"genre", "liked", "emotion", "occasion"}))
    for name, genre, liked in (("Alpha", "house", True), ("Beta", "disco", False)):
        bench.sim.world.add(
            display_name=name,
            genre=genre,
            liked=liked,
            created_at=1_772_500_000.0,
            audio={"wav": tone("wav", 1, 1.0)},
            audio_duration=1.0,
        )
    bench.configure(exports=EXPORTS)
    with bench.config.open("a", encoding="utf-8") as stream:
        stream.write(QUERY)
    return bench


def playlists(bench: Bench) -> dict[str, list[str]]:
    """The titles that stand in each playlist."""
    return {
        path.stem: [Path(line).stem for line in path.read_text().splitlines()[2::2]]
        for path in sorted((bench.root / "Playlists").iterdir())
    }


def test_sync_keeps_them_up_to_date_and_touches_nothing_the_second_time(
    shelf: Bench, look: Callable[..., dict[str, Any]]
) -> None:
    assert shelf.run("sync").code == 0
    assert playlists(shelf) == {
        "All": ["Beta", "Alpha"],
        "Genre - disco": ["Beta"],
        "Genre - house": ["Alpha"],
        "Liked": ["Alpha"],
        "Short": ["Alpha", "Beta"],
    }
    line = (shelf.root / "Playlists/Liked.m3u8").read_text().splitlines()[2]
    assert (shelf.root / "Playlists" / line).resolve() == shelf.root / shelf.audio()[0]
    top = ElementTree.parse(shelf.root / "rekordbox.xml").getroot()
    names = [one.attrib["Name"] for one in top.iter("TRACK") if "Name" in one.attrib]
    assert names == ["Alpha", "Beta"]

    before = look(shelf.root / "Playlists", shelf.root / "rekordbox.xml")
    assert shelf.run("sync").code == 0
    assert look(shelf.root / "Playlists", shelf.root / "rekordbox.xml") == before
    assert shelf.run("ls", "--foreign").out == ""


def test_commands_that_take_a_file_away_keep_them_up_to_date(shelf: Bench) -> None:
    assert shelf.run("sync").code == 0
    alpha, beta = sorted(job.id for job in shelf.sim.world.jobs())
    assert shelf.run("evict", alpha).code == 0
    assert playlists(shelf)["All"] == ["Beta"]
    assert shelf.run("rm", beta, "--yes").code == 0
    assert playlists(shelf).get("All", []) == []


def test_a_playlist_that_the_user_edits_is_theirs_and_one_without_tracks_goes(
    shelf: Bench,
) -> None:
    shelf.run("sync")
    mine = shelf.root / "Playlists/All.m3u8"
    mine.write_text("#EXTM3U\n#EXTINF:1,mine\nx.mp3\n")
    beta = next(job.id for job in shelf.sim.world.jobs() if job.display_name == "Beta")
    shelf.sim.world.delete(beta)
    told = shelf.run("sync").err
    assert "a file of yours is left alone where an export would stand" in told
    assert "Playlists/All.m3u8" in told
    assert playlists(shelf) == {
        "All": ["x"],
        "Genre - house": ["Alpha"],
        "Liked": ["Alpha"],
        "Short": ["Alpha"],
    }
    assert "left alone" not in shelf.run("sync").err


def test_a_folder_that_cannot_be_used_is_a_warning_and_not_the_end_of_the_run(
    shelf: Bench,
) -> None:
    shelf.configure(exports={"playlists": "/proc/nowhere", "rekordbox": "rekordbox.xml"})
    result = shelf.run("sync")
    assert result.code == 0
    assert "/proc/nowhere cannot be exported to" in result.err
    assert len(shelf.audio()) == 2
    assert (shelf.root / "rekordbox.xml").exists()


def test_the_daemon_refreshes_them_and_its_own_writing_wakes_it_no_more(shelf: Bench) -> None:
    shelf.run("sync")
    beta = next(job.id for job in shelf.sim.world.jobs() if job.display_name == "Beta")
    with daemon(shelf, before=RINGING + HEARD) as running:
        running.wait_for("idle")
        running.wait_until(running.running.said)
        shelf.sim.world.like(beta)
        running.wait_until(lambda: ring(running, "poll") or len(playlists(shelf)["Liked"]) == 2)
        (shelf.root / "Playlists/Liked.m3u8").unlink()
        ring(running, "scan")
        assert playlists(shelf)["Liked"] == ["Beta", "Alpha"]
        assert running.status()["errors"] == []
        (shelf.root / "last.flac").touch()
        running.wait_until(lambda: "last.flac" in running.running.said())
        heard = [Path(name) for name in running.running.said().splitlines()]
        assert not [name for name in heard if name.suffix not in ("", ".wav", ".flac")]
        assert not [name for name in heard if "Playlists" in name.parts]


def test_by_hand_to_standard_output(synced: Bench) -> None:
    whole = json.loads(synced.run("export", "json", "-").out)
    files = [str(synced.root / name) for name in synced.audio()]
    assert sorted(one["path"] for one in whole) == files
    assert all(one["sample_rate"] and one["bit_rate"] and one["audio_duration"] for one in whole)
    newest = [one["display_name"] for one in whole]
    table = list(csv.DictReader(io.StringIO(synced.run("export", "csv", "-").out)))
    assert [row["display_name"] for row in table] == newest
    genre = whole[0]["genre"][0]
    some = [one["path"] for one in whole if genre in one["genre"]]
    query = f'genre:"{genre}" sort_order:asc'
    listed = synced.run("export", "m3u8", "-", f'genre:"{genre}"', "sort_order:asc").out
    assert listed.splitlines()[2::2] == some[::-1]
    xml = synced.run("export", "rekordbox", "-", "--query", query).out
    assert ElementTree.fromstring(xml)[1].attrib["Entries"] == str(len(some))


def test_by_hand_nothing_is_replaced_without_force(synced: Bench, tmp_path: Path) -> None:
    target = tmp_path / "mine.csv"
    target.write_text("mine")
    refused = synced.run("export", "csv", target)
    assert refused.code == 1
    assert refused.complaint == (
        f"syncd: {target} is there already; nothing was written; --force replaces it"
    )
    assert target.read_text() == "mine"
    link = tmp_path / "link.csv"
    link.symlink_to(target)
    assert f"{link} is a link, or no file" in synced.run("export", "csv", link, "--force").complaint
    count = f"{len(synced.audio())} tracks\n"
    assert synced.run("export", "csv", target, "--force").out == f"{target} written: {count}"
    again = synced.run("export", "csv", target)
    assert (again.code, again.out) == (0, f"{target} holds it already: {count}")


def test_by_hand_a_folder_of_playlists(synced: Bench, tmp_path: Path) -> None:
    lists, smart = tmp_path / "lists", tmp_path / "smart"
    assert synced.run("export", "m3u8", f"{lists}/").code == 0
    lines = (lists / "All.m3u8").read_text().splitlines()[2::2]
    assert sorted((lists / line).resolve() for line in lines) == [
        (synced.root / name).resolve() for name in synced.audio()
    ]
    smart.mkdir()
    assert synced.run("export", "nsp", smart).code == 0
    written = sorted(path.name for path in smart.iterdir())
    assert {path.stem for path in lists.iterdir()} - {"All"} == {Path(n).stem for n in written}
    (smart / written[0]).unlink()
    (smart / written[1]).write_text("mine")
    assert synced.run("export", "nsp", smart).code == 1
    assert not (smart / written[0]).exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("nsp", "-"), "smart playlists are many files; name a folder for them"),
        (("nsp", "x.nsp"), "x.nsp is no folder; smart playlists are many files: name a folder"),
        (("csv", "./"), " is a folder; name a file for csv"),
        (("csv", "-", "bpm:fast"), "query: bpm must be a number or a range"),
        (("csv", "no/such/x.csv"), "no/such/x.csv cannot be written: No such file or directory"),
    ],
)
def test_by_hand_what_cannot_be_done_is_one_line(
    synced: Bench, arguments: tuple[str, ...], complaint: str
) -> None:
    result = synced.run("export", *arguments)
    assert result.code in (1, 2)
    assert complaint in result.complaint
