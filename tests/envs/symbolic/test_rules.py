from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from envs.evaluation.random_plans import draw_actions
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import Action, State, World, successor
from envs.symbolic.goals import parse_rule
from envs.symbolic.rules import RuleWatch, breaks

RULES = (
    "never knife with person",
    "never anything with person",
    "never dirty dishes on dining table",
    "never hot food on desk",
    "never mug of water on bed",
    "never 2 book on sofa",
    "never 3 dishes in sink",
    "never exactly 1 mug on countertop",
    "never no plate in cabinet",
    "never every fork in drawer",
    "never apple in bowl",
    "never food in bowl on countertop",
    "never fork beside knife",
    "never book on every sofa",
    "never holding knife",
    "never holding dirty dishes",
    "never fridge open",
    "never oven on",
    "never every lamp off",
    "never no window closed",
    "never countertop dirty",
    "never cooked food in pan",
    "never cold drink in mug",
    "never clean towel in washing machine",
    "never open oven",
    "never go to bathroom",
    "never go to dining table",
    "never pick up knife",
    "never turn on stove burner",
    "never slice apple",
    "never slice",
    "never put food",
    "never mug from cabinet on desk",
)


def transitions(state: State, n: int, seed: int) -> Iterator[tuple[Action, State, State]]:
    for action in draw_actions(state, n, random.Random(seed)):
        after = successor(state, action)
        yield action, state, after
        state = after


@pytest.mark.parametrize("seed", range(12))
def test_a_watch_says_what_the_rules_say(seed: int) -> None:
    world = World(sample_scene(seed, n_objects=24, geometry=False))
    start = world.initial()
    rules = [parse_rule(text, world.domain) for text in RULES]
    watch = RuleWatch(rules, start)
    for action, before, after in transitions(start, 400, seed):
        true_before = watch.true_of(before)
        broken = {i for i, rule in enumerate(rules) if breaks(rule, action, before, after, start)}
        assert broken.difference(true_before) == set(watch.broken_by(action, before, after)).difference(true_before)


def test_most_rules_of_this_file_are_broken_in_some_walk() -> None:
    broken = set[str]()
    for seed in range(12):
        world = World(sample_scene(seed, n_objects=24, geometry=False))
        start = world.initial()
        watch = RuleWatch([parse_rule(text, world.domain) for text in RULES], start)
        for action, before, after in transitions(start, 400, seed):
            broken.update(RULES[i] for i in watch.broken_by(action, before, after))
    assert len(broken) >= 20
