"""Read a model folder without torch: config, tokenizer, and weights as fp32 arrays.

`gpt.weights.checkpoint` writes and documents these folders.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, deserialize, safe_open

from gpt.errors import CheckpointError, ConfigError, FileError, TokenizerError
from gpt.files import parse_json, read_text
from gpt.model.config import GPTConfig
from gpt.tokenization.tokenizer import MAX_BYTES, Tokenizer
from gpt.weights.file_kind import check_file, foreign_kind, unreadable

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

FORMAT_NAME, FORMAT_VERSION = "gpt-home-planner model", 1
FORMAT = f"{FORMAT_NAME} {FORMAT_VERSION}"
WEIGHTS_FILE, CONFIG_FILE, TOKENIZER_FILE = "model.safetensors", "config.json", "tokenizer.json"
MAX_SHOWN_CHARS = 500  # maximum characters of file content in a message


def read_folder(folder: Path | str) -> tuple[GPTConfig, dict[str, Floats], Tokenizer, dict[str, object]]:
    """Read a model folder: its config, its weights as fp32, its tokenizer and the saved `extra`.

    Raises:
        CheckpointError: A file is missing, truncated, of another format, or does not match the others.
    """
    folder = Path(folder)
    if not is_folder(folder):
        raise CheckpointError(f"{folder}: no such model folder")
    config_text, tokenizer_text = _read(folder / CONFIG_FILE), _read(folder / TOKENIZER_FILE)
    config, extra = _parse_config(config_text, folder / CONFIG_FILE)
    try:
        tokenizer = Tokenizer.from_json(tokenizer_text, str(folder / TOKENIZER_FILE))
    except TokenizerError as error:
        raise CheckpointError(str(error)) from None
    if tokenizer.n_used > config.vocab_size:
        raise CheckpointError(
            f"{folder / TOKENIZER_FILE}: uses {tokenizer.n_used} ids; the model knows {config.vocab_size}"
        )
    tensors, metadata = read_arrays(folder / WEIGHTS_FILE, config)
    if metadata.get("fingerprint") != fingerprint(config_text, tokenizer_text):
        raise CheckpointError(
            f"{folder / WEIGHTS_FILE}: was not saved together with the {CONFIG_FILE} and {TOKENIZER_FILE} beside it"
        )
    return config, tensors, tokenizer, extra


def fingerprint(config_text: str, tokenizer_text: str) -> str:
    """Return the hash, stored with the weights, of the two files beside them."""
    return hashlib.sha256(f"{config_text}\0{tokenizer_text}".encode()).hexdigest()


def read_arrays(path: Path, config: GPTConfig) -> tuple[dict[str, Floats], dict[str, str]]:
    """Return the tensors of a safetensors file as fp32, and its metadata.

    Names and shapes are checked against the config before any data is read, so a file cannot use more memory than its
    model.

    Raises:
        CheckpointError: The file is missing, truncated, not safetensors, of another model, or contains a non-finite
            number.
    """
    check_file(path)
    try:
        with safe_open(path, framework="np") as file:
            metadata = dict(file.metadata() or {})
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        check_shapes(config, shapes, str(path))
        parts = deserialize(path.read_bytes())  # type: ignore[no-untyped-call]
    except (SafetensorError, OSError, ValueError) as error:
        raise unreadable(path, error) from None
    arrays: dict[str, Floats] = {}
    for name, part in parts:
        data = np.frombuffer(part["data"], np.uint8)
        match part["dtype"]:
            case "F32":
                values = data.view("<f4").astype(np.float32)
            case "F16":
                values = data.view("<f2").astype(np.float32)
            case "BF16":  # the upper half of an fp32 number; numpy has no such type
                values = (data.view("<u2").astype(np.uint32) << 16).view(np.float32)
            case dtype:
                raise CheckpointError(f"{path}: {name} holds {dtype}; expected F32, F16 or BF16")
        if not _is_finite(values):
            n_bad = int(np.count_nonzero(~np.isfinite(values)))
            raise CheckpointError(f"{path}: {name} has {n_bad} numbers of {values.size} that are not finite")
        arrays[name] = values.reshape(shapes[name])
    return arrays, metadata


def _is_finite(values: Floats) -> bool:
    # The sum is a fast test, conclusive except for very large numbers.
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(values.sum()) or np.isfinite(values).all())


def is_folder(folder: Path) -> bool:
    """Whether there is a folder of this name."""
    try:
        return folder.is_dir()
    except OSError:  # the name is too long
        return False


def check_shapes(config: GPTConfig, shapes: dict[str, tuple[int, ...]], path: str) -> None:
    """Check that names and shapes match the config.

    Raises:
        CheckpointError: They do not; the message names `path`.
    """
    if config.n_layer > len(shapes):
        raise CheckpointError(f"{path}: has {len(shapes)} tensors; the config asks for {config.n_layer} layers")
    expected = expected_shapes(config)
    for name in sorted(set(expected) | set(shapes)):
        if name not in shapes:
            raise CheckpointError(f"{path}: lacks the tensor {name} that the config asks for")
        if name not in expected:
            raise CheckpointError(f"{path}: holds a tensor {_short(name)} that the config does not have")
        if shapes[name] != expected[name]:
            actual = _short(str(shapes[name]))
            raise CheckpointError(f"{path}: {name} has shape {actual}; the config asks for {expected[name]}")


def expected_shapes(config: GPTConfig) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor saved by a model of this config, by name."""
    C, V, D, L = config.n_embd, config.vocab_size, config.head_size, config.n_layer
    gated = config.mlp == "swiglu"
    hidden = max(64, 64 * round(8 * C / 3 / 64)) if gated else 4 * C
    shapes: dict[str, tuple[int, ...]] = {"wte.weight": (V, C)}
    norms = ["final_norm", *(f"blocks.{i}.norm_{n}" for i in range(L) for n in (1, 2))]
    if config.previous_tokens:
        shapes["previous.weight"] = (config.previous_tokens * (V + 1), C)
    if config.position == "learned":
        shapes["wpe.weight"] = (config.block_size, C)
    if config.embedding_norm:
        norms.append("embedding_norm")
    if not config.tie_weights:
        shapes["head.weight"] = (V, C)
    for i in range(L):
        linear = {
            "attention.qkv": ((config.n_head + 2 * config.kv_heads) * D, C),
            "attention.proj": (C, C),
            "mlp.fc": (hidden * (2 if gated else 1), C),
            "mlp.proj": (C, hidden),
        }
        for name, shape in linear.items():
            shapes[f"blocks.{i}.{name}.weight"] = shape
            if config.bias:
                shapes[f"blocks.{i}.{name}.bias"] = shape[:1]
        if config.qk_norm:
            shapes[f"blocks.{i}.attention.gain"] = (D,)
    if config.norm == "layer":
        for name in norms:
            shapes[f"{name}.weight"] = (C,)
            if config.bias:
                shapes[f"{name}.bias"] = (C,)
    return shapes


