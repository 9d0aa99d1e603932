"""What the speed ladder trains on: documents in the shapes of the planner's corpus, one group of them a step.

A step reads the same documents on every rung, however they are laid out, so its loss and its gradient are the same.

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

# The planner's corpus (recipe `language`, 20,000 packed documents): a home's inventory of 71 tokens and 7 or 8
# instructions to it, of 25 tokens with 4 in ten to be written; and plans of 40 to 240 tokens, half to be written.
TRUNK, BRANCHES, BRANCH, PLAN = (40, 105), (7, 9), (16, 36), (40, 240)
WRITTEN_OF_BRANCH, WRITTEN_OF_PLAN, PLANS = 0.4, 0.5, 0.25


@dataclass(frozen=True, kw_only=True)
class Tree:
    """Documents that begin alike: token ids of the trunk and of each branch, and how much of a branch is learned."""

    trunk: Sequence[int]
    branches: Sequence[Sequence[int]]
    written: float

    @property
    def documents(self) -> list[list[int]]:
        """The documents, the trunk repeated before each branch."""
        return [[*self.trunk, *branch] for branch in self.branches]


@dataclass(frozen=True, kw_only=True)
class Group:
    """The documents of one step."""

    trees: tuple[Tree, ...]
    block_size: int

    @cached_property
    def n_tokens(self) -> int:
        """Tokens of the documents, each counted whole."""
        return sum(len(document) for tree in self.trees for document in tree.documents)

    def padded(self, rows: int, width: int) -> list[Batch]:
        """Batches of `rows` documents, each in a row of its own, all rows padded to `width`."""
        found = _documents(self.trees)
        return [_widened(b, width) for b in _each_once(PaddedBatches(found, rows, self.block_size, 0))]

    def packed(self, rows: int, shared: bool) -> list[Batch]:
        """Batches of packed rows of `block_size`; `shared` reads a trunk once for its branches."""
        found = _trees(self.trees) if shared else _documents(self.trees)
        return _each_once(PackedBatches(found, rows, self.block_size, 0))


def draw_groups(count: int, positions: int, block_size: int, branched: bool, n_ids: int, seed: int) -> list[Group]:
    """Draw groups that fill about `positions` positions once packed with shared trunks.

    Args:
        count: Groups.
        positions: Of a group.
        block_size: Longest document.
        branched: The planner's shapes; else plain text of 0.5 to 1 times `block_size`, of which every token is learned.
        n_ids: Token ids are below it.
        seed: Repeats them.
    """
    rng = np.random.default_rng(seed)
    return [Group(trees=tuple(_draw(rng, positions, block_size, branched, n_ids)), block_size=block_size)
            for _ in range(count)]  # fmt: skip


def _draw(rng: np.random.Generator, positions: int, block_size: int, branched: bool, n_ids: int) -> list[Tree]:
    def ids(span: tuple[int, int]) -> list[int]:
        # Zipf's law, as words have it: a model can learn something within a few steps.
        n = int(rng.integers(*span))
        drawn: list[int] = (rng.zipf(1.3, size=n) % n_ids).tolist()
        return drawn

    trees: list[Tree] = []
    left = positions
    while left > 0:
        if not branched:
            tree = Tree(trunk=(), branches=[ids((block_size // 2, block_size))], written=1.0)
        elif rng.random() < PLANS:
            tree = Tree(trunk=(), branches=[ids((PLAN[0], min(PLAN[1], block_size)))], written=WRITTEN_OF_PLAN)
        else:
            trunk, many = ids(TRUNK), int(rng.integers(*BRANCHES))
            tree = Tree(trunk=trunk, branches=[ids(BRANCH) for _ in range(many)], written=WRITTEN_OF_BRANCH)
        size = len(tree.trunk) + sum(map(len, tree.branches))
        if size > block_size:
            continue
        trees.append(tree)
        left -= size
    return trees


def _learned(n: int, written: float) -> list[bool]:
    return [i > 0 and i >= (1 - written) * n for i in range(n)]


def _documents(trees: Sequence[Tree]) -> TokenizedDocuments:
    lists, marks = [], []
    for tree in trees:
        for branch in tree.branches:
            lists.append([*tree.trunk, *branch])
            marks.append([False] * len(tree.trunk) + _learned(len(branch), tree.written))
    return TokenizedDocuments.from_lists(lists, marks)


def _trees(trees: Sequence[Tree]) -> TokenizedDocuments:
    lists, marks, numbers = [], [], []
    for tree in trees:
        lists.append([*tree.trunk, *(i for branch in tree.branches for i in branch)])
        marks.append([False] * len(tree.trunk) + [m for b in tree.branches for m in _learned(len(b), tree.written)])
        first = 1 if tree.trunk else 0
        numbers.append([0] * len(tree.trunk) + [first + k for k, b in enumerate(tree.branches) for _ in b])
    return TokenizedDocuments.from_lists(lists, marks, numbers)


def _each_once(batches: PaddedBatches | PackedBatches) -> list[Batch]:
    """The batches of one epoch; the last, which would go on with the next epoch, is filled up with nothing."""
    count = -(-batches.n_rows // batches.batch_rows)
    found = [batches.batch(number) for number in range(count)]
    found[-1] = _first_rows(found[-1], batches.n_rows - (count - 1) * batches.batch_rows)
    return found


def _first_rows(batch: Batch, rows: int) -> Batch:
    """Only the first rows; the others are filled with nothing, so that shapes stay."""
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


def _widened(batch: Batch, width: int) -> Batch:
    add = width - batch.idx.shape[1]
    document, trunk, positions, before = batch.layout
    layout = PackedLayout(
        F.pad(document, (0, add), value=-1), F.pad(trunk, (0, add), value=-1), F.pad(positions, (0, add)),
        F.pad(before, (0, add), value=-1),
    )  # fmt: skip
    idx, targets = F.pad(batch.idx, (0, add)), F.pad(batch.targets, (0, add), value=-1)
    return Batch(idx=idx, targets=targets, layout=layout, n_tokens=batch.n_tokens, n_targets=batch.n_targets)
