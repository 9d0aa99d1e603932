"""Files of models: folders, calibrations, tokenizers, adapters, GPT-2 files, and checkpoints to resume from."""

from __future__ import annotations

import json
from functools import cache
from random import Random
from typing import get_args
from unittest import mock

import numpy as np
import torch

from gpt import average as average_command
from gpt import gpt2 as gpt2_command
from gpt.data.batches import PackedBatches
from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.gpt2 import export_gpt2, load_gpt2
from gpt.inference.numpy_model import NumpyModel
from gpt.model.transformer import GPT
from gpt.tokenization.tokenizer import SPECIAL_TOKENS, Tokenizer
from gpt.training.config import TrainConfig
from gpt.training.trainer import METRICS_FILE, train
from gpt.training.training_state import CHECKPOINT_FILE
from gpt.weights.adapter import load_adapter
from planner import plan as plan_command
from planner.errors import CalibrationError
from planner.plans.planning_result import Evidence, Reading
from planner.understanding.calibration_file import read_calibration
from tests.fuzz.inputs import json_files, model_files, texts
from tests.fuzz.inputs.files import damaged
from tests.fuzz.soundness import called, check_message, read_json
from tests.fuzz.targets.contract import SMALL_HOMES, only_our_errors, opened, scratch_folder


def models(rng: Random) -> None:
    """A model folder that may have errors: it is refused, or its plans are sound."""
    instruction = texts.instruction(rng, opened(SMALL_HOMES[0])) or "set the table"
    with scratch_folder() as folder:
        model_files.write_model(rng, folder / "model")
        if rng.randrange(8) == 0:
            called(average_command.main, [str(folder / "out"), str(folder / "model"), str(folder / "model")])
        flags = ["--home", SMALL_HOMES[0], "--model", str(folder / "model"), "--samples", "0", "--json"]
        if instruction == "-":  # standard input
            return
        code, output = called(plan_command.main, [*flags, "--", instruction])
        if code != 2:
            read_json(output)


def calibrations(rng: Random) -> None:
    """A calibration beside a model: it gives probabilities, or it is refused."""
    with scratch_folder() as folder:
        model_files.write_calibration(rng, folder)
        with only_our_errors(folder):
            calibration = read_calibration(folder)
            if calibration is None:
                return
            for reading in get_args(Reading):
                evidence = Evidence(logprob=-rng.random() * 50, right=rng.random(), reading=reading)
                confidence = calibration.confidence(evidence, verified=rng.randrange(2) == 0)
                assert 0 <= confidence.goal <= 1 and 0 <= confidence.plan <= 1
            try:
                assert 0 < calibration.threshold(rng.choice((0.01, 0.2, 0.9, rng.random()))) <= 1
            except CalibrationError as error:
                check_message(str(error))


def tokenizers(rng: Random) -> None:
    """A tokenizer file: any text comes back from its ids, none of which is special; or it is refused."""
    with scratch_folder() as folder:
        path = folder / "tokenizer.json"
        path.write_bytes(model_files.tokenizer(rng))
        with only_our_errors(path):
            tokenizer = Tokenizer.load(path)
            assert Tokenizer.from_json(tokenizer.to_json(), "again").to_json() == tokenizer.to_json()
            specials = {tokenizer.special(name) for name in SPECIAL_TOKENS}
            for text in (texts.odd(rng), "[SEP] put the mug [EOS] away", texts.odd(rng) + "<|endoftext|>"):
                encodable = text.encode("utf-8", "replace").decode()
                ids = tokenizer.encode(encodable)
                assert tokenizer.decode(ids) == encodable and specials.isdisjoint(ids)
                assert max(ids, default=0) < tokenizer.n_used <= tokenizer.vocab_size


def adapters(rng: Random) -> None:
    """An adapter: weights that are finite when it is merged in, or an error."""
    with scratch_folder() as folder:
        model_files.write_model(rng, folder / "model", errors=0)
        path = folder / "home.adapter.safetensors"
        path.write_bytes(model_files.adapter(rng, folder / "model"))
        with only_our_errors(path, "the adapter"):
            adapter = load_adapter(path)
            model, _, _ = NumpyModel.load(folder / "model", adapter)
            session = model.begin()
            assert np.isfinite(session.feed([1, 2, 3])).all()


def gpt2_files(rng: Random) -> None:
    """A file or folder of GPT-2's weights: a model that is written back as it was, or an error."""
    with scratch_folder() as folder:
        path = model_files.write_gpt2(rng, folder)
        n_head = rng.choice((None, 1, 2, 2, 3, 0, -1))
        with only_our_errors(folder, "n_head", "heads"):
            model = load_gpt2(path, n_head=n_head)
            with torch.no_grad():
                logits = model(torch.tensor([[0, 1, 2]]))
            if all(parameter.abs().max() < 1e6 for parameter in model.parameters()):  # larger ones may overflow
                assert torch.isfinite(logits[0] if isinstance(logits, tuple) else logits).all()
            export_gpt2(model, folder / "again.safetensors")
            again = load_gpt2(folder / "again.safetensors", n_head=model.config.n_head)
            assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))
        if rng.randrange(4) == 0:
            with mock.patch.object(Tokenizer, "gpt2", model_files.small_tokenizer):  # its own may be a download
                called(gpt2_command.main, [str(path), str(folder / "out"), "--heads", "2"])


@cache
def _batches() -> PackedBatches:
    documents = TokenizedDocuments.from_lists([[1, *((start + 2 * i) % 60 for i in range(9))] for start in range(20)])
    return PackedBatches(documents, batch_rows=2, block_size=16, seed=0)


def checkpoints(rng: Random) -> None:
    """A run folder of the trainer to resume in: it goes on to the last step, or the error names the file."""
    settings = {
        "batch_rows": 2,
        "lr": 1e-3,
        "eval_every": 0,
        "checkpoint_every": 0,
        "warmup_steps": 1,
        "compile": False,
        "precision": "fp32",
        "device": "cpu",
    }
    with scratch_folder() as folder:
        model_files.write_checkpoint(rng, folder, _batches(), settings)
        metrics = [{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.0}, {"step": 9, "loss": 1.0}]
        (folder / METRICS_FILE).write_bytes(json_files.lines(metrics, rng))
        checkpoint = folder / CHECKPOINT_FILE
        if rng.randrange(3) == 0:
            checkpoint.write_bytes(damaged(checkpoint.read_bytes(), rng))
        with only_our_errors(folder):
            model = GPT(model_files.small_config())
            result = train(model, _batches(), None, TrainConfig(steps=4, **settings), folder, resume=True)  # type: ignore[arg-type]
            assert result.step == 4
            for line in (folder / METRICS_FILE).read_text(encoding="utf-8").splitlines():
                assert json.loads(line)["step"] in (1, 2, 4)
