"""Small homes with something in the way: the teacher makes room and washes in loads; the rest is refused in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from envs.symbolic.actions import Action, State, format_action
from envs.symbolic.goals import parse_goal
from planner.corpus.teacher_chunks import taught_actions
from planner.goals.feasibility import infeasibility, is_feasible
from planner.verification.plan_verification import verify
from tests.envs.homes_for_tests import after, state

Scene = dict[str, Any]
SCENES: list[Scene] = yaml.safe_load(Path(__file__).with_name("scenes.yaml").read_text(encoding="utf-8"))
REACHED = [scene for scene in SCENES if "reached" in scene]
REFUSED = [scene for scene in SCENES if "refused" in scene]


def home(scene: Scene) -> State:
    start = state(scene["fixtures"], scene["objects"], people=scene.get("people", ()))
    return after(start, *scene.get("before", ()))


def named(scene: Scene) -> str:
    return str(scene["scene"])


def actions_of(start: State, scene: Scene, *, common_sense: bool) -> list[Action]:
    goal = parse_goal(scene["goal"], scene=start.world.scene)
    return taught_actions(start, goal, common_sense=common_sense)


@pytest.mark.parametrize("scene", REACHED, ids=named)
def test_what_is_in_the_way_is_moved(scene: Scene) -> None:
    start = home(scene)
    goal = parse_goal(scene["goal"], scene=start.world.scene)
    assert infeasibility(goal, start) == ""
    actions = actions_of(start, scene, common_sense=True)
    report = verify(start, goal, actions)
    steps = [format_action(start.world, action) for action in actions]
    assert report.ok, (report.reason, steps)
    remaining = iter(steps)
    assert all(step in remaining for step in scene["reached"]), steps  # in this order
    assert not set(scene.get("never", ())).intersection(steps), steps


@pytest.mark.parametrize("scene", REFUSED, ids=named)
def test_what_cannot_be_done_is_refused_in_words(scene: Scene) -> None:
    start = home(scene)
    goal = parse_goal(scene["goal"], scene=start.world.scene)
    assert scene["refused"] in infeasibility(goal, start)
    assert not is_feasible(goal, start)


def test_the_table_is_long() -> None:
    assert len(REACHED) >= 40 and len(REFUSED) >= 30
    assert len({named(scene) for scene in SCENES}) == len(SCENES)
