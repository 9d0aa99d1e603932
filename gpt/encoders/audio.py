"""The audio encoder: converts log-mel frames to vectors that the GPT reads after [AUDIO].

Two convolutions as in Whisper (arXiv:2212.04356), then blocks of attention, convolution and MLP. It is trained to
predict letters from the last block and phonemes from a middle one, by connectionist temporal classification (CTC,
Graves et al. 2006). The text spelled by the letters is tokenized for the GPT; each token becomes one vector, the sum of
the GPT's own token embedding and the audio features during the token. The GPT thus reads ordinary text from the start,
and learns where the transcription is unreliable. `gpt.inference.encoders.audio` computes the same in numpy.

Shapes: B sounds, T frames of 10 ms, S = ceil(T / 2) steps of 20 ms, N maximum number of tokens, C width.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gpt.encoders.blocks import EncoderBlock, norm
from gpt.inference.encoders.audio import waves
from gpt.inference.encoders.log_mel import BANDS


@dataclass(frozen=True, kw_only=True)
class HearingConfig:
    """Sizes of the encoder.

    Attributes:
        width: C.
        heads: Attention heads.
        layers: Blocks.
        kernel: Kernel size of the blocks' convolution, in steps of 20 ms.
        expansion: Hidden size of the blocks' MLP, divided by `width`.
        letters: Classes of the final CTC, including blank (0).
        phonemes: Classes of the intermediate CTC.
        n_embd: Width of the GPT.
    """

    width: int = 192
    heads: int = 4
    layers: int = 6
    kernel: int = 15
    expansion: int = 3
    letters: int
    phonemes: int
    n_embd: int

    def as_dict(self) -> dict[str, object]:
        """Return plain data."""
        return asdict(self)


class Perceived(NamedTuple):
    """Encoder output for sounds.

    Attributes:
        steps: (B, S, C) features of each step.
        counts: (B,) number of valid steps.
        letters: (B, S, letters) log-probabilities.
        phonemes: (B, S, phonemes) log-probabilities.
    """

    steps: Tensor
    counts: Tensor
    letters: Tensor
    phonemes: Tensor


class HearingEncoder(nn.Module):
    """The audio encoder; see the module docstring."""

    def __init__(self, config: HearingConfig) -> None:
        super().__init__()
        self.config = config
        C = config.width
        self.conv1 = nn.Conv1d(BANDS, C, 3, padding=1)
        self.conv2 = nn.Conv1d(C, C, 3, stride=2, padding=1)
        self.blocks = nn.ModuleList(
            EncoderBlock(C, config.heads, kernel=config.kernel, expansion=config.expansion)
            for _ in range(config.layers)
        )
        self.phonemes = nn.Linear(C, config.phonemes)
        self.letters = nn.Linear(C, config.letters)
        self.join = nn.Linear(C, config.n_embd)
        for head in (self.phonemes, self.letters, self.join):
            nn.init.normal_(head.weight, std=0.02 if head is not self.join else 0.001)
            nn.init.zeros_(head.bias)

    def forward(self, features: Tensor, frames: Tensor) -> Perceived:
        """Encode sounds.

        Args:
            features: (B, T, BANDS) log-mel, zeros where padded.
            frames: (B,) number of valid frames.
        """
        x = F.gelu(self.conv1(features.transpose(1, 2)), approximate="tanh")
        x = x * (torch.arange(x.shape[2], device=x.device) < frames[:, None])[:, None]
        x = F.gelu(self.conv2(x), approximate="tanh").transpose(1, 2)  # (B, S, C)
        _, S, C = x.shape
        counts = (frames + 1) // 2
        valid = torch.arange(S, device=x.device) < counts[:, None]
        x = x + torch.from_numpy(waves(S, C)).to(x)
        phonemes = x
        for number, block in enumerate(self.blocks):
            x = block(x, valid)
            if number + 1 == (len(self.blocks) + 1) // 2:
                phonemes = x
        x = norm(x)
        return Perceived(
            x, counts, F.log_softmax(self.letters(x).float(), dim=-1),
            F.log_softmax(self.phonemes(norm(phonemes)).float(), dim=-1),
        )  # fmt: skip

    def vectors(self, embeddings: Tensor, heard: Tensor) -> Tensor:
        """Return the GPT's input vectors (B, N, n_embd) from token embeddings and their audio features (B, N, C)."""
        vectors: Tensor = embeddings + self.join(heard)
        return vectors


def ctc_loss(log_probabilities: Tensor, steps: Tensor, targets: Tensor, lengths: Tensor) -> Tensor:
    """Mean CTC loss per symbol, of (B, S, classes) and padded targets (B, L); targets that cannot fit contribute 0."""
    losses = F.ctc_loss(
        log_probabilities.transpose(0, 1), targets, steps, lengths, blank=0, reduction="none", zero_infinity=True
    )
    return losses.sum() / lengths.sum().clamp_min(1)
