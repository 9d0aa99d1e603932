"""The domain: categories, states, skills and processes, read from `domain.yaml` and checked once.

Every other module gets categories and skills from here. Lengths are in meters; the file header explains the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal, cast

from envs.errors import DomainError, nearest
from envs.files import safe_yaml
from envs.symbolic.scene import FixtureSpec, ObjectSpec

if TYPE_CHECKING:
    from collections.abc import Iterable

Relation = Literal["on", "in", "with"]
Vec3 = tuple[float, float, float]

CELL_M2 = 0.01  # area of one cell, the unit of capacity: 10 x 10 cm
FIXTURE_WIDTHS = {"big": 1.12, "small": 0.88}
PACKING = 0.7  # fraction of a region that objects may cover: a gripper needs space between them


@dataclass(frozen=True, kw_only=True)
class Region:
    """Where a fixture holds objects, in the fixture's frame (origin on the floor, +x to the front).

    Attributes:
        z: Height of the region's floor [m].
        size: Clear depth, width and height [m].
        x: Offset of its center toward the front [m].
    """

    z: float
    size: Vec3
    x: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ObjectCategory:
    """A category of movable objects."""

    name: str
    shape: str
    size: Vec3
    color: Vec3
    classes: tuple[str, ...]
    at: tuple[str, ...]
    holds: Region | None = None
    relation: Relation | None = None  # how it holds objects
    fills: bool = False
    contains: str | None = None  # an inexhaustible supply of this liquid
    slices: bool = False
    cooks: bool = False
    folds: bool = False
    cuts: bool = False
    wipes: bool = False
    metal: bool = False
    alpha: float = 1.0

    @property
    def units(self) -> int:
        """Number of cells that one object covers."""
        return max(1, round(self.size[0] * self.size[1] / CELL_M2))

    @property
    def possible_states(self) -> frozenset[str]:
        """The states that one object can have."""
        optional = (("sliced", self.slices), ("cooked", self.cooks), ("folded", self.folds))
        return frozenset(("dirty", "hot", "cold", *(word for word, possible in optional if possible)))


@dataclass(frozen=True, kw_only=True)
class FixtureCategory:
    """A category of furniture or appliances that do not move."""

    name: str
    body: str
    size: Vec3
    rooms: tuple[str, ...]
    region: Region | None = None
    relation: Relation | None = None
    joint: Literal["hinge", "flap", "slide"] | None = None
    switch: bool = False
    wipeable: bool = False
    waterable: bool = False
    close_after: bool = False
    accepts: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    @property
    def enclosed(self) -> bool:
        """Whether its contents are out of reach while it is closed."""
        return self.joint is not None and self.region is not None

    @property
    def underfoot(self) -> bool:
        """Whether it is part of the floor: the robot drives over it, and nothing is stored there."""
        return self.body == "floor"

    def can_be(self, word: str) -> bool:
        """Whether it can have a state or its negation (such as `off`)."""
        if word in ("open", "closed"):
            return self.joint is not None
        if word in ("on", "off"):
            return self.switch
        return self.wipeable if word in ("dirty", "clean") else self.waterable and word == "watered"


@dataclass(frozen=True, kw_only=True)
class Skill:
    """Something the robot can do: `text` is its wording, with {object}, {relation}, {place}, {fixture}."""

    name: str
    text: str
    duration_s: float


@dataclass(frozen=True, kw_only=True)
class Process:
    """A rule of the world: while `when` holds at a fixture of a category in `at`, its contents change."""

    name: str
    at: tuple[str, ...]
    when: tuple[str, ...] = ()
    set: tuple[str, ...] = ()
    clear: tuple[str, ...] = ()
    fill: str | None = None
    cook: bool = False


@dataclass(frozen=True, kw_only=True)
class Domain:
    """All categories, states, skills and processes. `load_domain` always returns the same one: compare with `is`."""

    states: tuple[str, ...]
    negations: dict[str, str]
    exclusive: tuple[tuple[str, str], ...]
    liquids: tuple[str, ...]
    properties: dict[str, dict[str, tuple[float, ...]]]
    skills: dict[str, Skill]
    processes: tuple[Process, ...]
    classes: tuple[str, ...]
    objects: dict[str, ObjectCategory]
    fixtures: dict[str, FixtureCategory]
    members: dict[str, tuple[str, ...]] = field(default_factory=dict)  # objects of each class
    fixture_members: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def property_group(self) -> dict[str, str]:
        """The group (size, color, material) of each property word."""
        return {word: group for group, words in self.properties.items() for word in words}

    @cached_property
    def rooms(self) -> tuple[str, ...]:
        """The kinds of rooms, in alphabetical order."""
        return tuple(sorted({room for fixture in self.fixtures.values() for room in fixture.rooms}))

    @cached_property
    def process_at(self) -> dict[str, Process]:
        """The process of each fixture category that has one."""
        return {name: process for process in self.processes for name in process.at}

    def fits(self, name: str, place: str) -> bool:
        """Whether one object of category `name` can be put in or on a `place` (category of fixture or object)."""
        return fits_in(self.objects[name], self.objects.get(place) or self.fixtures[place])

    def capacity(self, place: str) -> int:
        """Number of cells that a place (category of fixture or object) offers."""
        return capacity_of(self.objects.get(place) or self.fixtures[place])

    def relation(self, place: str) -> Relation | None:
        """The word (on, in, with) for being at a place, or None if it holds nothing."""
        if place in self.objects:
            return self.objects[place].relation
        return self.fixtures[place].relation

    def resolve(self, word: str) -> tuple[str, ...]:
        """Object categories that a category or class word means.

        Raises:
            DomainError: The domain has no such word.
        """
        if word in self.objects:
            return (word,)
        if word in self.members:
            return self.members[word]
        raise DomainError(f"no object or class is called {word!r}{nearest(word, [*self.objects, *self.members])}")

    def class_members(self, word: str) -> tuple[str, ...]:
        """The object categories of a class; empty for other words, and where a category has the same name."""
        return () if word in self.objects else self.members.get(word, ())

    def resolve_fixture(self, word: str, state: str) -> tuple[str, ...]:
        """Fixture categories that a category or class word means, in a condition about a state (`lamp`, `off`).

        Raises:
            DomainError: The domain has no such word.
        """
        if word in self.fixtures:
            return (word,)
        if word in self.fixture_members:
            return tuple(name for name in self.fixture_members[word] if self.fixtures[name].can_be(state))
        known = [*self.fixtures, *self.fixture_members]
        raise DomainError(f"no fixture or class of fixtures is called {word!r}{nearest(word, known)}")


def fits_in(category: ObjectCategory, place: ObjectCategory | FixtureCategory) -> bool:
    """Whether one object fits in or on a place, by size and category."""
    if isinstance(place, ObjectCategory):
        if place.holds is None or category.name == place.name:
            return False
        holder_length, holder_width = sorted(place.holds.size[:2], reverse=True)
        if place.relation == "in":  # an open vessel: long objects stand on end in it
            thinnest, middle, _ = sorted(category.size)
            return thinnest <= holder_width and middle <= holder_length
        short, long = sorted(category.size[:2])  # a plate: objects may stick out
        return short <= 1.2 * holder_width and long <= 1.6 * holder_length
    if place.region is None:
        return False
    if place.accepts and category.name not in place.accepts and not set(category.classes) & set(place.accepts):
        return False
    short, long = sorted(category.size[:2])
    holder_width, holder_length = sorted(place.region.size[:2])
    return short <= holder_width and long <= holder_length and category.size[2] <= place.region.size[2] - 0.02


def capacity_of(place: ObjectCategory | FixtureCategory) -> int:
    """Return the number of cells that a place offers."""
    if isinstance(place, ObjectCategory):
        return 0 if place.holds is None else max(2, round(place.holds.size[0] * place.holds.size[1] / CELL_M2))
    region = place.region
    return 0 if region is None else max(1, int(PACKING * region.size[0] * region.size[1] / CELL_M2))


def category_of(spec: ObjectSpec, domain: Domain | None = None) -> ObjectCategory:
    """Return the category of one object as its properties make it: larger or smaller, of another color or material."""
    domain = domain or load_domain()
    category, properties = domain.objects[spec.category], spec.properties
    words = {group: p for p in properties if (group := domain.property_group.get(p)) is not None}
    if not words:
        return category
    scale = domain.properties["size"][words["size"]][0] if "size" in words else 1.0
    look = look_of(properties, domain)
    material = domain.properties["material"][words["material"]] if "material" in words else ()
    holds = category.holds
    if holds is not None:
        holds = Region(z=holds.z * scale, size=_scaled(holds.size, scale), x=holds.x * scale)
    return replace(
        category,
        size=_scaled(category.size, scale),
        color=look or category.color,
        alpha=material[3] if len(material) == 4 else category.alpha,
        holds=holds,
    )


def fixture_of(spec: FixtureSpec, domain: Domain | None = None) -> FixtureCategory:
    """Return the category of one fixture as its size makes it: a big or small one is wider or narrower.

    Depth and height stay, so that the robot reaches into it as into any other.
    """
    domain = domain or load_domain()
    category = domain.fixtures[spec.category]
    width = next((FIXTURE_WIDTHS[word] for word in spec.properties if word in FIXTURE_WIDTHS), 1.0)
    return category if width == 1.0 else _widened(category, width)


@lru_cache(maxsize=256)
def _widened(category: FixtureCategory, width: float) -> FixtureCategory:
    (x, y, z), region = category.size, category.region
    if region is not None:
        region = replace(region, size=(region.size[0], region.size[1] * width, region.size[2]))
    return replace(category, size=(x, y * width, z), region=region)


def look_of(properties: Iterable[str], domain: Domain | None = None) -> Vec3 | None:
    """Return the color that properties give a body: their color, otherwise that of their material, otherwise None."""
    domain = domain or load_domain()
    words = {domain.property_group.get(p): p for p in properties}
    for group in ("color", "material"):
        if group in words and (look := domain.properties[group][words[group]]):
            return (look[0], look[1], look[2])
    return None


def _scaled(size: Vec3, scale: float) -> Vec3:
    x, y, z = size
    return (x * scale, y * scale, z * scale)


def _vec3(value: object, where: str) -> Vec3:
    if not isinstance(value, list) or len(value) != 3 or not all(isinstance(v, (int, float)) for v in value):
        raise DomainError(f"{where}: expected three numbers, found {value!r}")
    return (float(value[0]), float(value[1]), float(value[2]))


def _region(raw: dict[str, object], where: str) -> Region:
    return Region(
        z=float(cast(float, raw.get("z", 0.0))),
        size=_vec3(raw["size"], f"{where}.size"),
        x=float(cast(float, raw.get("x", 0.0))),
    )


def _object(name: str, raw: dict[str, object]) -> ObjectCategory:
    known = {"shape", "size", "color", "classes", "at", "holds", "fills", "contains", "slices", "cooks", "folds",
             "cuts", "wipes", "metal"}  # fmt: skip
    if extra := set(raw) - known:
        raise DomainError(f"objects.{name}: unknown key {sorted(extra)[0]!r}{nearest(sorted(extra)[0], known)}")
    holds = cast("dict[str, object] | None", raw.get("holds"))
    flags = {key: bool(raw.get(key, False)) for key in ("fills", "slices", "cooks", "folds", "cuts", "wipes", "metal")}
    return ObjectCategory(
        name=name,
        shape=str(raw["shape"]),
        size=_vec3(raw["size"], f"objects.{name}.size"),
        color=_vec3(raw["color"], f"objects.{name}.color"),
        classes=tuple(cast("list[str]", raw.get("classes", []))),
        at=tuple(cast("list[str]", raw["at"])),
        holds=_region(holds, f"objects.{name}.holds") if holds else None,
        relation=cast(Relation, holds["relation"]) if holds else None,
        contains=cast("str | None", raw.get("contains")),
        **flags,
    )


def _fixture(name: str, raw: dict[str, object]) -> FixtureCategory:
    known = {"body", "size", "rooms", "region", "relation", "joint", "switch", "wipeable", "waterable", "close_after",
             "accepts", "classes"}  # fmt: skip
    if extra := set(raw) - known:
        raise DomainError(f"fixtures.{name}: unknown key {sorted(extra)[0]!r}{nearest(sorted(extra)[0], known)}")
    region = cast("dict[str, object] | None", raw.get("region"))
    if (region is None) != (raw.get("relation") is None):
        raise DomainError(f"fixtures.{name}: `region` and `relation` go together")
    return FixtureCategory(
        name=name,
        body=str(raw["body"]),
        size=_vec3(raw["size"], f"fixtures.{name}.size"),
        rooms=tuple(cast("list[str]", raw["rooms"])),
        region=_region(region, f"fixtures.{name}.region") if region else None,
        relation=cast("Relation | None", raw.get("relation")),
        joint=cast("Literal['hinge', 'flap', 'slide'] | None", raw.get("joint")),
        switch=bool(raw.get("switch", False)),
        wipeable=bool(raw.get("wipeable", False)),
        waterable=bool(raw.get("waterable", False)),
        close_after=bool(raw.get("close_after", False)),
        accepts=tuple(cast("list[str]", raw.get("accepts", []))),
        classes=tuple(cast("list[str]", raw.get("classes", []))),
    )


def _process(name: str, raw: dict[str, object]) -> Process:
    words = {key: tuple(cast("list[str]", raw.get(key, []))) for key in ("at", "when", "set", "clear")}
    return Process(name=name, fill=cast("str | None", raw.get("fill")), cook=bool(raw.get("cook", False)), **words)


def _looks(group: str, words: dict[str, object]) -> dict[str, tuple[float, ...]]:
    """Read what the words of a group of properties do to the body: one factor, or a color."""
    values = {}
    for word, value in words.items():
        numbers = value if isinstance(value, list) else [value]
        if len(numbers) not in ((1,) if group == "size" else (0, 3, 4)):
            raise DomainError(f"properties.{group}.{word}: found {len(numbers)} numbers")
        values[word] = tuple(float(cast(float, n)) for n in numbers)
    return values


def _check(domain: Domain) -> None:
    shared_names = set(domain.objects) & set(domain.fixtures)
    if shared_names:
        raise DomainError(f"{sorted(shared_names)} are objects and fixtures at once")
    for category in domain.objects.values():
        for word in category.classes:
            if word not in domain.classes:
                raise DomainError(f"objects.{category.name}: unknown class {word!r}{nearest(word, domain.classes)}")
        for place in category.at:
            if place not in domain.fixtures:
                raise DomainError(f"objects.{category.name}.at: no fixture {place!r}{nearest(place, domain.fixtures)}")
            if not domain.fits(category.name, place):
                raise DomainError(f"objects.{category.name}.at: a {category.name} does not fit a {place}")
    for fixture in domain.fixtures.values():
        for word in fixture.classes:
            if word not in domain.classes:
                raise DomainError(f"fixtures.{fixture.name}: unknown class {word!r}{nearest(word, domain.classes)}")
    for word in set(domain.members) & set(domain.fixture_members):
        raise DomainError(f"classes: {word!r} has objects and fixtures at once")
    for process in domain.processes:
        for place in process.at:
            if place not in domain.fixtures:
                raise DomainError(f"processes.{process.name}.at: no fixture {place!r}")
        for state in (*process.set, *process.clear):
            if state not in domain.states:
                raise DomainError(f"processes.{process.name}: no state {state!r}")


@lru_cache(maxsize=1)
def load_domain() -> Domain:
    """Read and check `envs/domain.yaml`. The same frozen object is returned each time.

    Raises:
        DomainError: The file contradicts itself; the message names the entry.
    """
    raw: Any = safe_yaml.load(resources.files("envs").joinpath("domain.yaml").read_text("utf-8"), bundled=True)
    objects = {name: _object(name, entry) for name, entry in raw["objects"].items()}
    fixtures = {name: _fixture(name, entry) for name, entry in raw["fixtures"].items()}
    members = {c: tuple(n for n, o in objects.items() if c in o.classes) for c in raw["classes"]}
    members["anything"] = tuple(objects)
    fixture_members = {c: tuple(n for n, f in fixtures.items() if c in f.classes) for c in raw["classes"]}
    domain = Domain(
        states=tuple(raw["states"]),
        negations=dict(raw["negations"]),
        exclusive=tuple((a, b) for a, b in raw["exclusive"]),
        liquids=tuple(raw["liquids"]),
        properties={group: _looks(group, words) for group, words in raw["properties"].items()},
        skills={n: Skill(name=n, text=s["text"], duration_s=float(s["duration_s"])) for n, s in raw["skills"].items()},
        processes=tuple(_process(name, entry) for name, entry in raw["processes"].items()),
        classes=tuple(raw["classes"]),
        objects=objects,
        fixtures=fixtures,
        members={name: category_names for name, category_names in members.items() if category_names},
        fixture_members={name: category_names for name, category_names in fixture_members.items() if category_names},
    )
    _check(domain)
    return domain
