"""Random goals over every construct of the goal language, in sampled homes with random properties.

They are given as goals, without instructions: for what plans, not for what reads.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.goals import Goal
from envs.symbolic.goals.sampling import CONSTRUCTS, draw_goal, with_random_properties
from envs.symbolic.state import State, World

GOALS_PER_HOME = 10


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
            state = World(with_random_properties(scene, rng)).initial()
        construct = CONSTRUCTS[rng.randrange(len(CONSTRUCTS))]
        goal = draw_goal(state, rng, construct)
        if goal is not None:
            yield Drawn(construct, goal, state)
            drawn += 1
            if drawn == number:
                return
