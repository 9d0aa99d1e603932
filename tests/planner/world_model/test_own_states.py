"""A belief knows the states that own skills set, and the rooms that they are about."""

from __future__ import annotations

import random

from envs.simulation.disturbed_home import DisturbedHome
from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import applicable, parse_action, unmet_precondition
from envs.symbolic.visibility import in_sight
from planner.world_model.belief import Belief
from tests.envs.symbolic.skills.own_skills import own_scene, own_state


def test_an_own_skill_is_predicted_and_seen() -> None:
    state = own_state()
    belief = Belief.of_map(own_scene()).observe(state)
    predicted = belief.after(parse_action(state.world, "vacuum bedroom"))
    assert predicted.fixtures["bedroom"] == {"vacuumed"}
    assert predicted.at == "bedroom"


def test_a_belief_agrees_with_what_is_seen_in_a_home_in_which_others_act() -> None:
    home = DisturbedHome(SymbolicHome(own_state()), probability=0.4, seed=1)
    belief, rng = Belief.of_map(own_scene()).observe(home.state()), random.Random(0)
    for _ in range(120):
        action = rng.choice(applicable(home.state()))
        home.disturb([action])
        if unmet_precondition(home.state(), action) is None:
            belief = belief.after(action)
            home.execute(action)
        truth = home.state()
        belief = belief.observe(truth)
        believed, _ = belief.states()
        visible = in_sight(truth)
        for entity in (*visible.fixtures, *visible.objects):
            known = believed.world.index[truth.world.names[entity]]
            assert believed.flags[known] == truth.flags[entity]
            assert believed.liquid[known] == truth.liquid[entity]
