"""Batches of tokenized documents: many packed into each row, or one per row with padding.

A batch is a pure function of (seed, step), so a resumed run reads exactly the batches of an uninterrupted run.

Shapes: B rows, T positions of a row.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gpt.data.packing import MAX_BRANCHES, pack_best_fit
from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.errors import ConfigError
from gpt.model.packed_layout import PackedLayout

logger = logging.getLogger(__name__)

NO_DOCUMENT = -1
"""Document number of padding."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """The inputs of one forward pass.

    Args:
        idx: (B, T) int64 token ids.
        targets: (B, T) int64 next token of the same document, -1 where there is no loss.
        layout: The document of each position, -1 for padding (`gpt/model/packed_layout.py`).
        n_tokens: Positions with a token.
        n_targets: Targets with loss, that is, those that are not -1.
        values: (B, T) fp32 value of each target for an objective of `gpt/training/preference.py`.
    """

    idx: Tensor
    targets: Tensor
    layout: PackedLayout
    n_tokens: int
    n_targets: int
    values: Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        """Copy to a device; copies to a GPU do not block."""
        if device.type == "cpu":
            return self
        idx, targets = (t.pin_memory().to(device, non_blocking=True) for t in (self.idx, self.targets))
        layout = self.layout.to(device)
        values = None if self.values is None else self.values.pin_memory().to(device, non_blocking=True)
        return replace(self, idx=idx, targets=targets, layout=layout, values=values)


class Batches(Protocol):
    """A source of batches; `batch(step)` always returns the same batch."""

    def batch(self, step: int) -> Batch:
        """Return the batch of a step 0, 1, 2, ..., without end."""
        ...


class _RowBatches:
    """Rows of documents, reshuffled every epoch."""

    def __init__(
        self,
        documents: TokenizedDocuments,
        batch_rows: int,
        block_size: int,
        seed: int,
        values: npt.NDArray[np.float32] | None = None,
    ) -> None:
        """Lay out the rows; `values` (n,) holds one value per token, for objectives that need them."""
        if values is not None and len(values) != len(documents.tokens):
            raise ConfigError(f"{len(values)} values do not belong to {len(documents.tokens)} tokens")
        self.values = values
        for name, value in (("batch_rows", batch_rows), ("block_size", block_size)):
            if value < 1:
                raise ConfigError(f"{name} is {value}; it must be at least 1")
        self.documents, self.batch_rows, self.block_size, self.seed = documents, batch_rows, block_size, seed
        lengths = np.diff(documents.offsets)
        self.n_truncated = int((lengths > block_size + 1).sum())
        # A document of n tokens has n - 1 pairs of a token and its successor.
        self._n_pairs = np.clip(lengths - 1, 0, block_size)
        self._included = np.flatnonzero(self._n_pairs > 0)
        self._included = self._included[self._have_loss(self._included)]
        self.n_left_out = len(documents) - len(self._included)
        if not len(self._included):
            raise ConfigError(f"none of {len(documents)} documents has a token that carries loss after its first")
        if self.n_truncated:
            logger.warning(
                "%d of %d documents are longer than block_size + 1 = %d tokens and were cut; the longest has %d. "
                "gpt.data.windows.split_into_windows keeps what was cut",
                self.n_truncated, len(documents), block_size + 1, int(lengths.max()),
            )  # fmt: skip
        self._rows = self._make_rows()
        self._epoch = -1
        self._order: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)

    def _have_loss(self, members: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Whether any target of each document carries loss; the mask may be a memory-mapped file and is not copied."""
        if not len(members):
            return np.zeros(0, dtype=np.bool_)
        starts = self.documents.offsets[members] + 1
        bounds = np.stack((starts, starts + self._n_pairs[members]), axis=1).ravel()
        in_range_bounds = bounds[:-1] if bounds[-1] == len(self.documents.loss_mask) else bounds
        any_loss: npt.NDArray[np.bool_] = np.logical_or.reduceat(self.documents.loss_mask, in_range_bounds)
        return any_loss[::2]

    def _make_rows(self) -> list[list[int]]:
        raise NotImplementedError

    def _width(self, rows: list[list[int]]) -> int:
        raise NotImplementedError

    @property
    def n_rows(self) -> int:
        """Rows per epoch."""
        return len(self._rows)

    @property
    def steps_per_epoch(self) -> float:
        """Batches per epoch, in which every document is read once."""
        return self.n_rows / self.batch_rows

    @property
    def n_tokens(self) -> int:
        """Positions with a token, per epoch."""
        return int(self._n_pairs[self._included].sum())

    def batch(self, step: int) -> Batch:
        """Return the batch of a step; epochs follow each other without end."""
        row_numbers = range(step * self.batch_rows, (step + 1) * self.batch_rows)
        rows = [self._rows[self._row_at(number)] for number in row_numbers]
        B, T = len(rows), self._width(rows)
        idx = np.zeros((B, T), dtype=np.int64)
        targets = np.full((B, T), -1, dtype=np.int64)
        document, prefix = (np.full((B, T), NO_DOCUMENT, dtype=np.int64) for _ in range(2))
        positions = np.zeros((B, T), dtype=np.int64)
        predecessor = np.full((B, T), -1, dtype=np.int64)
        values = None if self.values is None else np.zeros((B, T), dtype=np.float32)
        n_tokens = 0
        tokens, offsets = self.documents.tokens, self.documents.offsets
        for row, members in enumerate(rows):
            column = 0
            for slot, member in enumerate(members):
                start, n = int(offsets[member]), int(self._n_pairs[member])
                columns, next_tokens = slice(column, column + n), slice(start + 1, start + 1 + n)
                branch = np.asarray(self.documents.branch[start : start + n], dtype=np.int64)
                idx[row, columns] = tokens[start : start + n]
                targets[row, columns] = self.documents.targets(next_tokens.start, next_tokens.stop)
                if values is not None and self.values is not None:
                    values[row, columns] = self.values[next_tokens]
                prefix[row, columns] = slot * (MAX_BRANCHES + 1)
                document[row, columns] = prefix[row, columns] + branch
                positions[row, columns], predecessors = _positions_and_predecessors(branch)
                predecessor[row, columns] = np.where(predecessors >= 0, predecessors + column, -1)
                column += n
            n_tokens += column
        return Batch(
            idx=torch.from_numpy(idx),
            targets=torch.from_numpy(targets),
            layout=PackedLayout(*(torch.from_numpy(a) for a in (document, prefix, positions, predecessor))),
            n_tokens=n_tokens,
            n_targets=int((targets >= 0).sum()),
            values=None if values is None else torch.from_numpy(values),
        )

    def _row_at(self, row_number: int) -> int:
        epoch, index = divmod(row_number, len(self._rows))
        if epoch != self._epoch:
            self._epoch = epoch
            self._order = np.random.default_rng([self.seed, 1, epoch]).permutation(len(self._rows))
        return int(self._order[index])


