"""A block is read in one pass, and the logits behind each of its tokens are those of reading them one by one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gpt.errors import ContextError, LogitsError
from gpt.inference.numpy_model import NumpyModel
from gpt.inference.numpy_session import NumpySession
from gpt.inference.session import Session
from gpt.model.transformer import GPT
from tests.gpt.inference.test_numpy_model import VARIANTS, needs_onnx, random_ids

Make = Callable[..., GPT]
Start = Callable[[NumpyModel], Session]
LABELS = [7, 300, 0, 7]


def on_numpy(model: NumpyModel) -> Session:
    return NumpySession(model)


def on_onnxruntime(model: NumpyModel) -> Session:
    from gpt.inference.onnx_model import OnnxModel

    return OnnxModel(model).begin()


RUNTIMES = [on_numpy, pytest.param(on_onnxruntime, marks=needs_onnx)]


@pytest.mark.parametrize("start", RUNTIMES)
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("before", "block"), [(0, 20), (0, 1), (9, 1), (9, 11), (30, 18)])
def test_a_block_gives_the_logits_of_its_tokens_read_one_by_one(
    make_model: Make, start: Start, variant: dict[str, object], before: int, block: int
) -> None:
    model = NumpyModel.from_torch(make_model(n_embd=64, **variant))
    at_once, one_by_one = start(model), NumpySession(model)
    ids = random_ids(before + block)
    if before:
        at_once.feed(ids[:before])
        one_by_one.feed(ids[:before])
    logits = at_once.feed_each(ids[before:], LABELS)
    assert logits.shape == (block, len(LABELS)) and logits.dtype == np.float32
    expected = [one_by_one.feed([token], LABELS) for token in ids[before:]]
    np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-4)
    assert at_once.length == before + block


@pytest.mark.parametrize("start", RUNTIMES)
def test_a_context_goes_on_behind_a_block_and_forgets_it_when_rewound(make_model: Make, start: Start) -> None:
    model = NumpyModel.from_torch(make_model(n_embd=64))
    session, other = start(model), NumpySession(model)
    session.feed([1, 2, 3])
    session.feed_each([4, 5, 6, 7], LABELS)
    np.testing.assert_allclose(session.feed([8]), other.feed([1, 2, 3, 4, 5, 6, 7, 8]), rtol=0, atol=1e-4)
    fork = session.fork()
    session.rewind(2)
    other.rewind(2)
    np.testing.assert_allclose(session.feed([9]), other.feed([9]), rtol=0, atol=1e-4)
    assert fork.length == 8


@pytest.mark.parametrize("start", RUNTIMES)
@pytest.mark.parametrize(
    ("ids", "labels", "problem"),
    [
        ([], LABELS, "feed was given no token; it needs at least one"),
        ([1, 2, 320], LABELS, r"id 320 is not in 0\.\.319"),
        ([1, -1, 2], LABELS, r"id -1 is not in 0\.\.319"),
        ([1] * 47, LABELS, "2 tokens read and 47 more do not fit into the context of 48"),
        ([1, 2], [3, 320], "320"),
    ],
)
def test_a_block_that_cannot_be_read_is_an_error_and_none_of_it_is_read(
    make_model: Make, start: Start, ids: list[int], labels: list[int], problem: str
) -> None:
    session = start(NumpyModel.from_torch(make_model(n_embd=64)))
    session.feed([1, 2])
    with pytest.raises(ContextError, match=problem):
        session.feed_each(ids, labels)
    assert session.length == 2


@pytest.mark.parametrize("start", RUNTIMES)
def test_activations_that_overflow_are_an_error(make_model: Make, start: Start) -> None:
    model = make_model(n_embd=64, embedding_norm=False)
    weights = NumpyModel.from_torch(model)
    weights.embedding[:] = np.inf
    with pytest.raises(LogitsError):
        start(weights).feed_each([1, 2, 3], LABELS)
