"""A home in the symbolic world: its constants (`World`), what is true of it (`State`), and its processes.

A `World` holds what never changes in an episode (names, categories, what fits where). A `State` holds what changes, as
a few tuples of small integers, so that a step is a handful of list operations (speed: docs/results.md).

Legend: N entities, fixtures first, then objects; an entity is its index in `World.names`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from envs.errors import HomeError
from envs.symbolic.described_kinds import category_of, fixture_of
from envs.symbolic.domain import (
    BUILT_IN_STATES,
    Domain,
    FixtureCategory,
    ObjectCategory,
    Process,
    capacity_of,
    fits_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from envs.symbolic.scene import ObjectSpec, Scene

NOWHERE = -1  # the place of a fixture, and in physics of an object that fell to the floor
INDEX_MIN_ENTITIES = 300  # in a larger home, an index of contents is faster than many scans of all entities
MAX_SCANS = 4  # of the same places, before an index is made
HELD = -2  # the place of the object that the robot holds

BIT = {name: 1 << i for i, name in enumerate(BUILT_IN_STATES)}  # those of a domain's own states: `Domain.bits`
OPEN, ON, DIRTY, HOT, COLD, SLICED, COOKED, FOLDED, WATERED = BIT.values()


class Action(NamedTuple):
    """A grounded skill: `Action("put", ("plate 1", "dining table 1"))`."""

    skill: str
    args: tuple[str, ...]


class ProcessRule(NamedTuple):
    """A process as bit sets: if `flags & mask == wanted` at its fixture, the contents of the fixture change."""

    mask: int
    wanted: int
    clear: int
    set: int
    fill: str
    cook: bool


class World:
    """The names and constants of one home.

    Attributes:
        bits: The bit of each state in the flags of an entity.
        names: Instance names of the N entities.
        index: Entity of each name.
        n_fixtures: Entities below this index are fixtures.
        n_furniture: Entities below this index are fixtures with a body; from here to `n_fixtures` they are rooms.
        entities_by_category: Entities of each category in this home, in order.
        properties: Properties of each entity; owners as `Anna's`.
        rooms: Name and kind of each fixture's room.
        kinds: The known kind that each entity is like: a home's own basin is a `sink`; otherwise its category.
        people: The fixture of each named person who has one, such as `person 1`.
        hidden: Entities that no description means (`without`); normally none.
        containers: Objects that hold others; of those that are alike, two, which stand for all.
        fixtures_by_place: Fixtures that each place of a goal names, as `scoring.fixtures_at` finds them.
    """

    def __init__(self, scene: Scene) -> None:
        """Index a scene, without checks: `envs.scenes.home_file` and `envs.scenes.scene_sampler` have checked it."""
        self.domain = scene.domain
        self.bits = self.domain.bits
        self.scene = scene
        self.names = tuple(f.name for f in scene.fixtures) + tuple(o.name for o in scene.objects)
        self.index = {name: i for i, name in enumerate(self.names)}
        self.categories = tuple(f.category for f in scene.fixtures) + tuple(o.category for o in scene.objects)
        self.n_fixtures = len(scene.fixtures)
        self.n_furniture = len(scene.furniture)
        self.entities_by_category: dict[str, tuple[int, ...]] = _by_category(self.categories)
        self.fixture_category: tuple[FixtureCategory | None, ...] = (
            *(fixture_of(spec, self.domain) for spec in scene.fixtures),
            *(None for _ in scene.objects),
        )
        self.object_category: tuple[ObjectCategory | None, ...] = (
            *(None for _ in scene.fixtures),
            *(category_of(spec, self.domain) for spec in scene.objects),
        )
        self.enclosed = tuple(bool(f and f.enclosed) for f in self.fixture_category)
        self.underfoot = tuple(bool(f and f.underfoot) for f in self.fixture_category)
        self.relation = tuple(self.domain.relation(c) for c in self.categories)
        self.units = tuple(t.units if t else 0 for t in self.object_category)
        self.capacity = tuple(
            capacity_of(place) if (place := o or f) is not None else 0
            for o, f in zip(self.object_category, self.fixture_category, strict=True)
        )
        self.process = tuple(self.domain.process_at.get(c) for c in self.categories)
        self.rule = tuple(_rule(process, self.domain) if process else None for process in self.process)
        self.properties = tuple(
            frozenset(spec.properties) for specs in (scene.fixtures, scene.objects) for spec in specs
        )
        room_kinds = {room.name: room.kind for room in scene.rooms}
        self.rooms = tuple(frozenset((f.room, room_kinds.get(f.room, f.room))) for f in scene.fixtures)
        self.kinds = tuple(self.domain.kind_of[c] for c in self.categories)
        hands = [i for i, relation in enumerate(self.relation) if relation == "with"]
        self.people = dict(zip(scene.people, hands, strict=False))
        self.hidden = frozenset[int]()
        self._hash = hash((scene.name, scene.seed, self.names))
        self.compiled_skills: dict[str, Any] = {}  # the cache of envs.symbolic.actions, by name
        self._fits: dict[tuple[int, int], bool] = {}
        self._of_kind: dict[str, frozenset[int]] = {}
        self._objects_of: dict[str, tuple[int, ...]] = {}
        self._alike: dict[str, tuple[int, ...]] = {}
        self.fixtures_by_place: dict[object, tuple[int, ...]] = {}
        self._contents: tuple[tuple[int, ...], dict[int, list[int]]] = ((), {})
        self._scans: tuple[tuple[int, ...], int] = ((), 0)
        containers: dict[ObjectCategory, list[int]] = {}
        for i, category in enumerate(self.object_category):
            if category is not None and category.holds is not None:
                containers.setdefault(category, []).append(i)
        self.containers = tuple(i for alike in containers.values() for i in alike[:2])

    def __reduce__(self) -> tuple[type[World], tuple[Scene]]:
        """Pickle only the scene: the rest is rebuilt."""
        return World, (self.scene,)

    def __eq__(self, other: object) -> bool:
        """Whether it is the same home: states of equal scenes can be compared, also after pickling."""
        if self is other or not isinstance(other, World):
            return self is other
        return self._hash == other._hash and self.hidden == other.hidden and self.scene == other.scene

    def __hash__(self) -> int:
        """Return a number that equal worlds share, made once: states are kept in caches."""
        return self._hash

    def __copy__(self) -> World:
        """Return itself: nothing in it changes but its caches."""
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> World:
        """Return itself, as `__copy__` does."""
        return self

    def fits(self, obj: int, place: int) -> bool:
        """Whether the entity `obj` can be in or on the entity `place`, by size and category."""
        fits = self._fits.get((obj, place))
        if fits is None:
            category, holder = self.object_category[obj], self.object_category[place] or self.fixture_category[place]
            fits = category is not None and holder is not None and fits_in(category, holder)
            self._fits[obj, place] = fits
        return fits

    def of_kind(self, kind: str) -> frozenset[int]:
        """Entities that the kind of a skill's argument means (`object`, `room`, a category, a class); cached."""
        entities = self._of_kind.get(kind)
        if entities is None:
            names = self.domain.categories_of(kind)
            entities = frozenset(i for i, category in enumerate(self.categories) if category in names)
            self._of_kind[kind] = entities
        return entities

    def room_entity(self, fixture: int) -> int:
        """The room of a fixture as an entity; NOWHERE where rooms are none."""
        return self.index.get(self.scene.fixtures[fixture].room, NOWHERE) if self.domain.rooms_are_entities else NOWHERE

    def without(self, hidden: Iterable[int]) -> World:
        """Return the same home with some entities hidden: no description matches them, and no place means them.

        Names and numbers of entities stay the same, so that actions and states of both worlds fit each other.
        """
        view = object.__new__(World)
        view.__dict__.update(self.__dict__)
        view.hidden = self.hidden.union(hidden)
        seen = dict(self.entities_by_category)
        for category in {self.categories[e] for e in view.hidden.difference(self.hidden)}:
            seen[category] = tuple(e for e in seen[category] if e not in view.hidden)
        view.entities_by_category = seen
        view._objects_of, view._alike, view.fixtures_by_place = {}, {}, {}
        view._contents, view._scans = ((), {}), ((), 0)
        return view

    def in_room(self, fixture: int, room: str) -> bool:
        """Whether a fixture is in a room, by the room's name or kind."""
        return room in self.rooms[fixture]

    def objects_of(self, word: str) -> tuple[int, ...]:
        """Objects of a category or class, in order; cached."""
        objects = self._objects_of.get(word)
        if objects is None:
            categories = (word, *self.domain.class_members(word))
            entities = (
                i
                for category in dict.fromkeys(categories)
                for i in self.entities_by_category.get(category, ())
                if i >= self.n_fixtures
            )
            objects = self._objects_of[word] = tuple(sorted(entities))
        return objects

    def alike(self, kind: str) -> tuple[int, ...]:
        """Entities of a category and of those that are like it, in order, without hidden ones; cached."""
        alike = self._alike.get(kind)
        if alike is None:
            categories = dict.fromkeys((kind, *self.domain.alike.get(kind, ())))
            entities = [i for category in categories for i in self.entities_by_category.get(category, ())]
            alike = self._alike[kind] = tuple(sorted(entities))
        return alike

    def children(self, places: tuple[int, ...], place: int) -> list[int]:
        """Entities directly in or on an entity; in a state that is often asked for them, by an index."""
        indexed_places, contents = self._contents
        if indexed_places is places:
            return contents.get(place, [])
        scanned_places, n_scans = self._scans
        if scanned_places is not places or n_scans < MAX_SCANS:
            self._scans = (places, n_scans + 1 if scanned_places is places else 1)
            return _scan(places, place)
        contents = {}
        for i, holder in enumerate(places):
            contents.setdefault(holder, []).append(i)
        self._contents = (places, contents)
        return contents.get(place, [])

    def initial(self) -> State:
        """Return the initial state of the scene, after the processes that already run in it."""
        places = [NOWHERE] * self.n_fixtures + [self.index[o.place] for o in self.scene.objects]
        liquid = [""] * self.n_fixtures
        for spec in self.scene.objects:
            liquid.append(spec.liquid or self.domain.objects[spec.category].contains or "")
        states = [f.states for f in self.scene.fixtures] + [o.states for o in self.scene.objects]
        bits = self.domain.bits
        flags = [sum(bits[s] for s in words) for words in states]
        for i in range(self.n_fixtures):
            apply_process(self, places, flags, liquid, i)
        return State(self, tuple(places), tuple(flags), tuple(liquid), NOWHERE, NOWHERE)


