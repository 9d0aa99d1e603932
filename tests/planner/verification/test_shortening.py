"""What serves nothing is left out of a proven plan, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from envs.symbolic.actions import State, format_action, parse_action
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import parse_goal
from envs.symbolic.skills.notation import parse_skills
from envs.symbolic.state import World
from planner.verification.plan_verification import verify
from planner.verification.shortening import shortened
from tests.envs.homes_for_tests import state

MUG = ("pick up mug 1", "put mug 1 on desk 1")


def home() -> State:
    now = state(
        ["countertop 1", "desk 1", "sink 1", "fridge 1", "cabinet 1", "microwave 1", "desk lamp 1", "plant 1"],
        {"mug 1": "countertop 1", "cup 1": "countertop 1", "cup 2: dirty": "desk 1", "fork 1": "microwave 1",
         "milk 1": "fridge 1", "potato 1": "microwave 1", "watering can 1": "countertop 1"},
    )  # fmt: skip
    can = now.world.index["watering can 1"]
    return now._replace(liquid=(*now.liquid[:can], "water", *now.liquid[can + 1 :]))


def short(goal: str, *steps: str, now: State | None = None) -> list[str]:
    """The shortened plan; it reaches its goal, as the plan does."""
    now = now or home()
    parsed = parse_goal(goal, scene=now.world.scene)
    actions = [parse_action(now.world, step) for step in steps]
    assert verify(now, parsed, actions).ok
    result = shortened(actions, parsed, now)
    assert verify(now, parsed, result).ok
    return [format_action(now.world, action) for action in result]


@pytest.mark.parametrize(
    "useless",
    [
        ("pick up cup 1", "put cup 1 on desk 1"),
        ("pick up cup 2", "put cup 2 in sink 1", "turn on sink 1", "turn off sink 1"),
        ("turn on desk lamp 1",),
        ("turn on desk lamp 1", "pick up cup 1", "put cup 1 in sink 1", "turn off desk lamp 1"),
        ("open fridge 1", "close fridge 1"),
        ("open cabinet 1",),
        ("pick up cup 1", "put cup 1 on desk 1", "pick up cup 1", "put cup 1 on countertop 1"),
    ],
    ids=" → ".join,
)
def test_what_nobody_asked_for_is_left_out(useless: tuple[str, ...]) -> None:
    assert short("mug on desk", *useless, *MUG) == short("mug on desk", *MUG, *useless) == list(MUG)


def test_an_object_is_brought_without_a_rest_on_the_way() -> None:
    assert short("mug on desk", MUG[0], "put mug 1 in sink 1", *MUG) == list(MUG)


def test_a_tap_that_runs_around_other_steps_is_left_out_and_they_stay() -> None:
    assert short("mug on desk", "turn on sink 1", *MUG, "turn off sink 1") == list(MUG)


def test_what_is_held_in_vain_around_another_step_stays_where_it_is() -> None:
    steps = ("pick up cup 1", "go to sink 1", "put cup 1 on countertop 1")
    assert short("desk lamp on", *steps, "turn on desk lamp 1") == ["turn on desk lamp 1"]
    domain = home().world.domain.extended(
        skills=parse_skills({"say": {"text": "say {object}", "sets": ["{object} said"]}}, load_domain().vocabulary)
    )
    scene = replace(home().world.scene, domain=domain)
    useless = ("pick up cup 1", "say cup 2", "put cup 1 on countertop 1")
    assert short("said cup", *useless, now=World(scene).initial()) == ["say cup 2"]


@pytest.mark.parametrize(
    ("goal", "steps"),
    [
        ("mug on desk", MUG),
        ("plant watered", ("pick up watering can 1", "pour watering can 1 into plant 1",
                           "put watering can 1 on countertop 1")),
        ("milk on desk", ("open fridge 1", "pick up milk 1", "put milk 1 on desk 1", "close fridge 1")),
        ("cup of milk", ("open fridge 1", "pick up milk 1", "pour milk 1 into cup 1", "put milk 1 in fridge 1",
                         "close fridge 1")),
        ("2 clean cup", ("pick up cup 2", "put cup 2 in sink 1", "turn on sink 1", "turn off sink 1")),
        ("desk lamp on then desk lamp off", ("turn on desk lamp 1", "turn off desk lamp 1")),
        ("holding cup", ("pick up cup 1",)),
    ],
)  # fmt: skip
def test_what_is_needed_put_back_switched_off_or_closed_stays(goal: str, steps: tuple[str, ...]) -> None:
    assert short(goal, *steps) == list(steps)


def test_metal_is_still_taken_out_of_a_microwave_before_it_runs() -> None:
    steps = ("open microwave 1", "pick up fork 1", "put fork 1 on countertop 1", "close microwave 1",
             "turn on microwave 1", "turn off microwave 1")  # fmt: skip
    assert short("hot potato", *steps) == list(steps)


def test_a_closed_door_is_not_left_open_to_save_two_steps() -> None:
    steps = ("open fridge 1", "close fridge 1", "open fridge 1", "pick up milk 1", "put milk 1 on desk 1",
             "close fridge 1")  # fmt: skip
    assert short("milk on desk", *steps) == ["open fridge 1", *steps[3:]]


def test_a_plan_that_is_not_applicable_stays_as_it_is() -> None:
    now = home()
    actions = [parse_action(now.world, "put mug 1 on desk 1")]
    assert shortened(actions, parse_goal("mug on desk"), now) == tuple(actions)
