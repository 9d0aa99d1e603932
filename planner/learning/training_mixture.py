"""Training documents of a cycle: new ones by a learning rule, and replayed old ones.

    rejection     what worked is learned as if it had been in the corpus (ReST-EM, arXiv:2312.06585; STaR, 2203.14465)
    advantage     all attempts at a plan, each weighted by how much better than the others it was
    preference    pairs of attempts of which one was better

What an instruction means, and the plans of lessons without several attempts, are learned alike under each rule.
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
from planner.prompts.text_format import encode_tree

if TYPE_CHECKING:
    from gpt.tokenization.tokenizer import Tokenizer

LearningRule = Literal["rejection", "advantage", "preference"]
RULES: tuple[LearningRule, ...] = get_args(LearningRule)

MAX_COPIES = 6  # of one new document, on average: more are learned by heart
RESTS = 2  # of a plan that are read with it
LONGER = 0.2  # what a plan twice as long as the shortest loses of its worth, which is 1
LOWEST, HIGHEST = -0.5, 2.0  # advantages
PLAIN: dict[LearningRule, float] = {
    "rejection": 1.0,
    "advantage": 1.0,
    "preference": 0.0,
}  # the value of what is just learned


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """Documents to train on, and what each of their tokens is worth to the rule's objective."""

    documents: TokenizedDocuments
    values: npt.NDArray[np.float32]


@dataclass(frozen=True)
class _Entry:
    ids: list[int]
    learn: list[bool]
    branch: list[int]
    values: list[float]


def advantages(group: Group) -> list[float]:
    """Return how much better than its group each attempt was, in standard deviations, clipped."""
    shortest = min((steps for _, success, steps in group.attempts if success), default=1)
    worth = [success * max(0.0, 1 - LONGER * (steps / max(1, shortest) - 1)) for _, success, steps in group.attempts]
    middle = mean(worth)
    spread = math.sqrt(mean([(w - middle) ** 2 for w in worth]))
    return [min(HIGHEST, max(LOWEST, (w - middle) / (spread + 0.1))) for w in worth]


def best_and_worst(group: Group) -> tuple[text_format.Document, text_format.Document] | None:
    """Return the shortest attempt that worked and one that did not, or that was longer; None if all are alike."""
    worked = sorted((a for a in group.attempts if a[1]), key=lambda a: a[2])
    failed = [a for a in group.attempts if not a[1]]
    if not worked or not (failed or worked[-1][2] > worked[0][2]):
        return None
    return worked[0][0], (failed[0] if failed else worked[-1])[0]


def build_mixture(
    lessons: Sequence[TrainingExample],
    told: Sequence[text_format.Tree],
    replay: TokenizedDocuments,
    tokenizer: Tokenizer,
    n_tokens: int,
    *,
    new_share: float,
    limit: int,
    rng: random.Random,
    rule: LearningRule = "rejection",
) -> Mixture:
    """Return about `n_tokens` of training documents: new ones drawn by their weights, and replayed old ones.

    Args:
        lessons: What episodes teach.
        told: What instructions mean.
        replay: What is old.
        tokenizer: The model's.
        n_tokens: Tokens in all.
        new_share: The part of them that is new, half lessons and half what is told; less where documents would be read
            more than `MAX_COPIES` times each.
        limit: Most tokens of a document.
        rng: Draws.
        rule: The learning rule.
    """
    plain = PLAIN[rule]
    pairs = []
    for lesson, weight in zip(lessons, weights(lessons), strict=True):
        always = [e for e in _entries(lesson, tokenizer, rule) if len(e.ids) <= limit]
        rests = [e for d in lesson.rests if len((e := _plain(d, tokenizer, plain)).ids) <= limit]
        if always:
            pairs.append((always, rests, weight))
    known = sum(len(e.ids) for always, rests, _ in pairs for e in (*always, *rests))
    wanted = min(new_share * n_tokens / 2, MAX_COPIES * known)
    chosen: list[_Entry] = []
    read = 0
    while read < wanted:
        always, rests, _ = rng.choices(pairs, [p[2] for p in pairs])[0]
        for entry in (*always, *rng.sample(rests, min(RESTS, len(rests)))):
            chosen.append(entry)
            read += len(entry.ids)
    trees = [_Entry(*e, [plain] * len(e[0])) for tree in told for e in encode_tree(tree, tokenizer, limit)]
    wanted = read + min(new_share * n_tokens / 2, MAX_COPIES * sum(len(e.ids) for e in trees))
    while read < wanted:
        chosen.append(rng.choice(trees))
        read += len(chosen[-1].ids)
    chosen += [_Entry(*old, [plain] * len(old[0])) for old in sample_replay(replay, n_tokens - read, rng)]
    documents = TokenizedDocuments.from_lists(*zip(*((e.ids, e.learn, e.branch) for e in chosen), strict=True))
    return Mixture(documents=documents, values=np.array([v for e in chosen for v in e.values], dtype=np.float32))


def _plain(document: text_format.Document, tokenizer: Tokenizer, value: float) -> _Entry:
    ids, learn = text_format.encode(document, tokenizer)
    return _Entry(ids, learn, [0] * len(ids), [value] * len(ids))


def _entries(lesson: TrainingExample, tokenizer: Tokenizer, rule: LearningRule) -> Iterator[_Entry]:
    """Encode what is read whenever a lesson is drawn; the whole plan is the last of its documents, if it has one."""
    documents = list(lesson.documents)
    group = lesson.group
    branches: list[tuple[text_format.Document, float]] = []
    if group is not None and rule == "advantage":
        found = zip(group.attempts, advantages(group), strict=True)
        branches = [(document, value) for (document, *_), value in found if value][:MAX_BRANCHES]
    elif group is not None and rule == "preference" and (pair := best_and_worst(group)) is not None:
        branches = [(pair[0], 1.0), (pair[1], -1.0)]
    if group is not None and branches:
        plan = (*group.trunk, *group.attempts[0][0])
        documents = [d for d in documents if d != plan]
        yield _tree(group.trunk, branches, tokenizer, PLAIN[rule])
    for document in documents:
        yield _plain(document, tokenizer, PLAIN[rule])


def _tree(
    trunk: text_format.Document,
    branches: Sequence[tuple[text_format.Document, float]],
    tokenizer: Tokenizer,
    plain: float,
) -> _Entry:
    entry = _plain(trunk, tokenizer, plain)
    for number, (document, value) in enumerate(branches, start=1):
        more = _plain(document, tokenizer, value)
        entry.ids.extend(more.ids)
        entry.learn.extend(more.learn)
        entry.branch.extend([number] * len(more.ids))
        entry.values.extend(more.values)
    return entry
