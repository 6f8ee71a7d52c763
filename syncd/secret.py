"""The API key in a wrapper that no log, error or traceback shows, and what hides any other copy."""

from __future__ import annotations

import re

# A text may already have been written as JSON or by ``repr``: then ``\n`` stands before a word,
# and a backslash may belong to the quote that ends the text, which must stay.
_WORD = r"(?:[^\s\"'\\]|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\[^\s\"'nrtbfux])"
_STARTS = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrtbf])|(?<=\\u[0-9a-fA-F]{4})|(?<=\\x[0-9a-fA-F]{2}))"
_SECRETS = (
    (re.compile(_STARTS + r"ap_[^\s\"'\\,;<>()\[\]{}]{3,}"), "ap_…"),
    (re.compile(r"(https?://)[^\s\"'\\/?#@]+@"), r"\1…@"),
    (re.compile(r"(https?://[^\s\"'?]+)\?" + _WORD + "*"), r"\1?…"),
    (re.compile(r"(?i)(bearer)\s+" + _WORD + "+"), r"\1 …"),
)


def redact(text: str) -> str:
    """``text`` without API keys, bearer tokens, passwords and signatures of addresses."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


class Secret:
    """A text that is shown only where ``reveal`` is called for it."""

    __slots__ = ("_text", "source")

    def __init__(self, text: str, source: str = "") -> None:
        self._text = text
        self.source = source
        """Where it came from, for messages: the variable or the file."""

    def reveal(self) -> str:
        """The text itself; called once, where the request header is made."""
        return self._text

    def masked(self) -> str:
        """Enough to tell two keys apart: the first three and the last four characters."""
        return f"{self._text[:3]}…{self._text[-4:]}" if len(self._text) >= 16 else "ap_…"

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret is not pickled")
