"""The folder holds too much, too deep, too large, too restless, or by names that are no names."""

from __future__ import annotations

import os
import shutil
import threading
from contextlib import suppress
from pathlib import Path

from .mess import Abuses, first, mess, over
from .stage import Stage

TERABYTE = 1 << 40

CASES = Abuses()


@CASES.named("fifty thousand entries in a folder")
def _crowd(it: Stage) -> None:
    with mess(it) as root:
        crowd = root / "crowd"
        crowd.mkdir()
        for number in range(50_000):
            os.close(
                os.open(f"{crowd}/{number}.{'mp3' if number % 10 == 0 else 'txt'}", os.O_CREAT)
            )
    shutil.rmtree(crowd)
    it.relieved()


@CASES.named("names that are no text")
def _undecodable(it: Stage) -> None:
    names = (b"caf\xe9.mp3", b"\xff\xfe\xfd.flac", b"a\xed\xa0\x80.wav", b"\x80folder")
    with mess(it) as root:
        for name in names[:3]:
            Path(os.fsdecode(os.fsencode(root) + b"/" + name)).write_bytes(b"a")
        folder = Path(os.fsdecode(os.fsencode(root) + b"/" + names[3]))
        folder.mkdir()
        (folder / "x.mp3").write_bytes(first(it).read_bytes() + b"\0")
    it.run("ls", "--foreign")
    it.run("status")
    it.run("doctor")
    it.relieved()


@CASES.named("names that command a terminal")
def _commanding(it: Stage) -> None:
    with mess(it) as root:
        for name in ("a\x1b]0;owned\x07\x1b[2J.mp3", "b\nsyncd: all is well.mp3", "c\u202e3pm.mp3"):
            (root / name).write_bytes(b"a")
        first(it).rename(root / "d\x1b[31m\x9b1;1H.mp3")
    it.changing += 1  # the new name is sent
    for command in ("ls", "status", "plan", "doctor"):
        it.run(command)
    it.run("ls", "--foreign")
    it.relieved()


@CASES.named("names as long as names can be, and paths longer")
def _deep(it: Stage) -> None:
    with mess(it, code=None) as root:
        (root / ("n" * 251 + ".mp3")).write_bytes(b"a")
        here = os.open(".", os.O_RDONLY)
        os.chdir(root)
        try:
            for _ in range(60):
                Path("d" * 200).mkdir()
                os.chdir("d" * 200)
            Path("deep.mp3").write_bytes(b"a")
        finally:
            os.fchdir(here)
            os.close(here)
    shutil.rmtree(root / ("d" * 200))
    it.relieved()


@CASES.named("folders four hundred deep")
def _nested(it: Stage) -> None:
    with mess(it) as root:
        (root / "/".join("d" for _ in range(400))).mkdir(parents=True)
    it.relieved()


@CASES.named("hard-linked twins")
def _twins(it: Stage) -> None:
    twin = it.base / "twin.mp3"
    path = first(it)
    os.link(path, twin)
    before = twin.read_bytes()
    with mess(it) as root:
        os.link(path, root / "also.mp3")
    it.sim.world.rename(it.healthy[0], "Another name")
    it.sim.world.update(it.healthy[0], genre="folk")
    it.sync()
    it.run("retag", "--all")
    it.must(twin.read_bytes() == before, "it wrote into somebody's file outside")
    (root / "also.mp3").unlink()
    it.relieved()


@CASES.named("names that differ in case alone")
def _case_twins(it: Stage) -> None:
    path = first(it)
    with mess(it):
        for name in (path.name.upper(), path.name.lower()):
            (path.parent / name).write_bytes(path.read_bytes() + b"\0")
    it.relieved()


@CASES.named("files of a terabyte of nothing")
def _sparse(it: Stage) -> None:
    heads = {
        "zeros.mp3": b"",
        "head.flac": b"fLaC\0\0\0\x22" + bytes(34),
        "head.wav": b"RIFF\xff\xff\xff\xffWAVE",
        "tag.mp3": b"ID3\4\0\0\x7f\x7f\x7f\x7f",
        "page.ogg": b"OggS\0\2" + bytes(20) + b"\1\x1e\1vorbis",
    }
    with mess(it) as root:
        for name, head in heads.items():
            with (root / name).open("wb") as stream:
                stream.write(head)
                stream.truncate(TERABYTE)
        with (root / "Song 3.mp3").open("wb") as stream:
            stream.truncate(TERABYTE)
    over(it, *(root / name for name in heads), root / "Song 3.mp3")


@CASES.named("a track that has grown to a terabyte")
def _grown(it: Stage) -> None:
    path = first(it)
    size = path.stat().st_size
    it.job()
    os.truncate(path, TERABYTE)
    it.sync()
    os.truncate(path, size)
    it.relieved()


@CASES.named("a file that changes while it is read")
def _restless(it: Stage) -> None:
    path, ended = it.root / "restless.mp3", threading.Event()
    whole = first(it).read_bytes()

    def write() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            path.write_bytes(whole[: number * 97 % len(whole)])
            ended.wait(0.001)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        with mess(it, code=None):
            pass
    finally:
        ended.set()
        thread.join()
    over(it, path)


@CASES.named("lyrics that lead elsewhere")
def _lyrics(it: Stage) -> None:
    victim = it.job(display_name="Sung", lrc_content="[00:00.00]la")
    it.sync()
    it.stood = set(it.placed())
    (lrc,) = it.root.rglob("*.lrc")
    lrc.unlink()
    target = it.outside / "words.txt"
    target.write_text("mine")
    lrc.symlink_to(target)
    it.sim.world.update(victim, lrc_content="[00:00.00]la la")
    it.job(display_name="Hummed", lrc_content="[00:00.00]hm")
    os.mkfifo(lrc.with_name("Hummed.lrc"))
    it.sync()
    it.must(target.read_text() == "mine", "it wrote through the link")
    it.must(lrc.is_symlink(), "it touched the link")
    over(it, lrc, lrc.with_name("Hummed.lrc"))


@CASES.named("dates at both ends of time")
def _dates(it: Stage) -> None:
    with mess(it) as root:
        for name, when in (("old.mp3", -(2**40)), ("new.mp3", 2**40), ("first.mp3", 0)):
            (root / name).write_bytes(b"a")
            with suppress(OSError):
                os.utime(root / name, (when, when))
        path = first(it)
        with suppress(OSError):
            os.utime(path, (2**36, 2**36))
    it.relieved()
