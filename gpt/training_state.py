"""Everything a run needs to go on as if it had never stopped, in one safetensors file.

One file, because one rename is what the system does at once: after a kill the old checkpoint or the new one is whole.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor
from torch.optim import Optimizer

from gpt.checkpoint import put_weights, read_tensors, weights_of, write_tensors
from gpt.errors import CheckpointError
from gpt.model import GPT

CHECKPOINT_FILE = "checkpoint.safetensors"

_FORMAT = "gpt-home-planner training state 1"


def save_state(path: Path, model: GPT, optimizers: list[Optimizer], step: int, settings: dict[str, object]) -> None:
    """Write weights, optimizer state, random state, the steps done and the run's settings."""
    tensors = {f"model.{name}": tensor for name, tensor in weights_of(model).items()}
    for number, optimizer in enumerate(optimizers):
        for index, values in optimizer.state_dict()["state"].items():
            for key, value in values.items():
                tensors[f"optimizer.{number}.{index}.{key}"] = torch.as_tensor(value)
    tensors["random.cpu"] = torch.get_rng_state()
    if model.device.type == "cuda":
        tensors["random.cuda"] = torch.cuda.get_rng_state(model.device)
    write_tensors(path, tensors, {"format": _FORMAT, "step": str(step), "settings": json.dumps(settings)})


def load_state(path: Path, model: GPT, optimizers: list[Optimizer], settings: dict[str, object]) -> int:
    """Read what `save_state` wrote into the model, the optimizers and PyTorch's generators.

    Returns:
        The number of steps done.

    Raises:
        CheckpointError: The file is missing, damaged, or of a run with other settings.
    """
    tensors, metadata = read_tensors(path)
    if metadata.get("format") != _FORMAT:
        raise CheckpointError(f"{path}: not a training state of this project (format {metadata.get('format')!r})")
    _check_settings(path, json.loads(metadata["settings"]), settings)
    put_weights(model, _under("model.", tensors), path)
    for number, optimizer in enumerate(optimizers):
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _under(f"optimizer.{number}.", tensors).items():
            index, key = name.split(".", 1)
            state.setdefault(int(index), {})[key] = tensor
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    torch.set_rng_state(tensors["random.cpu"])
    if "random.cuda" in tensors and model.device.type == "cuda":
        torch.cuda.set_rng_state(tensors["random.cuda"], model.device)
    return int(metadata["step"])


def _check_settings(path: Path, saved: dict[str, object], wanted: dict[str, object]) -> None:
    for name in sorted(set(saved) | set(wanted)):
        if saved.get(name) != wanted.get(name):
            raise CheckpointError(
                f"{path}: is of a run with {name} = {saved.get(name)!r}, now {wanted.get(name)!r}; "
                "resume with the old value or start in another folder"
            )


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name[len(prefix) :]: tensor for name, tensor in tensors.items() if name.startswith(prefix)}
