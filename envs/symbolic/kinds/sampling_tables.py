"""Reads the section `sampling` of a domain file: how its homes are sampled (envs/symbolic/domain/sampling.py)."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import yaml

from envs.errors import nearest
from envs.files.yaml_nodes import describe
from envs.symbolic.domain.sampling import Sampling
from envs.symbolic.kinds.values import ValueReader

if TYPE_CHECKING:
    from envs.symbolic.domain.domain import Domain
    from envs.symbolic.domain.sampling import Amount

MAX_WEIGHT, MAX_EACH = 1000.0, 20
# The tables by their form, each with what its keys and its words are.
_LISTS = {"setting": "object", "guests": "object", "several": "object", "strewn": "object", "hot_liquids": "liquid"}
_WEIGHTS = ("rooms", "second_rooms", "strewn_in")
_LISTS_BY_WORD = {
    "soiled_at": ("class", "fixture"), "natural_rooms": ("class", "room"), "nested_in": ("object or class", "object"),
    "filled_with": ("object", "liquid"),
}  # fmt: skip
KEYS = ("first_room", "furniture", "own_room", "chances", *_LISTS, *_WEIGHTS, *_LISTS_BY_WORD)


class SamplingReader(ValueReader):
    """Reads the tables against the domain that they are for."""

    def sampling(self, node: yaml.Node, domain: Domain, refused: Collection[str] = ()) -> Sampling:
        """Return the tables of a section: those that it has, and the domain's own for the others.

        Args:
            node: The section.
            domain: The domain, as far as it could be read.
            refused: Names of kinds that gave a message already.
        """
        known = {
            "room": domain.rooms, "fixture": (*domain.fixtures, *refused), "object": (*domain.objects, *refused),
            "class": domain.classes, "object or class": (*domain.objects, *domain.classes, *refused),
            "kind or class": (*domain.objects, *domain.fixtures, *domain.classes, *refused), "state": domain.states,
            "liquid": domain.liquids,
        }  # fmt: skip
        parts, values = self.options(node, "sampling", KEYS), dict[str, Any]()
        if "first_room" in parts:
            values["first_room"] = self.choice(
                parts["first_room"], "sampling: first_room", known["room"], "kind of room"
            )
        for key, what in _LISTS.items():
            if key in parts:
                values[key] = self.choices(parts[key], f"sampling: {key}", known[what], what)
        for key in _WEIGHTS:
            if key in parts:
                values[key] = self.numbers_by_word(parts[key], f"sampling: {key}", known["room"], "room", MAX_WEIGHT)
        for key, (what, word) in _LISTS_BY_WORD.items():
            if key in parts:
                values[key] = {
                    name: self.choices(value, f"sampling: {key}: {name}", known[word], word)
                    for name, value in self.known_pairs(parts[key], f"sampling: {key}", known[what], what)
                }
        if "own_room" in parts:
            pairs = self.known_pairs(parts["own_room"], "sampling: own_room", known["fixture"], "fixture")
            rooms = {n: self.choice(v, f"sampling: own_room: {n}", known["room"], "kind of room") for n, v in pairs}
            values["own_room"] = {name: room for name, room in rooms.items() if room}
        if "chances" in parts:
            values["chances"] = {
                state: self.numbers_by_word(
                    value, f"sampling: chances: {state}", known["kind or class"], "kind or class", 1.0
                )
                for state, value in self.known_pairs(parts["chances"], "sampling: chances", known["state"], "state")
            }
        if "furniture" in parts:
            values["furniture"] = {
                room: {
                    name: self.amount(value, f"sampling: furniture: {room}: {name}")
                    for name, value in self.known_pairs(
                        table, f"sampling: furniture: {room}", known["fixture"], "fixture"
                    )
                }
                for room, table in self.known_pairs(
                    parts["furniture"], "sampling: furniture", known["room"], "kind of room"
                )
            }
        return Sampling(**{**vars(domain.sampling), **values})

    def known_pairs(
        self, node: yaml.Node, context: str, known: Collection[str], what: str
    ) -> list[tuple[str, yaml.Node]]:
        """Return the entries of a mapping whose keys are known; others are problems."""
        pairs = []
        for name, key, value in self.pairs(node, context):
            if name in known:
                pairs.append((name, value))
            else:
                self.problem(key, f"{context}: unknown {what} {name!r}{nearest(name, known)}")
        return pairs

    def numbers_by_word(
        self, node: yaml.Node, context: str, known: Collection[str], what: str, limit: float
    ) -> dict[str, float]:
        """Return the numbers of a mapping, from 0 to a limit."""
        numbers = {}
        for name, value in self.known_pairs(node, context, known, what):
            number = self.number(value, f"{context}: {name}", limit)
            if number is not None and number < 0:
                self.problem(value, f"{context}: {name}: {number:g} is less than 0")
            elif number is not None:
                numbers[name] = number
        return numbers

    def amounts(self, node: yaml.Node, context: str, known: Collection[str]) -> dict[str, Amount]:
        """Return how much of each kind of furniture stands in a kind of room."""
        pairs = self.known_pairs(node, context, known, "fixture")
        return {name: self.amount(value, f"{context}: {name}") for name, value in pairs}

    def amount(self, node: yaml.Node, context: str) -> Amount:
        """Return the chance of any, the minimum and the maximum."""
        if not isinstance(node, yaml.SequenceNode) or len(node.value) != 3:
            self.problem(
                node, f"{context}: expected [chance, minimum, maximum] such as [0.5, 1, 2], found {describe(node)}"
            )
            return (0.0, 1, 1)
        chance = self.number(node.value[0], context, 1.0)
        low, high = (self.whole(each, context, 1, MAX_EACH) or 1 for each in node.value[1:])
        if high < low or (chance or 0.0) < 0.0:
            self.problem(node, f"{context}: expected a chance from 0 to 1, a minimum and a maximum that is no less")
        return (chance or 0.0, low, max(low, high))
