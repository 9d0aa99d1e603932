"""Exports the goal language to PDDL: formulas over the objects of one home become axioms.

There is one axiom for each part of a formula, because planners multiply out nested `or`s: three conditions of eight
candidates each would be 512 goals. `2 plate` counts through the candidates one by one, so its size is linear in their
number, too. No axiom negates another (`adl_domain.py`): where something must not be so, its opposite is derived.

- *Phases*: a pseudo-action `next-phase-1`, which is not a subtask, is applicable where the first phase holds. Where a
  later phase has a test (`if`), it must follow at once: no other action is applicable then. `leave-out-2` stands for
  a phase whose test is false.
- *Rules* are preconditions. A forbidden condition (`never knife with person`) is compiled into the actions that could
  make it true, or false again: they need `(kept)`, that all rules hold now, and so does the goal.
- *Means* (`by oven`): a pseudo-action `note-by-1` records that an object is in an appliance that runs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from envs.symbolic.goals import Goal
from planner.errors import ExportError
from planner.plans.formulas.formula import FALSE, TRUE, AtLeast, Atom, Formula, Zone, atoms, entities, negated
from planner.plans.formulas.rules import Ban, GroundGoal, ground_goal
from planner.plans.own_skills.adl import own_prefixes
from planner.plans.pddl.adl_domain import AdlAction, entity_type
from planner.plans.pddl.strips_domain import OWN

if TYPE_CHECKING:
    from envs.symbolic.actions import State
    from envs.symbolic.domain import Domain

LANGUAGE = "PDDL"
NEXT_PHASE, ENTER, LEAVE_OUT, NOTE = "next-phase-", "enter-", "leave-out-", "note-by-"
PSEUDO_ACTIONS = (NEXT_PHASE, ENTER, LEAVE_OUT, NOTE)
# The actions of each skill, by prefix; our action keeps the first of their arguments.
SKILLS = {
    "pick-up": ("pick up", 1), "put-": ("put", 2), "give": ("give", 2), "open": ("open", 1), "close-": ("close", 1),
    "turn-on-": ("turn on", 1), "turn-off": ("turn off", 1), "slice": ("slice", 1), "wipe": ("wipe", 1),
    "fold": ("fold", 1), "pour-": ("pour", 2),
}  # fmt: skip


def skills_of(domain: Domain) -> dict[str, tuple[str, int]]:
    """Return the actions of each skill of a domain, by prefix; our action keeps the first of their arguments."""
    return own_prefixes(domain) | SKILLS


@dataclass(frozen=True, kw_only=True)
class GoalText:
    """A goal as PDDL.

    Attributes:
        actions: The home's actions with the preconditions that rules and phases ask for, and pseudo-actions.
        axioms: Axioms; they belong in the domain.
        predicates: Predicates of these.
        facts: Facts that they need in the initial state.
        condition: The goal itself.
        watched: Entities whose contents must be derived, besides appliances.
        entities: What the goal is about.
    """

    actions: tuple[AdlAction, ...]
    axioms: tuple[str, ...]
    predicates: tuple[str, ...]
    facts: tuple[str, ...]
    condition: str
    watched: frozenset[int]
    entities: frozenset[int]


def goal_text(goal: Goal, initial_state: State, names: Sequence[str], actions: Sequence[AdlAction]) -> GoalText:
    """Write a goal.

    Args:
        goal: The goal.
        initial_state: The initial state.
        names: The PDDL name of each entity.
        actions: The home's actions.

    Raises:
        ExportError: PDDL cannot say it, or a condition can never hold in this home.
    """
    return _Writer(initial_state, names, ground_goal(goal, initial_state, LANGUAGE)).write(actions, str(goal))


class _Writer:
    def __init__(self, initial_state: State, names: Sequence[str], goal: GroundGoal) -> None:
        self.initial_state, self.world, self.names, self.goal = initial_state, initial_state.world, names, goal
        self.skills = skills_of(self.world.domain)
        self.axioms: list[str] = []
        self.predicates: list[str] = []
        self.facts: list[str] = []
        self.watched: set[int] = set()
        self.zones: dict[Zone, str] = {}
        self.outsides: dict[Zone, str] = {}
        self.defined: dict[Formula, str] = {}

    def write(self, actions: Sequence[AdlAction], text: str) -> GoalText:
        """Return the whole goal."""
        goal = self.goal
        if goal.impossible is not None:
            raise ExportError(f"{text!r} can never hold in this home")
        home_actions = [banned for action in actions for banned in self.without_banned(action)]
        needed: list[str] = []
        for formula in goal.kept:
            kept = self.atom(formula)
            needed.append(kept)
            changed = {word for atom in atoms(formula) for word in self.fluents(atom)}
            home_actions = [a.needing(kept) if a.changes & changed else a for a in home_actions]
        if goal.last_test:
            home_actions = [action.needing(self.may_act()) for action in home_actions]
        pseudo = [*self.phase_actions(), *(a for word in goal.means for a in self.noting_actions(word))]
        if goal.means:
            self.predicates.append("(begun)")
            home_actions = [self.using(action) for action in home_actions]
        conditions = [*needed, *self.last_phase()]
        banned = {i for ban in goal.bans for i in ban.entities or ()}
        tools = {i for word in goal.means for i in self.world.entities_by_category.get(word, ())}
        subjects = {i for formula in goal.formulas for i in entities(formula)}
        return GoalText(
            actions=(*home_actions, *pseudo), axioms=tuple(self.axioms), predicates=tuple(self.predicates),
            facts=tuple(dict.fromkeys(self.facts)), condition=f"(and {' '.join(conditions)})",
            watched=frozenset(self.watched), entities=frozenset(subjects | banned | tools),
        )  # fmt: skip

    # Phases

    def phase_actions(self) -> list[AdlAction]:
        """Return the pseudo-actions that lead from phase to phase."""
        goal, n = self.goal, len(self.goal.phases)
        if n > 1:
            self.predicates += [f"(phase-{k})" for k in range(1, n + 1)]
            self.facts.append("(phase-1)")
        actions = []
        for k in range(1, n):
            begins = self.beginning(k + 1)
            if goal.phases[k - 1] != FALSE:
                precondition = " ".join([f"(phase-{k})", *self.conjuncts(goal.phases[k - 1])])
                actions.append(AdlAction(name=f"{NEXT_PHASE}{k}", parameters="", precondition=precondition,
                                         effect=f"(not (phase-{k})) {begins}"))  # fmt: skip
            if goal.tests[k] == TRUE:
                continue
            self.predicates.append(begins)
            over = self.beginning(k + 2) if k + 1 < n else "(over)"
            self.predicates += [over] if over == "(over)" else []
            entering = goal.tests[k] if goal.phases[k] != FALSE else FALSE
            for name, test, after in ((ENTER, entering, f"(phase-{k + 1})"),
                                      (LEAVE_OUT, negated(goal.tests[k]), over)):  # fmt: skip
                if test != FALSE:
                    actions.append(AdlAction(name=f"{name}{k + 1}", parameters="",
                                             precondition=" ".join([begins, *self.conjuncts(test)]),
                                             effect=f"(not {begins}) {after}"))  # fmt: skip
        return actions

    def beginning(self, phase: int) -> str:
        """Return the atom that a phase begins: that it is to be tested, or that it has begun if there is no test."""
        return f"(phase-{phase})" if self.goal.tests[phase - 1] == TRUE else f"(testing-{phase})"

    def may_act(self) -> str:
        """Return the atom that no phase ends now; where a phase may be left out, its test must follow at once."""
        alternatives = []
        for k, formula in enumerate(self.goal.phases, start=1):
            if formula == FALSE:  # it is always left out
                continue
            unreached = [self.atom(negated(formula))] if k <= self.goal.last_test else []
            alternatives.append(f"(and (phase-{k}) {' '.join(unreached)})")
        return self.define(f"(or {' '.join(alternatives)})")

    def last_phase(self) -> list[str]:
        """Return the conjuncts that all phases are over."""
        goal, n = self.goal, len(self.goal.phases)
        if not n:
            return []
        if goal.phases[-1] == FALSE:
            return ["(over)"]
        last = [f"(phase-{n})"] if n > 1 else []
        conjuncts = [*last, *self.conjuncts(goal.phases[-1])]
        if goal.tests[-1] == TRUE:
            return conjuncts
        return [self.define(f"(or (over) (and {' '.join(conjuncts)}))")]

    # Rules

    def without_banned(self, action: AdlAction) -> list[AdlAction]:
        """Return an action with the preconditions that forbidden skills ask for; nothing if it is always forbidden."""
        skill, n_args = next(value for prefix, value in self.skills.items() if action.name.startswith(prefix))
        variables = [word for word in action.parameters.split() if word.startswith("?")][:n_args]
        if n_args == 2 and skill == "pour" and action.name != "pour-plant":
            variables = ["?v", "?o"]
        for ban in self.goal.bans:
            if ban.skill == "go to" and ban.entities is not None:
                self.facts += [f"(off-limits {self.names[i]})" for i in ban.entities]
            elif ban.skill == skill and ban.entities is None:
                return []
            elif ban.skill == skill:
                word = self.allowed(ban)
                action = action.needing(*(f"({word} {variable})" for variable in variables))
        return [action]

    def allowed(self, ban: Ban) -> str:
        """Define the predicate of entities on which a skill may be used now."""
        number = 1 + self.goal.bans.index(ban)
        banned, allowed = f"banned-{number}", f"allowed-{number}"
        if f"({banned} ?e - entity)" in self.predicates:
            return allowed
        assert ban.entities is not None
        self.predicates += [f"({banned} ?e - entity)", f"({allowed} ?e - entity)"]
        self.facts += [f"({banned} {self.names[i]})" for i in ban.entities]
        exceptions = [
            f"(and (= ?e {self.names[i]}) {self.atom(negated(formula))})"
            for i, formula in ban.entities.items() if formula != TRUE
        ]  # fmt: skip
        self.axioms.append(f"  (:derived ({allowed} ?e - entity) (or (not ({banned} ?e)) {' '.join(exceptions)}))")
        return allowed

    def fluents(self, atom: Atom) -> list[str]:
        """Return the predicates of the home's actions that a literal depends on."""
        if atom.relation == "has":
            return [atom.word]
        return {"filled": ["filled"], "held": ["held"], "used": []}.get(atom.relation, ["at", "held"])

    # Means

    def noting_actions(self, word: str) -> list[AdlAction]:
        """Return the pseudo-actions that record which objects a means was used on."""
        number = 1 + self.goal.means.index(word)
        used, wanted, means = f"used-{number}", f"wanted-{number}", f"means-{number}"
        self.predicates += [f"({used} ?x - thing)", f"({wanted} ?x - thing)", f"({means} ?e - entity)"]
        objects = {a.entity for f in self.goal.phases for a in atoms(f) if a.relation == "used" and a.word == word}
        tools = list(self.world.entities_by_category.get(word, ()))
        self.facts += [f"({wanted} {self.names[i]})" for i in sorted(objects)]
        self.facts += [f"({means} {self.names[i]})" for i in tools]
        self.watched.update(tools)
        actions = []
        for kind, condition in (("appliance", "(running ?e)"), ("furniture", ""), ("vessel", "(held ?e)")):
            if any(entity_type(self.world, i) == kind for i in tools):
                precondition = f"(begun) ({wanted} ?x) ({means} ?e) (inside ?x ?e) {condition}".rstrip()
                actions.append(AdlAction(name=f"{NOTE}{number}-{kind}", parameters=f"?x - thing ?e - {kind}",
                                         precondition=precondition, effect=f"({used} ?x)"))  # fmt: skip
        return actions

    def using(self, action: AdlAction) -> AdlAction:
        """Return an action that records what its tool was used on, and that the episode has begun."""
        effect = [action.effect, "(begun)"]
        tool, target = {"slice": ("?k", "?x")}.get(action.name, ("?v", "?o"))
        if action.name.startswith(OWN):
            tools = re.findall(r"\(held (\?\w+)\)", action.precondition)
            _, n_args = next(value for prefix, value in self.skills.items() if action.name.startswith(prefix))
            things = [word for word in action.parameters.split() if word.startswith("?")][:n_args]
            for number in range(1, 1 + len(self.goal.means)):
                pairs = ((tool, thing) for tool in tools for thing in things if tool != thing and thing[1] == "x")
                effect += [f"(when (means-{number} {tool}) (used-{number} {thing}))" for tool, thing in pairs]
        if action.name == "slice" or (action.name.startswith("pour-") and action.name != "pour-plant"):
            for number, word in enumerate(self.goal.means, start=1):
                if any(i >= self.world.n_fixtures for i in self.world.entities_by_category.get(word, ())):
                    effect.append(f"(when (means-{number} {tool}) (used-{number} {target}))")
        return replace(action, effect=" ".join(effect))

    # Formulas

    def conjuncts(self, formula: Formula) -> list[str]:
        """Return literals that are all true if a formula is."""
        if isinstance(formula, AtLeast) and formula.is_all:
            return [self.atom(part) for part in formula.parts]
        return [self.atom(formula)]

    def atom(self, formula: Formula) -> str:
        """Return a literal that is true if a formula is."""
        if isinstance(formula, Atom):
            return self.literal(formula)
        if formula not in self.defined:
            if formula.is_all:
                text = f"(and {' '.join(self.conjuncts(formula))})"
            elif formula.number == 1:
                text = f"(or {' '.join(map(self.atom, formula.parts))})"
            else:
                text = self.counted(formula)
            self.defined[formula] = self.define(text)
        return self.defined[formula]

    def counted(self, formula: AtLeast) -> str:
        """Return "at least `number` of the parts", by counting along them: `reached[j]` is "j of those so far"."""
        reached: dict[int, str] = {}
        for part in formula.parts:
            atom = self.atom(part)
            extended: dict[int, str] = {}
            for j in range(1, formula.number + 1):
                alternatives = [reached[j]] if j in reached else []
                if j == 1:
                    alternatives.append(atom)
                elif j - 1 in reached:
                    alternatives.append(f"(and {atom} {reached[j - 1]})")
                if alternatives:
                    extended[j] = self.define(f"(or {' '.join(alternatives)})")
            reached = extended
        return f"(and {reached[formula.number]})"

    def define(self, text: str) -> str:
        atom = f"(so-{len(self.predicates) + 1})"
        self.predicates.append(atom)
        self.axioms.append(f"  (:derived {atom} {text})")
        return atom

    def literal(self, atom: Atom) -> str:
        name = self.names[atom.entity]
        if atom.relation == "in":
            assert atom.zone is not None
            return f"({self.inside(atom.zone) if atom.positive else self.outside(atom.zone)} {name})"
        if atom.relation == "beside":
            return self.beside(name, self.names[atom.other], beside=atom.positive)
        if atom.relation == "used":
            text = f"(used-{1 + self.goal.means.index(atom.word)} {name})"
        elif atom.relation == "has":
            text = f"({atom.word} {name})"
        else:
            text = f"(filled {name} {atom.word})" if atom.relation == "filled" else f"(held {name})"
        return text if atom.positive else f"(not {text})"

    def beside(self, x: str, y: str, *, beside: bool) -> str:
        if beside:
            return self.define(f"(exists (?p - entity) (and (at {x} ?p) (at {y} ?p)))")
        return self.define(f"(or (held {x}) (exists (?p - entity) (and (at {x} ?p) (not (at {y} ?p)))))")

    def inside(self, zone: Zone) -> str:
        """Define the predicate of objects in a zone, and return its name."""
        if zone not in self.zones:
            number = len(self.zones) + 1
            member, name = f"zone-{number}", f"in-{number}"
            self.zones[zone] = name
            self.predicates += [f"({member} ?e - entity)", f"({name} ?x - thing)"]
            self.facts += [f"({member} {self.names[m]})" for m, condition in zone.members if condition == TRUE]
            alternatives = [
                f"(exists (?p - entity) (and (at ?x ?p) ({member} ?p)))",
                *(
                    f"(and (at ?x {self.names[m]}) {self.atom(condition)})"
                    for m, condition in zone.members if condition != TRUE
                ),
                f"(exists (?h - vessel) (and (at ?x ?h) ({name} ?h)))",
            ]  # fmt: skip
            self.axioms.append(f"  (:derived ({name} ?x - thing)\n    (or {' '.join(alternatives)}))")
        return self.zones[zone]

    def outside(self, zone: Zone) -> str:
        """Define the predicate of objects that are not in a zone, and return its name."""
        if zone not in self.outsides:
            number = len(self.outsides) + 1
            member, name = f"part-{number}", f"out-{number}"
            self.outsides[zone] = name
            self.predicates += [f"({member} ?e - entity)", f"({name} ?x - thing)"]
            self.facts += [f"({member} {self.names[m]})" for m, _ in zone.members]
            alternatives = [
                f"(exists (?f - fixture) (and (at ?x ?f) (not ({member} ?f))))",
                f"(exists (?h - vessel) (and (at ?x ?h) (not ({member} ?h)) ({name} ?h)))",
                *(
                    f"(and (at ?x {self.names[m]}) {self.atom(negated(condition))} ({name} {self.names[m]}))"
                    for m, condition in zone.members if condition != TRUE
                ),
            ]  # fmt: skip
            self.axioms.append(f"  (:derived ({name} ?x - thing)\n    (or (held ?x) {' '.join(alternatives)}))")
        return self.outsides[zone]
