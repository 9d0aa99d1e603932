"""Beam search for the most likely continuations of a prompt, which greedy decoding often misses.

All beams are rows of one cache, so a step reads the weights once, and the prompt is read once for all of them. The
planner does not use this module; it is one of the features that the README lists.

Shapes: B active beams, V vocabulary size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from gpt.errors import ConfigError, LogitsError
from gpt.generation.sampling import check_prompt
from gpt.model.kv_cache import KVCache
from gpt.model.sampling_checks import check_count, is_number, undrawable
from gpt.model.transformer import GPT


class Continuation(NamedTuple):
    """A continuation of a prompt.

    Attributes:
        ids: The new ids, including the one of `stop` that ended them, if any.
        logprob: Sum of their log-probabilities, without length penalty.
    """

    ids: list[int]
    logprob: float


@torch.inference_mode()
def beam_search(
    model: GPT,
    ids: Sequence[int],
    max_new_tokens: int,
    *,
    beams: int = 4,
    stop: Collection[int] = (),
    length_penalty: float = 0.0,
    allowed: Callable[[Sequence[int]], bool] | None = None,
) -> list[Continuation]:
    """Return the best continuations found, best first, at most `beams`.

    Continuations end with an id of `stop` or after `max_new_tokens` ids; the probabilities of all possible ones add up
    to 1. One beam is greedy decoding; as many beams as there are continuations are certain to find the best.

    Args:
        model: The model.
        ids: The prompt, at least one id.
        max_new_tokens: Maximum length of a continuation.
        beams: Number of continuations kept; the slot of a finished one is refilled only in the next step.
        stop: Ids that end a continuation.
        length_penalty: Continuations are ranked by log-probability / length ** length_penalty: 0 ranks by probability,
            which favors short ones, 1 by the mean over tokens.
        allowed: Whether a continuation may start with these new ids; called for the most likely next ids first, until
            `beams` of a row are accepted. Probabilities remain those over all ids, so the ranking is the model's own,
            conditioned on what is allowed.

    Returns:
        An empty list if nothing is allowed.

    Raises:
        ContextError: Prompt and new tokens do not fit into the model's `block_size`, the prompt is empty, or an id is
            not in the vocabulary.
        LogitsError: The model's logits are NaN or inf.
    """
    check_count("beams", beams, 1)
    check_count("max_new_tokens", max_new_tokens, 1)
    if not is_number(length_penalty) or not 0 <= length_penalty < math.inf:
        raise ConfigError(f"length_penalty is {length_penalty!r}; it must be a number from 0 on")
    check_prompt(model, ids, max_new_tokens)
    model.eval()
    cache = KVCache(model.config, capacity=len(ids) + max_new_tokens, device=model.device)
    idx = torch.tensor([list(ids)], device=model.device)
    active, finished = [Continuation([], 0.0)], list[Continuation]()

    def score(continuation: Continuation) -> float:
        return continuation.logprob / float(len(continuation.ids) ** length_penalty)

    for length in range(1, max_new_tokens + 1):
        logits = model.head(model.trunk(idx, cache=cache)[:, -1])  # (B, V)
        # In fp64: added to a long beam's sum, small differences between ids would be lost in fp32.
        logprobs = logits.double().log_softmax(dim=-1).cpu()
        if logprobs[:, 0].isnan().any():  # a NaN, inf, or only -inf makes the whole row NaN
            row = logits[int(logprobs[:, 0].isnan().nonzero()[0, 0])]
            error = undrawable(len(row), int(row.isnan().sum()), int(row.isposinf().sum()))
            raise LogitsError(f"after {cache.length} tokens: {error}")
        parents, extended = _extend(logprobs, active, beams, allowed)
        ended = [length == max_new_tokens or candidate.ids[-1] in stop for candidate in extended]
        finished += [candidate for candidate, end in zip(extended, ended, strict=True) if end]
        rows = [row for row, end in zip(parents, ended, strict=True) if not end]
        active, n_active = [candidate for candidate, end in zip(extended, ended, strict=True) if not end], len(active)
        if not active:
            break
        if len(finished) >= beams:
            threshold = sorted(map(score, finished), reverse=True)[beams - 1]
            # A log-probability only decreases, so this is an upper bound on their final scores.
            if max(candidate.logprob for candidate in active) / max_new_tokens**length_penalty <= threshold:
                break
        if rows != list(range(n_active)):
            cache.take_rows(torch.tensor(rows, device=model.device))
        idx = torch.tensor([candidate.ids[-1:] for candidate in active], device=model.device)
    return sorted(finished, key=score, reverse=True)[:beams]


def _extend(
    logprobs: Tensor, active: Sequence[Continuation], beams: int, allowed: Callable[[Sequence[int]], bool] | None
) -> tuple[list[int], list[Continuation]]:
    """Return the most likely continuations one id longer, and the index in `active` of each one's parent."""
    candidates: list[tuple[float, int, int]] = []
    for row, (ids, total) in enumerate(active):
        n = min(beams, logprobs.shape[1]) if allowed is None else logprobs.shape[1]
        scores, tokens = logprobs[row].topk(n)
        n_added = 0
        for logprob, token in zip(scores.tolist(), tokens.tolist(), strict=True):
            if n_added == beams:
                break
            if allowed is None or allowed([*ids, token]):
                candidates.append((total + logprob, row, token))
                n_added += 1
    best = sorted(candidates, key=lambda candidate: -candidate[0])[:beams]
    return [row for _, row, _ in best], [Continuation([*active[row].ids, token], total) for total, row, token in best]
