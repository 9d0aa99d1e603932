"""Every GPT plans with skills that it was not trained on: it plans what they need, and the planner adds their use."""

from __future__ import annotations

from pathlib import Path

import pytest

from envs.symbolic.actions import format_action
from planner import Plan, Planner
from planner.api import model_folder as released_model
from planner.errors import ReleaseError

HOME = """\
name: own skills
people: [Ines]
things:
  feather duster: {like: spatula}
  marker: {like: spatula}
  hamster: {shape: ball, size: 0.1, classes: [pet], at: [cage]}
  pet food: {like: cereal box}
  vinyl: {shape: plate, size: 0.3, at: [shelf]}
  novel: {like: book}
furniture:
  cage: {body: cupboard, joint: hinge}
  record player: {like: side table, switch: yes}
classes: [pet]
skills:
  sweep: {text: "sweep {room}", when: ["hand empty"], sets: ["{room} swept"]}
  mop: {text: "mop {room}", when: ["{room} swept"], sets: ["{room} mopped"]}
  air: {text: "air {room}", when: ["robot in {room}"], sets: ["{room} aired"]}
  dust: {text: "dust {fixture}", when: ["holding {feather duster}"], sets: ["{fixture} dusted"]}
  label: {text: "label {glass}", when: ["holding {marker}"], sets: ["{glass} labeled"]}
  feed: {text: "feed {pet}", when: ["holding {pet food}"], sets: ["{pet} fed"]}
  play: {text: "play {vinyl}", when: ["{vinyl} on {record player}", "{record player} on"], sets: ["{vinyl} played"]}
  read: {text: "read {novel} to {person}", when: ["holding {novel}"], sets: ["{person} entertained"]}
  renew: {text: "renew {novel} for {person}", when: ["{novel} in hand"], sets: ["{novel} renewed"]}
rooms:
  kitchen: [countertop, cabinet, dining table, sink]
  living room: [shelf, record player, cage, sofa, desk, person]
objects:
  countertop: [2 glass, feather duster, marker]
  cabinet: [pet food]
  cage: [hamster]
  shelf: [vinyl, novel]
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("own") / "home.yaml"
    path.write_text(HOME, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def released() -> Planner:
    try:
        released_model()
    except ReleaseError:
        pytest.skip("no released weights")
    return Planner.load()


def added(plan: Plan) -> list[str]:
    return [plan.subtasks[number - 1] for number in plan.added]


@pytest.mark.parametrize(
    ("goal", "steps"),
    [
        ("kitchen swept", ["sweep kitchen"]),
        ("every room swept", ["sweep kitchen", "sweep living room"]),
        ("kitchen mopped", ["sweep kitchen", "mop kitchen"]),
        ("every day at 07:00 : kitchen swept", ["sweep kitchen"]),
    ],
)
def test_a_step_that_is_no_choice_is_added_whatever_the_gpt_knows(
    memorized: Planner, home: Path, goal: str, steps: list[str]
) -> None:
    plan = memorized.plan_goal(goal, home)
    assert plan.is_proven
    assert (list(plan.subtasks), added(plan), plan.written) == (steps, steps, ())


def test_the_robot_goes_to_a_room_where_a_skill_needs_it(memorized: Planner, home: Path) -> None:
    plan = memorized.plan_goal("living room aired", home)
    assert plan.is_proven
    assert [action.skill for action in plan.actions] == ["go to", "air"]


@pytest.mark.parametrize("rule", ["never sweep", "never sweep kitchen"])
def test_a_rule_that_forbids_the_skill_is_named(memorized: Planner, home: Path, rule: str) -> None:
    plan = memorized.plan_goal(f"kitchen swept while {rule}", home)
    assert (plan.status, plan.actions) == ("refused", ())
    assert rule in plan.reason


@pytest.mark.parametrize(
    ("goal", "own_steps"),
    [
        ("labeled glass", ["label glass 1"]),
        ("every glass is labeled", ["label glass 1", "label glass 2"]),
        ("labeled glass on shelf", ["label glass 1"]),
        ("desk dusted ; record player dusted", ["dust desk 1", "dust record player 1"]),
        ("fed hamster", ["feed hamster 1"]),
        ("every day at 07:00 : fed hamster", ["feed hamster 1"]),
        ("played vinyl", ["play vinyl 1"]),
        ("person entertained", ["read novel 1 to person 1"]),
        ("renewed novel with Ines", ["renew novel 1 for person 1"]),
    ],
)
def test_released_weights_use_skills_that_they_were_not_trained_on_and_do_nothing_unasked(
    released: Planner, home: Path, goal: str, own_steps: list[str]
) -> None:
    plan = released.plan_goal(goal, home)
    assert plan.is_proven, plan.reason
    own = [format_action(plan.start.world, a) for a in plan.actions if a.skill in plan.start.world.scene.domain.skills]
    used = [step for step in own if step.split()[0] in {s.split()[0] for s in own_steps}]
    assert sorted(used) == sorted(own_steps)
    assert set(own_steps) <= set(added(plan))
    assert len(plan.written) + len(plan.added) >= len(plan.actions)
    if "vinyl" not in goal:
        assert "turn on" not in {action.skill for action in plan.actions}
    if "hamster" in goal:
        assert "pick up hamster 1" not in plan.subtasks


def test_released_weights_are_refused_with_the_rule_that_is_in_the_way(released: Planner, home: Path) -> None:
    plan = released.plan_goal("played vinyl while never pick up vinyl", home)
    assert (plan.status, plan.reason) == ("refused", "a rule does not allow it: never pick up vinyl")


def test_a_tool_stays_in_the_hand_from_one_use_to_the_next(released: Planner, home: Path) -> None:
    plan = released.plan_goal("every glass is labeled", home)
    assert [action.skill for action in plan.actions] == ["pick up", "label", "label", "put"]
