"""Beam search: the likeliest continuations of a prompt, where greedy decoding finds a likely one.

All beams are rows of one cache, so a step reads the weights once, and the prompt is read once for all of them.
The project names beam search as one of its parts; the planner itself does not use this one.

Shapes: B beams still going on, V vocabulary size.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from gpt.errors import ConfigError
from gpt.generation.sampling import check_room
from gpt.model.kv_cache import KVCache
from gpt.model.transformer import GPT


class Continuation(NamedTuple):
    """What may follow a prompt.

    Attributes:
        ids: The new ids, with the one of `stop` that ended them, if one did.
        logprob: Sum of their log-probabilities, whatever the length penalty.
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
    """The best continuations that were found, best first, at most `beams`.

    What is searched are continuations that end with an id of `stop` or have `max_new_tokens` ids; their probabilities
    add up to 1. One beam is greedy decoding; as many beams as there are continuations find the best for certain.

    Args:
        model: The model.
        ids: The prompt, one id at least.
        max_new_tokens: Longest continuation.
        beams: Continuations followed at once; one that ends makes room for another only in the next step.
        stop: Ids that end a continuation.
        length_penalty: Continuations are ranked by log-probability / length ** length_penalty: 0 by probability,
            which favors short ones, 1 by the mean over tokens.
        allowed: Whether a continuation may begin with these new ids; asked for the likeliest next ids first, until
            `beams` of a row are found. Probabilities stay those among all ids, so the ranking is the model's own,
            given that what is not allowed does not come.

    Returns:
        Nothing if nothing is allowed.

    Raises:
        ContextError: Prompt and new tokens do not fit into the model's `block_size`, or the prompt is empty.
    """
    for name, value in (("beams", beams), ("max_new_tokens", max_new_tokens)):
        if value < 1:
            raise ConfigError(f"{name} is {value}; it must be at least 1")
    if not length_penalty >= 0:
        raise ConfigError(f"length_penalty is {length_penalty}; it must be at least 0")
    check_room(model, len(ids), max_new_tokens)
    model.eval()
    cache = KVCache(model.config, capacity=len(ids) + max_new_tokens, device=model.device)
    idx = torch.tensor([ids], device=model.device)
    going, done = [Continuation([], 0.0)], list[Continuation]()

    def score(found: Continuation) -> float:
        return found.logprob / float(len(found.ids) ** length_penalty)

    for length in range(1, max_new_tokens + 1):
        logits = model.head(model.trunk(idx, cache=cache)[:, -1])  # (B, V)
        # In fp64: next to a long beam's sum, fp32 would round small differences between ids away.
        parents, found = _step(logits.double().log_softmax(dim=-1).cpu(), going, beams, allowed)
        ended = [length == max_new_tokens or one.ids[-1] in stop for one in found]
        done += [one for one, end in zip(found, ended, strict=True) if end]
        rows = [row for row, end in zip(parents, ended, strict=True) if not end]
        going, before = [one for one, end in zip(found, ended, strict=True) if not end], len(going)
        if not going:
            break
        if len(done) >= beams:
            bar = sorted(map(score, done), reverse=True)[beams - 1]
            # A log-probability only falls, so this is more than any of them can come to.
            if max(one.logprob for one in going) / max_new_tokens**length_penalty <= bar:
                break
        if rows != list(range(before)):
            cache.take_rows(torch.tensor(rows, device=model.device))
        idx = torch.tensor([one.ids[-1:] for one in going], device=model.device)
    return sorted(done, key=score, reverse=True)[:beams]


def _step(
    logprobs: Tensor, going: Sequence[Continuation], beams: int, allowed: Callable[[Sequence[int]], bool] | None
) -> tuple[list[int], list[Continuation]]:
    """The likeliest continuations that are longer by one id, and which of `going` each comes from."""
    candidates: list[tuple[float, int, int]] = []
    for row, (ids, total) in enumerate(going):
        n = min(beams, logprobs.shape[1]) if allowed is None else logprobs.shape[1]
        scores, tokens = logprobs[row].topk(n)
        fresh = 0
        for one, token in zip(scores.tolist(), tokens.tolist(), strict=True):
            if fresh == beams:
                break
            if allowed is None or allowed([*ids, token]):
                candidates.append((total + one, row, token))
                fresh += 1
    best = sorted(candidates, key=lambda candidate: -candidate[0])[:beams]
    return [row for _, row, _ in best], [Continuation([*going[row].ids, token], total) for total, row, token in best]
