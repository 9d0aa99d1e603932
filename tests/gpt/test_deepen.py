from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from gpt.deepen import deepen, main
from gpt.errors import ConfigError
from gpt.model.transformer import GPT
from gpt.tokenization.tokenizer import Tokenizer
from gpt.weights.checkpoint import load_model, save_model

Make = Callable[..., GPT]


def filled(make_model: Make, **config: object) -> GPT:
    torch.manual_seed(0)
    model = make_model(**config).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model


@pytest.mark.parametrize("layers", [3, 4, 5])
def test_a_deeper_model_computes_the_same_and_can_learn_in_every_layer(make_model: Make, layers: int) -> None:
    model = filled(make_model, n_layer=2)
    deeper = deepen(model, layers)
    assert len(deeper.blocks) == layers and len(model.blocks) == 2
    tokens = torch.randint(0, model.config.vocab_size, (2, 16), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(deeper(tokens)[0], model(tokens)[0])
    deeper.train()
    _, loss = deeper(tokens, tokens)
    assert loss is not None
    loss.backward()
    for name, parameter in deeper.named_parameters():
        if name.endswith("proj.weight"):
            assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_no_fewer_layers(make_model: Make) -> None:
    with pytest.raises(ConfigError, match="more than that"):
        deepen(filled(make_model, n_layer=2), 2)


def test_the_command_writes_a_folder_that_keeps_what_the_model_was_trained_on(
    make_model: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tokenizer = Tokenizer.train(["set the table", "put the mug on the desk"], 320)
    model = filled(make_model, n_layer=2, vocab_size=tokenizer.vocab_size)
    save_model(model, tokenizer, tmp_path / "model", {"kinds": ["people"]})
    assert main([str(tmp_path / "deep"), str(tmp_path / "model"), "--layers", "4"]) == 0
    deeper, _, extra = load_model(tmp_path / "deep")
    assert deeper.config.n_layer == 4 and extra["kinds"] == ["people"] and extra["deepened_from"] == 2
    assert main([str(tmp_path / "deep2"), str(tmp_path / "none"), "--layers", "4"]) == 2
    assert "none" in capsys.readouterr().err
