"""Other programs read what was placed: FFmpeg, and MPD and beets over the whole folder."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from syncd.simulator import Simulator, Switches
from syncd.simulator.sound import tone

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

FORMATS = ("flac", "mp3", "ogg", "wav")
SHOWN = ("Title", "Artist", "AlbumArtist", "Album", "Genre", "Track", "Grouping", "Date")
OGG = files("syncd.simulator") / "data/audio/paper-lanterns-2.ogg"


@pytest.fixture(scope="module")
def library(synced: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A track of each format, and each with a genre and a cover."""
    with Simulator(switches=Switches(facets=frozenset({"genre", "occasion"}))) as sim:
        made = synced.beside(tmp_path_factory.mktemp("players"), sim)
        made.configure(exports={"playlists": "Playlists"})
        for kind in FORMATS:
            sound = OGG.read_bytes() if kind == "ogg" else tone(kind, 1, 1.0)
            sim.world.add(
                display_name=f"Söng as {kind}",
                created_at=1_772_500_000.0,
                genre="folk",
                occasion="study",
                audio={kind: sound},
                audio_duration=-1.0,
                cover=True,
                lrc_content="[00:00.00]la",
            )
        assert made.run("sync").code == 0
        # What a run leaves behind when it is killed in mid-download.
        incoming = made.root / ".syncd/incoming"
        shutil.copy2(made.root / made.audio()[0], incoming / "1.flac.part")
        yield made


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="needs ffprobe")
@pytest.mark.parametrize("kind", FORMATS)
def test_ffmpeg_sees_every_tag_and_the_cover(library: Bench, kind: str) -> None:
    (name,) = [name for name in library.audio() if name.endswith(kind)]
    command = ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json"]
    result = subprocess.run([*command, library.root / name], capture_output=True, text=True)
    assert result.stderr == ""
    seen = json.loads(result.stdout)
    audio, picture = seen["streams"]
    # FFmpeg counts the tags of an Ogg to the stream, those of the others to the file.
    tags = {
        key.lower(): value
        for holder in (seen["format"], audio)
        for key, value in holder.get("tags", {}).items()
    }
    assert tags["title"] == f"Söng as {kind}"
    assert tags["artist"] == "AudioPod"
    assert tags["album"] == "AudioPod 2026-03"
    assert tags["genre"] == "folk"
    assert tags["track"].partition("/")[0] in ("1", "2", "3", "4")
    assert tags["date"].startswith("2026-03-03")
    assert tags["grouping"] == "study"
    assert picture["disposition"]["attached_pic"] == 1


