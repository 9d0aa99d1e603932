"""A small GPT, built from scratch: model, tokenizer, data batches, training, sampling, checkpoints.

    from gpt import GPT, GPTConfig, Tokenizer, generate, train
    from gpt.data.batches import PackedBatches
    from gpt.data.tokenized_documents import TokenizedDocuments
    from gpt.training.config import TrainConfig

    texts = ["set the table", "water the plants", "wash the mug"] * 20
    tokenizer = Tokenizer.train(texts, vocab_size=300)
    documents = TokenizedDocuments.from_lists(tokenizer.encode(text) for text in texts)
    batches = PackedBatches(documents, batch_rows=4, block_size=64, seed=0)
    model = GPT(GPTConfig(vocab_size=tokenizer.vocab_size, n_layer=2, n_head=2, n_embd=32, block_size=64))
    train(model, batches, None, TrainConfig(steps=100, batch_rows=4, warmup_steps=10), "runs/tiny")
    print(tokenizer.decode(generate(model, tokenizer.encode("set"), max_new_tokens=2)))

Importing this package imports nothing else. Each name above is loaded on first use, so `Tokenizer` and `GPTConfig` do
not import torch. `gpt.inference` decodes without torch.

| file | what |
|---|---|
| `errors.py` | the errors, with one base class |
| `files.py` | bounded reading and atomic writing |
| `model/` | the network and its configuration |
| `tokenization/` | text to token ids and back |
| `data/` | tokenized documents and batches |
| `weights/` | model files |
| `generation/` | decoding with torch |
| `training/` | the training loop |
| `inference/` | decoding without torch |
| `encoders/` | encoders of images and sounds |
| `benchmarks/` | speed of training and decoding, one optimization after another |
| `average.py`, `gpt2.py`, `speed.py` | commands: average weights, convert GPT-2, measure speed |
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = ["GPT", "GPTConfig", "Tokenizer", "generate", "train"]

_MODULE = {
    "GPT": "gpt.model.transformer",
    "GPTConfig": "gpt.model.config",
    "Tokenizer": "gpt.tokenization.tokenizer",
    "generate": "gpt.generation.sampling",
    "train": "gpt.training.trainer",
}

if TYPE_CHECKING:
    from gpt.generation.sampling import generate
    from gpt.model.config import GPTConfig
    from gpt.model.transformer import GPT
    from gpt.tokenization.tokenizer import Tokenizer
    from gpt.training.trainer import train
else:  # hidden from type checkers, which would otherwise accept any name

    def __getattr__(name: str) -> object:
        module = _MODULE.get(name)
        if module is None:
            raise AttributeError(f"module 'gpt' has no attribute {name!r}; it has {', '.join(__all__)}")
        return getattr(import_module(module), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
