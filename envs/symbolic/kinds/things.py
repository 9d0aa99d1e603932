"""Reads kinds of object under `things:`: like a known kind, or described by shape, size and abilities."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import yaml

from envs.errors import DomainError, nearest
from envs.files.yaml_nodes import describe
from envs.symbolic.domain.categories import FixtureCategory, ObjectCategory, Region, Relation, fits_in, lacks_inside
from envs.symbolic.domain.mesh_file import mesh_of
from envs.symbolic.kinds.values import MAX_SIDE_M, ValueReader, scaled_region, shape_examples
from envs.words import names_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from envs.symbolic.domain.categories import Vec3
    from envs.symbolic.domain.domain import Domain

FLAGS = ("fills", "slices", "cooks", "folds", "cuts", "wipes", "metal")
THING_KEYS = (
    "like",
    "shape",
    "size",
    "color",
    "classes",
    "at",
    "words",
    "holds",
    "contains",
    *FLAGS,
    "mass_kg",
    "mesh",
)
HOLDS = "{relation: in, size: [x, y, z]}"
COLOR: Vec3 = (0.62, 0.60, 0.56)  # of a thing that is described without a color
INSIDE = 0.85  # inside of a container whose inside is not given, as a part of its length and width
CLEAR_M = 0.3  # height that is clear above the floor of an open container
MAX_PLACES = 4  # usual places that a thing gets whose places are not given
MAX_KG = 50.0
OTHER_KEYS = {
    "colour": "color", "class": "classes", "category": "classes", "place": "at", "places": "at", "location": "at",
    "usually": "at", "synonyms": "words", "aliases": "words", "alias": "words", "also": "words", "names": "words",
    "type": "like", "kind": "like", "parent": "like", "dimensions": "size", "dims": "size", "weight": "mass_kg",
    "mass": "mass_kg", "weight_kg": "mass_kg", "container": "holds", "fillable": "fills", "sliceable": "slices",
    "cookable": "cooks", "foldable": "folds", "liquid": "contains", "model": "mesh", "file": "mesh",
}  # fmt: skip
_SHAPE_WORDS = {
    "sphere": "ball", "round": "ball", "cube": "box", "block": "box", "cuboid": "box", "rectangle": "box",
    "cylinder": "can", "tube": "roll", "stick": "cutlery", "rod": "cutlery", "flat": "book", "sheet": "cloth",
    "fabric": "cloth", "jar": "can", "disc": "plate", "disk": "plate", "jug": "vase", "pillow": "cushion",
    "wine glass": "wine_glass", "wineglass": "wine_glass", "bag": "basket", "bucket": "basket", "crate": "basket",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class KindEntry:
    """One kind as a file describes it, with the file it stands in (empty: the home file) and that file's folder."""

    name: str
    node: yaml.Node
    options: dict[str, yaml.Node]
    file: str
    folder: Path | None


