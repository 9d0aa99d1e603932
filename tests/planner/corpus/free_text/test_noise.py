"""Noise changes words, never what they mean or what they were for."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from planner.corpus.free_text import noise
from planner.corpus.free_text.noise import Tagged, noisy
from planner.corpus.free_text.sentences import PeopleHome, Sentence
from tests.planner.corpus.free_text.drawn_sentences import draws, is_well_formed

SEEDS = range(40)
TEXT = "please take the old cereal box, bring me two clean plates with the spoon, and turn off the kitchen light"


def tagged() -> Tagged:
    return [(word, "unread" if word == "old" else "read") for word in TEXT.split(" ")]


@pytest.mark.parametrize("seed", SEEDS)
def test_noise_keeps_the_goal_and_every_kind_of_tag(people: list[PeopleHome], seed: int) -> None:
    rng = random.Random(seed)
    for draw in draws(people, seed):
        changed = noisy(draw.after, rng)
        assert is_well_formed(changed)
        assert (changed.goal, changed.kind, changed.say) == (draw.after.goal, draw.after.kind, draw.after.say)
        assert {*draw.after.tags} <= {*changed.tags}


def test_most_sentences_are_changed_and_most_words_are_not(people: list[PeopleHome]) -> None:
    rng = random.Random(0)
    sentences = [draw.after for seed in range(8) for draw in draws(people, seed)]
    changed = [noisy(sentence, rng) for sentence in sentences]
    assert sum(a != b for a, b in zip(sentences, changed, strict=True)) > 0.6 * len(sentences)
    kept = sum(len({*a.words} & {*b.words}) for a, b in zip(sentences, changed, strict=True))
    assert kept > 0.6 * sum(len({*s.words}) for s in sentences)


@pytest.mark.parametrize("kind", [noise.typed, noise.phonetic, noise.unpunctuated], ids=lambda kind: str(kind.__name__))
def test_spelling_and_punctuation_change_no_number_of_words(kind: Callable[[Tagged, random.Random], Tagged]) -> None:
    for seed in range(60):
        assert [tag for _, tag in kind(tagged(), random.Random(seed))] == [tag for _, tag in tagged()]


def test_typing_errors_change_one_letter_or_two_neighbors() -> None:
    for seed in range(200):
        for (old, _), (new, _) in zip(tagged(), noise.typed(tagged(), random.Random(seed)), strict=True):
            assert abs(len(old) - len(new)) <= 1
            if len(old) == len(new) and old != new:
                different = [i for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
                assert len(different) == 1 or (
                    len(different) == 2 and sorted(old[i] for i in different) == sorted(new[i] for i in different)
                )


def test_up_to_a_third_of_the_words_are_mistyped() -> None:
    shares = []
    for seed in range(200):
        changed = noise.typed([("something", "read")] * 100, random.Random(seed))
        shares.append(sum(word != "something" for word, _ in changed))
    assert 25 < max(shares) < 55 and min(shares) < 10


def test_without_articles_only_articles_are_missing() -> None:
    for seed in range(30):
        changed = noise.without_articles(tagged(), random.Random(seed))
        assert [w for w, _ in changed if w != "the"] == [w for w, _ in tagged() if w != "the"]


def test_spaces_are_forgotten_only_between_words_of_one_tag() -> None:
    lengths = set()
    for seed in range(200):
        changed = noise.run_together(tagged(), random.Random(seed))
        lengths.add(len(changed))
        assert "".join(word for word, _ in changed) == TEXT.replace(" ", "")
        assert [word for word, tag in changed if tag == "unread"] == ["old"]
    assert len(lengths) > 2


@pytest.mark.parametrize("kind", [noise.with_fillers, noise.restarted], ids=lambda kind: str(kind.__name__))
def test_what_is_said_beside_the_words_is_context(kind: Callable[[Tagged, random.Random], Tagged]) -> None:
    for seed in range(100):
        changed = kind(tagged(), random.Random(seed))
        assert [pair for pair in changed if pair[1] != "context"] == tagged()


def test_homophones_are_other_words_in_the_same_places() -> None:
    found = set()
    for seed in range(300):
        changed = noise.homophones([("two", "read"), ("tv", "unread"), ("spoon", "read")], random.Random(seed))
        found.add(tuple(changed))
        assert changed[-1] == ("spoon", "read")
    assert (("too", "read"), ("tv", "unread"), ("spoon", "read")) in found
    assert (("two", "read"), ("t", "unread"), ("v", "unread"), ("spoon", "read")) in found


def test_a_sentence_of_punctuation_alone_stays() -> None:
    sentence = Sentence(words=("...",), tags=("read",), kind="ask", say="What?")
    for seed in range(50):
        assert noisy(sentence, random.Random(seed)).words


def test_the_same_seed_makes_the_same_noise() -> None:
    words, tags = zip(*tagged(), strict=True)
    sentence = Sentence(words=words, tags=tags, kind="plan", goal="mug in sink")
    made = [[noisy(sentence, random.Random(seed)) for seed in range(20)] for _ in range(2)]
    assert made[0] == made[1] and len({*made[0]}) > 10
