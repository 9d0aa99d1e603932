"""Behavior trees: valid for BehaviorTree.CPP 4, and a robot that ticks them reaches the goal."""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import chain

import pytest

from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import Action, State, parse_action, successor
from envs.symbolic.domain import load_domain
from envs.symbolic.domain.achievers import own_skills
from envs.symbolic.goals import Goal, parse_goal
from envs.symbolic.progress import advance, begin, is_true, score, uses_of
from envs.symbolic.scoring import holds
from planner.corpus.teacher_chunks import proven_plan, taught_actions
from planner.errors import ExportError
from planner.plans.export.behavior_tree import NODES, SKILLS, own_nodes, to_behavior_tree
from planner.plans.own_skills.states_after import states_after
from planner.tasks.random_goals import random_goals
from planner.verification.plan_verification import verify
from tests.planner.conftest import Drawn
from tests.planner.execution.test_proof_and_execution import timed_goal
from tests.planner.goals.skilled_home import skilled_state
from tests.planner.plans.export.btcpp import check, tick
from tests.planner.timed_runs import flat as timed_home

PLAN = ["open cabinet 1", "pick up mug 1", "put mug 1 on countertop 1", "pick up mug 1", "put mug 1 on dining table 1"]
PHASES = "mug on countertop then mug on dining table"
STATES = {"IsOpen": "open", "IsClosed": "closed", "IsOn": "on", "IsOff": "off", "IsSliced": "sliced",
          "IsClean": "clean", "IsFolded": "folded", "IsWatered": "watered"}  # fmt: skip
MEANS = (*load_domain().process_at, "knife", "cloth")
DOING = {act.name: skill for skill, (act, _) in SKILLS.items()} | {"Water": "pour"}


class Robot:
    """Implements the leaves in the symbolic home; the actions named in `fails` fail."""

    def __init__(self, state: State, fails: tuple[str, ...] = ()) -> None:
        self.home, self.first, self.chosen_in, self.fails = SymbolicHome(state), state, state, fails
        self.done: list[Action] = []
        self.replans: list[str] = []
        self.reached: list[State] = [state]
        self.waits: list[str] = []
        self.uses: set[tuple[str, int]] = set()

    def __call__(self, name: str, ports: Mapping[str, str]) -> bool:
        state = self.home.state()
        values = [ports[port] for port in ("object", "place", "fixture") if port in ports]
        index = state.world.index
        if name == "Replan":
            self.replans.append(ports["goal"])
            return False
        if name in ("Sleep", "WaitUntil"):
            self.waits.append(ports.get("msec") or ports["time"])
            self.chosen_in = state
            return True
        if name == "GoalHolds":
            return all(holds(state, c, self.chosen_in, self.uses) for c in parse_goal(ports["goal"]).conditions)
        if name == "TestHolds":
            goal = parse_goal(f"if {ports['test']} : holding anything")
            return is_true(goal.guards[0].tests[0], state, self.chosen_in)
        if name == "RuleKept":
            rule = parse_goal(f"holding anything while {ports['rule']}")
            progress = begin(rule, self.first)
            for done, after in zip(self.done, self.reached[1:], strict=True):
                progress = advance(progress, after, done)
            return not progress.broken
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
        self.uses |= set(uses_of(state, action, self.home.state(), MEANS))
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


def test_a_phase_waits_for_its_time(flat: State) -> None:
    goal = "after 30 min : mug on countertop then at 07:05 : mug on dining table"
    root = check(to_behavior_tree(parse_goal(goal), actions_of(flat, PLAN), flat))
    robot = Robot(flat)
    assert tick(root[0][0], robot)
    assert robot.waits == ["1800000", "07:05"] and robot.done == actions_of(flat, PLAN)
    assert [g.get("goal") for g in root.iter("Replan")] == ["mug on countertop", "mug on dining table"]


