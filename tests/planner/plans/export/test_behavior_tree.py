"""Behavior trees: valid for BehaviorTree.CPP 4, and a robot that ticks them reaches the goal."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

import pytest

from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import Action, State, parse_action
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import Goal, parse_goal
from envs.symbolic.progress import advance, begin, score
from envs.symbolic.scoring import holds
from planner.plans.export.behavior_tree import NODES, SKILLS, to_behavior_tree
from tests.planner.conftest import Drawn
from tests.planner.plans.export.btcpp import check, tick

PLAN = ["open cabinet 1", "pick up mug 1", "put mug 1 on countertop 1", "pick up mug 1", "put mug 1 on dining table 1"]
PHASES = "mug on countertop then mug on dining table"
STATES = {"IsOpen": "open", "IsClosed": "closed", "IsOn": "on", "IsOff": "off", "IsSliced": "sliced",
          "IsClean": "clean", "IsFolded": "folded", "IsWatered": "watered"}  # fmt: skip
DOING = {act.name: skill for skill, (act, _) in SKILLS.items()} | {"Water": "pour"}


class Robot:
    """Implements the leaves in the symbolic home; the actions named in `fails` fail."""

    def __init__(self, state: State, fails: tuple[str, ...] = ()) -> None:
        self.home, self.first, self.fails = SymbolicHome(state), state, fails
        self.done: list[Action] = []
        self.replans: list[str] = []
        self.reached: list[State] = [state]

    def __call__(self, name: str, ports: Mapping[str, str]) -> bool:
        state = self.home.state()
        values = [ports[port] for port in ("object", "place", "fixture") if port in ports]
        index = state.world.index
        if name == "Replan":
            self.replans.append(ports["goal"])
            return False
        if name == "GoalHolds":
            return all(holds(state, c, self.first) for c in parse_goal(ports["goal"]).conditions)
        if name == "Holding":
            return state.held == index[values[0]]
        if name == "IsAt":
            return state.place[index[values[0]]] == index[values[1]]
        if name == "IsNear":
            return state.at == index[values[0]]
        if name == "Contains":
            return state.liquid[index[values[0]]] == ports["liquid"]
        if name in STATES:
            return state.has(index[values[0]], STATES[name])
        action = Action(DOING[name], tuple(values))
        if name in self.fails:
            return False
        self.done.append(action)
        done = self.home.execute(action).status == "done"
        self.reached.append(self.home.state())
        return done


def actions_of(state: State, plan: list[str]) -> list[Action]:
    return [parse_action(state.world, subtask) for subtask in plan]


def plans(drawn: list[Drawn]) -> list[tuple[Goal, list[Action], State]]:
    return [
        (d.task.goal, list(chain.from_iterable(p.actions for p in d.pieces)), d.task.start)
        for d in drawn[::4]
        if d.pieces is not None and d.task.goal is not None
    ]


def test_every_drawn_plan_is_a_valid_tree_that_reaches_its_goal(drawn: list[Drawn]) -> None:
    for goal, actions, start in plans(drawn):
        root = check(to_behavior_tree(goal, actions, start))
        robot = Robot(start)
        tree = root.find("BehaviorTree")
        assert tree is not None and tick(tree[0], robot), (goal, actions)
        progress = begin(goal, start)
        for state in robot.reached:
            progress = advance(progress, state)
        assert score(advance(progress, robot.home.state())).success
        assert not robot.replans


def test_phases_are_reached_in_turn(flat: State) -> None:
    root = check(to_behavior_tree(parse_goal(PHASES), actions_of(flat, PLAN), flat))
    robot = Robot(flat)
    assert tick(root[0][0], robot)
    assert robot.done == actions_of(flat, PLAN)
    assert [g.get("goal") for g in root.iter("GoalHolds")] == ["mug on countertop", "mug on dining table"]


def test_what_is_done_already_is_not_done_again(flat: State) -> None:
    robot = Robot(flat)
    assert robot("Open", {"fixture": "cabinet 1"})
    root = check(to_behavior_tree(parse_goal(PHASES), actions_of(flat, PLAN), flat))
    assert tick(root[0][0], robot)
    assert robot.done.count(Action("open", ("cabinet 1",))) == 1


def test_a_failed_subtask_leads_to_planning_anew_for_its_phase(flat: State) -> None:
    root = check(to_behavior_tree(parse_goal(PHASES), actions_of(flat, PLAN), flat, attempts=2))
    robot = Robot(flat, fails=("Put",))
    assert not tick(root[0][0], robot)
    assert robot.replans == ["mug on countertop"] * 2


@pytest.mark.parametrize("text", ['<a b="c">&amp;\'', "{key}", "a\nb\x00\ud800c", "日本語 ]]> -->", "x" * 4000])
def test_what_a_person_typed_is_escaped(flat: State, text: str) -> None:
    written = to_behavior_tree(parse_goal("mug on dining table"), actions_of(flat, PLAN[:2]), flat, title=text)
    root = check(written)
    said = root[0].get("_description")
    assert said == "".join(c for c in " ".join(text.split()) if c.isprintable())


def test_every_skill_has_a_node_and_every_node_is_declared(flat: State) -> None:
    assert set(SKILLS) == set(load_domain().skills)
    root = check(to_behavior_tree(parse_goal("mug on dining table"), [], flat))
    assert {model.get("ID") for model in root[1]} == {node.name for node in NODES}


def test_the_checker_knows_a_bad_file_from_a_good_one(flat: State) -> None:
    good = to_behavior_tree(parse_goal(PHASES), actions_of(flat, PLAN), flat)
    for old, new in (('BTCPP_format="4"', 'BTCPP_format="3"'), ("<GoalHolds", "<GoalStands"), ("num_attempts", "n"),
                     ('ID="PickUp"', 'ID="Pick Up"'), ('main_tree_to_execute="Plan"', 'main_tree_to_execute="P"'),
                     ('<input_port name="object"', '<input_port name="name"'), ("<Holding object", "<Holding thing"),
                     ('object="mug 1"', 'object="{mug}"')):  # fmt: skip
        assert old in good
        with pytest.raises(AssertionError):
            check(good.replace(old, new))
