"""Cross-entropy loss of a GPT that reads an encoder's vectors and writes the matching text.

A row is an opening ([CLS]), placeholders ([IMAGE], [AUDIO]) whose embeddings are replaced by the encoder's vectors, and
the text that follows. Shorter rows are padded at the end, which earlier tokens cannot see.

Shapes: B rows, N maximum number of vectors per row, L tokens of text, C = n_embd.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from gpt.model.inserted_embeddings import InsertedEmbeddings
from gpt.model.transformer import GPT, IGNORE_INDEX


def reading_loss(
    gpt: GPT,
    vectors: Tensor,
    lengths: Tensor,
    texts: Tensor,
    learn: Tensor,
    *,
    opening: Sequence[int],
    placeholder: int,
    pad: int,
) -> Tensor:
    """Return the mean cross-entropy of the target tokens.

    Args:
        gpt: The model; gradients flow through it into the vectors, whether its weights are trained or not.
        vectors: (B, N, C) output of the encoder.
        lengths: (B,) int64 number of valid vectors, in 1..N.
        texts: (B, L) int64 tokens after them, padded with `pad`.
        learn: (B, L) bool, true where a token is a target.
        opening: Token ids at the start of a row, at least one.
        placeholder: The id at the positions of the vectors.
        pad: The padding id.
    """
    idx, targets, inserted = build_rows(vectors, lengths, texts, learn, opening, placeholder, pad)
    _, loss = gpt(idx, targets, inserted=inserted)
    assert loss is not None
    result: Tensor = loss
    return result


def build_rows(
    vectors: Tensor,
    lengths: Tensor,
    texts: Tensor,
    learn: Tensor,
    opening: Sequence[int],
    placeholder: int,
    pad: int,
) -> tuple[Tensor, Tensor, InsertedEmbeddings]:
    """Return ids (B, T), targets (B, T) and the inserted vectors, T = len(opening) + N + L - 1; arguments as above."""
    B, N = vectors.shape[:2]
    L, device = texts.shape[1], vectors.device
    O = len(opening)  # noqa: E741
    full = torch.full((B, O + N + L), pad, device=device)
    full[:, :O] = torch.tensor(list(opening), device=device)
    valid = torch.arange(N, device=device) < lengths[:, None]  # (B, N)
    full[:, O : O + N] = torch.where(valid, placeholder, pad)
    columns = O + lengths[:, None] + torch.arange(L, device=device)  # (B, L) columns of the text
    full.scatter_(1, columns, texts)
    has_loss = torch.zeros_like(full, dtype=torch.bool).scatter_(1, columns, learn)
    targets = torch.where(has_loss, full, IGNORE_INDEX)[:, 1:]
    rows, indices = valid.nonzero(as_tuple=True)
    inserted = InsertedEmbeddings(vectors[rows, indices], rows, indices + O)
    return full[:, :-1], targets, inserted
