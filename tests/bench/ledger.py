"""What people did that must not be undone, lost or sent without their doing it.

Written while it happens, from the disk alone; it shares no code with the program.
"""

from __future__ import annotations

import hashlib
import math
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import sound


def walk(folder: Path) -> Iterator[Path]:
    """Ordinary files below ``folder``, and none of the program's own."""
    return (Path(entry.path) for entry in entries(folder))


def everything(folder: Path) -> Iterator[Path]:
    """All ordinary files below ``folder``, the program's own among them."""
    return (Path(entry.path) for entry in entries(folder, own=True))


def entries(folder: str | Path, *, own: bool = False) -> Iterator[os.DirEntry[str]]:
    """Ordinary files below ``folder``, in the order of their names; those of the program if
    ``own``.
    """
    try:
        with os.scandir(folder) as listing:
            found = sorted(listing, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in found:
        if not own and entry.name.startswith(".syncd"):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from entries(entry.path, own=own)
        elif entry.is_file(follow_symlinks=False):
            yield entry


@dataclass(slots=True)
class Seen:
    job: int | None
    marks: tuple[str, ...]
    title: str | None
    sha: str
    heard: str


class Reader:
    """Reads files, each as it stands once."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, int, int, int], Seen] = {}

    def __call__(self, path: Path) -> Seen:
        return self._read(path.stat(), path)

    def below(self, folder: Path, *, own: bool = False) -> dict[str, Seen]:
        """What ``entries`` has there, by path from there."""
        start = len(os.path.join(folder, ""))  # noqa: PTH118
        return {
            entry.path[start:]: self._read(entry.stat(), entry.path)
            for entry in entries(folder, own=own)
        }

    def _read(self, stat: os.stat_result, at: str | Path) -> Seen:
        key = (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
        if key not in self._seen:
            path = Path(at)
            data = path.read_bytes()
            is_audio = path.suffix in sound.SUFFIXES
            job, marks, title = sound.said(path) if is_audio else (None, (), None)
            digest = hashlib.sha256(data).hexdigest()
            self._seen[key] = Seen(job, marks, title, digest, sound.heard(data))
        return self._seen[key]


def bearers(files: dict[str, Seen]) -> dict[int, set[str]]:
    """The paths of each job's files."""
    found: dict[int, set[str]] = {}
    for path, seen in files.items():
        if seen.job is not None:
            found.setdefault(seen.job, set()).add(path)
    return found


@dataclass(slots=True)
class Ledger:
    root: Path
    read: Reader
    own: dict[str, str] = field(default_factory=dict)
    """Digests of files that are somebody's own, whole; and what they were called."""
    marks: dict[str, str] = field(default_factory=dict)
    """What people wrote into tags."""
    titles: dict[str, str] = field(default_factory=dict)
    removed: dict[int, float] = field(default_factory=dict)
    """Since when people left no file of a job."""
    before: dict[int, float] = field(default_factory=dict)
    """The same of the time before they brought it back, as long as no run has noted that."""
    named: dict[int, set[str]] = field(default_factory=dict)
    """Stems that people gave to files of a job."""
    asked: dict[int, set[str]] = field(default_factory=dict)
    """Names that people gave to jobs by a command, whatever their files are called."""
    copied: set[int] = field(default_factory=set)
    """Jobs of which people made copies."""
    worn: dict[int, set[str]] = field(default_factory=dict)
    """Stems that files of a job were seen with since a run began."""
    places: dict[int, set[str]] = field(default_factory=dict)
    """Where files of a job ever stood."""
    touched: set[int] = field(default_factory=set)
    """Jobs to whose files people ever did anything."""
    unrecorded: set[int] = field(default_factory=set)
    """Jobs whose file appeared in a run that died: perhaps before that was recorded."""
    retried: dict[int, int] = field(default_factory=dict)
    """How often a failed job was asked to be made again."""

    def keeps(self, path: Path) -> None:
        self.own[self.read(path).sha] = path.name

    def marked(self, path: Path, text: str) -> None:
        self.marks[text] = path.name

    def titled(self, path: Path, text: str) -> None:
        self.titles[text] = path.name

    def leaves(self, path: Path) -> None:
        """People remove ``path``, or write over what it holds."""
        seen = self.read(path)
        others = [self.read(other) for other in walk(self.root) if other != path]
        if not any(other.sha == seen.sha for other in others):
            self.own.pop(seen.sha, None)
        for text in seen.marks:
            if not any(text in other.marks for other in others):
                self.marks.pop(text, None)
        if seen.title and not any(other.title == seen.title for other in others):
            self.titles.pop(seen.title, None)

    def bearers(self) -> dict[int, set[str]]:
        return bearers(self.read.below(self.root))

    def begins(self) -> None:
        """A run begins: what files were called before is no name to be sent."""
        self.worn.clear()

    def sees(self, bearers: dict[int, set[str]]) -> None:
        """Files stand there, whoever put them there: what has one is not removed."""
        for job, paths in bearers.items():
            if job in self.removed:
                self.before[job] = min(self.removed.pop(job), self.before.get(job, math.inf))
            self.worn.setdefault(job, set()).update(Path(path).stem for path in paths)
            self.places.setdefault(job, set()).update(paths)

    def gone(self, job: int) -> float | None:
        """Since when its file is gone, for all that a run has noted."""
        return (
            min(self.removed[job], self.before.get(job, math.inf)) if job in self.removed else None
        )

    def noted(self, bearers: Iterable[int]) -> None:
        """A run has taken down which jobs have files."""
        for job in bearers:
            self.before.pop(job, None)

    def called(self, job: int) -> set[str]:
        """What people call the files of a job now, or did at some moment of this run."""
        worn = self.named.get(job, set()) & self.worn.get(job, set())
        return worn | self.asked.get(job, set())

    def forgets(self, seen: Seen) -> None:
        """The trash gave it up, as it may: whoever looks for it finds it nowhere."""
        found = [*map(self.read, walk(self.root))]
        found += map(self.read, everything(self.root / ".syncd" / "trash"))
        if not any(one.sha == seen.sha for one in found):
            self.own.pop(seen.sha, None)

    def after(self, before: dict[int, set[str]], uptime: float) -> None:
        """Note what an act changed; ``before`` is what ``bearers`` said before it."""
        now = self.bearers()
        for job in before.keys() - now.keys():
            self.removed.setdefault(job, uptime)
        self.sees(now)
        for job in now:
            if len(now[job]) > max(1, len(before.get(job, ()))):
                self.copied.add(job)
            for path in now[job] - before.get(job, set()):
                self.named.setdefault(job, set()).add(Path(path).stem)


class Attic:
    """Where people keep what they took out of the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: list[tuple[str, Path]] = []
        self.returned: set[str] = set()
        """What people put back: where it takes the place of a newer file, that is their doing."""
        self.stems: set[str] = set()
        """The names of those, and those under which they were found again."""
        self._unseen: dict[int, set[str]] = {}
        """Jobs of which something was put back, and the names that a run saw of that."""
        folder.mkdir()

    def put(self, path: Path, root: Path) -> None:
        kept = self._folder / f"{len(self._kept)}{path.suffix}"
        shutil.copy2(path, kept)
        self._kept.append((str(path.relative_to(root)), kept))

    def back(self, number: int, root: Path) -> str | None:
        if not self._kept:
            return None
        name, kept = self._kept[number % len(self._kept)]
        target = root / name
        if target.exists() or target.is_symlink():
            return None
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            return None
        shutil.copy2(kept, target)
        self.stems.add(target.stem)
        job = sound.job_of(target) if target.suffix in sound.SUFFIXES else None
        if job is not None:
            self._unseen[job] = set()
        self.takes(kept)
        return f"put back {name!r}"

    def takes(self, path: Path) -> None:
        """They put it in the place of another."""
        self.returned.add(hashlib.sha256(path.read_bytes()).hexdigest())

    def seen(self, bearers: Mapping[int, Iterable[str]]) -> None:
        """A run looks which files there are: under what name each was found again. It may be
        called otherwise before that was taken down: then the next look finds it again."""
        for job in self._unseen.keys() & bearers.keys():
            stems = {Path(path).stem for path in bearers[job]}
            self.stems |= stems
            if self._unseen[job] == stems:
                del self._unseen[job]
            else:
                self._unseen[job] = stems

    def follows(self, before: Iterable[Seen], after: Iterable[Seen]) -> None:
        """What was put back stays theirs where the program gave it the title of its job."""
        stays = [*after]
        shas = {one.sha for one in stays}
        for seen in before:
            if seen.sha in self.returned and seen.sha not in shas:
                same = (one for one in stays if (one.job, one.heard) == (seen.job, seen.heard))
                self.returned.update(one.sha for one in same)
