"""Hindsight: the goals that a plan reached, whatever it was for.

What changed between the start and the end of a plan is a goal that it reaches: where things are now, the states that
they gained, what they were filled with, what was opened, closed, switched. Some of it alone is one as well, and so is
a statement about every thing of a kind, where all of them came to be there.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from envs.symbolic.actions import Action, State
from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Goal, Place, Thing
from envs.symbolic.scoring import holds
from planner.tasks.task_sampler import goal_is_held_out
from planner.verification.plan_verification import replay

MAX_RELABELLED = 6  # conditions of a goal found in hindsight
_STATES = ("hot", "cold", "sliced", "cooked", "folded")


def relabel(start: State, actions: Sequence[Action]) -> tuple[Goal, tuple[Action, ...]] | None:
    """Return a goal of all that a plan changed, with the steps up to where it holds; None if it is too much or nothing.

    None of its conditions held before.
    """
    states = replay(start, actions).states
    found: list[Condition] = [*_changed_things(start, states[-1]), *_changed_fixtures(start, states[-1])]
    changed = [c for c in dict.fromkeys(found) if not holds(start, c, start)]
    if not changed or len(changed) > MAX_RELABELLED:
        return None
    goal = Goal(phases=(tuple(changed),))
    if goal_is_held_out(goal):
        return None
    for number, state in enumerate(states):
        if all(holds(state, c, start) for c in changed):
            return goal, tuple(actions[:number])
    return None


def achieved_subgoals(start: State, actions: Sequence[Action], rng: random.Random) -> Iterator[Goal]:
    """Yield goals of one condition that a plan reached and that did not hold before, in random order."""
    end = replay(start, actions).states[-1]
    things = [part for whole in _changed_things(start, end) for part in _parts(whole)]
    found: list[Condition] = list(dict.fromkeys([*things, *_every(start, end), *_changed_fixtures(start, end)]))
    for condition in rng.sample(found, len(found)):
        goal = Goal(phases=((condition,),))
        if holds(end, condition, start) and not holds(start, condition, start) and not goal_is_held_out(goal):
            yield goal


def _changed_things(start: State, end: State) -> Iterator[Count]:
    world = start.world
    for i in range(world.n_fixtures, len(world.names)):
        gained = [s for s in (*_STATES, "clean") if end.has(i, s) and not start.has(i, s)]
        liquid = end.liquid[i] if end.liquid[i] != start.liquid[i] else ""
        place = end.place[i]
        moved = place >= 0 and (place != start.place[i] or end.root(i) != start.root(i))
        if gained or liquid or moved:
            thing = Thing(word=world.categories[i], states=tuple(gained), liquid=liquid or None)
            yield Count(thing=thing, place=_place(end, start, place) if moved else None)


def _parts(whole: Count) -> Iterator[Count]:
    """Yield a condition, and what is left of it without some of the states or the liquid: side effects, often."""
    yield whole
    thing = whole.thing
    for kept in (*((state,) for state in thing.states), ()):
        if whole.place is not None or kept:
            yield replace(whole, thing=replace(thing, states=kept, liquid=None))
    if thing.liquid:
        yield replace(whole, thing=replace(thing, states=()))


def _place(end: State, start: State, place: int) -> Place:
    """Where something is: a fixture, or a container and, if that was moved, where it is in turn."""
    world = end.world
    if place < world.n_fixtures:
        return Place(fixture=world.categories[place])
    outer = end.place[place]
    moved = outer >= 0 and outer != start.place[place]
    inside = _place(end, start, outer) if moved else None
    return Place(thing=Thing(word=world.categories[place]), inside=inside)


def _changed_fixtures(start: State, end: State) -> Iterator[FixtureIs]:
    world = start.world
    for i in range(world.n_fixtures):
        kind = world.fixture_category[i]
        assert kind is not None
        able = {"open": kind.joint, "closed": kind.joint, "on": kind.switch, "off": kind.switch}
        for word, possible in able.items():
            if possible and end.has(i, word) and not start.has(i, word):
                yield FixtureIs(fixture=world.categories[i], state=word)


def _every(start: State, end: State) -> Iterator[Condition]:
    """Say of all things of a category or class, or of the dirty ones, that they are where one of them was put."""
    world = start.world
    for i in range(world.n_fixtures, len(world.names)):
        place = end.place[i]
        if not 0 <= place < world.n_fixtures or place == start.place[i]:
            continue
        category = world.categories[i]
        classes = [c for c, members in world.domain.members.items() if category in members and c != "anything"]
        states = ((), ("dirty",)) if start.has(i, "dirty") else ((),)
        for word in (category, *classes):
            for state in states:
                condition = Every(thing=Thing(word=word, states=state), place=Place(fixture=world.categories[place]))
                if holds(end, condition, start):
                    yield condition
