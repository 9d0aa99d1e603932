"""Reads kinds of furniture under `furniture:`: like a known kind, or described by body, size and what it can do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import yaml

from envs.errors import nearest
from envs.files.yaml_nodes import describe
from envs.symbolic.domain.categories import FixtureCategory, Process, Region, Relation
from envs.symbolic.domain.reading import default_domain
from envs.symbolic.kinds.things import ThingReader
from envs.symbolic.kinds.values import MAX_FURNITURE_M, MIN_FURNITURE_M
from envs.words import names_of

if TYPE_CHECKING:
    from envs.symbolic.domain.categories import Vec3
    from envs.symbolic.domain.domain import Domain
    from envs.symbolic.kinds.things import KindEntry

FIXTURE_FLAGS = ("switch", "wipeable", "waterable", "close_after")
FURNITURE_KEYS = (
    *("like", "body", "size", "region", "relation", "joint", *FIXTURE_FLAGS, "rooms", "accepts", "classes", "words"),
    "process",
)
PROCESS_KEYS = ("when", "set", "clear", "fill", "cook")
BODY = "table"  # of furniture of which only the size is said
OPEN_M = 0.6  # clear height above an open surface
REACH_DEPTH_M = 0.7  # of an open surface, from its front
MAX_REACH_M = 1.2  # height of the highest surface that the robot puts things on
NOT_OWN = ("person",)  # bodies that no furniture of one's own can have


class FurnitureReader(ThingReader):
    """Reads kinds of furniture, and what runs in them."""

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        self.processes: list[Process] = []
        self.states: dict[str, None] = {}  # of the file's own
        self.negations: dict[str, str] = {}
        self.names_of_things: set[str] = set()  # own kinds of things, which are read later

    def piece(self, entry: KindEntry, like: FixtureCategory | None) -> FixtureCategory | None:
        """Return the kind that an entry describes; None where a problem was found that no default replaces."""
        n_problems, options, name = len(self.problems), entry.options, entry.name
        start = like or self.described_piece(entry)
        if start is None:
            return None
        parts: dict[str, Any] = {"name": name, "like": self.known_like(name, like, self.domain.fixtures)}
        if "body" in options and like is not None and (body := self.body(options["body"], f"{name}: body")) is not None:
            parts |= {"body": body.body, "joint": body.joint}
        if "size" in options:
            size = self.size(options["size"], f"{name}: size", start.size, MIN_FURNITURE_M, MAX_FURNITURE_M)
            if size is not None:
                parts["size"], parts["region"] = size, scaled_space(start.region, start.size, size)
        self.read_space(entry, start, parts)
        if "body" not in options or len(self.problems) == n_problems:
            self.read_joint(entry, parts.get("body", start.body))
        for key in FIXTURE_FLAGS:
            if key in options:
                parts[key] = self.flag(options[key], f"{name}: {key}")
        if "rooms" in options:
            parts["rooms"] = self.room_kinds(options["rooms"], f"{name}: rooms")
        if "accepts" in options:
            parts["accepts"] = self.accepted(options["accepts"], f"{name}: accepts")
        elif start.accepts:
            self.limited_by_like.add(name)
        if "classes" in options:
            parts["classes"] = self.class_words(options["classes"], f"{name}: classes", self.domain.members)
        piece = replace(start, **parts)
        if "process" in options:
            self.read_process(options["process"], piece)
        return piece if len(self.problems) == n_problems else None

    def described_piece(self, entry: KindEntry) -> FixtureCategory | None:
        """Return what described furniture starts from: the geometry and the rooms of its body."""
        if not entry.options.keys() & {"body", "size"}:
            example = f"`{entry.name}: {{like: shelf}}` or `{entry.name}: {{body: table, size: [0.5, 0.8, 0.7]}}`"
            self.problem(entry.node, f"{entry.name}: say what it is like, or its body and size: {example}")
            return None
        example_piece = body_examples()[BODY]
        if "body" in entry.options:
            example_piece = self.body(entry.options["body"], f"{entry.name}: body") or example_piece
        rooms = tuple(room for room in example_piece.rooms if room in self.domain.rooms) or self.domain.rooms
        return FixtureCategory(
            name=entry.name, body=example_piece.body, size=example_piece.size, rooms=rooms,
            region=example_piece.region, relation=example_piece.relation, joint=example_piece.joint,
        )  # fmt: skip

    def body(self, node: yaml.Node, context: str) -> FixtureCategory | None:
        """Return the built-in furniture that shows a body."""
        word = self.word(node, context)
        known = [body for body in body_examples() if body not in NOT_OWN]
        if word is None:
            return None
        if word in known:
            return body_examples()[word]
        kinds = [f for name, f in default_domain().fixtures.items() if word.lower() in name.lower().split()]
        hint = f"; the body of a {kinds[0].name} is {kinds[0].body!r}" if kinds and kinds[0].body in known else ""
        hint = hint or nearest(word, known) or f"; known: {', '.join(known)}"
        self.problem(node, f"{context}: unknown body {word!r}{hint}")
        return None

    def read_space(self, entry: KindEntry, start: FixtureCategory, parts: dict[str, Any]) -> None:
        """Read where furniture holds things, into `parts`."""
        options, context = entry.options, f"{entry.name}: region"
        if "relation" in options:
            node, name = options["relation"], f"{entry.name}: relation"
            if self.is_nothing(node):
                parts |= {"relation": None, "region": None}
            else:
                parts["relation"] = cast("Relation | None", self.choice(node, name, ("on", "in")))
        if "region" in options and self.is_nothing(options["region"]):
            parts |= {"relation": None, "region": None}
        elif "region" in options:
            node = options["region"]
            if not isinstance(node, yaml.MappingNode):
                self.problem(node, f"{context}: expected {{z: 0.7, size: [x, y, z]}}, found {describe(node)}")
                return
            values = self.options(node, context, ("z", "size", "x"))
            outer, template = parts.get("size", start.size), parts.get("region", start.region)
            z = template.z if template else outer[2]
            z = self.number(values["z"], f"{context}: z") if "z" in values else z
            x = self.number(values["x"], f"{context}: x") if "x" in values else (template.x if template else 0.0)
            space: Vec3 | None = template.size if template else (outer[0] - 0.08, outer[1] - 0.08, OPEN_M)
            space = self.size(values["size"], f"{context}: size", outer) if "size" in values else space
            if z is None or x is None or space is None:
                return
            if any(inner > side + 1e-9 for inner, side in zip(space[:2], outer[:2], strict=True)):
                text = " x ".join(f"{side:g}" for side in space[:2])
                self.problem(node, f"{context}: {text} m is larger than the furniture, {outer[0]:g} x {outer[1]:g} m")
            parts["region"] = Region(z=z, size=space, x=x)
            parts.setdefault("relation", start.relation or "on")
        region, relation = parts.get("region", start.region), parts.get("relation", start.relation)
        if relation is not None and region is None:
            size = parts.get("size", start.size)
            region = parts["region"] = Region(z=size[2], size=(size[0] - 0.08, size[1] - 0.08, OPEN_M))
        if region is not None and not 0.0 <= region.z <= MAX_REACH_M:
            node = options.get("region", options.get("size", entry.node))
            self.problem(
                node, f"{context}: things would be {region.z:.2f} m above the floor; the robot reaches from 0 to "
                f"{MAX_REACH_M:g} m; give `region: {{z: 0.8, …}}`, or make the furniture lower",
            )  # fmt: skip

    def read_joint(self, entry: KindEntry, body: str) -> None:
        """Check that the joint is the one that the body is made with."""
        if "joint" not in entry.options:
            return
        node, context = entry.options["joint"], f"{entry.name}: joint"
        joint = None if self.is_nothing(node) else self.choice(node, context, ("hinge", "flap", "slide"))
        has = body_examples()[body].joint
        if joint == has or (joint is None and not self.is_nothing(node)):
            return
        others = [name for name, piece in body_examples().items() if piece.joint == joint and name not in NOT_OWN]
        shown = f"a {joint} is that of the body {' or '.join(map(repr, others[:3]))}" if joint else "give another body"
        self.problem(node, f"{context}: the body {body!r} has {f'a {has}' if has else 'no joint'}; {shown}")

    def room_kinds(self, node: yaml.Node, context: str) -> tuple[str, ...]:
        """Return the kinds of rooms that furniture stands in."""
        rooms: list[str] = []
        for each, word in self.words(node, context):
            meant = names_of(word, "rooms")
            if word == "any":
                rooms += [room for room in self.domain.rooms if room not in rooms]
            elif word in self.domain.rooms or (len(meant) == 1 and meant[0] in self.domain.rooms):
                rooms.append(word if word in self.domain.rooms else meant[0])
            else:
                hint = nearest(word, self.domain.rooms) or f"; known: {', '.join(self.domain.rooms)}"
                self.problem(each, f"{context}: unknown room {word!r}{hint}")
        return tuple(dict.fromkeys(rooms))

    def accepted(self, node: yaml.Node, context: str) -> tuple[str, ...]:
        """Return the only kinds and classes that furniture takes."""
        if self.is_nothing(node):
            return ()
        known = dict.fromkeys((*self.names_of_things, *self.domain.objects, *self.classes))
        return self.choices(node, context, known, "kind or class", self.aliases)

    # -- processes -----------------------------------------------------------------------------------------------------

    def read_process(self, node: yaml.Node, piece: FixtureCategory) -> None:
        """Read what happens to the contents of furniture while it is in a state."""
        context = f"{piece.name}: process"
        if self.is_nothing(node):  # also not that of the kind that it is like
            self.processes.append(Process(name=piece.name, at=(piece.name,)))
            return
        if not isinstance(node, yaml.MappingNode):
            self.problem(node, f'{context}: expected {{when: ["on"], set: [hot]}}, found {describe(node)}')
            return
        n_problems, values = len(self.problems), self.options(node, context, PROCESS_KEYS)
        process = self.process(piece.name, (piece.name,), values, context)
        if piece.region is None:
            self.problem(node, f"{context}: nothing can be in or on a {piece.name}, so that nothing could change")
        for word in process.when:
            if not piece.can_be(word):
                self.problem(values["when"], f"{context}: no {piece.name} is ever {word}{_ability(word)}")
        changes = process.set or process.clear or process.fill or process.cook
        if not changes and len(self.problems) == n_problems and not self.refused:
            self.problem(node, f"{context} changes nothing; say `set`, `clear`, `fill` or `cook`")
        self.processes.append(process)

    def process(self, name: str, at: tuple[str, ...], values: dict[str, yaml.Node], context: str) -> Process:
        """Return a process from its values."""
        words = {
            key: self.state_words(values[key], f"{context}: {key}", key)
            for key in ("when", "set", "clear")
            if key in values
        }
        fill = self.contents(values["fill"], f"{context}: fill") if "fill" in values else None
        cook = self.flag(values["cook"], f"{context}: cook") if "cook" in values else False
        return Process(name=name, at=at, fill=fill, cook=cook, **words)

    def state_words(self, node: yaml.Node, context: str, key: str) -> tuple[str, ...]:
        """Return states; those that a process waits for may be negations."""
        absent = (*self.domain.negations, *self.negations) if key == "when" else ()
        known = dict.fromkeys((*self.domain.states, *self.states, *absent))
        return self.choices(node, context, known, "state")


def body_examples() -> dict[str, FixtureCategory]:
    """Return the first built-in furniture of each body, which shows its geometry."""
    examples: dict[str, FixtureCategory] = {}
    for piece in default_domain().fixtures.values():
        examples.setdefault(piece.body, piece)
    return examples


def scaled_space(region: Region | None, size: Vec3, new: Vec3) -> Region | None:
    """Return where furniture of another size holds things.

    The clear height above an open surface stays, walls around it get no higher, and its rear is left out where the
    robot would not reach it from the front.
    """
    if region is None:
        return None
    ratio = [b / a for a, b in zip(size, new, strict=True)]
    x, y, clear = (r * length for r, length in zip(ratio, region.size, strict=True))
    z, middle = region.z * ratio[2], region.x * ratio[0]
    if region.size[2] >= OPEN_M and region.z + region.size[2] > size[2]:  # open above, unlike a tall cupboard
        z, clear = max(z, new[2] - (size[2] - region.z)), region.size[2]
        deep = max(REACH_DEPTH_M, region.size[0] if new[0] <= size[0] else 0.0) if z > 0.05 else x  # not of a rug
        x, middle = min(x, deep), middle + max(0.0, x - deep) / 2
    return Region(z=round(z, 4), size=(round(x, 4), round(y, 4), round(clear, 4)), x=round(middle, 4))


def _ability(state: str) -> str:
    """Return what furniture needs to be in a state."""
    keys = {"on": "switch: true", "off": "switch: true", "open": "a body with a joint", "closed": "a body with a joint",
            "dirty": "wipeable: true", "clean": "wipeable: true", "watered": "waterable: true"}  # fmt: skip
    return f"; it needs `{keys[state]}`" if state in keys else ""
