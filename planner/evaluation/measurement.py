"""Measure a planner on trials: whether it writes the correct goal, and whether its plan reaches the task's goal.

Success is always scored against the task's goal, never against the goal that the GPT wrote. There are three planning
modes:

    alone         the GPT alone writes the goal, then the whole plan in one unconstrained greedy pass, which is
                  replayed; an invalid or inapplicable action ends the plan (in `planner.learning`: the direct pass)
    constrained   decoding allows only applicable actions; long goals are planned in chunks; one attempt
    verified      as constrained, and both proofs: a second look at the instruction, questions where that or the
                  confidence asks for one, and more samples if the plan does not reach the goal that the GPT wrote (in
                  `planner.learning`: the full planner)

Measuring only the goal is many times faster:

    understood    no plan is made; success means that the whole goal, or the type of answer, is correct
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from envs.errors import ActionError
from envs.symbolic.actions import parse_action
from envs.symbolic.goals import Goal, format_goal, format_rule
from planner.evaluation.statistics import rounded
from planner.plans.formulas.sameness import meaning_here
from planner.plans.options import ACT_ABOVE, OWN_PLAN, Options
from planner.plans.planning_result import ParsedInstruction, Plan
from planner.understanding.answering import have_same_answer
from planner.understanding.claims import NOT_UNDERSTOOD
from planner.verification.plan_verification import Report, verify

if TYPE_CHECKING:
    from envs.symbolic.actions import State
    from planner.api import Planner
    from planner.tasks.held_out_trials import EvaluationTask

PlanningMode = Literal["alone", "constrained", "verified", "understood"]
ANSWER_OF_STATUS = {
    "verified": "plan", "scheduled": "plan", "unverified": "plan", "refused": "refuse", "ask": "ask",
    "answered": "query", "noted": "rule",
}  # fmt: skip
ACTED = ("verified", "scheduled", "answered", "noted", "understood")  # the robot did what it took for what was said


def planning_modes(
    *, samples: int = 4, seed: int = 0, inventory: bool = True, common_sense: bool = True
) -> dict[PlanningMode, Options]:
    """Return the decoding options of each planning mode, for the GPT's own plans."""
    plain = replace(OWN_PLAN, samples=0, seed=seed, inventory=inventory, common_sense=common_sense)
    return {
        "alone": replace(plain, constrained=False, chunks=False, clauses=False, grounded=False, second_look=False),
        "constrained": replace(plain, second_look=False),
        "verified": replace(plain, samples=samples, act_above=ACT_ABOVE),
    }


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """The result of one planning mode on a trial.

    Attributes:
        status: A plan's status, or `understood` where none was made.
        kind: The type of answer: plan, refuse, ask, query or rule.
        reason: Why the plan is not verified, or the refusal or question.
        subtasks: The plan's actions.
        success: Whether the task's goal was reached, or the correct type of answer was given.
        rate: Goal-condition rate, in [0, 1]; NaN where no plan was made.
        seconds: Time from instruction to answer [s].
        tried: Number of plans decoded.
        tokens: Number of tokens generated.
    """

    status: str
    kind: str
    reason: str
    subtasks: tuple[str, ...]
    success: bool
    rate: float
    seconds: float
    tried: int
    tokens: int

    @property
    def is_misread(self) -> bool:
        """Whether the robot acted on, answered or noted something else than what was said, without a word about it."""
        return self.status in ACTED and not self.success


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """A trial and the results of each planning mode.

    Attributes:
        goal_text: The goal that the GPT wrote for the instruction.
        exact: Whether it equals the task's goal in canonical wording; or its question, or its rules.
        same: Whether it asks for the same as the task's goal in this home.
        reference: Whether the reference plan reaches the goal, if the task has one.
    """

    trial: EvaluationTask
    goal_text: str
    exact: bool
    same: bool
    attempts: Mapping[PlanningMode, Attempt]
    reference: bool | None = None

    @property
    def last(self) -> Attempt:
        """The result of the last, most expensive mode, which the tables report."""
        return list(self.attempts.values())[-1]

    def as_dict(self) -> dict[str, object]:
        """Return one record of predictions.jsonl."""
        trial = self.trial
        record: dict[str, object] = {
            "id": trial.id,
            "split": trial.split,
            "family": trial.family,
            "instruction": trial.instruction,
            "steps": len(trial.steps),
            "answer": trial.answer,
            "goal": format_goal(trial.goal, trial.start.world.domain) if trial.goal else trial.meant or None,
            "predicted_goal": self.goal_text or None,
            "exact": self.exact,
            "same": self.same,
        }
        for mode, attempt in self.attempts.items():
            record[mode] = {
                "status": attempt.status,
                "answer": attempt.kind,
                "reason": attempt.reason,
                "plan": list(attempt.subtasks),
                "success": attempt.success,
                "rate": rounded(attempt.rate),
                "seconds": round(attempt.seconds, 4),
                "tried": attempt.tried,
                "tokens": attempt.tokens,
            }
        record["misread"] = self.last.is_misread
        if trial.file:
            record["file"] = trial.file
        if self.reference is not None:
            record["reference_success"] = self.reference
        return record


