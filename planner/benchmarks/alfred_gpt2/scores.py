"""The scores of Jansen 2020 for command sequences: a prediction against the gold sequence, step by step.

Jansen, "Visually-Grounded Planning without Vision: Language Models Infer Detailed Plans from High-level Instructions",
Findings of EMNLP 2020. Details that the paper leaves open follow its public scorer
(https://github.com/cognitiveailab/alfred-gpt2): step i of the prediction is compared with step i of the gold sequence
only, so steps beyond the gold sequence are not penalized, and "minus first" ignores step 1, which is almost always "go
to where the object is" and requires vision. "Permissive" accepts a command or an argument that shares a word with the
gold one: "knife" for "butter knife". "Length-checked" is ours: it also rejects predictions of another length.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Step = tuple[str, ...]
"""A command and up to two arguments, as ("Put", "apple", "fridge")."""

Program = tuple[Step, ...]

Criterion = Literal["strict", "permissive"]
CRITERIA: tuple[Criterion, ...] = get_args(Criterion)

N_FIELDS = 3  # command, argument 1, argument 2

_FILLERS = frozenset({"the", "in", "on", "with"})  # the public scorer drops them from both sequences


@dataclass(frozen=True, kw_only=True)
class SequenceScores:
    """Fractions in [0, 1] over all pairs of a gold and a predicted sequence.

    Attributes:
        total: Number of pairs.
        full: Pairs in which every gold step was predicted at its index.
        minus_first: The same without the first step.
        full_checked: As `full`, and the prediction has the same length.
        minus_first_checked: As `minus_first`, and the prediction has the same length.
        command: Mean over the pairs of the fraction of correct commands.
        arg1: The same for first arguments, over steps in which either sequence has one.
        arg2: The same for second arguments, over pairs that have any.
        triple: Fraction of correct steps among all gold steps.
    """

    total: int
    full: float
    minus_first: float
    full_checked: float
    minus_first_checked: float
    command: float
    arg1: float
    arg2: float
    triple: float


@dataclass(frozen=True, kw_only=True)
class PairScore:
    """One prediction against its gold sequence.

    Attributes:
        steps: Whether each gold step was predicted at its index.
        same_length: Whether the prediction has the same length.
        fields: For command, argument 1 and argument 2: number of correct ones, and total.
    """

    steps: tuple[bool, ...]
    same_length: bool
    fields: tuple[tuple[int, int], ...]

    @property
    def full(self) -> bool:
        """Whether every gold step was predicted at its index."""
        return all(self.steps)

    @property
    def minus_first(self) -> bool:
        """Whether every gold step but the first was predicted at its index."""
        return all(self.steps[1:])


def normalized(step: Sequence[str]) -> tuple[str, str, str]:
    """Return command and arguments in normal form: lower case, without filler words, "" if missing."""
    words = [" ".join(w for w in part.lower().split() if w not in _FILLERS) for part in step[:N_FIELDS]]
    words += [""] * (N_FIELDS - len(words))
    return words[0], words[1], words[2]


def same(gold: str, predicted: str, criterion: Criterion) -> bool:
    """Return whether a normalized command or argument matches the gold one."""
    if criterion == "strict" or not gold or not predicted:
        return gold == predicted
    return not set(gold.split()).isdisjoint(predicted.split())


def score_pair(gold: Sequence[Step], predicted: Sequence[Step], criterion: Criterion) -> PairScore:
    """Score one prediction against its gold sequence."""
    steps: list[bool] = []
    n_correct, counts = [0] * N_FIELDS, [0] * N_FIELDS
    for index, gold_step in enumerate(gold):
        step = normalized(predicted[index]) if index < len(predicted) else ("", "", "")
        all_right = True
        for field, (a, b) in enumerate(zip(normalized(gold_step), step, strict=True)):
            if field and not a and not b:  # neither has this argument
                continue
            hit = same(a, b, criterion)
            n_correct[field] += hit
            counts[field] += 1
            all_right = all_right and hit
        steps.append(all_right)
    fields = tuple(zip(n_correct, counts, strict=True))
    return PairScore(steps=tuple(steps), same_length=len(gold) == len(predicted), fields=fields)


def score(golds: Sequence[Program], predictions: Sequence[Program], criterion: Criterion) -> SequenceScores:
    """Score predictions, one for each gold sequence, in the same order.

    Raises:
        ValueError: There are no sequences, or the numbers differ.
    """
    if len(golds) != len(predictions) or not golds:
        raise ValueError(
            f"{len(golds)} gold sequences and {len(predictions)} predictions; need one prediction for each"
        )
    pairs = [score_pair(gold, ours, criterion) for gold, ours in zip(golds, predictions, strict=True)]
    n, n_steps = len(pairs), sum(len(pair.steps) for pair in pairs)
    return SequenceScores(
        total=n,
        full=sum(pair.full for pair in pairs) / n,
        minus_first=sum(pair.minus_first for pair in pairs) / n,
        full_checked=sum(pair.full and pair.same_length for pair in pairs) / n,
        minus_first_checked=sum(pair.minus_first and pair.same_length for pair in pairs) / n,
        command=_mean_share(pairs, 0),
        arg1=_mean_share(pairs, 1),
        arg2=_mean_share(pairs, 2),
        triple=sum(sum(pair.steps) for pair in pairs) / max(1, n_steps),
    )


def score_all(golds: Sequence[Program], predictions: Sequence[Program]) -> Mapping[Criterion, SequenceScores]:
    """Score by every criterion."""
    return {criterion: score(golds, predictions, criterion) for criterion in CRITERIA}


def _mean_share(pairs: Sequence[PairScore], field: int) -> float:
    """Return the mean over pairs, as in the public scorer: short and long sequences have the same weight."""
    shares = [n_correct / total for n_correct, total in (pair.fields[field] for pair in pairs) if total]
    return sum(shares) / len(shares) if shares else 0.0