def _parse_config(text: str, path: Path) -> tuple[GPTConfig, dict[str, object]]:
    try:
        content = parse_json(text)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: damaged or truncated JSON: {_one_line(error)}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        actual = repr(content.get("format")) if isinstance(content, dict) else type(content).__name__
        if re.fullmatch(rf"'{FORMAT_NAME} [0-9]{{1,9}}'", actual):
            raise CheckpointError(
                f"{path}: has the format {actual} of a newer version of this project; this one reads {FORMAT!r}"
            )
        raise CheckpointError(
            f"{path}: not a model config of this project (format {_short(actual)}, expected {FORMAT!r})"
        )
    try:
        return GPTConfig.from_dict(dict(content["model"])), dict(content["extra"])
    except (ConfigError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise CheckpointError(f"{path}: not a valid model config: {_one_line(error)}") from None


def _read(path: Path) -> str:
    check_file(path)
    try:
        text = read_text(path, MAX_BYTES)
    except FileError as error:
        raise CheckpointError(_one_line(error)) from None
    if not text.lstrip().startswith("{") and (kind := foreign_kind(path)):
        raise CheckpointError(f"{path}: {kind}")
    return text


def _one_line(error: Exception) -> str:
    return _short(" ".join(str(error).split()))


def _short(text: str) -> str:
    return text if len(text) <= MAX_SHOWN_CHARS else f"{text[:MAX_SHOWN_CHARS]}…"
