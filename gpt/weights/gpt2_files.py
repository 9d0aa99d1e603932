"""Read GPT-2 weights as people have them: Hugging Face's folders and files, and nanoGPT's checkpoints.

| layout | files |
|---|---|
| Hugging Face | `model.safetensors` or `pytorch_model.bin`, whole or in shards with an index, and `config.json` |
| nanoGPT | `ckpt.pt`: a dict with `model` and `model_args` |
| others | a safetensors file or a state dict saved by torch; a `config.json` beside it is read |

PyTorch files are read with `weights_only`, so they cannot run code. Names may carry the prefixes of wrappers
(`_orig_mod.` of torch.compile, `module.` of data-parallel training) and Hugging Face's `transformer.`.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from gpt.errors import CheckpointError, FileError
from gpt.files import parse_json, read_text
from gpt.weights.checkpoint import read_tensors
from gpt.weights.file_kind import begins_like_safetensors, check_file, foreign_kind
from gpt.weights.gpt2_config import StatedShape, parse_model_args, read_config
from gpt.weights.model_folder import CONFIG_FILE, WEIGHTS_FILE, is_folder

CANDIDATES = (
    WEIGHTS_FILE, f"{WEIGHTS_FILE}.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json", "ckpt.pt",
)  # fmt: skip
"""Names of weights in a folder; the first that exists is read."""

N_HEAD_KEY = "n_head"
"""Key of the number of heads in the metadata of safetensors files that this project exports."""

_MAX_INDEX_BYTES = 50_000_000
_WRAPPERS = re.compile(r"_orig_mod\.|_fsdp_wrapped_module\.|_checkpoint_wrapped_module\.")
_PREFIX = re.compile(r"^(?:(?:module|model|transformer)\.)+")
_STATE_KEYS = ("model", "state_dict", "model_state_dict", "module")
_SHARD = re.compile(r"-(\d{5})-of-(\d{5})\.(?:safetensors|bin)$")
_MASK = re.compile(r"h\.\d+\.attn\.(masked_)?bias")
_DTYPES = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
_FOREIGN = (
    (r"lora_[AB]|\.adapter\.", "a LoRA adapter; merge it into its model first"),
    (r"qweight$|\.qzeros$|\.SCB$|quant_state|weight_scale", "a quantized model; only float weights can be read"),
    (r"(^|\.)gpt_neox\.|embed_in\.", "a GPT-NeoX model"),
    (r"\.attn\.attention\.", "a GPT-Neo model"),
    (r"\.attn\.q_proj\.|\.mlp\.fc_in\.", "a GPT-J model"),
    (r"tokens_embed|positions_embed", "the first GPT"),
    (r"word_embeddings|self_attention\.query_key_value", "a BLOOM or Falcon model"),
    (r"embed_tokens|self_attn\.", "a model of the Llama or OPT kind"),
    (r"(^|\.)bert\.|encoder\.layer\.", "a BERT model"),
    (r"^blocks\.\d+\.", "weights of this project, which are ready to use"),
)


@dataclass(frozen=True, kw_only=True)
class GPT2Weights:
    """Tensors under OpenAI's names, as they are stored, and what the model says of its shape.

    Attributes:
        path: The file that was read; of a sharded model, its index.
        tensors: By name, without prefixes and masks.
        stated: The shape that a config or `model_args` states.
        n_head: The number of heads in the metadata of a file that this project exported.
    """

    path: Path
    tensors: dict[str, Tensor]
    stated: StatedShape | None
    n_head: int | None = None


def read_gpt2(path: Path) -> GPT2Weights:
    """Read a file, or the first of `CANDIDATES` in a folder.

    Raises:
        CheckpointError: Something is missing, damaged, or not of GPT-2.
    """
    path = _weights_in(path) if is_folder(path) else path
    check_file(path)
    stated, metadata = None, dict[str, str]()
    if path.name.endswith(".json"):
        content: Mapping[str, object] = _read_shards(path)
    else:
        shard = _SHARD.search(path.name)
        if shard and int(shard[2]) > 1:
            raise CheckpointError(
                f"{path}: is one of {int(shard[2])} shards; give the folder or the index file instead"
            )
        content, metadata = _read_any(path)
        args = content.get("model_args")
        if isinstance(args, Mapping):
            stated = parse_model_args(args, str(path))
        content = _state_dict(content, path)
    config = path.parent / CONFIG_FILE
    if stated is None and (config.exists() or config.is_symlink()):
        check_file(config)
        stated = read_config(config)
    n_head = metadata.get(N_HEAD_KEY, "")
    return GPT2Weights(
        path=path,
        tensors=_plain(content, path),
        stated=stated,
        n_head=int(n_head) if re.fullmatch(r"[1-9][0-9]{0,4}", n_head) else None,
    )


def _weights_in(folder: Path) -> Path:
    for name in CANDIDATES:
        path = folder / name
        if path.exists() or path.is_symlink():
            return path
    files = sorted(entry.name for entry in folder.iterdir())
    shown = f"it holds {', '.join(files[:6])}{', …' if len(files) > 6 else ''}" if files else "it is empty"
    raise CheckpointError(f"{folder}: has none of {', '.join(CANDIDATES)}; {shown}")


def _read_any(path: Path) -> tuple[Mapping[str, object], dict[str, str]]:
    """Return the content of a safetensors or PyTorch file, told apart by its first bytes, and safetensors' metadata."""
    with open(path, "rb") as file:
        head = file.read(9)
    if not begins_like_safetensors(head) and head.startswith((b"PK\x03\x04", b"\x80")):
        return _read_torch(path), {}
    tensors, metadata = read_tensors(path)
    return tensors, metadata


