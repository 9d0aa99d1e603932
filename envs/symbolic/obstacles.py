"""Tests whether an episode can have a goal at all: a goal that cannot be reached in a home is refused in words.

Only what no plan could change is checked: what the home lacks, what a thing can never be, and conditions that exclude
each other. A goal that passes may still be out of reach.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING

from envs.symbolic.actions import BIT, DIRTY
from envs.symbolic.goals import (
    Condition,
    Count,
    Every,
    FixtureIs,
    Goal,
    Holding,
    No,
    Place,
    Thing,
    format_condition,
    format_furniture,
    format_rule,
    format_thing,
)
from envs.symbolic.progress import begin, score
from envs.symbolic.scoring import (
    can_match,
    fixtures_at,
    fixtures_of,
    holds,
    matching_objects,
    number_required,
    quantified_objects,
    targets,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envs.symbolic.actions import State

DOES_NOT_FIT = "does not fit there"


def obstacle(goal: Goal, state: State, *, sizes: bool = True) -> str:
    """Say why a goal can never be reached from a state, with the condition; return "" if nothing speaks against it.

    Args:
        goal: The goal.
        state: The state.
        sizes: Whether to check that things fit in their places too, which no other home would change.
    """
    if broken := begin(goal, state).broken:
        return f"{format_rule(goal.rules[broken[0][0]])}: it is so already"
    for number, phase in enumerate(goal.phases):
        if goal.guard(number).tests:
            continue  # it may be left out
        for condition in phase:
            reason = "" if holds(state, condition, state) else _obstacle(condition, state)
            if reason and (sizes or not reason.endswith(DOES_NOT_FIT)):
                return f"{format_condition(condition)}: {reason}"
    for phase in goal.phases:
        for a, b in combinations(phase, 2):
            if _exclude_each_other(a, b, state):
                return f"{format_condition(a)} ; {format_condition(b)}: they exclude each other"
        if reason := _too_few_for_all(phase, state):
            return reason
    return ""


def holds_at_start(goal: Goal, state: State) -> bool:
    """Whether a goal holds in an initial state, so that an episode would have nothing to do."""
    return score(begin(goal, state)).success


def _obstacle(condition: Condition, state: State) -> str:
    if isinstance(condition, FixtureIs):
        return _fixture_obstacle(condition, state)
    place = None if isinstance(condition, Holding) else condition.place
    if place is not None and not isinstance(condition, No) and (reason := _place_obstacle(place, state)):
        return reason
    if isinstance(condition, Every):
        chosen = quantified_objects(state, condition)
        if not chosen:
            return f"there is no {format_thing(condition.thing)} at the start"
        low, high = number_required(state, condition)
        if low < 0 or high > len(chosen):
            return (
                f"there {'is' if len(chosen) == 1 else 'are'} only {len(chosen)} {format_thing(condition.thing)} here"
            )
        changed = Thing(word=condition.thing.word, states=condition.become)
        reasons = [_object_obstacle(state, i, changed, place, condition.means) for i in chosen]
        return "" if reasons.count("") >= low else next(reason for reason in reasons if reason)
    objects = _usable(state, condition.thing)
    if isinstance(condition, No):
        stays = place is None and not condition.thing.states and not condition.thing.liquid
        return f"{state.world.names[objects[0]]} cannot leave the home" if stays and objects else ""
    number = condition.number if isinstance(condition, Count) else 1
    if isinstance(condition, Count):
        if condition.amount == "at most":
            return ""
        if condition.amount == "more":
            number += len(matching_objects(state, condition.thing, place, state))
        if place is not None and place.every:
            number *= len(targets(state, place, state))
    thing_text = format_thing(Thing(word=condition.thing.word, properties=condition.thing.properties,
                                    origin=condition.thing.origin))  # fmt: skip
    if not objects:
        return f"there is no {thing_text} here"
    if len(objects) < number:
        return f"there {'is' if len(objects) == 1 else 'are'} only {len(objects)} {thing_text} here"
    means = condition.means if isinstance(condition, Count) else None
    reasons = [_object_obstacle(state, i, condition.thing, place, means) for i in objects]
    if reasons.count("") >= number:
        return ""
    few = f"only {reasons.count('')} of {len(objects)} can be so: " if "" in reasons else ""
    return few + next(reason for reason in reasons if reason)


def _usable(state: State, thing: Thing) -> list[int]:
    """Return the objects that have what never changes of a description."""
    return [i for i in state.world.objects_of(thing.word) if can_match(state, i, thing, state)]


# -- objects -----------------------------------------------------------------------------------------------------------


def _object_obstacle(state: State, entity: int, thing: Thing, place: Place | None, means: str | None = None) -> str:
    """Say why an object can never match a description at a place (by some means), or return ""."""
    world, name = state.world, state.world.names[entity]
    if means is not None and means not in world.entities_by_category:
        return f"there is no {means} here"
    for a, b in world.domain.exclusive:
        if a in thing.states and b in thing.states:
            return f"nothing is {a} and {b}"
    for word in thing.states:
        positive = world.domain.negations.get(word)
        if positive in thing.states:
            return f"nothing is {word} and {positive}"
        if not state.has(entity, word) and (reason := _state_obstacle(state, entity, word, means)):
            return f"{name} {reason}"
    if thing.liquid and state.liquid[entity] != thing.liquid and (reason := _liquid_obstacle(state, entity, thing)):
        return f"{name} {reason}"
    if place is not None and place.beside:
        neighbors = [i for i in _holders(state, place) if i != entity]
        if not any(_goes_in(state, entity, state.place[i]) for i in neighbors if state.place[i] >= 0):
            return f"{name} {DOES_NOT_FIT}"
    elif place is not None and not any(_goes_in(state, entity, holder) for holder in _holders(state, place)):
        return f"{name} {DOES_NOT_FIT}"
    return ""


def _state_obstacle(state: State, entity: int, word: str, means: str | None) -> str:
    world, category = state.world, state.world.object_category[entity]
    assert category is not None
    if word == "dirty":
        return "is clean, and nothing the robot does makes it dirty"
    if word in ("sliced", "cooked", "folded"):
        if not {"sliced": category.slices, "cooked": category.cooks, "folded": category.folds}[word]:
            return f"can never be {word}"
        if word == "folded":
            return ""
    if word == "sliced":
        has_knife = any(c is not None and c.cuts for c in world.object_category)
        return "" if has_knife else "cannot be sliced: there is nothing here that cuts"
    for fixture in range(world.n_fixtures):
        rule = world.rule[fixture]
        if rule is None or not _goes_in(state, entity, fixture):
            continue
        if means in world.domain.fixtures and world.categories[fixture] != means:
            continue
        does = rule.clear & DIRTY if word == "clean" else rule.cook if word == "cooked" else rule.set & BIT.get(word, 0)
        if does:
            return ""
    maker = f"no {means}" if means in world.domain.fixtures else "nothing"
    return f"cannot become {word}: {maker} here that it fits in makes things {word}"


def _liquid_obstacle(state: State, entity: int, thing: Thing) -> str:
    world, category = state.world, state.world.object_category[entity]
    assert category is not None
    if not category.fills:
        return "cannot be filled"
    flows = any(process is not None and process.fill == thing.liquid for process in world.process)
    return "" if flows or thing.liquid in state.liquid else f"cannot be filled: there is no {thing.liquid} here"


# -- places ------------------------------------------------------------------------------------------------------------


def _place_obstacle(place: Place, state: State) -> str:
    world = state.world
    if place.thing is None:
        if fixtures_at(state, place):
            return ""
        if place.person is not None:
            known = place.person in world.scene.people
            return f"{place.person} is not here" if known else f"nobody here is called {place.person}"
        return f"there is no {format_furniture(place) if place.fixture else place.room} here"
    objects = _usable(state, place.thing)
    if not objects:
        return f"there is no {format_thing(place.thing)} here"
    if place.inside is not None and (reason := _place_obstacle(place.inside, state)):
        return reason
    reasons = [_object_obstacle(state, i, place.thing, place.inside) for i in objects]
    return "" if "" in reasons else reasons[0]


def _holders(state: State, place: Place) -> Iterator[int]:
    """Yield what an object could be in or on to be at a place."""
    yield from fixtures_at(state, place) if place.thing is None else _usable(state, place.thing)


def _goes_in(state: State, entity: int, holder: int) -> bool:
    """Whether an object can be in a holder, directly, as a gift, or in something that fits in it."""
    world = state.world
    if entity == holder:
        return False
    if world.categories[holder] == "person" or state.root(entity) == holder or world.fits(entity, holder):
        return True
    containers = (i for i in range(world.n_fixtures, len(world.names)) if i not in (entity, holder))
    return any(world.fits(i, holder) and world.fits(entity, i) for i in containers)


# -- fixtures ----------------------------------------------------------------------------------------------------------


def _fixture_obstacle(condition: FixtureIs, state: State) -> str:
    fixtures = fixtures_of(state, condition)
    if not fixtures:
        return f"there is no {format_furniture(condition)} here"
    return next(
        (reason for s in condition.states if (reason := _fixture_state_obstacle(condition, s, fixtures, state))), ""
    )


def _fixture_state_obstacle(condition: FixtureIs, asked: str, fixtures: list[int], state: State) -> str:
    world, word = state.world, asked
    negation = {b: a for a, b in world.domain.negations.items()}
    if condition.quantifier == "no":  # "no oven dirty" asks for clean ones
        word = negation.get(word) or world.domain.negations.get(word, word)
        if word == asked:
            return f"nothing the robot does changes that {world.names[fixtures[0]]} is {word}"
    if word == "dirty":
        clean = [i for i in fixtures if not state.has(i, word)]
        if len(clean) == len(fixtures) or (clean and condition.quantifier != "some"):
            return f"{world.names[clean[0]]} is clean, and nothing the robot does makes it dirty"
    objects = world.object_category[world.n_fixtures :]
    if word == "clean" and not any(category is not None and category.wipes for category in objects):
        return "there is nothing here that wipes"
    if word == "watered":
        flows = any(process is not None and process.fill == "water" for process in world.process)
        fills = any(category is not None and category.fills for category in objects)
        if "water" not in state.liquid and not (flows and fills):
            return "there is nothing here to water with"
    return ""


# -- several conditions ------------------------------------------------------------------------------------------------


def _exclude_each_other(a: Condition, b: Condition, state: State) -> bool:
    """Whether no state satisfies two conditions of one phase."""
    if isinstance(a, FixtureIs) and isinstance(b, FixtureIs):
        return _exclude_fixture_states(a, b, state)
    if isinstance(a, Holding) and isinstance(b, Holding):  # the robot has one hand
        return not set(_usable(state, a.thing)) & set(_usable(state, b.thing))
    for this, other in ((a, b), (b, a)):
        if isinstance(this, No) and isinstance(other, Count) and this.place in (None, other.place):
            broader = this.thing.word == other.thing.word and set(this.thing.states) <= set(other.thing.states)
            broader = broader and not this.thing.properties and this.thing.origin is None
            if other.amount != "at most" and broader and this.thing.liquid in (None, other.thing.liquid):
                return True
        if isinstance(this, Every) and this.place is not None and this.place.fixture is not None:
            if isinstance(other, Holding) and _all_chosen(this, other.thing, state):
                return True
            if isinstance(other, Count | Every) and _elsewhere(this.place, other.place):
                if isinstance(other, Count) and _all_chosen(this, other.thing, state):
                    return True
                if isinstance(other, Every) and this.selection == other.selection == "every":
                    return not {*quantified_objects(state, this)}.isdisjoint(quantified_objects(state, other))
    return False


def _all_chosen(every: Every, thing: Thing, state: State) -> bool:
    """Whether an `every` condition is about all objects that could match a description."""
    objects = _usable(state, thing)
    return every.selection == "every" and bool(objects) and set(objects) <= set(quantified_objects(state, every))


def _elsewhere(a: Place, b: Place | None) -> bool:
    """Whether nothing can be at both places: two categories of fixtures."""
    return b is not None and b.fixture is not None and a.fixture is not None and a.fixture != b.fixture


def _exclude_fixture_states(a: FixtureIs, b: FixtureIs, state: State) -> bool:
    shared = set(fixtures_of(state, a)) & set(fixtures_of(state, b))
    if not shared:
        return False
    negations = state.world.domain.negations
    (word, is_true), (other_word, other_is_true) = (
        (negations.get(c.states[0], c.states[0]), (c.states[0] in negations) == (c.quantifier == "no")) for c in (a, b)
    )
    if word != other_word or is_true == other_is_true:
        return False
    sets = (set(fixtures_of(state, a)), set(fixtures_of(state, b)))
    some = [c.quantifier == "some" for c in (a, b)]
    if all(some):
        return len(sets[0] | sets[1]) == 1  # "window open ; window closed" takes two windows
    if not any(some):
        return True
    return sets[some.index(True)] <= sets[some.index(False)]


def _is_plain_fixture(place: Place | None) -> bool:
    return place is not None and place.fixture is not None and place == Place(fixture=place.fixture)


def _too_few_for_all(phase: tuple[Condition, ...], state: State) -> str:
    """Say of which object a phase asks for more than exist: at different fixtures, and in the hand."""
    wanted: dict[str, Counter[str]] = {}
    for condition in phase:
        if isinstance(condition, Holding):
            wanted.setdefault(condition.thing.word, Counter())["the hand"] = 1
        elif isinstance(condition, Count) and condition.amount == "at least" and _is_plain_fixture(condition.place):
            assert condition.place is not None and condition.place.fixture is not None
            places = wanted.setdefault(condition.thing.word, Counter())
            places[condition.place.fixture] = max(places[condition.place.fixture], condition.number)
    for word, places in wanted.items():
        available = len(state.world.objects_of(word))
        if places.total() > available:
            enough = f"there {'is' if available == 1 else 'are'} only {available} here"
            return f"{word} is asked for {places.total()} times ({', '.join(places)}): {enough}"
    return ""
