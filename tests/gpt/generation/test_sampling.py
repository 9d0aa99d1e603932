from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from gpt.errors import ConfigError, ContextError
from gpt.generation.sampling import TorchSession, generate, generate_batch, sample
from gpt.model.transformer import GPT

Make = Callable[..., GPT]
VARIANTS = [
    {},
    {"position": "learned", "norm": "layer", "mlp": "gelu", "bias": True},
    {"position": "sinusoidal", "attention": "sdpa", "previous_tokens": 0},
    {"n_kv_head": 2, "previous_tokens": 3},
    {"n_kv_head": 2, "attention": "sdpa"},
]
PROMPTS = [[1, 5, 9, 200], [7], [3, 3, 8, 100, 45, 6, 7, 8, 9, 10, 11], [250, 2, 4]]


def generators(n: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(i) for i in range(n)]


@pytest.mark.parametrize("settings", VARIANTS)
@pytest.mark.parametrize("sizes", [[20], [1] * 20, [7, 1, 5, 1, 1, 5]])
def test_cached_logits_equal_logits_without_a_cache(
    make_model: Make, settings: dict[str, object], sizes: list[int]
) -> None:
    model = make_model(**settings)
    ids = torch.randint(0, 320, (20,), generator=torch.Generator().manual_seed(0)).tolist()
    session = TorchSession(model)
    with torch.no_grad():
        all_logits = model(torch.tensor([ids]))[0][0]
    for size in sizes:
        logits = session.feed(ids[session.length : session.length + size])
        torch.testing.assert_close(logits, all_logits[session.length - 1], rtol=1e-4, atol=1e-4)


def test_a_rewound_session_forgets_the_removed_tokens(make_model: Make) -> None:
    model = make_model()
    session, fresh = TorchSession(model), TorchSession(model)
    session.feed([1, 2, 3])
    session.feed([9, 9, 9, 9])
    session.rewind(2)
    assert session.length == 2
    torch.testing.assert_close(session.feed([5, 6]), fresh.feed([1, 2, 5, 6]), rtol=1e-4, atol=1e-5)


