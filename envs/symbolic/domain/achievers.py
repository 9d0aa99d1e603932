"""Which skills and processes give things a state, or take it away: for those who choose skills, not for the world."""

from __future__ import annotations

from functools import lru_cache

from envs.symbolic.domain.categories import Process
from envs.symbolic.domain.domain import Domain
from envs.symbolic.domain.state_bearers import Categories, categories_of, changed_categories
from envs.symbolic.skills.values import Effect, Skill

# What those who choose know by heart: they ask `achievers` only for other skills.
KNOWN_SKILLS = frozenset(
    ["go to", "pick up", "put", "give", "open", "close", "turn on", "turn off", "slice", "wipe", "pour", "fold"]
)


@lru_cache(maxsize=4096)
def achievers(domain: Domain, category: str, word: str) -> tuple[tuple[Skill, Effect], ...]:
    """Return the skills of a domain's own that make things of a category so, each with the effect that does it.

    `word` is a state or a negation: `charged`, `uncharged`.
    """
    positive = domain.negations.get(word)
    return _skills(domain, category, positive or word, is_set=positive is None)


def removers(domain: Domain, category: str, word: str) -> tuple[tuple[Skill, Effect], ...]:
    """Return the skills of a domain's own after which things of a category are no longer so."""
    positive = domain.negations.get(word)
    return _skills(domain, category, positive or word, is_set=positive is not None)


@lru_cache(maxsize=4096)
def _skills(domain: Domain, category: str, state: str, *, is_set: bool) -> tuple[tuple[Skill, Effect], ...]:
    categories: Categories = {**domain.fixtures, **domain.objects}
    return tuple(
        (skill, effect)
        for skill in own_skills(domain)
        for effect in skill.effects
        if effect.atom.predicate == "state" and effect.atom.word == state and effect.atom.positive == is_set
        if category in changed_categories(categories, skill, effect)
    )


def own_skills(domain: Domain) -> tuple[Skill, ...]:
    """Return the skills of a domain that are not known by heart."""
    return tuple(skill for skill in domain.skills.values() if skill.name not in KNOWN_SKILLS)


@lru_cache(maxsize=4096)
def categories_of_kind(domain: Domain, kind: str) -> frozenset[str]:
    """Return the categories that a word in braces means: `object`, `person`, `room`, a category, a class."""
    return frozenset(categories_of({**domain.fixtures, **domain.objects}, kind))


def is_tool_for(domain: Domain, category: str, word: str, tool: str) -> bool:
    """Whether a skill of a domain's own that makes things of a category so is used with a tool, or at furniture."""
    return any(
        precondition.atom.predicate in ("holding", "at", "robot at")
        and any(
            tool in categories_of_kind(domain, t.kind) for t in precondition.atom.terms if t != effect.atom.terms[0]
        )
        for skill, effect in achievers(domain, category, word)
        for precondition in skill.preconditions
    )


def gives(process: Process, domain: Domain, word: str) -> bool:
    """Whether a process gives things a state, or takes away the one that a negation denies."""
    if (positive := domain.negations.get(word)) is not None:
        return positive in process.clear
    return word in process.set or (word == "cooked" and process.cook)
