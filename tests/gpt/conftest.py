"""Small models and corpora for all tests of `gpt`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch

from gpt.data.batches import PackedBatches
from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.model.transformer import GPT, GPTConfig
from gpt.tokenization.tokenizer import Tokenizer

V = 320


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def make_model() -> Callable[..., GPT]:
    """A small model with random weights, also where initialization gives zeros, so that every part has an effect."""

    def make(*, fresh: bool = False, seed: int = 0, **settings: object) -> GPT:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            values: dict[str, object] = {"vocab_size": V, "n_layer": 2, "n_head": 4, "n_embd": 32, "block_size": 48}
            model = GPT(GPTConfig.from_dict(values | settings))
            if not fresh:
                for parameter in model.parameters():
                    torch.nn.init.normal_(parameter, std=0.3)
        return model.eval()

    return make


@pytest.fixture(scope="session")
def documents() -> TokenizedDocuments:
    """Counting by twos from different starts: easy to learn, and of different lengths."""
    lists = [[1, *((start + 2 * i) % 60 for i in range(4 + start % 13))] for start in range(60)]
    return TokenizedDocuments.from_lists(lists)


@pytest.fixture
def batches(documents: TokenizedDocuments) -> PackedBatches:
    return PackedBatches(documents, batch_rows=4, block_size=32, seed=0)


@pytest.fixture(scope="session")
def corpus() -> list[str]:
    return [
        "put the clean mug on the kitchen table",
        "pick up plate 1 and put it in the sink 12",
        "go to fridge 1; open fridge 1; take the apple, then close it!",
        "the person's café is closed — naïve, isn't it?",
    ] * 5


@pytest.fixture(scope="session")
def tokenizer(corpus: list[str]) -> Tokenizer:
    return Tokenizer.train(corpus, vocab_size=V)
