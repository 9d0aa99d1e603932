"""Training data of the speed ladder: random documents shaped like the planner's corpus, one group per step.

A step reads the same documents on every rung, whether padded or packed, so its loss and gradient are the same.

Shapes: B rows, T positions of a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from torch.nn import functional as F

from gpt.data.batches import Batch, PackedBatches, PaddedBatches
from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.model.packed_layout import PackedLayout

# The planner's corpus (recipe `language`, 20,000 packed documents): a home's inventory of 71 tokens with 7 or 8
# instructions of 25 tokens each, 40 % of them with loss; and plans of 40 to 240 tokens, half of them with loss.
PREFIX, BRANCHES, BRANCH, PLAN = (40, 105), (7, 9), (16, 36), (40, 240)
LOSS_FRACTION_OF_BRANCH, LOSS_FRACTION_OF_PLAN, PLAN_FRACTION = 0.4, 0.5, 0.25


@dataclass(frozen=True, kw_only=True)
class Tree:
    """Documents with a common prefix: ids of the prefix and of each branch, and the fraction of a branch with loss."""

    prefix: Sequence[int]
    branches: Sequence[Sequence[int]]
    loss_fraction: float

    @property
    def documents(self) -> list[list[int]]:
        """Return the documents, with the prefix repeated before each branch."""
        return [[*self.prefix, *branch] for branch in self.branches]


@dataclass(frozen=True, kw_only=True)
class Group:
    """The documents of one step."""

    trees: tuple[Tree, ...]
    block_size: int

    @cached_property
    def n_tokens(self) -> int:
        """Tokens of the documents, each counted in full."""
        return sum(len(document) for tree in self.trees for document in tree.documents)

    def padded(self, rows: int, width: int) -> list[Batch]:
        """Return batches of `rows` documents, each in its own row, all rows padded to `width`."""
        documents = _documents(self.trees)
        return [_pad_to_width(b, width) for b in _one_epoch(PaddedBatches(documents, rows, self.block_size, 0))]

    def packed(self, rows: int, shared: bool) -> list[Batch]:
        """Return batches of packed rows of `block_size`; with `shared`, a prefix is read once for its branches."""
        documents = _trees(self.trees) if shared else _documents(self.trees)
        return _one_epoch(PackedBatches(documents, rows, self.block_size, 0))


def draw_groups(count: int, positions: int, block_size: int, branched: bool, n_ids: int, seed: int) -> list[Group]:
    """Draw groups that fill about `positions` positions when packed with shared prefixes.

    Args:
        count: Number of groups.
        positions: Positions per group.
        block_size: Maximum length of a document.
        branched: Use the planner's shapes; otherwise plain text of 0.5 to 1 times `block_size`, with loss on every
            token.
        n_ids: Token ids are less than this.
        seed: Random seed.
    """
    rng = np.random.default_rng(seed)
    return [Group(trees=tuple(_draw(rng, positions, block_size, branched, n_ids)), block_size=block_size)
            for _ in range(count)]  # fmt: skip


def _draw(rng: np.random.Generator, positions: int, block_size: int, branched: bool, n_ids: int) -> list[Tree]:
    def ids(span: tuple[int, int]) -> list[int]:
        # Zipf's law, as in natural language, so that a model can learn something within a few steps.
        n = int(rng.integers(*span))
        drawn: list[int] = (rng.zipf(1.3, size=n) % n_ids).tolist()
        return drawn

    trees: list[Tree] = []
    remaining = positions
    while remaining > 0:
        if not branched:
            tree = Tree(prefix=(), branches=[ids((block_size // 2, block_size))], loss_fraction=1.0)
        elif rng.random() < PLAN_FRACTION:
            tree = Tree(
                prefix=(), branches=[ids((PLAN[0], min(PLAN[1], block_size)))], loss_fraction=LOSS_FRACTION_OF_PLAN
            )
        else:
            prefix, n_branches = ids(PREFIX), int(rng.integers(*BRANCHES))
            tree = Tree(
                prefix=prefix, branches=[ids(BRANCH) for _ in range(n_branches)], loss_fraction=LOSS_FRACTION_OF_BRANCH
            )
        size = len(tree.prefix) + sum(map(len, tree.branches))
        if size > block_size:
            continue
        trees.append(tree)
        remaining -= size
    return trees


def _loss_mask(n: int, loss_fraction: float) -> list[bool]:
    return [i > 0 and i >= (1 - loss_fraction) * n for i in range(n)]


def _documents(trees: Sequence[Tree]) -> TokenizedDocuments:
    lists, masks = [], []
    for tree in trees:
        for branch in tree.branches:
            lists.append([*tree.prefix, *branch])
            masks.append([False] * len(tree.prefix) + _loss_mask(len(branch), tree.loss_fraction))
    return TokenizedDocuments.from_lists(lists, masks)


def _trees(trees: Sequence[Tree]) -> TokenizedDocuments:
    lists, masks, branches = [], [], []
    for tree in trees:
        lists.append([*tree.prefix, *(i for branch in tree.branches for i in branch)])
        masks.append(
            [False] * len(tree.prefix) + [m for b in tree.branches for m in _loss_mask(len(b), tree.loss_fraction)]
        )
        first_branch = 1 if tree.prefix else 0
        branches.append([0] * len(tree.prefix) + [first_branch + k for k, b in enumerate(tree.branches) for _ in b])
    return TokenizedDocuments.from_lists(lists, masks, branches)


def _one_epoch(batches: PaddedBatches | PackedBatches) -> list[Batch]:
    """Return the batches of one epoch; the last is filled with padding instead of rows of the next epoch."""
    count = -(-batches.n_rows // batches.batch_rows)
    epoch = [batches.batch(number) for number in range(count)]
    epoch[-1] = _first_rows(epoch[-1], batches.n_rows - (count - 1) * batches.batch_rows)
    return epoch


def _first_rows(batch: Batch, rows: int) -> Batch:
    """Keep only the first rows; replace the others by padding, so that shapes stay."""
    targets, document = batch.targets.clone(), batch.layout.document.clone()
    targets[rows:] = -1
    document[rows:] = -1
    layout = batch.layout._replace(document=document)
    return Batch(
        idx=batch.idx,
        targets=targets,
        layout=layout,
        n_tokens=int((document >= 0).sum()),
        n_targets=int((targets >= 0).sum()),
    )


def _pad_to_width(batch: Batch, width: int) -> Batch:
    padding = width - batch.idx.shape[1]
    document, prefix, positions, predecessor = batch.layout
    layout = PackedLayout(
        F.pad(document, (0, padding), value=-1), F.pad(prefix, (0, padding), value=-1), F.pad(positions, (0, padding)),
        F.pad(predecessor, (0, padding), value=-1),
    )  # fmt: skip
    idx, targets = F.pad(batch.idx, (0, padding)), F.pad(batch.targets, (0, padding), value=-1)
    return Batch(idx=idx, targets=targets, layout=layout, n_tokens=batch.n_tokens, n_targets=batch.n_targets)
