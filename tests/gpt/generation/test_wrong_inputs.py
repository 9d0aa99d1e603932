"""Decoding refuses damaged logits, ids that do not exist, and impossible settings, with and without torch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from gpt.errors import ConfigError, ContextError, GPTError, LogitsError
from gpt.generation.beam_search import beam_search
from gpt.generation.infilling import infill
from gpt.generation.sampling import TorchSession, generate, generate_batch, sample
from gpt.inference import sampling as without_torch
from gpt.inference.numpy_model import NumpyModel
from gpt.inference.numpy_session import NumpyBatch
from gpt.inference.onnx_model import OnnxBatch, OnnxModel
from gpt.model.kv_cache import KVCache
from gpt.model.transformer import GPT
from gpt.tokenization.tokenizer import Tokenizer

Make = Callable[..., GPT]
NAN, INF = float("nan"), float("inf")

DAMAGED = [
    ([NAN, 1.0, 2.0], "of 3 logits 1 are NaN: the weights are damaged"),
    ([1.0, NAN, NAN], "of 3 logits 2 are NaN"),
    ([1.0, INF, 2.0], "of 3 logits 1 are inf"),
    ([INF, NAN, -INF], "of 3 logits 1 are NaN and 1 are inf"),
    ([-INF] * 3, "all 3 logits are -inf: no id can be drawn"),
    ([-INF], "all 1 logits are -inf"),
]
SETTINGS: list[dict[str, object]] = [
    {"temperature": 0.0}, {"temperature": 1.0}, {"temperature": 0.7, "top_k": 2}, {"temperature": 0.7, "top_p": 0.5},
    {"temperature": 0.7, "top_k": 2, "top_p": 0.9},
]  # fmt: skip


@pytest.mark.parametrize(("logits", "message"), DAMAGED)
@pytest.mark.parametrize("settings", SETTINGS)
def test_damaged_logits_are_counted_by_sample(logits: list[float], message: str, settings: dict[str, float]) -> None:
    with pytest.raises(LogitsError, match=message):
        sample(torch.tensor(logits), **settings)  # type: ignore[arg-type]
    with pytest.raises(LogitsError, match=message):
        without_torch.sample(np.array(logits, np.float32), rng=np.random.default_rng(0), **settings)  # type: ignore[arg-type]
    if len(logits) == 3:
        with pytest.raises(LogitsError, match="logits"):
            sample(torch.tensor(logits), allowed=[0, 1, 2], **settings)  # type: ignore[arg-type]


def test_some_ids_may_have_no_probability() -> None:
    logits = torch.tensor([-INF, 0.5, -INF, 0.5])
    generator = torch.Generator().manual_seed(0)
    assert {sample(logits, 1.0, generator=generator)[0] for _ in range(40)} == {1, 3}
    rng = np.random.default_rng(0)
    assert {without_torch.sample(logits.numpy(), 1.0, rng=rng)[0] for _ in range(40)} == {1, 3}


@pytest.mark.parametrize("temperature", [5e-324, 1e-300, 1e-30, 1e30, 1e300])
def test_extreme_temperatures_do_not_overflow(temperature: float) -> None:
    logits = torch.tensor([1.0, 3.0, 2.0])
    generator, rng = torch.Generator().manual_seed(0), np.random.default_rng(0)
    drawn = {sample(logits, temperature, generator=generator)[0] for _ in range(60)}
    assert drawn == ({1} if temperature < 1 else {0, 1, 2})
    assert {without_torch.sample(logits.numpy(), temperature, rng=rng)[0] for _ in range(60)} == drawn


def test_sampling_does_not_change_the_logits_that_it_is_given() -> None:
    logits = torch.tensor([1.0, 3.0, 2.0], dtype=torch.float64)
    sample(logits, 0.5)
    assert logits.tolist() == [1.0, 3.0, 2.0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": -0.1}, "temperature is -0.1; it must be a number from 0 on"),
        ({"temperature": NAN}, "temperature is nan"),
        ({"temperature": INF}, "temperature is inf"),
        ({"temperature": "1"}, "temperature is '1'"),
        ({"temperature": None}, "temperature is None"),
        ({"top_k": 0}, "top_k is 0; it must be a whole number of at least 1"),
        ({"top_k": -5}, "top_k is -5"),
        ({"top_k": 2.5}, "top_k is 2.5"),
        ({"top_k": True}, "top_k is True"),
        ({"top_p": 0.0}, "top_p is 0.0; it must be above 0"),
        ({"top_p": 1.1}, "top_p is 1.1"),
        ({"top_p": -0.5}, "top_p is -0.5"),
        ({"top_p": NAN}, "top_p is nan"),
        ({"top_p": "0.9"}, "top_p is '0.9'"),
    ],
)
def test_an_impossible_setting_is_named_everywhere(make_model: Make, settings: dict[str, object], message: str) -> None:
    model, rng = make_model(), np.random.default_rng(0)
    calls: list[Callable[[], object]] = [
        lambda: sample(torch.zeros(4), **settings),  # type: ignore[arg-type]
        lambda: without_torch.sample(np.zeros(4, np.float32), rng=rng, **settings),  # type: ignore[arg-type]
        lambda: generate(model, [1], 2, **settings),  # type: ignore[arg-type]
        lambda: generate_batch(model, [[1], [2]], 2, **settings),  # type: ignore[arg-type]
    ]
    for call in calls:
        with pytest.raises(ConfigError, match=message):
            call()


@pytest.mark.parametrize("top_k", [4, 5, 10**9, np.int64(7)])
def test_a_top_k_of_the_vocabulary_or_more_keeps_all(top_k: int) -> None:
    logits, generator, rng = torch.zeros(4), torch.Generator().manual_seed(0), np.random.default_rng(0)
    assert {sample(logits, 1.0, top_k=top_k, generator=generator)[0] for _ in range(99)} == {0, 1, 2, 3}
    drawn = {without_torch.sample(logits.numpy(), 1.0, top_k=top_k, rng=rng)[0] for _ in range(99)}
    assert drawn == {0, 1, 2, 3}


@pytest.mark.parametrize("allowed", [[0, 4], [-1, 1], [9], [1.0, 2.0], ["a"]])
def test_an_allowed_id_that_does_not_exist_is_named(allowed: list[int]) -> None:
    with pytest.raises(ContextError, match=r"allowed id .* (is not in 0..3|is no whole number)"):
        sample(torch.zeros(4), 0.0, allowed=allowed)
    with pytest.raises(ContextError, match=r"allowed id .* (is not in 0..3|is no whole number)"):
        without_torch.sample(np.zeros(4, np.float32), 0.0, allowed=allowed)


@pytest.mark.parametrize("shape", [(), (0,), (2, 4), (1, 4)])
def test_logits_of_more_or_less_than_one_position_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match=r"expected \(V,\)"):
        sample(torch.zeros(shape))
    with pytest.raises(ConfigError, match=r"expected \(V,\)"):
        without_torch.sample(np.zeros(shape, np.float32), 0.0)


# Damaged models


def damaged(make_model: Make, value: float) -> GPT:
    model = make_model(n_head=2)  # onnxruntime wants heads of a multiple of 16
    with torch.no_grad():
        dict(model.named_parameters())["blocks.1.mlp.proj.weight"][0, 0] = value
    return model


@pytest.mark.parametrize("value", [NAN, INF])
@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_a_damaged_model_writes_no_token(make_model: Make, value: float, temperature: float) -> None:
    model = damaged(make_model, value)
    with pytest.raises(LogitsError, match=r"after 3 tokens: of 320 logits \d+ are NaN"):
        generate(model, [1, 2, 3], 4, temperature=temperature)
    with pytest.raises(LogitsError, match=r"prompt 0, after 2 tokens: of 320 logits \d+ are NaN"):
        generate_batch(model, [[1, 2], [4, 5, 6]], 4, temperature=temperature)
    with pytest.raises(LogitsError, match=r"after 2 tokens: of 320 logits \d+ are NaN"):
        beam_search(model, [1, 2], 4)


@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_a_damaged_row_is_named_when_others_are_sound(make_model: Make, temperature: float) -> None:
    model = make_model(tie_weights=False, previous_tokens=0)
    with torch.no_grad():
        model.wte.weight[7] = NAN
    prompts = [[1, 2], [4, 5, 6], [1, 7], [3]]
    with pytest.raises(LogitsError, match=r"prompt 2, after 2 tokens: of 320 logits 320 are NaN"):
        generate_batch(model, prompts, 1, temperature=temperature)


def test_a_damaged_model_fills_no_hole(make_model: Make, tokenizer: Tokenizer) -> None:
    with pytest.raises(LogitsError, match=r"after \d+ tokens: of 320 logits"):
        infill(damaged(make_model, NAN), tokenizer, [1, 2], [3], max_new_tokens=4)
    small = make_model(vocab_size=64)
    with pytest.raises(ConfigError, match=r"the tokenizer uses \d+ ids, but the model knows 64"):
        infill(small, tokenizer, [1], [2], max_new_tokens=4)


@pytest.mark.parametrize("value", [NAN, INF])
def test_a_damaged_model_is_named_without_torch(make_model: Make, value: float) -> None:
    model = NumpyModel.from_torch(damaged(make_model, value))
    for session in (model.begin(), OnnxModel(model).begin()):
        with pytest.raises(LogitsError, match=r"of 320 logits \d+ are NaN"):
            session.feed([1, 2])


# Ids

WRONG_IDS: list[tuple[object, str]] = [
    ([1, 320], r"id 320 is not in 0..319 \(vocab_size - 1\); it is at position 1"),
    ([-1, 2], "id -1 is not in 0..319"),
    ([2**40], "id 1099511627776 is not in 0..319"),
    ([1, 2.0], "id '2.0' at position 1 is no whole number"),
    (["set", "the"], "id 'set' at position 0 is no whole number"),
    ("set the", "id 's' at position 0 is no whole number"),
    ([[1, 2]], "at position 0 is no whole number"),
    ([None], "id 'None' at position 0"),
    ([1, NAN], "id 'nan' at position 1"),
    (torch.tensor([1, 2]), "at position 0 is no whole number; give a list of int"),
]


@pytest.mark.parametrize(("ids", "message"), WRONG_IDS)
def test_an_id_that_does_not_exist_is_named_and_nothing_is_read(make_model: Make, ids: list[int], message: str) -> None:
    model = make_model()
    numpy_model = NumpyModel.from_torch(model)
    session, onnx = numpy_model.begin(), OnnxModel(numpy_model)
    calls: list[Callable[[], object]] = [
        lambda: generate(model, ids, 2),
        lambda: generate_batch(model, [[1, 2], ids], 2),
        lambda: beam_search(model, ids, 2),
        lambda: TorchSession(model).feed(ids),
        lambda: session.feed(ids),
        lambda: NumpyBatch(numpy_model, 2).feed([[1, 2], ids]),
        lambda: onnx.begin().feed(ids),
        lambda: OnnxBatch(onnx, 2).feed([[1] * len(ids), ids]),
    ]
    for call in calls:
        with pytest.raises(ContextError, match=message):
            call()
    assert session.length == 0


def test_a_wrong_id_in_a_hole_s_surroundings_is_named(make_model: Make, tokenizer: Tokenizer) -> None:
    with pytest.raises(ContextError, match="id 320 is not in"):
        infill(make_model(), tokenizer, [1, 320], [3], max_new_tokens=4)


@pytest.mark.parametrize("candidates", [[320], [-1], [1, -320], [], [1.5], [[1, 2]]])
def test_a_candidate_that_does_not_exist_is_refused(make_model: Make, candidates: list[int]) -> None:
    model = NumpyModel.from_torch(make_model(n_head=2))
    for session in (model.begin(), OnnxModel(model).begin()):
        with pytest.raises(ContextError, match="candidate"):
            session.feed([1, 2], candidates)
        assert session.length == 0


def test_numbers_of_numpy_are_ids(make_model: Make) -> None:
    model = make_model()
    ids = np.array([1, 2, 3])
    expected = generate(model, [1, 2, 3], 3)
    assert generate(model, ids, 3) == generate(model, list(ids), 3) == expected  # type: ignore[arg-type]
    session = NumpyModel.from_torch(model).begin()
    assert session.feed(ids, np.array([5, 6])).shape == (2,)  # type: ignore[arg-type]


@pytest.mark.parametrize("n", [-1, 1.5, "3", None, True])
def test_a_number_of_tokens_that_is_none_is_named(make_model: Make, n: int) -> None:
    model = make_model()
    for call in (generate, beam_search):
        with pytest.raises(ConfigError, match="max_new_tokens is"):
            call(model, [1], n)
    with pytest.raises(ConfigError, match="max_new_tokens is"):
        generate_batch(model, [[1]], n)
    assert generate(model, [1], 0) == []


@pytest.mark.parametrize("penalty", [-1.0, NAN, INF, "1"])
def test_a_wrong_length_penalty_is_named(make_model: Make, penalty: float) -> None:
    with pytest.raises(ConfigError, match="length_penalty is"):
        beam_search(make_model(), [1], 2, length_penalty=penalty)


@pytest.mark.parametrize("value", [NAN, INF])
def test_vectors_that_are_not_finite_are_refused(make_model: Make, value: float) -> None:
    model = NumpyModel.from_torch(make_model())
    vectors = np.zeros((3, model.config.n_embd), np.float32)
    vectors[1, 2] = value
    with pytest.raises(ContextError, match="1 numbers of 96 of the vectors are not finite"):
        model.begin().feed_vectors(vectors, 5)


# The network


@pytest.mark.parametrize(
    ("idx", "message"),
    [
        (torch.tensor([[1, 320]]), r"idx holds 320 at \(0, 1\) \(row, position\): ids are in 0..319"),
        (torch.tensor([[1, 2], [-1, 3]]), r"idx holds -1 at \(1, 0\)"),
        (torch.tensor([1, 2]), r"idx has shape \(2,\); expected \(B, T\)"),
        (torch.tensor([[[1]]]), r"idx has shape \(1, 1, 1\)"),
        (torch.zeros(1, 0, dtype=torch.int64), r"idx has shape \(1, 0\)"),
        (torch.zeros(0, 3, dtype=torch.int64), r"idx has shape \(0, 3\)"),
        (torch.tensor([[1.0]]), "idx holds float32; token ids are int64"),
        (torch.tensor([[True]]), "idx holds bool"),
        (torch.zeros(1, 49, dtype=torch.int64), r"0 \+ 49 tokens do not fit into block_size 48"),
    ],
)
def test_ids_that_the_network_cannot_read_are_named(make_model: Make, idx: torch.Tensor, message: str) -> None:
    with pytest.raises(ContextError, match=message):
        make_model()(idx)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (torch.tensor([[1, 320]]), r"targets holds 320 at \(0, 1\).*in 0..319 .*or -1 where there is no loss"),
        (torch.tensor([[-100, 3]]), r"targets holds -100 at \(0, 0\)"),
        (torch.tensor([[1.0, 2.0]]), "targets holds float32"),
        (torch.tensor([1, 2]), r"targets have shape \(2,\); idx has \(1, 2\)"),
        (torch.tensor([[1]]), r"targets have shape \(1, 1\)"),
    ],
)
def test_targets_that_have_no_loss_are_named(make_model: Make, targets: torch.Tensor, message: str) -> None:
    with pytest.raises(ContextError, match=message):
        make_model()(torch.tensor([[1, 2]]), targets)


def test_a_full_cache_and_one_of_other_rows_are_named(make_model: Make) -> None:
    model = make_model()
    cache = KVCache(model.config, capacity=3)
    model(torch.tensor([[1, 2, 3]]), cache=cache)
    with pytest.raises(ContextError, match=r"3 \+ 1 tokens do not fit into a cache of 3"):
        model(torch.tensor([[4]]), cache=cache)
    with pytest.raises(ContextError, match="idx has 2 rows; the cache has 1"):
        model(torch.tensor([[4], [5]]), cache=KVCache(model.config))


def test_every_refusal_is_an_error_of_the_package_and_a_value_error() -> None:
    for kind in (LogitsError, ContextError, ConfigError):
        assert issubclass(kind, GPTError) and issubclass(kind, ValueError)
