"""Building a training corpus on disk: documents from many seeds in parallel, a tokenizer, arrays.

Shards depend on (recipe, seed, shard number) alone, so any number of workers writes the same corpus.
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

SHARD = 500  # trees
VALIDATION = 500
VOCABULARY_SAMPLE = 6  # shards that the tokenizer is trained on

Job = tuple[Recipe, "SplitName", int, int, int, int, str]

_human: list[TaskLine] = []  # one worker process reads its human lines once


def _start_worker(paths: Sequence[str]) -> None:
    _human[:] = [task for path in paths for task in read_tasks(path) if task.goal is not None]


def _trees(recipe: Recipe, split: SplitName, seed: int, shard: int, count: int) -> Iterator[Tree]:
    return islice(Corpus(recipe, seed * 1_000_003 + shard, split=split, human=_human).trees(), count)


def _texts(job: tuple[Recipe, int, int]) -> list[str]:
    recipe, seed, shard = job
    trees = _trees(recipe, "train", seed, shard, SHARD)
    return [" " + s.text for tree in trees for part in (tree.trunk, *tree.branches) for s in part if s.text]


def _encoded(job: Job) -> list[tuple[list[int], list[bool], list[int]]]:
    recipe, split, seed, shard, count, limit, tokenizer_json = job
    tokenizer = _tokenizer(tokenizer_json)
    return [copy for tree in _trees(recipe, split, seed, shard, count) for copy in encode_tree(tree, tokenizer, limit)]


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
    """Return the tokenizer, the training and the validation documents; built in `folder`, or read if it has them.

    Args:
        recipe: What the corpus is made of.
        folder: Where it is kept; a folder built from another recipe or seed is an error of the caller.
        seed: Repeats it.
        limit: Most tokens of a document.
        tokenizer: Use this one instead of training one on the corpus.
        use_gpt2: Use tiktoken's gpt2.
        human: Task files with human-written instructions to mix in.
        workers: Processes.
    """
    made_from = {
        "recipe": asdict(recipe),
        "seed": seed,
        "limit": limit,
        "human": [Path(h).name for h in human],
        "gpt2": use_gpt2,
    }
    stamp = folder / "made_from.json"
    if stamp.exists() and read_record(stamp) == json.loads(json.dumps(made_from)):
        words = Tokenizer.gpt2() if use_gpt2 else Tokenizer.load(folder / "tokenizer.json")
        return words, TokenizedDocuments.load(folder / "train"), TokenizedDocuments.load(folder / "valid")
    folder.mkdir(parents=True, exist_ok=True)
    with multiprocessing.get_context("spawn").Pool(workers, _start_worker, (tuple(human),)) as pool:
        if use_gpt2:
            tokenizer = Tokenizer.gpt2()
        if tokenizer is None:
            jobs = [(recipe, seed, shard) for shard in range(VOCABULARY_SAMPLE)]
            texts = [t for part in pool.imap(_texts, jobs) for t in part]
            tokenizer = Tokenizer.train(texts, recipe.vocab_size)
        as_text = "gpt2" if use_gpt2 else tokenizer.to_json()
        valid = _collect(pool, [(recipe, "valid", 0, 0, VALIDATION, limit, as_text)], "validation")
        shards = range(-(-recipe.trees // SHARD))
        counts = [min(SHARD, recipe.trees - s * SHARD) for s in shards]
        jobs_of: list[Job] = [
            (recipe, "train", seed, s, n, limit, as_text) for s, n in zip(shards, counts, strict=True)
        ]
        train = _collect(pool, jobs_of, "corpus")
    train.save(folder / "train")
    valid.save(folder / "valid")
    if not use_gpt2:
        tokenizer.save(folder / "tokenizer.json")
    write_text_atomically(stamp, json.dumps(made_from))  # last: the folder is whole once it is there
    return tokenizer, train, valid


def _collect(pool: multiprocessing.pool.Pool, jobs: list[Job], name: str) -> TokenizedDocuments:
    tokens: list[npt.NDArray[np.int32]] = []  # arrays: lists of Python integers would take ten times the memory
    learn: list[npt.NDArray[np.bool_]] = []
    branch: list[npt.NDArray[np.uint8]] = []
    for copies in tqdm(pool.imap(_encoded, jobs), total=len(jobs), desc=name, unit="shard", disable=None):
        tokens += [np.asarray(c[0], dtype=np.int32) for c in copies]
        learn += [np.asarray(c[1], dtype=np.bool_) for c in copies]
        branch += [np.asarray(c[2], dtype=np.uint8) for c in copies]
    return TokenizedDocuments.from_lists(tokens, learn, branch)
