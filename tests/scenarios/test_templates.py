"""A template with what the account says in it, changed for another: shown, asked for and done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .mirroring import ALBUM, Mirror, patch

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]

FACETS = {"genre": "Drum/Bass", "emotion": "..", "occasion": "x" * 300, "language": None}
FULL = (
    "{genre}/{emotion}/{occasion}/{language}/{task} {song_type}/{artist}, {album}/{year}-{month}-"
    "{day} {date}/{track} {title} ({bpm} {key}) {id}.{ext}"
)


def test_a_changed_template_is_shown_and_moves_what_stands_where_it_was_put(
    bench: Bench, look: Look
) -> None:
    bench.configure()
    bench.sim.switches.facets = frozenset({"genre", "emotion", "occasion", "language"})
    mirror = Mirror(bench, bench.sim, look, {})
    for name in ("Alpha", "Beta", "Gamma"):
        mirror.add(name, **FACETS)
    mirror.sync()
    chosen = mirror.rename("Gamma", "Gamma", folder="Best of")
    mine = [mirror.path("mine"), mirror.path("Alpha", "Best of"), mirror.path("mine.txt")]
    for path in mine:
        path.write_bytes(b"nobody's job")
    mirror.sync()

    bench.configure(library={"template": FULL})
    shown = bench.run("plan").out
    assert shown.count("Drum／Bass/．．/xxx") == 2
    assert mirror.files()[0] == "Alpha.flac"
    mirror.sync(3)
    assert bench.run("approve", "1").code == 0
    moved = [bench.placed(mirror.jobs[name]) for name in ("Alpha", "Beta")]
    for number, (name, path) in enumerate(zip(("Alpha", "Beta"), moved, strict=True), start=1):
        parts = path.relative_to(bench.root).parts
        assert parts[:2] == ("Drum／Bass", "．．")
        assert len(parts[2]) == 180
        assert parts[3] == "Unknown"
        assert parts[-1].startswith(f"0{number} {name} (")
        assert parts[-1].endswith(f") {mirror.jobs[name]}.flac")
        assert path.with_suffix(".lrc").exists()
    assert bench.placed(mirror.jobs["Gamma"]) == chosen
    assert [path.read_bytes() for path in mine] == [b"nobody's job"] * 3
    mirror.sync()
    assert mirror.sent() == []

    moved[0].rename(moved[0].with_name(moved[0].name.replace("Alpha", "Omega")))
    mirror.sync()
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Omega")]
    assert mine[0].parent.name == ALBUM
    assert [path.read_bytes() for path in mine] == [b"nobody's job"] * 3
    mirror.assert_rests()
