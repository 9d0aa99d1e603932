"""GPT-2 by its definition, random weights for it, and the files that people have of it."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

V, C, T, L, H = 90, 128, 24, 3, 4  # heads of 32: not the 64 of the published sizes
Tensors = dict[str, Tensor]
IDS = [5, 80, 17, 17, 3, 44, 0, 89, 61, 17, 2]
CONFIG: dict[str, object] = {
    "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_layer": L, "n_head": H, "n_embd": C,
    "n_positions": T, "n_ctx": T, "vocab_size": V, "n_inner": None, "layer_norm_epsilon": 1e-05,
    "activation_function": "gelu_new", "attn_pdrop": 0.1, "resid_pdrop": 0.1, "embd_pdrop": 0.1,
    "scale_attn_weights": True, "torch_dtype": "float32", "use_cache": True, "bos_token_id": 50256,
}  # fmt: skip
MODEL_ARGS: dict[str, object] = {
    "n_layer": L, "n_head": H, "n_embd": C, "block_size": T, "bias": True, "vocab_size": V, "dropout": 0.0,
}  # fmt: skip
Config = dict[str, object]


def gpt2_tensors(vocab: int = V, width: int = C, *, bias: bool = True, masks: bool = True) -> Tensors:
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
        for name in ("ln_1", "ln_2"):
            tensors[f"h.{block}.{name}.weight"] = draw(width, mean=1.0)
            tensors[f"h.{block}.{name}.bias"] = draw(width)
    tensors["ln_f.weight"], tensors["ln_f.bias"] = draw(width, mean=1.0), draw(width)
    if not bias:
        tensors = {name: tensor for name, tensor in tensors.items() if not name.endswith(".bias")}
    if masks:
        for block in range(L):
            tensors[f"h.{block}.attn.bias"] = torch.ones(T, T).tril()[None, None]
    return tensors


def as_linear(tensors: Tensors) -> Tensors:
    """Return the weights with the matrices of blocks as `nn.Linear` stores them, as nanoGPT does."""
    matrices = ("c_attn.weight", "c_proj.weight", "c_fc.weight")
    return {name: tensor.T.contiguous() if name.endswith(matrices) else tensor for name, tensor in tensors.items()}


def gpt2_logits(
    tensors: Tensors,
    ids: list[int],
    n_head: int = H,
    *,
    exact_gelu: bool = False,
    over_head_size: bool = True,
    over_layer: bool = False,
) -> Tensor:
    """Compute GPT-2's forward pass from its definition, token by token and head by head, in fp64."""
    w = {name: tensor.double() for name, tensor in tensors.items()}

    def plus_bias(x: Tensor, name: str) -> Tensor:
        return x + w[f"{name}.bias"] if f"{name}.bias" in w else x

    def norm(x: Tensor, name: str) -> Tensor:
        centered = x - x.mean()
        return plus_bias(centered / torch.sqrt((centered**2).mean() + 1e-5) * w[f"{name}.weight"], name)

    def linear(x: Tensor, name: str) -> Tensor:
        return plus_bias(x @ w[f"{name}.weight"], name)

    def gelu(x: Tensor) -> Tensor:
        if exact_gelu:
            return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))
        return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))

    xs = [w["wte.weight"][token] + w["wpe.weight"][position] for position, token in enumerate(ids)]
    size = len(xs[0]) // n_head
    for block in range(L):
        divisor = (math.sqrt(size) if over_head_size else 1.0) * (block + 1 if over_layer else 1)
        parts = [linear(norm(x, f"h.{block}.ln_1"), f"h.{block}.attn.c_attn").chunk(3) for x in xs]
        for position in range(len(xs)):
            heads = []
            for head in range(n_head):
                columns = slice(head * size, (head + 1) * size)
                scores = torch.stack(
                    [parts[position][0][columns] @ k[columns] / divisor for _, k, _ in parts[: position + 1]]
                )
                weights = torch.softmax(scores, dim=0)
                heads.append(sum(a * v[columns] for a, (_, _, v) in zip(weights, parts, strict=False)))
            xs[position] = xs[position] + linear(torch.cat(heads), f"h.{block}.attn.c_proj")  # type: ignore[arg-type]
        for position, x in enumerate(xs):
            hidden = gelu(linear(norm(x, f"h.{block}.ln_2"), f"h.{block}.mlp.c_fc"))
            xs[position] = x + linear(hidden, f"h.{block}.mlp.c_proj")
    return torch.stack([norm(x, "ln_f") @ w.get("lm_head.weight", w["wte.weight"]).T for x in xs])


def folder_of(path: Path, tensors: Tensors, config: Config | None = None, name: str = "model.safetensors") -> Path:
    """Write a folder as Hugging Face does."""
    path.mkdir(exist_ok=True)
    stored = {key: tensor.contiguous() for key, tensor in tensors.items()}
    if name.endswith(".safetensors"):
        save_file(stored, path / name, {"format": "pt"})
    else:
        torch.save(stored, path / name)
    if config is not None:
        (path / "config.json").write_text(json.dumps(config))
    return path


def in_shards(path: Path, tensors: Tensors, kind: str, parts: int = 3) -> Path:
    stem = "model" if kind == "safetensors" else "pytorch_model"
    names = sorted(tensors)
    places = {}
    path.mkdir(exist_ok=True)
    for part in range(parts):
        shard = f"{stem}-{part + 1:05}-of-{parts:05}.{kind}"
        content = {name: tensors[name].contiguous() for name in names[part::parts]}
        if kind == "safetensors":
            save_file(content, path / shard)
        else:
            torch.save(content, path / shard)
        places |= dict.fromkeys(content, shard)
    index = {"metadata": {"total_size": 1}, "weight_map": places}
    (path / f"{stem}.{kind}.index.json").write_text(json.dumps(index))
    (path / "config.json").write_text(json.dumps(CONFIG))
    return path


def nanogpt(path: Path, tensors: Tensors, prefix: str = "", **changes: object) -> Path:
    """Write a checkpoint as nanoGPT does."""
    state = OrderedDict((f"{prefix}transformer.{name}", tensor) for name, tensor in as_linear(tensors).items())
    state[f"{prefix}lm_head.weight"] = tensors["wte.weight"]
    args = {name: value for name, value in (MODEL_ARGS | changes).items() if value is not None}
    optimizer = {"state": {0: {"step": torch.tensor(1.0)}}, "param_groups": [{"lr": 6e-4, "params": [0]}]}
    content = {
        "model": state, "optimizer": optimizer, "model_args": args, "iter_num": 5,
        "best_val_loss": torch.tensor(3.2), "config": {"out_dir": "out", "compile": True},
    }  # fmt: skip
    torch.save(content, path)
    return path
