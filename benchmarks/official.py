"""The loop that users of the official client write: list, ``requests.get``, mutagen.

``python -m benchmarks.official API-URL FOLDER``: one file after another, a title, an artist and the
id in the tags. It does not verify, sync to disk, place atomically, fetch covers, or remember
anything.
"""

from __future__ import annotations

import sys
from pathlib import Path

import requests
from audiopod import Client
from mutagen.id3 import ID3, TIT2, TPE1, TXXX

from benchmarks.account import KEY

_PAGE = 100


def mirror(api_url: str, folder: Path) -> None:
    """Download every completed job."""
    client = Client(api_key=KEY, base_url=api_url)
    skip = 0
    while jobs := client.music.list_jobs(skip=skip, limit=_PAGE):
        for job in jobs:
            path = folder / f"{job['id']}.mp3"
            path.write_bytes(requests.get(job["output_url"], timeout=60).content)
            tags = ID3()
            tags.add(TIT2(text=[job["display_name"]]))
            tags.add(TPE1(text=["AudioPod"]))
            tags.add(TXXX(desc="AUDIOPOD_ID", text=[str(job["id"])]))
            tags.save(path)
        skip += len(jobs)


if __name__ == "__main__":
    mirror(sys.argv[1], Path(sys.argv[2]))
