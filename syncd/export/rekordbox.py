"""The library as rekordbox XML, which rekordbox and other DJ programs import.

Source: "rekordbox xml format list" (https://rekordbox.com/en/support/developer/), and tags.md.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from syncd import __version__
from syncd.export.lists import FACETS, TrackList
from syncd.export.tracks import Track

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped (https://www.w3.org/TR/xml/#charsets)."""

_KINDS = {"flac": "FLAC File", "mp3": "MP3 File", "ogg": "OGG File", "wav": "WAV File"}
_FOLDERS = {"genre": "Genres", "emotion": "Emotions", "occasion": "Occasions"}
_FOLDER, _LIST, _BY_ID = "0", "1", "0"
_FIVE_STARS, _NO_STARS = "255", "0"


def document(tracks: Sequence[Track], lists: Iterable[TrackList]) -> bytes:
    """``tracks`` as the collection, in the order of their ids, and ``lists`` as its playlists.

    ``lists`` hold no other tracks.
    """
    top = Element("DJ_PLAYLISTS", Version="1.0.0")
    SubElement(top, "PRODUCT", Name="syncd", Version=__version__, Company="")
    collection = SubElement(top, "COLLECTION", Entries=str(len(tracks)))
    for track in sorted(tracks, key=lambda track: track.id):
        SubElement(collection, "TRACK", _attributes(track))
    _add_playlists(SubElement(top, "PLAYLISTS"), list(lists))
    indent(top)
    stream = io.BytesIO()
    ElementTree(top).write(stream, encoding="UTF-8", xml_declaration=True)
    return stream.getvalue() + b"\n"


def location(path: str) -> str:
    """``/Music/a b.mp3`` -> ``file://localhost/Music/a%20b.mp3``; of Windows, ``D:\\a`` too.

    A name that is not UTF-8 is given by its bytes.
    """
    if re.match(r"[A-Za-z]:[\\/]|\\\\", path):
        drive, rest = (path[:2], path[2:]) if path[1] == ":" else ("", path)
        slashed = os.fsencode(rest.replace("\\", "/"))
        return f"file://localhost{drive and f'/{drive}'}{quote(slashed)}"
    return f"file://localhost{quote(os.fsencode(path))}"


def _attributes(track: Track) -> dict[str, str]:
    made = track.created_at
    added = track.placed_at or made
    known = {
        "TrackID": track.id,
        "Name": track.title,
        "Artist": track.artist,
        "Album": track.album,
        "Genre": ", ".join(track.genre),
        "Kind": _KINDS.get(track.format or ""),
        "Size": track.size,
        "TotalTime": None if track.seconds is None else round(track.seconds),
        "TrackNumber": track.number,
        "Year": made.year if made else None,
        "AverageBpm": f"{track.bpm:.2f}" if track.bpm else None,
        "Tonality": track.key,
        "DateAdded": f"{added:%Y-%m-%d}" if added else None,
        "BitRate": None if track.bit_rate is None else round(track.bit_rate / 1000),
        "SampleRate": track.sample_rate,
        "Comments": track.comment,
        "Grouping": ", ".join(track.occasion),
        "Rating": _FIVE_STARS if track.liked else _NO_STARS,
        "Location": location(track.location),
    }
    return {name: _text(value) for name, value in known.items() if value is not None}


def _add_playlists(parent: Element, lists: Sequence[TrackList]) -> None:
    alone = [one for one in lists if one.kind not in FACETS]
    folders = [(facet, [one for one in lists if one.kind == facet]) for facet in FACETS]
    folders = [(facet, found) for facet, found in folders if found]
    root = _add_folder(parent, "ROOT", len(alone) + len(folders))
    for one in alone:
        _add_list(root, one)
    for facet, found in folders:
        folder = _add_folder(root, _FOLDERS[facet], len(found))
        for one in found:
            _add_list(folder, one)


def _add_folder(parent: Element, name: str, count: int) -> Element:
    return SubElement(parent, "NODE", Type=_FOLDER, Name=_text(name), Count=str(count))


def _add_list(parent: Element, chosen: TrackList) -> None:
    entries = str(len(chosen.tracks))
    node = SubElement(
        parent, "NODE", Type=_LIST, Name=_text(chosen.name), KeyType=_BY_ID, Entries=entries
    )
    for track in chosen.tracks:
        SubElement(node, "TRACK", Key=str(track.id))


def _text(value: object) -> str:
    return _NO_XML.sub("", str(value))
