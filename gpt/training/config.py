"""Settings of a training run: its length, batch size, optimizer and number formats."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal, get_args

from gpt.errors import ConfigError
from gpt.training.optimizer import OptimizerKind
from gpt.training.schedule import ScheduleKind

Precision = Literal["bf16", "fp32"]
ShardKind = Literal["none", "full"]


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Settings of one training run.

    Args:
        steps: Total optimizer steps, including those before a resume.
        batch_rows: Rows per batch over all processes; used by the code that builds the batches, and saved with the run.
        lr: Peak learning rate, the same for AdamW and Muon.
        warmup_steps: Steps of linear warm-up.
        schedule: Learning-rate schedule after the warm-up.
        optimizer: `muon` for hidden matrices and AdamW for the rest, or `adamw` for all.
        precision: `bf16` uses autocast: weights, norms, softmax sums and loss stay fp32.
        tf32: Let a GPU round the factors of fp32 products to TF32, which is several times faster.
        compile: Compile the trunk, which takes about a minute. `auto` compiles where this saves time: on a GPU, and on
            a CPU from 1,500 steps on.
        shard: `full` shards weights, gradients and optimizer state over the processes (FSDP2) instead of replicating
            them (DDP); needs torchrun.
        grad_clip: Maximum gradient norm; 0 disables clipping.
        grad_accum: Batches per step; the gradient equals that of one batch with all their rows.
        weight_decay: For hidden matrices only.
        head_penalty: Weight of a penalty on similar attention heads (`gpt/training/head_diversity.py`); 0 disables it.
            The logged losses exclude it.
        eval_every: Steps between evaluations on the validation batches; 0 evaluates at the end only.
        eval_batches: Batches per evaluation.
        checkpoint_every: Steps between checkpoints; 0 writes one at the end only.
        seed: For dropout; batches have their own.
        threads: PyTorch threads during the run; None keeps the current number. More than the free cores is many times
            slower.
        device: `auto` is the first GPU if there is one.
    """

    steps: int
    batch_rows: int = 16
    lr: float = 2e-3
    warmup_steps: int = 50
    schedule: ScheduleKind = "trapezoid"
    optimizer: OptimizerKind = "muon"
    precision: Precision = "bf16"
    tf32: bool = True
    compile: bool | Literal["auto"] = "auto"
    shard: ShardKind = "none"
    grad_clip: float = 1.0
    grad_accum: int = 1
    weight_decay: float = 0.01
    head_penalty: float = 0.0
    eval_every: int = 250
    eval_batches: int = 8
    checkpoint_every: int = 250
    seed: int = 0
    threads: int | None = None
    device: str = "auto"

    def __post_init__(self) -> None:
        for name in ("steps", "batch_rows", "grad_accum", "eval_batches"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)!r}; it must be at least 1")
        not_negative = (
            "warmup_steps", "grad_clip", "weight_decay", "head_penalty", "eval_every", "checkpoint_every", "seed",
        )  # fmt: skip
        for name in not_negative:
            if not getattr(self, name) >= 0:
                raise ConfigError(f"{name} is {getattr(self, name)!r}; it must be at least 0")
        if not 0 < self.lr < 1:
            raise ConfigError(f"lr is {self.lr!r}; it must be between 0 and 1, typically 1e-4 to 1e-2")
        if self.warmup_steps >= self.steps > 1:
            raise ConfigError(f"warmup_steps is {self.warmup_steps}; it must be less than steps, which is {self.steps}")
        if self.threads is not None and self.threads < 1:
            raise ConfigError(f"threads is {self.threads}; it must be at least 1, or None to leave them as they are")
        if self.compile not in (True, False, "auto"):
            raise ConfigError(f"compile is {self.compile!r}; it must be true, false or 'auto'")
        choices = {"schedule": ScheduleKind, "optimizer": OptimizerKind, "precision": Precision, "shard": ShardKind}
        for name, allowed in choices.items():
            if getattr(self, name) not in get_args(allowed):
                raise ConfigError(
                    f"{name} is {getattr(self, name)!r}; it must be one of {', '.join(get_args(allowed))}"
                )

    @property
    def as_dict(self) -> dict[str, object]:
        """Return plain values, as saved with the run."""
        return dataclasses.asdict(self)
