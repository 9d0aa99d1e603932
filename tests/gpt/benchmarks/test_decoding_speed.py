from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from gpt.benchmarks import decoding_speed
from gpt.benchmarks.decoding_ladder import Work, force_about_half, loss, numpy_rungs, torch_rungs
from gpt.benchmarks.decoding_prompts import draw_ids, draw_texts
from gpt.benchmarks.decoding_speed import Options, Row, agreement, main, peaked_model, run
from gpt.errors import ConfigError, ContextError
from gpt.inference.numpy_model import NumpyModel
from gpt.inference.numpy_session import NumpyBatch
from gpt.tokenization.tokenizer import Tokenizer
from gpt.weights.checkpoint import load_model, weights_of

ROOT = Path(__file__).resolve().parents[3]
RELEASED = ROOT / "planner" / "released" / "home"
QUICK = ["--preset", "tiny", "--prompt", "20", "--new", "8", "--repeats", "1", "--only", "numpy", "--no-peers"]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.load(RELEASED / "tokenizer.json")


def test_every_rung_is_compared_with_the_plain_loop_of_its_batch_size() -> None:
    options = Options(preset="tiny", prompt=20, new=8, repeats=1, batches=(1, 3), only=("numpy",), peers=False)
    results = run(options)
    rows = [Row(**values) for values in results["rows"]]  # type: ignore[attr-defined]
    assert results["disagree"] == []
    assert [(row.batch, row.rung) for row in rows] == [
        (batch, rung) for batch in (1, 3) for rung in ("no cache", "numpy", "numpy, jump forward")
    ]
    for row in rows:
        plain = next(r for r in rows if r.batch == row.batch)
        assert row.factor == pytest.approx(row.tokens_per_s / plain.tokens_per_s)
        assert row.tokens_per_s * row.ms_per_token == pytest.approx(1e3 * row.batch)
        assert row.equal == row.until == 1


def test_a_rung_with_different_output_ends_the_command_with_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    feed = NumpyBatch.feed

    def negated_logits(
        self: NumpyBatch, ids: Sequence[Sequence[int]], candidate_ids: Sequence[int] | None = None
    ) -> object:
        return -feed(self, ids, candidate_ids)

    monkeypatch.setattr(NumpyBatch, "feed", negated_logits)
    assert main([*QUICK, "--batch", "2"]) == 2
    assert "NOT as the plain loop: numpy, batch 2, own weights" in capsys.readouterr().err


def test_the_printed_json_is_also_written_beside_a_chart(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main([*QUICK, "--batch", "1,2", "--json", "--out", str(tmp_path)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "decode_speed.json").read_text())
    assert printed["settings"]["model"] == "tiny"
    assert len(printed["rows"]) == 6
    chart = tmp_path / "decode_speed.png"
    assert chart.is_file() == bool(importlib.util.find_spec("matplotlib"))
    assert not chart.is_file() or chart.read_bytes().startswith(b"\x89PNG")


def test_the_table_has_a_line_for_each_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*QUICK, "--batch", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[2] for line in lines[2:]] == ["no cache", "numpy", "numpy, jump forward"]
    assert len({line.count("|") for line in lines}) == 1


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--preset", "tiny", "--prompt", "250"], "250 prompt tokens and 48 new ones do not fit into block_size 256"),
        (["--model", "no/such/folder"], "no/such/folder: no such model folder"),
    ],
)
def test_an_impossible_measurement_is_named(argv: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*argv, "--no-peers"]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("argv", [["--batch", "one"], ["--batch", "0"], ["--new", "0"], ["--preset", "huge"]])
def test_wrong_usage_ends_with_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    assert argv[0] in capsys.readouterr().err


def test_an_unknown_preset_is_named_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="no preset 'huge'; there are: tiny, home, gpt2"):
        run(Options(preset="huge"))
    with pytest.raises(ContextError, match="do not fit into block_size 256"):
        run(Options(preset="tiny", prompt=256, batches=(1,), peers=False))