def test_a_phase_of_every_day_is_repeated_without_an_end(flat: State) -> None:
    goal = parse_goal("every day at 07:00 : mug on dining table")
    root = check(to_behavior_tree(goal, actions_of(flat, [*PLAN[:2], PLAN[4]]), flat))
    assert [repeat.get("num_cycles") for repeat in root.iter("Repeat")] == ["-1"]
    robot = Robot(flat)
    assert tick(root[0][0], robot) and robot.waits == ["07:00", "07:00"]


def test_nothing_comes_after_what_never_ends(flat: State) -> None:
    goal = parse_goal("every day at 07:00 : mug on countertop then mug on dining table")
    with pytest.raises(ExportError, match=r"^cannot be said in a behavior tree: a phase after 'every day at"):
        to_behavior_tree(goal, [], flat)


TESTED = "if cabinet closed and not lamp on : mug on countertop then mug on dining table"


def test_a_phase_whose_test_is_true_is_done(flat: State) -> None:
    root = check(to_behavior_tree(parse_goal(TESTED), actions_of(flat, PLAN), flat))
    robot = Robot(flat)
    assert tick(root[0][0], robot) and robot.done == actions_of(flat, PLAN)
    assert [node.get("test") for node in root.iter("TestHolds")] == ["cabinet closed", "not lamp on"]


def test_a_phase_whose_test_is_false_when_the_tree_is_ticked_is_left_out(flat: State) -> None:
    root = check(to_behavior_tree(parse_goal(TESTED), actions_of(flat, PLAN), flat))
    robot = Robot(successor(flat, Action("turn on", ("desk lamp 1",))))
    direct = [*PLAN[:2], PLAN[4]]
    assert not tick(root[0][0], robot)  # what the second phase begins with is missing
    assert robot.replans[0] == "mug on dining table" and robot.done != actions_of(flat, PLAN)
    root = check(to_behavior_tree(parse_goal(TESTED), actions_of(flat, direct), robot.first))
    robot = Robot(robot.first)
    assert tick(root[0][0], robot) and robot.done == actions_of(flat, direct)


def test_a_phase_that_is_left_out_after_all_others_keeps_no_step_to_itself(flat: State) -> None:
    goal = parse_goal("mug on countertop then if lamp on : desk lamp off")
    root = check(to_behavior_tree(goal, actions_of(flat, [*PLAN[:3], "close cabinet 1"]), flat))
    robot = Robot(flat)
    assert tick(root[0][0], robot) and robot.done[-1] == Action("close", ("cabinet 1",))


def test_what_is_said_twice_stands_there_once(flat: State) -> None:
    goal = "if cabinet closed and cabinet closed : mug on dining table while never open fridge ; never open fridge"
    root = check(to_behavior_tree(parse_goal(goal), actions_of(flat, [*PLAN[:2], PLAN[4]]), flat))
    assert [node.get("test") for node in root.iter("TestHolds")] == ["cabinet closed"]
    assert [node.get("rule") for node in root.iter("RuleKept")] == ["never open fridge"] * 2
    assert tick(root[0][0], Robot(flat))


RULED = "mug on dining table while never open fridge ; never mug on countertop"


def test_rules_are_guards_of_every_tick_and_are_tested_at_the_end(flat: State) -> None:
    kept = actions_of(flat, [*PLAN[:2], PLAN[4]])
    root = check(to_behavior_tree(parse_goal(RULED), kept, flat))
    guard = root[0][0]
    assert guard.tag == "ReactiveSequence" and [node.tag for node in guard] == ["RuleKept", "RuleKept", "Sequence"]
    assert tick(guard, Robot(flat))
    assert {g.get("goal") for g in root.iter("Replan")} == {RULED}


