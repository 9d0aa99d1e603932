"""The audio encoder in numpy: the same as `gpt.encoders.audio`, for one sound.

Shapes: N tokens, S steps of 20 ms, C width.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gpt.errors import CheckpointError
from gpt.inference.dense import activate, rms_norm
from gpt.inference.encoders.blocks import conv1d, encoder_block
from gpt.inference.encoders.ctc import greedy
from gpt.inference.encoders.log_mel import log_mel
from gpt.weights.encoder_file import SenseFile
from gpt.weights.model_folder import Floats

if TYPE_CHECKING:
    from gpt.tokenization.tokenizer import Tokenizer

MAX_TOKENS = 160  # maximum number of tokens per sound


class Sound(NamedTuple):
    """Encoder output for a sound.

    Attributes:
        steps: (S, C) features of each step.
        letters: (S, classes) log-probabilities of the letters; class 0 is blank.
    """

    steps: Floats
    letters: Floats


def waves(length: int, width: int) -> Floats:
    """Sinusoidal positions (length, width) (Vaswani et al. 2017, section 3.5), in -0.1..0.1."""
    rate = np.exp(np.arange(0, width, 2) * (-np.log(10_000.0) / width))
    angle = np.arange(length)[:, None] * rate
    return np.asarray(0.1 * np.concatenate((np.sin(angle), np.cos(angle)), axis=1), np.float32)


class AudioEncoder:
    """The audio encoder.

    Raises:
        CheckpointError: The file is not that of an audio encoder.
    """

    def __init__(self, sense: SenseFile) -> None:
        """Take the weights from an encoder file."""
        try:
            self.layers, self.heads = int(str(sense.config["layers"])), int(str(sense.config["heads"]))
            needed = ["conv1", "conv2", "letters", "join", *(f"blocks.{i}.qkv" for i in range(self.layers))]
            missing = [name for name in needed if f"{name}.weight" not in sense.encoder]
        except (KeyError, ValueError) as error:
            raise CheckpointError(f"the audio encoder's config is damaged: {error!r}") from None
        if missing:
            raise CheckpointError(f"the audio encoder lacks the weights {missing[0]}")
        self.weights: Mapping[str, Floats] = sense.encoder

    def perceive(self, samples: Floats) -> Sound:
        """Encode samples (N,) in -1..1 at 16 kHz."""
        w = self.weights
        x = _gelu(conv1d(log_mel(samples), w["conv1.weight"], w["conv1.bias"], padding=1))
        x = _gelu(conv1d(x, w["conv2.weight"], w["conv2.bias"], stride=2, padding=1))
        x = x + waves(*x.shape)
        for number in range(self.layers):
            x = encoder_block(x, w, f"blocks.{number}.", self.heads)
        x = rms_norm(x)
        logits = x @ w["letters.weight"].T + w["letters.bias"]
        return Sound(x, logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))

    def vectors(self, embeddings: Floats, heard: Floats) -> Floats:
        """Return the GPT's input vectors (N, n_embd) from token embeddings and each token's audio features (N, C)."""
        vectors: Floats = embeddings + heard @ self.weights["join.weight"].T + self.weights["join.bias"]
        return vectors


def _gelu(x: Floats) -> Floats:
    return activate("gelu_tanh", x)


def tokens_heard(steps: Floats, letters: Floats, alphabet: str, tokenizer: Tokenizer) -> tuple[list[int], Floats]:
    """Return the tokens that the letters spell, and the mean audio features of each, (N, C).

    Args:
        steps: (S, C).
        letters: (S, classes) log-probabilities.
        alphabet: Letters of the classes from 1 on.
        tokenizer: The GPT's.
    """
    spikes = greedy(letters)
    while spikes and alphabet[spikes[0].symbol - 1] == " ":
        spikes = spikes[1:]
    ids = tokenizer.encode("".join(alphabet[spike.symbol - 1] for spike in spikes))[:MAX_TOKENS]
    heard = np.zeros((len(ids), steps.shape[1]), np.float32)
    offset = 0
    for row, token in zip(heard, ids, strict=True):
        token_spikes = spikes[offset : offset + len(tokenizer.decode([token]))]
        row[:] = steps[token_spikes[0].first : token_spikes[-1].last + 1].mean(axis=0)
        offset += len(token_spikes)
    return ids, heard
