"""The training loop: writes weights, metrics and checkpoints; resumes exactly and stops when the loss diverges.

A run folder contains `metrics.jsonl` and `checkpoint.safetensors`. Fine-tuning is the same call with a trained model.
In a distributed run every process makes the same call (`gpt/training/distributed.py`).
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import torch
from torch import Tensor
from tqdm import tqdm

from gpt.data.batches import Batches
from gpt.errors import CheckpointError, DivergedError, ProcessLostError
from gpt.files import read_text, write_text_atomically
from gpt.model.transformer import GPT, check_token_ids
from gpt.training.config import Precision, TrainConfig
from gpt.training.distributed import (
    Parallel,
    World,
    check_divisible,
    is_lost,
    joined,
    lost_message,
    mean_loss,
    resolve_device,
)
from gpt.training.objective import MakeObjective, Objective, should_compile
from gpt.training.optimizer import build_optimizers
from gpt.training.process_settings import deferred_signals, matmul_precision, raise_signal, threads
from gpt.training.schedule import schedule_factor
from gpt.training.training_state import CHECKPOINT_FILE, Progress, TrainingState, report_write_errors, save_state
from gpt.weights.checkpoint import put_weights

__all__ = ["METRICS_FILE", "Metrics", "TrainConfig", "TrainResult", "evaluate", "train"]

METRICS_FILE = "metrics.jsonl"

Metrics = dict[str, float | int | None]
"""One line of metrics.jsonl: step, loss, val_loss, grad_norm (before clipping), lr, tokens_per_s, eta_s, time."""

FREE_SETTINGS = ("eval_every", "eval_batches", "checkpoint_every", "threads", "device", "compile", "tf32", "shard")
"""Settings that a resumed run may change: apart from rounding, they do not affect the result."""

MAX_METRICS_BYTES = 500_000_000  # a million steps write 25 MB

_LOG_EVERY = 10
_SEED_STEP = 1_000_003  # difference between the dropout seeds of neighboring processes


@dataclass(frozen=True, kw_only=True)
class TrainResult:
    """Result of a finished run.

    Args:
        step: Completed steps.
        loss: Mean training loss over the last few steps.
        val_loss: Last validation loss; None without validation batches.
        tokens_per_s: Tokens read per second, without padding, evaluation and checkpoints.
        tokens: Tokens read by the whole run, without padding.
        seconds: Wall-clock time of the whole run. Of calls before a resume it counts what the checkpoint kept.
        checkpoint: The file to resume from.
    """

    step: int
    loss: float
    val_loss: float | None
    tokens_per_s: float
    tokens: int
    seconds: float
    checkpoint: Path


def train(
    model: GPT,
    train_batches: Batches,
    val_batches: Batches | None,
    config: TrainConfig,
    out_dir: Path | str,
    resume: bool = False,
    on_metrics: Callable[[Metrics], None] | None = None,
    objective: MakeObjective = Objective,
) -> TrainResult:
    """Train a model in place, starting from its current weights.

    Under torchrun every process calls this with the same arguments; process 0 writes and reports. Apart from dropout,
    the result of a step does not depend on the number of processes.

    Args:
        model: Moved to the config's device; with `shard: full` it gets the weights at the end of the run. It is left in
            evaluation mode.
        train_batches: Read from `step * grad_accum` on; their rows must be a multiple of the number of processes.
        val_batches: The first `eval_batches` of them are the validation set; None disables validation.
        config: Settings.
        out_dir: The run folder.
        resume: Continue from the folder's checkpoint if there is one; the result equals that of an uninterrupted run.
        on_metrics: Called with each line of metrics.jsonl.
        objective: Builds the training objective (`gpt/training/preference.py` has others).

    Raises:
        ConfigError: The rows cannot be divided among the processes, or the device does not exist.
        ContextError: A batch has an id that is not in the model's vocabulary.
        DivergedError: A loss or gradient is not finite. The last good checkpoint is kept.
        CheckpointError: With `resume`, the checkpoint is damaged or has other settings; or the disk is full.
        ProcessLostError: Another process ended or does not answer.
        KeyboardInterrupt: Ctrl-C, after finishing the step and writing a checkpoint.
        SystemExit: SIGTERM, handled like Ctrl-C, with code 143.
    """
    device = resolve_device(config.device)
    cuda = [device] if device.type == "cuda" else []
    with (
        joined(device) as world,
        torch.random.fork_rng(devices=cuda),
        threads(config.threads),
        matmul_precision(device, config.tf32),
        deferred_signals(patient=world.size > 1) as stop,
    ):
        check_divisible(config.batch_rows, world)
        torch.manual_seed(config.seed + _SEED_STEP * world.rank)
        try:
            run = _Run(model, train_batches, val_batches, config, Path(out_dir), on_metrics, device, resume, objective)
            return run.run(stop)
        finally:
            model.eval()


@torch.no_grad()
def evaluate(model: GPT, batches: Batches, n_batches: int, precision: Precision = "fp32") -> float:
    """Mean loss over the targets of the first `n_batches` batches, in evaluation mode, on this process only."""
    return mean_loss(Objective(model, precision), model.device, World(), batches, n_batches)


class _Run:
    """State of one call of `train`."""

    def __init__(
        self,
        model: GPT,
        train_batches: Batches,
        val_batches: Batches | None,
        config: TrainConfig,
        out_dir: Path,
        on_metrics: Callable[[Metrics], None] | None,
        device: torch.device,
        resume: bool,
        objective: MakeObjective,
    ) -> None:
        self.train_batches, self.val_batches = train_batches, val_batches
        self.config, self.out_dir, self.on_metrics = config, out_dir, on_metrics
        self.vocab_size = model.config.vocab_size
        self.settings = {k: v for k, v in config.as_dict.items() if k not in FREE_SETTINGS}
        self.checkpoint = out_dir / CHECKPOINT_FILE
        state = TrainingState.read(self.checkpoint, self.settings) if resume and self.checkpoint.exists() else None
        if state is not None:
            put_weights(model, state.weights, self.checkpoint)
        self.parallel = Parallel(model, config, device, should_compile(config, device), objective)
        self.optimizers = build_optimizers(self.parallel.model, config.optimizer, config.lr, config.weight_decay)
        if state is not None:
            state.restore(self.parallel.model, self.optimizers)
        self.pending: list[tuple[int, Tensor, Tensor]] = []  # (step, loss of each batch, norm), not checked yet
        self.window: list[tuple[float, float]] = []  # (loss, norm)
        self.before = Progress() if state is None else state.progress  # of the calls before a resume
        self.mean_loss, self.val_loss = self.before.loss, self.before.val_loss
        self.started_at = time.perf_counter()
        self.busy_s, self.tokens = 0.0, 0
        self.first_step = 0 if state is None else state.step
        self.current_step = self.first_step
        # Reading a number from a GPU forces a synchronization.
        self.sync_every = 1 if device.type == "cpu" else _LOG_EVERY

    def run(self, stop: list[int]) -> TrainResult:
        self._open_metrics()
        try:
            self._loop(stop)
            self.parallel.finish()
        except RuntimeError as error:
            if not is_lost(error):
                raise
            raise ProcessLostError(lost_message(f"at step {self.current_step}")) from error
        return TrainResult(
            step=self.config.steps,
            loss=math.nan if self.mean_loss is None else self.mean_loss,
            val_loss=self.val_loss,
            tokens_per_s=self.tokens / self.busy_s if self.busy_s else 0.0,
            tokens=self._progress().tokens,
            seconds=self._progress().seconds,
            checkpoint=self.checkpoint,
        )

    def _progress(self) -> Progress:
        return Progress(
            tokens=self.before.tokens + self.tokens,
            seconds=self.before.seconds + time.perf_counter() - self.started_at,
            loss=self.mean_loss,
            val_loss=self.val_loss,
        )

    def _loop(self, stop: list[int]) -> None:
        config, parallel = self.config, self.parallel
        parallel.forward.train()
        bar: tqdm[NoReturn]
        disable_bar = None if parallel.world.is_main else True
        with tqdm(total=config.steps, initial=self.first_step, unit="step", disable=disable_bar) as bar:
            for step in range(self.first_step, config.steps):
                self.current_step = step
                self._step(step)
                steps_done = step + 1
                last = steps_done == config.steps
                log = last or steps_done % _LOG_EVERY == 0
                sync = log or steps_done % self.sync_every == 0
                # All processes stop after the same step.
                exchange = sync or parallel.world.size == 1
                stopping = parallel.world.max_over_processes(stop[0] if stop else 0, parallel.device) if exchange else 0
                save = last or stopping or (config.checkpoint_every > 0 and steps_done % config.checkpoint_every == 0)
                if save or sync:
                    self._check_pending()
                validated = self._validate(steps_done, last)
                if log or validated:
                    self.mean_loss = self._log(steps_done, validated, bar)
                bar.update()
                if save:
                    save_state(
                        self.checkpoint, parallel.model, self.optimizers, steps_done, self.settings, self._progress()
                    )
                if stopping:
                    raise_signal(stopping)

    def _step(self, step: int) -> None:
        config, started_at = self.config, time.perf_counter()
        lr = config.lr * schedule_factor(config.schedule, step, config.steps, config.warmup_steps)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = lr
        numbers = self._batch_numbers(step)
        batches = [self.train_batches.batch(number) for number in numbers]
        for batch in batches:  # here, on the CPU: a GPU could only abort
            check_token_ids(batch.idx, self.vocab_size, f"batch {step}")
        n_targets = max(1, sum(batch.n_targets for batch in batches))
        losses = [
            self.parallel.backward(batch, n_targets, number == numbers[-1])
            for number, batch in zip(numbers, batches, strict=True)
        ]
        norm = self.parallel.clip(config.grad_clip if config.grad_clip > 0 else math.inf)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.pending.append((step, torch.stack(losses), norm))
        self.tokens += sum(batch.n_tokens for batch in batches)
        self.busy_s += time.perf_counter() - started_at

    def _batch_numbers(self, step: int) -> range:
        accum = self.config.grad_accum
        return range(step * accum, (step + 1) * accum)

    def _check_pending(self) -> None:
        if not self.pending:
            return
        started_at = time.perf_counter()
        table = self.parallel.world.sum_over_processes(torch.stack([losses for _, losses, _ in self.pending]))
        for (step, _, norm), losses in zip(self.pending, table.tolist(), strict=True):
            for number, loss in zip(self._batch_numbers(step), losses, strict=True):
                if not math.isfinite(loss):
                    raise DivergedError(self._divergence(f"step {step}, batch {number}: the loss is {loss}"))
            if not math.isfinite(norm.item()):
                first, last = self._batch_numbers(step)[0], self._batch_numbers(step)[-1]
                batch_range = f"batch {first}" if first == last else f"batches {first} to {last}"
                raise DivergedError(self._divergence(f"step {step}, {batch_range}: the gradient norm is {norm.item()}"))
            self.window.append((sum(losses), norm.item()))
        self.pending.clear()
        self.busy_s += time.perf_counter() - started_at

    def _divergence(self, cause: str) -> str:
        checkpoint_note = (
            f"the last good checkpoint is {self.checkpoint}"
            if self.checkpoint.exists()
            else "there is no checkpoint yet"
        )
        advice = f"a lower lr (it is {self.config.lr}) or a longer warm-up may help"
        return f"{cause}; {checkpoint_note}; {advice}"

    def _validate(self, steps_done: int, last: bool) -> bool:
        every = self.config.eval_every
        if self.val_batches is None or not (last or (every > 0 and steps_done % every == 0)):
            return False
        self._check_pending()
        self.val_loss = self.parallel.evaluate(self.val_batches, self.config.eval_batches)
        return True

    def _log(self, steps_done: int, validated: bool, bar: tqdm[NoReturn]) -> float:
        self._check_pending()
        n = len(self.window)
        mean, norm = (sum(values) / n for values in zip(*self.window, strict=True)) if n else (math.nan, math.nan)
        self.window.clear()
        rate = self.tokens / self.busy_s if self.busy_s else 0.0
        steps_of_call = steps_done - self.first_step
        lr = self.optimizers[0].param_groups[0]["lr"]
        metrics: Metrics = {
            "step": steps_done,
            "loss": mean if n else None,
            "val_loss": self.val_loss if validated else None,
            "grad_norm": norm if n else None,
            "lr": float(lr),
            "tokens_per_s": round(rate, 1),
            "eta_s": round(self.busy_s / max(1, steps_of_call) * (self.config.steps - steps_done), 1),
            "time": round(time.time(), 3),
        }
        if not self.parallel.world.is_main:
            return mean
        path = self.out_dir / METRICS_FILE
        with report_write_errors(path), open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(metrics) + "\n")
        bar.set_postfix(loss=f"{mean:.3f}", val=f"{self.val_loss or math.nan:.3f}", tok_s=f"{rate:,.0f}", refresh=False)
        if self.on_metrics is not None:
            self.on_metrics(metrics)
        return mean

    def _open_metrics(self) -> None:
        """Create the file, or drop the lines of steps that a resumed run will repeat."""
        if not self.parallel.world.is_main:
            return
        path = self.out_dir / METRICS_FILE
        kept_lines: list[str] = []
        if self.first_step and path.exists():
            *lines, _ = read_text(path, MAX_METRICS_BYTES).split("\n")  # the last may have been cut off by a kill
            for number, line in enumerate(lines, start=1):
                if _step_of(line, f"{path}, line {number}") <= self.first_step:
                    kept_lines.append(f"{line}\n")
        with report_write_errors(path):
            write_text_atomically(path, "".join(kept_lines))


def _step_of(line: str, where: str) -> int:
    """Return the step of a line of metrics.jsonl.

    Raises:
        CheckpointError: It has none.
    """
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        record = None
    step = record.get("step") if isinstance(record, dict) else None
    if type(step) is not int or step < 1:
        raise CheckpointError(f"{where}: not the record of a step; delete the line, or the file, to resume")
    return step
