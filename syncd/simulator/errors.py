"""Refusals of the service, and the shapes in which it words them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .switches import Switches

_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    402: "INSUFFICIENT_CREDITS",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    422: "VALIDATION_ERROR",
    429: "RATE_LIMITED",
    500: "INTERNAL_ERROR",
}


class Refusal(Exception):
    """An answer other than 200, with its reason."""

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = dict(headers or {})


class Invalid(Exception):
    """Parameters that do not pass; ``entries`` as FastAPI words them."""

    def __init__(self, entries: Sequence[dict[str, object]]) -> None:
        super().__init__(str(entries))
        self.entries = list(entries)


def invalid(name: str, kind: str, message: str, given: object, *, where: str = "query") -> Invalid:
    """One parameter at fault."""
    return Invalid([{"type": kind, "loc": [where, name], "msg": message, "input": given}])


def refusal_body(status: int, reason: str, switches: Switches) -> dict[str, object]:
    """The JSON body for a plain refusal."""
    if switches.error_shape == "code":
        return {"detail": {"code": _CODES.get(status, "ERROR"), "message": reason}}
    if switches.error_shape == "list":
        return {"detail": [{"type": "error", "loc": ["request"], "msg": reason}]}
    return {"detail": reason}


def invalid_body(entries: Sequence[dict[str, object]], switches: Switches) -> dict[str, object]:
    """The JSON body for invalid parameters."""
    if switches.error_shape in ("fastapi", "list"):
        return {"detail": list(entries)}
    reason = "; ".join(str(entry["msg"]) for entry in entries)
    return refusal_body(422, reason, switches)
