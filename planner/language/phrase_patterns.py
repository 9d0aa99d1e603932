"""Reads the phrase files, and expands a phrase pattern at random.

A pattern is text with `(a|b|)` alternatives, which can be nested, and `{slot}` placeholders; the data card
(datasets/README.md) describes the file format. Expansion chooses each alternative uniformly with a `random.Random`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envs.files import safe_yaml
from planner.errors import PlannerError
from planner.io.paths import datasets_dir

if TYPE_CHECKING:
    import random

Node = str | tuple[str, tuple["Node", ...]]  # text, ("seq", parts), ("alt", options), ("slot", (name,))


class PhraseError(PlannerError, ValueError):
    """A phrase file is invalid; the message names the file and the family."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """Phrases for one type of task.

    Attributes:
        goals: Goal templates; empty for a refusal or a question.
        refuse: The reason, if the correct answer is a refusal; it may contain slots.
        ask: The question, if the correct answer is one; it may contain slots.
        slots: The type of each slot.
        counts: Possible counts of `x`.
        numbers: Possible values of `n`.
        phrases: Patterns.
        weight: Sampling weight, relative to other families.
        repeated: For every one of these of a domain (`skills`, `changes`); empty: it is one family.
        furniture_goals: Goal templates for the states of furniture, where a family is repeated.
    """

    name: str
    goals: tuple[str, ...]
    refuse: str | None
    slots: dict[str, str]
    counts: tuple[int, ...]
    numbers: tuple[int, ...]
    phrases: tuple[str, ...]
    weight: float
    ask: str | None = None
    repeated: str = ""
    furniture_goals: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Words:
    """What people call objects, fixtures, classes and liquids: singular synonyms by category, the plain name first.

    An `ambiguous` word may mean several categories; if a home has more than one of them, the user must be asked.
    """

    objects: dict[str, tuple[str, ...]]
    fixtures: dict[str, tuple[str, ...]]
    classes: dict[str, tuple[str, ...]]
    liquids: dict[str, tuple[str, ...]]
    plurals: dict[str, str]
    mass: frozenset[str]
    plural_only: frozenset[str]
    ambiguous: dict[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def load_words() -> Words:
    """Read `datasets/phrases/words.yaml`."""
    raw = _read(datasets_dir() / "phrases" / "words.yaml")
    tables = {
        table: {category: tuple(map(str, synonyms)) for category, synonyms in raw[table].items()}
        for table in ("objects", "fixtures", "classes", "liquids")
    }
    return Words(
        **tables,
        plurals={str(singular): str(plural) for singular, plural in raw["plurals"].items()},
        mass=frozenset(raw.get("mass", [])),
        plural_only=frozenset(raw.get("plural_only", [])),
        ambiguous={str(word): tuple(map(str, categories)) for word, categories in raw["ambiguous"].items()},
    )


@lru_cache(maxsize=4)
def load_families(folder: str = "phrases") -> tuple[Family, ...]:
    """Read every phrase file in a folder of `datasets/`, in the order of names.

    Raises:
        PhraseError: A file is invalid.
    """
    families: list[Family] = []
    for path in sorted((datasets_dir() / folder).glob("*.yaml")):
        if path.name == "words.yaml":
            continue
        for name, entry in _read(path)["families"].items():
            try:
                families.append(family_of(str(name), entry))
            except (KeyError, TypeError, ValueError) as error:
                raise PhraseError(f"{path.name}, family {name}: {error!r}") from error
    names = [family.name for family in families]
    if len(set(names)) < len(names):
        duplicates = sorted({name for name in names if names.count(name) > 1})
        raise PhraseError(f"{folder}: duplicate families: {', '.join(duplicates)}")
    return tuple(families)


def _read(path: Path) -> dict[str, Any]:
    try:
        loaded = safe_yaml.load(path.read_text(encoding="utf-8"), bundled=True)
    except safe_yaml.YamlError as error:
        raise PhraseError(f"{path.name}: {error}") from error
    if not isinstance(loaded, dict):
        raise PhraseError(f"{path.name}: expected a mapping, found {type(loaded).__name__}")
    return loaded


def family_of(name: str, entry: dict[str, Any]) -> Family:
    """Return a family from its entry in a phrase file.

    Raises:
        KeyError, TypeError, ValueError: The entry is invalid.
    """

    def as_tuple(value: object) -> tuple[object, ...]:
        return tuple(value) if isinstance(value, list) else (value,)

    slots = entry.get("slots") or {}
    assert isinstance(slots, dict)
    return Family(
        name=name,
        goals=tuple(str(goal) for goal in as_tuple(entry["goal"])) if "goal" in entry else (),
        refuse=str(entry["refuse"]) if "refuse" in entry else None,
        ask=str(entry["ask"]) if "ask" in entry else None,
        slots={str(key): str(value) for key, value in slots.items()},
        counts=tuple(int(str(count)) for count in as_tuple(entry.get("count", [1]))),
        numbers=tuple(int(str(count)) for count in as_tuple(entry.get("numbers", []))),
        phrases=tuple(str(phrase) for phrase in as_tuple(entry["phrases"])),
        weight=float(str(entry.get("weight", 1.0))),
        repeated=str(entry.get("for", "")),
        furniture_goals=tuple(str(goal) for goal in as_tuple(entry.get("furniture", []))),
    )


@cache
def parse_pattern(pattern: str) -> Node:
    """Parse a pattern into a tree.

    Raises:
        PhraseError: Brackets do not match.
    """
    node, end = _alternatives(pattern, 0)
    if end != len(pattern):
        raise PhraseError(f"unmatched ')' at {end} in {pattern!r}")
    return node


def _alternatives(text: str, position: int) -> tuple[Node, int]:
    options: list[Node] = []
    parts: list[Node] = []
    plain = ""
    while position < len(text):
        char = text[position]
        if char == "{":
            end = text.find("}", position)
            if end < 0:
                raise PhraseError(f"unmatched '{{' at {position} in {text!r}")
            parts += [plain, ("slot", (text[position + 1 : end],))]
            plain, position = "", end + 1
        elif char == "(":
            group, position = _alternatives(text, position + 1)
            if position >= len(text) or text[position] != ")":
                raise PhraseError(f"unmatched '(' in {text!r}")
            parts += [plain, group]
            plain, position = "", position + 1
        elif char == "|":
            options.append(("seq", (*parts, plain)))
            parts, plain, position = [], "", position + 1
        elif char == ")":
            break
        else:
            plain += char
            position += 1
    options.append(("seq", (*parts, plain)))
    return (options[0] if len(options) == 1 else ("alt", tuple(options))), position


def expand(node: Node, rng: random.Random, fill: Callable[[str], str]) -> str:
    """Sample a text from a pattern; `fill` returns the words for a slot."""
    if isinstance(node, str):
        return node
    node_type, children = node
    if node_type == "seq":
        return "".join([expand(child, rng, fill) for child in children])
    if node_type == "alt":
        return expand(children[int(rng.random() * len(children))], rng, fill)
    name = children[0]
    assert isinstance(name, str)
    return fill(name)


@cache
def is_held_out(family: str, pattern: str) -> bool:
    """Whether a pattern belongs to the test split: one in twelve in every family, by its hash."""
    return hashlib.blake2b(f"{family}|{pattern}".encode(), digest_size=4).digest()[0] % 12 == 0
