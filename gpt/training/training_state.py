"""Full training state in one safetensors file, from which a run resumes exactly.

A single file can be replaced atomically by a rename: after a kill, either the old or the new checkpoint is complete.
Tensors are saved by name and unsharded, so a run may resume with more or fewer processes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import torch
import torch.distributed as dist
from safetensors import SafetensorError
from torch import Tensor
from torch.distributed.checkpoint.state_dict import (
    OptimizerStateType,
    StateDictOptions,
    get_optimizer_state_dict,
    get_state_dict,
    set_optimizer_state_dict,
)
from torch.optim import Optimizer

from gpt.errors import CheckpointError
from gpt.model.transformer import GPT
from gpt.training.distributed import World
from gpt.weights.checkpoint import read_tensors, write_tensors

CHECKPOINT_FILE = "checkpoint.safetensors"

_FORMAT = "gpt-home-planner training state 2"


@contextmanager
def report_write_errors(path: Path) -> Iterator[None]:
    """Turn errors while writing a file of a run, usually a full disk, into a one-line message.

    Raises:
        CheckpointError: Writing failed.
    """
    try:
        yield
    except (OSError, SafetensorError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or " ".join(str(error).split())
        raise CheckpointError(
            f"{path}: cannot be written ({reason}); the last checkpoint is whole, and --resume goes on from it"
        ) from error


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What a run has used and reached so far.

    Args:
        tokens: Tokens read, without padding.
        seconds: Wall-clock time, of all calls.
        loss: Mean training loss over the last few steps.
        val_loss: Last validation loss.
    """

    tokens: int = 0
    seconds: float = 0.0
    loss: float | None = None
    val_loss: float | None = None


def save_state(
    path: Path, model: GPT, optimizers: list[Optimizer], step: int, settings: dict[str, object], progress: Progress
) -> None:
    """Write weights, optimizer state, random states, step, settings and progress of the run; all processes call it.

    Raises:
        CheckpointError: The file cannot be written; the previous one is kept.
    """
    world = World.current()
    options = StateDictOptions(full_state_dict=True, cpu_offload=True)  # gathered on process 0 only
    weights, states = get_state_dict(model, optimizers, options=options)
    random_states = _random_states(model.device, world)
    if world.is_main:
        tensors = {f"model.{name}": tensor for name, tensor in weights.items() if isinstance(tensor, Tensor)}
        if model.config.tie_weights:
            del tensors["model.head.weight"]
        for name, values in _parameter_states(states).items():
            for key, value in values.items():
                tensors[f"optimizer.{name}.{key}"] = torch.as_tensor(value)
        tensors |= random_states
        metadata = {
            "format": _FORMAT, "step": str(step), "settings": json.dumps(settings),
            "progress": json.dumps(asdict(progress)),
        }  # fmt: skip
        with report_write_errors(path):
            write_tensors(path, tensors, metadata)
    if world.size > 1:
        dist.barrier()  # a process that ends earlier makes torchrun stop the one that writes


