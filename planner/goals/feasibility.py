"""Tests whether a goal can be reached in a home, as far as this can be decided without planning.

Its objects, tools and appliances must exist, there must be room for the objects, and conditions must not contradict
each other. Tasks are sampled with this test; planning itself uses `missing`, `shortage` and `is_feasible` on the goals
that the GPT writes.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING

from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Goal, Holding, No, Place, Thing
from envs.symbolic.obstacles import obstacle
from envs.symbolic.scoring import fixtures_at, fixtures_of, holds, is_at, matching_objects, quantified_objects
from planner.goals import grounding
from planner.goals.narrowing import is_plain

if TYPE_CHECKING:
    from envs.symbolic.actions import State
    from envs.symbolic.domain import Domain


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
                return f"there {'is' if available == 1 else 'are'} only {available} {condition.thing.word} here"
    return None


def is_feasible(goal: Goal, state: State) -> bool:
    """Whether nothing obvious prevents a goal from being reached from a state."""
    if missing(goal, state) is not None:
        return False
    if goal.rules or goal.guards or not all(is_plain(c, state.world) for c in goal.conditions):
        return not obstacle(goal, state)
    if not all(holds(state, c, state) or _is_reachable(c, state) for c in goal.conditions):
        return False
    return not any(_contradicts(phase, state) for phase in goal.phases)


def _is_reachable(condition: Condition, state: State) -> bool:
    if isinstance(condition, FixtureIs):
        if condition.states[0] == "watered":
            return grounding.tool_for(state, "waters") is not None
        return not grounding.needs_wiping(condition) or grounding.tool_for(state, "wipes") is not None
    if isinstance(condition, Every):
        affected = quantified_objects(state, condition)
        if condition.place is not None and condition.place.fixture is not None:
            fixtures = grounding.fixtures_of(state, condition.place.fixture)
            misplaced = [i for i in affected if not is_at(state, i, condition.place)]
            if not all(any(grounding.can_hold(state, f, i) for f in fixtures) for i in misplaced):
                return False
            if sum(state.world.units[i] for i in misplaced) > sum(grounding.free_units(state, f) for f in fixtures):
                return False
        target = Thing(word="anything", states=condition.become)
        return bool(affected) and all(_can_be_changed(state, i, target) for i in affected)
    if isinstance(condition, No):
        return condition.place is not None or "dirty" in condition.thing.states
    place = condition.place if isinstance(condition, Count) else None
    number = condition.number if isinstance(condition, Count) else 1
    usable = grounding.candidates(state, condition.thing, place)
    if place is not None and place.fixture is not None:
        fixtures = grounding.fixtures_of(state, place.fixture)
        usable = [i for i in usable if any(grounding.can_hold(state, f, i) for f in fixtures)]
    n_changeable = sum(_can_be_changed(state, i, condition.thing) for i in usable)
    return len(matching_objects(state, condition.thing, place)) + n_changeable >= number


def _can_be_changed(state: State, entity: int, thing: Thing) -> bool:
    return all(means is not None or word == "folded" for word, means in grounding.requirements(state, entity, thing))


def _contradicts(phase: tuple[Condition, ...], state: State) -> bool:
    """Whether two conditions contradict each other, or several together require more objects than exist."""
    domain = state.world.domain
    if any(_excludes(a, b, domain) or _excludes(b, a, domain) for a, b in combinations(phase, 2)):
        return True
    requested: Counter[str] = Counter()
    for c in phase:
        if isinstance(c, Count) and (c.place is not None or c.thing.states):
            requested[c.thing.word] += c.number
        elif isinstance(c, Holding):
            changed = [other.thing.word for other in phase if isinstance(other, Count) and other.place is None]
            requested[c.thing.word] += c.thing.word not in changed  # `clean mug ; holding mug` is one mug
    available = state.world.entities_by_category
    return any(number > len(available.get(word, ())) for word, number in requested.items() if word in domain.objects)


def _excludes(a: Condition, b: Condition, domain: Domain) -> bool:
    if isinstance(a, FixtureIs) or isinstance(b, FixtureIs):
        if not (isinstance(a, FixtureIs) and isinstance(b, FixtureIs)):
            return False
        a_categories, b_categories = (domain.resolve_fixture(c.fixture, c.states[0]) for c in (a, b))
        if not set(a_categories) & set(b_categories):
            return False
        (state, state_is_true), (other_state, other_is_true) = (_positive_form(c, domain) for c in (a, b))
        return state == other_state and state_is_true != other_is_true
    if not set(domain.resolve(a.thing.word)) & set(domain.resolve(b.thing.word)):
        return False
    a_place, b_place = getattr(a, "place", None), getattr(b, "place", None)
    if isinstance(a, Every) and a_place is not None:
        return isinstance(b, Holding) or (b_place is not None and a_place != b_place)
    return isinstance(a, No) and a_place is not None and a_place == b_place


def _positive_form(condition: FixtureIs, domain: Domain) -> tuple[str, bool]:
    """Return the state that a condition is about, without negation, and whether it must be true."""
    negative = (condition.states[0] in domain.negations) != (condition.quantifier == "no")
    return domain.negations.get(condition.states[0], condition.states[0]), not negative
