"""The part of training that both senses share: a frozen GPT with an adapter, its texts as tokens, and the file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gpt.encoders.prefix_loss import reading_loss
from gpt.training.lora import adapter_of, attach
from gpt.weights.adapter import Adapter
from gpt.weights.checkpoint import load_model
from gpt.weights.encoder_file import SenseFile, SenseKind, save_sense

RANK = 16
PLACEHOLDERS: dict[SenseKind, str] = {"sight": "[IMAGE]", "hearing": "[AUDIO]"}


class PrefixTrainer:
    """A GPT that learns to write what an encoder perceives: `[CLS] placeholders [SEP] text [EOS]`.

    Args:
        kind: Which sense.
        folder: Of the model.
        device: Where it is.
        seed: Of the adapter, if it begins anew.
        start: An adapter to go on from, instead.
    """

    def __init__(
        self, kind: SenseKind, folder: Path, device: torch.device, seed: int, start: Adapter | None = None
    ) -> None:
        self.kind, self.device = kind, device
        self.gpt, self.tokenizer, _ = load_model(folder)
        attach(self.gpt, rank=RANK, seed=seed, initial=start)
        self.gpt.to(device)
        self._ids: dict[str, list[int]] = {}  # of texts that were learned before
        special = self.tokenizer.special
        self.opening, self.placeholder, self.pad = [special("[CLS]")], special(PLACEHOLDERS[kind]), special("[PAD]")

    def parameters(self) -> list[nn.Parameter]:
        """What is trained of the GPT."""
        return [p for p in self.gpt.parameters() if p.requires_grad]

    def loss(self, vectors: Tensor, lengths: Tensor, texts: Sequence[str]) -> Tensor:
        """Mean loss of writing texts, in which [SEP] is the token, after vectors (B, N, n_embd)."""
        rows = [self._ids.get(text) or self._tokens(text) for text in texts]
        longest = max(map(len, rows))
        ids = torch.tensor([row + [self.pad] * (longest - len(row)) for row in rows]).to(self.device)
        counts = torch.tensor([len(row) for row in rows]).to(self.device)
        here = torch.arange(longest, device=self.device)
        learn = (here > 0) & (here < counts[:, None])
        return reading_loss(
            self.gpt, vectors, lengths, ids, learn, opening=self.opening, placeholder=self.placeholder, pad=self.pad
        )

    def as_read(self, ids: Tensor) -> Tensor:
        """Return what the GPT makes of tokens (B, N) before its first block, (B, N, n_embd), to be inserted as vectors.

        The tokens before each are in it, as in any text: the GPT finds things by them. What it will add for the
        placeholders that stand there is taken off.
        """
        gpt = self.gpt
        found: Tensor = gpt.wte(ids)
        if gpt.previous is not None:
            k, nothing = gpt.config.previous_tokens, gpt.config.vocab_size
            before = F.pad(ids, (k, 0), value=nothing).unfold(1, k, 1)[:, : ids.shape[1]]
            there = torch.full((k,), self.placeholder, device=ids.device) + gpt.offsets
            found = found + gpt.previous(before + gpt.offsets).sum(2) - gpt.previous(there).sum(0)
        return found

    def _tokens(self, text: str) -> list[int]:
        special = self.tokenizer.special
        self._ids[text] = [special("[SEP]"), *self.tokenizer.encode_marked(text), special("[EOS]")]
        return self._ids[text]

    def save(
        self, path: Path, weights: Mapping[str, Tensor], config: Mapping[str, object], extra: Mapping[str, object]
    ) -> None:
        """Write the sense: an encoder's weights and the adapter."""
        arrays = {name: tensor.detach().float().cpu().numpy() for name, tensor in weights.items()}
        adapter = adapter_of(self.gpt)
        save_sense(path, SenseFile(kind=self.kind, config=config, encoder=arrays, adapter=adapter, extra=extra))


def cosine(progress: float, *, begin: float = 0.0, warmup: float = 0.03, last: float = 0.02) -> float:
    """The learning rate as a part of its peak, at a part of the time: a warm-up from `begin`, then half a cosine."""
    if progress < begin:
        return 0.0
    at = (progress - begin) / (1 - begin)
    if at < warmup:
        return at / warmup
    return last + (1 - last) * 0.5 * (1 + math.cos(math.pi * min(1.0, (at - warmup) / (1 - warmup))))


def set_rates(optimizer: torch.optim.Optimizer, factors: Sequence[float]) -> None:
    """Set the learning rate of each group to its peak times a factor."""
    for group, factor in zip(optimizer.param_groups, factors, strict=True):
        group["lr"] = group["peak"] * factor


def groups_of(encoder: nn.Module, reader: PrefixTrainer, *, encoder_lr: float, reader_lr: float, decay: float
              ) -> list[dict[str, object]]:  # fmt: skip
    """Return optimizer groups: matrices of the encoder, its vectors, and the adapter."""
    matrices = [p for p in encoder.parameters() if p.ndim > 1]
    vectors = [p for p in encoder.parameters() if p.ndim <= 1]
    return [
        {"params": matrices, "lr": encoder_lr, "peak": encoder_lr, "weight_decay": decay},
        {"params": vectors, "lr": encoder_lr, "peak": encoder_lr, "weight_decay": 0.0},
        {"params": reader.parameters(), "lr": reader_lr, "peak": reader_lr, "weight_decay": 0.0},
    ]
