"""What rules leave no use of is planned around; where that cannot be, the answer says whether there is another way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from envs.scenes.home_file import load_home, parse_home
from envs.symbolic.actions import State, World
from envs.symbolic.goals import parse_goal
from planner.api import Planner
from planner.decoding.ruled_out import barred_places, is_ruled_out, served_there, unusable_appliances

HOME = """\
name: two people
people: [Anna, Ben]
rules: [never open oven]
rooms:
  kitchen: [2 countertop, sink, fridge, oven, microwave, stove burner, dishwasher, cabinet, dining table, person]
  living room: [coffee table, shelf, person]
  bedroom: [bed, desk, wardrobe]
objects:
  countertop 1: [dirty plate, pan, knife]
  countertop 2: [bowl, apple]
  fridge: [egg, potato]
  sink: [dirty plate]
  desk: [dirty plate, laptop]
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> State:
    path: Path = tmp_path_factory.mktemp("homes") / "two_people.yaml"
    path.write_text(HOME, encoding="utf-8")
    return World(load_home(path, geometry=False)).initial()


@pytest.fixture(scope="module")
def planner() -> Planner:
    return Planner.load()


@pytest.mark.parametrize(
    "goal",
    [
        "hot egg while never turn on microwave",
        "hot egg while never microwave on",
        "hot egg while never egg in microwave",
        "hot potato while never open microwave",
        "hot apple while never turn on stove burner",
        "cooked egg while never turn on oven",
        "every dirty plate is clean while never turn on sink",
        "every dirty plate is clean while never sink on",
        "every dirty plate is clean while never open dishwasher",
        "apple in microwave while never turn on microwave",
        "plate on dining table while never go to bedroom",
    ],
)
def test_another_way_is_planned_where_a_rule_forbids_the_usual_one(home: State, planner: Planner, goal: str) -> None:
    plan = planner.plan_goal(goal, home)
    assert plan.status == "verified", (plan.reason, plan.subtasks)
    assert not plan.report or not plan.report.score.broken


@pytest.mark.parametrize(
    ("goal", "reason"),
    [
        ("fridge open while never open fridge", "a rule does not allow it: never open fridge"),
        ("oven open", "a rule does not allow it: never open oven"),
        ("egg on desk while never open fridge", "a rule does not allow it: never open fridge"),
        ("laptop on coffee table while never go to bedroom", "a rule does not allow it: never go to bedroom"),
        ("apple on bed while never go to bed", "a rule does not allow it: never go to bed"),
        ("hot egg by microwave while never turn on microwave", "never turn on microwave"),
        ("sliced apple while never slice apple", "no plan was found that keeps the rule never slice apple"),
        ("apple on desk while never plate in sink", "broken at the start: never plate in sink"),
    ],
)
def test_a_refusal_names_the_rule_and_is_no_surer_than_it_can_be(
    home: State, planner: Planner, goal: str, reason: str
) -> None:
    plan = planner.plan_goal(goal, home)
    assert plan.status == "refused" and plan.reason.endswith(reason), plan.reason


def unusable(home: State, goal: str) -> set[str]:
    return {home.world.names[f] for f in unusable_appliances(parse_goal(goal), home, home)}


@pytest.mark.parametrize(
    ("goal", "names"),
    [
        ("hot egg", set()),
        ("hot egg while never turn on microwave", {"microwave 1"}),
        ("hot egg while never open microwave", {"microwave 1"}),
        ("hot egg while never apple in microwave", set()),
        ("egg in microwave while never turn on microwave", set()),
        ("clean plate while never turn on sink ; never go to dishwasher", {"sink 1", "dishwasher 1"}),
    ],
)
def test_an_appliance_is_unusable_if_its_use_breaks_a_rule_and_the_goal_is_not_about_it(
    home: State, goal: str, names: set[str]
) -> None:
    assert unusable(home, goal) == names


@pytest.mark.parametrize(
    ("goal", "ruled_out"),
    [
        ("hot egg while never turn on microwave", False),
        ("hot egg while never turn on microwave ; never open oven ; never turn on stove burner", True),
        ("2 clean plate while never go to bedroom", False),
        ("3 clean plate while never go to bedroom", True),
        ("every dirty plate is clean while never go to bedroom", True),
        ("egg on desk while never pick up egg", True),
        ("knife with Anna while never give knife", True),
    ],
)
def test_a_goal_is_ruled_out_only_where_too_few_objects_have_a_way(home: State, goal: str, ruled_out: bool) -> None:
    assert is_ruled_out(parse_goal(goal, scene=home.world.scene), home) is ruled_out


APART = """\
people: [Anna, Ben]
rooms:
  kitchen: [countertop, dining table, person]
  living room: [sofa, coffee table]
  bedroom: [bed, desk, side table]
objects:
  desk: [Anna's cell phone, laptop, red book]
  bed: [Ben's cell phone, blue book]
  side table: [3 pen]
  countertop: [cup of tea]
"""


@pytest.mark.parametrize(
    "goal",
    [
        "every cell phone in living room while never Anna's cell phone beside Ben's cell phone",
        "every book in living room while never red book beside blue book",
        "3 pen in living room while never 2 pen on coffee table",
        "cup of tea in bedroom while never cup beside laptop",
    ],
)
def test_things_that_a_rule_keeps_apart_go_to_different_furniture(planner: Planner, goal: str) -> None:
    state = World(parse_home(APART, geometry=False)).initial()
    plan = planner.plan_goal(goal, state)
    assert plan.status == "verified", plan.reason


def test_furniture_is_barred_where_all_that_is_to_be_brought_would_break_a_rule() -> None:
    scene = parse_home(APART, geometry=False)
    state = World(scene).initial()
    goal = parse_goal(
        "every cell phone in living room while never Anna's cell phone beside Ben's cell phone", scene=scene
    )
    assert not barred_places(replace(goal, rules=()), goal.conditions, state, state)
    phone, _ = state.world.objects_of("cell phone")
    sofa = state.world.index["sofa 1"]
    place = list(state.place)
    place[phone] = sofa
    after = state._replace(place=tuple(place))
    assert sofa not in barred_places(goal, goal.conditions, state, state)
    assert sofa in barred_places(goal, goal.conditions, after, state)
    assert served_there(goal.conditions, frozenset({sofa}), after, state) == {phone}
    named = parse_goal("every cell phone on sofa while never Anna's cell phone beside Ben's cell phone", scene=scene)
    assert sofa not in barred_places(named, named.conditions, after, state)
