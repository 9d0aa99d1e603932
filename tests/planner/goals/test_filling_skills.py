"""Skills of a home's own that fill a vessel: what speaks against them, and how they are used."""

from __future__ import annotations

import pytest

from envs.scenes.home_file import parse_home
from envs.symbolic.goals import parse_goal
from envs.symbolic.scene import Scene
from envs.symbolic.state import World
from planner.corpus.teacher_chunks import taught_actions
from planner.facts.retrieval import retrieve_facts
from planner.goals.feasibility import infeasibility
from planner.verification.plan_verification import verify

SKILL = 'draw: {text: "draw milk from {goat} into {milk pail}", when: ["{goat} on {milking stand}"],'
HOME = f"""
things:
  goat: {{like: teddy bear}}
  milk pail: {{like: pot}}
furniture:
  milking stand: {{body: table, size: [0.6, 1.2, 0.5], rooms: [any]}}
skills:
  {SKILL} sets: ["{{milk pail}} filled with milk"]}}
rooms: {{kitchen: [milking stand, side table, countertop]}}
objects: {{side table: [goat], countertop: [milk pail]}}
"""


def home(text: str = HOME) -> Scene:
    return parse_home(text)


@pytest.mark.parametrize("common_sense", [True, False])
@pytest.mark.parametrize("text", ["milk pail of milk", "milk pail of milk on side table", "holding milk pail of milk"])
def test_a_skill_that_fills_is_used_where_nothing_provides_the_liquid(text: str, common_sense: bool) -> None:
    scene = home()
    state, goal = World(scene).initial(), parse_goal(text, scene=scene)
    assert infeasibility(goal, state) == ""
    plan = taught_actions(state, goal, common_sense=common_sense)
    assert ("draw milk from", ("goat 1", "milk pail 1")) in [(action.skill, action.args) for action in plan]
    assert verify(state, goal, plan).ok


def test_the_facts_name_the_skill_that_fills() -> None:
    scene = home()
    goal = parse_goal("milk pail of milk", scene=scene)
    facts = retrieve_facts(World(scene).initial(), goal.phases[0], World(scene).initial(), common_sense=True)
    assert any(text.startswith("draw milk from goat 1 into milk pail 1 needs") for text in facts.texts)
    assert {"goat 1", "milking stand 1"} <= facts.names


def test_what_a_skill_that_fills_lacks_is_said() -> None:
    scene = home(HOME.replace("side table: [goat], ", ""))
    reason = infeasibility(parse_goal("milk pail of milk", scene=scene), World(scene).initial())
    assert reason.endswith("cannot be filled: to draw milk from takes a goat, and there is none here")


def test_another_liquid_is_refused_as_before() -> None:
    scene = home()
    reason = infeasibility(parse_goal("milk pail of wine", scene=scene), World(scene).initial())
    assert reason.endswith("cannot be filled: no wine can be made or poured here")
