"""Splits a plan at the ends of its goal's phases; all export formats but PDDL are written from this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from envs.symbolic.actions import Action, State, format_action
from envs.symbolic.goals import Goal, Test, When, format_goal, format_test, format_when
from envs.symbolic.progress import Progress, advance, begin
from envs.symbolic.scoring import holds
from planner.errors import ExportError
from planner.plans.waits import AFTER_MIDNIGHT_S, tidies_up
from planner.verification.plan_verification import attempt


@dataclass(frozen=True, kw_only=True)
class Subtask:
    """A step of a plan.

    Attributes:
        action: The action.
        text: The action in words.
        liquid: The liquid that `pour` pours; empty for other skills, or if the plan fails earlier.
    """

    action: Action
    text: str
    liquid: str = ""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A phase of a goal.

    Attributes:
        goal: Its conditions.
        text: The same in the goal language.
        with_rules: The same with the rules of the whole goal, for planning anew.
        when: When it may begin; None: at once.
        tests: What must be true when it begins; otherwise it is left out.
        subtasks: What reaches it; none if it is expected to be left out.
    """

    goal: Goal
    text: str
    with_rules: str
    when: When | None
    tests: tuple[Test, ...]
    subtasks: tuple[Subtask, ...]

    @property
    def test_texts(self) -> list[str]:
        """The tests in the goal language, each once."""
        return list(dict.fromkeys(map(format_test, self.tests)))

    @property
    def if_text(self) -> str:
        """The tests in one text: `if window open and not lamp on`."""
        return f"if {' and '.join(self.test_texts)}"

    @property
    def when_text(self) -> str:
        """When it begins: `after 30 min`; empty if at once."""
        return format_when(self.when) if self.when else ""


def check_ends(phases: Sequence[Phase], language: str) -> None:
    """Refuse a goal in which something comes after what never ends.

    Raises:
        ExportError: A phase that is done every day is not the last one.
    """
    for phase in phases[:-1]:
        if phase.when and phase.when.daily:
            raise ExportError(f"cannot be said in {language}: a phase after {phase.when_text!r}, which never ends")


def phases_of(goal: Goal, actions: Sequence[Action], initial_state: State) -> tuple[Phase, ...]:
    """Split a plan into phases.

    Actions after the end of the last phase, and inapplicable ones, stay in it; if it is left out, in the one before.
    What tidies up before a wait (`planner/plans/waits.py`) is done before it, unless that undoes the phase that it
    would belong to.
    """
    progress, opened = begin(goal, initial_state, time_s=AFTER_MIDNIGHT_S, waits=True), set[str]()
    by_phase: list[list[Subtask]] = [[] for _ in goal.phases]
    states = [initial_state, *attempt(initial_state, actions)]
    for action, state, next_state in zip(actions, states[:-1], states[1:], strict=True):
        liquid = state.liquid[state.world.index[action.args[0]]] if action.skill == "pour" else ""
        while progress.due_s is not None:
            if tidies_up(action, opened, progress) and _keeps(progress, _current_phase(progress), next_state):
                break
            progress = advance(progress, state, time_s=progress.due_s)
        number = _current_phase(progress)
        by_phase[number].append(Subtask(action=action, text=format_action(state.world, action), liquid=liquid))
        if action.skill == "open":
            opened.add(action.args[0])
        progress = advance(progress, next_state, action, time_s=progress.time_s)
    domain = initial_state.world.domain
    phases = []
    for number, (conditions, subtasks) in enumerate(zip(goal.phases, by_phase, strict=True)):
        phase_goal, guard = Goal(phases=(conditions,)), goal.guard(number)
        phases.append(
            Phase(
                goal=phase_goal, text=format_goal(phase_goal, domain),
                with_rules=format_goal(replace(phase_goal, rules=goal.rules), domain),
                when=guard.when, tests=guard.tests, subtasks=tuple(subtasks),
            )
        )  # fmt: skip
    return tuple(phases)


def _current_phase(progress: Progress) -> int:
    """Return the phase that a step belongs to: the last one that has begun and is not left out."""
    begun = progress.phase + (progress.due_s is None)
    return next((i for i in reversed(range(begun)) if i not in progress.left_out), progress.phase)


def _keeps(progress: Progress, phase: int, state: State) -> bool:
    """Whether the conditions of a phase hold in the state after a step."""
    return all(holds(state, c, progress.initial_state, progress.uses) for c in progress.goal.phases[phase])


def one_line(text: str) -> str:
    """Return user text as one line without control characters or unpaired surrogates."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())
