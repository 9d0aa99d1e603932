from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gpt.training.config import TrainConfig
from gpt.training.objective import should_compile


@pytest.mark.parametrize(
    ("asked", "device", "steps", "compiles"),
    [
        (True, "cpu", 100, True),
        (False, "cuda", 10_000, False),
        ("auto", "cuda", 100, True),
        ("auto", "cpu", 1499, False),
        ("auto", "cpu", 1500, True),
    ],
)
def test_auto_compiles_only_long_enough_runs(
    monkeypatch: pytest.MonkeyPatch, asked: bool | str, device: str, steps: int, compiles: bool
) -> None:
    monkeypatch.setenv("CXX", "g++")
    config = TrainConfig(steps=steps, compile=asked)  # type: ignore[arg-type]
    assert should_compile(config, torch.device(device)) is compiles


def test_auto_does_not_compile_on_a_cpu_without_a_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not should_compile(TrainConfig(steps=10_000, compile="auto"), torch.device("cpu"))