def _read_torch(path: Path) -> Mapping[str, object]:
    try:
        with open(path, "rb") as file:  # by name, torch would read any *.safetensors as such
            content = torch.load(file, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError,
            OSError, AssertionError, MemoryError) as error:  # fmt: skip
        forbidden = re.search(r"GLOBAL (\S+)|Unsupported (?:class|operand) (\S+)", str(error))
        if forbidden:
            name = forbidden[1] or forbidden[2]
            raise CheckpointError(
                f"{path}: holds the Python object {name[:80]}, which could run code when it is loaded; "
                "save only the state dict"
            ) from None
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise CheckpointError(
            f"{path}: not a complete PyTorch file ({path.stat().st_size} bytes): {reason[:200]}"
        ) from None
    if not isinstance(content, Mapping):
        raise CheckpointError(f"{path}: holds a {type(content).__name__}; expected a dict of tensors")
    return content


def _state_dict(content: Mapping[str, object], path: Path) -> Mapping[str, object]:
    """Return the tensors of a checkpoint, which may be one entry of it."""
    if any(isinstance(value, Tensor) and "." in str(name) for name, value in content.items()):
        return content
    for key in _STATE_KEYS:
        if isinstance(state := content.get(key), Mapping):
            return state
    keys = ", ".join(str(key)[:40] for key in list(content)[:6]) or "nothing"
    raise CheckpointError(f"{path}: has no tensors by name; it holds {keys}")


def _read_shards(path: Path) -> dict[str, object]:
    """Return the tensors of the shards that an index file names."""
    try:
        index = parse_json(read_text(path, _MAX_INDEX_BYTES))
        places = index["weight_map"]
        shards = sorted({str(file) for file in places.values()})
    except FileError as error:
        raise CheckpointError(str(error)) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        kind = foreign_kind(path)
        reason = kind if kind and "JSON" not in kind else "holds no weight_map of an index"
        raise CheckpointError(f"{path}: {reason}") from None
    tensors: dict[str, object] = {}
    for shard in shards:
        if shard != Path(shard).name or shard in ("", ".", ".."):
            raise CheckpointError(f"{path}: names the shard {shard[:80]!r}; shards lie beside their index")
        if not (path.parent / shard).exists():
            raise CheckpointError(f"{path}: the shard {shard} is missing; there are {len(shards)}")
        check_file(path.parent / shard)
        for name, tensor in _read_any(path.parent / shard)[0].items():
            if name in tensors:
                raise CheckpointError(f"{path}: {name} is in {shard} and in an earlier shard")
            tensors[name] = tensor
    absent = [name for name in places if name not in tensors and not name.endswith(("wte.weight", "lm_head.weight"))]
    if absent:  # an index may name a tied weight that is stored once, under its other name
        raise CheckpointError(f"{path}: says that {absent[0]} is in {places[absent[0]]}, which lacks it")
    return tensors


def _plain(content: Mapping[str, object], path: Path) -> dict[str, Tensor]:
    """Drop prefixes and masks; check that all values are finite floats."""
    tensors: dict[str, Tensor] = {}
    first_names: dict[str, str] = {}
    for full_name, value in content.items():
        name = _PREFIX.sub("", _WRAPPERS.sub("", str(full_name)))
        if not isinstance(value, Tensor):
            raise CheckpointError(f"{path}: {full_name} is a {type(value).__name__}; expected a tensor")
        if _MASK.fullmatch(name):
            _check_mask(value, f"{path}: {full_name}")
            continue
        if name in tensors and not torch.equal(tensors[name], value):
            raise CheckpointError(f"{path}: {first_names[name]} and {full_name} are both {name}, and differ")
        tensors[name], first_names[name] = value.detach(), str(full_name)
    if "wte.weight" not in tensors and "lm_head.weight" not in tensors:
        for pattern, kind in _FOREIGN:
            for name, full_name in first_names.items():
                if re.search(pattern, name):
                    raise CheckpointError(f"{path}: holds {full_name}, of {kind}; expected a GPT-2")
    for name, tensor in tensors.items():
        if tensor.dtype not in _DTYPES or tensor.layout != torch.strided or tensor.device.type == "meta":
            held = "nothing" if tensor.device.type == "meta" else str(tensor.dtype).removeprefix("torch.")
            raise CheckpointError(f"{path}: {first_names[name]} holds {held}; expected float32, float16 or bfloat16")
        n_bad = int((~torch.isfinite(tensor.float())).sum())
        if n_bad:
            raise CheckpointError(
                f"{path}: {first_names[name]} has {n_bad} numbers of {tensor.numel()} that are not finite"
            )
    return tensors


def _check_mask(mask: Tensor, where: str) -> None:
    """Refuse a mask that is not causal: its model does not compute what GPT-2 computes."""
    if mask.ndim < 2:  # the value at hidden positions
        return
    causal = torch.ones(mask.shape[-2:], dtype=torch.bool).tril()
    if mask.shape[-1] != mask.shape[-2] or not (mask.reshape(-1, *mask.shape[-2:]).bool() == causal).all():
        raise CheckpointError(f"{where} is not a causal mask; GPT-2 attends to all earlier tokens")
