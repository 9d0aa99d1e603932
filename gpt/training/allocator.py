"""How glibc is to keep memory while a CPU trains: the largest gain for the least work (`python -m gpt.speed`).

By default glibc returns large blocks to the system at every free, and the system has to clear them again at the next
malloc. The settings are read when a process starts, so one that lacks them starts itself anew with them.
"""

from __future__ import annotations

import os
import sys

ALLOCATOR = {
    "MALLOC_MMAP_THRESHOLD_": "4294967296",
    "MALLOC_TRIM_THRESHOLD_": "8589934592",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}


def restart_with_allocator() -> None:
    """Replace this process by the same command with `ALLOCATOR` set; nothing where that is done, or not Linux.

    What the user has set stays. Call it before anything else is done, from a command's `__main__` only.
    """
    missing = {name: value for name, value in ALLOCATOR.items() if name not in os.environ}
    if sys.platform == "linux" and missing:
        os.execve(sys.executable, sys.orig_argv, os.environ | missing)
