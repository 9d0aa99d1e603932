"""When two goals ask for the same in one home, though they say it differently.

Where the only blanket lies on the bed, `blanket from bed with person` and `blanket with person` are the same; where two
plates are dirty, `2 dirty plate in sink` and `every dirty plate in sink` are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import TYPE_CHECKING

from envs.symbolic.goals import (
    Condition,
    Goal,
    Rule,
    Test,
    format_condition,
    format_rule,
    format_test,
    format_when,
    with_home_rules,
)
from planner.plans.formulas.formula import FALSE, TRUE, AtLeast, Atom, Formula, Zone
from planner.plans.formulas.grounding import Grounder

if TYPE_CHECKING:
    from envs.symbolic.state import State


def meaning_here(goal: Goal, state: State) -> Hashable:
    """Return a key that is equal for goals that ask for the same of the objects of a home, in the same order.

    A condition that nothing in the home can fulfill, or that always holds, is compared by its words.
    """
    return _Meanings(state).of_goal(goal)


def meaning_with_rules(goal: Goal, state: State) -> Hashable:
    """Return the key of a goal with the rules that its home has for every plan."""
    return meaning_here(with_home_rules(goal, state.world.scene), state)


class _Meanings:
    """Canonical forms of what is said of one home."""

    def __init__(self, state: State) -> None:
        self.grounder = Grounder(state)
        self.zones: dict[int, tuple[Zone, Hashable]] = {}  # by identity; the zone is kept, so that its id stays its own

    def of_goal(self, goal: Goal) -> Hashable:
        phases = []
        for number, conditions in enumerate(goal.phases):
            guard = goal.guard(number)
            when = format_when(guard.when) if guard.when else ""
            tests = frozenset(part for test in guard.tests for part in self._test(test))
            phases.append((when, tests, frozenset(part for c in conditions for part in self._condition(c))))
        return tuple(phases), frozenset(self._rule(rule) for rule in goal.rules)

    def _condition(self, condition: Condition) -> frozenset[Hashable]:
        """Return a condition as a set of which each part must hold."""
        formula = self.grounder.condition(condition)
        return frozenset((format_condition(condition),)) if formula in (TRUE, FALSE) else self._parts(formula)

    def _test(self, test: Test) -> frozenset[Hashable]:
        formula = self.grounder.tests((test,))
        return frozenset((format_test(test),)) if formula in (TRUE, FALSE) else self._parts(formula)

    def _rule(self, rule: Rule) -> Hashable:
        if rule.condition is None:
            return format_rule(rule)
        formula = self.grounder.condition(rule.condition, by_means=False)
        return format_rule(rule) if formula in (TRUE, FALSE) else self._parts(formula)

    def _parts(self, formula: Formula) -> frozenset[Hashable]:
        parts = formula.parts if isinstance(formula, AtLeast) and formula.is_all else (formula,)
        return frozenset(map(self._formula, parts))

    def _formula(self, formula: Formula) -> Hashable:
        if isinstance(formula, Atom):
            zone = None if formula.zone is None else self._zone(formula.zone)
            return formula.relation, formula.entity, formula.word, zone, formula.other, formula.positive
        return formula.number, frozenset(Counter(map(self._formula, formula.parts)).items())

    def _zone(self, zone: Zone) -> Hashable:
        if id(zone) not in self.zones:
            members = frozenset((entity, self._formula(formula)) for entity, formula in zone.members)
            self.zones[id(zone)] = zone, members
        return self.zones[id(zone)][1]
