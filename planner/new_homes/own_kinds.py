"""Nouns that the domain lacks: what is a blender like? The answer makes a kind of one's own."""

from __future__ import annotations

from difflib import get_close_matches

from envs.files.yaml_nodes import HomeFileError
from envs.scenes.home_file import parse_home
from envs.symbolic.domain import Domain
from envs.symbolic.kinds.names import KindNames
from envs.symbolic.kinds.spoken_words import spoken_words
from envs.symbolic.kinds.writing import kinds_text, word
from planner.errors import InputError
from planner.new_homes.asking import NOTHING, Asker, numbered, numbers_in
from planner.new_homes.entries import Table

MAX_OPTIONS = 8
# What most things that a home has besides the built-in ones are like, if nothing in their name tells.
COMMON: dict[Table, tuple[str, ...]] = {
    "fixtures": ("side table", "shelf", "cabinet", "cart", "countertop", "floor lamp", "dining table"),
    "objects": ("box", "book", "cup", "spray bottle", "cloth", "ball", "remote control", "basket"),
}


def likely_kinds(noun: str, table: Table, domain: Domain) -> list[str]:
    """Return the kinds that something may be like, the likeliest first: a dog bowl is like a bowl."""
    known = domain.fixtures if table == "fixtures" else domain.objects
    words = noun.lower().split()
    kinds: dict[str, None] = {}
    for k in range(1, len(words)):
        kinds |= dict.fromkeys(spoken_words(domain).names_of(" ".join(words[k:]), table))
    for k in range(len(words) - 1, 0, -1):
        kinds |= dict.fromkeys(spoken_words(domain).names_of(" ".join(words[:k]), table))
    kinds |= dict.fromkeys(get_close_matches(noun.lower(), known, n=3, cutoff=0.75))
    kinds |= dict.fromkeys(name for name in COMMON[table] if name in known)
    kinds |= dict.fromkeys(known)
    return [name for name in kinds if name in known][:MAX_OPTIONS]


def extended(domain: Domain, noun: str, kind: str, table: Table) -> Domain:
    """Return a domain with one more kind, which is like a known one.

    Raises:
        InputError: Nothing can be called so.
    """
    if problem := KindNames(domain).problem(noun):
        raise InputError(problem)
    entry = f"  {word(noun)}: {{like: {word(kind)}}}"
    section = "furniture" if table == "fixtures" else "things"
    lines = kinds_text(domain)
    if f"{section}:" in lines:
        lines.insert(lines.index(f"{section}:") + 1, entry)
    else:
        lines += [f"{section}:", entry]
    room = next(iter(domain.rooms))
    try:
        return parse_home("\n".join([*lines, f"rooms: {{{word(room)}: []}}"]), geometry=False).domain
    except HomeFileError as error:
        raise InputError(error.problems[0].text) from None


def ask_kind(asker: Asker, noun: str, table: Table, domain: Domain) -> Domain | None:
    """Ask what something is like, and return the domain with it; None if it is left out."""
    if problem := KindNames(domain).problem(noun):
        asker.say(f"  {problem}")
        return None
    options = likely_kinds(noun, table, domain)
    known = domain.fixtures if table == "fixtures" else domain.objects

    def read(text: str) -> str | None:
        if text.lower() in NOTHING:
            return None
        if (numbers := numbers_in(text, len(options))) is not None:
            return options[numbers[0]]
        names = (text,) if text in known else spoken_words(domain).names_of(text, table)
        if len(names) != 1:
            meant = f"; it may be {' or '.join(names)}" if names else ""
            raise InputError(f"nothing is called {text!r}{meant}; give a number or a name of the list, or none")
        return names[0]

    article = "an" if noun[:1].lower() in "aeiou" else "a"
    for line in numbered(options):
        asker.say(line)
    kind = asker.ask_until(f"What is {article} {noun!r} like? (none: leave it out)", options[0], read)
    return None if kind is None else extended(domain, noun, kind, table)


def ask_meaning(asker: Asker, noun: str, meanings: tuple[str, ...]) -> str:
    """Ask which of several kinds is meant."""

    def read(text: str) -> str:
        if (numbers := numbers_in(text, len(meanings))) is not None:
            return meanings[numbers[0]]
        if text not in meanings:
            raise InputError(f"it is {' or '.join(meanings)}")
        return text

    for line in numbered(meanings):
        asker.say(line)
    return asker.ask_until(f"Which is the {noun!r}?", meanings[0], read)
