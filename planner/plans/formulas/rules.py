"""Rules, phases and means of a goal, ready for languages that know preconditions and no rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.symbolic.goals import Goal, Rule, format_condition, format_rule, format_when
from envs.symbolic.scoring import fixtures_at
from planner.errors import ExportError
from planner.plans.formulas.formula import FALSE, TRUE, Formula, atoms, is_true, negated
from planner.plans.formulas.grounding import Grounder

if TYPE_CHECKING:
    from envs.symbolic.state import State


@dataclass(frozen=True, kw_only=True)
class Ban:
    """A skill that must not be used.

    Attributes:
        skill: The skill.
        entities: What it must not be used on: each entity with the formula under which it must not; None: on nothing.
    """

    skill: str
    entities: dict[int, Formula] | None


@dataclass(frozen=True, kw_only=True)
class GroundGoal:
    """A goal over the objects of one home.

    Attributes:
        phases: The formula of each phase that is left; phases left out at the start are gone.
        tests: What must be true when each of them begins, or it is left out; the first one has begun.
        kept: What must be true at every moment.
        bans: What must not be done.
        means: The means of which formulas ask whether they were used.
    """

    phases: tuple[Formula, ...]
    tests: tuple[Formula, ...]
    kept: tuple[Formula, ...]
    bans: tuple[Ban, ...]
    means: tuple[str, ...]

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """All its formulas."""
        banned = (f for ban in self.bans for f in (ban.entities or {}).values())
        return (*self.phases, *self.tests, *self.kept, *banned)

    @property
    def impossible(self) -> int | None:
        """The first phase (from 0) that can never be reached and is never left out; None if there is none."""
        pairs = enumerate(zip(self.phases, self.tests, strict=True))
        return next((i for i, (phase, test) in pairs if phase == FALSE and test == TRUE), None)

    @property
    def last_test(self) -> int:
        """The last phase (from 0) that may be left out; 0 if none may."""
        return max((i for i, test in enumerate(self.tests) if test != TRUE), default=0)


def ground_goal(goal: Goal, initial_state: State, language: str) -> GroundGoal:
    """Write a goal over the objects of one home.

    Args:
        goal: The goal.
        initial_state: The state at the start.
        language: What the messages call the language that it is for.

    Raises:
        ExportError: The language cannot say it, or a rule is broken at the start.
    """
    grounder, first = Grounder(initial_state), 0
    for guard in goal.guards:
        if guard.when is not None:
            raise unsayable(language, format_when(guard.when))
    while first < len(goal.phases) and not is_true(grounder.tests(goal.guard(first).tests), initial_state):
        first += 1
    numbers = range(first, len(goal.phases))
    phases = tuple(grounder.phase(goal, i) for i in numbers)
    for i, formula in zip(numbers, phases, strict=True):
        if any(atom.relation == "used" and not atom.positive for atom in atoms(formula)):
            condition = next(c for c in goal.phases[i] if getattr(c, "means", None))
            raise unsayable(language, f"an upper limit with `by`, in {format_condition(condition)}")
        if i < max((j for j in numbers if goal.guard(j).tests), default=first) and _asks_for_means(formula):
            raise unsayable(language, "`by` in a phase before an `if`")
    tests = tuple(TRUE if i == first else grounder.tests(goal.guard(i).tests) for i in numbers)
    kept = []
    for rule in goal.rules:
        if rule.condition is not None:
            kept.append(negated(grounder.condition(rule.condition, by_means=False)))
            if not is_true(kept[-1], initial_state):
                raise ExportError(
                    f"the goal can never hold in this home: at the start, {format_rule(rule)!r} is broken"
                )
    bans = tuple(_ban(rule, grounder, language) for rule in goal.rules if rule.skill is not None)
    return GroundGoal(phases=phases, tests=tests, kept=tuple(kept), bans=bans, means=goal.means if phases else ())


def _asks_for_means(formula: Formula) -> bool:
    return any(atom.relation == "used" for atom in atoms(formula))


def _ban(rule: Rule, grounder: Grounder, language: str) -> Ban:
    state, skill = grounder.initial_state, rule.skill
    assert skill is not None
    if rule.place is not None:
        fixtures = fixtures_at(state, rule.place)
        if skill == "go to" and state.at in fixtures:
            raise unsayable(language, f"{format_rule(rule)}, where the robot stands")
        return Ban(skill=skill, entities=dict.fromkeys(fixtures, TRUE))
    if rule.thing is None:
        return Ban(skill=skill, entities=None)
    return Ban(skill=skill, entities=grounder.objects(rule.thing))


def unsayable(language: str, construct: str) -> ExportError:
    """Return the error that a language has no words for a construct."""
    return ExportError(f"cannot be said in {language}: {construct}")
