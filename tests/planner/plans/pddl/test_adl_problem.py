"""PDDL export: its rules are the home's, its goals mean what ours mean, and other planners' plans are ours."""

from __future__ import annotations

import random

import pytest

from envs.evaluation.random_plans import draw_chain
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import (
    DIRTY,
    HELD,
    Action,
    State,
    World,
    applicable,
    parse_action,
    successor,
    unmet_precondition,
)
from envs.symbolic.goals import parse_goal
from envs.symbolic.scoring import holds
from planner.errors import ExportError
from planner.plans.pddl.adl_goal import SKILLS
from planner.plans.pddl.adl_problem import PddlTask, to_pddl
from planner.plans.pddl.fast_downward import is_installed, solve
from planner.plans.pddl.symbols import symbols
from planner.verification.plan_verification import verify
from planner.world_model.open_home import open_home
from tests.planner.plans.pddl.pddl_evaluator import Fact, Task

ALL = "holding anything"  # a goal that leaves nothing out
STATIC = {"fits", "watched"}
GOALS = {
    "studio": ["2 mug on desk", "sliced tomato on countertop", "cup of water", "no dirty plate then holding mug"],
    "hotel_room": ["every lamp off", "book on bed", "2 towel in bathtub", "holding book"],
    "retirement_flat": ["cup of water on dining table", "no pillow on bed"],
    "3": ["clean plate on dining table", "3 plate on dining table", "no plate in cabinet", "every cabinet open"],
    "11": ["anything in box", "every plate is clean", "hot bowl", "no anything on plate"],
    "12": ["fork on plate on countertop", "every drawer closed ; every lamp on", "cooked food then holding plate"],
}
MEANINGS = [
    "2 mug on desk", "3 food in fridge", "cold food", "no cold food in fridge", "no hot mug on plate on countertop",
    "no mug in cabinet", "fork in mug on countertop", "every mug is clean", "every food in fridge", "holding mug",
    "every cabinet open", "no cabinet open", "lamp on", "cup of water", "no fork in clean mug", "no mug of water",
    "sliced food on plate", "plate with person", "2 dishes in sink",
]  # fmt: skip


@pytest.fixture(scope="module")
def home() -> State:
    needs = {"sink": 1, "microwave": 1, "coffee machine": 1, "dishwasher": 1, "fridge": 1, "stove burner": 1,
             "person": 1, "plant": 1, "cabinet": 2}  # fmt: skip
    things = {"mug": 3, "fork": 2, "plate": 2, "bowl": 2, "tomato": 1, "apple": 2, "knife": 1, "cloth": 1, "milk": 1,
              "pan": 1, "pot": 1, "cup": 1, "watering can": 1, "tray": 1}  # fmt: skip
    scene = sample_scene(5, rooms=2, need_fixtures=needs, need_objects=things, n_objects=1, geometry=False)
    state = World(scene).initial()
    return state._replace(flags=tuple(flags | DIRTY for flags in state.flags))


@pytest.fixture(scope="module")
def walked(home: State) -> list[tuple[State, frozenset[Fact]]]:
    states = [home, *(state for _, state in walk(home, random.Random(1), 150))]
    return [(state, facts_of(state)) for state in states]


def walk(state: State, rng: random.Random, steps: int) -> list[tuple[Action, State]]:
    """What people do, and what nobody would: things in vessels on appliances that run, and liquids poured there."""
    found: list[tuple[Action, State]] = []
    while len(found) < steps:
        actions = draw_chain(state, rng)[1] if rng.random() < 0.4 else odd_actions(state, rng)
        for action in actions:
            if action.skill != "go to":
                assert unmet_precondition(state, action) is None
                state = successor(state, action)
                found.append((action, state))
    return found


def odd_actions(state: State, rng: random.Random) -> list[Action]:
    """One applicable action, a skill first; things are put into vessels and appliances above all."""
    by_skill: dict[str, list[Action]] = {}
    for action in applicable(state):
        by_skill.setdefault(action.skill, []).append(action)
    del by_skill["go to"]
    if rng.random() < 0.7 and (puts := by_skill.get("put")):
        world = state.world
        rich = [a for a in puts if (i := world.index[a.args[1]]) >= world.n_fixtures or world.rule[i] is not None]
        by_skill["put"] = rich or puts
    return [rng.choice(by_skill[rng.choice(sorted(by_skill))])]


def facts_of(start: State) -> frozenset[Fact]:
    task = to_pddl(parse_goal(ALL), start)
    return frozenset(f for f in Task(task.domain, task.problem).init if f[0] not in STATIC)


