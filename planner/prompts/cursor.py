"""A decoding cursor: a session of the GPT, the tokens chosen but not read yet, and their log-probability so far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gpt.inference.sampling import sample

if TYPE_CHECKING:
    import numpy as np

    from gpt.inference.session import Session


Ids = tuple[int, ...]
NEARLY = 1 - 1e-9  # certain


@dataclass(kw_only=True)
class Cursor:
    """Where decoding stands: a session, the tokens chosen but not yet read, and the sum of log-probabilities."""

    session: Session
    pending: list[int]
    temperature: float = 0.0
    top_k: int | None = None
    top_p: float | None = None
    rng: np.random.Generator | None = None
    n_ids: int | None = None  # ids from here on stand for nothing: a model's vocabulary is rounded up
    logprob: float = 0.0
    passed_over: float = -math.inf  # log-probability that no text reaches which parts from this one somewhere
    written: int = 0  # tokens chosen
    passes: int = 0  # forward passes

    def force(self, ids: Sequence[int]) -> None:
        """Take tokens without asking the GPT."""
        self.pending += ids
        self.written += len(ids)

    def choose(self, allowed: Sequence[int] | None) -> int:
        """Let the GPT choose the next token; a single allowed one is forced."""
        if allowed is not None and len(allowed) == 1:
            self.force(allowed)
            return allowed[0]
        logits = self.session.feed(self.pending, allowed)
        self.passes += 1
        if allowed is None:
            logits = logits[: self.n_ids]
        place, logprob = sample(logits, self.temperature, self.top_k, self.top_p, self.rng)
        token = place if allowed is None else allowed[place]
        self.passed_over = max(self.passed_over, self.logprob + math.log1p(-min(math.exp(logprob), NEARLY)))
        self.pending = [token]
        self.logprob += logprob
        self.written += 1
        return token

    @property
    def room(self) -> int:
        """Tokens that still fit into the context."""
        return self.session.capacity - self.session.length - len(self.pending)
