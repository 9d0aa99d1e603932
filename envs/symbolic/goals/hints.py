"""Why a text is no goal: what the person probably meant, for the messages of `parser.py`."""

from __future__ import annotations

import re

from envs.errors import nearest, quoted
from envs.symbolic.domain import Domain
from envs.words import names_by_word, singulars

RELATIONS = ("on", "in", "with", "beside")
_OTHER_RELATIONS = re.compile(r" (?:onto|into|inside|upon|at|to|under|near|next to|behind|above|below) ")
ARTICLES = ("the", "a", "an", "my", "your", "our", "this", "that", "some", "any")
_NEITHER = re.compile(r" (or|else|otherwise|until|for \d+) ")
_FILLERS = (*ARTICLES, "is", "are", "be", "turn", "make", "set", "put", "switch")
_NUMBER_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def unknown_thing(domain: Domain, word: str, condition: str) -> str:
    """Return what is wrong with a word that should be an object or a class of objects.

    Args:
        domain: The domain.
        word: The word.
        condition: The text that it stands in.
    """
    start = f"{quoted(condition)}: "
    if _NEITHER.search(condition):
        return f"{start}no object or class is called {quoted(word)}{_separator_hint(condition)}"
    if furniture := _about_furniture(domain, word, condition):
        return furniture
    head, _, rest = word.partition(" ")
    if head in RELATIONS and rest:
        return f"{start}says what is {quoted(word)}? Expected something like 'plate {word}'"
    if word.endswith(tuple(f" {relation}" for relation in RELATIONS)):
        return f"{start}no place follows {word.rpartition(' ')[2]!r}"
    if head in _NUMBER_WORDS and rest:
        return f"{start}numbers are digits: write {str(_NUMBER_WORDS.index(head) + 1) + ' ' + rest!r}"
    kind, _, number = word.rpartition(" ")
    if number.isdecimal() and (kind in domain.objects or kind in domain.fixtures):
        return f"{start}a goal names kinds of things: {kind!r}, not {word!r}"
    if (relation := _OTHER_RELATIONS.search(f" {condition} ")) is not None:
        return f"{start}a place follows 'on', 'in', 'with' or 'beside', not {relation[0].strip()!r}"
    known = [*domain.objects, *domain.members, *domain.fixtures]
    hint = (
        _rewritten(domain, word) or _rewritten(domain, condition) or nearest(word, known) or _separator_hint(condition)
    )
    if not hint and (noun := _noun_at_end(domain, word)):
        said = word.removesuffix(noun).strip()
        reason = f"{said!r} is no color, size, material, owner or state that a {noun} can have"
        return f"{start}{reason}{nearest(said, [*domain.property_group, *domain.states, *domain.negations])}"
    return f"{start}no object or class is called {quoted(word)}{hint}"


def _noun_at_end(domain: Domain, text: str) -> str:
    names = sorted((*domain.objects, *domain.members), key=len, reverse=True)
    return next((name for name in names if text.endswith(f" {name}")), "")


def unknown_place(domain: Domain, word: str, condition: str) -> str:
    """Return what is wrong with a word that should be furniture or an object; as in `unknown_thing`."""
    text = f"{quoted(condition)}: no place is called {quoted(word)}"
    if hint := _separator_hint(word):
        return text + hint
    kind, _, number = word.rpartition(" ")
    if number.isdecimal() and (kind in domain.objects or kind in domain.fixtures):
        return f"{text}; a goal names kinds of things: {kind!r}"
    return text + nearest(word, [*domain.fixtures, *domain.objects, *domain.rooms])


def possible_states(domain: Domain, fixture: str) -> list[str]:
    """Return the states that a fixture, or some member of a class of fixtures, can have, in the words of goals."""
    members = domain.fixture_members.get(fixture, (fixture,))
    words = (*domain.states, *domain.negations)
    return [word for word in words if any(domain.fixtures[member].can_be(word) for member in members)]


def _separator_hint(text: str) -> str:
    if (match := _NEITHER.search(text)) is not None:
        return f"; a goal cannot say {match[1]!r}"
    return "; conditions are separated by ' ; '" if re.search(r",| and ", text) else ""


def _about_furniture(domain: Domain, word: str, condition: str) -> str:
    """Return what a condition that names furniture as an object should say; empty if it names none."""
    names = sorted((*domain.fixtures, *domain.fixture_members), key=len, reverse=True)
    fixture = next((name for name in names if word == name or word.startswith(f"{name} ")), None)
    if fixture is None or (fixture != word and word in (*domain.objects, *domain.members)):
        return ""
    text = f"{quoted(condition)}: {fixture!r} is furniture"
    if fixture == "person":
        text = f"{quoted(condition)}: 'person' is no object"
    states = possible_states(domain, fixture)
    said = [state for state in re.findall(r"[a-z]+", condition.replace(fixture, " ")) if state in states]
    moved = re.search(r"^holding | (?:on|in|with) (?!$)", condition)
    if said and not moved:
        quantifier = "every " if re.match(r"every |\d", condition) else "no " if condition.startswith("no ") else ""
        return f"{text}; write {f'{quantifier}{fixture} {said[-1]}'!r}"
    if not states:
        return f"{text} and cannot be moved or changed"
    shown = " or ".join(repr(f"{fixture} {state}") for state in states)
    return f"{text} and cannot be moved; a goal about it is {shown}"


def _rewritten(domain: Domain, condition: str) -> str:
    """Return a hint that puts a noun and its states into the words and order of a goal, or an empty string.

    It offers 'fridge open' for `the refrigerator is open`, and 'hot apple' for `warm apple`.
    """
    tokens = [token for token in re.findall(r"[\w']+", condition) if token not in _FILLERS]
    nouns: list[str] = []
    states: list[str] = []
    quantifier = tokens.pop(0) + " " if tokens and tokens[0] in ("every", "no", "holding") else ""
    while tokens:
        for length in range(len(tokens), 0, -1):
            names = _named(domain, " ".join(tokens[:length]))
            if names:
                break
        else:
            return ""
        state = next((name for name in names if name in domain.states or name in domain.negations), None)
        (states if state else nouns).append(state or names[0])
        del tokens[:length]
    if len(nouns) != 1 or not states:
        return ""
    if nouns[0] not in domain.fixtures and nouns[0] not in domain.fixture_members:
        return f"; did you mean {quantifier + ' '.join([*states, *nouns])!r}?"
    possible = [state for state in states if state in possible_states(domain, nouns[0])]
    return f"; did you mean {' '.join([quantifier + nouns[0], *possible[-1:]])!r}?"


def _named(domain: Domain, word: str) -> list[str]:
    names = [name for singular in singulars(word) for name in (singular, *names_by_word().get(singular, ()))]
    tables = (domain.states, domain.negations, domain.fixtures, domain.objects, domain.members, domain.fixture_members)
    return [name for name in dict.fromkeys(names) if any(name in table for table in tables)]
