"""What a cycle does with a task: try it, judge weights by it, carry a plan out. Each is a job for `planner.rollouts`.

A record depends on its task and the weights alone, so it makes no difference which worker it falls to. A task whose
workers died has a record, too: as if it had failed, with what happened under `lost`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.symbolic.actions import Action, State, World, format_action, parse_action
from envs.symbolic.goals import Goal, format_goal, parse_goal
from planner.evaluation.measurement import measure, planning_modes
from planner.learning.failure_analysis import misplanned, misread
from planner.learning.training_examples import SampledAttempt
from planner.plans.options import Options
from planner.rollouts.model_jobs import ModelJob
from planner.verification.plan_verification import verify

if TYPE_CHECKING:
    from planner.evaluation.measurement import PlanningMode
    from planner.io.json_lines import Record
    from planner.learning.proposals import Proposal
    from planner.tasks.held_out_trials import EvaluationTask

DIRECT = Options(samples=0, constrained=False, chunks=False, clauses=False, grounded=False)
MOST_TRIES = 3  # actions for a subtask: where a door is in the way, it is closed, and the subtask tried again


@dataclass(frozen=True, kw_only=True)
class Try(ModelJob):
    """Let the slow planner and the direct pass try a proposed task.

    Attributes:
        tasks: By their ids.
        samples: Further plans of the slow planner, where the first fails.
        attempts: Plans that the direct pass draws for each task's goal, besides the likeliest one.
    """

    tasks: Mapping[str, Proposal]
    samples: int
    attempts: int

    def __call__(self, key: str) -> Record:
        """Return the record of an episode: what came of it, and what was wrong first with the direct pass."""
        task, goal, planner = self.tasks[key], parse_goal(self.tasks[key].goal), self.planner()
        start = task.start()
        found = planner.understand(task.instruction, start, DIRECT)
        failure, direct = misread(found, goal), False
        if found.goal is not None:
            draft = planner.draft(found.goal, start, DIRECT)
            report = verify(start, goal, draft.actions)
            direct = report.ok
            failure = None if direct else failure or misplanned(draft, report, goal, start)
        slow = planner.plan_for_goal(goal, start, Options(samples=self.samples))
        report, plan = verify(start, goal, slow.actions), slow.actions
        drawn = self._attempts(goal, start)
        for attempt, actions in drawn:  # the shortest plan that works is learned from
            if attempt.success and (not report.ok or attempt.steps < len(plan)):
                report, plan = verify(start, goal, actions), tuple(actions)
        return self._about(key) | {
            "direct": direct, "kept": report.ok, "rate": round(report.score.rate, 4),
            "plan": [format_action(start.world, action) for action in plan], "tried": slow.tried + len(drawn),
            "failure": failure.as_dict() if failure else None, "attempts": [attempt.as_dict() for attempt, _ in drawn],
        }  # fmt: skip

    def failed(self, key: str) -> Record:
        """Return the record of an episode that nothing came of."""
        nothing: Record = {"direct": False, "kept": False, "rate": 0.0, "plan": [], "tried": 0}
        return self._about(key) | nothing | {"failure": None, "attempts": []}

    def _attempts(self, goal: Goal, start: State) -> list[tuple[SampledAttempt, Sequence[Action]]]:
        if len(goal.phases) > 1:  # a plan for each phase: no one document
            return []
        found: list[tuple[SampledAttempt, Sequence[Action]]] = []
        for number in range(1, self.attempts + 1):
            draft = self.planner().draft(goal, start, DIRECT, number)
            if draft.truncated or not draft.text:  # the end of one that was cut off says nothing
                continue
            ok = not draft.parse_error and verify(start, goal, draft.actions).ok
            attempt = SampledAttempt(document=tuple(draft.text), success=ok, steps=len(draft.actions))
            found.append((attempt, draft.actions))
        return found

    def _about(self, key: str) -> Record:
        task = self.tasks[key]
        return {
            "id": key, "home": task.home, "furnished_for": task.furnished_for, "instruction": task.instruction,
            "goal": task.goal, "origin": task.origin, "conditions": len(parse_goal(task.goal).conditions),
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Judge(ModelJob):
    """Let a planner answer a held-out task: by the direct pass, and with verification.

    Attributes:
        trials: By their ids.
        samples: Further plans with verification, where the first fails.
    """

    trials: Mapping[str, EvaluationTask]
    samples: int

    def __call__(self, key: str) -> Record:
        """Return the outcome of a trial."""
        found = measure(self.planner(), self.trials[key], self._ways())
        outcome: Record = {"id": key, "split": found.trial.split, "same_goal": found.same}
        return outcome | {str(way): attempt.success for way, attempt in found.attempts.items()}

    def failed(self, key: str) -> Record:
        """Return the outcome of a trial that nothing came of."""
        outcome: Record = {"id": key, "split": self.trials[key].split, "same_goal": False}
        return outcome | {str(way): False for way in self._ways()}

    def _ways(self) -> dict[PlanningMode, Options]:
        options = planning_modes(samples=self.samples)
        del options["constrained"]
        return options


@dataclass(frozen=True, kw_only=True)
class CarryOut:
    """Carry the plan of an episode out in the physical home, as Gymnasium registers it: `HomePhysics-v0`.

    Attributes:
        tasks: By their ids.
        episodes: Records of `Try`, by their ids.
    """

    tasks: Mapping[str, Proposal]
    episodes: Mapping[str, Record]

    def __call__(self, key: str) -> Record:
        """Return what carrying it out came to."""
        import gymnasium

        from envs.gym.home_adapter import EnvHome
        from planner.execution.executor import execute

        record, goal = self.episodes[key], parse_goal(str(self.episodes[key]["goal"]))
        start = self.tasks[key].start(geometry=True)
        plan = plan_of(record, start.world)
        env = gymnasium.make(
            "HomePhysics-v0", home=start.world.scene, goal=format_goal(goal), max_steps=MOST_TRIES * len(plan) + 1,
            disable_env_checker=True,
        )  # fmt: skip
        try:
            env.reset(seed=0)
            episode = execute(plan, goal, EnvHome(env))
        finally:
            env.close()
        failed = next((f"{s.subtask}: {s.reason}" for s in episode.steps if s.status != "done"), "")
        return {"id": key, "success": episode.success, "rate": round(episode.rate, 4), "failed": failed}

    def failed(self, key: str) -> Record:
        """Return the record of a plan whose home was gone."""
        return {"id": key, "success": False, "rate": 0.0, "failed": ""}


def plan_of(record: Record, world: World) -> list[Action]:
    """Return the plan of an episode's record."""
    steps = record["plan"]
    assert isinstance(steps, list)
    return [parse_action(world, str(step)) for step in steps]
