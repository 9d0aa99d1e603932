"""`python -m planner.train`, alone and under torchrun."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from planner.io.paths import released_dir
from tests.planner.json_answers import checked

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ("corpus.trees=20", "train.steps=6", "train.warmup_steps=1", "train.precision=fp32", "train.device=cpu")


def run_command(out: Path, *args: str, processes: int = 1) -> subprocess.CompletedProcess[str]:
    launch = (
        ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)] if processes > 1 else []
    )
    command = [sys.executable, *launch, "-m", "planner.train", "--recipe", "small", "--out", str(out), "--workers", "1"]
    command += ["--tokenizer", str(released_dir() / "tokenizer.json"), "--json"]
    command += [part for setting in SETTINGS for part in ("--set", setting)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*command, *args], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=600
    )


@pytest.mark.slow
@pytest.mark.parametrize("shard", ["none", "full"])
def test_two_processes_train_the_planner_that_one_trains(tmp_path: Path, shard: str) -> None:
    one = run_command(tmp_path / "one")
    assert one.returncode == 0, one.stderr
    two = run_command(tmp_path / "two", "--shard", shard, processes=2)
    assert two.returncode == 0, two.stderr
    checked("planner.train", one.stdout)
    alone, together = json.loads(one.stdout), json.loads(two.stdout)  # one line, so one process printed
    assert (alone["processes"], together["processes"]) == (1, 2)
    for key in ("loss", "val_loss"):
        assert together[key] == pytest.approx(alone[key], rel=2e-3)
    assert two.stderr.count("corpus: 20 documents") == 1
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        assert (tmp_path / "two" / "model" / name).is_file()


@pytest.mark.slow
def test_rows_that_two_processes_cannot_share_are_refused_before_the_corpus(tmp_path: Path) -> None:
    done = run_command(tmp_path / "odd", "--set", "train.batch_rows=7", processes=2)
    assert done.returncode != 0
    assert "python -m planner.train: a batch of 7 rows (batch_rows) cannot be divided among 2 processes" in done.stderr
    assert not (tmp_path / "odd" / "corpus").exists()


@pytest.mark.slow
def test_a_corpus_that_was_built_alone_is_trained_on_as_it_is(tmp_path: Path) -> None:
    built = run_command(tmp_path / "run", "--corpus-only", "--corpus-seed", "4")
    assert built.returncode == 0, built.stderr
    assert not built.stdout and not (tmp_path / "run" / "model").exists()
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "run" / "corpus").rglob("*.npy")}
    trained = run_command(tmp_path / "run", "--corpus-seed", "4", "--seed", "9")
    assert trained.returncode == 0, trained.stderr
    record = json.loads(trained.stdout)
    assert (record["corpus_seed"], record["seed"]) == (4, 9)
    assert len(files) == 8 and all(path.stat().st_mtime_ns == before for path, before in files.items())
