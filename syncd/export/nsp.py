"""Smart playlists for Navidrome: rules that it works out itself from the tags of the files.

Source: https://github.com/navidrome/navidrome/issues/1417, and the names of fields and tags in
Navidrome's ``model/criteria/fields.go`` and ``resources/mappings.yaml``.
"""

from __future__ import annotations

import json
import re

from syncd.export.lists import TrackList

SUFFIX = ".nsp"

_FIELDS = {"genre": "genre", "emotion": "mood", "occasion": "grouping"}
_SPLIT = re.compile(r"[;/,]")
"""Where Navidrome takes a genre or a mood apart into several (tags.md)."""


def smart_playlist(chosen: TrackList, artist: str) -> bytes | None:
    """The rules for a list of one facet's value, or of what is loved; ``None`` for other kinds.

    ``artist`` keeps them to this library's tracks. What is loved is so in Navidrome, which reads no
    ratings from files.
    """
    if chosen.kind == "liked":
        rules: list[object] = [{"is": {"loved": True}}]
    elif field := _FIELDS.get(chosen.kind):
        parts = [chosen.name] if field == "grouping" else _SPLIT.split(chosen.name)
        rules = [{"is": {field: part.strip()}} for part in parts if part.strip()]
    else:
        return None
    document = {
        "name": chosen.title,
        "all": [*rules, {"is": {"albumartist": artist}}],
        "sort": "dateadded",
        "order": "desc",
    }
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")
