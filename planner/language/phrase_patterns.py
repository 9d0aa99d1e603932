"""Phrase patterns: reading the phrase files, and expanding one pattern at random.

A pattern is text with `(a|b|)` alternatives, nestable, and `{slot}` holes; the file format is described in the data
card (datasets/README.md). Expansion draws every alternative evenly from a `random.Random`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from planner.errors import PlannerError
from planner.io.paths import datasets_dir

if TYPE_CHECKING:
    import random

Node = str | tuple[str, tuple["Node", ...]]  # text, ("seq", parts), ("alt", options), ("slot", (name,))


class PhraseError(PlannerError, ValueError):
    """A phrase file cannot be read; the message names the file and the family."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """Ways to say one kind of task.

    Attributes:
        goals: Goal templates; empty for a refusal or a question.
        refuse: The reason, if the right answer is a refusal; it may name slots.
        ask: The question, if the right answer is one; it may name slots.
        slots: The kind of thing that each slot stands for.
        counts: How many of `x` may be asked for.
        numbers: Values of `n`.
        phrases: Patterns.
        weight: How often the family is drawn, relative to others.
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


@dataclass(frozen=True, kw_only=True)
class Words:
    """What people call things: singular synonyms by category, the plain name first.

    `ambiguous` words must be asked about where a home has several of the categories that they stand for.
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
        k: {c: tuple(map(str, w)) for c, w in raw[k].items()} for k in ("objects", "fixtures", "classes", "liquids")
    }
    return Words(
        **tables,
        plurals={str(a): str(b) for a, b in raw["plurals"].items()},
        mass=frozenset(raw.get("mass", [])),
        plural_only=frozenset(raw.get("plural_only", [])),
        ambiguous={str(w): tuple(map(str, meant)) for w, meant in raw["ambiguous"].items()},
    )


@lru_cache(maxsize=4)
def load_families(folder: str = "phrases") -> tuple[Family, ...]:
    """Read every phrase file of a folder of `datasets/`, in the order of names.

    Raises:
        PhraseError: A file is not valid.
    """
    found: list[Family] = []
    for path in sorted((datasets_dir() / folder).glob("*.yaml")):
        if path.name == "words.yaml":
            continue
        for name, entry in _read(path)["families"].items():
            try:
                found.append(_family(str(name), entry))
            except (KeyError, TypeError, ValueError) as error:
                raise PhraseError(f"{path.name}, family {name}: {error!r}") from error
    names = [f.name for f in found]
    if len(set(names)) < len(names):
        twice = sorted({n for n in names if names.count(n) > 1})
        raise PhraseError(f"{folder}: families named twice: {', '.join(twice)}")
    return tuple(found)


def _read(path: Path) -> dict[str, Any]:
    try:
        loaded = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise PhraseError(f"{path.name}: not YAML: {error}") from error
    if not isinstance(loaded, dict):
        raise PhraseError(f"{path.name}: expected a mapping, found {type(loaded).__name__}")
    return loaded


def _family(name: str, entry: dict[str, Any]) -> Family:
    def several(value: object) -> tuple[object, ...]:
        return tuple(value) if isinstance(value, list) else (value,)

    slots = entry.get("slots") or {}
    assert isinstance(slots, dict)
    return Family(
        name=name,
        goals=tuple(str(g) for g in several(entry["goal"])) if "goal" in entry else (),
        refuse=str(entry["refuse"]) if "refuse" in entry else None,
        ask=str(entry["ask"]) if "ask" in entry else None,
        slots={str(k): str(v) for k, v in slots.items()},
        counts=tuple(int(str(c)) for c in several(entry.get("count", [1]))),
        numbers=tuple(int(str(c)) for c in several(entry.get("numbers", []))),
        phrases=tuple(str(p) for p in several(entry["phrases"])),
        weight=float(str(entry.get("weight", 1.0))),
    )


@cache
def parse_pattern(pattern: str) -> Node:
    """Read a pattern into a tree.

    Raises:
        PhraseError: Brackets do not match.
    """
    node, end = _alternatives(pattern, 0)
    if end != len(pattern):
        raise PhraseError(f"unmatched ')' at {end} in {pattern!r}")
    return node


def _alternatives(text: str, at: int) -> tuple[Node, int]:
    options: list[Node] = []
    parts: list[Node] = []
    plain = ""
    while at < len(text):
        char = text[at]
        if char == "{":
            end = text.find("}", at)
            if end < 0:
                raise PhraseError(f"unmatched '{{' at {at} in {text!r}")
            parts += [plain, ("slot", (text[at + 1 : end],))]
            plain, at = "", end + 1
        elif char == "(":
            inner, at = _alternatives(text, at + 1)
            if at >= len(text) or text[at] != ")":
                raise PhraseError(f"unmatched '(' in {text!r}")
            parts += [plain, inner]
            plain, at = "", at + 1
        elif char == "|":
            options.append(("seq", (*parts, plain)))
            parts, plain, at = [], "", at + 1
        elif char == ")":
            break
        else:
            plain += char
            at += 1
    options.append(("seq", (*parts, plain)))
    return (options[0] if len(options) == 1 else ("alt", tuple(options))), at


def expand(node: Node, rng: random.Random, fill: Callable[[str], str]) -> str:
    """Draw one text of a pattern; `fill` gives the words for a slot's hole."""
    if isinstance(node, str):
        return node
    kind, children = node
    if kind == "seq":
        return "".join([expand(c, rng, fill) for c in children])
    if kind == "alt":
        return expand(children[int(rng.random() * len(children))], rng, fill)
    name = children[0]
    assert isinstance(name, str)
    return fill(name)


@cache
def is_held_out(family: str, pattern: str) -> bool:
    """Whether a pattern belongs to the test split: one line in twelve, by its hash, in every family alike."""
    return hashlib.blake2b(f"{family}|{pattern}".encode(), digest_size=4).digest()[0] % 12 == 0
