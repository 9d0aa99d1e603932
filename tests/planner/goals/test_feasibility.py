"""What is refused before a plan is tried cannot be reached: a search over all plans in small homes finds none."""

from __future__ import annotations

import pytest

from envs.symbolic.actions import State, applicable, successor
from envs.symbolic.goals import Goal, parse_goal
from envs.symbolic.obstacles import obstacle
from envs.symbolic.progress import Progress, advance, begin, score
from planner.goals.feasibility import infeasibility
from tests.envs.homes_for_tests import state
from tests.planner.corpus.test_scenes import REFUSED, Scene, home, named

MAX_STATES = 1500


def can_be_reached(goal: Goal, start: State) -> bool:
    """Whether one of the nearest states reaches a goal, by breadth-first search."""
    front: list[Progress] = [begin(goal, start)]
    seen = {start[1:5]}
    while front and len(seen) < MAX_STATES:
        reached: list[Progress] = []
        for progress in front:
            for action in applicable(progress.state):
                after = advance(progress, successor(progress.state, action), action)
                if score(after).success:
                    return True
                if not after.broken and action.skill != "go to" and after.state[1:5] not in seen:
                    seen.add(after.state[1:5])
                    reached.append(after)
        front = reached
    return False


def test_the_search_finds_a_plan_where_there_is_one() -> None:
    start = state(["cabinet 1", "desk 1"], {"mug 1": "cabinet 1"})
    assert can_be_reached(parse_goal("mug on desk"), start)
    assert not can_be_reached(parse_goal("mug on desk while never open cabinet"), start)


@pytest.mark.parametrize("scene", REFUSED, ids=named)
def test_no_plan_reaches_what_is_refused(scene: Scene) -> None:
    start = home(scene)
    goal = parse_goal(scene["goal"], scene=start.world.scene)
    # What people would not do is refused by `infeasibility` alone; and a plate that was in the fridge after it was
    # washed is not what is meant by `clean plate by fridge`.
    if obstacle(goal, start) and not goal.means:
        assert not can_be_reached(goal, start)


@pytest.mark.parametrize(
    "goal",
    [
        "every book in box", "2 plate in sink", "plate beside book", "no plate in kitchen", "hot plate by microwave",
        "exactly 1 plate on desk", "1 of dirty plate is clean", "plate with person", "book in every box",
        "mug of milk ; holding mug", "at most 1 plate on desk", "every dishes in sink then no dishes in sink",
    ],
)  # fmt: skip
def test_what_may_be_reached_is_not_refused(goal: str) -> None:
    start = state(
        ["sink 1", "desk 1", "microwave 1", "person 1", "bed 1 @ bedroom"],
        {
            "plate 1: dirty": "desk 1", "plate 2: dirty": "sink 1", "plate 3": "desk 1", "book 1": "desk 1",
            "book 2": "desk 1", "box 1": "bed 1", "mug 1": "desk 1", "milk 1": "desk 1",
        },
    )  # fmt: skip
    assert infeasibility(parse_goal(goal), start) == ""
