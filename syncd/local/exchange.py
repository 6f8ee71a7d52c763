"""Two names exchanged in one step: at no moment does either of them stand for nothing.

Sources: renameat2(2) of Linux, renamex_np(2) of macOS.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # renameat2(2), Linux
_RENAME_SWAP = 2  # renamex_np(2), macOS
_NOT_OFFERED = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM, errno.EOPNOTSUPP)


def exchange(a: Path, b: Path) -> bool:
    """Exchange what stands at ``a`` and ``b``; ``False`` where this cannot be done in one step.

    Then nothing was changed: the system has no such call, or the file system does not offer it.
    Raises ``OSError`` (``FileNotFoundError`` where one of the two is missing).
    """
    library = ctypes.CDLL(None, use_errno=True)
    first, second = os.fsencode(a), os.fsencode(b)
    if sys.platform == "darwin":
        call = getattr(library, "renamex_np", None)
        arguments = (first, second, ctypes.c_uint(_RENAME_SWAP))
    else:
        call = getattr(library, "renameat2", None)
        arguments = (_AT_FDCWD, first, _AT_FDCWD, second, ctypes.c_uint(_RENAME_EXCHANGE))
    if call is None:
        return False
    if call(*arguments) == 0:
        return True
    code = ctypes.get_errno()
    if code in _NOT_OFFERED:
        return False
    raise OSError(code, os.strerror(code), os.fspath(b))
