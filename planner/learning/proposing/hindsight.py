"""Hindsight relabeling (HER, arXiv:1707.01495): the goals that a plan reached, whatever it was for.

The changes between the initial and the final state of a plan form a goal that it reaches: where objects are now, the
states that they gained, what they were filled with, what was opened, closed or switched. Each change alone is a goal as
well, and so is a condition on all objects of a category that ended at one place.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from envs.symbolic.actions import Action, State
from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Goal, Place, Thing, fixtures_named
from envs.symbolic.scoring import holds
from planner.goals.comparison import shape
from planner.tasks.task_sampler import goal_is_held_out
from planner.verification.plan_verification import replay

MAX_RELABELLED = 6  # conditions of a relabeled goal
_STATES = ("hot", "cold", "sliced", "cooked", "folded")


def relabel(initial_state: State, actions: Sequence[Action]) -> tuple[Goal, tuple[Action, ...]] | None:
    """Return the goal of all changes, with the steps until it holds; None if there are no changes or too many.

    None of its conditions held initially.
    """
    states = replay(initial_state, actions).states
    conditions: list[Condition] = [
        *_changed_objects(initial_state, states[-1]),
        *_changed_fixtures(initial_state, states[-1]),
    ]
    changed = [c for c in dict.fromkeys(conditions) if not holds(initial_state, c, initial_state)]
    if not changed or len(changed) > MAX_RELABELLED:
        return None
    goal = Goal(phases=(tuple(changed),))
    if goal_is_held_out(goal):
        return None
    for number, state in enumerate(states):
        if all(holds(state, c, initial_state) for c in changed):
            return goal, tuple(actions[:number])
    return None


def achieved_subgoals(initial_state: State, actions: Sequence[Action], rng: random.Random) -> Iterator[Goal]:
    """Yield goals of one condition that a plan reached and that did not hold initially, in random order."""
    final_state = replay(initial_state, actions).states[-1]
    object_conditions = [part for whole in _changed_objects(initial_state, final_state) for part in _parts(whole)]
    conditions: list[Condition] = list(
        dict.fromkeys(
            [*object_conditions, *_every(initial_state, final_state), *_changed_fixtures(initial_state, final_state)]
        )
    )
    for condition in rng.sample(conditions, len(conditions)):
        goal = Goal(phases=((condition,),))
        if (
            holds(final_state, condition, initial_state)
            and not holds(initial_state, condition, initial_state)
            and not goal_is_held_out(goal)
        ):
            yield goal


def _changed_objects(initial_state: State, final_state: State) -> Iterator[Count]:
    world = initial_state.world
    for i in range(world.n_fixtures, len(world.names)):
        gained = [s for s in (*_STATES, "clean") if final_state.has(i, s) and not initial_state.has(i, s)]
        liquid = final_state.liquid[i] if final_state.liquid[i] != initial_state.liquid[i] else ""
        place = final_state.place[i]
        moved = place >= 0 and (place != initial_state.place[i] or final_state.root(i) != initial_state.root(i))
        if gained or liquid or moved:
            thing = Thing(word=world.categories[i], states=tuple(gained), liquid=liquid or None)
            yield Count(thing=thing, place=_place(final_state, initial_state, place) if moved else None)


def _parts(whole: Count) -> Iterator[Count]:
    """Yield a condition, and weaker ones without some of the states or the liquid, which are often side effects."""
    yield whole
    thing = whole.thing
    for states in (*((state,) for state in thing.states), ()):
        if whole.place is not None or states:
            yield replace(whole, thing=replace(thing, states=states, liquid=None))
    if thing.liquid:
        yield replace(whole, thing=replace(thing, states=()))


def _place(final_state: State, initial_state: State, place: int) -> Place:
    """Return where an object is: a fixture, or a container and, if that was moved, the container's own place."""
    world = final_state.world
    if place < world.n_fixtures:
        return Place(fixture=world.categories[place])
    outer = final_state.place[place]
    moved = outer >= 0 and outer != initial_state.place[place]
    inside = _place(final_state, initial_state, outer) if moved else None
    return Place(thing=Thing(word=world.categories[place]), inside=inside)


def _changed_fixtures(initial_state: State, final_state: State) -> Iterator[FixtureIs]:
    world = initial_state.world
    for i in range(world.n_fixtures):
        fixture = world.fixture_category[i]
        assert fixture is not None
        available = {"open": fixture.joint, "closed": fixture.joint, "on": fixture.switch, "off": fixture.switch}
        for state, possible in available.items():
            if possible and final_state.has(i, state) and not initial_state.has(i, state):
                yield FixtureIs(fixture=world.categories[i], states=(state,))


def _every(initial_state: State, final_state: State) -> Iterator[Condition]:
    """Yield conditions that all (or all dirty) objects of a category or class are where one of them was put."""
    world = initial_state.world
    for i in range(world.n_fixtures, len(world.names)):
        place = final_state.place[i]
        if not 0 <= place < world.n_fixtures or place == initial_state.place[i]:
            continue
        category = world.categories[i]
        classes = [c for c, members in world.domain.members.items() if category in members and c != "anything"]
        states = ((), ("dirty",)) if initial_state.has(i, "dirty") else ((),)
        for word in (category, *classes):
            for state in states:
                condition = Every(thing=Thing(word=word, states=state), place=Place(fixture=world.categories[place]))
                if holds(final_state, condition, initial_state):
                    yield condition


def features(goal: Goal) -> set[str]:
    """Return what a goal has in common with others: forms and number of conditions, fixtures, number of phases."""
    forms = {shape(Goal(phases=((condition,),))) for condition in goal.conditions}
    fixtures = {f"at {name}" for condition in goal.conditions for name in fixtures_named(condition)}
    return forms | fixtures | {f"{len(goal.conditions)} conditions", f"{len(goal.phases)} in turn"}
