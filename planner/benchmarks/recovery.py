"""Recovery from failures and disturbances: `python -m planner.benchmarks.recovery --seed 0 --tasks 100`.

Held-out tasks in unseen homes, symbolic. The goal is given, and the GPT's verified plan is executed while one to four
faults happen: someone moves an object or opens or closes a door, a held object drops, a subtask fails one to three
times, or something is permanently unreachable or full. The same faults are applied in each of three recovery modes:

    replan     a new plan without feedback; actions that failed twice are forbidden
    feedback   a new plan, with notes on the failures in the prompt
    infill     with notes, the GPT fills in only the broken span; a new plan if that is impossible

Tasks that the teacher cannot solve without the permanently failing objects are skipped: there may be no other way. The
score is the task's own goal at the end. Times are CPU times, so that a busy machine does not matter.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Literal

from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import Action, State, parse_action, unmet_precondition
from envs.symbolic.home_protocol import Outcome
from planner.errors import PlannerError
from planner.evaluation.statistics import Rate, compare, mean, quantile, rounded
from planner.execution.events import Done, Ended, Replanned
from planner.execution.executor import run
from planner.io.command import run_command
from planner.io.command_parser import CommandParser
from planner.plans.options import MAX_REPLANS_DISTURBED, OWN_PLAN, Options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from envs.symbolic.disturbances import Disturbance
    from envs.symbolic.goals import Goal
    from planner.api import Planner
    from planner.tasks.held_out_trials import EvaluationTask

PROG = "python -m planner.benchmarks.recovery"
RecoveryMode = Literal["replan", "feedback", "infill"]
MODES: dict[RecoveryMode, Options] = {
    "replan": replace(OWN_PLAN, repair="replan", feedback=False),
    "feedback": replace(OWN_PLAN, repair="replan", feedback=True),
    "infill": replace(OWN_PLAN, repair="infill", feedback=True),
}
MIN_PLAN_LENGTH = 3  # subtasks
FAULT_COUNT_WEIGHTS = (1, 1, 1, 1)  # of 1, 2, 3, 4 faults
DISTURBANCE_SHARE = 0.4  # of the faults are disturbances by someone else
FAULT_REPEATS = (1, 2, 3)  # number of failures of a temporary fault
DRAWS_PER_TASK = 20  # trials drawn for one usable task


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault: a subtask that fails.

    Attributes:
        skill: The subtask's skill.
        name: The object or place that it fails with.
        reason: The reported reason.
        times: Number of failures; infinite: permanent.
    """

    skill: str
    name: str
    reason: str
    times: float


@dataclass(frozen=True, kw_only=True)
class RecoveryTask:
    """A goal in a home, the plan to execute, and the faults.

    Attributes:
        disturbed: Indices of the subtasks, from 0, before which someone changes the home.
        seed: Seed of the disturbances.
    """

    id: str
    goal: Goal
    start: State
    actions: tuple[Action, ...]
    troubles: tuple[Fault, ...]
    disturbed: frozenset[int]
    seed: int


@dataclass(frozen=True, kw_only=True)
class Repair:
    """One repair of the plan.

    Attributes:
        tokens: Tokens written.
        cpu_s: CPU time [s].
        rest: Remaining subtasks of the old plan.
        kept: Those of them that are in the new plan.
        filled: Whether a part of the old plan was kept unchanged.
    """

    tokens: int
    cpu_s: float
    rest: int
    kept: int
    filled: bool


@dataclass(frozen=True, kw_only=True)
class RecoveryResult:
    """The result of one recovery mode on a task."""

    success: bool
    steps: int
    failed: int
    repairs: tuple[Repair, ...]


class FaultyHome(SymbolicHome):
    """A symbolic home with the faults of a task."""

    def __init__(self, task: RecoveryTask) -> None:
        """Create the home in the task's initial state."""
        super().__init__(task.start)
        self._task = task
        self._remaining = {fault: fault.times for fault in task.troubles}
        self._rng = random.Random(task.seed)
        self._subtasks = 0

    def execute(self, action: Action) -> Outcome:
        """Execute an action; it fails with its unmet precondition or with a remaining fault."""
        state = self.state()
        if unmet_precondition(state, action) is None:
            for fault, remaining in self._remaining.items():
                if remaining and fault.skill == action.skill and fault.name in action.args:
                    return self._fail(action, fault)
        return super().execute(action)

    def _fail(self, action: Action, fault: Fault) -> Outcome:
        from planner.corpus.failure_scenarios import after_failure

        self._remaining[fault] -= 1
        state = self.state()
        self.change(after_failure(self._rng, state, action, fault.reason))
        duration = state.world.domain.duration_s(action.skill)
        return Outcome(status="failed", reason=fault.reason, duration_s=duration, energy_j=None)

    def disturb(self, ahead: Sequence[Action]) -> Disturbance | None:
        """Apply the task's disturbance before this subtask, if there is one."""
        from envs.symbolic.disturbances import disturbed_state

        self._subtasks += 1
        if self._subtasks - 1 not in self._task.disturbed:
            return None
        disturbance = draw_disturbance(self.state(), ahead, self._task.seed + self._subtasks)
        if disturbance is not None:
            self.change(disturbed_state(self.state(), disturbance))
        return disturbance


