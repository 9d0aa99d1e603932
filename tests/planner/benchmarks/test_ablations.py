"""Ablations: conditions that differ in one thing, trained alike."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from gpt.model.config import GPTConfig
from planner.benchmarks import ablations
from planner.benchmarks.ablations import CONDITIONS, TOKENS_PER_STEP, Condition, steps_for
from planner.corpus import builder
from planner.corpus.recipe_file import read_recipe

ALL = [c for conditions in CONDITIONS.values() for c in conditions]


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    """A recipe of a second: a handful of homes and three steps."""
    path = tmp_path / "tiny.yaml"
    corpus = {"trees": 30, "plans": 0.0, "proposals": 0.0, "human": 0.0, "vocab_size": 512}
    model = {"n_layer": 1, "n_head": 2, "n_embd": 32}
    train = {"steps": 4, "warmup_steps": 1, "eval_every": 2, "eval_batches": 1, "checkpoint_every": 0, "threads": 1}
    path.write_text(yaml.safe_dump({"corpus": corpus, "model": model, "train": train}))
    return str(path)


@pytest.mark.parametrize("condition", ALL, ids=lambda c: c.name)
def test_every_condition_is_a_model_that_can_be_built(condition: Condition) -> None:
    shape = {**read_recipe("small").model, **condition.model, "block_size": condition.context}
    assert GPTConfig(vocab_size=1024, **shape).block_size == condition.context
    assert TOKENS_PER_STEP % condition.context == 0


def test_a_longer_context_gets_fewer_steps_for_the_same_operations() -> None:
    steps = [steps_for(c, read_recipe("small")) for c in CONDITIONS["context"]]
    assert steps == sorted(steps, reverse=True)
    assert steps_for(Condition(name="as the recipe"), read_recipe("small")) == read_recipe("small").train.steps


def test_conditions_are_trained_once_and_compared(
    recipe: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builder, "VOCABULARY_SHARDS", 1)  # 500 homes' words: they are not compared
    monkeypatch.setattr(builder, "VALIDATION_TREES", 60)
    monkeypatch.setattr(ablations, "TOKENS_PER_STEP", 1024)
    flags = ["--recipe", recipe, "--seeds", "1", "--limit", "0", "--out", str(tmp_path / "out"), "--json"]
    assert ablations.main(["heads", *flags]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [run["condition"] for run in found["runs"]] == [c.name for c in CONDITIONS["heads"]]
    for run in found["runs"]:
        assert [tokens for tokens, _, _ in run["curve"]] == [2 * 1024, 4 * 1024]
        assert run["curve"][0][2] > 0
        assert min(loss for _, loss, _ in run["curve"]) <= found["target_loss"]
    marked = tmp_path / "out" / "as they come-0" / "result.json"
    kept = json.loads(marked.read_text())
    marked.write_text(json.dumps({**kept, "steps": 12345}))  # a second call reads it instead of training again
    assert ablations.main(["heads", *flags]) == 0
    assert json.loads((tmp_path / "out" / "results.json").read_text())["runs"][0]["steps"] == 12345
