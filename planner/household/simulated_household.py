"""A simulated household: habits hidden from the robot, such as usual places of objects, nicknames and sticking doors.

A household is sampled from a seed for any home. Some objects are kept where the home's file has them; others, sometimes
whole classes, in unusual closed furniture. Each morning most objects are in their usual place, and the others are drawn
from the general location prior.
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

ELSEWHERE_SHARE = 0.6  # of the categories are not kept where the home's file has them
SHARED_PLACE_SHARE = 0.5  # of the classes keep all their moved categories in one place
TIDY_RATE = 0.85  # of the objects are in their usual place in the morning
STUCK_CHANCE = 0.6  # chance that a sticking door does not open at a try
N_NICKNAMES = (6, 2)  # of object categories and of fixture categories


@dataclass(frozen=True, kw_only=True)
class Household:
    """A home and its household's habits.

    Attributes:
        home: As its file has it.
        usual_places: The usual fixture of each object that lies directly at one.
        nicknames: The household's words for categories.
        stuck_chance: For each sticking fixture, the chance that it does not open at a try.
    """

    home: State
    usual_places: Mapping[str, str]
    nicknames: Mapping[str, str]
    stuck_chance: Mapping[str, float]


def sample_household(home: State, seed: int) -> Household:
    """Sample a household for a home.

    Raises:
        PlannerError: The home has no closed furniture to keep things in.
    """
    rng = random.Random(f"household/{seed}")
    usual_places = _usual_places(home, rng)
    kept_in = sorted({place for place in usual_places.values() if place in _closed_furniture(home)})
    stuck_chance = {rng.choice(kept_in): STUCK_CHANCE} if kept_in else {}
    return Household(home=home, usual_places=usual_places, nicknames=_nicknames(home, rng), stuck_chance=stuck_chance)


def _closed_furniture(home: State) -> list[str]:
    """Return closed furniture without a process such as cooling."""
    world = home.world
    return [n for i, n in enumerate(world.names[: world.n_fixtures]) if world.enclosed[i] and not world.process[i]]


def _usual_places(home: State, rng: random.Random) -> dict[str, str]:
    world, closed = home.world, _closed_furniture(home)
    if not closed:
        raise PlannerError(f"{world.scene.name}: has no cabinet, drawer, wardrobe or safe to keep objects in")
    objects = _top_level_objects(home)
    classes: dict[str, list[str]] = {}
    for category in sorted({spec.category for spec in objects}):
        object_classes = world.domain.objects[category].classes
        classes.setdefault(object_classes[0] if object_classes else category, []).append(category)
    units: Counter[str] = Counter()  # of capacity that all objects of a category take
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
    """Return objects that lie directly at a fixture; their contents move with them."""
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
    """Return possible nicknames of objects and of fixtures."""
    raw = safe_yaml.load((datasets_dir() / "household" / "nicknames.yaml").read_text(encoding="utf-8"))
    assert isinstance(raw, dict)
    return {key: tuple(map(str, raw[key])) for key in ("things", "fixtures")}


def morning_state(household: Household, rng: random.Random) -> State:
    """Return the home's state on a morning: most objects in their usual place, others drawn from the general prior."""
    state, world = household.home, household.home.world
    order = sorted(household.usual_places)
    rng.shuffle(order)
    for name in order:
        place = household.usual_places[name]
        if rng.random() >= TIDY_RATE:
            rates = COMMON.rates(world.categories[world.index[name]], world.scene)
            place = rng.choices(list(rates), list(rates.values()))[0]
        obj, fixture = world.index[name], world.index[place]
        if grounding.can_hold(state, fixture, obj):
            state = state._replace(place=(*state.place[:obj], fixture, *state.place[obj + 1 :]))
    moved = tuple(replace(spec, place=world.names[state.place[world.index[spec.name]]]) for spec in world.scene.objects)
    return World(replace(world.scene, objects=moved)).initial()


class StickyHome(SymbolicHome):
    """The symbolic home with doors that do not always open.

    Args:
        state: The initial state.
        stuck_chance: For each sticking fixture, the chance that it does not open at a try.
        seed: Seed of each door's outcomes, independent of other actions.
    """

    def __init__(self, state: State, stuck_chance: Mapping[str, float], seed: str) -> None:
        """Create the home in its initial state."""
        super().__init__(state)
        self._sticks = {name: (chance, random.Random(f"sticks/{seed}/{name}")) for name, chance in stuck_chance.items()}

    def execute(self, action: Action) -> Outcome:
        """Execute an action; it fails with its unmet precondition, or if a door sticks."""
        if action.skill == "open" and action.args[0] in self._sticks:
            chance, rng = self._sticks[action.args[0]]
            if rng.random() < chance:
                duration = self.state().world.domain.duration_s("open")
                return Outcome(status="failed", reason=f"{action.args[0]} is stuck", duration_s=duration, energy_j=None)
        return super().execute(action)
