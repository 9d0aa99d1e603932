"""Recipes with stages: what is read, what is trained, and what is skipped, resumed or refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml

from gpt.data.batches import Batch, PackedBatches
from gpt.weights.checkpoint import load_model, weights_of
from planner.corpus import builder
from planner.corpus.builder import seconds_to_build
from planner.corpus.recipe_file import read_recipe
from planner.corpus.stages import Overrides, read_stages
from planner.errors import RecipeError
from planner.io.paths import released_dir
from planner.train import main
from tests.planner.json_answers import checked

Write = Callable[[list[dict[str, object]]], str]

TINY: dict[str, dict[str, object]] = {
    "corpus": {"trees": 12, "tasks_per_home": 2, "plans": 0.0, "human": 0.0},
    "model": {"n_layer": 1, "n_head": 1, "n_embd": 16, "block_size": 512},
    "train": {
        "steps": 6, "batch_rows": 2, "warmup_steps": 1, "precision": "fp32", "device": "cpu", "threads": 1,
        "checkpoint_every": 2, "eval_batches": 1,
    },
}  # fmt: skip
TWO_STAGES: list[dict[str, object]] = [
    {},
    {"name": "second", "seeds": [3, 4], "mean": True, "corpus_seed": 7, "set": {"train.lr": 1e-3}},
]


@pytest.fixture(autouse=True)
def small_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "VALIDATION_TREES", 4)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a recipe of stages that all have the tiny recipe `first`."""
    (tmp_path / "first.yaml").write_text(yaml.safe_dump(TINY))

    def written(stages: list[dict[str, object]]) -> str:
        named = [{"recipe": str(tmp_path / "first.yaml")} | stage for stage in stages]
        (tmp_path / "staged.yaml").write_text(yaml.safe_dump({"stages": named}))
        return str(tmp_path / "staged.yaml")

    return written


def command(recipe: str, out: Path, *flags: str) -> int:
    tokenizer = str(released_dir() / "tokenizer.json")
    return main(["--recipe", recipe, "--out", str(out), "--workers", "1", "--tokenizer", tokenizer, *flags])


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return weights_of(load_model(folder)[0])


def same(one: Path, other: Path) -> bool:
    others = weights(other)
    return all(torch.equal(tensor, others[name]) for name, tensor in weights(one).items())


def test_the_stages_of_the_released_weights_can_be_read_and_follow_each_other() -> None:
    stages = read_stages("released")
    names = [stage.name for stage in stages]
    assert [stage.start for stage in stages] == [None, *names[:-1]]
    assert names[-1] == "people" and stages[-1].settings == read_recipe("people")
    long = next(stage for stage in stages if stage.name == "repaired")
    assert (long.settings.corpus.trees, long.settings.train.steps, long.corpus_seed) == (300000, 3898, 20)
    assert long.tokens == 3 * 3898 * 64 * 512


def test_a_recipe_of_its_own_has_no_stages() -> None:
    assert read_stages("home") == ()


def test_flags_replace_what_a_stage_sets_and_seeds_move_together(write: Write) -> None:
    overrides: Overrides = {"train": {"lr": 5e-4}, "corpus": {"trees": 9}}
    first, second = read_stages(write(TWO_STAGES), overrides, seed=100)
    assert (first.settings.train.lr, second.settings.train.lr, second.settings.corpus.trees) == (5e-4, 5e-4, 9)
    assert (first.seeds, second.seeds, second.corpus_seed) == ((100,), (103, 104), 107)


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ([{"recipee": "home"}], "stage 1: unknown key 'recipee'; did you mean 'recipe'"),
        ([{"recipe": "hom"}], "no such recipe"),
        ([{"recipe": 3}], "stage 1: recipe is 3; it must name a recipe"),
        ([{}, {}], "stage 2: there is a stage 'first' already; give it another name"),
        ([{"name": "a/b"}], "stage 1: name is 'a/b'; it must be the name of a folder"),
        ([{"name": "model"}], "stage 1: name is 'model'"),
        ([{"start": "later"}, {"name": "later"}], "stage 1: start is 'later', no stage before it; before it: none"),
        ([{}, {"name": "b", "start": "frist"}], "start is 'frist', no stage before it; did you mean 'first'"),
        ([{"seeds": []}], r"stage 1: seeds is \[\]; it must be a list of different numbers"),
        ([{"seeds": [1, 1]}], r"seeds is \[1, 1\]"),
        ([{"seeds": [True]}], r"seeds is \[True\]"),
        ([{"seeds": 3}], "seeds is 3"),
        ([{"mean": True}], r"mean is True; it must be true \(for several seeds\) or false"),
        ([{"corpus_seed": "x"}], "corpus_seed is 'x', not a number such as 20"),
        ([{"set": {"train.step": 3}}], "unknown key 'step'; did you mean 'steps'"),
        ([{"set": {"steps": 3}}], "set has 'steps'; expected PART.KEY, for example train.steps"),
        ([{"set": {"trian.steps": 3}}], "set: unknown key 'trian'; did you mean 'train'"),
        ([{"set": ["train.steps=3"]}], "it must be a mapping such as {train.steps: 500}"),
        ([{}, {"name": "b", "set": {"model.n_layer": 2}}], "stage 2: .* model.n_layer = 2, but its start, stage first"),
    ],
)
def test_a_wrong_stage_is_named(write: Write, stages: list[dict[str, object]], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        read_stages(write(stages))


@pytest.mark.parametrize("content", ["stages: []", "stages: {a: 1}", "stages:", "stages: [home]"])
def test_stages_that_are_no_list_of_stages_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "r.yaml").write_text(content)
    with pytest.raises(RecipeError, match="stage"):
        read_stages(str(tmp_path / "r.yaml"))


