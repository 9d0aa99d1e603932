"""How states come about: by what the robot knows by heart, by appliances, or by skills that the domain adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.domain.achievers import achievers, removers
from planner.goals.means.appliances import STATE_ORDER, appliances_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.domain import Domain
    from envs.symbolic.state import State

_BY_HEART = {"sliced": "slice", "folded": "fold", "open": "open", "closed": "close", "on": "turn on", "off": "turn off"}
_BY_HEART_OF_FIXTURES = {**_BY_HEART, "clean": "wipe", "watered": "pour"}


def is_by_own_skill(state: State, entity: int, word: str) -> bool:
    """Whether a state, or negation, of an entity comes about by a skill that the domain adds, and in no other way."""
    world = state.world
    if not achievers(world.domain, world.categories[entity], word):
        return False
    known = (_BY_HEART_OF_FIXTURES if entity < world.n_fixtures else _BY_HEART).get(word)
    if known is not None and known in world.domain.skills:
        return False
    return entity < world.n_fixtures or not appliances_for(state, word, entity)


def opposite_of(domain: Domain, word: str) -> str | None:
    """Return the word for not having a state, if there is one: `closed` for `open`, `open` for `closed`."""
    if word in domain.negations:
        return domain.negations[word]
    return next((negation for negation, positive in domain.negations.items() if positive == word), None)


def removable(state: State, entity: int, words: Sequence[str]) -> str | None:
    """Return the first of some states that a skill of the domain's own takes away from an entity; None if none does."""
    world = state.world
    return next(
        (w for w in words if state.has(entity, w) and removers(world.domain, world.categories[entity], w)), None
    )


def order_of_states(domain: Domain, words: Sequence[str]) -> list[str]:
    """Return states in the order in which they are given to an object; those of own skills after the others.

    A state comes before one that a skill for it must not find: what is ironed is folded afterwards.
    """
    order = sorted(words, key=lambda word: STATE_ORDER.index(word) if word in STATE_ORDER else len(STATE_ORDER))
    for word in [w for w in order if w not in STATE_ORDER]:
        spoiled = {domain.negations.get(w, w): w for w in order}
        for skill in domain.skills.values():
            if not any(e.atom.predicate == "state" and e.atom.word == word for e in skill.effects):
                continue
            for precondition in skill.preconditions:
                atom = precondition.atom
                if atom.predicate != "state" or atom.word not in spoiled or atom.word == word:
                    continue
                other = spoiled[atom.word]
                is_wanted = atom.positive == (other not in domain.negations)
                at, after = order.index(word), order.index(other)
                if (is_wanted and at < after) or (not is_wanted and at > after):
                    order.remove(word)
                    order.insert(order.index(other) + is_wanted, word)
    return order
