from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from gpt.model.attention import Attention
from gpt.model.transformer import GPT
from gpt.training.head_diversity import head_penalty, head_similarity

Make = Callable[..., GPT]
C, D, H = 32, 8, 4  # of `make_model`


def attentions(model: GPT) -> list[Attention]:
    return [module for module in model.modules() if isinstance(module, Attention)]


def random_ids(rows: int, length: int) -> Tensor:
    return torch.randint(0, 320, (rows, length), generator=torch.Generator().manual_seed(0))


def head_maps(attention: Attention) -> Tensor:
    """Return the value-to-output map of each head explicitly, (H, C, C)."""
    group = attention.n_head // attention.kv_heads
    values = attention.qkv.weight[(attention.n_head + attention.kv_heads) * D :].view(attention.kv_heads, D, C)
    outputs = attention.proj.weight.view(C, attention.n_head, D)
    return torch.stack([outputs[:, head] @ values[head // group] for head in range(attention.n_head)])


@pytest.mark.parametrize("kv_heads", [None, 2, 1])
def test_the_penalty_is_the_mean_squared_cosine_between_head_maps(make_model: Make, kv_heads: int | None) -> None:
    model = make_model(n_kv_head=kv_heads)
    cosines = []
    for attention in attentions(model):
        flat = head_maps(attention).flatten(1)
        pairs = [(i, j) for i in range(H) for j in range(H) if i != j]
        cosines.append(torch.stack([torch.cosine_similarity(flat[i], flat[j], dim=0) ** 2 for i, j in pairs]).mean())
    torch.testing.assert_close(head_penalty(model), torch.stack(cosines).mean(), rtol=1e-4, atol=1e-6)
    assert head_similarity(model) == pytest.approx([value.item() for value in cosines], rel=1e-3)


@pytest.mark.parametrize("part", ["qkv", "proj"])
def test_heads_that_read_or_write_orthogonal_subspaces_cost_nothing(make_model: Make, part: str) -> None:
    model = make_model()
    for attention in attentions(model):
        torch.nn.init.orthogonal_(attention.qkv.weight[2 * C :] if part == "qkv" else attention.proj.weight)
    assert head_penalty(model).item() == pytest.approx(0, abs=1e-9)


def test_equal_heads_cost_one_for_any_basis_and_scale(make_model: Make) -> None:
    model = make_model()
    basis = torch.randn(D, D, generator=torch.Generator().manual_seed(0))
    for attention in attentions(model):
        values, outputs = attention.qkv.weight.data[2 * C :], attention.proj.weight.data
        for head in range(1, H):
            columns = slice(head * D, (head + 1) * D)
            values[columns] = 3 * basis @ values[:D]
            outputs[:, columns] = outputs[:, :D] @ basis.inverse()
    assert head_penalty(model).item() == pytest.approx(1, abs=1e-3)


def test_gradient_descent_on_the_penalty_makes_heads_differ(make_model: Make) -> None:
    model = make_model()
    before = head_similarity(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    for _ in range(5):
        optimizer.zero_grad()
        head_penalty(model).backward()
        optimizer.step()
    after = head_similarity(model)
    assert all(a < b for a, b in zip(after, before, strict=True))


def test_the_penalty_has_gradients_for_values_and_outputs_only(make_model: Make) -> None:
    model = make_model()
    head_penalty(model).backward()
    for name, parameter in model.named_parameters():
        gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        if name.endswith("qkv.weight"):
            assert not gradient[: 2 * C].any()
            assert gradient[2 * C :].any()
        else:
            assert bool(gradient.any()) == name.endswith("attention.proj.weight")


def test_a_model_before_its_first_step_has_a_finite_gradient(make_model: Make) -> None:
    model = make_model(fresh=True)
    penalty = head_penalty(model)
    penalty.backward()
    assert penalty.item() == 0
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


def test_one_head_costs_nothing(make_model: Make) -> None:
    model = make_model(n_head=1)
    assert head_penalty(model).item() == 0


def test_the_penalty_is_fp32_under_autocast(make_model: Make) -> None:
    model = make_model()
    exact = head_penalty(model)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(head_penalty(model), exact)
    assert exact.dtype == torch.float32


@pytest.mark.parametrize("kv_heads", [None, 2])
def test_orthogonal_heads_start_with_all_rows_of_queries_keys_and_values_orthogonal(
    make_model: Make, kv_heads: int | None
) -> None:
    model = make_model(fresh=True, head_init="orthogonal", n_kv_head=kv_heads)
    width = C if kv_heads is None else kv_heads * D
    for attention in attentions(model):
        for part in attention.qkv.weight.split((C, width, width)):
            torch.testing.assert_close(part @ part.T, 0.02**2 * C * torch.eye(len(part)), rtol=1e-4, atol=1e-6)


def test_orthogonal_heads_are_drawn_from_the_seed(make_model: Make) -> None:
    one, same, other = (make_model(fresh=True, head_init="orthogonal", seed=seed) for seed in (0, 0, 1))
    first, second, third = (attentions(model)[0].qkv.weight for model in (one, same, other))
    assert torch.equal(first, second)
    assert not torch.equal(first, third)


def test_head_initialization_changes_nothing_else(make_model: Make) -> None:
    shared, orthogonal = make_model(fresh=True), make_model(fresh=True, head_init="orthogonal")
    for (name, ours), (_, its) in zip(shared.named_parameters(), orthogonal.named_parameters(), strict=True):
        if name.endswith("qkv.weight"):
            assert not torch.equal(ours, its)
            assert ours.std().item() == pytest.approx(its.std().item(), rel=0.05)
        elif name.startswith("blocks."):
            assert torch.equal(ours, its)
        else:  # drawn before or after from the same distribution
            assert ours.shape == its.shape