def test_a_fork_and_its_origin_are_independent(make_model: Make) -> None:
    model = make_model()
    origin, fresh = TorchSession(model), TorchSession(model)
    origin.feed([1, 2, 3])
    fork = origin.fork()
    fork.feed([7, 7])
    after_fork = origin.feed([4])
    torch.testing.assert_close(after_fork, fresh.feed([1, 2, 3, 4]), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(fork.feed([8]), TorchSession(model).feed([1, 2, 3, 7, 7, 8]), rtol=1e-4, atol=1e-5)


def test_a_full_session_reports_how_many_tokens_do_not_fit(make_model: Make) -> None:
    session = TorchSession(make_model(), capacity=4)
    session.feed([1, 2, 3])
    with pytest.raises(ContextError, match="3 tokens read and 2 more do not fit into the context of 4"):
        session.feed([4, 5])
    with pytest.raises(ContextError, match="cannot rewind to 4: 3 tokens"):
        session.rewind(4)
    with pytest.raises(ContextError, match="no token"):
        session.feed([])


@pytest.mark.parametrize("settings", VARIANTS)
@pytest.mark.parametrize("temperature", [0.0, 0.9])
def test_batched_decoding_equals_decoding_each_prompt_alone(
    make_model: Make, settings: dict[str, object], temperature: float
) -> None:
    model = make_model(**settings)
    alone = [
        generate(model, prompt, 16, temperature=temperature, top_k=50, top_p=0.95, generator=generator)
        for prompt, generator in zip(PROMPTS, generators(4), strict=True)
    ]
    together = generate_batch(
        model, PROMPTS, 16, temperature=temperature, top_k=50, top_p=0.95, generators=generators(4)
    )
    assert together == alone
    assert len({tuple(ids) for ids in alone}) > 1


def test_a_repeated_prompt_gives_independent_samples(make_model: Make) -> None:
    model = make_model()
    alone = [generate(model, PROMPTS[0], 16, temperature=1.0, generator=generator) for generator in generators(5)]
    together = generate_batch(model, [PROMPTS[0]] * 5, 16, temperature=1.0, generators=generators(5))
    assert together == alone
    assert len({tuple(ids) for ids in alone}) == 5


def test_rows_that_stop_early_do_not_disturb_the_others(make_model: Make) -> None:
    model = make_model()
    free = generate_batch(model, PROMPTS, 16, temperature=1.0, generators=generators(4))
    stop = {free[0][2], free[1][5], free[2][9]}
    stopped = generate_batch(model, PROMPTS, 16, temperature=1.0, generators=generators(4), stop=stop)
    for ids, expected in zip(stopped, free, strict=True):
        places = [i for i, token in enumerate(expected) if token in stop]
        assert ids == expected[: places[0] + 1] if places else ids == expected


def test_generation_equals_greedy_decoding_without_a_cache(make_model: Make) -> None:
    model = make_model()
    ids = [1, 5, 9]
    for _ in range(12):
        with torch.no_grad():
            ids.append(int(model(torch.tensor([ids]))[0][0, -1].argmax()))
    assert generate(model, [1, 5, 9], 12) == ids[3:]


def test_generation_ends_with_the_stop_token(make_model: Make) -> None:
    model = make_model()
    free = generate(model, [1, 5, 9], 12)
    stop = free[4]
    assert generate(model, [1, 5, 9], 12, stop=[stop]) == free[: free.index(stop) + 1]


def test_generation_that_cannot_fit_is_an_error(make_model: Make) -> None:
    assert len(generate(make_model(), [1] * 40, 9)) == 9  # the last token is never read
    with pytest.raises(ContextError, match="40 prompt tokens and 10 new ones"):
        generate(make_model(), [1] * 40, 10)


def test_zero_temperature_takes_the_most_likely() -> None:
    token, logprob = sample(torch.tensor([0.0, 2.0, 1.0]), temperature=0)
    assert token == 1
    assert logprob == pytest.approx(torch.log_softmax(torch.tensor([0.0, 2.0, 1.0]), 0)[1].item())


def test_only_allowed_ids_are_drawn_and_the_logprob_is_normalized_over_them() -> None:
    logits = torch.tensor([9.0, 1.0, 0.0, 3.0])
    generator = torch.Generator().manual_seed(0)
    drawn = [sample(logits, 1.0, generator=generator, allowed=[2, 1]) for _ in range(200)]
    assert {token for token, _ in drawn} == {1, 2}
    expected = torch.log_softmax(torch.tensor([0.0, 1.0]), 0)
    for token, logprob in drawn:
        assert logprob == pytest.approx(expected[0 if token == 2 else 1].item(), abs=1e-6)
    assert sample(logits, 0.0, allowed=[1, 3])[0] == 3
    assert sample(logits, 1.0, allowed=[2]) == (2, 0.0)


LOGITS = [1.2, -0.3, 0.4, 2.0, -1.5, 0.4, 0.9, -4.0]
SETTINGS: list[dict[str, float | int]] = [
    {"temperature": 1.0},
    {"temperature": 0.5},
    {"temperature": 2.0},
    {"temperature": 1.0, "top_k": 3},
    {"temperature": 1.0, "top_p": 0.8},
    {"temperature": 1.5, "top_k": 6, "top_p": 0.7},
]


def exact_probabilities(
    logits: Sequence[float], temperature: float, top_k: int = 10**9, top_p: float = 1.0
) -> np.ndarray:
    """Apply the definitions in turn: divide by the temperature, keep the top k, then the smallest set reaching p."""
    weights = [math.exp(logit / temperature) for logit in logits]
    order = sorted(range(len(weights)), key=lambda token: -weights[token])[:top_k]
    kept_tokens: list[int] = []
    for token in order:
        if sum(weights[one] for one in kept_tokens) < top_p * sum(weights[one] for one in order):
            kept_tokens.append(token)
    probabilities = np.zeros(len(weights))
    probabilities[kept_tokens] = [weights[token] for token in kept_tokens]
    return probabilities / probabilities.sum()


def check_fit(tokens: Sequence[int], expected: np.ndarray) -> None:
    """Chi-square test: correct draws fail for one seed in a thousand, and the seeds are fixed."""
    counts = np.bincount(tokens, minlength=len(expected))
    possible = expected > 0
    assert counts[~possible].sum() == 0
    assert chisquare(counts[possible], expected[possible] * len(tokens)).pvalue > 0.001


@pytest.mark.parametrize("settings", SETTINGS)
def test_draws_follow_the_exact_probabilities(settings: dict[str, float]) -> None:
    generator = torch.Generator().manual_seed(0)
    drawn = [sample(torch.tensor(LOGITS), generator=generator, **settings)[0] for _ in range(4000)]  # type: ignore[arg-type]
    check_fit(drawn, exact_probabilities(LOGITS, **settings))  # type: ignore[arg-type]


def test_draws_among_allowed_ids_follow_their_probabilities() -> None:
    generator = torch.Generator().manual_seed(0)
    allowed = [6, 1, 3]
    drawn = [sample(torch.tensor(LOGITS), 0.7, generator=generator, allowed=allowed)[0] for _ in range(4000)]
    expected = np.zeros(len(LOGITS))
    expected[allowed] = exact_probabilities([LOGITS[token] for token in allowed], 0.7)
    check_fit(drawn, expected)


@pytest.mark.parametrize("settings", SETTINGS)
def test_continuations_drawn_together_follow_the_probabilities_of_the_model(
    make_model: Make, settings: dict[str, float]
) -> None:
    model = make_model(vocab_size=7)
    with torch.no_grad():
        logits = model(torch.tensor([[1, 5, 2]]))[0][0, -1].tolist()
    drawn = generate_batch(model, [[1, 5, 2]] * 4000, 1, generators=generators(4000), **settings)  # type: ignore[arg-type]
    check_fit([ids[0] for ids in drawn], exact_probabilities(logits, **settings))  # type: ignore[arg-type]


def test_the_goodness_of_fit_test_detects_a_slightly_wrong_temperature() -> None:
    generator = torch.Generator().manual_seed(0)
    drawn = [sample(torch.tensor(LOGITS), 1.1, generator=generator)[0] for _ in range(4000)]
    with pytest.raises(AssertionError):
        check_fit(drawn, exact_probabilities(LOGITS, 1.0))


def test_top_k_keeps_no_more_than_k_of_equal_logits() -> None:
    generator = torch.Generator().manual_seed(0)
    assert len({sample(torch.zeros(6), 1.0, top_k=2, generator=generator)[0] for _ in range(200)}) == 2


def test_top_k_and_top_p_cut_the_tail() -> None:
    logits = torch.tensor([0.4, 0.3, 0.2, 0.1]).log()
    generator = torch.Generator().manual_seed(0)
    assert {sample(logits, 1.0, top_k=2, generator=generator)[0] for _ in range(200)} == {0, 1}
    assert {sample(logits, 1.0, top_p=0.65, generator=generator)[0] for _ in range(200)} == {0, 1}
    assert {sample(logits, 1.0, top_p=0.75, generator=generator)[0] for _ in range(200)} == {0, 1, 2}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": -1.0}, "temperature is -1.0"),
        ({"top_k": 0}, "top_k is 0"),
        ({"top_p": 0.0}, "top_p is 0.0"),
        ({"allowed": []}, "allowed is empty"),
    ],
)
def test_a_wrong_sampling_setting_is_an_error(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        sample(torch.zeros(4), **settings)  # type: ignore[arg-type]
