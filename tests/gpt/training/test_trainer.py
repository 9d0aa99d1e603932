from __future__ import annotations

import errno
import json
import os
import resource
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError

from gpt.data.batches import Batch, PackedBatches
from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.errors import CheckpointError, ConfigError, ContextError, DivergedError
from gpt.model.transformer import GPT
from gpt.training.distributed import resolve_device
from gpt.training.head_diversity import head_penalty
from gpt.training.trainer import FREE_SETTINGS, Metrics, TrainConfig, evaluate, train
from gpt.training.training_state import TrainingState

Make = Callable[..., GPT]
CONFIG = TrainConfig(
    steps=24, batch_rows=4, lr=3e-3, warmup_steps=4, precision="fp32", eval_every=10, eval_batches=2,
    checkpoint_every=8, device="cpu",
)  # fmt: skip
SETTINGS = {name: value for name, value in CONFIG.as_dict.items() if name not in FREE_SETTINGS}


def weights(model: GPT) -> list[torch.Tensor]:
    return [p.detach().clone() for p in model.parameters()]


def same(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def lines(folder: Path) -> list[Metrics]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


class OneBatch:
    """The same batch at every step."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    def batch(self, step: int) -> Batch:
        return self._batch


class DivergingBatches:
    """Batches that set the model's weights to NaN at step `at`."""

    def __init__(self, batches: PackedBatches, model: GPT, at: int) -> None:
        self.batches, self.model, self.at = batches, model, at

    def batch(self, step: int) -> Batch:
        if step == self.at:
            torch.nn.init.constant_(self.model.wte.weight, float("nan"))
        return self.batches.batch(step)


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_one_batch_is_memorized(
    make_model: Make, batches: PackedBatches, tmp_path: Path, optimizer: str, precision: str
) -> None:
    model = make_model(fresh=True)
    settings = {"optimizer": optimizer, "precision": precision, "steps": 150, "lr": 1e-2}
    config = replace(CONFIG, **settings)  # type: ignore[arg-type]
    result = train(model, OneBatch(batches.batch(0)), None, config, tmp_path)
    # The remaining loss is on the second token of a document, which the first does not determine.
    assert lines(tmp_path)[0]["loss"] > 3  # type: ignore[operator]
    assert result.loss < 0.5
    assert result.val_loss is None


@pytest.mark.parametrize("settings", [{}, {"grad_accum": 2, "optimizer": "adamw", "schedule": "cosine"}])
def test_two_runs_with_the_same_seed_are_equal_bit_for_bit(
    make_model: Make, batches: PackedBatches, tmp_path: Path, settings: dict[str, object]
) -> None:
    config = replace(CONFIG, **settings)  # type: ignore[arg-type]
    trained = []
    for name in ("a", "b"):
        model = make_model(fresh=True, dropout=0.1)
        train(model, batches, batches, config, tmp_path / name)
        trained.append(weights(model))
    assert same(*trained)
    other = make_model(fresh=True, dropout=0.1)
    train(other, batches, batches, replace(config, seed=1), tmp_path / "c")
    assert not same(trained[0], weights(other))  # the seed controls dropout


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_killed_and_resumed_run_equals_an_uninterrupted_one(
    make_model: Make, batches: PackedBatches, tmp_path: Path, optimizer: str, number: signal.Signals
) -> None:
    config = replace(CONFIG, optimizer=optimizer)  # type: ignore[arg-type]
    whole = make_model(fresh=True, dropout=0.1)
    uninterrupted = train(whole, batches, batches, config, tmp_path / "whole")

    def kill(metrics: Metrics) -> None:
        if metrics["step"] == 10:
            os.kill(os.getpid(), number)

    killed = make_model(fresh=True, dropout=0.1)
    with pytest.raises(KeyboardInterrupt if number == signal.SIGINT else SystemExit):
        train(killed, batches, batches, config, tmp_path / "killed", on_metrics=kill)
    resumed = make_model(fresh=True, dropout=0.1, seed=9)
    result = train(resumed, batches, batches, config, tmp_path / "killed", resume=True)
    assert (result.step, result.tokens, result.loss) == (24, uninterrupted.tokens, uninterrupted.loss)
    assert same(weights(whole), weights(resumed))
    assert [line["step"] for line in lines(tmp_path / "killed")] == [10, 20, 24]
    for one, other in zip(lines(tmp_path / "whole")[1:], lines(tmp_path / "killed")[1:], strict=True):
        assert one["val_loss"] == other["val_loss"]


def test_a_crashed_run_resumes_from_its_last_checkpoint(
    make_model: Make, batches: PackedBatches, tmp_path: Path
) -> None:
    whole, died, resumed = (make_model(fresh=True) for _ in range(3))
    train(whole, batches, None, CONFIG, tmp_path / "whole")

    def die(metrics: Metrics) -> None:
        if metrics["step"] == 20:
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        train(died, batches, None, CONFIG, tmp_path / "died", on_metrics=die)
    with open(tmp_path / "died" / "metrics.jsonl", "a") as file:
        file.write('{"step": 2')  # half a line
    train(resumed, batches, None, CONFIG, tmp_path / "died", resume=True)
    assert same(weights(whole), weights(resumed))
    assert [line["step"] for line in lines(tmp_path / "died")] == [10, 20, 24]


def test_a_run_that_is_resumed_after_its_last_step_knows_its_figures(
    make_model: Make, batches: PackedBatches, tmp_path: Path
) -> None:
    first = train(make_model(fresh=True), batches, batches, CONFIG, tmp_path)
    again = train(make_model(fresh=True), batches, batches, CONFIG, tmp_path, resume=True)
    assert (again.loss, again.val_loss, again.tokens) == (first.loss, first.val_loss, first.tokens)
    assert again.seconds >= TrainingState.read(first.checkpoint, SETTINGS).progress.seconds > 0


@pytest.mark.parametrize("at", [0, 13])
def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_last_good_checkpoint(
    make_model: Make, batches: PackedBatches, tmp_path: Path, at: int
) -> None:
    model = make_model(fresh=True)
    checkpoint_message = "last good checkpoint is" if at else "there is no checkpoint yet"
    with pytest.raises(DivergedError, match=f"step {at}, batch {at}: the loss is nan; .*{checkpoint_message}"):
        train(model, DivergingBatches(batches, model, at), None, CONFIG, tmp_path)
    if at:
        resumed = make_model(fresh=True)
        assert train(resumed, batches, None, CONFIG, tmp_path, resume=True).step == 24
        assert all(bool(p.isfinite().all()) for p in resumed.parameters())


class BatchesWithRareToken:
    """Batches of which one has a token that the others do not have."""

    def __init__(self, batches: PackedBatches, at: int, token: int) -> None:
        self.batches, self.at, self.token = batches, at, token

    def batch(self, step: int) -> Batch:
        batch = self.batches.batch(step)
        return replace(batch, idx=torch.full_like(batch.idx, self.token)) if step == self.at else batch


def test_the_batch_that_broke_a_step_of_many_is_named(make_model: Make, batches: PackedBatches, tmp_path: Path) -> None:
    model = make_model(fresh=True, tie_weights=False)
    torch.nn.init.constant_(model.wte.weight[300], float("nan"))
    with pytest.raises(DivergedError, match="step 3, batch 7: the loss is nan"):
        train(model, BatchesWithRareToken(batches, 7, 300), None, replace(CONFIG, grad_accum=2), tmp_path)


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left on device"), SafetensorError("I/O error: No space left on device")],
)
def test_a_full_disk_ends_the_run_in_one_line_and_keeps_the_previous_checkpoint(
    make_model: Make, batches: PackedBatches, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    whole, stopped, resumed = (make_model(fresh=True) for _ in range(3))
    train(whole, batches, None, CONFIG, tmp_path / "whole")

    def fill(metrics: Metrics) -> None:
        if metrics["step"] == 10:
            monkeypatch.setattr("gpt.weights.checkpoint.save_file", write_half)

    def write_half(tensors: object, path: Path, metadata: object) -> None:
        Path(path).write_bytes(b"half")
        raise error

    folder = tmp_path / "run"
    with pytest.raises(
        CheckpointError, match=r"checkpoint\.safetensors: cannot be written \(.*No space left"
    ) as caught:
        train(stopped, batches, None, CONFIG, folder, on_metrics=fill)
    assert "\n" not in str(caught.value)
    assert sorted(path.name for path in folder.iterdir()) == ["checkpoint.safetensors", "metrics.jsonl"]
    monkeypatch.undo()
    assert TrainingState.read(folder / "checkpoint.safetensors", SETTINGS).step == 8
    train(resumed, batches, None, CONFIG, folder, resume=True)
    assert same(weights(whole), weights(resumed))


def test_a_truncated_write_keeps_the_previous_checkpoint(
    make_model: Make, batches: PackedBatches, tmp_path: Path
) -> None:
    path = tmp_path / "checkpoint.safetensors"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(metrics: Metrics) -> None:
        if metrics["step"] == 10:
            resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size // 2, before[1]))

    try:
        with pytest.raises(CheckpointError, match=r"checkpoint\.safetensors: cannot be written \(.*too large"):
            train(make_model(fresh=True), batches, None, CONFIG, tmp_path, on_metrics=limit)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert TrainingState.read(path, SETTINGS).step == 8
    assert sorted(file.name for file in tmp_path.iterdir()) == ["checkpoint.safetensors", "metrics.jsonl"]


def test_unwritable_metrics_are_a_one_line_error(make_model: Make, batches: PackedBatches, tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").mkdir()
    with pytest.raises(CheckpointError, match=r"metrics\.jsonl: cannot be written \(Is a directory\)"):
        train(make_model(fresh=True), batches, None, CONFIG, tmp_path)


def test_accumulated_gradients_are_those_of_one_large_batch(
    make_model: Make, documents: TokenizedDocuments, tmp_path: Path
) -> None:
    small, large = (PackedBatches(documents, rows, 32, seed=0) for rows in (2, 6))
    one, other = make_model(), make_model()
    config = replace(CONFIG, steps=3, warmup_steps=0, optimizer="adamw", lr=1e-3)
    train(one, small, None, replace(config, grad_accum=3), tmp_path / "a")
    train(other, large, None, config, tmp_path / "b")
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


def test_metrics_report_progress_and_speed(make_model: Make, batches: PackedBatches, tmp_path: Path) -> None:
    seen: list[Metrics] = []
    result = train(make_model(fresh=True), batches, batches, CONFIG, tmp_path, on_metrics=seen.append)
    assert seen == lines(tmp_path)
    assert [line["step"] for line in seen] == [10, 20, 24]
    assert set(seen[0]) == {"step", "loss", "val_loss", "grad_norm", "lr", "tokens_per_s", "eta_s", "time"}
    assert seen[-1]["val_loss"] == result.val_loss
    assert seen[-1]["eta_s"] == 0
    assert result.tokens_per_s > 0 and result.seconds > 0
    assert result.tokens == sum(batches.batch(step).n_tokens for step in range(24))
    assert result.loss == seen[-1]["loss"] < seen[0]["loss"]  # type: ignore[operator]


def test_the_validation_loss_is_a_mean_over_tokens_without_dropout(make_model: Make, batches: PackedBatches) -> None:
    model = make_model(dropout=0.5).train()
    loss = evaluate(model, batches, 3)
    assert model.training
    model.eval()
    total, n = 0.0, 0
    for step in range(3):
        batch = batches.batch(step)
        with torch.no_grad():
            mean = model(batch.idx, batch.targets, batch.layout)[1]
        assert mean is not None
        total, n = total + mean.item() * batch.n_targets, n + batch.n_targets
    assert loss == pytest.approx(total / n, rel=1e-5)


def test_fine_tuning_starts_from_the_weights_given(make_model: Make, batches: PackedBatches, tmp_path: Path) -> None:
    model = make_model(fresh=True)
    first = train(model, batches, batches, replace(CONFIG, steps=60), tmp_path / "first")
    second = train(model, batches, batches, replace(CONFIG, steps=6), tmp_path / "second")
    assert first.val_loss is not None
    assert second.val_loss is not None
    assert second.val_loss < first.val_loss + 0.1


def test_training_restores_the_callers_random_state_threads_and_signals(
    make_model: Make, batches: PackedBatches, tmp_path: Path
) -> None:
    torch.manual_seed(5)
    before = (torch.get_rng_state(), signal.getsignal(signal.SIGTERM), torch.get_num_threads())
    train(make_model(fresh=True), batches, None, replace(CONFIG, steps=1, warmup_steps=0, threads=2), tmp_path)
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1:] == (signal.getsignal(signal.SIGTERM), torch.get_num_threads())


def test_resuming_with_other_settings_is_refused_by_name(
    make_model: Make, batches: PackedBatches, tmp_path: Path
) -> None:
    train(make_model(fresh=True), batches, None, CONFIG, tmp_path)
    with pytest.raises(CheckpointError, match=r"with lr = 0.003, now 0.001; resume with the old value"):
        train(make_model(fresh=True), batches, None, replace(CONFIG, lr=1e-3), tmp_path, resume=True)


def test_a_damaged_checkpoint_is_an_error_that_names_it(
    make_model: Make, batches: PackedBatches, tmp_path: Path
) -> None:
    train(make_model(fresh=True), batches, None, CONFIG, tmp_path)
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=r"checkpoint\.safetensors: not a complete safetensors file"):
        train(make_model(fresh=True), batches, None, CONFIG, tmp_path, resume=True)


