"""Long documents as overlapping windows, so that training and evaluation read all of them instead of a beginning.

A window repeats the last tokens of the one before it: they are context, and only what follows them carries loss. So
every token of a document is a target once, as often as if the context were long enough for all of it.

The project names segmentation by overlapping windows as one of its parts; the planner's documents are short and do
not use it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.errors import ConfigError


class Window(NamedTuple):
    """A part of a document.

    Attributes:
        start: Its first token.
        stop: One past its last token.
        new: Its first token that no earlier window holds; what is before it is context only.
    """

    start: int
    stop: int
    new: int


def windows(length: int, size: int, stride: int) -> list[Window]:
    """Windows over `length` tokens, one at least, in order.

    Args:
        length: Tokens in all.
        size: Tokens of a window; the last may be shorter.
        stride: Tokens from one start to the next, in 1..size; neighbors share `size - stride`.
    """
    if size < 1 or not 1 <= stride <= size:
        raise ConfigError(f"windows of {size} tokens every {stride}: the stride must be in 1..size")
    overlap = size - stride
    starts = range(0, max(1, length - overlap), stride)
    return [Window(start, min(start + size, length), start + overlap if start else 0) for start in starts]


def in_windows(documents: TokenizedDocuments, block_size: int, overlap: int) -> TokenizedDocuments:
    """The same documents, with those that batches of `block_size` would cut as several documents each.

    Every target has as much context as before, or `overlap` tokens at least. Positions begin anew in each window.
    If a document is long, the tokens of all are copied into memory; else nothing is.

    Args:
        documents: Any; those with branches must fit, as no window could show a branch its trunk.
        block_size: Of the batches; a row of it holds `block_size` + 1 tokens, the last as a target only.
        overlap: Tokens that neighboring windows share, in 1..block_size. Half of the block size doubles the cost.

    Raises:
        ConfigError: `overlap` is out of range, or a document with branches is too long.
    """
    size = block_size + 1
    if not 1 <= overlap <= block_size:
        raise ConfigError(f"overlap is {overlap}; it must be in 1..{block_size} (block_size)")
    lengths = np.diff(documents.offsets)
    if not (lengths > size).any():
        return documents
    parts: list[Window] = []
    for number, (first, length) in enumerate(zip(documents.offsets[:-1].tolist(), lengths.tolist(), strict=True)):
        if length > size and documents.branch[first : first + length].any():
            raise ConfigError(
                f"document {number} has branches and {length} tokens; give it fewer branches, so that {size} hold it"
            )
        parts += [Window(*(first + place for place in window)) for window in windows(length, size, size - overlap)]
    starts, stops, new = np.array(parts, dtype=np.int64).T
    offsets = np.concatenate(([0], np.cumsum(stops - starts)))
    places = np.arange(offsets[-1]) - np.repeat(offsets[:-1] - starts, stops - starts)  # in the documents' arrays
    counted = documents.counted[places] & (places >= np.repeat(new, stops - starts))
    return TokenizedDocuments(documents.tokens[places], counted, documents.branch[places], offsets)
