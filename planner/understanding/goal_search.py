"""The likeliest goals that name only what a home has.

The GPT sometimes writes the usual word for what is meant ("dining table" for "the table") where the home has only its
neighbor. Then a beam search over goals that are made of this home's words finds what else may have been meant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from envs.symbolic.domain import Domain

if TYPE_CHECKING:
    from gpt.inference.session import Session
    from gpt.weights.model_folder import Floats

WIDTH = 4  # beams
LIMIT = 100  # tokens
_FUNCTION_WORDS = ("every", "no", "except", "is", "of", "holding", "then", ";", "on", "in", "with")


class HomeWords:
    """What goals about a home may be made of: its categories, classes with members there, states, grammar words."""

    def __init__(self, categories: Sequence[str], domain: Domain) -> None:
        """Collect the words of a home whose things and fixtures have these categories."""
        self.there = Counter(categories)
        self.domain = domain
        classes = [c for c, members in domain.members.items() if any(m in self.there for m in members)]
        classes += [c for c, members in domain.fixture_members.items() if any(m in self.there for m in members)]
        names = [*self.there, *classes, *domain.states, *domain.negations, *domain.liquids, *_FUNCTION_WORDS]
        numbers = [str(n) for n in range(1, 21)]
        self.names = frozenset(tuple(name.split()) for name in (*names, *numbers))
        self.longest = max(map(len, self.names))

    def allow(self, text: str) -> bool:
        """Whether a goal may begin so: whole names, the last one perhaps cut short."""
        words = text.split()
        reachable = {0}
        for at in range(len(words)):
            if at in reachable:
                ends = range(at + 1, min(at + self.longest, len(words)) + 1)
                reachable |= {end for end in ends if tuple(words[at:end]) in self.names}
        if len(words) in reachable and not self._is_short(words):
            return True
        return any(self._begins(words[at:]) for at in reachable if at < len(words)) and not self._is_short(words[:-1])

    def _begins(self, words: Sequence[str]) -> bool:
        n = len(words)
        return any(
            len(name) >= n and name[: n - 1] == tuple(words[:-1]) and name[n - 1].startswith(words[-1])
            for name in self.names
        )

    def _is_short(self, words: Sequence[str]) -> bool:
        """Whether a number is followed by a thing of which there are fewer."""
        for at, word in enumerate(words):
            if not word.isdigit():
                continue
            begin = at + 1
            while begin < len(words) and words[begin] in (*self.domain.states, *self.domain.negations):
                begin += 1
            ends = range(min(len(words), begin + self.longest), begin, -1)
            name = next((n for end in ends if (n := " ".join(words[begin:end])) in self.there), None)
            if name is not None and self.there[name] < int(word):
                return True
        return False


Beam = tuple[float, tuple[int, ...], "Session", "Floats"]
"""Log-probability, tokens, what has read them, and the logits of what follows."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """A goal that may have been meant, with its log-probability."""

    ids: tuple[int, ...]
    logprob: float


def likeliest_goals(
    session: Session,
    pending: Sequence[int],
    *,
    allow: Callable[[Sequence[int]], bool],
    end: int,
    stops: frozenset[int],
    n_ids: int,
    floor: float = -10.0,
) -> list[Written]:
    """Return the likeliest goals, best first, of those made of allowed words.

    Args:
        session: What has been read; it is not changed.
        pending: Tokens to be read first.
        allow: Whether a goal may begin with these tokens.
        end: The token that ends a goal.
        stops: Tokens that are no part of a goal, `end` among them.
        n_ids: Ids that stand for something.
        floor: Goals with a log-probability up to this are not looked for; a text's falls with every token.
    """
    session = session.fork()
    beams: list[Beam] = [(0.0, (), session, session.feed(list(pending)))]
    done: list[Written] = []
    for _ in range(min(LIMIT, session.capacity - session.length - 1)):
        found: list[tuple[float, tuple[int, ...], Session]] = []
        for total, ids, seen, logits in beams:
            fresh = 0
            for score, token in _best(logits[:n_ids], 4 * WIDTH):
                if total + score <= floor:
                    break  # the others are less likely still
                if token == end and ids:
                    done.append(Written(ids=ids, logprob=total + score))
                elif token not in stops and fresh < WIDTH and allow((*ids, token)):
                    found.append((total + score, (*ids, token), seen))
                    fresh += 1
        bar = sorted((w.logprob for w in done), reverse=True)[WIDTH - 1 : WIDTH]
        found = sorted((f for f in found if not bar or f[0] > bar[0]), key=lambda f: -f[0])[:WIDTH]
        if not found:
            break
        beams = []
        for total, ids, seen in found:
            own = seen.fork()
            beams.append((total, ids, own, own.feed([ids[-1]])))
    return sorted(done, key=lambda w: -w.logprob)


def _best(logits: Floats, count: int) -> list[tuple[float, int]]:
    """Log-probability and id of the likeliest tokens, best first."""
    highest = logits.max()
    scores = logits - (highest + np.log(np.exp(logits - highest).sum()))
    tokens = np.argsort(-scores, kind="stable")[:count]
    return list(zip(scores[tokens].tolist(), tokens.tolist(), strict=True))