@pytest.mark.parametrize("line", ["", "{", "null", "[]", '{"loss": 1}', '{"step": "3"}', '{"step": true}', "[" * 9000])
def test_a_damaged_line_of_the_metrics_is_an_error_that_names_it(
    make_model: Make, batches: PackedBatches, tmp_path: Path, line: str
) -> None:
    config = replace(CONFIG, steps=2, warmup_steps=0)
    train(make_model(fresh=True), batches, None, config, tmp_path)
    path = tmp_path / "metrics.jsonl"
    path.write_text(f"{line}\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"metrics\.jsonl, line 1: not the record of a step"):
        train(make_model(fresh=True), batches, None, config, tmp_path, resume=True)


def test_the_penalty_makes_heads_differ_and_is_not_in_the_loss(
    make_model: Make, batches: PackedBatches, tmp_path: Path
) -> None:
    plain, spread = make_model(), make_model()
    config = replace(CONFIG, steps=40, optimizer="adamw", grad_accum=2)
    one = train(plain, batches, None, replace(config, steps=1, warmup_steps=0), tmp_path / "one")
    other = train(
        make_model(), batches, None, replace(config, steps=1, warmup_steps=0, head_penalty=9.0), tmp_path / "b"
    )
    assert other.loss == one.loss
    train(plain, batches, None, config, tmp_path / "plain")
    train(spread, batches, None, replace(config, head_penalty=30.0), tmp_path / "spread")
    with torch.no_grad():
        assert head_penalty(spread) < 0.5 * head_penalty(plain)


def test_the_penalty_is_counted_once_per_step_for_any_grad_accum(
    make_model: Make, documents: TokenizedDocuments, tmp_path: Path
) -> None:
    small, large = (PackedBatches(documents, rows, 32, seed=0) for rows in (2, 6))
    one, other = make_model(), make_model()
    config = replace(CONFIG, steps=3, warmup_steps=0, optimizer="adamw", lr=1e-3, head_penalty=20.0)
    train(one, small, None, replace(config, grad_accum=3), tmp_path / "a")
    train(other, large, None, config, tmp_path / "b")
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


def test_the_logged_gradient_norm_is_measured_before_clipping(
    make_model: Make, batches: PackedBatches, tmp_path: Path
) -> None:
    config = replace(CONFIG, steps=1, warmup_steps=0)
    train(make_model(), batches, None, replace(config, grad_clip=0.0), tmp_path / "free")
    train(make_model(), batches, None, replace(config, grad_clip=1e-3), tmp_path / "clipped")
    assert lines(tmp_path / "free")[0]["grad_norm"] == lines(tmp_path / "clipped")[0]["grad_norm"] > 1e-2  # type: ignore[operator]


@pytest.mark.slow
def test_a_compiled_run_learns_the_same(make_model: Make, batches: PackedBatches, tmp_path: Path) -> None:
    eager, compiled = make_model(fresh=True), make_model(fresh=True)
    one = train(eager, batches, batches, CONFIG, tmp_path / "eager")
    other = train(compiled, batches, batches, replace(CONFIG, compile=True), tmp_path / "compiled")
    assert other.val_loss == pytest.approx(one.val_loss, abs=0.02)


@pytest.mark.gpu
def test_a_gpu_learns_the_same(make_model: Make, batches: PackedBatches, tmp_path: Path) -> None:
    one = train(make_model(fresh=True), batches, batches, CONFIG, tmp_path / "cpu")
    other = train(make_model(fresh=True), batches, batches, replace(CONFIG, device="cuda"), tmp_path / "gpu")
    assert other.val_loss == pytest.approx(one.val_loss, abs=0.02)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 0}, "steps is 0; it must be at least 1"),
        ({"lr": 0.0}, "lr is 0.0"),
        ({"lr": float("nan")}, "lr is nan"),
        ({"warmup_steps": 24}, "warmup_steps is 24; it must be less than steps, which is 24"),
        ({"precision": "fp16"}, "precision is 'fp16'; it must be one of bf16, fp32"),
        ({"optimizer": "sgd"}, "one of adamw, muon"),
        ({"schedule": "linear"}, "one of cosine, trapezoid, constant"),
        ({"threads": 0}, "threads is 0"),
        ({"grad_clip": -1.0}, "grad_clip is -1.0"),
        ({"head_penalty": -1.0}, "head_penalty is -1.0; it must be at least 0"),
        ({"shard": "half"}, "shard is 'half'; it must be one of none, full"),
        ({"compile": "yes"}, "compile is 'yes'; it must be true, false or 'auto'"),
    ],
)
def test_a_wrong_setting_is_named_with_the_allowed_values(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(CONFIG, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["x", "meta", "cpu:x", "", "cuda:x"])
def test_an_unknown_device_is_an_error(name: str) -> None:
    with pytest.raises(ConfigError, match=f"device is '{name}'; it must be auto, cpu or cuda"):
        resolve_device(name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_missing_gpu_is_an_error(make_model: Make, batches: PackedBatches, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="device is 'cuda', but PyTorch sees no GPU here"):
        train(make_model(), batches, None, replace(CONFIG, device="cuda"), tmp_path)


def test_an_id_that_the_model_does_not_have_is_named_before_it_reaches_the_device(
    make_model: Make, batches: PackedBatches, tmp_path: Path
) -> None:
    batch = batches.batch(0)
    idx = batch.idx.clone()
    idx[2, 5] = 320
    with pytest.raises(ContextError, match=r"batch 0 holds 320 at \(2, 5\) \(row, position\): ids are in 0..319"):
        train(make_model(fresh=True), OneBatch(replace(batch, idx=idx)), None, CONFIG, tmp_path)
