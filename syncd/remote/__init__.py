"""The AudioPod API: one seam over HTTP, a typed client, sweeps, and downloads.

Reading order: ``client`` (the calls), ``sweep`` (a complete listing), ``media`` (downloads), then
``http`` (retries, rates, the key) and ``schema`` (what the wire may look like). Nothing here reads
configuration, and nothing outside imports httpx.
"""

from syncd.remote.addresses import AddressPolicy
from syncd.remote.client import AudioPod
from syncd.remote.http import Http
from syncd.remote.media import Fetched, fetch, fetch_bytes
from syncd.remote.query import JobQuery
from syncd.remote.results import Page
from syncd.remote.sweep import Sweep
from syncd.remote.waits import Retries

__all__ = [
    "AddressPolicy",
    "AudioPod",
    "Fetched",
    "Http",
    "JobQuery",
    "Page",
    "Retries",
    "Sweep",
    "fetch",
    "fetch_bytes",
]
