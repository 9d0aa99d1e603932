"""Model folders with wrong sizes, shapes, numbers or tokens."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import struct
from functools import cache
from pathlib import Path
from random import Random
from typing import get_args

import numpy as np
from safetensors.numpy import save

from gpt.model.config import GPTConfig
from gpt.tokenization.tokenizer import Tokenizer
from gpt.weights.model_folder import FORMAT, expected_shapes
from planner.plans.planning_result import Reading
from planner.understanding import calibration_file
from planner.understanding.calibration import Calibration
from tests.fuzz import texts
from tests.fuzz.files import damaged

EXTREME = (0, -1, 1, 2, 3, 7, 63, 10**6, 2**31, 2**63, 10**30, True, None, 0.5, float("nan"), float("inf"), "4", [], {})


@cache
def _tokenizer() -> Tokenizer:
    return Tokenizer.train([" ".join(texts.words()[:300])], 320)


@cache
def _config() -> GPTConfig:
    return GPTConfig(vocab_size=_tokenizer().vocab_size, n_layer=1, n_head=2, n_embd=16, block_size=256)


def write_model(rng: Random, folder: Path) -> None:
    """Write a model folder that is intact or has one or two errors."""
    arrays = {name: np.asarray(np.random.default_rng(rng.randrange(9)).normal(size=shape, scale=0.3), np.float32)
              for name, shape in expected_shapes(_config()).items()}  # fmt: skip
    content: dict[str, object] = {"format": FORMAT, "model": dataclasses.asdict(_config()), "extra": {}}
    tokenizer = json.loads(_tokenizer().to_json())
    for _ in range(rng.choice((0, 1, 1, 1, 2))):
        model, ranks, specials = content["model"], tokenizer.get("ranks"), tokenizer.get("specials")
        if rng.randrange(2) and isinstance(model, dict) and model:
            _change_config(rng, content, model)
        elif isinstance(ranks, list) and isinstance(specials, dict) and ranks and specials:
            _change_tokenizer(rng, tokenizer, ranks, specials)
        if arrays:
            _change_arrays(rng, arrays)
    config_text, tokenizer_text = (json.dumps(part) for part in (content, tokenizer))
    if rng.randrange(6) == 0:
        config_text = rng.choice((texts.mutated(config_text, rng), "[" * 9000, "9" * 5000, "{}", "null", "[]"))
    if rng.randrange(6) == 0:
        tokenizer_text = rng.choice((texts.mutated(tokenizer_text, rng), "[" * 9000, "9" * 5000, "{}", "null", "[]"))
    config_raw, tokenizer_raw = (part.encode("utf-8", "replace") for part in (config_text, tokenizer_text))
    fingerprint = hashlib.sha256(config_raw + b"\0" + tokenizer_raw).hexdigest()
    weights = save(arrays, {"format": FORMAT, "fingerprint": fingerprint})
    if rng.randrange(4) == 0:
        weights = damaged(_lying_header(rng, weights), rng)
    folder.mkdir(exist_ok=True)
    for name, raw in (("config.json", config_raw), ("tokenizer.json", tokenizer_raw), ("model.safetensors", weights)):
        (folder / name).write_bytes(raw)


def write_calibration(rng: Random, folder: Path) -> None:
    """Write a model's config and a calibration beside it, which may have errors."""
    (folder / "config.json").write_text("{}")
    temperatures = {reading: rng.choice((0.3, 1.0, 4.0)) for reading in get_args(Reading)}
    scores = tuple(sorted((rng.random() for _ in range(rng.choice((0, 1, 50)))), reverse=True))
    calibration = Calibration(goal=temperatures, plan=temperatures, unverified=rng.random(), scores=scores)
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