class ThingReader(ValueReader):
    """Reads kinds of objects, after those of furniture."""

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        self.things: dict[str, ObjectCategory] = {}
        self.furniture: dict[str, FixtureCategory] = {}
        self.limited_by_like: set[str] = set()  # own furniture that takes only what the furniture does that it is like
        self.classes: tuple[str, ...] = domain.classes
        self.aliases: dict[str, str] = {}  # names as files write them, in small letters, and as goals say them
        self.notes: list[str] = []  # what is read otherwise than it is written
        self._votes: dict[tuple[str, ...], list[str]] = {}

    def key_hint(self, key: str) -> str:
        """Offer the key that another word means."""
        meant = OTHER_KEYS.get(key.lower())
        return f"; did you mean {meant!r}?" if meant else super().key_hint(key)

    def thing(self, entry: KindEntry, like: ObjectCategory | None) -> ObjectCategory | None:
        """Return the kind that an entry describes; None where a problem was found that no default replaces."""
        n_problems, options, name = len(self.problems), entry.options, entry.name
        start = like or self.described_thing(entry)
        if start is None:
            return None
        parts: dict[str, Any] = {"name": name, "like": self.known_like(name, like, self.domain.objects)}
        if "shape" in options and like is not None and (shape := self.shape(options["shape"], f"{name}: shape")):
            parts["shape"] = shape
        shape_of = (1.0, 1.0, 1.0) if like is None and start.shape == "box" else start.size
        is_sized = "size" in options and "mesh" not in options
        size = self.size(options["size"], f"{name}: size", shape_of) if is_sized else None
        if size is not None:
            parts["size"], parts["holds"] = size, scaled_region(start.holds, start.size, size)
        if "mesh" in options:
            parts |= self.mesh(entry, like)
        if "color" in options and (color := self.color(options["color"], f"{name}: color")) is not None:
            parts["color"] = color
        if "classes" in options:
            parts["classes"] = self.class_words(options["classes"], f"{name}: classes", self.domain.fixture_members)
        for key in FLAGS:
            if key in options:
                parts[key] = self.flag(options[key], f"{name}: {key}")
        if "contains" in options:
            parts["contains"] = self.contents(options["contains"], f"{name}: contains")
        if "mass_kg" in options:
            parts["mass_kg"] = self.positive(options["mass_kg"], f"{name}: mass_kg", 0.001, MAX_KG, "kg")
        if "holds" in options:
            outer = parts.get("size", start.size)
            parts["holds"], parts["relation"] = self.holding(options["holds"], f"{name}: holds", outer, start)
        kind = replace(start, **parts)
        if kind.mesh is not None and lacks_inside(kind):
            node, file = options.get("mesh", entry.node), Path(kind.mesh.path).name
            self.problem(node, f"{name}: mesh: it holds things inside, but {file} is not hollow")
        is_right = len(self.problems) == n_problems
        if is_right or "at" in options:
            kind = replace(kind, at=self.usual_places(entry, kind, start.at if like else (), is_right=is_right))
        return kind if len(self.problems) == n_problems else None

    def known_like(
        self, name: str, like: ObjectCategory | FixtureCategory | None, known: Mapping[str, object]
    ) -> str | None:
        """Return the kind of the domain that a kind is like, also through others of the file; or None."""
        if like is None or like.name == name:  # a built-in kind that the file changes
            return None
        return like.name if like.name in known else like.like

    def described_thing(self, entry: KindEntry) -> ObjectCategory | None:
        """Return what a described kind starts from: the size and the inside of its shape."""
        if not entry.options.keys() & {"shape", "size", "mesh"}:
            example = f"`{entry.name}: {{like: mug}}` or `{entry.name}: {{size: [0.2, 0.1, 0.1]}}`"
            self.problem(entry.node, f"{entry.name}: say what it is like, or how large it is: {example}")
            return None
        shape = "box"
        if "shape" in entry.options:
            shape = self.shape(entry.options["shape"], f"{entry.name}: shape") or shape
        example_kind = shape_examples()[shape]
        return ObjectCategory(
            name=entry.name, shape=shape, size=example_kind.size, color=COLOR, classes=(), at=(),
            holds=example_kind.holds, relation=example_kind.relation, fills=example_kind.fills,
        )  # fmt: skip

    def shape(self, node: yaml.Node, context: str) -> str | None:
        """Return the name of a shape."""
        word = self.word(node, context)
        if word is None or word in shape_examples():
            return word
        meant = _SHAPE_WORDS.get(word.lower(), "")
        if meant == word.replace(" ", "_"):
            return meant
        known = f"; known: {', '.join(shape_examples())}"
        hint = f"; did you mean {meant!r}?" if meant else nearest(word, shape_examples()) or known
        self.problem(node, f"{context}: unknown shape {word!r}{hint}")
        return None

    def class_words(self, node: yaml.Node, context: str, others: Iterable[str]) -> tuple[str, ...]:
        """Return classes; `others` are those of the other table, furniture or things."""
        found = []
        for each, word in self.words(node, context):
            if word == "anything":
                continue
            if word in self.classes and word not in others:
                found.append(word)
                continue
            if word.lower() in self.refused:
                continue
            text = f"unknown class {word!r}"
            if word in others:
                text = f"{word!r} is a class of {'furniture' if others is self.domain.fixture_members else 'things'}"
                hint = ""
            else:
                meant = names_of(word, "classes")
                hint = f"; did you mean {meant[0]!r}?" if meant else nearest(word, self.classes)
                hint = hint or f"; known: {', '.join(self.classes)}; new ones are listed under `classes:`"
            self.problem(each, f"{context}: {text}{hint}")
        return tuple(found)

    def mesh(self, entry: KindEntry, like: ObjectCategory | None) -> dict[str, Any]:
        """Return the mesh of a kind, with the size that it has or is given."""
        node, context, options = entry.options["mesh"], f"{entry.name}: mesh", dict[str, yaml.Node]()
        if self.is_nothing(node):
            return {"mesh": None}
        if isinstance(node, yaml.MappingNode):
            options = self.options(node, context, ("file", "unit", "up"))
            if "file" not in options:
                self.problem(node, f"{context}: say which file: `mesh: {{file: gnome.stl, unit: mm}}`")
                return {}
        words = {key: self.word(value, f"{context}: {key}") for key, value in options.items() if key != "file"}
        file = self.text(options.get("file", node), context)
        n_problems, size = len(self.problems), None
        if "size" in entry.options:
            size = self.size(entry.options["size"], f"{entry.name}: size", (1.0, 1.0, 1.0))
        is_longest = isinstance(entry.options.get("size"), yaml.ScalarNode)
        if file is None or None in words.values() or len(self.problems) > n_problems:
            return {}
        path = Path(file).expanduser()
        if not path.is_absolute():
            if entry.folder is None:
                text = f"{file!r} is relative to a home file; this home is a text without one"
                self.problem(node, f"{context}: {text}")
                return {}
            path = entry.folder / path
        try:
            sized = mesh_of(
                path, size=max(size) if size and is_longest else size, unit=words.get("unit") or "m", up=words.get("up")
            )
        except DomainError as error:
            self.problem(node, f"{context}: {str(error).replace(str(path.absolute()), file).replace(str(path), file)}")
            return {}
        holds = None if like is None else scaled_region(like.holds, like.size, sized.size)
        return {"mesh": sized.mesh, "size": sized.size, "holds": holds, "relation": holds and like and like.relation}

    def contents(self, node: yaml.Node, context: str) -> str | None:
        """Return the liquid that a thing is an inexhaustible supply of."""
        return None if self.is_nothing(node) else self.choice(node, context, self.domain.liquids, "liquid")

    def holding(
        self, node: yaml.Node, context: str, outer: Vec3, start: ObjectCategory
    ) -> tuple[Region | None, Relation | None]:
        """Return how things go in or on a thing."""
        if self.is_nothing(node):
            return None, None
        relation: str | None = start.relation or "in"
        options: dict[str, yaml.Node] = {}
        if isinstance(node, yaml.MappingNode):
            options = self.options(node, context, ("relation", "size", "z"))
            if "relation" in options:
                relation = self.choice(options["relation"], f"{context}: relation", ("in", "on"))
        elif isinstance(node, yaml.ScalarNode) and str(node.value).lower() in ("in", "on"):
            relation = str(node.value).lower()
        elif not (isinstance(node, yaml.ScalarNode) and str(node.value).lower() in ("true", "yes")):
            self.problem(node, f"{context}: expected `in`, `on` or {HOLDS}, found {describe(node)}")
            return None, None
        inside: Vec3 | None = (round(INSIDE * outer[0], 4), round(INSIDE * outer[1], 4), CLEAR_M)
        if "size" in options:
            inside = self.size(options["size"], f"{context}: size", outer)
        if inside is None or relation is None:
            return None, None
        if relation == "in" and any(inner > side + 1e-9 for inner, side in zip(inside[:2], outer[:2], strict=True)):
            sides, inner_sides = _in_cm(outer[:2]), _in_cm(inside[:2])
            self.problem(node, f"{context}: its inside, {inner_sides} cm, is larger than itself, {sides} cm")
            return None, None
        z = self.number(options["z"], f"{context}: z", MAX_SIDE_M) if "z" in options else 0.0
        return Region(z=z or 0.0, size=inside), cast("Relation", relation)

    # -- usual places --------------------------------------------------------------------------------------------------

    def usual_places(
        self, entry: KindEntry, kind: ObjectCategory, inherited: tuple[str, ...], *, is_right: bool
    ) -> tuple[str, ...]:
        """Return where a kind usually is: as given, where the kind is that it is like, or where its classes are."""
        if "at" in entry.options:
            return self.given_places(entry.options["at"], kind, is_right=is_right)
        fitting = tuple(place for place in inherited if fits_in(kind, self.fixture(place)))
        fitting = fitting or tuple(place for place in self.likely_places(kind) if fits_in(kind, self.fixture(place)))
        if not fitting:
            self.problem(
                entry.node, f"{kind.name} fits nowhere: it is {_in_cm(kind.size)} cm; make it smaller, or "
                "give `at:` with furniture of your own that has room for it",
            )  # fmt: skip
        return fitting[:MAX_PLACES]

    def given_places(self, node: yaml.Node, kind: ObjectCategory, *, is_right: bool) -> tuple[str, ...]:
        """Return the places that a file gives; whether a kind fits there is checked if it is right otherwise."""
        context, places = f"{kind.name}: at", []
        for each, word in self.words(node, context):
            place = self.place(word)
            if place is None and word.lower() in self.refused:
                continue
            if place is None:
                self.problem(each, f"{context}: {self.no_place(word)}")
            elif is_right and not fits_in(kind, fixture := self.opened_for(kind, place)):
                self.problem(each, f"{context}: {misfit(kind, fixture)}")
            elif place not in places:
                places.append(place)
        if not places and not self.words(node, context):
            self.problem(node, f"{context}: at least one usual place is needed; without `at`, likely ones are taken")
        return tuple(places)

    def opened_for(self, kind: ObjectCategory, place: str) -> FixtureCategory:
        """Return furniture at which a file says that a kind is: what it takes by `like` alone is no limit then."""
        fixture = self.fixture(place)
        if place in self.limited_by_like and not fits_in(kind, fixture):
            unlimited = replace(fixture, accepts=())
            if fits_in(kind, unlimited):
                self.limited_by_like.discard(place)
                self.furniture[place] = fixture = unlimited
        return fixture

    def fixture(self, name: str) -> FixtureCategory:
        """Return a kind of furniture of the file or the domain."""
        return self.furniture.get(name) or self.domain.fixtures[name]

    def place(self, word: str) -> str | None:
        """Return the kind of furniture that a word means; None if it means none, or several."""
        word = self.aliases.get(word.lower(), word)
        if word in self.furniture or (word in self.domain.fixtures and word not in self.domain.rooms):
            return word
        meant = [name for name in names_of(word, "fixtures") if name in self.domain.fixtures]
        if len(meant) != 1:
            return None
        note = f"{word!r} is read as {meant[0]}"
        if note not in self.notes:
            self.notes.append(note)
        return meant[0]

    def no_place(self, word: str) -> str:
        """Return why a word is no usual place."""
        known = [n for n in dict.fromkeys((*self.furniture, *self.domain.fixtures)) if n not in self.domain.rooms]
        meant = [name for name in names_of(word, "fixtures") if name in known]
        if len(meant) > 1:
            return f"{word!r} may be {' or '.join(map(repr, meant[:3]))}; write one of them"
        if word in self.domain.rooms:
            return f"{word!r} is a room; a usual place is furniture, such as 'shelf'"
        if word in self.things or word in self.domain.objects:
            return f"{word!r} is a thing; a usual place is furniture, such as 'shelf'"
        return f"no furniture is called {word!r}{nearest(word, known) or '; a usual place is a kind of furniture'}"

    def likely_places(self, kind: ObjectCategory) -> list[str]:
        """Return where things of the same classes usually are, the most likely first; then where any things are."""
        places = self._votes.get(kind.classes)
        if places is None:
            votes: defaultdict[str, float] = defaultdict(float)
            for other in self.domain.objects.values():
                weight = 1000 * len({*kind.classes} & {*other.classes}) + 1
                for rank, place in enumerate(other.at):
                    votes[place] += weight / (1 + rank)
            own = [name for name, fixture in self.furniture.items() if fixture.relation in ("on", "in")]
            places = self._votes[kind.classes] = sorted(votes, key=lambda place: -votes[place]) + own
        return places


def misfit(kind: ObjectCategory, fixture: FixtureCategory) -> str:
    """Return why a kind cannot be at a kind of furniture."""
    if fixture.region is None:
        return f"nothing can be put in or on a {fixture.name}"
    if fixture.accepts and {kind.name, kind.like, *kind.classes}.isdisjoint(fixture.accepts):
        return f"a {fixture.name} takes only: {', '.join(fixture.accepts)}"
    where = f"{fixture.relation} a {fixture.name}"
    return (
        f"it does not fit {where}: it is {_in_cm(kind.size)} cm, and the room there is {_in_cm(fixture.region.size)} cm"
    )


def _in_cm(size: Iterable[float]) -> str:
    return " x ".join(f"{100 * length:.4g}" for length in size)
