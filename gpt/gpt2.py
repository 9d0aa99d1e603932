"""Convert GPT-2's published weights to our model, and our models to GPT-2's format.

    python -m gpt.gpt2 FILE OUT        # a model folder from GPT-2's weights, or those of nanoGPT

GPT-2 (Radford et al. 2019) is our model with learned positions, LayerNorm, tanh-approximated GELU and biases, and
without QK norm, previous-token embeddings or embedding norm. Its files use OpenAI's tensor names and store the matrices
of a block as (in, out), where `nn.Linear`, and so nanoGPT, has (out, in). `gpt.weights.gpt2_files` reads the files.

The tensors determine every size but the number of heads. That is stated by `config.json`, by nanoGPT's `model_args`, or
by the caller; without a statement only the published sizes are known, and a width of 64, which is one head of GPT-2's.
Anything else is refused: other heads give other logits without an error.

Shapes: V vocabulary size, T block size, C = n_embd.
"""

from __future__ import annotations

import argparse
import dataclasses
import logging
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import torch
from torch import Tensor

from gpt.errors import CheckpointError, ConfigError, GPTError
from gpt.files import check_output
from gpt.model.transformer import GPT, GPTConfig
from gpt.tokenization.gpt2_vocabulary import N_GPT2_IDS, check_vocabulary
from gpt.tokenization.tokenizer import Tokenizer
from gpt.weights.checkpoint import put_weights, save_model, weights_of, write_tensors
from gpt.weights.gpt2_config import StatedShape
from gpt.weights.gpt2_files import N_HEAD_KEY, GPT2Weights, read_gpt2

PROG = "python -m gpt.gpt2"

GPT2Size = Literal["small", "medium", "large", "xl"]

_SHAPES = {"small": (12, 12, 768), "medium": (24, 16, 1024), "large": (36, 20, 1280), "xl": (48, 25, 1600)}
_BLOCK_SIZE = 1024
_HEAD_SIZE = 64  # of every published size
_PUBLISHED = {(layers, width): heads for layers, heads, width in _SHAPES.values()} | {(6, 768): 12}  # and DistilGPT-2
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
_EMBEDDING, _HEAD = "wte.weight", "lm_head.weight"
_MAX_NAMED = 3  # missing or unknown tensors in a message
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


def gpt2_config(size: GPT2Size = "small", vocab_size: int = N_GPT2_IDS) -> GPTConfig:
    """Return the shape of a published GPT-2; a vocabulary of 50,304 is the same model with faster matrices."""
    if size not in get_args(GPT2Size):
        raise ConfigError(f"size is {size!r}; it must be one of {', '.join(get_args(GPT2Size))}")
    n_layer, n_head, n_embd = _SHAPES[size]
    shape = {"n_layer": n_layer, "n_head": n_head, "n_embd": n_embd, "block_size": _BLOCK_SIZE}
    return GPTConfig.from_dict({"vocab_size": vocab_size, **shape, **_PARTS})


