"""Low-rank adapters (LoRA, arXiv:2106.09685) without torch: the file format, and merging one into weights.

An adapter adds `up @ down`, of a small rank, to each attention and MLP matrix; embeddings and norms do not change.
Merged into a copy of the weights at load time, it costs nothing while decoding. It is valid only for the weights
on which it was trained; its file contains their hash. `gpt.training.lora` trains adapters.

Shapes: a matrix is (N, K), `down` (r, K), `up` (N, r).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from gpt.errors import CheckpointError, ConfigError
from gpt.files import parse_json, write_atomically
from gpt.weights.file_kind import check_file, unreadable
from gpt.weights.model_folder import Floats

FORMAT = "gpt-home-planner adapter 1"
MAX_RANK = 128
MAX_BYTES = 64_000_000
_DOWN, _UP = ".down", ".up"


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """Low-rank updates of a model's matrices.

    Attributes:
        rank: Rank of each update.
        base: `weights_id` of the weights that it belongs to.
        down: (r, K) by the name of the matrix.
        up: (N, r) by the name of the matrix, scale included.
        extra: Any JSON data of the program that trained it.
    """

    rank: int
    base: str
    down: Mapping[str, Floats]
    up: Mapping[str, Floats]
    extra: Mapping[str, object] = field(default_factory=dict)


def weights_id(arrays: Mapping[str, Floats]) -> str:
    """Return an identifier of weights: a hash of their names and values."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(arrays[name], "<f4").tobytes())
    return digest.hexdigest()[:32]


def merged(arrays: Mapping[str, Floats], adapter: Adapter) -> dict[str, Floats]:
    """Return weights with an adapter merged in; unchanged arrays are shared, and nothing is modified in place.

    Raises:
        CheckpointError: The adapter was trained on other weights.
    """
    for name in adapter.down:
        expected = (adapter.up[name].shape[0], adapter.down[name].shape[1])
        actual = arrays[name].shape if name in arrays else None
        if expected != actual:
            raise CheckpointError(
                f"the adapter is for another model: its {name[:80]} is {expected}, the model's {actual}"
            )
    own = weights_id(arrays)
    if adapter.base != own:
        raise CheckpointError(
            f"the adapter belongs to weights {adapter.base}; these are {own}. Retrain it on these, or load the others"
        )
    changed = {name: arrays[name] + adapter.up[name] @ adapter.down[name] for name in adapter.down}
    return {**arrays, **changed}


def save_adapter(path: Path, adapter: Adapter) -> None:
    """Write an adapter atomically, in half precision."""
    tensors = tensors_of(adapter)
    if not all(np.isfinite(array).all() for array in tensors.values()):
        raise ConfigError(f"{path}: the adapter has numbers that half precision cannot represent; it is not written")
    metadata = {"format": FORMAT, "base": adapter.base, "rank": str(adapter.rank), "extra": json.dumps(adapter.extra)}
    write_atomically(path, lambda temporary: save_file(tensors, temporary, metadata))


def load_adapter(path: Path | str) -> Adapter:
    """Read an adapter.

    Raises:
        CheckpointError: The file is missing, damaged, or not an adapter.
    """
    path = Path(path)
    metadata, arrays = read_half_precision(path, FORMAT, "an adapter")
    return adapter_from(path, metadata, arrays)


def tensors_of(adapter: Adapter) -> dict[str, npt.NDArray[np.float16]]:
    """Return the matrices of an adapter by name, in half precision, as stored in files."""
    tensors = {f"{name}{_DOWN}": array.astype(np.float16) for name, array in adapter.down.items()}
    return tensors | {f"{name}{_UP}": array.astype(np.float16) for name, array in adapter.up.items()}


def adapter_from(path: Path, metadata: Mapping[str, str], arrays: Mapping[str, Floats]) -> Adapter:
    """Build an adapter from a file's metadata and matrices.

    Raises:
        CheckpointError: They are damaged; the message names `path`.
    """
    try:
        rank, base, extra = int(metadata["rank"][:9]), metadata["base"], parse_json(metadata["extra"])
    except (KeyError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: damaged adapter: {type(error).__name__}: {error}") from None
    if not isinstance(extra, dict):
        raise CheckpointError(f"{path}: damaged adapter: its notes are {type(extra).__name__}, not an object")
    down = {name.removesuffix(_DOWN): array for name, array in arrays.items() if name.endswith(_DOWN)}
    up = {name.removesuffix(_UP): array for name, array in arrays.items() if name.endswith(_UP)}
    if any(array.ndim != 2 for array in (*down.values(), *up.values())):
        raise CheckpointError(f"{path}: damaged adapter: one of its arrays is not a matrix")
    pairs = {name: (down[name].shape, up[name].shape) for name in down.keys() & up.keys()}
    if len(down) + len(up) != len(arrays) or len(pairs) != len(down) or len(down) != len(up):
        raise CheckpointError(f"{path}: damaged adapter: its matrices are not pairs of `down` and `up`")
    for name, ((r, *_), (_, *rest)) in pairs.items():
        if not 1 <= rank <= MAX_RANK or r != rank or rest != [rank]:
            raise CheckpointError(f"{path}: damaged adapter: {name[:80]} is not of rank {rank}, in 1..{MAX_RANK}")
    return Adapter(rank=rank, base=base, down=down, up=up, extra=extra)


def read_half_precision(path: Path, expected: str, description: str) -> tuple[dict[str, str], dict[str, Floats]]:
    """Return metadata and arrays, as fp32, of a small file that belongs to a model.

    Args:
        path: The file.
        expected: The `format` of its metadata.
        description: What messages call it.

    Raises:
        CheckpointError: It is missing, damaged, too large or of another format, or contains a non-finite number.
    """
    check_file(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CheckpointError(f"{path}: larger than {MAX_BYTES // 1_000_000} MB; not {description}")
        with safe_open(path, framework="np") as file:
            metadata = dict(file.metadata() or {})
            if metadata.get("format") != expected:
                raise CheckpointError(f"{path}: not {description} of this project (expected {expected!r})")
            arrays = {name: np.asarray(file.get_tensor(name), np.float32) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise unreadable(path, error) from None
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise CheckpointError(f"{path}: {name[:80]} has a number that is not finite")
    return metadata, arrays
