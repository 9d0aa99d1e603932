"""Rungs for decoders of other projects: Hugging Face generate and CTranslate2 (the extra `peers`).

Neither supports our positions and norms, so all decoders, ours included, run a GPT-2 of the same size.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import torch

from gpt.benchmarks.decoding_ladder import Rows, Rung, Work
from gpt.gpt2 import export_gpt2
from gpt.model.config import GPTConfig
from gpt.model.transformer import GPT
from gpt.weights.checkpoint import read_tensors, write_tensors

GPT2_PARTS: dict[str, object] = {
    "position": "learned", "norm": "layer", "mlp": "gelu_tanh", "bias": True, "qk_norm": False, "previous_tokens": 0,
    "embedding_norm": False,
}  # fmt: skip


def installed() -> list[str]:
    """Return the names of the installed external decoders."""
    if importlib.util.find_spec("transformers") is None:
        return []  # CTranslate2 needs it to convert models
    return ["transformers", *(["ctranslate2"] if importlib.util.find_spec("ctranslate2") else [])]


def gpt2_settings(config: GPTConfig) -> dict[str, object]:
    """Return the settings of a GPT-2 with the same layers, heads, width, vocabulary and block size."""
    shape = ("vocab_size", "n_layer", "n_head", "n_embd", "block_size")
    return {name: getattr(config, name) for name in shape} | GPT2_PARTS


def peer_rungs(model: GPT, folder: Path, threads: int) -> list[Rung]:
    """Return rungs for the installed external decoders, with this model's weights.

    Args:
        model: A model with GPT-2's architecture.
        folder: Where to write the model files.
        threads: Threads of CTranslate2.
    """
    names = installed()
    if not names:
        return []
    _write_folder(model, folder)
    return [_hugging_face(folder), *(_ctranslate2(folder, threads) if "ctranslate2" in names else [])]


def _hugging_face(folder: Path) -> Rung:
    import transformers

    hf_model = transformers.GPT2LMHeadModel.from_pretrained(folder).eval()
    size = sum(p.numel() * p.element_size() for p in hf_model.parameters())

    @torch.inference_mode()
    def run(work: Work) -> Rows:
        idx = torch.tensor(work.prompts)
        out = hf_model.generate(
            idx, attention_mask=torch.ones_like(idx), max_new_tokens=work.new, min_new_tokens=work.new, do_sample=False,
            use_cache=True, pad_token_id=0, eos_token_id=None,
        )  # fmt: skip
        rows: Rows = out[:, idx.shape[1] :].tolist()
        return rows

    return Rung(name="Hugging Face generate", run=run, weight_bytes=size)


def _ctranslate2(folder: Path, threads: int) -> list[Rung]:
    import ctranslate2

    rungs = []
    for dtype, exact in (("float32", True), ("int8", False)):
        converted = folder / f"ctranslate2-{dtype}"
        if not converted.exists():
            ctranslate2.converters.TransformersConverter(str(folder)).convert(str(converted), quantization=dtype)
        generator = ctranslate2.Generator(str(converted), compute_type=dtype, inter_threads=1, intra_threads=threads)

        def run(work: Work, generator: ctranslate2.Generator = generator) -> Rows:
            results = generator.generate_batch(
                [[f"t{token}" for token in prompt] for prompt in work.prompts], max_length=work.new,
                min_length=work.new, sampling_topk=1, include_prompt_in_result=False,
                max_batch_size=len(work.prompts), end_token=[],
            )  # fmt: skip
            return [[int(token) for token in result.sequences_ids[0]] for result in results]

        name = "CTranslate2" if exact else "CTranslate2, int8"
        size = (converted / "model.bin").stat().st_size
        rungs.append(Rung(name=name, run=run, weight_bytes=size, exact=exact))
    return rungs


def _write_folder(model: GPT, folder: Path) -> None:
    """Write weights, config, and a tokenizer whose words are the ids."""
    config = model.config
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "model.safetensors"
    export_gpt2(model, weights)
    tensors, metadata = read_tensors(weights)
    # An untied head lies outside of the transformer, so the other names need a prefix.
    prefixed = {
        name if name.startswith("lm_head") else f"transformer.{name}": tensor for name, tensor in tensors.items()
    }
    write_tensors(weights, prefixed, metadata)
    shape = {
        "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "vocab_size": config.vocab_size,
        "n_layer": config.n_layer, "n_head": config.n_head, "n_embd": config.n_embd, "n_positions": config.block_size,
        "n_ctx": config.block_size, "activation_function": "gelu_new", "bos_token_id": 0, "eos_token_id": 0,
        "tie_word_embeddings": config.tie_weights,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(shape), encoding="utf-8")
    words = {f"t{token}": token for token in range(config.vocab_size)}
    (folder / "vocab.json").write_text(json.dumps(words), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    special = {"tokenizer_class": "GPT2Tokenizer", "bos_token": "t0", "eos_token": "t0", "unk_token": "t0"}
    (folder / "tokenizer_config.json").write_text(json.dumps(special), encoding="utf-8")
