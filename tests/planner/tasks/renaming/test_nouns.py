"""Names that no model has seen: where they come from, and that the splits share none of their words."""

from __future__ import annotations

import random
import re

import pytest

from envs.symbolic.domain import load_domain
from envs.words import names_by_word, plural
from planner.io.paths import datasets_dir
from planner.tasks.renaming.nouns import NounSplit, is_regular, known_words, nouns_of, split_of

SPLITS: tuple[NounSplit, ...] = ("train", "tune", "test")
LINES = (datasets_dir() / "nouns" / "nouns.txt").read_text(encoding="utf-8").splitlines()


def drawn(split: NounSplit, number: int = 400, seed: int = 0) -> list[str]:
    rng = random.Random(seed)
    return [nouns_of(split).draw(rng) for _ in range(number)]


def test_the_list_is_small_and_stands_beside_its_license() -> None:
    folder = datasets_dir() / "nouns"
    assert (folder / "nouns.txt").stat().st_size < 300_000
    assert "WordNet 3.0 Copyright 2006 by Princeton University" in (folder / "LICENSE").read_text(encoding="utf-8")
    assert LINES[0].startswith("#") and "Princeton" in LINES[0]


def test_the_list_holds_plain_words_in_order_and_each_once() -> None:
    names = LINES[1:]
    assert all(re.fullmatch(r"[a-z]{4,11}( [a-z]{4,11})?", name) for name in names)
    assert len(set(names)) == len(names) > 8000


def test_no_name_of_the_domain_or_the_word_lists_is_in_the_list() -> None:
    domain = load_domain()
    known = {*domain.objects, *domain.fixtures, *domain.members, *domain.states, *domain.liquids, *names_by_word()}
    assert not known & set(LINES)


@pytest.mark.parametrize("split", SPLITS)
def test_the_same_seed_draws_the_same_names(split: NounSplit) -> None:
    assert drawn(split) == drawn(split)
    assert drawn(split) != drawn(split, seed=1)


def test_the_splits_share_no_word_but_those_of_the_domain() -> None:
    words = {
        split: {w for name in drawn(split, 2000) for w in name.lower().split()} - known_words() for split in SPLITS
    }
    assert not words["train"] & words["test"]
    assert not words["train"] & words["tune"]
    assert not words["tune"] & words["test"]


@pytest.mark.parametrize("split", SPLITS)
def test_all_unknown_words_of_a_name_are_of_its_split(split: NounSplit) -> None:
    for name in nouns_of(split).words:
        assert split_of(name) == split


def test_names_are_of_every_kind() -> None:
    names, listed = drawn("train", 1000), set(LINES)
    made_up = [n for n in names if " " not in n and n not in listed]
    with_known_head = [n for n in names if n.split()[-1] in load_domain().objects]
    assert len(made_up) > 100
    assert len(with_known_head) > 50
    assert sum(" " in n and n in listed for n in names) > 100
    assert sum(n in listed and " " not in n for n in names) > 200


def test_a_taken_name_is_not_drawn_again() -> None:
    rng, taken = random.Random(0), set[str]()
    for _ in range(500):
        name = nouns_of("test").draw(rng, taken)
        assert name not in taken
        taken.add(name)


@pytest.mark.parametrize("word", ["unicorn", "ewer", "scarves", "shelf", "catfish", "hardware", "hourglass"])
def test_words_with_odd_articles_or_plurals_are_left_out(word: str) -> None:
    assert not is_regular(word)
    assert word not in LINES


def test_the_plural_of_every_single_word_is_another_word() -> None:
    assert all(plural(name) not in (name, f"{name}ses") for name in LINES[1:] if " " not in name)
