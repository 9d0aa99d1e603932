"""The script that test_distributed.py starts with torchrun: several training runs of one small model.

Usage: torchrun --nproc-per-node N distributed_runs.py FOLDER RUN [RUN ...], as in RUNS below.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file

from gpt.data.batches import Batch, PackedBatches
from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.errors import GPTError
from gpt.model.transformer import GPT, GPTConfig
from gpt.training.distributed import World, exit_process, joined
from gpt.training.trainer import Metrics, TrainConfig, train
from gpt.weights.checkpoint import weights_of

CONFIG = TrainConfig(
    steps=12, batch_rows=4, grad_accum=2, lr=3e-3, warmup_steps=2, precision="fp32", eval_every=5, eval_batches=2,
    checkpoint_every=4, device="cpu", head_penalty=0.0,
)  # fmt: skip
RUNS: dict[str, dict[str, object]] = {
    "adamw": {"optimizer": "adamw"},
    "muon": {"optimizer": "muon"},
    "penalty": {"optimizer": "adamw", "head_penalty": 5.0},
    "sharded-adamw": {"optimizer": "adamw", "shard": "full"},
    "sharded-muon": {"optimizer": "muon", "shard": "full"},
}


def make_model() -> GPT:
    """Return a model with random weights, the same on every call."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = GPT(GPTConfig(vocab_size=320, n_layer=2, n_head=4, n_embd=32, block_size=48))
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.1)
    return model


def make_batches() -> PackedBatches:
    """Return rows with very different numbers of targets with loss, so that a mean of means is not the mean."""
    lists = [[1, *((start + 2 * i) % 60 for i in range(4 + start % 13))] for start in range(60)]
    counted = [[place % (1 + start % 5) == 0 for place in range(len(row))] for start, row in enumerate(lists)]
    return PackedBatches(TokenizedDocuments.from_lists(lists, counted), batch_rows=4, block_size=32, seed=0)


class KillingBatches:
    """Batches of which one kills process 1 with SIGKILL."""

    def __init__(self, batches: PackedBatches, at: int) -> None:
        self.batches, self.at = batches, at

    def batch(self, step: int) -> Batch:
        if step == self.at and World.current().rank == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return self.batches.batch(step)


def run(folder: Path, name: str) -> None:
    """Execute one run, `[SUBFOLDER/]KIND[:MODE]`.

    The kind is one of RUNS; the mode is `half` (stopped after step 5), `resume`, or `killed` (process 1 is killed).
    """
    path, _, mode = name.partition(":")
    out = folder / path
    config = replace(CONFIG, **RUNS[out.name])  # type: ignore[arg-type]
    model, batches = make_model(), make_batches()
    source = KillingBatches(batches, 13) if mode == "killed" else batches  # batch 13 is of step 6
    stop = _stop_at(5) if mode == "half" else None
    train(model, source, batches, config, out, resume=mode == "resume", on_metrics=stop)
    if World.current().is_main:
        tensors = {name: tensor.contiguous() for name, tensor in weights_of(model).items()}
        save_file(tensors, out / "weights.safetensors")


def _stop_at(step: int) -> Callable[[Metrics], None]:
    def stop(metrics: Metrics) -> None:
        if metrics["step"] == step:
            os.kill(os.getpid(), signal.SIGTERM)  # only this process: the others must follow

    return stop


def main() -> int:
    """Execute the runs one after another."""
    torch.set_num_threads(1)
    folder, names = Path(sys.argv[1]), sys.argv[2:]
    try:
        with joined(torch.device("cpu")) as world:
            for name in names:
                try:
                    run(folder, name)
                except SystemExit as end:
                    # One write call: `print` makes two, and the other process may write between them.
                    os.write(1, f"process {world.rank} stopped {name} with {end.code}\n".encode())
    except GPTError as error:
        print(f"distributed_runs: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    exit_process(main())
