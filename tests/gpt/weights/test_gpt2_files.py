"""GPT-2 weights in every layout that people have give the reference's logits; heads are never guessed."""

from __future__ import annotations

import json
from collections import OrderedDict
from pathlib import Path

import pytest
import torch

from gpt.errors import ConfigError
from gpt.gpt2 import load_gpt2
from gpt.inference.numpy_model import NumpyModel
from tests.gpt.gpt2_reference import (
    CONFIG,
    IDS,
    C,
    Config,
    H,
    L,
    T,
    Tensors,
    folder_of,
    gpt2_logits,
    gpt2_tensors,
    in_shards,
    nanogpt,
)  # fmt: skip


def logits(path: Path, n_head: int | None = None) -> torch.Tensor:
    with torch.no_grad():
        return load_gpt2(path, n_head=n_head)(torch.tensor([IDS]))[0][0].double()


def assert_reference(
    path: Path, tensors: Tensors, *, n_head: int | None = None, tolerance: float = 1e-4, **parts: bool
) -> None:
    expected = gpt2_logits(tensors, IDS, **parts)
    assert not torch.allclose(expected, gpt2_logits(tensors, IDS, n_head=2, **parts), atol=0.05)  # heads matter
    torch.testing.assert_close(logits(path, n_head), expected, rtol=1e-4, atol=1e-4)


@pytest.fixture
def tensors() -> Tensors:
    return gpt2_tensors()


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
@pytest.mark.parametrize("prefix", ["", "transformer.", "module.transformer.", "_orig_mod.", "model.transformer."])
def test_a_folder_is_read_with_the_heads_of_its_config(
    tmp_path: Path, tensors: Tensors, name: str, prefix: str
) -> None:
    named = {prefix + key: tensor for key, tensor in tensors.items()}
    assert_reference(folder_of(tmp_path, named, CONFIG, name), tensors)


def test_a_config_beside_a_single_file_is_read(tmp_path: Path, tensors: Tensors) -> None:
    folder = folder_of(tmp_path, tensors, CONFIG, "weights.safetensors")
    assert_reference(folder / "weights.safetensors", tensors)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_state_dict_of_torch_is_read_in_both_formats(tmp_path: Path, tensors: Tensors, legacy: bool) -> None:
    path = tmp_path / "weights.pt"
    torch.save(OrderedDict(tensors), path, _use_new_zipfile_serialization=not legacy)
    assert_reference(path, tensors, n_head=H)


@pytest.mark.parametrize("kind", ["safetensors", "bin"])
@pytest.mark.parametrize("given", ["folder", "index"])
def test_shards_are_read_through_their_index(tmp_path: Path, tensors: Tensors, kind: str, given: str) -> None:
    folder = in_shards(tmp_path, {f"transformer.{name}": tensor for name, tensor in tensors.items()}, kind)
    assert_reference(folder if given == "folder" else next(folder.glob("*.index.json")), tensors)


@pytest.mark.parametrize("prefix", ["", "_orig_mod.", "module.", "module._orig_mod.", "_orig_mod.module."])
@pytest.mark.parametrize("bias", [True, False])
def test_a_checkpoint_of_nanogpt_is_read(tmp_path: Path, prefix: str, bias: bool) -> None:
    tensors = gpt2_tensors(bias=bias, masks=False)
    assert_reference(nanogpt(tmp_path / "ckpt.pt", tensors, prefix, bias=bias), tensors, exact_gelu=True)
    assert load_gpt2(tmp_path).config.bias == bias  # the folder


def test_a_checkpoint_of_an_older_nanogpt_states_no_bias_and_has_masks(tmp_path: Path, tensors: Tensors) -> None:
    assert_reference(nanogpt(tmp_path / "ckpt.pt", tensors, bias=None), tensors, exact_gelu=True)


def test_names_that_a_compiled_or_wrapped_block_gives_are_read(tmp_path: Path, tensors: Tensors) -> None:
    wrapped = {name.replace("h.1.", "h.1._orig_mod.").replace("h.2.", "h.2._checkpoint_wrapped_module."): tensor
               for name, tensor in tensors.items()}  # fmt: skip
    assert_reference(folder_of(tmp_path, wrapped, CONFIG), tensors)


@pytest.mark.parametrize("stored", ["wte", "head", "both", "neither prefix"])
def test_a_tied_table_may_be_stored_under_either_name(tmp_path: Path, tensors: Tensors, stored: str) -> None:
    named = {f"transformer.{name}": tensor for name, tensor in tensors.items()}
    if stored != "wte":
        named["lm_head.weight"] = tensors["wte.weight"].clone()
    if stored == "head":
        del named["transformer.wte.weight"]
    folder_of(tmp_path, named, CONFIG)
    assert_reference(tmp_path, tensors)
    assert load_gpt2(tmp_path).config.tie_weights


def test_an_index_may_name_a_tied_weight_that_no_shard_holds(tmp_path: Path, tensors: Tensors) -> None:
    folder = in_shards(tmp_path, tensors, "safetensors")
    path = folder / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    index["weight_map"]["lm_head.weight"] = index["weight_map"]["wte.weight"]
    path.write_text(json.dumps(index))
    assert_reference(folder, tensors)


