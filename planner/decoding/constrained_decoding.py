"""Constrained decoding: while the GPT writes a subtask, only tokens that lead to an allowed one can be chosen.

The list of allowed subtasks is filtered after each token; no trie is built. If only one token is possible, it is
forced: the GPT reads it later, together with other pending tokens (jump forward).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from planner.prompts.cursor import Cursor, Ids

if TYPE_CHECKING:
    from gpt.inference.session import Session


def choose_sequence(
    cursor: Cursor, options: Sequence[Ids], allowed_ends: Callable[[int], Sequence[int]]
) -> tuple[int, int]:
    """Let the GPT write one of several token sequences and the token that ends it.

    Args:
        cursor: Advanced past the sequence and its end token.
        options: Distinct, non-empty sequences.
        allowed_ends: Returns the tokens that may follow option i; called only for a complete option.

    Returns:
        The option's index and the end token.
    """
    remaining = list(range(len(options)))
    depth = 0
    while True:
        next_tokens = dict.fromkeys(options[i][depth] for i in remaining if len(options[i]) > depth)
        complete = next((i for i in remaining if len(options[i]) == depth), None)
        end_tokens = list(allowed_ends(complete)) if complete is not None else []
        token = cursor.choose([*next_tokens, *end_tokens])
        if complete is not None and token in end_tokens:
            return complete, token
        remaining = [i for i in remaining if len(options[i]) > depth and options[i][depth] == token]
        depth += 1


def sequence_probabilities(
    session: Session, pending: Sequence[int], options: Sequence[Ids], floor: float = 1e-4
) -> list[float]:
    """Return the probability of each of several token sequences, given that the GPT writes one of them.

    At each token, probabilities are normalized over the allowed next tokens, as in `choose_sequence`.

    Args:
        session: It is rewound to its initial length at the end.
        pending: Tokens to be read first, at least one.
        options: Distinct sequences, none of which is a prefix of another: each ends with a special token.
        floor: If options with a common beginning have a total probability below this, they get equal shares of it, and
            the GPT does not read them further.
    """
    chances = [0.0] * len(options)

    def distribute(remaining: Sequence[int], depth: int, pending: Sequence[int], chance: float) -> None:
        if len(remaining) == 1 or chance < floor:
            for i in remaining:
                chances[i] = chance / len(remaining)
            return
        next_tokens: dict[int, list[int]] = {}
        for i in remaining:
            next_tokens.setdefault(options[i][depth], []).append(i)
        if len(next_tokens) == 1:
            distribute(remaining, depth + 1, [*pending, *next_tokens], chance)
            return
        length_before = session.length
        logits = session.feed(pending, list(next_tokens))
        weights = [math.exp(float(logit - logits.max())) for logit in logits]
        for (token, matching), weight in zip(next_tokens.items(), weights, strict=True):
            distribute(matching, depth + 1, [token], chance * weight / sum(weights))
        session.rewind(length_before)

    distribute(range(len(options)), 0, pending, 1.0)
    return chances


def write_until(
    cursor: Cursor,
    stops: frozenset[int],
    limit: int,
    floor: float = -math.inf,
    allow: Callable[[Sequence[int]], bool] | None = None,
) -> tuple[list[int], int | None]:
    """Let the GPT write until one of `stops`; return the tokens before it and the stop (None: not reached).

    It ends early if neither this text nor any other can have a log-probability above `floor`.

    Args:
        cursor: Advanced past the text and its stop.
        stops: Tokens that end the text.
        limit: Maximum tokens of the text.
        floor: The log-probability that it must exceed.
        allow: Whether a text may begin with these tokens, the last of which may be a stop; None: any text.
    """
    ids: list[int] = []
    while len(ids) < limit and cursor.room > 1 and max(cursor.logprob, cursor.best_alternative) > floor:
        token = cursor.choose(None) if allow is None else cursor.choose_where(lambda token: allow((*ids, token)))
        if token is None:
            break
        if token in stops:
            return ids, token
        ids.append(token)
    return ids, None
