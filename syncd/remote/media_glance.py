"""A glance at a media file: whether it is served, without fetching it."""

from __future__ import annotations

from dataclasses import dataclass

from syncd.errors import CorruptMedia
from syncd.remote.addresses import AddressPolicy, shown
from syncd.remote.http import Http
from syncd.remote.media import opened, sent
from syncd.remote.media_head import body_length, check_kind, check_status, range_total


@dataclass(frozen=True, slots=True)
class Served:
    """What an answer told of the whole file: ``size`` in bytes and ``etag``, where it did."""

    size: int | None
    etag: str | None


async def glance(http: Http, address: str, *, policy: AddressPolicy) -> Served:
    """Ask for the first byte of what is at ``address``, and take what comes first of the body.

    Raises ``AddressRefused``, ``AddressExpired``, ``MediaSilent``, ``MediaUnavailable``,
    ``CorruptMedia`` (also for an empty file).
    """
    url = policy.read(address)

    async def once() -> Served:
        async with opened(http, url, {"Range": "bytes=0-0"}, policy) as response:
            if response.status_code == 416:
                raise CorruptMedia(f"{shown(url)} gives an empty file")
            check_status(http, response, url)
            check_kind(response, url)
            ranged = response.status_code == 206
            size = range_total(response) if ranged else body_length(response)
            async for chunk in http.chunks(response):
                if chunk:
                    return Served(size, response.headers.get("etag"))
        raise CorruptMedia(f"{shown(url)} gives an empty file")

    return await sent(http.retries, url, once)
