"""Convert GPT-2's published weights to our model, and our models to GPT-2's format.

    python -m gpt.gpt2 FILE OUT        # a model folder from GPT-2's safetensors file

GPT-2 (Radford et al. 2019) is our model with learned positions, LayerNorm, tanh-approximated GELU and biases, and
without QK norm, previous-token embeddings or embedding norm. Its files use OpenAI's tensor names and store the matrices
of a block as (in, out), where `nn.Linear` has (out, in).

Shapes: V vocabulary size, T block size, C = n_embd.
"""

from __future__ import annotations

import argparse
import dataclasses
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import torch
from torch import Tensor

from gpt.errors import CheckpointError, ConfigError, GPTError
from gpt.model.transformer import GPT, GPTConfig
from gpt.tokenization.tokenizer import Tokenizer
from gpt.weights.checkpoint import put_weights, read_tensors, save_model, weights_of, write_tensors
from gpt.weights.model_folder import WEIGHTS_FILE

PROG = "python -m gpt.gpt2"

GPT2Size = Literal["small", "medium", "large", "xl"]

_SHAPES = {"small": (12, 12, 768), "medium": (24, 16, 1024), "large": (36, 20, 1280), "xl": (48, 25, 1600)}
_BLOCK_SIZE = 1024
_VOCAB_SIZE = 50257
_HEAD_SIZE = 64  # of every published size
_PARTS: dict[str, object] = {
    "position": "learned",
    "norm": "layer",
    "mlp": "gelu_tanh",
    "bias": True,
    "qk_norm": False,
    "previous_tokens": 0,
    "embedding_norm": False,
}
_TABLES = ("wte.weight", "head.weight")  # one row per id, in both formats
_PREFIX = "transformer."
_HEAD = "lm_head.weight"
_MASKS = re.compile(r"h\.\d+\.attn\.(masked_)?bias")  # constants: the causal mask
_RENAMED = (
    ("blocks.", "h."),
    (".norm_1.", ".ln_1."),
    (".norm_2.", ".ln_2."),
    (".attention.qkv.", ".attn.c_attn."),
    (".attention.proj.", ".attn.c_proj."),
    (".mlp.fc.", ".mlp.c_fc."),
    (".mlp.proj.", ".mlp.c_proj."),
    ("final_norm.", "ln_f."),
    ("head.", "lm_head."),
)


def gpt2_config(size: GPT2Size = "small", vocab_size: int = _VOCAB_SIZE) -> GPTConfig:
    """Return the shape of a published GPT-2; a vocabulary of 50,304 is the same model with faster matrices."""
    if size not in get_args(GPT2Size):
        raise ConfigError(f"size is {size!r}; it must be one of {', '.join(get_args(GPT2Size))}")
    n_layer, n_head, n_embd = _SHAPES[size]
    shape = {"n_layer": n_layer, "n_head": n_head, "n_embd": n_embd, "block_size": _BLOCK_SIZE}
    return GPTConfig.from_dict({"vocab_size": vocab_size, **shape, **_PARTS})


def load_gpt2(path: Path | str, *, n_head: int | None = None, vocab_size: int | None = None) -> GPT:
    """Return our model with weights of a GPT-2 file, in fp32 and in evaluation mode; the tensors determine its shape.

    Args:
        path: A safetensors file, with or without Hugging Face's prefix, or the folder of `model.safetensors`.
        n_head: Number of heads, which the tensors do not determine; by default the width divided by 64.
        vocab_size: More ids than the file has, such as 50,304. A spare id's row is the mean of all rows: its logit is
            the mean logit, so it is never the most likely, and has at most an average id's probability.

    Raises:
        CheckpointError: The file is missing, damaged, or not GPT-2-shaped; the message names tensor and shapes.
        ConfigError: `n_head` or `vocab_size` does not match the file.
    """
    path = Path(path)
    path = path / WEIGHTS_FILE if path.is_dir() else path
    tensors = _plain_names(read_tensors(path)[0])
    config = _config_of(tensors, path, n_head)
    for name, shape in _expected(config).items():
        if name not in tensors:
            raise CheckpointError(f"{path}: lacks the tensor {name}, in GPT-2's shape {shape}")
        if tuple(tensors[name].shape) != shape:
            raise CheckpointError(f"{path}: {name} has shape {tuple(tensors[name].shape)}; GPT-2's is {shape}")
    unknown = sorted(set(tensors) - set(_expected(config)))
    if unknown:
        raise CheckpointError(
            f"{path}: has a tensor {unknown[0]} that a GPT-2 of {config.n_layer} layers does not have"
        )
    n_ids = config.vocab_size if vocab_size is None else vocab_size
    if n_ids < config.vocab_size:
        raise ConfigError(f"vocab_size is {n_ids}, but wte.weight of {path} has {config.vocab_size} rows")
    model = GPT(dataclasses.replace(config, vocab_size=n_ids))
    converted = {name: tensors[_gpt2_name(name)].float() for name in weights_of(model)}
    for name, tensor in converted.items():
        if _is_matrix(name):
            converted[name] = tensor.T
        elif name in _TABLES:
            spare = tensor.mean(dim=0).expand(n_ids - config.vocab_size, -1)
            converted[name] = torch.cat((tensor, spare))
    put_weights(model, converted, path)
    return model.eval()


