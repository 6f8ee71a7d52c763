"""What crashes are for is noticed: the program is made to do each thing that may never be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syncd.core.decisions import audio
from syncd.executor.context import Context
from syncd.local import files
from syncd.local.rename import _is_placeholder
from syncd.local.trash import Trash
from syncd.local.under_way import in_library, read_note

from . import cases, lives, process
from .ends import ENDS, end_of
from .scenarios_commands import ALL
from .telling import Death, tell


def troubles(case: str, base: Path) -> str:
    return " | ".join(cases.play(case, base).troubles)


def test_every_scenario_has_an_end() -> None:
    assert ENDS.keys() == {name for name, one in ALL.items() if one.system == "native"}
    assert all(end_of(name) for name in ALL)


def _lossy(put: Any) -> Any:
    def lossy(self: Trash, path: str, **given: Any) -> Any:
        kept = put(self, path, **given)
        (self.folder / kept.name).unlink()
        return kept

    return lossy


def test_a_trash_that_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Trash, "put", _lossy(Trash.put))
    found = troubles("deletion-down/stop/20", tmp_path)
    assert "what Rain sounded like is lost" in found
    assert "the trash lacks Rain" in found


def test_an_edited_file_that_is_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audio, "is_edited", lambda *_: False)
    monkeypatch.setattr(Context, "check_unedited", lambda *_: None)
    found = troubles("other-audio-edited/stop/20", tmp_path)
    assert "what somebody wrote into AudioPod 2026-03/Rain.flac is not there any more" in found


def test_somebodys_own_file_that_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = files.place

    def careless(root: Any, *given: Any, **named: Any) -> Any:
        (root.path / "Mine" / "Song.flac").write_bytes(b"")
        return place(root, *given, **named)

    monkeypatch.setattr(files, "place", careless)
    assert "somebody's own 'Song.flac'" in troubles("resumed/stop/5", tmp_path)


def test_a_file_that_is_not_whole_for_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = files.place

    def hasty(root: Any, part: Path, path: str, **named: Any) -> Any:
        target = root.path / path
        if target.suffix == ".wav" and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as stream:
                stream.write(part.read_bytes()[:100])
            target.unlink()
        return place(root, part, path, **named)

    monkeypatch.setattr(files, "place", hasty)
    told = tell(ALL["first-wav"], tmp_path / "whole").steps.told
    at = 1 + next(
        at
        for at, what in enumerate(told)
        if what.startswith("unlink ") and what.endswith("Rain.wav")
    )
    found = troubles(f"first-wav/stop/{at}", tmp_path / "stopped")
    assert "where it died: AudioPod 2026-03/Rain.wav is not whole: 100 bytes" in found


def test_a_stop_is_mended_by_what_is_stopped_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hasty(root: Any, note: Path) -> None:
        target = in_library(root, read_note(note).get("target"))
        note.unlink()
        if target is not None and target.exists() and _is_placeholder(target.lstat()):
            target.unlink()

    scenario = ALL["rename-down-bare"]
    told = tell(scenario, tmp_path / "whole").steps.told
    # An empty file has the name by then, and what is to take its place does not.
    ends = "Rain.flac /a/Music/AudioPod 2026-03/Snow.flac"
    at = told.index(f"replace /a/Music/AudioPod 2026-03/{ends}") + 1
    monkeypatch.setattr(files, "_TARGET", files._TARGET._replace(recover=hasty))
    once = tell(scenario, tmp_path / "once", (Death(at),))
    again = [tell(scenario, tmp_path / f"{k}", (Death(at), Death(k))) for k in range(10, 14)]

    def is_as_it_should_be(told: Any) -> bool:
        return (told.stage.root / "AudioPod 2026-03" / "Snow.flac").stat().st_size > 0

    assert (once.deaths, is_as_it_should_be(once)) == (1, True)
    assert {one.deaths for one in again} == {2}
    assert not all(map(is_as_it_should_be, again))


def test_a_second_stop_and_somebody_at_work_are_counted(tmp_path: Path) -> None:
    twice = cases.play("rename-down/twice/12", tmp_path / "twice")
    assert twice.troubles == ()
    assert twice.counts == {"points": 1, "stops": 1, "second stops": 1}
    life = cases.play("rename-down/life/20", tmp_path / "life")
    assert life.troubles == ()
    assert life.counts == {"points": 1, "stops": 1, "lives": 1}


def test_a_loss_after_somebody_was_at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Trash, "put", _lossy(Trash.put))
    monkeypatch.setattr(lives, "ACTS", ("job_delete",))
    assert "sounded like is lost" in troubles("words/life/10", tmp_path)


def test_the_command_is_killed(tmp_path: Path) -> None:
    verdict = cases.play("rename-up/process/4", tmp_path)
    assert verdict.troubles == ()
    assert verdict.counts == {"points": 1, "kills of the command": 1}


_CARELESS = """
import os
from syncd.local.trash import Trash
put = Trash.put
def lossy(self, path, **given):
    kept = put(self, path, **given)
    os.unlink(os.path.join(self.folder, kept.name))
    return kept
Trash.put = lossy
print(os.environ["AUDIOPOD_API_KEY"])
"""


def test_a_command_that_loses_something_and_tells_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = process._environment
    (tmp_path / "sitecustomize.py").write_text(_CARELESS)

    def careless(stage: Any) -> dict[str, str]:
        found = environment(stage)
        return {**found, "PYTHONPATH": f"{tmp_path}:{found['PYTHONPATH']}"}

    monkeypatch.setattr(process, "_environment", careless)
    found = troubles("deletion-down/process/1", tmp_path / "base")
    assert "what Rain sounded like is lost" in found
    assert "what it said has the key" in found
