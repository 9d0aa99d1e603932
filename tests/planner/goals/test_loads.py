"""Loads: what lies in an appliance already is used first, and as much goes in as finds room before it runs."""

from __future__ import annotations

import pytest

from envs.symbolic.actions import State, format_action
from envs.symbolic.goals import parse_goal
from planner.corpus.teacher_chunks import taught_actions
from planner.verification.plan_verification import verify
from tests.envs.homes_for_tests import state


def subtasks(home: State, text: str, *, common_sense: bool, avoid: frozenset[int] = frozenset()) -> list[str]:
    """The teacher's plan, which is also replayed; without `go to`."""
    goal = parse_goal(text, scene=home.world.scene)
    actions = taught_actions(home, goal, avoid, common_sense=common_sense)
    report = verify(home, goal, actions)
    assert report.ok, report.reason
    return [format_action(home.world, action) for action in actions if action.skill != "go to"]


def on(place: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, place)


def bowls(first: int, last: int) -> list[str]:
    return [f"bowl {number}" for number in range(first, last + 1)]


@pytest.mark.parametrize("common_sense", [False, True])
@pytest.mark.parametrize(
    ("fixtures", "objects", "goal"),
    [
        (["microwave 1"], on("microwave 1", *bowls(3, 6)), "2 hot bowl by microwave"),
        (["microwave 1"], on("microwave 1", *bowls(3, 6)), "2 hot bowl"),
        (["oven 1"], on("oven 1", *bowls(3, 9)), "3 hot bowl by oven"),
        (["oven 1"], on("oven 1", *bowls(3, 9)), "hot bowl"),
        (["sink 1"], on("sink 1", "mug 2", "plate 1", "plate 2", "plate 3", "bowl 3", "mug 3"), "mug of water"),
        (["dishwasher 1"], on("dishwasher 1", *(f"{b}: dirty" for b in bowls(3, 8))), "2 clean bowl by dishwasher"),
    ],
)
def test_what_fills_an_appliance_and_serves_the_goal_stays_there(
    fixtures: list[str], objects: dict[str, str], goal: str, common_sense: bool
) -> None:
    outside = on("countertop 1", "bowl 1: dirty", "bowl 2: dirty", "mug 1")
    home = state([*fixtures, "countertop 1", "dining table 1"], {**outside, **objects})
    assert subtasks(home, goal, common_sense=common_sense) == [f"turn on {fixtures[0]}", f"turn off {fixtures[0]}"]


@pytest.mark.parametrize("common_sense", [False, True])
def test_only_what_is_missing_goes_in_beside_what_lies_there(common_sense: bool) -> None:
    objects = on("countertop 1", "bowl 1", "bowl 2") | on("microwave 1", "plate 1", "bowl 3", "bowl 4")
    home = state(["microwave 1", "countertop 1", "dining table 1", "cabinet 1"], objects)
    steps = subtasks(home, "3 hot bowl by microwave", common_sense=common_sense)
    assert [step for step in steps if step.startswith("pick up")] == ["pick up plate 1", "pick up bowl 1"]
    assert steps.count("turn on microwave 1") == steps.count("open microwave 1") == 1


@pytest.mark.parametrize("common_sense", [False, True])
def test_what_leaves_an_appliance_goes_to_a_countertop_rather_than_into_a_closed_cabinet(common_sense: bool) -> None:
    objects = on("countertop 1", "bowl 1") | on("microwave 1", "plate 1", "plate 2")
    home = state(["microwave 1", "countertop 1", "cabinet 1"], objects)
    steps = subtasks(home, "hot bowl by microwave", common_sense=common_sense)
    assert "open cabinet 1" not in steps and len(steps) == 8


@pytest.mark.parametrize("common_sense", [False, True])
def test_a_fridge_stays_open_between_making_room_and_filling_it(common_sense: bool) -> None:
    towels = [f"towel {number}" for number in range(2, 20)]
    empty = state(["fridge 1"], on("fridge 1", "plate 1", "towel 1")).world
    fridge, plate, towel = (empty.index[name] for name in ("fridge 1", "plate 1", "towel 1"))
    n_inside = (empty.capacity[fridge] - empty.units[plate]) // empty.units[towel]
    objects = on("fridge 1", "plate 1", *towels[:n_inside]) | on("dining table 1", "towel 1")
    home = state(["fridge 1", "dining table 1", "countertop 1"], objects)
    steps = subtasks(home, "every towel in fridge", common_sense=common_sense)
    assert steps[0] == "open fridge 1" and steps.count("open fridge 1") == 1 and steps[-1] == "close fridge 1"


