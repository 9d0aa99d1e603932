"""A table of cases: what people would take, in small homes (choice_cases.yaml), checked for the teacher and the GPT."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
import yaml

from envs.scenes.home_file import parse_home
from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import DIRTY, OPEN, World, format_action
from envs.symbolic.goals import Goal, parse_goal
from envs.symbolic.scoring import holds
from planner.api import Planner
from planner.corpus.teacher_chunks import taught_actions
from planner.execution.events import Ended
from planner.exploration.search_executor import execute_with_search
from planner.plans.options import Options
from planner.verification.plan_verification import verify
from planner.world_model.belief import Belief
from planner.world_model.open_home import open_home

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from envs.symbolic.state import Action, State


class Case(NamedTuple):
    name: str
    start: State
    goal: Goal
    does: Sequence[str]
    avoids: Sequence[str]
    ends: str
    steps: int | None
    gpt: bool


@cache
def cases() -> tuple[Case, ...]:
    table = yaml.safe_load(Path(__file__).with_name("choice_cases.yaml").read_text(encoding="utf-8"))
    return tuple(case_of(entry, table["homes"]) for entry in table["cases"])


def case_of(entry: Mapping[str, object], homes: Mapping[str, object]) -> Case:
    row = dict(entry)
    home = row.pop("home")
    home_file = {
        "people": row.pop("people", []),
        "rooms": homes[home] if isinstance(home, str) else home,
        "objects": row.pop("objects", {}),
    }
    scene = parse_home(yaml.safe_dump(home_file, sort_keys=False), geometry=False)
    goal = parse_goal(str(row.pop("goal")), scene=scene)
    defaults = {"does": (), "avoids": (), "ends": "", "steps": None, "gpt": True}
    return Case(start=World(scene).initial(), goal=goal, **(defaults | row))  # type: ignore[arg-type]


def check(case: Case, actions: Sequence[Action]) -> None:
    report = verify(case.start, case.goal, actions)
    assert report.ok, report.reason
    steps = [format_action(case.start.world, action) for action in actions]
    assert case.steps in (None, len(steps)), steps
    for wanted in case.does:
        assert any(re.match(rf"{wanted}\b", step) for step in steps), (wanted, steps)
    for unwanted in case.avoids:
        assert not any(re.search(rf"\b{unwanted}\b", step) for step in steps), (unwanted, steps)
    if case.ends:
        assert all(holds(report.final, c, case.start) for c in parse_goal(case.ends).conditions), steps


@pytest.fixture(scope="module")
def planner() -> Planner:
    return Planner.load()


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_the_teacher_does_what_people_would_do(case: Case) -> None:
    check(case, taught_actions(case.start, case.goal, common_sense=True))


@pytest.mark.parametrize("case", [case for case in cases() if case.gpt], ids=lambda case: case.name)
def test_the_gpt_does_what_people_would_do(case: Case, planner: Planner) -> None:
    check(case, planner.plan_for_goal(case.goal, case.start, Options()).actions)


def test_the_table_of_the_family_house_is_set_with_clean_pieces_from_kitchen_doors_that_are_closed_again(
    planner: Planner,
) -> None:
    start = open_home("family_house", geometry=False)
    plan = planner.plan("set the table", start)
    assert plan.status == "verified" and plan.report is not None
    world, end = start.world, plan.report.final
    pieces = [world.index[action.args[0]] for action in plan.actions if action.skill == "pick up"]
    assert Counter(world.categories[i] for i in pieces) == {"plate": 2, "fork": 2, "knife": 2, "glass": 2}
    assert not any(start.flags[i] & DIRTY for i in pieces)
    places = {start.root(i) for i in pieces}
    assert {world.scene.fixtures[f].room for f in places} == {"kitchen"}
    assert {world.categories[f] for f in places} == {"cabinet", "drawer"}
    opened = [world.index[action.args[0]] for action in plan.actions if action.skill == "open"]
    assert sorted(opened) == sorted(places) and not any(end.flags[f] & OPEN for f in opened)
    own = [action for number, action in enumerate(plan.actions, start=1) if number not in plan.added]
    assert tuple(own) == plan.written and all(plan.actions[n - 1].skill == "close" for n in plan.added)


def test_who_is_in_a_hurry_leaves_open_what_was_opened(planner: Planner) -> None:
    in_a_hurry = planner.plan("set the table", "family_house", Options(close_doors=False))
    plan = planner.plan("set the table", "family_house")
    assert in_a_hurry.status == "verified" and in_a_hurry.added == ()
    assert [a for a in plan.actions if a.skill != "close"] == list(in_a_hurry.actions)


def test_exports_show_the_plan_with_its_doors_closed(planner: Planner) -> None:
    plan = planner.plan("set the table", "family_house")
    for export_format, step in (("text", "close cabinet 1"), ("bt", "close cabinet 1"), ("pddl", "close cabinet_1"),
                                ("mermaid", "close cabinet 1"), ("json", "close cabinet 1")):  # fmt: skip
        assert step in plan.export(export_format), export_format  # type: ignore[arg-type]


def test_what_was_opened_to_look_for_something_is_closed_again(planner: Planner) -> None:
    start = open_home("family_house", geometry=False)
    home = SymbolicHome(start)
    goal = parse_goal("glass of water with person")
    *_, ended = execute_with_search((), goal, home, Belief.of_map(start.world.scene), planner)
    assert isinstance(ended, Ended) and ended.episode.success
    opened = [step.subtask.removeprefix("open ") for step in ended.episode.steps if step.subtask.startswith("open ")]
    assert opened and not any(home.state().flags[start.world.index[name]] & OPEN for name in opened)
