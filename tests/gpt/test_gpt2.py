from __future__ import annotations

import math
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

V, C, T, L, H = 90, 128, 24, 3, 2  # two heads of 64, as GPT-2's
Tensors = dict[str, Tensor]
GPT2_PARTS: dict[str, object] = {
    "position": "learned", "norm": "layer", "mlp": "gelu_tanh", "bias": True, "qk_norm": False,
    "previous_tokens": 0, "embedding_norm": False,
}  # fmt: skip


def gpt2_tensors(vocab: int = V, width: int = C) -> Tensors:
    """Return random weights under OpenAI's names, with the mask tensors that the published files contain."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int, std: float = 0.1, mean: float = 0.0) -> Tensor:
        return mean + std * torch.randn(shape, generator=generator)

    tensors = {"wte.weight": draw(vocab, width), "wpe.weight": draw(T, width)}
    for block in range(L):
        for name, n_in, n_out in (
            ("attn.c_attn", width, 3 * width),
            ("attn.c_proj", width, width),
            ("mlp.c_fc", width, 4 * width),
            ("mlp.c_proj", 4 * width, width),
        ):
            tensors[f"h.{block}.{name}.weight"] = draw(n_in, n_out)
            tensors[f"h.{block}.{name}.bias"] = draw(n_out)
        tensors[f"h.{block}.attn.bias"] = torch.ones(T, T).tril()[None, None]
        for name in ("ln_1", "ln_2"):
            tensors[f"h.{block}.{name}.weight"] = draw(width, mean=1.0)
            tensors[f"h.{block}.{name}.bias"] = draw(width)
    tensors["ln_f.weight"], tensors["ln_f.bias"] = draw(width, mean=1.0), draw(width)
    return tensors


def gpt2_logits(tensors: Tensors, ids: list[int], n_head: int = H) -> Tensor:
    """Compute GPT-2's forward pass from its definition, token by token and head by head, in fp64."""
    w = {name: tensor.double() for name, tensor in tensors.items()}

    def norm(x: Tensor, name: str) -> Tensor:
        centerd = x - x.mean()
        return centerd / torch.sqrt((centerd**2).mean() + 1e-5) * w[f"{name}.weight"] + w[f"{name}.bias"]

    def linear(x: Tensor, name: str) -> Tensor:
        return x @ w[f"{name}.weight"] + w[f"{name}.bias"]

    def gelu(x: Tensor) -> Tensor:
        return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))

    xs = [w["wte.weight"][token] + w["wpe.weight"][position] for position, token in enumerate(ids)]
    size = len(xs[0]) // n_head
    for block in range(L):
        parts = [linear(norm(x, f"h.{block}.ln_1"), f"h.{block}.attn.c_attn").chunk(3) for x in xs]
        for position in range(len(xs)):
            heads = []
            for head in range(n_head):
                columns = slice(head * size, (head + 1) * size)
                scores = torch.stack(
                    [parts[position][0][columns] @ k[columns] / math.sqrt(size) for _, k, _ in parts[: position + 1]]
                )
                weights = torch.exp(scores) / torch.exp(scores).sum()
                heads.append(sum(a * v[columns] for a, (_, _, v) in zip(weights, parts, strict=False)))
            xs[position] = xs[position] + linear(torch.cat(heads), f"h.{block}.attn.c_proj")  # type: ignore[arg-type]
        for position, x in enumerate(xs):
            hidden = gelu(linear(norm(x, f"h.{block}.ln_2"), f"h.{block}.mlp.c_fc"))
            xs[position] = x + linear(hidden, f"h.{block}.mlp.c_proj")
    return torch.stack([norm(x, "ln_f") @ w.get("lm_head.weight", w["wte.weight"]).T for x in xs])


@pytest.fixture
def tensors() -> Tensors:
    return gpt2_tensors()


@pytest.fixture
def file(tmp_path: Path, tensors: Tensors) -> Path:
    save_file(tensors, tmp_path / "gpt2.safetensors")
    return tmp_path / "gpt2.safetensors"


IDS = [5, 80, 17, 17, 3, 44, 0, 89, 61, 17, 2]


def logits_of(model: GPT) -> Tensor:
    with torch.no_grad():
        return model(torch.tensor([IDS]))[0][0]


def test_logits_equal_a_reference_implementation(file: Path, tensors: Tensors) -> None:
    expected = gpt2_logits(tensors, IDS)
    assert expected.std() > 0.5
    torch.testing.assert_close(logits_of(load_gpt2(file)).double(), expected, rtol=1e-4, atol=1e-4)


def test_logits_equal_those_of_transformers(file: Path, tensors: Tensors) -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.GPT2Config(vocab_size=V, n_positions=T, n_embd=C, n_layer=L, n_head=H)
    theirs = transformers.GPT2LMHeadModel(config).eval()
    theirs.transformer.load_state_dict({n: t for n, t in tensors.items() if not n.endswith(".attn.bias")}, strict=False)
    with torch.no_grad():
        expected = theirs(torch.tensor([IDS])).logits[0]
    torch.testing.assert_close(logits_of(load_gpt2(file)), expected, rtol=1e-4, atol=1e-4)


