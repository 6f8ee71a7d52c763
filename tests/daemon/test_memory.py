"""What a daemon that works in threads keeps of the memory that it gave back."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys

import pytest

HEAPS = """
import ctypes, sys, threading
from syncd.daemon.memory import keep_few_heaps

if sys.argv[1] == "few":
    keep_few_heaps()
together = threading.Barrier(8)
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.fopen.restype = ctypes.c_void_p

def work():
    for _ in range(200):
        libc.malloc(ctypes.c_size_t(1000))
    together.wait()

threads = [threading.Thread(target=work) for _ in range(8)]
for one in threads:
    one.start()
for one in threads:
    one.join()
out = ctypes.c_void_p(libc.fopen(b"/dev/stdout", b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
"""


def heaps(how: str, **environment: str) -> int:
    own = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    told = subprocess.run(
        [sys.executable, "-c", HEAPS, how],
        env=own | environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return len(re.findall(r'<heap nr="', told))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library than glibc")
def test_threads_share_two_heaps_unless_the_user_says_otherwise() -> None:
    assert heaps("any") > 2
    assert heaps("few") == 2
    assert heaps("few", MALLOC_ARENA_MAX="5") == 5
