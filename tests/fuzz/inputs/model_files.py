"""Model folders with wrong sizes, shapes, numbers or tokens."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import json
import struct
import tempfile
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
import torch
from safetensors.numpy import load, save

from gpt.data.batches import Batches
from gpt.model.transformer import GPT, GPTConfig
from gpt.tokenization.tokenizer import Tokenizer
from gpt.training.config import TrainConfig
from gpt.training.trainer import train
from gpt.training.training_state import CHECKPOINT_FILE
from gpt.weights.adapter import FORMAT as ADAPTER_FORMAT
from gpt.weights.adapter import weights_id
from gpt.weights.model_folder import FORMAT, expected_shapes, read_folder
from planner.understanding import calibration_file
from planner.understanding.calibration import FEATURES, Calibration, Judge
from tests.fuzz.inputs import json_files, texts
from tests.fuzz.inputs.files import damaged

EXTREME = (0, -1, 1, 2, 3, 7, 63, 10**6, 2**31, 2**63, 10**30, True, None, 0.5, float("nan"), float("inf"), "4", [], {})


@cache
def _tokenizer() -> Tokenizer:
    return Tokenizer.train([" ".join(texts.words()[:300])], 320)


@cache
def _config() -> GPTConfig:
    return GPTConfig(vocab_size=_tokenizer().vocab_size, n_layer=1, n_head=2, n_embd=16, block_size=256)


def small_config() -> GPTConfig:
    """Return the shape of the models in these files."""
    return _config()


def small_tokenizer() -> Tokenizer:
    """Return the tokenizer of the models in these files."""
    return _tokenizer()


def write_model(rng: Random, folder: Path, *, errors: int | None = None) -> None:
    """Write a model folder that is intact or has one or two errors."""
    arrays = {name: np.asarray(np.random.default_rng(rng.randrange(9)).normal(size=shape, scale=0.3), np.float32)
              for name, shape in expected_shapes(_config()).items()}  # fmt: skip
    content: dict[str, object] = {"format": FORMAT, "model": dataclasses.asdict(_config()), "extra": {}}
    tokenizer = json.loads(_tokenizer().to_json())
    for _ in range(rng.choice((0, 1, 1, 1, 2)) if errors is None else errors):
        model, ranks, specials = content["model"], tokenizer.get("ranks"), tokenizer.get("specials")
        if rng.randrange(2) and isinstance(model, dict) and model:
            _change_config(rng, content, model)
        elif isinstance(ranks, list) and isinstance(specials, dict) and ranks and specials:
            _change_tokenizer(rng, tokenizer, ranks, specials)
        if arrays:
            _change_arrays(rng, arrays)
    config_text, tokenizer_text = (json.dumps(part) for part in (content, tokenizer))
    if errors is None and rng.randrange(6) == 0:
        config_text = rng.choice((texts.mutated(config_text, rng), "[" * 9000, "9" * 5000, "{}", "null", "[]"))
    if errors is None and rng.randrange(6) == 0:
        tokenizer_text = rng.choice((texts.mutated(tokenizer_text, rng), "[" * 9000, "9" * 5000, "{}", "null", "[]"))
    config_raw, tokenizer_raw = (part.encode("utf-8", "replace") for part in (config_text, tokenizer_text))
    fingerprint = hashlib.sha256(config_raw + b"\0" + tokenizer_raw).hexdigest()
    weights = save(arrays, {"format": FORMAT, "fingerprint": fingerprint})
    if errors is None and rng.randrange(4) == 0:
        weights = damaged(_lying_header(rng, weights), rng)
    folder.mkdir(exist_ok=True)
    for name, raw in (("config.json", config_raw), ("tokenizer.json", tokenizer_raw), ("model.safetensors", weights)):
        (folder / name).write_bytes(raw)


def tokenizer(rng: Random) -> bytes:
    """Return a tokenizer file with one or two errors."""
    content = json.loads(_tokenizer().to_json())
    for _ in range(rng.choice((0, 1, 1, 2))):
        ranks, specials = content.get("ranks"), content.get("specials")
        if isinstance(ranks, list) and isinstance(specials, dict) and ranks and specials:
            _change_tokenizer(rng, content, ranks, specials)
    return json_files.raw(content, rng) if rng.randrange(4) == 0 else json.dumps(content).encode("utf-8", "replace")


def adapter(rng: Random, model: Path) -> bytes:
    """Return an adapter of a model, with one or two errors in its matrices, notes or header."""
    _, arrays, *_ = read_folder(model)
    rank = 2
    generator = np.random.default_rng(rng.randrange(9))
    tensors = {}
    for name, array in arrays.items():
        if array.ndim == 2 and name.startswith("blocks.") and rng.randrange(3):
            tensors[f"{name}.down"] = generator.normal(size=(rank, array.shape[1])).astype(np.float16)
            tensors[f"{name}.up"] = generator.normal(size=(array.shape[0], rank)).astype(np.float16)
    metadata = {"format": ADAPTER_FORMAT, "base": weights_id(arrays), "rank": str(rank), "extra": "{}"}
    for _ in range(rng.choice((0, 1, 1, 2))):
        if tensors and rng.randrange(2):
            _change_arrays(rng, tensors)
        else:
            key = rng.choice(sorted(metadata))
            odd = texts.odd(rng).encode("utf-8", "replace").decode()
            metadata[key] = rng.choice(("", "0", "-1", "3", "2.0", "٢", "9" * 5000, "[" * 9000, "null", "[]", odd))
            if rng.randrange(4) == 0:
                del metadata[key]
    written = save(tensors, metadata)
    return damaged(_lying_header(rng, written), rng) if tensors and rng.randrange(4) == 0 else written


def write_gpt2(rng: Random, folder: Path) -> Path:
    """Write GPT-2's files in their names and shapes, with or without a config beside them, and return what to load."""
    n_layer, n_embd, prefix = rng.choice((1, 2)), rng.choice((16, 64)), rng.choice(("", "transformer."))
    shapes = {"wte.weight": (40, n_embd), "wpe.weight": (8, n_embd), "ln_f.weight": (n_embd,), "ln_f.bias": (n_embd,)}
    layers = {"attn.c_attn": (n_embd, 3 * n_embd), "attn.c_proj": (n_embd, n_embd), "mlp.c_fc": (n_embd, 4 * n_embd),
              "mlp.c_proj": (4 * n_embd, n_embd), "ln_1": (n_embd,), "ln_2": (n_embd,)}  # fmt: skip
    for block in range(n_layer):
        for name, shape in layers.items():
            shapes |= {f"h.{block}.{name}.weight": shape, f"h.{block}.{name}.bias": shape[-1:]}
        if rng.randrange(2):
            shapes[f"h.{block}.attn.bias"] = (1, 1, 8, 8)
    if rng.randrange(3) == 0:
        shapes["lm_head.weight"] = (40, n_embd)
    generator = np.random.default_rng(rng.randrange(9))
    arrays = {prefix * (name != "lm_head.weight") + name: generator.normal(size=shape).astype(np.float32)
              for name, shape in shapes.items()}  # fmt: skip
    for _ in range(rng.choice((0, 0, 1, 2))):
        if rng.randrange(3) == 0:
            arrays[
                rng.choice(("h.7.ln_1.weight", "h.x.y", "h.²." + "a", "\x1b[31m", "wte.weight ", "h.99999999999.a"))
            ] = np.zeros(3, np.float32)
        else:
            _change_arrays(rng, arrays)
    content = {"model_type": "gpt2", "n_layer": n_layer, "n_head": 2, "n_embd": n_embd, "n_ctx": 8, "n_positions": 8,
               "vocab_size": 40, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5}  # fmt: skip
    config = json_files.raw(json_files.changed(content, rng), rng) if rng.randrange(2) else json.dumps(content).encode()
    if rng.randrange(3):
        (folder / "config.json").write_bytes(config)
    match rng.randrange(5):
        case 0:
            return _write_shards(rng, folder, arrays)
        case 1:
            args = {"n_layer": n_layer, "n_head": 2, "n_embd": n_embd, "block_size": 8, "bias": True, "vocab_size": 40}
            return _write_torch(rng, folder, arrays, json_files.changed(args, rng))
    written = save(arrays, {"format": "pt"})
    if rng.randrange(5) == 0:
        written = damaged(_lying_header(rng, written), rng)
    (folder / "model.safetensors").write_bytes(written)
    return folder if rng.randrange(2) else folder / "model.safetensors"


