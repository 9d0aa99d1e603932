"""Exports the goal language to PDDL: every condition becomes an axiom over the objects of one home.

There is one axiom per condition and one for each object that may satisfy it, because planners multiply out nested
`or`s: three conditions of eight candidates each would be 512 goals. `2 plate` counts through the candidates one by one,
so its size is linear in their number, too. `every` covers the objects that match at the start, as in
`envs/symbolic/scoring.py`. Phases (`then`) are exact: a pseudo-action `next-phase-1`, which is not a subtask, is
applicable where the first phase holds.
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
        rules: Axioms, and the actions that lead from phase to phase; they belong in the domain.
        predicates: Predicates of the rules.
        facts: Facts that the rules need in the initial state.
        condition: The goal itself.
        watched: Entities whose contents the goal depends on.
    """

    rules: tuple[str, ...]
    predicates: tuple[str, ...]
    facts: tuple[str, ...]
    condition: str
    watched: frozenset[int]


def goal_text(goal: Goal, initial_state: State, names: Sequence[str]) -> GoalText:
    """Write a goal.

    Args:
        goal: The goal.
        initial_state: The initial state.
        names: The PDDL name of each entity.

    Raises:
        ExportError: A condition can never hold in this home.
    """
    writer = _Writer(initial_state, names)
    phase_formula = "(and)"
    for number, phase in enumerate(goal.phases, start=1):
        phase_atoms = [f"(phase-{number})"] if len(goal.phases) > 1 else []
        phase_formula = f"(and {' '.join([*phase_atoms, *(atom for c in phase if (atom := writer.condition(c)))])})"
        if number < len(goal.phases):
            writer.rules.append(
                f"  (:action {NEXT_PHASE}{number}\n    :parameters ()\n    :precondition {phase_formula}\n"
                f"    :effect (and (not (phase-{number})) (phase-{number + 1})))"
            )
    phases = [f"(phase-{n})" for n in range(1, len(goal.phases) + 1)] if len(goal.phases) > 1 else []
    return GoalText(
        rules=tuple(writer.rules),
        predicates=(*phases, *writer.predicates),
        facts=(*phases[:1], *writer.facts),
        condition=phase_formula,
        watched=frozenset(writer.watched),
    )


