"""JSON that others wrote: what is said twice, or cannot be said, is an error."""

from __future__ import annotations

import json
import math

import pytest

from envs.files.strict_json import JsonError, parse_json


@pytest.mark.parametrize("content", [{}, [], None, 1, "x", {"a": {"b": [1, 2.5, "ü", None, True]}}, {"a": 1, "A": 2}])
def test_json_reads_back(content: object) -> None:
    assert parse_json(json.dumps(content)) == parse_json(json.dumps(content, ensure_ascii=False, indent=2)) == content


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"a": 1, "a": 1}', "the key 'a' is given twice"),
        ('[{"b": {"a": 1, "\\u0061": 2}}]', "the key 'a' is given twice"),
        ("", "it is empty"),
        ("{'a': 1}", "double quotes at column 2"),
        ('{"a": 1,\n"b": }', "Expecting value at line 2, column 6"),
        ("[1] [2]", "Extra data at column 5"),
        ("[NaN]", "NaN is not a number of JSON"),
        ("-Infinity", "-Infinity is not a number of JSON"),
        ('"\\ud800"', "unpaired surrogate"),
        ("9" * 5000, "too many digits"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_wrong_is_said(text: str, says: str) -> None:
    with pytest.raises(JsonError, match=says):
        parse_json(text)


def test_a_file_of_our_own_may_hold_numbers_that_are_none() -> None:
    assert math.isnan(parse_json("NaN", allow_nan=True))  # type: ignore[arg-type]
