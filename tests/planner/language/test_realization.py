"""Tasks in words: nouns, articles, numbers, politeness, noise, and normalization of instructions."""

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
from planner.language.realization import VERBS, Realizer


def realizer(seed: int = 0, present: Collection[str] | None = (), plainness: float = 1.0) -> Realizer:
    return Realizer(random.Random(seed), present, plainness=plainness)


def family(**slots: str) -> Family:
    return Family(
        name="test", goals=("mug on desk",), refuse=None, slots=slots, counts=(1,), numbers=(), phrases=(), weight=1.0
    )


def realizations(
    pattern: str, binding: dict[str, str], *, count: int = 1, slot_type: str = "object", **options: object
) -> set[str]:
    """Return the sentences that a pattern can give."""
    slots = dict.fromkeys(binding, slot_type)
    draws = [realizer(seed, **options) for seed in range(80)]  # type: ignore[arg-type]
    return {r.realize(family(**slots), pattern, binding, count) for r in draws}


# Normalization


@given(st.text(max_size=1200))
@settings(max_examples=80, deadline=None)
def test_normalization_is_idempotent(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once


@given(st.text(alphabet="a .!\n\t", min_size=380, max_size=900))
@settings(max_examples=40, deadline=None)
def test_normalization_is_idempotent_for_truncated_texts(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once


@given(st.text(max_size=60))
@settings(max_examples=40, deadline=None)
def test_a_normalized_text_can_be_encoded_as_utf_8(text: str) -> None:
    normalize(text + "\udcff").encode("utf-8")


def test_normalization_gives_lower_case_plain_quotes_and_single_spaces() -> None:
    assert normalize("  Put\tthe “mug”\n on Anna’s desk – now!. ") == 'put the "mug" on anna\'s desk - now'


def test_a_question_mark_is_kept() -> None:
    assert normalize("Where is the mug?") == "where is the mug?"


def test_a_long_instruction_is_truncated() -> None:
    assert len(normalize("put the mug on the table and " * 100)) <= MAX_INSTRUCTION_CHARS


def test_leading_space_does_not_count_toward_the_length_limit() -> None:
    assert normalize(" " * 5000 + "set the table") == "set the table"


@pytest.mark.parametrize("text", ["", "   ", "...", "!\n.", "\u3000"])
def test_an_instruction_without_words_is_normalized_to_nothing(text: str) -> None:
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
def test_nouns_have_their_plural(noun: str, plural: str) -> None:
    assert realizer().plural(noun) == plural


def test_every_countable_name_has_a_distinct_plural() -> None:
    words, plural = load_words(), realizer().plural
    names = {name for table in (words.objects, words.fixtures) for names in table.values() for name in names}
    same = {name for name in names if plural(name) == name}
    assert same <= words.mass | words.plural_only


@pytest.mark.parametrize(
    ("noun", "phrase"),
    [("mug", "a mug"), ("apple", "an apple"), ("umbrella", "an umbrella"), ("utility cart", "a utility cart"),
     ("user", "a user"), ("onion", "an onion"), ("hat", "a hat")],
)  # fmt: skip
def test_a_singular_noun_takes_a_or_an(noun: str, phrase: str) -> None:
    assert {realizer(seed)._indefinite(noun, 1) for seed in range(20)} == {phrase}


@pytest.mark.parametrize("noun", ["bread", "scissors", "milk"])
def test_mass_and_plural_only_nouns_take_no_indefinite_article(noun: str) -> None:
    assert {realizer(seed)._indefinite(noun, 1) for seed in range(40)} == {f"some {noun}", noun}


def test_a_definite_object_has_an_article_a_possessive_or_none() -> None:
    assert realizations("{the x}", {"x": "mug"}) == {"the mug", "a mug", "mug", "my mug", "that mug"}


def test_several_objects_have_a_number_and_a_plural() -> None:
    assert realizations("{a x}", {"x": "mug"}, count=3) == {"three mugs", "3 mugs"}


def test_two_objects_may_be_called_both() -> None:
    texts = realizations("{the x}", {"x": "mug"}, count=2)
    assert texts == {"both mugs", "the two mugs", "two mugs", "2 mugs"}


def test_pronoun_and_verb_agree_with_the_number() -> None:
    assert realizations("{x} {is x} here, take {it x}", {"x": "mug"}) == {"mug is here, take it"}
    assert realizations("{x} {is x} here, take {it x}", {"x": "mug"}, count=2) == {"mugs are here, take them"}


def test_plural_only_nouns_take_plural_pronouns() -> None:
    assert realizations("{x} {is x} here, take {it x}", {"x": "scissors"}) == {"scissors are here, take them"}


def test_a_number_is_a_word_or_digits() -> None:
    assert realizations("for {n}", {"n": "4"}) == {"for four", "for 4"}


def test_a_number_without_a_word_is_digits() -> None:
    assert realizations("for {n}", {"n": "20"}) == {"for 20"}


def test_a_place_takes_its_own_preposition() -> None:
    inside = realizations("put it {to p}", {"p": "fridge"}, slot_type="receptacle")
    on_top = realizations("put it {to p}", {"p": "desk"}, slot_type="receptacle")
    assert {text.split()[2] for text in inside} == {"in", "inside", "into"}
    assert {text.split()[2] for text in on_top} == {"on", "onto"}


def test_a_location_is_never_worded_with_into() -> None:
    texts = realizations("the mug {at p}", {"p": "fridge"}, slot_type="receptacle")
    assert {text.split()[2] for text in texts} == {"in", "inside"}


def test_objects_are_given_to_a_person() -> None:
    texts = realizations("give it {to p}", {"p": "person"}, slot_type="receptacle")
    assert all(re.match("give it to .*person", text) for text in texts)


def test_a_slot_has_the_same_name_throughout_a_sentence() -> None:
    texts = realizations("{x}|{x}", {"x": "cup"}, plainness=0.0)
    assert len(texts) > 3
    sentences = realizations("take {x} and wash {x}", {"x": "cup"}, plainness=0.0)
    assert all(re.fullmatch("take (.*) and wash (.*)", s).group(1) == s.rpartition("wash ")[2] for s in sentences)  # type: ignore[union-attr]


# Ambiguous names


def test_a_synonym_is_used_if_nothing_else_has_that_name() -> None:
    assert "cup" in realizations("{x}", {"x": "mug"}, present=["mug", "desk"], plainness=0.0)


def test_a_synonym_that_names_another_present_object_is_not_used() -> None:
    assert "cup" not in realizations("{x}", {"x": "mug"}, present=["mug", "cup", "desk"], plainness=0.0)


def test_names_are_compared_ignoring_case() -> None:
    texts = realizations(
        "{p}", {"p": "dresser"}, present=["dresser", "TV stand"], slot_type="receptacle", plainness=0.0
    )
    assert "tv stand" not in texts and len(texts) > 2


def test_in_a_home_with_every_category_names_are_unambiguous() -> None:
    domain = load_domain()
    everything = [*domain.objects, *domain.fixtures]
    names = {name.lower(): name for name in everything}
    for number, word in enumerate(everything):
        r = realizer(number, everything, plainness=0.0)
        for _ in range(25):
            noun = r.realize(family(x="object"), "{x}", {"x": word}, 1).lower()
            assert names.get(noun, word) == word


def test_in_an_unknown_home_every_name_counts_as_taken() -> None:
    assert "cup" not in realizations("{x}", {"x": "mug"}, present=None, plainness=0.0)


# Politeness, joining, noise

SENTENCES = ("put the mug on the table", "the a an the", "take it", "a. b. c.", "is the lamp off?", "x")


@pytest.mark.parametrize("sentence", SENTENCES)
def test_politeness_and_noise_never_give_an_empty_sentence(sentence: str) -> None:
    for seed in range(300):
        r = realizer(seed)
        assert normalize(r.noise(r.polite(sentence)))


def test_noise_changes_a_minority_of_sentences() -> None:
    sentence = "put the red mug, then the plate, on the table"
    changed = sum(realizer(seed).noise(sentence) != sentence for seed in range(1000))
    assert 100 < changed < 300


def test_politeness_keeps_the_sentence_whole() -> None:
    sentence = "put the mug on the table"
    assert all(sentence in realizer(seed).polite(sentence) for seed in range(200))


def test_only_commands_are_made_polite() -> None:
    sentence = "the mug should be on the table"
    assert sentence.split(maxsplit=1)[0] not in VERBS
    assert {realizer(seed).polite(sentence) for seed in range(200)} == {sentence}


def test_joining_keeps_every_task_in_order() -> None:
    for seed in range(50):
        joined = realizer(seed).join(["wash the mug", "open the door", "fold the towel"])
        assert re.fullmatch("wash the mug(.+)open the door(.+)fold the towel", joined)


def test_the_same_seed_gives_the_same_sentence() -> None:
    pattern, binding = "(put|set|move) {the x} {to p}", {"x": "mug", "p": "desk"}
    slots = family(x="object", p="receptacle")
    once, twice = (realizer(7, plainness=0.3).realize(slots, pattern, binding, 1) for _ in range(2))
    assert once == twice