def measure(planner: Planner, trial: EvaluationTask, options: Mapping[PlanningMode, Options]) -> Prediction:
    """Run a planner on a trial in each mode, the most expensive last, and score each answer."""
    plans: dict[PlanningMode, Plan] = {}
    for mode, mode_options in options.items():
        # Reuse an earlier mode's plan if it needed no samples: this mode would decode the same tokens.
        reusable = (
            earlier_plan
            for earlier_mode, earlier_plan in plans.items()
            if _needs_no_sample(earlier_plan)
            and _are_alike(options[earlier_mode], mode_options, looks_twice=planner.prompts.looks_twice)
        )
        plans[mode] = next(reusable, None) or planner.plan(trial.prompt, trial.start, mode_options)
    last = list(plans.values())[-1]
    return _prediction(
        trial, last.goal, last.goal_text, {mode: score_attempt(plan, trial) for mode, plan in plans.items()}
    )


def _are_alike(options: Options, other: Options, *, looks_twice: bool) -> bool:
    """Whether two modes decode the same, but for the samples; a GPT that takes no second look asks in none."""
    if not looks_twice:
        options = replace(options, second_look=other.second_look, act_above=other.act_above)
    return replace(options, samples=other.samples) == other


def measure_goal(planner: Planner, trial: EvaluationTask, options: Options) -> Prediction:
    """Run only goal prediction on a trial; its time includes encoding the home's inventory."""
    started_at = time.perf_counter()
    parsed = planner.understand(trial.prompt, trial.start, options)
    answer = answer_kind(parsed)
    attempt = Attempt(
        status={"refuse": "refused", "ask": "ask"}.get(answer, "understood"), kind=answer,
        reason=parsed.question or parsed.refusal, subtasks=(),
        success=answer == trial.answer and _says(parsed.goal_text, trial), rate=math.nan,
        seconds=time.perf_counter() - started_at, tried=0, tokens=parsed.tokens,
    )  # fmt: skip
    prediction = _prediction(trial, parsed.goal, parsed.goal_text, {"understood": attempt})
    if trial.answer != "plan" or prediction.same:
        return prediction
    return replace(prediction, attempts={"understood": replace(attempt, success=False)})


def answer_kind(parsed: ParsedInstruction) -> str:
    """Return the type of answer (plan, ask, refuse, query or rule) that a parsed instruction leads to."""
    if parsed.goal is not None:
        return "plan"
    if not parsed.question and (parsed.query is not None or parsed.rules):
        return "query" if parsed.query is not None else "rule"
    return "ask" if parsed.question else "refuse"


def _prediction(
    trial: EvaluationTask, predicted_goal: Goal | None, goal_text: str, attempts: Mapping[PlanningMode, Attempt]
) -> Prediction:
    domain, answer = trial.start.world.domain, list(attempts.values())[-1]
    exact = same = False
    if predicted_goal and trial.goal:
        said = _without_household_rules(predicted_goal, trial.start)
        right = [_without_household_rules(goal, trial.start) for goal in (trial.goal, *trial.also)]
        exact = format_goal(said, domain) == format_goal(right[0], domain)
        same = exact or meaning_here(said, trial.start) in (meaning_here(goal, trial.start) for goal in right)
    if trial.answer in ("query", "rule"):  # success is that the question or the rules are those that were meant
        exact, same = goal_text == trial.meant and answer.success, answer.success
    return Prediction(
        trial=trial,
        goal_text=goal_text,
        exact=exact,
        same=same,
        attempts=attempts,
        reference=_reference_reaches(trial),
    )


def _without_household_rules(goal: Goal, state: State) -> Goal:
    """Return a goal without the rules of its home, which hold for every plan and are not said."""
    household = state.world.scene.rules
    return replace(goal, rules=tuple(rule for rule in goal.rules if format_rule(rule) not in household))


def _says(text: str, trial: EvaluationTask) -> bool:
    """Whether a question or rules are those that were meant; a question with the same answer here is as good."""
    if trial.answer not in ("query", "rule"):
        return True
    if trial.answer == "rule":
        return any(set(text.split(" ; ")) == set(meant.split(" ; ")) for meant in (trial.meant, *trial.also_meant))
    return any(
        text == meant or have_same_answer(text, meant, trial.start) for meant in (trial.meant, *trial.also_meant)
    )


def _needs_no_sample(plan: Plan) -> bool:
    is_told = plan.status in ("ask", "answered", "noted")
    return plan.is_proven or is_told or (plan.status == "refused" and plan.reason != NOT_UNDERSTOOD)


def score_attempt(plan: Plan, trial: EvaluationTask) -> Attempt:
    """Score a plan against the goal of the task."""
    answer = ANSWER_OF_STATUS[plan.status]
    success = answer == trial.answer and _says(plan.goal_text, trial)
    rate = float(success)
    if trial.answer == "plan" and trial.goal is not None:
        reports = [verify(trial.start, goal, plan.actions) for goal in (trial.goal, *trial.also)]
        success = answer == "plan" and any(report.ok for report in reports)
        rate = max(report.score.rate for report in reports)
    return Attempt(
        status=plan.status, kind=answer, reason=plan.reason, subtasks=plan.subtasks, success=success, rate=rate,
        seconds=plan.seconds, tried=plan.tried, tokens=plan.tokens,
    )  # fmt: skip


def verify_text(initial_state: State, goal: Goal, subtasks: Sequence[str]) -> Report | None:
    """Verify a plan given as text; None if an action cannot be parsed."""
    try:
        return verify(initial_state, goal, [parse_action(initial_state.world, subtask) for subtask in subtasks])
    except ActionError:
        return None


def _reference_reaches(trial: EvaluationTask) -> bool | None:
    if trial.reference is None or trial.goal is None:
        return None
    report = verify_text(trial.start, trial.goal, trial.reference)
    return report is not None and report.ok
