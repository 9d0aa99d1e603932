"""A decoding cursor, which forces tokens or lets the GPT choose them, and sums their log-probability."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gpt.inference.sampling import sample

if TYPE_CHECKING:
    from gpt.inference.session import Session


Ids = tuple[int, ...]
MAX_LIKELY = 256  # tokens that `choose_where` looks at
NEGLIGIBLE = 9.0  # a token whose logit is that much lower has no chance worth its test
ALMOST_CERTAIN = 1 - 1e-9  # keeps the logarithm of the remaining probability finite


@dataclass(kw_only=True)
class Cursor:
    """Decoding state: a session, the tokens that it has yet to read, and the log-probability of the chosen ones."""

    session: Session
    pending: list[int]
    temperature: float = 0.0
    top_k: int | None = None
    top_p: float | None = None
    rng: np.random.Generator | None = None
    n_ids: int | None = None  # size of the tokenizer's vocabulary; the model's is rounded up to a larger size
    logprob: float = 0.0
    best_alternative: float = -math.inf  # upper bound on the log-probability of any text that diverges from this one
    written: int = 0  # tokens chosen
    passes: int = 0  # forward passes

    def force(self, ids: Sequence[int]) -> None:
        """Append tokens without asking the GPT."""
        self.pending += ids
        self.written += len(ids)

    def choose(self, allowed: Sequence[int] | None) -> int:
        """Let the GPT choose the next token; if only one is allowed, it is forced."""
        if allowed is not None and len(allowed) == 1:
            self.force(allowed)
            return allowed[0]
        logits = self.session.feed(self.pending, allowed)
        self.passes += 1
        if allowed is None:
            logits = logits[: self.n_ids]
        index, logprob = sample(logits, self.temperature, self.top_k, self.top_p, self.rng)
        token = index if allowed is None else allowed[index]
        self._take(token, logprob)
        return token

    def choose_where(self, is_allowed: Callable[[int], bool]) -> int | None:
        """Let the GPT choose among the most likely of the allowed tokens; None if no likely one is allowed."""
        logits = self.session.feed(self.pending)[: self.n_ids]
        self.pending, self.passes = [], self.passes + 1
        allowed: list[int] = []
        for token in np.argsort(-logits, kind="stable")[:MAX_LIKELY].tolist():
            if allowed and logits[token] < logits[allowed[0]] - NEGLIGIBLE:
                break
            if is_allowed(token):
                allowed.append(token)
        if not allowed:
            return None
        token, logprob = sample(logits, self.temperature, self.top_k, self.top_p, self.rng, allowed)
        self._take(token, logprob)
        return token

    @property
    def room(self) -> int:
        """Tokens that still fit into the context."""
        return self.session.capacity - self.session.length - len(self.pending)

    def _take(self, token: int, logprob: float) -> None:
        self.best_alternative = max(
            self.best_alternative, self.logprob + math.log1p(-min(math.exp(logprob), ALMOST_CERTAIN))
        )
        self.pending = [token]
        self.logprob += logprob
        self.written += 1
