"""The library as a person uses it: `from planner import Planner`, a plan, its exports, its execution in any home."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium
import pytest

import envs
import planner
from envs.simulation.disturbed_home import DisturbedHome
from envs.symbolic.actions import Action, State
from envs.symbolic.disturbances import Disturbance, disturbed_state
from planner import (
    Begun,
    Disturbed,
    Done,
    Ended,
    Options,
    Plan,
    Planner,
    PlannerError,
    Replanned,
    SymbolicHome,
    Waiting,
)
from planner.plans.export import FORMATS, PLAN_FORMATS, ExportError, Format, export_files, joined
from planner.plans.export.py_tree import is_installed
from tests.conftest import ROOT

if TYPE_CHECKING:
    from envs.scenes.home_file import AnyHome

assert envs  # registers the environments
MUG = "put the mug on the table"
STEPS = ("open cabinet 1", "pick up mug 1", "put mug 1 on dining table 1", "close cabinet 1")


def loaded(code: str) -> set[str]:
    """The modules that a new interpreter has loaded after some code."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print('modules:', *sys.modules)"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("modules:")[2].split())


# What is imported, and when


def test_importing_the_package_imports_nothing_else() -> None:
    ours = {name for name in loaded("import planner") if name.startswith(("planner.", "envs", "gpt"))}
    assert not ours
    assert not loaded("import planner") & {"numpy", "torch", "yaml", "pybullet", "gymnasium"}


def test_planning_exporting_and_running_need_neither_torch_nor_physics(model_folder: Path, flat_file: Path) -> None:
    code = f"""
from planner import Ended, Planner, SymbolicHome
planner = Planner.load({str(model_folder)!r})
plan = planner.plan({MUG!r}, {str(flat_file)!r})
assert plan.export("bt") and plan.export("pddl") and plan.export("mermaid")
*_, last = planner.run(plan, SymbolicHome(plan.start))
assert isinstance(last, Ended) and last.episode.success
"""
    assert not loaded(code) & {"torch", "pybullet", "envs.simulation.physical_home"}


@pytest.mark.parametrize("name", planner.__all__)
def test_a_name_is_the_one_of_its_module(name: str) -> None:
    found = getattr(planner, name)
    assert name in dir(planner)
    assert name == "Event" or (found.__name__ == name and found.__module__.startswith(("planner.", "envs.")))