def operator(task: Task, state: State, action: Action) -> tuple[str, tuple[str, ...]] | None:
    """The PDDL action that stands for ours in a state, if its arguments are of the right kinds."""
    names = dict(zip(state.world.names, symbols(state.world.names), strict=True))
    args = [names[a] for a in action.args]
    first = state.world.index[action.args[0]]
    held = names[state.world.names[state.held]] if state.held >= 0 else None
    for name, op in task.operators.items():
        start = next(s for s in SKILLS if name.startswith(s))
        if SKILLS[start][0] != action.skill:
            continue
        more: list[str | None] = []
        if action.skill == "pick up":
            more = [names[state.world.names[state.place[first]]] if state.place[first] >= 0 else None]
        elif action.skill in ("slice", "wipe"):
            more = [held]
        elif action.skill == "pour" and name != "pour-plant":
            more = [state.liquid[first] or None]
            if name != f"pour-{next((s for s in ('hot', 'cold') if state.has(first, s)), 'as-it-is')}":
                continue
        if None in more:
            return None
        whole = tuple([*args, *(m for m in more if m)])
        if len(whole) == len(op.parameters) and all(
            task.is_a(a, kind) for a, (_, kind) in zip(whole, op.parameters, strict=True)
        ):
            return name, whole
    return None


def any_action(state: State, rng: random.Random) -> Action:
    """Any action at all, sensible or not."""
    names = state.world.names
    skill = rng.choice([s for s in state.world.domain.skills if s != "go to"])
    first = state.world.names[state.held] if state.held >= 0 and rng.random() < 0.7 else rng.choice(names)
    return Action(skill, (first, rng.choice(names)) if skill in ("put", "give", "pour") else (rng.choice(names),))


@pytest.mark.parametrize("seed", range(3))
def test_its_rules_are_those_of_the_symbolic_world(home: State, seed: int) -> None:
    rng = random.Random(seed)
    pddl = to_pddl(parse_goal(ALL), home)
    task, state = Task(pddl.domain, pddl.problem), home
    facts = task.init
    for action, after in walk(home, rng, 250):
        for other in [any_action(state, rng) for _ in range(8)]:
            reason = unmet_precondition(state, other)
            if reason is not None and "no room" in reason:
                continue
            found = operator(task, state, other)
            able = found is not None and task.applicable(facts, *found)
            if able != (reason is None):  # room at the start is the one thing that may tell them apart
                assert reason is None and other.skill == "put", (other, reason)
        found = operator(task, state, action)
        assert found is not None
        facts, state = task.apply(facts, *found), after
        assert frozenset(f for f in facts if f[0] not in STATIC) == facts_of(state), action


SCENES = {
    "what is put on a hot pan gets hot": (
        "put pan 1 on stove burner 1 > turn on stove burner 1 > put apple 1 on pan 1", ("hot", "apple 1")),
    "what is on a plate is rinsed with it": (
        "put apple 1 on plate 1 > turn on sink 1 > put plate 1 in sink 1", ("clean", "apple 1")),
    "cold milk poured into a pot on the fire gets hot": (
        "put pot 1 on stove burner 1 > turn on stove burner 1 > put milk 1 in fridge 1 > close fridge 1 > "
        "open fridge 1 > pour milk 1 into pot 1", ("hot", "pot 1")),
    "cold milk poured into a pot elsewhere makes it cold": (
        "put pot 1 on countertop 1 > put milk 1 in fridge 1 > close fridge 1 > open fridge 1 > pour milk 1 into pot 1",
        ("cold", "pot 1")),
}  # fmt: skip


def scripted(state: State, script: str) -> list[Action]:
    """The actions of a script, with the opening and picking up that they need."""
    found: list[Action] = []
    for action in (parse_action(state.world, step) for step in script.split(" > ")):
        first, before = state.world.index[action.args[0]], list[Action]()
        if action.skill in ("put", "pour") and (door := state.closed_around(first)) is not None:
            before.append(Action("open", (state.world.names[door],)))
        if action.args[1:] == ("fridge 1",) and not state.has(state.world.index["fridge 1"], "open"):
            before.append(Action("open", ("fridge 1",)))
        before += [Action("pick up", action.args[:1])] if action.skill in ("put", "pour") else []
        for each in (*before, action):
            if not (each.skill == "open" and state.has(state.world.index[each.args[0]], "open")):
                assert unmet_precondition(state, each) is None, (each, unmet_precondition(state, each))
                state = successor(state, each)
                found.append(each)
    return found


@pytest.mark.parametrize("name", SCENES)
def test_appliances_act_through_vessels(home: State, name: str) -> None:
    script, (word, thing) = SCENES[name]
    pddl = to_pddl(parse_goal(ALL), home)
    task, state = Task(pddl.domain, pddl.problem), home
    facts = task.init
    for action in scripted(home, script):
        found = operator(task, state, action)
        assert found is not None
        assert task.applicable(facts, *found)
        facts, state = task.apply(facts, *found), successor(state, action)
    assert state.has(state.world.index[thing], word)
    assert frozenset(f for f in facts if f[0] not in STATIC) == facts_of(state)