class PackedBatches(_RowBatches):
    """Many documents per row of `block_size`, best-fit packed, so that there is almost no padding.

    Documents without loss are left out (`n_left_out`); those longer than `block_size` + 1 tokens are cut and counted
    (`n_truncated`). The seed determines which documents share a row; rows are shuffled every epoch.
    """

    def _make_rows(self) -> list[list[int]]:
        shuffled = np.random.default_rng([self.seed, 0]).permutation(self._included)
        rows = pack_best_fit([int(n) for n in self._n_pairs[shuffled]], self.block_size)
        return [[int(shuffled[member]) for member in row] for row in rows]

    def _width(self, rows: list[list[int]]) -> int:
        return self.block_size


class PaddedBatches(_RowBatches):
    """One document per row, padded to the longest of the batch: the baseline for packing."""

    def _make_rows(self) -> list[list[int]]:
        return [[int(member)] for member in self._included]

    def _width(self, rows: list[list[int]]) -> int:
        return max(int(self._n_pairs[row[0]]) for row in rows)


def _positions_and_predecessors(branch: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Each token's position in its document (prefix included) and the index of its previous token (-1: none)."""
    n = len(branch)
    indices = np.arange(n)
    starts = np.flatnonzero(np.diff(branch)) + 1  # of branches; the first is the end of the prefix
    if not len(starts):
        return indices, indices - 1
    prefix_length = int(starts[0])
    branch_starts = np.zeros(n, dtype=np.int64)
    branch_starts[starts] = starts
    branch_starts[:] = np.maximum.accumulate(branch_starts)
    positions = np.where(indices < prefix_length, indices, indices - branch_starts + prefix_length)
    predecessors = indices - 1
    predecessors[starts] = prefix_length - 1
    return positions, predecessors
