from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from gpt.average import average, main
from gpt.errors import ConfigError
from gpt.model.transformer import GPT
from gpt.tokenization.tokenizer import Tokenizer
from gpt.weights.checkpoint import load_model, save_model, weights_of

Make = Callable[..., GPT]


@pytest.fixture
def folders(make_model: Make, tmp_path: Path) -> list[Path]:
    tokenizer = Tokenizer.train(["set the table", "put the mug on the desk"], 320)
    paths = []
    for seed in range(3):
        torch.manual_seed(seed)
        model = make_model(vocab_size=tokenizer.vocab_size)
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter)
        save_model(model, tokenizer, tmp_path / str(seed))
        paths.append(tmp_path / str(seed))
    return paths


def test_the_average_is_the_elementwise_mean(folders: list[Path], tmp_path: Path) -> None:
    average(folders, tmp_path / "mean")
    mean, _, extra = load_model(tmp_path / "mean")
    parts = [weights_of(load_model(f)[0]) for f in folders]
    for name, tensor in weights_of(mean).items():
        expected = torch.stack([p[name] for p in parts]).mean(dim=0)
        torch.testing.assert_close(tensor, expected, atol=0.02, rtol=0.01)  # saved as bf16
    assert len(extra["mean_of"]) == 3  # type: ignore[arg-type]


def test_shares_weigh_the_models(folders: list[Path], tmp_path: Path) -> None:
    assert main([str(tmp_path / "mix"), str(folders[0]), str(folders[1]), "--shares", "0.9", "0.1"]) == 0
    mix, _, extra = load_model(tmp_path / "mix")
    first, second = (weights_of(load_model(f)[0]) for f in folders[:2])
    for name, tensor in weights_of(mix).items():
        torch.testing.assert_close(tensor, 0.9 * first[name] + 0.1 * second[name], atol=0.02, rtol=0.01)
    assert extra["shares"] == [0.9, 0.1]


@pytest.mark.parametrize("shares", [[1.0], [0.9, 0.2], [1.1, -0.1]])
def test_shares_are_positive_and_one_in_sum(folders: list[Path], tmp_path: Path, shares: list[float]) -> None:
    with pytest.raises(ConfigError, match="1 in sum"):
        average(folders[:2], tmp_path / "mix", shares)


def test_one_model_cannot_be_averaged(folders: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at least two"):
        average(folders[:1], tmp_path / "mean")


def test_models_of_different_shapes_cannot_be_averaged(folders: list[Path], make_model: Make, tmp_path: Path) -> None:
    _, tokenizer, _ = load_model(folders[0])
    save_model(make_model(vocab_size=tokenizer.vocab_size, n_layer=1), tokenizer, tmp_path / "other")
    assert main([str(tmp_path / "mean"), str(folders[0]), str(tmp_path / "other")]) == 2
