"""py_trees: ticking the tree carries the plan out, and its root says why it failed."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import pytest

from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import Action, State, parse_action, successor
from envs.symbolic.goals import parse_goal
from envs.symbolic.scoring import holds
from planner.errors import ExportError
from planner.execution.executor import Step
from planner.plans.export import py_tree
from planner.plans.export.py_tree import is_installed, show, to_py_trees
from tests.planner.conftest import Drawn

if TYPE_CHECKING:
    from py_trees.behaviour import Behaviour

PLAN = ["open cabinet 1", "pick up mug 1", "put mug 1 on dining table 1"]
GOAL = "mug on dining table"

needs_py_trees = pytest.mark.skipif(not is_installed(), reason="the extra `exports` is not installed")


class Clumsy(SymbolicHome):
    """A home in which one skill always fails."""

    def execute(self, action: Action) -> Step:
        if action.skill == "put":
            return Step(subtask="put", status="failed", reason="it slipped", duration_s=1.0)
        return super().execute(action)


def tree_of(home: SymbolicHome, goal: str = GOAL, plan: list[str] = PLAN) -> Behaviour:
    return to_py_trees(parse_goal(goal), [parse_action(home.state().world, step) for step in plan], home)


@needs_py_trees
def test_ticking_it_reaches_the_goal(drawn: list[Drawn]) -> None:
    for one in drawn[::6]:
        if one.pieces is None or one.task.goal is None:
            continue
        start, home = one.task.start, SymbolicHome(one.task.start)
        tree = to_py_trees(one.task.goal, list(chain.from_iterable(p.actions for p in one.pieces)), home)
        tree.tick_once()
        assert (tree.status.name, tree.feedback_message) == ("SUCCESS", "")
        assert all(holds(home.state(), c, start) for c in one.task.goal.phases[-1])


@needs_py_trees
def test_its_root_fails_with_the_reason(flat: State) -> None:
    tree = tree_of(Clumsy(flat))
    tree.tick_once()
    assert (tree.status.name, tree.feedback_message) == ("FAILURE", "put mug 1 on dining table 1: it slipped")


@needs_py_trees
def test_an_unmet_precondition_is_a_reason(flat: State) -> None:
    tree = tree_of(SymbolicHome(flat), plan=PLAN[1:])
    tree.tick_once()
    assert (tree.status.name, tree.feedback_message) == ("FAILURE", "pick up mug 1: cabinet 1 is closed")


@needs_py_trees
def test_a_goal_that_was_not_reached_is_a_reason(flat: State) -> None:
    tree = tree_of(SymbolicHome(flat), plan=PLAN[:2])
    tree.tick_once()
    assert (tree.status.name, tree.feedback_message) == ("FAILURE", f"the goal does not hold: {GOAL}")


@needs_py_trees
def test_what_is_done_already_is_not_done_again(flat: State) -> None:
    home = SymbolicHome(flat)
    tree = tree_of(home)
    home.change(successor(flat, Action("open", ("cabinet 1",))))
    tree.tick_once()
    assert tree.status.name == "SUCCESS"


@needs_py_trees
def test_it_is_drawn_with_every_subtask(flat: State) -> None:
    drawing = show(tree_of(SymbolicHome(flat)))
    assert all(step in drawing for step in PLAN) and f"goal: {GOAL}" in drawing
    assert "\x1b" not in drawing


def test_without_the_extra_it_says_what_to_install(flat: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(py_tree, "is_installed", lambda: False)
    with pytest.raises(ExportError, match=r"pip install 'gpt-home-planner\[exports\]'"):
        tree_of(SymbolicHome(flat))
