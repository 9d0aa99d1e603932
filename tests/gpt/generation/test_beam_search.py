from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest
import torch

from gpt.errors import ConfigError, ContextError
from gpt.generation.beam_search import Continuation, beam_search
from gpt.generation.sampling import generate
from gpt.model.transformer import GPT

Make = Callable[..., GPT]
STOP = 4  # in a vocabulary of five
NEW = 4
PROMPT = [1, 0, 3]
VARIANTS = [{}, {"position": "learned", "previous_tokens": 0}, {"n_kv_head": 2, "attention": "sdpa"}]


def logprobs_after(model: GPT, ids: Sequence[int]) -> list[float]:
    with torch.no_grad():
        logprobs: list[float] = model(torch.tensor([ids]))[0][0, -1].double().log_softmax(0).tolist()
    return logprobs


def all_continuations(model: GPT, prompt: Sequence[int]) -> list[Continuation]:
    """Return all continuations that end with STOP or have NEW ids, computed without a cache."""
    done: list[Continuation] = []
    unfinished = [Continuation([], 0.0)]
    while unfinished:
        ids, total = unfinished.pop()
        for token, logprob in enumerate(logprobs_after(model, [*prompt, *ids])):
            continuation = Continuation([*ids, token], total + logprob)
            (done if token == STOP or len(continuation.ids) == NEW else unfinished).append(continuation)
    return done


def reference_beam_search(model: GPT, prompt: Sequence[int], beams: int, penalty: float) -> list[Continuation]:
    """Beam search without a cache and without early stopping."""
    done: list[Continuation] = []
    unfinished = [Continuation([], 0.0)]
    while unfinished:
        longer = [
            Continuation([*ids, token], total + logprob)
            for ids, total in unfinished
            for token, logprob in enumerate(logprobs_after(model, [*prompt, *ids]))
        ]
        best = sorted(longer, key=lambda continuation: -continuation.logprob)[:beams]
        done += [continuation for continuation in best if continuation.ids[-1] == STOP or len(continuation.ids) == NEW]
        unfinished = [
            continuation for continuation in best if continuation.ids[-1] != STOP and len(continuation.ids) < NEW
        ]
    return sorted(done, key=lambda continuation: -continuation.logprob / len(continuation.ids) ** penalty)[:beams]


def check_same(results: Sequence[Continuation], expected: Sequence[Continuation]) -> None:
    assert [continuation.ids for continuation in results] == [continuation.ids for continuation in expected]
    assert [continuation.logprob for continuation in results] == pytest.approx(
        [continuation.logprob for continuation in expected], abs=1e-4
    )


@pytest.mark.parametrize("settings", VARIANTS)
@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_one_beam_is_greedy_decoding(make_model: Make, settings: dict[str, object], penalty: float) -> None:
    model = make_model(**settings)
    for prompt in ([1, 5, 9, 200], [7], [250, 2, 4]):
        free = generate(model, prompt, 12)
        for stop in ([], [free[5]]):
            (results,) = beam_search(model, prompt, 12, beams=1, stop=stop, length_penalty=penalty)
            assert results.ids == generate(model, prompt, 12, stop=stop)


@pytest.mark.parametrize("penalty", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_with_as_many_beams_as_continuations_all_are_ranked(make_model: Make, penalty: float, seed: int) -> None:
    model = make_model(vocab_size=5, seed=seed)
    expected = all_continuations(model, PROMPT)
    assert sum(math.exp(continuation.logprob) for continuation in expected) == pytest.approx(1, abs=1e-5)
    expected.sort(key=lambda continuation: -continuation.logprob / len(continuation.ids) ** penalty)
    results = beam_search(model, PROMPT, NEW, beams=len(expected), stop=[STOP], length_penalty=penalty)
    assert len(results) == len(expected)
    check_same(results[:20], expected[:20])


def test_beam_search_finds_the_most_likely_continuation_that_greedy_decoding_misses(make_model: Make) -> None:
    missed = 0
    for seed in range(8):
        model = make_model(vocab_size=5, seed=seed)
        best = max(all_continuations(model, PROMPT), key=lambda continuation: continuation.logprob)
        results = beam_search(model, PROMPT, NEW, beams=400, stop=[STOP])[0]
        assert results.ids == best.ids
        missed += generate(model, PROMPT, NEW, stop=[STOP]) != best.ids
    assert missed > 0


@pytest.mark.parametrize("penalty", [0.0, 1.0])
@pytest.mark.parametrize("beams", [2, 3, 7])
def test_the_search_ends_early_only_if_no_better_continuation_can_follow(
    make_model: Make, penalty: float, beams: int
) -> None:
    for seed in range(6):
        model = make_model(vocab_size=5, seed=seed)
        results = beam_search(model, PROMPT, NEW, beams=beams, stop=[STOP], length_penalty=penalty)
        check_same(results, reference_beam_search(model, PROMPT, beams, penalty))


def test_the_search_ends_when_the_best_is_certain(make_model: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_model()
    most_likely = generate(model, PROMPT, 1)
    calls = []
    trunk = model.trunk
    monkeypatch.setattr(model, "trunk", lambda *args, **named: calls.append(1) or trunk(*args, **named))
    beam_search(model, PROMPT, 40, beams=1, stop=most_likely)
    assert len(calls) == 1


def test_only_allowed_continuations_are_returned_with_unchanged_probabilities(make_model: Make) -> None:
    model = make_model(vocab_size=5)

    def allowed(ids: Sequence[int]) -> bool:  # never twice the same
        return len(set(ids)) == len(ids)

    expected = [continuation for continuation in all_continuations(model, PROMPT) if allowed(continuation.ids)]
    expected.sort(key=lambda continuation: -continuation.logprob)
    check_same(beam_search(model, PROMPT, NEW, beams=400, stop=[STOP], allowed=allowed), expected)


def test_nothing_is_found_if_nothing_is_allowed(make_model: Make) -> None:
    assert beam_search(make_model(), PROMPT, 4, allowed=lambda ids: len(ids) < 3) == []


def test_a_length_penalty_favors_long_continuations(make_model: Make) -> None:
    lengths = {}
    for penalty in (0.0, 1.0, 4.0):
        model = make_model(vocab_size=5, seed=1)
        lengths[penalty] = [
            len(continuation.ids)
            for continuation in beam_search(model, PROMPT, NEW, beams=400, stop=[STOP], length_penalty=penalty)[:10]
        ]
    assert sum(lengths[0.0]) < sum(lengths[1.0]) <= sum(lengths[4.0])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"beams": 0}, "beams is 0"),
        ({"max_new_tokens": 0}, "max_new_tokens is 0"),
        ({"length_penalty": -0.5}, "length_penalty is -0.5"),
    ],
)
def test_a_wrong_setting_is_an_error(make_model: Make, settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        beam_search(make_model(), PROMPT, **({"max_new_tokens": 4} | settings))  # type: ignore[arg-type]


def test_a_search_that_cannot_fit_is_an_error(make_model: Make) -> None:
    with pytest.raises(ContextError, match="40 prompt tokens and 10 new ones"):
        beam_search(make_model(), [1] * 40, 10)
    with pytest.raises(ContextError, match="prompt is empty"):
        beam_search(make_model(), [], 10)
    assert len(beam_search(make_model(), [1] * 40, 9)[0].ids) == 9
