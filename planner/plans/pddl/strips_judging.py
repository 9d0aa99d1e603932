"""Judges formulas in STRIPS: actions that collect what is true of a state, and the proof of a state as their steps.

What is true of many entities alike is one action: a formula that is about one entity is judged by its shape, with the
entity as parameter. `(find-3 mug_1)` shows that one of several alternatives holds, `(count-3 mug_1 n0 n1)` counts,
`(see-4 mug_1 desk_1)` and `(see-inside-4 fork_1 mug_1)` look where things are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from planner.plans.formulas.formula import ME, TRUE, AtLeast, Atom, Formula, Zone, is_true, negated, shape
from planner.plans.pddl.operators import Operator, operator
from planner.plans.pddl.strips_domain import false, true
from planner.plans.pddl.strips_facts import NOWHERE, holders

if TYPE_CHECKING:
    from envs.symbolic.actions import State

Lines = list[str]  # steps of a PDDL plan
Namer = Callable[[int], str]  # the name of an entity, or the variable of the one that a shape is about
Uses = frozenset[tuple[str, int]]


class Judge:
    """Collects what judges formulas while one atom, its mode, is true.

    Args:
        initial_state: The state at the start.
        names: The PDDL name of each entity.
        mode: The atom that is true while it judges.
        numbers: Numbers of its actions and predicates, which no other judge of the goal takes.
        means: The means of the goal, in the order of their predicates.

    Attributes:
        operators: The actions that judge.
        facts: Facts that they need at the start.
        highest: The highest number to which it counts.
    """

    def __init__(
        self, initial_state: State, names: Sequence[str], mode: str, numbers: Iterator[int], means: Sequence[str]
    ) -> None:
        self.world, self.names, self.mode = initial_state.world, names, mode
        self.operators: list[Operator] = []
        self.facts: list[str] = []
        self.highest = 0
        self._numbers, self._means = numbers, means
        self._defined: dict[tuple[Formula, str], int] = {}
        self._steps: dict[tuple[int, int], str] = {}  # by number and part of a formula: the action that shows the part
        self._zones: dict[tuple[Zone, bool], int] = {}
        self._shared: dict[str, int] = {}

    def atoms(self, formula: Formula) -> list[str]:
        """Return atoms that are all true once a formula is judged true."""
        return list(dict.fromkeys(self._conditions(formula, self._name)))

    def proof(self, formula: Formula, state: State, uses: Uses) -> Lines:
        """Return the steps that judge a formula, in a state where it is true."""
        return list(dict.fromkeys(self._prove(formula, state, uses)))

    def _name(self, entity: int) -> str:
        return self.names[entity]

    def _rule(self, name: str, parameters: str, conditions: Iterable[str], effect: str) -> str:
        self.operators.append(operator(name, parameters, " ".join([self.mode, *conditions]), effect))
        return name

    def _conditions(self, formula: Formula, name: Namer) -> list[str]:
        if isinstance(formula, Atom):
            return [self._literal(formula, name)]
        if formula.is_all:
            return [text for part in formula.parts for text in self._conditions(part, name)]
        return [self._threshold(formula, name)]

    # Thresholds

    def _threshold(self, formula: AtLeast, name: Namer) -> str:
        pattern, subject = shape(formula)
        if subject is None:
            number = self._defined.get((formula, "")) or self._define(formula)
            return f"(found-{number})" if formula.number == 1 else f"(counted-{number} n{formula.number})"
        return f"({self._of_one(pattern, self._variable(name(subject), subject))} {name(subject)})"

    def _variable(self, name: str, entity: int) -> str:
        is_fixture = name.startswith("?f") if entity == ME else entity < self.world.n_fixtures
        return "?f" if is_fixture else "?x"

    def _of_one(self, pattern: Formula, variable: str) -> str:
        """Define a predicate of entities for which a threshold of literals about them is true."""
        assert isinstance(pattern, AtLeast)
        if (pattern, variable) not in self._defined:
            number = self._defined[pattern, variable] = next(self._numbers)
            for j, parts in enumerate(combinations(pattern.parts, pattern.number)):
                conditions = [text for part in parts for text in self._conditions(part, lambda _: variable)]
                self._rule(f"show-{number}-{j + 1}", variable, conditions, f"(shown-{number} {variable})")
        return f"shown-{self._defined[pattern, variable]}"

    def _define(self, formula: AtLeast) -> int:
        """Add the actions that find one of several parts, or count them."""
        number = self._defined[formula, ""] = next(self._numbers)
        counts = formula.number > 1
        if counts:
            self.facts += [f"(counted-{number} n0)", *(f"(next n{j} n{j + 1})" for j in range(formula.number))]
            self.highest = max(self.highest, formula.number)
        groups: dict[tuple[Formula, str], list[tuple[int, int]]] = {}
        for part_number, part in enumerate(formula.parts):
            pattern, subject = shape(part)
            variable = "" if subject is None else self._variable("", subject)
            groups.setdefault((pattern, variable), []).append((part_number, ME if subject is None else subject))
        for g, ((pattern, variable), members) in enumerate(groups.items(), start=1):
            suffix = f"{number}-{g}" if len(groups) > 1 else f"{number}"
            namer = self._name if not variable else (lambda _, variable=variable: variable)
            conditions = self._conditions(pattern, namer)
            if variable:
                conditions.insert(0, f"(kind-{suffix} {variable})")
                self.facts += [f"(kind-{suffix} {self.names[subject]})" for _, subject in members]
            if counts:
                left = f"(left-{suffix} {variable})" if variable else f"(left-{suffix})"
                self.facts += [f"(left-{suffix} {self.names[i]})" if variable else left for _, i in members]
                step = self._rule(
                    f"count-{suffix}", f"{variable} ?n1 ?n2",
                    [*conditions, left, f"(counted-{number} ?n1)", "(next ?n1 ?n2)"],
                    f"(counted-{number} ?n2) (not (counted-{number} ?n1)) (not {left})",
                )  # fmt: skip
            else:
                step = self._rule(f"find-{suffix}", variable, conditions, f"(found-{number})")
            for part_number, subject in members:
                self._steps[number, part_number] = f"{step} {self.names[subject]}" if variable else step
        return number

    # Literals

    def _literal(self, atom: Atom, name: Namer) -> str:
        x, domain = name(atom.entity), self.world.domain
        if atom.relation == "has":
            return true(atom.word, x) if atom.positive else false(domain, atom.word, x)
        if atom.relation == "in":
            assert atom.zone is not None
            return f"({'seen' if atom.positive else 'elsewhere'}-{self._zone(atom.zone, atom.positive)} {x})"
        if atom.relation == "beside":
            return self._beside(atom)
        if atom.relation == "used":
            assert atom.positive
            return f"(used-{1 + self._means.index(atom.word)} {x})"
        if atom.relation == "filled":
            return f"(filled {x} {atom.word})" if atom.positive else f"(lacks-{self._lacking(atom.word)} {x})"
        return f"(held {x})" if atom.positive else f"(unheld-{self._unheld()} {x})"

    def _lacking(self, liquid: str) -> int:
        if liquid not in self._shared:
            number = self._shared[liquid] = next(self._numbers)
            self.facts += [f"(other-{number} {other})" for other in self.world.domain.liquids if other != liquid]
            self._rule(f"see-empty-{number}", "?x", ["(empty ?x)"], f"(lacks-{number} ?x)")
            conditions = ["(filled ?x ?l)", f"(other-{number} ?l)"]
            self._rule(f"see-liquid-{number}", "?x ?l", conditions, f"(lacks-{number} ?x)")
        return self._shared[liquid]

    def _unheld(self) -> int:
        if "held" not in self._shared:
            number = self._shared["held"] = next(self._numbers)
            self._rule(f"see-unheld-{number}", "?x ?e", ["(at ?x ?e)"], f"(unheld-{number} ?x)")
        return self._shared["held"]

    def _beside(self, atom: Atom) -> str:
        word = "beside" if atom.positive else "apart"
        key = f"{word} {atom.entity} {atom.other}"
        x, y = self._name(atom.entity), self._name(atom.other)
        if key not in self._shared:
            number = self._shared[key] = next(self._numbers)
            done = f"({word}-{number})"
            if atom.positive:
                self._rule(f"see-beside-{number}", "?e", [f"(at {x} ?e)", f"(at {y} ?e)"], done)
            else:
                holding = [i for i, relation in enumerate(self.world.relation) if relation is not None]
                self.facts += [f"(differ {self.names[i]} {self.names[j]})" for i in holding for j in holding if i != j]
                conditions = [f"(at {x} ?e1)", f"(at {y} ?e2)", "(differ ?e1 ?e2)"]
                self._rule(f"see-apart-{number}", "?e1 ?e2", conditions, done)
                self._rule(f"see-first-held-{number}", "", [f"(held {x})"], done)
                self._rule(f"see-second-held-{number}", "", [f"(held {y})"], done)
        return f"({word}-{self._shared[key]})"

    def _zone(self, zone: Zone, inside: bool) -> int:
        """Add the actions that see what is in a zone, or what is not; return their number."""
        if (zone, inside) in self._zones:
            return self._zones[zone, inside]
        number = self._zones[zone, inside] = next(self._numbers)
        members = [m for m, _ in zone.members]
        has_fixtures, has_things = (any((m < self.world.n_fixtures) == b for m in members) for b in (True, False))
        word = "place" if inside else "unlike"
        groups: dict[tuple[Formula, str], list[int]] = {}
        for member, condition in zone.members:
            if condition == TRUE:
                self.facts += [f"(place-{number} {self.names[member]})"] if inside else []
                continue
            pattern, subject = shape(condition if inside else negated(condition))
            key = (pattern, "?x") if subject == member else (pattern, self.names[member])
            groups.setdefault(key, []).append(member)
        for g, ((pattern, variable), similar) in enumerate(groups.items(), start=1):
            is_shape = variable == "?x"
            namer = (lambda _: "?v") if is_shape else self._name
            conditions = self._conditions(pattern, namer)
            if is_shape:
                self.facts += [f"(vessel-{number}-{g} {self.names[m]})" for m in similar]
                conditions.insert(0, f"(vessel-{number}-{g} ?v)")
            target = "?v" if is_shape else self._name(similar[0])
            verb = "recognize" if inside else "exclude"
            step = self._rule(
                f"{verb}-{number}-{g}", "?v" if is_shape else "", conditions, f"({word}-{number} {target})"
            )
            for m in similar:
                self._steps[number, m] = f"{step} {self.names[m]}" if is_shape else step
        if inside:
            place = "?e" if has_fixtures and has_things else "?f" if has_fixtures else "?v"
            self._rule(
                f"see-{number}", f"?x {place}", [f"(place-{number} {place})", f"(at ?x {place})"], f"(seen-{number} ?x)"
            )
            self._rule(f"see-inside-{number}", "?x ?v", [f"(seen-{number} ?v)", "(at ?x ?v)"], f"(seen-{number} ?x)")
            return number
        elsewhere = f"(elsewhere-{number} ?x)"
        ground, step_conditions = ["(at ?x ?f)"], ["(at ?x ?v)"]
        others = set(range(len(self.names))).difference(members)
        if has_fixtures:
            ground.append(f"(other-{number} ?f)")
            self.facts += [f"(other-{number} {self.names[f]})" for f in sorted(others) if f < self.world.n_fixtures]
            self.facts.append(f"(other-{number} {NOWHERE})")
        if has_things:
            step_conditions.append(f"(unlike-{number} ?v)")
            self.facts += [
                f"(unlike-{number} {self.names[i]})"
                for i in sorted(others) if i >= self.world.n_fixtures and self.world.relation[i]
            ]  # fmt: skip
        self._rule(f"see-elsewhere-{number}", "?x ?f", ground, elsewhere)
        self._rule(f"see-held-{number}", "?x", ["(held ?x)"], elsewhere)
        conditions = [*step_conditions, f"(elsewhere-{number} ?v)"]
        self._rule(f"see-elsewhere-inside-{number}", "?x ?v", conditions, elsewhere)
        return number

    # Proofs

    def _prove(self, formula: Formula, state: State, uses: Uses) -> Iterator[str]:
        if isinstance(formula, Atom):
            yield from self._prove_literal(formula, state, uses)
            return
        true_parts = [j for j, part in enumerate(formula.parts) if is_true(part, state, uses)][: formula.number]
        for j in true_parts:
            yield from self._prove(formula.parts[j], state, uses)
        if formula.is_all:
            return
        pattern, subject = shape(formula)
        if subject is not None:
            number = self._defined[pattern, self._variable("", subject)]
            chosen = list(combinations(range(len(formula.parts)), formula.number)).index(tuple(true_parts))
            yield f"(show-{number}-{chosen + 1} {self.names[subject]})"
            return
        number = self._defined[formula, ""]
        for count, j in enumerate(true_parts):
            step = self._steps[number, j]
            yield f"({step} n{count} n{count + 1})" if formula.number > 1 else f"({step})"

    def _prove_literal(self, atom: Atom, state: State, uses: Uses) -> Iterator[str]:
        name, holder = self.names[atom.entity], state.place[atom.entity]
        at = self.names[holder] if holder >= 0 else NOWHERE
        if atom.relation == "in":
            assert atom.zone is not None
            prove = self._prove_inside if atom.positive else self._prove_outside
            yield from prove(atom.zone, atom.entity, state, uses)
        elif atom.relation == "beside":
            number = self._shared[f"{'beside' if atom.positive else 'apart'} {atom.entity} {atom.other}"]
            other = state.place[atom.other]
            if atom.positive:
                yield f"(see-beside-{number} {at})"
            elif state.held in (atom.entity, atom.other):
                yield f"(see-{'first' if state.held == atom.entity else 'second'}-held-{number})"
            else:
                yield f"(see-apart-{number} {at} {self.names[other] if other >= 0 else NOWHERE})"
        elif atom.relation == "filled" and not atom.positive:
            liquid, number = state.liquid[atom.entity], self._shared[atom.word]
            yield f"(see-liquid-{number} {name} {liquid})" if liquid else f"(see-empty-{number} {name})"
        elif atom.relation == "held" and not atom.positive:
            yield f"(see-unheld-{self._shared['held']} {name} {at})"

    def _prove_inside(self, zone: Zone, entity: int, state: State, uses: Uses) -> Iterator[str]:
        number, members = self._zones[zone, True], dict(zone.members)
        chain = [entity, *holders(state, entity)]
        top = next(k for k in range(1, len(chain)) if is_true(members.get(chain[k], AtLeast(1, ())), state, uses))
        if members[chain[top]] != TRUE:
            yield from self._prove(members[chain[top]], state, uses)
            yield f"({self._steps[number, chain[top]]})"
        yield f"(see-{number} {self.names[chain[top - 1]]} {self.names[chain[top]]})"
        for k in range(top - 1, 0, -1):
            yield f"(see-inside-{number} {self.names[chain[k - 1]]} {self.names[chain[k]]})"

    def _prove_outside(self, zone: Zone, entity: int, state: State, uses: Uses) -> Iterator[str]:
        number, members = self._zones[zone, False], dict(zone.members)
        chain = [entity, *holders(state, entity)]
        if 0 <= chain[-1] < self.world.n_fixtures:
            top = chain.pop()
            yield f"(see-elsewhere-{number} {self.names[chain[-1]]} {self.names[top]})"
        elif state.held == chain[-1]:
            yield f"(see-held-{number} {self.names[chain[-1]]})"
        else:
            yield f"(see-elsewhere-{number} {self.names[chain[-1]]} {NOWHERE})"
        for k in range(len(chain) - 1, 0, -1):
            if chain[k] in members:
                yield from self._prove(negated(members[chain[k]]), state, uses)
                yield f"({self._steps[number, chain[k]]})"
            yield f"(see-elsewhere-inside-{number} {self.names[chain[k - 1]]} {self.names[chain[k]]})"
