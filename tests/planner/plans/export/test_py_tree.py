"""py_trees: ticking the tree carries the plan out, and its root says why it failed."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING

import pytest

from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import Action, State, parse_action, successor
from envs.symbolic.goals import parse_goal
from envs.symbolic.home_protocol import Outcome
from envs.symbolic.scoring import holds
from planner.corpus.teacher_chunks import proven_plan
from planner.errors import ExportError
from planner.execution.executor import execute
from planner.plans.export import py_tree
from planner.plans.export.py_tree import is_installed, show, to_py_trees
from planner.tasks.random_goals import random_goals
from tests.planner.conftest import Drawn
from tests.planner.execution.test_proof_and_execution import timed_goal
from tests.planner.timed_runs import flat as timed_home

if TYPE_CHECKING:
    from py_trees.behaviour import Behaviour

PLAN = ["open cabinet 1", "pick up mug 1", "put mug 1 on dining table 1"]
GOAL = "mug on dining table"

needs_py_trees = pytest.mark.skipif(not is_installed(), reason="the extra `exports` is not installed")


class Clumsy(SymbolicHome):
    """A home in which one skill always fails."""

    def execute(self, action: Action) -> Outcome:
        if action.skill == "put":
            return Outcome(status="failed", reason="it slipped", duration_s=1.0)
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


class Clockless:
    """A home without a clock, such as a robot of your own."""

    def __init__(self, start: State) -> None:
        self._home = SymbolicHome(start)

    def state(self) -> State:
        return self._home.state()

    def execute(self, action: Action) -> Outcome:
        return self._home.execute(action)


@needs_py_trees
def test_a_phase_waits_by_the_clock_of_the_home(flat: State) -> None:
    home = SymbolicHome(flat, start_time="08:00")
    tree = tree_of(home, f"after 30 min : {GOAL} then at 07:00 : cabinet closed", [*PLAN, "close cabinet 1"])
    tree.tick_once()
    assert (tree.status.name, tree.feedback_message) == ("SUCCESS", "")
    assert 0 < home.time_s - (24 + 7) * 3600.0 < 60 and "wait: after 30 min" in show(tree)


@needs_py_trees
@pytest.mark.parametrize(
    ("goal", "start", "end"),
    [
        (f"after 0 s : {GOAL}", "08:00", 8.0),
        (f"at 08:00 : {GOAL}", "08:00", 8.0),
        (f"at 07:59 : {GOAL}", "08:00", 24 + 7 + 59 / 60),
        (f"{GOAL} then at 08:00 : cabinet closed", "08:00", 8.0),  # it comes while the robot is busy
        (f"at 09:00 : {GOAL} then at 09:00 : cabinet closed", "08:00", 9.0),
        (f"at 09:00 : {GOAL} then after 2 h : cabinet closed", "08:00", 11.0),
        (f"if lamp on : {GOAL} then after 1 h : cabinet closed", "08:00", 9.0),
        (f"at 00:00 : {GOAL}", "23:59", 24.0),
    ],
)
def test_it_waits_as_long_as_an_execution_does(flat: State, goal: str, start: str, end: float) -> None:
    plan = [*PLAN, "close cabinet 1"]
    home, other = SymbolicHome(flat, start_time=start), SymbolicHome(flat, start_time=start)
    tree = tree_of(home, goal, plan)
    tree.tick_once()
    episode = execute([parse_action(flat.world, step) for step in plan], parse_goal(goal), other)
    assert (tree.status.name, episode.success) == ("SUCCESS", True)
    assert home.time_s == pytest.approx(other.time_s)
    assert home.time_s == pytest.approx(3600 * end, abs=120)


@needs_py_trees
def test_in_a_home_without_a_clock_it_runs_until_the_time_of_the_machine_has_come(flat: State) -> None:
    home, now = Clockless(flat), [datetime(2026, 1, 1, 23, 45)]
    actions = [parse_action(flat.world, step) for step in PLAN]
    tree = to_py_trees(parse_goal(f"after 30 min : {GOAL}"), actions, home, now=lambda: now[0])
    for _ in range(2):
        tree.tick_once()
        assert tree.status.name == "RUNNING" and home.state() is flat
        now[0] += timedelta(minutes=14)
    now[0] += timedelta(minutes=2)  # 00:15
    tree.tick_once()
    assert tree.status.name == "SUCCESS"


@needs_py_trees
def test_what_is_done_every_day_goes_on(flat: State) -> None:
    home = SymbolicHome(flat)
    tree = tree_of(home, f"every day at 09:00 : {GOAL}")
    for day in range(3):
        tree.tick_once()
        assert tree.status.name == "RUNNING" and 0 <= home.time_s - (9 + 24 * day) * 3600.0 < 60


@needs_py_trees
@pytest.mark.parametrize(
    ("test", "is_done"), [("cabinet closed", True), ("not cabinet closed", False), ("lamp on", False),
                          ("cabinet closed and not lamp on", True), ("cabinet closed and lamp on", False)]
)  # fmt: skip
def test_a_phase_is_left_out_if_its_test_is_false(flat: State, test: str, is_done: bool) -> None:
    home = SymbolicHome(flat)
    tree = tree_of(home, f"if {test} : {GOAL}")
    tree.tick_once()
    assert tree.status.name == "SUCCESS"
    assert holds(home.state(), parse_goal(GOAL).conditions[0], flat) == is_done


@needs_py_trees
@pytest.mark.parametrize(
    ("rule", "plan"),
    [
        ("never open fridge", ["open fridge 1", *PLAN]),
        ("never mug on countertop", [*PLAN[:2], "put mug 1 on countertop 1", *PLAN[1:]]),
        ("never mug on dining table", PLAN),
        ("never holding mug", PLAN),
    ],
)
def test_a_broken_rule_makes_it_fail_and_is_named(flat: State, rule: str, plan: list[str]) -> None:
    tree = tree_of(SymbolicHome(flat), f"{GOAL} while {rule}", plan)
    tree.tick_once()
    assert (tree.status.name, tree.feedback_message) == ("FAILURE", f"the rule is broken: {rule}")


@needs_py_trees
def test_a_rule_that_others_break_between_ticks_stops_the_next_subtask(flat: State) -> None:
    home = SymbolicHome(flat)
    tree = tree_of(
        home, f"{GOAL} then after 5 min : cabinet closed while never fridge open", [*PLAN, "close cabinet 1"]
    )
    home.change(successor(flat, Action("open", ("fridge 1",))))
    tree.tick_once()
    assert (tree.status.name, tree.feedback_message) == ("FAILURE", "the rule is broken: never fridge open")
    assert not home.state().has(home.state().world.index["cabinet 1"], "open")


@needs_py_trees
@pytest.mark.parametrize("seed", range(2))
def test_plans_for_random_goals_of_every_construct_are_trees_that_reach_them(seed: int) -> None:
    ticked = 0
    for drawn in random_goals(60, seed):
        if (actions := proven_plan(drawn.state, drawn.goal)) is not None:
            tree = to_py_trees(drawn.goal, actions, SymbolicHome(drawn.state))
            tree.tick_once()
            assert (tree.status.name, tree.feedback_message) == ("SUCCESS", ""), str(drawn.goal)
            ticked += 1
    assert ticked >= 30


@needs_py_trees
@pytest.mark.parametrize("seed", range(3))
def test_random_goals_with_times_are_reached_with_the_waits_of_an_execution(seed: int) -> None:
    rng, ticked = random.Random(seed), 0
    for _ in range(60):
        goal, start = timed_goal(rng), timed_home()
        actions = proven_plan(start, goal)
        if actions is None or any(g.when and g.when.daily for g in goal.guards):
            continue
        home, other = SymbolicHome(start), SymbolicHome(start)
        tree = to_py_trees(goal, actions, home)
        tree.tick_once()
        assert (tree.status.name, tree.feedback_message) == ("SUCCESS", ""), str(goal)
        assert execute(actions, goal, other).success and home.state() == other.state()
        assert 0 <= home.time_s - other.time_s < 60, str(goal)  # a delay counts from when the door has been closed, too
        ticked += 1
    assert ticked >= 15
