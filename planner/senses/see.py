"""Seeing: pictures in, what is in them out. No torch.

    sight = Sight.load()
    (seen,) = sight.see([picture])      # uint8 (192, 192, 3)
    seen.listing.text                   # "fridge open[SEP]apple; dirty plate"

The GPT writes what the encoder perceived; it can only write names and states that there are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from envs.domain import load_domain
from gpt.runtime.sight import Eye
from planner.errors import PlannerError
from planner.senses.labels import EMPTY, FURNITURE_STATES, SIZE, THING_STATES, Item, Listing, parse_listing
from planner.senses.loading import Loaded, load_with

if TYPE_CHECKING:
    import numpy.typing as npt

    from gpt.runtime.folder import Floats
    from gpt.tokenizer import Tokenizer

MOST_THINGS = 24  # of one picture
STATES_AT_ONCE = 2  # of one thing, at most


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What is seen in a picture.

    Attributes:
        listing: Furniture, states and things.
        sure: The probability that the GPT gave to what it wrote, a token on average, in 0..1.
    """

    listing: Listing
    sure: float


@dataclass
class _Trie:
    """Token sequences that may be written."""

    next: dict[int, _Trie] = field(default_factory=dict)
    ends: bool = False

    def add(self, ids: Sequence[int]) -> None:
        node = self
        for token in ids:
            node = node.next.setdefault(token, _Trie())
        node.ends = True


class Sight:
    """A GPT that sees.

    Args:
        loaded: Model, tokenizer and the sense's file.
    """

    def __init__(self, loaded: Loaded) -> None:
        self.model, self.tokenizer, sense = loaded
        self.eye = Eye(sense)

    @classmethod
    def load(cls, folder: Path | None = None, file: Path | None = None) -> Sight:
        """Load the sight of a model, by default the released one.

        Raises:
            ReleaseError: There is none.
            CheckpointError: It is damaged or of other weights.
        """
        return cls(load_with("sight", folder, file))

    def see(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> tuple[Seen, ...]:
        """See pictures (192, 192, 3).

        Raises:
            PlannerError: One has another shape.
        """
        for number, picture in enumerate(pictures, start=1):
            if picture.shape != (SIZE, SIZE, 3) or picture.dtype != np.uint8:
                raise PlannerError(
                    f"picture {number} is {picture.shape} of {picture.dtype}; it is to be ({SIZE}, {SIZE}, 3) of uint8"
                )
        return tuple(self._written(self.eye.perceive(picture)) for picture in pictures)

    @cached_property
    def _heads(self) -> _Trie:
        return _tries(self.tokenizer, _furniture())

    @cached_property
    def _things(self) -> tuple[_Trie, _Trie]:
        """What may be written after [SEP], and after a semicolon."""
        names = list(_items())
        return _tries(self.tokenizer, [*names, EMPTY]), _tries(self.tokenizer, [f" {name}" for name in names])

    def _written(self, vectors: Floats) -> Seen:
        special = self.tokenizer.special
        separator, end = special("[SEP]"), special("[EOS]")
        (semicolon,) = self.tokenizer.encode(";")
        session = self.model.begin()
        session.feed([special("[CLS]")])
        session.feed_vectors(vectors, special("[IMAGE]"))
        logits = session.feed([separator])
        written: list[int] = []
        total = 0.0
        tries = (self._heads, *self._things)
        node, part, things = tries[0], 0, 0
        while True:
            allowed = list(node.next)
            if node.ends:
                allowed += [separator] if part == 0 else [end, *([semicolon] if things < MOST_THINGS else [])]
            best = int(logits[allowed].argmax())
            token = allowed[best]
            total += float(logits[token]) - float(np.logaddexp.reduce(logits))
            written.append(token)
            if token == end or session.length >= session.capacity - 1:
                break
            if token in (separator, semicolon):
                part, things = part + 1, things + 1
                node = tries[min(part, 2)]
            else:
                node = node.next[token]
            logits = session.feed([token])
        listing = parse_listing(self.tokenizer.decode([t for t in written if t != end]))
        if listing is None:  # the context was full in the middle of a name
            listing = Listing(next(iter(load_domain().fixtures)))
        return Seen(listing=listing, sure=math.exp(total / len(written)))


def _tries(tokenizer: Tokenizer, texts: Sequence[str]) -> _Trie:
    trie = _Trie()
    for text in texts:
        trie.add(tokenizer.encode(text))
    return trie


def _furniture() -> list[str]:
    found = []
    for kind in load_domain().fixtures.values():
        able = [state for state in FURNITURE_STATES if kind.can_be(state)]
        found += [Listing(kind.name, states).text.partition("[SEP]")[0] for states in _subsets(able, len(able))]
    return found


def _items() -> Iterator[str]:
    for name in load_domain().objects:
        for states in _subsets(THING_STATES, STATES_AT_ONCE):
            yield Item(name, states).words


def _subsets(states: Sequence[str], most: int) -> list[tuple[str, ...]]:
    return [chosen for count in range(most + 1) for chosen in combinations(states, count)]
