"""Looks for an obstacle in a whole goal: its rules, each of its conditions, and the conditions of a phase together."""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING

from envs.symbolic.embodiment.refusals import robot_obstacle
from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Goal, format_condition, format_rule
from envs.symbolic.obstacles.demands import exceeds_limit, too_few_for_all
from envs.symbolic.obstacles.rules import forbidding_rule
from envs.symbolic.obstacles.single import DOES_NOT_FIT, condition_obstacle
from envs.symbolic.obstacles.together import exclude_each_other, too_much_for_a_place
from envs.symbolic.progress import begin, is_true, score
from envs.symbolic.scoring import holds

if TYPE_CHECKING:
    from envs.symbolic.actions import State


_LASTING = {"sliced", "cooked", "folded", "clean"}


def obstacle(goal: Goal, state: State, *, sizes: bool = True, tricks: bool = True) -> str:
    """Say why a goal can never be reached from a state, with the condition; return "" if nothing speaks against it.

    Args:
        goal: The goal.
        state: The state.
        sizes: Whether to check that things fit in their places too, which no other home would change.
        tricks: Whether containers may be brought to a place only to make more fit there, or may hold in the robot's
            hand what has nowhere else to go.
    """
    if broken := begin(goal, state).broken:
        return f"{format_rule(goal.rules[broken[0][0]])}: it is so already"
    lasting: list[Condition] = []  # conditions of earlier phases that nothing undoes
    is_later = False  # what a phase with a time chooses, it chooses in a state that is not known yet
    for number, phase in enumerate(goal.phases):
        is_later = is_later or (number > 0 and goal.guard(number).when is not None)
        if _may_be_left_out(goal, number, state):
            continue
        for condition in phase:
            if holds(state, condition, state) or (is_later and _looks_back(condition)):
                continue
            reason = condition_obstacle(condition, state, tricks=tricks)
            if not reason and (rule := forbidding_rule(condition, goal.rules, state)) is not None:
                reason = f"the rule does not allow it: {format_rule(rule)}"
            if reason and (sizes or not reason.endswith(DOES_NOT_FIT)):
                return f"{format_condition(condition)}: {reason}"
        now = tuple(c for c in phase if not (is_later and _looks_back(c)))
        for a, b in product(lasting, now):
            if exceeds_limit(b, a, state):
                return f"{format_condition(a)} then {format_condition(b)}: they exclude each other"
        lasting += [c for c in now if _lasts(c)]
        for a, b in combinations(now, 2):
            if exclude_each_other(a, b, state):
                return f"{format_condition(a)} ; {format_condition(b)}: they exclude each other"
        if reason := too_few_for_all(now, state) or too_much_for_a_place(now, state):
            return reason
    return robot_obstacle(goal, state)


def _may_be_left_out(goal: Goal, phase: int, state: State) -> bool:
    """Whether a phase has tests that are not known to be true when it begins; those of the first are tested now."""
    tests = goal.guard(phase).tests
    return bool(tests) and (phase > 0 or not all(is_true(test, state, state) for test in tests))


def _lasts(condition: Condition) -> bool:
    """Whether a condition stays true once it is: what is sliced, cooked, folded or clean stays so."""
    if (
        isinstance(condition, Count | Every)
        and condition.place is None
        and getattr(condition, "amount", "") != "at most"
    ):
        states = condition.become if isinstance(condition, Every) else condition.thing.states
        return bool(states) and set(states) <= _LASTING
    return False


def _looks_back(condition: Condition) -> bool:
    """Whether a condition depends on the state at the start: choices, `more`, `from`, `by`."""
    if isinstance(condition, FixtureIs):
        return condition.excluded is not None
    if isinstance(condition, Every) or condition.thing.origin is not None or getattr(condition, "means", None):
        return True
    if isinstance(condition, Count) and condition.amount == "more":
        return True
    place = getattr(condition, "place", None)
    while place is not None and place.thing is not None:
        if place.thing.origin is not None:
            return True
        place = place.inside
    return False


def holds_at_start(goal: Goal, state: State) -> bool:
    """Whether a goal holds in an initial state, so that an episode would have nothing to do."""
    return score(begin(goal, state)).success
