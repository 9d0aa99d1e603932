"""Properties of all goals: they read back, they mean what an independent evaluator says, and equal meanings agree.

The slow test tries 100,000 goals instead of a few hundred.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import pytest

from envs.evaluation.random_plans import draw_chain
from envs.symbolic.actions import Action, State, successor
from envs.symbolic.goals import Condition, Every, FixtureIs, Goal, format_goal, parse_goal
from envs.symbolic.progress import advance, begin, score
from planner.goals.comparison import meaning
from tests.envs.symbolic.drawn_goals import GoalDrawer, drawn_home
from tests.envs.symbolic.naive_meaning import Episode

GOALS_PER_WALK = 25
SEEDS = range(24)


def walk(rng: random.Random) -> tuple[list[State], list[Action]]:
    """Return the states of a random episode, and the actions between them."""
    states, actions = [drawn_home(rng)], list[Action]()
    length = rng.randint(0, 14)
    while len(actions) < length:
        for action in draw_chain(states[-1], rng)[1]:
            actions.append(action)
            states.append(successor(states[-1], action))
    return states, actions


def goals_about(states: list[State], rng: random.Random) -> Iterator[Goal]:
    drawer = GoalDrawer(rng.choice(states), rng)
    return (drawer.goal() for _ in range(GOALS_PER_WALK))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_goal_reads_back_and_means_the_same_to_a_second_evaluator(seed: int) -> None:
    rng = random.Random(seed)
    states, actions = walk(rng)
    episode = Episode(states, actions)
    for goal in goals_about(states, rng):
        text = format_goal(goal)
        assert parse_goal(text, scene=states[0].world.scene) == goal, text
        progress = begin(goal, states[0])
        for state, action in zip(states[1:], actions, strict=True):
            progress = advance(progress, state, action)
        result = score(progress)
        steps = "; ".join(f"{action.skill} {' '.join(action.args)}" for action in actions)
        assert (list(result.met), dict(result.broken)) == episode.score(goal), f"{text} after {steps}"


def reworded(goal: Goal, rng: random.Random) -> str:
    """Return a goal in other words: conditions and states in another order, something said twice, other spaces."""

    def shuffled(condition: Condition) -> Condition:
        if isinstance(condition, FixtureIs):
            return replace(condition, states=tuple(rng.sample(condition.states, len(condition.states))))
        thing = replace(condition.thing, states=tuple(rng.sample(condition.thing.states, len(condition.thing.states))))
        if isinstance(condition, Every):
            become = tuple(rng.sample(condition.become, len(condition.become)))
            return replace(condition, thing=thing, become=become)
        return replace(condition, thing=thing)

    phases = []
    for phase in goal.phases:
        conditions = [shuffled(c) for c in phase]
        conditions += [rng.choice(conditions)] * rng.randrange(2)
        rng.shuffle(conditions)
        phases.append(tuple(conditions))
    rules = rng.sample(goal.rules, len(goal.rules))
    text = format_goal(replace(goal, phases=tuple(phases), rules=tuple(rules)))
    return text.replace(" ; ", rng.choice((";", " ;", "; "))).replace(" : ", rng.choice((": ", " :  ", " : ")))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_in_other_words_means_the_same(seed: int) -> None:
    rng = random.Random(seed)
    states, _ = walk(rng)
    for goal in goals_about(states, rng):
        other = parse_goal(reworded(goal, rng), scene=states[0].world.scene)
        assert meaning(other) == meaning(goal)
        assert (meaning(goal) == meaning(replace(goal, rules=()))) == (not goal.rules)
        assert score(begin(other, states[0])).success == score(begin(goal, states[0])).success


WORDS = (
    ("{} lamp on", "{} lamp off", "{} drawer open", "{} drawer closed"),
    ("{} fork in drawer", "{} mug in sink", "{} clean dishes", "{} anything on countertop"),
)
QUANTIFIERS = (
    ("", "no", "every"),
    ("", "1", "2", "3", "no", "exactly 0", "at most 0", "at most 1", "at most 2", "exactly 1"),
)


def test_goals_of_one_meaning_hold_in_the_same_states() -> None:
    rng = random.Random(0)
    texts = [q for words, heads in zip(WORDS, QUANTIFIERS, strict=True) for w in words for h in heads
             for q in [" ".join(w.format(h).split())]]  # fmt: skip
    tests = [f"if {test} : window open" for text in texts for test in (text, f"not {text}")]
    for _ in range(40):
        states, _ = walk(rng)
        groups = defaultdict(set)
        here = states[0].world.entities_by_category
        lamps = here.keys() & set(states[0].world.domain.fixture_members["lamp"])
        for text in (*texts, *tests):
            goal = parse_goal(text)
            if not ("lamp" in text and not lamps) and not ("drawer" in text and "drawer" not in here):
                groups[meaning(goal)].add(score(begin(goal, states[-1])).success)
        assert all(len(results) == 1 for results in groups.values())
        assert len(groups) < len(texts) + len(tests)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 104))
def test_a_hundred_thousand_goals_read_back_and_mean_the_same_to_a_second_evaluator(seed: int) -> None:
    for number in range(1000):
        test_a_goal_reads_back_and_means_the_same_to_a_second_evaluator(seed * 1000 + number)
        test_the_same_in_other_words_means_the_same(seed * 1000 + number)
