"""What is tried next: most of all what the slow planner reaches and the direct pass does not."""

from __future__ import annotations

from collections import Counter

from envs.symbolic.goals import parse_goal
from planner.io.json_lines import Record
from planner.learning.curriculum import MIN_WEIGHT, Curriculum, features
from planner.learning.proposals import Proposal

EASY, EDGE, HOPELESS = "mug on desk", "clean mug on desk", "every toy on shelf"


def episodes() -> list[Record]:
    kinds = ((EASY, True, True), (EDGE, False, True), (HOPELESS, False, False))
    return [{"goal": goal, "direct": direct, "kept": kept} for goal, direct, kept in kinds for _ in range(20)]


def tasks(count: int) -> list[Proposal]:
    goals = ("plate on sink", "clean plate in sink", "every dishes in sink")
    return [
        Proposal(id=f"{goal}/{k}", home=0, instruction=goal, goal=goal.replace("on sink", "in sink"))
        for k in range(count)
        for goal in goals
    ]


def test_what_is_at_the_edge_weighs_most() -> None:
    curriculum = Curriculum(episodes())
    easy, edge, hopeless = (curriculum.weight(parse_goal(goal)) for goal in (EASY, EDGE, HOPELESS))
    assert edge > easy + 0.1 and edge > hopeless + 0.5
    assert min(easy, edge, hopeless) >= MIN_WEIGHT


def test_what_was_never_tried_lies_between() -> None:
    curriculum = Curriculum(episodes())
    new = curriculum.weight(parse_goal("cold sliced apple in bowl then holding fork"))
    assert curriculum.weight(parse_goal(HOPELESS)) < new < curriculum.weight(parse_goal(EDGE))


def test_choices_lean_towards_the_edge_unless_told_to_be_even() -> None:
    pool = tasks(40)
    leaning = Counter(p.goal for p in Curriculum(episodes()).choose(pool, 30, 0))
    even = Counter(p.goal for p in Curriculum(episodes(), prefer_failures=False).choose(pool, 30, 0))
    assert leaning["clean plate in sink"] > leaning["every dishes in sink"] + 5
    assert max(even.values()) - min(even.values()) < 12


def test_choices_are_distinct_in_order_and_repeat_with_the_seed() -> None:
    pool = tasks(5)
    curriculum = Curriculum(episodes())
    chosen = curriculum.choose(pool, 7, 3)
    assert len({p.id for p in chosen}) == 7 and chosen == sorted(chosen, key=pool.index)
    assert chosen == curriculum.choose(pool, 7, 3) != curriculum.choose(pool, 7, 4)
    assert curriculum.choose(pool, 99, 0) == pool


def test_tasks_have_their_forms_their_fixtures_and_their_numbers_in_common() -> None:
    assert features(parse_goal("hot apple on desk ; lamp off")) == {
        "Count hot at fixture", "some fixture off", "at desk", "at lamp", "2 conditions", "1 in turn",
    }  # fmt: skip
