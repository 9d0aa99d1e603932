"""Training documents of a cycle: new ones by a learning rule, and replayed old ones.

    rejection     learn successful plans as if they were in the corpus (ReST-EM, arXiv:2312.06585; STaR, 2203.14465)
    advantage     learn all attempts at a plan, each weighted by its advantage over the others
    preference    learn pairs of attempts of which one was better

Documents from instructions to goals, and plans with a single attempt, are trained on in the ordinary way by each rule.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt

from gpt.data.packing import MAX_BRANCHES
from gpt.data.tokenized_documents import TokenizedDocuments
from planner.evaluation.statistics import mean
from planner.learning.replay_corpus import sample_replay
from planner.learning.training_examples import Group, TrainingExample, weights
from planner.prompts import text_format
from planner.prompts.text_format import Encoded, encode_tree

if TYPE_CHECKING:
    from gpt.tokenization.tokenizer import Tokenizer

LearningRule = Literal["rejection", "advantage", "preference"]
RULES: tuple[LearningRule, ...] = get_args(LearningRule)

MAX_COPIES = 6  # of one new document, on average: more would be memorized
REMAINDERS_PER_EXAMPLE = 2  # plan remainders used each time an example is drawn
LENGTH_PENALTY = 0.2  # reduction of the score (1) for a plan twice as long as the shortest
MIN_ADVANTAGE, MAX_ADVANTAGE = -0.5, 2.0
PLAIN_VALUE: dict[LearningRule, float] = {
    "rejection": 1.0,
    "advantage": 1.0,
    "preference": 0.0,
}  # the value that means ordinary training, for documents without a group


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """Documents to train on, and a value for each token, as `gpt.training.preference` defines it."""

    documents: TokenizedDocuments
    values: npt.NDArray[np.float32]


@dataclass(frozen=True)
class _Entry:
    document: Encoded
    values: list[float]

    @property
    def ids(self) -> list[int]:
        return self.document.ids


def advantages(group: Group) -> list[float]:
    """Return the advantage of each attempt over its group, in standard deviations, clipped."""
    shortest = min((steps for _, success, steps in group.attempts if success), default=1)
    scores = [
        success * max(0.0, 1 - LENGTH_PENALTY * (steps / max(1, shortest) - 1)) for _, success, steps in group.attempts
    ]
    middle = mean(scores)
    spread = math.sqrt(mean([(w - middle) ** 2 for w in scores]))
    return [min(MAX_ADVANTAGE, max(MIN_ADVANTAGE, (w - middle) / (spread + 0.1))) for w in scores]


def best_and_worst(group: Group) -> tuple[text_format.Document, text_format.Document] | None:
    """Return the shortest successful attempt and a failed or longer one; None if all are equally good."""
    worked = sorted((a for a in group.attempts if a[1]), key=lambda a: a[2])
    failed = [a for a in group.attempts if not a[1]]
    if not worked or not (failed or worked[-1][2] > worked[0][2]):
        return None
    return worked[0][0], (failed[0] if failed else worked[-1])[0]


def build_mixture(
    examples: Sequence[TrainingExample],
    instruction_trees: Sequence[text_format.Tree],
    replay: TokenizedDocuments,
    tokenizer: Tokenizer,
    n_tokens: int,
    *,
    new_share: float,
    limit: int,
    rng: random.Random,
    rule: LearningRule = "rejection",
) -> Mixture:
    """Return about `n_tokens` of training documents: new ones drawn by weight, and replayed old ones.

    Args:
        examples: Training examples from episodes.
        instruction_trees: Documents from instructions to goals.
        replay: Old documents.
        tokenizer: The model's.
        n_tokens: Total number of tokens.
        new_share: The fraction that is new, half examples and half instructions; less if documents would be repeated
            more than `MAX_COPIES` times on average.
        limit: Max tokens of a document.
        rng: Source of all draws.
        rule: The learning rule.
    """
    plain = PLAIN_VALUE[rule]
    pools = []
    for example, weight in zip(examples, weights(examples), strict=True):
        always = [e for e in _entries(example, tokenizer, rule) if len(e.ids) <= limit]
        remainders = [e for d in example.remainders if len((e := _plain(d, tokenizer, plain)).ids) <= limit]
        if always:
            pools.append((always, remainders, weight))
    available = sum(len(e.ids) for always, remainders, _ in pools for e in (*always, *remainders))
    target = min(new_share * n_tokens / 2, MAX_COPIES * available)
    chosen: list[_Entry] = []
    n_chosen = 0
    while n_chosen < target:
        always, remainders, _ = rng.choices(pools, [p[2] for p in pools])[0]
        for entry in (*always, *rng.sample(remainders, min(REMAINDERS_PER_EXAMPLE, len(remainders)))):
            chosen.append(entry)
            n_chosen += len(entry.ids)
    trees = [_Entry(e, [plain] * len(e.ids)) for tree in instruction_trees for e in encode_tree(tree, tokenizer, limit)]
    target = n_chosen + min(new_share * n_tokens / 2, MAX_COPIES * sum(len(e.ids) for e in trees))
    while n_chosen < target:
        chosen.append(rng.choice(trees))
        n_chosen += len(chosen[-1].ids)
    chosen += [
        _Entry(replayed, [plain] * len(replayed.ids)) for replayed in sample_replay(replay, n_tokens - n_chosen, rng)
    ]
    documents = TokenizedDocuments.from_lists(*zip(*(e.document for e in chosen), strict=True))
    return Mixture(documents=documents, values=np.array([v for e in chosen for v in e.values], dtype=np.float32))


def _plain(document: text_format.Document, tokenizer: Tokenizer, value: float) -> _Entry:
    encoded = text_format.encode_labeled(document, tokenizer)
    return _Entry(encoded, [value] * len(encoded.ids))


def _entries(example: TrainingExample, tokenizer: Tokenizer, rule: LearningRule) -> Iterator[_Entry]:
    """Encode the documents of an example; the whole plan is the last of them, if it has one."""
    documents = list(example.documents)
    group = example.group
    branches: list[tuple[text_format.Document, float]] = []
    if group is not None and rule == "advantage":
        valued = zip(group.attempts, advantages(group), strict=True)
        branches = [(document, value) for (document, *_), value in valued if value][:MAX_BRANCHES]
    elif group is not None and rule == "preference" and (pair := best_and_worst(group)) is not None:
        branches = [(pair[0], 1.0), (pair[1], -1.0)]
    if group is not None and branches:
        plan = (*group.prompt, *group.attempts[0][0])
        documents = [d for d in documents if d != plan]
        yield _tree(group.prompt, branches, tokenizer, PLAIN_VALUE[rule])
    for document in documents:
        yield _plain(document, tokenizer, PLAIN_VALUE[rule])


def _tree(
    prompt: text_format.Document,
    branches: Sequence[tuple[text_format.Document, float]],
    tokenizer: Tokenizer,
    plain_value: float,
) -> _Entry:
    entry = _plain(prompt, tokenizer, plain_value)
    for number, (document, value) in enumerate(branches, start=1):
        continuation = _plain(document, tokenizer, value)
        entry.document.ids.extend(continuation.ids)
        entry.document.loss.extend(continuation.document.loss)
        entry.document.branch.extend([number] * len(continuation.ids))
        entry.document.labels.extend(continuation.document.labels)
        entry.values.extend(continuation.values)
    return entry
