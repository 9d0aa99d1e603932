"""What a plan reached by the way: true of its end, not of its start, and as precise as what changed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.scenes.home_file import load_home
from envs.symbolic.actions import State, World, applicable, parse_action, successor
from envs.symbolic.goals import format_goal, parse_goal
from envs.symbolic.scoring import holds
from planner.learning.proposing.hindsight import achieved_subgoals, relabel
from planner.learning.proposing.proposals import initial_state_of
from planner.tasks.task_sampler import goal_is_held_out
from planner.verification.plan_verification import replay

KITCHEN = """\
name: kitchen
rooms:
  kitchen: [countertop, sink, microwave: [open], dining table, person]
objects:
  countertop: [apple, plate, glass, fork: [dirty], spoon: [dirty]]
"""


@pytest.fixture
def kitchen(tmp_path: Path) -> State:
    path = tmp_path / "kitchen.yaml"
    path.write_text(KITCHEN.replace("fork: [dirty], spoon: [dirty]", "dirty fork, dirty spoon"), encoding="utf-8")
    return World(load_home(path, geometry=False)).initial()


def by_the_way(start: State, *subtasks: str) -> set[str]:
    actions = [parse_action(start.world, subtask) for subtask in subtasks]
    assert replay(start, actions).reason is None
    return {format_goal(goal) for goal in achieved_subgoals(start, actions, random.Random(0))}


def test_what_was_changed_and_then_moved_is_both(kitchen: State) -> None:
    heat = ("pick up apple 1", "put apple 1 in microwave 1", "close microwave 1", "turn on microwave 1")
    found = by_the_way(
        kitchen, *heat, "turn off microwave 1", "open microwave 1", "pick up apple 1", "put apple 1 on plate 1",
        "pick up plate 1", "put plate 1 on dining table 1",
    )  # fmt: skip
    assert "hot apple on plate on dining table" in found and "plate on dining table" in found


def test_what_was_filled_is_full_where_it_stands(kitchen: State) -> None:
    fill = ("pick up glass 1", "put glass 1 in sink 1", "turn on sink 1", "turn off sink 1", "pick up glass 1")
    assert "glass of water with person" in by_the_way(kitchen, *fill, "give glass 1 to person 1")


def test_all_of_a_kind_are_every_one_and_the_dirty_ones_are_every_dirty_one(kitchen: State) -> None:
    found = by_the_way(kitchen, "pick up fork 1", "put fork 1 in sink 1", "pick up spoon 1", "put spoon 1 in sink 1")
    assert {"every dirty cutlery in sink", "every cutlery in sink", "every fork in sink"} <= found
    assert "every dishes in sink" not in found  # the plate is not there
    assert "every dirty cutlery in sink" not in by_the_way(kitchen, "pick up fork 1", "put fork 1 in sink 1")


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 14))
def test_each_is_true_at_the_end_alone(seed: int, steps: int) -> None:
    start = initial_state_of(5, parse_goal("no ceiling light on"))
    rng, state, actions = random.Random(seed), start, []
    for _ in range(steps):
        actions.append(rng.choice(applicable(state)))
        state = successor(state, actions[-1])
    for goal in achieved_subgoals(start, actions, rng):
        (condition,) = goal.conditions
        assert holds(state, condition, start) and not holds(start, condition, start)
        assert not goal_is_held_out(goal)


def test_what_follows_a_step_that_cannot_be_done_does_not_count(kitchen: State) -> None:
    actions = [parse_action(kitchen.world, s) for s in ("put apple 1 in sink 1", "pick up apple 1")]
    assert relabel(kitchen, actions) is None
    assert list(achieved_subgoals(kitchen, actions, random.Random(0))) == []
