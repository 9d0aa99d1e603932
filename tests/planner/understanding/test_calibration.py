"""Calibrated probabilities and conformal thresholds."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.errors import CalibrationError
from planner.understanding.calibration import (
    Calibration,
    conformal_threshold,
    fit_temperature,
    lowest_error_rate,
    nll,
    scaled,
)

SCORES = tuple(i / 100 for i in range(99, 0, -1))
EVEN = Calibration(
    goal={"whole": 1.0, "pieces": 2.0, "grounded": 0.5},
    plan={"whole": 1.0, "pieces": 1.0, "grounded": 1.0},
    unverified=0.03,
    scores=SCORES,
)


@pytest.mark.parametrize("error_rate", [0.05, 0.1, 0.2])
def test_the_intended_goal_is_missed_no_more_often_than_the_error_rate(error_rate: float) -> None:
    rng = random.Random(0)
    covered = []
    for _ in range(3000):  # calibration tasks and the new one are exchangeable
        scores = [rng.betavariate(3, 1) for _ in range(60)]
        covered.append(rng.betavariate(3, 1) >= conformal_threshold(scores, error_rate))
    rate = sum(covered) / len(covered)
    assert 1 - error_rate - 0.015 <= rate <= 1 - error_rate + 1 / 61 + 0.015


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_a_lower_error_rate_never_raises_the_threshold(scores: list[float], one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert conformal_threshold(scores, low) <= conformal_threshold(scores, high)


def test_the_threshold_is_the_score_of_the_right_rank() -> None:
    nine = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]
    assert conformal_threshold(nine, 0.1) == 0.1  # the ninth of nine: ceil(10 * 0.9)
    assert conformal_threshold(nine, 0.5) == 0.5
    assert conformal_threshold(nine[::-1], 0.5) == 0.5
    assert conformal_threshold(nine, 0.05) == 0.0  # the tenth of nine


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_below_the_lowest_error_rate_the_threshold_is_zero(scores: list[float]) -> None:
    lowest = lowest_error_rate(scores)
    if lowest + 1e-6 < 1:
        assert conformal_threshold(scores, lowest + 1e-6) > 0
    if lowest > 0.02:
        assert conformal_threshold(scores, lowest - 0.5 / (len(scores) + 1)) == 0


def test_an_unattainable_error_rate_names_the_lowest_attainable_one() -> None:
    half = Calibration(goal=EVEN.goal, plan=EVEN.plan, unverified=0.0, scores=(0.9, 0.8, 0.0))
    with pytest.raises(CalibrationError, match=r"0\.1 cannot be kept .* 3 calibration tasks the lowest is 0\.5"):
        half.threshold(0.1)
    assert half.threshold(0.5) == 0.8


@pytest.mark.parametrize("error_rate", [0.0, 1.0, -1.0, 2.0, math.nan])
def test_an_error_rate_out_of_range_is_refused(error_rate: float) -> None:
    with pytest.raises(CalibrationError, match="above 0 and below 1"):
        EVEN.threshold(error_rate)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_the_true_temperature_is_recovered(temperature: float) -> None:
    rng = random.Random(1)
    logprobs = [-rng.expovariate(1.5) for _ in range(20000)]
    correct = [rng.random() < scaled(logprob, temperature) for logprob in logprobs]
    assert fit_temperature(logprobs, correct) == pytest.approx(temperature, rel=0.08)


def test_a_fitted_temperature_is_never_worse_than_no_scaling() -> None:
    rng = random.Random(2)
    for _ in range(20):
        logprobs = [-rng.expovariate(2) for _ in range(30)]
        correct = [rng.random() < 0.7 for _ in logprobs]
        fitted = fit_temperature(logprobs, correct)
        losses = [
            sum(nll(scaled(logprob, t), hit) for logprob, hit in zip(logprobs, correct, strict=True))
            for t in (fitted, 1.0)
        ]
        assert losses[0] <= losses[1] + 1e-6


def test_without_tasks_the_temperature_is_one() -> None:
    assert fit_temperature([], []) == 1.0


@given(st.floats(-60, 0), st.floats(0.05, 20))
def test_a_scaled_probability_is_in_0_to_1(logprob: float, temperature: float) -> None:
    assert 0 <= scaled(logprob, temperature) <= 1


def test_each_reading_mode_has_its_temperature() -> None:
    assert EVEN.score(0.25, "whole") == pytest.approx(0.25)
    assert EVEN.score(0.25, "pieces") == pytest.approx(0.5)
    assert EVEN.score(0.25, "grounded") == pytest.approx(0.0625)
    assert EVEN.score(0.0, "whole") == 0.0


def test_an_unverified_plan_has_a_low_fixed_confidence() -> None:
    assert EVEN.confidence(-0.1, "whole", verified=False).plan == 0.03
    assert EVEN.confidence(-0.1, "whole", verified=True).plan == pytest.approx(math.exp(-0.1))
