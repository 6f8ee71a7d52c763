"""Synchronised lyrics as the text of the ``.lrc`` file that stands beside a track."""

from __future__ import annotations


def lrc_text(lrc_content: str) -> str:
    """``lrc_content`` (api.md, the job object) with plain newlines, ending with one."""
    lines = lrc_content.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return lines.rstrip("\n") + "\n"
