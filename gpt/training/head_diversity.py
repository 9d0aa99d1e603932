"""Diversity of attention heads: a penalty on similar heads, and a measure of their similarity.

Head i transforms the inputs that it attends to with one matrix, from the residual stream to the residual stream: M_i =
O_i V_i, the product of its output and value weights. Two heads are similar if these matrices are, whatever basis each
uses inside. The penalty is the mean squared cosine between them: the disagreement regularization of Li et al. 2018
(arXiv:1810.10183), applied to the heads' matrices instead of their activations, so that its cost does not grow with the
batch.

Shapes: B rows, T positions, C = n_embd, H query heads, K value heads, D head size, L layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gpt.model.attention import Attention

if TYPE_CHECKING:
    from gpt.model.transformer import GPT

_MIN_SQUARED_NORM = 1e-12  # squared norm below which a matrix counts as zero, as all do before the first step


def head_penalty(model: GPT) -> Tensor:
    """Similarity of the heads within a layer: 0 if their matrices are orthogonal, 1 if all are equal up to a factor.

    The mean over layers and pairs of heads, in fp32, differentiable; 0 for a model with one head. It costs two
    products of C × C matrices per layer.
    """
    return _layer_similarities(model).mean()


@torch.no_grad()
def head_similarity(model: GPT) -> tuple[float, ...]:
    """The penalty of each layer, first to last."""
    values: list[float] = _layer_similarities(model).tolist()
    return tuple(values)


def _layer_similarities(model: GPT) -> Tensor:
    """Mean squared cosine between the matrices of two heads, (L,)."""
    return torch.stack([_mean_of_pairs(_map_cosines(module).square()) for module in _attentions(model)])


def _map_cosines(attention: Attention) -> Tensor:
    """Cosines (H, H) between the heads' matrices, in fp32 even under autocast."""
    H, K, D = attention.n_head, attention.kv_heads, attention.head_size
    with torch.autocast(attention.qkv.weight.device.type, enabled=False):
        values = attention.qkv.weight[(H + K) * D :].float().view(K, D, -1)
        values = values.repeat_interleave(H // K, dim=0).flatten(0, 1)  # (H D, C)
        outputs = attention.proj.weight.float()  # (C, H D)
        # <O_i V_i, O_j V_j> = sum of (O_i^T O_j) * (V_i V_j^T): the C × C matrices are never materialized.
        products = (outputs.T @ outputs) * (values @ values.T)
        inner = products.view(H, D, H, D).sum(dim=(1, 3))  # (H, H)
        inverse_norm = inner.diagonal().clamp_min(_MIN_SQUARED_NORM).rsqrt()
        cosines: Tensor = inner * inverse_norm[:, None] * inverse_norm
        return cosines


def _mean_of_pairs(table: Tensor) -> Tensor:
    """Mean of (..., H, H) over the off-diagonal entries."""
    H = table.shape[-1]
    off_diagonal = table.sum(dim=(-2, -1)) - table.diagonal(dim1=-2, dim2=-1).sum(dim=-1)
    return off_diagonal / max(1, H * (H - 1))


def _attentions(model: GPT) -> list[Attention]:
    return [module for module in model.modules() if isinstance(module, Attention)]
