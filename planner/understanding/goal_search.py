"""Beam search for the most likely goals that name only objects of a home.

The GPT sometimes writes the usual word ("dining table" for "the table") although the home has only a similar object.
A beam search over goals made of this home's words then finds the alternatives.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from envs.symbolic.domain import Domain

if TYPE_CHECKING:
    from gpt.inference.session import Session
    from gpt.weights.model_folder import Floats

BEAM_WIDTH = 4
MAX_TOKENS = 100
_FUNCTION_WORDS = ("every", "no", "except", "is", "of", "holding", "then", ";", "on", "in", "with")
FURTHER_WORDS = (
    "from", "by", "beside", "exactly", "at most", "more", "half of", "all but", "while", "never", "if", "and", "not",
    "after", "at", "every day at", ":", "s", "min", "h", "?", "where", "how many", "whether", "what",
)  # fmt: skip
"""Words of goals, questions and rules that only a GPT writes that was trained on what people said."""
_NUMBER = re.compile(r"\d+(:\d*)?")


class HomeWords:
    """The words allowed in goals about a home: its categories, classes with members in it, states and grammar words."""

    def __init__(self, categories: Sequence[str], domain: Domain, others: Iterable[str] = ()) -> None:
        """Collect the words of a home from the categories of its objects and fixtures, and `others`."""
        self.counts = Counter(categories)
        self.domain = domain
        classes = [c for c, members in domain.members.items() if any(m in self.counts for m in members)]
        classes += [c for c, members in domain.fixture_members.items() if any(m in self.counts for m in members)]
        names = [*self.counts, *classes, *domain.states, *domain.negations, *domain.liquids, *_FUNCTION_WORDS, *others]
        numbers = [str(n) for n in range(1, 21)]
        self.names = frozenset(tuple(name.split()) for name in (*names, *numbers))
        self.longest = max(map(len, self.names))
        joined = (" ".join(name) for name in self.names)
        self.beginnings = frozenset(name[:end] for name in joined for end in range(1, len(name) + 1))

    def completes(self, text: str) -> bool:
        """Whether a text consists of whole names."""
        words = text.split()
        return len(words) in self._reachable(words) and not self._exceeds_count(words)

    def allow(self, text: str) -> bool:
        """Whether a text is a valid beginning of a goal: whole names, of which the last may be incomplete."""
        words = text.split()
        reachable = self._reachable(words)
        if len(words) in reachable and not self._exceeds_count(words):
            return True
        return any(
            " ".join(words[i:]) in self.beginnings for i in reachable if i < len(words)
        ) and not self._exceeds_count(words[:-1])

    def _reachable(self, words: Sequence[str]) -> set[int]:
        """Return the numbers of words after which a name can begin."""
        reachable = {0}
        for i in range(len(words)):
            if i in reachable:
                if _NUMBER.fullmatch(words[i]):
                    reachable.add(i + 1)
                ends = range(i + 1, min(i + self.longest, len(words)) + 1)
                reachable |= {j for j in ends if tuple(words[i:j]) in self.names}
        return reachable

    def _exceeds_count(self, words: Sequence[str]) -> bool:
        """Whether a number exceeds the count of the category that follows it."""
        for i, word in enumerate(words):
            if not word.isdigit():
                continue
            start = i + 1
            while start < len(words) and words[start] in (*self.domain.states, *self.domain.negations):
                start += 1
            ends = range(min(len(words), start + self.longest), start, -1)
            name = next((n for j in ends if (n := " ".join(words[start:j])) in self.counts), None)
            if name is not None and self.counts[name] < int(word):
                return True
        return False


Beam = tuple[float, tuple[int, ...], "Session", "Floats"]
"""Log-probability, tokens, the session that has read them, and the logits of the next token."""


@dataclass(frozen=True, kw_only=True)
class ScoredGoal:
    """The tokens of a possible goal, with their log-probability."""

    ids: tuple[int, ...]
    logprob: float


def most_likely_goals(
    session: Session,
    pending: Sequence[int],
    *,
    allow: Callable[[Sequence[int]], bool],
    end: int,
    stops: frozenset[int],
    n_ids: int,
    floor: float = -10.0,
) -> list[ScoredGoal]:
    """Return the most likely goals made of allowed words, best first.

    Args:
        session: The session with the prompt; it is not changed.
        pending: Tokens to be read first.
        allow: Whether a goal may begin with these tokens.
        end: The token that ends a goal.
        stops: Tokens that cannot be part of a goal, including `end`.
        n_ids: Size of the tokenizer's vocabulary.
        floor: Goals with a log-probability of at most this are not searched for.
    """
    session = session.fork()
    beams: list[Beam] = [(0.0, (), session, session.feed(list(pending)))]
    finished: list[ScoredGoal] = []
    for _ in range(min(MAX_TOKENS, session.capacity - session.length - 1)):
        extended: list[tuple[float, tuple[int, ...], Session]] = []
        for total, ids, parent, logits in beams:
            n_extended = 0
            for score, token in _best(logits[:n_ids], 4 * BEAM_WIDTH):
                if total + score <= floor:
                    break  # all others are even less likely
                if token == end and ids:
                    finished.append(ScoredGoal(ids=ids, logprob=total + score))
                elif token not in stops and n_extended < BEAM_WIDTH and allow((*ids, token)):
                    extended.append((total + score, (*ids, token), parent))
                    n_extended += 1
        worst_kept = sorted((goal.logprob for goal in finished), reverse=True)[BEAM_WIDTH - 1 : BEAM_WIDTH]
        extended = sorted(
            (extension for extension in extended if not worst_kept or extension[0] > worst_kept[0]),
            key=lambda extension: -extension[0],
        )[:BEAM_WIDTH]
        if not extended:
            break
        beams = []
        for total, ids, parent in extended:
            child = parent.fork()
            beams.append((total, ids, child, child.feed([ids[-1]])))
    return sorted(finished, key=lambda goal: -goal.logprob)


def _best(logits: Floats, count: int) -> list[tuple[float, int]]:
    """Return the log-probability and id of the most likely tokens, best first."""
    highest = logits.max()
    scores = logits - (highest + np.log(np.exp(logits - highest).sum()))
    tokens = np.argsort(-scores, kind="stable")[:count]
    return list(zip(scores[tokens].tolist(), tokens.tolist(), strict=True))
