"""Build a training corpus on disk: documents from many seeds in parallel, a tokenizer and token arrays.

A shard depends on (recipe, seed, shard number) alone, so any number of workers writes the same corpus.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.files import write_text_atomically
from gpt.tokenization.tokenizer import Tokenizer
from planner.corpus.corpus import Corpus, Recipe
from planner.io.json_lines import read_record
from planner.prompts.text_format import Tree, encode_tree
from planner.tasks.task_files import TaskLine, read_tasks

if TYPE_CHECKING:
    from planner.tasks.home_splits import SplitName

TREES_PER_SHARD = 500
VALIDATION_TREES = 500
VOCABULARY_SHARDS = 6  # shards that the tokenizer is trained on

Job = tuple[Recipe, "SplitName", int, int, int, int, str]

_human_tasks: list[TaskLine] = []  # each worker process reads the human-written tasks once


def _start_worker(paths: Sequence[str]) -> None:
    _human_tasks[:] = [task for path in paths for task in read_tasks(path) if task.goal is not None]


def _shard_trees(recipe: Recipe, split: SplitName, seed: int, shard: int, count: int) -> Iterator[Tree]:
    return islice(Corpus(recipe, seed * 1_000_003 + shard, split=split, human=_human_tasks).trees(), count)


def _shard_texts(job: tuple[Recipe, int, int]) -> list[str]:
    recipe, seed, shard = job
    trees = _shard_trees(recipe, "train", seed, shard, TREES_PER_SHARD)
    return [
        " " + segment.text
        for tree in trees
        for part in (tree.trunk, *tree.branches)
        for segment in part
        if segment.text
    ]


def _encode_shard(job: Job) -> list[tuple[list[int], list[bool], list[int]]]:
    recipe, split, seed, shard, count, limit, tokenizer_json = job
    tokenizer = _tokenizer(tokenizer_json)
    return [
        copy for tree in _shard_trees(recipe, split, seed, shard, count) for copy in encode_tree(tree, tokenizer, limit)
    ]


def _tokenizer(text: str) -> Tokenizer:
    return Tokenizer.gpt2() if text == "gpt2" else Tokenizer.from_json(text, "the corpus's tokenizer")


def build_corpus(
    recipe: Recipe,
    folder: Path,
    *,
    seed: int,
    limit: int,
    tokenizer: Tokenizer | None = None,
    use_gpt2: bool = False,
    human: Sequence[str] = (),
    workers: int = 2,
) -> tuple[Tokenizer, TokenizedDocuments, TokenizedDocuments]:
    """Return the tokenizer, the training and the validation documents; read them from `folder` if they are there.

    Args:
        recipe: Composition of the corpus.
        folder: Where the corpus is stored; a corpus with other settings in it is overwritten.
        seed: Seed of the corpus.
        limit: Maximum tokens of a document.
        tokenizer: Tokenizer to use instead of training one on the corpus.
        use_gpt2: Whether to use tiktoken's gpt2 tokenizer.
        human: Task files with human-written instructions to mix in.
        workers: Number of worker processes.
    """
    made_from = {
        "recipe": asdict(recipe),
        "seed": seed,
        "limit": limit,
        "human": [Path(path).name for path in human],
        "gpt2": use_gpt2,
    }
    settings_file = folder / "made_from.json"
    if settings_file.exists() and read_record(settings_file) == json.loads(json.dumps(made_from)):
        saved_tokenizer = Tokenizer.gpt2() if use_gpt2 else Tokenizer.load(folder / "tokenizer.json")
        return saved_tokenizer, TokenizedDocuments.load(folder / "train"), TokenizedDocuments.load(folder / "valid")
    folder.mkdir(parents=True, exist_ok=True)
    with multiprocessing.get_context("spawn").Pool(workers, _start_worker, (tuple(human),)) as pool:
        if use_gpt2:
            tokenizer = Tokenizer.gpt2()
        if tokenizer is None:
            vocabulary_jobs = [(recipe, seed, shard) for shard in range(VOCABULARY_SHARDS)]
            sample_texts = [text for shard_texts in pool.imap(_shard_texts, vocabulary_jobs) for text in shard_texts]
            tokenizer = Tokenizer.train(sample_texts, recipe.vocab_size)
        tokenizer_json = "gpt2" if use_gpt2 else tokenizer.to_json()
        valid = _collect(pool, [(recipe, "valid", 0, 0, VALIDATION_TREES, limit, tokenizer_json)], "validation")
        shards = range(-(-recipe.trees // TREES_PER_SHARD))
        counts = [min(TREES_PER_SHARD, recipe.trees - shard * TREES_PER_SHARD) for shard in shards]
        train_jobs: list[Job] = [
            (recipe, "train", seed, shard, count, limit, tokenizer_json)
            for shard, count in zip(shards, counts, strict=True)
        ]
        train = _collect(pool, train_jobs, "corpus")
    train.save(folder / "train")
    valid.save(folder / "valid")
    if not use_gpt2:
        tokenizer.save(folder / "tokenizer.json")
    write_text_atomically(settings_file, json.dumps(made_from))  # last: its presence marks the folder as complete
    return tokenizer, train, valid


def _collect(pool: multiprocessing.pool.Pool, jobs: list[Job], name: str) -> TokenizedDocuments:
    tokens: list[npt.NDArray[np.int32]] = []  # arrays: lists of Python integers take ten times the memory
    has_loss: list[npt.NDArray[np.bool_]] = []
    branches: list[npt.NDArray[np.uint8]] = []
    for copies in tqdm(pool.imap(_encode_shard, jobs), total=len(jobs), desc=name, unit="shard", disable=None):
        tokens += [np.asarray(copy[0], dtype=np.int32) for copy in copies]
        has_loss += [np.asarray(copy[1], dtype=np.bool_) for copy in copies]
        branches += [np.asarray(copy[2], dtype=np.uint8) for copy in copies]
    return TokenizedDocuments.from_lists(tokens, has_loss, branches)