@dataclass(frozen=True, kw_only=True)
class TrainingState:
    """Contents of a checkpoint written by `save_state`.

    Args:
        path: The file, for messages.
        step: Completed steps.
        progress: Tokens, time and losses up to there; nothing in files from before 2026-11-30.
        weights: In the form that `gpt.weights.checkpoint.put_weights` takes.
        optimizer: Optimizer state by parameter name.
        random: Random generator states by `process.device`.
    """

    path: Path
    step: int
    progress: Progress
    weights: dict[str, Tensor]
    optimizer: dict[str, dict[str, Tensor]]
    random: dict[str, Tensor]

    @classmethod
    def read(cls, path: Path, settings: dict[str, object]) -> TrainingState:
        """Read the file.

        Raises:
            CheckpointError: It is missing or damaged, or its run has other settings.
        """
        tensors, metadata = read_tensors(path)
        if metadata.get("format") != _FORMAT:
            raise CheckpointError(
                f"{path}: not a training state of this version "
                f"(format {metadata.get('format')!r}, expected {_FORMAT!r})"
            )
        try:
            saved, step = json.loads(metadata["settings"]), int(metadata["step"])
            progress = Progress(**json.loads(metadata.get("progress", "{}")))
        except (KeyError, ValueError, TypeError, RecursionError) as error:
            raise CheckpointError(f"{path}: damaged: {type(error).__name__}: {error}") from None
        if not isinstance(saved, dict) or step < 0:
            raise CheckpointError(f"{path}: damaged: step {step}, settings of type {type(saved).__name__}")
        _check_settings(path, saved, settings)
        optimizer: dict[str, dict[str, Tensor]] = {}
        for name, tensor in _with_prefix("optimizer.", tensors).items():
            parameter, _, key = name.rpartition(".")
            optimizer.setdefault(parameter, {})[key] = tensor
        return cls(
            path=path,
            step=step,
            progress=progress,
            weights=_with_prefix("model.", tensors),
            optimizer=optimizer,
            random=_with_prefix("random.", tensors),
        )

    def restore(self, model: GPT, optimizers: list[Optimizer]) -> None:
        """Restore the optimizers and PyTorch's generators; the model already has its weights.

        If the saved run had fewer processes, the additional ones keep their own generators.

        Raises:
            CheckpointError: The state does not match the optimizers or generators.
        """
        own = get_optimizer_state_dict(model, optimizers)
        names = set(_parameter_states(own))
        if names != set(self.optimizer):
            differing = min(names ^ set(self.optimizer))
            raise CheckpointError(f"{self.path}: its optimizer state is not this model's; they differ in {differing}")
        state = {"state": self.optimizer, "param_groups": own["param_groups"]}
        self._check_shapes(own)
        set_optimizer_state_dict(
            model, optimizers, cast(OptimizerStateType, state), options=StateDictOptions(full_state_dict=True)
        )
        rank = World.current().rank
        try:
            if f"{rank}.cpu" in self.random:
                torch.set_rng_state(self.random[f"{rank}.cpu"])
            if f"{rank}.cuda" in self.random and model.device.type == "cuda":
                torch.cuda.set_rng_state(self.random[f"{rank}.cuda"], model.device)
        except (RuntimeError, TypeError) as error:
            raise CheckpointError(f"{self.path}: its random states are damaged: {error}") from None

    def _check_shapes(self, own: OptimizerStateType) -> None:
        for name, values in _parameter_states(own).items():
            for key, value in values.items():
                saved, shape = self.optimizer[name].get(key), torch.as_tensor(value).shape
                if saved is None or saved.shape != shape:
                    description = "nothing" if saved is None else f"shape {tuple(saved.shape)}"
                    raise CheckpointError(f"{self.path}: {name}.{key}: {description}, where {tuple(shape)} is needed")


def _parameter_states(state: OptimizerStateType) -> dict[str, dict[str, Tensor]]:
    return cast("dict[str, dict[str, Tensor]]", state["state"])


def _random_states(device: torch.device, world: World) -> dict[str, Tensor]:
    own = {f"random.{world.rank}.cpu": torch.get_rng_state()}
    if device.type == "cuda":
        own[f"random.{world.rank}.cuda"] = torch.cuda.get_rng_state(device)
    if world.size == 1:
        return own
    gathered: list[dict[str, Tensor]] = [{} for _ in range(world.size)]
    dist.all_gather_object(gathered, own)
    return {name: state for states in gathered for name, state in states.items()}


def _check_settings(path: Path, saved: dict[str, object], current: dict[str, object]) -> None:
    for name in sorted(set(saved) | set(current)):
        if saved.get(name) != current.get(name):
            raise CheckpointError(
                f"{path}: belongs to a run with {name} = {saved.get(name)!r}, now {current.get(name)!r}; "
                "resume with the old value, or start in another folder"
            )


def _with_prefix(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name[len(prefix) :]: tensor for name, tensor in tensors.items() if name.startswith(prefix)}
