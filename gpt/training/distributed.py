"""Distributed training with PyTorch's DistributedDataParallel or FSDP2, started by torchrun.

Every process reads the same batch and computes its share of the rows; gradients are summed, so that a step equals that
of a single process. Only process 0 writes and prints. The processes share the run folder.

Shapes: B rows of a batch.
"""

from __future__ import annotations

import copy
import logging
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import NoReturn, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DistributedDataParallel

from gpt.data.batches import Batch, Batches
from gpt.errors import ConfigError, ProcessLostError
from gpt.model.packed_layout import PackedLayout
from gpt.model.transformer import GPT
from gpt.training.config import TrainConfig
from gpt.training.objective import MakeObjective, Objective

TIMEOUT = timedelta(minutes=10)
"""How long a process waits for the others; the longest waits are for a checkpoint or a compilation."""

DEVICE_TYPES = ("cpu", "cuda", "mps", "xpu")
_BUILD_TIMEOUT = timedelta(hours=24)
# Parts of PyTorch's error messages when a process is lost.
_LOST = (
    "gloo",
    "nccl",
    "connection",
    "timed out",
    "timeout",
    "broken pipe",
)


@dataclass(frozen=True, kw_only=True)
class World:
    """The rank of this process and the number of processes."""

    rank: int = 0
    size: int = 1

    @classmethod
    def current(cls) -> World:
        """The joined process group; otherwise a single process."""
        return cls(rank=dist.get_rank(), size=dist.get_world_size()) if _is_joined() else cls()

    @property
    def is_main(self) -> bool:
        """Whether this process writes and prints."""
        return self.rank == 0

    def shard(self, batch: Batch) -> Batch:
        """Return this process's rows of a batch.

        Raises:
            ConfigError: The rows cannot be divided equally.
        """
        if self.size == 1:
            return batch
        rows = batch.idx.shape[0]
        check_divisible(rows, self)
        rows_per_process = rows // self.size
        own_rows = slice(self.rank * rows_per_process, (self.rank + 1) * rows_per_process)
        layout = PackedLayout(*(t[own_rows] for t in batch.layout))
        targets = batch.targets[own_rows]
        return replace(
            batch,
            idx=batch.idx[own_rows],
            targets=targets,
            layout=layout,
            values=None if batch.values is None else batch.values[own_rows],
            n_tokens=int((layout.document >= 0).sum()),
            n_targets=int((targets >= 0).sum()),
        )

    def sum_over_processes(self, values: Tensor) -> Tensor:
        """Sum values over all processes; all must call it."""
        if self.size > 1:
            dist.all_reduce(values)
        return values

    def max_over_processes(self, number: int, device: torch.device) -> int:
        """Return the largest number among the processes; all must call it."""
        if self.size == 1:
            return number
        largest = torch.tensor(number, device=device)
        dist.all_reduce(largest, dist.ReduceOp.MAX)
        return int(largest)


def check_divisible(rows: int, world: World) -> None:
    """Check that a batch can be divided among the processes.

    Raises:
        ConfigError: It cannot; the message names both numbers.
    """
    if rows % world.size:
        raise ConfigError(
            f"a batch of {rows} rows (batch_rows) cannot be divided among {world.size} processes; "
            f"use a multiple, for example {-(-rows // world.size) * world.size}"
        )


