"""Known kinds that stand for own ones in what a GPT reads and writes."""

from __future__ import annotations

import random

import pytest

from envs.symbolic.domain import load_domain
from envs.symbolic.renamed_kinds import with_names
from envs.symbolic.state import State
from planner.api import Planner
from planner.prompts.known_kinds import PLAIN, Speech, speech_in
from planner.tasks.home_splits import SPLITS, sample_home
from planner.tasks.renaming.renamed_homes import rename_kinds

SPEECH = Speech(known={"haik": "kettle", "haik bowl": "plate", "dog bowl": "mug"})


@pytest.mark.parametrize(
    ("own", "known"),
    [
        ("pick up haik 1", "pick up kettle 1"),
        ("put haik bowl 2 on haik 1", "put plate 2 on kettle 1"),
        ("2 dirty dog bowl in haik", "2 dirty mug in kettle"),
        ("haiku 1 on desk 1", "haiku 1 on desk 1"),
        ("open fridge 1", "open fridge 1"),
        ("", ""),
    ],
)
def test_texts_are_said_with_known_kinds_and_meant_with_own_ones(own: str, known: str) -> None:
    assert SPEECH.say(own) == known
    assert SPEECH.meant(known) == own


def test_a_home_without_own_kinds_is_spoken_of_as_it_is() -> None:
    for seed in range(4):
        assert speech_in(sample_home(random.Random(seed), SPLITS["test"]).world) is PLAIN
    assert PLAIN.say("pick up mug 1") == PLAIN.meant("pick up mug 1") == "pick up mug 1"


@pytest.mark.parametrize("seed", range(5))
def test_every_own_kind_has_a_stand_in_of_its_own_that_the_home_lacks(seed: int) -> None:
    home = sample_home(random.Random(seed), SPLITS["test"])
    world = rename_kinds(home, random.Random(seed), "test", share=0.5).world
    known = speech_in(world).known
    assert len(set(known.values())) == len(known)
    assert not set(known.values()) & set(world.categories)
    built_in = load_domain()
    for own, stand_in in known.items():
        table = built_in.objects if own in world.domain.objects else built_in.fixtures
        assert stand_in in table


def test_a_kind_is_stood_for_by_what_it_is_like(flat: State) -> None:
    world = with_names(flat, {"mug": "haik", "dining table": "wold"}).world
    assert speech_in(world).known == {"haik": "mug", "wold": "dining table"}


def test_weights_that_copy_names_hear_the_own_ones(random_planner: Planner, flat: State) -> None:
    world = with_names(flat, {"mug": "haik"}).world
    assert random_planner.prompts.speech(world).known
    copying = Planner(random_planner.model, random_planner.tokenizer, kinds=["renamed"])
    assert copying.prompts.speech(world) is PLAIN
