"""What brings about a state in a domain: the furniture whose process does, or what a skill needs for it."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from envs.symbolic.domain import BUILT_IN_STATES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envs.symbolic.domain import Domain
    from envs.symbolic.skills.values import Skill

# What the homes of the default domain get for a goal about one of these states or liquids: furniture and objects.
USUAL: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "clean": (("sink",), ()),
    "cooked": (("stove burner",), ("pan",)),
    "hot": (("microwave",), ()),
    "cold": (("fridge",), ()),
    "sliced": ((), ("knife",)),
    "water": (("sink",), ()),
    "coffee": (("coffee machine",), ()),
}
USUAL_FOR_FURNITURE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "clean": ((), ("cloth",)),
    "watered": (("sink",), ("watering can",)),
}


@lru_cache(maxsize=1024)
def providers(word: str, kind: str, domain: Domain) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the categories of furniture, and the categories or classes of objects, that a home needs for a state.

    Args:
        word: A state, a negation or a liquid.
        kind: The category or class of what gets it.
        domain: The domain of the home.
    """
    fixtures, objects = (USUAL_FOR_FURNITURE if kind in domain.fixtures else USUAL).get(word, ((), ()))
    if (fixtures or objects) and domain.fixtures.keys() >= {*fixtures} and domain.objects.keys() >= {*objects}:
        return fixtures, objects
    if word in domain.liquids:
        places = tuple(p.at[0] for p in domain.processes if p.fill == word)[:1]
        return places, tuple(name for name, category in domain.objects.items() if category.contains == word)
    for process in domain.processes:
        if word in process.set or domain.negations.get(word) in process.clear or (word == "cooked" and process.cook):
            places = tuple(at for at in process.at if _fits(kind, at, domain))
            if places:
                return places[:1], ()
    for skill in domain.skills.values():
        if _gives(skill, word, kind, domain):
            needs = Counter(_needed(skill, domain))
            return tuple(n for n in needs if n in domain.fixtures), tuple(n for n in needs if n not in domain.fixtures)
    return (), ()


def _fits(kind: str, place: str, domain: Domain) -> bool:
    names = (kind,) if kind in domain.objects else domain.members.get(kind, ())
    return any(domain.fits(name, place) for name in names)


def _gives(skill: Skill, word: str, kind: str, domain: Domain) -> bool:
    state = domain.negations.get(word, word)
    if not any(
        effect.atom.predicate == "state" and effect.atom.word == state and effect.atom.positive == (state == word)
        for effect in skill.effects
    ):
        return False
    names = (kind,) if kind in domain.objects or kind in domain.fixtures else domain.members.get(kind, ())
    return any(domain.can_be(name, word) for name in names)


def _needed(skill: Skill, domain: Domain) -> Iterator[str]:
    """Yield what the preconditions of a skill name besides its arguments; where it needs what cuts or wipes, one."""
    for precondition in skill.preconditions:
        atom = precondition.atom
        if precondition.guards or not atom.positive:
            continue
        if atom.predicate == "holding what":
            tool = next((name for name, o in domain.objects.items() if getattr(o, atom.word, False)), None)
            yield from (tool,) if tool else ()
        for kind in (term.kind for term in atom.terms if term.parameter is None):
            if kind in domain.objects or kind in domain.members or kind in domain.fixtures:
                yield kind
            elif kind in domain.fixture_members:
                yield domain.fixture_members[kind][0]
        if atom.predicate == "state" and atom.terms[0].parameter is None and atom.word not in BUILT_IN_STATES:
            fixtures, objects = providers(atom.word, atom.terms[0].kind, domain)
            yield from (*fixtures, *objects)
