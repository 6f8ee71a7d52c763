"""What the program did to the files of one tree, look by look: where each of them went, and why.

People's doings and the program's are never between the same two looks, so that whatever changed
between ``accept`` and ``judge`` is the program's. The rules, from ``README.md``:

- a file that is no job's stays where it is, as it is; a sidecar follows its track at most;
- a file that somebody changed (its mark, its title) stays in the library, in its folder;
- any other file of a track leaves its folder for the trash alone, whole, and only where its job is
  gone from the account, or its audio was changed there: one file for each time that happens, and
  no more of them in a day than the budget has;
- the trash gives up what it kept for its retention, and never the last copy of a track that went
  in the account by another hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from . import sound
from .chronicle import Chronicle
from .ledger import Seen
from .sums import Sums

if TYPE_CHECKING:
    from .house import Home

OWN_TITLE = "My own"
"""How the titles begin that people give."""

_GONE, _REPLACED = "files to the trash", "replaced files"

Track = tuple[str, int, str]
"""The folder, the job and the sound of a file."""


def is_changed(seen: Seen) -> bool:
    """Whether somebody changed it."""
    return bool(seen.marks) or (seen.title or "").startswith(OWN_TITLE)


class Custody:
    def __init__(self, home: Home, chronicle: Chronicle) -> None:
        self._home = home
        self._chronicle = chronicle
        self._library: dict[str, Seen] = {}
        self._trash: dict[str, Seen] = {}
        self._since: dict[str, float] = {}
        """Since when something can have been in the trash, by its digest."""
        self._taken: Counter[tuple[str, int]] = Counter()
        self._sums = Sums()
        self._places: set[PurePosixPath] = set()
        """Where tracks were ever seen."""
        self._looked = 0.0
        self.placed: set[int] = set()
        """The tracks that there were when the program planned last."""

    def accept(self, uptime: float) -> None:
        """People did something: what they left is how it is."""
        library, trash = self._home.read.below(self._home.root), self._in_trash()
        for path in self._library.keys() | library.keys():
            before, after = self._library.get(path), library.get(path)
            if before is None or after is None or before.sha != after.sha:
                jobs = {one.job for one in (before, after) if one and one.job is not None}
                self._home.ledger.touched |= jobs
        self._keep(library, trash, uptime)

    def judge(self, library: dict[str, Seen], uptime: float) -> list[str]:
        """What the program did since that it must not do; ``library`` is what stands there now."""
        trash = self._in_trash()
        troubles = [
            *self._foreign(library, trash),
            *self._changed(library),
            *self._departed(library, trash, uptime),
            *self._arrived(trash),
            *self._purged(library, trash, uptime),
        ]
        self._home.attic.follows(self._library.values(), library.values())
        self._keep(library, trash, uptime)
        return troubles

    def _in_trash(self) -> dict[str, Seen]:
        kept = self._home.read.below(self._home.root / ".syncd" / "trash", own=True)
        return {path: seen for path, seen in kept.items() if not path.endswith((".json", ".new"))}

    def _keep(self, library: dict[str, Seen], trash: dict[str, Seen], uptime: float) -> None:
        known = {one.sha for one in self._trash.values()}
        for one in trash.values():
            if one.sha not in known:
                self._since[one.sha] = self._looked
        kept = {one.sha for one in trash.values()}
        self._since = {sha: since for sha, since in self._since.items() if sha in kept}
        self._places |= {
            PurePosixPath(path) for path, one in library.items() if one.job is not None
        }
        self._library, self._trash, self._looked = library, trash, uptime

    # --- what is people's ---

    def _foreign(self, library: dict[str, Seen], trash: dict[str, Seen]) -> Iterator[str]:
        own = self._home.ledger.own
        anywhere = {one.sha for one in (*library.values(), *trash.values())}
        for path, seen in self._library.items():
            now = library.get(path)
            if seen.job is not None or (now is not None and now.sha == seen.sha):
                continue
            if Path(path).suffix in sound.SUFFIXES:
                yield f"{path!r} is no job's, and did not stay as it was"
            elif seen.sha in own and not (seen.sha in anywhere and self._is_beside(path)):
                yield f"somebody's own {path!r} did not stay as it was"

    def _is_beside(self, path: str) -> bool:
        """Whether it is named for a track that stood, or once stood, in its folder: then it goes
        where that goes."""
        place = PurePosixPath(path)
        return any(
            one.parent == place.parent and place.stem in (one.stem, one.name)
            for one in self._places
        )

    def _changed(self, library: dict[str, Seen]) -> Iterator[str]:
        def counted(files: dict[str, Seen]) -> Counter[tuple[object, ...]]:
            return Counter(
                (
                    *(_folder(path), seen.job, seen.heard, seen.marks),
                    seen.title if (seen.title or "").startswith(OWN_TITLE) else None,
                )
                for path, seen in files.items()
                if seen.job is not None and is_changed(seen)
            )

        for folder, job, _, marks, title in counted(self._library) - counted(library):
            what = title or marks
            yield f"the file of {job} in {folder!r} that somebody changed ({what}) did not stay"

    # --- where tracks go ---

    def _departed(
        self, library: dict[str, Seen], trash: dict[str, Seen], uptime: float
    ) -> Iterator[str]:
        kept = {(one.job, one.heard) for one in trash.values()}
        for (folder, job, heard), number in (_tracks(self._library) - _tracks(library)).items():
            if (job, heard) not in kept:
                yield f"{number} file(s) of {job} in {folder!r}: their audio is nowhere any more"
                continue
            version = self._chronicle.now(job)
            kind = _GONE if version is None else _REPLACED
            may = self._chronicle.sounds(job) if version else 1
            self._taken[kind, job] += number
            if version is None and self._home.setup.remote_deletions != "trash":
                yield f"a file of {job}, which is no more, went to the trash, and was to be kept"
            elif version is not None and heard in version.heard:
                yield f"a file of {job} in {folder!r} went to the trash, and nothing says why"
            elif self._taken[kind, job] > may:
                yield f"{self._taken[kind, job]} files of {job} went to the trash for {may} change"
            self._sums.add(kind, job, self._looked)
            excess = self._sums.excess(
                kind,
                uptime,
                budget=self._home.setup.budget,
                of=self.placed,
                all_=kind == _GONE,
            )
            if excess:
                yield f"{kind}: {excess}"

    def _arrived(self, trash: dict[str, Seen]) -> Iterator[str]:
        known = {one.sha for one in self._trash.values()}
        tracks = {(one.job, one.heard) for one in self._library.values()}
        gone = {job for tree in self._home.trees for job in tree.ledger.removed}
        for path, seen in trash.items():
            if seen.sha in known or seen.job is None or Path(path).suffix not in sound.SUFFIXES:
                continue
            if seen.job not in gone and (seen.job, seen.heard) not in tracks:
                yield f"{path!r} is in the trash, of {seen.job}, and nobody removed that"

    def _purged(
        self, library: dict[str, Seen], trash: dict[str, Seen], uptime: float
    ) -> Iterator[str]:
        here = {one.sha for one in (*library.values(), *trash.values())}
        sounds = {(one.job, one.heard) for one in library.values() if one.job is not None}
        jobs = {one.job for one in (*library.values(), *trash.values())}
        for path, seen in self._trash.items():
            if seen.sha in here:
                continue
            age = uptime - self._since.get(seen.sha, self._looked)
            self._home.ledger.forgets(seen)
            if (seen.job, seen.heard) in sounds:
                continue  # it was a copy of what stands in the library
            if age < self._home.setup.kept:
                yield f"{path!r} was in the trash for {age:.0f} s at most, and is gone"
            elif (
                seen.job is not None
                and seen.job not in jobs
                and seen.job not in self._home.ledger.removed
                and self._chronicle.is_ended_by_others(seen.job, self._home.member.name)
            ):
                yield f"{path!r} was the last copy of {seen.job}, which others deleted, and is gone"


def _folder(path: str) -> str:
    return str(PurePosixPath(path).parent)


def _tracks(files: dict[str, Seen]) -> Counter[Track]:
    return Counter(
        (_folder(path), seen.job, seen.heard)
        for path, seen in files.items()
        if seen.job is not None
    )
