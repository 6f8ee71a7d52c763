"""The other trees of a library, as the first one sees them: whether a track has a file there.

For reading alone, without their locks: what is found there only keeps things from being done.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from syncd.catalog.store import Catalog
from syncd.errors import RootUnusable, SyncdError
from syncd.local.root import Marker, Root, find_marker, open_root


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A further tree: its format, its folder, what is kept out of that, and its catalog's file.

    ``first`` is the catalog of the first tree, which knows whether this one was ever set up.
    """

    format: str
    root: Path
    ignore: tuple[str, ...]
    catalog: Path
    first: Catalog

    @contextmanager
    def reading(self) -> Iterator[tuple[Catalog, Root, Marker] | None]:
        """Its catalog, root and marker, proven to belong together; ``None``: it was never set up.

        Raises ``SyncdError`` where it cannot be looked at.
        """
        set_up = self.first.further.set_up(self.format)
        marker = find_marker(self.root)
        catalog = Catalog.read(self.catalog)
        try:
            binding = None if catalog is None else catalog.binding()
            if set_up is None and binding is None and (marker is None or not marker.generation):
                yield None
                return
            if marker is None:
                raise RootUnusable(f"{self.root} is not there, or has no marker")
            if catalog is None or binding is None:
                raise RootUnusable(f"the catalog of {self.root} is lost")
            if not marker.library_id == binding.library_id == (set_up or binding.library_id):
                raise RootUnusable(f"{self.root} is another library than it was")
            yield catalog, open_root(self.root, self.ignore), marker
        finally:
            if catalog is not None:
                catalog.close()

    def files(self, job_ids: Collection[int]) -> dict[int, Path]:
        """Where files of ``job_ids`` stand; raises ``SyncdError`` where that cannot be told."""
        with self.reading() as found:
            if found is None:
                return {}
            paths = found[0].further.standing(job_ids)
        return {job_id: self.root / path for job_id, path in paths.items()}

    def standing(self, job_ids: Collection[int]) -> dict[int, str]:
        """Of ``job_ids``, those that have a file here, or may have: where, in words."""
        try:
            files = self.files(job_ids)
        except SyncdError as error:
            reason = f"whether its {self.format} is gone as well cannot be told: {error.message}"
            return dict.fromkeys(job_ids, reason)
        return {
            job_id: f"its {self.format} stands at {path}: delete that too"
            for job_id, path in files.items()
        }


def stand_elsewhere(others: Sequence[Elsewhere], job_ids: Collection[int]) -> dict[int, str]:
    """Of ``job_ids``, those that one of ``others`` has, or may have: where, in words."""
    found: dict[int, str] = {}
    for other in others if job_ids else ():
        found |= other.standing(job_ids)
    return found
