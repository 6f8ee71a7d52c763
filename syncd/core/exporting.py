"""What is exported for other programs, and how these see the library: the settings as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from syncd.core.listing import Listing

Format = Literal["csv", "json", "m3u8", "rekordbox", "nsp"]
"""What can be asked for by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exports:
    """Which exports are kept up to date; none where a place is ``None``.

    ``playlists`` and ``nsp`` are folders, ``rekordbox`` is a file; each relative to the root, or
    absolute. ``queries`` are the saved queries by name, ``artist`` is that of the library's tracks.
    """

    playlists: str | None = None
    rekordbox: str | None = None
    nsp: str | None = None
    path_map: Mapping[str, str]
    queries: Mapping[str, Listing]
    artist: str

    @property
    def is_off(self) -> bool:
        return not (self.playlists or self.rekordbox or self.nsp)


OFF = Exports(path_map={}, queries={}, artist="")


def mapped(path: str, path_map: Mapping[str, str]) -> str | None:
    """An absolute path as another program sees it; ``None`` where no prefix of it is mapped.

    Of several prefixes the longest counts, and each stands for whole folders.
    """
    for prefix in sorted(path_map, key=len, reverse=True):
        start = str(PurePosixPath(prefix))
        if path == start or path.startswith(f"{start.rstrip('/')}/"):
            target = path_map[prefix]
            sign = "\\" if "\\" in target else "/"
            rest = path[len(start.rstrip("/")) + 1 :]
            return sign.join([target.rstrip("/\\"), *rest.split("/")]) if rest else target
    return None