def resolve_device(name: str) -> torch.device:
    """Return this process's device for a config's `device`; `auto` is a GPU if there is one, one GPU per process.

    Raises:
        ConfigError: There is no such device.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError):
        device = None
    if device is None or device.type not in DEVICE_TYPES:
        raise ConfigError(f"device is {name!r}; it must be auto, {' or '.join(DEVICE_TYPES)}") from None
    if device.type != "cuda":
        return device
    if not torch.cuda.is_available():
        raise ConfigError(f"device is {name!r}, but PyTorch sees no GPU here; use 'cpu' or 'auto'")
    n_gpus = torch.cuda.device_count()
    if device.index is not None and device.index >= n_gpus:
        raise ConfigError(f"device is {name!r}, but there are {n_gpus} GPUs, numbered from 0")
    if not (_is_joined() or "LOCAL_RANK" in os.environ):
        return device
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    if local_rank >= n_gpus:
        raise ConfigError(f"process {local_rank} of this machine needs its own GPU, but there are {n_gpus}; "
                          f"use --nproc-per-node {n_gpus} or device 'cpu'")  # fmt: skip
    return torch.device("cuda", local_rank)


def device_name(device: torch.device) -> str:
    """Return the name that the GPU, or the processor of a device without one, is sold under."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    cpuinfo = Path("/proc/cpuinfo")
    names = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    return next((line.split(":")[1].strip() for line in names if line.startswith("model name")), platform.machine())


@contextmanager
def joined(device: torch.device) -> Iterator[World]:
    """Join the processes started by torchrun; do nothing without torchrun or when already joined.

    Raises:
        ProcessLostError: Another process ended or does not answer.
    """
    if _is_joined() or "RANK" not in os.environ or "MASTER_ADDR" not in os.environ:
        yield World.current()
        return
    gpu = device if device.type == "cuda" else None
    if gpu is not None:
        torch.cuda.set_device(gpu)
    dist.init_process_group("gloo" if gpu is None else "nccl", timeout=TIMEOUT, device_id=gpu)
    lost = False
    try:
        yield World.current()
    except RuntimeError as error:
        lost = is_lost(error)
        if not lost:
            raise
        raise ProcessLostError(lost_message("before or after training")) from error
    except ProcessLostError:
        lost = True
        raise
    finally:
        if not lost:  # destroying would wait for the lost process
            dist.destroy_process_group()


@contextmanager
def main_process_first(world: World) -> Iterator[None]:
    """Run the `with` body on process 0 first, so that the others can read the files that it wrote."""
    if world.size == 1:
        yield
        return
    group = dist.new_group(backend="gloo", timeout=_BUILD_TIMEOUT)
    if not world.is_main:
        dist.barrier(group)
    yield  # if process 0 fails here, torchrun stops the others
    if world.is_main:
        dist.barrier(group)


