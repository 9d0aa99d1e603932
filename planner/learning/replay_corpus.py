"""Documents to replay: old ones, read with the new, so that a GPT does not forget what it could do.

They are the model's own corpus (runs/NAME/corpus beside runs/NAME/model), a sample saved as `replay/` in the model's
folder, or else a small corpus made anew from the released recipe, before the first cycle begins.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.tokenization.tokenizer import Tokenizer
from gpt.weights.model_folder import TOKENIZER_FILE

FALLBACK_TREES = 1200  # trees made anew


def find_replay(model: Path, folder: Path, seed: int) -> TokenizedDocuments:
    """Return the documents to replay for a model; what has to be made goes to `folder`."""
    tokenizer = Tokenizer.load(model / TOKENIZER_FILE)
    if (model / "replay").is_dir():
        return TokenizedDocuments.load(model / "replay")
    corpus = model.parent / "corpus"
    if (corpus / "train").is_dir() and _has_tokenizer(corpus / "tokenizer.json", tokenizer):
        return TokenizedDocuments.load(corpus / "train")
    return _build_small_corpus(tokenizer, folder, seed)


def sample_replay(
    replay: TokenizedDocuments, n_tokens: float, rng: random.Random
) -> Iterator[tuple[list[int], list[bool], list[int]]]:
    """Yield tokens, loss marks and branch numbers of documents drawn at random, until they are `n_tokens` or more."""
    while n_tokens > 0 and len(replay):
        index = rng.randrange(len(replay))
        tokens_of = slice(int(replay.offsets[index]), int(replay.offsets[index + 1]))
        tokens = replay.tokens[tokens_of].tolist()
        yield tokens, replay.counted[tokens_of].tolist(), replay.branch[tokens_of].tolist()
        n_tokens -= len(tokens)


def _has_tokenizer(path: Path, tokenizer: Tokenizer) -> bool:
    return path.is_file() and Tokenizer.load(path).to_json() == tokenizer.to_json()


def _build_small_corpus(tokenizer: Tokenizer, folder: Path, seed: int) -> TokenizedDocuments:
    # Imported here: this reads the corpus, and with it the teacher. No cycle does.
    from planner.corpus.builder import build_corpus
    from planner.corpus.recipe_file import read_recipe

    preset = read_recipe("home")
    recipe = replace(preset.corpus, trees=FALLBACK_TREES)
    limit = int(str(preset.model["block_size"])) + 1
    return build_corpus(recipe, folder, seed=seed, limit=limit, tokenizer=tokenizer)[1]
