"""Training in two processes, started with torchrun as by a user, compared with the same training in one."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from gpt.errors import ConfigError
from gpt.training.distributed import World, check_divisible, resolve_device
from gpt.training.trainer import Metrics

HERE = Path(__file__).resolve().parent
SCRIPT = HERE / "distributed_runs.py"


def _load_runs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("distributed_runs", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


runs = _load_runs()


def torchrun(*args: str, processes: int = 2, cwd: Path = HERE.parents[2]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes), *args]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(HERE.parents[2])}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=600)


def weights(folder: Path) -> dict[str, Tensor]:
    return load_file(folder / "weights.safetensors")


def lines(folder: Path) -> list[Metrics]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


KINDS = tuple(runs.RUNS)
RESUMABLE = tuple(kind for kind in KINDS if kind != "penalty")


def unsharded(kind: str) -> str:
    """Return the name of the same run without sharding, as one process does it."""
    return kind.removeprefix("sharded-")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs in one process: every run without sharding, and each stopped halfway in the folder `half`."""
    folder = tmp_path_factory.mktemp("alone")
    for kind in sorted({unsharded(kind) for kind in KINDS}):
        runs.run(folder, kind)
    for kind in RESUMABLE:
        with pytest.raises(SystemExit):
            runs.run(folder, f"half/{unsharded(kind)}:half")
    return folder


@pytest.fixture(scope="module")
def together(alone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs in two processes: the same, and in the folder `moved` the runs that one process had begun."""
    folder = tmp_path_factory.mktemp("together")
    for kind in RESUMABLE:
        shutil.copytree(alone / "half" / unsharded(kind), folder / "moved" / kind)
    names = [*KINDS, *(f"half/{kind}:half" for kind in RESUMABLE), *(f"moved/{kind}:resume" for kind in RESUMABLE)]
    done = torchrun(str(SCRIPT), str(folder), *names)
    assert done.returncode == 0, done.stderr
    (folder / "stdout").write_text(done.stdout)
    return folder


def assert_same_training(one: Path, other: Path) -> None:
    """Assert that weights differ by rounding only: by a small fraction of the distance that training moved them.

    Sums of gradients in another order differ in the last bit: with AdamW by 5e-7 of that distance on any CPU. Muon
    rounds them to bf16, which has 8 bits, in each of 12 steps: up to 1.5 % were seen, and another processor's products
    may round otherwise. A mean of means, or a step too many, is a difference of more than half.
    """
    max_difference = 0.05 if "muon" in one.name else 1e-4
    initial = dict(runs.make_model().named_parameters())
    other_weights = weights(other)
    assert set(other_weights) == set(weights(one))
    for name, ours in weights(one).items():
        moved = (ours - initial[name].detach()).norm()
        assert moved > 0.01, name
        assert (other_weights[name] - ours).norm() < max_difference * moved, name


@pytest.mark.parametrize("kind", KINDS)
def test_two_processes_train_like_one(alone: Path, together: Path, kind: str) -> None:
    one, other = lines(alone / unsharded(kind)), lines(together / kind)
    assert [line["step"] for line in other] == [line["step"] for line in one] == [5, 10, 12]
    for ours, theirs in zip(one, other, strict=True):
        for key in ("loss", "val_loss", "grad_norm"):
            if ours[key] is not None:
                assert theirs[key] == pytest.approx(ours[key], rel=2e-3), (key, ours["step"])
    assert_same_training(alone / unsharded(kind), together / kind)


@pytest.mark.parametrize("kind", RESUMABLE)
def test_a_run_of_one_process_can_be_resumed_by_two(alone: Path, together: Path, kind: str) -> None:
    assert [line["step"] for line in lines(together / "moved" / kind)] == [5, 10, 12]
    assert_same_training(alone / unsharded(kind), together / "moved" / kind)


@pytest.mark.parametrize("kind", RESUMABLE)
def test_a_run_of_two_processes_can_be_resumed_by_one(alone: Path, together: Path, tmp_path: Path, kind: str) -> None:
    folder = shutil.copytree(together / "half" / kind, tmp_path / unsharded(kind))
    assert not (folder / "weights.safetensors").exists()
    runs.run(tmp_path, f"{unsharded(kind)}:resume")
    assert_same_training(alone / unsharded(kind), folder)


def test_stopping_one_process_stops_all_after_the_same_step(together: Path) -> None:
    stopped = (together / "stdout").read_text().splitlines()
    for kind in RESUMABLE:
        for rank in (0, 1):
            assert f"process {rank} stopped half/{kind}:half with 143" in stopped


def test_only_one_process_writes(together: Path) -> None:
    expected = {"checkpoint.safetensors", "metrics.jsonl", "weights.safetensors"}
    assert {path.name for path in (together / "adamw").iterdir()} == expected
    steps = [line["step"] for line in lines(together / "adamw")]
    assert len(steps) == len(set(steps))


@pytest.mark.slow
def test_a_killed_process_ends_the_run_with_a_message_and_the_run_can_be_resumed(alone: Path, tmp_path: Path) -> None:
    done = torchrun(str(SCRIPT), str(tmp_path), "adamw:killed")
    assert done.returncode != 0
    messages = [line for line in done.stderr.splitlines() if line.startswith("distributed_runs:")]
    assert len(messages) == 1
    assert "process 0 of 2: another process ended or did not answer" in messages[0]
    assert "at step 6; the same command with --resume goes on from the last checkpoint" in messages[0]
    runs.run(tmp_path, "adamw:resume")
    assert_same_training(alone / "adamw", tmp_path / "adamw")


def test_a_batch_not_divisible_by_the_processes_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"a batch of 7 rows .* among 3 processes; use a multiple, for example 9"):
        check_divisible(7, World(rank=0, size=3))


def test_the_shards_of_all_processes_are_the_batch() -> None:
    batch = runs.make_batches().batch(0)
    parts = [World(rank=rank, size=2).shard(batch) for rank in range(2)]
    assert torch.equal(torch.cat([part.idx for part in parts]), batch.idx)
    assert torch.equal(torch.cat([part.layout.predecessor for part in parts]), batch.layout.predecessor)
    assert sum(part.n_targets for part in parts) == batch.n_targets
    assert sum(part.n_tokens for part in parts) == batch.n_tokens
    assert parts[0].n_targets != parts[1].n_targets  # or a mean of means would pass, too


def test_sharding_in_one_process_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="shard is 'full', but there is only one process; start with torchrun"):
        runs.run(tmp_path, "sharded-adamw")


@pytest.mark.skipif(torch.cuda.device_count() != 1, reason="there is not exactly one GPU")
def test_a_process_without_its_own_gpu_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_RANK", "1")
    with pytest.raises(ConfigError, match=r"process 1 .* needs its own GPU, but there are 1"):
        resolve_device("auto")


def test_without_torchrun_there_is_one_process() -> None:
    assert World.current() == World(rank=0, size=1)
