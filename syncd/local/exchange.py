"""Two names exchanged in one step: at no moment does either of them stand for nothing.

Sources: renameat2(2) of Linux, renamex_np(2) of macOS.
"""

from __future__ import annotations

from pathlib import Path

from syncd.local.rename import native_rename

_RENAME_EXCHANGE = 2  # renameat2(2), Linux
_RENAME_SWAP = 2  # renamex_np(2), macOS


def exchange(a: Path, b: Path) -> bool:
    """Exchange what stands at ``a`` and ``b``; ``False`` where this cannot be done in one step.

    Then nothing was changed: the system has no such call, or the file system does not offer it.
    Raises ``OSError`` (``FileNotFoundError`` where one of the two is missing).
    """
    return native_rename(a, b, linux=_RENAME_EXCHANGE, darwin=_RENAME_SWAP)
