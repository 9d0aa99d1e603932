"""Random goals in crowded homes: more to wash than the sink holds, burners and shelves that are taken, full vessels.

Objects are added to a sampled home until something is in the way of a goal. Many of these goals can be reached by
making room, some of them cannot: more books than the box takes.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

from envs.symbolic.domain import fits_in, load_domain
from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Place, Thing
from envs.symbolic.scene import ObjectSpec, Scene
from envs.symbolic.state import State, World

DOMAIN = load_domain()
CONSTRUCTS = (
    "loads", "full sink", "full burner", "full appliance", "metal inside", "full place", "full container",
    "full vessel", "too many",
)  # fmt: skip
LOADS = {
    "sink": ("clean", ("plate", "bowl", "pan", "pot")),
    "dishwasher": ("clean", ("plate", "bowl", "pot")),
    "washing machine": ("clean", ("shirt", "jacket", "towel", "blanket")),
    "microwave": ("hot", ("plate", "bowl", "potato", "bread")),
    "oven": ("hot", ("plate", "bread", "bowl")),
    "fridge": ("cold", ("bowl", "plate", "glass bottle", "lettuce")),
    "toaster": ("cooked", ("bread",)),
    "stove burner": ("cooked", ("egg", "potato", "onion", "carrot")),
}


def crowded(construct: str, scene: Scene, rng: random.Random) -> tuple[State, Condition] | None:
    """Return a crowded home and a condition in which something is in the way, or None if the home cannot have it.

    `construct` is one of `CONSTRUCTS`.
    """
    crowd = _Crowd(scene, rng)
    condition = {
        "loads": crowd.loads,
        "full sink": crowd.full_sink,
        "full burner": crowd.full_burner,
        "full appliance": crowd.full_appliance,
        "metal inside": crowd.metal_inside,
        "full place": crowd.full_place,
        "full container": crowd.full_container,
        "full vessel": crowd.full_vessel,
        "too many": crowd.too_many,
    }[construct]()
    if condition is None:
        return None
    return World(replace(scene, objects=tuple(crowd.objects), fixtures=tuple(crowd.fixtures))).initial(), condition


class _Crowd:
    def __init__(self, scene: Scene, rng: random.Random) -> None:
        self.rng = rng
        self.fixtures = list(scene.fixtures)
        self.objects = list(scene.objects)

    # -- what is in the way --------------------------------------------------------------------------------------------

    def loads(self) -> Condition | None:
        fixture = self.one_of(LOADS)
        if fixture is None:
            return None
        word, categories = LOADS[fixture]
        category = self.rng.choice(categories)
        states = frozenset({"dirty"}) if word == "clean" else frozenset()
        number = self.rng.randint(3, 9)
        if self.add_around(category, number, states) < number:
            return None
        if word == "clean":
            return Every(thing=Thing(word=category, states=("dirty",)), become=("clean",))
        return Count(number=number, thing=Thing(word=category, states=(word,)))

    def full_sink(self) -> Condition | None:
        if not self.fill_all("sink", ("plate", "bowl", "mug", "pot"), dirty=0.5):
            return None
        vessel = self.rng.choice(("glass", "mug", "pot", "watering can"))
        self.add_around(vessel, 1, frozenset({"dirty"} if vessel != "watering can" else ()))
        if vessel == "watering can" and any(f.category == "plant" for f in self.fixtures):
            return FixtureIs(fixture="plant", states=("watered",))
        if self.rng.random() < 0.5:
            return Count(thing=Thing(word=vessel, liquid="water"))
        return Every(thing=Thing(word="dishes", states=("dirty",)), become=("clean",))

    def full_burner(self) -> Condition | None:
        if not self.fill_all("stove burner", ("kettle", "pot", "kettle")):
            return None
        self.add_around("pan", 1)
        food = self.rng.choice(("egg", "potato", "tomato"))
        self.add_around(food, 1)
        means = "stove burner" if self.rng.random() < 0.7 else None
        return Count(thing=Thing(word=food, states=("cooked",)), means=means)

    def full_appliance(self) -> Condition | None:
        fixture = self.one_of(("microwave", "oven", "dishwasher", "fridge"))
        if fixture is None or not self.fill_all(
            fixture, ("plate", "bowl", "pot", "mug"), not_metal=fixture == "microwave"
        ):
            return None
        word = {"microwave": "hot", "oven": "hot", "dishwasher": "clean", "fridge": "cold"}[fixture]
        category = "bowl"
        self.add_around(category, 1, frozenset({"dirty"} if word == "clean" else ()))
        return Count(
            number=1 + sum(o.category == category and word not in o.states for o in self.objects) // 3,
            thing=Thing(word=category, states=(word,)), means=fixture,
        )  # fmt: skip

    def metal_inside(self) -> Condition | None:
        if not any(f.category == "microwave" for f in self.fixtures):
            return None
        for i, fixture in enumerate(self.fixtures):
            if fixture.category == "microwave":
                self.add(self.rng.choice(("fork", "spoon", "pot")), fixture.name)
                if self.rng.random() < 0.5:
                    self.fixtures[i] = replace(fixture, states=frozenset({"on"}))
        food = self.rng.choice(("potato", "bread", "apple"))
        self.add_around(food, 1)
        return Count(thing=Thing(word=food, states=("hot",)), means="microwave")

    def full_place(self) -> Condition | None:
        category = self.one_of(("shelf", "drawer", "side table", "cart", "cabinet", "toilet", "safe", "fridge"))
        if category is None or not self.fill_all(category, ("book", "box", "towel", "mug", "plate", "laptop")):
            return None
        thing = self.rng.choice(("book", "mug", "plate", "alarm clock", "towel"))
        self.add_around(thing, 1)
        place = Place(fixture=category)
        number = 1 + sum(o.category == thing and self.at(o) == category for o in self.objects)
        if self.rng.random() < 0.5:
            return Count(number=number, thing=Thing(word=thing), place=place)
        return Every(thing=Thing(word=thing), place=place)

    def full_container(self) -> Condition | None:
        container, thing = self.rng.choice((("bowl", "apple"), ("box", "book"), ("mug", "spoon"), ("pan", "egg")))
        self.add_around(container, 1)
        names = [o.name for o in self.objects if o.category == container]
        for name in names:
            self.fill(name, ("orange", "pen", "book", "toy car"))
        self.add_around(thing, len(names))
        return Count(thing=Thing(word=thing), place=Place(thing=Thing(word=container), every=self.rng.random() < 0.3))

    def full_vessel(self) -> Condition | None:
        vessel = self.rng.choice(("glass", "mug", "cup", "bowl"))
        self.add_around(vessel, 1)
        self.objects = [replace(o, liquid="juice") if o.category == vessel else o for o in self.objects]
        if self.rng.random() < 0.7:
            self.add_around(self.rng.choice(("vase", "pot", "watering can")), 1)
        self.add_around("milk", 1)
        return Count(thing=Thing(word=vessel, liquid="milk"))

    def too_many(self) -> Condition | None:
        thing, container = self.rng.choice((("book", "box"), ("toy", "basket"), ("fruit", "bowl"), ("pen", "mug")))
        category = {"toy": "ball", "fruit": "apple"}.get(thing, thing)
        self.add_around(container, 1)
        self.add_around(category, self.rng.randint(1, 4))
        return Every(thing=Thing(word=thing), place=Place(thing=Thing(word=container)))

    # -- adding objects ------------------------------------------------------------------------------------------------

    def one_of(self, categories: Iterable[str]) -> str | None:
        """Choose a category of fixtures that the home has."""
        here = [c for c in categories if any(f.category == c for f in self.fixtures)]
        return self.rng.choice(here) if here else None

    def at(self, spec: ObjectSpec) -> str:
        return next((f.category for f in self.fixtures if f.name == spec.place), "")

    def room(self, place: str) -> int:
        """Return the free cells of a fixture or object."""
        category = next((DOMAIN.fixtures[f.category].name for f in self.fixtures if f.name == place), "")
        category = category or next(o.category for o in self.objects if o.name == place)
        return DOMAIN.capacity(category) - sum(
            DOMAIN.objects[o.category].units for o in self.objects if o.place == place
        )

    def add(self, category: str, place: str, states: frozenset[str] = frozenset()) -> None:
        numbers = [int(o.name.rpartition(" ")[2]) for o in self.objects if o.category == category]
        name = f"{category} {max(numbers, default=0) + 1}"
        self.objects.append(ObjectSpec(name=name, category=category, place=place, states=states))

    def add_around(self, category: str, number: int, states: frozenset[str] = frozenset()) -> int:
        """Add objects on open furniture with room; return how many were added."""
        spec = DOMAIN.objects[category]
        added = 0
        surfaces = [
            f for f in self.fixtures
            if (c := DOMAIN.fixtures[f.category]).relation == "on" and not c.accepts and fits_in(spec, c)
        ]  # fmt: skip
        self.rng.shuffle(surfaces)
        for fixture in surfaces:
            while added < number and self.room(fixture.name) >= spec.units:
                self.add(category, fixture.name, states)
                added += 1
        return added

    def fill_all(
        self, category: str, objects: Sequence[str], *, dirty: float = 0.0, not_metal: bool = False
    ) -> bool:  # fmt: skip
        """Fill all fixtures of a category; whether there are any, and at most three."""
        fixtures = [f for f in self.fixtures if f.category == category]
        for fixture in fixtures:
            self.fill(fixture.name, objects, dirty=dirty, not_metal=not_metal)
        return 0 < len(fixtures) <= 3

    def fill(self, place: str, objects: Sequence[str], *, dirty: float = 0.0, not_metal: bool = False) -> None:
        """Add objects in or on a place until none fits."""
        holder = next((DOMAIN.fixtures[f.category] for f in self.fixtures if f.name == place), None)
        inside = holder or DOMAIN.objects[next(o.category for o in self.objects if o.name == place)]
        for _ in range(20):
            fitting = [
                name for name in objects
                if fits_in(DOMAIN.objects[name], inside) and DOMAIN.objects[name].units <= self.room(place)
                and not (not_metal and DOMAIN.objects[name].metal)
            ]  # fmt: skip
            if not fitting:
                return
            category = self.rng.choice(fitting)
            states = frozenset({"dirty"}) if self.rng.random() < dirty else frozenset[str]()
            self.add(category, place, states)
