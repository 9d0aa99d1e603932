"""The things of a home that a noun phrase may mean: "clean cups", "Anna's red mug", "kitchen lamp", "tea in the mug".

A word means a kind by its name, by another word for it, as the class or the last word of its name ("lamp": the lava
lamp), each in the singular or the plural.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from envs.symbolic.kinds.spoken_words import spoken_words
from envs.words import names_of, pluralized, singulars
from planner.language.domain_phrases import words_of
from planner.language.realization import NUMBER_WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.domain import Domain
    from envs.symbolic.state import State

MOST_WORDS = 4  # of a noun
USUAL_RANK = 2  # a word that names another kind means this one, too, if it is among so many first other words for it
_WORD = re.compile(r"[^\s,.;:!?\"()]+")
_FILLERS = frozenset((
    "a", "an", "any", "the", "this", "that", "these", "those", "my", "our", "your", "his", "her", "its", "their",
    "some", "one", "other", "another", "single", "more", "such", "much", "very", "old", "of",
))  # fmt: skip
_DETERMINERS = frozenset(["the", "a", "an", "my", "our", "your", "his", "her", "their", "any"])
_PLACE = re.compile(r"^(?P<head>.+?) (?:(?:that|which) (?:is|are) )?(?:in|on|from|at|inside|with|by) (?P<place>.+)$")


@dataclass(frozen=True, kw_only=True)
class Naming:
    """What a noun phrase means in a home.

    Attributes:
        noun: Its noun, as it was said; empty if no word of it names a kind, here or elsewhere.
        entities: The things that it may mean, in the order of the home.
        unclear: Words that say something of them that the home does not know.
        is_elsewhere: Whether it names a room, a person or a liquid of this home.
    """

    noun: str = ""
    entities: tuple[int, ...] = ()
    unclear: tuple[str, ...] = ()
    is_elsewhere: bool = False

    @property
    def is_there(self) -> bool:
        """Whether what it names is certainly there."""
        return self.is_elsewhere or (bool(self.entities) and not self.unclear)


def named(phrase: str, state: State, *, loosely: bool = False) -> Naming:
    """Return what a noun phrase means.

    Args:
        phrase: The noun phrase, in any case.
        state: The home.
        loosely: Whether a word that is the name of one kind may mean another that people seldom call so: "vase" a cup.
    """
    words = tuple(_WORD.findall(phrase.lower().replace("’", "'")))
    naming = _named(words, state, loosely)
    if (naming.noun and not naming.unclear) or not words:
        return naming
    if words[-1] in _liquids(state) and "of" in words[1:-1]:
        vessels = _named(words[: words.index("of")], state, loosely)
        liquids = {words[-1], *names_of(words[-1], "liquids")}
        return replace(vessels, entities=tuple(i for i in vessels.entities if state.liquid[i] in liquids))
    if match := _PLACE.match(" ".join(words)):
        head, place = (tuple(match[part].split()) for part in ("head", "place"))
        inside, around = _named(head, state, loosely), _named(place, state, loosely=True)
        if inside.noun:
            rooms = frozenset(_rooms(" ".join(w for w in place if w not in _FILLERS), state))
            kept = tuple(i for i in inside.entities if _is_at(i, around.entities, rooms, state))
            is_clear = bool(around.entities or rooms) and not around.unclear
            unclear = inside.unclear if is_clear else (*inside.unclear, *place)
            return Naming(noun=inside.noun, entities=kept if is_clear else inside.entities, unclear=unclear)
    return naming


def kinds_called(noun: str, state: State, *, loosely: bool = False) -> tuple[str, ...]:
    """Return the kinds of a home that a noun may mean, in the order of the home."""
    world = state.world
    ranks = _ranks(world.domain, frozenset(world.entities_by_category)).get(noun.lower(), {})
    is_name = not loosely and _is_name(noun, world.domain)
    return tuple(
        kind for kind in world.entities_by_category
        if kind in ranks and world.entities_by_category[kind] and (not is_name or ranks[kind] <= USUAL_RANK)
    )  # fmt: skip


def kinds_in_text(text: str, state: State) -> list[tuple[str, tuple[str, ...]]]:
    """Return the nouns of a text that mean kinds of a home, the longest where they overlap, with these kinds."""
    words, found, start = _WORD.findall(text.lower()), list[tuple[str, tuple[str, ...]]](), 0
    while start < len(words):
        for end in range(min(len(words), start + MOST_WORDS), start, -1):
            if kinds := kinds_called(noun := " ".join(words[start:end]), state, loosely=True):
                found.append((noun, kinds))
                start = end - 1
                break
        start += 1
    return found


def absent_nouns(text: str, state: State) -> list[str]:
    """Return the nouns behind a determiner in a text that name kinds which homes may have and this one does not."""
    words, found = _WORD.findall(text.lower()), list[str]()
    for start in range(1, len(words)):
        if words[start - 1] not in _DETERMINERS:
            continue
        phrases = [" ".join(words[start:end]) for end in range(min(len(words), start + MOST_WORDS), start, -1)]
        noun = next((phrase for phrase in phrases if is_word(phrase, state.world.domain)), "")
        if (
            noun
            and not kinds_called(noun, state, loosely=True)
            and not _named(noun.split(), state, loosely=True).is_there
        ):
            found.append(noun)
    return found


def is_word(noun: str, domain: Domain) -> bool:
    """Whether a noun names a kind that homes may have, whether this one does or not."""
    return noun.lower() in _vocabulary(domain)


def _named(words: Sequence[str], state: State, loosely: bool) -> Naming:
    domain = state.world.domain
    phrase = " ".join(w for w in words if w not in _FILLERS) or " ".join(words)
    if phrase in _liquids(state) or any(_rooms(phrase, state)):
        kinds = kinds_called(phrase, state, loosely=loosely)
        entities = tuple(i for kind in kinds for i in state.world.entities_by_category[kind])
        return Naming(noun=phrase, entities=entities, is_elsewhere=True)
    for person, fixture in _people(state):
        if phrase == person.lower():
            return Naming(noun=person, entities=() if fixture is None else (fixture,), is_elsewhere=True)
    for start in range(len(words)):
        noun = " ".join(words[start:])
        if kinds := kinds_called(noun, state, loosely=loosely):
            left, unclear = [i for kind in kinds for i in state.world.entities_by_category[kind]], list[str]()
            for word in words[:start]:
                left, is_clear = _with_modifier(word, left, state)
                unclear += [] if is_clear else [word]
            return Naming(noun=noun, entities=tuple(left), unclear=tuple(unclear))
    known = (noun for start in range(len(words)) if is_word(noun := " ".join(words[start:]), domain))
    return Naming(noun=next(known, ""))


def _with_modifier(word: str, entities: list[int], state: State) -> tuple[list[int], bool]:
    """Return which of some things a word before a noun leaves, and whether it says something that the home knows."""
    world = state.world
    if word in _FILLERS or word.isdecimal() or word in NUMBER_WORDS:
        return entities, True
    if word.endswith("'s") or word.endswith("s'"):
        owners = {p for i in range(len(world.names)) for p in world.properties[i] if p.lower() == word}
        return [i for i in entities if world.properties[i] & owners], bool(owners)
    properties = {word, *names_of(word, "properties")} & world.domain.property_group.keys()
    if properties:
        return [i for i in entities if world.properties[i] & properties], True
    states = {word, *names_of(word, "states")} & {*world.domain.states, *world.domain.negations}
    if states:
        able = [i for i in entities if any(world.domain.can_be(world.categories[i], s) for s in states)]
        return [i for i in able if any(state.has(i, s) for s in states)], bool(able)
    if rooms := frozenset(_rooms(word, state)):
        return [i for i in entities if _is_at(i, (), rooms, state)], True
    return entities, False


def _is_at(entity: int, places: Sequence[int], rooms: frozenset[str], state: State) -> bool:
    """Whether a thing is in or on one of some places, or in one of some rooms."""
    holder = entity
    while holder >= state.world.n_fixtures:
        holder = state.place[holder]
        if holder in places:
            return True
    return holder >= 0 and state.world.scene.fixtures[holder].room in rooms


def _rooms(phrase: str, state: State) -> Iterator[str]:
    """Yield the names of the rooms that a phrase names."""
    kinds = {phrase, *names_of(phrase, "rooms")}
    for room in state.world.scene.rooms:
        if room.name.lower() == phrase or room.kind in kinds:
            yield room.name


def _people(state: State) -> Iterator[tuple[str, int | None]]:
    for person in state.world.scene.people:
        yield person, state.world.people.get(person)


def _liquids(state: State) -> frozenset[str]:
    """Return the words for the liquids that are in this home: in vessels and packages, and from furniture."""
    world = state.world
    there = {*state.liquid, *(p.fill for p in world.process if p is not None)}
    there |= {category.contains for category in world.object_category if category is not None}
    words = words_of(world.domain).liquids
    return frozenset(word for liquid in there if liquid for word in (liquid, *words.get(liquid, ())))


def _is_name(noun: str, domain: Domain) -> bool:
    """Whether a noun is the name of a kind, of this home or not."""
    return any(form in domain.objects or form in domain.fixtures for form in _singular_forms(noun))


def _singular_forms(noun: str) -> Iterator[str]:
    yield from singulars(noun.lower())
    if noun.endswith("ves"):
        yield from (f"{noun[:-3]}f", f"{noun[:-3]}fe")


@lru_cache(maxsize=16)
def _ranks(domain: Domain, present: frozenset[str]) -> dict[str, dict[str, int]]:
    """Return for each noun the kinds of a home that it may mean, with its place among the words for each."""
    words = words_of(domain)
    ranks: dict[str, dict[str, int]] = {}

    def add(noun: str, kind: str, rank: int) -> None:
        if kind in present:
            for form in (noun.lower(), pluralized(noun.lower(), words.plurals, words.mass | words.plural_only)):
                kinds = ranks.setdefault(form, {})
                kinds[kind] = min(rank, kinds.get(kind, rank))

    for table in (words.objects, words.fixtures):
        for kind, nouns in table.items():
            add(kind, kind, 0)
            for rank, noun in enumerate(nouns):
                add(noun, kind, rank)
            if (last := kind.rpartition(" ")[2]) != kind and not kind.startswith("toy "):  # no toy car is a car
                add(last, kind, 0)
    for noun, kinds in words.ambiguous.items():
        for kind in kinds:
            add(noun, kind, 0)
    for members in (domain.members, domain.fixture_members):
        for group, kinds in members.items():
            for noun in (group, *words.classes.get(group, ())) if group != "anything" else ():
                for kind in kinds:
                    add(noun, kind, USUAL_RANK + 1)  # where there are books, a magazine is none
    for own in spoken_words(domain).own.values():  # with their plurals
        for form, kind in own.items():
            if kind in present:
                ranks.setdefault(form, {}).setdefault(kind, 0)
    return ranks


@lru_cache(maxsize=4)
def _vocabulary(domain: Domain) -> frozenset[str]:
    """Return every noun that names a kind, a class or a liquid, in the singular or the plural."""
    return frozenset(_ranks(domain, frozenset((*domain.objects, *domain.fixtures)))) | frozenset(
        word for words in words_of(domain).liquids.values() for word in words
    )
