"""How many threads numpy's products use: a setting of its BLAS, which numpy itself does not offer."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np


def limit_blas_threads(count: int) -> bool:
    """Let numpy's OpenBLAS use that many threads; returns whether it could be told.

    Without it, set OPENBLAS_NUM_THREADS before numpy is imported. Small products gain nothing from many threads and
    lose a lot on a machine whose cores are busy.
    """
    changed = False
    for library in sorted((Path(np.__file__).parents[1] / "numpy.libs").glob("*openblas*")):
        blas = ctypes.CDLL(str(library))  # numpy has it open already: no second copy
        for name in ("scipy_openblas_set_num_threads64_", "openblas_set_num_threads64_", "openblas_set_num_threads"):
            function = getattr(blas, name, None)
            if function is not None:
                function(ctypes.c_int(count))
                changed = True
                break
    return changed
