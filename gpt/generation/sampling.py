"""Decoding in torch: a session that reads several tokens per call and can rewind, sampling, and generation.

Shapes: B prompts decoded together, V vocabulary size.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import torch
from torch import Tensor

from gpt.errors import ConfigError, ContextError, LogitsError
from gpt.model.kv_cache import KVCache
from gpt.model.sampling_checks import TINY_TEMPERATURE, check_count, check_ids, check_sampling, undrawable
from gpt.model.transformer import GPT


class TorchSession:
    """One context that grows token by token, can be forked without rereading, and can be rewound.

    The cost of a call is mostly one pass over the weights, so feed several known tokens in one call.
    """

    def __init__(self, model: GPT, capacity: int | None = None) -> None:
        self.model = model.eval()
        with torch.inference_mode():
            self._cache = KVCache(model.config, capacity=capacity, device=model.device)

    @property
    def length(self) -> int:
        """Tokens read so far."""
        return self._cache.length

    @property
    def capacity(self) -> int:
        """Maximum number of tokens."""
        return self._cache.capacity

    def feed(self, ids: Sequence[int]) -> Tensor:
        """Read tokens; returns fp32 logits (V,) for the token after the last.

        Raises:
            ContextError: No token is given, one is not in the vocabulary, or they do not fit.
        """
        if not len(ids):
            raise ContextError("feed was given no token; it needs at least one")
        check_ids(ids, self.model.config.vocab_size)
        if self.length + len(ids) > self.capacity:
            raise ContextError(
                f"{self.length} tokens read and {len(ids)} more do not fit into the context of {self.capacity}"
            )
        with torch.inference_mode():
            idx = torch.tensor([list(ids)], device=self.model.device)
            x = self.model.trunk(idx, cache=self._cache)
            logits: Tensor = self.model.head(x[0, -1]).float()
        return logits

    def rewind(self, length: int) -> None:
        """Forget all but the first `length` tokens."""
        if not 0 <= length <= self.length:
            raise ContextError(f"cannot rewind to {length}: {self.length} tokens were read")
        self._cache.length = length

    def fork(self) -> TorchSession:
        """Return an independent session with the same tokens."""
        copy = TorchSession.__new__(TorchSession)
        copy.model = self.model
        with torch.inference_mode():
            copy._cache = self._cache.fork()
        return copy


def sample(
    logits: Tensor,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
    allowed: Sequence[int] | None = None,
) -> tuple[int, float]:
    """Draw the next token.

    Args:
        logits: (V,) of one position.
        temperature: 0 takes the most likely id (the first of equals).
        top_k: Only this many most likely ids.
        top_p: Only the most likely ids that together reach this probability.
        generator: Source of randomness, on the CPU.
        allowed: The only ids that may be drawn; None allows all.

    Returns:
        The id, and its log-probability at temperature 1 among the allowed ids, before `top_k` and `top_p`.

    Raises:
        LogitsError: A logit is NaN or inf, or all are -inf.
        ConfigError: A setting is out of range.
    """
    if logits.ndim != 1 or not len(logits) or not logits.is_floating_point():
        raise ConfigError(f"logits are {tuple(logits.shape)} of {logits.dtype}; expected (V,) floats, of one position")
    if allowed is not None:
        if not len(allowed):
            raise ConfigError("allowed is empty; at least one id must be allowed")
        check_ids(allowed, len(logits), "allowed id")
        if len(allowed) == 1:
            return int(allowed[0]), 0.0
        choices = torch.as_tensor(allowed, device=logits.device)
        logits = logits[choices]
    check_sampling(temperature, top_k, top_p)
    if temperature == 0:
        index = int(logits.argmax())
    else:
        weights = _weights(logits[None], temperature, top_k, top_p)
        index = int(_draw(weights, torch.rand(1, generator=generator)))
    logprob = float(logits[index] - logits.logsumexp(0))
    if not math.isfinite(logprob):  # it shows a NaN, inf, or only -inf without another pass over the logits
        raise _undrawable(logits)
    return (index if allowed is None else int(allowed[index])), logprob


def generate(
    model: GPT,
    ids: Sequence[int],
    max_new_tokens: int,
    *,
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float | None = None,
    stop: Collection[int] = (),
    generator: torch.Generator | None = None,
) -> list[int]:
    """Continue a prompt; returns the new ids, including the one of `stop` that ended them, if any.

    Raises:
        ContextError: Prompt and new tokens do not fit into the model's `block_size`, or an id is not in its vocabulary.
        LogitsError: The model's logits are NaN or inf.
    """
    check_prompt(model, ids, max_new_tokens)
    check_sampling(temperature, top_k, top_p)
    session = TorchSession(model)
    logits = session.feed(ids)
    out: list[int] = []
    while len(out) < max_new_tokens:
        try:
            token, _ = sample(logits, temperature, top_k, top_p, generator)
        except LogitsError as error:
            raise LogitsError(f"after {session.length} tokens: {error}") from None
        out.append(token)
        if token in stop or len(out) == max_new_tokens:
            break
        logits = session.feed([token])
    return out


@torch.inference_mode()
def generate_batch(
    model: GPT,
    prompts: Sequence[Sequence[int]],
    max_new_tokens: int,
    *,
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float | None = None,
    stop: Collection[int] = (),
    generators: Sequence[torch.Generator] | None = None,
) -> list[list[int]]:
    """Continue a batch of prompts; each result equals that of `generate` for its prompt.

    Args:
        model: The model.
        prompts: Ids, of any lengths; shorter prompts are padded on the left, and the padding is masked. If all prompts
            are equal, they are read once.
        max_new_tokens: For each prompt.
        temperature: 0 takes the most likely id.
        top_k: As in `sample`.
        top_p: As in `sample`.
        stop: Ids that end a continuation; the result includes the one that did.
        generators: One for each prompt; None uses PyTorch's global generator.

    Raises:
        ContextError: As in `generate`.
        LogitsError: As in `generate`; the message names the prompt.
    """
    check_sampling(temperature, top_k, top_p)
    if generators is not None and len(generators) != len(prompts):
        raise ConfigError(f"{len(prompts)} prompts but {len(generators)} generators; one for each is needed")
    if not prompts:
        return []
    for prompt in prompts:
        check_prompt(model, prompt, max_new_tokens)
    longest = max(len(prompt) for prompt in prompts)
    model.eval()
    # Many samples of one prompt: read it once.
    same_prompt = all(list(prompt) == list(prompts[0]) for prompt in prompts)
    cache, idx = _left_padded(model, prompts[:1] if same_prompt else prompts, longest, max_new_tokens)
    out: list[list[int]] = [[] for _ in prompts]
    rows = list(range(len(prompts)))  # active prompts, in the order of the cache's rows
    for _ in range(max_new_tokens):
        x = model.trunk(idx, cache=cache)
        logits = model.head(x[:, -1]).float()  # (B, V)
        if len(logits) < len(rows):
            logits = logits.expand(len(rows), -1)
            cache.take_rows(torch.zeros(len(rows), dtype=torch.int64, device=model.device))
        sources = None if generators is None else [generators[row] for row in rows]
        try:
            tokens = _draw_rows(logits, temperature, top_k, top_p, sources)
        except _RowError as error:
            row = rows[error.row]
            where = f"prompt {row}, after {len(prompts[row]) + len(out[row])} tokens"
            raise LogitsError(f"{where}: {_undrawable(logits[error.row])}") from None
        for row, token in zip(rows, tokens, strict=True):
            out[row].append(token)
        active = [index for index, token in enumerate(tokens) if token not in stop]
        if not active:
            break
        if len(active) <= len(rows) // 2:  # finished rows cost as much as active ones: drop them when half are finished
            cache.take_rows(torch.tensor(active, device=model.device))
            rows, tokens = [rows[index] for index in active], [tokens[index] for index in active]
        idx = torch.tensor(tokens, device=model.device)[:, None]
    return [_until_stop(ids, stop) for ids in out]


def check_prompt(model: GPT, ids: Sequence[int], max_new_tokens: int) -> None:
    """Check that a prompt can be read, and that the new tokens fit after it.

    Raises:
        ContextError: They do not fit, the prompt is empty, or an id is not in the vocabulary.
        ConfigError: `max_new_tokens` is no number of tokens.
    """
    check_count("max_new_tokens", max_new_tokens, 0)
    block_size = model.config.block_size
    if not len(ids):
        raise ContextError("the prompt is empty; give it at least a [CLS] token")
    if len(ids) + max_new_tokens > block_size + 1:  # the last new token is never read
        raise ContextError(
            f"{len(ids)} prompt tokens and {max_new_tokens} new ones do not fit into block_size {block_size}"
        )
    check_ids(ids, model.config.vocab_size)


class _RowError(Exception):
    """Nothing can be drawn from a row of logits."""

    def __init__(self, row: int) -> None:
        self.row = row


def _undrawable(logits: Tensor) -> LogitsError:
    return undrawable(len(logits), int(logits.isnan().sum()), int(logits.isposinf().sum()))


def _left_padded(
    model: GPT, prompts: Sequence[Sequence[int]], longest: int, max_new_tokens: int
) -> tuple[KVCache, Tensor]:
    missing = [longest - len(prompt) for prompt in prompts]
    idx = torch.tensor([[0] * n + list(prompt) for n, prompt in zip(missing, prompts, strict=True)])
    padding = torch.tensor(missing, device=model.device) if any(missing) else None
    cache = KVCache(
        model.config,
        rows=len(prompts),
        capacity=longest + max_new_tokens,
        device=model.device,
        padding=padding,
    )
    return cache, idx.to(model.device)


def _draw_rows(
    logits: Tensor,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    generators: Sequence[torch.Generator] | None,
) -> list[int]:
    if temperature == 0:
        highest, ids = logits.max(dim=-1)
        # The maximum shows a NaN, inf or only -inf; marked by -1, it costs a GPU no further synchronization.
        tokens: list[int] = torch.where(highest.isfinite(), ids, -1).tolist()
        if min(tokens) < 0:
            raise _RowError(tokens.index(-1))
        return tokens
    if generators is None:
        uniform = torch.rand(logits.shape[0])
    else:
        uniform = torch.cat([torch.rand(1, generator=generator) for generator in generators])
    weights = _weights(logits, temperature, top_k, top_p)
    tokens = _draw(weights, uniform).tolist()
    if (damaged := weights[:, 0].isnan()).any():  # as after softmax all of a row is
        raise _RowError(int(damaged.nonzero()[0]))
    return tokens


def _weights(logits: Tensor, temperature: float, top_k: int | None, top_p: float | None) -> Tensor:
    """Unnormalized probabilities (B, V), on the CPU in fp64, so that rounding does not depend on the batch."""
    logits = logits.cpu()
    if temperature < TINY_TEMPERATURE:
        logits = logits - logits.amax(dim=-1, keepdim=True)
    logits = logits.double() / temperature
    if top_k is not None and top_k < logits.shape[-1]:
        # Select by index, not by value, so that at most k of equal logits stay.
        top_logits, top_ids = logits.topk(top_k, dim=-1)
        logits = torch.full_like(logits, -torch.inf).scatter(-1, top_ids, top_logits)
    weights = torch.softmax(logits, dim=-1)
    if top_p is not None and top_p < 1:
        ordered, order = weights.sort(dim=-1, descending=True, stable=True)
        preceding = ordered.cumsum(dim=-1) - ordered
        weights = torch.zeros_like(weights).scatter(-1, order, ordered.masked_fill(preceding >= top_p, 0.0))
    return weights


def _draw(weights: Tensor, uniform: Tensor) -> Tensor:
    """Index (B,) at which the cumulative sum of weights exceeds a uniform number (B,) in [0, 1)."""
    running = weights.cumsum(dim=-1)
    threshold = uniform.double()[:, None] * running[:, -1:]
    return torch.searchsorted(running, threshold, right=True)[:, 0].clamp_max(weights.shape[-1] - 1)


def _until_stop(ids: list[int], stop: Collection[int]) -> list[int]:
    for index, token in enumerate(ids):
        if token in stop:
            return ids[: index + 1]
    return ids
