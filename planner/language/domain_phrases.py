"""What people say in a domain: its families of phrases and its words.

The home has phrase files of its own (`datasets/phrases`). Another domain gets the families of
`datasets/domains/phrases`, which suit any domain and are repeated for its skills and processes, and those that its file
has under `phrases`. A domain that extends the home has both, the general ones only for what it adds.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from envs.errors import GoalError
from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.goals import parse_goal
from planner.language.phrase_patterns import (
    Family,
    PhraseError,
    Words,
    family_of,
    load_families,
    load_words,
    parse_pattern,
)
from planner.language.slot_binding import options_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envs.symbolic.skills.values import Skill

ANY_DOMAIN = "domains/phrases"
MECHANICS = ("open", "on")  # states that have families of their own


class _Change(NamedTuple):
    """A state that something of a domain brings about: its word in goals, and the slot type of what can get it."""

    word: str
    slot_type: str

    @property
    def is_furniture(self) -> bool:
        return self.slot_type.startswith("fixture")


@lru_cache(maxsize=16)
def families_of(domain: Domain, folder: str = "phrases") -> tuple[Family, ...]:
    """Return the families of phrases that suit a domain.

    Args:
        domain: The domain.
        folder: The folder of `datasets/` with the home's phrase files.

    Raises:
        PhraseError: A phrase file, or `phrases` of the domain, is invalid.
    """
    home = load_domain()
    if domain.speech.of_home and domain.skills.keys() <= home.skills.keys() and not domain.speech.phrases:
        return load_families(folder)
    own = tuple(_own(name, entry, domain) for name, entry in domain.speech.phrases.items())
    general = tuple(_for_any(domain, home if domain.speech.of_home else None))
    families = (*(load_families(folder) if domain.speech.of_home else ()), *general, *own)
    everything = {*domain.objects, *domain.fixtures}
    return tuple(f for f in families if all(_is_possible(t, everything, domain) for t in f.slots.values()))


def _own(name: str, entry: dict[str, Any], domain: Domain) -> Family:
    try:
        family = family_of(name, entry)
        for pattern in family.phrases:
            parse_pattern(pattern)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PhraseError(f"phrases: {name}: {error}") from error
    everything = {*domain.objects, *domain.fixtures}
    for template in family.goals:
        goal, is_tried = template.replace("{rel}", "in").replace("{n}", "2"), True
        for slot, slot_type in family.slots.items():
            values = options_of(slot_type, everything, domain) if slot_type != "unfit" else list(domain.fixtures)
            is_tried = is_tried and bool(values)
            goal = goal.replace("{" + slot + "}", values[0] if values else "")
        try:
            parse_goal(goal if is_tried else "no anything", domain)
        except GoalError as error:
            raise PhraseError(f"phrases: {name}: goal {template!r}, for example {goal!r}: {error}") from error
    return family


def _is_possible(slot_type: str, everything: set[str], domain: Domain) -> bool:
    return slot_type == "unfit" or bool(options_of(slot_type, everything, domain))


def _for_any(domain: Domain, home: Domain | None) -> Iterator[Family]:
    """Yield the families for any domain; with `home`, only those for what the domain has and the home has not."""
    known = {change.word for change in _changes(home)} if home else set()
    skills = [skill for name, skill in domain.skills.items() if home is None or name not in home.skills]
    changes = [change for change in _changes(domain) if change.word not in known]
    for family in load_families(ANY_DOMAIN):
        if family.repeated == "skills":
            for skill in skills:
                for change in _changed_by(skill, domain) if len(skill.parameters) == 1 else ():
                    yield from _repeated(family, change, skill)
        elif family.repeated == "changes":
            for change in changes:
                yield from _repeated(family, change, None)
        elif home is None:
            yield family


def _repeated(family: Family, change: _Change, skill: Skill | None) -> Iterator[Family]:
    """Yield a family for one skill or one state: none if it is about objects and the state is one of furniture."""
    goals = family.furniture_goals if change.is_furniture else family.goals
    if not goals:
        return
    slots = {"x": change.slot_type}
    slots |= {slot: slot_type for slot, slot_type in family.slots.items() if slot != "x"}
    name, do = f"{family.name}: {change.word}", {}
    if skill is not None:
        name, parameter = f"{family.name}: {skill.name}", "{" + skill.parameters[0].name + "}"
        do = {
            "<do>": skill.text.replace(parameter, "{the x}"),
            "<do every>": skill.text.replace(parameter, "every {x}"),
        }

    def filled(text: str) -> str:
        for placeholder, words in {**do, "<state>": change.word}.items():
            text = text.replace(placeholder, words)
        return text

    yield replace(
        family, name=name, slots=slots, goals=tuple(map(filled, goals)), phrases=tuple(map(filled, family.phrases))
    )


def _changes(domain: Domain) -> list[_Change]:
    """Return what skills and processes bring about, each once."""
    changes = [change for skill in domain.skills.values() for change in _changed_by(skill, domain)]
    for process in domain.processes:
        words = (*process.set, *_absent(domain, process.clear), *(("cooked",) if process.cook else ()))
        changes += [_Change(word, f"object:can {word}") for word in words]
    return list(dict.fromkeys(changes))


def _changed_by(skill: Skill, domain: Domain) -> Iterator[_Change]:
    """Yield the states that a skill gives to its arguments."""
    for effect in skill.effects:
        atom = effect.atom
        if atom.predicate != "state" or atom.word in MECHANICS or atom.terms[0].parameter is None:
            continue
        kind = skill.parameters[atom.terms[0].parameter].kind
        for word in (atom.word,) if atom.positive else _absent(domain, (atom.word,)):
            sorts = ("object", "fixture") if kind == "place" else (_sort(kind, domain),)
            yield from (_Change(word, f"{sort}:can {word}") for sort in sorts if sort)


def _sort(kind: str, domain: Domain) -> str:
    """Return whether an argument is an object or a fixture; empty for people."""
    if kind == "object" or kind in domain.objects or kind in domain.members:
        return "object"
    return "fixture" if kind == "fixture" or kind in domain.fixtures or kind in domain.fixture_members else ""


def _absent(domain: Domain, states: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words for the absence of states; a state without such a word has none."""
    return tuple(word for word, state in domain.negations.items() if state in states)


