"""The rungs of the decoding ladder: methods to continue B prompts greedily by N tokens.

Each rung is built once and then called; it returns the N new ids of every prompt. Some new tokens are forced
(`Work.forced`): they are known in advance, as in constrained decoding. Some rungs use this and read a forced token
without choosing it; the others choose every token.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch

from gpt.benchmarks.decoding_prompts import Text
from gpt.benchmarks.static_cache_decoder import StaticDecoder
from gpt.generation.sampling import TorchSession, generate, generate_batch
from gpt.inference.numpy_model import NumpyModel
from gpt.inference.numpy_session import NumpyBatch, NumpySession
from gpt.inference.sampling import logprob
from gpt.model.transformer import GPT
from gpt.weights.model_folder import Floats

Rows = list[list[int]]


@dataclass(frozen=True, kw_only=True)
class Work:
    """The decoding task of every rung.

    Attributes:
        prompts: Of equal length.
        new: Tokens to generate after each.
        forced: Whether each new token is known in advance; the first never is.
        truth: Output of the plain loop, from which forced tokens are taken; empty until it has run.
    """

    prompts: tuple[tuple[int, ...], ...]
    new: int
    forced: tuple[bool, ...]
    truth: Rows = field(default_factory=list)

    def spans(self) -> list[tuple[int, int]]:
        """Return start and end of each free token together with the forced ones after it."""
        free = [index for index, forced in enumerate(self.forced) if not forced]
        return list(zip(free, [*free[1:], self.new], strict=True))


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One decoding method.

    Attributes:
        name: Display name.
        run: Decodes.
        weight_bytes: Size of the weights that it reads.
        exact: Whether its output must equal the plain loop's.
        new_context: Creates an empty context, for rungs whose loss is measured.
    """

    name: str
    run: Callable[[Work], Rows]
    weight_bytes: int
    exact: bool = True
    new_context: Callable[[], Context] | None = None


class Context(Protocol):
    """A context of any runtime."""

    def feed(self, ids: Sequence[int], /) -> Floats:
        """Read tokens; returns logits (V,)."""
        ...


def force_about_half(new: int, rng: np.random.Generator) -> tuple[bool, ...]:
    """Alternate runs of one to four free and one to four forced tokens, like names fixed by their first token."""
    forced: list[bool] = []
    while len(forced) < new:
        forced += [False] * int(rng.integers(1, 5)) + [True] * int(rng.integers(1, 5))
    return tuple(forced[:new])


def torch_rungs(model: GPT, rows: int, capacity: int) -> list[Rung]:
    """Return the PyTorch methods; the first is the plain loop."""
    size = sum(p.numel() * p.element_size() for p in model.parameters())

    @torch.inference_mode()
    def plain(work: Work) -> Rows:
        idx = torch.tensor(work.prompts, device=model.device)
        for _ in range(work.new):  # as in nanoGPT: reread everything, compute the head at the last position only
            token = model.head(model.trunk(idx)[:, -1]).argmax(dim=-1, keepdim=True)
            idx = torch.cat((idx, token), dim=1)
        rungs: Rows = idx[:, -work.new :].tolist()
        return rungs

    def cached(work: Work) -> Rows:
        if len(work.prompts) == 1:
            return [generate(model, work.prompts[0], work.new)]
        return generate_batch(model, work.prompts, work.new)

    def jump(work: Work) -> Rows:
        session = TorchSession(model, capacity)
        out: list[int] = []
        pending = list(work.prompts[0])
        for start, stop in work.spans():
            token = int(session.feed(pending).argmax())
            pending = [token, *work.truth[0][start + 1 : stop]]
            out += pending
        return [out]

    decoder = StaticDecoder(model, rows, capacity)

    def compiled(work: Work) -> Rows:
        return decoder.generate(work.prompts, work.new)

    rungs = [
        Rung(name="no cache", run=plain, weight_bytes=size),
        Rung(name="cache, torch", run=cached, weight_bytes=size),
        Rung(name="cache, torch.compile", run=compiled, weight_bytes=size),
    ]
    if rows == 1:
        rungs.insert(2, Rung(name="cache, torch, jump forward", run=jump, weight_bytes=size))
    return rungs


def numpy_rungs(model: NumpyModel, rows: int, capacity: int) -> list[Rung]:
    """Return the numpy methods: token by token, and with forced tokens read together."""

    def new_context() -> NumpySession:
        return NumpySession(model)

    def token_by_token(work: Work) -> Rows:
        return _batch(NumpyBatch(model, rows, capacity), work, jump=False)

    def jump(work: Work) -> Rows:
        return _batch(NumpyBatch(model, rows, capacity), work, jump=True)

    return [
        Rung(name="numpy", run=token_by_token, weight_bytes=model.nbytes, new_context=new_context),
        Rung(name="numpy, jump forward", run=jump, weight_bytes=model.nbytes),
    ]


def onnx_rungs(model: NumpyModel, rows: int, capacity: int, threads: int) -> list[Rung]:
    """Return onnxruntime in fp32 and with int8 weights; empty if it is not installed."""
    if importlib.util.find_spec("onnxruntime") is None or importlib.util.find_spec("onnx") is None:
        return []
    from gpt.inference.onnx_graph import Weights
    from gpt.inference.onnx_model import OnnxBatch, OnnxModel, OnnxSession

    names: dict[Weights, str] = {
        "fp32": "onnxruntime",
        "int8": "onnxruntime, int8",
        "int8-columns": "onnxruntime, int8 by columns",
    }
    rungs = []
    for weights, name in names.items():
        converted = OnnxModel(model, weights, threads)

        def token_by_token(work: Work, converted: OnnxModel = converted) -> Rows:
            return _batch(OnnxBatch(converted, rows, capacity), work, jump=False)

        def jump(work: Work, converted: OnnxModel = converted) -> Rows:
            return _batch(OnnxBatch(converted, rows, capacity), work, jump=True)

        def new_context(converted: OnnxModel = converted) -> OnnxSession:
            return OnnxSession(converted)

        size, exact = converted.nbytes, weights == "fp32"
        rungs.append(Rung(name=name, run=token_by_token, weight_bytes=size, exact=exact, new_context=new_context))
        if rows == 1:  # onnxruntime cannot append several tokens to many contexts
            rungs.append(Rung(name=f"{name}, jump forward", run=jump, weight_bytes=size, exact=exact))
    return rungs


class _Batch(Protocol):
    def feed(self, ids: Sequence[Sequence[int]], /) -> Floats: ...


def _batch(batch: _Batch, work: Work, *, jump: bool) -> Rows:
    out: Rows = [[] for _ in work.prompts]
    pending = [list(prompt) for prompt in work.prompts]
    spans = work.spans() if jump else [(index, index + 1) for index in range(work.new)]
    for start, stop in spans:
        tokens = batch.feed(pending).argmax(axis=-1)
        pending = [[int(token), *work.truth[row][start + 1 : stop]] for row, token in enumerate(tokens)]
        for row, new in enumerate(pending):
            out[row] += new
    return out


def loss(rung: Rung, texts: Sequence[Text]) -> float:
    """Mean loss over the goals of texts, in nats per token; the rung reads them token by token."""
    assert rung.new_context is not None
    total, count = 0.0, 0
    for text in texts:
        context = rung.new_context()
        logits = context.feed(text.prompt)
        for index, token in enumerate(text.goal):
            total -= logprob(np.asarray(logits), token)
            count += 1
            if index + 1 < len(text.goal):
                logits = context.feed([token])
    return total / max(1, count)
