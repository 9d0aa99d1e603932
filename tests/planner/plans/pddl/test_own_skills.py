"""Skills that a domain adds in exported PDDL: the plan is carried out by the rules in the files, whatever it does."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from envs.symbolic.actions import Action, State, applicable, successor, unmet_precondition
from envs.symbolic.domain import Domain
from envs.symbolic.domain.achievers import categories_of_kind, own_skills
from envs.symbolic.goals import Goal, parse_goal
from envs.symbolic.scoring import holds
from envs.symbolic.skills.notation import parse_skills
from envs.symbolic.state import World
from planner.corpus.teacher_chunks import taught_actions
from planner.errors import ExportError
from planner.plans.own_skills.strips import own_variants
from planner.plans.pddl.adl_problem import to_pddl
from planner.plans.pddl.strips_domain import own_name
from planner.plans.pddl.strips_problem import to_strips
from planner.verification.plan_verification import verify
from tests.planner.goals.skilled_home import skilled_domain, skilled_scene, skilled_state
from tests.planner.goals.test_own_skills import REACHABLE
from tests.planner.plans.pddl.pddl_evaluator import Fact, Task
from tests.planner.plans.pddl.strips_checks import HAS_PARSERS, NO_PARSERS, check_plan, written

needs_parsers = pytest.mark.skipif(not HAS_PARSERS, reason=NO_PARSERS)
START = skilled_state()
STATIC_FACTS = {"fits", "watched", "stands-in", "holds-things", "metal"}
SMALL = ("kitchen vacuumed", "charged tablet", "dog fed", "sharp knife", "desk dusted")


def goal_of(text: str) -> Goal:
    return parse_goal(text, scene=START.world.scene)


@pytest.mark.parametrize("text", REACHABLE)
def test_the_plan_reaches_its_goal_by_the_exported_rules(text: str) -> None:
    goal = goal_of(text)
    actions = taught_actions(START, goal, common_sense=True)
    files = to_strips(goal, actions, START, title=text)
    check_plan(files, verify(START, goal, actions).final)


@pytest.mark.parametrize("text", ["every room mopped", "chopped carrot", "robot vacuum docked", "every pet fed"])
def test_the_steps_of_a_plan_are_read_back_as_our_actions(text: str) -> None:
    goal = goal_of(text)
    actions = taught_actions(START, goal, common_sense=True)
    files = to_strips(goal, actions, START)
    read = files.actions(files.plan)
    assert verify(START, goal, read).ok
    assert [a for a in read if a.skill != "go to"] == [a for a in actions if a.skill != "go to"]


def own_walk(rng: random.Random, steps: int) -> tuple[list[Action], State]:
    """What nobody would do, with many uses of own skills."""
    state, actions = START, list[Action]()
    for _ in range(steps):
        by_skill: dict[str, list[Action]] = {}
        for action in applicable(state):
            by_skill.setdefault(action.skill, []).append(action)
        del by_skill["go to"]
        action = rng.choice(by_skill[rng.choice(sorted(by_skill))])
        actions.append(action)
        state = successor(state, action)
    return actions, state


@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_robot_does_the_exported_rules_lead_to_the_same_state(seed: int) -> None:
    actions, final = own_walk(random.Random(seed), 60)
    for text in ("every room vacuumed", "no charged electronics", "every shirt is ironed", "chopped carrot"):
        goal = goal_of(text)
        reached = all(holds(final, c, START) for c in goal.conditions)
        try:
            files = to_strips(goal, actions, START)
        except ExportError:
            assert not reached
            continue
        check_plan(files, final, reached=reached)


@needs_parsers
@pytest.mark.parametrize("text", SMALL[:2] + tuple(pytest.param(t, marks=pytest.mark.slow) for t in SMALL[2:]))
def test_other_parsers_read_the_files_and_a_planner_finds_a_plan_that_is_ours(text: str, tmp_path: Path) -> None:
    from pddl import parse_domain, parse_problem
    from pyperplan.planner import SEARCHES, search_plan
    from unified_planning.engines.plan_validator import SequentialPlanValidator
    from unified_planning.io import PDDLReader

    goal = goal_of(text)
    files = to_strips(goal, taught_actions(START, goal, common_sense=True), START)
    domain_path, problem_path, plan_path = written(files, tmp_path)
    parse_domain(domain_path)
    parse_problem(problem_path)
    reader = PDDLReader()
    problem = reader.parse_problem(domain_path, problem_path)
    assert SequentialPlanValidator().validate(problem, reader.parse_plan(problem, plan_path))
    solution = search_plan(domain_path, problem_path, SEARCHES["bfs"], None)
    assert verify(START, goal, files.actions("\n".join(operator.name for operator in solution))).ok


def with_skill(name: str, raw: dict[str, object]) -> Domain:
    domain = skilled_domain()
    return domain.extended(skills=parse_skills({name: raw}, domain.vocabulary))


def test_what_strips_cannot_say_is_refused_only_where_a_plan_uses_it() -> None:
    domain = with_skill("unhinge", {"text": "unhinge {fixture}", "when": ["hand empty"], "sets": ["{fixture} open"]})
    assert "unhinge" in own_variants(domain)[1]
    scene = replace(skilled_scene(), domain=domain)
    state = World(scene).initial()
    goal = parse_goal("kitchen vacuumed", scene=scene)
    assert to_strips(goal, [Action("vacuum", ("kitchen",))], state).plan
    with pytest.raises(ExportError, match="cannot be said in PDDL: the skill 'unhinge'"):
        to_strips(goal, [Action("unhinge", ("door 1",)), Action("vacuum", ("kitchen",))], state)


def adl_step(
    task: Task, facts: frozenset[Fact], action: Action, symbol: dict[str, str]
) -> tuple[str, tuple[str, ...]] | None:
    """The ADL action of an own skill that is applicable and stands for ours, with what it looks for."""
    args = tuple(symbol[name] for name in action.args)
    for name, op in task.operators.items():
        if not name.startswith(f"{own_name(START.world.domain.skills[action.skill])}--"):
            continue
        kinds = [kind for _, kind in op.parameters]
        if not all(task.is_a(a, kind) for a, kind in zip(args, kinds, strict=False)):
            continue
        choices = [[o for o in task.objects if task.is_a(o, kind)] for kind in kinds[len(args) :]]
        for more in product(*choices):
            if task.applicable(facts, name, (*args, *more)):
                return name, (*args, *more)
    return None


def own_actions_of(state: State, rng: random.Random, number: int) -> list[Action]:
    """Uses of own skills, sensible or not."""
    world, chosen = state.world, list[Action]()
    for _ in range(number):
        skill = rng.choice(own_skills(world.domain))
        kinds = [categories_of_kind(world.domain, p.kind) for p in skill.parameters]
        names = [[n for n, c in zip(world.names, world.categories, strict=True) if c in kind] for kind in kinds]
        chosen.append(Action(skill.name, tuple(rng.choice(some) for some in names)))
    return chosen


def true_facts(state: State) -> frozenset[Fact]:
    pddl = to_pddl(goal_of("holding anything"), state)
    init = Task(pddl.domain, pddl.problem).init
    return frozenset(f for f in init if f[0] not in STATIC_FACTS and not f[0].startswith("kind-"))


@pytest.mark.parametrize("seed", range(3))
def test_the_adl_rules_of_own_skills_are_those_of_the_symbolic_world(seed: int) -> None:
    rng, state = random.Random(seed), START
    pddl = to_pddl(goal_of("holding anything"), state)
    task = Task(pddl.domain, pddl.problem)
    symbol = {ours: theirs for theirs, ours in pddl.names.items()}
    for _ in range(12):
        for action in own_walk(rng, 6)[0]:
            if unmet_precondition(state, action) is None:
                state = successor(state, action)
        for action in taught_actions(START, goal_of(rng.choice(REACHABLE))):
            if unmet_precondition(state, action) is None:
                state = successor(state, action)
        now = to_pddl(goal_of("holding anything"), state)
        facts = Task(now.domain, now.problem).init
        for action in own_actions_of(state, rng, 12):
            reason = unmet_precondition(state, action)
            if action.skill == "dock" and "robot" in (reason or ""):
                continue  # no fact says where the robot stands
            step = adl_step(task, facts, action, symbol)
            assert (step is not None) == (reason is None), (action, reason)
            if step is not None:
                after = frozenset(f for f in task.apply(facts, *step) if f[0] not in STATIC_FACTS)
                expected = true_facts(successor(state, action))
                assert frozenset(f for f in after if not f[0].startswith("kind-")) == expected, action


def test_a_plan_of_another_planner_drives_to_where_a_skill_must_be_done() -> None:
    pddl = to_pddl(goal_of("robot vacuum docked"), START)
    symbol = {ours: theirs for theirs, ours in pddl.names.items()}
    read = pddl.actions(f"(do-dock--1 {symbol['robot vacuum 1']})")
    assert read == (Action("go to", ("robot vacuum 1",)), Action("dock", ("robot vacuum 1",)))
    assert verify(START, goal_of("robot vacuum docked"), read).ok
