"""Merging two conditions about one object into one."""

from __future__ import annotations

import random

import pytest

from envs.symbolic.goals import format_goal, parse_goal
from planner.goals.merging import merge_conditions
from planner.learning.proposing.composition import _merged
from planner.learning.proposing.proposals import Proposal


@pytest.mark.parametrize(
    ("apart", "together"),
    [
        ("glass of water ; glass on desk", "glass of water on desk"),
        ("apple in bowl ; hot apple", "hot apple in bowl"),
        ("hot apple in bowl ; bowl on desk", "hot apple in bowl on desk"),
        ("bowl on desk ; sliced apple ; apple in bowl", "sliced apple in bowl on desk"),
        ("clean mug ; mug with person ; lamp off", "clean mug with person ; lamp off"),
        # Conditions that contradict each other, or may be about two objects, stay separate.
        ("hot apple ; cold apple", "hot apple ; cold apple"),
        ("mug of coffee ; mug of water", "mug of coffee ; mug of water"),
        ("mug on desk ; mug on shelf", "mug on desk ; mug on shelf"),
        ("2 mug on desk ; clean mug", "2 mug on desk ; clean mug"),
        ("every mug on desk ; clean mug", "every mug on desk ; clean mug"),
        ("clean mug then mug on desk", "clean mug then mug on desk"),
    ],
)
def test_conditions_about_one_object_are_merged(apart: str, together: str) -> None:
    assert format_goal(merge_conditions(parse_goal(apart))) == together
    assert merge_conditions(merge_conditions(parse_goal(apart))) == merge_conditions(parse_goal(apart))


def test_two_proposals_about_one_object_are_merged_into_a_harder_task() -> None:
    goals = ("glass of water", "glass on desk", "mug on desk", "every book on shelf")
    members = [(Proposal(id=g, home=0, instruction=g, goal=g), parse_goal(g)) for g in goals]
    merged = _merged(members, random.Random(0))
    assert merged is not None
    chosen, goal = merged
    assert format_goal(goal) == "glass of water on desk" and {p.goal for p in chosen} == set(goals[:2])
    assert _merged(members[2:], random.Random(0)) is None  # `every` is about several objects


def test_the_second_proposal_may_be_changed_to_the_object_of_the_first() -> None:
    goals = {"fill the glass": "glass of water", "put the mug on the desk": "mug on desk"}
    members = [
        (Proposal(id=g, home=0, instruction=instruction, goal=g), parse_goal(g)) for instruction, g in goals.items()
    ]
    merged = {tuple(p.instruction for p in result[0]): format_goal(result[1]) for seed in range(6)
             if (result := _merged(members, random.Random(seed)))}  # fmt: skip
    assert merged[("fill the glass", "put the glass on the desk")] == "glass of water on desk"
