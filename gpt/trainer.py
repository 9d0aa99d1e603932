"""The training loop: batches in, weights, metrics and checkpoints out; resumes exactly, and stops when it diverges.

A run folder gets `metrics.jsonl` and `checkpoint.safetensors`. Fine-tuning is the same call with a trained model.
"""

from __future__ import annotations

import json
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

import torch
from torch import Tensor
from tqdm import tqdm

from gpt.batches import Batch, Batches
from gpt.errors import ConfigError, DivergedError
from gpt.files import write_text_atomically
from gpt.model import GPT
from gpt.optimizer import build_optimizers
from gpt.schedule import schedule_factor
from gpt.train_config import TrainConfig
from gpt.training_state import CHECKPOINT_FILE, load_state, save_state

__all__ = ["METRICS_FILE", "Metrics", "TrainConfig", "TrainResult", "evaluate", "train"]

METRICS_FILE = "metrics.jsonl"

Metrics = dict[str, float | int | None]
"""One line of metrics.jsonl: step, loss, val_loss, lr, tokens_per_s, eta_s, time."""

_LOG_EVERY = 10
# Settings that a resumed run may change: none of them decides what is computed.
_FREE_SETTINGS = ("eval_every", "eval_batches", "checkpoint_every", "threads", "device", "compile")


@dataclass(frozen=True, kw_only=True)
class TrainResult:
    """What a finished run came to.

    Args:
        step: Steps done.
        loss: Mean training loss of the last few steps.
        val_loss: Last validation loss, None without validation batches.
        tokens_per_s: Tokens (no padding) read a second, evaluation and checkpoints left out.
        seconds: Wall-clock time of this call.
        checkpoint: The file that a resume reads.
    """

    step: int
    loss: float
    val_loss: float | None
    tokens_per_s: float
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
) -> TrainResult:
    """Train a model in place, from the weights it has.

    Args:
        model: Moved to the config's device; left in evaluation mode.
        train_batches: Read at `step * grad_accum` and on.
        val_batches: The first `eval_batches` of them are the validation set; None does not validate.
        config: Settings.
        out_dir: The run folder.
        resume: Go on from the folder's checkpoint if it has one; the result is what one uninterrupted run gives.
        on_metrics: Called with each line of metrics.jsonl.

    Raises:
        DivergedError: A loss or gradient is not finite. The last good checkpoint stays, none is written.
        CheckpointError: `resume`, and the checkpoint is damaged or of other settings.
        KeyboardInterrupt: Ctrl-C, after the step was finished and a checkpoint written.
        SystemExit: SIGTERM, likewise, with code 143.
    """
    device = torch.device(_device_name(config.device))
    cuda = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=cuda), _threads(config.threads), _deferred_signals() as stop:
        torch.manual_seed(config.seed)
        model.to(device).train()
        try:
            return _Run(model, train_batches, val_batches, config, Path(out_dir), on_metrics).go(resume, stop)
        finally:
            model.eval()


def evaluate(model: GPT, batches: Batches, n_batches: int, precision: str = "fp32") -> float:
    """Mean loss over the counted tokens of the first `n_batches` batches, in evaluation mode."""
    return _evaluate(model, model.trunk, batches, n_batches, precision)