def test_a_head_of_its_own_is_read_if_the_config_says_so(tmp_path: Path, tensors: Tensors) -> None:
    tensors["lm_head.weight"] = tensors["wte.weight"].flip(0) * 0.5
    assert_reference(folder_of(tmp_path, tensors, CONFIG | {"tie_word_embeddings": False}), tensors)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_other_float_types_are_read_as_fp32(tmp_path: Path, tensors: Tensors, dtype: torch.dtype, name: str) -> None:
    stored = {key: tensor.to(dtype) for key, tensor in tensors.items()}
    assert_reference(folder_of(tmp_path, stored, CONFIG, name), {key: t.float() for key, t in stored.items()})
    assert {p.dtype for p in load_gpt2(tmp_path).parameters()} == {torch.float32}


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.float32])
def test_masks_and_their_value_are_dropped(tmp_path: Path, dtype: torch.dtype) -> None:
    tensors = gpt2_tensors(masks=False)
    masks = {f"h.{i}.attn.bias": torch.ones(1, 1, T, T).tril().to(dtype) for i in range(L)}
    masks |= {f"h.{i}.attn.masked_bias": torch.tensor(-1e4) for i in range(L)}
    assert_reference(folder_of(tmp_path, tensors | masks, CONFIG), tensors)


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"activation_function": "gelu"}, {"exact_gelu": True}),
        ({"activation_function": "gelu_pytorch_tanh"}, {}),
        ({"scale_attn_weights": False}, {"over_head_size": False}),
        ({"scale_attn_by_inverse_layer_idx": True}, {"over_layer": True}),
        ({"scale_attn_by_inverse_layer_idx": True, "activation_function": "gelu_python"},
         {"over_layer": True, "exact_gelu": True}),
        ({"reorder_and_upcast_attn": True}, {}),
        ({"n_inner": 4 * C}, {}),
        ({"n_ctx": None}, {}),
        ({"n_positions": None}, {}),
    ],
)  # fmt: skip
def test_each_setting_of_the_config_is_honored(
    tmp_path: Path, tensors: Tensors, change: Config, parts: dict[str, bool]
) -> None:
    if "scale_attn_weights" in change:
        tensors = {name: t * (0.3 if "c_attn" in name else 1.0) for name, t in tensors.items()}
    assert_reference(folder_of(tmp_path, tensors, CONFIG | change), tensors, **parts)
    if change.keys() & {"activation_function", "scale_attn_weights", "scale_attn_by_inverse_layer_idx"} and parts:
        assert not torch.allclose(logits(tmp_path), gpt2_logits(tensors, IDS), atol=1e-4)


def test_the_names_of_hugging_faces_other_configs_are_read(tmp_path: Path, tensors: Tensors) -> None:
    config = {"hidden_size": C, "num_attention_heads": H, "num_hidden_layers": L, "max_position_embeddings": T}
    assert_reference(folder_of(tmp_path, tensors, config), tensors)


def test_the_numpy_model_computes_the_same(tmp_path: Path) -> None:
    tensors = gpt2_tensors(bias=False, masks=False)
    model = load_gpt2(nanogpt(tmp_path / "ckpt.pt", tensors, bias=False))
    session = NumpyModel.from_torch(model).begin()
    expected = gpt2_logits(tensors, IDS, exact_gelu=True)[-1]
    torch.testing.assert_close(torch.from_numpy(session.feed(IDS)).double(), expected, rtol=1e-3, atol=1e-3)


def test_a_linked_folder_and_linked_files_are_read(tmp_path: Path, tensors: Tensors) -> None:
    folder = folder_of(tmp_path / "blobs", tensors, CONFIG)
    snapshot = tmp_path / "snapshot"
    snapshot.mkdir()
    for name in ("model.safetensors", "config.json"):
        (snapshot / name).symlink_to(folder / name)
    assert_reference(snapshot, tensors)


# The number of heads


@pytest.mark.parametrize(("layers", "width", "heads"), [(12, 768, 12), (6, 768, 12)])
def test_a_published_size_needs_no_config(tmp_path: Path, layers: int, width: int, heads: int) -> None:
    from gpt.gpt2 import _PUBLISHED

    assert _PUBLISHED[layers, width] == heads


def test_a_width_of_one_head_is_read_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tensors = gpt2_tensors(width=64)
    folder = folder_of(tmp_path, tensors)
    torch.testing.assert_close(logits(folder), gpt2_logits(tensors, IDS, n_head=1), rtol=1e-4, atol=1e-4)
    assert "nothing states the number of heads; taken as 1" in caplog.text
    caplog.clear()
    torch.testing.assert_close(logits(folder, 2), gpt2_logits(tensors, IDS, n_head=2), rtol=1e-4, atol=1e-4)
    assert not caplog.text


@pytest.mark.parametrize("config", [None, {"n_embd": C, "n_layer": L}])
def test_an_unstated_number_of_heads_is_refused_and_may_be_given(
    tmp_path: Path, tensors: Tensors, config: Config | None
) -> None:
    folder = folder_of(tmp_path, tensors, config)
    with pytest.raises(ConfigError, match=r"number of heads is unknown.*state.* set n_head \(--heads\)"):
        load_gpt2(folder)
    assert_reference(folder, tensors, n_head=H)


def test_a_number_of_heads_that_contradicts_the_config_is_refused(tmp_path: Path, tensors: Tensors) -> None:
    folder = folder_of(tmp_path, tensors, CONFIG)
    with pytest.raises(ConfigError, match=r"n_head is 8, but .*config.json says 4"):
        load_gpt2(folder, n_head=8)
    assert_reference(folder, tensors, n_head=H)
