"""One job of a listing says something that no sane service would; the others go on as they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from .stage import Stage
from .villain import API, edited

Row = dict[str, Any]
Change = Callable[[Row], Any]
MILLION = 1_000_000
ESCAPES = "\x1b]0;owned\x07\x1b[2J\x1b[31m\x9b1;1H\u202egnp.exe\u2066"

TITLES: Mapping[str, object] = MappingProxyType(
    {
        "a title of a million characters": "x" * MILLION,
        "a title of a million combining marks": "a" + "\u0301" * MILLION,
        "a title that climbs out": "../../../../outside/owned",
        "a title that is an absolute path": "/outside/owned",
        "a title of two dots": "..",
        "a title of the private folder": ".syncd",
        "a title of blanks": " \t\u3000\u200b ",
        "a title with NUL": "a\0b",
        "a title with a line break": "a\nb\r\n#EXTM3U",
        "a title that commands a terminal": ESCAPES,
        "a title of half a surrogate pair": "a\ud800b",
        "a title that runs backwards": "\u202e3pm.yksir",
        "a title that Windows reserves": "CON",
        "a title of two hundred emoji": "👩‍👩‍👧‍👦" * 200,
        "a title that is a list": [["a"]],
        "a title that is an object": {"$ne": None},
        "a title that is a number": 10**300,
        "a title in brackets like a suffix": "Song [1] [2] [99999999999999999999]",
        "a title that is a template": "{title}{id}{0.__class__}%s%n{",
    }
)

IDS: Mapping[str, object] = MappingProxyType(
    {
        "a negative id": -1,
        "an id of nought": 0,
        "an id of two to the seventieth": 2**70,
        "an id of two to the sixty-third": 2**63,
        "an id that is a broken number": 1.5,
        "an id that is a flag": True,
        "an id that is nothing": None,
        "an id that is a path": "../../etc/passwd",
        "an id in other digits": "１２３",
        "an id that is a list": [1],
        "an id that is an object": {"id": 1},
        "an id with an exponent": "1e5",
        "an id of a million digits": "9" * MILLION,
    }
)

FIELDS: Mapping[str, Row] = MappingProxyType(
    {
        "a duration beyond all numbers": {"audio_duration": 1e308},
        "a duration below nought": {"audio_duration": -1e308},
        "a duration that is text": {"audio_duration": "soon"},
        "a progress beyond a hundred": {"progress": 1e300},
        "a tempo beyond all numbers": {"bpm": 10**18},
        "a quality that is an object": {"quality_score": {"a": 1}},
        "twenty thousand seeds": {"actual_seeds": list(range(20_000))},
        "seeds beyond sixty-four bits": {"actual_seeds": [2**70, -(2**70), 1e300]},
        "a date in the year nought": {"created_at": "0000-00-00T00:00:00Z"},
        "a date before all dates": {"created_at": "0001-01-01T00:00:00+23:59"},
        "a date after all dates": {"created_at": "9999-12-31T23:59:59-23:59"},
        "a date of five digits": {"created_at": "+275760-09-13T00:00:00Z"},
        "a date that is a number": {"created_at": 10**20},
        "a date of a million digits": {"created_at": "9" * MILLION, "completed_at": "9" * MILLION},
        "a status that commands a terminal": {"status": ESCAPES},
        "a status of a hundred thousand characters": {"status": "Z" * 100_000},
        "a task that commands a terminal": {"task": ESCAPES},
        "ten thousand genres": {"genre": [f"g{n}" for n in range(10_000)]},
        "genres that are objects in objects": {"genre": [{"name": {"name": {"name": 1}}}]},
        "lyrics of a hundred thousand lines": {"lyrics": "la\n" * 100_000},
        "timed lyrics of as many": {"lrc_content": "[00:00.00]la\n" * 100_000},
        "lyrics with NUL and escapes": {"lrc_content": "\0" + ESCAPES, "lyrics": "\0" + ESCAPES},
        "a prompt of combining marks": {"prompt": "e" + "\u0301" * 300_000},
        "a key that commands a terminal": {"keyscale": ESCAPES, "timesignature": ESCAPES},
        "a model that is a list in lists": {"model_version": [[[[]]]], "seed": [[]]},
        "interactions of another kind": {"interactions": [{"a": 1}] * 1_000, "liked": "yes"},
        "fields of the program's own": {"raw": "x", "id_": 3, "__class__": "Job", "audio": 3},
        "ten thousand fields that nobody knows": {f"x{n}": n for n in range(10_000)},
        "an extra field five hundred deep": {"extra": json.loads("[" * 500 + "]" * 500)},
        "a cover at a file": {"thumbnail_url": "file:///etc/passwd"},
        "a cover in the address itself": {"thumbnail_url": "data:image/png;base64,AAAA"},
    }
)

ADDRESSES: Mapping[str, object] = MappingProxyType(
    {
        "audio at a file": "file:///etc/passwd",
        "audio at another protocol": "gopher://127.0.0.1:70/x",
        "audio at a script": "javascript:alert(1)",
        "audio at a user name": "http://user:secret@127.0.0.1:1/x.mp3",
        "audio at half an address": "http://[::1",
        "audio at no host": "http:///x.mp3",
        "audio at a port beyond ports": "http://127.0.0.1:99999999/x.mp3",
        "audio at a line break": "http://127.0.0.1:1/x\r\nX-API-Key: 1",
        "audio at NUL": "http://127.0.0.1:1/x\0.mp3",
        "audio at an address of a megabyte": "http://127.0.0.1:1/" + "a" * MILLION,
        "audio at the cloud's metadata": "http://169.254.169.254/latest/meta-data/",
        "audio at the metadata in one number": "http://2852039166/latest/",
        "audio at a private address": "http://192.168.1.1/x.mp3",
        "audio at an address in an address": "http://[::ffff:127.0.0.1]:1/x.mp3",
        "audio at a link-local address": "http://[fe80::1%25eth0]/x.mp3",
        "audio at this network": "http://0.0.0.0:1/x.mp3",
        "audio at a punycode of nothing": "http://xn--" + "a" * 70 + "/x.mp3",
        "audio at a number": 5,
    }
)


def _of_each(changes: Mapping[int, Change]) -> Callable[[Any], Any]:
    def edit(document: Any) -> Any:
        if isinstance(document, list):
            return [edit(row) for row in document]
        number = document.get("id") if isinstance(document, dict) else None
        return changes[number](document) if number in changes else document

    return edit


def _strike(it: Stage, *changes: Change) -> None:
    """Each befalls a job of its own, beside healthy ones, which are served meanwhile."""
    victims = {it.job(display_name=f"Victim {n}"): change for n, change in enumerate(changes)}
    it.job()
    it.villain.answers(API, r"/jobs(\?|/\d+/status)", edited(_of_each(victims)))
    it.sync()
    it.serves()
    it.run("ls", "--table")
    escaped = list(it.outside.rglob("*"))
    it.must(not escaped, f"it wrote outside: {escaped}")
    it.healthy += victims
    it.relieved()


def _tables() -> dict[str, dict[str, Change]]:
    addresses = {
        name: _set({"output_url": address, "output_urls": {"mp3": address}})
        for name, address in ADDRESSES.items()
    }
    return {
        "titles": {name: _set({"display_name": title}) for name, title in TITLES.items()},
        "ids": {name: _set({"id": number}) for name, number in IDS.items()},
        "fields": {name: _set(fields) for name, fields in FIELDS.items()},
        "addresses": addresses,
        "shapes": {
            "no id at all": lambda row: {k: v for k, v in row.items() if k != "id"},
            "nothing but an id": lambda row: {"id": row["id"]},
            "a list where a job should be": lambda row: [row],
            "audio in a hundred thousand formats": _many_formats,
            "audio in a format that climbs out": _climbing_format,
        },
    }


def _set(fields: Row) -> Change:
    return lambda row: {**row, **fields}


def together() -> dict[str, Callable[[Stage], None]]:
    """All of a table at once, each befalling a job of its own."""
    found: dict[str, Callable[[Stage], None]] = {}
    for name, table in _tables().items():
        found[f"all {name}"] = lambda it, table=table: _strike(it, *table.values())
    found["another person's job"] = _of_another
    return found


def cases() -> dict[str, Callable[[Stage], None]]:
    """Each by what it is, in words."""
    found: dict[str, Callable[[Stage], None]] = {}
    for table in _tables().values():
        for name, change in table.items():
            found[name] = lambda it, change=change: _strike(it, change)
    return found


def _of_another(it: Stage) -> None:
    """A list that mixes accounts is refused as a whole: whose the others are nobody knows."""
    victim = it.job(display_name="Victim")
    edit = _of_each({victim: _set({"user_id": 2**70})})
    it.villain.answers(API, r"/jobs(\?|/\d+/status)", edited(edit))
    it.stood = set(it.placed())
    it.sync(code=78, says="use the key of the library's account")
    it.must(not it.lost(), f"it lost {it.lost()}")
    it.healthy.append(victim)
    it.relieved()


def _many_formats(row: Row) -> Row:
    urls = row.get("output_urls") or {}
    return {
        **row,
        "output_urls": {**{f"f{n}": "http://127.0.0.1:1/" for n in range(100_000)}, **urls},
    }


def _climbing_format(row: Row) -> Row:
    address = (row.get("output_urls") or {}).get("mp3", "http://127.0.0.1:1/")
    return {**row, "output_url": address, "output_urls": {"../../outside/x": address}}