def test_a_stage_cannot_have_stages_itself(write: Write, tmp_path: Path) -> None:
    inner = shutil.copyfile(write([{}]), tmp_path / "inner.yaml")
    with pytest.raises(RecipeError, match="a recipe with stages; here, one with corpus, model and train is needed"):
        read_stages(write([{"recipe": str(inner)}]))


def test_two_stages_are_trained_with_one_command(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert command(write(TWO_STAGES), run, "--json") == 0
    answer = checked("planner.train", capsys.readouterr().out)
    assert answer["stages"] == [json.loads(line) for line in (run / "stages.jsonl").read_text().splitlines()]
    assert [(each["stage"], each["start"]) for each in answer["stages"]] == [("first", None), ("second", "first")]
    first, second = answer["stages"]
    assert 0 < first["tokens"] <= 6 * 2 * 512 and first["tokens"] < second["tokens"] <= 2 * 6 * 2 * 512
    assert first["seconds"] > 0 and first["machine"] and first["threads"] == first["processes"] == 1
    assert len(second["val_loss"]) == 2 and second["corpus_seconds"] == seconds_to_build(run / "second/corpus")
    one, other = weights(run / "second/seed-3/model"), weights(run / "second/seed-4/model")
    for name, mean in weights(run / "second/model").items():
        assert torch.equal(mean, ((one[name].double() + other[name].double()) / 2).float().bfloat16().float())
    assert not same(run / "second/seed-3/model", run / "second/seed-4/model")
    assert same(run / "model", run / "second/model") and not same(run / "model", run / "first/model")
    assert (run / "second/corpus").is_dir() and not (run / "second/seed-3/corpus").exists()  # both read one corpus


def test_without_the_mean_the_first_seed_is_the_result(write: Write, tmp_path: Path) -> None:
    assert command(write([{"seeds": [5, 6]}]), tmp_path / "run") == 0
    assert same(tmp_path / "run/model", tmp_path / "run/first/seed-5/model")
    assert (tmp_path / "run/first/seed-6/corpus").is_dir()  # each seed has a corpus of its own


@pytest.mark.parametrize("last_batch", [10, 17])
def test_a_run_that_was_killed_in_its_second_stage_goes_on_to_the_same_weights(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last_batch: int
) -> None:
    recipe, whole, killed = write(TWO_STAGES), tmp_path / "whole", tmp_path / "killed"
    assert command(recipe, whole) == 0
    batches, read = [], PackedBatches.batch

    def batch(self: PackedBatches, step: int) -> Batch:
        batches.append(step)
        if len(batches) > last_batch:
            raise RuntimeError("killed")
        return read(self, step)

    with monkeypatch.context() as patched:
        patched.setattr(PackedBatches, "batch", batch)
        with pytest.raises(RuntimeError, match="killed"):
            command(recipe, killed)
    finished = (killed / "first/model/model.safetensors").stat().st_mtime_ns
    assert (killed / "second").is_dir() and not (killed / "second/model").exists()
    assert command(recipe, killed) == 2  # without --resume nothing is touched
    assert command(recipe, killed, "--resume") == 0
    for folder in ("second/seed-3", "second/seed-4", "second", ""):
        assert same(whole / folder / "model", killed / folder / "model")
    assert (killed / "first/model/model.safetensors").stat().st_mtime_ns == finished
    tokens = [
        [json.loads(line)["tokens"] for line in (run / "stages.jsonl").read_text().splitlines()]
        for run in (whole, killed)
    ]
    assert tokens[0] == tokens[1]


def test_stages_can_be_trained_one_at_a_time(write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe, run = write(TWO_STAGES), tmp_path / "run"
    assert command(recipe, run, "--only", "second") == 2
    assert "stage second starts from stage first, which is not finished" in capsys.readouterr().err
    assert command(recipe, run, "--only", "scond") == 2
    assert "no such stage; did you mean 'second'?; there are: first, second" in capsys.readouterr().err
    assert command(recipe, run, "--only", "first") == 0
    assert not (run / "model").exists() and not (run / "second").exists()
    assert command(recipe, run, "--only", "second", "--resume") == 0
    assert same(run / "model", run / "second/model")


def test_a_changed_stage_is_not_resumed(write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe, run = write(TWO_STAGES), tmp_path / "run"
    assert command(recipe, run) == 0
    assert command(recipe, run, "--resume", "--set", "train.eval_every=3", "--set", "train.checkpoint_every=5") == 0
    capsys.readouterr()
    for flags, message in (
        (["--set", "train.lr=1e-4"], "stage first: train.lr is 0.0001, but was 0.002 when"),
        (["--seed", "1"], "stage first: seeds is [1], but was [0] when"),
        (["--set", "corpus.trees=13"], "stage first: corpus.trees is 13, but was 12 when"),
        (["--writer", str(run / "model")], "stage first: --writer model is "),
    ):
        assert command(recipe, run, "--resume", *flags) == 2
        assert message in capsys.readouterr().err
    other = [TWO_STAGES[0], TWO_STAGES[1] | {"mean": False}]
    assert command(write(other), run, "--resume") == 2
    assert "stage second: mean is False, but was True when" in capsys.readouterr().err
    shutil.rmtree(run / "first")
    (tmp_path / "first.yaml").write_text(yaml.safe_dump(TINY | {"train": TINY["train"] | {"lr": 4e-3}}))
    assert command(write(TWO_STAGES), run, "--resume") == 2  # the first stage is trained anew, the second is of the old
    assert "stage second: the weights of its start is" in capsys.readouterr().err


def test_human_written_lines_that_a_stage_reads_must_be_named(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = write([{}, {"name": "second", "set": {"corpus.human": 0.5}}])
    assert command(recipe, tmp_path / "run") == 2
    assert "human-written lines are missing, for stage second: name a file with --corpus" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
    assert command(recipe, tmp_path / "run", "--only", "first") == 0
    assert command(recipe, tmp_path / "run", "--resume", "--set", "corpus.human=0") == 0


def test_a_dry_run_tells_the_tokens_and_writes_nothing(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = write(TWO_STAGES)
    assert command(recipe, tmp_path / "run", "--dry-run") == 0
    out = capsys.readouterr().out
    assert "first: from scratch, seed 0, 6 steps, 6,144 tokens\n" in out
    assert "second: from first, seed 3, 4 (mean), 6 steps, 12,288 tokens\n" in out
    assert "together: 18,432 tokens" in out
    assert not (tmp_path / "run").exists()
    assert command(recipe, tmp_path / "run", "--dry-run", "--json") == 0
    answer = checked("planner.train", capsys.readouterr().out)
    assert [each["finished"] for each in answer["stages"]] == [False, False] and answer["model"] is None


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--start", "m"], "--start: the stages of recipe"),
        (["--corpus-seed", "0"], "--corpus-seed: the stages of recipe"),
        (["--corpus-only"], "--corpus-only: the stages of recipe"),
    ],
)
def test_flags_that_the_stages_settle_are_refused(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str], message: str
) -> None:
    assert command(write([{}]), tmp_path / "run", *flags) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("flags", [["--only", "home"], ["--dry-run"]])
def test_flags_of_stages_need_stages(tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str]) -> None:
    assert command("home", tmp_path / "run", *flags) == 2
    assert f"{flags[0]}: recipe home has no stages" in capsys.readouterr().err


def test_a_folder_that_holds_something_else_is_left_alone(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run/first/model").mkdir(parents=True)
    assert command(write([{}]), tmp_path / "run") == 2
    assert "holds something else than this stage" in capsys.readouterr().err
