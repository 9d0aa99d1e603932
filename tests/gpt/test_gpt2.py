from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from gpt.errors import CheckpointError, ConfigError
from gpt.gpt2 import GPT2Size, export_gpt2, gpt2_config, load_gpt2, main
from gpt.model.transformer import GPT
from gpt.weights.checkpoint import load_model
from tests.gpt.gpt2_reference import IDS, C, H, L, T, Tensors, V, gpt2_logits, gpt2_tensors

GPT2_PARTS: dict[str, object] = {
    "position": "learned", "norm": "layer", "mlp": "gelu_tanh", "bias": True, "qk_norm": False,
    "previous_tokens": 0, "embedding_norm": False,
}  # fmt: skip


@pytest.fixture
def tensors() -> Tensors:
    return gpt2_tensors()


@pytest.fixture
def file(tmp_path: Path, tensors: Tensors) -> Path:
    save_file(tensors, tmp_path / "gpt2.safetensors")
    return tmp_path / "gpt2.safetensors"


def logits_of(model: GPT) -> Tensor:
    with torch.no_grad():
        return model(torch.tensor([IDS]))[0][0]


def test_logits_equal_a_reference_implementation(file: Path, tensors: Tensors) -> None:
    expected = gpt2_logits(tensors, IDS)
    assert expected.std() > 0.5
    torch.testing.assert_close(logits_of(load_gpt2(file, n_head=H)).double(), expected, rtol=1e-4, atol=1e-4)


def test_logits_equal_those_of_transformers(file: Path, tensors: Tensors) -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.GPT2Config(vocab_size=V, n_positions=T, n_embd=C, n_layer=L, n_head=H)
    theirs = transformers.GPT2LMHeadModel(config).eval()
    theirs.transformer.load_state_dict({n: t for n, t in tensors.items() if not n.endswith(".attn.bias")}, strict=False)
    with torch.no_grad():
        expected = theirs(torch.tensor([IDS])).logits[0]
    torch.testing.assert_close(logits_of(load_gpt2(file, n_head=H)), expected, rtol=1e-4, atol=1e-4)


def test_the_config_has_the_file_shapes_and_gpt2s_components(file: Path) -> None:
    config = load_gpt2(file, n_head=H).config
    shape = (config.vocab_size, config.n_embd, config.block_size, config.n_layer, config.n_head)
    assert shape == (V, C, T, L, H)
    assert config.tie_weights
    assert {name: getattr(config, name) for name in GPT2_PARTS} == GPT2_PARTS


def test_the_caller_may_set_the_number_of_heads(file: Path, tensors: Tensors) -> None:
    expected = gpt2_logits(tensors, IDS, n_head=8)
    torch.testing.assert_close(logits_of(load_gpt2(file, n_head=8)).double(), expected, rtol=1e-4, atol=1e-4)
    with pytest.raises(ConfigError, match="n_embd 128 is not a multiple of n_head 3"):
        load_gpt2(file, n_head=3)


def test_an_unknown_number_of_heads_is_refused(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"number of heads is unknown: no config.json .* 3 layers of width 128; set"):
        load_gpt2(file)


def test_a_name_prefix_and_a_duplicated_head_are_accepted(tmp_path: Path, file: Path, tensors: Tensors) -> None:
    named = {f"transformer.{name}": tensor for name, tensor in tensors.items()}
    named["lm_head.weight"] = tensors["wte.weight"].clone()
    named["transformer.h.0.attn.masked_bias"] = torch.tensor(-1e4)
    save_file(named, tmp_path / "model.safetensors")
    loaded = load_gpt2(tmp_path, n_head=H)  # the folder
    assert loaded.config == load_gpt2(file, n_head=H).config
    assert torch.equal(logits_of(loaded), logits_of(load_gpt2(file, n_head=H)))


def test_an_untied_head_is_kept(tmp_path: Path, tensors: Tensors) -> None:
    tensors["lm_head.weight"] = tensors["wte.weight"].flip(0) * 0.5
    save_file(tensors, tmp_path / "model.safetensors")
    loaded = load_gpt2(tmp_path, n_head=H)
    assert not loaded.config.tie_weights
    torch.testing.assert_close(logits_of(loaded).double(), gpt2_logits(tensors, IDS), rtol=1e-4, atol=1e-4)


