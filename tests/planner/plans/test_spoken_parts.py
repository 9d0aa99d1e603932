"""What the parts of an instruction became, where another goal is meant than they were told for."""

from __future__ import annotations

from collections.abc import Sequence

from envs.symbolic.domain import load_domain
from envs.symbolic.goals import parse_goal
from planner.plans.planning_result import SpokenPart
from planner.plans.spoken_parts import parts_of_goal

TOLD = (("bring me the bottle", "wine bottle with person"), ("quickly", "unread"), ("i'm thirsty", "context"))


def became(goal: str | None, told: Sequence[tuple[str, str]] = TOLD) -> list[tuple[str, str]]:
    parts = [SpokenPart(text=text, became=label) for text, label in told]
    meant = parts_of_goal(parts, parse_goal(goal) if goal else None, load_domain())
    return [(part.text, part.became) for part in meant]


def test_parts_of_the_same_goal_stay() -> None:
    assert became("wine bottle with person") == list(TOLD)
    assert became("wine bottle with person ; mug on desk") == list(TOLD)


def test_parts_become_the_only_condition_of_another_goal() -> None:
    assert became("glass bottle with person") == [("bring me the bottle", "glass bottle with person"), *TOLD[1:]]


def test_which_of_several_conditions_a_part_became_is_not_made_up() -> None:
    assert became("glass bottle with person ; fork on desk") == [("bring me the bottle", "read"), *TOLD[1:]]


def test_while_it_is_open_what_is_meant_parts_are_only_read() -> None:
    assert became(None) == [("bring me the bottle", "read"), *TOLD[1:]]
    assert became(None, [("the mug", "mug on desk"), ("and a fork", "fork on desk")]) == [
        ("the mug and a fork", "read")
    ]
    assert became(None, []) == []