def exit_process(code: int) -> NoReturn:
    """End this process at once; the last call of a script that torchrun starts.

    Threads of Gloo, which `fully_shard` keeps alive, may still free tensors. Python's shutdown stops a thread that asks
    for the interpreter, and C++ then aborts the process ("terminate called without an active exception").
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def is_lost(error: RuntimeError) -> bool:
    """Whether an error means that another process does not answer."""
    if World.current().size == 1:
        return False
    return isinstance(error, dist.DistError) or any(word in str(error).lower() for word in _LOST)


def lost_message(moment: str) -> str:
    """Return a one-line message for the user who finds the run stopped."""
    world = World.current()
    return (
        f"process {world.rank} of {world.size}: another process ended or did not answer for "
        f"{TIMEOUT.total_seconds():.0f} s, {moment}; the same command with --resume goes on from the last checkpoint"
    )


class Parallel:
    """Computes a model's objective, its gradient and its evaluation on this process's share of the rows.

    Args:
        model: Holds the initial weights; those of process 0 are used.
        config: Determines sharding and the objective.
        device: This process's device.
        compiled: Whether to compile.
        make_objective: Builds the objective.

    Attributes:
        model: The model being trained. With `shard: full` it is a copy whose tensors are DTensors.
    """

    def __init__(
        self,
        model: GPT,
        config: TrainConfig,
        device: torch.device,
        compiled: bool,
        make_objective: MakeObjective = Objective,
    ) -> None:
        self.world, self.device = World.current(), device
        self._original, self.model = model, model
        sharded = config.shard == "full"
        if sharded:
            _check_shardable(config)
            self.model = model = copy.deepcopy(model)
        model.to(device)
        trunk = torch.compile(model.trunk) if compiled and not sharded else None
        objective = make_objective(model, config.precision, trunk, config.head_penalty)
        self.forward: nn.Module = objective
        if sharded:
            self._shard(objective, compiled)
        elif self.world.size > 1:
            self.forward = DistributedDataParallel(objective, broadcast_buffers=False, gradient_as_bucket_view=True)

    def _shard(self, objective: Objective, compiled: bool) -> None:
        for tensor in self.model.state_dict().values():
            dist.broadcast(tensor, 0)
        mesh = init_device_mesh(self.device.type, (self.world.size,))
        for block in self.model.blocks:
            if compiled:
                block.compile()  # the hooks that gather weights stay outside of the compiled graph
            fully_shard(block, mesh=mesh)
        fully_shard(objective, mesh=mesh)

    def backward(self, batch: Batch, n_targets: int, last: bool) -> Tensor:
        """Add the gradient of a batch to the gradient of the step.

        Args:
            batch: The whole batch, of all processes.
            n_targets: Targets with loss in all batches of the step.
            last: Whether this is the step's last batch, after which gradients are exchanged.

        Returns:
            This process's part of the step's mean loss; the sum over processes and batches is the mean.
        """
        own_batch = self.world.shard(batch)
        fraction = own_batch.n_targets / n_targets
        if isinstance(self.forward, DistributedDataParallel):
            self.forward.require_backward_grad_sync = last
        elif isinstance(self.forward, FSDPModule):
            self.forward.set_requires_gradient_sync(last)
        # The wrappers average over processes; scaling turns the mean into the sum.
        total, loss = self.forward(own_batch.to(self.device), fraction * self.world.size, batch.n_targets / n_targets)
        total.backward()
        return cast(Tensor, loss) * fraction

    def clip(self, limit: float) -> Tensor:
        """Clip the gradient norm; returns the norm before clipping."""
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), limit)
        return full_tensor(norm)

    def evaluate(self, batches: Batches, n_batches: int) -> float:
        """Return `mean_loss`, with the rows divided among the processes; all must call it."""
        loss = mean_loss(self.forward, self.device, self.world, batches, n_batches)
        if isinstance(self.forward, FSDPModule):
            self.forward.reshard()  # normally the backward pass does this
        return loss

    @torch.no_grad()
    def finish(self) -> None:
        """Copy the trained weights to the model passed by the caller."""
        if self.model is not self._original:
            trained = self.model.state_dict()
            for name, tensor in self._original.state_dict().items():
                tensor.copy_(full_tensor(trained[name]))


@torch.no_grad()
def mean_loss(objective: nn.Module, device: torch.device, world: World, batches: Batches, n_batches: int) -> float:
    """Mean of an `Objective` over the targets with loss of the first batches, in evaluation mode.

    Args:
        objective: The objective or PyTorch's wrapper around it; its mode is restored.
        device: Its device.
        world: The processes that share the rows; all of them must call it.
        batches: The source of batches.
        n_batches: Number of batches to read.
    """
    was_training = objective.training
    total, n_targets = torch.zeros((), device=device), 0
    objective.eval()
    for number in range(n_batches):
        batch = batches.batch(number)
        own_batch = world.shard(batch)
        total += objective(own_batch.to(device))[1] * own_batch.n_targets
        n_targets += batch.n_targets
    objective.train(was_training)
    return world.sum_over_processes(total).item() / max(1, n_targets)


def full_tensor(tensor: Tensor) -> Tensor:
    """Gather a tensor that is sharded over processes; all must call it."""
    if not isinstance(tensor, DTensor):
        return tensor
    gathered: Tensor = tensor.full_tensor()  # type: ignore[no-untyped-call, unused-ignore]
    return gathered


def _check_shardable(config: TrainConfig) -> None:
    if not _is_joined():
        raise ConfigError("shard is 'full', but there is only one process; start with torchrun, or use shard 'none'")
    if config.head_penalty:
        raise ConfigError(
            f"head_penalty is {config.head_penalty} and shard is 'full'; the penalty needs whole weights: "
            "use shard 'none' or head_penalty 0"
        )


def _is_joined() -> bool:
    return dist.is_available() and dist.is_initialized()