class State(NamedTuple):
    """The state of a home. `place[i]` is the entity that i is in or on; `flags[i]` is a bit set of states.

    `apart` has the pairs of objects, the lower entity first, that share a place and are known not to be beside each
    other. The physical home reads them from geometry; the symbolic one knows no distances and has none.
    """

    world: World
    place: tuple[int, ...]
    flags: tuple[int, ...]
    liquid: tuple[str, ...]
    held: int
    at: int  # the fixture that the robot stands at
    apart: frozenset[tuple[int, int]] = frozenset()

    def root(self, entity: int) -> int:
        """The fixture that holds an entity, directly or through containers; or HELD or NOWHERE."""
        while entity >= self.world.n_fixtures:
            entity = self.place[entity]
        return entity

    def has(self, entity: int, state: str) -> bool:
        """Whether a state (or its negation, such as `clean`) is true of an entity.

        What a domain does not know is never so: nothing is hot, and everything is clean, where nothing can be dirty.
        """
        world = self.world
        positive = world.domain.negations.get(state)
        if positive is not None:
            return not self.flags[entity] & world.bits[positive]
        return bool(self.flags[entity] & world.bits.get(state, 0)) or (state == "clean" and state not in world.bits)

    def children(self, place: int) -> list[int]:
        """Entities directly in or on an entity."""
        if len(self.place) > INDEX_MIN_ENTITIES:
            return self.world.children(self.place, place)
        return _scan(self.place, place)

    def everything_in(self, place: int) -> Iterator[int]:
        """Yield the entities in or on an entity, through containers."""
        for i in self.children(place):
            yield i
            if self.world.capacity[i]:
                yield from self.everything_in(i)

    def neighbors(self, entity: int) -> list[int]:
        """Objects beside an entity: those directly at the same place, without those that are known to be apart."""
        holder = self.place[entity]
        others = [i for i in self.children(holder) if i != entity] if holder >= 0 else []
        if not self.apart:
            return others
        return [i for i in others if (min(i, entity), max(i, entity)) not in self.apart]

    def without_distances(self) -> State:
        """Return what the symbolic world knows of this state: which objects share a place, not which are apart."""
        return self._replace(apart=frozenset())

    def closed_around(self, entity: int) -> int | None:
        """The closed fixture that keeps an entity out of reach, if any."""
        root = self.root(entity)
        if root >= 0 and root != entity and self.world.enclosed[root] and not self.flags[root] & OPEN:
            return root
        return None


