"""Looks for an obstacle in a whole goal: its rules, each of its conditions, and the conditions of a phase together."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from envs.symbolic.goals import Goal, format_condition, format_rule
from envs.symbolic.obstacles.rules import forbidding_rule
from envs.symbolic.obstacles.single import DOES_NOT_FIT, condition_obstacle
from envs.symbolic.obstacles.together import exclude_each_other, too_few_for_all, too_much_for_a_place
from envs.symbolic.progress import begin, is_true, score
from envs.symbolic.scoring import holds

if TYPE_CHECKING:
    from envs.symbolic.actions import State


def obstacle(goal: Goal, state: State, *, sizes: bool = True, tricks: bool = True) -> str:
    """Say why a goal can never be reached from a state, with the condition; return "" if nothing speaks against it.

    Args:
        goal: The goal.
        state: The state.
        sizes: Whether to check that things fit in their places too, which no other home would change.
        tricks: Whether containers may be brought to a place only to make more fit there, and things that have nowhere
            to go may end in the robot's hand.
    """
    if broken := begin(goal, state).broken:
        return f"{format_rule(goal.rules[broken[0][0]])}: it is so already"
    for number, phase in enumerate(goal.phases):
        if _may_be_left_out(goal, number, state):
            continue
        for condition in phase:
            if holds(state, condition, state):
                continue
            reason = condition_obstacle(condition, state, tricks=tricks)
            if not reason and (rule := forbidding_rule(condition, goal.rules, state)) is not None:
                reason = f"the rule does not allow it: {format_rule(rule)}"
            if reason and (sizes or not reason.endswith(DOES_NOT_FIT)):
                return f"{format_condition(condition)}: {reason}"
    for phase in goal.phases:
        for a, b in combinations(phase, 2):
            if exclude_each_other(a, b, state):
                return f"{format_condition(a)} ; {format_condition(b)}: they exclude each other"
        if reason := too_few_for_all(phase, state) or too_much_for_a_place(phase, state):
            return reason
    return ""


def _may_be_left_out(goal: Goal, phase: int, state: State) -> bool:
    """Whether a phase has tests that are not known to be true when it begins; those of the first are tested now."""
    tests = goal.guard(phase).tests
    return bool(tests) and (phase > 0 or not all(is_true(test, state, state) for test in tests))


def holds_at_start(goal: Goal, state: State) -> bool:
    """Whether a goal holds in an initial state, so that an episode would have nothing to do."""
    return score(begin(goal, state)).success