@pytest.mark.parametrize("text", MEANINGS)
def test_a_goal_means_what_it_means_here(home: State, walked: list[tuple[State, frozenset[Fact]]], text: str) -> None:
    goal = parse_goal(text)
    try:
        pddl = to_pddl(goal, home)
    except ExportError:
        assert not holds(home, goal.conditions[0], home)
        return
    task = Task(pddl.domain, pddl.problem)
    static = task.init - walked[0][1]
    for state, facts in walked:
        known = frozenset(f for f in facts if all(name in task.objects for name in f[1:]))
        assert task.true(known | static, task.goal) == holds(state, goal.conditions[0], home), text


def test_phases_are_reached_in_turn(flat: State) -> None:
    pddl = to_pddl(parse_goal("mug on countertop then mug on dining table"), flat)
    task = Task(pddl.domain, pddl.problem)
    assert not task.applicable(task.init, "next-phase-1", ())
    facts = task.apply(task.init, "open", ("cabinet_1",))
    facts = task.apply(facts, "pick-up", ("mug_1", "cabinet_1"))
    facts = task.apply(facts, "put-vessel-furniture", ("mug_1", "countertop_1"))
    assert task.applicable(facts, "next-phase-1", ())
    facts = task.apply(facts, "next-phase-1", ())
    facts = task.apply(facts, "pick-up", ("mug_1", "countertop_1"))
    assert not task.true(facts, task.goal)
    assert task.true(task.apply(facts, "put-vessel-furniture", ("mug_1", "dining_table_1")), task.goal)


def test_a_plan_is_read_as_our_actions_and_pseudo_actions_are_dropped(flat: State) -> None:
    task = to_pddl(parse_goal("mug on countertop then mug on dining table"), flat)
    text = "(open cabinet_1)\n(pick-up mug_1 cabinet_1)\n(next-phase-1 )\n(PUT-VESSEL-X mug_1 dining_table_1)\n; cost"
    assert task.actions(text) == (
        Action("open", ("cabinet 1",)), Action("pick up", ("mug 1",)), Action("put", ("mug 1", "dining table 1")),
    )  # fmt: skip


@pytest.mark.parametrize("line", ["(fly mug_1)", "(pick-up mug_9 cabinet_1)", "(open)"])
def test_what_is_no_action_of_the_home_is_said(flat: State, line: str) -> None:
    with pytest.raises(ExportError, match="not an action of this home"):
        to_pddl(parse_goal("mug on countertop"), flat).actions(line)


def test_a_goal_that_can_never_hold_is_said(flat: State) -> None:
    for text in ("teddy bear on dining table", "2 mug", "every teddy bear on dining table", "mug in bathtub"):
        with pytest.raises(ExportError, match="can never hold"):
            to_pddl(parse_goal(text), flat)


def test_what_no_plan_can_need_is_left_out(flat: State) -> None:
    assert "fork_1" not in to_pddl(parse_goal("mug on dining table"), flat).problem
    assert "fork_1" in to_pddl(parse_goal("no fork on countertop"), flat).problem


def test_what_a_person_typed_cannot_leave_its_comment(flat: State) -> None:
    task = to_pddl(parse_goal("mug on dining table"), flat, title="a\n(:init (held mug_1))\r\x0b)")
    assert ("held", "mug_1") not in Task(task.domain, task.problem).init


def test_what_is_held_at_the_start_is_said(flat: State) -> None:
    state = successor(successor(flat, Action("open", ("cabinet 1",))), Action("pick up", ("mug 1",)))
    assert state.place[state.held] == HELD
    init = Task(*texts(to_pddl(parse_goal("mug on dining table"), state))).init
    assert ("held", "mug_1") in init and ("hand-free",) not in init


def texts(task: PddlTask) -> tuple[str, str]:
    return task.domain, task.problem


@pytest.mark.skipif(not is_installed(), reason="the extra `fast-downward` is not installed")
@pytest.mark.parametrize("text", ["cold pot on countertop", "hot mug", "no anything on plate ; hot bowl"])
def test_heat_among_many_vessels_is_no_harder_to_search(home: State, text: str) -> None:
    actions = solve(to_pddl(parse_goal(text), home), timeout_s=600.0)
    assert actions is not None and verify(home, parse_goal(text), actions).ok


@pytest.mark.skipif(not is_installed(), reason="the extra `fast-downward` is not installed")
@pytest.mark.parametrize("name", GOALS)
def test_plans_of_fast_downward_are_plans_here(name: str) -> None:
    start = open_home(name, geometry=False)
    solved = 0
    for text in GOALS[name]:
        goal = parse_goal(text)
        try:
            actions = solve(to_pddl(goal, start))
        except ExportError:
            continue
        assert actions is not None, text
        report = verify(start, goal, actions)
        assert report.ok, (text, report.reason)
        solved += 1
    assert solved >= 2
