"""GPT-2 weights that are incomplete, contradict their config, or are of another kind are refused in words."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from gpt.errors import CheckpointError, ConfigError, GPTError
from gpt.gpt2 import load_gpt2
from tests.gpt.gpt2_reference import (
    CONFIG,
    C,
    Config,
    H,
    T,
    Tensors,
    folder_of,
    gpt2_tensors,
    in_shards,
    nanogpt,
)  # fmt: skip


@pytest.fixture
def tensors() -> Tensors:
    return gpt2_tensors()


PARTIAL: Config = {"n_head": H}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_layer": 5}, r"config.json: n_layer is 5, but the tensors of .* have 3"),
        ({"n_embd": 64}, "n_embd is 64, but the tensors of .* have 128"),
        ({"n_positions": 48, "n_ctx": 48}, "block_size is 48, but the tensors of .* have 24"),
        ({"n_positions": 48}, "n_positions is 48, but n_ctx is 24"),
        ({"vocab_size": 100}, "vocab_size is 100, but the tensors of .* have 90"),
        ({"n_head": 3}, "n_head is 3, but the tensors of .* are 128 wide"),
        ({"n_head": 0}, "n_head is 0; it must be a whole number of at least 1"),
        ({"n_head": "4"}, "n_head is '4'; it must be a whole number"),
        ({"n_head": 4.5}, "n_head is 4.5; it must be a whole number"),
        ({"n_head": True}, "n_head is True; it must be a whole number"),
        ({"num_attention_heads": 8}, "n_head is 4 and, as num_attention_heads, 8"),
        ({"n_inner": 256}, "n_inner is 256, but this network computes 4 n_embd, which is 512"),
        ({"layer_norm_epsilon": 1e-6}, "layer_norm_epsilon is 1e-06; this network computes 1e-05"),
        ({"layer_norm_epsilon": "1e-5"}, "layer_norm_epsilon is '1e-5'"),
        ({"activation_function": "relu"}, "activation_function is 'relu'; this network computes gelu_new"),
        ({"activation_function": "silu"}, "activation_function is 'silu'"),
        ({"scale_attn_weights": "no"}, "scale_attn_weights is 'no'; it must be true or false"),
        ({"model_type": "llama"}, "model_type is 'llama'; only 'gpt2' can be read"),
        ({"model_type": "gpt_neox"}, "model_type is 'gpt_neox'"),
        ({"model_type": "gptj"}, "model_type is 'gptj'"),
        ({"architectures": ["GPT2ForSequenceClassification"]}, "the architecture is 'GPT2ForSequenceClassification'"),
        ({"architectures": ["GPT2LMHeadCustomModel"]}, "the architecture is 'GPT2LMHeadCustomModel'"),
        ({"add_cross_attention": True}, "add_cross_attention is True; a GPT-2 has no such part"),
        ({"quantization_config": {"bits": 4}}, "quantization_config is {'bits': 4}; a GPT-2 has no such part"),
        ({"pruned_heads": {"0": [1]}}, "pruned_heads is"),
        ({"format": "gpt-home-planner model 1"}, "is a model folder of this project already"),
        ({"tie_word_embeddings": False}, "lacks the tensor lm_head.weight, and .*tie_word_embeddings is false"),
    ],
)  # fmt: skip
def test_what_the_config_asks_for_in_vain_is_named(
    tmp_path: Path, tensors: Tensors, change: Config, message: str
) -> None:
    with pytest.raises(CheckpointError, match=message) as caught:
        load_gpt2(folder_of(tmp_path, tensors, CONFIG | change))
    assert "\n" not in str(caught.value)


def test_an_inner_width_without_a_stated_width_is_compared_with_the_tensors(tmp_path: Path, tensors: Tensors) -> None:
    with pytest.raises(CheckpointError, match="n_inner is 256, but this network computes 4 n_embd, which is 512"):
        load_gpt2(folder_of(tmp_path, tensors, {"n_head": H, "n_inner": 256}))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"), ("{", "damaged or truncated JSON"), ("[]", "holds a list; a config is an object"),
        ("<html>", "is a web page"), ("null", "holds a NoneType"), ('{"n_head": 4', "damaged or truncated JSON"),
    ],
)  # fmt: skip
def test_a_damaged_config_is_named(tmp_path: Path, tensors: Tensors, content: str, message: str) -> None:
    folder_of(tmp_path, tensors)
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(CheckpointError, match=f"config.json: {message}"):
        load_gpt2(tmp_path)


@pytest.mark.parametrize("config", [CONFIG, PARTIAL])
def test_a_head_of_its_own_contradicts_a_config_that_ties(tmp_path: Path, tensors: Tensors, config: Config) -> None:
    tensors["lm_head.weight"] = tensors["wte.weight"].flip(0)
    with pytest.raises(CheckpointError, match=r"lm_head.weight differs from wte.weight, but .*config.json ties them"):
        load_gpt2(folder_of(tmp_path, tensors, config))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_head": 3}, "model_args: n_head is 3, but the tensors of .* are 128 wide"),
        ({"n_layer": 2}, "n_layer is 2, but the tensors of .* have 3"),
        ({"block_size": 1024}, "block_size is 1024, but the tensors of .* have 24"),
        ({"vocab_size": 50304}, "vocab_size is 50304, but the tensors of .* have 90"),
        ({"bias": False}, "bias is False, but the tensors of .* have biases"),
        ({"n_head": "4"}, "model_args n_head is '4'"),
        ({"use_rope": True}, "model_args has 'use_rope', which nanoGPT's GPT does not have"),
    ],
)
def test_model_args_that_contradict_the_tensors_are_named(
    tmp_path: Path, tensors: Tensors, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(CheckpointError, match=message):
        load_gpt2(nanogpt(tmp_path / "ckpt.pt", tensors, **changes))


def test_model_args_without_heads_are_not_guessed(tmp_path: Path, tensors: Tensors) -> None:
    with pytest.raises(ConfigError, match=r"model_args does not state it"):
        load_gpt2(nanogpt(tmp_path / "ckpt.pt", tensors, n_head=None))


class Danger:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("touch /tmp/never-created-by-a-test",)


@pytest.mark.parametrize("name", ["ckpt.pt", "pytorch_model.bin"])
def test_a_checkpoint_cannot_run_code(tmp_path: Path, tensors: Tensors, name: str) -> None:
    torch.save({"model": dict(tensors), "extra": Danger()}, tmp_path / name)
    with pytest.raises(CheckpointError, match=r"holds the Python object \S*system, which could run code") as caught:
        load_gpt2(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert not Path("/tmp/never-created-by-a-test").exists()


@pytest.mark.parametrize("keep", [5, 100, 2000, -100, -1])
@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin", "ckpt.pt"])
def test_a_truncated_file_is_named_in_one_line(tmp_path: Path, tensors: Tensors, name: str, keep: int) -> None:
    folder_of(tmp_path, tensors, CONFIG, name)
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match=f"{name}: ") as caught:
        load_gpt2(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1, 2], "holds a list; expected a dict of tensors"),
        ({"epoch": 3}, "has no tensors by name; it holds epoch"),
        ({}, "has no tensors by name; it holds nothing"),
        ({"model": {"a.b": 3}}, "a.b is a int; expected a tensor"),
        ({"model": {"transformer.wte.weight": torch.ones(2, 2, dtype=torch.int8)}}, "holds int8; expected float32"),
        ({"wte.weight": torch.tensor([[1.0, float("nan")]])}, "wte.weight has 1 numbers of 2 that are not finite"),
        ({"wte.weight": torch.empty(2, 2, device="meta")}, "wte.weight holds nothing"),
        ({"wte.weight": torch.ones(2, 2).to_sparse()}, "wte.weight holds float32|expected float32"),
        ({"module.wte.weight": torch.ones(2, 2), "wte.weight": torch.zeros(2, 2)}, "are both wte.weight, and differ"),
    ],
)  # fmt: skip
def test_a_torch_file_that_is_no_gpt2_is_named(tmp_path: Path, content: object, message: str) -> None:
    torch.save(content, tmp_path / "ckpt.pt")
    with pytest.raises(CheckpointError, match=message):
        load_gpt2(tmp_path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("model.layers.0.self_attn.q_proj.weight", "of a model of the Llama or OPT kind; expected a GPT-2"),
        ("model.embed_tokens.weight", "a model of the Llama or OPT kind"),
        ("gpt_neox.embed_in.weight", "a GPT-NeoX model"),
        ("transformer.h.0.attn.q_proj.weight", "a GPT-J model"),
        ("transformer.h.0.attn.attention.k_proj.weight", "a GPT-Neo model"),
        ("base_model.model.transformer.h.0.attn.c_attn.lora_A.weight", "a LoRA adapter"),
        ("transformer.word_embeddings.weight", "a BLOOM or Falcon model"),
        ("blocks.0.attention.qkv.weight", "weights of this project"),
        ("something.else", "lacks the tensor wte.weight; it is not a GPT-2 file"),
    ],
)
def test_weights_of_another_architecture_are_named(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        load_gpt2(folder_of(tmp_path, {name: torch.ones(4, 4)}))


def test_missing_and_unknown_tensors_are_listed(tmp_path: Path, tensors: Tensors) -> None:
    for name in [name for name in tensors if name.startswith("h.1.") and not name.endswith("attn.bias")]:
        if not name.endswith("ln_1.weight"):
            del tensors[name]
    with pytest.raises(CheckpointError, match=r"lacks the tensor h.1.ln_1.bias, .*, h.1.ln_2.bias and 7 more, in"):
        load_gpt2(folder_of(tmp_path, tensors, CONFIG))
    extra = gpt2_tensors() | {"score.weight": torch.ones(2, C)}
    with pytest.raises(CheckpointError, match=r"has a tensor score.weight that a GPT-2 of 3 layers does not have"):
        load_gpt2(folder_of(tmp_path, extra, CONFIG))


def test_a_mixture_of_biases_is_refused(tmp_path: Path, tensors: Tensors) -> None:
    del tensors["h.1.attn.c_proj.bias"]
    with pytest.raises(CheckpointError, match=r"lacks the tensor h.1.attn.c_proj.bias"):
        load_gpt2(folder_of(tmp_path, tensors, CONFIG))


def test_a_mask_that_is_not_causal_is_refused(tmp_path: Path, tensors: Tensors) -> None:
    tensors["h.1.attn.bias"] = torch.ones(T, T).tril().triu(-3)[None, None]
    with pytest.raises(CheckpointError, match=r"h.1.attn.bias is not a causal mask"):
        load_gpt2(folder_of(tmp_path, tensors, CONFIG))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, "x.y is in model-00001-of-00003.safetensors, which lacks it"),
        ({"x.y": "model-00009-of-00003.safetensors"}, "00009-of-00003.*missing"),
        ({"x.y": "../secret.safetensors"}, "shards lie beside their index"),
        ({"x.y": "/etc/passwd"}, "shards lie beside their index"),
        ([1], "holds no weight_map"),
        (None, "holds no weight_map"),
    ],
)  # fmt: skip
def test_an_index_that_does_not_fit_its_shards_is_refused(
    tmp_path: Path, tensors: Tensors, change: object, message: str
) -> None:
    path = in_shards(tmp_path, tensors, "safetensors") / "model.safetensors.index.json"
    places = json.loads(path.read_text())["weight_map"] | {"x.y": "model-00001-of-00003.safetensors"}
    path.write_text(json.dumps({"weight_map": places | change if isinstance(change, dict) else change}))
    with pytest.raises(CheckpointError, match=message):
        load_gpt2(tmp_path)


def test_a_missing_shard_and_a_single_shard_are_named(tmp_path: Path, tensors: Tensors) -> None:
    in_shards(tmp_path, tensors, "safetensors")
    shard = tmp_path / "model-00002-of-00003.safetensors"
    with pytest.raises(CheckpointError, match="is one of 3 shards; give the folder or the index file"):
        load_gpt2(shard)
    shard.unlink()
    with pytest.raises(CheckpointError, match=r"the shard model-00002-of-00003.safetensors is missing"):
        load_gpt2(tmp_path)


def test_a_folder_without_weights_lists_what_is_looked_for_and_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"has none of model.safetensors, .*ckpt.pt; it is empty"):
        load_gpt2(tmp_path)
    (tmp_path / "tf_model.h5").write_text("x")
    with pytest.raises(CheckpointError, match=r"it holds tf_model.h5"):
        load_gpt2(tmp_path)


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin", "ckpt.pt", "model.safetensors.index.json"])
def test_a_pointer_or_a_web_page_in_place_of_weights_is_named(tmp_path: Path, name: str) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 548105171\n"
    for content, message in ((pointer, "is a Git LFS pointer"), ("<!doctype html>", "is a web page"), ("", "is empty")):
        (tmp_path / name).write_text(content)
        with pytest.raises(CheckpointError, match=message):
            load_gpt2(tmp_path)


def test_random_bytes_never_raise_anything_but_the_packages_error(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(0)
    for name in ("model.safetensors", "ckpt.pt", "model.safetensors.index.json"):
        for start in (b"", b"PK\x03\x04", b"\x80\x02", b'{"weight_map": '):
            for size in (0, 9, 300):
                noise = bytes(torch.randint(256, (size,), generator=generator).tolist())
                (tmp_path / name).write_bytes(start + noise)
                with pytest.raises(GPTError):
                    load_gpt2(tmp_path / name, n_head=1)