@pytest.mark.parametrize("common_sense", [False, True])
@pytest.mark.parametrize("goal", ["5 cooked potato", "every potato is cooked", "5 cooked potato by oven"])
def test_food_is_baked_in_one_load(goal: str, common_sense: bool) -> None:
    potatoes = [f"potato {number}" for number in range(1, 6)]
    home = state(["oven 1", "countertop 1", "dining table 1"], on("countertop 1", *potatoes))
    steps = subtasks(home, goal, common_sense=common_sense)
    assert steps.count("turn on oven 1") == steps.count("open oven 1") == 1


@pytest.mark.parametrize("common_sense", [False, True])
def test_food_is_fried_in_one_pan_at_once(common_sense: bool) -> None:
    home = state(["stove burner 1", "countertop 1"], on("countertop 1", "egg 1", "egg 2", "egg 3", "pan 1"))
    steps = subtasks(home, "3 cooked egg", common_sense=common_sense)
    assert steps.count("turn on stove burner 1") == steps.count("put pan 1 on stove burner 1") == 1


@pytest.mark.parametrize("common_sense", [False, True])
def test_more_than_the_oven_takes_is_baked_in_as_few_loads_as_can_be(common_sense: bool) -> None:
    breads = [f"bread {number}" for number in range(1, 10)]
    home = state(["oven 1", "countertop 1", "dining table 1", "shelf 1"], on("dining table 1", *breads))
    at_once = home.world.capacity[home.world.index["oven 1"]] // home.world.units[home.world.index["bread 1"]]
    assert 1 < at_once < len(breads)
    steps = subtasks(home, "9 cooked bread by oven", common_sense=common_sense)
    assert steps.count("turn on oven 1") == -(-len(breads) // at_once)


@pytest.mark.parametrize("common_sense", [False, True])
def test_plants_are_watered_with_a_pot_that_stands_in_the_full_sink(common_sense: bool) -> None:
    objects = on("sink 1", "pot 1", "plate 1", "plate 2", "bowl 1") | on("countertop 1", "watering can 1")
    home = state(["sink 1", "countertop 1", "dining table 1", "plant 1"], objects)
    steps = subtasks(home, "plant watered", common_sense=common_sense)
    assert steps[:3] == ["turn on sink 1", "turn off sink 1", "pick up pot 1"] and "pick up plate 1" not in steps


@pytest.mark.parametrize("common_sense", [False, True])
def test_with_room_in_the_sink_the_watering_can_is_filled(common_sense: bool) -> None:
    objects = on("sink 1", "pot 1") | on("countertop 1", "watering can 1")
    home = state(["sink 1", "countertop 1", "plant 1"], objects)
    assert "pour watering can 1 into plant 1" in " ".join(subtasks(home, "plant watered", common_sense=common_sense))


@pytest.mark.parametrize("common_sense", [False, True])
@pytest.mark.parametrize("goal", ["6 hot bowl by microwave", "6 hot bowl", "6 hot bowl on dining table"])
def test_a_full_microwave_runs_first_if_nothing_can_leave_it(goal: str, common_sense: bool) -> None:
    objects = on("microwave 1", *bowls(3, 6)) | on("countertop 1", "bowl 1", "bowl 2")
    home = state(["microwave 1", "countertop 1", "dining table 1"], objects)
    steps = subtasks(home, goal, common_sense=common_sense)
    assert steps[0] == "turn on microwave 1" and steps.count("turn on microwave 1") == 2


@pytest.mark.parametrize("common_sense", [False, True])
def test_what_is_to_be_held_hot_is_heated_where_it_lies(common_sense: bool) -> None:
    objects = on("microwave 1", *bowls(3, 6)) | on("countertop 1", "bowl 1")
    home = state(["microwave 1", "countertop 1"], objects)
    steps = subtasks(home, "holding hot bowl", common_sense=common_sense)
    assert steps == ["turn on microwave 1", "turn off microwave 1", "open microwave 1", "pick up bowl 3"]


def test_what_lies_in_a_failed_appliance_is_not_waited_for() -> None:
    objects = on("microwave 1", *bowls(3, 6)) | on("countertop 1", "bowl 1")
    home = state(["microwave 1", "oven 1", "countertop 1"], objects)
    avoid = frozenset([home.world.index["microwave 1"]])
    assert "turn on oven 1" in subtasks(home, "hot bowl", common_sense=True, avoid=avoid)


@pytest.mark.parametrize("common_sense", [False, True])
def test_what_another_condition_needs_in_the_appliance_leaves_it_last(common_sense: bool) -> None:
    objects = on("microwave 1", "plate 1", "bowl 3", "bowl 4") | on("countertop 1", "bowl 1", "bowl 2")
    home = state(["microwave 1", "countertop 1", "dining table 1"], objects)
    steps = subtasks(home, "hot bowl on dining table ; plate in microwave", common_sense=common_sense)
    assert steps.count("turn on microwave 1") == 1