def export_gpt2(model: GPT, path: Path | str, vocab_size: int | None = None) -> None:
    """Write a model as a GPT-2 file, in fp32: the inverse of `load_gpt2`.

    Args:
        model: A model with GPT-2's architecture.
        path: The safetensors file, written atomically.
        vocab_size: Rows of the embedding to write; by default all, including spare ones.

    Raises:
        ConfigError: GPT-2 has no such part, or the model has fewer ids than requested.
    """
    config = model.config
    for name, value in _PARTS.items():
        if getattr(config, name) != value:
            raise ConfigError(f"{name} is {getattr(config, name)!r}; a GPT-2 file can only hold {value!r}")
    if config.kv_heads != config.n_head:
        raise ConfigError(f"n_kv_head is {config.n_kv_head}; GPT-2 has as many as n_head, which is {config.n_head}")
    rows = config.vocab_size if vocab_size is None else vocab_size
    if not 1 <= rows <= config.vocab_size:
        raise ConfigError(f"vocab_size is {rows}; the model has {config.vocab_size} ids")
    tensors: dict[str, Tensor] = {}
    for name, weight in weights_of(model).items():
        tensor = weight.float().cpu()
        tensors[_gpt2_name(name)] = tensor[:rows] if name in _TABLES else tensor.T if _is_matrix(name) else tensor
    write_tensors(Path(path), tensors, {"format": "pt"})  # required by Hugging Face's loaders


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0 when the folder is written, 2 on wrong input."""
    parser = argparse.ArgumentParser(prog=PROG, description="Build a model folder from GPT-2's weights.")
    parser.add_argument("file", type=Path, help="GPT-2's model.safetensors, or the folder that holds it")
    parser.add_argument("out", type=Path, help="the model folder to write")
    parser.add_argument("--heads", type=int, help="attention heads (default: the width divided by 64)")
    parser.add_argument("--bf16", action="store_true", help="store the weights in half the space")
    args = parser.parse_args(argv)
    try:
        tokenizer = Tokenizer.gpt2()
        model = load_gpt2(args.file, n_head=args.heads, vocab_size=tokenizer.vocab_size)
        save_model(model, tokenizer, args.out, {"from": args.file.name}, bf16=args.bf16)
    except GPTError as error:
        print(f"{PROG}: {error}", file=sys.stderr)
        return 2
    print(f"model: {args.out} ({model.n_parameters:,} parameters)")
    return 0


def _plain_names(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Drop the prefix, the masks, and a head that only repeats the embedding."""
    plain = {name.removeprefix(_PREFIX): tensor for name, tensor in tensors.items()}
    plain = {name: tensor for name, tensor in plain.items() if not _MASKS.fullmatch(name)}
    if _HEAD in plain and "wte.weight" in plain and torch.equal(plain[_HEAD], plain["wte.weight"]):
        del plain[_HEAD]
    return plain


def _config_of(tensors: dict[str, Tensor], path: Path, n_head: int | None) -> GPTConfig:
    for name in ("wte.weight", "wpe.weight"):
        if name not in tensors:
            raise CheckpointError(f"{path}: lacks the tensor {name}; it is not a GPT-2 file")
        if tensors[name].ndim != 2:
            raise CheckpointError(f"{path}: {name} has shape {tuple(tensors[name].shape)}; GPT-2's has two dimensions")
    vocab_size, n_embd = tensors["wte.weight"].shape
    layers = {int(name.split(".")[1]) for name in tensors if re.match(r"h\.\d+\.", name)}
    if not layers:
        raise CheckpointError(f"{path}: holds no tensor of a block, h.0.ln_1.weight and so on")
    if n_head is None and n_embd % _HEAD_SIZE:
        raise ConfigError(f"{path}: the width {n_embd} is not a multiple of GPT-2's head size {_HEAD_SIZE}; set n_head")
    shape = {
        "vocab_size": vocab_size,
        "n_layer": len(layers),
        "n_head": n_embd // _HEAD_SIZE if n_head is None else n_head,
        "n_embd": n_embd,
        "block_size": tensors["wpe.weight"].shape[0],
        "tie_weights": _HEAD not in tensors,
    }
    return GPTConfig.from_dict({**shape, **_PARTS})


def _expected(config: GPTConfig) -> dict[str, tuple[int, ...]]:
    """Return names and shapes of a GPT-2 file."""
    V, C = config.vocab_size, config.n_embd
    shapes: dict[str, tuple[int, ...]] = {"wte.weight": (V, C), "wpe.weight": (config.block_size, C)}
    layers = {"attn.c_attn": (C, 3 * C), "attn.c_proj": (C, C), "mlp.c_fc": (C, 4 * C), "mlp.c_proj": (4 * C, C)}
    for block in range(config.n_layer):
        for norm in ("ln_1", "ln_2"):
            shapes |= {f"h.{block}.{norm}.weight": (C,), f"h.{block}.{norm}.bias": (C,)}
        for name, shape in layers.items():
            shapes |= {f"h.{block}.{name}.weight": shape, f"h.{block}.{name}.bias": shape[1:]}
    shapes |= {"ln_f.weight": (C,), "ln_f.bias": (C,)}
    return shapes if config.tie_weights else shapes | {_HEAD: (V, C)}


def _gpt2_name(name: str) -> str:
    """Return GPT-2's name of one of our tensors."""
    for own, published in _RENAMED:
        name = name.replace(own, published) if own.startswith(".") or name.startswith(own) else name
    return name


def _is_matrix(name: str) -> bool:
    return name.startswith("blocks.") and name.endswith((".qkv.weight", ".proj.weight", ".fc.weight"))


if __name__ == "__main__":
    sys.exit(main())
