"""What takes several steps where the file system has none for it, and what a stop leaves of it."""

from __future__ import annotations

import ctypes
import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from syncd.local import aside
from syncd.local.aside import is_one_name, put_in_steps, rename_anew, swap
from syncd.local.digest import sha256
from syncd.local.files import recover_placements, tidy_incoming
from syncd.local.root import Root, create_root

from .stopping import stopped

OLD, NEW = b"what was read", b"what takes its place"


@pytest.fixture
def root(tmp_path: Path) -> Root:
    made = create_root(tmp_path / "library", "https://api.audiopod.ai")[0]
    (made.path / "Album").mkdir()
    return made


@pytest.fixture(params=["hard links", "no hard links"])
def poor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system with neither an exclusive rename nor an exchange."""
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    if request.param == "no hard links":
        monkeypatch.setattr(os, "link", failing(errno.EPERM))


@pytest.fixture
def folding(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that folds case: what it shows of a name that another spelling has."""
    lexists, rename = os.path.lexists, aside.rename_without_replacing

    def folds(path: Path) -> bool:
        names = os.listdir(path.parent)  # noqa: PTH208
        return path.name.casefold() in (name.casefold() for name in names)

    def renamed(root: Root, source: Path, target: Path, *, part: Path | None = None) -> None:
        if folds(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(target))
        rename(root, source, target, part=part)

    monkeypatch.setattr(aside, "rename_without_replacing", renamed)
    monkeypatch.setattr(os.path, "lexists", lambda path: lexists(path) or folds(Path(path)))