@lru_cache(maxsize=16)
def words_of(domain: Domain) -> Words:
    """Return what people call the kinds, classes and liquids of a domain."""
    home = load_words()
    if domain is load_domain():
        return home
    base = home if domain.speech.of_home else None
    nouns = domain.speech

    def table(names: tuple[str, ...], known: dict[str, tuple[str, ...]] | None) -> dict[str, tuple[str, ...]]:
        words = {}
        for name in names:
            usual = (known or {}).get(name, (name,))
            words[name] = tuple(dict.fromkeys((*usual, *domain.words.get(name, ()))))
        return words

    tables = {
        "objects": table(tuple(domain.objects), base.objects if base else None),
        "fixtures": table(tuple(domain.fixtures), base.fixtures if base else None),
        "classes": table(domain.classes, base.classes if base else None),
        "liquids": table(domain.liquids, base.liquids if base else None),
    }
    return Words(
        **tables,
        plurals={**(base.plurals if base else {}), **nouns.plurals},
        mass=frozenset(nouns.uncountable).union(base.mass if base else ()),
        plural_only=frozenset(nouns.plural_only).union(base.plural_only if base else ()),
        ambiguous={**(base.ambiguous if base else {}), **_ambiguous(tables, domain)},
    )


def _ambiguous(tables: dict[str, dict[str, tuple[str, ...]]], domain: Domain) -> dict[str, tuple[str, ...]]:
    """Return the words of a domain's own that several of its kinds are called by."""
    ambiguous: dict[str, tuple[str, ...]] = {}
    for kinds in (tables["objects"], tables["fixtures"]):
        said = dict.fromkeys(word for kind in kinds for word in domain.words.get(kind, ()))
        meanings = {word: tuple(kind for kind, words in kinds.items() if word in words) for word in said}
        ambiguous |= {word: kinds for word, kinds in meanings.items() if len(kinds) > 1}
    return ambiguous
