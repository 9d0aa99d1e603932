"""States that a home's own skills give: to people by name, to rooms, furniture and things; the order of words."""

from __future__ import annotations

import pytest

from envs.errors import GoalError
from envs.scenes.home_file import parse_home
from envs.symbolic.goals import format_goal, parse_goal
from envs.symbolic.goals.values import FixtureIs
from envs.symbolic.obstacles import obstacle
from envs.symbolic.scoring import fixtures_of
from envs.symbolic.state import World
from planner.corpus.teacher_chunks import taught_actions
from planner.goals.comparison import shape
from planner.language.goal_wording import words_of_test
from planner.verification.plan_verification import verify

HOME = """
people: [Aino, Timo, Ute]
states: [fed]
negations: {hungry: fed}
things:
  goat: {like: teddy bear}
  birch whisk: {like: umbrella}
furniture:
  hive: {like: cabinet}
skills:
  whisk: {text: "whisk {person}", when: ["holding {birch whisk}"], sets: ["{person} whisked"]}
  heat up: {text: "heat up {room}", when: ["robot in {room}"], sets: ["{room} aired"]}
  smoke: {text: "smoke {hive}", sets: ["{hive} smoked"]}
  feed: {text: "feed {goat}", sets: ["{goat} fed"]}
  groom: {text: "groom {goat}", sets: ["{goat} groomed"]}
rooms:
  kitchen: [sink, countertop, hive, person]
  hall: [side table, bench, person]
objects:
  bench: [birch whisk]
  side table: [2 goat]
"""
SCENE = parse_home(HOME)
START = World(SCENE).initial()


def why_not(text: str) -> str:
    with pytest.raises(GoalError) as caught:
        parse_goal(text, scene=SCENE)
    return str(caught.value)


@pytest.mark.parametrize(("text", "name"), [("Aino whisked", "person 1"), ("timo whisked", "person 2")])
def test_a_state_of_a_person_is_asked_for_by_name(text: str, name: str) -> None:
    goal = parse_goal(text, scene=SCENE)
    (condition,) = goal.conditions
    assert isinstance(condition, FixtureIs)
    assert [START.world.names[f] for f in fixtures_of(START, condition)] == [name]
    assert parse_goal(format_goal(goal, SCENE.domain), scene=SCENE) == goal
    plan = taught_actions(START, goal, common_sense=True)
    assert ("whisk", (name,)) in [(action.skill, action.args) for action in plan]
    assert verify(START, goal, plan).ok
    assert shape(goal) != shape(parse_goal("person whisked", scene=SCENE))


@pytest.mark.parametrize(
    "text",
    ["every person except Aino whisked", "if not Aino whisked : Aino whisked", "fed goat while never Timo whisked"],
)
def test_a_person_with_a_state_stands_where_furniture_does(text: str) -> None:
    goal = parse_goal(text, scene=SCENE)
    assert format_goal(goal, SCENE.domain) == text
    assert verify(START, goal, taught_actions(START, goal, common_sense=True)).ok


def test_a_test_about_a_person_says_the_name() -> None:
    (test,) = parse_goal("if not Aino whisked : Aino whisked", scene=SCENE).guard(0).tests
    assert words_of_test(test, SCENE.domain) == "Aino is not whisked"


def test_a_person_who_is_not_here_is_said_not_to_be() -> None:
    assert obstacle(parse_goal("Ute whisked", scene=SCENE), START) == "Ute whisked: Ute is not here"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("Mary whisked", "nobody here is called 'Mary'; known: Aino, Timo, Ute"),
        ("no Aino whisked", "what can be said is 'mug with Aino', 'Aino whisked'"),
        ("Aino smoked", "a person is never smoked; it may be whisked"),
        ("whisked Aino", "write 'Aino whisked'"),
        ("whisked person", "write 'person whisked'"),
        ("aired kitchen", "write 'kitchen aired'"),
        ("every aired room", "write 'every room aired'"),
        ("smoked hive", "write 'hive smoked'"),
        ("aired the kitchen", "perhaps 'kitchen aired'"),
        ("fed goat and aired kitchen", "perhaps 'fed goat ; kitchen aired'"),
        ("goat fed", "did you mean 'fed goat'"),
        ("every goat groomed", "perhaps 'every goat is groomed'"),
        ("no goat hungry", "did you mean 'no hungry goat'"),
        ("no goat hungry on side table", "erhaps 'no hungry goat on side table'"),
    ],
)
def test_a_state_in_another_order_of_words_gets_the_right_wording(text: str, hint: str) -> None:
    assert hint in why_not(text)


@pytest.mark.parametrize("text", ["open hive", "clean Aino", "open Aino"])
def test_built_in_states_keep_their_hints(text: str) -> None:
    assert "stands behind them" not in why_not(text)
