"""Candidate actions that the GPT may choose from."""

from __future__ import annotations

import random

from envs.symbolic.actions import State, applicable, parse_action, successor
from planner.decoding.candidate_actions import applicable_to, candidate_actions, state_key
from tests.planner.conftest import Drawn
from tests.planner.goals.skilled_home import skilled_state


def test_actions_applicable_to_some_objects_are_a_subset_of_all_applicable_actions(drawn: list[Drawn]) -> None:
    count = 0
    for number, d in enumerate(drawn[:40]):
        rng, now = random.Random(number), d.task.start
        for _ in range(12):
            names = frozenset(rng.sample(now.world.names, min(12, len(now.world.names))))
            if now.held >= 0:
                names |= {now.world.names[now.held]}
            expected = [a for a in applicable(now) if names.issuperset(a.args)]
            assert applicable_to(now, names) == expected
            count += len(expected)
            now = successor(now, rng.choice(applicable(now)))
    assert count > 1000


def test_actions_that_lead_back_to_an_earlier_state_are_not_candidates(flat: State) -> None:
    opened = successor(flat, parse_action(flat.world, "open cabinet 1"))
    names = frozenset({"cabinet 1", "mug 1"})
    candidates = [a for a, _ in candidate_actions(opened, names, {state_key(flat), state_key(opened)})]
    assert parse_action(flat.world, "close cabinet 1") not in candidates
    assert parse_action(flat.world, "pick up mug 1") in candidates


def test_if_no_candidate_is_left_every_applicable_action_is_one(flat: State) -> None:
    candidates = [a for a, _ in candidate_actions(flat, frozenset({"mug 1"}), {state_key(flat)})]
    assert parse_action(flat.world, "open fridge 1") in candidates


def test_going_where_an_own_skill_works_is_a_candidate() -> None:
    state = skilled_state()
    names, visited = frozenset({"robot vacuum 1", "desk 1"}), {state_key(state)}
    ways = [a for a, _ in candidate_actions(state, names, visited) if a.skill == "go to"]
    assert ways == [parse_action(state.world, "go to robot vacuum 1")]
    there = successor(state, ways[0])
    assert all(a.skill != "go to" for a, _ in candidate_actions(there, names, visited))
    docked = successor(there, parse_action(state.world, "dock robot vacuum 1"))
    assert all(a.skill != "go to" for a, _ in candidate_actions(docked, names, {*visited, state_key(docked)}))
