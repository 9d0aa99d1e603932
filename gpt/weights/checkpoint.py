"""Save and load weights as safetensors: no pickle, atomic writes, one-line errors.

A model folder contains `model.safetensors`, `config.json` and `tokenizer.json`. The weights are written last and carry
a fingerprint of the other two, so that a mix of two models is detected.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from gpt.errors import CheckpointError, ConfigError
from gpt.files import write_atomically, write_text_atomically
from gpt.model.transformer import GPT
from gpt.tokenization.tokenizer import Tokenizer
from gpt.weights.file_kind import check_file, unreadable
from gpt.weights.model_folder import (
    CONFIG_FILE,
    FORMAT,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    fingerprint,
    read_folder,
)


def save_model(
    model: GPT,
    tokenizer: Tokenizer,
    folder: Path | str,
    extra: dict[str, object] | None = None,
    *,
    bf16: bool = False,
) -> None:
    """Write a model folder.

    Args:
        model: The weights and their config.
        tokenizer: The model's tokenizer.
        folder: Created if missing; files of the same names are replaced, each atomically.
        extra: Any JSON data; `load_model` returns it.
        bf16: Store weights in half the space; they are loaded as fp32.
    """
    folder = Path(folder)
    if tokenizer.n_used > model.config.vocab_size:
        raise ConfigError(
            f"the tokenizer uses {tokenizer.n_used} ids but the model knows {model.config.vocab_size}; "
            f"build the model with vocab_size = {tokenizer.vocab_size}"
        )
    config = {"format": FORMAT, "model": dataclasses.asdict(model.config), "extra": extra or {}}
    config_text = json.dumps(config, indent=2, sort_keys=True) + "\n"
    tokenizer_text = tokenizer.to_json()
    write_text_atomically(folder / TOKENIZER_FILE, tokenizer_text)
    write_text_atomically(folder / CONFIG_FILE, config_text)
    tensors = {
        name: tensor.to(torch.bfloat16) if bf16 and tensor.is_floating_point() else tensor
        for name, tensor in weights_of(model).items()
    }
    write_tensors(
        folder / WEIGHTS_FILE,
        tensors,
        {"format": FORMAT, "fingerprint": fingerprint(config_text, tokenizer_text)},
    )


def load_model(folder: Path | str, device: torch.device | str = "cpu") -> tuple[GPT, Tokenizer, dict[str, object]]:
    """Read a model folder: the model in evaluation mode, its tokenizer and the saved `extra`.

    Raises:
        CheckpointError: A file is missing, truncated, of another format, or does not match the others.
    """
    config, arrays, tokenizer, extra = read_folder(folder)
    model = GPT(config)
    put_weights(model, {name: torch.from_numpy(array) for name, array in arrays.items()}, Path(folder) / WEIGHTS_FILE)
    return model.to(device).eval(), tokenizer, extra


def weights_of(model: GPT) -> dict[str, Tensor]:
    """Return the model's tensors by name, without a head that shares the token embedding."""
    state = {name: tensor.detach() for name, tensor in model.state_dict().items()}
    if model.config.tie_weights:
        del state["head.weight"]
    return state


def put_weights(model: GPT, tensors: dict[str, Tensor], path: Path) -> None:
    """Copy tensors, named as by `weights_of`, into a model.

    Raises:
        CheckpointError: Names or shapes do not match the model; the message names `path`.
    """
    own = weights_of(model)
    for name in sorted(set(own) | set(tensors)):
        if name not in tensors:
            raise CheckpointError(f"{path}: lacks the tensor {name} that the config asks for")
        if name not in own:
            raise CheckpointError(f"{path}: holds a tensor {name} that the config does not have")
        if own[name].shape != tensors[name].shape:
            raise CheckpointError(
                f"{path}: {name} has shape {tuple(tensors[name].shape)}; the config asks for {tuple(own[name].shape)}"
            )
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(tensors[name])


def write_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write one safetensors file, atomically."""
    contiguous = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    write_atomically(path, lambda temporary: save_file(contiguous, temporary, metadata))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors and metadata of a safetensors file.

    Raises:
        CheckpointError: The file is missing, truncated, or not safetensors.
    """
    check_file(path)
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            # Cloned, because the file may be replaced while its memory map is in use.
            return {name: file.get_tensor(name).clone() for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise unreadable(path, error) from None
