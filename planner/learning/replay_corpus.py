"""Documents to replay: old ones mixed with the new, against catastrophic forgetting.

Replayed documents are the model's own corpus (runs/NAME/corpus beside runs/NAME/model), a sample saved as `replay/` in
the model's folder, or otherwise a small corpus built from the released recipe before the first cycle.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from gpt.data.tokenized_documents import NO_LABEL, TokenizedDocuments
from gpt.tokenization.tokenizer import Tokenizer
from gpt.weights.model_folder import TOKENIZER_FILE
from planner.prompts.text_format import Encoded

FALLBACK_TREES = 1200  # size of the corpus that is built where none is found


def find_replay(model: Path, folder: Path, seed: int) -> TokenizedDocuments:
    """Return the documents to replay for a model; a corpus that must be built is written to `folder`."""
    tokenizer = Tokenizer.load(model / TOKENIZER_FILE)
    if (model / "replay").is_dir():
        return TokenizedDocuments.load(model / "replay")
    corpus = model.parent / "corpus"
    if (corpus / "train").is_dir() and _has_tokenizer(corpus / "tokenizer.json", tokenizer):
        return TokenizedDocuments.load(corpus / "train")
    return _build_small_corpus(tokenizer, folder, seed)


def sample_replay(replay: TokenizedDocuments, n_tokens: float, rng: random.Random) -> Iterator[Encoded]:
    """Yield randomly drawn documents with at least `n_tokens` tokens in total."""
    while n_tokens > 0 and len(replay):
        index = rng.randrange(len(replay))
        token_slice = slice(int(replay.offsets[index]), int(replay.offsets[index + 1]))
        tokens = replay.tokens[token_slice].tolist()
        labels = [NO_LABEL] * len(tokens) if replay.labels is None else replay.labels[token_slice].tolist()
        yield Encoded(tokens, replay.loss_mask[token_slice].tolist(), replay.branch[token_slice].tolist(), labels)
        n_tokens -= len(tokens)


def _has_tokenizer(path: Path, tokenizer: Tokenizer) -> bool:
    return path.is_file() and Tokenizer.load(path).to_json() == tokenizer.to_json()


def _build_small_corpus(tokenizer: Tokenizer, folder: Path, seed: int) -> TokenizedDocuments:
    # Imported here, not at the top: the corpus builder imports the teacher, and a cycle never does.
    from planner.corpus.builder import build_corpus
    from planner.corpus.recipe_file import read_recipe

    preset = read_recipe("home")
    recipe = replace(preset.corpus, trees=FALLBACK_TREES)
    limit = int(str(preset.model["block_size"])) + 1
    return build_corpus(recipe, folder, seed=seed, limit=limit, tokenizer=tokenizer)[1]
