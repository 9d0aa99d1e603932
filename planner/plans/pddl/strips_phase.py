"""One phase of a goal in STRIPS: the actions that judge its conditions, and the proof of each in a state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from envs.symbolic.goals import Condition, Every, FixtureIs, Holding, No, Place, Thing, format_condition
from envs.symbolic.scoring import fixtures_of, is_at, matches, matching_objects, quantified_objects
from planner.errors import ExportError
from planner.plans.pddl.operators import Operator, operator
from planner.plans.pddl.strips_domain import false, true
from planner.plans.pddl.strips_facts import NOWHERE, can_be, holders

if TYPE_CHECKING:
    from envs.symbolic.actions import State, World

Lines = list[str]  # steps of a PDDL plan
PlaceProof = Callable[["State", int], Lines]  # why an object is (or is not) at a place in a state


@dataclass(frozen=True, kw_only=True)
class _PlaceRule:
    """A predicate of objects that are at a place (or that are not), and how it is proven."""

    predicate: str
    prove: PlaceProof


@dataclass
class PhaseWriter:
    """Collects what judges the conditions of a phase.

    Attributes:
        initial_state: The initial state.
        names: The PDDL name of each entity.
        phase: Number of the phase, from 1.
        first: Number of parts of earlier phases; each part of a goal has a number, and its predicates and actions too.
        operators: The actions that judge.
        facts: Facts that they need at the start.
        atoms: What is true if the phase is reached.
        proofs: Return the steps that judge a condition, in a state where it holds.
        parts: The parts so far, in words.
        inside: The rule of each place that objects must be at.
        outside: The rule of each place that objects must not be at.
    """

    initial_state: State
    names: Sequence[str]
    phase: int
    first: int
    operators: list[Operator] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    atoms: list[str] = field(default_factory=list)
    proofs: list[Callable[[State], Lines]] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    inside: dict[Place, _PlaceRule] = field(default_factory=dict)
    outside: dict[Place, _PlaceRule] = field(default_factory=dict)

    @property
    def world(self) -> World:
        """The home."""
        return self.initial_state.world

    @property
    def judging(self) -> str:
        """The atom that this phase is judged."""
        return f"(judging-{self.phase})"

    def _number(self, part: str) -> int:
        """Number the parts of a goal: the actions and predicates of each have its number."""
        self.parts.append(part)
        return self.first + len(self.parts)

    def _rule(self, name: str, parameters: str, precondition: str, effect: str) -> None:
        self.operators.append(operator(name, parameters, f"{self.judging} {precondition}", effect))

    def condition(self, condition: Condition) -> None:
        """Add a condition.

        Raises:
            ExportError: It can never hold in this home.
        """
        text = format_condition(condition, self.world.domain)
        if isinstance(condition, FixtureIs):
            self._fixture_condition(condition, text)
        elif isinstance(condition, Every):
            self._every_condition(condition, text)
        elif isinstance(condition, No):
            self._no_condition(condition, text)
        elif isinstance(condition, Holding):
            self._holding_condition(condition, text)
        else:
            self._count_condition(condition.number, condition.thing, condition.place, text)

    def _fixture_condition(self, condition: FixtureIs, text: str) -> None:
        fixtures = fixtures_of(self.initial_state, condition)
        state, domain = condition.states[0], self.world.domain
        if condition.quantifier == "no":
            self.atoms += [false(domain, state, self.names[i]) for i in fixtures]
        elif not fixtures:
            raise ExportError(f"{text!r} can never hold: this home has no {condition.fixture}")
        elif condition.quantifier == "every" or len(fixtures) == 1:
            self.atoms += [true(state, self.names[i]) for i in fixtures]
        else:
            n = self._number(text)
            self.facts += [f"(kind-{n} {self.names[i]})" for i in fixtures]
            self._rule(f"find-{n}", "?f", f"(kind-{n} ?f) {true(state, '?f')}", f"(found-{n})")
            self.atoms.append(f"(found-{n})")
            self.proofs.append(lambda now: [f"(find-{n} {self.names[next(i for i in fixtures if now.has(i, state))]})"])

    def _every_condition(self, condition: Every, text: str) -> None:
        affected = quantified_objects(self.initial_state, condition)
        if not affected:
            raise ExportError(f"{text!r} can never hold: no object matches it at the start")
        if condition.place is None:
            self.atoms += [true(s, self.names[i]) for i in affected for s in condition.become]
            return
        rule = self._inside_rule(condition.place)
        self.atoms += [f"({rule.predicate} {self.names[i]})" for i in affected]
        self.proofs.append(lambda now: [line for i in affected for line in rule.prove(now, i)])

    def _holding_condition(self, condition: Holding, text: str) -> None:
        n = self._number(text)
        parameters, precondition = self._described(n, condition.thing, "?x", text)
        self._rule(f"find-{n}", f"?x{parameters}", f"{precondition} (held ?x)", f"(found-{n})")
        self.atoms.append(f"(found-{n})")
        self.proofs.append(lambda now: [f"(find-{n} {self.names[now.held]}{self._liquid(condition.thing)})"])

    def _count_condition(self, number: int, thing: Thing, place: Place | None, text: str) -> None:
        rule = self._inside_rule(place) if place else None
        n = self._number(text)
        parameters, precondition = self._described(n, thing, "?x", text, number)
        precondition += f" ({rule.predicate} ?x)" if rule else ""
        if number == 1:
            self._rule(f"find-{n}", f"?x{parameters}", precondition, f"(found-{n})")
            self.atoms.append(f"(found-{n})")
        else:
            self.facts += [f"(not-counted-{n} {self.names[i]})" for i in self._candidates(thing)]
            self.facts += [f"(counted-{n} n0)", *(f"(next n{j} n{j + 1})" for j in range(number))]
            self._rule(
                f"count-{n}", f"?x{parameters} ?n1 ?n2",
                f"{precondition} (not-counted-{n} ?x) (counted-{n} ?n1) (next ?n1 ?n2)",
                f"(counted-{n} ?n2) (not (counted-{n} ?n1)) (not (not-counted-{n} ?x))",
            )  # fmt: skip
            self.atoms.append(f"(counted-{n} n{number})")

        def proof(now: State) -> Lines:
            lines: Lines = []
            for j, i in enumerate(matching_objects(now, thing, place)[:number]):
                lines += rule.prove(now, i) if rule else []
                step = f"{self.names[i]}{self._liquid(thing)}"
                lines.append(f"(find-{n} {step})" if number == 1 else f"(count-{n} {step} n{j} n{j + 1})")
            return lines

        self.proofs.append(proof)

    def _no_condition(self, condition: No, text: str) -> None:
        thing = condition.thing
        affected = [i for i in self._candidates(thing) if not self._never(i, thing)]
        if not affected:
            return
        rule = self._outside_rule(condition.place) if condition.place else None
        if not thing.states and not thing.liquid:
            if rule is None:
                raise ExportError(f"{text!r} can never hold in this home")
            self.atoms += [f"({rule.predicate} {self.names[i]})" for i in affected]
            self.proofs.append(lambda now: [line for i in affected for line in rule.prove(now, i)])
            return
        n = self._number(text)
        exempt = self._exemption(f"exempt-{n}", n, thing, rule)
        self.atoms += [f"(exempt-{n} {self.names[i]})" for i in affected]
        self.proofs.append(lambda now: [line for i in affected for line in exempt(now, i)])

    def _exemption(self, predicate: str, n: int, thing: Thing, rule: _PlaceRule | None) -> PlaceProof:
        """Add actions by which an object does not match a description or is not at a place, and return the proof."""
        domain = self.world.domain
        for state in thing.states:
            self._rule(f"{predicate}-not-{state}", "?x", false(domain, state, "?x"), f"({predicate} ?x)")
        if thing.liquid:
            self.facts += [f"(other-liquid-{n} {liquid})" for liquid in domain.liquids if liquid != thing.liquid]
            self._rule(f"{predicate}-empty", "?x", "(empty ?x)", f"({predicate} ?x)")
            self._rule(f"{predicate}-other-liquid", "?x ?l", f"(filled ?x ?l) (other-liquid-{n} ?l)",
                      f"({predicate} ?x)")  # fmt: skip
        if rule is not None:
            self._rule(f"{predicate}-elsewhere", "?x", f"({rule.predicate} ?x)", f"({predicate} ?x)")

        def proof(now: State, i: int) -> Lines:
            name = self.names[i]
            for state in thing.states:
                if not now.has(i, state):
                    return [f"({predicate}-not-{state} {name})"]
            if thing.liquid and not now.liquid[i]:
                return [f"({predicate}-empty {name})"]
            if thing.liquid and now.liquid[i] != thing.liquid:
                return [f"({predicate}-other-liquid {name} {now.liquid[i]})"]
            assert rule is not None
            return [*rule.prove(now, i), f"({predicate}-elsewhere {name})"]

        return proof

    def _inside_rule(self, place: Place) -> _PlaceRule:
        """Return the rule of objects that are at a place, directly or through vessels."""
        if place in self.inside:
            return self.inside[place]
        deeper = self._inside_rule(place.inside) if place.inside else None
        n = self._number("place")
        if place.fixture is not None:
            self.facts += [f"(place-{n} {self.names[f]})" for f in self._fixtures(place.fixture)]
        else:
            assert place.thing is not None
            parameters, precondition = self._described(n, place.thing, "?v", "", vessels=True)
            precondition += f" ({deeper.predicate} ?v)" if deeper else ""
            self._rule(f"recognize-{n}", f"?v{parameters}", precondition, f"(place-{n} ?v)")
        variable = "?f" if place.fixture is not None else "?v"
        self._rule(f"see-{n}", f"?x {variable}", f"(place-{n} {variable}) (at ?x {variable})", f"(seen-{n} ?x)")
        self._rule(f"see-inside-{n}", "?x ?v", f"(seen-{n} ?v) (at ?x ?v)", f"(seen-{n} ?x)")

        def proof(now: State, i: int) -> Lines:
            chain = [i, *holders(now, i)]
            top = next(k for k in range(1, len(chain)) if self._is_place(now, chain[k], place))
            lines: Lines = []
            if place.thing is not None:
                lines += deeper.prove(now, chain[top]) if deeper else []
                lines.append(f"(recognize-{n} {self.names[chain[top]]}{self._liquid(place.thing)})")
            lines.append(f"(see-{n} {self.names[chain[top - 1]]} {self.names[chain[top]]})")
            lines += [f"(see-inside-{n} {self.names[chain[k - 1]]} {self.names[chain[k]]})"
                      for k in range(top - 1, 0, -1)]  # fmt: skip
            return lines

        self.inside[place] = _PlaceRule(predicate=f"seen-{n}", prove=proof)
        return self.inside[place]

    def _outside_rule(self, place: Place) -> _PlaceRule:
        """Return the rule of objects that are neither at a place nor in or on a vessel there."""
        if place in self.outside:
            return self.outside[place]
        deeper = self._outside_rule(place.inside) if place.inside else None
        n = self._number("no place")
        unlike: PlaceProof = lambda now, i: []  # noqa: E731
        step = "(at ?x ?v)"
        if place.fixture is not None:
            members = set(self._fixtures(place.fixture))
            ground = f"(at ?x ?f) (other-{n} ?f)"
            self.facts += [f"(other-{n} {self.names[f]})" for f in range(self.world.n_fixtures) if f not in members]
            self.facts.append(f"(other-{n} {NOWHERE})")
        else:
            assert place.thing is not None
            ground = "(at ?x ?f)"
            candidates = {i for i in self._candidates(place.thing) if not self._never(i, place.thing)}
            step += f" (unlike-{n} ?v)"
            self.facts += [f"(unlike-{n} {self.names[i]})" for i in range(self.world.n_fixtures, len(self.names))
                           if i not in candidates and self.world.relation[i]]  # fmt: skip
            exempt = self._exemption(f"unlike-{n}", n, place.thing, deeper)
            unlike = lambda now, i: exempt(now, i) if i in candidates else []  # noqa: E731
        self._rule(f"see-elsewhere-{n}", "?x ?f", ground, f"(elsewhere-{n} ?x)")
        self._rule(f"see-held-{n}", "?x", "(held ?x)", f"(elsewhere-{n} ?x)")
        self._rule(f"see-elsewhere-inside-{n}", "?x ?v", f"{step} (elsewhere-{n} ?v)", f"(elsewhere-{n} ?x)")

        def proof(now: State, i: int) -> Lines:
            chain = [i, *holders(now, i)]
            top = chain[-1]
            if top < self.world.n_fixtures and top >= 0:
                lines = [f"(see-elsewhere-{n} {self.names[chain[-2]]} {self.names[top]})"]
                chain.pop()
            elif now.held == top:
                lines = [f"(see-held-{n} {self.names[top]})"]
            else:
                lines = [f"(see-elsewhere-{n} {self.names[top]} {NOWHERE})"]
            for k in range(len(chain) - 1, 0, -1):
                lines += unlike(now, chain[k])
                lines.append(f"(see-elsewhere-inside-{n} {self.names[chain[k - 1]]} {self.names[chain[k]]})")
            return lines

        self.outside[place] = _PlaceRule(predicate=f"elsewhere-{n}", prove=proof)
        return self.outside[place]

    def _described(
        self, n: int, thing: Thing, variable: str, text: str, number: int = 1, *, vessels: bool = False
    ) -> tuple[str, str]:
        """Return further parameters and the precondition that a variable matches a description."""
        candidates = [i for i in self._candidates(thing) if not vessels or self.world.relation[i]]
        if text and len(candidates) < number:
            raise ExportError(f"{text!r} can never hold: this home has {len(candidates)} of them")
        self.facts += [f"(kind-{n} {self.names[i]})" for i in candidates]
        precondition = " ".join([f"(kind-{n} {variable})", *(true(s, variable) for s in thing.states)])
        if not thing.liquid:
            return "", precondition
        self.facts.append(f"(liquid-{n} {thing.liquid})")
        return " ?l", f"{precondition} (liquid-{n} ?l) (filled {variable} ?l)"

    def _candidates(self, thing: Thing) -> list[int]:
        return list(self.world.objects_of(thing.word))

    def _fixtures(self, category: str) -> list[int]:
        return [f for f in range(self.world.n_fixtures) if self.world.categories[f] == category]

    def _never(self, i: int, thing: Thing) -> bool:
        """Whether an object can never match the states and the liquid of a description."""
        world, state = self.world, self.initial_state
        negations = world.domain.negations
        if any(s not in negations and not state.has(i, s) and not can_be(world, i, s) for s in thing.states):
            return True
        category = world.object_category[i]
        return bool(thing.liquid) and not (category and category.fills) and not state.liquid[i]

    def _is_place(self, now: State, i: int, place: Place) -> bool:
        if place.fixture is not None:
            return bool(self.world.categories[i] == place.fixture)
        assert place.thing is not None
        if i < self.world.n_fixtures or not matches(now, i, place.thing):
            return False
        return place.inside is None or is_at(now, i, place.inside)

    @staticmethod
    def _liquid(thing: Thing) -> str:
        return f" {thing.liquid}" if thing.liquid else ""