def scene_at(state: State) -> Scene:
    """Return the scene that starts as a state is; the robot starts where the state's own scene has it.

    Raises:
        HomeError: The robot holds something, an object lies nowhere, or a vessel that is always full is empty.
    """
    world = state.world
    if state == world.initial()._replace(at=state.at, apart=state.apart):
        return world.scene
    objects: dict[int, ObjectSpec] = {}
    for i, spec in enumerate(world.scene.objects, start=world.n_fixtures):
        contains = world.domain.objects[spec.category].contains
        if i == state.held or state.place[i] < 0:
            where = "in the robot's hand" if i == state.held else "at no place"
            raise HomeError(f"{spec.name} is {where}: a home starts with every object in or on something")
        if contains and not state.liquid[i]:
            raise HomeError(f"{spec.name} is empty: a home starts with every {spec.category} full of {contains}")
        place, states = world.names[state.place[i]], state_words(state.flags[i], world.domain)
        objects[i] = replace(spec, place=place, states=states, liquid=state.liquid[i] or None)
    ordered: dict[int, ObjectSpec] = {}
    for i in objects:
        chain = [i]
        while (holder := state.place[chain[-1]]) in objects:
            chain.append(holder)
        ordered |= {j: objects[j] for j in reversed(chain)}  # containers come before their contents
    fixtures = (
        replace(f, states=state_words(state.flags[i], world.domain)) for i, f in enumerate(world.scene.fixtures)
    )
    return replace(world.scene, fixtures=tuple(fixtures), objects=tuple(ordered.values()))