def test_type_checkers_are_told_of_the_names_that_can_be_imported() -> None:
    tree = ast.parse((ROOT / "planner" / "__init__.py").read_text(encoding="utf-8"))
    (only,) = (node for node in tree.body if isinstance(node, ast.If))
    told = [alias.name for node in only.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(told) == planner.__all__


def test_a_name_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'Plannner'; it has .*Plan, Planner, PlannerError"):
        _ = planner.Plannner  # type: ignore[attr-defined]


# A plan


def test_a_plan_has_a_status_a_goal_and_steps(memorized: Planner, flat: State) -> None:
    plan = memorized.plan(MUG, flat)
    assert (plan.status, plan.reason, plan.steps) == ("verified", "", STEPS)
    assert str(plan.goal) == plan.goal_text == "mug on dining table"
    assert str(plan) == " → ".join((MUG, *STEPS))
    assert plan.start == flat


def test_a_plan_that_is_printed_fits_a_screen(memorized: Planner, flat: State) -> None:
    assert len(repr(memorized.plan(MUG, flat))) < 1500


@pytest.mark.parametrize(
    ("instruction", "status"), [("tell me a joke", "refused"), ("move it", "ask"), ("fetch the teddy bear", "refused")]
)
def test_what_is_not_planned_has_a_status_a_reason_and_no_steps(
    memorized: Planner, flat: State, instruction: str, status: str
) -> None:
    plan = memorized.plan(instruction, flat, Options(samples=0))
    assert (plan.status, plan.steps) == (status, ())
    assert plan.reason


def environment(flat: State) -> gymnasium.Env[Any, Any]:
    env = gymnasium.make("HomeSymbolic-v0", home=flat.world.scene, goal="mug on dining table")
    env.reset(seed=0)
    return env


HOMES: dict[str, Callable[[State, Path], AnyHome]] = {
    "a state": lambda flat, _: flat,
    "a scene": lambda flat, _: flat.world.scene,
    "a file": lambda _, file: file,
    "a file's name": lambda _, file: str(file),
    "a symbolic home": lambda flat, _: SymbolicHome(flat),
    "a disturbed home": lambda flat, _: DisturbedHome(SymbolicHome(flat), probability=0.5, seed=1),
    "an environment": lambda flat, _: environment(flat),
    "an environment without its wrappers": lambda flat, _: environment(flat).unwrapped,
}


@pytest.mark.parametrize("kind", HOMES)
def test_a_plan_begins_in_whatever_is_a_home(memorized: Planner, flat: State, flat_file: Path, kind: str) -> None:
    assert memorized.plan(MUG, HOMES[kind](flat, flat_file)).steps == STEPS


def test_a_seed_is_a_home_as_a_number_and_as_text(memorized: Planner) -> None:
    first, second = (memorized.plan("tell me a joke", home, Options(samples=0)).start for home in (7, "7"))
    assert first.world.scene == second.world.scene and first[1:] == second[1:]


def test_a_home_in_use_is_planned_for_as_it_is_now(memorized: Planner, flat: State) -> None:
    home = SymbolicHome(flat)
    list(memorized.run(memorized.plan(MUG, home), home))
    again = memorized.plan(MUG, home)
    assert (again.status, again.steps) == ("verified", ())


# Its exports


@pytest.mark.parametrize("form", FORMATS)
def test_a_plan_exports_itself_in_each_format(memorized: Planner, flat: State, form: Format) -> None:
    if form == "py_trees" and not is_installed():
        pytest.skip("the extra `exports` is not installed")
    plan = memorized.plan(MUG, flat)
    written = plan.export(form)
    if form in PLAN_FORMATS:
        assert plan.goal is not None
        files = export_files(form, plan.goal, plan.actions, plan.start, title=plan.instruction)
        assert written == joined(files)
    if form != "pddl":
        assert written.count("mug 1") >= 2 and "dining table 1" in written
    else:
        assert "(:goal" in written and "; (pick-up mug_1 cabinet_1)" in written


def test_json_is_the_plans_plain_data(memorized: Planner, flat: State) -> None:
    plan = memorized.plan(MUG, flat)
    assert json.loads(plan.export("json")) == plan.as_dict()


def test_a_format_that_there_is_not_is_answered_with_those_that_there_are(memorized: Planner, flat: State) -> None:
    with pytest.raises(ExportError, match="no format 'yaml'; there are text, json, bt, pddl, py_trees, mermaid"):
        memorized.plan(MUG, flat).export("yaml")  # type: ignore[arg-type]


def test_a_refusal_has_text_and_json_and_nothing_else_to_export(memorized: Planner, flat: State) -> None:
    plan = memorized.plan("tell me a joke", flat)
    assert plan.export("text") == "refused: I can only do household tasks."
    assert json.loads(plan.export("json"))["status"] == "refused"
    with pytest.raises(ExportError, match="there is no plan to export: refused, I can only do household tasks"):
        plan.export("bt")


# Carrying it out


def told(planner: Planner, plan: Plan, home: Any, **more: Any) -> list[str]:
    """The events of an execution in short."""
    said = []
    for event in planner.run(plan, home, **more):
        match event:
            case Begun():
                said.append(f"{event.number}/{event.of} {event.subtask}")
            case Done():
                said.append(event.step.status + (f": {event.step.reason}" if event.step.reason else ""))
            case Disturbed():
                said.append(f"disturbed: {event.what}")
            case Replanned():
                said.append(f"anew: {', '.join(event.plan.steps)}")
            case Ended():
                said.append(f"success: {event.episode.success}")
    return said


CARRIED_OUT = [
    "1/4 open cabinet 1", "done", "2/4 pick up mug 1", "done", "3/4 put mug 1 on dining table 1", "done",
    "4/4 close cabinet 1", "done", "success: True",
]  # fmt: skip


def test_events_come_in_order_and_the_last_is_the_end(memorized: Planner, flat: State) -> None:
    assert told(memorized, memorized.plan(MUG, flat), SymbolicHome(flat)) == CARRIED_OUT


def test_an_episode_is_of_the_steps_that_were_told(memorized: Planner, flat: State) -> None:
    events = list(memorized.run(memorized.plan(MUG, flat), SymbolicHome(flat)))
    last = events[-1]
    assert isinstance(last, Ended)
    assert last.episode.steps == tuple(event.step for event in events if isinstance(event, Done))
    assert (last.episode.rate, last.episode.replans) == (1.0, 0) and last.episode.simulated_s > 0


class Meddling(DisturbedHome):
    """A home in which the cabinet is shut before the second subtask."""

    def __init__(self, home: SymbolicHome) -> None:
        super().__init__(home, probability=0.0)
        self.inner, self.calls = home, 0

    def disturb(self, ahead: Sequence[Action] = ()) -> Disturbance | None:
        super().disturb(ahead)
        self.calls += 1
        if self.calls != 2:
            return None
        what = Disturbance(kind="close", name="cabinet 1")
        self.inner.change(disturbed_state(self.state(), what))
        return what


def test_what_disturbs_a_home_is_told_and_planned_around(memorized: Planner, flat: State) -> None:
    home = Meddling(SymbolicHome(flat))
    said = told(memorized, memorized.plan(MUG, flat), home)
    assert said[:4] == ["1/4 open cabinet 1", "done", "disturbed: cabinet 1 closed", f"anew: {', '.join(STEPS)}"]
    assert said[-1] == "success: True"


class Counted(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Counts its steps."""

    count = 0

    def step(self, action: Any) -> Any:
        self.count += 1
        return super().step(action)


def test_an_environment_is_stepped_once_for_each_subtask_through_its_wrappers(memorized: Planner, flat: State) -> None:
    env = Counted(environment(flat))
    assert told(memorized, memorized.plan(MUG, env), env) == CARRIED_OUT
    assert env.count == 4


def test_a_goal_of_the_environments_own_ends_nothing(memorized: Planner, flat: State) -> None:
    env = gymnasium.make("HomeSymbolic-v0", home=flat.world.scene, goal="cabinet open")
    env.reset(seed=0)
    assert told(memorized, memorized.plan(MUG, env), env) == CARRIED_OUT


def test_an_environment_that_has_truncated_its_episode_does_nothing_more(memorized: Planner, flat: State) -> None:
    env = gymnasium.make("HomeSymbolic-v0", home=flat.world.scene, goal="mug on dining table", max_steps=2)
    env.reset(seed=0)
    said = told(memorized, memorized.plan(MUG, env), env, max_replans=0)
    assert said[4:] == [
        "3/4 put mug 1 on dining table 1",
        "failed: the environment has truncated its episode; one with a larger max_steps goes on",
        "success: False",
    ]


def test_a_plan_is_carried_out_in_physics(memorized: Planner, flat_file: Path) -> None:
    from envs.scenes.home_file import load_home
    from envs.simulation.physical_home import PhysicalHome

    home = PhysicalHome(load_home(flat_file))
    try:
        plan = memorized.plan(MUG, home)
        assert told(memorized, plan, home) == CARRIED_OUT
        assert memorized.plan(MUG, home).steps == ()
    finally:
        home.close()


# Errors in words


def test_what_is_no_home_is_said_to_be_none(memorized: Planner) -> None:
    with pytest.raises(PlannerError, match=r"there is no home 'nowhere'; give .*, or one of: family_house"):
        memorized.plan(MUG, "nowhere")
    with pytest.raises(PlannerError, match=r"a home is a file, .*; seen: None"):
        memorized.plan(MUG, None)  # type: ignore[arg-type]


def test_an_environment_of_others_is_no_home(memorized: Planner, flat: State) -> None:
    plan = memorized.plan(MUG, flat)
    with pytest.raises(PlannerError, match=r"executed in a PhysicalHome, a SymbolicHome .*, not in <.*CartPole"):
        memorized.run(plan, gymnasium.make("CartPole-v1"))


def test_an_environment_must_be_reset_first(memorized: Planner, flat: State) -> None:
    env = gymnasium.make("HomeSymbolic-v0", home=flat.world.scene)
    with pytest.raises(gymnasium.error.ResetNeeded, match=r"reset\(\) first"):
        memorized.plan(MUG, env)


def test_a_refusal_cannot_be_carried_out(memorized: Planner, flat: State) -> None:
    plan = memorized.plan("tell me a joke", flat)
    with pytest.raises(PlannerError, match="nothing to execute: refused, I can only do household tasks"):
        memorized.run(plan, SymbolicHome(flat))


def test_a_plan_is_not_carried_out_in_another_home(memorized: Planner, flat: State) -> None:
    plan = memorized.plan(MUG, flat)
    with pytest.raises(PlannerError, match="the plan is for small flat, and this home is studio"):
        memorized.run(plan, SymbolicHome(memorized.plan("tell me a joke", "studio").start))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"top_k": 0}, "top_k must be at least 1, found 0"),
        ({"top_p": 1.5}, "top_p must be above 0 and at most 1, found 1.5"),
        ({"temperature": -1.0}, r"temperature must be in \[0, 5\], found -1.0"),
        ({"samples": -1}, "samples must be at least 0, found -1"),
        ({"conditions": 0}, "conditions must be at least 1, found 0"),
    ],
)
def test_options_out_of_their_range_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(PlannerError, match=said):
        Options(**wrong)


@pytest.mark.parametrize("instruction", [None, 3, b"open the fridge", ["open the fridge"]])
def test_an_instruction_that_is_no_text_is_named(memorized: Planner, flat: State, instruction: Any) -> None:
    with pytest.raises(PlannerError, match="an instruction is a text, not "):
        memorized.plan(instruction, flat)
    with pytest.raises(PlannerError, match="options are planner"):
        memorized.plan("put the mug on the table", flat, {"samples": 0})  # type: ignore[arg-type]


def test_a_plan_for_a_seed_is_executed_in_its_home_with_and_without_the_speaker(memorized: Planner) -> None:
    from envs.scenes.scene_sampler import sample_scene
    from envs.scenes.speaker import speaker_of, with_speaker
    from envs.symbolic.goals import parse_goal
    from envs.symbolic.state import World
    from planner.world_model.open_home import open_home

    scene = sample_scene(0, geometry=False)
    start = open_home(0, geometry=False)
    assert speaker_of(scene) is None and start.world.scene == with_speaker(scene, geometry=False)
    world = World(scene)
    name = next(n for n in world.names[world.n_fixtures :] if not world.initial().closed_around(world.index[n]))
    category = name.rpartition(" ")[0]
    picks, gives = Action("pick up", (name,)), Action("give", (name, "person 1"))
    plan = memorized.plan_for_goal(parse_goal(f"holding {category}"), start)
    *_, ended = memorized.run(replace(plan, actions=(picks,)), SymbolicHome(world.initial()))
    assert isinstance(ended, Ended)
    served = replace(plan, actions=(picks, gives))
    with pytest.raises(PlannerError, match="the plan gives something to person 1, who is not in this home"):
        memorized.run(served, SymbolicHome(world.initial()))
    assert list(memorized.run(served, SymbolicHome(0)))


def test_a_goal_with_a_time_is_scheduled_and_carried_out_when_its_time_comes(memorized: Planner, flat: State) -> None:
    home = SymbolicHome(flat, start_time="06:50")
    plan = memorized.plan_goal("after 10 min : mug on dining table", home)
    assert (plan.status, plan.reason) == ("scheduled", "in 10 minutes")
    assert plan.when is not None and plan.when.after_s == 600
    first, *_, last = memorized.run(plan, home)
    assert isinstance(first, Waiting) and (first.until, first.goal) == ("07:00", "mug on dining table")
    assert isinstance(last, Ended) and last.episode.success
