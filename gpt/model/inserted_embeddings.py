"""Vectors that replace token embeddings, by which the GPT reads images and sounds.

Shapes: B rows of a batch, T tokens, C = n_embd, M vectors in all rows together.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class InsertedEmbeddings(NamedTuple):
    """Vectors and their positions in a batch of token ids.

    The ids at these positions are placeholders (`[IMAGE]`, `[AUDIO]`). Only the token embedding is replaced: the
    previous-token embeddings of later positions are still looked up for the placeholder ids.

    Attributes:
        vectors: (M, C).
        rows: (M,) int64 row of each vector.
        columns: (M,) int64 column of each vector.
    """

    vectors: Tensor
    rows: Tensor
    columns: Tensor

    def insert_into(self, embeddings: Tensor) -> Tensor:
        """Return a copy of token embeddings (B, T, C) with the vectors at their positions."""
        return embeddings.index_put((self.rows, self.columns), self.vectors.to(embeddings.dtype))
