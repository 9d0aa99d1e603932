"""Random goals over every construct of the goal language, in sampled homes with random properties; some are crowded.

They are given as goals, without instructions: for what plans, not for what reads.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.goals import Goal, sampling
from envs.symbolic.state import State, World
from planner.tasks import crowded_goals

GOALS_PER_HOME = 10
CONSTRUCTS = (*sampling.CONSTRUCTS, *crowded_goals.CONSTRUCTS)


class Drawn(NamedTuple):
    """A goal, the construct that it is about, and the state of the home."""

    construct: str
    goal: Goal
    state: State


def random_goals(number: int, seed: int) -> Iterator[Drawn]:
    """Yield goals; the same for the same seed."""
    rng = random.Random(seed)
    state, drawn = None, 0
    for i in range(50 * number):
        if state is None or i % GOALS_PER_HOME == 0:
            scene = sample_scene(rng.randrange(2**31), geometry=False)
            scene = sampling.with_random_properties(scene, rng)
            state = World(scene).initial()
        construct = CONSTRUCTS[rng.randrange(len(CONSTRUCTS))]
        if construct in crowded_goals.CONSTRUCTS:
            crowd = crowded_goals.crowded(construct, scene, rng)
            drawn_goal = None if crowd is None else Drawn(construct, Goal(phases=((crowd[1],),)), crowd[0])
        else:
            goal = sampling.draw_goal(state, rng, construct)
            drawn_goal = None if goal is None else Drawn(construct, goal, state)
        if drawn_goal is not None:
            yield drawn_goal
            drawn += 1
            if drawn == number:
                return
