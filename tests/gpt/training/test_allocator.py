"""A training process restarts itself once with the allocator's settings."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from gpt.training.allocator import ALLOCATOR

SHOW = (
    "from gpt.training.allocator import restart_with_allocator; restart_with_allocator(); "
    "import os, sys; print(os.environ['MALLOC_TRIM_THRESHOLD_'], os.environ['GLIBC_TUNABLES'], *sys.argv[1:])"
)


def run(environment: dict[str, str]) -> str:
    outer = {name: value for name, value in os.environ.items() if name not in ALLOCATOR}
    return subprocess.run(
        [sys.executable, "-c", SHOW, "an argument"], env=outer | environment, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's settings")
def test_the_process_restarts_with_the_settings_and_its_arguments() -> None:
    assert run({}) == f"{ALLOCATOR['MALLOC_TRIM_THRESHOLD_']} {ALLOCATOR['GLIBC_TUNABLES']} an argument"


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's settings")
def test_settings_of_the_user_are_kept() -> None:
    assert run({"MALLOC_TRIM_THRESHOLD_": "123"}).startswith("123 ")
