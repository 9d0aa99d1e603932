"""Read and check the entries of a home file: a fixture or an object with its options."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import yaml

from envs.errors import GoalError, nearest
from envs.files.yaml_nodes import describe, is_null
from envs.scenes.home_files.nouns import NounReader
from envs.scenes.home_files.properties import MAX_COUNT, PROPERTY_KEYS
from envs.symbolic.domain import Domain
from envs.symbolic.goals import Count, Thing, parse_goal

FIXTURE_KEYS = ("count", "name", "states", "pose", *PROPERTY_KEYS)
OBJECT_KEYS = ("count", "name", "states", "liquid", "holds", *PROPERTY_KEYS)
POSE = "[x, y, yaw in degrees]"
POSE_LIMITS = (100.0, 100.0, 360.0)


@dataclass(kw_only=True)
class Item:
    """One entry of a list of fixtures or objects, before it is named."""

    line: int
    category: str
    count: int = 1
    name: str | None = None
    states: frozenset[str] = frozenset()
    liquid: str | None = None
    properties: tuple[str, ...] = ()
    pose: tuple[float, float, float] | None = None
    holds: list[Item] = field(default_factory=list)


class EntryReader(NounReader):
    """Reads the entries under `rooms` and `objects`, and names them."""

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        self.lines: dict[str, int] = {}  # line of each named fixture or object
        self.unread: list[str] = []  # entries that name no fixture or object

    def fixture_items(self, node: yaml.Node, room: str) -> list[Item]:
        """Read a list of fixtures."""
        items = []
        for entry in self.sequence(node, room):
            parsed = self.entry(entry, f"{room}: a fixture", FIXTURE_KEYS)
            if parsed is None:
                continue
            item, options = parsed
            text = item.category
            self.read_number(entry, item, options)
            words, states, item.category = self.split_description(item.category, self.furniture)
            item.category = self.meant(
                entry, item.category, "fixtures", is_numbered=item.count > 1 or "count" in options
            )
            if item.category not in self.furniture and self.is_refused(text):
                self.unread.append(text)
                continue
            if item.category not in self.furniture:
                hint = self.fixture_hint(text, item.category)
                self.problem(entry, f"unknown fixture {text if hint.startswith(':') else item.category!r}{hint}")
                self.unread.append(text)
                continue
            item.properties = self.properties(entry, words, options, item.category)
            if item.properties and item.category == self.domain.person:
                self.problem(entry, f"a person has no color, size, material or owner; found {item.properties[0]!r}")
            allowed_states = self.possible_states(item.category)
            item.states = self.states(entry, options.get("states"), item.category, allowed_states, states)
            if "pose" in options:
                pose = self.numbers(options["pose"], f"{item.category}: pose", POSE, POSE_LIMITS)
                item.pose = (pose[0], pose[1], pose[2]) if pose else None
                if item.count > 1:
                    self.problem(entry, f"{item.category}: a pose is for one fixture, not for {item.count}")
            items.append(item)
        return items

    def object_items(self, node: yaml.Node, place: str) -> list[Item]:
        """Read a list of objects, and what they hold."""
        items = []
        for entry in self.sequence(node, place):
            parsed = self.entry(entry, f"{place}: an object", OBJECT_KEYS)
            if parsed is None:
                continue
            item, options = parsed
            text = item.category
            self.read_number(entry, item, options)
            words, states, item.category = self.split_description(item.category, self.domain.objects)
            if (words or states) and item.category.partition(" ")[0].isdecimal():
                number, _, rest = item.category.partition(" ")
                self.problem(entry, f"{text!r}: a number stands first: `{' '.join((number, *words, *states, rest))}`")
                continue
            item.category = self.meant(
                entry, item.category, "objects", is_numbered=item.count > 1 or "count" in options
            )
            if item.category not in self.domain.objects and self.is_refused(text):
                self.unread.append(text)
                continue
            if item.category not in (*self.domain.fixtures, *self.domain.objects):
                parsed_words = self.words(entry, item, text)
                if parsed_words is None:
                    self.unread.append(text)
                    continue
                item.category, item.liquid = parsed_words.word, parsed_words.liquid
                words, states = (*words, *parsed_words.properties), (*states, *parsed_words.states)
            object_category = self.domain.objects.get(item.category)
            if object_category is None:
                hint = self.object_hint(text, item.category)
                self.problem(entry, f"unknown object {text if hint.startswith(':') else item.category!r}{hint}")
                self.unread.append(text)
                continue
            item.properties = self.properties(entry, words, options, item.category)
            allowed_states = self.possible_states(item.category)
            item.states = self.states(entry, options.get("states"), item.category, allowed_states, states)
            if "liquid" in options:
                item.liquid = self.text(options["liquid"], f"{item.category}: liquid")
            self.check_liquid(entry, item)
            if "holds" in options:
                item.holds = self.object_items(options["holds"], item.category)
                if item.holds and item.count > 1:
                    self.problem(entry, f"{item.category}: `holds` is for one object, not for {item.count}")
            items.append(item)
        return items

    def possible_states(self, category: str) -> frozenset[str]:
        """Return the states that things of a category can have."""
        return _states_of(category, self.domain)

    def entry(self, node: yaml.Node, context: str, known: Collection[str]) -> tuple[Item, dict[str, yaml.Node]] | None:
        """Parse one entry: words, or one name with its states or options."""
        line = node.start_mark.line + 1
        if isinstance(node, yaml.ScalarNode):
            word = self.text(node, context)
            return None if word is None else (Item(line=line, category=word), {})
        if not isinstance(node, yaml.MappingNode):
            self.problem(node, f"{context}: expected a name or {{name: options}}, found {describe(node)}")
            return None
        if len(node.value) != 1:
            n_keys_text = f"found {len(node.value)} keys"
            self.problem(node, f"{context}: expected one name with its options indented under it, {n_keys_text}")
            return None
        category = self.text(node.value[0][0], context)
        if category is None:
            return None
        item, value = Item(line=line, category=category), node.value[0][1]
        if isinstance(value, yaml.SequenceNode):
            return item, {"states": value}
        if isinstance(value, yaml.ScalarNode) and not is_null(value):
            expected = "expected a list of states, such as [dirty], or options with their keys"
            if value.value.isdecimal():
                expected += f", such as {{count: {value.value}}}"
            elif group := self.domain.property_group.get(value.value):
                expected += f", such as {{{group}: {value.value}}}"
            self.problem(value, f"{category}: {expected}, found {describe(value)}")
            return item, {}
        options = self.options(value, category, known)
        if "count" in options:
            item.count = self.whole(options["count"], f"{category}: count", 1, MAX_COUNT) or 1
        if "name" in options:
            item.name = self.text(options["name"], f"{category}: name")
        return item, options

    def read_number(self, entry: yaml.Node, item: Item, options: dict[str, yaml.Node]) -> None:
        """Read a number in front of an entry, with or without options: `2 desk lamp: ["on"]`."""
        number, _, rest = item.category.partition(" ")
        if not number.isdecimal() or not rest:
            return
        item.category = rest
        meant = self.names_of(rest, "objects")
        if (
            re.search(r"\bglasses$", rest)
            and number != "1"
            and not self.spoken.is_own(rest)
            and meant != ("wine glass",)
        ):
            item.category = rest.removesuffix("es")
            self.notes.append(f"'{number} {rest}' is read as to drink from; others are `glasses: {{count: {number}}}`")
        if "count" in options:
            self.problem(entry, f"{rest}: two numbers, {number} in front and a `count`: write one of them")
        elif 1 <= int(number[:9]) <= MAX_COUNT:
            item.count = int(number[:9])
        else:
            self.problem(entry, f"{rest}: a number is from 1 to {MAX_COUNT}; found {number[:9]}")

    def words(self, entry: yaml.Node, item: Item, text: str) -> Thing | None:
        """Parse an object in the words of goals, such as `2 dirty mug`, into an item; `text` is the whole entry."""
        try:
            conditions = parse_goal(item.category, self.domain).conditions
        except GoalError as error:
            known = self.with_known_noun(text, "objects")
            wrong = self.phrase_hint(text, "objects")
            wrong = wrong or self.wrong_description(known, self.domain.objects, movable=True)
            if wrong and not self.names_of(text, "objects"):
                self.problem(entry, f"unknown object {text!r}{wrong}")
                return None
            word = self.noun(item.category)
            hint = self.word_hint(word, "objects") if word not in self.domain.objects else ""
            for state in item.category.removesuffix(word).split() if not hint else ():
                meant = self.names_of(state, "states")
                if state not in (*self.domain.states, *self.domain.negations) and meant:
                    word, hint = state, f"; did you mean {' or '.join(map(repr, meant))}?"
            kind = "state" if self.names_of(word, "states") else "object"
            own = "" if "did you mean" in str(error) or "perhaps" in str(error) else self.own_hint("things")
            self.problem(entry, f"unknown {kind} {word!r}{hint}" if hint else f"unknown object: {error}{own}")
            return None
        fact = conditions[0]
        if len(conditions) > 1 or not isinstance(fact, Count) or fact.place is not None or fact.number > 1:
            self.problem(entry, f"{text!r}: expected a number, states and an object, such as `2 dirty mug`")
            return None
        return fact.thing

    def states(
        self,
        entry: yaml.Node,
        node: yaml.Node | None,
        category: str,
        allowed_states: Collection[str],
        extra_states: Sequence[str] = (),
    ) -> frozenset[str]:
        """Read a list of states and check that the category can be in them."""
        words = [(entry, word) for word in extra_states]
        for state_node in [] if node is None or is_null(node) else self.sequence(node, f"{category}: states"):
            word = self.text(state_node, f"{category}: a state")
            if word is not None:
                words.append((state_node, word))
        states: set[str] = set()
        known = (*self.domain.states, *self.domain.negations)
        for state_node, word in words:
            state = self.domain.negations.get(word, word)
            if word not in known and (property_text := self.property_as_state(word)):
                self.problem(state_node, f"{category}: {property_text}")
            elif word not in known:
                meant = " or ".join(repr(state) for state in self.names_of(word, "states"))
                hint = f"; did you mean {meant}?" if meant else nearest(word, known) or f"; known: {', '.join(known)}"
                self.problem(state_node, f"{category}: unknown state {word!r}{hint}")
            elif state not in allowed_states:
                options = ", ".join(sorted(allowed_states)) or "nothing else"
                self.problem(state_node, f"no {category} is ever {word}; it can be {options}")
            elif state == word:
                states.add(word)
        for a, b in self.domain.exclusive:
            if a in states and b in states:
                self.problem(entry, f"no {category} is {a} and {b} at once")
        return frozenset(states)

    def check_liquid(self, entry: yaml.Node, item: Item) -> None:
        """Check that an object can hold its liquid."""
        object_category = self.domain.objects[item.category]
        if item.liquid is None:
            return
        if item.liquid not in self.domain.liquids:
            meant = " or ".join(repr(liquid) for liquid in self.names_of(item.liquid, "liquids"))
            hint = (
                f"; did you mean {meant}?"
                if meant
                else nearest(item.liquid, self.domain.liquids) or f"; known: {', '.join(self.domain.liquids)}"
            )
            self.problem(entry, f"unknown liquid {item.liquid!r}{hint}")
        elif not object_category.fills and object_category.contains != item.liquid:
            self.problem(entry, f"no {item.category} ever holds {item.liquid}")

    def name_all(self, items: Sequence[Item], limit: int, label: str) -> dict[int, list[str]]:
        """Return the names of each item by its `id`: the given name, otherwise the lowest free numbers in order."""
        total = sum(item.count for item in items)
        if total > limit:
            self.problem(None, f"{total} {label}; a home has at most {limit}")
            return {id(item): [] for item in items}
        names: dict[int, list[str]] = {id(item): [] for item in items}
        for item in items:
            if item.name is None:
                continue
            if not re.fullmatch(re.escape(item.category) + " [1-9][0-9]{0,5}", item.name):
                self.problem(item.line, f"name {item.name!r}: expected one like `{item.category} 1`")
            elif item.count > 1:
                self.problem(item.line, f"{item.name}: a name is for one {item.category}, not for {item.count}")
            elif item.name in self.lines:
                self.problem(item.line, f"{item.name} appears twice; the first is on line {self.lines[item.name]}")
            else:
                names[id(item)] = [item.name]
                self.lines[item.name] = item.line
        next_number: dict[str, int] = {}
        for item in items:
            while len(names[id(item)]) < item.count and item.name is None:
                number = next_number[item.category] = next_number.get(item.category, 0) + 1
                name = f"{item.category} {number}"
                if name not in self.lines:
                    names[id(item)].append(name)
                    self.lines[name] = item.line
        return names


@lru_cache(maxsize=2048)
def _states_of(category: str, domain: Domain) -> frozenset[str]:
    return frozenset(state for state in domain.states if domain.can_be(category, state))
