"""Layout of packed rows: the document, shared prefix, position and predecessor of each token.

Documents in a row do not attend to each other. A document may have branches: each continues its prefix (the document's
beginning) and attends to it, but not to the other branches. Many questions about one long context thus cost one pass
over the context, and each gets the same result as if it alone followed the context (tree attention, as in SpecInfer,
arXiv:2305.09781, here for training).

Shapes: B rows, T positions of a row.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class PackedLayout(NamedTuple):
    """The document structure of packed rows, as attention, positions and previous-token embeddings use it.

    Attributes:
        document: (B, T) number of the document or branch, negative for padding.
        prefix: (B, T) number of the document that a branch continues; the document's own number otherwise.
        positions: (B, T) position in the document, prefix included, from 0.
        predecessor: (B, T) column of the previous token of the same document, -1 for the first.
    """

    document: Tensor
    prefix: Tensor
    positions: Tensor
    predecessor: Tensor

    @classmethod
    def from_documents(cls, document: Tensor) -> PackedLayout:
        """Return the layout of documents without branches, each a run of adjacent tokens."""
        columns = torch.arange(document.shape[1], device=document.device).expand_as(document)
        is_start = torch.ones_like(document, dtype=torch.bool)
        is_start[:, 1:] = document[:, 1:] != document[:, :-1]
        positions = columns - torch.where(is_start, columns, 0).cummax(dim=1).values
        return cls(document, document, positions, torch.where(is_start, -1, columns - 1))

    def to(self, device: torch.device) -> PackedLayout:
        """Copy to a GPU, without waiting for the transfer."""
        return PackedLayout(*(t.pin_memory().to(device, non_blocking=True) for t in self))

    def visible(self) -> Tensor:
        """(B, 1, T, T): whether a query may attend to a key, causality aside."""
        keys = self.document[:, None, None, :]
        return (keys == self.document[:, None, :, None]) | (keys == self.prefix[:, None, :, None])

    def previous(self, idx: Tensor, k: int, no_token_id: int) -> Tensor:
        """(B, T, k): the k tokens before each, oldest first; `no_token_id` where the document has no such token."""
        previous_ids = []
        column = self.predecessor
        for _ in range(k):
            previous_ids.append(torch.where(column >= 0, idx.gather(1, column.clamp_min(0)), no_token_id))
            column = torch.where(column >= 0, self.predecessor.gather(1, column.clamp_min(0)), -1)
        return torch.stack(previous_ids[::-1], dim=-1)