def test_half_precision_files_load_as_fp32(tmp_path: Path, tensors: Tensors) -> None:
    save_file({name: tensor.half() for name, tensor in tensors.items()}, tmp_path / "model.safetensors")
    model = load_gpt2(tmp_path, n_head=H)
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert torch.equal(model.wte.weight, tensors["wte.weight"].half().float())


def test_added_vocabulary_rows_keep_other_logits_and_are_never_the_argmax(file: Path, tensors: Tensors) -> None:
    tensors["wte.weight"] += 1
    tensors["ln_f.bias"] -= 1  # so that all logits are far below zero, as GPT-2's are
    save_file(tensors, file)
    plain, padded = load_gpt2(file, n_head=H), load_gpt2(file, n_head=H, vocab_size=128)
    ours, wider = logits_of(plain), logits_of(padded)
    assert ours.max() < 0
    assert wider.shape == (len(IDS), 128)
    torch.testing.assert_close(wider[:, :V], ours)
    probability = wider.softmax(dim=-1)
    assert (probability[:, V:] <= 1 / V).all()
    assert (wider.argmax(dim=-1) < V).all()
    with pytest.raises(ConfigError, match=r"vocab_size is 64, but wte.weight of .* has 90 rows"):
        load_gpt2(file, n_head=H, vocab_size=64)


@pytest.mark.parametrize("vocab_size", [None, 128])
def test_a_loaded_model_is_exported_bit_for_bit(
    tmp_path: Path, file: Path, tensors: Tensors, vocab_size: int | None
) -> None:
    export_gpt2(load_gpt2(file, n_head=H, vocab_size=vocab_size), tmp_path / "back.safetensors", vocab_size=V)
    back = load_file(tmp_path / "back.safetensors")
    assert set(back) == {name for name in tensors if not name.endswith(".attn.bias")}
    assert all(torch.equal(back[name], tensors[name]) for name in back)


@pytest.mark.parametrize("tied", [True, False])
def test_our_model_survives_a_round_trip_through_the_gpt2_format(
    tmp_path: Path, make_model: Callable[..., GPT], tied: bool
) -> None:
    model = make_model(**GPT2_PARTS, tie_weights=tied)
    export_gpt2(model, tmp_path / "model.safetensors")
    loaded = load_gpt2(tmp_path)  # the file states the number of heads
    assert loaded.config == model.config
    assert torch.equal(logits_of(loaded), logits_of(model))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mlp": "gelu"}, "mlp is 'gelu'; a GPT-2 file can only hold 'gelu_tanh'"),
        ({"embedding_norm": True}, "embedding_norm is True"),
        ({"n_kv_head": 2}, "n_kv_head is 2; GPT-2 has as many as n_head, which is 4"),
    ],
)
def test_a_setting_that_gpt2_does_not_support_is_named(
    tmp_path: Path, make_model: Callable[..., GPT], settings: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        export_gpt2(make_model(**(GPT2_PARTS | settings)), tmp_path / "model.safetensors")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"h.1.mlp.c_fc.weight": None}, r"lacks the tensor h.1.mlp.c_fc.weight, in GPT-2's shape \(128, 512\)"),
        ({"h.2.attn.c_attn.weight": (384, 128)}, r"c_attn.weight has shape \(384, 128\); GPT-2's is \(128, 384\)"),
        ({"h.0.attn.c_attn.weight": (384, 128)}, r"c_fc.weight has shape \(128, 512\); GPT-2's is \(512, 128\)"),
        ({"wpe.weight": (24, 64)}, r"wpe.weight has shape \(24, 64\); GPT-2's is \(24, 128\)"),
        ({"wte.weight": (90,)}, r"wte.weight has shape \(90,\); GPT-2's has two dimensions"),
        ({"wpe.weight": None}, "lacks the tensor wpe.weight; it is not a GPT-2 file"),
        ({"h.7.ln_1.weight": (128,)}, "lacks the tensor h.3.ln_1.weight"),
        ({"h.0.attn.rotary": (4,)}, "has a tensor h.0.attn.rotary that a GPT-2 of 3 layers does not have"),
    ],
)
def test_a_file_that_is_not_gpt2_is_refused_with_tensor_and_shapes(
    tmp_path: Path, tensors: Tensors, change: dict[str, tuple[int, ...] | None], message: str
) -> None:
    for name, shape in change.items():
        if shape is None:
            del tensors[name]
        else:
            tensors[name] = torch.zeros(shape)
    save_file(tensors, tmp_path / "model.safetensors")
    with pytest.raises(CheckpointError, match=message):
        load_gpt2(tmp_path, n_head=H)


