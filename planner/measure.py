"""Measuring a planner on trials: did it understand the goal, and does its plan reach the goal of the task.

Success is always against the task's goal, never the one that the GPT wrote. Three ways of planning are measured:

    alone         the GPT alone: it writes the goal, then the whole plan in one free, greedy pass, which is replayed;
                  a subtask that cannot be read or done ends the plan
    constrained   only applicable subtasks can be written, long goals are planned in chunks, one attempt
    verified      the same, and further samples where the plan does not reach the goal that the GPT wrote
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from envs.errors import ActionError
from envs.goals import Condition, Count, Every, Goal, Holding, No, Place, Thing, format_condition, format_goal
from envs.state import parse_action
from planner.answer import Options, Plan
from planner.decode import NOT_UNDERSTOOD
from planner.statistics import Rate, mean, quantile
from planner.verify import Report, verify

if TYPE_CHECKING:
    from envs.state import State
    from planner.decode import Planner
    from planner.held_out import Trial

Way = Literal["alone", "constrained", "verified"]
KINDS = {"verified": "plan", "unverified": "plan", "refused": "refuse", "ask": "ask"}  # by the status of an answer


def ways(*, samples: int = 4, seed: int = 0, inventory: bool = True) -> dict[Way, Options]:
    """Return how each way decodes."""
    plain = Options(samples=0, seed=seed, inventory=inventory)
    return {
        "alone": replace(plain, constrained=False, chunks=False, clauses=False),
        "constrained": plain,
        "verified": replace(plain, samples=samples),
    }


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What one way made of a trial. `rate` is the goal-condition rate, in [0, 1]; `kind` is plan, refuse or ask."""

    status: str
    kind: str
    reason: str
    subtasks: tuple[str, ...]
    success: bool
    rate: float
    seconds: float
    tried: int
    tokens: int


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """A trial and what each way made of it.

    Attributes:
        goal_text: What the GPT took the instruction to mean.
        exact: It is the task's goal, word for word in the canonical wording.
        same: It means the task's goal: the order of conditions and of states does not matter.
        reference: Whether the reference plan reaches the goal, if the task has one.
    """

    trial: Trial
    goal_text: str
    exact: bool
    same: bool
    attempts: Mapping[Way, Attempt]
    reference: bool | None = None

    def as_dict(self) -> dict[str, object]:
        """One line of predictions.jsonl."""
        trial = self.trial
        found: dict[str, object] = {
            "id": trial.id,
            "split": trial.split,
            "family": trial.family,
            "instruction": trial.instruction,
            "answer": trial.answer,
            "goal": format_goal(trial.goal) if trial.goal else None,
            "predicted_goal": self.goal_text or None,
            "exact": self.exact,
            "same": self.same,
        }
        for way, attempt in self.attempts.items():
            found[way] = {
                "status": attempt.status,
                "reason": attempt.reason,
                "plan": list(attempt.subtasks),
                "success": attempt.success,
                "rate": round(attempt.rate, 4),
                "seconds": round(attempt.seconds, 4),
                "tried": attempt.tried,
                "tokens": attempt.tokens,
            }
        if self.reference is not None:
            found["reference_success"] = self.reference
        return found


def measure(planner: Planner, trial: Trial, options: Mapping[Way, Options]) -> Prediction:
    """Let a planner answer a trial in each of several ways, the costlier last, and score each answer."""
    plans: dict[Way, Plan] = {}
    for way, how in options.items():
        # Where no sample was needed, the plan would be the same again, token for token.
        alike = (p for w, p in plans.items() if _is_settled(p) and replace(options[w], samples=how.samples) == how)
        plans[way] = next(alike, None) or planner.plan(trial.instruction, trial.start, how)
    last = list(plans.values())[-1]
    wrote = last.goal
    exact = bool(wrote and trial.goal and format_goal(wrote) == format_goal(trial.goal))
    return Prediction(
        trial=trial,
        goal_text=last.goal_text,
        exact=exact,
        same=exact or bool(wrote and trial.goal and meaning(wrote) == meaning(trial.goal)),
        attempts={way: judge(plan, trial) for way, plan in plans.items()},
        reference=_reference_reaches(trial),
    )


def _is_settled(plan: Plan) -> bool:
    return plan.status in ("verified", "ask") or (plan.status == "refused" and plan.reason != NOT_UNDERSTOOD)