def state_words(flags: int, domain: Domain) -> frozenset[str]:
    """Return the states in the flags of an entity."""
    return frozenset(word for word, bit in domain.bits.items() if flags & bit)


def apply_process(world: World, places: Sequence[int], flags: list[int], liquid: list[str], fixture: int) -> None:
    """Apply the process of a fixture, if it runs, to everything in the fixture; `flags` and `liquid` change in place.

    The physical world calls this with `places` that it reads from geometry.
    """
    rule = world.rule[fixture]
    if rule is None or flags[fixture] & rule.mask != rule.wanted or fixture not in places:
        return
    affected = [i for i, p in enumerate(places) if p == fixture]
    for holder in affected:  # the list grows in the loop: the contents of containers are affected too
        if holder in places:
            affected.extend(i for i, p in enumerate(places) if p == holder)
    for i in affected:
        category = world.object_category[i]
        if category is None:
            continue
        flags[i] = flags[i] & ~rule.clear | rule.set
        if rule.cook and category.cooks:
            flags[i] |= COOKED
        if rule.fill and category.fills and not liquid[i]:
            liquid[i] = rule.fill


def _by_category(categories: Sequence[str]) -> dict[str, tuple[int, ...]]:
    entities_of: dict[str, list[int]] = {}
    for i, category in enumerate(categories):
        entities_of.setdefault(category, []).append(i)
    return {category: tuple(entities) for category, entities in entities_of.items()}


def _rule(process: Process, domain: Domain) -> ProcessRule:
    mask = wanted = clear = 0
    bits = domain.bits
    for word in process.when:
        bit = bits[domain.negations.get(word, word)]
        mask |= bit
        if word not in domain.negations:
            wanted |= bit
    for a, b in domain.exclusive:
        clear |= (bits[b] if a in process.set else 0) | (bits[a] if b in process.set else 0)
    for state in process.clear:
        clear |= bits[state]
    return ProcessRule(mask, wanted, clear, sum(bits[s] for s in process.set), process.fill or "", process.cook)


def _scan(places: tuple[int, ...], place: int) -> list[int]:
    """Return the entities directly in or on an entity."""
    children: list[int] = []
    for _ in range(places.count(place)):  # `count` and `index` run in C
        children.append(places.index(place, children[-1] + 1 if children else 0))
    return children
