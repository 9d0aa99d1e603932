"""The goal language in STRIPS: actions that judge a state, and rules as preconditions.

A condition such as `2 clean mug on desk` is a disjunction over mugs and over what they may stand in, which STRIPS
cannot say. So a plan ends with `judge-1`, after which the home no longer changes, and actions that collect what holds
(`strips_judging.py`). The goal then is a plain conjunction: `(counted-1 n2)`. What is already a conjunction
(`every lamp off`) stands in the goal as it is.

- *Phases*: `next-phase-1` returns from judging to acting. If the next phase has a test (`if`), the test is judged in
  the same state, and `enter-2` or `leave-out-2` follows. So that no phase before a test is left later than it is
  reached, the state is judged after every action that could reach it: either `resume-1` shows that it is not reached
  yet, or `judge-1` follows. After the last phase was left out, the robot may still act: `late` is true then.
- *Rules about skills* are static preconditions: `(allowed-1 ?f)` in `open`.
- *Rules about conditions*: what must not become true of single entities (`never oven on`) is a static precondition,
  too. After any action that could break another rule (`never knife with person`), no action is applicable until the
  rule is judged, and `resume` returns to acting.
- *Means* (`by oven`): `note-1` records that an object is in an appliance that runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, product
from typing import TYPE_CHECKING

from envs.symbolic.domain.achievers import KNOWN_SKILLS
from planner.errors import ExportError
from planner.plans.formulas.formula import FALSE, TRUE, AtLeast, Atom, Formula, all_of, atoms, is_true, negated
from planner.plans.pddl.operators import Operator, operator, predicate, words_of
from planner.plans.pddl.strips_domain import false, skill_of, true
from planner.plans.pddl.strips_judging import Judge, Lines, Uses

if TYPE_CHECKING:
    from envs.symbolic.domain import Domain
    from envs.symbolic.state import State
    from planner.plans.formulas.rules import Ban, GroundGoal

ACT, CHECKING, RESUME = "(acting)", "(checking)", "resume"
OVER, LATE = "(over)", "(late)"
REACHING_A_PLACE = ("accessible", "door", "panel", "switched", "runs-open", "runs-closed", "wipeable", "waterable",
                    "receives", "destination")  # fmt: skip
WORDS = ("acting", "checking", "over", "late", "begun", "worked", "differ", "next", RESUME)  # names of no entity


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why a rule about a skill allows it on an entity: a literal with `{}` for the entity, and where it is true."""

    literal: str
    holds: Callable[[State, int], bool]


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A variant of an action: its name, and for the positions of arguments the reason why each is allowed."""

    name: str
    reasons: tuple[tuple[int, Reason], ...]

    def is_allowed(self, state: State, arguments: Sequence[int]) -> bool:
        """Whether it can stand for the action, on these entities."""
        return all(reason.holds(state, arguments[position]) for position, reason in self.reasons)


@dataclass(kw_only=True)
class GoalRules:
    """A goal in STRIPS.

    Attributes:
        goal: The goal.
        domain: The rules of the home.
        operators: The home's actions, as far as rules allow them, and those that judge.
        facts: Facts that they need at the start.
        atoms: The goal itself.
        checked: Names of the actions after which rules are judged.
        variants: By name of an action of the home that a rule concerns: the variants that stand for it.
        phases: What judges each phase.
        tests: What judges whether each phase begins.
        keeper: What judges states after actions, for rules and for phases before a test; None if nothing needs it.
        kept: What must be true at every moment and is no static precondition.
        forget: What is undone when it has judged: an effect.
        begins_with: What is true at the start: that the robot may act, or that the state is to be judged.
    """

    goal: GroundGoal
    domain: Domain
    operators: list[Operator]
    facts: list[str] = field(default_factory=list)
    atoms: list[str] = field(default_factory=list)
    checked: set[str] = field(default_factory=set)
    variants: dict[str, list[Variant]] = field(default_factory=dict)
    phases: list[Judge] = field(default_factory=list)
    tests: list[Judge] = field(default_factory=list)
    keeper: Judge | None = None
    kept: Formula = TRUE
    forget: str = ""
    begins_with: str = ACT

    def is_forced(self, phase: int) -> bool:
        """Whether a phase (from 0) must be left when it is reached, because a test may come after it."""
        return phase < self.goal.last_test

    def leave(self, phase: int, state: State, uses: Uses) -> Lines:
        """Return the steps by which a phase (from 0) is judged reached, in a state where it is."""
        judge, ends_by_step = self.phases[phase], self.ends_by_step(phase)
        begin = [f"(judge-{phase + 1})"] if judge.operators or ends_by_step else []
        steps = judge.proof(self.goal.phases[phase], state, uses)
        return [*begin, *steps, *([f"(next-phase-{phase + 1})"] if ends_by_step else [])]

    def ends_by_step(self, phase: int) -> bool:
        """Whether a phase (from 0) ends by a step of the plan."""
        return phase < len(self.goal.phases) - 1 or self.goal.tests[phase] != TRUE

    def enter(self, phase: int, state: State, *, left_out: bool) -> Lines:
        """Return the steps by which a phase (from 0) is begun or left out."""
        test = self.goal.tests[phase]
        if test == TRUE:
            return []
        steps = self.tests[phase].proof(negated(test) if left_out else test, state, frozenset())
        return [*steps, f"({'leave-out' if left_out else 'enter'}-{phase + 1})"]

    def checks(self, step: str) -> bool:
        """Whether the state is judged after a step."""
        return self.keeper is not None and words_of(step)[0] in self.checked

    def settle(self, phase: int, state: State, uses: Uses) -> Lines:
        """Return the steps that judge a state of a phase (from 0); `leave` must follow if the phase is reached."""
        assert self.keeper is not None
        lines = self.keeper.proof(self.kept, state, frozenset())
        if not self.is_forced(phase):
            return [*lines, f"({self.resume(phase)})"]
        unreached = negated(self.goal.phases[phase])
        if not is_true(unreached, state, uses):
            return lines
        return [*lines, *self.keeper.proof(unreached, state, uses), f"({self.resume(phase)})"]

    def resume(self, phase: int) -> str:
        """Return the action that returns from judging a state of a phase (from 0) to acting."""
        return f"{RESUME}-{phase + 1}" if self.goal.last_test else RESUME


def goal_rules(
    goal: GroundGoal, initial_state: State, names: Sequence[str], home: Sequence[Operator], included: Iterable[int]
) -> GoalRules:
    """Write a goal.

    Args:
        goal: The goal over the objects of the home.
        initial_state: The initial state.
        names: The PDDL name of each entity.
        home: The actions of the robot and of the appliances.
        included: The entities of the problem.

    Raises:
        ExportError: A condition can never hold in this home.
    """
    if goal.impossible is not None:
        raise ExportError(f"the goal can never hold in this home: phase {1 + goal.impossible}")
    numbers = count(1)
    rules = GoalRules(goal=goal, domain=initial_state.world.domain, operators=list(home))
    for number, ban in enumerate(goal.bans, start=1):
        _forbid_skill(rules, ban, number, names, included)
    _add_means(rules, initial_state, names)
    _keep(rules, initial_state, names, numbers, sorted(included))
    _add_phases(rules, initial_state, names, numbers)
    for judge in (*rules.phases, *rules.tests, *([rules.keeper] if rules.keeper else [])):
        rules.operators += judge.operators
        rules.facts += judge.facts
    if rules.is_forced(0):
        rules.begins_with = CHECKING
    rules.facts = list(dict.fromkeys(rules.facts))
    rules.atoms = list(dict.fromkeys(rules.atoms)) or [ACT]
    return rules


# Phases


def _add_phases(rules: GoalRules, initial_state: State, names: Sequence[str], numbers: Iterator[int]) -> None:
    goal, n = rules.goal, len(rules.goal.phases)
    rules.facts += ["(phase-1)"] if n > 1 else []

    def begins(phase: int) -> str:
        if phase > n:
            return f"{OVER} {LATE} {ACT}"
        return f"{acts(phase)} (phase-{phase})" if goal.tests[phase - 1] == TRUE else f"(testing-{phase})"

    def acts(phase: int) -> str:
        return CHECKING if rules.is_forced(phase - 1) else ACT

    for number, formula in enumerate(goal.phases, start=1):
        judging, phase = f"(judging-{number})", f"(phase-{number})" if n > 1 else ""
        tester = Judge(initial_state, names, f"(testing-{number})", numbers, goal.means)
        judge = Judge(initial_state, names, judging, numbers, goal.means)
        rules.tests.append(tester)
        rules.phases.append(judge)
        test = goal.tests[number - 1]
        for name, outcome, next_one in (
            (f"enter-{number}", test, f"{acts(number)} {phase}"),
            (f"leave-out-{number}", negated(test), begins(number + 1)),
        ):
            if test != TRUE and outcome != FALSE:
                asked = " ".join([tester.mode, *tester.atoms(outcome)])
                rules.operators.append(operator(name, "", asked, f"{next_one} (not {tester.mode})"))
        atoms_reached = judge.atoms(formula)
        ends_by_step = rules.ends_by_step(number - 1)
        if judge.operators or ends_by_step:
            gone = f"(not {phase})" if phase else ""
            before, after = f"{ACT} {phase}", f"{judging} (not {ACT}) {gone}"
            if rules.is_forced(number - 1):
                assert rules.keeper is not None
                before = " ".join([CHECKING, phase, *rules.keeper.atoms(rules.kept)])
                after = f"{judging} (not {CHECKING}) {gone} {rules.forget}"
            rules.operators.append(operator(f"judge-{number}", "", before, after))
        if ends_by_step:
            asked = " ".join([judging, *atoms_reached])
            next_one = begins(number + 1) if number < n else OVER
            rules.operators.append(operator(f"next-phase-{number}", "", asked, f"{next_one} (not {judging})"))
        if number == n and ends_by_step:
            rules.atoms = [OVER]
        elif number == n:
            rules.atoms = [*atoms_reached]
            rules.atoms += [judging if judge.operators else phase] if n > 1 else []
            rules.atoms += [ACT] if rules.keeper and not judge.operators else []


# Rules


def _forbid_skill(rules: GoalRules, ban: Ban, number: int, names: Sequence[str], included: Iterable[int]) -> None:
    if ban.skill == "go to" and ban.entities is not None:
        return  # `strips_problem.py` drops the facts by which the robot reaches these places
    if ban.entities == {}:
        return
    banned = ban.entities or {}
    allowed = f"(allowed-{number} {{}})"
    rules.facts += [allowed.format(names[i]) for i in included if ban.entities is not None and i not in banned]
    reasons = [Reason(literal=allowed, holds=lambda _, i: i not in banned)]
    reasons += _exceptions(rules.domain, banned.values())
    kept: list[Operator] = []
    for each in rules.operators:
        skill, positions = skill_of(each.name, rules.domain) or ("", ())
        if skill != ban.skill:
            kept.append(each)
            continue
        base = each.name.partition("--")[0]
        choices = list(product(reasons, repeat=len(positions))) if ban.entities is not None else []
        before = next((v for v in rules.variants.get(base, ()) if v.name == each.name), None)
        others = [v for v in rules.variants.get(base, ()) if v is not before]
        variants = [
            Variant(
                name=f"{each.name}--{number}{_letters(j)}" if len(choices) > 1 else each.name,
                reasons=(*(before.reasons if before else ()), *zip(positions, choice, strict=True)),
            )
            for j, choice in enumerate(choices)
        ]  # fmt: skip
        rules.variants[base] = [*others, *variants]
        for variant, choice in zip(variants, choices, strict=True):
            more = [r.literal.format(each.parameters[p]) for p, r in zip(positions, choice, strict=True)]
            kept.append(replace(each, name=variant.name, precondition=(*each.precondition, *more)))
    rules.operators = kept


def _letters(number: int) -> str:
    return chr(ord("a") + number) if number < 26 else f"z{number}"


def _exceptions(domain: Domain, formulas: Iterable[Formula]) -> list[Reason]:
    """Return the reasons why a description does not match an entity now."""
    found: dict[str, Reason] = {}
    for atom in {replace(atom, entity=0) for formula in formulas for atom in atoms(formula)}:
        if atom.relation == "has":
            literal = false(domain, atom.word, "{}") if atom.positive else true(atom.word, "{}")
            found[literal] = Reason(literal=literal, holds=_lacks(atom))
            continue
        assert atom.relation == "filled"
        found["(empty {})"] = Reason(literal="(empty {})", holds=lambda state, i: not state.liquid[i])
        for liquid in domain.liquids:
            if liquid != atom.word:
                literal = f"(filled {{}} {liquid})"
                found[literal] = Reason(literal=literal, holds=_contains(liquid))
    return [found[literal] for literal in sorted(found)]


def _lacks(atom: Atom) -> Callable[[State, int], bool]:
    return lambda state, i: state.has(i, atom.word) != atom.positive


def _contains(liquid: str) -> Callable[[State, int], bool]:
    return lambda state, i: state.liquid[i] == liquid


def _keep(
    rules: GoalRules, initial_state: State, names: Sequence[str], numbers: Iterator[int], included: Sequence[int]
) -> None:
    """Compile what must be true at every moment into preconditions, or into judging after what could change it."""
    domain, judged = rules.domain, list[Formula]()
    for number, formula in enumerate(rules.goal.kept, start=1):
        parts = formula.parts if isinstance(formula, AtLeast) and formula.is_all else (formula,)
        simple = [part for part in parts if isinstance(part, Atom) and _is_simple(part)]
        if len(simple) < len(parts):
            judged.append(formula)
            continue
        forbidden: dict[str, list[int]] = {}  # by the predicate that must not become true of them
        for atom in simple:
            broken = "(held ?)" if atom.relation == "held" else true(atom.word, "?")
            broken = false(domain, atom.word, "?") if atom.positive else broken
            forbidden.setdefault(predicate(broken), []).append(atom.entity)
        for word, entities in forbidden.items():
            free = f"(free-{number}-{word} {{}})"
            rules.facts += [free.format(names[i]) for i in included if i not in entities]
            rules.operators = [
                replace(o, precondition=(*o.precondition, *(free.format(words_of(e)[1]) for e in o.effect if
                        not e.startswith("(not ") and predicate(e) == word)))
                for o in rules.operators
            ]  # fmt: skip
    rules.kept = all_of(*judged)
    forced = rules.goal.phases[: rules.goal.last_test]
    if not judged and not forced:
        return
    rules.keeper = keeper = Judge(initial_state, names, CHECKING, numbers, rules.goal.means)
    asked = [CHECKING, *keeper.atoms(rules.kept)]
    resuming = {RESUME: asked}
    if forced:
        phases = enumerate(map(negated, rules.goal.phases))
        resuming = {
            rules.resume(k): [*asked, f"(phase-{k + 1})", *(keeper.atoms(unreached) if rules.is_forced(k) else [])]
            for k, unreached in phases if unreached != FALSE or not rules.is_forced(k)
        }  # fmt: skip
        if rules.goal.tests[-1] != TRUE:
            resuming[rules.resume(len(rules.goal.phases))] = [*asked, LATE]
    changed = {word for f in (rules.kept, *forced) for atom in atoms(f) for word in _fluents(domain, atom)}
    rules.operators = [_checked(each, rules) if _touches(each, changed) else each for each in rules.operators]
    undone = [text for o in keeper.operators for e in o.effect for text in _instances(e, keeper, names, included)]
    again = [fact for fact in keeper.facts if predicate(fact).startswith(("counted-", "left-"))]
    rules.forget = " ".join([*(f"(not {text})" for text in dict.fromkeys(undone)), *again])
    for name, conditions in resuming.items():
        over = OVER if LATE in conditions else ""
        effect = f"{ACT} (not {CHECKING}) {over} {rules.forget}"
        rules.operators.append(operator(name, "", " ".join(conditions), effect))


def _touches(each: Operator, changed: set[str]) -> bool:
    """Whether an action is over after itself, and changes one of these predicates."""
    moves_attention = f"(not {ACT})" in each.effect
    return not moves_attention and not changed.isdisjoint(map(predicate, each.effect))


def _checked(each: Operator, rules: GoalRules) -> Operator:
    rules.checked.add(each.name)
    not_over = [f"(not {OVER})"] if rules.goal.tests[-1:] not in ((), (TRUE,)) else []
    return replace(each, effect=(*(e for e in each.effect if e != ACT), f"(not {ACT})", CHECKING, *not_over))


def _is_simple(atom: Atom) -> bool:
    return atom.relation == "has" or (atom.relation == "held" and not atom.positive)


def _fluents(domain: Domain, atom: Atom) -> list[str]:
    if atom.relation == "has":
        return [predicate(true(atom.word, "?")), predicate(false(domain, atom.word, "?"))]
    others = {"filled": ["filled", "empty"], "held": ["held"], "used": [f"used-{atom.word}"]}
    return others.get(atom.relation, ["at", "held"])


def _instances(effect: str, keeper: Judge, names: Sequence[str], included: Sequence[int]) -> list[str]:
    """Return what must be forgotten of an effect of judging: for every entity that it may be about."""
    if effect.startswith("(not "):
        return []
    word, *arguments = words_of(effect)
    if not arguments:
        return [effect]
    if arguments[0].startswith("?n"):
        return [f"({word} n{j})" for j in range(1, 1 + keeper.highest)]
    if not arguments[0].startswith("?"):
        return [effect]
    is_fixture = arguments[0] == "?f"
    return [f"({word} {names[i]})" for i in included if (i < keeper.world.n_fixtures) == is_fixture]


# Means


def _add_means(rules: GoalRules, initial_state: State, names: Sequence[str]) -> None:
    """Add the actions that record which objects a means was used on."""
    world = initial_state.world
    for number, word in enumerate(rules.goal.means, start=1):
        used, means, wanted = f"(used-{number} ?x)", f"(means-{number} {{}})", f"(wanted-{number} ?x)"
        tools = world.entities_by_category.get(word, ())
        rules.facts += [means.format(names[i]) for i in tools]
        rules.facts += [
            f"(wanted-{number} {names[atom.entity]})"
            for f in rules.goal.phases for atom in atoms(f) if atom.relation == "used" and atom.word == word
        ]  # fmt: skip
        process = next((p for i in tools if (p := world.process[i])), None)
        at_work = " ".join([means.format("?f"), *(true(state, "?f") for state in (process.when if process else ()))])
        note = f"note-{number}"
        during = f"(during-{note})"
        over = f"{ACT} (not (attends ?x)) (not {during})"
        attend = f"(attends ?x) {during} (not {ACT})"
        begun = f"{ACT} (begun)"
        rules.operators += [
            operator(f"{note}", "?x ?f", f"{begun} {wanted} (at ?x ?f) {at_work}", used),
            operator(f"{note}-nested", "?x ?v ?f", f"{begun} (at ?x ?v) (at ?v ?f) {at_work}", attend),
            operator(f"{note}-held", "?x ?v", f"{begun} {wanted} (at ?x ?v) (held ?v) {means.format('?v')}", used),
            operator(f"{note}-held-nested", "?x ?v ?y",
                     f"{begun} (at ?x ?v) (at ?v ?y) (held ?y) {means.format('?y')}", attend),
            operator(f"{note}-inside", "?x", f"(attends ?x) {during} {wanted}", f"{used} {over}"),
            operator(f"{note}-tool", "?x ?y", f"{ACT} {wanted} (worked ?x ?y) {means.format('?y')}", used),
        ]  # fmt: skip
    if rules.goal.means:
        rules.operators = [_recording(each, rules.domain) for each in rules.operators]


def _recording(each: Operator, domain: Domain) -> Operator:
    """Return an action that records that the episode has begun, and what its tool worked on."""
    skill, positions = skill_of(each.name, domain) or ("", ())
    if not skill:
        return each
    worked = ["(worked ?x ?y)"] if skill == "slice" or (skill == "pour" and "?x" in each.parameters) else []
    if skill not in KNOWN_SKILLS:
        things = [each.parameters[i] for i in positions if each.parameters[i][1] == "x"]
        held = [word for literal in each.precondition if (word := words_of(literal)[-1]) and "(held " in literal]
        worked = [f"(worked {thing} {tool})" for thing in things for tool in held if tool != thing]
    return replace(each, effect=(*each.effect, "(begun)", *worked))
