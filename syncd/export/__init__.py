"""The library for other programs: playlists and DJ formats, written from the catalog.

``tracks`` reads what is in place, ``lists`` says which lists there are; ``m3u8``, ``rekordbox``,
``nsp`` and ``tables`` are the formats: tracks in, bytes out. ``placing`` writes files and remembers
which are this program's, ``refresh`` keeps those up to date that the settings ask for.
"""

from syncd.export.refresh import Refreshed, refresh

__all__ = ["Refreshed", "refresh"]
