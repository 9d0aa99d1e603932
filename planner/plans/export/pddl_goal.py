"""The goal language in PDDL: every condition becomes an axiom over the things of one home.

An axiom a condition, and one for each thing that may satisfy it, because planners multiply out nested `or`s: three
conditions of eight candidates each would be 512 goals. `2 plate` counts along the candidates, so its size is linear in
them, too. `every` is about what it is about at the start, as in `envs/symbolic/scoring.py`. Phases (`then`) are exact: a
pseudo-action `next-phase-1`, which is no subtask, may be taken where the first phase holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.symbolic.goals import Condition, Every, FixtureIs, Goal, Holding, No, Place, Thing, format_condition
from envs.symbolic.scoring import fixtures_of, quantified_objects
from planner.errors import ExportError

if TYPE_CHECKING:
    from envs.symbolic.actions import State

NEXT_PHASE = "next-phase-"


@dataclass(frozen=True, kw_only=True)
class GoalText:
    """A goal as PDDL.

    Attributes:
        rules: Axioms, and the actions that lead from phase to phase; they go into the domain.
        predicates: Theirs.
        facts: What they need in the first state.
        condition: The goal itself.
        watched: Entities of which it matters what is in them.
    """

    rules: tuple[str, ...]
    predicates: tuple[str, ...]
    facts: tuple[str, ...]
    condition: str
    watched: frozenset[int]


def goal_text(goal: Goal, start: State, names: Sequence[str]) -> GoalText:
    """Write a goal.

    Args:
        goal: The goal.
        start: The first state.
        names: What each entity is called in PDDL.

    Raises:
        ExportError: A condition can never hold in this home.
    """
    writer = _Writer(start, names)
    wanted = "(and)"
    for number, phase in enumerate(goal.phases, start=1):
        here = [f"(phase-{number})"] if len(goal.phases) > 1 else []
        wanted = f"(and {' '.join([*here, *(atom for c in phase if (atom := writer.condition(c)))])})"
        if number < len(goal.phases):
            writer.rules.append(
                f"  (:action {NEXT_PHASE}{number}\n    :parameters ()\n    :precondition {wanted}\n"
                f"    :effect (and (not (phase-{number})) (phase-{number + 1})))"
            )
    phases = [f"(phase-{n})" for n in range(1, len(goal.phases) + 1)] if len(goal.phases) > 1 else []
    return GoalText(
        rules=tuple(writer.rules),
        predicates=(*phases, *writer.predicates),
        facts=(*phases[:1], *writer.facts),
        condition=wanted,
        watched=frozenset(writer.watched),
    )


class _Writer:
    def __init__(self, start: State, names: Sequence[str]) -> None:
        self.start, self.world, self.names = start, start.world, names
        self.rules: list[str] = []
        self.predicates: list[str] = []
        self.facts: list[str] = []
        self.watched: set[int] = set()

    def condition(self, condition: Condition) -> str:
        """Return an atom (or its negation) that says the condition; empty if it always holds."""
        text = format_condition(condition, self.world.domain)
        self.rules.append(f"  ; {text}")
        if isinstance(condition, FixtureIs):
            return self.fixture(condition, text)
        if isinstance(condition, Every):
            return self.every(condition, text)
        if isinstance(condition, Holding):
            held = [self.both(f"(held {self.names[i]})", *self.literals(i, condition.thing))
                    for i in self.candidates(condition.thing)]  # fmt: skip
            return self.some(held, text)
        if isinstance(condition, No):
            return self.none(condition)
        found = [f for i in self.candidates(condition.thing) if (f := self.such(i, condition.thing, condition.place))]
        return self.some(found, text) if condition.number == 1 else self.several(found, condition.number, text)

    def fixture(self, condition: FixtureIs, text: str) -> str:
        having = [self.literal(i, condition.state) for i in fixtures_of(self.start, condition)]
        if condition.quantifier == "every":
            if not having:
                raise ExportError(f"{text!r} can never hold: this home has no {condition.fixture}")
            return self.define(self.both(*having))
        if condition.quantifier == "no":
            return self.define(self.both(*(self.contrary(atom) for atom in having))) if having else ""
        return self.some(having, text)

    def every(self, condition: Every, text: str) -> str:
        about = quantified_objects(self.start, condition)
        if not about:
            raise ExportError(f"{text!r} can never hold: it is about nothing at the start")
        if condition.place is None:
            return self.define(self.both(*(self.literal(i, s) for i in about for s in condition.become)))
        return self.define(self.both(*(self.some(self.ways(i, condition.place), text) for i in about)))

    def none(self, condition: No) -> str:
        out = self.out_of(condition.place) if condition.place else None
        atoms = []
        for i in self.candidates(condition.thing):
            ways = [self.contrary(said) for said in self.literals(i, condition.thing)]
            ways += [f"({out} {self.names[i]})"] if out else []
            if not ways:
                raise ExportError(f"{format_condition(condition, self.world.domain)!r} can never hold in this home")
            atoms.append(self.define(self.either(*ways)))
        return self.define(self.both(*atoms)) if atoms else ""

    def out_of(self, place: Place) -> str:
        """Define a predicate, and return its name, that says that a thing is not at a place, nor in what is there."""
        world, number = self.world, len(self.predicates) + 1
        name, kind = f"out-{number}", f"such-{number}"
        self.predicates += [f"({name} ?x - thing)", f"({kind} ?e - entity)"]
        if place.fixture is not None:
            members = [f for f in range(world.n_fixtures) if world.categories[f] == place.fixture]
            ways = [f"(exists (?f - fixture) (and (at ?x ?f) (not ({kind} ?f))))",
                    f"(exists (?h - vessel) (and (at ?x ?h) ({name} ?h)))"]  # fmt: skip
        else:
            assert place.thing is not None
            members = self.candidates(place.thing)
            other = [f"(not ({kind} ?h))", *(self.contrary(said) for said in self.said("?h", place.thing))]
            other += [f"({self.out_of(place.inside)} ?h)"] if place.inside else []
            ways = ["(exists (?f - fixture) (at ?x ?f))",
                    f"(exists (?h - vessel) (and (at ?x ?h) ({name} ?h) {self.either(*other)}))"]  # fmt: skip
        self.facts += [f"({kind} {self.names[i]})" for i in members]
        self.rules.append(f"  (:derived ({name} ?x - thing)\n    (or (held ?x) {' '.join(ways)}))")
        return name

    def several(self, found: Sequence[str], number: int, text: str) -> str:
        """At least `number` of the formulas, by counting along them: `reached[j]` is "j among those so far"."""
        if len(found) < number:
            raise ExportError(f"{text!r} can never hold: this home has {len(found)} of them")
        reached: dict[int, str] = {}
        for formula in found:
            atom = self.define(formula)
            grown: dict[int, str] = {}
            for j in range(1, number + 1):
                ways = [reached[j]] if j in reached else []
                if j == 1:
                    ways.append(atom)
                elif j - 1 in reached:
                    ways.append(self.both(atom, reached[j - 1]))
                if ways:
                    grown[j] = self.define(self.either(*ways))
            reached = grown
        return reached[number]

    def some(self, formulas: Sequence[str], text: str) -> str:
        if not formulas:
            raise ExportError(f"{text!r} can never hold in this home")
        return self.define(self.either(*formulas))

    def define(self, formula: str) -> str:
        atom = f"(so-{len(self.predicates) + 1})"
        self.predicates.append(atom)
        self.rules.append(f"  (:derived {atom} {formula})")
        return atom

    def candidates(self, thing: Thing) -> list[int]:
        kinds = set(self.world.domain.resolve(thing.word))
        return [i for i in range(self.world.n_fixtures, len(self.names)) if self.world.categories[i] in kinds]

    def such(self, i: int, thing: Thing, place: Place | None) -> str:
        """Say that an entity is such a thing at such a place; empty if it can never be there."""
        literals = self.literals(i, thing)
        if place is None:
            return self.both(*literals)
        ways = self.ways(i, place)
        return self.both(*literals, self.either(*ways)) if ways else ""

    def ways(self, i: int, place: Place) -> list[str]:
        """Say, one way each, that an entity is at a place, through containers."""
        world = self.world
        if place.fixture is not None:
            at = [f for f in range(world.n_fixtures) if world.categories[f] == place.fixture]
            self.watched.update(at)
            return [f"(inside {self.names[i]} {self.names[f]})" for f in at]
        assert place.thing is not None
        found = []
        for h in self.candidates(place.thing):
            if h == i or world.relation[h] is None:
                continue
            there = self.such(h, place.thing, place.inside)
            if there:
                self.watched.add(h)
                found.append(self.both(f"(inside {self.names[i]} {self.names[h]})", there))
        return found

    def literals(self, i: int, thing: Thing) -> list[str]:
        return self.said(self.names[i], thing)

    def said(self, name: str, thing: Thing) -> list[str]:
        """What must be true of a thing, or of a variable, beside its kind."""
        said = [self.is_so(name, state) for state in thing.states]
        return [*said, f"(filled {name} {thing.liquid})"] if thing.liquid else said

    def literal(self, i: int, state: str) -> str:
        return self.is_so(self.names[i], state)

    def is_so(self, name: str, state: str) -> str:
        negations: Mapping[str, str] = self.world.domain.negations
        atom = f"({negations.get(state, state)} {name})"
        return self.contrary(atom) if state in negations else atom

    @staticmethod
    def contrary(literal: str) -> str:
        return literal[len("(not ") : -1] if literal.startswith("(not ") else f"(not {literal})"

    @staticmethod
    def both(*parts: str) -> str:
        return parts[0] if len(parts) == 1 else f"(and {' '.join(parts)})"

    @staticmethod
    def either(*parts: str) -> str:
        return parts[0] if len(parts) == 1 else f"(or {' '.join(parts)})"
