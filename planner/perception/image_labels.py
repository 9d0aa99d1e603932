"""What a picture is labeled with: categories and states as numbers, and the listing that the GPT writes.

A picture shows one piece of furniture. Its listing is `fridge open[SEP]apple; dirty plate; mug; mug`: the category with
its states, then what is seen in or on it, each with its states, in order; `[SEP]nothing` where there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from envs.symbolic.domain import load_domain

EMPTY = "nothing"
FURNITURE_STATES = ("open", "on")
THING_STATES = ("dirty", "hot", "cold", "sliced", "cooked", "folded")
SIZE = 192  # pixels, of a picture
GRID = 24  # cells of 8 pixels, each way
VISIBLE = 12  # pixels of a thing that make it seen


@cache
def classes() -> tuple[str, ...]:
    """Return what a cell may show: nothing (0), things, furniture."""
    domain = load_domain()
    return ("", *sorted(domain.objects), *sorted(domain.fixtures))


@cache
def furniture() -> tuple[str, ...]:
    """Return the categories of furniture, in order."""
    return tuple(sorted(load_domain().fixtures))


@dataclass(frozen=True, order=True)
class Item:
    """A thing that is seen: category and states."""

    category: str
    states: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """As the listing has it."""
        return " ".join((*self.states, self.category))


@dataclass(frozen=True)
class Listing:
    """What is seen in a picture."""

    furniture: str
    states: tuple[str, ...] = ()
    things: tuple[Item, ...] = ()

    @property
    def text(self) -> str:
        """What the GPT writes."""
        things = "; ".join(item.words for item in sorted(self.things)) or EMPTY
        return f"{' '.join((self.furniture, *self.states))}[SEP]{things}"


def parse_listing(text: str) -> Listing | None:
    """Read a listing; None if it is none."""
    domain = load_domain()
    head, separator, things_text = text.partition("[SEP]")
    states: list[str] = []
    words = head.strip()
    while words not in domain.fixtures:
        words, space, last = words.rpartition(" ")
        if not space or last not in FURNITURE_STATES:
            return None
        states.append(last)
    things = []
    for part in things_text.split(";") if separator and things_text.strip() != EMPTY else ():
        item = _item(part.strip())
        if item is None:
            return None
        things.append(item)
    return Listing(words, in_order(states, FURNITURE_STATES), tuple(sorted(things)))


def _item(text: str) -> Item | None:
    states: list[str] = []
    while text not in load_domain().objects:
        first_word, space, text = text.partition(" ")
        if not space or first_word not in THING_STATES:
            return None
        states.append(first_word)
    return Item(text, in_order(states, THING_STATES))


def in_order(states: Iterable[str], order: Sequence[str]) -> tuple[str, ...]:
    """Return states in their order, those of it."""
    present = set(states)
    return tuple(state for state in order if state in present)
