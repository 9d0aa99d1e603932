"""Whether a goal can be reached in a home, as far as that shows without planning.

Its things, tools and appliances are there, with room for them, and no condition rules out another. Tasks are drawn
with it; of what plans, only the decoder asks for what is `missing`.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING

from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Goal, Holding, No, Place, Thing
from envs.symbolic.scoring import holds, is_at, matching_objects, quantified_objects
from planner.goals import grounding

if TYPE_CHECKING:
    from envs.symbolic.actions import State
    from envs.symbolic.domain import Domain


def missing(goal: Goal, state: State) -> str | None:
    """Return a category or class that a goal names and the home does not have, or None."""
    world = state.world
    present = world.entities_by_category.keys()

    def of_thing(thing: Thing) -> str | None:
        return None if present & set(world.domain.resolve(thing.word)) else thing.word

    def of_place(place: Place | None) -> str | None:
        if place is None:
            return None
        if place.fixture is not None:
            return None if place.fixture in present else place.fixture
        assert place.thing is not None
        return of_thing(place.thing) or of_place(place.inside)

    for condition in goal.conditions:
        if isinstance(condition, FixtureIs):
            if not present & set(world.domain.resolve_fixture(condition.fixture, condition.state)):
                return condition.fixture
            continue
        found = of_thing(condition.thing) or of_place(getattr(condition, "place", None))
        if found:
            return found
    return None


def shortage(goal: Goal, state: State) -> str | None:
    """Say what a goal asks more of than there is, or None."""
    for condition in goal.conditions:
        if isinstance(condition, Count):
            number = len(state.world.objects_of(condition.thing.word))
            if number < condition.number:
                return f"there {'is' if number == 1 else 'are'} only {number} {condition.thing.word} here"
    return None


def is_feasible(goal: Goal, state: State) -> bool:
    """Whether nothing obvious keeps a goal from being reached from a state."""
    if missing(goal, state) is not None:
        return False
    if not all(holds(state, c, state) or _has_means(c, state) for c in goal.conditions):
        return False
    return not any(_contradict(phase, state) for phase in goal.phases)


def _has_means(condition: Condition, state: State) -> bool:
    if isinstance(condition, FixtureIs):
        if condition.state == "watered":
            return grounding.tool(state, "waters") is not None
        return not grounding.needs_wiping(condition) or grounding.tool(state, "wipes") is not None
    if isinstance(condition, Every):
        about = quantified_objects(state, condition)
        if condition.place is not None and condition.place.fixture is not None:
            fixtures = grounding.fixtures_of(state, condition.place.fixture)
            moved = [i for i in about if not is_at(state, i, condition.place)]
            if not all(any(grounding.takes(state, f, i) for f in fixtures) for i in moved):
                return False
            if sum(state.world.units[i] for i in moved) > sum(grounding.free_units(state, f) for f in fixtures):
                return False
        wanted = Thing(word="anything", states=condition.become)
        return bool(about) and all(_can_be_made(state, i, wanted) for i in about)
    if isinstance(condition, No):
        return condition.place is not None or "dirty" in condition.thing.states
    place = condition.place if isinstance(condition, Count) else None
    number = condition.number if isinstance(condition, Count) else 1
    found = grounding.candidates(state, condition.thing, place)
    if place is not None and place.fixture is not None:
        fixtures = grounding.fixtures_of(state, place.fixture)
        found = [i for i in found if any(grounding.takes(state, f, i) for f in fixtures)]
    able = sum(_can_be_made(state, i, condition.thing) for i in found)
    return len(matching_objects(state, condition.thing, place)) + able >= number


def _can_be_made(state: State, entity: int, thing: Thing) -> bool:
    return all(means is not None or word == "folded" for word, means in grounding.requirements(state, entity, thing))


def _contradict(phase: tuple[Condition, ...], state: State) -> bool:
    """Whether two conditions ask for opposites, or several together for more things than there are."""
    domain = state.world.domain
    if any(_rule_out(a, b, domain) or _rule_out(b, a, domain) for a, b in combinations(phase, 2)):
        return True
    asked: Counter[str] = Counter()
    for c in phase:
        if isinstance(c, Count) and (c.place is not None or c.thing.states):
            asked[c.thing.word] += c.number
        elif isinstance(c, Holding):
            changed = [o.thing.word for o in phase if isinstance(o, Count) and o.place is None]
            asked[c.thing.word] += c.thing.word not in changed  # `clean mug ; holding mug` is one mug
    there = state.world.entities_by_category
    return any(number > len(there.get(word, ())) for word, number in asked.items() if word in domain.objects)


def _rule_out(a: Condition, b: Condition, domain: Domain) -> bool:
    if isinstance(a, FixtureIs) or isinstance(b, FixtureIs):
        if not (isinstance(a, FixtureIs) and isinstance(b, FixtureIs)):
            return False
        kinds, others = (domain.resolve_fixture(c.fixture, c.state) for c in (a, b))
        if not set(kinds) & set(others):
            return False
        (state, is_true), (other, other_is) = (_positive(c, domain) for c in (a, b))
        return state == other and is_true != other_is
    if not set(domain.resolve(a.thing.word)) & set(domain.resolve(b.thing.word)):
        return False
    here, there = getattr(a, "place", None), getattr(b, "place", None)
    if isinstance(a, Every) and here is not None:
        return isinstance(b, Holding) or (there is not None and here != there)
    return isinstance(a, No) and here is not None and here == there


def _positive(condition: FixtureIs, domain: Domain) -> tuple[str, bool]:
    """The state that a condition is about, and whether it is to be true."""
    negative = (condition.state in domain.negations) != (condition.quantifier == "no")
    return domain.negations.get(condition.state, condition.state), not negative
