"""Sets the number of threads of numpy's matrix products, which numpy itself does not expose."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np


def limit_blas_threads(count: int) -> bool:
    """Set the number of threads of numpy's OpenBLAS; returns whether that was possible.

    If it was not, set OPENBLAS_NUM_THREADS before numpy is imported. Small products gain nothing from many threads and
    are much slower with them on a busy machine.
    """
    changed = False
    for library in sorted((Path(np.__file__).parents[1] / "numpy.libs").glob("*openblas*")):
        blas = ctypes.CDLL(str(library))  # the copy that numpy has already loaded
        for name in ("scipy_openblas_set_num_threads64_", "openblas_set_num_threads64_", "openblas_set_num_threads"):
            function = getattr(blas, name, None)
            if function is not None:
                function(ctypes.c_int(count))
                changed = True
                break
    return changed
