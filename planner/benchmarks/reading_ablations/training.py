"""One training of an ablation: a corpus, and a GPT trained on it from nothing or from a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from planner.corpus.builder import build_corpus

if TYPE_CHECKING:
    from gpt.data.batches import PackedBatches
    from gpt.model.transformer import GPT
    from gpt.tokenization.tokenizer import Tokenizer
    from gpt.training.trainer import TrainResult
    from planner.corpus.recipe_file import Settings

Metrics = dict[str, float | int | None]


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A trained GPT, what it was trained on, and how that went."""

    model: GPT
    tokenizer: Tokenizer
    batches: PackedBatches
    result: TrainResult


def trained(
    settings: Settings,
    folder: Path,
    corpus: Path,
    *,
    seed: int,
    start: Path | None = None,
    tokenizer: Tokenizer | None = None,
    human: tuple[str, ...] = (),
    workers: int = 1,
    resume: bool = True,
    on_metrics: Callable[[Metrics], None] | None = None,
) -> Trained:
    """Build a corpus, unless it is there, and train on it.

    Args:
        settings: The resolved recipe; its seed does not count.
        folder: Where metrics and checkpoints are written.
        corpus: The folder of the corpus.
        seed: Of corpus, weights and batches.
        start: A model folder whose weights are the first ones, with its tokenizer; None: random ones.
        tokenizer: The tokenizer of random weights; None: one that is trained on the corpus.
        human: Task files with human-written instructions to mix in.
        workers: Processes that build the corpus.
        resume: Go on from the folder's checkpoint, if there is one.
        on_metrics: Called with each line of metrics.jsonl.

    Raises:
        CheckpointError: `start` is no model, or the checkpoint in `folder` has other settings.
    """
    import torch

    from gpt.data.batches import PackedBatches
    from gpt.model.transformer import GPT, GPTConfig
    from gpt.training.trainer import train
    from gpt.weights.checkpoint import load_model

    model = None
    if start is not None:
        model, tokenizer, _ = load_model(start)
    block = model.config.block_size if model is not None else GPTConfig(**shape(settings, 2)).block_size  # type: ignore[arg-type]
    tokenizer, documents, valid = build_corpus(
        settings.corpus, corpus, seed=seed, limit=block + 1, tokenizer=tokenizer, human=human, workers=workers
    )
    if model is None:
        torch.manual_seed(seed)
        model = GPT(GPTConfig(**shape(settings, tokenizer.vocab_size)))  # type: ignore[arg-type]
    rows = settings.train.batch_rows
    batches = PackedBatches(documents, rows, block, seed)
    config = replace(settings.train, seed=seed)
    result = train(
        model, batches, PackedBatches(valid, rows, block, 0), config, folder, resume=resume, on_metrics=on_metrics
    )
    return Trained(model=model, tokenizer=tokenizer, batches=batches, result=result)


def shape(settings: Settings, vocab_size: int) -> dict[str, object]:
    """Return the arguments of a recipe's `GPTConfig`."""
    return {**settings.model, "vocab_size": vocab_size}
