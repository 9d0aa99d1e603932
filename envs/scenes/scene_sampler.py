"""Sampled homes: a seed in, a `Scene` out. Contents first, then (if asked for) a floor plan that holds them.

Contents, floor plan and clutter on floors draw from three random streams of the same seed: a home has the same
contents with and without geometry, and tidy homes do not depend on the clutter of others. The probabilities are
plausible guesses, not measurements; they are here and in the domain's section `sampling`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from envs.errors import HomeError
from envs.scenes.furniture_layout import lay_out
from envs.scenes.room_furnishing import MAX_ROOMS, choose_fixtures, choose_rooms, room_names
from envs.scenes.sampling_constraints import Demands, members, read_demands
from envs.symbolic.domain import Domain, FixtureCategory, ObjectCategory, as_domain, load_domain
from envs.symbolic.goals import Count, Place, Thing
from envs.symbolic.scene import FixtureSpec, ObjectSpec, Room, Scene

SETTING_SHARE = 0.6  # maximum fraction of the remaining objects that is tableware of set tables
OPEN_CHANCE, SOILED_CHANCE, STRAY_CHANCE, NESTED_CHANCE, FILLED_CHANCE, FOLDED_CHANCE = (
    0.1,
    0.2,
    0.08,
    0.2,
    0.12,
    0.2,
)
WATERED_CHANCE = 0.3
CLUTTERED_CHANCE, MAX_STREWN = 0.4, 6  # fraction of homes with objects on a floor; maximum objects per floor
PLACE_SKIPPED_CHANCE = 0.4  # chance to pass over a more likely place of an `at` list for the next one


def sample_scene(
    rng: np.random.Generator | int,
    *,
    rooms: int | None = None,
    n_objects: int | None = None,
    need_fixtures: Mapping[str, int] | None = None,
    need_objects: Mapping[str, int] | None = None,
    absent: Collection[str] = (),
    facts: Iterable[str] = (),
    geometry: bool = True,
    domain: Domain | str | os.PathLike[str] | None = None,
) -> Scene:
    """Return a sampled home; the same arguments give the same home, and `scene.seed` reproduces it.

    Args:
        rng: A seed, or a generator that the seed is drawn from.
        rooms: 1 to 8 rooms, by default 2 to 4; more if a needed fixture belongs in another room.
        n_objects: Number of objects, by default 20 to 45; more if more are needed, fewer if the home is full.
        need_fixtures: Minimum number of fixtures of each category.
        need_objects: Minimum number of objects of each category or class.
        absent: Categories and classes that the home must not have.
        facts: Facts that must hold, such as `mug on desk` or `cabinet open` (`envs.scenes.sampling_constraints`).
        geometry: Whether to lay out a floor plan; without one, all poses and rooms are zero.
        domain: The kinds of things and furniture, or the file that has them; by default the built-in ones.

    Raises:
        DomainError: The file of the domain cannot be read or is wrong.
        GoalError: A fact does not parse or can never hold.
        EnvsError: The demands contradict each other or have unknown words.
    """
    if rooms is not None and not 1 <= rooms <= MAX_ROOMS:
        raise HomeError(f"a home has 1 to {MAX_ROOMS} rooms, not {rooms}")
    seed = int(rng) if isinstance(rng, int | np.integer) else int(rng.integers(2**62))
    domain = as_domain(domain)
    demands = read_demands(need_fixtures or {}, need_objects or {}, absent, facts, domain)
    contents = _Contents(np.random.default_rng((seed, 0)), np.random.default_rng((seed, 2)), demands, domain)
    contents.add_rooms(rooms)
    contents.add_objects(n_objects)
    scene = Scene(
        name=f"home {seed}",
        seed=seed,
        rooms=tuple(contents.rooms),
        doorways=(),
        fixtures=tuple(contents.fixtures),
        objects=tuple(contents.objects),
        robot=(0.0, 0.0, 0.0),
        domain=domain,
    )
    return lay_out(scene, np.random.default_rng((seed, 1))) if geometry else scene


def stocked_scene(
    seed: int, furniture: Sequence[tuple[Room, Sequence[str]]], n_objects: int, domain: Domain | None = None
) -> Scene:
    """Return a tidy home of given rooms and furniture with sampled objects where they belong, without a floor plan.

    Args:
        seed: The same arguments give the same home.
        furniture: Each room and the categories of its fixtures.
        n_objects: Number of objects; fewer if the home is full.
        domain: The kinds of things and furniture; by default the built-in ones.
    """
    domain = domain or load_domain()
    contents = _Contents(
        np.random.default_rng((seed, 0)), np.random.default_rng((seed, 2)), read_demands({}, {}, (), (), domain), domain
    )
    contents.is_tidy = True
    for room, categories in furniture:
        contents.rooms.append(room)
        for category in categories:
            contents.add_fixture(category, room.name)
    contents.add_settings(int(SETTING_SHARE * n_objects))
    contents.add_others(n_objects)
    return Scene(
        name=f"home {seed}", seed=seed, rooms=tuple(contents.rooms), doorways=(), fixtures=tuple(contents.fixtures),
        objects=tuple(contents.objects), robot=(0.0, 0.0, 0.0), domain=domain,
    )  # fmt: skip


class _Contents:
    """The rooms, fixtures and objects of one home while it is being sampled."""

    def __init__(
        self, rng: np.random.Generator, clutter_rng: np.random.Generator, demands: Demands, domain: Domain
    ) -> None:
        self.rng, self.rand, self.clutter_rng, self.demands, self.domain = rng, rng.random, clutter_rng, demands, domain
        self.is_tidy = False  # whether nothing lies where it does not belong, and nothing is unwashed
        self.tables = domain.sampling
        self.has_dirt = "dirty" in domain.states
        self.coolers = {name for p in domain.processes if "cold" in p.set and "on" not in p.when for name in p.at}
        self.rooms: list[Room] = []
        self.fixtures: list[FixtureSpec] = []
        self.objects: list[ObjectSpec] = []
        self.fixtures_by_category: dict[str, list[FixtureSpec]] = {}  # by category
        self.holders: dict[str, list[ObjectSpec]] = {}  # movable containers that may get contents, by category
        self.surfaces: list[str] = []  # fixtures with an open surface
        self.cold_places: set[str] = set()  # closed fridges and freezers, and the containers in them
        self.cells_used: Counter[str] = Counter()  # by place
        self.number: Counter[str] = Counter()

    # -- rooms and fixtures ------------------------------------------------------------------------------------------

    def add_rooms(self, n_rooms: int | None) -> None:
        demands, domain = self.demands, self.domain
        words = [*demands.objects, *(c.thing.word for c in demands.counts if c.place is None)]
        wanted_kinds: list[Sequence[str]] = []
        for word in words:
            usual_fixture = next(
                (f for f in domain.objects[domain.resolve(word)[0]].at if f not in demands.absent), None
            )
            if usual_fixture:
                wanted_kinds.append(domain.fixtures[usual_fixture].rooms)
        required = [domain.fixtures[name].rooms for name, number in demands.fixtures.items() if number > 0]
        n_rooms = 2 + int(self.rand() * 3) if n_rooms is None else n_rooms
        room_kinds = choose_rooms(self.rng, n_rooms, wanted_kinds, required, domain)
        names = room_names(room_kinds)
        self.rooms = [Room(name=n, kind=k, rect=(0.0, 0.0, 0.0, 0.0)) for n, k in zip(names, room_kinds, strict=True)]
        furniture = choose_fixtures(self.rng, room_kinds, demands.fixtures, demands.absent, domain)
        for room, categories in zip(self.rooms, furniture, strict=True):
            for category in categories:
                self.add_fixture(category, room.name)

    def add_floors(self) -> None:
        """Add the floors of one or two rooms in some homes; a home that already has a floor gets no other."""
        rand, strewn_in = self.clutter_rng.random, self.tables.strewn_in
        floor = next((name for name, fixture in self.domain.fixtures.items() if fixture.underfoot), None)
        if floor is None or rand() >= CLUTTERED_CHANCE:
            return
        if floor in self.fixtures_by_category or floor in self.demands.absent:
            return
        lived_in = [r for r in self.rooms if r.kind in strewn_in]
        lived_in.sort(key=lambda r: rand() / strewn_in[r.kind])
        for room in lived_in[: 1 + int(rand() * 2)]:
            self.add_fixture(floor, room.name)

    def add_fixture(self, category: str, room: str | None = None) -> FixtureSpec:
        """Add a fixture; without a room, in the first suitable one."""
        fixture_category = self.domain.fixtures[category]
        room = room or next((r.name for r in self.rooms if r.kind in fixture_category.rooms), self.rooms[0].name)
        self.number[category] += 1
        name = f"{category} {self.number[category]}"
        states = self.fixture_states(fixture_category, self.number[category] - 1)
        fixture = FixtureSpec(name=name, category=category, room=room, x=0.0, y=0.0, yaw=0.0, states=states)
        self.fixtures.append(fixture)
        self.fixtures_by_category.setdefault(category, []).append(fixture)
        if fixture_category.relation == "on" and not fixture_category.underfoot:
            self.surfaces.append(name)
        if category in self.coolers and "open" not in states:
            self.cold_places.add(name)
        return fixture

    def fixture_states(self, fixture_category: FixtureCategory, nth: int) -> frozenset[str]:
        rand = self.rand
        chances = {
            "open": OPEN_CHANCE if fixture_category.joint and not fixture_category.close_after else 0.0,
            "on": 0.0,
            "dirty": SOILED_CHANCE if fixture_category.wipeable else 0.0,
            "watered": WATERED_CHANCE if fixture_category.waterable else 0.0,
        }
        chances |= self.own_chances(fixture_category)
        states = {state for state, chance in chances.items() if chance and rand() < chance}
        claims = self.demands.some_states.get(fixture_category.name, [])
        required = self.demands.all_states.get(fixture_category.name, {}) | (claims[nth] if nth < len(claims) else {})
        for state, value in required.items():
            if value and state == "on":
                states.discard("open")  # nothing runs with its door open
            states = states | {state} if value else states - {state}
        return frozenset(states)

    def own_chances(self, category: FixtureCategory | ObjectCategory) -> dict[str, float]:
        """Return the chance of each state of a category that the domain gives a chance to; its name goes first."""
        chances: dict[str, float] = {}
        for state, table in self.tables.chances.items():
            word = next((word for word in (category.name, *category.classes) if word in table), None)
            if word is not None:
                chances[state] = table[word]
        return chances

    # -- objects -----------------------------------------------------------------------------------------------------

    def add_objects(self, n_objects: int | None) -> None:
        n_wanted = 20 + int(self.rand() * 26) if n_objects is None else n_objects
        for fact in self.demands.counts:
            self.satisfy(fact)
        for word, number in self.demands.objects.items():
            categories = members(Thing(word=word), self.demands.absent, self.domain)
            n_present = sum(o.category in categories for o in self.objects)
            for _ in range(number - n_present):
                self.add_needed(categories[int(self.rand() * len(categories))])
        if n_wanted > len(self.objects):
            self.add_floors()
            self.scatter_clutter(n_wanted)
        self.add_settings(len(self.objects) + int(SETTING_SHARE * (n_wanted - len(self.objects))))
        self.add_others(n_wanted)

    def scatter_clutter(self, max_objects: int) -> None:
        """Scatter objects of a few categories on every floor, some clothes and linen unwashed."""
        rand, names = self.clutter_rng.random, [n for n in self.tables.strewn if n not in self.demands.absent]
        floors = [
            floor
            for name, each in self.fixtures_by_category.items()
            if self.domain.fixtures[name].underfoot
            for floor in each
        ]
        for floor in floors:
            number = 1 + int(rand() * MAX_STREWN)
            for i in self.clutter_rng.permutation(len(names)).tolist():
                object_category = self.domain.objects[names[i]]
                n_copies = 1 + int(rand() * 3) if object_category.name in self.tables.several else 1
                for _ in range(min(n_copies, number, max_objects - len(self.objects))):
                    is_soiled = rand() < 2 * SOILED_CHANCE and self.gets_dirty(object_category)
                    if self.has_room(object_category, floor.name):
                        self.add(
                            object_category.name,
                            floor.name,
                            Thing(word=object_category.name, states=("dirty",) if is_soiled else ()),
                        )
                        number -= 1

    def satisfy(self, fact: Count) -> None:
        """Add objects so that a fact about objects holds."""
        holder: str | None = None
        for _ in range(fact.number):
            options = members(fact.thing, self.demands.absent, self.domain)
            if fact.place is not None:
                options = tuple(c for c in options if self.may_be_at(c, fact.place)) or options
            category = options[int(self.rand() * len(options))]
            if fact.place is None:
                self.add_needed(category, fact.thing)
                continue
            if holder is None or not self.has_room(self.domain.objects[category], holder):
                holder = self.place_of_fact(category, fact.place)
            self.add(category, holder, fact.thing)

    def may_be_at(self, category: str, place: Place) -> bool:
        if place.thing is None:
            return place.fixture is not None and self.domain.fits(category, place.fixture)
        return any(self.domain.fits(category, c) for c in members(place.thing, self.demands.absent, self.domain))

    def place_of_fact(self, category: str, place: Place) -> str:
        """Return an instance of a place with room for one object; add one if there is none."""
        object_category = self.domain.objects[category]
        if place.thing is None:
            assert place.fixture is not None
            rooms = self.rooms_of(object_category)
            fixtures = sorted(self.fixtures_by_category.get(place.fixture, []), key=lambda f: f.room not in rooms)
            free = next((f.name for f in fixtures if self.has_room(object_category, f.name)), None)
            return free or self.add_fixture(place.fixture).name
        options = members(place.thing, self.demands.absent, self.domain)
        holder = next(c for c in options if self.domain.fits(category, c))
        if place.inside is None:
            return self.add_needed(holder, place.thing).name
        return self.add(holder, self.place_of_fact(holder, place.inside), place.thing).name

    def add_needed(self, category: str, required: Thing | None = None) -> ObjectSpec:
        """Add an object where there is room; add a fixture for it if there is none."""
        object_category = self.domain.objects[category]
        place = self.usual_place(object_category, is_soiled=False) or self.any_place(object_category)
        if place is None:
            usual_fixtures = [f for f in object_category.at if f not in self.demands.absent]
            if not usual_fixtures:
                raise HomeError(f"there is nowhere to put a {category}")
            place = self.add_fixture(usual_fixtures[0]).name
        return self.add(category, place, required)

    def add_settings(self, max_objects: int) -> None:
        n_people = 1 + int(self.rand() * 6)
        setting = self.tables.setting
        for category in sorted(setting, key=lambda c: self.rand() * (1 + setting.index(c))):
            number = min(max(n_people - 1 + int(self.rand() * 3), 1), 6, max_objects - len(self.objects))
            if category not in self.demands.absent:
                for _ in range(number - self.number[category]):
                    self.add_somewhere(category)

    def add_others(self, max_objects: int) -> None:
        absent, several, kind_of = self.demands.absent, self.tables.several, self.domain.kind_of
        names = [n for n in self.domain.objects if n not in absent and n not in self.tables.setting]
        weights = np.array([self.category_weight(self.domain.objects[n]) for n in names])
        if not names:
            return
        for _ in range(4):  # a home may have more objects than there are categories
            order = np.argsort(self.rng.standard_exponential(len(names)) / weights)
            for i in order.tolist():
                number = 1 + int(self.rand() * 2.5) if kind_of[names[i]] in several else 1
                for _ in range(number):
                    if len(self.objects) >= max_objects:
                        return
                    self.add_somewhere(names[i])

    def category_weight(self, object_category: ObjectCategory) -> float:
        if object_category.at[:1] and object_category.at[0] in self.fixtures_by_category:
            return 1.0
        return 0.5 if any(place in self.fixtures_by_category for place in object_category.at) else 1e-9

    def add_somewhere(self, category: str) -> None:
        object_category = self.domain.objects[category]
        is_soiled = self.rand() < SOILED_CHANCE and self.gets_dirty(object_category) and not self.is_tidy
        holder = self.nesting_place(object_category) if not is_soiled and self.rand() < NESTED_CHANCE else None
        place = (
            holder
            or (self.any_place(object_category) if self.rand() < STRAY_CHANCE and not self.is_tidy else None)
            or self.usual_place(object_category, is_soiled)
        )
        if place is not None:
            self.add(category, place, dirty=is_soiled)

    def gets_dirty(self, object_category: ObjectCategory) -> bool:
        """Whether an object gets dirty in use, in a domain where things are dirty."""
        return self.has_dirt and not self.tables.soiled_at.keys().isdisjoint(object_category.classes)

    def add(self, category: str, place: str, required: Thing | None = None, *, dirty: bool = False) -> ObjectSpec:
        """Add an object at a place that has room; with `required`, exactly in those states."""
        object_category = self.domain.objects[category]
        if required is not None:
            states = {s for s in required.states if s not in self.domain.negations}
            liquid = required.liquid
        else:
            states = {"dirty"} if dirty else set()
            liquid = self.sample_liquid(object_category, place) if not dirty else None
            if liquid in self.tables.hot_liquids and self.rand() < 0.5:
                states.add("hot")
            if object_category.folds and not dirty and self.rand() < FOLDED_CHANCE:
                states.add("folded")
            states |= {state for state, chance in self.own_chances(object_category).items() if self.rand() < chance}
            states = self.without_contradiction(states)
        if place in self.cold_places and not states & {"hot", "cold"}:
            states.add("cold")
        self.number[category] += 1
        obj = ObjectSpec(
            name=f"{category} {self.number[category]}",
            category=category,
            place=place,
            states=frozenset(states),
            liquid=liquid or object_category.contains,
        )
        self.objects.append(obj)
        self.cells_used[place] += object_category.units
        if place in self.cold_places:
            self.cold_places.add(obj.name)
        if (
            object_category.holds is not None
            and required is None
            and not dirty
            and liquid is None
            and place in self.surfaces
        ):
            self.holders.setdefault(self.domain.kind_of[category], []).append(obj)
        return obj

    def without_contradiction(self, states: set[str]) -> set[str]:
        """Return states of which no two exclude each other: of two that do, the first of the domain stays."""
        return states - {b for a, b in self.domain.exclusive if a in states}

    def sample_liquid(self, object_category: ObjectCategory, place: str) -> str | None:
        """Return a random liquid for a vessel in the open, or None."""
        options = self.tables.filled_with.get(self.domain.kind_of[object_category.name])
        if options is None or self.rand() >= FILLED_CHANCE or place not in self.surfaces:
            return None
        return options[int(self.rand() * len(options))]

    # -- places ------------------------------------------------------------------------------------------------------

    def has_room(self, object_category: ObjectCategory, place: str) -> bool:
        category = place.rpartition(" ")[0]
        return self.cells_used[place] == 0 or self.cells_used[place] + object_category.units <= self.domain.capacity(
            category
        )

    def rooms_of(self, object_category: ObjectCategory) -> list[str]:
        natural_rooms = self.tables.natural_rooms
        natural = next((natural_rooms[c] for c in object_category.classes if c in natural_rooms), ())
        return [r.name for r in self.rooms if r.kind in natural]

    def usual_place(self, object_category: ObjectCategory, is_soiled: bool) -> str | None:
        """Return a fixture with room for one more: from the category's `at` list, or where soiled objects lie."""
        places = list(object_category.at)
        if is_soiled:
            soiled_at = self.tables.soiled_at
            soiled_places = soiled_at[next(c for c in object_category.classes if c in soiled_at)]
            fitting_places = [p for p in soiled_places if self.domain.fits(object_category.name, p)]
            places = fitting_places[int(self.rand() * len(fitting_places)) :] + places
        rooms = self.rooms_of(object_category)
        place: str | None = None
        for category in places:
            free = [f for f in self.fixtures_by_category.get(category, []) if self.has_room(object_category, f.name)]
            free = [f for f in free if f.room in rooms] or free
            if free:
                place = free[int(self.rand() * len(free))].name
                if self.rand() >= PLACE_SKIPPED_CHANCE:
                    break
        return place

    def any_place(self, object_category: ObjectCategory) -> str | None:
        """Return a random open surface where the object fits, or None."""
        free = [p for p in self.surfaces if self.has_room(object_category, p)]
        free = [p for p in free if self.domain.fits(object_category.name, p.rpartition(" ")[0])]
        return free[int(self.rand() * len(free))] if free else None

    def nesting_place(self, object_category: ObjectCategory) -> str | None:
        """Return a movable container that such objects are kept in, with room for one more, or None."""
        nested_in = self.tables.nested_in
        words = (object_category.name, self.domain.kind_of[object_category.name], *object_category.classes)
        options = next((nested_in[w] for w in words if w in nested_in), ())
        free = [h.name for c in options for h in self.holders.get(c, []) if self.has_room(object_category, h.name)]
        free = [p for p in free if self.domain.fits(object_category.name, p.rpartition(" ")[0])]
        return free[int(self.rand() * len(free))] if free else None
