"""Furniture of a home's own that opens and has a switch: it is opened first, or it runs only while it is closed."""

from __future__ import annotations

import pytest

from envs.scenes.home_file import parse_home
from envs.symbolic.goals import format_goal, parse_goal
from envs.symbolic.state import World
from planner.corpus.teacher_chunks import taught_actions
from planner.goals.feasibility import infeasibility
from planner.goals.serving import in_stages
from planner.verification.plan_verification import verify

SCENE = parse_home("""
furniture:
  smart fridge: {like: fridge, switch: yes}
  smart window: {like: window, switch: yes}
rooms: {kitchen: [smart fridge, smart window, oven, countertop]}
objects: {countertop: [egg]}
""")
START = World(SCENE).initial()


@pytest.mark.parametrize("common_sense", [True, False])
@pytest.mark.parametrize("text", ["smart window open ; smart window on", "smart window on ; smart window open"])
def test_what_shall_be_open_and_on_is_opened_first(text: str, common_sense: bool) -> None:
    goal = parse_goal(text, scene=SCENE)
    assert infeasibility(goal, START) == ""
    plan = taught_actions(START, goal, common_sense=common_sense)
    assert [action.skill for action in plan] == ["open", "turn on"]
    assert verify(START, goal, plan).ok
    assert format_goal(in_stages(goal, START), SCENE.domain) == "smart window open on"


@pytest.mark.parametrize("text", ["smart fridge open ; smart fridge on", "smart fridge on ; smart fridge open"])
def test_what_runs_only_while_it_is_closed_is_refused_in_words(text: str) -> None:
    assert infeasibility(parse_goal(text, scene=SCENE), START).endswith("they exclude each other")


@pytest.mark.parametrize("text", ["smart window closed ; smart window on", "smart window open ; smart fridge on"])
def test_other_pairs_stay_as_they_are(text: str) -> None:
    goal = parse_goal(text, scene=SCENE)
    assert in_stages(goal, START) == goal
    assert infeasibility(goal, START) == ""
