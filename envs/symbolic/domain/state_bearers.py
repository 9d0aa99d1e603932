"""Which categories can have which state: by what they are, or by a skill or a process that sets or clears it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.domain.categories import BUILT_IN_STATES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from envs.symbolic.domain.domain import Domain
    from envs.symbolic.skills.values import Effect, Skill, Term


def state_bearers(domain: Domain) -> dict[str, frozenset[str]]:
    """Return the categories of objects and fixtures that can have each state of a domain."""
    bearers: dict[str, set[str]] = {state: set() for state in domain.states}
    for state in domain.states:
        if state in BUILT_IN_STATES:
            bearers[state] |= {name for name, o in domain.objects.items() if state in o.possible_states}
            bearers[state] |= {name for name, f in domain.fixtures.items() if f.can_be(state)}
    for process in domain.processes:
        for state in (*process.set, *process.clear):
            if state not in BUILT_IN_STATES:
                bearers[state] |= set(domain.objects)
    for skill in domain.all_skills.values():
        for effect in skill.effects:
            if effect.atom.predicate == "state" and effect.atom.word in bearers:
                bearers[effect.atom.word] |= set(_changed(domain, skill, effect))
    return {state: frozenset(names) for state, names in bearers.items()}


def _changed(domain: Domain, skill: Skill, effect: Effect) -> Iterable[str]:
    """Return the categories of what an effect is about, without those that a precondition or a guard rules out."""
    term = effect.atom.terms[0]
    names = categories_of(domain, term.kind)
    required = [p.atom for p in skill.preconditions if not p.guards]
    for atom in (*required, *effect.guards):
        if atom.terms[:1] == (term,) and atom.predicate == "able":
            names = [name for name in names if _is_able(domain, name, atom.word) == atom.positive]
        if atom.predicate == "kind" and _same(atom.terms[0], term) and atom.positive:
            allowed = set(categories_of(domain, atom.terms[0].kind))
            names = [name for name in names if name in allowed]
    return names


def _same(a: Term, b: Term) -> bool:
    return a.parameter is not None and a.parameter == b.parameter


def _is_able(domain: Domain, name: str, ability: str) -> bool:
    category = domain.objects.get(name) or domain.fixtures.get(name)
    return bool(getattr(category, ability, None))


def categories_of(domain: Domain, kind: str) -> list[str]:
    """Return the categories that the kind of a parameter means: `object`, `place`, `person`, a class."""
    fixtures = [name for name, f in domain.fixtures.items() if not f.is_room]
    if kind in ("object", "fixture", "place"):
        return [*(domain.objects if kind != "fixture" else ()), *(fixtures if kind != "object" else ())]
    if kind == "person":
        return [name for name, f in domain.fixtures.items() if f.relation == "with"]
    if kind in domain.objects or kind in domain.fixtures:
        return [kind]
    return [*domain.members.get(kind, ()), *domain.fixture_members.get(kind, ())]
