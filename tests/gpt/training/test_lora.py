"""Low-rank adapters: what they change, what they keep, and to which weights they belong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gpt.data.batches import PackedBatches
from gpt.errors import CheckpointError, ConfigError
from gpt.inference.numpy_model import NumpyModel
from gpt.model.transformer import GPT
from gpt.tokenization.tokenizer import Tokenizer
from gpt.training.config import TrainConfig
from gpt.training.lora import adapter_of, attach, base_id, detach
from gpt.training.trainer import evaluate, train
from gpt.weights.adapter import Adapter, load_adapter, merged, save_adapter, weights_id
from gpt.weights.checkpoint import load_model, save_model, weights_of
from gpt.weights.model_folder import Floats, read_folder

Make = Callable[..., GPT]
IDS = [1, 5, 9, 13, 17, 21]


def logits(model: GPT) -> torch.Tensor:
    with torch.no_grad():
        return model(torch.tensor([IDS]))[0][0, -1]


def arrays(model: GPT) -> dict[str, Floats]:
    return {name: tensor.numpy().copy() for name, tensor in weights_of(model).items()}


def random_adapter(model: GPT, rank: int = 3) -> Adapter:
    """Return a random adapter of the model; the model has no adapter afterwards."""
    attach(model, rank=rank)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(".up"):
                parameter.copy_(0.1 * torch.randn(parameter.shape, generator=generator))
    adapter = adapter_of(model, {"home": "test"})
    detach(model)
    return adapter


def test_a_fresh_adapter_changes_nothing(make_model: Make) -> None:
    model = make_model()
    before = logits(model)
    attach(model, rank=4)
    assert torch.equal(logits(model), before)


def test_detaching_an_adapter_restores_the_model_bit_for_bit(make_model: Make) -> None:
    model = make_model()
    before, names = logits(model), [name for name, _ in model.named_parameters()]
    random_adapter(model)
    assert torch.equal(logits(model), before)
    assert [name for name, p in model.named_parameters() if p.requires_grad] == names


@pytest.mark.parametrize("settings", [{}, {"mlp": "swiglu", "norm": "layer", "bias": True, "n_kv_head": 2}])
def test_merged_weights_equal_the_attached_adapter(make_model: Make, settings: dict[str, object]) -> None:
    model = make_model(**settings)
    plain, adapter = logits(model), random_adapter(model)
    numpy_model = NumpyModel(model.config, merged(arrays(model), adapter))
    attach(model, initial=adapter)
    attached = logits(model)
    assert (attached - plain).abs().max() > 0.1
    np.testing.assert_allclose(numpy_model.begin().feed(IDS), attached.numpy(), rtol=1e-3, atol=1e-3)


def test_merging_leaves_the_weights_as_they_were(make_model: Make) -> None:
    model = make_model()
    own = arrays(model)
    before = weights_id(own)
    changed = merged(own, random_adapter(model))
    assert weights_id(own) == before != weights_id(changed)
    assert changed["wte.weight"] is own["wte.weight"]


def test_an_adapter_survives_a_round_trip(make_model: Make, tmp_path: Path) -> None:
    model = make_model()
    adapter = random_adapter(model)
    save_adapter(tmp_path / "a.safetensors", adapter)
    loaded = load_adapter(tmp_path / "a.safetensors")
    assert (loaded.rank, loaded.base, loaded.extra) == (adapter.rank, adapter.base, {"home": "test"})
    assert loaded.down.keys() == loaded.up.keys() == adapter.up.keys()
    for name in loaded.up:
        np.testing.assert_allclose(loaded.up[name], adapter.up[name], rtol=1e-3, atol=1e-6)


def test_an_adapter_is_small(make_model: Make, tmp_path: Path) -> None:
    model = make_model()
    save_adapter(tmp_path / "a.safetensors", random_adapter(model, rank=2))
    linear = [m for m in model.modules() if isinstance(m, torch.nn.Linear) and m is not model.head]
    numbers = sum(2 * sum(m.weight.shape) for m in linear)
    assert (tmp_path / "a.safetensors").stat().st_size < 2 * numbers + 4096


def test_an_adapter_of_other_weights_is_refused(make_model: Make) -> None:
    adapter = random_adapter(make_model())
    with pytest.raises(CheckpointError, match="belongs to weights"):
        merged(arrays(make_model(seed=1)), adapter)


def test_an_adapter_of_another_shape_is_refused(make_model: Make) -> None:
    with pytest.raises(CheckpointError, match="another model"):
        merged(arrays(make_model(n_embd=64)), random_adapter(make_model()))


@pytest.mark.parametrize("damage", [b"", b"no adapter", None])
def test_a_damaged_adapter_file_is_an_error_that_names_it(
    make_model: Make, tmp_path: Path, damage: bytes | None
) -> None:
    path = tmp_path / "a.safetensors"
    save_adapter(path, random_adapter(make_model()))
    path.write_bytes(path.read_bytes()[:-7] if damage is None else damage)
    with pytest.raises(CheckpointError, match=r"a\.safetensors"):
        load_adapter(path)


def test_a_file_that_is_not_an_adapter_is_refused(make_model: Make, tokenizer: Tokenizer, tmp_path: Path) -> None:
    save_model(make_model(), tokenizer, tmp_path)
    with pytest.raises(CheckpointError, match="not an adapter of this project"):
        load_adapter(tmp_path / "model.safetensors")


def test_unpaired_adapter_matrices_are_refused(make_model: Make, tmp_path: Path) -> None:
    adapter = random_adapter(make_model())
    unpaired = dict(list(adapter.up.items())[1:])
    save_adapter(tmp_path / "a.safetensors", replace(adapter, up=unpaired))
    with pytest.raises(CheckpointError, match="not pairs"):
        load_adapter(tmp_path / "a.safetensors")
    save_adapter(tmp_path / "a.safetensors", replace(adapter, rank=2))
    with pytest.raises(CheckpointError, match="not of rank 2"):
        load_adapter(tmp_path / "a.safetensors")


def test_numbers_outside_half_precision_are_not_written(make_model: Make, tmp_path: Path) -> None:
    adapter = random_adapter(make_model())
    huge = {name: np.full_like(array, 1e6) for name, array in adapter.up.items()}
    with np.errstate(over="ignore"), pytest.raises(ConfigError, match="half precision"):
        save_adapter(tmp_path / "a.safetensors", replace(adapter, up=huge))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("rank", [0, 129])
def test_a_rank_out_of_range_is_refused(make_model: Make, rank: int) -> None:
    with pytest.raises(ConfigError, match="rank"):
        attach(make_model(), rank=rank)


def test_a_second_adapter_cannot_be_attached(make_model: Make) -> None:
    model = make_model()
    attach(model)
    with pytest.raises(ConfigError, match="already"):
        attach(model)


def test_training_changes_the_adapter_alone(make_model: Make, batches: PackedBatches, tmp_path: Path) -> None:
    model = make_model()
    before, untrained = arrays(model), evaluate(model, batches, 4)
    attach(model, rank=2)
    assert all(p.requires_grad == name.endswith((".down", ".up")) for name, p in model.named_parameters())
    config = TrainConfig(steps=30, warmup_steps=2, optimizer="adamw", lr=1e-2, precision="fp32", device="cpu")
    result = train(model, batches, None, config, tmp_path)
    adapter = adapter_of(model)
    detach(model)
    assert all(np.array_equal(array, before[name]) for name, array in arrays(model).items())
    assert adapter.base == base_id(model) == weights_id(before)
    assert result.loss < untrained - 1.0 and any(array.any() for array in adapter.up.values())


def test_the_saved_model_has_the_same_id(make_model: Make, tokenizer: Tokenizer, tmp_path: Path) -> None:
    model = make_model()
    save_model(model, tokenizer, tmp_path)
    assert weights_id(read_folder(tmp_path)[1]) == base_id(load_model(tmp_path)[0]) == base_id(model)
