"""Seeing: pictures in, what is in them out. No torch.

    sight = Sight.load()
    (seen,) = sight.see([picture])      # uint8 (192, 192, 3)
    seen.listing.text                   # "fridge open[SEP]apple; dirty plate"

The GPT writes what the encoder perceived. It can only write names and states that there are, and only things of which
the encoder found a middle that may be theirs, each once; how likely that is counts beside what the GPT thinks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from envs.symbolic.domain import load_domain
from gpt.inference.encoders.vision import Perceived, VisionEncoder
from planner.errors import PlannerError
from planner.perception.image_labels import (
    EMPTY,
    FURNITURE_STATES,
    SIZE,
    THING_STATES,
    Item,
    Listing,
    parse_listing,
)
from planner.perception.loading import Loaded, load_with

if TYPE_CHECKING:
    import numpy.typing as npt

    from gpt.tokenization.tokenizer import Tokenizer

MOST_THINGS = 24  # of one picture
STATES_AT_ONCE = 2  # of one thing, at most
ENCODER_WEIGHT = 1.0  # of the encoder's evidence beside the GPT's logarithms; chosen on validation homes


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
    """Token sequences that may be written, and what the best that begins so is worth."""

    next: dict[int, _Trie] = field(default_factory=dict)
    ends: bool = False
    worth: float = -math.inf

    def add(self, ids: Sequence[int], worth: float = 0.0) -> None:
        node = self
        for token in ids:
            node = node.next.setdefault(token, _Trie())
            node.worth = max(node.worth, worth)
        node.ends = True


class Sight:
    """A GPT that sees.

    Args:
        loaded: Model, tokenizer and the sense's file.
    """

    def __init__(self, loaded: Loaded) -> None:
        self.model, self.tokenizer, sense = loaded
        self.eye = VisionEncoder(sense)
        self._known: dict[tuple[int, bool], list[list[int]]] = {}

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
    def _names(self) -> list[str]:
        return sorted(load_domain().objects)

    def _written(self, perceived: Perceived) -> Seen:
        special = self.tokenizer.special
        separator, end = special("[SEP]"), special("[EOS]")
        (semicolon,) = self.tokenizer.encode(";")
        session = self.model.begin()
        session.feed([special("[CLS]")])
        session.feed_vectors(perceived.vectors, special("[IMAGE]"))
        logits = session.feed([separator])
        left = self._candidates(perceived)
        written: list[int] = []
        total, things = 0.0, 0
        node, begun = self._heads, 0
        while True:
            allowed = {token: child.worth for token, child in node.next.items()}
            if node.ends and not things:
                allowed[separator] = 0.0
            elif node.ends:
                words = self.tokenizer.decode(written[begun:])
                after = self._after(words, left)
                allowed[end] = -ENCODER_WEIGHT * sum(max(0.0, e) for evidence in after.values() for e in evidence)
                if things < MOST_THINGS and (after or (left is None and words.strip() != EMPTY)):
                    allowed[semicolon] = 0.0
            tokens = list(allowed)
            token = tokens[int((logits[tokens] + np.array(list(allowed.values()), np.float32)).argmax())]
            total += float(logits[token]) - float(np.logaddexp.reduce(logits))
            if token == semicolon:
                left = self._after(self.tokenizer.decode(written[begun:]), left) if left is not None else None
            written.append(token)
            if token == end or session.length >= session.capacity - 1:
                break
            if token in (separator, semicolon):
                things, begun = things + 1, len(written)
                node = self._offered(left, first=token == separator)
            else:
                node = node.next[token]
            logits = session.feed([token])
        listing = parse_listing(self.tokenizer.decode([t for t in written if t != end]))
        if listing is None:  # the context was full in the middle of a name
            listing = Listing(next(iter(load_domain().fixtures)))
        return Seen(listing=listing, sure=math.exp(total / len(written)))

    def _candidates(self, perceived: Perceived) -> dict[int, list[float]] | None:
        """For each thing that may be there the evidence of its middles, in logits, the best first; None: any may be."""
        if perceived.things is None:
            return None
        found: dict[int, list[float]] = {}
        for k, likely in zip(perceived.things, perceived.likely, strict=True):
            found.setdefault(k, []).append(math.log(likely / max(1e-6, 1 - likely)))
        return {k: sorted(evidence, reverse=True) for k, evidence in sorted(found.items())}

    def _after(self, words: str, left: Mapping[int, list[float]] | None) -> dict[int, list[float]]:
        """Return what may follow these words, of what is left with theirs: things are written in order."""
        if words.strip() == EMPTY or left is None:
            return {}
        last = self._names.index(_thing(words))
        rest = {k: evidence[1:] if k == last else evidence for k, evidence in left.items() if k >= last}
        return {k: evidence for k, evidence in rest.items() if evidence}

    def _offered(self, left: Mapping[int, list[float]] | None, *, first: bool) -> _Trie:
        """Return what may be written after [SEP], or after a semicolon.

        To write a thing is worth the encoder's evidence of it, less that of things that then can no longer be written.
        """
        trie = _Trie()
        skipped = 0.0
        for k, evidence in left.items() if left is not None else ((k, [0.0]) for k in range(len(self._names))):
            for ids in self._of_thing(k, first=first):
                trie.add(ids, ENCODER_WEIGHT * (evidence[0] - skipped))
            skipped += sum(max(0.0, e) for e in evidence)
        if first:
            trie.add(self.tokenizer.encode(EMPTY), -ENCODER_WEIGHT * skipped)
        return trie

    def _of_thing(self, k: int, *, first: bool) -> list[list[int]]:
        """Tokens of a thing, in all states that it may be in."""
        if (k, first) not in self._known:
            name = self._names[k]
            kind = load_domain().objects[name]
            never = {"sliced": not kind.slices, "cooked": not kind.cooks, "folded": not kind.folds}
            able = [state for state in THING_STATES if not never.get(state)]
            words = [Item(name, states).words for states in _subsets(able, STATES_AT_ONCE)]
            self._known[k, first] = [self.tokenizer.encode(w if first else f" {w}") for w in words]
        return self._known[k, first]


def _thing(words: str) -> str:
    """The category in an item's words."""
    listing = parse_listing(f"{next(iter(load_domain().fixtures))}[SEP]{words}")
    assert listing is not None and listing.things
    return listing.things[0].category


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


def _subsets(states: Sequence[str], most: int) -> list[tuple[str, ...]]:
    return [chosen for count in range(most + 1) for chosen in combinations(states, count)]
