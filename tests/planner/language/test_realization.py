"""Tasks in words: nouns, articles, numbers, politeness, noise, and how an instruction is read."""

from __future__ import annotations

import random
import re
from collections.abc import Collection

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.symbolic.domain import load_domain
from planner.language.normalization import MAX_INSTRUCTION_CHARS, normalize
from planner.language.phrase_patterns import Family, load_words
from planner.language.realization import _VERBS, Realizer


def realizer(seed: int = 0, present: Collection[str] | None = (), plainness: float = 1.0) -> Realizer:
    return Realizer(random.Random(seed), present, plainness=plainness)


def family(**slots: str) -> Family:
    return Family(
        name="test", goals=("mug on desk",), refuse=None, slots=slots, counts=(1,), numbers=(), phrases=(), weight=1.0
    )


def said(pattern: str, binding: dict[str, str], *, count: int = 1, kind: str = "object", **options: object) -> set[str]:
    """Everything that a pattern may come out as."""
    slots = dict.fromkeys(binding, kind)
    draws = [realizer(seed, **options) for seed in range(80)]  # type: ignore[arg-type]
    return {r.realize(family(**slots), pattern, binding, count) for r in draws}


# Reading


@given(st.text(max_size=1200))
@settings(max_examples=80, deadline=None)
def test_reading_twice_is_reading_once(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once


@given(st.text(alphabet="a .!\n\t", min_size=380, max_size=900))
@settings(max_examples=40, deadline=None)
def test_reading_twice_is_reading_once_where_a_long_text_is_cut(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once


@given(st.text(max_size=60))
@settings(max_examples=40, deadline=None)
def test_what_is_read_can_be_written_as_utf_8(text: str) -> None:
    normalize(text + "\udcff").encode("utf-8")


def test_an_instruction_is_read_in_lower_case_with_plain_quotes_and_single_spaces() -> None:
    assert normalize("  Put\tthe “mug”\n on Anna’s desk – now!. ") == 'put the "mug" on anna\'s desk - now'


def test_a_question_mark_is_kept() -> None:
    assert normalize("Where is the mug?") == "where is the mug?"


def test_a_long_instruction_is_cut() -> None:
    assert len(normalize("put the mug on the table and " * 100)) <= MAX_INSTRUCTION_CHARS


def test_space_before_an_instruction_does_not_use_up_its_length() -> None:
    assert normalize(" " * 5000 + "set the table") == "set the table"


@pytest.mark.parametrize("text", ["", "   ", "...", "!\n.", "\u3000"])
def test_an_instruction_without_words_is_read_as_nothing(text: str) -> None:
    assert normalize(text) == ""


# Nouns


@pytest.mark.parametrize(
    ("noun", "plural"),
    [("mug", "mugs"), ("dish", "dishes"), ("box", "boxes"), ("glass", "glasses"), ("knife", "knives"),
     ("battery", "batteries"), ("key", "keys"), ("watch", "watches"), ("bookshelf", "bookshelves"),
     ("wooden shelf", "wooden shelves"), ("cabinet", "cabinets"), ("loaf of bread", "loaves of bread"),
     ("bag of coffee", "bags of coffee"), ("bottle of medicine", "bottles of medicine"), ("milk", "cartons of milk"),
     ("scissors", "scissors"), ("candy", "candy"), ("top of the toilet", "tops of the toilet"), ("person", "people")],
)  # fmt: skip
def test_plural(noun: str, plural: str) -> None:
    assert realizer().plural(noun) == plural


def test_every_name_of_a_countable_thing_has_a_plural_of_its_own() -> None:
    words, plural = load_words(), realizer().plural
    names = {name for table in (words.objects, words.fixtures) for names in table.values() for name in names}
    same = {name for name in names if plural(name) == name}
    assert same <= words.mass | words.plural_only


@pytest.mark.parametrize(
    ("noun", "phrase"),
    [("mug", "a mug"), ("apple", "an apple"), ("umbrella", "an umbrella"), ("utility cart", "a utility cart"),
     ("user", "a user"), ("onion", "an onion"), ("hat", "a hat")],
)  # fmt: skip
def test_one_thing_takes_a_or_an(noun: str, phrase: str) -> None:
    assert {realizer(seed)._indefinite(noun, 1) for seed in range(20)} == {phrase}


@pytest.mark.parametrize("noun", ["bread", "scissors", "milk"])
def test_stuff_and_pairs_take_no_a(noun: str) -> None:
    assert {realizer(seed)._indefinite(noun, 1) for seed in range(40)} == {f"some {noun}", noun}


def test_a_definite_thing_has_an_article_a_possessive_or_none() -> None:
    assert said("{the x}", {"x": "mug"}) == {"the mug", "a mug", "mug", "my mug", "that mug"}


def test_several_things_are_counted_and_plural() -> None:
    assert said("{a x}", {"x": "mug"}, count=3) == {"three mugs", "3 mugs"}


def test_two_things_may_be_both() -> None:
    found = said("{the x}", {"x": "mug"}, count=2)
    assert found == {"both mugs", "the two mugs", "two mugs", "2 mugs"}


def test_what_is_counted_agrees_with_its_pronoun_and_verb() -> None:
    assert said("{x} {is x} here, take {it x}", {"x": "mug"}) == {"mug is here, take it"}
    assert said("{x} {is x} here, take {it x}", {"x": "mug"}, count=2) == {"mugs are here, take them"}


def test_scissors_are_them() -> None:
    assert said("{x} {is x} here, take {it x}", {"x": "scissors"}) == {"scissors are here, take them"}


def test_a_number_is_a_word_or_digits() -> None:
    assert said("for {n}", {"n": "4"}) == {"for four", "for 4"}


def test_a_number_without_a_word_is_digits() -> None:
    assert said("for {n}", {"n": "20"}) == {"for 20"}


def test_a_place_takes_its_own_preposition() -> None:
    inside = said("put it {to p}", {"p": "fridge"}, kind="receptacle")
    on_top = said("put it {to p}", {"p": "desk"}, kind="receptacle")
    assert {text.split()[2] for text in inside} == {"in", "inside", "into"}
    assert {text.split()[2] for text in on_top} == {"on", "onto"}


def test_a_thing_that_is_somewhere_is_not_into_it() -> None:
    found = said("the mug {at p}", {"p": "fridge"}, kind="receptacle")
    assert {text.split()[2] for text in found} == {"in", "inside"}


def test_a_person_is_given_to() -> None:
    found = said("give it {to p}", {"p": "person"}, kind="receptacle")
    assert all(re.match("give it to .*person", text) for text in found)


def test_a_slot_has_one_name_in_a_sentence() -> None:
    found = said("{x}|{x}", {"x": "cup"}, plainness=0.0)
    assert len(found) > 3
    sentences = said("take {x} and wash {x}", {"x": "cup"}, plainness=0.0)
    assert all(re.fullmatch("take (.*) and wash (.*)", s).group(1) == s.rpartition("wash ")[2] for s in sentences)  # type: ignore[union-attr]


# Words that would mislead


def test_a_synonym_is_used_where_nothing_else_has_that_name() -> None:
    assert "cup" in said("{x}", {"x": "mug"}, present=["mug", "desk"], plainness=0.0)


def test_a_synonym_that_names_another_present_thing_is_not_used() -> None:
    assert "cup" not in said("{x}", {"x": "mug"}, present=["mug", "cup", "desk"], plainness=0.0)


def test_a_name_counts_as_taken_however_it_is_spelt() -> None:
    found = said("{p}", {"p": "dresser"}, present=["dresser", "TV stand"], kind="receptacle", plainness=0.0)
    assert "tv stand" not in found and len(found) > 2


def test_in_a_home_with_everything_no_thing_has_the_name_of_another() -> None:
    domain = load_domain()
    everything = [*domain.objects, *domain.fixtures]
    names = {name.lower(): name for name in everything}
    for number, word in enumerate(everything):
        r = realizer(number, everything, plainness=0.0)
        for _ in range(25):
            noun = r.realize(family(x="object"), "{x}", {"x": word}, 1).lower()
            assert names.get(noun, word) == word


def test_when_the_home_is_unknown_every_name_counts_as_taken() -> None:
    assert "cup" not in said("{x}", {"x": "mug"}, present=None, plainness=0.0)


# Politeness, joining, noise

SENTENCES = ("put the mug on the table", "the a an the", "take it", "a. b. c.", "is the lamp off?", "x")


@pytest.mark.parametrize("sentence", SENTENCES)
def test_politeness_and_noise_never_leave_nothing(sentence: str) -> None:
    for seed in range(300):
        r = realizer(seed)
        assert normalize(r.noise(r.polite(sentence)))


def test_noise_changes_some_sentences_and_leaves_most() -> None:
    sentence = "put the red mug, then the plate, on the table"
    changed = sum(realizer(seed).noise(sentence) != sentence for seed in range(1000))
    assert 100 < changed < 300


def test_politeness_keeps_the_sentence_whole() -> None:
    sentence = "put the mug on the table"
    assert all(sentence in realizer(seed).polite(sentence) for seed in range(200))


def test_only_commands_are_made_polite() -> None:
    sentence = "the mug should be on the table"
    assert sentence.split(maxsplit=1)[0] not in _VERBS
    assert {realizer(seed).polite(sentence) for seed in range(200)} == {sentence}


def test_joining_keeps_every_task_in_order() -> None:
    for seed in range(50):
        joined = realizer(seed).join(["wash the mug", "open the door", "fold the towel"])
        assert re.fullmatch("wash the mug(.+)open the door(.+)fold the towel", joined)


def test_the_same_seed_says_the_same() -> None:
    pattern, binding = "(put|set|move) {the x} {to p}", {"x": "mug", "p": "desk"}
    slots = family(x="object", p="receptacle")
    once, twice = (realizer(7, plainness=0.3).realize(slots, pattern, binding, 1) for _ in range(2))
    assert once == twice
