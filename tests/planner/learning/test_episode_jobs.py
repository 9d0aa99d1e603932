"""What a cycle does with a task is the same whoever does it, and whatever becomes of the workers it is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import gymnasium
import pytest

from envs.gym.home_adapter import EnvHome
from envs.gym.home_env import HomeSymbolic
from envs.symbolic.actions import Action, State, format_action, parse_action
from envs.symbolic.goals import parse_goal
from planner.benchmarks.rollout_speedup import measure_speeds
from planner.cli.execution_flags import ExecutionSettings
from planner.cli.execution_runner import execute_and_report
from planner.corpus.teacher_chunks import taught_actions
from planner.errors import StageError
from planner.io.json_lines import Record
from planner.learning.episode_jobs import ExecuteInPhysics, JudgeTrial, TryTask, checked_episodes, plan_of
from planner.learning.judging import draw_held_out_tasks
from planner.learning.proposing.proposals import Proposal, initial_state_of
from planner.learning.training_examples import example_from_hindsight
from planner.reporting.filmstrips import strips
from planner.reporting.run_folder import Cycle
from planner.rollouts.resumable_stage import stage
from planner.tasks.home_splits import SPLITS
from planner.workers.processes import ProcessPool
from planner.workers.worker_pool import Workers

TASKS = {
    f"{home}/0": Proposal(id=f"{home}/0", home=home, instruction="light", goal="no ceiling light on") for home in (2, 3)
}


@pytest.fixture(scope="module")
def two() -> Iterator[Workers]:
    with ProcessPool(2) as workers:
        yield workers


def carried_out(goal: str, home: int) -> Record:
    """A record of an episode whose plan works, by the teacher."""
    start = initial_state_of(home, parse_goal(goal))
    actions = taught_actions(start, parse_goal(goal))
    plan = [format_action(start.world, action) for action in actions]
    return {"id": f"{home}/{goal}", "goal": goal, "plan": plan, "kept": True}


PLANS = {str(r["id"]): r for r in (carried_out("fridge open", 2), carried_out("no ceiling light on", 1))}
PLANNED = {
    key: Proposal(id=key, home=int(key.split("/")[0]), instruction="", goal=str(r["goal"])) for key, r in PLANS.items()
}


def test_two_processes_try_tasks_as_one_does(two: Workers, model_folder: Path, tmp_path: Path) -> None:
    job = TryTask(model=model_folder, tasks=TASKS, samples=1, attempts=2)
    here = stage(tmp_path / "here.jsonl", list(TASKS), job, "test")
    there = stage(tmp_path / "there.jsonl", list(TASKS), job, "test", workers=two)
    assert here == there
    assert [set(record) for record in here] == [set(job.failed(key)) for key in TASKS]  # a lost one lacks nothing


def test_two_processes_judge_weights_as_one_does(two: Workers, model_folder: Path, tmp_path: Path) -> None:
    trials = {trial.id: trial for trial in draw_held_out_tasks(2, 0, SPLITS["valid"])}
    job = JudgeTrial(model=model_folder, trials=trials, samples=0)
    here = stage(tmp_path / "here.jsonl", list(trials), job, "test")
    there = stage(tmp_path / "there.jsonl", list(trials), job, "test", workers=two)
    assert here == there
    assert all(job.failed(key).items() >= {"id": key, "alone": False, "verified": False}.items() for key in trials)
    assert [set(record) for record in here] == [set(job.failed(key)) for key in trials]


def test_processes_carry_plans_out_as_a_performance_does(two: Workers, tmp_path: Path) -> None:
    job = ExecuteInPhysics(tasks=PLANNED, episodes=PLANS)
    found = stage(tmp_path / "physics.jsonl", list(PLANS), job, "test", workers=two)
    for record, (key, episode) in zip(found, PLANS.items(), strict=True):
        goal = parse_goal(str(episode["goal"]))
        start = PLANNED[key].initial_state(geometry=True)
        seen = execute_and_report(
            plan_of(episode, start.world), goal, start, ExecutionSettings(backend="physics", quiet=True)
        )
        assert record == {"id": key, "success": seen.success, "rate": round(seen.rate, 4), "failed": ""}
        assert record["success"]


def test_a_plan_that_breaks_says_where(two: Workers, tmp_path: Path) -> None:
    (key, episode), *_ = PLANS.items()
    plan = ["close fridge 1", *episode["plan"]]  # type: ignore[misc]
    job = ExecuteInPhysics(tasks=PLANNED, episodes={key: episode | {"plan": plan}})
    (record,) = stage(tmp_path / "physics.jsonl", [key], job, "test", workers=two)
    assert not record["success"] and str(record["failed"]).startswith("close fridge 1: ")
    assert set(record) == set(job.failed(key))


def test_a_report_can_show_an_episode_in_the_home_that_its_task_was_for(model_folder: Path) -> None:
    task = Proposal(
        id="2/hindsight", home=2, instruction="shut it", goal="fridge closed", furnished_for="every mug in fridge"
    )
    job = TryTask(model=model_folder, tasks={task.id: task}, samples=0, attempts=0)
    door = next(name for name in task.initial_state().world.names if name.startswith("fridge"))
    assert task.initial_state().world.names != initial_state_of(2, parse_goal(task.goal)).world.names
    record = job.failed(task.id) | {"plan": [f"open {door}", f"close {door}"]}
    (strip,) = strips([Cycle(number=1, episodes=[record])], pictures=False)
    assert [still.title for still in strip.stills] == ["Start", f"1. open {door}", f"2. close {door}"], strip.note


def test_a_lost_episode_teaches_nothing(model_folder: Path) -> None:
    record = TryTask(model=model_folder, tasks=TASKS, samples=1, attempts=2).failed("2/0")
    start = initial_state_of(2, parse_goal(str(record["goal"])))
    assert example_from_hindsight(start, plan_of(record, start.world)) is None and not record["kept"]


def test_an_environment_says_which_door_is_in_the_way(flat_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def blocked(self: HomeSymbolic, action: Action) -> tuple[State, dict[str, object]]:
        outcome = {"status": "failed", "reason": "cannot reach", "duration_s": 1.0, "collisions": 0}
        return self.home_state(), outcome | {"blocked_by": "fridge 1"}

    monkeypatch.setattr(HomeSymbolic, "_execute", blocked)
    env = gymnasium.make("HomeSymbolic-v0", home=flat_file, goal="cabinet open", disable_env_checker=True)
    env.reset(seed=0)
    home = EnvHome(env)
    step = home.execute(parse_action(home.state().world, "open cabinet 1"))
    assert (step.status, step.reason, step.blocked_by) == ("failed", "cannot reach", "fridge 1")


def test_a_speed_is_measured_against_the_first_number_of_processes(model_folder: Path) -> None:
    one, two = measure_speeds(TryTask(model=model_folder, tasks=TASKS, samples=0, attempts=0), [1, 2], rounds=1)
    assert (one.workers, one.speedup, one.efficiency) == (1, 1.0, 1.0)
    assert two.workers == 2 and two.efficiency == pytest.approx(two.speedup / 2, abs=0.001)
    assert all(0 <= speed.busy <= 1 and speed.cpu_s > 0 for speed in (one, two))


EPISODE: Record = {
    "id": "2/0", "instruction": "light", "goal": "no ceiling light on", "direct": False, "kept": True, "plan": [],
    "failure": None, "attempts": [{"wrote": [["[SEP]", "x"]], "success": True, "steps": 1}],
}  # fmt: skip


def test_the_record_of_an_episode_is_taken_as_it_is() -> None:
    assert checked_episodes([EPISODE], Path("episodes.jsonl")) == [EPISODE]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kept": 1}, "episode 1: 'kept' is 1, not a bool"),
        ({"id": ["2"]}, "'id' is"),
        ({"plan": None}, "'plan' is None"),
        ({"goal": "mug table"}, "episode 1: "),
        ({"failure": {"kind": "wrong place"}}, "'detail' is missing"),
        ({"failure": "x"}, "'kind' is missing"),
        ({"attempts": [3]}, "'wrote' is missing"),
        ({"attempts": [{"wrote": ["x"], "success": True, "steps": 1}]}, "'wrote' is no list of pairs"),
    ],
)
def test_a_changed_record_of_an_episode_is_named(change: Record, said: str) -> None:
    with pytest.raises(StageError, match=rf"episodes\.jsonl, {said}" if said.startswith("episode") else said):
        checked_episodes([EPISODE | change], Path("episodes.jsonl"))


def test_a_recorded_plan_of_another_home_is_an_error(flat: State) -> None:
    with pytest.raises(StageError, match="the plan of the recorded episode 2/0: "):
        plan_of(EPISODE | {"plan": ["open spaceship 1"]}, flat.world)


@pytest.mark.parametrize(
    "change", [{"home": "2"}, {"goal": ""}, {"goal": "mug table"}, {"furnished_for": "x"}, {"parts": None}]
)
def test_a_changed_proposal_is_named(change: dict[str, object]) -> None:
    proposal = replace(TASKS["2/0"], **change)  # type: ignore[arg-type]
    TASKS["2/0"].check("here")
    with pytest.raises(StageError, match="here: "):
        proposal.check("here")
