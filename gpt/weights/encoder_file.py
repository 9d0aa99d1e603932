"""Encoder files: an image or sound encoder, and the GPT adapter trained with it. No torch.

`sight.safetensors` and `hearing.safetensors` lie in the folder of the model that they were trained with (the adapter's
`base`), in half precision. Text-only use loads neither.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from safetensors.numpy import save_file

from gpt.errors import CheckpointError, ConfigError
from gpt.files import parse_json, write_atomically
from gpt.weights.adapter import Adapter, adapter_from, read_half_precision, tensors_of
from gpt.weights.model_folder import Floats

SenseKind = Literal["sight", "hearing"]
KINDS: tuple[SenseKind, ...] = get_args(SenseKind)
FORMAT = "gpt-home-planner sense 1"
_ENCODER, _ADAPTER = "encoder.", "adapter."


@dataclass(frozen=True, kw_only=True)
class SenseFile:
    """An encoder and an adapter.

    Attributes:
        kind: `sight` (images) or `hearing` (sounds).
        config: The encoder's configuration, plain data.
        encoder: The encoder's weights by name.
        adapter: The adapter with which the GPT reads the encoder's vectors.
        extra: Notes of the program that trained it, plain data.
    """

    kind: SenseKind
    config: Mapping[str, object]
    encoder: Mapping[str, Floats]
    adapter: Adapter
    extra: Mapping[str, object] = field(default_factory=dict)


def sense_path(folder: Path, kind: SenseKind) -> Path:
    """Return the path of an encoder file in a model folder."""
    return folder / f"{kind}.safetensors"


def save_sense(path: Path, sense: SenseFile) -> None:
    """Write an encoder file atomically.

    Raises:
        ConfigError: A number is not representable in half precision.
    """
    # C order: safetensors writes the memory of an array as it is, ignoring strides.
    tensors = {f"{_ENCODER}{name}": array.astype(np.float16, order="C") for name, array in sense.encoder.items()}
    tensors |= {f"{_ADAPTER}{name}": array for name, array in tensors_of(sense.adapter).items()}
    if not all(np.isfinite(array).all() for array in tensors.values()):
        raise ConfigError(f"{path}: the encoder has numbers that half precision cannot represent; it is not written")
    metadata = {
        "format": FORMAT, "kind": sense.kind, "base": sense.adapter.base, "rank": str(sense.adapter.rank),
        "config": json.dumps(dict(sense.config)), "extra": json.dumps(dict(sense.extra)),
    }  # fmt: skip
    write_atomically(path, lambda temporary: save_file(tensors, temporary, metadata))


def load_sense(path: Path | str, kind: SenseKind) -> SenseFile:
    """Read an encoder file.

    Raises:
        CheckpointError: The file is missing, damaged, or not an encoder file of this kind.
    """
    path = Path(path)
    metadata, arrays = read_half_precision(path, FORMAT, "an encoder file")
    try:
        config, extra = parse_json(metadata["config"]), parse_json(metadata["extra"])
    except (KeyError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: damaged: {type(error).__name__}: {error}") from None
    if not isinstance(config, dict) or not isinstance(extra, dict):
        raise CheckpointError(f"{path}: damaged: its config or its notes are not an object")
    if metadata.get("kind") != kind:
        raise CheckpointError(f"{path}: is for {str(metadata.get('kind'))[:40]!r}; expected {kind!r}")
    encoder = {n.removeprefix(_ENCODER): array for n, array in arrays.items() if n.startswith(_ENCODER)}
    adapter = {n.removeprefix(_ADAPTER): array for n, array in arrays.items() if n.startswith(_ADAPTER)}
    if not encoder or len(encoder) + len(adapter) != len(arrays):
        raise CheckpointError(f"{path}: damaged: its tensors are not those of an encoder and an adapter")
    return SenseFile(
        kind=kind, config=config, encoder=encoder, adapter=adapter_from(path, metadata, adapter), extra=extra
    )