class _Writer:
    def __init__(self, initial_state: State, names: Sequence[str]) -> None:
        self.initial_state, self.world, self.names = initial_state, initial_state.world, names
        self.rules: list[str] = []
        self.predicates: list[str] = []
        self.facts: list[str] = []
        self.watched: set[int] = set()

    def condition(self, condition: Condition) -> str:
        """Return an atom (or its negation) that is true if the condition holds; empty if it always holds."""
        text = format_condition(condition, self.world.domain)
        self.rules.append(f"  ; {text}")
        if isinstance(condition, FixtureIs):
            return self.fixture_condition(condition, text)
        if isinstance(condition, Every):
            return self.every_condition(condition, text)
        if isinstance(condition, Holding):
            held_formulas = [self.conjunction(f"(held {self.names[i]})", *self.state_literals(i, condition.thing))
                    for i in self.candidates(condition.thing)]  # fmt: skip
            return self.at_least_one(held_formulas, text)
        if isinstance(condition, No):
            return self.no_condition(condition)
        formulas = [
            f
            for i in self.candidates(condition.thing)
            if (f := self.object_formula(i, condition.thing, condition.place))
        ]
        return (
            self.at_least_one(formulas, text)
            if condition.number == 1
            else self.at_least(formulas, condition.number, text)
        )

    def fixture_condition(self, condition: FixtureIs, text: str) -> str:
        atoms = [self.state_literal(i, condition.state) for i in fixtures_of(self.initial_state, condition)]
        if condition.quantifier == "every":
            if not atoms:
                raise ExportError(f"{text!r} can never hold: this home has no {condition.fixture}")
            return self.define(self.conjunction(*atoms))
        if condition.quantifier == "no":
            return self.define(self.conjunction(*(self.negation(atom) for atom in atoms))) if atoms else ""
        return self.at_least_one(atoms, text)

    def every_condition(self, condition: Every, text: str) -> str:
        affected = quantified_objects(self.initial_state, condition)
        if not affected:
            raise ExportError(f"{text!r} can never hold: no object matches it at the start")
        if condition.place is None:
            return self.define(
                self.conjunction(*(self.state_literal(i, s) for i in affected for s in condition.become))
            )
        return self.define(
            self.conjunction(*(self.at_least_one(self.place_formulas(i, condition.place), text) for i in affected))
        )

    def no_condition(self, condition: No) -> str:
        outside = self.outside_predicate(condition.place) if condition.place else None
        atoms = []
        for i in self.candidates(condition.thing):
            alternatives = [self.negation(literal) for literal in self.state_literals(i, condition.thing)]
            alternatives += [f"({outside} {self.names[i]})"] if outside else []
            if not alternatives:
                raise ExportError(f"{format_condition(condition, self.world.domain)!r} can never hold in this home")
            atoms.append(self.define(self.disjunction(*alternatives)))
        return self.define(self.conjunction(*atoms)) if atoms else ""

    def outside_predicate(self, place: Place) -> str:
        """Define a predicate for objects that are neither at a place nor in a container there, and return its name."""
        world, number = self.world, len(self.predicates) + 1
        name, member_predicate = f"out-{number}", f"such-{number}"
        self.predicates += [f"({name} ?x - thing)", f"({member_predicate} ?e - entity)"]
        if place.fixture is not None:
            members = [f for f in range(world.n_fixtures) if world.categories[f] == place.fixture]
            alternatives = [f"(exists (?f - fixture) (and (at ?x ?f) (not ({member_predicate} ?f))))",
                    f"(exists (?h - vessel) (and (at ?x ?h) ({name} ?h)))"]  # fmt: skip
        else:
            assert place.thing is not None
            members = self.candidates(place.thing)
            not_container = [
                f"(not ({member_predicate} ?h))",
                *(self.negation(literal) for literal in self.property_literals("?h", place.thing)),
            ]
            not_container += [f"({self.outside_predicate(place.inside)} ?h)"] if place.inside else []
            alternatives = [
                "(exists (?f - fixture) (at ?x ?f))",
                f"(exists (?h - vessel) (and (at ?x ?h) ({name} ?h) {self.disjunction(*not_container)}))",
            ]
        self.facts += [f"({member_predicate} {self.names[i]})" for i in members]
        self.rules.append(f"  (:derived ({name} ?x - thing)\n    (or (held ?x) {' '.join(alternatives)}))")
        return name

    def at_least(self, formulas: Sequence[str], number: int, text: str) -> str:
        """Return "at least `number` of the formulas", by counting along them: `reached[j]` is "j of those so far"."""
        if len(formulas) < number:
            raise ExportError(f"{text!r} can never hold: this home has {len(formulas)} of them")
        reached: dict[int, str] = {}
        for formula in formulas:
            atom = self.define(formula)
            extended: dict[int, str] = {}
            for j in range(1, number + 1):
                place_formulas = [reached[j]] if j in reached else []
                if j == 1:
                    place_formulas.append(atom)
                elif j - 1 in reached:
                    place_formulas.append(self.conjunction(atom, reached[j - 1]))
                if place_formulas:
                    extended[j] = self.define(self.disjunction(*place_formulas))
            reached = extended
        return reached[number]

    def at_least_one(self, formulas: Sequence[str], text: str) -> str:
        if not formulas:
            raise ExportError(f"{text!r} can never hold in this home")
        return self.define(self.disjunction(*formulas))

    def define(self, formula: str) -> str:
        atom = f"(so-{len(self.predicates) + 1})"
        self.predicates.append(atom)
        self.rules.append(f"  (:derived {atom} {formula})")
        return atom

    def candidates(self, thing: Thing) -> list[int]:
        categories = set(self.world.domain.resolve(thing.word))
        return [i for i in range(self.world.n_fixtures, len(self.names)) if self.world.categories[i] in categories]

    def object_formula(self, i: int, thing: Thing, place: Place | None) -> str:
        """Return the formula that an entity matches a description at a place; empty if it can never be there."""
        state_literals = self.state_literals(i, thing)
        if place is None:
            return self.conjunction(*state_literals)
        place_formulas = self.place_formulas(i, place)
        return self.conjunction(*state_literals, self.disjunction(*place_formulas)) if place_formulas else ""

    def place_formulas(self, i: int, place: Place) -> list[str]:
        """Return the alternative formulas that an entity is at a place, possibly through containers."""
        world = self.world
        if place.fixture is not None:
            fixtures = [f for f in range(world.n_fixtures) if world.categories[f] == place.fixture]
            self.watched.update(fixtures)
            return [f"(inside {self.names[i]} {self.names[f]})" for f in fixtures]
        assert place.thing is not None
        formulas = []
        for h in self.candidates(place.thing):
            if h == i or world.relation[h] is None:
                continue
            container_formula = self.object_formula(h, place.thing, place.inside)
            if container_formula:
                self.watched.add(h)
                formulas.append(self.conjunction(f"(inside {self.names[i]} {self.names[h]})", container_formula))
        return formulas

    def state_literals(self, i: int, thing: Thing) -> list[str]:
        return self.property_literals(self.names[i], thing)

    def property_literals(self, name: str, thing: Thing) -> list[str]:
        """Return the states and liquid that an object or variable must have, besides its category."""
        property_literals = [self.state_atom(name, state) for state in thing.states]
        return [*property_literals, f"(filled {name} {thing.liquid})"] if thing.liquid else property_literals

    def state_literal(self, i: int, state: str) -> str:
        return self.state_atom(self.names[i], state)

    def state_atom(self, name: str, state: str) -> str:
        negations: Mapping[str, str] = self.world.domain.negations
        atom = f"({negations.get(state, state)} {name})"
        return self.negation(atom) if state in negations else atom

    @staticmethod
    def negation(state_literal: str) -> str:
        return state_literal[len("(not ") : -1] if state_literal.startswith("(not ") else f"(not {state_literal})"

    @staticmethod
    def conjunction(*parts: str) -> str:
        return parts[0] if len(parts) == 1 else f"(and {' '.join(parts)})"

    @staticmethod
    def disjunction(*parts: str) -> str:
        return parts[0] if len(parts) == 1 else f"(or {' '.join(parts)})"
