"""Plans, searches, exports and environments for robots that cannot do everything."""

from __future__ import annotations

import json
from pathlib import Path

import gymnasium
import pytest

import envs
from envs.errors import GoalError
from envs.scenes.robot_file import load_robot, parse_robot
from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import Action, State, World
from envs.symbolic.embodiment import Robot, equipped, equipped_state
from envs.symbolic.embodiment.refusals import robot_obstacle
from envs.symbolic.goals import parse_goal
from planner import Ended, Planner, PlannerError
from planner.api import model_folder as released_model
from planner.benchmarks.robots.__main__ import judge, robot_tasks, summary
from planner.benchmarks.robots.judged_answers import beyond_robot
from planner.benchmarks.robots.sampled_robots import sampled_robot
from planner.corpus.teacher_chunks import taught_actions
from planner.errors import ReleaseError
from planner.exploration.belief_planning import plan_for_goal_under_uncertainty
from planner.plan import main as plan_command
from planner.plans.options import Options
from planner.plans.pddl.adl_problem import to_pddl
from planner.run import main as run_command
from planner.tasks.held_out_trials import EvaluationTask, for_robot
from planner.verification.plan_verification import verify
from planner.world_model.belief import Belief
from tests.envs.homes_for_tests import scene
from tests.planner.world_model.two_rooms import sought, two_rooms

assert envs  # registers the environments
MUG = "put the mug on the table"
NO_DOORS = Robot(name="no doors", without=("open",))


def with_robot(state: State, robot: Robot) -> State:
    return equipped_state(state, robot)


# -- plans


def test_a_plan_is_for_the_robot_that_is_asked_for(memorized: Planner, flat: State) -> None:
    assert memorized.plan(MUG, flat).status == "verified"
    plan = memorized.plan(MUG, flat, robot=NO_DOORS)
    assert (plan.status, plan.actions) == ("refused", ())
    assert plan.reason == "this robot cannot open the cabinet, where the mug is"
    assert plan.goal_text == "mug on dining table"


def test_a_planner_is_loaded_with_its_robot(model_folder: Path, flat: State) -> None:
    planner = Planner.load(model_folder, robot="guide")
    assert planner.plan_goal("mug on dining table", flat).reason.startswith("this robot cannot pick up")
    assert planner.plan_goal("mug on dining table", flat, robot="panda").status == "verified"


def test_tell_only_robots_answer_questions(model_folder: Path, flat: State) -> None:
    planner = Planner.load(model_folder, robot="guide")
    assert "cabinet" in planner.answer("? where mug", flat)


def test_what_is_so_already_is_not_refused(memorized: Planner, flat: State) -> None:
    assert memorized.plan_goal("desk lamp off", flat, robot="guide").status == "verified"


def test_what_no_skill_of_the_robot_makes_is_refused(memorized: Planner, flat: State) -> None:
    robot = parse_robot('own skills: {peel: {text: "peel {fruit}", sets: ["{fruit} peeled"]}}')
    assert memorized.plan_goal("peeled apple", flat, robot=robot).status != "refused"
    plan = memorized.plan_goal("peeled plate", flat, robot=robot)
    assert (plan.status, plan.reason) == ("refused", "no skill of this robot makes plate 1 peeled")


def test_a_plan_is_run_by_the_same_robot(memorized: Planner, flat: State) -> None:
    robot = Robot(without=("slice",))
    plan = memorized.plan(MUG, flat, robot=robot)
    with pytest.raises(PlannerError, match="the plan is for another robot than that of this home"):
        list(memorized.run(plan, SymbolicHome(flat)))
    *_, ended = memorized.run(plan, SymbolicHome(flat, robot=robot))
    assert isinstance(ended, Ended) and ended.episode.success


def test_a_home_refuses_what_its_robot_lacks(flat: State) -> None:
    home = SymbolicHome(flat, robot=NO_DOORS)
    outcome = home.execute(Action("open", ("fridge 1",)))
    assert (outcome.status, outcome.reason) == ("failed", "this robot cannot open")


def test_doors_that_cannot_be_closed_stay_open(memorized: Planner, flat: State) -> None:
    plan = memorized.plan(MUG, flat, robot=Robot(without=("close",)))
    assert plan.status == "verified"
    assert [a.skill for a in plan.actions] == ["open", "pick up", "put"]


@pytest.mark.parametrize("seed", range(3))
def test_no_plan_of_the_teacher_or_a_gpt_has_a_step_that_the_robot_cannot_do(
    random_planner: Planner, seed: int
) -> None:
    robot, own = sampled_robot(seed)
    for _, goal, state in robot_tasks(robot, own, 8, seed):
        plan = random_planner.plan_for_goal(goal, state, Options(samples=0))
        assert not list(beyond_robot(state, plan.actions))
        assert not list(beyond_robot(state, plan.written))
        try:
            taught = taught_actions(state, goal)
        except LookupError:
            continue
        assert not list(beyond_robot(state, taught))
        assert plan.status != "refused" or not verify(state, goal, taught).ok


def test_the_benchmark_judges_each_answer(random_planner: Planner) -> None:
    robot, own = sampled_robot(1)
    judged = [judge(random_planner, *task, samples=0) for task in robot_tasks(robot, own, 6, 1)]
    assert len(judged) == 6
    assert not any(j.verdict in ("wrong", "refused needlessly") or j.beyond for j in judged)
    assert summary(judged).startswith("6 goals; plans with a step that the robot cannot do: 0")


