"""Properties stand in the facts only where they tell the things of a prompt apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from envs.scenes.home_file import load_home
from envs.symbolic.goals import parse_goal
from envs.symbolic.state import State, World
from planner.facts.retrieval import retrieve_facts
from planner.goals.preparation import next_parts
from tests.envs.homes_for_tests import state


@pytest.fixture(scope="module")
def home() -> State:
    furniture = ["desk 1: white", "desk 2: black", "bed 1", "shelf 1", "sofa 1", "person 1", "person 2"]
    objects = {
        "mug 1": "shelf 1", "mug 2: red": "shelf 1", "mug 3: blue dirty": "shelf 1", "mug 4: red big": "sofa 1",
        "mug 5: Anna's red": "bed 1", "book 1: red": "shelf 1", "pen 1: Anna's": "shelf 1",
    }  # fmt: skip
    return state(furniture, objects, people=("Anna", "Ben"))


def texts(home: State, text: str) -> list[str]:
    goal = parse_goal(text, scene=home.world.scene)
    (phase,) = goal.phases
    parts = next_parts(home, phase, home, common_sense=True)
    return list(retrieve_facts(home, parts, home, phase=phase, common_sense=True).texts)


@pytest.mark.parametrize(
    ("goal", "named", "not_named"),
    [
        ("red mug on desk ; blue mug on bed", {"mug 2 red", "mug 3 blue"}, {"white", "black", "big", "Anna's"}),
        ("blue mug on bed ; red mug on desk", {"mug 2 red", "mug 3 blue"}, {"white", "black", "big", "Anna's"}),
        ("Anna's mug on desk ; blue mug on sofa", {"mug 5 Anna's", "mug 3 blue dirty"}, {"red"}),
        ("pen on white desk ; red book on black desk", {"desk 1 white", "desk 2 black"}, {"red", "Anna's"}),
        ("big mug with Ben ; blue mug with Anna", {"mug 4 big", "mug 3 blue"}, {"red"}),
        ("every red mug on desk ; blue mug on sofa", {"mug 3 blue", "mug 2 red"}, {"big", "Anna's"}),
        ("red mug on desk", set(), {"red", "blue", "white"}),
        ("2 red mug on white desk", set(), {"red", "white", "big"}),
        ("mug on desk ; book on bed", set(), {"red", "blue", "white", "Anna's"}),
        ("red book on desk ; pen on bed", set(), {"red", "white", "Anna's"}),
    ],
)  # fmt: skip
def test_a_property_is_named_only_where_it_tells_apart(
    home: State, goal: str, named: set[str], not_named: set[str]
) -> None:
    facts = texts(home, goal)
    assert all(any(fact.startswith(name) for fact in facts) for name in named), facts
    assert not any(word in fact.split() for word in not_named for fact in facts), facts


@pytest.mark.parametrize(
    "goal",
    ["mug on desk ; plate on sofa", "2 clean plate on dining table", "every book on shelf", "no toy on sofa",
     "shirt in laundry basket ; 2 bowl in sink", "mug on armchair", "every lamp off ; wardrobe open"],
)  # fmt: skip
def test_a_goal_that_names_no_property_reads_as_in_a_home_without(goal: str) -> None:
    scene = load_home("family_house", geometry=False)
    plain = replace(
        scene,
        fixtures=tuple(replace(f, properties=()) for f in scene.fixtures),
        objects=tuple(replace(o, properties=()) for o in scene.objects),
    )
    assert texts(World(scene).initial(), goal) == texts(World(plain).initial(), goal)