def draw_disturbance(state: State, ahead: Sequence[Action], seed: int) -> Disturbance | None:
    """Draw a disturbance; None if none is possible."""
    import numpy as np

    from envs.symbolic.disturbances import DISTURBANCE_TYPES, possible_disturbances

    rng = np.random.default_rng(seed)
    types = (DISTURBANCE_TYPES[k] for k in rng.permutation(len(DISTURBANCE_TYPES)).tolist())
    return next(
        (
            disturbance
            for disturbance_type in types
            for disturbance in possible_disturbances(state, disturbance_type, ahead, rng)
        ),
        None,
    )


def draw_task(planner: Planner, trial: EvaluationTask, seed: int) -> RecoveryTask | None:
    """Return a trial with faults; None if the GPT has no verified plan or the task may become infeasible."""
    assert trial.goal is not None
    plan = planner.plan_for_goal(trial.goal, trial.start, OWN_PLAN)
    if plan.status != "verified" or len(plan.actions) < MIN_PLAN_LENGTH:
        return None
    rng = random.Random(f"recovery/{trial.id}/{seed}")
    (count,) = rng.choices(range(1, len(FAULT_COUNT_WEIGHTS) + 1), FAULT_COUNT_WEIGHTS)
    step_indices = rng.sample(range(len(plan.actions)), k=min(count, len(plan.actions)))
    disturbed = frozenset(k for k in step_indices if rng.random() < DISTURBANCE_SHARE)
    faults = tuple(_draw_fault(rng, plan.actions[k], trial.start) for k in sorted(set(step_indices) - disturbed))
    task = RecoveryTask(
        id=trial.id, goal=trial.goal, start=trial.start, actions=plan.actions, troubles=faults,
        disturbed=disturbed, seed=rng.getrandbits(32),
    )  # fmt: skip
    return task if _has_other_way(task) else None


def _draw_fault(rng: random.Random, action: Action, initial_state: State) -> Fault:
    from planner.corpus.failure_scenarios import draw_reason
    from planner.facts.failure_notes import failure

    reason = draw_reason(rng, initial_state.world, action)
    note = failure(initial_state.world, action, reason)
    times = math.inf if note.lasts else rng.choice(FAULT_REPEATS)
    return Fault(skill=action.skill, name=note.suspect, reason=reason, times=times)


def _has_other_way(task: RecoveryTask) -> bool:
    from planner.corpus.teacher_chunks import plan_in_chunks

    blocked = {fault.name for fault in task.troubles if math.isinf(fault.times)}
    try:
        chunks = list(
            plan_in_chunks(task.start, task.goal, frozenset(task.start.world.index[name] for name in blocked))
        )
    except LookupError:
        return False
    return all(blocked.isdisjoint(action.args) for *_, actions in chunks for action in actions)


