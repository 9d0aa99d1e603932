"""Calibrated probabilities and conformal thresholds."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.errors import CalibrationError
from planner.evaluation.calibration_runs import fit_judge
from planner.plans.planning_result import Evidence
from planner.understanding.calibration import (
    FEATURES,
    Calibration,
    Judge,
    conformal_threshold,
    lowest_error_rate,
    nll,
)

SCORES = tuple(i / 100 for i in range(99, 0, -1))


def _judge(**weights: float) -> Judge:
    return Judge(weights=tuple(weights.get(name.replace(" ", "_"), 0.0) for name in FEATURES))


EVEN = Calibration(
    goal=_judge(certain=2.0, goal=1.0, right=1.0, left_out=-1.0, grounded=-1.0),
    plan=_judge(certain=1.0, goal=1.0),
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


def test_the_weights_that_made_the_outcomes_are_found() -> None:
    rng = random.Random(1)
    true = _judge(certain=1.5, goal=2.0, left_out=-0.7)
    evidence = [Evidence(logprob=-rng.expovariate(1.0), left_out=rng.randrange(3)) for _ in range(20000)]
    outcomes = [rng.random() < true.chance(e) for e in evidence]
    fitted = dict(zip(FEATURES, fit_judge(evidence, outcomes).weights, strict=True))
    assert fitted["certain"] == pytest.approx(1.5, abs=0.15)
    assert fitted["goal"] == pytest.approx(2.0, abs=0.2)
    assert fitted["left out"] == pytest.approx(-0.7, abs=0.12)


def test_a_fitted_judge_is_not_worse_than_the_probability_of_the_gpt() -> None:
    rng = random.Random(2)
    unfitted = fit_judge([], [])
    for _ in range(20):
        evidence = [Evidence(logprob=-rng.expovariate(2)) for _ in range(60)]
        hits = [rng.random() < 0.7 for _ in evidence]
        losses = [
            sum(nll(judge.chance(e), hit) for e, hit in zip(evidence, hits, strict=True))
            for judge in (fit_judge(evidence, hits), unfitted)
        ]
        assert losses[0] <= losses[1] + 1e-6


@given(
    st.builds(
        Evidence, logprob=st.floats(-60, 0), right=st.floats(0, 1), all_read=st.floats(0, 1),
        left_out=st.integers(0, 40), conditions=st.integers(1, 30),
        reading=st.sampled_from(["whole", "pieces", "grounded"]),
    ),
    st.lists(st.floats(-1000, 1000), min_size=len(FEATURES), max_size=len(FEATURES)),
)  # fmt: skip
def test_a_chance_is_between_0_and_1(evidence: Evidence, weights: list[float]) -> None:
    assert 0 <= Judge(weights=tuple(weights)).chance(evidence) <= 1


def test_less_evidence_is_less_sure() -> None:
    sure = Evidence(logprob=-0.1)
    assert EVEN.score(0.9, sure) > EVEN.score(0.5, sure) > EVEN.score(0.0, sure) == 0.0
    chances = [
        EVEN.confidence(e, verified=True).goal
        for e in (
            sure,
            Evidence(logprob=-0.1, right=0.4),
            Evidence(logprob=-0.1, right=0.4, left_out=1),
            Evidence(logprob=-0.1, right=0.4, left_out=1, reading="grounded"),
        )
    ]
    assert chances == sorted(chances, reverse=True) and len(set(chances)) == 4


def test_an_unverified_plan_has_a_low_fixed_confidence() -> None:
    evidence = Evidence(logprob=-0.1)
    assert EVEN.confidence(evidence, verified=False).plan == 0.03
    assert EVEN.confidence(evidence, verified=True).plan == pytest.approx(1 / (1 + math.exp(-0.9)))
