"""What a file holds, as one number."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

_BLOCK = 1 << 20


def sha256(path: Path, looked: Callable[[], None] = lambda: None) -> str:
    """The SHA-256 of the file at ``path``, as hexadecimal digits; raises ``OSError``.

    ``looked`` is called for each mebibyte; what it raises ends it.
    """
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            looked()
    return digest.hexdigest()