def run_task(planner: Planner, task: RecoveryTask, options: Options) -> RecoveryResult:
    """Execute a task's plan and recover from faults in one mode."""
    home = FaultyHome(task)
    remaining = list(task.actions)
    repairs = []
    events = run(
        task.actions, task.goal, home, planner=planner, options=options, max_replans=MAX_REPLANS_DISTURBED,
        disturb=home.disturb,
    )  # fmt: skip
    started_at = time.process_time()
    for event in events:
        cpu_s = time.process_time() - started_at  # since the last event: for a new plan, the planning time
        if isinstance(event, Done) and event.step.status == "done":
            remaining.remove(parse_action(task.start.world, event.step.subtask))
        elif isinstance(event, Replanned):
            plan = event.plan
            common = Counter(remaining) & Counter(plan.actions)
            repair = Repair(
                tokens=plan.tokens, cpu_s=cpu_s, rest=len(remaining), kept=common.total(), filled=plan.kept > 0
            )
            repairs.append(repair)
            remaining = list(plan.actions)
        elif isinstance(event, Ended):
            steps = event.episode.steps
            return RecoveryResult(
                success=event.episode.success, steps=len(steps), repairs=tuple(repairs),
                failed=sum(step.status != "done" for step in steps),
            )  # fmt: skip
        started_at = time.process_time()
    raise AssertionError("run ends with Ended")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 2 on wrong input."""
    parser = CommandParser(prog=PROG, description="Score ways to recover from failures and disturbances.")
    parser.add_argument("--tasks", type=int, default=100, help="number of tasks (default: 100)")
    parser.add_argument("--seed", type=int, default=0, help="seed of tasks and faults (default: 0)")
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
    if missing := sorted({"feedback", "infill"} - planner.kinds):
        raise PlannerError(f"the model was not trained on {' and '.join(missing)}, so all modes would be the same; "
                           "python -m planner.train --recipe repaired trains one")  # fmt: skip
    tasks = list(tqdm(draw_tasks(planner, args.tasks, args.seed), total=args.tasks, desc="tasks", disable=None))
    results: dict[RecoveryMode, list[RecoveryResult]] = {mode: [] for mode in MODES}
    for task in tqdm(tasks, desc="episodes", disable=None):
        for mode, options in MODES.items():
            results[mode].append(run_task(planner, task, options))
    if args.json:
        episodes = [
            {"id": task.id, "troubles": [asdict(t) for t in task.troubles], "disturbances": len(task.disturbed)}
            | {mode: asdict(outcomes[k]) for mode, outcomes in results.items()}
            for k, task in enumerate(tasks)
        ]
        modes = {mode: summary(outcomes).as_dict() for mode, outcomes in results.items()}
        print(json.dumps({"seed": args.seed, "ways": modes, "episodes": episodes}))
    else:
        print(_table(tasks, results))
    return 0


def draw_tasks(planner: Planner, count: int, seed: int) -> Iterator[RecoveryTask]:
    """Yield tasks in homes that no training document used."""
    from planner.tasks.held_out_trials import Split, draw_trials

    split = Split(name="recovery", parts=(1, 2, 3, 4), conditions=(1, 6), noise=False)
    for trial in draw_trials(split, count * DRAWS_PER_TASK, seed=seed):
        task = draw_task(planner, trial, seed)
        if task is not None:
            yield task
            count -= 1
        if not count:
            return
    raise PlannerError(f"too few usable tasks with seed {seed}")


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Statistics of a mode: rates, and means over its episodes or over all their repairs.

    Attributes:
        success: Episodes that reached the goal.
        failed_subtasks: Failed subtasks per episode.
        steps: Subtasks per episode.
        repairs: Repairs per episode.
        filled: Repairs that kept a part of the old plan unchanged.
        tokens: Tokens written per repair: mean and median.
        cpu_ms: CPU time per repair [ms]: mean and median.
        kept: The fraction of the remaining subtasks that is in the new plan; NaN if none remained.
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
    """Return the statistics of a mode's episodes."""
    repairs = [repair for outcome in outcomes for repair in outcome.repairs]
    n_remaining = sum(repair.rest for repair in repairs)
    return Summary(
        success=Rate(hits=sum(o.success for o in outcomes), total=len(outcomes)),
        failed_subtasks=mean([o.failed for o in outcomes]),
        steps=mean([o.steps for o in outcomes]),
        repairs=mean([len(o.repairs) for o in outcomes]),
        filled=Rate(hits=sum(r.filled for r in repairs), total=len(repairs)),
        tokens=_mean_median([r.tokens for r in repairs]),
        cpu_ms=_mean_median([1000 * r.cpu_s for r in repairs]),
        kept=sum(r.kept for r in repairs) / n_remaining if n_remaining else math.nan,
    )


def _mean_median(values: Sequence[float]) -> tuple[float, float]:
    return mean(values), quantile(values, 0.5)


def _mean_and_median(values: tuple[float, float]) -> dict[str, float | None]:
    return {"mean": rounded(values[0]), "median": rounded(values[1])}


def _table(tasks: Sequence[RecoveryTask], results: Mapping[RecoveryMode, Sequence[RecoveryResult]]) -> str:
    faults, disturbances = sum(len(t.troubles) for t in tasks), sum(len(t.disturbed) for t in tasks)
    lines = [
        f"{len(tasks)} episodes, {faults} subtasks that fail and {disturbances} disturbances to come",
        "an episode: subtasks that failed, subtasks, repairs; a repair: whether a part of the old plan stayed as it "
        "was, tokens and CPU ms (mean / median), and how much of what was still to come is in the new plan",
        f"{'way':8} {'success':>20} {'failed':>7} {'subtasks':>8} {'repairs':>8} {'filled in':>9} {'tokens':>12} "
        f"{'CPU ms':>12} {'kept':>6}",
    ]
    for mode, outcomes in results.items():
        figures = summary(outcomes)
        lines.append(
            f"{mode:8} {figures.success!s:>20} {figures.failed_subtasks:7.2f} {figures.steps:8.1f} "
            f"{figures.repairs:8.2f} {figures.filled.value:9.0%} {figures.tokens[0]:6.0f} /{figures.tokens[1]:4.0f} "
            f"{figures.cpu_ms[0]:6.0f} /{figures.cpu_ms[1]:4.0f} {figures.kept:6.0%}"
        )
    baseline = [o.success for o in results["replan"]]
    others: tuple[RecoveryMode, ...] = ("feedback", "infill")
    for mode in others:
        pair = compare(baseline, [o.success for o in results[mode]])
        lines.append(f"{mode} against replan: {pair.wins} won, {pair.losses} lost, p = {pair.p:.3g}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
