"""Object recognition: pictures in, listings of furniture and objects out. Does not import torch.

    sight = Sight.load()
    (seen,) = sight.see([picture])      # uint8 (192, 192, 3)
    seen.listing.text                   # "fridge open[SEP]apple; dirty plate"

The GPT writes the listing of the encoder's output. Decoding allows only names and states of the domain, and each object
only as often as the encoder detected a possible center of it; the detection's log-odds are added to the GPT's logits.

A picture that shows nothing, or is unlike those of homes, gets a listing too, and a doubt that says so: it is not to be
planned with.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from envs.symbolic.domain import load_domain
from gpt.errors import CheckpointError
from gpt.inference.encoders.vision import Perceived, VisionEncoder
from planner.errors import PlannerError
from planner.perception.familiarity import Familiarity
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
    from gpt.weights.encoder_file import SenseFile

MAX_OBJECTS = 24  # maximum objects per picture
MAX_STATES = 2  # maximum states per object
ENCODER_WEIGHT = 1.0  # weight of the encoder's log-odds against the GPT's logits; tuned on validation homes
MIN_SURE = 0.4  # 1 % of the pictures of validation homes are less sure
MIN_CONTRAST = 3.0  # standard deviation of a color's levels, 0 to 255
MIN_COLOR = 1.0  # mean difference of the largest and the smallest of a pixel's red, green and blue


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The result of recognition for one picture.

    Attributes:
        listing: Furniture, states and objects.
        sure: Geometric mean of the GPT's token probabilities, in 0..1.
        doubt: Why the listing is not to be planned with; empty if it is.
    """

    listing: Listing
    sure: float
    doubt: str = ""


