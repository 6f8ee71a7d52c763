"""The API key in a wrapper that no log, error or traceback shows."""

from __future__ import annotations


class Secret:
    """A text that is shown only where ``reveal`` is called for it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

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
