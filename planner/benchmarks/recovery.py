"""Going on after something went wrong: `python -m planner.benchmarks.recovery --seed 0 --tasks 100`.

Held-out tasks in unseen homes, symbolic. The goal is given, and the GPT's verified plan for it is carried out while
one to four things go wrong: somebody moves a thing or opens or shuts a door, what is carried drops, a subtask fails
once to three times, or something cannot be reached or has no room, for good. The same is to go wrong in each of three
ways to go on:

    replan     a new plan, the GPT told nothing; what failed twice is kept from it
    feedback   a new plan, the GPT reads what went wrong
    infill     the GPT reads what went wrong and fills in the span that cannot stay; a new plan where it cannot

Tasks that the teacher does not reach without what fails for good are not drawn: there may be no other way. What counts
is the task's own goal at the end. Time is the processor's, so that a busy machine does not count.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import Action, State, parse_action, unmet_precondition
from envs.symbolic.home_protocol import Outcome
from planner.errors import PlannerError
from planner.evaluation.statistics import Rate, compare, mean, quantile, rounded
from planner.execution.events import Done, Ended, Replanned
from planner.execution.executor import run
from planner.io.command import run_command
from planner.plans.options import MAX_REPLANS_DISTURBED, Options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from envs.symbolic.disturbances import Disturbance
    from envs.symbolic.goals import Goal
    from planner.api import Planner
    from planner.tasks.held_out_trials import EvaluationTask

PROG = "python -m planner.benchmarks.recovery"
RecoveryMode = Literal["replan", "feedback", "infill"]
WAYS: dict[RecoveryMode, Options] = {
    "replan": Options(repair="replan", feedback=False),
    "feedback": Options(repair="replan", feedback=True),
    "infill": Options(repair="infill", feedback=True),
}
LEAST = 3  # subtasks of a plan that something goes wrong in
TROUBLES = (1, 1, 1, 1)  # weights of 1, 2, 3, 4 things that go wrong
DISTURBED = 0.4  # the part of them that is somebody's doing
TIMES = (1, 2, 3)  # that something fails which may be tried again
DRAWS = 20  # tasks that are drawn for one that can be used


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """A subtask that fails.

    Attributes:
        skill: Of the subtask.
        name: The thing or place that it fails with.
        reason: What the robot says.
        times: How often; infinite for good.
    """

    skill: str
    name: str
    reason: str
    times: float


@dataclass(frozen=True, kw_only=True)
class RecoveryTask:
    """A goal in a home, the plan that is carried out, and what is to go wrong.

    Attributes:
        disturbed: Numbers of the subtasks, from 0, before which somebody changes the home.
        seed: Of what is changed.
    """

    id: str
    goal: Goal
    start: State
    actions: tuple[Action, ...]
    troubles: tuple[Trouble, ...]
    disturbed: frozenset[int]
    seed: int


@dataclass(frozen=True, kw_only=True)
class Repair:
    """One time that the plan was made anew.

    Attributes:
        tokens: Written.
        cpu_s: The processor's time [s].
        rest: Subtasks of the old plan that were still to come.
        kept: Those of them that are in the new one.
        filled: Whether a part of the old plan stayed as it was.
    """

    tokens: int
    cpu_s: float
    rest: int
    kept: int
    filled: bool


@dataclass(frozen=True, kw_only=True)
class RecoveryResult:
    """What one way made of a task."""

    success: bool
    steps: int
    failed: int
    repairs: tuple[Repair, ...]


class UnluckyHome(SymbolicHome):
    """A symbolic home in which what a task says goes wrong."""

    def __init__(self, task: RecoveryTask) -> None:
        """Begin where the task does."""
        super().__init__(task.start)
        self._task = task
        self._left = {trouble: trouble.times for trouble in task.troubles}
        self._rng = random.Random(task.seed)
        self._subtasks = 0

    def execute(self, action: Action) -> Outcome:
        """Carry an action out, or fail with its unmet precondition or a trouble that is left."""
        state = self.state()
        if unmet_precondition(state, action) is None:
            for trouble, left in self._left.items():
                if left and trouble.skill == action.skill and trouble.name in action.args:
                    return self._fail(action, trouble)
        return super().execute(action)

    def _fail(self, action: Action, trouble: Trouble) -> Outcome:
        from planner.corpus.failure_scenarios import after_failure

        self._left[trouble] -= 1
        state = self.state()
        self.change(after_failure(self._rng, state, action, trouble.reason))
        duration = state.world.domain.skills[action.skill].duration_s
        return Outcome(status="failed", reason=trouble.reason, duration_s=duration, energy_j=None)

    def disturb(self, ahead: Sequence[Action]) -> Disturbance | None:
        """Let somebody change the home, if that is to happen before this subtask."""
        from envs.symbolic.disturbances import disturbed_state

        self._subtasks += 1
        if self._subtasks - 1 not in self._task.disturbed:
            return None
        what = disturbance(self.state(), ahead, self._task.seed + self._subtasks)
        if what is not None:
            self.change(disturbed_state(self.state(), what))
        return what


def disturbance(state: State, ahead: Sequence[Action], seed: int) -> Disturbance | None:
    """Draw something that somebody may do; None if nothing can be done."""
    import numpy as np

    from envs.symbolic.disturbances import DISTURBANCE_TYPES, possible_disturbances

    rng = np.random.default_rng(seed)
    kinds = (DISTURBANCE_TYPES[k] for k in rng.permutation(len(DISTURBANCE_TYPES)).tolist())
    return next((what for kind in kinds for what in possible_disturbances(state, kind, ahead, rng)), None)


def draw_task(planner: Planner, trial: EvaluationTask, seed: int) -> RecoveryTask | None:
    """Return a trial with what is to go wrong in it; None if the GPT has no plan, or there is no other way."""
    assert trial.goal is not None
    plan = planner.plan_for_goal(trial.goal, trial.start)
    if plan.status != "verified" or len(plan.actions) < LEAST:
        return None
    rng = random.Random(f"recovery/{trial.id}/{seed}")
    (count,) = rng.choices(range(1, len(TROUBLES) + 1), TROUBLES)
    places = rng.sample(range(len(plan.actions)), k=min(count, len(plan.actions)))
    disturbed = frozenset(k for k in places if rng.random() < DISTURBED)
    troubles = tuple(_trouble(rng, plan.actions[k], trial.start) for k in sorted(set(places) - disturbed))
    task = RecoveryTask(
        id=trial.id, goal=trial.goal, start=trial.start, actions=plan.actions, troubles=troubles,
        disturbed=disturbed, seed=rng.getrandbits(32),
    )  # fmt: skip
    return task if _has_other_way(task) else None


def _trouble(rng: random.Random, action: Action, start: State) -> Trouble:
    from planner.corpus.failure_scenarios import draw_reason
    from planner.facts.failure_notes import failure

    reason = draw_reason(rng, start.world, action)
    note = failure(start.world, action, reason)
    times = math.inf if note.lasts else rng.choice(TIMES)
    return Trouble(skill=action.skill, name=note.suspect, reason=reason, times=times)


def _has_other_way(task: RecoveryTask) -> bool:
    from planner.corpus.teacher_chunks import plan_in_chunks

    lost = {trouble.name for trouble in task.troubles if math.isinf(trouble.times)}
    try:
        pieces = list(plan_in_chunks(task.start, task.goal, frozenset(task.start.world.index[name] for name in lost)))
    except LookupError:
        return False
    return all(lost.isdisjoint(action.args) for *_, actions in pieces for action in actions)


def carry_out(planner: Planner, task: RecoveryTask, options: Options) -> RecoveryResult:
    """Carry a task's plan out, and go on in one way when something went wrong."""
    home = UnluckyHome(task)
    left = list(task.actions)
    repairs = []
    events = run(
        task.actions, task.goal, home, planner=planner, options=options, max_replans=MAX_REPLANS_DISTURBED,
        disturb=home.disturb,
    )  # fmt: skip
    began = time.process_time()
    for event in events:
        spent = time.process_time() - began  # since the last event: of a new plan, what planning took
        if isinstance(event, Done) and event.step.status == "done":
            left.remove(parse_action(task.start.world, event.step.subtask))
        elif isinstance(event, Replanned):
            plan = event.plan
            same = Counter(left) & Counter(plan.actions)
            new = Repair(tokens=plan.tokens, cpu_s=spent, rest=len(left), kept=same.total(), filled=plan.kept > 0)
            repairs.append(new)
            left = list(plan.actions)
        elif isinstance(event, Ended):
            steps = event.episode.steps
            return RecoveryResult(
                success=event.episode.success, steps=len(steps), repairs=tuple(repairs),
                failed=sum(step.status != "done" for step in steps),
            )  # fmt: skip
        began = time.process_time()
    raise AssertionError("an execution ends")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 2 on wrong input."""
    parser = argparse.ArgumentParser(prog=PROG, description="Score ways to go on after something went wrong.")
    parser.add_argument("--tasks", type=int, default=100, help="how many (default: 100)")
    parser.add_argument("--seed", type=int, default=0, help="of the tasks and of what goes wrong (default: 0)")
    parser.add_argument("--model", help="model folder (default: the released weights)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from planner.api import Planner

    if args.tasks < 1 or args.seed < 0:
        raise PlannerError("--tasks is at least 1, --seed at least 0")
    planner = Planner.load(args.model)
    if lacking := sorted({"feedback", "infill"} - planner.kinds):
        raise PlannerError(f"the model was not trained on {' and '.join(lacking)}, so that all ways would be alike; "
                           "python -m planner.train --recipe repaired trains one")  # fmt: skip
    tasks = list(tqdm(draw_tasks(planner, args.tasks, args.seed), total=args.tasks, desc="tasks", disable=None))
    found: dict[RecoveryMode, list[RecoveryResult]] = {way: [] for way in WAYS}
    for task in tqdm(tasks, desc="episodes", disable=None):
        for way, options in WAYS.items():
            found[way].append(carry_out(planner, task, options))
    if args.json:
        episodes = [
            {"id": task.id, "troubles": [asdict(t) for t in task.troubles], "disturbances": len(task.disturbed)}
            | {way: asdict(outcomes[k]) for way, outcomes in found.items()}
            for k, task in enumerate(tasks)
        ]
        ways = {way: summary(outcomes).as_dict() for way, outcomes in found.items()}
        print(json.dumps({"seed": args.seed, "ways": ways, "episodes": episodes}))
    else:
        print(_table(tasks, found))
    return 0


def draw_tasks(planner: Planner, count: int, seed: int) -> Iterator[RecoveryTask]:
    """Yield tasks in homes that no training document used."""
    from planner.tasks.held_out_trials import Split, draw_trials

    split = Split(name="recovery", parts=(1, 2, 3, 4), conditions=(1, 6), noise=False)
    for trial in draw_trials(split, count * DRAWS, seed=seed):
        task = draw_task(planner, trial, seed)
        if task is not None:
            yield task
            count -= 1
        if not count:
            return
    raise PlannerError(f"too few tasks of seed {seed} can be used")


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What a way's episodes came to: rates, and means over the episodes or over all their repairs.

    Attributes:
        success: Episodes that reached the goal.
        failed_subtasks: Of an episode.
        steps: Subtasks of an episode.
        repairs: Of an episode.
        filled: Repairs that left a part of the old plan as it was.
        tokens: Written in a repair: mean and median.
        cpu_ms: The processor's time of a repair [ms]: mean and median.
        kept: The part of what was still to come that is in the new plan; NaN where nothing was to come.
    """

    success: Rate
    failed_subtasks: float
    steps: float
    repairs: float
    filled: Rate
    tokens: tuple[float, float]
    cpu_ms: tuple[float, float]
    kept: float

    def as_dict(self) -> dict[str, object]:
        """Plain data for programs."""
        return {
            "success": self.success.as_dict(),
            "failed_subtasks": rounded(self.failed_subtasks),
            "steps": rounded(self.steps),
            "repairs": rounded(self.repairs),
            "filled": self.filled.as_dict(),
            "tokens": _mean_and_median(self.tokens),
            "cpu_ms": _mean_and_median(self.cpu_ms),
            "kept": rounded(self.kept),
        }


