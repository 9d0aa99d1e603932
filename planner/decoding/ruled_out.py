"""What rules leave no use of: appliances to be done without, and goals that they rule out.

An appliance is unusable if opening it, putting something in it, closing it or switching it on breaks a rule. It is
hidden from choices, as with `by` another one (`planner/goals/narrowing.py`), so that another way is planned.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from envs.symbolic.actions import HELD, ON, OPEN, Action, successor
from envs.symbolic.domain.achievers import achievers
from envs.symbolic.goals import Count, Every, FixtureIs, Place, format_rule
from envs.symbolic.obstacles import makes, usable
from envs.symbolic.rules import first_broken
from envs.symbolic.scoring import (
    fixtures_at,
    fixtures_of,
    has_result,
    holds,
    matching_objects,
    number_required,
    quantified_objects,
)
from planner.goals.chunking import remaining_subjects
from planner.goals.means.appliances import all_appliances, appliances_for
from planner.goals.means.states import is_by_own_skill

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envs.symbolic.goals import Condition, Goal, Rule
    from envs.symbolic.state import State
    from planner.verification.plan_verification import Report

_SKILLS = {"open": "open", "closed": "close", "on": "turn on", "off": "turn off"}


def unusable_appliances(goal: Goal, state: State, initial_state: State) -> frozenset[int]:
    """Return the appliances whose use rules forbid, but for those that the goal itself is about."""
    if not goal.rules:
        return frozenset()
    world = state.world
    named = {category for condition in goal.conditions for category in _named(condition, state)}
    objects = [i for c in goal.conditions if not isinstance(c, FixtureIs) for i in usable(state, c.thing)]
    return frozenset(
        f
        for f in all_appliances(world)
        if world.categories[f] not in named and _is_unusable(goal.rules, f, objects, state, initial_state)
    )


def barred_places(goal: Goal, unmet: Sequence[Condition], state: State, initial_state: State) -> frozenset[int]:
    """Return the furniture where, as the home is now, rules forbid to put any of what is still to be brought.

    Beside Ben's phone on the sofa there is no place for Anna's. Furniture that the goal names stays.
    """
    if not goal.rules:
        return frozenset()
    world = state.world
    named = {category for condition in goal.conditions for category in _named(condition, state)}
    to_bring = {
        i
        for c in unmet
        if isinstance(c, Count | Every) and c.place is not None
        for i in (remaining_subjects(state, c, initial_state) if isinstance(c, Every) else usable(state, c.thing))
        if state.place[i] >= 0 or i == state.held
    }
    return frozenset(
        f
        for f in range(world.n_fixtures)
        if to_bring and world.relation[f] and world.categories[f] not in named
        and (fitting := [i for i in to_bring if world.fits(i, f) and state.root(i) != f])
        and all(_is_forbidden_at(goal.rules, i, f, state, initial_state) for i in fitting)
    )  # fmt: skip


def served_there(
    unmet: Sequence[Condition], places: frozenset[int], state: State, initial_state: State
) -> frozenset[int]:
    """Return the objects at some places that are as choices want them, which stay there."""
    return frozenset(
        i
        for c in unmet
        if isinstance(c, Every)
        for i in quantified_objects(initial_state, c)
        if state.root(i) in places and has_result(state, i, c, initial_state)
    )


def _is_forbidden_at(rules: Sequence[Rule], item: int, fixture: int, state: State, initial_state: State) -> bool:
    world = state.world
    skill = "give" if world.relation[fixture] == "with" else "put"
    return _breaks(rules, [Action(skill, (world.names[item], world.names[fixture]))], state, initial_state)


def refusal(goal: Goal, state: State, report: Report) -> str:
    """Say which rules a plan for a goal breaks that ignores them; empty if it breaks none or misses the goal anyway.

    Only where they surely leave no way, it says so; otherwise, that no plan was found.
    """
    broken = [format_rule(goal.rules[i]) for i, _ in report.score.broken]
    if not broken or not all(report.score.met):
        return ""
    if any(step == 0 for _, step in report.score.broken):
        return report.reason
    if is_ruled_out(goal, state):
        return f"a rule does not allow it: {' ; '.join(broken)}"
    return f"no plan was found that keeps the rule{'s' if len(broken) > 1 else ''} {' ; '.join(broken)}"


def is_ruled_out(goal: Goal, state: State) -> bool:
    """Whether rules surely keep some condition of a goal from being reached: there is no other way."""
    return any(
        not holds(state, condition, state) and _is_ruled_out(condition, goal.rules, state)
        for condition in goal.conditions
    )


def _named(condition: Condition, state: State) -> Iterator[str]:
    """Yield the categories of furniture that a condition is about."""
    domain = state.world.domain
    words = [getattr(condition, "means", None), getattr(condition, "fixture", None)]
    thing, place = getattr(condition, "thing", None), getattr(condition, "place", None)
    while place is not None:
        words.append(place.fixture)
        place = place.inside
    if thing is not None and thing.origin is not None:
        words.append(thing.origin.fixture)
    for word in words:
        if word in domain.fixtures:
            yield word
        elif word is not None:
            yield from domain.fixture_members.get(word, ())


def _is_unusable(
    rules: Sequence[Rule], fixture: int, objects: Sequence[int], state: State, initial_state: State
) -> bool:
    """Whether each of the objects, if put in a fixture that then runs, breaks a rule."""
    fitting: list[int | None] = [i for i in objects if state.world.fits(i, fixture)]
    return all(_breaks(rules, _use(fixture, item, state), state, initial_state) for item in fitting or [None])


def _use(fixture: int, item: int | None, state: State) -> list[Action]:
    """Return the steps of using an appliance, for an object or without one."""
    world = state.world
    name, category = world.names[fixture], world.fixture_category[fixture]
    enclosed, is_open = world.enclosed[fixture], bool(state.flags[fixture] & OPEN)
    steps = [Action("open", (name,))] if enclosed and not is_open else []
    if item is not None and state.place[item] != fixture:
        steps.append(Action("put", (world.names[item], name)))
    steps += [Action("close", (name,))] if enclosed else []
    has_switch = category is not None and category.switch and not state.flags[fixture] & ON
    return [*steps, *([Action("turn on", (name,))] if has_switch else [])]


def _breaks(rules: Sequence[Rule], actions: Sequence[Action], state: State, initial_state: State) -> bool:
    for action in actions:
        after = successor(state, action)
        if first_broken(rules, action, state, after, initial_state) is not None:
            return True
        state = after
    return False


def _is_ruled_out(condition: Condition, rules: Sequence[Rule], state: State) -> bool:
    names = state.world.names
    if isinstance(condition, FixtureIs):
        word, fixtures = condition.states[0], fixtures_of(state, condition)
        if condition.quantifier == "no":
            return False
        ways = [_breaks_by_own_skill(word, f, rules, state) for f in fixtures if not state.has(f, word)]
        if word in _SKILLS:
            ways = [_breaks(rules, [Action(_SKILLS[word], (names[f],))], state, state) for f in fixtures]
        return any(ways) if condition.quantifier == "every" else bool(ways) and all(ways)
    if not isinstance(condition, Count | Every) or getattr(condition, "amount", "at least") in ("exactly", "at most"):
        return False
    every = isinstance(condition, Every)
    objects = quantified_objects(state, condition) if isinstance(condition, Every) else usable(state, condition.thing)
    number = number_required(state, condition)[0] if isinstance(condition, Every) else condition.number
    place, words = condition.place, condition.become if isinstance(condition, Every) else condition.thing.states
    target = replace(condition.thing, states=tuple(words)) if every else condition.thing
    possible = set(matching_objects(state, target, place)).intersection(objects)
    for item in set(objects) - possible:
        is_out = _is_kept(item, rules, state) or any(_is_never(word, item, rules, state) for word in words)
        if place is not None and place.thing is None:
            is_out = is_out or _is_barred(item, place, rules, state)
        if not is_out:
            possible.add(item)
    return len(objects) >= number > len(possible)


def _is_kept(item: int, rules: Sequence[Rule], state: State) -> bool:
    """Whether an object cannot be taken from where it is."""
    names, closed = state.world.names, state.closed_around(item)
    if state.place[item] == HELD:
        return False
    steps = [Action("open", (names[closed],))] if closed is not None else []
    return _breaks(rules, [*steps, Action("pick up", (names[item],))], state, state)


def _is_barred(item: int, place: Place, rules: Sequence[Rule], state: State) -> bool:
    """Whether an object cannot be put at a place."""
    names, world = state.world.names, state.world
    skill = {f: "give" if world.relation[f] == "with" else "put" for f in fixtures_at(state, place)}
    return bool(skill) and all(
        _breaks(
            rules,
            [
                *([Action("open", (names[f],))] if world.enclosed[f] and not state.flags[f] & OPEN else []),
                Action(name, (names[item], names[f])),
            ],
            state,
            state,
        )
        for f, name in skill.items()
    )


def _breaks_by_own_skill(word: str, entity: int, rules: Sequence[Rule], state: State) -> bool:
    """Whether only skills of the domain's own give an entity a state, and each of them breaks a rule."""
    world = state.world
    skills = [skill for skill, _ in achievers(world.domain, world.categories[entity], word)]
    if not skills or any(len(skill.parameters) > 1 for skill in skills) or not is_by_own_skill(state, entity, word):
        return False
    return all(_breaks(rules, [Action(skill.name, (world.names[entity],))], state, state) for skill in skills)


def _is_never(word: str, item: int, rules: Sequence[Rule], state: State) -> bool:
    """Whether an object lacks a state that no appliance may give it."""
    if state.has(item, word):
        return False
    if is_by_own_skill(state, item, word):
        return _breaks_by_own_skill(word, item, rules, state)
    fixtures = [f for group in appliances_for(state, word, item) for f in group if makes(state, f, word, item)]
    return bool(fixtures) and all(_is_unusable(rules, f, [item], state, state) for f in fixtures)
