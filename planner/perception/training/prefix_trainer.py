"""Training code shared by sight and hearing: a frozen GPT with an adapter, text tokenization, and the output file."""

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
    """A GPT that learns to write texts from an encoder's output: `[CLS] placeholders [SEP] text [EOS]`.

    Args:
        kind: `sight` or `hearing`.
        folder: Model folder.
        device: Device of the GPT.
        seed: Seed of a new adapter.
        start: An adapter to continue from instead.
    """

    def __init__(
        self, kind: SenseKind, folder: Path, device: torch.device, seed: int, start: Adapter | None = None
    ) -> None:
        self.kind, self.device = kind, device
        self.gpt, self.tokenizer, _ = load_model(folder)
        attach(self.gpt, rank=RANK, seed=seed, initial=start)
        self.gpt.to(device)
        self._ids: dict[str, list[int]] = {}  # tokens of earlier texts
        special = self.tokenizer.special
        self.opening, self.placeholder, self.pad = [special("[CLS]")], special(PLACEHOLDERS[kind]), special("[PAD]")

    def parameters(self) -> list[nn.Parameter]:
        """Return the GPT's trainable parameters."""
        return [p for p in self.gpt.parameters() if p.requires_grad]

    def loss(self, vectors: Tensor, lengths: Tensor, texts: Sequence[str]) -> Tensor:
        """Return the mean loss of texts after vectors (B, N, n_embd); [SEP] in a text is the special token."""
        rows = [self._ids.get(text) or self._tokens(text) for text in texts]
        longest = max(map(len, rows))
        ids = torch.tensor([row + [self.pad] * (longest - len(row)) for row in rows]).to(self.device)
        counts = torch.tensor([len(row) for row in rows]).to(self.device)
        positions = torch.arange(longest, device=self.device)
        has_loss = (positions > 0) & (positions < counts[:, None])
        return reading_loss(
            self.gpt, vectors, lengths, ids, has_loss, opening=self.opening, placeholder=self.placeholder, pad=self.pad
        )

    def placeholder_vectors(self, ids: Tensor) -> Tensor:
        """Return vectors (B, N, n_embd) that the GPT reads at placeholders as if they were the tokens (B, N).

        They include the embeddings of each token's previous tokens, as in any text. The previous-token embeddings that
        the GPT will add for the placeholders are subtracted.
        """
        gpt = self.gpt
        embeddings: Tensor = gpt.wte(ids)
        if gpt.previous is not None:
            k, no_token = gpt.config.previous_tokens, gpt.config.vocab_size
            previous_ids = F.pad(ids, (k, 0), value=no_token).unfold(1, k, 1)[:, : ids.shape[1]]
            placeholder_ids = torch.full((k,), self.placeholder, device=ids.device) + gpt.offsets
            embeddings = (
                embeddings + gpt.previous(previous_ids + gpt.offsets).sum(2) - gpt.previous(placeholder_ids).sum(0)
            )
        return embeddings

    def _tokens(self, text: str) -> list[int]:
        special = self.tokenizer.special
        self._ids[text] = [special("[SEP]"), *self.tokenizer.encode_marked(text), special("[EOS]")]
        return self._ids[text]

    def save(
        self, path: Path, weights: Mapping[str, Tensor], config: Mapping[str, object], extra: Mapping[str, object]
    ) -> None:
        """Write the perception file: the encoder's weights and the adapter."""
        arrays = {name: tensor.detach().float().cpu().numpy() for name, tensor in weights.items()}
        adapter = adapter_of(self.gpt)
        save_sense(path, SenseFile(kind=self.kind, config=config, encoder=arrays, adapter=adapter, extra=extra))


def cosine(progress: float, *, start: float = 0.0, warmup: float = 0.03, final: float = 0.02) -> float:
    """Return the learning rate relative to its peak at `progress`: linear warm-up from `start`, then cosine decay."""
    if progress < start:
        return 0.0
    position = (progress - start) / (1 - start)
    if position < warmup:
        return position / warmup
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * min(1.0, (position - warmup) / (1 - warmup))))


def set_rates(optimizer: torch.optim.Optimizer, factors: Sequence[float]) -> None:
    """Set each group's learning rate to its peak times a factor."""
    for group, factor in zip(optimizer.param_groups, factors, strict=True):
        group["lr"] = group["peak"] * factor


def parameter_groups(encoder: nn.Module, reader: PrefixTrainer, *, encoder_lr: float, reader_lr: float, decay: float
              ) -> list[dict[str, object]]:  # fmt: skip
    """Return optimizer groups: the encoder's matrices, its vectors, and the adapter."""
    matrices = [p for p in encoder.parameters() if p.ndim > 1]
    vectors = [p for p in encoder.parameters() if p.ndim <= 1]
    return [
        {"params": matrices, "lr": encoder_lr, "peak": encoder_lr, "weight_decay": decay},
        {"params": vectors, "lr": encoder_lr, "peak": encoder_lr, "weight_decay": 0.0},
        {"params": reader.parameters(), "lr": reader_lr, "peak": reader_lr, "weight_decay": 0.0},
    ]
