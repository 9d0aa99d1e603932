"""A table of cases: what people would take, in small homes (choice_cases.yaml), checked for the teacher and the GPT."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
import yaml

from envs.scenes.home_file import parse_home
from envs.symbolic.actions import World, format_action
from envs.symbolic.goals import Goal, parse_goal
from envs.symbolic.scoring import holds
from planner.api import Planner
from planner.corpus.teacher_chunks import plan_in_chunks
from planner.plans.options import Options
from planner.verification.plan_verification import verify

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
    text = yaml.safe_dump(
        {"rooms": homes[home] if isinstance(home, str) else home, "objects": row.pop("objects", {})}, sort_keys=False
    )
    scene = parse_home(text, geometry=False)
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
    check(case, [action for chunk in plan_in_chunks(case.start, case.goal, common_sense=True) for action in chunk[3]])


@pytest.mark.parametrize("case", [case for case in cases() if case.gpt], ids=lambda case: case.name)
def test_the_gpt_does_what_people_would_do(case: Case, planner: Planner) -> None:
    check(case, planner.plan_for_goal(case.goal, case.start, Options()).actions)
