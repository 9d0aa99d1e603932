"""Formulas: true in a state if and only if the condition that they stand for is."""

from __future__ import annotations

import random

import pytest

from envs.symbolic.actions import applicable, successor
from envs.symbolic.goals import format_condition, parse_goal
from envs.symbolic.progress import uses_of
from envs.symbolic.scoring import holds
from envs.symbolic.state import State
from planner.plans.formulas.formula import is_true, negated
from planner.plans.formulas.grounding import Grounder
from planner.tasks.random_goals import random_goals
from tests.envs.homes_for_tests import state as home_of
from tests.envs.symbolic.drawn_goals import GoalDrawer, drawn_home, without_means

MORE = [
    "exactly 2 mug on desk", "at most 1 mug in cabinet", "2 more mug on desk", "2 of mug on desk",
    "half of mug on desk", "all but 1 of mug on desk", "1 of dirty plate is clean",
    "every mug except blue mug on desk", "no mug beside plate", "spoon in every mug on desk",
    "exactly 1 spoon in every mug", "mug beside plate", "no mug beside dirty plate on desk",
    "red mug from cabinet on desk", "every mug from kitchen is clean", "no mug in kitchen", "mug on every desk",
    "every lamp except floor lamp in kitchen off", "no lamp on", "hot mug by microwave", "no mug of water",
    "every mug is hot by microwave", "holding dirty mug", "mug of water in kitchen", "every cabinet open",
    "cabinet in kitchen closed", "spoon in clean mug on desk", "no spoon in clean mug on desk", "2 mug in fridge",
    "Anna's mug with Anna", "2 of mug is hot by microwave", "half of mug is clean", "all but 1 of spoon in mug",
    "1 more spoon in every mug", "exactly 1 spoon beside every plate", "at most 1 mug on every desk",
    "every lamp except floor lamp on", "every cabinet except cabinet in bedroom closed", "mug on desk by cloth",
    "1 of mug from desk in cabinet", "all but 4 of mug on desk", "1 of spoon except spoon from mug in cabinet",
]  # fmt: skip
Walk = list[tuple[State, frozenset[tuple[str, int]]]]


@pytest.fixture(scope="module")
def home() -> State:
    return home_of(
        ["desk 1", "desk 2 @ bedroom", "desk lamp 1 @ bedroom", "person 1", "cabinet 1: open", "cabinet 2",
         "fridge 1: open", "microwave 1: open", "sink 1", "floor lamp 1"],
        {"mug 1: red": "cabinet 1", "mug 2: blue": "cabinet 1", "mug 3": "desk 1", "mug 4: red Anna's": "desk 1",
         "plate 1": "desk 1", "plate 2: dirty": "desk 2", "plate 3: dirty": "sink 1", "spoon 1": "mug 3",
         "spoon 2": "desk 2", "spoon 3": "desk 1", "cloth 1": "desk 2"},
        people=["Anna"],
    )  # fmt: skip


def walked(start: State, rng: random.Random, steps: int, means: tuple[str, ...]) -> Walk:
    state, uses = start, frozenset[tuple[str, int]]()
    found = [(state, uses)]
    for _ in range(steps):
        by_skill = {}
        for action in applicable(state):
            by_skill.setdefault(action.skill, []).append(action)
        by_skill.pop("go to", None)
        action = rng.choice(by_skill[rng.choice(sorted(by_skill))])
        after = successor(state, action)
        uses = uses.union(uses_of(state, action, after, means))
        state = after
        found.append((state, uses))
    return found


@pytest.mark.parametrize("text", MORE)
def test_a_formula_holds_where_its_condition_does(home: State, text: str) -> None:
    goal = parse_goal(text)
    formula = Grounder(home).phase(goal, 0)
    for seed in range(4):
        for state, uses in walked(home, random.Random(seed), 60, goal.means):
            expected = all(holds(state, c, home, uses) for c in goal.conditions)
            assert is_true(formula, state, uses) == expected
            assert is_true(negated(formula), state, uses) != expected


def test_random_goals_of_every_construct_are_formulas_that_say_the_same() -> None:
    rng = random.Random(0)
    for drawn in random_goals(150, 3):
        grounder = Grounder(drawn.state)
        formulas = [grounder.condition(c) for c in drawn.goal.conditions]
        tests = [grounder.tests([test]) for guard in drawn.goal.guards for test in guard.tests]
        for state, uses in walked(drawn.state, rng, 12, drawn.goal.means):
            for condition, formula in zip(drawn.goal.conditions, formulas, strict=True):
                assert is_true(formula, state, uses) == holds(state, condition, drawn.state, uses), str(drawn.goal)
        for formula in tests:
            assert is_true(negated(formula), drawn.state) != is_true(formula, drawn.state)


def test_goals_over_the_whole_grammar_are_formulas_that_say_the_same() -> None:
    rng, true = random.Random(11), 0
    for _ in range(60):
        start = drawn_home(rng)
        drawer, grounder = GoalDrawer(start, rng), Grounder(start)
        conditions = [drawer.condition() for _ in range(12)]
        means = tuple({m for c in conditions if (m := getattr(c, "means", None))})
        formulas = [grounder.condition(c) for c in conditions]
        tests = [grounder.condition(c, by_means=False) for c in conditions]
        for state, uses in walked(start, rng, 15, means):
            for condition, formula, test in zip(conditions, formulas, tests, strict=True):
                assert is_true(formula, state, uses) == holds(state, condition, start, uses), format_condition(
                    condition
                )
                assert is_true(test, state) == holds(state, without_means(condition), start), format_condition(
                    condition
                )
                true += is_true(formula, state, uses)
    assert true > 500