def load_gpt2(path: Path | str, *, n_head: int | None = None, vocab_size: int | None = None) -> GPT:
    """Return our model with weights of a GPT-2, in fp32 and in evaluation mode.

    Args:
        path: A file or folder in one of the layouts of `gpt.weights.gpt2_files`.
        n_head: Number of heads, where nothing beside the weights states it.
        vocab_size: More ids than the file has, such as 50,304. A spare id's row is the mean of all rows: its logit is
            the mean logit, so it is never the most likely, and has at most an average id's probability.

    Raises:
        CheckpointError: The file is missing, damaged, or not GPT-2-shaped, or contradicts its config; the message names
            tensor and shapes.
        ConfigError: `n_head` is needed; or `n_head` or `vocab_size` does not match the file.
    """
    return _build(read_gpt2(Path(path)), n_head, vocab_size)


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
    # "format" is required by Hugging Face's loaders.
    write_tensors(Path(path), tensors, {"format": "pt", N_HEAD_KEY: str(config.n_head)})


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0 when the folder is written, 2 on wrong input."""
    parser = argparse.ArgumentParser(prog=PROG, description="Build a model folder from GPT-2's weights.")
    parser.add_argument("file", type=Path, help="weights: Hugging Face's folder or file, or nanoGPT's ckpt.pt")
    parser.add_argument("out", type=Path, help="the model folder to write")
    parser.add_argument("--heads", type=int, help="attention heads, where neither config.json nor ckpt.pt states them")
    parser.add_argument("--bf16", action="store_true", help="store the weights in half the space")
    args = parser.parse_args(argv)
    try:
        check_output(args.out, folder=True)
        weights = read_gpt2(args.file)
        if args.out.resolve() == weights.path.parent.resolve():
            raise ConfigError(f"{args.out}: is the folder of the weights, whose files would be replaced; give another")
        tokenizer = Tokenizer.gpt2()
        check_vocabulary(weights.path.parent, tokenizer)
        n_ids = _config_of(weights, _with_embedding(weights), args.heads).vocab_size
        if n_ids < N_GPT2_IDS:
            raise CheckpointError(
                f"{weights.path}: has {n_ids:,} ids, but GPT-2's vocabulary {N_GPT2_IDS:,}; a model with a vocabulary "
                "of its own cannot be converted"
            )
        model = _build(weights, args.heads, max(n_ids, tokenizer.vocab_size))
        save_model(model, tokenizer, args.out, {"from": args.file.name}, bf16=args.bf16)
    except GPTError as error:
        print(f"{PROG}: {error}", file=sys.stderr)
        return 2
    print(f"model: {args.out} ({model.n_parameters:,} parameters)")
    return 0


def _build(weights: GPT2Weights, n_head: int | None, vocab_size: int | None) -> GPT:
    tensors, stated = _with_embedding(weights), weights.stated or StatedShape(source="")
    config = _config_of(weights, tensors, n_head)
    stored_as_linear = _check_tensors(tensors, config, weights.path)
    n_ids = config.vocab_size if vocab_size is None else vocab_size
    if n_ids < config.vocab_size:
        raise ConfigError(f"vocab_size is {n_ids}, but wte.weight of {weights.path} has {config.vocab_size} rows")
    model = GPT(dataclasses.replace(config, vocab_size=n_ids))
    converted = {name: tensors[_gpt2_name(name)].float() for name in weights_of(model)}
    for name, tensor in converted.items():
        if _is_matrix(name):
            converted[name] = tensor if stored_as_linear else tensor.T
        elif name in _TABLES:
            spare = tensor.mean(dim=0).expand(n_ids - config.vocab_size, -1)
            converted[name] = torch.cat((tensor, spare))
    for layer in range(config.n_layer):
        _scale_queries(converted, layer, config, stated)
    put_weights(model, converted, weights.path)
    return model.eval()


def _with_embedding(weights: GPT2Weights) -> dict[str, Tensor]:
    """Return the tensors with the embedding, and with a head only where it is not the embedding.

    A tied table may be stored under either name, or under both.
    """
    tensors, path = dict(weights.tensors), weights.path
    tied, source = (None, "") if weights.stated is None else (weights.stated.tied, weights.stated.source)
    embedding, head = tensors.get(_EMBEDDING), tensors.get(_HEAD)
    if embedding is None and head is None:
        raise CheckpointError(f"{path}: lacks the tensor {_EMBEDDING}; it is not a GPT-2 file")
    if embedding is None or head is None:
        if tied is False:
            lacking = _EMBEDDING if embedding is None else _HEAD
            raise CheckpointError(f"{path}: lacks the tensor {lacking}, and {source} says tie_word_embeddings is false")
        tensors[_EMBEDDING] = head if embedding is None else embedding  # type: ignore[assignment]
        tensors.pop(_HEAD, None)
    elif torch.equal(embedding, head):
        del tensors[_HEAD]
    elif tied:
        raise CheckpointError(
            f"{path}: {_HEAD} differs from {_EMBEDDING}, but {source} ties them; if the head is a table of its own, "
            'write "tie_word_embeddings": false there'
        )
    return tensors


def _config_of(weights: GPT2Weights, tensors: dict[str, Tensor], n_head: int | None) -> GPTConfig:
    path, stated = weights.path, weights.stated
    for name in (_EMBEDDING, "wpe.weight"):
        if name not in tensors:
            raise CheckpointError(f"{path}: lacks the tensor {name}; it is not a GPT-2 file")
        if tensors[name].ndim != 2:
            raise CheckpointError(f"{path}: {name} has shape {tuple(tensors[name].shape)}; GPT-2's has two dimensions")
    vocab_size, n_embd = tensors[_EMBEDDING].shape
    layers = {name.split(".")[1] for name in tensors if re.match(r"h\.\d{1,6}\.", name)}
    if not layers:
        raise CheckpointError(f"{path}: holds no tensor of a block, h.0.ln_1.weight and so on")
    sizes = {
        "n_layer": len(layers),
        "n_embd": n_embd,
        "block_size": tensors["wpe.weight"].shape[0],
        "vocab_size": vocab_size,
    }
    bias = any(name.endswith(".bias") for name in tensors)
    if stated is not None:
        for name, size in {**sizes, "n_inner": 4 * n_embd}.items():
            value = getattr(stated, name)
            if value is not None and value != size:
                what = (
                    "this network computes 4 n_embd, which is" if name == "n_inner" else f"the tensors of {path} have"
                )
                raise CheckpointError(f"{stated.source}: {name} is {value}, but {what} {size}")
        if stated.bias is not None and stated.bias != bias:
            have = "biases" if bias else "no biases"
            raise CheckpointError(f"{stated.source}: bias is {stated.bias}, but the tensors of {path} have {have}")
    parts = {**_PARTS, "bias": bias, "mlp": "gelu_tanh" if stated is None else stated.mlp}
    heads = _heads(weights, len(layers), n_embd, n_head)
    return GPTConfig.from_dict({**sizes, **parts, "n_head": heads, "tie_weights": _HEAD not in tensors})


def _heads(weights: GPT2Weights, n_layer: int, n_embd: int, n_head: int | None) -> int:
    path, stated = weights.path, weights.stated
    source, known = (str(path), weights.n_head)
    if stated is not None and stated.n_head is not None:
        source, known = stated.source, stated.n_head
        if n_embd % known:
            raise CheckpointError(f"{source}: n_head is {known}, but the tensors of {path} are {n_embd} wide")
    if known is not None:
        if n_head is not None and n_head != known:
            raise ConfigError(f"n_head is {n_head}, but {source} says {known}")
        return known
    if n_head is not None:
        return n_head
    if n_embd == _HEAD_SIZE:
        logging.getLogger(__name__).warning(
            "%s: nothing states the number of heads; taken as 1, of GPT-2's head size %d (n_head, --heads)",
            path, _HEAD_SIZE,
        )  # fmt: skip
        return 1
    if (n_layer, n_embd) not in _PUBLISHED:
        where = "no config.json beside it states it" if stated is None else f"{stated.source} does not state it"
        raise ConfigError(
            f"{path}: the number of heads is unknown: {where}, and no published GPT-2 has {n_layer} layers of width "
            f"{n_embd}; set n_head (--heads)"
        )
    return _PUBLISHED[n_layer, n_embd]


def _check_tensors(tensors: dict[str, Tensor], config: GPTConfig, path: Path) -> bool:
    """Check names and shapes; returns whether matrices are stored as (out, in), as by `nn.Linear`."""
    C = config.n_embd
    first = tensors.get("h.0.attn.c_attn.weight")
    linear = first is not None and tuple(first.shape) == (3 * C, C)
    expected = _expected(config, linear)
    missing = [name for name in expected if name not in tensors]
    if missing:
        shape = expected[missing[0]]
        raise CheckpointError(f"{path}: lacks the tensor {_listed(missing)}, in GPT-2's shape {shape}")
    for name, shape in expected.items():
        if tuple(tensors[name].shape) != shape:
            raise CheckpointError(f"{path}: {name} has shape {tuple(tensors[name].shape)}; GPT-2's is {shape}")
    unknown = sorted(set(tensors) - set(expected))
    if unknown:
        raise CheckpointError(
            f"{path}: has a tensor {_listed(unknown)} that a GPT-2 of {config.n_layer} layers does not have"
        )
    return linear


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    return ", ".join(names[:_MAX_NAMED]) + more


def _scale_queries(tensors: dict[str, Tensor], layer: int, config: GPTConfig, stated: StatedShape) -> None:
    """Fold other scales of the scores into the query weights: our attention divides by sqrt(D) in every layer."""
    scale = (1.0 if stated.over_head_size else config.head_size**0.5) / (layer + 1 if stated.over_layer else 1)
    if scale == 1.0:
        return
    for part in ("weight", "bias"):
        name = f"blocks.{layer}.attention.qkv.{part}"
        if name in tensors:
            tensors[name] = tensors[name].clone()
            tensors[name][: config.n_embd] *= scale


def _expected(config: GPTConfig, linear: bool) -> dict[str, tuple[int, ...]]:
    """Return names and shapes of a GPT-2 file, with matrices as (in, out) or, `linear`, as (out, in)."""
    V, C = config.vocab_size, config.n_embd
    shapes: dict[str, tuple[int, ...]] = {_EMBEDDING: (V, C), "wpe.weight": (config.block_size, C)}
    layers = {"attn.c_attn": (C, 3 * C), "attn.c_proj": (C, C), "mlp.c_fc": (C, 4 * C), "mlp.c_proj": (4 * C, C)}
    for block in range(config.n_layer):
        for norm in ("ln_1", "ln_2"):
            shapes |= {f"h.{block}.{norm}.weight": (C,), f"h.{block}.{norm}.bias": (C,)}
        for name, shape in layers.items():
            stored = shape[::-1] if linear else shape
            shapes |= {f"h.{block}.{name}.weight": stored, f"h.{block}.{name}.bias": shape[1:]}
    shapes |= {"ln_f.weight": (C,), "ln_f.bias": (C,)}
    if not config.bias:
        shapes = {name: shape for name, shape in shapes.items() if not name.endswith(".bias")}
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
