"""Says why one condition can never hold: what the home lacks, what a thing can never be, what does not fit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from envs.symbolic.domain import BUILT_IN_STATES
from envs.symbolic.domain.achievers import is_tool_for
from envs.symbolic.goals import (
    Condition,
    Count,
    Every,
    FixtureIs,
    Holding,
    No,
    Place,
    Thing,
    format_furniture,
    format_thing,
)
from envs.symbolic.obstacles.capacity import capacity_obstacle, fits_side_by_side, goes_in
from envs.symbolic.obstacles.processes import process_obstacle
from envs.symbolic.obstacles.skills import no_skill, removal_obstacle, skill_obstacle
from envs.symbolic.scoring import (
    can_match,
    fixtures_at,
    fixtures_of,
    is_at,
    matches,
    matching_objects,
    number_required,
    quantified_objects,
    targets,
)
from envs.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envs.symbolic.actions import State

DOES_NOT_FIT = "does not fit there"


def condition_obstacle(condition: Condition, state: State, *, tricks: bool = True) -> str:
    """Say why no plan makes a condition hold that does not hold now; return "" if nothing speaks against it.

    `tricks` are as in `obstacle`.
    """
    if isinstance(condition, FixtureIs):
        return _fixture_obstacle(condition, state)
    place = None if isinstance(condition, Holding) else condition.place
    if place is not None and not isinstance(condition, No) and (reason := _place_obstacle(place, state)):
        return reason
    if isinstance(condition, Every):
        chosen = quantified_objects(state, condition)
        if not chosen:
            return _nothing_to_choose(condition, state)
        low, high = number_required(state, condition)
        if low < 0 or high > len(chosen):
            return too_few(len(chosen), condition.thing)
        changed = Thing(word=condition.thing.word, states=condition.become)
        reasons = [_object_obstacle(state, i, changed, place, condition.means) for i in chosen]
        if reasons.count("") < low:
            return next(reason for reason in reasons if reason)
        able = [i for i, reason in zip(chosen, reasons, strict=True) if not reason]
        return _room_obstacle(state, able, low, place, stacking=tricks)
    objects = usable(state, condition.thing)
    if isinstance(condition, No):
        if place is None:
            return _stays_obstacle(state, condition.thing, 0)
        return _leaving_obstacle(condition.thing, place, 0, state, tricks=tricks)
    number = condition.number if isinstance(condition, Count) else 1
    if isinstance(condition, Count):
        if condition.amount in ("at most", "exactly") and place is None:
            reason = _stays_obstacle(state, condition.thing, number)
            if reason:
                return reason
        reason = ""
        if condition.amount in ("at most", "exactly") and place is not None and not place.every:
            reason = _leaving_obstacle(condition.thing, place, number, state, tricks=tricks)
        if reason:
            return reason
        if condition.amount == "at most":
            return ""
        if condition.amount == "more":
            number += len(matching_objects(state, condition.thing, place, state))
        if place is not None and place.every:
            number *= len(targets(state, place, state))
    lasting = Thing(word=condition.thing.word, properties=condition.thing.properties, origin=condition.thing.origin)
    thing_text = format_thing(lasting)
    if not objects:
        return f"there is no {thing_text} here"
    if len(objects) < number:
        return too_few(len(objects), lasting)
    means = condition.means if isinstance(condition, Count) else None
    reasons = [_object_obstacle(state, i, condition.thing, place, means) for i in objects]
    if reasons.count("") >= number:
        able = [i for i, reason in zip(objects, reasons, strict=True) if not reason]
        if place is not None and place.every:
            each = condition.number if isinstance(condition, Count) else 1
            if place.beside:
                return _beside_every_obstacle(state, able, each, thing_text, place)
            for target in targets(state, place, state):
                if sum(goes_in(state, i, target) for i in able) < each:
                    return f"no {thing_text} fits {state.world.relation[target]} {state.world.names[target]}"
            rooms = (
                capacity_obstacle(state, able, each, [target], stacking=tricks)
                for target in targets(state, place, state)
            )
            return next((reason for reason in rooms if reason), "")
        return _room_obstacle(state, able, number, place, stacking=tricks)
    few = f"only {reasons.count('')} of {len(objects)} can be so: " if "" in reasons else ""
    return few + next(reason for reason in reasons if reason)


def too_few(available: int, thing: Thing) -> str:
    """Say that there are only so many of a thing: "there are only 2 red mugs here"."""
    if available == 1:
        return f"there is only 1 {format_thing(thing)} here"
    return f"there are only {available} {format_thing(replace(thing, word=plural(thing.word, is_counted=True)))} here"


def _nothing_to_choose(condition: Every, state: State) -> str:
    """Say why a choice has nothing to choose from."""
    thing = format_thing(condition.thing)
    objects = matching_objects(state, condition.thing, None, state)
    if not objects:
        return f"there is no {thing} at the start"
    if condition.excluded is not None and all(matches(state, i, condition.excluded, state) for i in objects):
        return f"nothing is left: every {thing} here is excepted ({format_thing(condition.excluded)})"
    return f"nothing is left: a {thing} cannot go into what it is itself"


def _beside_every_obstacle(state: State, able: Sequence[int], each: int, thing_text: str, place: Place) -> str:
    """Say beside which target not enough of some objects fit, or return ""."""
    for target in targets(state, place, state):
        if sum(fits_side_by_side(state, i, target) for i in able if i != target) < each:
            return f"no {thing_text} fits beside {state.world.names[target]}"
    return ""


def usable(state: State, thing: Thing) -> list[int]:
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
            return reason
    if thing.liquid and state.liquid[entity] != thing.liquid and (reason := _liquid_obstacle(state, entity, thing)):
        return f"{name} {reason}"
    if means is not None and (reason := _means_obstacle(state, entity, thing, place, means)):
        return f"{name} {reason}"
    if place is not None and place.beside:
        neighbors = [i for i in _holders(state, place) if i != entity]
        if not any(fits_side_by_side(state, entity, i) for i in neighbors):
            return f"{name} {DOES_NOT_FIT}"
    elif place is not None and _is_for_people(state, place) and not _can_be_given(state, entity, place):
        return f"{name} is too large to hand over"
    elif place is not None and not any(goes_in(state, entity, holder) for holder in _holders(state, place)):
        return f"{name} {DOES_NOT_FIT}"
    return ""


def _state_obstacle(state: State, entity: int, word: str, means: str | None) -> str:
    """Say why an object can never be so, or return ""."""
    reason = _known_obstacle(state, entity, word, means)
    if not reason:
        return ""
    domain, category = state.world.domain, state.world.categories[entity]
    is_allowed = means not in domain.fixtures or is_tool_for(domain, category, word, str(means))
    by_skill = skill_obstacle(state, entity, word) if is_allowed else None
    if by_skill is not None:
        return by_skill
    if domain.negations.get(word, word) in BUILT_IN_STATES or means in domain.fixtures:
        return f"{state.world.names[entity]} {reason}"
    reason = process_obstacle(state, entity, word)
    return f"{state.world.names[entity]} {reason}" if reason else no_skill(state, entity, word)


def _known_obstacle(state: State, entity: int, word: str, means: str | None) -> str:
    """Say why an object can never be so by what every robot does, and by appliances; or return ""."""
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
    if any(
        makes(state, fixture, word, entity)
        for fixture in range(world.n_fixtures)
        if means not in world.domain.fixtures or world.categories[fixture] == means
    ):
        return ""
    if (
        means is None
        and category.fills
        and any(
            i != entity and state.liquid[i] and state.has(i, word) for i in range(world.n_fixtures, len(world.names))
        )
    ):  # what is poured into it makes it so
        return ""
    maker = f"no {means}" if means in world.domain.fixtures else "nothing"
    return f"cannot become {word}: {maker} here that it fits in makes things {word}"


def makes(state: State, fixture: int, word: str, entity: int) -> bool:
    """Whether a fixture has a process that gives a state to an object that goes in it."""
    rule = state.world.rule[fixture]
    if rule is None:
        return False
    domain = state.world.domain
    if (positive := domain.negations.get(word)) is not None:
        does = rule.clear & domain.bits[positive]
    else:
        does = (word == "cooked" and rule.cook) or rule.set & domain.bits.get(word, 0)
    return bool(does) and goes_in(state, entity, fixture)


def _liquid_obstacle(state: State, entity: int, thing: Thing) -> str:
    world, category = state.world, state.world.object_category[entity]
    assert category is not None
    if not category.fills:
        return "cannot be filled"
    flows = any(process is not None and process.fill == thing.liquid for process in world.process)
    if not flows and thing.liquid not in state.liquid:
        return f"cannot be filled: no {thing.liquid} can be made or poured here"
    if state.liquid[entity] and not _can_be_emptied(state, entity):
        return f"is full of {state.liquid[entity]}, and there is nothing to pour it into"
    return ""


def _can_be_emptied(state: State, vessel: int) -> bool:
    """Whether there is an empty vessel, or a plant for water; what has an endless supply cannot be emptied."""
    world = state.world
    category = world.object_category[vessel]
    if category is None or category.contains:
        return False
    if any(c is not None and c.fills and not state.liquid[i] for i, c in enumerate(world.object_category)):
        return True
    return "water" in state.liquid and any(c is not None and c.waterable for c in world.fixture_category)


def _means_obstacle(state: State, entity: int, thing: Thing, place: Place | None, means: str) -> str:
    """Say that a means does nothing of what is asked for of an entity: no toaster slices or brings anything."""
    world, category = state.world, state.world.object_category[entity]
    assert category is not None
    missing = [word for word in thing.states if not state.has(entity, word)]
    needs_liquid = thing.liquid is not None and state.liquid[entity] != thing.liquid
    is_about_states = bool(thing.states) or thing.liquid is not None
    if is_about_states and not missing and not needs_liquid:
        return ""  # it is so already
    if not is_about_states and (place is None or is_at(state, entity, place, state)):
        return ""
    means_are = world.entities_by_category.get(means, ())
    if means in world.domain.fixtures:
        makes_it = any(makes(state, f, word, entity) for f in means_are for word in missing)
        fills = any((p := world.process[f]) is not None and p.fill == thing.liquid for f in means_are)
        makes_it = makes_it or any(is_tool_for(world.domain, category.name, word, means) for word in missing)
        is_there = place is not None and any(f in fixtures_at(state, place) for f in means_are)
        if makes_it or (needs_liquid and fills) or (not is_about_states and is_there):
            return ""
    else:
        for tool in means_are:
            other = world.object_category[tool]
            assert other is not None
            cuts = "sliced" in missing and other.cuts and category.slices
            cuts = cuts or any(is_tool_for(world.domain, category.name, word, means) for word in missing)
            pours = needs_liquid and (other.fills or other.contains) and category.fills
            if tool != entity and (cuts or pours or world.fits(entity, tool)):
                return ""
    wanted = [*missing, f"full of {thing.liquid}"] if needs_liquid else missing
    if means in world.domain.objects:
        return f"cannot be changed by a {means}" if is_about_states else f"cannot be carried by a {means}"
    if not is_about_states:
        return f"cannot be brought anywhere by a {means}"
    return f"cannot become {' and '.join(wanted)} by a {means}"


def _stays_obstacle(state: State, thing: Thing, number: int) -> str:
    """Say that more than so many objects match a description that is about no place, and always will."""
    objects = matching_objects(state, thing, None, state)
    staying = [i for i in objects if not thing.liquid and not any(_can_lose(state, i, word) for word in thing.states)]
    if len(staying) <= number:
        return ""
    name = state.world.names[staying[-1]]
    return f"{name} stays {' '.join(thing.states)}" if thing.states else f"{name} cannot leave the home"


def _leaving_obstacle(thing: Thing, place: Place, number: int, state: State, *, tricks: bool) -> str:
    """Say that of the objects at a place of furniture more must leave than can go anywhere else, or in the hand."""
    objects = matching_objects(state, thing, place, state)
    if place.thing is not None or thing.liquid or any(_can_lose(state, i, s) for i in objects for s in thing.states):
        return ""
    in_hand = 1
    if tricks:  # in something in the hand
        world = state.world
        in_hand += max((world.capacity[c] for c in range(world.n_fixtures, len(world.names))), default=0)
    leaving = len(objects) - number - in_hand
    if leaving < 1:
        return ""
    others = sorted(set(range(state.world.n_fixtures)).difference(fixtures_at(state, place)))
    able = [i for i in objects if any(goes_in(state, i, f) for f in others)]
    if len(able) < leaving:
        return f"there is nowhere else for {state.world.names[next(i for i in objects if i not in able)]}"
    reason = capacity_obstacle(state, able, leaving, others)
    return f"they must leave, but {reason}" if reason else ""


def _can_lose(state: State, entity: int, word: str) -> bool:
    """Whether something takes a state away from an object: it is washed, or a state that excludes the other is set."""
    world = state.world
    opposites = [b if a == word else a for a, b in world.domain.exclusive if word in (a, b)]
    instead = [*opposites, *(negation for negation, positive in world.domain.negations.items() if positive == word)]
    if removal_obstacle(state, entity, word) == "":
        return True
    return any(makes(state, f, other, entity) for f in range(world.n_fixtures) for other in instead)


def _room_obstacle(state: State, objects: list[int], number: int, place: Place | None, *, stacking: bool) -> str:
    """Say how many of so many objects do not fit at a place, all together."""
    if place is None or place.beside:
        return ""
    holders = list(_holders(state, place))
    if place.thing is not None and place.inside is not None:
        holders = [i for i in holders if not _object_obstacle(state, i, place.thing, place.inside)]
    return capacity_obstacle(state, objects, number, holders, stacking=stacking)


def _is_for_people(state: State, place: Place) -> bool:
    return place.thing is None and all(state.world.relation[f] == "with" for f in fixtures_at(state, place))


def _can_be_given(state: State, entity: int, place: Place) -> bool:
    return any(state.world.fits(entity, f) or state.root(entity) == f for f in fixtures_at(state, place))


# -- places ------------------------------------------------------------------------------------------------------------


def _place_obstacle(place: Place, state: State) -> str:
    if place.thing is None:
        if fixtures_at(state, place):
            return ""
        if place.person is not None:
            return _absent(place.person, state)
        return f"there is no {format_furniture(place) if place.fixture else place.room} here"
    objects = usable(state, place.thing)
    if not objects:
        return f"there is no {format_thing(place.thing)} here"
    if place.inside is not None and (reason := _place_obstacle(place.inside, state)):
        return reason
    reasons = [_object_obstacle(state, i, place.thing, place.inside) for i in objects]
    return "" if "" in reasons else reasons[0]


def _absent(person: str, state: State) -> str:
    """Say that a person is not here."""
    return f"{person} is not here" if person in state.world.scene.people else f"nobody here is called {person}"


def _holders(state: State, place: Place) -> Iterator[int]:
    """Yield what an object could be in or on to be at a place."""
    yield from fixtures_at(state, place) if place.thing is None else usable(state, place.thing)


# -- fixtures ----------------------------------------------------------------------------------------------------------


def _fixture_obstacle(condition: FixtureIs, state: State) -> str:
    fixtures = fixtures_of(state, condition)
    if not fixtures and condition.person is not None:
        return _absent(condition.person, state)
    if not fixtures:
        return f"there is no {format_furniture(condition)} here"
    opposites = {a: b for a, b in state.world.domain.negations.items() if {a, b} <= {*condition.states}}
    if opposites and condition.quantifier != "no":
        return "nothing is {} and {}".format(*next(iter(opposites.items())))
    return next(
        (reason for s in condition.states if (reason := _fixture_state_obstacle(condition, s, fixtures, state))), ""
    )


def _fixture_state_obstacle(condition: FixtureIs, asked: str, fixtures: list[int], state: State) -> str:
    world, word = state.world, asked
    negation = {b: a for a, b in world.domain.negations.items()}
    if condition.quantifier == "no":  # "no oven dirty" asks for clean ones
        word = negation.get(word) or world.domain.negations.get(word, word)
        if word == asked and (reason := removal_obstacle(state, fixtures[0], word)) is not None:
            return reason
        if word == asked:
            return f"nothing the robot does changes that {world.names[fixtures[0]]} is {word}"
    if {"open", "on"} <= set(condition.states) and condition.quantifier != "no":
        process = world.process[fixtures[0]]
        if process is not None and "closed" in process.when:
            return f"{world.names[fixtures[0]]} only runs while it is closed"
    unmet = [f for f in fixtures if not state.has(f, word)]
    reasons = [skill_obstacle(state, f, word) for f in unmet]
    if "" in reasons and (condition.quantifier == "some" or not any(reasons)):
        return ""
    if world.domain.negations.get(word, word) not in BUILT_IN_STATES:
        is_met = not unmet or (condition.quantifier == "some" and len(unmet) < len(fixtures))
        none = no_skill(state, unmet[0], word) if unmet else ""
        return "" if is_met else next((reason for reason in reasons if reason), none)
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
