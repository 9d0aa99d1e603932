"""Progress: how far a plan gets, and that what follows its best state is cut."""

from __future__ import annotations

import pytest

from envs.symbolic.actions import Action, State, World, parse_action
from envs.symbolic.goals import parse_goal
from envs.symbolic.scene import ObjectSpec, Scene
from planner.verification.plan_progress import progress_along


@pytest.fixture
def now(flat: State) -> State:
    scene = flat.world.scene
    more = tuple(ObjectSpec(name=f"mug {n}", category="mug", place="countertop 1") for n in (2, 3))
    return World(Scene(**{**vars(scene), "objects": (*scene.objects, *more)})).initial()


def actions(now: State, *steps: str) -> list[Action]:
    return [parse_action(now.world, step) for step in steps]


def bring(thing: str, place: str) -> tuple[str, str]:
    return f"pick up {thing}", f"put {thing} on {place}"


CASES = {
    "a plan that undoes itself ends before": (
        "2 mug on dining table", (*bring("mug 2", "dining table 1"), *bring("mug 2", "countertop 1")), 2),
    "what repeats a state is cut": (
        "mug on dining table ; hot apple",
        (*bring("mug 2", "dining table 1"), "open cabinet 1", "close cabinet 1"), 2),
    "a part of a number is progress": (
        "3 mug on dining table",
        (*bring("mug 2", "dining table 1"), *bring("mug 3", "dining table 1"), "open fridge 1"), 4),
    "a part of `every` is progress": (
        "every mug on dining table",
        (*bring("mug 2", "dining table 1"), "open fridge 1", *bring("plate 1", "fridge 1")), 2),
    "one less of `no` is progress": (
        "no mug on countertop", (*bring("mug 2", "dining table 1"), *bring("mug 2", "countertop 1")), 2),
    "what is in the hand is put down first": (
        "no mug on countertop",
        (*bring("mug 2", "dining table 1"), *bring("mug 3", "dining table 1"), "open fridge 1"), 4),
    "a thing that was put back is no progress": (
        "2 mug on dining table", ("pick up mug 2", "put mug 2 on countertop 1"), 0),
    "no progress leaves nothing": ("hot apple", ("open fridge 1", "pick up apple 1", "put apple 1 on countertop 1"), 0),
    "a condition is worth more than parts of others": (
        "lamp on ; 3 mug on dining table",
        ("turn on desk lamp 1", *bring("mug 2", "dining table 1"), "turn off desk lamp 1",
         *bring("mug 3", "dining table 1")), 3),
    "a later phase is further": (
        "mug on dining table then hot mug on countertop",
        (*bring("mug 2", "dining table 1"), "pick up mug 2", "put mug 2 on countertop 1"), 2),
    "nothing after a step that fails counts": (
        "mug on dining table ; lamp on",
        ("turn on desk lamp 1", "pick up mug 1", *bring("mug 2", "dining table 1")), 1),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_plan_is_cut_after_its_best_state(now: State, name: str) -> None:
    goal, steps, length = CASES[name]
    kept, _ = progress_along(parse_goal(goal), actions(now, *steps), now, now)
    assert len(kept) == length


def test_a_plan_that_reaches_its_goal_is_cut_only_after_it(now: State) -> None:
    plan = actions(now, *bring("mug 2", "dining table 1"))
    kept, progress = progress_along(parse_goal("mug on dining table"), plan, now, now)
    assert kept == tuple(plan) and progress.met == 1