def summary(outcomes: Sequence[RecoveryResult]) -> Summary:
    """Count what a way's episodes came to."""
    repairs = [repair for outcome in outcomes for repair in outcome.repairs]
    rest = sum(repair.rest for repair in repairs)
    return Summary(
        success=Rate(hits=sum(o.success for o in outcomes), total=len(outcomes)),
        failed_subtasks=mean([o.failed for o in outcomes]),
        steps=mean([o.steps for o in outcomes]),
        repairs=mean([len(o.repairs) for o in outcomes]),
        filled=Rate(hits=sum(r.filled for r in repairs), total=len(repairs)),
        tokens=_middle([r.tokens for r in repairs]),
        cpu_ms=_middle([1000 * r.cpu_s for r in repairs]),
        kept=sum(r.kept for r in repairs) / rest if rest else math.nan,
    )


def _middle(values: Sequence[float]) -> tuple[float, float]:
    return mean(values), quantile(values, 0.5)


def _mean_and_median(values: tuple[float, float]) -> dict[str, float | None]:
    return {"mean": rounded(values[0]), "median": rounded(values[1])}


def _table(tasks: Sequence[RecoveryTask], found: Mapping[RecoveryMode, Sequence[RecoveryResult]]) -> str:
    troubles, disturbances = sum(len(t.troubles) for t in tasks), sum(len(t.disturbed) for t in tasks)
    lines = [
        f"{len(tasks)} episodes, {troubles} subtasks that fail and {disturbances} disturbances to come",
        "an episode: subtasks that failed, subtasks, repairs; a repair: whether a part of the old plan stayed as it "
        "was, tokens and CPU ms (mean / median), and how much of what was still to come is in the new plan",
        f"{'way':8} {'success':>20} {'failed':>7} {'subtasks':>8} {'repairs':>8} {'filled in':>9} {'tokens':>12} "
        f"{'CPU ms':>12} {'kept':>6}",
    ]
    for way, outcomes in found.items():
        its = summary(outcomes)
        lines.append(
            f"{way:8} {its.success!s:>20} {its.failed_subtasks:7.2f} {its.steps:8.1f} {its.repairs:8.2f} "
            f"{its.filled.value:9.0%} {its.tokens[0]:6.0f} /{its.tokens[1]:4.0f} "
            f"{its.cpu_ms[0]:6.0f} /{its.cpu_ms[1]:4.0f} {its.kept:6.0%}"
        )
    plain = [o.success for o in found["replan"]]
    others: tuple[RecoveryMode, ...] = ("feedback", "infill")
    for way in others:
        pair = compare(plain, [o.success for o in found[way]])
        lines.append(f"{way} against replan: {pair.wins} won, {pair.losses} lost, p = {pair.p:.3g}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