@dataclass
class _Trie:
    """A trie of allowed token sequences; each node has the best score of the sequences through it."""

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
    """A GPT with a vision encoder.

    Args:
        loaded: Model, tokenizer and the sight file.
    """

    def __init__(self, loaded: Loaded) -> None:
        self.model, self.tokenizer, sense_file = loaded
        self.encoder = VisionEncoder(sense_file)
        self.familiarity = _familiarity(sense_file)
        self._object_tokens: dict[tuple[int, bool], list[list[int]]] = {}

    @classmethod
    def load(cls, folder: Path | None = None, file: Path | None = None) -> Sight:
        """Load the sight of a model, by default the released model.

        Raises:
            ReleaseError: The file does not exist.
            CheckpointError: The file is damaged or belongs to other weights.
        """
        return cls(load_with("sight", folder, file))

    def see(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> tuple[Seen, ...]:
        """Recognize the content of pictures (192, 192, 3), uint8.

        Raises:
            PlannerError: A picture has another shape or type.
        """
        for number, picture in enumerate(pictures, start=1):
            if picture.shape != (SIZE, SIZE, 3) or picture.dtype != np.uint8:
                raise PlannerError(
                    f"picture {number} is {picture.shape} of {picture.dtype}; expected ({SIZE}, {SIZE}, 3) of uint8"
                )
        return tuple(self._look_at(picture) for picture in pictures)

    def _look_at(self, picture: npt.NDArray[np.uint8]) -> Seen:
        perceived = self.encoder.perceive(picture)
        seen = self._write_listing(perceived)
        doubt = doubt_about(picture)
        if not doubt and self.familiarity is not None and perceived.summary is not None:
            distance = self.familiarity.distance(perceived.summary)
            doubt = f"unlike the pictures of homes that sight knows ({distance:.1f}, limit 1)" if distance > 1 else ""
        if not doubt and seen.sure < MIN_SURE:
            doubt = f"what it shows is not recognized ({seen.sure:.2f} sure, at least {MIN_SURE} is needed)"
        return replace(seen, doubt=doubt)

    @cached_property
    def _furniture_trie(self) -> _Trie:
        return _trie_of(self.tokenizer, _furniture_texts())

    @cached_property
    def _category_names(self) -> list[str]:
        return sorted(load_domain().objects)

    def _write_listing(self, perceived: Perceived) -> Seen:
        special = self.tokenizer.special
        separator, end = special("[SEP]"), special("[EOS]")
        (semicolon,) = self.tokenizer.encode(";")
        session = self.model.begin()
        session.feed([special("[CLS]")])
        session.feed_vectors(perceived.vectors, special("[IMAGE]"))
        logits = session.feed([separator])
        remaining = self._candidates(perceived)
        written: list[int] = []
        total, n_items = 0.0, 0
        node, item_start = self._furniture_trie, 0
        while True:
            allowed = {token: child.worth for token, child in node.next.items()}
            if node.ends and not n_items:
                allowed[separator] = 0.0
            elif node.ends:
                words = self.tokenizer.decode(written[item_start:])
                rest = self._remaining_after(words, remaining)
                allowed[end] = -ENCODER_WEIGHT * sum(max(0.0, e) for evidence in rest.values() for e in evidence)
                if n_items < MAX_OBJECTS and (rest or (remaining is None and words.strip() != EMPTY)):
                    best = max((evidence[0] for evidence in rest.values()), default=0.0)
                    allowed[semicolon] = ENCODER_WEIGHT * min(0.0, best)  # what follows must be one of these
            tokens = list(allowed)
            token = tokens[int((logits[tokens] + np.array(list(allowed.values()), np.float32)).argmax())]
            total += float(logits[token]) - float(np.logaddexp.reduce(logits))
            if token == semicolon:
                remaining = (
                    self._remaining_after(self.tokenizer.decode(written[item_start:]), remaining)
                    if remaining is not None
                    else None
                )
            written.append(token)
            if token == end or session.length >= session.capacity - 1:
                break
            if token in (separator, semicolon):
                n_items, item_start = n_items + 1, len(written)
                node = self._item_trie(remaining, first=token == separator)
            else:
                node = node.next[token]
            logits = session.feed([token])
        listing = parse_listing(self.tokenizer.decode([t for t in written if t != end]))
        if listing is None:  # the context ended in the middle of a name
            listing = Listing(next(iter(load_domain().fixtures)))
        return Seen(listing=listing, sure=math.exp(total / len(written)))

    def _candidates(self, perceived: Perceived) -> dict[int, list[float]] | None:
        """Return the log-odds of each category's detected centers, best first; None: anything is possible."""
        if perceived.things is None:
            return None
        evidence_by_category: dict[int, list[float]] = {}
        for category, probability in zip(perceived.things, perceived.likely, strict=True):
            evidence_by_category.setdefault(category, []).append(math.log(probability / max(1e-6, 1 - probability)))
        return {category: sorted(evidence, reverse=True) for category, evidence in sorted(evidence_by_category.items())}

    def _remaining_after(self, words: str, remaining: Mapping[int, list[float]] | None) -> dict[int, list[float]]:
        """Return the remaining detections after an item was written: items are sorted by category."""
        if words.strip() == EMPTY or remaining is None:
            return {}
        last = self._category_names.index(_parse_category(words))
        rest = {k: evidence[1:] if k == last else evidence for k, evidence in remaining.items() if k >= last}
        return {k: evidence for k, evidence in rest.items() if evidence}

    def _item_trie(self, remaining: Mapping[int, list[float]] | None, *, first: bool) -> _Trie:
        """Return the items allowed after [SEP] or after a semicolon.

        An item's score is its detection log-odds minus those of the detections that it skips in the sorted order.
        """
        trie = _Trie()
        skipped = 0.0
        for k, evidence in (
            remaining.items() if remaining is not None else ((k, [0.0]) for k in range(len(self._category_names)))
        ):
            for ids in self._tokens_of_object(k, first=first):
                trie.add(ids, ENCODER_WEIGHT * (evidence[0] - skipped))
            skipped += sum(max(0.0, e) for e in evidence)
        if first:
            trie.add(self.tokenizer.encode(EMPTY), -ENCODER_WEIGHT * skipped)
        return trie

    def _tokens_of_object(self, k: int, *, first: bool) -> list[list[int]]:
        """Return the token sequences of a category in all its possible combinations of states."""
        if (k, first) not in self._object_tokens:
            name = self._category_names[k]
            category = load_domain().objects[name]
            impossible = {"sliced": not category.slices, "cooked": not category.cooks, "folded": not category.folds}
            possible_states = [state for state in THING_STATES if not impossible.get(state)]
            words = [Item(name, states).words for states in _subsets(possible_states, MAX_STATES)]
            self._object_tokens[k, first] = [self.tokenizer.encode(text if first else f" {text}") for text in words]
        return self._object_tokens[k, first]


def doubt_about(picture: npt.NDArray[np.uint8]) -> str:
    """Return why a picture (H, W, 3) shows nothing that sight can recognize, whatever it has learned; or nothing."""
    levels = picture.astype(np.float32)
    if float(levels.std(axis=(0, 1)).max()) < MIN_CONTRAST:
        return "it shows nothing: it has nearly one color everywhere"
    if float((levels.max(axis=2) - levels.min(axis=2)).mean()) < MIN_COLOR:
        return "it is gray: sight tells things apart by their colors, too"
    return ""


def _familiarity(sense: SenseFile) -> Familiarity | None:
    """Return what the encoder's file says about familiar pictures; None for a file of before that was learned.

    Raises:
        CheckpointError: It is damaged.
    """
    text = sense.extra.get("familiar")
    if text is None:
        return None
    if not isinstance(text, str):
        raise CheckpointError("the familiarity in the sight's file is damaged: it is not a text")
    return Familiarity.from_text(text, len(sense.encoder["halve3.bias"]) + len(sense.encoder["square.bias"]))


def _parse_category(words: str) -> str:
    """Return the category in an item's text."""
    listing = parse_listing(f"{next(iter(load_domain().fixtures))}[SEP]{words}")
    assert listing is not None and listing.things
    return listing.things[0].category


def _trie_of(tokenizer: Tokenizer, texts: Sequence[str]) -> _Trie:
    trie = _Trie()
    for text in texts:
        trie.add(tokenizer.encode(text))
    return trie


def _furniture_texts() -> list[str]:
    texts = []
    for category in load_domain().fixtures.values():
        possible_states = [state for state in FURNITURE_STATES if category.can_be(state)]
        texts += [
            Listing(category.name, states).text.partition("[SEP]")[0]
            for states in _subsets(possible_states, len(possible_states))
        ]
    return texts


def _subsets(states: Sequence[str], max_size: int) -> list[tuple[str, ...]]:
    return [subset for count in range(max_size + 1) for subset in combinations(states, count)]
