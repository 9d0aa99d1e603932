"""GPTs trained from scratch to write a command sequence for a directive: text format, training, ensemble decoding.

Several small GPTs with different seeds decode as an ensemble: their probabilities are averaged at every token. With
fewer than eight thousand rows, a single GPT overfits, and the ensemble less so.

Shapes: B beams of all directives together, W beams of a directive, N directives, V vocabulary size.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from gpt.data.batches import Batch, PackedBatches
from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.model.kv_cache import KVCache
from gpt.model.transformer import GPT, GPTConfig
from gpt.tokenization.tokenizer import Tokenizer
from gpt.training.trainer import Metrics, TrainConfig, TrainResult, train
from planner.benchmarks.alfred_gpt2.rows import BenchmarkError, Notation, Row
from planner.benchmarks.alfred_gpt2.scores import Program

MAX_DECODED_ROWS = 128  # directives per batch


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of model, training and decoding.

    Args:
        members: GPTs of the ensemble.
        n_layer: Blocks of each.
        n_head: Heads of each.
        n_embd: Width of each.
        vocab_size: Ids of the tokenizer, learned from the train rows.
        block_size: Tokens of a packed row; the longest context.
        batch_rows: Packed rows of a step.
        epochs: Passes of each member over the train rows.
        lr: Peak learning rate.
        weight_decay: Weight decay of hidden matrices.
        dropout: Dropout of activations.
        word_dropout: Fraction of a directive's words that is masked, redrawn every epoch.
        beams: Beam width for each directive.
        compile: Compile the model for training; worthwhile from about 1,500 steps on.
    """

    members: int = 3
    n_layer: int = 4
    n_head: int = 4
    n_embd: int = 192
    vocab_size: int = 1024
    block_size: int = 96
    batch_rows: int = 21
    epochs: int = 10
    lr: float = 2e-3
    weight_decay: float = 0.1
    dropout: float = 0.1
    word_dropout: float = 0.05
    beams: int = 4
    compile: bool = False

    def __post_init__(self) -> None:
        """Check the settings that `gpt` does not check."""
        for name in ("members", "epochs", "beams"):
            if getattr(self, name) < 1:
                raise BenchmarkError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if not 0.0 <= self.word_dropout < 1.0:
            raise BenchmarkError(f"word_dropout is {self.word_dropout}; it must be at least 0 and less than 1")


@dataclass(frozen=True, kw_only=True)
class RowText:
    """Converts rows to tokens: [CLS] the directive's words [SEP] the plan [EOS]."""

    tokenizer: Tokenizer
    notation: Notation

    @classmethod
    def learn(cls, rows: Sequence[Row], vocab_size: int) -> RowText:
        """Learn names and vocabulary from rows."""
        notation = Notation.of([row.program for row in rows])
        texts = [_plain(row.instruction) + notation.write(row.program) for row in rows]
        return cls(tokenizer=Tokenizer.train(texts, vocab_size), notation=notation)

    def prompt(self, instruction: str, hidden: Sequence[bool] = ()) -> list[int]:
        """Return the ids up to [SEP]; each hidden word becomes one [MASK]."""
        special = self.tokenizer.special
        ids = [special("[CLS]")]
        for index, word in enumerate(_plain(instruction).split()):
            if index < len(hidden) and hidden[index]:
                ids.append(special("[MASK]"))
            else:
                ids += self.tokenizer.encode(f" {word}")
        return [*ids, special("[SEP]")]

    def answer(self, program: Program) -> list[int]:
        """Return the ids of a plan and [EOS]."""
        return [*self.tokenizer.encode(self.notation.write(program)), self.tokenizer.special("[EOS]")]

    def read(self, ids: Sequence[int]) -> Program:
        """Parse the plan of an answer without its [EOS]."""
        return self.notation.read(self.tokenizer.decode(ids))


