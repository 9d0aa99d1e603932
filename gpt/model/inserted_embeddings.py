"""Vectors that stand in place of token embeddings: how a picture or a sound gets into the GPT.

Shapes: B rows of a batch, T tokens, C = n_embd, M vectors in all rows.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class InsertedEmbeddings(NamedTuple):
    """Where in a batch of token ids which vectors stand.

    The ids there are placeholders (`[IMAGE]`, `[AUDIO]`): the embeddings of previous tokens see those.

    Attributes:
        vectors: (M, C).
        rows: (M,) int64 row of each.
        columns: (M,) int64 column of each.
    """

    vectors: Tensor
    rows: Tensor
    columns: Tensor

    def insert_into(self, embeddings: Tensor) -> Tensor:
        """Return embeddings (B, T, C) with the vectors in place of some."""
        return embeddings.index_put((self.rows, self.columns), self.vectors.to(embeddings.dtype))
