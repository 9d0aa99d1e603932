"""Jobs of a cycle for `planner.rollouts`: try a task, evaluate weights on a trial, execute a plan in physics.

A record depends on its task and the weights alone, so any worker can make it. A task whose workers died gets the
record of a failure, with the reason under `lost`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from envs.errors import ActionError, GoalError
from envs.symbolic.actions import Action, State, World, format_action, parse_action
from envs.symbolic.goals import Goal, format_goal, parse_goal
from planner.errors import StageError
from planner.evaluation.measurement import measure, planning_modes
from planner.io.json_lines import check_fields
from planner.learning.failure_analysis import goal_failure, plan_failure
from planner.learning.training_examples import SampledAttempt
from planner.plans.options import OWN_PLAN, Options
from planner.rollouts.model_jobs import ModelJob
from planner.verification.plan_verification import verify

if TYPE_CHECKING:
    from pathlib import Path

    from planner.evaluation.measurement import PlanningMode
    from planner.io.json_lines import Record
    from planner.learning.proposing.proposals import Proposal
    from planner.tasks.held_out_trials import EvaluationTask

EPISODE_TYPES = {"id": str, "instruction": str, "goal": str, "direct": bool, "kept": bool, "plan": list}
ATTEMPT_TYPES = {"wrote": list, "success": bool, "steps": int}
DIRECT = Options(samples=0, constrained=False, chunks=False, clauses=False, grounded=False)
MAX_TRIES_PER_SUBTASK = 3  # actions: if a door is in the way, it is closed and the subtask is retried


@dataclass(frozen=True, kw_only=True)
class TryTask(ModelJob):
    """Try a proposed task with the full planner and the direct pass.

    The direct pass starts from the instruction. The full planner and the sampled attempts get the task's goal.

    Attributes:
        tasks: Tasks by id.
        samples: Further plans of the full planner where the first fails.
        attempts: Plans that the direct pass samples for each task's goal, besides the most likely one.
    """

    tasks: Mapping[str, Proposal]
    samples: int
    attempts: int

    def __call__(self, key: str) -> Record:
        """Return the record of an episode: its outcome, and the first failure of the direct pass."""
        task, goal, planner = self.tasks[key], parse_goal(self.tasks[key].goal), self.planner()
        initial_state = task.initial_state()
        parsed = planner.understand(task.instruction, initial_state, DIRECT)
        failure, direct = goal_failure(parsed, goal), False
        if parsed.goal is not None:
            draft = planner.draft(parsed.goal, initial_state, DIRECT)
            report = verify(initial_state, goal, draft.actions)
            direct = report.ok
            failure = None if direct else failure or plan_failure(draft, report, goal, initial_state)
        verified = planner.plan_for_goal(goal, initial_state, replace(OWN_PLAN, samples=self.samples))
        report, plan = verify(initial_state, goal, verified.written), verified.written  # hindsight reads all of it
        attempts = self._attempts(goal, initial_state)
        for attempt, actions in attempts:  # learn from the shortest plan that works
            if attempt.success and (not report.ok or attempt.steps < len(plan)):
                report, plan = verify(initial_state, goal, actions), tuple(actions)
        return self._task_fields(key) | {
            "direct": direct, "kept": report.ok, "rate": round(report.score.rate, 4),
            "plan": [format_action(initial_state.world, action) for action in plan],
            "tried": verified.tried + len(attempts), "failure": failure.as_dict() if failure else None,
            "attempts": [attempt.as_dict() for attempt, _ in attempts],
        }  # fmt: skip

    def failed(self, key: str) -> Record:
        """Return the record of an episode without a result."""
        outcome: Record = {"direct": False, "kept": False, "rate": 0.0, "plan": [], "tried": 0}
        return self._task_fields(key) | outcome | {"failure": None, "attempts": []}

    def _attempts(self, goal: Goal, initial_state: State) -> list[tuple[SampledAttempt, Sequence[Action]]]:
        if len(goal.phases) > 1:  # one plan per phase: no single document
            return []
        attempts: list[tuple[SampledAttempt, Sequence[Action]]] = []
        for number in range(1, self.attempts + 1):
            draft = self.planner().draft(goal, initial_state, DIRECT, number)
            if draft.truncated or not draft.text:  # a truncated plan cannot be scored
                continue
            ok = not draft.parse_error and verify(initial_state, goal, draft.actions).ok
            attempt = SampledAttempt(document=tuple(draft.text), success=ok, steps=len(draft.actions))
            attempts.append((attempt, draft.actions))
        return attempts

    def _task_fields(self, key: str) -> Record:
        task = self.tasks[key]
        return {
            "id": key, "home": task.home, "furnished_for": task.furnished_for, "instruction": task.instruction,
            "goal": task.goal, "origin": task.origin, "conditions": len(parse_goal(task.goal).conditions),
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class JudgeTrial(ModelJob):
    """Evaluate a planner on a held-out task: by the direct pass, and with verification.

    Attributes:
        trials: Evaluation tasks by id.
        samples: Further plans with verification where the first fails.
    """

    trials: Mapping[str, EvaluationTask]
    samples: int

    def __call__(self, key: str) -> Record:
        """Return the outcome of a trial."""
        result = measure(self.planner(), self.trials[key], self._modes())
        outcome: Record = {"id": key, "split": result.trial.split, "same_goal": result.same}
        outcome |= {str(mode): attempt.success for mode, attempt in result.attempts.items()}
        counts: Record = {"steps": len(result.last.subtasks), "tokens": result.last.tokens}
        return outcome | {"misread": result.last.is_misread} | counts

    def failed(self, key: str) -> Record:
        """Return the outcome of a trial without a result."""
        outcome: Record = {"id": key, "split": self.trials[key].split, "same_goal": False}
        return outcome | {str(mode): False for mode in self._modes()} | {"misread": False, "steps": 0, "tokens": 0}

    def _modes(self) -> dict[PlanningMode, Options]:
        options = planning_modes(samples=self.samples)
        del options["constrained"]
        return options


@dataclass(frozen=True, kw_only=True)
class ExecuteInPhysics:
    """Execute the plan of an episode in the physical home, the Gymnasium environment `HomePhysics-v0`.

    Attributes:
        tasks: Tasks by id.
        episodes: Records of `TryTask`, by id.
    """

    tasks: Mapping[str, Proposal]
    episodes: Mapping[str, Record]

    def __call__(self, key: str) -> Record:
        """Return the outcome of the execution."""
        import gymnasium

        from envs.gym.home_adapter import EnvHome
        from planner.execution.executor import execute

        record, goal = self.episodes[key], parse_goal(str(self.episodes[key]["goal"]))
        initial_state = self.tasks[key].initial_state(geometry=True)
        plan = plan_of(record, initial_state.world)
        env = gymnasium.make(
            "HomePhysics-v0", home=initial_state.world.scene, goal=format_goal(goal),
            max_steps=MAX_TRIES_PER_SUBTASK * len(plan) + 1, disable_env_checker=True,
        )  # fmt: skip
        try:
            env.reset(seed=0)
            episode = execute(plan, goal, EnvHome(env))
        finally:
            env.close()
        failure = next((f"{s.subtask}: {s.reason}" for s in episode.steps if s.status != "done"), "")
        return {"id": key, "success": episode.success, "rate": round(episode.rate, 4), "failed": failure}

    def failed(self, key: str) -> Record:
        """Return the record of a plan whose worker died."""
        return {"id": key, "success": False, "rate": 0.0, "failed": ""}


def checked_episodes(records: list[Record], path: Path) -> list[Record]:
    """Return the records of a file of episodes.

    Raises:
        StageError: A field is missing or of another type, or a goal cannot be parsed: the file was changed.
    """
    for number, record in enumerate(records, start=1):
        where = f"{path}, episode {number}"
        check_fields(record, EPISODE_TYPES, where)
        failure, attempts = record.get("failure"), record.get("attempts") or []
        if failure is not None:
            check_fields(failure if isinstance(failure, dict) else {}, {"kind": str, "detail": str}, where)
        for attempt in attempts if isinstance(attempts, list) else [attempts]:
            fields = attempt if isinstance(attempt, dict) else {}
            check_fields(fields, ATTEMPT_TYPES, where)
            if not all(isinstance(s, list) and [*map(type, s)] == [str, str] for s in fields["wrote"]):
                raise StageError(f"{where}: 'wrote' is no list of pairs of texts; delete the file to regenerate it")
        try:
            parse_goal(str(record["goal"]))
        except GoalError as error:
            raise StageError(f"{where}: {error}; delete the file to regenerate it") from None
    return records


def plan_of(record: Record, world: World) -> list[Action]:
    """Return the plan of an episode's record.

    Raises:
        StageError: The record was changed: its plan is none of this home.
    """
    steps = record["plan"]
    assert isinstance(steps, list)
    try:
        return [parse_action(world, str(step)) for step in steps]
    except ActionError as error:
        raise StageError(
            f"the plan of the recorded episode {record['id']}: {error}; delete the file of the episodes to rebuild it"
        ) from None