class _Run:
    """The state of one call of `train`."""

    def __init__(
        self,
        model: GPT,
        train_batches: Batches,
        val_batches: Batches | None,
        config: TrainConfig,
        out_dir: Path,
        on_metrics: Callable[[Metrics], None] | None,
    ) -> None:
        self.model, self.train_batches, self.val_batches = model, train_batches, val_batches
        self.config, self.out_dir, self.on_metrics = config, out_dir, on_metrics
        self.trunk: Callable[..., Tensor] = torch.compile(model.trunk) if config.compile else model.trunk
        self.optimizers = build_optimizers(model, config.optimizer, config.lr, config.weight_decay)
        self.settings = {k: v for k, v in config.as_dict.items() if k not in _FREE_SETTINGS}
        self.pending: list[tuple[int, Tensor, Tensor]] = []  # (step, loss, gradient norm) not looked at yet
        self.window: list[float] = []
        self.val_loss: float | None = None
        self.busy_s, self.tokens = 0.0, 0
        self.first = 0

    def go(self, resume: bool, stop: list[int]) -> TrainResult:
        config, checkpoint = self.config, self.out_dir / CHECKPOINT_FILE
        first = (
            load_state(checkpoint, self.model, self.optimizers, self.settings) if resume and checkpoint.exists() else 0
        )
        self.first = first
        self._open_metrics(first)
        began = time.perf_counter()
        check_every = 1 if self.model.device.type == "cpu" else _LOG_EVERY  # looking makes a GPU wait
        mean_loss = math.nan
        bar: tqdm[NoReturn]
        with tqdm(total=config.steps, initial=first, unit="step", disable=None) as bar:
            for step in range(first, config.steps):
                self._step(step)
                done = step + 1
                last = done == config.steps
                save = last or bool(stop) or (config.checkpoint_every > 0 and done % config.checkpoint_every == 0)
                log = last or done % _LOG_EVERY == 0
                if save or log or done % check_every == 0:
                    self._check_pending()
                validated = self._validate(done, last)
                if log or validated:
                    mean_loss = self._log(done, validated, bar)
                bar.update()
                if save:
                    save_state(checkpoint, self.model, self.optimizers, done, self.settings)
                if stop:
                    _raise_signal(stop[0])
        return TrainResult(
            step=config.steps,
            loss=mean_loss,
            val_loss=self.val_loss,
            tokens_per_s=self.tokens / self.busy_s if self.busy_s else 0.0,
            seconds=time.perf_counter() - began,
            checkpoint=checkpoint,
        )

    def _step(self, step: int) -> None:
        config, began = self.config, time.perf_counter()
        lr = config.lr * schedule_factor(config.schedule, step, config.steps, config.warmup_steps)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = lr
        device = self.model.device
        batches = [self.train_batches.batch(step * config.grad_accum + i) for i in range(config.grad_accum)]
        n_counted = max(1, sum(batch.n_counted for batch in batches))
        total = torch.zeros((), device=device)
        for batch in (b.to(device) for b in batches):
            loss = _loss(self.model, self.trunk, batch, config.precision) * (batch.n_counted / n_counted)
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        limit = config.grad_clip if config.grad_clip > 0 else math.inf
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), limit)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.pending.append((step, total, norm))
        self.tokens += sum(batch.n_tokens for batch in batches)
        self.busy_s += time.perf_counter() - began

    def _check_pending(self) -> None:
        began = time.perf_counter()
        for step, loss, norm in self.pending:
            for name, value in (("loss", loss.item()), ("gradient norm", norm.item())):
                if not math.isfinite(value):
                    raise DivergedError(self._divergence(step, name, value))
            self.window.append(loss.item())
        self.pending.clear()
        self.busy_s += time.perf_counter() - began

    def _divergence(self, step: int, name: str, value: float) -> str:
        checkpoint = self.out_dir / CHECKPOINT_FILE
        kept = f"the last good checkpoint is {checkpoint}" if checkpoint.exists() else "there is no checkpoint yet"
        advice = f"a lower lr (it is {self.config.lr}) or a longer warm-up may help"
        return f"step {step}: the {name} is {value}; {kept}; {advice}"

    def _validate(self, done: int, last: bool) -> bool:
        every = self.config.eval_every
        if self.val_batches is None or not (last or (every > 0 and done % every == 0)):
            return False
        self._check_pending()
        self.val_loss = _evaluate(
            self.model, self.trunk, self.val_batches, self.config.eval_batches, self.config.precision
        )
        return True

    def _log(self, done: int, validated: bool, bar: tqdm[NoReturn]) -> float:
        self._check_pending()
        mean = sum(self.window) / len(self.window) if self.window else math.nan
        self.window.clear()
        rate = self.tokens / self.busy_s if self.busy_s else 0.0
        steps_here = done - self.first
        lr = self.optimizers[0].param_groups[0]["lr"]
        metrics: Metrics = {
            "step": done,
            "loss": mean if math.isfinite(mean) else None,
            "val_loss": self.val_loss if validated else None,
            "lr": float(lr),
            "tokens_per_s": round(rate, 1),
            "eta_s": round(self.busy_s / max(1, steps_here) * (self.config.steps - done), 1),
            "time": round(time.time(), 3),
        }
        with open(self.out_dir / METRICS_FILE, "a", encoding="utf-8") as file:
            file.write(json.dumps(metrics) + "\n")
        bar.set_postfix(loss=f"{mean:.3f}", val=f"{self.val_loss or math.nan:.3f}", tok_s=f"{rate:,.0f}", refresh=False)
        if self.on_metrics is not None:
            self.on_metrics(metrics)
        return mean

    def _open_metrics(self, first: int) -> None:
        """Start the file, or cut lines of steps that a resumed run will do again."""
        path = self.out_dir / METRICS_FILE
        kept: list[str] = []
        if first and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
                if line.endswith("\n") and json.loads(line)["step"] <= first:
                    kept.append(line)
        write_text_atomically(path, "".join(kept))


def _loss(model: GPT, trunk: Callable[..., Tensor], batch: Batch, precision: str) -> Tensor:
    with torch.autocast(model.device.type, dtype=torch.bfloat16, enabled=precision == "bf16"):
        return model.logits_and_loss(trunk(batch.idx, batch.layout), batch.targets)[1]


@torch.no_grad()
def _evaluate(model: GPT, trunk: Callable[..., Tensor], batches: Batches, n_batches: int, precision: str) -> float:
    was_training = model.training
    model.eval()
    total, n_counted = 0.0, 0
    for number in range(n_batches):
        batch = batches.batch(number)
        total += _loss(model, trunk, batch.to(model.device), precision).item() * batch.n_counted
        n_counted += batch.n_counted
    model.train(was_training)
    return total / max(1, n_counted)


def _device_name(device: str) -> str:
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ConfigError(f"device is {device!r}, but PyTorch sees no GPU here; use 'cpu' or 'auto'")
    return device


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _deferred_signals() -> Iterator[list[int]]:
    """Note SIGINT and SIGTERM instead of dying in the middle of a step; a second one acts at once."""
    seen: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield seen
        return
    before = {int(number): signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def note(number: int, frame: FrameType | None) -> None:
        seen.append(number)
        signal.signal(number, before[number])

    for number in before:
        signal.signal(number, note)
    try:
        yield seen
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise_signal(number: int) -> None:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)
