"""What a home is in the symbolic world: its constants, what is true of it, and its processes.

A `World` holds what never changes in an episode (names, categories, what fits where); a `State` what does: a few
tuples of small integers, so that a step is a handful of list operations (speed: docs/results.md).

Legend: N entities, fixtures first, then objects; an entity is its index in `World.names`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from envs.symbolic.domain import Domain, FixtureCategory, ObjectCategory, Process, load_domain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.scene import Scene

NOWHERE = -1  # the place of a fixture, and in physics of what fell to the floor
LARGE = 300  # entities beyond which an index of contents is faster than looking through all of them
HELD = -2  # the place of what the robot holds

_STATES = load_domain().states
OPEN, ON, DIRTY, HOT, COLD, SLICED, COOKED, FOLDED, WATERED = (1 << i for i in range(len(_STATES)))
BIT = {name: 1 << i for i, name in enumerate(_STATES)}


class Action(NamedTuple):
    """A grounded skill: `Action("put", ("plate 1", "dining table 1"))`."""

    skill: str
    args: tuple[str, ...]


class ProcessRule(NamedTuple):
    """A process in bit sets: where `flags & mask == wanted` at its fixture, what is in the fixture changes."""

    mask: int
    wanted: int
    clear: int
    set: int
    fill: str
    cook: bool


class World:
    """The names and constants of one home.

    Attributes:
        names: Instance names of the N entities.
        index: Entity of each name.
        n_fixtures: Entities below this index are fixtures.
        of: Entities of each category that is there, in order.
    """

    def __init__(self, scene: Scene, domain: Domain | None = None) -> None:
        """Index a scene. The scene is trusted: `envs.scenes.home_file` and `envs.scenes.scene_sampler` check theirs."""
        self.domain = domain or load_domain()
        self.scene = scene
        self.names = tuple(f.name for f in scene.fixtures) + tuple(o.name for o in scene.objects)
        self.index = {name: i for i, name in enumerate(self.names)}
        self.categories = tuple(f.category for f in scene.fixtures) + tuple(o.category for o in scene.objects)
        self.n_fixtures = len(scene.fixtures)
        self.of: dict[str, tuple[int, ...]] = _by_category(self.categories)
        self.fixture: tuple[FixtureCategory | None, ...] = tuple(self.domain.fixtures.get(c) for c in self.categories)
        self.thing: tuple[ObjectCategory | None, ...] = tuple(self.domain.objects.get(c) for c in self.categories)
        self.enclosed = tuple(bool(f and f.enclosed) for f in self.fixture)
        self.underfoot = tuple(bool(f and f.underfoot) for f in self.fixture)
        self.relation = tuple(self.domain.relation(c) for c in self.categories)
        self.units = tuple(t.units if t else 0 for t in self.thing)
        self.capacity = tuple(self.domain.capacity(c) for c in self.categories)
        self.process = tuple(self.domain.process_at.get(c) for c in self.categories)
        self.rule = tuple(_rule(process, self.domain) if process else None for process in self.process)
        self._fits: dict[tuple[int, int], bool] = {}
        self._things: dict[str, tuple[int, ...]] = {}
        self._contents: tuple[tuple[int, ...], dict[int, list[int]]] = ((), {})

    def __reduce__(self) -> tuple[type[World], tuple[Scene, Domain | None]]:
        """Pickle the scene alone: the rest is made anew, and the project's own domain is there already."""
        return World, (self.scene, None if self.domain is load_domain() else self.domain)

    def fits(self, thing: int, place: int) -> bool:
        """Whether the entity `thing` can be in or on the entity `place`, by size and kind."""
        known = self._fits.get((thing, place))
        if known is None:
            known = self.domain.fits(self.categories[thing], self.categories[place])
            self._fits[thing, place] = known
        return known

    def things(self, word: str) -> tuple[int, ...]:
        """Objects of a category or class, in order; found once."""
        found = self._things.get(word)
        if found is None:
            kinds = (word, *self.domain.members.get(word, ()))
            every = (i for kind in dict.fromkeys(kinds) for i in self.of.get(kind, ()) if i >= self.n_fixtures)
            found = self._things[word] = tuple(sorted(every))
        return found

    def contents(self, place: tuple[int, ...]) -> dict[int, list[int]]:
        """What is directly in or on each entity; kept until it is asked for other places."""
        of, found = self._contents
        if of is not place:
            found = {}
            for i, holder in enumerate(place):
                found.setdefault(holder, []).append(i)
            self._contents = (place, found)
        return found

    def initial(self) -> State:
        """Return the state in which the scene starts, with the processes that already run applied."""
        place = [NOWHERE] * self.n_fixtures + [self.index[o.place] for o in self.scene.objects]
        liquid = [""] * self.n_fixtures
        for spec in self.scene.objects:
            liquid.append(spec.liquid or self.domain.objects[spec.category].contains or "")
        states = [f.states for f in self.scene.fixtures] + [o.states for o in self.scene.objects]
        flags = [sum(BIT[s] for s in words) for words in states]
        for i in range(self.n_fixtures):
            apply_process(self, place, flags, liquid, i)
        return State(self, tuple(place), tuple(flags), tuple(liquid), NOWHERE, NOWHERE)


