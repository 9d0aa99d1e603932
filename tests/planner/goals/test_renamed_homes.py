"""In a home with other names for everything, the same is planned: kinds are known by what they are like."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from envs.symbolic.domain import load_domain
from envs.symbolic.goals import Goal, format_goal, parse_goal
from envs.symbolic.goals.sampling import with_random_properties
from envs.symbolic.obstacles import obstacle
from envs.symbolic.state import World
from planner.corpus.teacher_chunks import taught_actions
from planner.facts.retrieval import retrieve_facts
from planner.goals.feasibility import infeasibility
from planner.tasks.random_goals import random_goals
from planner.verification.plan_verification import verify
from tests.envs.symbolic.drawn_goals import GoalDrawer, drawn_home
from tests.planner.goals.renamed_homes import renamed, renamed_action, renamed_scene, renaming
from tests.planner.goals.skilled_home import skilled_scene

if TYPE_CHECKING:
    from envs.symbolic.actions import Action, State

NAMES = renaming(load_domain())
GOALS_PER_SEED = 100


def plan_of(state: State, goal: Goal, *, common_sense: bool) -> list[Action] | None:
    try:
        return taught_actions(state, goal, common_sense=common_sense)
    except LookupError:
        return None


@pytest.mark.parametrize(
    ("seed", "number"),
    [*((seed, GOALS_PER_SEED) for seed in range(3)), *(pytest.param(s, 800, marks=pytest.mark.slow) for s in range(3))],
)
def test_the_same_is_planned_where_every_kind_has_another_name(seed: int, number: int) -> None:
    n_proven = 0
    for drawn in random_goals(number, seed):
        state, scene = drawn.state, drawn.state.world.scene
        other_scene = renamed_scene(scene, NAMES)
        other = World(other_scene).initial()
        goal = renamed(drawn.goal, NAMES)
        assert isinstance(goal, Goal)
        assert parse_goal(format_goal(goal, other.world.domain), scene=other_scene) == goal
        assert bool(infeasibility(goal, other)) == bool(infeasibility(drawn.goal, state))
        assert bool(obstacle(goal, other)) == bool(obstacle(drawn.goal, state))
        for common_sense in (True, False):
            plan = plan_of(state, drawn.goal, common_sense=common_sense)
            other_plan = plan_of(other, goal, common_sense=common_sense)
            expected = None if plan is None else [renamed_action(action, scene, other_scene) for action in plan]
            assert other_plan == expected, format_goal(drawn.goal)
            if plan is not None and other_plan is not None:
                is_proven = verify(other, goal, other_plan).ok
                assert is_proven == verify(state, drawn.goal, plan).ok
                n_proven += is_proven and common_sense
        facts, other_facts = (
            retrieve_facts(s, g.phases[0], s, phase=g.phases[0], common_sense=True)
            for s, g in ((state, drawn.goal), (other, goal))
        )
        assert facts.entities == other_facts.entities
    print(f"seed {seed}: {n_proven} of {number} plans are proven, in both homes")


TRICKY = {
    "bowl": "dog bowl", "box": "red box", "plate": "hot plate", "alarm clock": "egg timer", "CD": "T-shirt",
    "book": "milk box", "cell phone": "clean slate", "glass": "glass jar", "side table": "fish tank",
    "shelf": "wine rack", "drawer": "box drawer", "desk lamp": "white lamp", "sink": "kitchen basin",
    "pen": "small book",
}  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_goals_about_kinds_whose_names_contain_other_words_read_back(seed: int) -> None:
    rng = random.Random(seed)
    home = drawn_home(rng)
    scene = renamed_scene(home.world.scene, TRICKY)
    drawer = GoalDrawer(World(scene).initial(), rng)
    for _ in range(60):
        goal = drawer.goal()
        text = format_goal(goal, scene.domain)
        assert parse_goal(text, scene=scene) == goal, text
        assert parse_goal(format_goal(goal), scene=scene) == parse_goal(text, scene=scene)


@pytest.mark.parametrize("seed", range(6))
def test_goals_about_own_states_and_rooms_read_back(seed: int) -> None:
    rng = random.Random(seed)
    state = World(with_random_properties(skilled_scene(), rng)).initial()
    drawer = GoalDrawer(state, rng)
    for _ in range(60):
        goal = drawer.goal()
        text = format_goal(goal, state.world.domain)
        assert parse_goal(text, scene=state.world.scene) == goal, text
