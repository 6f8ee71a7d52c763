"""The key in its wrapper, and the hiding of every other copy."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.secret import Secret, redact

KEY = "ap_live_c4nary-0123456789abcdef"


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret(KEY)
    shown = [
        str(secret),
        repr(secret),
        f"{secret}",
        f"{secret!r:>40}",
        repr([secret]),
        repr({1: secret}),
    ]
    assert all("c4nary" not in text for text in shown)
    assert secret.reveal() == KEY


def test_a_mask_tells_two_keys_apart() -> None:
    assert Secret(KEY).masked() == "ap_…cdef"
    assert Secret("ap_short").masked() == "ap_…"


def test_a_secret_is_not_pickled_or_copied() -> None:
    for attempt in (pickle.dumps, copy.deepcopy, copy.copy):
        with pytest.raises(TypeError, match="a secret is not pickled"):
            attempt(Secret(KEY))


def test_a_secret_has_no_attributes_to_list() -> None:
    with pytest.raises(TypeError):
        vars(Secret(KEY))


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (f"key {KEY}.", "key ap_…"),
        (f"X-API-Key: {KEY}", "X-API-Key: ap_…"),
        (f"{{'key': '{KEY}', 'n': 1}}", "{'key': 'ap_…', 'n': 1}"),
        (f"({KEY})", "(ap_…)"),
        (f"key={KEY}&x=1", "key=ap_…"),
        ("ap_with.dots+and/more=", "ap_…"),
        (r"line\nap_secret", r"line\nap_…"),
        (r"caf\u00e9ap_secret", r"caf\u00e9ap_…"),
        ("the map_reduce of snap_shots", "the map_reduce of snap_shots"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer …"),
        ("BEARER abc", "BEARER …"),
        ("https://m.example/a.flac?Sig=1&b=2", "https://m.example/a.flac?…"),
        ("(https://m.example/a b)", "(https://m.example/a b)"),
        ('"https://m.example/a?x=1", next', '"https://m.example/a?…", next'),
        ("https://user:password@host.example/x", "https://…@host.example/x"),
        ("https://host.example/@name", "https://host.example/@name"),
        ("plain text? yes", "plain text? yes"),
        ("GET /7.flac?Signature=c4&Expires=9 206", "GET /7.flac?Signature=…&Expires=… 206"),
        ("'/7?v=1&X-Amz-Signature=c4'", "'/7?v=1&X-Amz-Signature=…'"),
        ("/7.flac?token=c4;/8.flac", "/7.flac?token=…"),
        ("/jobs?skip=50&limit=50", "/jobs?skip=50&limit=50"),
        ("of ada.l+music@mail.example.org.", "of …@mail.example.org."),
        ("user=ada@example.org, 'b@example.org'", "user=…@example.org, '…@example.org'"),
        (r"line\nada@example.org\u00e9", r"line\n…@example.org\u00e9"),
        ("Album/me@home.flac", "Album/me@home.flac"),
        ("Album/me@home.again.flac", "Album/me@home.again.flac"),
        ("syncd@.host", "syncd@.host"),
    ],
)
def test_what_is_hidden_in(text: str, redacted: str) -> None:
    assert redact(text) == redacted
    assert redact(redacted) == redacted


QUOTED = st.text(st.sampled_from(['"', "\\", "'", "\n", "é", "a", "u", " ", "n", "\0"]), max_size=6)


@given(before=QUOTED, after=QUOTED)
def test_a_line_of_json_stays_one_and_keeps_no_secret(before: str, after: str) -> None:
    secrets = (f"https://m.example/a?sig=c4nary{after}c4nary", f"Bearer c4nary{after}")
    secrets += (f"/a?sig=c4nary{after}c4nary", f"c4nary@h.example{after}")
    for secret in (*secrets, f"https://u:c4nary@h.example/{after}"):
        line = redact(json.dumps({"event": f"{before} {secret}", "next": "kept"}))
        assert json.loads(line)["next"] == "kept"
    key = redact(json.dumps([f'{before}\n{KEY}"{after}', f"é{KEY}"]))
    assert "c4nary" not in key
    assert len(json.loads(key)) == 2
