"""What goes wrong between two ends, in words, and whether anything had been answered by then."""

from __future__ import annotations

import ssl

import httpx

TRANSPORT_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError)
"""What goes wrong between two ends. OSError: TLS and name errors that httpcore lets through."""

UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""After these the request certainly did not leave this machine."""


def fault(error: Exception) -> str:
    """A transport error in words of its own: httpx's may hold whole addresses."""
    refused = _certificate_error(error)
    if refused is not None:
        return f"its certificate is not to be trusted: {refused.verify_message}"
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return "no answer in time"
    if isinstance(error, httpx.ProxyError):
        return "the proxy refused"
    if isinstance(error, httpx.ConnectError):
        return "no connection"
    if isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError):
        return "the connection broke off"
    return f"the connection failed ({type(error).__name__})"


def advice(error: Exception) -> str:
    """What the user can do about a transport error on the way to the API."""
    if _certificate_error(error) is not None:
        return (
            "is this machine's clock right? A proxy that reads https needs its own certificate "
            "in SSL_CERT_FILE"
        )
    return "is this machine online?"


def is_silence(error: Exception) -> bool:
    """Whether not a line of an answer had come. ``error`` came before the head of one was read."""
    if isinstance(error, httpx.RemoteProtocolError):
        # The other ones say that what came was no HTTP, or led nowhere. httpcore has no class
        # for an end without any answer.
        return "disconnected" in str(error)
    return isinstance(error, httpx.TransportError | OSError)


def _certificate_error(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error
        error = error.__cause__ or error.__context__
    return None