def _write_shards(rng: Random, folder: Path, arrays: dict[str, np.ndarray]) -> Path:
    files = (
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "../x.safetensors",
        "model.safetensors",
    )
    places = {name: files[number % 2] for number, name in enumerate(sorted(arrays))}
    for file in files[:2]:
        written = save({name: array for name, array in arrays.items() if places[name] == file}, {"format": "pt"})
        if rng.randrange(8):
            (folder / file).write_bytes(damaged(written, rng) if rng.randrange(8) == 0 else written)
    if rng.randrange(3) == 0:
        places[rng.choice((*places, "x"))] = rng.choice(files)
    index = {"metadata": {"total_size": 1}, "weight_map": places}
    path = folder / "model.safetensors.index.json"
    path.write_bytes(
        json_files.raw(json_files.changed(index, rng), rng) if rng.randrange(3) == 0 else json.dumps(index).encode()
    )
    return rng.choice((folder, path, folder / files[0]))


def _write_torch(rng: Random, folder: Path, arrays: dict[str, np.ndarray], args: object) -> Path:
    """Write a checkpoint of PyTorch, as nanoGPT's or bare, and often damage the archive or the pickle in it."""
    tensors = {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}
    content = rng.choice(
        (tensors, {"model": tensors, "model_args": args}, {"model": tensors, "iter_num": Path}, [tensors])
    )
    path = folder / rng.choice(("ckpt.pt", "pytorch_model.bin", "model.safetensors"))
    file = io.BytesIO()
    torch.save(content, file, _use_new_zipfile_serialization=rng.randrange(4) != 0)
    path.write_bytes(damaged(file.getvalue(), rng) if rng.randrange(2) else file.getvalue())
    return folder if rng.randrange(2) else path


