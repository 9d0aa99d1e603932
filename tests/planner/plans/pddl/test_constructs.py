"""Every construct of the goal language in PDDL: read by other parsers, solved by other planners, proven here."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from envs.symbolic.actions import Action, State, parse_action
from envs.symbolic.goals import Goal, parse_goal
from planner.corpus.teacher_chunks import taught_actions
from planner.errors import ExportError
from planner.plans.pddl.adl_problem import to_pddl
from planner.plans.pddl.fast_downward import is_installed, solve
from planner.plans.pddl.strips_problem import PddlFiles, to_strips
from planner.tasks.random_goals import random_goals
from planner.verification.plan_verification import verify
from tests.envs.homes_for_tests import state as home_of
from tests.envs.symbolic.drawn_goals import GoalDrawer, drawn_home
from tests.planner.plans.pddl.pddl_evaluator import Task
from tests.planner.plans.pddl.strips_checks import HAS_PARSERS, NO_PARSERS, check_plan, written

GOALS = {
    "a number of states": "dirty red mug on desk",
    "exactly, with too many there": "exactly 1 mug on desk",
    "exactly, with too few there": "exactly 3 mug on desk",
    "at most": "at most 1 mug on desk",
    "more": "1 more mug on desk",
    "some of, chosen at the start": "1 of dirty mug is clean",
    "some of, at a place": "2 of mug in cabinet",
    "all but": "all but 1 of mug in cabinet",
    "half": "half of mug in cabinet",
    "every but": "every mug except mug from desk on desk",
    "from furniture": "1 of mug from desk in cabinet",
    "from a room": "mug from kitchen on side table",
    "a room as a place": "mug in bedroom",
    "furniture in a room": "mug on side table in bedroom",
    "no ... in a room": "no plate in kitchen",
    "properties": "red mug on side table",
    "an owner and a person by name": "Anna's mug with Anna",
    "furniture with properties": "mug on black side table",
    "beside": "mug beside plate",
    "not beside": "no mug beside plate",
    "every place": "spoon in every mug on desk",
    "every fixture as a place": "mug on every side table",
    "by an appliance": "hot mug by microwave",
    "every ... by an appliance": "every mug from side table is hot by microwave",
    "by a tool": "sliced apple by knife",
    "some of ... by an appliance": "2 of mug is hot by microwave",
    "half ... by an appliance": "half of mug is hot by microwave",
    "by what is no tool": "mug in cabinet then apple on desk by side table",
    "none of, at a place": "all but 3 of mug on side table",
    "all but, some there": "all but 2 of mug on desk",
    "some of, more there": "2 of mug on desk",
    "more at every place": "1 more mug on every side table",
    "beside every": "mug beside every plate",
    "at most beside every": "at most 1 mug beside every plate",
    "every ... but, of furniture": "every lamp except lamp in bedroom off",
    "a later phase that can never hold and is left out": "mug in cabinet then if cabinet closed : fork on desk",
    "a phase between that is left out": "mug in cabinet then if cabinet closed : fork on desk then floor lamp off",
    "a fixture in a room": "every lamp in bedroom off",
    "fixtures but some": "every lamp except floor lamp off",
    "a test that is true at the start": "if microwave open : mug in cabinet",
    "a test that is false at the start": "if not microwave open : mug in cabinet",
    "a phase after one that is left out": "if not microwave open : mug in cabinet then floor lamp off",
    "a test of a later phase, true": "mug in cabinet then if cabinet open : cabinet closed",
    "a test of a later phase, false": "mug in cabinet then if cabinet closed : spoon on side table",
    "a phase left out between two": "floor lamp off then if desk lamp off : apple in cabinet then holding mug",
    "a phase with two tests": "floor lamp off then if desk lamp on and not mug in sink : mug in sink",
    "a skill on furniture": "mug in cabinet while never open fridge",
    "a skill on things": "mug in cabinet while never pick up red mug",
    "a skill on things in a state": "mug in cabinet while never pick up dirty mug",
    "two rules about one skill": "2 mug in sink while never pick up red mug ; never pick up clean mug from cabinet",
    "a place that is not entered": "mug in cabinet while never go to bedroom",
    "a state of furniture": "hot mug while never oven on",
    "a state that must last": "mug in cabinet while never floor lamp off",
    "what must not be held": "plate in cabinet while never holding mug",
    "things that must not be at a place": "mug with Anna while never dirty mug with person",
    "things that must not be together": "plate on side table while never 2 plate on side table",
    "a rule about beside": "spoon on side table while never spoon beside plate",
    "a rule about what is in vessels": "every spoon in cabinet while never spoon in mug in cabinet",
    "a negated rule": "floor lamp off while never no lamp on",
    "liquids": "mug of water on desk while never mug of coffee",
}  # fmt: skip

QUICK = ["properties", "some of, chosen at the start", "a fixture in a room", "a skill on furniture", "beside",
         "a test of a later phase, true", "a room as a place"]  # fmt: skip
UNSAID = {
    "after 30 min : floor lamp off": "after 30 min",
    "mug in cabinet then at 07:00 : floor lamp off": "at 07:00",
    "every day at 07:00 : floor lamp off": "every day at 07:00",
    "exactly 1 hot mug by microwave": "an upper limit with `by`, in exactly 1 hot mug by microwave",
    "hot mug by microwave then if floor lamp on : floor lamp off": "`by` in a phase before an `if`",
}
needs_parsers = pytest.mark.skipif(not HAS_PARSERS, reason=NO_PARSERS)
needs_fast_downward = pytest.mark.skipif(not is_installed(), reason="the extra `fast-downward` is not installed")


@pytest.fixture(scope="module")
def home() -> State:
    return home_of(
        ["desk 1", "desk lamp 1: on", "floor lamp 1: on @ bedroom", "side table 1: black @ bedroom", "side table 2",
         "person 1", "cabinet 1", "fridge 1", "microwave 1: open", "oven 1", "sink 1"],
        {"mug 1: red dirty": "desk 1", "mug 2: blue": "desk 1", "mug 3: Anna's dirty": "side table 1",
         "plate 1": "side table 2", "plate 2": "desk 1", "spoon 1": "cabinet 1", "spoon 2": "cabinet 1",
         "apple 1": "side table 2", "knife 1": "side table 2"},
        people=["Anna"],
    )  # fmt: skip


def some_now_the_rest_in_the_slow_set(names: Iterable[str]) -> list[object]:
    return [name if i % 8 == 0 else pytest.param(name, marks=pytest.mark.slow) for i, name in enumerate(names)]


def teacher_plan(goal: Goal, start: State) -> list[Action]:
    """The teacher's plan; empty if it has none."""
    try:
        return taught_actions(start, goal)
    except LookupError:
        return []


