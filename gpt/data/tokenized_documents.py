"""Tokenized documents on disk: flat arrays of tokens, loss masks, branch numbers and offsets.

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

_FILES = {"tokens": "tokens.npy", "loss_mask": "counted.npy", "branch": "branch.npy", "offsets": "offsets.npy"}
_DTYPES = {"tokens": ("<u2", "<u4"), "loss_mask": ("|b1",), "branch": ("|u1",), "offsets": ("<i8",), "labels": ("<i4",)}
_LABELS_FILE = "labels.npy"  # only if there are labels
NO_LABEL = -1


class TokenizedDocuments:
    """Documents as flat arrays: tokens, loss mask and branch numbers, with the offset of each document.

    Args:
        tokens: (n,) uint16 or uint32.
        loss_mask: (n,) bool; whether a token, as a target, counts toward the loss ("carries loss").
        branch: (n,) uint8; a token's branch in its document, 0 for the prefix. The prefix comes
            first, then the branches; a document without branches is only a prefix. The first token of a branch carries
            no loss.
        offsets: (documents + 1,) int64; document i is tokens[offsets[i] : offsets[i + 1]].
        labels: (n,) int32, or None if no token has one; what must be predicted in the place of a token, `NO_LABEL`
            where it is the token itself. So a text that the model reads can be labeled word by word.
    """

    def __init__(
        self,
        tokens: npt.NDArray[np.unsignedinteger],
        loss_mask: npt.NDArray[np.bool_],
        branch: npt.NDArray[np.uint8],
        offsets: npt.NDArray[np.int64],
        labels: npt.NDArray[np.int32] | None = None,
    ) -> None:
        n = len(tokens)
        if labels is not None and len(labels) != n:
            raise ConfigError(f"{n} tokens and {len(labels)} labels do not match")
        if n != len(loss_mask) or n != len(branch) or len(offsets) < 1 or int(offsets[-1]) != n:
            raise ConfigError(
                f"{n} tokens, {len(loss_mask)} loss mask entries, {len(branch)} branch numbers and offsets up to "
                f"{int(offsets[-1]) if len(offsets) else 'nothing'} do not match"
            )
        self.tokens, self.loss_mask, self.branch, self.offsets = tokens, loss_mask, branch, offsets
        self.labels = labels

    def targets(self, start: int, stop: int) -> npt.NDArray[np.int64]:
        """Return what must be predicted in the place of tokens start..stop, -1 where nothing is, (stop - start,)."""
        tokens = self.tokens[start:stop].astype(np.int64)
        if self.labels is not None:
            labels = self.labels[start:stop]
            tokens = np.where(labels == NO_LABEL, tokens, labels)
        return np.where(self.loss_mask[start:stop], tokens, -1)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def from_lists(
        cls,
        documents: Iterable[Sequence[int] | npt.NDArray[np.integer]],
        loss_mask: Iterable[Sequence[bool] | npt.NDArray[np.bool_]] | None = None,
        branch: Iterable[Sequence[int] | npt.NDArray[np.integer]] | None = None,
        labels: Iterable[Sequence[int] | npt.NDArray[np.integer]] | None = None,
    ) -> TokenizedDocuments:
        """Flatten lists of ids; by default every token carries loss, and no document has branches or labels."""
        parts = [np.asarray(document, dtype=np.int64) for document in documents]
        masks = (
            [np.ones(len(part), dtype=np.bool_) for part in parts]
            if loss_mask is None
            else [np.asarray(mask, dtype=np.bool_) for mask in loss_mask]
        )
        branches = (
            [np.zeros(len(part), dtype=np.uint8) for part in parts]
            if branch is None
            else [np.asarray(number, dtype=np.uint8) for number in branch]
        )
        all_labels = None if labels is None else [np.asarray(row, dtype=np.int32) for row in labels]
        if all_labels is not None and [len(row) for row in all_labels] != [len(part) for part in parts]:
            raise ConfigError("the labels do not match the documents: each token needs one")
        if len(masks) != len(parts) or len(branches) != len(parts):
            raise ConfigError(f"{len(parts)} documents but {len(masks)} loss masks and {len(branches)} branch lists")
        for document, (part, mask) in enumerate(zip(parts, masks, strict=True)):
            if len(part) != len(mask):
                raise ConfigError(f"document {document} has {len(part)} tokens but {len(mask)} loss mask entries")
            if mask[1:][np.diff(branches[document].astype(np.int64)) != 0].any():
                raise ConfigError(
                    f"document {document}: the first token of a branch carries loss, but nothing predicts it"
                )
        flat = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
        if len(flat) and (int(flat.min()) < 0 or int(flat.max()) >= 2**32):
            raise ConfigError(f"token ids must be in 0..2^32 - 1; seen {int(flat.min())}..{int(flat.max())}")
        fits_uint16 = not len(flat) or int(flat.max()) < 2**16
        offsets = np.zeros(len(parts) + 1, dtype=np.int64)
        np.cumsum([len(part) for part in parts], out=offsets[1:])
        return cls(
            flat.astype(np.uint16) if fits_uint16 else flat.astype(np.uint32),
            np.concatenate(masks) if masks else np.zeros(0, dtype=np.bool_),
            np.concatenate(branches) if branches else np.zeros(0, dtype=np.uint8),
            offsets,
            np.concatenate(all_labels) if all_labels and any((row != NO_LABEL).any() for row in all_labels) else None,
        )

    def save(self, folder: Path | str) -> None:
        """Write a .npy file for each array; the offsets, without which the others are invalid, come last."""
        folder = Path(folder)
        files = _FILES if self.labels is None else {"labels": _LABELS_FILE, **_FILES}
        if self.labels is None:
            (folder / _LABELS_FILE).unlink(missing_ok=True)
        for name, file_name in files.items():
            array = getattr(self, name)

            def write(temporary: Path, array: npt.NDArray[np.generic] = array) -> None:
                with open(temporary, "wb") as file:
                    np.save(file, array, allow_pickle=False)

            write_atomically(folder / file_name, write)

    @classmethod
    def load(cls, folder: Path | str) -> TokenizedDocuments:
        """Memory-map the files; data are read when used.

        Raises:
            CheckpointError: A file is missing or damaged.
        """
        arrays = {}
        files = {**_FILES, "labels": _LABELS_FILE} if (Path(folder) / _LABELS_FILE).exists() else _FILES
        for name, file in files.items():
            path = Path(folder) / file
            try:
                # Not np.load, which also accepts archives and pickles.
                arrays[name] = np.lib.format.open_memmap(path, mode="r")  # type: ignore[no-untyped-call]
            except FileNotFoundError:
                raise CheckpointError(f"{path}: no such file of tokenized documents") from None
            except (
                OSError,
                ValueError,
                EOFError,
                OverflowError,
                TokenError,
            ) as error:  # a .npy header is Python source
                raise CheckpointError(f"{path}: damaged or not a .npy file: {str(error)[:200]}") from None
            array = arrays[name]
            if array.ndim != 1 or array.dtype.str not in _DTYPES[name]:
                description = f"{array.dtype.str} of shape {array.shape}"
                raise CheckpointError(f"{path}: {description[:200]}; expected a row of {' or '.join(_DTYPES[name])}")
        offsets = arrays["offsets"]
        if len(offsets) and (offsets[0] != 0 or (np.diff(offsets) < 0).any()):
            raise CheckpointError(f"{Path(folder) / _FILES['offsets']}: documents do not follow each other")
        try:
            return cls(**arrays)
        except ConfigError as error:
            raise CheckpointError(f"{folder}: {error}") from None
