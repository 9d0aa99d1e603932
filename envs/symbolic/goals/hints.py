"""Why a text is no goal: what the person probably meant, for the messages of the parsers."""

from __future__ import annotations

import re

from envs.errors import nearest, quoted
from envs.symbolic.domain import ROOM, Domain
from envs.symbolic.goals.state_words import state_words
from envs.symbolic.kinds.spoken_words import spoken_words
from envs.words import singulars

RELATIONS = ("on", "in", "with", "beside")
_OTHER_RELATIONS = re.compile(r" (?:onto|into|inside|upon|at(?! most| least)|to|near|next to) ")
ARTICLES = ("the", "a", "an", "my", "your", "our", "this", "that", "some", "any")
_NEITHER = re.compile(
    r"(?:^| )(or|\|+|else|otherwise|until|between|behind|under|below|above|(?:to the )?(?:left|right) of"
    r"|for \d+ ?\w*|\d+ ?(?:to|-) ?\d+)(?= |$)"
)
_AMOUNT = re.compile(
    r"(?P<choice>(?:all(?: but)?|each|both|half(?! (?:full|open|closed)\b)|none"
    r"|(?:every|half|each|all|none|some|most) of)(?: the)?) "
    r"|(?P<number>(?:exactly|at most|at least|more than|less than|only|a few|a couple(?: of)?|several|another|more)) "
)
_AMOUNT_REASONS = {
    "choice": "a choice is written 'every', '2 of', 'all but 2 of' or 'half of'",
    "number": "an amount is written '2', '1 more', 'exactly 2' or 'at most 2'",
}
_COUNTING = re.compile(
    r"(?:(?:exactly|at most|at least|only|more than|less than|all but) )?\d+ (?:more |of )?"
    r"|(?:all but|half|most|some|none|all|each) of |half (?!open\b)|\? ?how many "
)
_FILLERS = (*ARTICLES, "is", "are", "be", "turn", "make", "set", "put", "switch")
MAX_SAID = 3  # words before a noun that are taken for a description
_NUMBER_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def unknown_thing(domain: Domain, word: str, condition: str) -> str:
    """Return what is wrong with a word that should be an object or a class of objects.

    Args:
        domain: The domain.
        word: The word.
        condition: The text that it stands in.
    """
    reason = (
        unsayable(condition) or _misplaced(domain, word) or _about_furniture(domain, word, condition)
        or _incomplete(domain, word) or _miscounted(domain, word) or _unknown(domain, word, condition)
    )  # fmt: skip
    return f"{quoted(condition)}: {reason}"


def _misplaced(domain: Domain, word: str) -> str:
    other = _OTHER_RELATIONS.search(f" {word} ")
    return f"a place follows 'on', 'in', 'with' or 'beside', not {other[0].strip()!r}" if other is not None else ""


def _incomplete(domain: Domain, word: str) -> str:
    """Return what is missing beside a relation or a room; empty if something else is wrong."""
    known = [*domain.objects, *domain.members, *domain.fixtures, *domain.fixture_members]
    thing, _, relation = word.rpartition(" ")
    plain = re.sub(r" (?:is|are)$", "", thing)
    if relation in ("on", "off") and plain in (*domain.objects, *domain.members):
        reason = f"{a(plain)} cannot be {relation}{_switch_hint(domain, plain, relation)}"
        return f"{reason}; no place follows 'on'" if relation == "on" else reason
    if thing and relation in RELATIONS:
        hint = nearest(thing, known) if thing not in known else ""  # "tv on"
        return f"unknown {thing!r}{hint}" if hint else f"no place follows {relation!r}"
    head, _, rest = word.partition(" ")
    if head in RELATIONS and rest:
        return f"says what is {quoted(word)}? Expected something like 'plate {word}'"
    room = next((room for room in domain.rooms if word == room or word.startswith(f"{room} ")), "")
    if room:
        return f"{room!r} is a room; a goal is about furniture or objects in it: 'window in {room} open'"
    return ""