def check_proof(home: State, construct: str, actions: tuple[Action, ...] | None) -> None:
    """Check that a plan of another planner is a plan here, and ours of the files."""
    assert actions is not None
    goal = parse_goal(GOALS[construct])
    report = verify(home, goal, actions)
    assert report.ok, (report.reason, actions)
    check_plan(to_strips(goal, actions, home), report.final)


def solved_by_pyperplan(files: PddlFiles, folder: Path) -> tuple[Action, ...]:
    from pyperplan.grounding import ground
    from pyperplan.heuristics.relaxation import hFFHeuristic
    from pyperplan.pddl.parser import Parser
    from pyperplan.search import greedy_best_first_search

    domain, problem, _ = written(files, folder)
    parser = Parser(domain, problem)
    task = ground(parser.parse_problem(parser.parse_domain()))
    steps = greedy_best_first_search(task, hFFHeuristic(task))
    assert steps is not None
    return files.actions("\n".join(step.name for step in steps))


@needs_parsers
@pytest.mark.parametrize("construct", QUICK)
def test_a_planner_for_strips_solves_it_and_its_plan_is_proven(home: State, construct: str, tmp_path: Path) -> None:
    goal = parse_goal(GOALS[construct])
    check_proof(home, construct, solved_by_pyperplan(to_strips(goal, [], home), tmp_path))


@needs_parsers
@pytest.mark.parametrize("construct", some_now_the_rest_in_the_slow_set(GOALS))
def test_the_parsers_of_others_read_it_and_its_plan_is_valid_for_them(
    home: State, construct: str, tmp_path: Path
) -> None:
    from pddl import parse_domain, parse_plan, parse_problem
    from pyperplan.pddl.parser import Parser
    from unified_planning.engines import SequentialPlanValidator
    from unified_planning.io import PDDLReader
    from unified_planning.shortcuts import get_environment

    get_environment().credits_stream = None
    goal = parse_goal(GOALS[construct])
    actions = teacher_plan(goal, home)
    domain, problem, plan = written(to_strips(goal, actions, home), tmp_path)
    assert parse_domain(domain).name == parse_problem(problem).domain_name == "home"
    parse_plan(plan)
    parser = Parser(domain, problem)
    assert parser.parse_problem(parser.parse_domain()).domain.name == "home"
    reader = PDDLReader()
    task = reader.parse_problem(domain, problem)
    with SequentialPlanValidator() as validator:
        is_valid = validator.validate(task, reader.parse_plan(task, plan)).status.name == "VALID"
    assert is_valid == verify(home, goal, actions).ok