@pytest.mark.parametrize(
    "breaking", [["open fridge 1"], ["pick up mug 1", "put mug 1 on countertop 1", "pick up mug 1"]]
)
def test_a_broken_rule_makes_the_tree_fail(flat: State, breaking: list[str]) -> None:
    plan = actions_of(flat, ["open cabinet 1", *breaking, "pick up mug 1", "put mug 1 on dining table 1"])
    plan = [action for i, action in enumerate(plan) if i == 0 or action != plan[i - 1]]
    root = check(to_behavior_tree(parse_goal(RULED), plan, flat))
    robot = Robot(flat)
    assert not tick(root[0][0], robot)
    assert holds(robot.home.state(), parse_goal("mug on dining table").conditions[0], flat)


@pytest.mark.parametrize("seed", range(2))
def test_plans_for_random_goals_of_every_construct_are_trees_that_reach_them(seed: int) -> None:
    ticked = 0
    for drawn in random_goals(40, seed):
        if (actions := proven_plan(drawn.state, drawn.goal)) is not None:
            robot = Robot(drawn.state)
            assert tick(check(to_behavior_tree(drawn.goal, actions, drawn.state))[0][0], robot), str(drawn.goal)
            assert verify(drawn.state, drawn.goal, robot.done).ok and not robot.replans
            ticked += 1
    assert ticked >= 20


@pytest.mark.parametrize("seed", range(2))
def test_plans_for_random_goals_with_times_are_trees_that_reach_them(seed: int) -> None:
    rng, ticked = random.Random(seed), 0
    for _ in range(60):
        goal, start = timed_goal(rng), timed_home()
        actions = proven_plan(start, goal)
        if actions is not None and not any(g.when and g.when.daily for g in goal.guards):
            robot = Robot(start)
            assert tick(check(to_behavior_tree(goal, actions, start))[0][0], robot), str(goal)
            assert not robot.replans and robot.done == actions
            ticked += 1
    assert ticked >= 15


def test_a_door_is_closed_before_the_wait_and_not_after_it(flat: State) -> None:
    plan = [*PLAN[:2], PLAN[4], "close cabinet 1", "turn on desk lamp 1"]
    goal = parse_goal("mug on dining table then after 30 min : desk lamp on")
    root = check(to_behavior_tree(goal, actions_of(flat, plan), flat))
    names = [node.tag for node in root[0].iter()]
    assert names.index("Close") < names.index("Sleep") < names.index("TurnOn")


@pytest.mark.parametrize(
    "text", ["every room vacuumed", "chopped carrot on plate", "every electronics is charged", "every pet fed",
             "charged tablet then no charged electronics", "kitchen mopped ; ironed shirt", "desk dusted"]
)  # fmt: skip
def test_skills_of_a_domains_own_are_nodes_with_a_test_of_what_they_set(text: str) -> None:
    start = skilled_state()
    domain, goal = start.world.domain, parse_goal(text, scene=start.world.scene)
    own = {own_nodes(skill, domain)[0].name: skill for skill in own_skills(domain)}
    tests = {
        node.name: after
        for skill in own.values()
        for node, after in zip(own_nodes(skill, domain)[1], states_after(skill, domain), strict=True)
    }

    class SkilledRobot(Robot):
        def __call__(self, name: str, ports: Mapping[str, str]) -> bool:
            state, values = self.home.state(), [v for port, v in ports.items() if port not in ("name", "ID")]
            if name in tests:
                return state.has(state.world.index[values[0]], tests[name].word) == tests[name].is_so
            if name == "GoalHolds":
                conditions = parse_goal(ports["goal"], domain).conditions
                return all(holds(state, c, self.chosen_in, self.uses) for c in conditions)
            if name in own:
                return self.home.execute(Action(own[name].name, tuple(values))).status == "done"
            return super().__call__(name, ports)

    root = check(to_behavior_tree(goal, taught_actions(start, goal, common_sense=True), start))
    robot = SkilledRobot(start)
    tree = root.find("BehaviorTree")
    assert tree is not None and tick(tree[0], robot)
    assert all(holds(robot.home.state(), c, start) for c in goal.phases[-1])
    assert not robot.replans
