"""Recipe files and `--set`: numbers as people write them, and errors that name the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.corpus.recipe_file import read_recipe
from planner.errors import RecipeError
from planner.train import _overrides


@pytest.mark.parametrize("text", ["1e-3", "1E-3", ".001", "0.001", "+1e-3", "1.0e-3"])
def test_a_learning_rate_may_be_written_in_any_way(text: str) -> None:
    assert read_recipe("small", _overrides([f"train.lr={text}"])).train.lr == 0.001


@pytest.mark.parametrize("text", ["2e3", "2000", "2_000", "2000.0", "02000"])
def test_a_whole_number_may_be_written_in_any_way(text: str) -> None:
    steps = read_recipe("small", _overrides([f"train.steps={text}", "train.warmup_steps=1e1"])).train.steps
    assert (steps, type(steps)) == (2000, int)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("train.lr=fast", "train.lr is the text 'fast', not a number such as 1e-3"),
        ("train.steps=many", "train.steps is the text 'many', not a number such as 500"),
        ("train.steps=2.5", "train.steps is 2.5; it must be a whole number"),
        ("train.steps=yes", "train.steps is True, not a number"),
        ("train.lr=[1]", r"train.lr is \[1\], not a number"),
        ("train.lr=.nan", "lr is nan; it must be between 0 and 1"),
        ("model.n_layer=1.5", "model.n_layer is 1.5; it must be a whole number"),
        ("corpus.trees=1:30", "corpus.trees is the text '1:30', not a number"),
    ],
)
def test_a_value_that_is_no_number_is_named(setting: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        read_recipe("small", _overrides([setting]))


def test_a_key_given_twice_in_a_recipe_is_refused_with_both_lines(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("train:\n  lr: 1e-3\n  steps: 10\n  lr: 2e-3\n")
    with pytest.raises(RecipeError, match=r"r.yaml: line 4: the key 'lr' is given twice; first in line 2"):
        read_recipe(str(path))