@needs_fast_downward
@pytest.mark.parametrize("construct", some_now_the_rest_in_the_slow_set(GOALS))
def test_fast_downward_solves_its_strips_and_the_plan_is_proven(home: State, construct: str) -> None:
    goal = parse_goal(GOALS[construct])
    check_proof(home, construct, solve(to_strips(goal, [], home)))


@needs_fast_downward
@pytest.mark.parametrize("construct", GOALS)
def test_fast_downward_solves_its_adl_and_the_plan_is_proven(home: State, construct: str) -> None:
    goal = parse_goal(GOALS[construct])
    check_proof(home, construct, solve(to_pddl(goal, home)))


@pytest.mark.parametrize("seed", range(3))
def test_plans_of_the_teacher_for_random_goals_are_plans_of_the_files(seed: int) -> None:
    checked = 0
    for drawn in random_goals(60, seed):
        actions = teacher_plan(drawn.goal, drawn.state)
        report = verify(drawn.state, drawn.goal, actions)
        if report.ok:
            files = to_strips(drawn.goal, actions, drawn.state)
            check_plan(files, report.final)
            assert files.actions(files.plan) == tuple(actions)
            checked += 1
    assert checked >= 30


@pytest.mark.parametrize("text", UNSAID)
@pytest.mark.parametrize("write", [lambda goal, home: to_strips(goal, [], home), to_pddl], ids=["STRIPS", "ADL"])
def test_what_pddl_cannot_say_is_refused_by_name(
    home: State, text: str, write: Callable[[Goal, State], object]
) -> None:
    with pytest.raises(ExportError, match=f"^cannot be said in PDDL: {re.escape(UNSAID[text])}"):
        write(parse_goal(text), home)


@pytest.mark.parametrize("text", ["mug in cabinet while never mug on desk", "4 mug on desk", "half of fork on desk",
                                  "5 of mug in cabinet", "1 of clean plate from fridge on desk"])  # fmt: skip
def test_what_can_never_hold_is_said(home: State, text: str) -> None:
    for write in (to_pddl, lambda goal, start: to_strips(goal, [], start)):
        with pytest.raises(ExportError, match="can never hold"):
            write(parse_goal(text), home)


def test_a_plan_that_breaks_a_rule_ends_where_it_does(home: State) -> None:
    goal = parse_goal("mug in fridge while never open fridge")
    actions = [parse_action(home.world, step) for step in ("pick up mug 1", "put mug 1 on desk 1", "open fridge 1")]
    files = to_strips(goal, actions, home)
    assert files.actions(files.plan) == tuple(actions[:2])


@pytest.mark.parametrize("rule", ["", " while never mug with person", " while never open fridge"])
def test_after_the_last_phase_was_left_out_a_plan_may_tidy_up(home: State, rule: str) -> None:
    goal = parse_goal(f"mug in cabinet then if floor lamp off : desk lamp off{rule}")
    texts = ("open cabinet 1", "pick up mug 1", "put mug 1 in cabinet 1", "close cabinet 1", "pick up mug 2",
             "put mug 2 in sink 1")  # fmt: skip
    actions = [parse_action(home.world, step) for step in texts]
    files = to_strips(goal, actions, home)
    check_plan(files, verify(home, goal, actions).final)
    assert files.actions(files.plan) == tuple(actions)


def test_goals_over_the_whole_grammar_are_written_or_refused_in_words() -> None:
    rng, written_goals = random.Random(7), 0
    for _ in range(40):
        start = drawn_home(rng)
        drawer = GoalDrawer(start, rng)
        for goal in (drawer.goal() for _ in range(4)):
            actions = teacher_plan(goal, start)
            report = verify(start, goal, actions)
            try:
                files, _ = to_strips(goal, actions, start), to_pddl(goal, start)
            except ExportError as error:
                assert "cannot be said in PDDL: " in str(error) or ("can never hold" in str(error) and not report.ok)
                continue
            if report.ok:
                check_plan(files, report.final)
                assert files.actions(files.plan) == tuple(actions)
                written_goals += 1
    assert written_goals >= 30


def test_no_constraint_and_no_trajectory_stands_in_the_files(home: State) -> None:
    for text in GOALS.values():
        files = to_strips(parse_goal(text), [], home)
        task = to_pddl(parse_goal(text), home)
        for written_text in (files.domain, files.problem, task.domain, task.problem):
            assert ":constraints" not in written_text and "(always" not in written_text


def test_a_rule_about_a_skill_is_a_precondition_of_its_action_alone(home: State) -> None:
    texts = ("mug in cabinet", "mug in cabinet while never open fridge")
    files = [to_strips(parse_goal(text), [], home) for text in texts]
    plain, ruled = (Task(each.domain, each.problem) for each in files)
    changed = {n for n, o in ruled.operators.items() if o.precondition != plain.operators[n].precondition}
    assert changed == {"open"}