def test_a_held_out_task_that_is_beyond_a_robot_asks_for_a_refusal(flat: State) -> None:
    goal = parse_goal("mug on dining table", scene=flat.world.scene)
    trial = EvaluationTask(id="1", split="", family="", instruction=MUG, start=flat, goal=goal)
    assert for_robot(trial, NO_DOORS).answer == "refuse"
    assert for_robot(trial, Robot(without=("slice",))).answer == "plan"


@pytest.mark.parametrize("goal", ["1 of mug on desk", "half of mug on desk", "mug on desk", "mug in bedroom"])
def test_what_the_robot_gets_at_is_chosen(goal: str) -> None:
    fixtures = ("cabinet 1", "countertop 1", "desk 1 @ bedroom", "wardrobe 1 @ bedroom")
    home = equipped(scene(fixtures, {"mug 1": "cabinet 1", "mug 2": "countertop 1"}), NO_DOORS)
    state = World(home).initial()
    taught = taught_actions(state, parse_goal(goal, scene=home), common_sense=True)
    assert [a.args for a in taught] == [("mug 2",), ("mug 2", "desk 1")]


# -- homes known in part


def test_a_search_opens_no_door_that_the_robot_cannot_open(tmp_path: Path) -> None:
    start = with_robot(two_rooms(tmp_path), NO_DOORS)
    episode, _ = sought("apple on desk", start)
    assert not episode.success
    assert not any(step.subtask.startswith("open") for step in episode.steps)
    assert episode.search is not None
    assert " ".join(episode.search.shortfall).endswith("microwave 1 and wardrobe 1: this robot cannot open")


def test_what_no_search_can_change_is_refused_before_it(memorized: Planner, flat: State) -> None:
    belief = Belief.of_map(with_robot(flat, load_robot("guide")).world.scene)
    goal = parse_goal("mug on dining table", scene=belief.scene)
    plan = plan_for_goal_under_uncertainty(memorized, goal, belief, Options())
    assert (plan.status, plan.reason) == ("refused", "this robot cannot pick up or put the mug")


# -- exports and environments


def test_pddl_has_only_the_actions_of_the_robot(flat: State) -> None:
    state = with_robot(flat, load_robot("fetcher"))
    task = to_pddl(parse_goal("fork on dining table", scene=flat.world.scene), state)
    assert "(:action pick-up" in task.domain and "(:action put-item-furniture" in task.domain
    assert not any(f"(:action {name}" in task.domain for name in ("open", "close", "turn", "slice", "pour", "wipe"))
    assert "(liftable fork_1)" in task.problem
    full = to_pddl(parse_goal("fork on dining table", scene=flat.world.scene), flat)
    assert "liftable" not in str(full)


def test_an_environment_has_the_skills_of_its_robot(flat_file: Path) -> None:
    env = gymnasium.make("HomeSymbolic-v0", home=str(flat_file), goal="fork on dining table", robot="fetcher")
    _, info = env.reset(seed=0)
    assert env.action_space.nvec[0] == 4  # type: ignore[attr-defined]
    assert not any(text.startswith(("open", "turn on")) for text in info["actions"])
    assert env.unwrapped.encode("pick up fork 1")[0] == 1  # type: ignore[attr-defined]
    with pytest.raises(GoalError, match="this robot cannot open the cabinet, where the mug is"):
        gymnasium.make("HomeSymbolic-v0", home=str(flat_file), goal="mug on dining table", robot="fetcher")


def test_a_robot_without_arms_is_told_apart_from_a_home_without_things() -> None:
    env = gymnasium.make("HomeSymbolic-v0", home="studio", robot="guide")
    with pytest.raises(GoalError, match="but not for this robot: this robot cannot pick up or put"):
        env.reset(seed=0)


def test_an_environment_samples_goals_that_its_robot_can_reach() -> None:
    env = gymnasium.make("HomeSymbolic-v0", robot="fetcher")
    for seed in range(5):
        _, info = env.reset(seed=seed)
        state = env.unwrapped.home_state()  # type: ignore[attr-defined]
        assert robot_obstacle(parse_goal(info["goal"], scene=state.world.scene), state) == ""


# -- commands


def test_plan_refuses_with_the_reason(model_folder: Path, flat_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [MUG, "--home", str(flat_file), "--model", str(model_folder), "--robot", "fetcher", "--json"]
    assert plan_command(arguments) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["status"], answer["plan"]) == ("refused", [])
    assert answer["reason"] == "this robot cannot open the cabinet, where the mug is"


def test_plan_answers_a_question_with_any_robot(flat_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plan_command(["--goal", "? where mug", "--home", str(flat_file), "--robot", "guide"]) == 0
    assert "cabinet" in capsys.readouterr().out


def test_run_drives_a_robot_without_arms(flat_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["go to fridge 1", "--goal", "desk lamp off", "--home", str(flat_file), "--robot", "guide"]
    assert run_command([*arguments, "--backend", "symbolic"]) == 0
    assert "go to fridge 1" in capsys.readouterr().out


def test_a_robot_that_there_is_not_is_wrong_usage(flat_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plan_command([MUG, "--home", str(flat_file), "--robot", "fetchr"]) == 2
    assert "did you mean 'fetcher'?" in capsys.readouterr().err


def test_released_weights_refuse_too(flat: State) -> None:
    try:
        released_model()
    except ReleaseError:
        pytest.skip("no released weights")
    plan = Planner.load(robot="fetcher").plan("bring me the mug", flat)
    assert plan.status == "refused"
