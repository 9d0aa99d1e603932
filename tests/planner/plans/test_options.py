"""Options of planning: a value of another type or range is refused in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from planner.errors import OptionsError
from planner.plans.options import Options


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"temperature": "hot"}, "temperature must be a number, found 'hot'"),
        ({"temperature": True}, "temperature must be a number, found True"),
        ({"temperature": None}, "temperature must be a number, found None"),
        ({"temperature": float("nan")}, "temperature must be in"),
        ({"samples": 1.5}, "samples must be a whole number, found 1.5"),
        ({"samples": None}, "samples must be a whole number, found None"),
        ({"top_k": 2.0}, "top_k must be a whole number, found 2.0"),
        ({"top_k": 0}, "top_k must be at least 1"),
        ({"top_p": "1"}, "top_p must be a number, found '1'"),
        ({"seed": "7"}, "seed must be a whole number, found '7'"),
        ({"error_rate": "5 %"}, "error_rate must be a number, found '5 %'"),
        ({"conditions": [1]}, r"conditions must be a whole number, found \[1\]"),
    ],
)
def test_a_wrong_value_is_named(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionsError, match=says):
        Options(**wrong)


def test_numbers_of_numpy_are_numbers() -> None:
    assert Options(temperature=np.float32(0.5), samples=np.int64(2), top_k=np.int32(3)).samples == 2  # type: ignore[arg-type]
