"""Build a training corpus on disk: documents from many seeds in parallel, a tokenizer and token arrays.

A shard depends on (recipe, seed, shard number) alone, so any number of workers writes the same corpus.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from envs.symbolic.domain import Domain, load_domain
from gpt.data.tokenized_documents import TokenizedDocuments
from gpt.files import write_text_atomically
from gpt.tokenization.tokenizer import Tokenizer
from planner.corpus.corpus import Corpus, Recipe
from planner.errors import WorkersError
from planner.io.json_lines import read_record
from planner.prompts.text_format import Encoded, Tree, encode_tree
from planner.tasks.task_files import TaskLine, read_tasks
from planner.workers.processes import ProcessPool
from planner.workers.worker_pool import Lost, Workers

if TYPE_CHECKING:
    from planner.corpus.wrong_goals.written import GoalWriter
    from planner.tasks.home_splits import SplitName

Result = TypeVar("Result")

TREES_PER_SHARD = 500
VALIDATION_TREES = 500
SECONDS_FILE = "seconds.txt"  # in the corpus's folder: how long it took to build [s]
VOCABULARY_SHARDS = 6  # shards that the tokenizer is trained on

Shard = tuple["SplitName", int, int, int]  # split, seed of the corpus, number of the shard, trees in it


@dataclass(frozen=True, kw_only=True)
class _ShardJob:
    """What every shard needs; a worker reads the human-written tasks once for each job."""

    recipe: Recipe
    human: tuple[str, ...]
    domain: Domain
    writer: str | None = None

    @cached_property
    def _human_tasks(self) -> list[TaskLine]:
        return [task for path in self.human for task in read_tasks(path, self.domain)]

    @cached_property
    def _goal_writer(self) -> GoalWriter | None:
        if self.writer is None or not self.recipe.people:
            return None
        from planner.corpus.wrong_goals.written import GoalWriter

        return GoalWriter(self.writer)

    def _trees(self, shard: Shard) -> Iterator[Tree]:
        split, seed, number, count = shard
        corpus = Corpus(
            self.recipe, seed * 1_000_003 + number, split=split, human=self._human_tasks, domain=self.domain,
            writer=self._goal_writer if split == "train" else None,
        )  # fmt: skip
        return islice(corpus.trees(), count)


class _ShardTexts(_ShardJob):
    """The texts of a shard, for the tokenizer."""

    def __call__(self, shard: Shard) -> list[str]:
        return [
            " " + segment.text
            for tree in self._trees(shard)
            for part in (tree.trunk, *tree.branches)
            for segment in part
            if segment.text
        ]


@dataclass(frozen=True, kw_only=True)
class _EncodedShard(_ShardJob):
    """The encoded documents of a shard."""

    limit: int
    tokenizer_json: str

    def __call__(self, shard: Shard) -> list[Encoded]:
        return [copy for tree in self._trees(shard) for copy in encode_tree(tree, self._tokenizer, self.limit)]

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        if self.tokenizer_json == "gpt2":
            return Tokenizer.gpt2()
        return Tokenizer.from_json(self.tokenizer_json, "the corpus's tokenizer")


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
    domain: Domain | None = None,
    writer: Path | None = None,
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
        domain: What the homes are made of; None: the default domain.
        writer: The model folder of a GPT whose wrong goals are to be found out (`people`); None: there are none.

    Raises:
        EpisodeError: A shard cannot be made, for a reason that the user can fix.
        WorkersError: Two workers died while they made the same shard.
    """
    made_from: dict[str, object] = {
        "recipe": asdict(recipe),
        "seed": seed,
        "limit": limit,
        "human": [Path(path).name for path in human],
        "gpt2": use_gpt2,
    }
    domain = domain or load_domain()
    if writer is not None and recipe.people:
        made_from["writer"] = hashlib.sha256((writer / "config.json").read_bytes()).hexdigest()[:16]
    if domain is not load_domain():
        made_from["domain"] = domain.fingerprint
    settings_file = folder / "made_from.json"
    if settings_file.exists() and read_record(settings_file) == json.loads(json.dumps(made_from)):
        saved_tokenizer = Tokenizer.gpt2() if use_gpt2 else Tokenizer.load(folder / "tokenizer.json")
        return saved_tokenizer, TokenizedDocuments.load(folder / "train"), TokenizedDocuments.load(folder / "valid")
    folder.mkdir(parents=True, exist_ok=True)
    started_at = time.perf_counter()
    with ProcessPool(workers) as pool:
        if use_gpt2:
            tokenizer = Tokenizer.gpt2()
        if tokenizer is None:
            texts_of = _ShardTexts(recipe=recipe, human=tuple(human), domain=domain)
            samples: list[Shard] = [("train", seed, number, TREES_PER_SHARD) for number in range(VOCABULARY_SHARDS)]
            sample_texts = [text for texts in _in_order(pool, texts_of, samples) for text in texts]
            tokenizer = Tokenizer.train(sample_texts, recipe.vocab_size)
        tokenizer_json = "gpt2" if use_gpt2 else tokenizer.to_json()
        encode = _EncodedShard(
            recipe=recipe, human=tuple(human), domain=domain, limit=limit, tokenizer_json=tokenizer_json,
            writer=None if writer is None else str(writer),
        )  # fmt: skip
        valid = _collect(pool, encode, [("valid", 0, 0, VALIDATION_TREES)], "validation")
        numbers = range(-(-recipe.trees // TREES_PER_SHARD))
        counts = [min(TREES_PER_SHARD, recipe.trees - number * TREES_PER_SHARD) for number in numbers]
        shards: list[Shard] = [("train", seed, number, count) for number, count in zip(numbers, counts, strict=True)]
        train = _collect(pool, encode, shards, "corpus")
    train.save(folder / "train")
    valid.save(folder / "valid")
    if not use_gpt2:
        tokenizer.save(folder / "tokenizer.json")
    write_text_atomically(folder / SECONDS_FILE, f"{time.perf_counter() - started_at:.1f}\n")
    write_text_atomically(settings_file, json.dumps(made_from))  # last: its presence marks the folder as complete
    return tokenizer, train, valid


def seconds_to_build(folder: Path) -> float:
    """Return how long the corpus in a folder took to build [s]; 0 if an older version built it."""
    try:
        return float((folder / SECONDS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0.0


def _in_order(pool: Workers, job: Callable[[Shard], Result], shards: Sequence[Shard]) -> Iterator[Result]:
    """Yield the results in the order of the shards, each as soon as those before it are there."""
    results: dict[Shard, Result] = {}
    waiting = deque(shards)
    for shard, result in pool.run(job, shards):
        if isinstance(result, Lost):
            raise WorkersError(f"shard {shard[2]} of the corpus ({shard[0]}): {result.reason}")
        results[shard] = result
        while waiting and waiting[0] in results:
            yield results.pop(waiting.popleft())


def _collect(pool: Workers, job: _EncodedShard, shards: Sequence[Shard], name: str) -> TokenizedDocuments:
    ids: list[npt.NDArray[np.int32]] = []  # arrays: lists of Python integers take ten times the memory
    loss: list[npt.NDArray[np.bool_]] = []
    branch: list[npt.NDArray[np.uint8]] = []
    labels: list[npt.NDArray[np.int32]] = []
    encoded = _in_order(pool, job, shards)
    for copies in tqdm(encoded, total=len(shards), desc=name, unit="shard", disable=None):
        for copy in copies:
            ids.append(np.asarray(copy.ids, dtype=np.int32))
            loss.append(np.asarray(copy.loss, dtype=np.bool_))
            branch.append(np.asarray(copy.branch, dtype=np.uint8))
            labels.append(np.asarray(copy.labels, dtype=np.int32))
    return TokenizedDocuments.from_lists(ids, loss, branch, labels)
