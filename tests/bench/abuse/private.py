"""What the program keeps for itself was tampered with: its folder, its state, its configuration."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from syncd.simulator.sound import tone

from .stage import Stage

GIGABYTE = 1 << 30


def _pipe(path: Path, _it: Stage) -> None:
    os.mkfifo(path)


def _folder(path: Path, _it: Stage) -> None:
    path.mkdir()
    (path / "inside").write_text("x")


def _link(path: Path, it: Stage) -> None:
    target = it.outside / "theirs"
    target.write_text('{"theirs": true}')
    path.symlink_to(target)


def _circle(path: Path, _it: Stage) -> None:
    path.symlink_to(path)


def _huge(path: Path, _it: Stage) -> None:
    with path.open("wb") as stream:
        stream.truncate(GIGABYTE)


def _deep(path: Path, _it: Stage) -> None:
    path.write_text("[" * 100_000)


def _garbage(path: Path, _it: Stage) -> None:
    path.write_bytes(bytes(range(256)) * 99)


def _wrong(path: Path, _it: Stage) -> None:
    path.write_text(json.dumps({"library_id": ["a"], "generation": "1e99", "base_url": {}}))


def _digits(path: Path, _it: Stage) -> None:
    path.write_text('{"generation": ' + "9" * 1_000_000 + "}")


KINDS: Mapping[str, Callable[[Path, Stage], None]] = MappingProxyType(
    {
        "a pipe": _pipe,
        "a folder": _folder,
        "a link to somebody's file": _link,
        "a link to itself": _circle,
        "a gigabyte of nothing": _huge,
        "lists a hundred thousand deep": _deep,
        "bytes of all sorts": _garbage,
        "JSON of another kind": _wrong,
        "a number of a million digits": _digits,
    }
)


def _marker(it: Stage) -> Path:
    return it.root / ".syncd" / "library.json"


def _catalog(it: Stage) -> Path:
    return it.state / "catalog.sqlite3"


def _replaced(
    which: Callable[[Stage], Path], make: Callable[[Path, Stage], None], codes: tuple[int, ...]
) -> Callable[[Stage], None]:
    """Something stands where that file was; put back, it goes on."""

    def play(it: Stage) -> None:
        path = which(it)
        kept = it.base / "kept"
        path.rename(kept)
        make(path, it)
        it.job()
        came = it.sync()
        it.must(came.code in codes, f"it ended with {came.code}")
        it.must(came.code == 0 or "syncd: " in came.err, "nothing says what is wrong")
        it.run("status")
        it.must(not it.lost(), f"it lost {it.lost()}")
        _remove(path)
        kept.rename(path)
        it.relieved()

    return play


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _beside(name: str, make: Callable[[Path, Stage], None]) -> Callable[[Stage], None]:
    """What need not be there is something else now; taken away, or put back, it goes on."""

    def play(it: Stage) -> None:
        path, kept = it.root / name, it.base / "kept"
        if path.exists():
            path.rename(kept)
        make(path, it)
        it.job()
        it.sync()
        it.must(not it.lost(), f"it lost {it.lost()}")
        _remove(path)
        if kept.exists():
            kept.rename(path)
        it.relieved()

    return play


def cases() -> dict[str, Callable[[Stage], None]]:
    """Each by what it is, in words."""
    found: dict[str, Callable[[Stage], None]] = {}
    for name, make in KINDS.items():
        found[f"the marker is {name}"] = _replaced(_marker, make, (78,))
        found[f"the catalog is {name}"] = _replaced(_catalog, make, (78,))
        found[f"the patterns to ignore are {name}"] = _beside(".syncdignore", make)
    for name in ("a pipe", "a folder", "a link to somebody's file", "a link to itself",
                 "a gigabyte of nothing"):  # fmt: skip
        found[f"an unfinished file is {name}"] = _part(KINDS[name])
        found[f"the note of an unfinished file is {name}"] = _note(KINDS[name])
        found[f"the notes of the library are {name}"] = _beside(".syncd/states.json", KINDS[name])
        found[f"the record of exports is {name}"] = _beside(".syncd/exports.json", KINDS[name])
    found["the folder of unfinished files leads elsewhere"] = _incoming
    found["the trash leads elsewhere"] = _trash_elsewhere
    found["a trash full of links"] = _trash
    found["the private folder leads elsewhere"] = _private
    found["the private folder is a file"] = _private_file
    found["the root leads elsewhere"] = _root
    found["the state folder is everybody's"] = _state
    found["patterns that take for ever to match"] = _patterns
    return found


def _strike_part(it: Stage, make: Callable[[Path, Stage], None], suffix: str) -> None:
    victim = it.job(display_name="Victim", audio={"mp3": tone("mp3", 50, 0.2)})
    it.job()
    incoming = it.root / ".syncd" / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    # What a crash leaves behind is found by asking where the program puts it.
    from syncd.local.files import part_path
    from syncd.local.root import open_root

    part = part_path(open_root(it.root), victim, "mp3")
    if suffix:
        part.write_bytes(b"half of it")
    path = part.with_name(part.name + suffix)
    make(path, it)
    it.sync()
    it.serves()
    if path.is_symlink() or path.exists():
        _remove(path)
    it.healthy.append(victim)
    it.relieved()


def _part(make: Callable[[Path, Stage], None]) -> Callable[[Stage], None]:
    return lambda it: _strike_part(it, make, "")


def _note(make: Callable[[Path, Stage], None]) -> Callable[[Stage], None]:
    return lambda it: _strike_part(it, make, ".json")


def _incoming(it: Stage) -> None:
    it.job()
    incoming = it.root / ".syncd" / "incoming"
    _remove(incoming)
    incoming.symlink_to(it.outside)
    it.sync()
    it.must(not list(it.outside.iterdir()), "it wrote outside")
    incoming.unlink()
    it.relieved()


def _trash_elsewhere(it: Stage) -> None:
    trash = it.root / ".syncd" / "trash"
    _remove(trash)
    trash.symlink_to(it.outside)
    it.sim.world.delete(it.healthy.pop(0))
    it.job()
    it.sync()
    it.must(not list(it.outside.iterdir()), "it wrote outside")
    trash.unlink()
    it.relieved()


def _trash(it: Stage) -> None:
    """Looked at, emptied and put to use; what the links lead to is as it was."""
    gone = it.healthy.pop(0)
    it.sim.world.delete(gone)
    it.sync()
    trash = it.root / ".syncd" / "trash"
    theirs = it.outside / "theirs"
    theirs.mkdir()
    (theirs / "mine.mp3").write_bytes(b"mine")
    made = [trash]
    made += [path for path in trash.rglob("*") if path.is_dir()]
    for folder in made:
        (folder / "folder").symlink_to(theirs)
        (folder / "file.mp3").symlink_to(theirs / "mine.mp3")
        (folder / "circle").symlink_to(folder)
        os.mkfifo(folder / "pipe.json")
        os.mkfifo(folder / "pipe.mp3")
        (folder / "deep.json").write_text("[" * 100_000)
        (folder / "wrong.json").write_text('{"job_id": "../../..", "path": "/etc/passwd"}')
    it.job()
    it.sync()
    it.serves()
    it.run("trash", "list")
    it.run("trash", "empty", "--yes")
    it.must((theirs / "mine.mp3").read_bytes() == b"mine", "it took what a link leads to")
    it.relieved()


def _private(it: Stage) -> None:
    private = it.root / ".syncd"
    kept = it.outside / "private"
    private.rename(kept)
    private.symlink_to(kept)
    it.job()
    it.sync(says="syncd: ")
    it.must(not it.lost(), f"it lost {it.lost()}")
    private.unlink()
    kept.rename(private)
    it.relieved()


def _private_file(it: Stage) -> None:
    private, kept = it.root / ".syncd", it.base / "kept"
    private.rename(kept)
    private.write_text("x")
    it.job()
    it.sync(says="syncd: ", code=78)
    private.unlink()
    kept.rename(private)
    it.relieved()


def _root(it: Stage) -> None:
    kept = it.outside / "music"
    it.root.rename(kept)
    it.root.symlink_to(kept)
    it.job()
    it.sync(says="is a link", code=78)
    it.root.unlink()
    kept.rename(it.root)
    it.relieved()


def _state(it: Stage) -> None:
    it.state.chmod(0o777)
    for path in it.state.iterdir():
        if path.is_file():
            path.chmod(0o666)
    it.job()
    it.sync()
    it.must(not it.lost(), f"it lost {it.lost()}")
    it.state.chmod(0o700)
    it.relieved()


def _patterns(it: Stage) -> None:
    lines = ["**/" * 200 + "x", "*a" * 200 + "b", "[a-z" * 500, "?" * 10_000, "!" * 999, "(a+)+$"]
    (it.root / ".syncdignore").write_text("\n".join(lines * 20))
    (it.root / ("a" * 250)).mkdir()
    (it.root / ("a" * 250) / ("a" * 240 + ".mp3")).write_bytes(b"a")
    it.job()
    it.sync()
    it.must(not it.lost(), f"it lost {it.lost()}")
    (it.root / ".syncdignore").unlink()
    it.relieved()
