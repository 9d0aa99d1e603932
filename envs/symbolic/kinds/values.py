"""Reads the values of a kind: lists of words, yes or no, lengths in meters, colors, regions; with hints at units."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import yaml

from envs.errors import nearest
from envs.files.yaml_nodes import NodeReader, describe, is_null
from envs.symbolic.domain.categories import Region
from envs.symbolic.domain.reading import default_domain
from envs.words import names_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envs.symbolic.domain.categories import ObjectCategory, Vec3
    from envs.symbolic.domain.domain import Domain

MIN_SIDE_M, MAX_SIDE_M = 0.002, 3.0  # of a thing
LIKELY_M = 1.2  # a longer thing is rather one of a hundred millimeters than of as many centimeters
MIN_FURNITURE_M, MAX_FURNITURE_M = 0.05, 2.5
SIDES = "[depth, width, height] in meters"
# The built-in kinds whose size, inside and vessel a thing takes of which only the shape is said.
_EXAMPLES = {
    "bottle": "water bottle", "can": "soda can", "box": "tissue box", "cushion": "pillow", "roll": "paper towel roll",
    "cutlery": "spoon", "racket": "tennis racket", "wine_glass": "wine glass",
}  # fmt: skip
_BOOL = "tag:yaml.org,2002:bool"
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_UNITS = {"mm": 0.001, "millimeters": 0.001, "cm": 0.01, "centimeters": 0.01, "inches": 0.0254, "inch": 0.0254,
          "in": 0.0254, '"': 0.0254, "m": 1.0, "meters": 1.0, "ft": 0.3048}  # fmt: skip
_LENGTH = re.compile(r"(\d+(?:[.,]\d+)?)\s*(mm|millimeters?|cm|centimeters?|inch(?:es)?|in|ft|m|meters?|\")?", re.I)


class ValueReader(NodeReader):
    """Reads values of kinds against a domain; `file` names the file of the nodes in messages."""

    def __init__(self, domain: Domain) -> None:
        super().__init__()
        self.domain = domain
        # Names and words with a problem of their own, in small letters: what is said with them gives no further one.
        self.refused: set[str] = set()

    @contextmanager
    def reading(self, file: str) -> Iterator[None]:
        """Name another file in the problems that are found meanwhile."""
        self.file, before = file, self.file
        try:
            yield
        finally:
            self.file = before

    # -- words ---------------------------------------------------------------------------------------------------------

    def word(self, node: yaml.Node, context: str) -> str | None:
        """Return a word; on, off and the like need no quotes where only words can stand."""
        if isinstance(node, yaml.ScalarNode) and node.tag == _BOOL:
            return str(node.value).lower()
        return self.text(node, context)

    def words(self, node: yaml.Node, context: str) -> list[tuple[yaml.Node, str]]:
        """Return the words of a list with their nodes; a word alone is a list of one."""
        nodes = [node] if isinstance(node, yaml.ScalarNode) and not is_null(node) else self.sequence(node, context)
        words = [(each, self.word(each, context)) for each in nodes]
        seen: set[str] = set()
        unique = []
        for each, word in words:
            if word is not None and word in seen:
                self.problem(each, f"{context}: {word!r} appears twice")
            elif word is not None:
                unique.append((each, word))
                seen.add(word)
        return unique

    def choice(self, node: yaml.Node, context: str, known: Collection[str], what: str = "") -> str | None:
        """Return one of the known words."""
        word = self.word(node, context)
        if word is None or word in known:
            return word
        if word.lower() in self.refused:
            return None
        hint = nearest(word, known) or f"; known: {', '.join(known)}"
        self.problem(node, f"{context}: unknown {what or context.rpartition(': ')[2]} {word!r}{hint}")
        return None

    def choices(
        self,
        node: yaml.Node,
        context: str,
        known: Collection[str],
        what: str,
        aliases: Mapping[str, str] | None = None,
    ) -> tuple[str, ...]:
        """Return words of a list that are known."""
        found = []
        for each, said in self.words(node, context):
            word = (aliases or {}).get(said.lower(), said)
            if word in known:
                found.append(word)
            elif word.lower() not in self.refused:
                hint = nearest(word, known) or f"; known: {', '.join(known)}"
                self.problem(each, f"{context}: unknown {what} {word!r}{hint}")
        return tuple(found)

    def flag(self, node: yaml.Node, context: str) -> bool:
        """Return yes or no."""
        value = str(node.value).lower() if isinstance(node, yaml.ScalarNode) else ""
        if value in ("true", "yes", "on"):
            return True
        if value not in ("false", "no", "off"):
            self.problem(node, f"{context}: expected true or false, found {describe(node)}")
        return False

    def is_nothing(self, node: yaml.Node) -> bool:
        """Whether a value says that there is none: `none`, `false`, nothing."""
        return is_null(node) or (
            isinstance(node, yaml.ScalarNode) and str(node.value).lower() in ("none", "no", "false")
        )

    # -- lengths -------------------------------------------------------------------------------------------------------

    def size(
        self, node: yaml.Node, context: str, like: Vec3, low: float = MIN_SIDE_M, high: float = MAX_SIDE_M
    ) -> Vec3 | None:
        """Return a size; a single number is the longest side, and the others keep the proportions of `like`."""
        if isinstance(node, yaml.ScalarNode) and node.tag in _NUMBERS:
            longest = self.length(node, context, low, high)
            return None if longest is None else cast("Vec3", tuple(longest * side / max(like) for side in like))
        if isinstance(node, yaml.SequenceNode) and len(node.value) == 3:
            if all(isinstance(n, yaml.ScalarNode) and n.tag in _NUMBERS for n in node.value):
                return cast("Vec3 | None", self.lengths(node, context, low, high))
            said = ", ".join(str(n.value) for n in node.value if isinstance(n, yaml.ScalarNode))
            self.problem(node, f"{context}: expected {SIDES}, found [{said[:60]}]{_meters_hint(said, 3)}")
            return None
        if isinstance(node, yaml.SequenceNode):
            self.problem(node, f"{context}: expected {SIDES}, found a list of {len(node.value)}")
            return None
        said = str(node.value) if isinstance(node, yaml.ScalarNode) else ""
        self.problem(node, f"{context}: expected {SIDES}, found {describe(node)}{_meters_hint(said)}")
        return None

    def lengths(self, node: yaml.SequenceNode, context: str, low: float, high: float) -> tuple[float, ...] | None:
        """Return a list of lengths; one message for all that are wrong."""
        sides = [self.number(n, context, 1e9) for n in node.value]
        known = [side for side in sides if side is not None]
        if len(known) < len(sides):
            return None
        problem = _length_problem(known, low, high)
        if problem:
            self.problem(node, f"{context}: {problem}")
        return None if problem else tuple(known)

    def length(self, node: yaml.Node, context: str, low: float, high: float) -> float | None:
        """Return one length."""
        side = self.number(node, context, 1e9)
        problem = "" if side is None else _length_problem([side], low, high)
        if problem:
            self.problem(node, f"{context}: {problem}")
        return None if problem else side

    def positive(self, node: yaml.Node, context: str, low: float, high: float, unit: str) -> float | None:
        """Return a number with a unit within limits."""
        value = self.number(node, context, 1e9)
        if value is not None and not low <= value <= high:
            self.problem(node, f"{context}: {value:g} {unit}; expected from {low:g} to {high:g} {unit}")
            return None
        return value

    # -- looks ---------------------------------------------------------------------------------------------------------

    def color(self, node: yaml.Node, context: str) -> Vec3 | None:
        """Return a color: a word of the domain, or red, green and blue from 0 to 1."""
        known = self.domain.properties.get("color", {})
        if isinstance(node, yaml.SequenceNode):
            parts = [self.number(n, context, 1e9) for n in node.value] if len(node.value) == 3 else []
            values = [part for part in parts if part is not None]
            if len(values) == 3 and all(0.0 <= v <= 1.0 for v in values):
                return (values[0], values[1], values[2])
            if len(parts) == len(values):
                hint = ""
                if len(values) == 3 and all(0.0 <= v <= 255.0 for v in values):
                    hint = f"; write {[round(v / 255, 2) for v in values]}"
                self.problem(node, f"{context}: expected red, green and blue from 0 to 1, or a word{hint}")
            return None
        word = self.word(node, context)
        if word is None:
            return None
        meant = [name for name in (word, *names_of(word, "properties")) if name in known]
        if meant:
            return cast("Vec3", known[meant[0]][:3])
        self.choice(node, context, known, "color")
        return None


def _length_problem(sides: Iterable[float], low: float, high: float) -> str:
    sides = list(sides)
    shown = f"{sides[0]:g}" if len(sides) == 1 else f"[{', '.join(f'{side:g}' for side in sides)}]"
    if min(sides) <= 0:
        return f"{shown}: a side is longer than 0; sizes are in meters, at least {low:g} (20 cm are 0.2)"
    if max(sides) > high:
        for unit, factor in (("centimeters", 0.01), ("millimeters", 0.001)):
            converted = [float(f"{side * factor:.4g}") for side in sides]
            if max(converted) <= (high if low >= MIN_FURNITURE_M else LIKELY_M) and min(converted) >= low:
                meant = f"{converted[0]:g}" if len(sides) == 1 else f"[{', '.join(f'{side:g}' for side in converted)}]"
                return f"{shown}: sizes are in meters, and no side is longer than {high:g} m; for {unit} write {meant}"
        return f"{shown}: sizes are in meters, and no side is longer than {high:g} m"
    if min(sides) < low:
        return f"{shown}: sizes are in meters, and no side is shorter than {low:g} m ({1000 * low:g} mm)"
    return ""


def _meters_hint(text: str, number: int = 0) -> str:
    """Return a hint that says a text of lengths in meters."""
    matches = list(_LENGTH.finditer(text.replace("×", "x")))
    unit = next((m[2].lower() for m in reversed(matches) if m[2]), "")
    if len(matches) not in ((number,) if number else (1, 3)) or not unit:
        return ""
    factor = _UNITS.get(unit, _UNITS.get(f"{unit}s", 1.0))
    meters = [
        float(f"{float(m[1].replace(',', '.')) * (_UNITS.get((m[2] or '').lower(), factor)):.4g}") for m in matches
    ]
    return f"; write {meters[0]:g}" if len(meters) == 1 else f"; write [{', '.join(f'{m:g}' for m in meters)}]"


def shape_examples() -> dict[str, ObjectCategory]:
    """Return a built-in kind of each shape, which shows its usual size."""
    objects = default_domain().objects
    examples: dict[str, ObjectCategory] = {}
    for kind in objects.values():
        named = objects.get(kind.shape)
        usual = named if named is not None and named.shape == kind.shape else kind
        examples.setdefault(kind.shape, objects.get(_EXAMPLES.get(kind.shape, ""), usual))
    return examples


def scaled_region(region: Region | None, size: Vec3, new: Vec3) -> Region | None:
    """Return the inside of a container of another size; the clear height above it stays."""
    if region is None:
        return None
    x, y = (round(inner * b / a, 4) for inner, a, b in zip(region.size[:2], size[:2], new[:2], strict=True))
    return Region(z=round(region.z * new[2] / size[2], 4), size=(x, y, region.size[2]), x=region.x)
