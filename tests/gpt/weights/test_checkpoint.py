from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from gpt.errors import CheckpointError, ConfigError
from gpt.model.transformer import GPT
from gpt.tokenization.tokenizer import Tokenizer
from gpt.weights.checkpoint import load_model, save_model

Make = Callable[..., GPT]


@pytest.fixture
def folder(tmp_path: Path, make_model: Make, tokenizer: Tokenizer) -> Path:
    save_model(make_model(), tokenizer, tmp_path / "model", {"note": "hi"})
    return tmp_path / "model"


@pytest.mark.parametrize("settings", [{}, {"tie_weights": False, "norm": "layer", "bias": True, "position": "learned"}])
def test_a_loaded_model_is_the_saved_one(
    tmp_path: Path, make_model: Make, tokenizer: Tokenizer, settings: dict[str, object]
) -> None:
    model = make_model(**settings)
    save_model(model, tokenizer, tmp_path, {"cycle": 3, "success": [0.5, 0.75]})
    loaded, its_tokenizer, extra = load_model(tmp_path)
    assert loaded.config == model.config
    assert not loaded.training
    assert extra == {"cycle": 3, "success": [0.5, 0.75]}
    assert its_tokenizer.encode("the clean mug") == tokenizer.encode("the clean mug")
    for (name, ours), (its_name, its) in zip(model.state_dict().items(), loaded.state_dict().items(), strict=True):
        assert name == its_name
        assert torch.equal(ours, its)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["config.json", "model.safetensors", "tokenizer.json"]


def test_bf16_takes_half_the_space_and_loads_as_fp32(tmp_path: Path, make_model: Make, tokenizer: Tokenizer) -> None:
    model = make_model()
    save_model(model, tokenizer, tmp_path / "full")
    save_model(model, tokenizer, tmp_path / "half", bf16=True)
    full, half = ((tmp_path / name / "model.safetensors").stat().st_size for name in ("full", "half"))
    assert half < 0.55 * full
    loaded = load_model(tmp_path / "half")[0]
    assert loaded.wte.weight.dtype == torch.float32
    assert torch.equal(loaded.wte.weight, model.wte.weight.to(torch.bfloat16).float())


def test_the_tied_head_stays_tied(folder: Path) -> None:
    model = load_model(folder)[0]
    assert model.head.weight is model.wte.weight


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=f"{name}: no such file"):
        load_model(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
@pytest.mark.parametrize("keep", [0, 7, -9])
def test_a_truncated_file_is_named_in_one_line(folder: Path, name: str, keep: int) -> None:
    path = folder / name
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match=name) as caught:
        load_model(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
@pytest.mark.parametrize("content", [b"PK\x03\x04 not ours", b'{"format": "gpt2"}', b"\xff\xfe\x00\x01" * 50])
def test_a_foreign_file_is_named_in_one_line(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=name) as caught:
        load_model(folder)
    assert "\n" not in str(caught.value)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="nowhere: no such model folder"):
        load_model(tmp_path / "nowhere")


def test_files_of_two_models_are_not_mixed(
    tmp_path: Path, make_model: Make, tokenizer: Tokenizer, folder: Path
) -> None:
    save_model(make_model(seed=1), Tokenizer.train(["another corpus corpus"], 300), tmp_path / "other")
    shutil.copy(tmp_path / "other" / "tokenizer.json", folder / "tokenizer.json")
    with pytest.raises(CheckpointError, match="not saved together"):
        load_model(folder)


def test_a_config_with_a_wrong_setting_is_named(folder: Path) -> None:
    content = json.loads((folder / "config.json").read_text())
    content["model"]["n_head"] = 5
    (folder / "config.json").write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match=r"config\.json: not a valid model config: n_embd 32"):
        load_model(folder)


def test_a_failed_write_leaves_the_old_file_whole(
    folder: Path, make_model: Make, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (folder / "model.safetensors").read_bytes()

    def fail(tensors: object, path: Path, metadata: object) -> None:
        Path(path).write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr("gpt.weights.checkpoint.save_file", fail)
    with pytest.raises(OSError, match="disk full"):
        save_model(make_model(seed=1), tokenizer, folder, {"note": "hi"})
    assert (folder / "model.safetensors").read_bytes() == before
    assert len(list(folder.iterdir())) == 3


def test_a_tokenizer_that_the_model_is_too_small_for_is_refused(
    tmp_path: Path, make_model: Make, tokenizer: Tokenizer
) -> None:
    with pytest.raises(ConfigError, match="the model knows 64; build the model with vocab_size = 320"):
        save_model(make_model(vocab_size=64), tokenizer, tmp_path)