def write_checkpoint(rng: Random, folder: Path, batches: Batches, settings: dict[str, object]) -> None:
    """Write the checkpoint of two steps of training, with one or two errors in its tensors or notes."""
    raw = _checkpoint(batches, tuple(settings.items()))
    arrays, metadata = load(raw), _metadata(raw)
    for _ in range(rng.choice((0, 0, 1, 2))):
        if rng.randrange(2):
            _change_arrays(rng, arrays)
        else:
            key = rng.choice(sorted(metadata))
            odd = texts.odd(rng).encode("utf-8", "replace").decode()
            metadata[key] = rng.choice(("", "0", "-1", "4", "9", "2.0", "9" * 5000, "[" * 9000, "null", "{}", odd))
    (folder / CHECKPOINT_FILE).write_bytes(save(arrays, metadata))


@cache
def _checkpoint(batches: Batches, settings: tuple[tuple[str, object], ...]) -> bytes:
    with tempfile.TemporaryDirectory() as name:
        config = TrainConfig(steps=4, **dict(settings))  # type: ignore[arg-type]
        raw = train(GPT(_config()), batches, None, config, name).checkpoint.read_bytes()
        return save(load(raw), _metadata(raw) | {"step": "2"})


def _metadata(raw: bytes) -> dict[str, str]:
    (size,) = struct.unpack("<Q", raw[:8])
    content: dict[str, str] = json.loads(raw[8 : 8 + size])["__metadata__"]
    return dict(content)


def write_calibration(rng: Random, folder: Path) -> None:
    """Write a model's config and a calibration beside it, which may have errors."""
    (folder / "config.json").write_text("{}")
    judge = Judge(weights=tuple(rng.choice((-2.0, 0.0, 0.3, 4.0)) for _ in FEATURES))
    scores = tuple(sorted((rng.random() for _ in range(rng.choice((0, 1, 50)))), reverse=True))
    calibration = Calibration(goal=judge, plan=judge, unverified=rng.random(), scores=scores)
    path = calibration_file.write_calibration(calibration, folder, tasks=None, seed=0)
    content = json.loads(path.read_text())
    for _ in range(rng.choice((0, 1, 1, 2))):
        key = rng.choice(sorted(content))
        inner = content[key]
        if isinstance(inner, dict) and inner and rng.randrange(2):
            inner[rng.choice(sorted(inner))] = rng.choice((*EXTREME, texts.value(rng)))
        elif isinstance(inner, list) and inner and rng.randrange(2):
            inner[rng.randrange(len(inner))] = rng.choice((*EXTREME, texts.value(rng)))
        elif rng.randrange(4) == 0:
            del content[key]
        else:
            content[key] = rng.choice((*EXTREME, texts.value(rng)))
    text = json.dumps(content)
    if rng.randrange(6) == 0:
        text = rng.choice((texts.mutated(text, rng), "[" * 9000, "9" * 5000, "{}", "null", "[]"))
    raw = text.encode("utf-8", "replace")
    path.write_bytes(damaged(raw, rng) if rng.randrange(4) == 0 else raw)


