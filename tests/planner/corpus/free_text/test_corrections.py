"""A wish with what corrects it behind it means both together."""

from __future__ import annotations

import random

from envs.symbolic.goals import parse_goal
from planner.corpus.free_text.corrections import corrected
from planner.corpus.free_text.sentences import PeopleHome, Sentence, plain_sentence
from planner.corpus.free_text.trees import unchanged

KINDS = frozenset(("mug", "bowl", "plate", "fork", "desk", "bookshelf", "sofa", "sink", "floor lamp"))
MUG = plain_sentence("put the mug on the desk.", "mug on desk")
TWO = plain_sentence("put the mug on the desk and the plate in the sink", "mug on desk ; plate in sink")
THREE = plain_sentence("put three forks on the desk", "3 fork on desk")
BLUE = plain_sentence("put the blue mug on the desk", "blue mug on desk")
LAMP = plain_sentence("turn the floor lamp on", "floor lamp on")


def made_of(sentence: Sentence) -> list[Sentence]:
    rngs = map(random.Random, range(300))
    return [made for rng in rngs if (made := corrected(sentence, unchanged(rng, KINDS), rng)) is not None]


def test_what_is_said_last_counts() -> None:
    made = made_of(MUG)
    assert len(made) > 250
    assert {m.goal for m in made if " ; " not in m.goal} == {"mug on desk"}
    wrong = [m for m in made if "context" in m.tags and " ; " not in m.goal]
    assert wrong and all(m.text != MUG.text for m in made)
    for sentence in made:
        assert len(sentence.words) == len(sentence.tags)
        parse_goal(sentence.goal)


def test_one_more_and_one_less() -> None:
    assert {m.goal for m in made_of(MUG)} >= {"mug on desk ; bowl on desk", "mug on desk ; plate on desk"}
    assert {m.goal for m in made_of(TWO)} == {TWO.goal, "mug on desk", "plate in sink"}


def test_numbers_colors_and_switches_are_corrected() -> None:
    assert {m.goal for m in made_of(THREE)} == {"3 fork on desk"}
    assert any("i said three" in m.text for m in made_of(THREE))
    assert any("blue" in m.text.rpartition(".")[2] for m in made_of(BLUE))
    assert any(m.text.startswith("turn the floor lamp off") and m.goal == "floor lamp on" for m in made_of(LAMP))


def test_peoples_sentences_keep_goals_that_can_be_read(people: list[PeopleHome]) -> None:
    rng, made = random.Random(1), 0
    for home in people:
        exchange = unchanged(rng, frozenset(home.state.world.entities_by_category))
        for sentence in rng.sample(home.sentences, min(60, len(home.sentences))):
            if (new := corrected(sentence, exchange, rng)) is not None:
                made += 1
                assert len(new.words) == len(new.tags) and new.goal
    assert made > 300
