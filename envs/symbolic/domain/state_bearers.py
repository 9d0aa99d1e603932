"""Which categories can have which state: by what they are, or by a skill or a process that sets or clears it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from envs.symbolic.domain.categories import BUILT_IN_STATES, FixtureCategory, ObjectCategory, Process, fits_in
from envs.symbolic.domain.skill import Skill
from envs.symbolic.skills.values import Effect

Categories = Mapping[str, "ObjectCategory | FixtureCategory"]


def state_bearers(
    states: Iterable[str],
    objects: Mapping[str, ObjectCategory],
    fixtures: Mapping[str, FixtureCategory],
    processes: Iterable[Process],
    skills: Mapping[str, Skill],
) -> dict[str, frozenset[str]]:
    """Return the categories of objects and fixtures that can have each state of a domain."""
    bearers: dict[str, set[str]] = {state: set() for state in states}
    for state in bearers:
        if state in BUILT_IN_STATES:
            bearers[state] |= {name for name, o in objects.items() if state in o.possible_states}
            bearers[state] |= {name for name, f in fixtures.items() if f.can_be(state)}
    for process in processes:
        for state in (*process.set, *process.clear):
            if state not in BUILT_IN_STATES:
                places = [fixtures[name] for name in process.at if name in fixtures]
                bearers[state] |= {name for name, o in objects.items() if any(fits_in(o, place) for place in places)}
    categories: Categories = {**fixtures, **objects}
    for skill in skills.values():
        for effect in skill.effects:
            if effect.atom.predicate == "state" and effect.atom.word in bearers:
                bearers[effect.atom.word] |= set(changed_categories(categories, skill, effect))
    return {state: frozenset(names) for state, names in bearers.items()}


def changed_categories(categories: Categories, skill: Skill, effect: Effect) -> list[str]:
    """Return the categories of what an effect is about, without those that a precondition or a guard rules out."""
    term = effect.atom.terms[0]
    names = categories_of(categories, term.kind)
    required = [p.atom for p in skill.preconditions if not p.guards]
    for atom in (*required, *effect.guards):
        if atom.terms[:1] == (term,) and atom.predicate == "able":
            names = [name for name in names if bool(getattr(categories[name], atom.word, None)) == atom.positive]
        if atom.predicate == "kind" and atom.positive and atom.terms[0].parameter == term.parameter is not None:
            allowed = set(categories_of(categories, atom.terms[0].kind))
            names = [name for name in names if name in allowed]
    return names


def categories_of(categories: Categories, kind: str) -> list[str]:
    """Return the categories that the kind of a parameter means: `object`, `place`, `person`, a category, a class."""
    if kind in categories:  # and those that were made from it
        return [name for name, category in categories.items() if kind in (name, category.like)]
    if kind == "anything":
        kind = "object"
    names = []
    for name, category in categories.items():
        if isinstance(category, ObjectCategory):
            is_meant = kind in ("object", "place")
        else:
            is_meant = kind in ("fixture", "place") and not category.is_room
            is_meant = is_meant or (kind == "person" and category.relation == "with")
        if is_meant or kind in category.classes:
            names.append(name)
    return names