def test_the_config_has_the_file_shapes_and_gpt2s_components(file: Path) -> None:
    config = load_gpt2(file).config
    shape = (config.vocab_size, config.n_embd, config.block_size, config.n_layer, config.n_head)
    assert shape == (V, C, T, L, H)
    assert config.tie_weights
    assert {name: getattr(config, name) for name in GPT2_PARTS} == GPT2_PARTS


def test_the_caller_may_set_the_number_of_heads(file: Path, tensors: Tensors) -> None:
    expected = gpt2_logits(tensors, IDS, n_head=8)
    torch.testing.assert_close(logits_of(load_gpt2(file, n_head=8)).double(), expected, rtol=1e-4, atol=1e-4)
    with pytest.raises(ConfigError, match="n_embd 128 is not a multiple of n_head 3"):
        load_gpt2(file, n_head=3)


def test_a_name_prefix_and_a_duplicated_head_are_accepted(tmp_path: Path, file: Path, tensors: Tensors) -> None:
    named = {f"transformer.{name}": tensor for name, tensor in tensors.items()}
    named["lm_head.weight"] = tensors["wte.weight"].clone()
    named["transformer.h.0.attn.masked_bias"] = torch.tensor(-1e4)
    save_file(named, tmp_path / "model.safetensors")
    loaded = load_gpt2(tmp_path)  # the folder
    assert loaded.config == load_gpt2(file).config
    assert torch.equal(logits_of(loaded), logits_of(load_gpt2(file)))


def test_an_untied_head_is_kept(tmp_path: Path, tensors: Tensors) -> None:
    tensors["lm_head.weight"] = tensors["wte.weight"].flip(0) * 0.5
    save_file(tensors, tmp_path / "model.safetensors")
    loaded = load_gpt2(tmp_path)
    assert not loaded.config.tie_weights
    torch.testing.assert_close(logits_of(loaded).double(), gpt2_logits(tensors, IDS), rtol=1e-4, atol=1e-4)


def test_half_precision_files_load_as_fp32(tmp_path: Path, tensors: Tensors) -> None:
    save_file({name: tensor.half() for name, tensor in tensors.items()}, tmp_path / "model.safetensors")
    model = load_gpt2(tmp_path)
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert torch.equal(model.wte.weight, tensors["wte.weight"].half().float())


def test_added_vocabulary_rows_keep_other_logits_and_are_never_the_argmax(file: Path, tensors: Tensors) -> None:
    tensors["wte.weight"] += 1
    tensors["ln_f.bias"] -= 1  # so that all logits are far below zero, as GPT-2's are
    save_file(tensors, file)
    plain, padded = load_gpt2(file), load_gpt2(file, vocab_size=128)
    ours, wider = logits_of(plain), logits_of(padded)
    assert ours.max() < 0
    assert wider.shape == (len(IDS), 128)
    torch.testing.assert_close(wider[:, :V], ours)
    probability = wider.softmax(dim=-1)
    assert (probability[:, V:] <= 1 / V).all()
    assert (wider.argmax(dim=-1) < V).all()
    with pytest.raises(ConfigError, match=r"vocab_size is 64, but wte.weight of .* has 90 rows"):
        load_gpt2(file, vocab_size=64)


@pytest.mark.parametrize("vocab_size", [None, 128])
def test_a_loaded_model_is_exported_bit_for_bit(
    tmp_path: Path, file: Path, tensors: Tensors, vocab_size: int | None
) -> None:
    export_gpt2(load_gpt2(file, vocab_size=vocab_size), tmp_path / "back.safetensors", vocab_size=V)
    back = load_file(tmp_path / "back.safetensors")
    assert set(back) == {name for name in tensors if not name.endswith(".attn.bias")}
    assert all(torch.equal(back[name], tensors[name]) for name in back)


@pytest.mark.parametrize("tied", [True, False])
def test_our_model_survives_a_round_trip_through_the_gpt2_format(
    tmp_path: Path, make_model: Callable[..., GPT], tied: bool
) -> None:
    model = make_model(**GPT2_PARTS, tie_weights=tied)
    export_gpt2(model, tmp_path / "model.safetensors")
    loaded = load_gpt2(tmp_path, n_head=4)
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
        load_gpt2(tmp_path)


def test_a_width_not_divisible_by_64_requires_n_head(tmp_path: Path) -> None:
    save_file(gpt2_tensors(width=96), tmp_path / "model.safetensors")
    with pytest.raises(ConfigError, match="width 96 is not a multiple of GPT-2's head size 64; set n_head"):
        load_gpt2(tmp_path)
    assert load_gpt2(tmp_path, n_head=6).config.head_size == 16


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
    tmp_path: Path, shared_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not any((shared_dir / "tiktoken").glob("*")):
        pytest.skip("no tiktoken files beside the checkout")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(shared_dir / "tiktoken"))
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


def test_the_command_names_a_missing_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shared_dir: Path
) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(shared_dir / "tiktoken"))
    assert main([str(tmp_path / "no.safetensors"), str(tmp_path / "out")]) == 2
    assert "no.safetensors: no such file" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
