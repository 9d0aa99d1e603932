"""Split long documents into overlapping windows, so that training and evaluation read them in full.

A window begins with the last tokens of the previous one as context; only the tokens after them carry loss. Every token
of a document is thus a target once, as if the context could hold the whole document.

The planner does not use this module: its documents are short. It is one of the features that the README lists.
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
        new: The first token that no earlier window contains; the window's tokens before it are context only.
    """

    start: int
    stop: int
    new: int


def windows(length: int, size: int, stride: int) -> list[Window]:
    """Return the windows over `length` tokens in order, at least one.

    Args:
        length: Number of tokens.
        size: Tokens per window; the last may be shorter.
        stride: Tokens from one start to the next, in 1..size; neighbors share `size - stride`.
    """
    if size < 1 or not 1 <= stride <= size:
        raise ConfigError(f"windows of {size} tokens every {stride}: the stride must be in 1..size")
    overlap = size - stride
    starts = range(0, max(1, length - overlap), stride)
    return [Window(start, min(start + size, length), start + overlap if start else 0) for start in starts]


def split_into_windows(documents: TokenizedDocuments, block_size: int, overlap: int) -> TokenizedDocuments:
    """Split documents too long for batches of `block_size`, which would cut them: each window becomes a document.

    Every target has its full context or at least `overlap` tokens of it. Positions restart at 0 in each window. If any
    document must be split, all tokens are copied into memory.

    Args:
        documents: Those with branches must fit, because no window could hold both a branch and its prefix.
        block_size: Row length of the batches; a row holds `block_size` + 1 tokens, the last as a target only.
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
    for document, (start, length) in enumerate(zip(documents.offsets[:-1].tolist(), lengths.tolist(), strict=True)):
        if length > size and documents.branch[start : start + length].any():
            raise ConfigError(
                f"document {document} has branches and {length} tokens, more than the {size} of a window; "
                "give it fewer branches"
            )
        parts += [
            Window(*(start + position for position in window)) for window in windows(length, size, size - overlap)
        ]
    starts, stops, new = np.array(parts, dtype=np.int64).T
    offsets = np.concatenate(([0], np.cumsum(stops - starts)))
    indices = np.arange(offsets[-1]) - np.repeat(offsets[:-1] - starts, stops - starts)  # into the documents' arrays
    loss_mask = documents.loss_mask[indices] & (indices >= np.repeat(new, stops - starts))
    labels = None if documents.labels is None else documents.labels[indices]
    return TokenizedDocuments(documents.tokens[indices], loss_mask, documents.branch[indices], offsets, labels)