class NoisyBatches:
    """Endless packed rows; hidden words and packing are redrawn every epoch."""

    def __init__(self, rows: Sequence[Row], text: RowText, settings: Settings, seed: int) -> None:
        self._rows, self._text, self._settings, self._seed = rows, text, settings, seed
        self._epoch, self._packed = -1, self._pack(0)
        self.steps_per_epoch = math.ceil(self._packed.steps_per_epoch)

    def batch(self, step: int) -> Batch:
        """Return the batch of a step; steps may be requested in any order."""
        epoch, step_in_epoch = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            self._epoch, self._packed = epoch, self._pack(epoch)
        return self._packed.batch(step_in_epoch)

    def _pack(self, epoch: int) -> PackedBatches:
        settings = self._settings
        rng = random.Random(f"{self._seed} {epoch}")
        documents: list[list[int]] = []
        loss_mask: list[list[bool]] = []
        for row in self._rows:
            hidden = [rng.random() < settings.word_dropout for _ in row.instruction.split()]
            prompt, answer = self._text.prompt(row.instruction, hidden), self._text.answer(row.program)
            documents.append(prompt + answer)
            loss_mask.append([False] * len(prompt) + [True] * len(answer))
        tokenized = TokenizedDocuments.from_lists(documents, loss_mask)
        return PackedBatches(tokenized, settings.batch_rows, settings.block_size, rng.randrange(2**31))


