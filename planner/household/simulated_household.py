"""Who lives in a home: habits that the robot is not told. Where things usually are, what they are called, what sticks.

A household is drawn from a seed for any home. Some things are kept where the home's file has them; others, whole
classes of them sometimes, in closed furniture where hardly anybody else would keep them. Each morning most things are
in their usual place and some are wherever such things may be.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from envs.files import safe_yaml
from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import Action, State, World
from envs.symbolic.home_protocol import Outcome
from planner.errors import PlannerError
from planner.goals import grounding
from planner.io.paths import datasets_dir
from planner.world_model.location_prior import COMMON

if TYPE_CHECKING:
    from envs.symbolic.scene import ObjectSpec

ELSEWHERE_SHARE = 0.6  # of the categories are kept elsewhere than the file has them
SHARED_PLACE_SHARE = 0.5  # of the classes are kept in one place, all that are kept elsewhere
TIDY_RATE = 0.85  # of the things are in their usual place in the morning
STUCK_CHANCE = 0.6  # chance that a door that sticks does not open when it is tried
N_NICKNAMES = (6, 2)  # categories of things, and of fixtures, that are called something else


@dataclass(frozen=True, kw_only=True)
class Household:
    """A home and the habits of those who live in it.

    Attributes:
        home: As its file has it.
        usual_places: The fixture where each thing usually is, of those that lie directly at one.
        nicknames: What they say instead of a category's name.
        stuck_chance: The chance that a fixture does not open when it is tried.
    """

    home: State
    usual_places: Mapping[str, str]
    nicknames: Mapping[str, str]
    stuck_chance: Mapping[str, float]


def sample_household(home: State, seed: int) -> Household:
    """Draw a household for a home.

    Raises:
        PlannerError: The home has no closed furniture to keep things in.
    """
    rng = random.Random(f"household/{seed}")
    usual_places = _usual_places(home, rng)
    kept_in = sorted({place for place in usual_places.values() if place in _closed_furniture(home)})
    stuck_chance = {rng.choice(kept_in): STUCK_CHANCE} if kept_in else {}
    return Household(home=home, usual_places=usual_places, nicknames=_nicknames(home, rng), stuck_chance=stuck_chance)


def _closed_furniture(home: State) -> list[str]:
    """Closed furniture in which nothing happens to what is kept there."""
    world = home.world
    return [n for i, n in enumerate(world.names[: world.n_fixtures]) if world.enclosed[i] and not world.process[i]]


def _usual_places(home: State, rng: random.Random) -> dict[str, str]:
    world, closed = home.world, _closed_furniture(home)
    if not closed:
        raise PlannerError(f"{world.scene.name}: has no cabinet, drawer, wardrobe or safe in which things can be kept")
    objects = _top_level_objects(home)
    classes: dict[str, list[str]] = {}
    for category in sorted({spec.category for spec in objects}):
        object_classes = world.domain.objects[category].classes
        classes.setdefault(object_classes[0] if object_classes else category, []).append(category)
    units: Counter[str] = Counter()  # that all of a category takes
    room = {name: world.capacity[world.index[name]] for name in closed}
    for spec in objects:
        units[spec.category] += world.units[world.index[spec.name]]
        if spec.place in room:
            room[spec.place] -= world.units[world.index[spec.name]]
    new_places: dict[str, str] = {}
    for categories in classes.values():
        together = rng.choice(closed) if rng.random() < SHARED_PLACE_SHARE else None
        for category in categories:
            fitting = [f for f in closed if world.domain.fits(category, world.categories[world.index[f]])]
            options = [name for name in fitting if room[name] >= units[category]]
            if options and rng.random() < ELSEWHERE_SHARE:
                new_places[category] = together if together in options else rng.choice(options)
                room[new_places[category]] -= units[category]
    return {spec.name: new_places.get(spec.category, spec.place) for spec in objects}


def _top_level_objects(home: State) -> list[ObjectSpec]:
    """Things that lie directly at a fixture: what is in them is moved with them."""
    fixtures = set(home.world.names[: home.world.n_fixtures])
    return [spec for spec in home.world.scene.objects if spec.place in fixtures]


def _nicknames(home: State, rng: random.Random) -> dict[str, str]:
    world, words = home.world, load_nicknames()
    object_categories = sorted({spec.category for spec in _top_level_objects(home)})
    fixture_categories = sorted({
        world.categories[i] for i in range(world.n_fixtures)
        if world.relation[i] == "on" and not world.enclosed[i] and not world.process[i] and not world.underfoot[i]
    })  # fmt: skip
    nicknames: dict[str, str] = {}
    groups = (
        (object_categories, words["things"], N_NICKNAMES[0]),
        (fixture_categories, words["fixtures"], N_NICKNAMES[1]),
    )
    for categories, candidates, number in groups:
        chosen = rng.sample(categories, k=min(number, len(categories)))
        nicknames |= dict(zip(chosen, rng.sample(candidates, k=len(chosen)), strict=True))
    return nicknames


@lru_cache(maxsize=1)
def load_nicknames() -> dict[str, Sequence[str]]:
    """Return the words that things and fixtures may be called."""
    raw = safe_yaml.load((datasets_dir() / "household" / "nicknames.yaml").read_text(encoding="utf-8"))
    assert isinstance(raw, dict)
    return {key: tuple(map(str, raw[key])) for key in ("things", "fixtures")}


def morning_state(household: Household, rng: random.Random) -> State:
    """Return how the home is one morning: most things in their usual place, others where such things may be."""
    state, world = household.home, household.home.world
    order = sorted(household.usual_places)
    rng.shuffle(order)
    for name in order:
        place = household.usual_places[name]
        if rng.random() >= TIDY_RATE:
            rates = COMMON.rates(world.categories[world.index[name]], world.scene)
            place = rng.choices(list(rates), list(rates.values()))[0]
        obj, fixture = world.index[name], world.index[place]
        if grounding.takes(state, fixture, obj):
            state = state._replace(place=(*state.place[:obj], fixture, *state.place[obj + 1 :]))
    moved = tuple(replace(spec, place=world.names[state.place[world.index[spec.name]]]) for spec in world.scene.objects)
    return World(replace(world.scene, objects=moved)).initial()


class StickyHome(SymbolicHome):
    """The symbolic world, with doors that do not always open.

    Args:
        state: It begins in.
        stuck_chance: Chance that each fixture does not open, at every try.
        seed: Of what happens at the tries of each door, whatever else is done.
    """

    def __init__(self, state: State, stuck_chance: Mapping[str, float], seed: str) -> None:
        """Begin in a state."""
        super().__init__(state)
        self._sticks = {name: (chance, random.Random(f"sticks/{seed}/{name}")) for name, chance in stuck_chance.items()}

    def execute(self, action: Action) -> Outcome:
        """Carry an action out, or fail with its unmet precondition, or with a door that sticks."""
        if action.skill == "open" and action.args[0] in self._sticks:
            chance, rng = self._sticks[action.args[0]]
            if rng.random() < chance:
                duration = self.state().world.domain.skills["open"].duration_s
                return Outcome(status="failed", reason=f"{action.args[0]} is stuck", duration_s=duration, energy_j=None)
        return super().execute(action)
