"""What every test shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Read by torch when a test first imports it: on a busy machine, small models are faster on one thread.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Published benchmarks and reference files kept beside the checkout; the test is skipped without them."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("no reference files beside the checkout")
    return folder
