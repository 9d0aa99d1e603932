"""Vectors that replace token embeddings: the way images and sounds enter the GPT.

Shapes: B rows of a batch, T tokens, C = n_embd, M vectors in all rows together.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class InsertedEmbeddings(NamedTuple):
    """Vectors and their positions in a batch of token ids.

    The ids at these positions are placeholders (`[IMAGE]`, `[AUDIO]`), which the previous-token embeddings do see.

    Attributes:
        vectors: (M, C).
        rows: (M,) int64 row of each vector.
        columns: (M,) int64 column of each vector.
    """

    vectors: Tensor
    rows: Tensor
    columns: Tensor

    def insert_into(self, embeddings: Tensor) -> Tensor:
        """Return embeddings (B, T, C) with the vectors at their positions."""
        return embeddings.index_put((self.rows, self.columns), self.vectors.to(embeddings.dtype))