def judge(plan: Plan, trial: Trial) -> Attempt:
    """Score a plan against the goal of the task."""
    kind = KINDS[plan.status]
    success, rate = kind == trial.answer, float(kind == trial.answer)
    if trial.answer == "plan" and trial.goal is not None:
        report = verify(trial.start, trial.goal, plan.actions)
        success, rate = kind == "plan" and report.ok, report.score.rate
    return Attempt(
        status=plan.status, kind=kind, reason=plan.reason, subtasks=plan.subtasks, success=success, rate=rate,
        seconds=plan.seconds, tried=plan.tried, tokens=plan.tokens,
    )  # fmt: skip


def replay(start: State, goal: Goal, subtasks: Sequence[str]) -> Report | None:
    """Replay a plan that is text; None if a subtask cannot be read."""
    try:
        return verify(start, goal, [parse_action(start.world, subtask) for subtask in subtasks])
    except ActionError:
        return None


def _reference_reaches(trial: Trial) -> bool | None:
    if trial.reference is None or trial.goal is None:
        return None
    report = replay(trial.start, trial.goal, trial.reference)
    return report is not None and report.ok


def meaning(goal: Goal) -> tuple[tuple[str, ...], ...]:
    """Return what two goals share that mean the same: the set of conditions of each phase, states in order."""
    return tuple(tuple(sorted({format_condition(_plain(c)) for c in phase})) for phase in goal.phases)


def _plain(condition: Condition) -> Condition:
    if isinstance(condition, Holding):
        return replace(condition, thing=_thing(condition.thing))
    if isinstance(condition, Every):
        become = tuple(sorted(condition.become))
        return replace(condition, thing=_thing(condition.thing), place=_place(condition.place), become=become)
    if isinstance(condition, Count | No):
        return replace(condition, thing=_thing(condition.thing), place=_place(condition.place))
    return condition


def _thing(thing: Thing) -> Thing:
    return replace(thing, states=tuple(sorted(thing.states)))


def _place(place: Place | None) -> Place | None:
    if place is None or place.thing is None:
        return place
    return replace(place, thing=_thing(place.thing), inside=_place(place.inside))


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A row of the results: several predictions together.

    Attributes:
        exact: Goals written word for word, of the trials that have a goal.
        same: Goals that mean the same.
        success: By way: the task's goal was reached, or the right kind of answer was given.
        rate: By way: mean goal-condition rate.
        p50_s: Median time from instruction to answer of the last way, the home's inventory being read [s].
        p95_s: Its 95th percentile [s].
        steps: Mean length of the last way's plans that reach the goal.
        longer: Those plans' length over the teacher's; NaN without the baseline.
    """

    name: str
    total: int
    exact: Rate
    same: Rate
    success: Mapping[Way, Rate]
    rate: Mapping[Way, float]
    p50_s: float
    p95_s: float
    steps: float
    longer: float


def summarise(name: str, predictions: Sequence[Prediction], lengths: Mapping[str, int] | None = None) -> Summary:
    """Put predictions together; `lengths` are those of the teacher's plans, by the trial's id."""
    having = [p for p in predictions if p.trial.answer == "plan" and p.trial.goal is not None]
    names: list[Way] = list(predictions[0].attempts) if predictions else []
    last = [(p, list(p.attempts.values())[-1]) for p in predictions]
    reached = [(p, a) for p, a in last if a.success and a.kind == "plan"]
    compared = [(len(a.subtasks), lengths[p.trial.id]) for p, a in reached if lengths and lengths.get(p.trial.id)]
    return Summary(
        name=name,
        total=len(predictions),
        exact=Rate(hits=sum(p.exact for p in having), total=len(having)),
        same=Rate(hits=sum(p.same for p in having), total=len(having)),
        success={w: Rate(hits=sum(p.attempts[w].success for p in predictions), total=len(predictions)) for w in names},
        rate={w: mean([p.attempts[w].rate for p in predictions]) for w in names},
        p50_s=quantile([a.seconds for _, a in last], 0.5),
        p95_s=quantile([a.seconds for _, a in last], 0.95),
        steps=mean([len(a.subtasks) for _, a in reached]),
        longer=sum(a for a, _ in compared) / sum(b for _, b in compared) if compared else float("nan"),
    )
