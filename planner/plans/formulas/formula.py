"""Formulas over the objects of one home: literals, and thresholds of formulas.

A threshold, "at least `number` of these `parts`", is every connective at once: all of them is `and`, one of them is
`or`, and the opposite of "at least 3 of 5" is "at least 3 of the 5 opposites". So a formula needs no negation but in
its literals, which is what planners take best.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from envs.symbolic.state import State

Relation = Literal["has", "filled", "held", "in", "beside", "used"]
ME = -1  # stands for the one entity that a formula is about, in its shape


@dataclass(frozen=True, eq=False)
class Zone:
    """Entities in or on which something can be, each with the formula under which that counts.

    Two zones are equal only if they are the same: the zones of a goal are few, and are compared often.
    """

    members: tuple[tuple[int, Formula], ...]


@dataclass(frozen=True, kw_only=True)
class Atom:
    """What is true of an entity, or with `positive` false: what is not.

    Attributes:
        relation: `has` the state `word`; is `filled` with the liquid `word`; is `held` by the robot; is `in` or on a
            member of `zone`, at any depth; is `beside` the entity `other`, in or on the same; the means `word` was
            `used` on it.
        entity: The entity.
        word: A state without negation, a liquid, or a means.
        zone: For `in`.
        other: For `beside`.
        positive: Whether it is true.
    """

    relation: Relation
    entity: int
    word: str = ""
    zone: Zone | None = None
    other: int = ME
    positive: bool = True


@dataclass(frozen=True)
class AtLeast:
    """At least so many of some formulas are true; make it with `at_least`, which simplifies."""

    number: int
    parts: tuple[Formula, ...]

    @property
    def is_all(self) -> bool:
        """Whether it is a conjunction."""
        return self.number == len(self.parts)


Formula = Atom | AtLeast
TRUE = AtLeast(0, ())
FALSE = AtLeast(1, ())


def at_least(number: int, parts: Iterable[Formula]) -> Formula:
    """Return "at least `number` of these", without parts that are always or never true."""
    kept: list[Formula] = []
    for part in parts:
        if part == TRUE:
            number -= 1
        elif part != FALSE:
            kept.append(part)
    if number <= 0:
        return TRUE
    if number > len(kept):
        return FALSE
    if number == len(kept):
        flat = [f for part in kept for f in (part.parts if isinstance(part, AtLeast) and part.is_all else (part,))]
        kept, number = flat, len(flat)
    elif number == 1:
        kept = [f for part in kept for f in (part.parts if isinstance(part, AtLeast) and part.number == 1 else (part,))]
    return kept[0] if len(kept) == 1 else AtLeast(number, tuple(kept))


def all_of(*parts: Formula) -> Formula:
    """Return the conjunction of formulas."""
    return at_least(len(parts), parts)


def any_of(*parts: Formula) -> Formula:
    """Return the disjunction of formulas."""
    return at_least(1, parts)


def negated(formula: Formula) -> Formula:
    """Return the opposite of a formula."""
    if isinstance(formula, Atom):
        return replace(formula, positive=not formula.positive)
    return at_least(len(formula.parts) - formula.number + 1, map(negated, formula.parts))


def atoms(formula: Formula, *, through_zones: bool = True) -> Iterator[Atom]:
    """Yield the literals of a formula, with those of the zones in it."""
    if isinstance(formula, AtLeast):
        for part in formula.parts:
            yield from atoms(part, through_zones=through_zones)
        return
    yield formula
    if through_zones and formula.zone is not None:
        for _, condition in formula.zone.members:
            yield from atoms(condition)


def entities(formula: Formula) -> set[int]:
    """Return the entities that a formula is about, with the members of its zones."""
    found: set[int] = set()
    for atom in atoms(formula):
        found |= {atom.entity} | ({atom.other} if atom.relation == "beside" else set())
        found |= {member for member, _ in atom.zone.members} if atom.zone is not None else set()
    return found


def shape(formula: Formula) -> tuple[Formula, int | None]:
    """Return a formula with its entity replaced by `ME`, and the entity; the formula and None if it has several."""
    subjects = {atom.entity for atom in atoms(formula, through_zones=False)}
    if len(subjects) != 1 or any(atom.relation == "beside" for atom in atoms(formula, through_zones=False)):
        return formula, None
    return about(formula, ME), subjects.pop()


def about(formula: Formula, entity: int) -> Formula:
    """Return a formula that says of an entity what this one says of its own."""
    if isinstance(formula, AtLeast):
        return AtLeast(formula.number, tuple(about(part, entity) for part in formula.parts))
    return replace(formula, entity=entity)


def is_true(formula: Formula, state: State, uses: Collection[tuple[str, int]] = ()) -> bool:
    """Whether a formula is true in a state in which these means were used on these entities."""
    if isinstance(formula, AtLeast):
        return sum(is_true(part, state, uses) for part in formula.parts) >= formula.number
    return _is_true(formula, state, uses) == formula.positive


def _is_true(atom: Atom, state: State, uses: Collection[tuple[str, int]]) -> bool:
    if atom.relation == "has":
        return state.has(atom.entity, atom.word)
    if atom.relation == "filled":
        return state.liquid[atom.entity] == atom.word
    if atom.relation == "held":
        return state.held == atom.entity
    if atom.relation == "used":
        return (atom.word, atom.entity) in uses
    holder = state.place[atom.entity]
    if atom.relation == "beside":
        return atom.other != atom.entity and holder >= 0 and state.place[atom.other] == holder
    assert atom.zone is not None
    members = dict(atom.zone.members)
    while holder >= 0:
        if holder in members and is_true(members[holder], state, uses):
            return True
        holder = state.place[holder]
    return False
