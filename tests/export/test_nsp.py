"""Smart playlists for Navidrome."""

from __future__ import annotations

import json

import pytest

from syncd.export.lists import Kind, TrackList
from syncd.export.nsp import smart_playlist

MINE = {"is": {"albumartist": "AudioPod"}}


def test_a_worked_example() -> None:
    assert (
        smart_playlist(TrackList("emotion", "verträumt", ()), "AudioPod")
        == (
            "{\n"
            '  "name": "Emotion - verträumt",\n'
            '  "all": [\n'
            '    {\n      "is": {\n        "mood": "verträumt"\n      }\n    },\n'
            '    {\n      "is": {\n        "albumartist": "AudioPod"\n      }\n    }\n'
            "  ],\n"
            '  "sort": "dateadded",\n'
            '  "order": "desc"\n'
            "}\n"
        ).encode()
    )


@pytest.mark.parametrize(
    ("kind", "name", "rules"),
    [
        ("genre", "house", [{"is": {"genre": "house"}}]),
        ("genre", "R&B/Soul; Funk", [{"is": {"genre": name}} for name in ("R&B", "Soul", "Funk")]),
        ("occasion", "home, alone", [{"is": {"grouping": "home, alone"}}]),
        ("liked", "Liked", [{"is": {"loved": True}}]),
    ],
)
def test_a_rule_for_each_value_as_navidrome_reads_it(
    kind: Kind, name: str, rules: list[object]
) -> None:
    data = smart_playlist(TrackList(kind, name, ()), "AudioPod")
    assert data is not None
    assert json.loads(data)["all"] == [*rules, MINE]


@pytest.mark.parametrize("kind", ["all", "query"])
def test_other_lists_have_no_rules(kind: Kind) -> None:
    assert smart_playlist(TrackList(kind, "x", ()), "AudioPod") is None
