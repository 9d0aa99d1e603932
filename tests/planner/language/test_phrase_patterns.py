"""The phrase files: every pattern parses, uses only the slots of its family, and belongs to one split."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest

from envs.symbolic.domain import load_domain
from envs.symbolic.goals import parse_goal
from planner.language.phrase_patterns import (
    Family,
    Node,
    PhraseError,
    expand,
    family_of,
    is_held_out,
    load_families,
    load_words,
    parse_pattern,
)
from planner.language.slot_binding import options_of
from planner.tasks.task_sampler import TaskDrawer

FAMILIES = load_families()
SLOT_MODIFIERS = {"", "a", "the", "n", "it", "is", "to", "at"}


def placeholders(node: Node) -> Iterator[str]:
    if isinstance(node, str):
        return
    node_type, children = node
    for child in children:
        if node_type == "slot":
            assert isinstance(child, str)
            yield child
        else:
            yield from placeholders(child)


def goals_with_filled_slots(family: Family) -> Iterator[str]:
    """Yield every goal template of a family with all slots filled."""
    domain = load_domain()
    everything = {*domain.objects, *domain.fixtures}
    for template in family.goals:
        text = template.replace("{rel}", "in").replace("{n}", "2")
        for slot, category in family.slots.items():
            options = options_of(category, everything, domain)
            assert options, f"{family.name}: nothing is a {category}"
            text = text.replace("{" + slot + "}", options[0])
        yield text


def test_there_are_more_than_1000_phrase_patterns() -> None:
    assert sum(len(f.phrases) for f in FAMILIES) > 1000


def test_no_family_has_a_pattern_twice() -> None:
    assert [f.name for f in FAMILIES if len(set(f.phrases)) < len(f.phrases)] == []


def test_every_placeholder_of_a_family_is_a_declared_slot() -> None:
    for family in FAMILIES:
        slots = {*family.slots, *(("n",) if family.numbers or family.counts != (1,) else ())}
        for pattern in family.phrases:
            for placeholder in placeholders(parse_pattern(pattern)):
                article, _, slot = placeholder.rpartition(" ")
                assert slot in slots and article in SLOT_MODIFIERS, f"{family.name}: {{{placeholder}}} in {pattern!r}"


def test_every_goal_of_a_family_parses_with_its_slots_filled() -> None:
    for family in FAMILIES:
        for goal in goals_with_filled_slots(family):
            assert "{" not in goal, f"{family.name}: a hole of {goal!r} is no slot"
            parse_goal(goal)


def test_every_family_has_a_goal_a_reason_to_refuse_or_a_question() -> None:
    assert [f.name for f in FAMILIES if bool(f.goals) + bool(f.refuse) + bool(f.ask) != 1] == []


def test_no_pattern_is_in_both_the_training_and_the_test_split() -> None:
    train = TaskDrawer(random.Random(0), phrases="train").patterns
    held_out = TaskDrawer(random.Random(0), phrases="test").patterns
    assert [name for name in train if set(train[name]) & set(held_out[name])] == []


def test_every_pattern_is_in_the_training_or_the_test_split() -> None:
    train = TaskDrawer(random.Random(0), phrases="train").patterns
    held_out = TaskDrawer(random.Random(0), phrases="test").patterns
    assert [f.name for f in FAMILIES if {*train[f.name], *held_out[f.name]} != set(f.phrases)] == []


def test_about_one_pattern_in_twelve_is_held_out() -> None:
    held_out = [is_held_out(f.name, p) for f in FAMILIES for p in f.phrases]
    assert 0.06 < sum(held_out) / len(held_out) < 0.11


def test_every_family_has_a_training_pattern() -> None:
    assert [f.name for f in FAMILIES if all(is_held_out(f.name, p) for p in f.phrases)] == []


def test_every_category_has_words_and_every_word_has_a_category() -> None:
    domain, words = load_domain(), load_words()
    assert set(words.objects) == set(domain.objects)
    assert set(words.fixtures) == set(domain.fixtures)
    assert set(words.classes) <= set(domain.classes)
    assert set(words.liquids) <= set(domain.liquids)


def test_an_expansion_takes_one_alternative_of_each_group() -> None:
    node = parse_pattern("(put|set) {the x}( down| (right|just) here|)")
    expansions = {expand(node, random.Random(seed), lambda placeholder: f"<{placeholder}>") for seed in range(80)}
    verbs, ends = ("put", "set"), ("", " down", " right here", " just here")
    assert expansions == {f"{verb} <the x>{end}" for verb in verbs for end in ends}


def test_all_alternatives_are_drawn_equally_often() -> None:
    node, rng = parse_pattern("(a|b|c)"), random.Random(0)
    drawn = [expand(node, rng, str) for _ in range(3000)]
    assert all(900 < drawn.count(letter) < 1100 for letter in "abc")


@pytest.mark.parametrize("pattern", ["(put", "put)", "{x", "(a|(b|c)"])
def test_unbalanced_brackets_are_an_error(pattern: str) -> None:
    with pytest.raises(PhraseError, match=re.escape(repr(pattern))):
        parse_pattern(pattern)


def test_a_family_without_phrases_is_an_error() -> None:
    with pytest.raises(KeyError, match="phrases"):
        family_of("empty", {"goal": "mug on desk"})
