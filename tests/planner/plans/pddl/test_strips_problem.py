"""The exported PDDL: typed STRIPS that three parsers read, whose rules carry out our plan and reach its goal."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import DIRTY, HELD, Action, State, World, parse_action, successor
from envs.symbolic.goals import Goal, parse_goal
from envs.symbolic.scoring import holds
from planner.corpus.teacher_chunks import taught_actions
from planner.errors import ExportError
from planner.plans.export import export_files
from planner.plans.pddl.strips_problem import PddlFiles, to_strips
from planner.plans.pddl.symbols import KEYWORDS, comment, symbols
from planner.verification.plan_verification import verify
from planner.world_model.open_home import open_home
from tests.planner.conftest import Drawn
from tests.planner.plans.pddl.strips_checks import (
    HAS_PARSERS,
    NO_PARSERS,
    check_files,
    check_plan,
    replayed,
    steps_of,
    written,
)
from tests.planner.plans.pddl.test_adl_problem import walk

needs_parsers = pytest.mark.skipif(not HAS_PARSERS, reason=NO_PARSERS)
# A goal of every form of the goal language.
GOALS = [
    "cold apple on desk", "mug on dining table then mug in sink", "2 clean mug on desk", "every lamp on", "no lamp on",
    "no mug in cabinet then every cabinet closed", "hot mug of coffee", "plant watered", "book with person",
    "sliced apple on plate on dining table", "holding book", "fork in mug on countertop", "no dirty plate",
    "every book except magazine on desk", "folded towel ; window open", "no apple on clean plate in cabinet",
    "lamp on then lamp off then holding pillow", "every plate is clean", "no teddy bear on sofa",
]  # fmt: skip
WALKED = [
    "3 food in fridge", "no cold food in fridge", "no hot mug on plate on countertop", "fork in mug on countertop",
    "every mug is clean", "every food on plate", "no cabinet open", "cup of water ; no dirty mug", "no mug of water",
    "no hot apple on clean plate on countertop", "sliced food on plate", "plant watered", "no anything on tray",
]  # fmt: skip


def planned(goal: Goal, start: State) -> list[Action]:
    return taught_actions(start, goal)


@pytest.fixture(scope="module")
def house() -> State:
    return open_home("family_house", geometry=False)


@pytest.fixture(scope="module")
def dirty_home() -> State:
    fixtures = {"sink": 1, "microwave": 1, "coffee machine": 1, "dishwasher": 1, "fridge": 1, "stove burner": 1,
                "person": 1, "plant": 1, "cabinet": 2}  # fmt: skip
    things = {"mug": 3, "fork": 2, "plate": 2, "bowl": 2, "tomato": 1, "apple": 2, "knife": 1, "cloth": 1, "milk": 1,
              "pan": 1, "pot": 1, "cup": 1, "watering can": 1, "tray": 1}  # fmt: skip
    scene = sample_scene(5, rooms=2, need_fixtures=fixtures, need_objects=things, n_objects=1, geometry=False)
    state = World(scene).initial()
    return state._replace(flags=tuple(flags | DIRTY for flags in state.flags))


def check_drawn(drawn: list[Drawn]) -> int:
    checked = 0
    for d in drawn:
        if d.pieces is None or d.task.goal is None:
            continue
        actions = list(chain.from_iterable(p.actions for p in d.pieces))
        report = verify(d.task.start, d.task.goal, actions)
        if report.ok:
            check_plan(to_strips(d.task.goal, actions, d.task.start), report.final)
            checked += 1
    return checked


def test_the_plans_of_drawn_tasks_reach_their_goals_by_the_exported_rules(drawn: list[Drawn]) -> None:
    assert check_drawn(drawn[::6]) >= 30


@pytest.mark.slow
def test_the_plans_of_all_drawn_tasks_reach_their_goals_by_the_exported_rules(drawn: list[Drawn]) -> None:
    assert check_drawn(drawn) >= 150


@pytest.mark.parametrize("text", WALKED)
def test_whatever_the_robot_does_the_exported_rules_lead_to_the_same_state(dirty_home: State, text: str) -> None:
    goal = parse_goal(text)
    steps = walk(dirty_home, random.Random(text), 60)
    final = steps[-1][1]
    reached = all(holds(final, c, dirty_home) for c in goal.conditions)
    try:
        files = to_strips(goal, [action for action, _ in steps], dirty_home)
    except ExportError:
        assert not reached
        return
    check_plan(files, final, reached=reached)


@pytest.mark.parametrize("text", GOALS)
def test_every_form_of_goal_is_a_conjunction_that_the_plan_reaches(house: State, text: str) -> None:
    goal = parse_goal(text)
    actions = planned(goal, house)
    check_plan(to_strips(goal, actions, house, title=text), verify(house, goal, actions).final)


@needs_parsers
@pytest.mark.parametrize(
    "text", [GOALS[1], GOALS[15], *(pytest.param(text, marks=pytest.mark.slow) for text in (*GOALS[2:15], *GOALS[16:]))]
)
def test_the_parsers_of_others_read_the_files_and_the_plan_is_valid_for_them(
    house: State, text: str, tmp_path: Path
) -> None:
    from pddl import parse_domain, parse_plan, parse_problem
    from pyperplan.pddl.parser import Parser
    from unified_planning.engines import SequentialPlanValidator
    from unified_planning.io import PDDLReader
    from unified_planning.shortcuts import get_environment

    get_environment().credits_stream = None
    goal = parse_goal(text)
    domain, problem, plan = written(to_strips(goal, planned(goal, house), house, title=text), tmp_path)
    assert parse_domain(domain).name == parse_problem(problem).domain_name == "home"
    parse_plan(plan)
    parser = Parser(domain, problem)
    assert parser.parse_problem(parser.parse_domain()).domain.name == "home"
    reader = PDDLReader()
    task = reader.parse_problem(domain, problem)
    with SequentialPlanValidator() as validator:
        assert validator.validate(task, reader.parse_plan(task, plan)).status.name == "VALID"


@needs_parsers
@pytest.mark.parametrize(
    "text", ["mug on countertop then mug on dining table", "cold apple on countertop", "no mug in cabinet"]
)
def test_the_plan_of_another_planner_is_a_plan_here(flat: State, text: str, tmp_path: Path) -> None:
    from pyperplan.grounding import ground
    from pyperplan.heuristics.relaxation import hFFHeuristic
    from pyperplan.pddl.parser import Parser
    from pyperplan.search import greedy_best_first_search

    goal = parse_goal(text)
    files = to_strips(goal, [], flat)
    domain, problem, _ = written(files, tmp_path)
    parser = Parser(domain, problem)
    task = ground(parser.parse_problem(parser.parse_domain()))
    solution = "\n".join(step.name for step in greedy_best_first_search(task, hFFHeuristic(task)))
    facts = replayed(check_files(files), solution)
    assert facts and verify(flat, goal, files.actions(solution)).ok


def test_our_plan_is_read_back_as_it_was(house: State) -> None:
    for text in GOALS:
        goal = parse_goal(text)
        actions = planned(goal, house)
        files = to_strips(goal, actions, house)
        assert files.actions(files.plan) == tuple(actions)


ODD_NAMES = {
    "cabinet 1": "Ännchen's & Søn's", "fridge 1": "object", "dining table 1": "42 (north)", "countertop 1": "at",
    "desk lamp 1": "杯子", "mug 1": "open", "apple 1": "x; (hand-free)", "plate 1": "n3", "fork 1": "?p\n- thing",
}  # fmt: skip


def test_odd_names_become_legal_names_each_of_its_own(flat: State, tmp_path: Path) -> None:
    scene = flat.world.scene
    fixtures = tuple(replace(f, name=ODD_NAMES.get(f.name, f.name)) for f in scene.fixtures)
    objects = tuple(
        replace(o, name=ODD_NAMES.get(o.name, o.name), place=ODD_NAMES.get(o.place, o.place)) for o in scene.objects
    )
    start = World(replace(scene, name="define", fixtures=fixtures, objects=objects)).initial()
    goal = parse_goal("no mug in cabinet ; apple on dining table then plate in cabinet ; fork on plate")
    actions = planned(goal, start)
    files = to_strips(goal, actions, start, title="put all in Ännchen's & Søn's 杯子\n(:init)")
    check_plan(files, verify(start, goal, actions).final)
    assert files.actions(files.plan) == tuple(actions)
    if HAS_PARSERS:
        from pddl import parse_domain, parse_problem
        from unified_planning.io import PDDLReader

        domain, problem, _ = written(files, tmp_path)
        parse_domain(domain)
        parse_problem(problem)
        PDDLReader().parse_problem(domain, problem)


def test_names_are_symbols_each_of_its_own() -> None:
    assert symbols(["TV stand 1", "tv-stand 1", "2 x", "plate 1"]) == ["tv_stand_1", "tv_stand_1_", "n_2_x", "plate_1"]
    assert symbols(["café 1", "Anna's mug", "salt & pepper", "杯", "!"]) == [
        "cafe_1",
        "annas_mug",
        "salt_and_pepper",
        "n",
        "n_",
    ]
    assert not KEYWORDS & set(symbols(sorted(KEYWORDS)))
    assert symbols(["box", "box_"], reserved=["box"]) == ["box_", "box__"]


@pytest.mark.parametrize("name", ["15-puzzle", "(define", "DOMAIN", "home", "über & co's", "家"])
def test_a_home_may_be_called_anything(flat: State, name: str) -> None:
    start = World(replace(flat.world.scene, name=name)).initial()
    files = to_strips(parse_goal("mug in cabinet"), [], start)
    check_plan(files, start)


def test_a_comment_is_one_line_of_ascii() -> None:
    assert comment("a\n(b)\r\x0b\u2028\u0085 ü 🍎\ud800") == "a (b) \\xfc \\U0001f34e"


def test_what_a_person_typed_cannot_leave_its_comment(flat: State) -> None:
    files = to_strips(parse_goal("mug on dining table"), [], flat, title="a\n(:init (held mug_1))\r\x0b)")
    assert ("held", "mug_1") not in check_files(files).init


def test_what_lies_nowhere_can_be_picked_up(flat: State) -> None:
    fallen = flat.world.index["mug 1"]
    start = flat._replace(place=tuple(-1 if i == fallen else place for i, place in enumerate(flat.place)))
    goal = parse_goal("mug on dining table ; no mug in cabinet")
    actions = [parse_action(flat.world, step) for step in ("pick up mug 1", "put mug 1 on dining table 1")]
    check_plan(to_strips(goal, actions, start), verify(start, goal, actions).final)
    goal = parse_goal("no mug in cabinet")
    check_plan(to_strips(goal, [], start), start)


def test_what_is_held_at_the_start_is_said(flat: State) -> None:
    state = successor(successor(flat, Action("open", ("cabinet 1",))), Action("pick up", ("mug 1",)))
    assert state.place[state.held] == HELD
    init = check_files(to_strips(parse_goal("mug on dining table"), [], state)).init
    assert ("held", "mug_1") in init and ("hand-free",) not in init
    check_plan(to_strips(parse_goal("no mug in cabinet ; holding mug"), [], state), state)


def test_a_goal_that_holds_already_has_an_empty_plan_but_for_its_proof(flat: State) -> None:
    for text in ("mug in cabinet", "no mug on dining table", "cabinet closed", "no teddy bear", "no pillow on cabinet"):
        try:
            goal = parse_goal(text)
            files = to_strips(goal, [], flat)
        except ExportError:
            continue
        check_plan(files, flat)
        assert files.actions(files.plan) == ()


def test_go_to_and_useless_steps_are_steps_too(flat: State) -> None:
    steps = ("go to fridge 1", "turn on desk lamp 1", "open cabinet 1", "go to fridge 1", "close cabinet 1")
    actions = [parse_action(flat.world, step) for step in steps]
    final = verify(flat, parse_goal("mug in cabinet"), actions).final
    files = to_strips(parse_goal("mug in cabinet"), actions, flat)
    check_plan(files, final)
    assert files.actions(files.plan) == tuple(actions)


def test_a_plan_that_cannot_be_carried_out_ends_where_it_fails(flat: State) -> None:
    actions = [
        parse_action(flat.world, step) for step in ("open cabinet 1", "put mug 1 on dining table 1", "open fridge 1")
    ]
    files = to_strips(parse_goal("mug on dining table"), actions, flat)
    assert steps_of(files.plan) == [("open", ("cabinet_1",))]


def test_a_goal_that_can_never_hold_is_said(flat: State) -> None:
    for text in ("teddy bear on dining table", "2 mug", "every teddy bear on dining table", "plant watered", "no mug"):
        with pytest.raises(ExportError, match="can never hold"):
            to_strips(parse_goal(text), [], flat)


@pytest.mark.parametrize("line", ["(fly mug_1)", "(pick-up mug_9 cabinet_1)", "(open)", "open cabinet_1 ("])
def test_what_is_no_action_of_the_home_is_said(flat: State, line: str) -> None:
    files = to_strips(parse_goal("mug on countertop"), [], flat)
    if line.startswith("open"):
        assert files.actions(line) == (Action("open", ("cabinet 1",)),)
        return
    with pytest.raises(ExportError, match="not an action of this home"):
        files.actions(line)


def test_what_no_plan_can_need_is_left_out(flat: State) -> None:
    files = to_strips(parse_goal("mug on dining table"), [], flat)
    assert "fork_1" not in files.problem and "slice" not in files.domain and "chill" not in files.domain
    assert "fork_1" in to_strips(parse_goal("no fork on countertop"), [], flat).problem


def test_a_home_of_hundreds_of_objects_makes_a_file_of_bearable_size() -> None:
    scene = sample_scene(2, rooms=8, n_objects=300, geometry=False)
    start = World(scene).initial()
    for text in ("apple on dining table", "hot apple", "every mug in sink", "no dirty plate"):
        files = to_strips(parse_goal(text), [], start)
        check_files(files)
        assert len(files.domain) + len(files.problem) < 150_000, text


def test_an_export_is_three_files(flat: State) -> None:
    goal, actions = parse_goal("mug in cabinet"), list[Action]()
    files = to_strips(goal, actions, flat, title="t")
    assert isinstance(files, PddlFiles)
    assert export_files("pddl", goal, actions, flat, title="t") == {
        "domain.pddl": files.domain, "problem.pddl": files.problem, "plan": files.plan,
    }  # fmt: skip