def failing(code: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


def write(root: Root, **files: bytes) -> list[Path]:
    paths = [root.path / f"Album/{name}.flac" for name in files]
    for path, content in zip(paths, files.values(), strict=True):
        path.write_bytes(content)
    return paths


def held(root: Root) -> dict[str, bytes]:
    """What the files of the album hold, hidden ones too."""
    return {path.name: path.read_bytes() for path in sorted((root.path / "Album").iterdir())}


CALLS = [(os, name) for name in ("rename", "replace", "link", "unlink", "fsync", "open")]
"""What changes something, or makes it durable."""


def start_again(root: Root) -> None:
    """What the program does at its next start; nothing is left under way."""
    recover_placements(root)
    tidy_incoming(root, ())
    assert list(root.incoming.iterdir()) == []


# --- a name that changes in case alone ---


@pytest.mark.usefixtures("folding")
def test_a_name_changes_in_case_alone_where_the_system_folds_it(root: Root) -> None:
    (rain,) = write(root, Rain=OLD)
    rename_anew(root, rain, rain.with_name("RAIN.flac"), part=root.incoming / "x.part")
    assert held(root) == {"RAIN.flac": OLD}
    start_again(root)


@pytest.mark.usefixtures("folding")
def test_another_file_of_that_name_is_no_change_of_case(root: Root) -> None:
    rain, storm = write(root, Rain=OLD, Storm=NEW)
    with pytest.raises(FileExistsError):
        rename_anew(root, rain, storm.with_name("STORM.flac"))
    assert held(root) == {"Rain.flac": OLD, "Storm.flac": NEW}


def test_two_files_that_differ_in_case_are_two(root: Root) -> None:
    rain, other = write(root, Rain=OLD, rain=NEW)
    assert not is_one_name(root, rain, other)
    with pytest.raises(FileExistsError):
        rename_anew(root, rain, other)
    assert held(root) == {"Rain.flac": OLD, "rain.flac": NEW}


@pytest.mark.usefixtures("folding")
def test_where_the_second_step_fails_the_file_has_its_old_name_again(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    (rain,) = write(root, Rain=OLD)
    rename = aside.rename_without_replacing

    def full(root: Root, source: Path, target: Path, *, part: Path | None = None) -> None:
        if (source.name, target.name) != (rain.name, "RAIN.flac") and target.name == "RAIN.flac":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rename(root, source, target, part=part)

    monkeypatch.setattr(aside, "_put_back", lambda root, at, places: rename(root, at, places[1]))
    monkeypatch.setattr(aside, "rename_without_replacing", full)
    with pytest.raises(OSError, match="No space left"):
        rename_anew(root, rain, rain.with_name("RAIN.flac"))
    assert held(root) == {"Rain.flac": OLD}


@pytest.mark.usefixtures("folding")
def test_a_name_that_only_seems_to_be_there_still_is_waited_for(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    (rain,) = write(root, Rain=OLD)
    rename, refused = aside.rename_without_replacing, [2]

    def stale(root: Root, source: Path, target: Path, *, part: Path | None = None) -> None:
        if source.suffix == ".aside" and refused[0]:
            refused[0] -= 1
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(target))
        rename(root, source, target, part=part)

    monkeypatch.setattr(aside, "rename_without_replacing", stale)
    monkeypatch.setattr(aside.time, "sleep", lambda _: None)
    rename_anew(root, rain, rain.with_name("RAIN.flac"))
    assert held(root) == {"RAIN.flac": OLD}
    assert refused == [0]


# --- two names exchanged ---


@pytest.mark.usefixtures("poor")
def test_two_names_are_exchanged_where_that_takes_steps(root: Root) -> None:
    a, b = write(root, a=OLD, b=NEW)
    swap(root, a, b)
    assert held(root) == {"a.flac": NEW, "b.flac": OLD}
    start_again(root)
    with pytest.raises(FileNotFoundError):
        swap(root, a, root.path / "Album/c.flac")
    assert held(root) == {"a.flac": NEW, "b.flac": OLD}


# --- a new file in the place of another ---


@pytest.fixture
def put(root: Root) -> Callable[[], bool]:
    """``put()`` puts a new file in the place of one that was read."""
    (target,) = write(root, Rain=OLD)
    part = root.incoming / "x.retag.part"
    part.write_bytes(NEW)
    old = sha256(target)
    return lambda: put_in_steps(
        root, part, target, old=old, is_old=lambda path: path.read_bytes() == OLD
    )


@pytest.mark.usefixtures("poor")
def test_a_new_file_takes_the_place_of_the_one_that_was_read(
    root: Root, put: Callable[[], bool]
) -> None:
    assert put()
    assert held(root) == {"Rain.flac": NEW}
    start_again(root)


@pytest.mark.usefixtures("poor")
def test_what_another_program_wrote_meanwhile_keeps_its_name(
    root: Root, put: Callable[[], bool]
) -> None:
    (root.path / "Album/Rain.flac").write_bytes(b"theirs")
    assert not put()
    assert held(root) == {"Rain.flac": b"theirs"}
    start_again(root)


@pytest.mark.usefixtures("poor")
def test_what_takes_the_name_in_between_keeps_it_and_nothing_is_lost(
    root: Root, put: Callable[[], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = aside.rename_without_replacing

    def quicker(root: Root, source: Path, target: Path, *, part: Path | None = None) -> None:
        if source.name == "x.retag.part":
            target.write_bytes(b"theirs")
        rename(root, source, target, part=part)

    monkeypatch.setattr(aside, "rename_without_replacing", quicker)
    assert not put()
    assert held(root) == {"Rain (restored).flac": OLD, "Rain.flac": b"theirs"}
    start_again(root)


# --- stops ---


@pytest.mark.usefixtures("poor")
@pytest.mark.parametrize("what", ["put", "swap"])
def test_a_stop_at_any_step_loses_neither_file_and_leaves_nothing_half_done(
    root: Root, put: Callable[[], bool], what: str
) -> None:
    a, b = root.path / "Album/a.flac", root.path / "Album/b.flac"
    part = root.incoming / "x.retag.part"
    calls = 0
    while True:
        write(root, Rain=OLD, a=OLD, b=NEW)
        part.write_bytes(NEW)
        ended = not stopped(put if what == "put" else lambda: swap(root, a, b), calls, CALLS)
        start_again(root)
        found = held(root)
        assert found.keys() == {"Rain.flac", "a.flac", "b.flac"}, calls
        assert found["Rain.flac"] in (OLD, NEW), calls
        assert {found["a.flac"], found["b.flac"]} == {OLD, NEW}, calls
        if ended:
            break
        calls += 1
    assert calls > 8


@pytest.mark.usefixtures("folding")
def test_a_stop_while_the_case_changes_leaves_the_file_under_one_of_both_names(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0
    while True:
        (rain,) = write(root, Rain=OLD)
        anew = rain.with_name("RAIN.flac")
        ended = not stopped(lambda: rename_anew(root, rain, anew), calls, CALLS)  # noqa: B023
        start_again(root)
        found = held(root)
        assert list(found.values()) == [OLD], calls
        assert found.keys() <= {"Rain.flac", "RAIN.flac"}, calls
        if ended:
            break
        anew.unlink(missing_ok=True)
        calls += 1
    assert list(found) == ["RAIN.flac"]
    assert calls > 4


@pytest.mark.parametrize(
    "changed",
    [
        {"aside": "Album/mine.flac"},
        {"aside": "../beside"},
        {"places": "Album/x.flac"},
        {"places": 7},
    ],
)
def test_a_note_that_names_no_file_of_ours_moves_nothing(
    root: Root, changed: dict[str, object]
) -> None:
    digest = "0" * 32
    (mine,) = write(root, mine=OLD)
    hidden = mine.with_name(f".syncd-{digest}.aside")
    hidden.write_bytes(NEW)
    note = root.incoming / f"syncd-{digest}.aside"
    told = {"aside": f"Album/{hidden.name}", "places": ["Album/x.flac"], "away": False}
    note.write_text(json.dumps({**told, **changed}))
    recover_placements(root)
    assert held(root) == {hidden.name: NEW, "mine.flac": OLD}
    note.write_text(json.dumps(told))
    recover_placements(root)
    assert held(root) == {"mine.flac": OLD, "x.flac": NEW}
    assert not note.exists()


def test_the_old_file_stays_where_another_took_the_place_of_the_new_one(root: Root) -> None:
    digest = "0" * 32
    hidden, _ = write(root, **{f".syncd-{digest}": OLD, "Rain": b"theirs"})
    hidden = hidden.rename(hidden.with_suffix(".aside"))
    part = root.incoming / "x.retag.part"
    part.write_bytes(NEW)
    told = {
        "aside": f"Album/{hidden.name}",
        "places": ["Album/Rain.flac"],
        "away": False,
        "part": ".syncd/incoming/x.retag.part",
        "old": sha256(hidden),
        "new": sha256(part),
    }
    (root.incoming / f"syncd-{digest}.aside").write_text(json.dumps(told))
    recover_placements(root)
    assert held(root) == {"Rain (restored).flac": OLD, "Rain.flac": b"theirs"}


def test_a_file_aside_waits_for_its_disk(root: Root) -> None:
    digest = "0" * 32
    note = root.incoming / f"syncd-{digest}.aside"
    at = f"disk/.syncd-{digest}.aside"
    note.write_text(json.dumps({"aside": at, "places": ["disk/x.flac"], "away": True}))
    recover_placements(root)
    (root.path / "disk").mkdir()
    recover_placements(root)
    assert note.exists()


def test_what_cannot_be_put_back_is_logged_and_stays_known(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = "0" * 32
    (root.path / f"Album/.syncd-{digest}.aside").write_bytes(OLD)
    note = root.incoming / f"syncd-{digest}.aside"
    told = {"aside": f"Album/.syncd-{digest}.aside", "places": ["Album/x.flac"], "away": False}
    note.write_text(json.dumps(told))
    with monkeypatch.context() as failed, capture_logs() as logs:
        failed.setattr(aside, "rename_without_replacing", failing(errno.EIO))
        recover_placements(root)
    assert [line["event"] for line in logs] == ["a file may be left under a hidden name"]
    recover_placements(root)
    assert held(root) == {"x.flac": OLD}
