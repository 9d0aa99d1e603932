"""The speed ladder: every rung trains the same model on the same documents."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gpt import speed
from gpt.benchmarks import training_ladder
from gpt.benchmarks.nanogpt_baseline import PlainStep
from gpt.benchmarks.nanogpt_comparison import OURS, PLAIN, interleaved_steps, label, vocabularies
from gpt.benchmarks.training_data import Group, draw_groups
from gpt.benchmarks.training_ladder import (
    DOMAIN_VOCABULARY,
    GPT2_VOCABULARY,
    PADDED_VOCABULARY,
    PRESETS,
    Preset,
    Rung,
    Step,
    preset_for,
    reference_rung,
    rungs,
)

CPU = torch.device("cpu")
SMALL = Preset(n_layer=1, n_head=2, n_embd=32, block_size=256, rows=2, micro_rows=1, branched=True)
# The comparison does not depend on the vocabulary size: use a twentieth, one padded to a round number and one not.
SMALLER = {GPT2_VOCABULARY: 2_257, PADDED_VOCABULARY: 2_304, DOMAIN_VOCABULARY: DOMAIN_VOCABULARY}


@pytest.fixture(scope="module")
def group() -> Group:
    (only_group,) = draw_groups(1, 1024, 256, True, 500, 0)
    return only_group


def test_every_document_layout_trains_on_the_same_targets(group: Group) -> None:
    layouts = [group.padded(7, 256), group.packed(3, shared=False), group.packed(3, shared=True)]
    targets = [sorted(t for b in batches for t in b.targets[b.targets >= 0].tolist()) for batches in layouts]
    assert targets[0] == targets[1] == targets[2]
    assert [sum(b.n_targets for b in batches) for batches in layouts] == [len(targets[0])] * 3


def test_sharing_prefixes_reads_fewer_tokens_than_packing(group: Group) -> None:
    shared, packed = (sum(b.n_tokens for b in group.packed(3, shared=s)) for s in (True, False))
    assert shared < 0.7 * packed


def test_shapes_do_not_change_from_batch_to_batch() -> None:
    groups = draw_groups(2, 1024, 256, True, 500, 0)
    assert len({b.idx.shape for g in groups for b in g.padded(7, 256)}) == 1
    assert len({b.idx.shape for g in groups for b in g.packed(3, shared=True)}) == 1


@pytest.mark.parametrize("rung", [r for r in rungs("cpu", True) if not r.compile][1:] + [
    replace(r, compile=False) for r in rungs("cpu", True) if r.compile
], ids=lambda r: r.name)  # fmt: skip
def test_every_rung_computes_the_losses_of_the_slowest_one(
    rung: Rung, references: dict[int, list[float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_ladder, "PADDED_VOCABULARY", SMALLER[PADDED_VOCABULARY])
    rung = replace(rung, vocabulary=SMALLER[rung.vocabulary])
    if rung.vocabulary not in references:
        references[rung.vocabulary] = losses_of(reference_rung(rung))
    (mine_first, *mine), (first, *reference) = losses_of(rung), references[rung.vocabulary]
    assert mine_first == pytest.approx(first, rel=2e-3)
    assert mine == pytest.approx(reference, rel=speed.TOLERANCE)


def losses_of(rung: Rung) -> list[float]:
    """Return the loss before the first step and the losses of three steps."""
    step = Step(rung, SMALL, CPU)
    return [step.first_loss(), *(step()[1] for _ in range(3))]


@pytest.fixture(scope="module")
def references() -> dict[int, list[float]]:
    """Losses of the slowest rung by vocabulary size, each computed once."""
    return {}


def test_the_losses_fall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_ladder, "PADDED_VOCABULARY", SMALLER[PADDED_VOCABULARY])
    step = Step(replace(rungs("cpu", True)[0], vocabulary=SMALLER[PADDED_VOCABULARY]), SMALL, CPU)
    losses = [step()[1] for _ in range(7)]  # two groups alternate: the first and the last loss are of the same group
    assert losses[-1] < losses[0] - 0.02


def test_a_larger_vocabulary_only_adds_unused_rows() -> None:
    step = Step(reference_rung(Rung(name="x", vocabulary=2_048)), SMALL, CPU)
    wide = Step(Rung(name="x"), SMALL, CPU)
    assert torch.equal(step.model.wte.weight, wide.model.wte.weight[:2_048])


def test_sharing_prefixes_reduces_the_operations_of_a_step() -> None:
    flops = {r.rows: Step(replace(r, compile=False), SMALL, CPU).flops for r in rungs("cpu", True)[:-1]}
    assert flops["padded"] == pytest.approx(flops["packed"])
    assert flops["shared"] < flops["packed"]


def test_operations_are_six_per_weight_and_token_plus_attention() -> None:
    plain = replace(SMALL, branched=False)
    step = Step(rungs("cpu", False)[0], plain, CPU)
    weights = sum(p.numel() for b in step.model.blocks for p in b.parameters()) + step.model.wte.weight.numel()
    tokens = sum(b.n_tokens for group in step.batches for b in group) / len(step.batches)
    assert 6 * weights * tokens < step.flops < 1.1 * 6 * weights * tokens


def test_a_wrong_loss_is_an_error_that_names_the_rung() -> None:
    good = speed.Result(name="first", losses=[5.0, 4.0], first_loss=5.0)
    speed._check([good, speed.Result(name="fast", losses=[5.01, 4.01], first_loss=5.0)])
    with pytest.raises(speed.LossDiffersError, match=r"'wrong': loss 3.0000 at step 1; it should be 4.0000"):
        speed._check([good, speed.Result(name="wrong", losses=[5.0, 3.0], first_loss=5.0)])


def test_a_loss_that_is_not_a_number_is_an_error() -> None:
    good = speed.Result(name="first", losses=[5.0], first_loss=5.0)
    with pytest.raises(speed.LossDiffersError):
        speed._check([good, speed.Result(name="nan", losses=[float("nan")], first_loss=5.0)])


def test_the_plain_gpt_learns_too() -> None:
    step = PlainStep(replace(SMALL, rows=2), CPU, vocabulary=SMALLER[PADDED_VOCABULARY], compiled=False)
    before = step.first_loss()
    for _ in range(6):
        step()
    step.at = 0  # the same rows
    assert step.first_loss() < before - 0.01


def test_the_plain_gpt_and_the_last_rung_alternate_at_both_vocabularies() -> None:
    steps = interleaved_steps(SMALL, CPU, compiled=False)
    sizes = {name: step.model.wte.weight.shape[0] for name, step in steps.items()}
    assert sizes == {label(who, size): size for size in vocabularies(True) for who in (PLAIN, OURS)}
    assert all(step()[1] > 0 and step.n_tokens > 0 for step in steps.values())


def test_plain_text_has_no_vocabulary_of_its_own() -> None:
    assert len(interleaved_steps(replace(SMALL, branched=False), CPU, compiled=False)) == 2


def test_a_gpu_gets_larger_steps() -> None:
    for name, preset in PRESETS.items():
        assert preset_for(name, "cpu") == preset
        assert preset_for(name, "cuda").rows > preset.rows


@pytest.mark.parametrize("arguments", [["--preset", "huge"], ["--threads", "0"], ["--device", "cuda"]])
def test_an_impossible_measurement_is_an_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    if arguments[-1] == "cuda" and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    assert speed.main(arguments) == 2
    assert capsys.readouterr().err.startswith("python -m gpt.speed: ")


@pytest.mark.slow
def test_the_command_measures_each_rung_in_its_own_process(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--preset", "tiny", "--repeats", "1", "--only", "bf16", "--json", "--out", str(tmp_path)]
    assert speed.main(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert [row["rung"] for row in report["rungs"]][1:] == ["bf16 autocast"]
    assert report["rungs"][0]["factor"] == 1.0
    assert all(row["mfu"] > 0 for row in report["rungs"])  # below 1 where nothing slowed the peak that it is a part of
    assert json.loads((tmp_path / "speed.json").read_text())["preset"] == "tiny"


@pytest.mark.slow
def test_the_command_measures_the_plain_gpt_beside_the_last_rung(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--preset", "tiny", "--repeats", "2", "--only", "fp32", "--json", "--against", "nanogpt"]
    assert speed.main(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert len(report["rungs"]) == 1 and len(report["against"]) == 4 and len(report["ratios"]) == 2
    # That the ratios are above 1 is what the command measures, on a machine that does nothing else.
    assert all(len(row["seconds"]) == 2 for row in report["against"]) and min(report["ratios"]) > 0
