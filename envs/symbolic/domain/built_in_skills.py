"""The built-in skills in a domain of its own: without what they say about states and liquids that it lacks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envs.symbolic.skills.values import Atom, Skill


def fitted(skill: Skill, states: Collection[str], liquids: Collection[str]) -> Skill | None:
    """Return a built-in skill as it is in a domain with these states and liquids; None if it would change nothing."""

    def is_known(atom: Atom) -> bool:
        if atom.predicate == "state":
            return atom.word in states
        return atom.predicate != "filled" or not atom.word or atom.word in liquids

    preconditions = tuple(p for p in skill.preconditions if all(map(is_known, (p.atom, *p.guards))))
    effects = tuple(e for e in skill.effects if all(map(is_known, (e.atom, *e.guards))))
    needs_liquid = any(e.atom.predicate in ("filled", "filled from") for e in skill.effects)
    if not effects or (needs_liquid and not liquids):
        return None
    return replace(skill, preconditions=preconditions, effects=effects)
