"""Labels of pictures: category and state indices, and the listing that the GPT writes.

A picture shows one piece of furniture. Its listing is `fridge open[SEP]apple; dirty plate; mug; mug`: the category with
its states, then the visible objects in or on it with their states, sorted; `[SEP]nothing` if there are none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from envs.symbolic.domain import Domain, load_domain

EMPTY = "nothing"
FURNITURE_STATES = ("open", "on")
THING_STATES = ("dirty", "hot", "cold", "sliced", "cooked", "folded")
SIZE = 192  # width and height of a picture [px]
GRID = 24  # cells of 8 x 8 pixels per row and column
VISIBLE = 12  # minimum pixels of a visible object


@cache
def classes() -> tuple[str, ...]:
    """Return the classes of a cell: nothing (0), objects, furniture."""
    domain = load_domain()
    return ("", *sorted(domain.objects), *sorted(domain.fixtures))


@cache
def furniture() -> tuple[str, ...]:
    """Return the sorted furniture categories."""
    return tuple(sorted(load_domain().fixtures))


def label(category: str, domain: Domain) -> str | None:
    """Return the label of a kind in pictures: itself if it is built in, else the kind that it is like, else none.

    The encoders know the built-in kinds only.
    """
    known = load_domain()
    if category in known.objects or category in known.fixtures:
        return category
    kind = domain.objects.get(category) or domain.fixtures[category]
    return kind.like


@dataclass(frozen=True, order=True)
class Item:
    """A visible object: category and states."""

    category: str
    states: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The item's text in a listing."""
        return " ".join((*self.states, self.category))


@dataclass(frozen=True)
class Listing:
    """The content of a picture."""

    furniture: str
    states: tuple[str, ...] = ()
    things: tuple[Item, ...] = ()

    @property
    def text(self) -> str:
        """The text that the GPT writes."""
        items = "; ".join(item.words for item in sorted(self.things)) or EMPTY
        return f"{' '.join((self.furniture, *self.states))}[SEP]{items}"


def parse_listing(text: str) -> Listing | None:
    """Parse a listing; None if it is invalid."""
    domain = load_domain()
    head, separator, things_text = text.partition("[SEP]")
    states: list[str] = []
    words = head.strip()
    while words not in domain.fixtures:
        words, space, last = words.rpartition(" ")
        if not space or last not in FURNITURE_STATES:
            return None
        states.append(last)
    items = []
    for part in things_text.split(";") if separator and things_text.strip() != EMPTY else ():
        item = _item(part.strip())
        if item is None:
            return None
        items.append(item)
    return Listing(words, in_order(states, FURNITURE_STATES), tuple(sorted(items)))


def _item(text: str) -> Item | None:
    states: list[str] = []
    while text not in load_domain().objects:
        first_word, space, text = text.partition(" ")
        if not space or first_word not in THING_STATES:
            return None
        states.append(first_word)
    return Item(text, in_order(states, THING_STATES))


def in_order(states: Iterable[str], order: Sequence[str]) -> tuple[str, ...]:
    """Return the given states that are in `order`, in that order."""
    present = set(states)
    return tuple(state for state in order if state in present)