def train_member(
    rows: Sequence[Row],
    text: RowText,
    settings: Settings,
    *,
    seed: int,
    folder: Path,
    threads: int = 1,
    resume: bool = False,
    on_metrics: Callable[[Metrics], None] | None = None,
) -> tuple[GPT, TrainResult]:
    """Train one GPT from scratch on rows, for a fixed number of steps.

    Args:
        rows: The train rows.
        text: The text format.
        settings: Settings of model and training.
        seed: Seed of weights, dropout, hidden words and the order of rows.
        folder: Folder for the checkpoint and metrics.jsonl.
        threads: PyTorch threads.
        resume: Resume from the folder's checkpoint if there is one.
        on_metrics: Called with each line of metrics.jsonl.
    """
    config = GPTConfig(
        vocab_size=text.tokenizer.vocab_size,
        n_layer=settings.n_layer,
        n_head=settings.n_head,
        n_embd=settings.n_embd,
        block_size=settings.block_size,
        dropout=settings.dropout,
    )
    batches = NoisyBatches(rows, text, settings, seed)
    steps = settings.epochs * batches.steps_per_epoch
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = GPT(config)
    train_config = TrainConfig(
        steps=steps,
        batch_rows=settings.batch_rows,
        lr=settings.lr,
        warmup_steps=min(50, steps // 10),
        weight_decay=settings.weight_decay,
        compile=settings.compile,
        checkpoint_every=250,
        seed=seed,
        threads=threads,
    )
    return model, train(model, batches, None, train_config, folder, resume=resume, on_metrics=on_metrics)


@torch.inference_mode()
def decode(
    models: Sequence[GPT],
    text: RowText,
    instructions: Sequence[str],
    beams: int,
    *,
    threads: int = 1,
    on_done: Callable[[int], object] = lambda count: None,
) -> list[Program]:
    """Return the most likely plan of each directive found by beam search, with the mean of the models' probabilities.

    Args:
        models: Models with the same vocabulary.
        text: The text format.
        instructions: Directives.
        beams: Beam width.
        threads: PyTorch threads.
        on_done: Called with the number of newly decoded directives.
    """
    limit = models[0].config.block_size
    # Truncate a very long directive, but keep its [SEP].
    prompts = [
        [*ids[: limit // 2], *ids[-1:]] if len(ids) > limit // 2 + 1 else ids for ids in map(text.prompt, instructions)
    ]
    by_length: dict[int, list[int]] = defaultdict(list)  # equal lengths need no padding
    for number, prompt in enumerate(prompts):
        by_length[len(prompt)].append(number)
    programs: list[Program] = [()] * len(prompts)
    for _, members in sorted(by_length.items()):
        for offset in range(0, len(members), MAX_DECODED_ROWS):
            batch = members[offset : offset + MAX_DECODED_ROWS]
            idx = torch.tensor([prompts[number] for number in batch], device=models[0].device)
            with _threads(threads):
                sequences = beam_search(models, idx, beams, text.tokenizer.special("[EOS]"))
            for number, ids in zip(batch, sequences, strict=True):
                programs[number] = text.read(ids)
            on_done(len(batch))
    return programs


@torch.inference_mode()
def beam_search(models: Sequence[GPT], idx: Tensor, beams: int, stop: int) -> list[list[int]]:
    """Continue prompts of one length until `stop`, or until the context is full.

    Args:
        models: Models with the same vocabulary; a token's probability is the mean of theirs.
        idx: (N, T) the prompts.
        beams: Beam width; 1 is greedy decoding.
        stop: The id that ends a sequence.

    Returns:
        The most likely sequence found for each prompt, without its `stop`.
    """
    for model in models:
        model.eval()
    T, capacity = idx.shape[1], models[0].config.block_size
    caches = [KVCache(m.config, rows=len(idx), capacity=capacity, device=m.device) for m in models]
    logp = _mean_log_probabilities(models, caches, idx)  # (N, V)
    V = logp.shape[-1]
    total, out = logp.topk(beams, dim=-1)  # (N, W)
    out = out[..., None]  # (N, W, length so far)
    stop_only = torch.full((V,), -torch.inf, device=idx.device)
    stop_only[stop] = 0.0  # an ended sequence continues with `stop` at no cost
    source = torch.arange(len(idx), device=idx.device).repeat_interleave(beams)  # (B,) rows of the caches to continue
    active = list(range(len(idx)))  # prompts not done yet, in the order of `out`
    sequences: list[list[int]] = [[] for _ in active]
    while True:
        best = out.gather(1, total.argmax(dim=1)[:, None, None].expand(-1, 1, out.shape[2]))[:, 0]  # (N, length)
        full = T + out.shape[2] >= capacity
        # Probabilities only decrease, so no other sequence can overtake a best sequence that has ended.
        done = (best[:, -1] == stop) | full  # (N,)
        for row in done.nonzero()[:, 0].tolist():
            ids = best[row].tolist()
            sequences[active[row]] = ids[: ids.index(stop)] if stop in ids else ids
        active = [number for number, ended in zip(active, done.tolist(), strict=True) if not ended]
        if not active:
            return sequences
        total, out, source = total[~done], out[~done], source.view(-1, beams)[~done].flatten()
        for cache in caches:
            cache.take_rows(source)
        n = len(active)
        logp = _mean_log_probabilities(models, caches, out[..., -1].reshape(-1, 1)).view(n, beams, V)
        logp = torch.where((out[..., -1] == stop)[..., None], stop_only, logp)
        total, pick = (total[..., None] + logp).view(n, beams * V).topk(beams, dim=-1)  # (n, W)
        parent = pick // V
        source = (parent + torch.arange(n, device=idx.device)[:, None] * beams).flatten()
        out = torch.cat((out.gather(1, parent[..., None].expand(-1, -1, out.shape[2])), (pick % V)[..., None]), dim=2)


def _mean_log_probabilities(models: Sequence[GPT], caches: Sequence[KVCache], idx: Tensor) -> Tensor:
    """Return the log (B, V) of the mean next-token probability after idx (B, T), which is appended to the caches."""
    each = [
        model.head(model.trunk(idx, cache=cache)[:, -1]).float().log_softmax(dim=-1)
        for model, cache in zip(models, caches, strict=True)
    ]
    return torch.stack(each).logsumexp(dim=0) - math.log(len(each))


@contextmanager
def _threads(count: int) -> Iterator[None]:
    previous = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(previous)


def _plain(instruction: str) -> str:
    return "".join(f" {word}" for word in instruction.lower().split())