class State(NamedTuple):
    """What is true now. `place[i]` is the entity that i is in or on; `flags[i]` a bit set of states."""

    world: World
    place: tuple[int, ...]
    flags: tuple[int, ...]
    liquid: tuple[str, ...]
    held: int
    at: int  # the fixture that the robot stands at

    def root(self, entity: int) -> int:
        """The fixture that holds an entity, through containers, or HELD or NOWHERE."""
        while entity >= self.world.n_fixtures:
            entity = self.place[entity]
        return entity

    def has(self, entity: int, state: str) -> bool:
        """Whether a state (or its negation, such as `clean`) is true of an entity."""
        positive = self.world.domain.negations.get(state)
        if positive is not None:
            return not self.flags[entity] & BIT[positive]
        return bool(self.flags[entity] & BIT[state])

    def children(self, place: int) -> list[int]:
        """What is directly in or on an entity."""
        if len(self.place) > LARGE:
            return self.world.contents(self.place).get(place, [])
        found: list[int] = []
        for _ in range(self.place.count(place)):  # counted and found by the interpreter
            found.append(self.place.index(place, found[-1] + 1 if found else 0))
        return found

    def closed_around(self, entity: int) -> int | None:
        """The closed fixture that keeps an entity out of reach, if any."""
        root = self.root(entity)
        if root >= 0 and root != entity and self.world.enclosed[root] and not self.flags[root] & OPEN:
            return root
        return None


def apply_process(world: World, place: Sequence[int], flags: list[int], liquid: list[str], fixture: int) -> None:
    """Let the process of a fixture, if it runs, act in place on everything that is in the fixture.

    The physical world calls this with a `place` read from geometry.
    """
    rule = world.rule[fixture]
    if rule is None or flags[fixture] & rule.mask != rule.wanted or fixture not in place:
        return
    reached = [i for i, p in enumerate(place) if p == fixture]
    for holder in reached:  # grows while it runs: containers' contents follow their container
        if holder in place:
            reached.extend(i for i, p in enumerate(place) if p == holder)
    for i in reached:
        thing = world.thing[i]
        if thing is None:
            continue
        flags[i] = flags[i] & ~rule.clear | rule.set
        if rule.cook and thing.cooks:
            flags[i] |= COOKED
        if rule.fill and thing.fills and not liquid[i]:
            liquid[i] = rule.fill


def _by_category(categories: Sequence[str]) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for i, category in enumerate(categories):
        found.setdefault(category, []).append(i)
    return {category: tuple(of) for category, of in found.items()}


def _rule(process: Process, domain: Domain) -> ProcessRule:
    mask = wanted = clear = 0
    for word in process.when:
        bit = BIT[domain.negations.get(word, word)]
        mask |= bit
        if word not in domain.negations:
            wanted |= bit
    for a, b in domain.exclusive:
        clear |= (BIT[b] if a in process.set else 0) | (BIT[a] if b in process.set else 0)
    for state in process.clear:
        clear |= BIT[state]
    return ProcessRule(mask, wanted, clear, sum(BIT[s] for s in process.set), process.fill or "", process.cook)
