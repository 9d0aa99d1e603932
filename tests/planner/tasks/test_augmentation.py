"""Variations of human-written lines: word and goal change together."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from envs.symbolic.domain import load_domain
from envs.symbolic.goals import format_goal, parse_goal
from planner.language.phrase_patterns import load_words
from planner.tasks.augmentation import vary_line
from planner.tasks.task_files import TaskLine

SCENE = ("apple", "bowl", "bread", "cup", "egg", "fork", "knife", "lettuce", "mug", "pan", "plate", "tomato")


def variations(said: str, goal: str, count: int = 60) -> Iterator[tuple[str, str]]:
    line = TaskLine(id="1", instruction=said, goal=parse_goal(goal), objects=SCENE)
    rng = random.Random(0)
    for _ in range(count):
        found = vary_line(line, rng)
        if found is not None and found.goal is not None:
            yield found.instruction, format_goal(found.goal)


def test_a_thing_and_its_name_change_together() -> None:
    words = load_words().objects
    found = list(variations("Put a mug in the sink.", "mug in sink"))
    assert len({goal for _, goal in found}) > 10
    for said, goal in found:
        thing = goal.split(" in ")[0].split(" on ")[0]
        assert any(name in said for name in words[thing]), (said, goal)


def test_hot_becomes_cold_in_word_and_goal() -> None:
    found = [
        (said, goal) for said, goal in variations("place a warm mug on the shelf", "hot mug on shelf") if "cold" in goal
    ]
    assert found
    assert all("chilled" in said and "warm" not in said for said, _ in found)


def test_what_tells_the_temperature_otherwise_is_left_alone() -> None:
    found = variations("warm the mug in the microwave and put it on the shelf", "hot mug on shelf")
    assert all("cold" not in goal for _, goal in found)


def test_the_article_agrees_with_the_new_name() -> None:
    for said, goal in variations("put a mug in the sink", "mug in sink"):
        noun = said.split("put a")[1].removeprefix("n").strip()
        assert said.startswith("put an ") == (noun[0] in "aeiou"), (said, goal)


def test_a_name_that_is_said_twice_or_not_at_all_is_not_changed() -> None:
    for said in ("put it in the sink", "take the mug, put the mug in the sink"):
        assert all(goal.startswith("mug ") for _, goal in variations(said, "mug in sink"))


@pytest.mark.parametrize("goal", ["every toy in box", "no apple on desk"])
def test_goals_about_many_are_left_alone(goal: str) -> None:
    assert not list(variations("see to it", goal))


def test_things_that_cannot_be_so_are_not_put_in() -> None:
    for _, goal in variations("put a sliced tomato in the fridge", "sliced tomato in fridge"):
        assert load_domain().objects[goal.split()[1]].slices, goal


def test_where_a_thing_comes_from_may_change_and_the_goal_does_not() -> None:
    found = list(variations("take the mug from the dresser to the sink", "mug in sink"))
    moved = [said for said, goal in found if goal == "mug in sink" and "dresser" not in said]
    assert len({said.split("from the ")[1] for said in moved}) > 3


def test_the_steps_name_the_new_thing_too() -> None:
    steps = ["Go to the desk", "Pick up the mug, the blue mug", "Put the mug in the sink"]
    goal = parse_goal("mug in sink")
    line = TaskLine(id="1", instruction="put a mug in the sink", goal=goal, objects=SCENE, extra={"steps": steps})
    rng = random.Random(0)
    changed = [v for _ in range(40) if (v := vary_line(line, rng)) and v.goal and "mug" not in format_goal(v.goal)]
    assert changed
    assert all(len(v.steps) == 3 and not any("mug" in step for step in v.steps) for v in changed)
