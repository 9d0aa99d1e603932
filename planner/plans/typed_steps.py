"""Reads the steps of a plan as people write them: `open the fridge`, `pick up plate1`, `put plate 1 in dining table 1`.

A step is a skill of the robot and the names of what it is about, in upper or lower case. An article may stand before a
name; its number may be left out where the home has one such thing, and be written `plate1`, `plate_1` or `plate #1`;
`put`, `pour` and `give` take any usual preposition. Anything else is refused, with the nearest step that the home has.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from envs.errors import ActionError, quoted
from envs.symbolic.actions import Action, State, World, format_action
from envs.symbolic.goals import Goal, format_goal, parse_goal, with_home_rules
from planner.errors import PlanTextError
from planner.plans.nearest_steps import Names, argument_splits, nearest_steps, plain, skill_of, suggestion
from planner.plans.plan_text import QUOTES, PlanText, TypedStep
from planner.plans.planning_result import Plan
from planner.plans.waits import waits_of, words_of_waits
from planner.verification.plan_verification import replay, verify

MAX_STEP_CHARS = 500
NEAR = 0.8  # similarity of a misspelled name
_OPENING = re.compile(r"^(?:(?:and|then|next|first|firstly|finally|lastly|now|afterwards|please|after that)\b[\s,:]*)+")
_WEAK_SEPARATOR = re.compile(r"\s*(?:[,:/+]|&+|\.(?=\s|$)|\s[-–—]+\s|\band then\b|\bthen\b|\band\b)\s*", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class TypedPlan:
    """A plan that was typed: its actions, and the instruction that stood before them, if one did."""

    actions: tuple[Action, ...]
    instruction: str = ""


def read_steps(state: State, plan: PlanText) -> TypedPlan:
    """Return the actions of a plan in a home.

    Args:
        state: The state where the plan begins; it tells a first step that comes again from an instruction.
        plan: The plan.

    Raises:
        PlanTextError: A step is nothing that the robot can do in this home, or there is none. The message names the
            step by its number, and the nearest step that the home has.
    """
    if not plan.steps:
        raise PlanTextError("the plan has no subtask")
    world = state.world
    reader = _Reader(world)
    first, *rest = plan.steps
    later: list[Action] = []
    failure: tuple[TypedStep, _StepError] | None = None
    for step in rest:
        try:
            later += reader.actions(step.text)
        except _StepError as error:
            failure = step, error
            break
    instruction = ""
    actions = later
    if rest and not first.listed and reader.is_instruction(first.text, later, state, labeled=plan.labeled):
        instruction = first.text
    else:
        try:
            actions = [*reader.actions(first.text), *later]
        except _StepError as error:
            failure, actions = (first, error), []
    if failure is not None:
        step, problem = failure
        line = f" (line {step.line})" if step.line is not None else ""
        number = len(actions) + problem.done + 1
        raise PlanTextError(f"plan step {number}{line}: {problem.message(world)}")
    return TypedPlan(actions=tuple(actions), instruction=instruction)


def read_step(world: World, text: str) -> Action:
    """Return the action that one typed step means.

    Raises:
        ActionError: It means none, or the home has several things that it may be about; the message offers the nearest.
    """
    try:
        return _Reader(world).action(text)
    except _StepError as problem:
        raise ActionError(problem.message(world)) from None


def typed_plan(plan_text: PlanText, state: State, goal: Goal | str | None = None) -> Plan:
    """Read a plan that someone wrote, and prove it in the symbolic home.

    Args:
        plan_text: The plan.
        state: The state where the plan begins.
        goal: What the plan is for, also in the goal language; None: the text states it.

    Raises:
        PlanTextError: The text is no plan for this home, or no goal is known.
        GoalError: The goal does not parse.
    """
    goal = plan_text.goal if goal is None else goal
    if goal is None:
        raise PlanTextError("the plan has no goal: give one, such as 'plate on dining table'")
    goal = parse_goal(goal, scene=state.world.scene) if isinstance(goal, str) else goal
    goal = with_home_rules(goal, state.world.scene)
    plan = read_steps(state, plan_text)
    report = verify(state, goal, plan.actions)
    waits = waits_of(goal, state, plan.actions) if report.ok else ()
    return Plan(
        instruction=plan.instruction, status="unverified" if not report.ok else "scheduled" if waits else "verified",
        reason=words_of_waits(waits, len(plan.actions)) or report.reason, waits=waits, goal=goal,
        goal_text=format_goal(goal), actions=plan.actions,
        subtasks=tuple(format_action(state.world, action) for action in plan.actions), start=state, report=report,
        tried=0, tokens=0, seconds=0.0,
    )  # fmt: skip


class _StepError(Exception):
    """Why a text is no step.

    Attributes:
        text: The text.
        complete: Whether the problem already lists what there is.
        done: Steps of the same piece that come before it.
    """

    def __init__(self, problem: str, text: str, *, complete: bool = False, done: int = 0) -> None:
        super().__init__(problem)
        self.text, self.complete, self.done = text, complete, done

    def message(self, world: World) -> str:
        return str(self) if self.complete else f"{self}{suggestion(world, self.text)}"


class _Reader:
    def __init__(self, world: World) -> None:
        self.world, self.names = world, Names(world)

    def action(self, text: str) -> Action:
        if len(text) > MAX_STEP_CHARS:
            raise _StepError(f"{quoted(text)} is too long to be a step: {len(text)} characters", text)
        words = _OPENING.sub("", plain(text), count=1)
        skills = self.world.domain.all_skills
        skill = skill_of(words, skills)
        if skill is None:
            raise _StepError(f"{quoted(text)} starts with no skill of the robot; it can: {', '.join(skills)}", text)
        problem, complete = f"{quoted(text)}: expected {skills[skill].text!r}", False
        for parts in argument_splits(skill, words[len(skill) + 1 :], self.world.domain):
            meant = [self.names.find(part) for part in parts]
            if all(len(entities) == 1 for entities in meant):
                return Action(skill, tuple(entities[0] for entities in meant))
            unclear = next(i for i, entities in enumerate(meant) if len(entities) != 1)
            problem, complete = self.names.problem(parts[unclear], meant[unclear])
        raise _StepError(problem, text, complete=complete)

    def actions(self, text: str) -> list[Action]:
        """Return the action of a piece, or its several actions, as of `open fridge, pick up apple 1`."""
        try:
            return [self.action(text)]
        except _StepError as problem:
            whole = problem
        actions: list[Action] = []
        parts = _parts(text)
        for part in parts if len(parts) > 1 else ():
            try:
                actions.append(self.action(part))
            except _StepError as problem:
                if not actions:
                    raise whole from None
                problem.done = len(actions)
                raise
        if not actions:
            raise whole
        return actions

    def is_instruction(self, text: str, later: Sequence[Action], state: State, *, labeled: bool) -> bool:
        """Whether the first piece is what the plan is for, and no step, perhaps misspelled.

        `planner.plan` prints `open the fridge → open fridge 1`: what is said there is done by a later step. A plan for
        a goal has no instruction, and its first step may come again: it is one if the later steps get as far with it.
        """
        try:
            steps = self.actions(text)
        except _StepError as problem:
            if problem.done:
                return False
        else:
            words = {plain(format_action(self.world, action)) for action in steps}
            is_exact = words == {plain(text)} or words == {plain(part) for part in _parts(text)}
            if not is_exact:
                return all(action in later for action in steps)
            with_it = len(replay(state, [*steps, *later]).states) - len(steps)
            is_repeated = labeled and all(action in later for action in steps)
            return is_repeated and with_it < len(replay(state, later).states)
        if likely := list(nearest_steps(self.world, text, NEAR)):
            return any(action in later for action in likely)
        skill = skill_of(plain(text), self.world.domain.all_skills)
        return skill is None or any(action.skill == skill for action in later)


def _parts(text: str) -> list[str]:
    parts = (part.strip(QUOTES + " ") for part in _WEAK_SEPARATOR.split(text))
    return [part for part in parts if part]