def _change_config(rng: Random, content: dict[str, object], model: dict[str, object]) -> None:
    match rng.randrange(8):
        case 0:
            content[rng.choice(list(content))] = texts.value(rng)
        case 1:
            model[texts.odd(rng)] = texts.value(rng)
        case 2:
            del model[rng.choice(list(model))]
        case 3:
            model["position"] = rng.choice(("rotary", "learned", "sinusoidal", "none"))
            model["block_size"] = rng.choice(EXTREME)
        case _:
            model[rng.choice(list(model))] = rng.choice(EXTREME)


def _change_tokenizer(
    rng: Random, tokenizer: dict[str, object], ranks: list[object], specials: dict[str, object]
) -> None:
    match rng.randrange(7):
        case 0:
            tokenizer[rng.choice(list(tokenizer))] = texts.value(rng)
        case 1:
            rng.shuffle(ranks)
        case 2:
            long = base64.b64encode(b"x" * 9999).decode()
            ranks[rng.randrange(len(ranks))] = rng.choice(("", "YQ==", "!", 3, None, long))
        case 3:
            ranks.extend(base64.b64encode(rng.randbytes(5)).decode() for _ in range(200))
        case 4:
            specials[rng.choice(list(specials))] = rng.choice((*EXTREME, len(ranks), len(ranks) - 1))
        case 5:
            specials[rng.choice(("put", "[SEP", ""))] = 999
        case _:
            tokenizer["pattern"] = rng.choice(("(a+)+$", "(", "", ".", r"\s+|(?:.*.*)*x", "\\w", texts.odd(rng)))


def _change_arrays(rng: Random, arrays: dict[str, np.ndarray]) -> None:
    name = rng.choice(list(arrays))
    match rng.randrange(12):
        case 0:
            arrays[name] = np.full_like(arrays[name], rng.choice((np.nan, np.inf, 3e38, 1e30, 0.0)))
        case 1 if arrays[name].dtype.kind == "f":
            arrays[name].flat[rng.randrange(arrays[name].size)] = rng.choice((np.nan, -np.inf, 3e38, 1e20))
        case 2:
            with np.errstate(over="ignore", invalid="ignore"):
                arrays[name] = arrays[name].astype(rng.choice((np.float64, np.int8, np.bool_, np.float16)))
        case 3:
            arrays[name] = np.ascontiguousarray(arrays[name].T)
        case 4:
            del arrays[name]
        case 5:
            arrays[texts.odd(rng).encode("utf-8", "replace").decode()] = arrays[name]


def _lying_header(rng: Random, raw: bytes) -> bytes:
    (size,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + size])
    entry = header[rng.choice([name for name in header if name != "__metadata__"])]
    match rng.randrange(5):
        case 0:
            return struct.pack("<Q", rng.choice((0, 1, size - 1, size + 9, 2**32, 2**63, 2**64 - 1))) + raw[8:]
        case 1:
            entry["shape"] = rng.choice(([], [0], [-1], [2**40, 2**40], [1] * 3000, "x", [1.5]))
        case 2:
            entry["data_offsets"] = rng.choice(([0, 0], [0, 10**9], [8, 4], [-1, 5], [0], None))
        case 3:
            entry["dtype"] = rng.choice(("F64", "I8", "BOOL", "F8_E4M3", "F4", "X", 3))
        case _:
            header["__metadata__"] = rng.choice(({}, None, {"a": 1}, {"fingerprint": "x" * 10**5}))
    changed = json.dumps(header).encode()
    return struct.pack("<Q", len(changed)) + changed + raw[8 + size :]
