"""Names objects in English: "a cold egg", "2 cartons of milk", "one pair of scissors", "Anna's dirty red mug"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from envs.symbolic.domain import load_domain
from envs.symbolic.goals import Place, Thing
from envs.words import MASS_CLASSES, PLURAL_CLASSES, is_unlisted_plural
from envs.words import plural as plural_noun
from planner.language.phrase_patterns import load_words

_SINGULARS = {"dishes": "dish", "groceries": "grocery", "toiletries": "toiletry", "valuables": "valuable"}
OWNERSHIP = "'s"
_PREPOSITION = re.compile(r"\b(?:from|with|of|in|on|beside)\b")


def modifiers(properties: Iterable[str], states: Iterable[str]) -> str:
    """Return the words before a noun, with a trailing space: owner, size, states, color, material."""
    group_of = load_domain().property_group
    groups = ("owner", "size", "state", "color", "material")
    words = [(groups.index(group_of.get(word, "owner")), word) for word in properties]
    words += [(groups.index("state"), word) for word in states]
    return "".join(f"{word} " for _, word in sorted(words, key=lambda pair: pair[0]))


def counted(number: int, thing: Thing) -> str:
    """Return so many of a thing: "2 clean mugs", "one carton of milk", "no scissors", "3 pieces of fruit"."""
    noun = f"{_of_number(number, thing.word)}{_liquid(thing.liquid)}"
    text = f"{modifiers(thing.properties, thing.states)}{noun}{origin_words(thing.origin)}"
    return f"{'no' if number == 0 else 'one' if number == 1 else number} {text}"


def noun_phrase(thing: Thing, *, plural: bool = False) -> str:
    """Return a thing without article: "clean mug from the desk", "Ben's glasses"; or several of it."""
    noun = _plural(thing.word) if plural else "thing" if thing.word == "anything" else thing.word
    text = f"{modifiers(thing.properties, thing.states)}{noun}{_liquid(thing.liquid)}"
    return f"{text}{origin_words(thing.origin)}"


def with_article(text: str, word: str) -> str:
    """Put "a" or "an" before a description of a category; none before an owner, "milk" and "scissors"."""
    words = load_words()
    if begins_with_owner(text) or word in words.mass or word in words.plural_only or word in MASS_CLASSES:
        return text
    if is_unlisted_plural(word):
        return text
    return f"{'an' if text[0].lower() in 'aeiou' else 'a'} {text}"


def with_the(text: str) -> str:
    """Put "the" before a description, unless it begins with an owner."""
    return text if begins_with_owner(text) else f"the {text}"


def room_with_the(room: str) -> str:
    """Put "the" before the name of a room, unless it has a number: "bedroom 2"."""
    return room if room[-1:].isdecimal() else with_the(room)


def begins_with_owner(text: str) -> bool:
    """Whether a description begins with an owner: "Mrs. Berg's glasses", not "cup from Ben's desk"."""
    owner, separator, _ = text.partition(f"{OWNERSHIP} ")
    return bool(separator) and not _PREPOSITION.search(owner)


def several(number: int, before: str, word: str, after: str = "") -> str:
    """Return objects of a category with words before and after: "a cold egg", "2 cold eggs", "cold milk"."""
    if number == 1:
        return with_article(f"{before}{word}{after}", word)
    return f"{number} {before}{_of_number(number, word)}{after}"


def is_plural(word: str) -> bool:
    """Whether the verb of a category or class itself is "are": "the scissors are", "there are no dishes"."""
    words = load_words()
    return word in words.plural_only or word in PLURAL_CLASSES or word == "electronics" or is_unlisted_plural(word)


def be(number: int, word: str) -> str:
    """Return the verb for so many of a category or class, as `counted` says it: "there is one pair of scissors"."""
    if number == 1 or (number == 0 and _is_mass(word) and not is_plural(word)):
        return "is"
    return "are"


def plural(word: str) -> str:
    """Return the plural of a category or class, of furniture, too."""
    return _plural(word)


def listed(parts: Sequence[str]) -> str:
    """Join with commas and "and", with a comma before it if a part has an "and" of its own."""
    if len(parts) == 1:
        return parts[0]
    comma = "," if any(" and " in part for part in parts) else ""
    return f"{', '.join(parts[:-1])}{comma} and {parts[-1]}"


def origin_words(origin: Place | None) -> str:
    """Return where a thing was at first, with a leading space: " from the desk in the kitchen"."""
    if origin is None:
        return ""
    if origin.thing is not None:
        return f" from {with_the(noun_phrase(origin.thing))}"
    place = with_the(furniture_words(origin)) if origin.fixture else room_with_the(origin.room or "")
    return f" from {origin.person or place}"


def none_of(description: str, word: str) -> str:
    """Return that nothing is like a description: "there is no umbrella", "there are no scissors", "Ben has no desk".

    Args:
        description: The description, without article.
        word: The category or class in it.
    """
    if begins_with_owner(description):
        owner, _, rest = description.partition(f"{OWNERSHIP} ")
        return f"{owner} has no {rest}"
    return f"there {'are' if is_plural(word) else 'is'} no {description}"


def furniture_words(furniture: Place, *, plural: bool = False) -> str:
    """Return furniture without article: "white cabinet in the kitchen"."""
    if furniture.person is not None:
        return furniture.person
    assert furniture.fixture is not None
    room = f" in {room_with_the(furniture.room)}" if furniture.room else ""
    noun = _plural(furniture.fixture) if plural else furniture.fixture
    return f"{modifiers(furniture.properties, ())}{noun}{room}"


def _is_mass(word: str) -> bool:
    return word in load_words().mass or word in MASS_CLASSES


def _of_number(number: int, word: str) -> str:
    """Return the noun after a number; what is not counted is counted in pieces, cartons or pairs."""
    words = load_words()
    if word == "anything":
        return "thing" if number == 1 else "things"
    if number == 0:
        return _plural(word)
    if word in MASS_CLASSES and word not in load_domain().objects:
        return f"{'piece' if number == 1 else 'pieces'} of {word}"
    if word in words.mass or word in words.plural_only:
        unit = next((name for name in words.objects.get(word, ()) if name.endswith(f" of {word}")), f"piece of {word}")
        return unit if number == 1 else plural_noun(unit)
    return _SINGULARS.get(word, word) if number == 1 else _plural(word)


def _plural(word: str) -> str:
    return plural_noun(word)


def _liquid(liquid: str | None) -> str:
    return f" of {liquid}" if liquid else ""
