"""glibc allocator settings that keep freed memory in the process, which speeds up training on a CPU.

By default glibc returns large blocks to the system at every free, and the system must zero them again at the next
malloc (measured by `python -m gpt.speed`). glibc reads its settings at process start, so a process that lacks them
restarts itself.
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
    """Restart this process with the variables of `ALLOCATOR` set; do nothing if they are set, or not on Linux.

    Variables set by the user are kept. Call it only from a command's `__main__`, before anything else.
    """
    missing = {name: value for name, value in ALLOCATOR.items() if name not in os.environ}
    if sys.platform == "linux" and missing:
        os.execve(sys.executable, sys.orig_argv, os.environ | missing)
