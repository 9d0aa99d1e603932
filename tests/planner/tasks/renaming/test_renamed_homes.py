"""Renamed homes: the same home, in which kinds have other names."""

from __future__ import annotations

import pickle
import random

import pytest

from envs.symbolic.actions import applicable, format_action
from envs.symbolic.goals import format_goal
from envs.symbolic.kinds.spoken_words import own_kinds
from envs.symbolic.state import State
from planner.corpus.teacher_chunks import proven_plan
from planner.tasks.home_splits import SPLITS, sample_home
from planner.tasks.renaming.renamed_homes import rename_kinds
from planner.tasks.task_sampler import TaskDrawer


def home(seed: int) -> State:
    return sample_home(random.Random(seed), SPLITS["train"])


def renamed(state: State, seed: int = 0, **options: object) -> State:
    return rename_kinds(state, random.Random(seed), "train", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(4))
def test_every_kind_but_people_gets_a_name_of_its_own(seed: int) -> None:
    before, after = home(seed).world, renamed(home(seed)).world
    kinds = [c for c in after.entities_by_category if c != "person"]
    assert set(kinds) <= own_kinds(after.domain)
    assert len(after.entities_by_category) == len(before.entities_by_category)


@pytest.mark.parametrize("seed", range(4))
def test_a_renamed_home_is_in_the_same_state_and_can_do_the_same(seed: int) -> None:
    before, after = home(seed), renamed(home(seed))
    assert after._replace(world=before.world) == before
    old_to_new = dict(zip(before.world.names, after.world.names, strict=True))
    expected = [(a.skill, tuple(old_to_new[n] for n in a.args)) for a in applicable(before)]
    assert [(a.skill, a.args) for a in applicable(after)] == expected
    assert after.world.capacity == before.world.capacity
    assert after.world.relation == before.world.relation
    assert after.world.initial() == after


def test_instances_keep_their_numbers() -> None:
    before, after = home(1).world, renamed(home(1)).world
    for old, new in zip(before.names, after.names, strict=True):
        assert old.rpartition(" ")[2] == new.rpartition(" ")[2]


def test_the_same_seed_gives_the_same_names_and_the_same_domain() -> None:
    one, other = renamed(home(2)), renamed(home(2))
    assert one.world.names == other.world.names
    assert one.world.domain is other.world.domain
    assert renamed(home(2), 1).world.names != one.world.names


def test_only_a_share_or_only_objects_may_be_renamed() -> None:
    state = home(3)
    half = renamed(state, share=0.5).world
    own = own_kinds(half.domain)
    assert 0.2 < len(own) / len(half.entities_by_category) < 0.8
    things = renamed(state, kinds=("objects",)).world
    assert all(c in own_kinds(things.domain) for c in things.categories[things.n_fixtures :])
    assert not set(things.categories[: things.n_fixtures]) & own_kinds(things.domain)


def test_absent_kinds_are_in_the_domain_alone() -> None:
    after = renamed(home(4), share=0.0, n_absent=3).world
    assert len(own_kinds(after.domain)) == 3
    assert not own_kinds(after.domain) & set(after.categories)


def test_a_renamed_home_survives_pickling() -> None:
    after = renamed(home(5))
    again = pickle.loads(pickle.dumps(after))
    assert again.world.domain is after.world.domain
    assert again.world.names == after.world.names


@pytest.mark.parametrize("seed", range(6))
def test_tasks_in_renamed_homes_name_their_kinds_and_are_planned(seed: int) -> None:
    rng = random.Random(seed)
    state = renamed(home(seed), seed)
    drawer = TaskDrawer(rng, noise=False)
    tasks = [task for _ in range(12) if (task := drawer.draw(state)) is not None]
    assert tasks
    built_in, classes = set(home(seed).world.categories) - {"person"}, set(state.world.domain.classes)
    for task in tasks:
        assert task.goal is not None
        text = format_goal(task.goal, state.world.domain)
        for kind in sorted(own_kinds(state.world.domain), key=len, reverse=True):
            text = text.replace(kind, "")
        assert not {kind for kind in built_in if kind in text.split()} - classes
        assert (plan := proven_plan(task.start, task.goal)) is not None, task.goal_text
        assert all(format_action(state.world, action) for action in plan)
