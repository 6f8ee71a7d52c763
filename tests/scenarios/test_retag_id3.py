"""ID3 tags that other programs and the service wrote in, and what becomes of them."""

from __future__ import annotations

import io
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mutagen import id3

from syncd.local.tags import read_fields

from .mirroring import Mirror

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

MP3 = files("syncd.simulator") / "data" / "audio" / "firefly-lullaby.mp3"
THEIR_COVER = id3.APIC(encoding=3, mime="image/png", type=4, desc="mine", data=b"\x89PNG back")


@pytest.fixture
def mirror(bench: Bench, look: Any) -> Mirror:
    """An empty library of mp3 files."""
    bench.configure(library={"formats": ["mp3"]})
    bench.sim.switches.facets = frozenset({"genre", "emotion", "occasion", "liked"})
    return Mirror(bench, bench.sim, look, {})


def served(*frames: id3.Frame) -> dict[str, bytes]:
    """Audio as the service has it, with these frames in it."""
    tags = id3.ID3()
    for frame in frames:
        tags.add(frame)
    made = io.BytesIO(MP3.read_bytes())
    tags.save(made, padding=lambda _: 0)
    return {"mp3": made.getvalue()}


def version(path: Path) -> int:
    return path.read_bytes()[3]


def add(path: Path, frame: id3.Frame, *, as_: int = 4) -> None:
    """What an editor does: it writes the whole tag anew."""
    tags = id3.ID3(path)
    tags.add(frame)
    if as_ == 3:
        tags.update_to_v23()
    tags.save(path, v2_version=as_)


def test_what_the_service_put_into_the_audio_gives_way_to_what_it_says_later(
    mirror: Mirror,
) -> None:
    other = id3.TCON(encoding=3, text=["Other"])
    comment = id3.COMM(encoding=3, lang="XXX", desc="", text=["Made with AudioPod"])
    job = mirror.add("Alpha", audio=served(other, comment, id3.TBPM(encoding=3, text=["77"])))
    mirror.sync()
    path = mirror.path("Alpha.mp3")
    assert read_fields(path, "mp3")["genre"] == ("Other",)
    assert mirror.bench.run("retag", "--dry-run").out.startswith("nothing to write")
    mirror.sim.world.update(job, genre=("House",), prompt="slow")
    mirror.sync()
    found = read_fields(path, "mp3")
    assert [found[name] for name in ("genre", "comment", "bpm")] == [("House",), ("slow",), ("77",)]
    mirror.assert_rests()


def test_a_tag_gets_the_version_of_the_profile_where_that_can_be(mirror: Mirror) -> None:
    encoder = id3.TSSE(encoding=3, text=["Lavf59.27.100"])
    for name in ("Alpha", "Beta", "Gamma"):
        mirror.add(name, audio=served(encoder), genre=("Folk",))
    mirror.sync()
    alpha, beta, gamma = (mirror.path(f"{name}.mp3") for name in ("Alpha", "Beta", "Gamma"))
    add(beta, THEIR_COVER)
    add(gamma, id3.TPOS(encoding=3, text=["1"]), as_=3)

    # What an editor chose stays, and what was lost to it is not taken for the user's.
    mirror.sim.world.like(mirror.jobs["Gamma"])
    mirror.sync()
    assert (version(gamma), read_fields(gamma, "mp3")["liked"]) == (3, ("1",))
    (date,) = [
        row
        for row in mirror.bench.run("tags", gamma, "--json").document["fields"]
        if row["field"] == "date"
    ]
    assert date["owner"] == "syncd"
    assert date["file"] != date["baseline"] == date["remote"]
    assert mirror.bench.run("retag", "--dry-run").out.startswith("nothing to write")

    mirror.bench.configure(library={"formats": ["mp3"]}, tags={"profile": "dj"})
    shown = mirror.bench.run("retag", "--dry-run", "genre:Folk").out
    assert "tag: ID3v2.4 → ID3v2.3" in shown
    assert "the tag stays ID3v2.4: its frame APIC has no form in ID3v2.3" in shown
    assert "would change 1 file: version 1" in shown
    assert mirror.bench.run("retag", alpha, "--yes").out.endswith("tagged 1 file anew\n")
    assert [version(path) for path in (alpha, beta, gamma)] == [3, 4, 3]
    assert id3.ID3(alpha)["TSSE"].text == encoder.text
    left = mirror.bench.run("retag", "--yes")
    assert "nothing to write" not in left.out
    assert left.code == 0
    mirror.assert_rests()

    mirror.bench.configure(library={"formats": ["mp3"]}, tags={"profile": "library"})
    assert mirror.bench.run("retag", "--yes").code == 0
    assert [version(path) for path in (alpha, beta, gamma)] == [4, 4, 3]


def test_files_are_named_by_id_path_folder_and_query(mirror: Mirror) -> None:
    job = mirror.add("Alpha", genre=("Folk",), cover=True)
    mirror.add("Beta", genre=("Jazz",))
    mirror.sync()
    alpha, beta = mirror.path("Alpha.mp3"), mirror.path("Beta.mp3")
    run = mirror.bench.run

    def named(*arguments: object) -> list[str]:
        said = run("tags", *arguments, "--json").document
        return [Path(one["path"]).name for one in (said if isinstance(said, list) else [said])]

    assert named(job) == named(alpha) == named("genre:Folk") == ["Alpha.mp3"]
    assert named(beta, job) == ["Beta.mp3", "Alpha.mp3"]
    assert (
        sorted(named(mirror.bench.root))
        == sorted(named(alpha.parent))
        == [
            "Alpha.mp3",
            "Beta.mp3",
        ]
    )
    (tmp := mirror.bench.root / "mine.mp3").write_bytes(MP3.read_bytes())
    assert "is no track's file" in run("tags", tmp).complaint
    assert "no track with a file matches genre:Polka" in run("retag", "genre:Polka").complaint

    beta.write_bytes(b"ID3 and nothing else")
    ended = run("retag", "--yes")
    assert ended.code == 1
    assert "nothing to write" not in ended.out
    assert "left alone: 1 file" in ended.out
    ended = run("tags", job, beta)
    assert (ended.code, "Alpha.mp3" in ended.out) == (1, True)
    lines = {line.split()[0]: line.split()[-1] for line in ended.out.splitlines()[2:]}
    assert (lines["cover"], lines[".lrc"]) == ("syncd", "syncd")
    alpha.with_suffix(".lrc").write_text("mine")
    row = run("tags", job, "--json").document["fields"][-1]
    assert (row["field"], row["file"], row["owner"]) == (".lrc", ["mine"], "you")
