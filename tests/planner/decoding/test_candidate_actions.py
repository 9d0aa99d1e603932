"""What the GPT may choose from."""

from __future__ import annotations

import random

from envs.symbolic.actions import State, applicable, parse_action, successor
from planner.decoding.candidate_actions import applicable_to, candidate_actions, state_key
from tests.planner.conftest import Drawn


def test_what_can_be_done_with_some_things_is_that_part_of_all_that_can_be_done(drawn: list[Drawn]) -> None:
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


def test_what_leads_back_is_not_offered(flat: State) -> None:
    opened = successor(flat, parse_action(flat.world, "open cabinet 1"))
    names = frozenset({"cabinet 1", "mug 1"})
    offered = [a for a, _ in candidate_actions(opened, names, {state_key(flat), state_key(opened)})]
    assert parse_action(flat.world, "close cabinet 1") not in offered
    assert parse_action(flat.world, "pick up mug 1") in offered


def test_where_nothing_else_is_left_anything_is_offered(flat: State) -> None:
    offered = [a for a, _ in candidate_actions(flat, frozenset({"mug 1"}), {state_key(flat)})]
    assert parse_action(flat.world, "open fridge 1") in offered