def _switch_hint(domain: Domain, thing: str, state: str) -> str:
    """Return what can be on or off instead of a thing: the kettle base of a kettle; empty if nothing is called so."""
    names = [name for name in domain.fixtures if thing in name.split() and state in possible_states(domain, name)]
    return f": write {f'{names[0]} {state}'!r}" if names else ""


def _miscounted(domain: Domain, word: str) -> str:
    """Return how an amount or a choice is written, if a word begins with one in other words."""
    if (amount := _AMOUNT.match(word)) is not None:
        return f"{_AMOUNT_REASONS[str(amount.lastgroup)]}, not {amount[0].strip()!r}"
    head, _, rest = word.partition(" ")
    if head in _NUMBER_WORDS and rest:
        return f"numbers are digits: write {str(_NUMBER_WORDS.index(head) + 1) + ' ' + rest!r}"
    kind, _, number = word.rpartition(" ")
    if number.isdecimal() and (kind in domain.objects or kind in domain.fixtures):
        return f"a goal names kinds of things: {kind!r}, not {word!r}"
    return ""


def _unknown(domain: Domain, word: str, condition: str) -> str:
    if word in domain.liquids:
        return f"{word!r} is a liquid, which is in something: 'bowl of {word}'"
    known = [*domain.objects, *domain.members, *domain.fixtures, *domain.fixture_members]
    is_none = condition.startswith(f"no {word}") and word.rpartition(" ")[2] in state_words(domain).own
    rewritten = (
        (_rewritten(domain, condition) if is_none else "") or _rewritten(domain, word) or _rewritten(domain, condition)
    )
    hint = rewritten or nearest(word, known) or _separator_hint(condition)
    noun = _noun_at_end(domain, word) if not rewritten and word not in spoken_words(domain).names_by_word else ""
    attributes = {*domain.property_group, *domain.states, *domain.negations, *ARTICLES}
    said = " ".join(part for part in word.removesuffix(noun).split() if part not in attributes)
    parts = said.split()
    if noun and 0 < len(parts) <= MAX_SAID and "and" not in parts and all(map(_is_word, parts)):
        reason = f"{said!r} is no color, size, material, owner or state that {a(noun)} can have"
        return f"{reason}{nearest(said, [*domain.property_group, *domain.states, *domain.negations])}"
    return f"no object or class is called {quoted(word)}{hint}"


def _is_word(text: str) -> bool:
    return re.sub("[-']", "", text).isalpha()


