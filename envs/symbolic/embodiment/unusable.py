"""What a robot had better leave alone on the way to a goal: what it cannot get at, lift or run, where others would do.

It is spared like what rules forbid: things that could never serve are not chosen, places and tools come last.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from envs.symbolic.embodiment.possible import possible_in
from envs.symbolic.embodiment.possible_goals import PossibleGoals
from envs.symbolic.goals import Condition, Every, FixtureIs, No
from envs.symbolic.rules import forbidden_entities
from envs.symbolic.scoring import can_match, quantified_objects
from envs.symbolic.state import NOWHERE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from envs.symbolic.embodiment.possible import Possible
    from envs.symbolic.goals import Goal, Rule
    from envs.symbolic.state import State


def spared(conditions: Iterable[Condition], rules: Sequence[Rule], state: State) -> frozenset[int]:
    """Return the entities that rules forbid skills on, and those that this robot cannot use for the conditions."""
    return forbidden_entities(rules, state) | unusable(tuple(conditions), state)


def spared_for(goal: Goal, state: State) -> frozenset[int]:
    """Return what is `spared` for the conditions of a goal and its rules."""
    return spared(goal.conditions, goal.rules, state)


def unusable(conditions: tuple[Condition, ...], state: State) -> frozenset[int]:
    """Return the entities that this robot cannot use for conditions; empty for a robot without limits."""
    if not state.world.domain.has_limits:
        return frozenset()
    return _unusable(conditions, state._replace(at=NOWHERE))


def out_of_access(state: State) -> frozenset[int]:
    """Return the furniture that this robot gets nothing in or on; empty for a robot without limits."""
    if not state.world.domain.has_limits:
        return frozenset()
    possible = possible_in(state._replace(at=NOWHERE))
    return frozenset(f for f in range(state.world.n_fixtures) if not possible.is_accessible(f))


@lru_cache(maxsize=64)
def _unusable(conditions: tuple[Condition, ...], state: State) -> frozenset[int]:
    possible, world = possible_in(state), state.world
    fixtures = {f for f in range(world.n_fixtures) if _is_useless(possible, f)}
    goals = PossibleGoals(possible, state)
    subjects, serving, holders = set[int](), set[int](), set[int]()
    for condition in conditions:
        if isinstance(condition, FixtureIs | No):
            continue
        if isinstance(condition, Every):
            objects = quantified_objects(state, condition)
        else:
            objects = [i for i in world.objects_of(condition.thing.word) if can_match(state, i, condition.thing, state)]
        subjects.update(objects)
        serving.update(i for i in objects if goals.serves(i, condition))
        place = getattr(condition, "place", None)
        while place is not None and place.thing is not None:
            inside = place.inside
            holders.update(
                i for i in world.objects_of(place.thing.word)
                if possible.is_accessible(i) and (inside is None or goals.can_be_at(i, inside))
            )  # fmt: skip
            place = inside
    others = set(possible.objects) - subjects - holders - possible.holdable
    return frozenset(fixtures | (subjects - serving - holders) | others)


def _is_useless(possible: Possible, fixture: int) -> bool:
    """Whether the robot gets at nothing in a fixture, or cannot run the appliance that it is on anything new."""
    world = possible.world
    if not possible.is_accessible(fixture):
        return True
    process = world.process[fixture]
    if process is None or possible.can_run(fixture, process, is_new=True):
        return False
    return not (world.enclosed[fixture] and fixture in possible.false["open"] and fixture in possible.state.place)
