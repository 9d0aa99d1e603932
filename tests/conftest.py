"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Read by torch when a test first imports it: on a busy machine, small models are faster on one thread.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Help is wrapped and output of other programs decoded alike, whatever terminal and locale this is.
os.environ |= {"COLUMNS": "80", "LINES": "24", "PYTHONUTF8": "1"}

# The same examples in every run, and no test fails for a slow machine. `--hypothesis-profile=random` draws others.
_SLOW = [HealthCheck.too_slow]
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=_SLOW)
settings.register_profile("random", derandomize=False, deadline=None, suppress_health_check=_SLOW, print_blob=True)
settings.load_profile("same")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Published benchmarks and reference files kept beside the checkout; the test is skipped without them."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("no reference files beside the checkout")
    return folder
