"""What the tests of the trash are written with: a track, and what is told of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from syncd.local.root import Root
from syncd.local.trash import Facts, Why

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
CONTENT = b"fLaC" + bytes(range(256))
SERVER = NOW + timedelta(seconds=3)
FACTS = Facts(
    job_id=7,
    why=Why.REMOVED,
    now=NOW,
    server_time=SERVER,
    title="Rain / Дождь",
    audio="media.audiopod.ai/7/rain.flac",
    job='{"id": 7}',
)


def fill(root: Root, path: str, content: bytes = CONTENT) -> Path:
    file = root.path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def facts(**changed: Any) -> Facts:
    return Facts(**{**FACTS, **changed})  # type: ignore[typeddict-item]


def names(folder: Path) -> list[str]:
    """Every file under ``folder``."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def library(root: Root) -> list[str]:
    return [name for name in names(root.path) if not name.startswith(".syncd/")]