@pytest.fixture(scope="module")
def mpd(library: Bench) -> Iterator[Any]:
    """MPD over the library: a function that sends a command and returns the lines of its answer."""
    program = shutil.which("mpd")
    if program is None:
        pytest.skip("needs mpd")
    folder = library.folder / "mpd"
    (folder / "playlists").mkdir(parents=True)
    # Not under the test's own folder: the path of a socket may take 107 bytes at most.
    sockets = tempfile.TemporaryDirectory(prefix="syncd-")
    address = Path(sockets.name) / "mpd"
    config = folder / "mpd.conf"
    config.write_text(
        f"""
music_directory "{library.root}"
playlist_directory "{folder}/playlists"
db_file "{folder}/db"
state_file "{folder}/state"
log_file "{folder}/log"
bind_to_address "{address}"
auto_update "no"
audio_output {{
    type "null"
    name "nothing"
}}
"""
    )
    with subprocess.Popen(
        [program, "--no-daemon", config],
        env=library.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            with _connected(address, process) as ask:
                ask("update")
                deadline = time.monotonic() + 30
                while any(line.startswith("updating_db") for line in ask("status")):
                    assert time.monotonic() < deadline, (folder / "log").read_text()
                    time.sleep(0.05)
                yield ask
        finally:
            process.terminate()
            sockets.cleanup()


def test_mpd_lists_every_track_with_its_tags_and_nothing_else(library: Bench, mpd: Any) -> None:
    songs: dict[str, dict[str, str]] = {}
    for line in mpd("listallinfo"):
        key, _, value = line.partition(": ")
        if key == "file":
            songs[value] = song = {}
        elif songs and key in SHOWN:
            song[key] = value
    assert sorted(songs) == library.audio()
    for name, song in songs.items():
        kind = Path(name).suffix[1:]
        assert song["Title"] == f"Söng as {kind}"
        assert song["Artist"] == song["AlbumArtist"] == "AudioPod"
        assert song["Album"] == "AudioPod 2026-03"
        assert song["Genre"] == "folk"
        assert song["Grouping"] == "study"
        assert song["Date"].startswith("2026-03-03")
        size, kind, *_ = mpd(f'readpicture "{name}" 0')
        assert int(size.removeprefix("size: ")) > 0
        assert kind == "type: image/png"
    assert sorted(int(song["Track"]) for song in songs.values()) == [1, 2, 3, 4]


def test_mpd_finds_each_track_of_the_playlists(library: Bench, mpd: Any) -> None:
    for name in ("All", "Genre - folk"):
        # Loaded into the queue, so that each is looked up in what MPD has.
        mpd("clear")
        mpd(f'load "Playlists/{name}.m3u8"')
        queue = [line.removeprefix("file: ") for line in mpd("playlistinfo") if "file: " in line]
        assert sorted(queue) == library.audio()


def test_beets_imports_every_track_as_it_is(library: Bench) -> None:
    program = shutil.which("beet")
    if program is None:
        pytest.skip("needs beets")
    folder = library.folder / "beets"
    folder.mkdir()
    config = folder / "config.yaml"
    config.write_text(
        f"directory: {library.root}\nlibrary: {folder}/db\nimport: {{copy: no, write: no}}\n"
        "plugins: info\n"
    )

    def beet(*arguments: str | Path) -> str:
        command = [program, "-c", config, *arguments]
        environ = {**library.env, "BEETSDIR": str(folder)}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
        return done.stdout

    before = [library.root.joinpath(name).read_bytes() for name in library.audio()]
    beet("import", "-A", "-q", library.root)
    # The field of the genre has another name since beets 2.
    shown = "$title|$artist|$albumartist|$album|$year-$month-$day|$track|$genre$genres|$grouping"
    rows = [line.split("|") for line in beet("ls", "-f", shown).splitlines()]
    assert sorted(row[:5] for row in rows) == [
        [f"Söng as {kind}", "AudioPod", "AudioPod", "AudioPod 2026-03", "2026-03-03"]
        for kind in FORMATS
    ]
    assert sorted(int(row[5]) for row in rows) == [1, 2, 3, 4]
    assert all("folk" in row[6] for row in rows)
    assert {row[7] for row in rows} == {"study"}
    for name in library.audio():
        facts = dict(line.strip().partition(": ")[::2] for line in
                     beet("info", library.root / name).splitlines())  # fmt: skip
        assert facts["art"] == "True"
    assert [library.root.joinpath(name).read_bytes() for name in library.audio()] == before


def test_mpd_finds_no_file_in_the_programs_own_folder(library: Bench, mpd: Any) -> None:
    assert (library.root / ".syncd/incoming/1.flac.part").exists()
    assert not [line for line in mpd("listall") if line.startswith("file: .syncd")]


@contextlib.contextmanager
def _connected(address: Path, process: subprocess.Popen[bytes]) -> Iterator[Any]:
    deadline = time.monotonic() + 30
    with socket.socket(socket.AF_UNIX) as connection:
        while True:
            try:
                connection.connect(str(address))
            except OSError:
                assert process.poll() is None, "mpd did not start"
                assert time.monotonic() < deadline
                time.sleep(0.05)
            else:
                break
        with connection.makefile(
            "rw", encoding="utf-8", errors="surrogateescape", newline="\n"
        ) as stream:
            assert stream.readline().startswith("OK MPD")

            def ask(command: str) -> list[str]:
                stream.write(f"{command}\n")
                stream.flush()
                lines = []
                while (line := stream.readline()) != "OK\n":
                    assert line, "the connection ended"
                    assert not line.startswith("ACK"), line
                    lines.append(line.rstrip("\n"))
                return lines

            yield ask
