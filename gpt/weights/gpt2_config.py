"""What a GPT-2 model says of its own shape: Hugging Face's `config.json`, or nanoGPT's `model_args`. No torch.

Values that this network cannot compute are refused by name. Settings of training (dropout, summaries, caches) are
ignored. `reorder_and_upcast_attn` only changes rounding, which in fp32 it does not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gpt.errors import CheckpointError, FileError
from gpt.files import parse_json, read_text
from gpt.weights.file_kind import foreign_kind
from gpt.weights.model_folder import FORMAT_NAME

MAX_BYTES = 1_000_000
_EPSILON = 1e-5
_ARCHITECTURES = ("GPT2LMHeadModel", "GPT2Model")
_OTHER_NAMES = {
    "hidden_size": "n_embd",
    "max_position_embeddings": "n_positions",
    "num_attention_heads": "n_head",
    "num_hidden_layers": "n_layer",
}
_SIZES = ("n_layer", "n_head", "n_embd", "n_positions", "n_ctx", "n_inner", "vocab_size")
_SWITCHES = ("scale_attn_weights", "scale_attn_by_inverse_layer_idx", "reorder_and_upcast_attn", "tie_word_embeddings")
_ACTIVATIONS: dict[str, Literal["gelu", "gelu_tanh"]] = {
    "gelu_new": "gelu_tanh", "gelu_fast": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh", "gelu_accurate": "gelu_tanh",
    "gelu": "gelu", "gelu_python": "gelu",
}  # fmt: skip
_ABSENT = (  # parts that GPT-2 does not have; a value other than these three asks for one
    "add_cross_attention", "is_encoder_decoder", "quantization_config", "pruned_heads", "multi_query", "alibi",
    "rotary_dim", "rope_theta", "rope_scaling", "sliding_window", "attention_head_type", "rms_norm_eps",
)  # fmt: skip
_NANOGPT = ("n_layer", "n_head", "n_embd", "block_size", "vocab_size", "bias", "dropout")


@dataclass(frozen=True, kw_only=True)
class StatedShape:
    """A model's statement about its shape; None where it says nothing.

    Attributes:
        source: Where it stands, for messages.
        n_layer: Blocks.
        n_head: Heads.
        n_embd: Width.
        n_inner: Width of the MLP.
        block_size: Positions.
        vocab_size: Ids.
        bias: Whether linear layers and norms have biases.
        tied: Whether the head is the token embedding.
        mlp: Activation.
        over_head_size: Whether scores are divided by the square root of the head size.
        over_layer: Whether scores are divided by the number of the layer, from 1.
    """

    source: str
    n_layer: int | None = None
    n_head: int | None = None
    n_embd: int | None = None
    n_inner: int | None = None
    block_size: int | None = None
    vocab_size: int | None = None
    bias: bool | None = None
    tied: bool | None = None
    mlp: Literal["gelu", "gelu_tanh"] = "gelu_tanh"
    over_head_size: bool = True
    over_layer: bool = False


def read_config(path: Path) -> StatedShape:
    """Read Hugging Face's `config.json` of a GPT-2.

    Raises:
        CheckpointError: The file is damaged, of another architecture, or asks for what this network cannot do.
    """
    try:
        config = parse_json(text := read_text(path, MAX_BYTES))
    except FileError as error:
        raise CheckpointError(str(error)) from None
    except (ValueError, RecursionError) as error:
        kind = None if text.lstrip().startswith("{") else foreign_kind(path)
        raise CheckpointError(f"{path}: {kind or f'damaged or truncated JSON: {error}'}") from None
    if not isinstance(config, dict):
        raise CheckpointError(f"{path}: holds a {type(config).__name__}; a config is an object")
    return parse_config(config, str(path))


def parse_config(config: Mapping[str, object], source: str) -> StatedShape:
    """Return what the content of a `config.json` says; `source` is used in messages.

    Raises:
        CheckpointError: As in `read_config`.
    """
    _check_architecture(config, source)
    values: dict[str, object] = {}
    for key, value in config.items():
        name = _OTHER_NAMES.get(key, key)
        if value is not None and values.setdefault(name, value) != value:
            raise CheckpointError(f"{source}: {name} is {values[name]!r} and, as {key}, {value!r}")
    sizes = {name: _size(values[name], name, source) for name in _SIZES if name in values}
    switches = {name: _switch(values[name], name, source) for name in _SWITCHES if name in values}
    for name in _ABSENT:
        if values.get(name):
            raise CheckpointError(f"{source}: {name} is {_shown(values[name])}; a GPT-2 has no such part")
    n_kv = values.get("num_key_value_heads")
    if n_kv is not None and n_kv != sizes.get("n_head"):
        raise CheckpointError(f"{source}: num_key_value_heads is {_shown(n_kv)}; GPT-2 has as many as heads")
    activation = values.get("activation_function", "gelu_new")
    if not isinstance(activation, str) or activation not in _ACTIVATIONS:
        raise CheckpointError(
            f"{source}: activation_function is {_shown(activation)}; this network computes {', '.join(_ACTIVATIONS)}"
        )
    epsilon = values.get("layer_norm_epsilon", _EPSILON)
    if isinstance(epsilon, bool) or not isinstance(epsilon, int | float) or not math.isclose(epsilon, _EPSILON):
        raise CheckpointError(f"{source}: layer_norm_epsilon is {_shown(epsilon)}; this network computes {_EPSILON}")
    n_positions, n_ctx = sizes.get("n_positions"), sizes.get("n_ctx")
    if n_positions is not None and n_ctx is not None and n_positions != n_ctx:
        raise CheckpointError(f"{source}: n_positions is {n_positions}, but n_ctx is {n_ctx}; they mean the same")
    return StatedShape(
        source=source,
        n_layer=sizes.get("n_layer"),
        n_head=sizes.get("n_head"),
        n_embd=sizes.get("n_embd"),
        n_inner=sizes.get("n_inner"),
        block_size=n_ctx if n_positions is None else n_positions,
        vocab_size=sizes.get("vocab_size"),
        tied=switches.get("tie_word_embeddings", True),  # what Hugging Face reads from a config that does not say
        mlp=_ACTIVATIONS[activation],
        over_head_size=switches.get("scale_attn_weights", True),
        over_layer=switches.get("scale_attn_by_inverse_layer_idx", False),
    )


def parse_model_args(args: Mapping[str, object], source: str) -> StatedShape:
    """Return what nanoGPT's `model_args` say.

    nanoGPT computes the exact GELU since June 2023; before, it computed GPT-2's approximation, which differs by at most
    0.0005.

    Raises:
        CheckpointError: A value is wrong, or nanoGPT has no such setting.
    """
    unknown = [name for name in args if name not in _NANOGPT]
    if unknown:
        raise CheckpointError(f"{source}: model_args has {_shown(unknown[0])}, which nanoGPT's GPT does not have")
    sizes = {
        name: _size(value, f"model_args {name}", source)
        for name, value in args.items()
        if name not in ("bias", "dropout") and value is not None
    }
    bias = args.get("bias")
    return StatedShape(
        source=f"{source}, model_args",
        bias=None if bias is None else _switch(bias, "model_args bias", source),
        mlp="gelu",
        n_layer=sizes.get("n_layer"),
        n_head=sizes.get("n_head"),
        n_embd=sizes.get("n_embd"),
        block_size=sizes.get("block_size"),
        vocab_size=sizes.get("vocab_size"),
    )


def _check_architecture(config: Mapping[str, object], source: str) -> None:
    if str(config.get("format", "")).startswith(FORMAT_NAME):
        raise CheckpointError(f"{source}: this is a model folder of this project already, not a GPT-2")
    model_type = config.get("model_type", "gpt2")
    if model_type != "gpt2":
        raise CheckpointError(f"{source}: model_type is {_shown(model_type)}; only 'gpt2' can be read")
    architectures = config.get("architectures") or []
    for architecture in architectures if isinstance(architectures, list) else [architectures]:
        if architecture not in _ARCHITECTURES:
            raise CheckpointError(
                f"{source}: the architecture is {_shown(architecture)}; {' and '.join(_ARCHITECTURES)} can be read"
            )


def _size(value: object, name: str, source: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise CheckpointError(f"{source}: {name} is {_shown(value)}; it must be a whole number of at least 1")
    return value


def _switch(value: object, name: str, source: str) -> bool:
    if not isinstance(value, bool):
        raise CheckpointError(f"{source}: {name} is {_shown(value)}; it must be true or false")
    return value


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
