"""Says what keeps skills that a domain adds from giving a state: no skill does, or what it needs is not in the home."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.domain import BUILT_IN_STATES
from envs.symbolic.domain.achievers import achievers, categories_of_kind, fillers, removers
from envs.symbolic.obstacles.capacity import goes_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.actions import State
    from envs.symbolic.skills.values import Atom, Effect, Skill, Term

NO_SKILL = "no skill of this robot makes"
MAX_DEPTH = 4  # skills whose needs are asked for, one for the needs of another
NEEDS = {
    "cuts": "something that cuts", "wipes": "something that wipes", "fills": "a vessel", "metal": "something of metal",
    "slices": "something to slice", "cooks": "something to cook", "folds": "something to fold",
}  # fmt: skip


def skill_obstacle(state: State, entity: int, word: str, *, depth: int = 0) -> str | None:
    """Say why no skill of the domain's own makes an entity so; "" if one may, None if there is no such skill."""
    domain, category = state.world.domain, state.world.categories[entity]
    return _first_obstacle(state, entity, achievers(domain, category, word), depth)


def removal_obstacle(state: State, entity: int, word: str) -> str | None:
    """Say why no skill of the domain's own takes a state away; "" if one may, None if there is no such skill."""
    domain, category = state.world.domain, state.world.categories[entity]
    return _first_obstacle(state, entity, removers(domain, category, word), 0)


def filling_obstacle(state: State, vessel: int, liquid: str) -> str | None:
    """Say why no skill of the domain's own fills a vessel; "" if one may, None if there is no such skill."""
    domain, category = state.world.domain, state.world.categories[vessel]
    return _first_obstacle(state, vessel, fillers(domain, category, liquid), 0)


def no_skill(state: State, entity: int, word: str) -> str:
    """Say that nothing gives an entity a state."""
    return f"{NO_SKILL} {state.world.names[entity]} {word}"


def _first_obstacle(state: State, entity: int, ways: Sequence[tuple[Skill, Effect]], depth: int) -> str | None:
    if not ways:
        return None
    if depth >= MAX_DEPTH:
        return ""
    reasons = [_missing(state, skill, effect, entity, depth) for skill, effect in ways]
    return "" if "" in reasons else reasons[0]


def _missing(state: State, skill: Skill, effect: Effect, entity: int, depth: int) -> str:
    """Say what a skill needs that is not in the home, or that an entity can never be."""
    subject = effect.atom.terms[0]
    for precondition in skill.preconditions:
        atom = precondition.atom
        if precondition.guards:
            continue
        if atom.predicate == "holding what":
            if not any(getattr(category, atom.word, False) for category in state.world.object_category):
                return f"to {skill.name} takes {NEEDS.get(atom.word, 'a tool')}, and there is none here"
            continue
        if not atom.positive and atom.predicate != "state":
            continue
        for term in atom.terms:
            if not _is_same(term, subject) and not _candidates(state, term):
                return f"to {skill.name} takes {_a(term.kind)}, and there is none here"
        if reason := _never(state, skill, atom, subject, entity, depth):
            return reason
    return ""


def _never(state: State, skill: Skill, atom: Atom, subject: Term, entity: int, depth: int) -> str:
    """Say that a precondition about an entity can never be true."""
    world, name = state.world, state.world.names[entity]
    if atom.predicate == "at" and atom.positive and _is_same(atom.terms[0], subject) and entity >= world.n_fixtures:
        place = atom.terms[1]
        rooms = categories_of_kind(world.domain, "room")
        holders = _candidates(state, place)
        if not any(world.categories[h] in rooms or goes_in(state, entity, h) for h in holders):
            return f"to {skill.name} it must be at {_a(place.kind)}, and {name} does not fit there"
    if atom.predicate == "state" and atom.positive and not _is_same(atom.terms[0], subject):
        others = _candidates(state, atom.terms[0])
        reasons = [_unmade(state, other, atom.word, depth) for other in others]
        return "" if "" in reasons else reasons[0]
    if atom.predicate == "state" and _is_same(atom.terms[0], subject):
        negation = {positive: negation for negation, positive in world.domain.negations.items()}.get(atom.word)
        word = atom.word if atom.positive else negation
        if word is None and state.has(entity, atom.word) and not _can_end(state, entity, atom.word):
            return f"to {skill.name} it must not be {atom.word}, and nothing undoes that"
        if word is not None and not state.has(entity, word) and atom.word not in _known(state, entity):
            reason = skill_obstacle(state, entity, word, depth=depth + 1)
            if reason is None:
                return f"to {skill.name} it must be {word}: {no_skill(state, entity, word)}"
            return reason
    return ""


def _unmade(state: State, entity: int, word: str, depth: int) -> str:
    """Say why something else that a skill needs can never be so."""
    if state.has(entity, word) or word in _known(state, entity):
        return ""
    reason = skill_obstacle(state, entity, word, depth=depth + 1)
    return no_skill(state, entity, word) if reason is None else reason


def _can_end(state: State, entity: int, word: str) -> bool:
    """Whether a skill or a process takes a state away."""
    domain = state.world.domain
    others = [b if a == word else a for a, b in domain.exclusive if word in (a, b)]
    ends = any(word in process.clear or not set(others).isdisjoint(process.set) for process in domain.processes)
    return ends or bool(removers(domain, state.world.categories[entity], word))


def _known(state: State, entity: int) -> tuple[str, ...]:
    """Return the states that come about in other ways than by skills of the domain's own."""
    domain = state.world.domain
    by_process = (word for process in domain.processes for word in (*process.set, *process.clear))
    return (*BUILT_IN_STATES, *by_process) if entity >= state.world.n_fixtures else BUILT_IN_STATES


def _is_same(term: Term, subject: Term) -> bool:
    return (term.kind, term.parameter) == (subject.kind, subject.parameter)


def _candidates(state: State, term: Term) -> list[int]:
    world = state.world
    categories = categories_of_kind(world.domain, term.kind)
    return [e for category in categories for e in world.entities_by_category.get(category, ())]


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
