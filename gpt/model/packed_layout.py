"""Where each token of a packed row stands: its document, the trunk it branches off, its place and its predecessor.

Documents of one row do not see each other. A document may have branches: each continues the trunk (the document's
beginning) and sees it, but not the other branches. So many questions about one long context are read for the price of
one context, and each is read exactly as if it stood alone behind it (a tree of attention, as in SpecInfer,
arXiv:2305.09781, here for training).

Shapes: B rows, T positions of a row.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class PackedLayout(NamedTuple):
    """What attention, positions and the embeddings of previous tokens need to know of a row.

    Attributes:
        document: (B, T) number of the document or branch, negative where there is none.
        trunk: (B, T) number of the document that it continues; its own number where it continues none.
        positions: (B, T) place in the document, trunk included, from 0.
        before: (B, T) column of the token before it in its document, -1 for the first.
    """

    document: Tensor
    prefix: Tensor
    positions: Tensor
    predecessor: Tensor

    @classmethod
    def from_documents(cls, document: Tensor) -> PackedLayout:
        """The layout of documents without branches; the tokens of each are adjacent."""
        columns = torch.arange(document.shape[1], device=document.device).expand_as(document)
        is_start = torch.ones_like(document, dtype=torch.bool)
        is_start[:, 1:] = document[:, 1:] != document[:, :-1]
        positions = columns - torch.where(is_start, columns, 0).cummax(dim=1).values
        return cls(document, document, positions, torch.where(is_start, -1, columns - 1))

    def to(self, device: torch.device) -> PackedLayout:
        """The same on a GPU; the copies do not wait."""
        return PackedLayout(*(t.pin_memory().to(device, non_blocking=True) for t in self))

    def visible(self) -> Tensor:
        """(B, 1, T, T): whether a query's token may see a key's, causality apart."""
        keys = self.document[:, None, None, :]
        return (keys == self.document[:, None, :, None]) | (keys == self.prefix[:, None, :, None])

    def previous(self, idx: Tensor, k: int, no_token_id: int) -> Tensor:
        """(B, T, k): the k tokens before each, oldest first, `nothing` where its document has none."""
        previous_ids = []
        column = self.predecessor
        for _ in range(k):
            previous_ids.append(torch.where(column >= 0, idx.gather(1, column.clamp_min(0)), no_token_id))
            column = torch.where(column >= 0, self.predecessor.gather(1, column.clamp_min(0)), -1)
        return torch.stack(previous_ids[::-1], dim=-1)