def test_help_is_shown_without_torch_or_numpy() -> None:
    code = (
        "import sys\nfrom gpt.benchmarks.decoding_speed import main\n"
        "try:\n    main(['-h'])\nexcept SystemExit as end:\n    assert not end.code\n"
        "assert not {'torch', 'numpy'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr
    assert "usage: python -m gpt.speed --decode" in done.stdout


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ([[1, 2, 3, 4], [5, 6, 7, 8]], (1.0, 1.0)),
        ([[1, 2, 0, 4], [5, 6, 7, 8]], (0.5, 0.75)),
        ([[0] * 4] * 2, (0.0, 0.0)),
    ],
)
def test_agreement_counts_equal_rows_and_the_tokens_before_the_first_difference(
    written: list[list[int]], expected: tuple[float, float]
) -> None:
    assert agreement(written, [[1, 2, 3, 4], [5, 6, 7, 8]]) == expected


@pytest.mark.parametrize("seed", range(20))
def test_about_half_of_the_tokens_are_forced_and_never_the_first(seed: int) -> None:
    forced = force_about_half(200, np.random.default_rng(seed))
    assert len(forced) == 200
    assert not forced[0]
    assert 0.3 < sum(forced) / 200 < 0.7


def test_spans_cover_all_new_tokens_once() -> None:
    work = Work(prompts=((1,),), new=7, forced=(False, True, False, False, True, True, False))
    assert work.spans() == [(0, 2), (2, 3), (3, 6), (6, 7)]


def test_jumping_forward_reads_fewer_times_with_the_same_output() -> None:
    model = peaked_model(decoding_speed.PRESETS["tiny"] | {"vocab_size": 256}, 0)
    prompts = tuple(text.prompt for text in draw_ids(256, 2, 10, np.random.default_rng(0)))
    work = Work(prompts=prompts, new=12, forced=(False, True, True, False) * 3)
    truth = torch_rungs(model, 2, 22)[0].run(work)
    work = Work(prompts=prompts, new=12, forced=work.forced, truth=truth)
    arrays = NumpyModel(model.config, {name: tensor.numpy() for name, tensor in weights_of(model).items()})
    reads = 0
    read = arrays.read

    def counting_read(*args: object) -> object:
        nonlocal reads
        reads += 1
        return read(*args)  # type: ignore[arg-type]

    arrays.read = counting_read  # type: ignore[method-assign, assignment]
    n_reads = {}
    for rung in numpy_rungs(arrays, 2, 22):
        reads = 0
        assert rung.run(work) == truth
        n_reads[rung.name] = reads
    assert n_reads == {"numpy": 12, "numpy, jump forward": 6}


def test_random_weights_write_varied_text() -> None:
    model = peaked_model(decoding_speed.PRESETS["tiny"], 0)
    work = Work(prompts=((5, 6, 7),), new=24, forced=(False,) * 24)
    assert len(set(torch_rungs(model, 1, 27)[0].run(work)[0])) > 12


@pytest.mark.parametrize("length", [30, 120, 400])
def test_prompts_have_the_requested_length_and_end_with_an_instruction(tokenizer: Tokenizer, length: int) -> None:
    texts = draw_texts(tokenizer, 10, length, np.random.default_rng(0))
    assert texts == draw_texts(tokenizer, 10, length, np.random.default_rng(0))
    assert len({text.prompt for text in texts}) == 10
    for text in texts:
        assert len(text.prompt) == length
        assert text.prompt[0] == tokenizer.special("[CLS]")
        assert text.prompt.count(tokenizer.special("[SEP]")) == 2
        assert text.prompt[-1] == text.goal[-1] == tokenizer.special("[SEP]")


def test_prompts_too_short_for_an_instruction_are_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(ConfigError, match="prompts of 3 tokens are too short"):
        draw_texts(tokenizer, 1, 3, np.random.default_rng(0))


def test_the_loss_of_a_rung_is_the_cross_entropy_of_its_goals(tokenizer: Tokenizer) -> None:
    model, _, _ = load_model(RELEASED)
    texts = draw_texts(tokenizer, 3, 60, np.random.default_rng(1))
    total, count = 0.0, 0
    for text in texts:
        with torch.no_grad():
            logits = model(torch.tensor([[*text.prompt, *text.goal]]))[0][0, len(text.prompt) - 1 : -1]
        total += float(F.cross_entropy(logits, torch.tensor(text.goal), reduction="sum"))
        count += len(text.goal)
    rung = numpy_rungs(NumpyModel.load(RELEASED)[0], 1, 80)[0]
    assert loss(rung, texts) == pytest.approx(total / count, abs=1e-4)


@pytest.mark.slow  # compiles
def test_all_rungs_agree_on_random_weights() -> None:
    results = run(Options(preset="tiny", prompt=24, new=12, repeats=1, batches=(1, 4)))
    assert results["disagree"] == []
