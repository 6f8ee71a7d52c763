"""The API key in a wrapper that no log, error or traceback shows, and what hides any other copy."""

from __future__ import annotations

import re

# A text may already have been written as JSON or by ``repr``: then ``\n`` stands before a word,
# and a backslash may belong to the quote that ends the text, which must stay.
_WORD = r"(?:[^\s\"'\\]|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\[^\s\"'nrtbfux])"
_ESCAPED = r"(?<=\\[nrtbf])|(?<=\\u[0-9a-fA-F]{4})|(?<=\\x[0-9a-fA-F]{2})"
# What signs an address that lacks its scheme and host: with those, its whole query is hidden.
_SIGNING = (
    r"(?:x-(?:amz|goog)-[a-z-]+|signature|sig|hmac|hash|token|access_token|expires|policy"
    r"|credential|key-pair-id|api_?key)"
)
_MAILBOX = r"[A-Za-z0-9._%+-]"
# A song may be called "me@home.again": what ends as a file of the library does is no mail address.
_NO_FILE = r"(?!(?:flac|ogg|wav|lrc|part|toml|json|jpg|png)\b)"
_HOST = rf"(?:[A-Za-z0-9-]+\.)+{_NO_FILE}[A-Za-z]{{2,}}(?![A-Za-z0-9-]|\.[A-Za-z0-9])"
_SECRETS = (
    (re.compile(rf"(?:(?<![A-Za-z0-9])|{_ESCAPED})ap_[^\s\"'\\,;<>()\[\]{{}}]{{3,}}"), "ap_…"),
    (re.compile(r"(https?://)[^\s\"'\\/?#@]+@"), r"\1…@"),
    (re.compile(rf"(https?://[^\s\"'?]+)\?{_WORD}*"), r"\1?…"),
    (re.compile(rf"(?i)([?&]{_SIGNING}=)(?:(?!&){_WORD})+"), r"\1…"),
    (re.compile(rf"(?i)(bearer)\s+{_WORD}+"), r"\1 …"),
    (re.compile(rf"(?:(?<![\\A-Za-z0-9._%+-])|{_ESCAPED}){_MAILBOX}+@({_HOST})"), r"…@\1"),
)


def redact(text: str) -> str:
    """``text`` without API keys, bearer tokens, passwords, signatures and mail addresses.

    Of an address of the web its query is hidden, of a mail address the part before the ``@``.
    """
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
