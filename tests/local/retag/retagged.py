"""A placed track, and what other programs do to it while its tags are written."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest
from mutagen import id3
from mutagen.flac import FLAC
from mutagen.ogg import OggPage
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from syncd.core.model import Origin
from syncd.local import retag as module
from syncd.local.audio.flac import blocks
from syncd.local.audio.trailers import after_id3
from syncd.local.audio.wav import chunks
from syncd.local.retag import Retagged, retag
from syncd.local.root import Root

Fields = dict[str, tuple[str, ...]]
AUDIO = files("syncd.simulator") / "data/audio"
SAMPLES = {
    "flac": "pixel-picnic.flac",
    "mp3": "firefly-lullaby.mp3",
    "ogg": "paper-lanterns-2.ogg",
    "wav": "coracao-de-sal.wav",
}
FIELDS: Fields = {"title": ("Rain",), "album": ("March",), "genre": ("lofi",), "job_id": ("7",)}
WANTED: Fields = {"title": ("Storm",), "genre": ("lofi", "jazz")}
ORIGIN = Origin("https://api.audiopod.ai", "u-12")


@dataclass(frozen=True, slots=True)
class Track:
    """A placed file: ``owned`` is what was written into it."""

    root: Root
    path: Path
    fmt: str
    owned: Fields

    @property
    def name(self) -> str:
        return self.path.relative_to(self.root.path).as_posix()

    def retag(self, **changed: object) -> Retagged | None:
        arguments: dict[str, object] = {"owned": self.owned, "wanted": WANTED, **changed}
        return retag(self.root, self.name, self.fmt, **arguments)  # type: ignore[arg-type]

    def incoming(self) -> list[str]:
        return [path.name for path in self.root.incoming.iterdir()]


def failing(code: int) -> Callable[..., object]:
    def fail(*_: object, **__: object) -> object:
        raise OSError(code, os.strerror(code))

    return fail


def before_call(monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[], object]) -> None:
    """``act`` once, right before ``name`` of the module is called."""
    call, acts = getattr(module, name), [act]

    def wrapper(*arguments: object, **options: object) -> object:
        if acts:
            acts.pop()()
        return call(*arguments, **options)

    monkeypatch.setattr(module, name, wrapper)


def set_title(path: Path, fmt: str, title: str) -> None:
    """What a tag editor does."""
    if fmt == "flac":
        audio = FLAC(path)
        audio["TITLE"] = [title]
    elif fmt == "ogg":
        audio = OggVorbis(path)
        audio["TITLE"] = [title]
    else:
        audio = WAVE(path) if fmt == "wav" else id3.ID3(path)
        (audio.tags if fmt == "wav" else audio).add(id3.TIT2(3, [title]))
    audio.save(path)


def payload(path: Path, fmt: str) -> bytes:
    """The bytes that a decoder is given."""
    with path.open("rb") as file:
        if fmt == "flac":
            *_, last = blocks(file)
            file.seek(last.start + last.size)
        elif fmt == "mp3":
            file.seek(after_id3(file))
        elif fmt == "wav":
            data = next(c for c in chunks(file, path.stat().st_size) if c.name == b"data")
            file.seek(data.start)
            return file.read(data.size)
        else:
            pages = []
            while file.tell() < path.stat().st_size:
                pages.append(OggPage(file))
            # The headers are the first three packets, of which the second holds the tags.
            head, _, *rest = OggPage.to_packets(pages)
            return b"".join([head, *rest])
        return file.read()
