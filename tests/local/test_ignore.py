"""What is kept out: ``.syncdignore`` in gitignore's syntax, as git itself would have it."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from syncd.core.model import Identity, LocalTree
from syncd.local.ignore import LARGEST, NAME, BrokenPatterns, Fresh, parse, read_patterns
from syncd.local.lookout import is_left_alone
from syncd.local.scan import scan


def put(root: Path, path: str, content: str | bytes = "7") -> Path:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content if isinstance(content, bytes) else content.encode())
    return target


def look(root: Path, *ignore: str, known: LocalTree | None = None) -> LocalTree:
    def identity(path: Path) -> Identity | None:
        return Identity(int(path.read_text()), None)

    return scan(root, known.files if known else {}, read_identity=identity, ignore=ignore)


def kept_out(tree: LocalTree) -> dict[str, str]:
    return {path: by for path in sorted(tree.files) if (by := tree.kept_out_by(path))}


def test_what_is_kept_out_is_seen_all_the_same(tmp_path: Path) -> None:
    put(tmp_path, NAME, "Stems/\n*.wav\n")
    for path in ("Stems/a.flac", "Stems/in/b.flac", "c.wav", "d.flac"):
        put(tmp_path, path)
    tree = look(tmp_path)
    assert set(tree.files) == {"Stems/a.flac", "Stems/in/b.flac", "c.wav", "d.flac"}
    assert tree.files["Stems/in/b.flac"].identity == Identity(7, None)
    assert kept_out(tree) == dict.fromkeys(("Stems/a.flac", "Stems/in/b.flac", "c.wav"), NAME)
    assert tree.kept_out_by("Stems/not/there.flac") == NAME
    assert tree.unreadable == frozenset()


def test_a_deeper_file_goes_before_one_above_it_and_the_setting_comes_last(tmp_path: Path) -> None:
    put(tmp_path, NAME, "!b.flac\n*.ogg\n")
    put(tmp_path, f"Mine/{NAME}", "\n# a comment\n!c.ogg\n/d.mp3\n")
    for path in ("a.flac", "b.flac", "c.ogg", "Mine/c.ogg", "Mine/d.mp3", "Mine/in/d.mp3"):
        put(tmp_path, path)
    assert kept_out(look(tmp_path, "*.flac")) == {
        "a.flac": "library.ignore",
        "c.ogg": NAME,
        "Mine/d.mp3": f"Mine/{NAME}",
    }


def test_nothing_lets_in_what_stands_in_a_folder_that_is_kept_out(tmp_path: Path) -> None:
    put(tmp_path, NAME, "Stems\n!Stems/a.flac\n")
    put(tmp_path, f"Stems/{NAME}", b"!*\n\xff")
    put(tmp_path, "Stems/a.flac")
    tree = look(tmp_path)
    assert kept_out(tree) == {"Stems/a.flac": NAME}
    assert tree.unreadable == frozenset(), "its own patterns have no say"


def test_names_that_look_alike_are_alike(tmp_path: Path) -> None:
    put(tmp_path, NAME, "Cafe\u0301/\n")
    put(tmp_path, "Café/a.flac")
    (tmp_path / os.fsdecode(b"caf\xe9.flac")).write_text("7")
    assert kept_out(look(tmp_path)) == {"Café/a.flac": NAME}


def broken_link(path: Path) -> None:
    elsewhere = put(path.parents[1], "elsewhere", "*")
    path.symlink_to(elsewhere)


BROKEN: list[tuple[str, Callable[[Path], object], str]] = [
    ("not UTF-8", lambda path: path.write_bytes(b"Stems/\n\xe9\n"), "is not UTF-8"),
    ("a link", broken_link, "is a link"),
    ("a pipe", os.mkfifo, "is no file"),
    ("a folder", Path.mkdir, "is no file"),
    ("too large", lambda path: path.write_bytes(b"#" * (LARGEST + 1)), "is larger than 256 KiB"),
    ("what is no range", lambda path: path.write_text("a\n[z-a]\n"), "is no pattern: [z-a]"),
    ("a slash", lambda path: path.write_text("/\n"), "is no pattern: /"),
    ("a negation of nothing", lambda path: path.write_text("!\n"), "is no pattern: !"),
    ("a NUL", lambda path: path.write_bytes(b"a\0b"), "is no pattern: a\0b"),
]


@pytest.mark.parametrize(("make", "why"), [row[1:] for row in BROKEN], ids=[r[0] for r in BROKEN])
@pytest.mark.parametrize("where", ["Mine", "."])
def test_a_folder_whose_file_is_broken_counts_as_unreadable(
    tmp_path: Path, make: Callable[[Path], object], why: str, where: str
) -> None:
    root = tmp_path / "root"
    put(root, "Mine/a.flac")
    put(root, "b.flac")
    make(root / where / NAME)
    tree = look(root)
    assert tree.unreadable == {where}
    assert tree.broken[where].endswith(why)
    assert NAME in tree.broken[where]
    assert set(tree.files) == (set() if where == "." else {"b.flac"})
    with pytest.raises(BrokenPatterns) as error:
        Fresh(root).by("Mine/c.flac")
    assert error.value.message == tree.broken[where]


def test_of_a_line_that_is_no_pattern_only_the_beginning_is_shown() -> None:
    with pytest.raises(BrokenPatterns) as caught:
        parse(".syncdignore", ["a", "[" * 100_000])
    assert "line 2 of .syncdignore is no pattern: [[[" in caught.value.message
    assert len(caught.value.message) < 300


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_one_that_may_not_be_read_is_broken(tmp_path: Path) -> None:
    put(tmp_path, NAME, "*").chmod(0)
    assert look(tmp_path).broken == {".": f"{NAME} cannot be read: Permission denied"}


def test_what_is_kept_out_is_not_opened_again(tmp_path: Path) -> None:
    put(tmp_path, NAME, "\ufeffStems/\r\n\r\n")
    put(tmp_path, "Stems/a.flac")
    tree = look(tmp_path)
    assert kept_out(tree) == {"Stems/a.flac": NAME}

    def never(path: Path) -> None:
        raise AssertionError(path)

    assert scan(tmp_path, tree.files, read_identity=never).files == tree.files


def test_a_fresh_look_reads_no_more_than_it_needs(tmp_path: Path) -> None:
    put(tmp_path, NAME, "Stems/\n")
    put(tmp_path, f"Stems/{NAME}", b"\xff")
    put(tmp_path, f"Other/{NAME}", b"\xff")
    fresh = Fresh(tmp_path)
    assert fresh.by("Stems/in/a.flac") == NAME
    assert fresh.by("Mine/deep/a.flac") is None
    (tmp_path / NAME).unlink()
    assert fresh.by("Stems/in/a.flac") == NAME, "as it was when it began"
    with pytest.raises(BrokenPatterns):
        Fresh(tmp_path).by("Stems/in/a.flac")


def test_what_stirs_where_it_is_kept_out_wakes_nobody_but_for_the_patterns(tmp_path: Path) -> None:
    put(tmp_path, NAME, "Stems/\n*.wav\n.*\n")
    woken = [
        path
        for path in ("Stems/a.flac", "b.wav", "c.flac", NAME, f"Mine/{NAME}", "Stems")
        if not is_left_alone(Fresh(tmp_path), tmp_path, str(tmp_path / path))
    ]
    assert woken == ["c.flac", NAME, f"Mine/{NAME}", "Stems"]
    assert not is_left_alone(Fresh(tmp_path), tmp_path, str(tmp_path))
    assert not is_left_alone(Fresh(tmp_path), tmp_path, "/elsewhere/b.wav")


# --- git's own word ---

DIRS = ("", "a", "b", "a/b", "a/k", "b/a", "a/b/k", "k", "a/b/a")
FILES = tuple(f"{d}/{f}".lstrip("/") for d in DIRS for f in ("x.flac", "y.mp3", "a.flac", "k.ogg"))
PARTS = ("a", "b", "k", "x.flac", "y.mp3", "*", "*.flac", "?", "[ab]", "[!a]", "**", "a*", "*k")


def some_patterns(chance: random.Random, most: int) -> list[str]:
    def one() -> str:
        parts = "/".join(chance.choices(PARTS, k=chance.choice((1, 1, 1, 2, 2, 3))))
        start, end = chance.choice(("", "", "", "/")), chance.choice(("", "", "/"))
        return f"{chance.choice(('', '', '!'))}{start}{parts}{end}"

    return [one() for _ in range(chance.randint(0, most))]


def asked_of_git(root: Path, patterns: Mapping[str, list[str]], weakest: list[str]) -> set[str]:
    for folder in DIRS:
        (root / folder / ".gitignore").write_text("\n".join(patterns.get(folder, ())))
    (root / ".git/info/exclude").write_text("\n".join(weakest))
    asked = subprocess.run(
        ["git", "-C", root, "check-ignore", "--no-index", "--stdin", "-z"],
        input="\0".join(FILES),
        capture_output=True,
        text=True,
        check=False,  # 1: none of them
    )
    assert asked.stderr == ""
    return {path for path in asked.stdout.split("\0") if path}


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_keeps_out_the_same(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for path in FILES:
        put(tmp_path, path)
    chance = random.Random(5)
    met: set[str] = set()
    for _ in range(50):
        patterns = {folder: some_patterns(chance, 4) for folder in chance.sample(DIRS, 3)}
        weakest = some_patterns(chance, 2)
        for folder in DIRS:
            (tmp_path / folder / NAME).write_text("\n".join(patterns.get(folder, ())))
        fresh = Fresh(tmp_path, weakest)
        ours = {path for path in FILES if fresh.by(path)}
        assert ours == asked_of_git(tmp_path, patterns, weakest), (patterns, weakest)
        met |= ours
    assert met == set(FILES)


def test_a_folder_without_such_a_file_says_nothing(tmp_path: Path) -> None:
    assert read_patterns("", tmp_path) is None
    assert parse("x", ["", "  ", "# comment"]).rules == ()