@pytest.mark.parametrize(
    ("size", "parameters"),
    [("small", 124_439_808), ("medium", 354_823_168), ("large", 774_030_080), ("xl", 1_557_611_200)],
)
def test_each_size_has_as_many_parameters_as_the_published_one(size: GPT2Size, parameters: int) -> None:
    with torch.device("meta"):  # nothing is allocated
        assert GPT(gpt2_config(size)).n_parameters == parameters


def test_an_unknown_size_is_named_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="size is 'huge'; it must be one of small, medium, large, xl"):
        gpt2_config("huge")  # type: ignore[arg-type]


def test_the_command_writes_a_model_folder(
    tmp_path: Path, gpt2_vocabulary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tensors = gpt2_tensors(vocab=50257, width=64)
    save_file(tensors, tmp_path / "gpt2.safetensors")
    assert main([str(tmp_path / "gpt2.safetensors"), str(tmp_path / "model")]) == 0
    assert "model: " in capsys.readouterr().out
    model, tokenizer, extra = load_model(tmp_path / "model")
    ids = tokenizer.encode("Hello world")
    assert (ids, model.config.vocab_size, extra) == ([15496, 995], 50304, {"from": "gpt2.safetensors"})
    with torch.no_grad():
        seen = model(torch.tensor([ids]))[0][0, :, :50257]
    torch.testing.assert_close(seen.double(), gpt2_logits(tensors, ids, n_head=1), rtol=1e-4, atol=1e-4)


def run(*args: object) -> int:
    return main([str(arg) for arg in args])


@pytest.fixture
def gpt2_vocabulary(shared_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if not any((shared_dir / "tiktoken").glob("*")):
        pytest.skip("no tiktoken files beside the checkout")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(shared_dir / "tiktoken"))
    return shared_dir / "tiktoken"


def test_the_command_names_a_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "no.safetensors", tmp_path / "out") == 2
    assert "no.safetensors: no such file" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_command_refuses_an_output_that_it_cannot_write_before_it_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("mine")
    for out, message in (("taken", "is a file; give a folder"), ("taken/model", "taken is a file, not a folder")):
        assert run(tmp_path / "no.safetensors", tmp_path / out) == 2
        error = capsys.readouterr().err
        assert message in error and error.count("\n") == 1
    assert (tmp_path / "taken").read_text() == "mine"


def test_the_command_never_overwrites_the_weights_that_it_reads(
    tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = file.read_bytes()
    assert run(file, tmp_path) == 2
    assert "is the folder of the weights" in capsys.readouterr().err
    assert file.read_bytes() == before


@pytest.mark.usefixtures("gpt2_vocabulary")
def test_a_model_with_a_vocabulary_of_its_own_is_refused(
    tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(file, tmp_path / "out", "--heads", 4) == 2
    assert "has 90 ids, but GPT-2's vocabulary 50,257" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("gpt2_vocabulary")
def test_another_vocabulary_of_the_same_size_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "german"
    folder.mkdir()
    save_file(gpt2_tensors(vocab=50257, width=64), folder / "model.safetensors")
    (folder / "vocab.json").write_text(json.dumps({f"token {i}": i for i in range(50257)}))
    assert run(folder, tmp_path / "out") == 2
    assert "vocab.json: id 0 is 'token 0', GPT-2's is '!'" in capsys.readouterr().err


@pytest.mark.usefixtures("gpt2_vocabulary")
def test_a_vocabulary_of_50304_ids_as_of_nanogpt_is_converted(tmp_path: Path) -> None:
    tensors = gpt2_tensors(vocab=50304, width=64)
    save_file(tensors, tmp_path / "gpt2.safetensors")
    assert run(tmp_path / "gpt2.safetensors", tmp_path / "model", "--heads", 2) == 0
    model, tokenizer, _ = load_model(tmp_path / "model")
    ids = tokenizer.encode("Hello world")
    with torch.no_grad():
        logits = model(torch.tensor([ids]))[0][0]
    torch.testing.assert_close(logits.double(), gpt2_logits(tensors, ids, n_head=2), rtol=1e-4, atol=1e-4)
