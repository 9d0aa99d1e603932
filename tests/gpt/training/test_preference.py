"""Learning from scored attempts: better attempts become more likely than worse ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from gpt.data.batches import Batch, PackedBatches
from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.errors import ConfigError
from gpt.model.transformer import GPT, IGNORE_INDEX
from gpt.training.objective import Objective
from gpt.training.preference import STRENGTH, LearningRule, preference_objective
from gpt.training.trainer import TrainConfig, train

Make = Callable[..., GPT]
RULES: tuple[LearningRule, ...] = ("advantage", "preference")
PROMPT, GOOD, BAD = [1, 2, 3], [4, 5, 6, 7], [4, 8, 9]
CONFIG = TrainConfig(steps=30, batch_rows=2, lr=3e-3, warmup_steps=2, precision="fp32", eval_every=0, device="cpu")


def pairs(block: int = 32, swapped: bool = False) -> PackedBatches:
    """Return prompts with a good and a bad attempt each and plain documents, three times with shifted ids."""
    tokens, learn, branch, values = [], [], [], []
    for shift in (0, 20, 40):
        attempts = [(BAD, -1.0), (GOOD, 1.0)] if swapped else [(GOOD, 1.0), (BAD, -1.0)]
        ids, marks, numbers, token_values = list(PROMPT), [False] * 3, [0] * 3, [0.0] * 3
        for number, (attempt, value) in enumerate(attempts, start=1):
            ids += attempt
            marks += [False] + [True] * (len(attempt) - 1)
            numbers += [number] * len(attempt)
            token_values += [value] * len(attempt)
        tokens.append([i + shift for i in ids])
        learn.append(marks)
        branch.append(numbers)
        values += token_values
        tokens.append([i + shift for i in (10, 11, 12)])
        learn.append([True] * 3)
        branch.append([0] * 3)
        values += [0.0] * 3
    documents = TokenizedDocuments.from_lists(tokens, learn, branch)
    return PackedBatches(documents, 2, block, 0, np.array(values, dtype=np.float32))


@torch.no_grad()
def logprob(model: GPT, attempt: list[int]) -> float:
    ids = torch.tensor([[*PROMPT, *attempt]])
    logits, _ = model(ids[:, :-1])
    logprobs = F.log_softmax(logits, dim=-1)[0].gather(1, ids[0, 1:, None])[:, 0]
    return float(logprobs[len(PROMPT) :].sum())  # the first token of an attempt has no loss


def with_values(batch: Batch, value: float) -> Batch:
    return replace(batch, values=torch.full(batch.idx.shape, value))


def test_values_are_aligned_with_their_targets() -> None:
    batch = pairs().batch(0)
    assert batch.values is not None
    for token, value in ((5, 1.0), (6, 1.0), (7, 1.0), (8, -1.0), (9, -1.0), (11, 0.0)):
        values_of_token = batch.values[(batch.targets != IGNORE_INDEX) & (batch.targets % 20 == token)]
        assert len(values_of_token) and (values_of_token == value).all()


def test_values_that_do_not_match_the_tokens_are_refused(documents: TokenizedDocuments) -> None:
    with pytest.raises(ConfigError, match="3 values do not belong to"):
        PackedBatches(documents, 2, 32, 0, np.ones(3, dtype=np.float32))


def test_with_strength_zero_and_weight_one_the_loss_is_plain_likelihood(make_model: Make) -> None:
    model = make_model()
    batch = with_values(pairs().batch(0), 1.0)
    objective = preference_objective("advantage", model, 0.0)(model, "fp32", None, 0.0)
    assert torch.allclose(objective(batch)[0], Objective(model, "fp32")(batch)[0], atol=1e-6)


def test_at_the_reference_there_is_no_divergence(make_model: Make) -> None:
    model = make_model()
    batch = with_values(pairs().batch(0), 0.0)
    objective = preference_objective("advantage", model, 5.0)(model, "fp32", None, 0.0)
    assert float(objective(batch)[1]) == pytest.approx(0.0, abs=1e-6)
    other = preference_objective("advantage", make_model(seed=1), 5.0)(model, "fp32", None, 0.0)
    assert float(other(batch)[1]) > 0.01


def test_the_initial_preference_loss_is_log_two(make_model: Make) -> None:
    model = make_model()
    batch = pairs().batch(0)
    assert batch.values is not None
    objective = preference_objective("preference", model)(model, "fp32", None, 0.0)
    logits, _ = model(batch.idx, batch.targets, batch.layout)
    targets, values = (x[batch.targets != IGNORE_INDEX] for x in (batch.targets, batch.values))
    likelihood = F.cross_entropy(logits, targets, reduction="none")[values >= 0].sum() / len(targets)
    assert float(objective(batch)[1] - likelihood.detach()) == pytest.approx(math.log(2), abs=1e-5)


def test_margins_are_computed_within_each_pair(make_model: Make) -> None:
    """Several pairs share a row; with their branches swapped, the loss is the same."""
    model, reference = make_model(), make_model(seed=1)
    objective = preference_objective("preference", reference)(model, "fp32", None, 0.0)
    one = pairs(block=48).batch(0)
    assert len({int(t) for t in one.layout.prefix[0] if t >= 0}) > 1  # several to a row
    losses = [float(objective(p.batch(0))[1]) for p in (pairs(block=48), pairs(block=48, swapped=True))]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)


@pytest.mark.parametrize("rule", RULES)
def test_training_makes_the_better_attempt_more_likely(make_model: Make, tmp_path: Path, rule: LearningRule) -> None:
    model = make_model(fresh=True)
    before = logprob(model, GOOD) - logprob(model, BAD)
    train(model, pairs(), None, CONFIG, tmp_path, objective=preference_objective(rule, model))
    assert logprob(model, GOOD) - logprob(model, BAD) > before + 0.5
    assert STRENGTH[rule] > 0


@pytest.mark.parametrize("rule", RULES)
def test_batches_without_values_are_refused(make_model: Make, batches: PackedBatches, rule: LearningRule) -> None:
    model = make_model()
    with pytest.raises(ConfigError, match="the batch has no values"):
        preference_objective(rule, model)(model, "fp32", None, 0.0)(batches.batch(0))


def test_the_reference_is_not_trained_and_not_saved(make_model: Make, tmp_path: Path) -> None:
    model = make_model(fresh=True)
    factory = preference_objective("preference", model)
    objective = factory(model, "fp32", None, 0.0)
    assert {name.split(".")[0] for name in objective.state_dict()} == {"model"}
    before = float(objective(pairs().batch(0))[1])
    train(model, pairs(), None, CONFIG, tmp_path, objective=factory)
    assert float(factory(model, "fp32", None, 0.0)(pairs().batch(0))[1]) < before
