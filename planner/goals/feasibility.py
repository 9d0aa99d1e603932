"""Tests whether a goal can be reached in a home, as far as this can be decided without planning.

Its objects, tools and appliances must exist, the objects must fit where they go, and conditions must not contradict
each other. Tasks are sampled with this test; planning itself uses `missing`, `shortage` and `is_feasible` on the goals
that the GPT writes.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from envs.symbolic.domain import BUILT_IN_STATES
from envs.symbolic.embodiment.refusals import robot_obstacle
from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Goal, No, Place, Thing, format_condition
from envs.symbolic.obstacles import condition_obstacle, makes, obstacle, too_few, usable
from envs.symbolic.obstacles.skills import NO_SKILL
from envs.symbolic.scoring import fixtures_at, fixtures_of, holds, number_required, quantified_objects
from planner.goals import choice
from planner.goals.means.appliances import appliances_for

if TYPE_CHECKING:
    from envs.symbolic.actions import State


def missing(goal: Goal, state: State) -> str | None:
    """Return a category or class that a goal names and the home does not have, or None."""
    world = state.world
    present = world.entities_by_category.keys()

    def missing_thing(thing: Thing) -> str | None:
        return None if present & set(world.domain.resolve(thing.word)) else thing.word

    def missing_place(place: Place | None) -> str | None:
        if place is None:
            return None
        if place.thing is None:
            return None if fixtures_at(state, place) else place.fixture or place.room or place.person
        return missing_thing(place.thing) or missing_place(place.inside)

    for condition in goal.conditions:
        if isinstance(condition, FixtureIs):
            if not fixtures_of(state, condition):
                return condition.fixture
            continue
        category = missing_thing(condition.thing) or missing_place(getattr(condition, "place", None))
        if category:
            return category
    return None


def shortage(goal: Goal, state: State) -> str | None:
    """Describe a shortage: the goal requires more objects of a category than the home has. None if there is none."""
    for condition in goal.conditions:
        if isinstance(condition, Count):
            available = len(state.world.objects_of(condition.thing.word))
            if available < condition.number:
                return too_few(available, Thing(word=condition.thing.word))
    return None


def infeasibility(goal: Goal, state: State) -> str:
    """Say why a goal cannot be reached from a state, before any plan is tried; return "" if nothing speaks against it.

    What the home does not allow (`envs/symbolic/obstacles`), and what common sense does not: metal in a running
    microwave.
    """
    if reason := obstacle(goal, state, tricks=False):
        return reason
    for number, phase in enumerate(goal.phases):
        if goal.guard(number).tests:
            continue
        for condition in phase:
            if not holds(state, condition, state) and (reason := _heating_obstacle(condition, state)):
                return f"{format_condition(condition)}: {reason}"
    return ""


def beyond_robot(goal: Goal, state: State, initial_state: State) -> str:
    """Say what only a robot with other skills, or another hand, could do of a goal; return "" if nothing speaks for it.

    `initial_state` is the first of the episode.
    """
    if reason := robot_obstacle(goal, state, initial_state=initial_state):
        return reason
    if state.world.domain.states == BUILT_IN_STATES:  # which nobody lacks the skills for
        return ""
    for number, phase in enumerate(goal.phases):
        for condition in phase if not goal.guard(number).tests else ():
            if not holds(state, condition, initial_state) and NO_SKILL in (
                reason := condition_obstacle(condition, state)
            ):
                return reason
    return ""


def is_feasible(goal: Goal, state: State) -> bool:
    """Whether nothing obvious prevents a goal from being reached from a state."""
    return missing(goal, state) is None and not infeasibility(goal, state)


def _heating_obstacle(condition: Condition, state: State) -> str:
    """Say that too few objects can get hot as people would do it: no metal in a microwave, no bowl under the coffee."""
    if isinstance(condition, FixtureIs | No):
        return ""
    words = condition.become if isinstance(condition, Every) else condition.thing.states
    if "hot" not in words:
        return ""
    if isinstance(condition, Every):
        objects, number = quantified_objects(state, condition), number_required(state, condition)[0]
    else:
        objects, number = usable(state, condition.thing), getattr(condition, "number", 1)
    world, means = state.world, getattr(condition, "means", None)

    def makers(item: int) -> set[str]:
        fixtures = [f for group in appliances_for(state, "hot", item) for f in group]
        if means in world.domain.fixtures:
            fixtures = [f for f in fixtures if world.categories[f] == means]
        return {world.kinds[f] for f in fixtures if makes(state, f, "hot", item)}

    def can_be_hot(item: int) -> bool:
        return state.has(item, "hot") or bool(makers(item) - ({"microwave"} if choice.is_metal(state, item) else set()))

    if sum(1 for _ in islice(filter(can_be_hot, objects), number)) >= number:
        return ""
    if any("microwave" in makers(i) for i in objects):
        return "metal must not be in a microwave that runs"
    return "nothing here heats it as people do"
