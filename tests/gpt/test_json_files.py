"""JSON files of models: a key given twice is refused, where Python would keep the last value."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpt.errors import CheckpointError, TokenizerError
from gpt.files import parse_json
from gpt.tokenization.tokenizer import Tokenizer
from gpt.weights.checkpoint import load_model


def test_json_reads_as_it_stands() -> None:
    assert parse_json('{"a": {"b": [1, null]}, "c": "x"}') == {"a": {"b": [1, None]}, "c": "x"}


@pytest.mark.parametrize("text", ['{"a": 1, "a": 1}', '[{"b": {"a": 1, "c": 2, "\\u0061": 3}}]'])
def test_a_key_given_twice_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="the key 'a' is given twice"):
        parse_json(text)


def test_a_model_and_a_tokenizer_that_say_something_twice_are_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"format": "x", "format": "y"}')
    (tmp_path / "tokenizer.json").write_text('{"format": "x", "format": "y"}')
    with pytest.raises(TokenizerError, match="'format' is given twice"):
        Tokenizer.load(tmp_path / "tokenizer.json")
    with pytest.raises(CheckpointError, match="'format' is given twice"):
        load_model(tmp_path)
