from __future__ import annotations

import pytest
import torch

from gpt.training.process_settings import matmul_precision


@pytest.mark.parametrize(("tf32", "inside"), [(True, "high"), (False, "highest")])
def test_tf32_is_enabled_on_a_gpu_and_only_during_the_run(tf32: bool, inside: str) -> None:
    before = torch.get_float32_matmul_precision()
    with matmul_precision(torch.device("cpu"), tf32):
        assert torch.get_float32_matmul_precision() == before
    with matmul_precision(torch.device("cuda"), tf32):
        assert torch.get_float32_matmul_precision() == inside
    assert torch.get_float32_matmul_precision() == before
