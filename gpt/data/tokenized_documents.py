"""Tokenized documents on disk: flat arrays of tokens, loss marks, branches and offsets.

The arrays are memory-mapped, so a corpus larger than memory can be trained on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from tokenize import TokenError

import numpy as np
import numpy.typing as npt

from gpt.errors import CheckpointError, ConfigError
from gpt.files import write_atomically

_FILES = {"tokens": "tokens.npy", "counted": "counted.npy", "branch": "branch.npy", "offsets": "offsets.npy"}
_KINDS = {"tokens": ("<u2", "<u4"), "counted": ("|b1",), "branch": ("|u1",), "offsets": ("<i8",)}


class TokenizedDocuments:
    """Documents as one flat array of tokens, one of what carries loss, and where each document starts.

    Args:
        tokens: (n,) uint16 or uint32.
        counted: (n,) bool; whether a token is learned as a target.
        branch: (n,) uint8; the branch of its document that a token belongs to, 0 for the trunk. A document without
            branches is all trunk. Branches follow the trunk and each other; what begins one carries no loss.
        offsets: (documents + 1,) int64; document i is tokens[offsets[i] : offsets[i + 1]].
    """

    def __init__(
        self,
        tokens: npt.NDArray[np.unsignedinteger],
        counted: npt.NDArray[np.bool_],
        branch: npt.NDArray[np.uint8],
        offsets: npt.NDArray[np.int64],
    ) -> None:
        n = len(tokens)
        if n != len(counted) or n != len(branch) or len(offsets) < 1 or int(offsets[-1]) != n:
            raise ConfigError(
                f"{n} tokens, {len(counted)} loss marks, {len(branch)} branch numbers and offsets up to "
                f"{int(offsets[-1]) if len(offsets) else 'nothing'} do not belong together"
            )
        self.tokens, self.counted, self.branch, self.offsets = tokens, counted, branch, offsets

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def from_lists(
        cls,
        documents: Iterable[Sequence[int] | npt.NDArray[np.integer]],
        counted: Iterable[Sequence[bool] | npt.NDArray[np.bool_]] | None = None,
        branch: Iterable[Sequence[int] | npt.NDArray[np.integer]] | None = None,
    ) -> TokenizedDocuments:
        """Flatten lists of ids; without `counted` every token carries loss, without `branch` there are none."""
        parts = [np.asarray(document, dtype=np.int64) for document in documents]
        marks = (
            [np.ones(len(part), dtype=np.bool_) for part in parts]
            if counted is None
            else [np.asarray(mark, dtype=np.bool_) for mark in counted]
        )
        numbers = (
            [np.zeros(len(part), dtype=np.uint8) for part in parts]
            if branch is None
            else [np.asarray(number, dtype=np.uint8) for number in branch]
        )
        if len(marks) != len(parts) or len(numbers) != len(parts):
            raise ConfigError(f"{len(parts)} documents but {len(marks)} loss masks and {len(numbers)} branch lists")
        for number, (part, mark) in enumerate(zip(parts, marks, strict=True)):
            if len(part) != len(mark):
                raise ConfigError(f"document {number} has {len(part)} tokens but {len(mark)} loss marks")
            if mark[1:][np.diff(numbers[number].astype(np.int64)) != 0].any():
                raise ConfigError(f"document {number}: the first token of a branch carries loss; nothing predicts it")
        flat = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
        if len(flat) and (int(flat.min()) < 0 or int(flat.max()) >= 2**32):
            raise ConfigError(f"token ids must be in 0..2^32 - 1; seen {int(flat.min())}..{int(flat.max())}")
        small = not len(flat) or int(flat.max()) < 2**16
        offsets = np.zeros(len(parts) + 1, dtype=np.int64)
        np.cumsum([len(part) for part in parts], out=offsets[1:])
        return cls(
            flat.astype(np.uint16) if small else flat.astype(np.uint32),
            np.concatenate(marks) if marks else np.zeros(0, dtype=np.bool_),
            np.concatenate(numbers) if numbers else np.zeros(0, dtype=np.uint8),
            offsets,
        )

    def save(self, folder: Path | str) -> None:
        """Write four .npy files, the one that makes the others valid last."""
        folder = Path(folder)
        for name, file_name in _FILES.items():
            array = getattr(self, name)

            def write(beside: Path, array: npt.NDArray[np.generic] = array) -> None:
                with open(beside, "wb") as file:
                    np.save(file, array, allow_pickle=False)

            write_atomically(folder / file_name, write)

    @classmethod
    def load(cls, folder: Path | str) -> TokenizedDocuments:
        """Map the files into memory; nothing is read until it is used.

        Raises:
            CheckpointError: A file is missing or damaged.
        """
        arrays = {}
        for name, file in _FILES.items():
            path = Path(folder) / file
            try:
                # Not np.load, which reads archives and pickles too.
                arrays[name] = np.lib.format.open_memmap(path, mode="r")  # type: ignore[no-untyped-call]
            except FileNotFoundError:
                raise CheckpointError(f"{path}: no such file of tokenized documents") from None
            except (OSError, ValueError, EOFError, OverflowError, TokenError) as error:  # the header is Python's text
                raise CheckpointError(f"{path}: damaged or not a .npy file: {str(error)[:200]}") from None
            found = arrays[name]
            if found.ndim != 1 or found.dtype.str not in _KINDS[name]:
                seen = f"{found.dtype.str} of shape {found.shape}"
                raise CheckpointError(f"{path}: {seen[:200]}; expected a row of {' or '.join(_KINDS[name])}")
        offsets = arrays["offsets"]
        if len(offsets) and (offsets[0] != 0 or (np.diff(offsets) < 0).any()):
            raise CheckpointError(f"{Path(folder) / _FILES['offsets']}: documents do not follow each other")
        try:
            return cls(*(arrays[name] for name in _FILES))
        except ConfigError as error:
            raise CheckpointError(f"{folder}: {error}") from None
