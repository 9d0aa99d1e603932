"""Constrained decoding: while a subtask is written, only tokens that lead to an allowed one can be chosen.

The allowed subtasks are narrowed token by token, so no trie is built; where one token is left it is forced, and forced
tokens are read by the GPT together with the next free one (jump forward).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gpt.runtime.draw import sample

if TYPE_CHECKING:
    import numpy as np

    from gpt.runtime.session import Session

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


def choose_sequence(cursor: Cursor, options: Sequence[Ids], ends: Callable[[int], Sequence[int]]) -> tuple[int, int]:
    """Let the GPT write one of several token sequences and the mark that ends it.

    Args:
        cursor: Advanced past the sequence and its mark.
        options: Distinct, non-empty sequences.
        ends: The marks that may follow option i; called only for an option that is complete.

    Returns:
        The option's index and the mark.
    """
    alive = list(range(len(options)))
    depth = 0
    while True:
        nexts = dict.fromkeys(options[i][depth] for i in alive if len(options[i]) > depth)
        whole = next((i for i in alive if len(options[i]) == depth), None)
        marks = list(ends(whole)) if whole is not None else []
        token = cursor.choose([*nexts, *marks])
        if whole is not None and token in marks:
            return whole, token
        alive = [i for i in alive if len(options[i]) > depth and options[i][depth] == token]
        depth += 1


def sequence_chances(
    session: Session, pending: Sequence[int], options: Sequence[Ids], floor: float = 1e-4
) -> list[float]:
    """Return how likely the GPT is to write each of several token sequences if it may write nothing else.

    At each token the chance is shared among those that lead to an option, as `choose_sequence` chooses.

    Args:
        session: Read and rewound: it ends as it began.
        pending: Tokens to be read before the first, at least one.
        options: Distinct sequences, none of which begins another: each ends with a mark.
        floor: Options that are less likely together share their chance evenly, unread.
    """
    chances = [0.0] * len(options)

    def share(alive: Sequence[int], depth: int, pending: Sequence[int], chance: float) -> None:
        if len(alive) == 1 or chance < floor:
            for i in alive:
                chances[i] = chance / len(alive)
            return
        nexts: dict[int, list[int]] = {}
        for i in alive:
            nexts.setdefault(options[i][depth], []).append(i)
        if len(nexts) == 1:
            share(alive, depth + 1, [*pending, *nexts], chance)
            return
        before = session.length
        logits = session.feed(pending, list(nexts))
        weights = [math.exp(float(logit - logits.max())) for logit in logits]
        for (token, found), weight in zip(nexts.items(), weights, strict=True):
            share(found, depth + 1, [token], chance * weight / sum(weights))
        session.rewind(before)

    share(range(len(options)), 0, pending, 1.0)
    return chances


def write_until(
    cursor: Cursor, stops: frozenset[int], limit: int, floor: float = -math.inf
) -> tuple[list[int], int | None]:
    """Let the GPT write freely until one of `stops`; returns the tokens before it and the stop (None: none came).

    It ends early where neither this text nor any other that the GPT could have written is likelier than `floor`.
    """
    ids: list[int] = []
    while len(ids) < limit and cursor.room > 1 and max(cursor.logprob, cursor.passed_over) > floor:
        token = cursor.choose(None)
        if token in stops:
            return ids, token
        ids.append(token)
    return ids, None
