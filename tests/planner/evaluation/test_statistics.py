from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.evaluation.statistics import (
    T_95,
    Z_95,
    Rate,
    Spread,
    bootstrap,
    compare,
    mean,
    quantile,
    rounded,
    sign_test,
    wilson,
)

counts = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_interval_holds_the_rate_and_stays_between_0_and_1(hits_total: tuple[int, int]) -> None:
    hits, total = hits_total
    low, high = wilson(hits, total)
    assert 0 <= low <= hits / total <= high <= 1


@given(counts)
def test_more_tasks_at_the_same_rate_narrow_the_interval(hits_total: tuple[int, int]) -> None:
    hits, total = hits_total
    few, many = wilson(hits, total), wilson(4 * hits, 4 * total)
    assert many[1] - many[0] < few[1] - few[0]


def test_interval_agrees_with_published_values() -> None:
    # Newcombe 1998, table I: 81 of 263, and 0 of 20, without continuity correction.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)


def test_nothing_measured_means_nothing_known() -> None:
    nothing = Rate(hits=0, total=0)
    assert nothing.interval == (0.0, 1.0)
    assert str(nothing) == "-"
    assert nothing.as_dict()["rate"] is None


def test_more_hits_than_tasks_are_an_error() -> None:
    with pytest.raises(ValueError, match="3 of 2"):
        Rate(hits=3, total=2)


def test_paired_test_counts_only_tasks_that_differ() -> None:
    first = [True, True, False, False, False, False]
    second = [True, False, True, True, True, False]
    paired = compare(first, second)
    assert (paired.wins, paired.losses, paired.total) == (3, 1, 6)
    assert paired.p == sign_test(3, 1)
    low, high = paired.interval
    assert -1 <= low < paired.gain < high <= 1
    assert paired.gain == pytest.approx(2 / 6)


def test_paired_test_is_exact() -> None:
    assert sign_test(0, 0) == 1.0
    assert sign_test(5, 0) == pytest.approx(2 / 2**5)
    assert sign_test(8, 1) == pytest.approx(2 * (1 + 9) / 2**9)


@given(st.integers(0, 40), st.integers(0, 40))
def test_paired_test_does_not_mind_which_side_is_first(wins: int, losses: int) -> None:
    assert sign_test(wins, losses) == sign_test(losses, wins)
    assert 0 < sign_test(wins, losses) <= 1


def test_outcomes_of_different_tasks_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="same tasks"):
        compare([True], [True, False])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers())
def test_bootstrap_repeats_and_stays_within_the_values(values: list[float], seed: int) -> None:
    low, high = bootstrap(values, random.Random(seed), draws=100)
    assert (low, high) == bootstrap(values, random.Random(seed), draws=100)
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9


def test_quantiles_are_interpolated() -> None:
    assert quantile([4.0, 1.0, 2.0, 3.0], 0.5) == 2.5
    assert quantile([7.0], 0.95) == 7.0
    assert quantile([1.0, 2.0], 1.0) == 2.0


def test_json_gets_no_nan() -> None:
    assert rounded(mean([])) is None
    assert rounded(0.123456) == 0.1235


def test_the_spread_over_seeds_is_students() -> None:
    found = Spread.of([0.8, 0.9, 0.7])
    assert (found.mean, found.range) == (pytest.approx(0.8), (0.7, 0.9))
    assert found.half_width == pytest.approx(4.303 * 0.1 / math.sqrt(3))


def test_one_model_says_nothing_about_the_spread() -> None:
    assert math.isnan(Spread.of([0.8]).half_width)
    assert Spread.of([0.8]).as_dict() == {"mean": 0.8, "min": 0.8, "max": 0.8, "t95": [None, None]}
    assert Spread.of([math.nan]).as_dict()["mean"] is None


def test_more_models_that_differ_alike_narrow_the_interval() -> None:
    widths = [Spread.of([0.4, 0.6] * n).half_width for n in range(1, 40)]
    assert widths == sorted(widths, reverse=True)
    assert list(T_95) == sorted(T_95, reverse=True) and T_95[-1] > Z_95