def a(noun: str) -> str:
    """Return a noun with its article: an apple, a mug."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _noun_at_end(domain: Domain, text: str) -> str:
    names = sorted((*domain.objects, *domain.members), key=len, reverse=True)
    return next((name for name in names if text.endswith(f" {name}")), "")


def unknown_place(domain: Domain, word: str, condition: str) -> str:
    """Return what is wrong with a word that should be furniture or an object; as in `unknown_thing`."""
    text = f"no place is called {quoted(word)}"
    if word in domain.fixtures or word in domain.fixture_members:  # "apple in cabinet on desk"
        text = f"{word!r} is furniture, which is in or on nothing but a room"
    elif not (reason := unsayable(word)):
        kind, _, number = word.rpartition(" ")
        if number.isdecimal() and (kind in domain.objects or kind in domain.fixtures):
            text += f"; a goal names kinds of things: {kind!r}"
        else:
            text += _separator_hint(word) or nearest(word, [*domain.fixtures, *domain.objects, *domain.rooms])
    else:
        text = reason
    return f"{quoted(condition)}: {text}"


def possible_states(domain: Domain, fixture: str) -> list[str]:
    """Return the states that a fixture, or some member of a class of fixtures, can have, in the words of goals."""
    members = (fixture,) if fixture in domain.fixtures else domain.fixture_members.get(fixture, ())
    words = (*domain.states, *domain.negations)
    return [word for word in words if any(domain.can_be(member, word) for member in members)]


def example(domain: Domain, head: str) -> str:
    """Return a condition with a quantifier, a number, or a state: `every plate`, `clean plate`, `lamp on`."""
    words = state_words(domain)
    if head in words.of_fixtures and head not in words.of_objects:
        known = ("lamp", "plant", "cabinet", *domain.fixtures)
        return next((f"{name} {head}" for name in known if head in possible_states(domain, name)), f"furniture {head}")
    things = [name for name in ("plate", *domain.objects) if name in domain.objects]
    return f"{head} {things[0] if things else 'thing'}"


def unsayable(text: str) -> str:
    """Return which word of a text no goal can say, or an empty string."""
    match = _NEITHER.search(text)
    return f"a goal cannot say {match[1]!r}" if match is not None else ""


def _separator_hint(text: str) -> str:
    return "; conditions are separated by ' ; '" if re.search(r",| and ", text) else ""


def _about_furniture(domain: Domain, word: str, condition: str) -> str:
    """Return what a condition that names furniture as an object should say; empty if it names none."""
    names = sorted((*domain.fixtures, *domain.fixture_members), key=len, reverse=True)
    fixture = next((name for name in names if word == name or word.startswith(f"{name} ")), None)
    if fixture is None or (fixture != word and word in (*domain.objects, *domain.members)):
        return ""
    is_person = fixture in domain.fixtures and domain.relation(fixture) == "with"
    text = f"{fixture!r} is no object" if is_person else f"{fixture!r} is furniture"
    if fixture == ROOM or (fixture in domain.fixtures and domain.fixtures[fixture].is_room):
        text = f"{fixture!r} is a room"
    states = possible_states(domain, fixture)
    said = [state for state in re.findall(r"[a-z]+", condition.replace(fixture, " ")) if state in states]
    moved = re.search(r"^holding | (?:on|in|with) (?!$)", condition)
    if _COUNTING.match(condition) and states and not condition.startswith("holding"):
        return _uncountable(fixture, said[-1] if said else states[0], is_asked=condition.startswith("?"))
    if said and not moved:
        if re.search(r"\bnot\b|n't\b", condition) and (said[-1] in state_words(domain).opposites):
            said.append(state_words(domain).opposites[said[-1]])
        quantifier = "every " if re.match(r"every |\d", condition) else "no " if condition.startswith("no ") else ""
        return f"{text}; write {f'{quantifier}{fixture} {said[-1]}'!r}"
    if not states:
        return f"{text} and cannot be moved or changed"
    shown = " or ".join(repr(f"{fixture} {state}") for state in states)
    return f"{text} and cannot be moved; a goal about it is {shown}"


def _uncountable(fixture: str, state: str, *, is_asked: bool) -> str:
    """Return that furniture cannot be counted, and what can be said of it, or asked."""
    every = f"every {fixture} {state}"
    ways = f"say {f'{fixture} {state}'!r} (of some), {every!r} or {f'no {fixture} {state}'!r}"
    if is_asked:
        ways = f"ask {f'? whether {every}'!r} or {f'? where {fixture}'!r}"
    return f"{fixture!r} is furniture, which cannot be counted; {ways}"


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
    fixture_only = any(state not in state_words(domain).of_objects for state in states)
    if fixture_only and nouns[0] not in domain.fixtures and nouns[0] not in domain.fixture_members:
        return ""
    if nouns[0] not in domain.fixtures and nouns[0] not in domain.fixture_members:
        return f"; did you mean {quantifier + ' '.join([*states, *nouns])!r}?"
    possible = [state for state in states if state in possible_states(domain, nouns[0])]
    return f"; did you mean {' '.join([quantifier + nouns[0], *possible[-1:]])!r}?"


def _named(domain: Domain, word: str) -> list[str]:
    called = spoken_words(domain).names_by_word
    names = [name for singular in singulars(word) for name in (singular, *called.get(singular, ()))]
    tables = (domain.states, domain.negations, domain.fixtures, domain.objects, domain.members, domain.fixture_members)
    return [name for name in dict.fromkeys(names) if any(name in table for table in tables)]
