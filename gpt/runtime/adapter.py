"""Low-rank adapters (LoRA, arXiv:2106.09685) without torch: their file, and weights with one merged in.

An adapter adds `up @ down`, of a small rank, to each matrix of attention and MLP, and nothing else: embeddings and
norms stay. Merged into a copy of the weights when they are loaded, it costs nothing while decoding. It belongs to the
weights that it was trained on, whose hash its file carries. `gpt.lora` trains one.

Shapes: a matrix is (N, K), `down` (r, K), `up` (N, r).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from gpt.errors import CheckpointError, ConfigError
from gpt.files import write_atomically
from gpt.model_config import GPTConfig
from gpt.runtime.folder import Floats, expected_shapes

FORMAT = "gpt-home-planner adapter 1"
MATRICES = ("attention.qkv", "attention.proj", "mlp.fc", "mlp.proj")
MAX_RANK = 128
MAX_BYTES = 64_000_000
_DOWN, _UP = ".down", ".up"


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """What is added to the matrices of a model.

    Attributes:
        rank: Of what is added to each.
        base: `weights_id` of the weights that it belongs to.
        down: (r, K) by the name of the matrix.
        up: (N, r) by the name of the matrix; the scale is in it.
        extra: Anything JSON can hold, of whoever trained it.
    """

    rank: int
    base: str
    down: Mapping[str, Floats]
    up: Mapping[str, Floats]
    extra: Mapping[str, object] = field(default_factory=dict)


def weights_id(arrays: Mapping[str, Floats]) -> str:
    """Return what tells weights from others: a hash of names and numbers."""
    found = hashlib.sha256()
    for name in sorted(arrays):
        found.update(name.encode())
        found.update(np.ascontiguousarray(arrays[name], "<f4").tobytes())
    return found.hexdigest()[:32]


def merged(arrays: Mapping[str, Floats], adapter: Adapter) -> dict[str, Floats]:
    """Return weights with an adapter merged in; what it does not change is shared, and nothing is changed in place.

    Raises:
        CheckpointError: The adapter was trained on other weights.
    """
    own = weights_id(arrays)
    if adapter.base != own:
        raise CheckpointError(
            f"the adapter belongs to weights {adapter.base}; these are {own}. Train it anew on these, or load those"
        )
    changed = {name: arrays[name] + adapter.up[name] @ adapter.down[name] for name in adapter.down}
    return {**arrays, **changed}


def adapted_shapes(config: GPTConfig) -> dict[str, tuple[int, ...]]:
    """Shape of each matrix that an adapter adds to, by its name in the weights."""
    wanted = {f"blocks.{i}.{part}.weight" for i in range(config.n_layer) for part in MATRICES}
    return {name: shape for name, shape in expected_shapes(config).items() if name in wanted}


def save_adapter(path: Path, adapter: Adapter) -> None:
    """Write an adapter, in half precision, beside its place and then renamed."""
    tensors = {f"{name}{_DOWN}": array.astype(np.float16) for name, array in adapter.down.items()}
    tensors |= {f"{name}{_UP}": array.astype(np.float16) for name, array in adapter.up.items()}
    if not all(np.isfinite(array).all() for array in tensors.values()):
        raise ConfigError(f"{path}: the adapter holds numbers that half precision does not have; it is not written")
    metadata = {"format": FORMAT, "base": adapter.base, "rank": str(adapter.rank), "extra": json.dumps(adapter.extra)}
    write_atomically(path, lambda beside: save_file(tensors, beside, metadata))


def load_adapter(path: Path | str, config: GPTConfig) -> Adapter:
    """Read an adapter for models of a config.

    Raises:
        CheckpointError: The file is missing, damaged, no adapter, or of a model of another shape.
    """
    path = Path(path)
    metadata, arrays = _read(path, config)
    try:
        extra = json.loads(metadata["extra"])
        base = metadata["base"]
    except (KeyError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: damaged adapter: {type(error).__name__}: {error}") from None
    if not isinstance(extra, dict):
        raise CheckpointError(f"{path}: damaged adapter: its notes are {type(extra).__name__}, not an object")
    down = {name.removesuffix(_DOWN): array for name, array in arrays.items() if name.endswith(_DOWN)}
    up = {name.removesuffix(_UP): array for name, array in arrays.items() if name.endswith(_UP)}
    rank = next(iter(down.values())).shape[0]
    return Adapter(rank=rank, base=base, down=down, up=up, extra=extra)


def _read(path: Path, config: GPTConfig) -> tuple[dict[str, str], dict[str, Floats]]:
    """Metadata and arrays of a file whose names and shapes were compared with the config before a number is read."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise CheckpointError(f"{path}: larger than {MAX_BYTES // 1_000_000} MB; that is no adapter")
        with safe_open(path, framework="np") as file:
            metadata = dict(file.metadata() or {})
            if metadata.get("format") != FORMAT:
                raise CheckpointError(f"{path}: not an adapter of this project (expected {FORMAT!r})")
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
            _check(path, metadata, shapes, config)
            arrays = {name: np.asarray(file.get_tensor(name), np.float32) for name in shapes}
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such file") from None
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(f"{path}: not a whole adapter file: {reason}") from None
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise CheckpointError(f"{path}: holds what is no finite number")
    return metadata, arrays


def _check(path: Path, metadata: dict[str, str], shapes: dict[str, tuple[int, ...]], config: GPTConfig) -> None:
    rank = metadata.get("rank", "")
    if not rank.isdecimal() or not 1 <= int(rank[:9]) <= MAX_RANK:
        raise CheckpointError(f"{path}: rank {rank[:20]!r} is not in 1..{MAX_RANK}")
    wanted: dict[str, tuple[int, ...]] = {}
    for name, (n, k) in adapted_shapes(config).items():
        wanted |= {f"{name}{_DOWN}": (int(rank), k), f"{name}{_UP}": (n, int(rank))}
    for name in sorted(set(wanted) | set(shapes)):
        if wanted.get(name) != shapes.get(name):
            raise CheckpointError(
                f"{path}: is for a model of another shape: {name[:80]} is {shapes.get(name)}, expected {wanted.get(name)}"
            )
