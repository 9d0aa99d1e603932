"""What an instruction means where most of the home is not known, and the plan as far as one can be known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from envs.symbolic.actions import State
from envs.symbolic.domain import load_domain
from planner.errors import CalibrationError
from planner.exploration.belief_planning import (
    categories_named,
    plan_under_uncertainty,
    with_named_objects,
    with_unseen,
)
from planner.plans.export import ExportError
from planner.plans.options import Options
from planner.plans.plan_text import split_plan
from planner.world_model.belief import Belief
from planner.world_model.memory import parse_statement
from tests.planner.world_model.two_rooms import TWO_ROOMS, TaughtPlanner, seen_at_start, two_rooms

MEANT = {
    "mug": "mug on desk", "plate": "plate on desk", "teddy": "holding teddy bear", "sofa": "mug on sofa",
    "glasses": "every dirty glass is clean", "warm": "hot apple on desk",
}  # fmt: skip
QUICK = Options(samples=0)


@pytest.fixture
def start(tmp_path: Path) -> State:
    return two_rooms(tmp_path)


@pytest.fixture
def belief(start: State) -> Belief:
    return seen_at_start(start)


def test_a_plan_on_what_is_known_is_verified(belief: Belief) -> None:
    plan = plan_under_uncertainty(TaughtPlanner(MEANT), "plate", belief, QUICK)
    assert (plan.status, plan.guesses, plan.is_executable) == ("verified", (), True)
    assert plan.subtasks == ("pick up plate 1", "put plate 1 on desk 1")


def test_a_plan_that_rests_on_what_was_not_seen_is_never_verified(belief: Belief) -> None:
    plan = plan_under_uncertainty(TaughtPlanner(MEANT), "mug", belief, QUICK)
    assert (plan.status, plan.is_executable) == ("unverified", True)
    assert plan.reason.startswith("needs to look for mug: probably in ")


@pytest.mark.parametrize("goal", ["every red teddy bear on desk", "half of dirty book on desk", "2 of mug on desk"])
def test_what_must_be_looked_for_everywhere_is_not_said_to_be_missing(belief: Belief, goal: str) -> None:
    plan = plan_under_uncertainty(TaughtPlanner({"all": goal}), "all", belief, QUICK)
    assert plan.reason.startswith("needs to look for every ") and "with that found" not in plan.reason


@pytest.mark.parametrize(
    ("goal", "reason"),
    [("mug of tea on desk", "no tea can be made or poured here"), ("sliced book on desk", "can never be sliced")],
)
def test_what_nothing_can_be_is_not_said_to_have_been_looked_for(belief: Belief, goal: str, reason: str) -> None:
    plan = plan_under_uncertainty(TaughtPlanner({"it": goal}), "it", belief, QUICK)
    assert "looked everywhere" not in plan.reason and plan.reason.endswith(reason)


def test_looking_stands_before_what_rests_on_it_and_is_no_action(belief: Belief) -> None:
    plan = plan_under_uncertainty(TaughtPlanner(MEANT), "mug", belief, QUICK)
    assert plan.subtasks.index("look for mug") < plan.subtasks.index("pick up mug 1")
    assert plan.actions == ()


def test_a_look_that_no_subtask_rests_on_is_shown_too(belief: Belief) -> None:
    plan = plan_under_uncertainty(TaughtPlanner(MEANT), "glasses", belief, QUICK)
    assert plan.subtasks[0] == "look for every dirty glass"


def test_what_is_told_needs_no_look(belief: Belief) -> None:
    plan = plan_under_uncertainty(TaughtPlanner(MEANT), "mug", parse_statement(belief, ["mug 1 in cabinet 2"]), QUICK)
    assert plan.status == "verified" and "open cabinet 2" in plan.subtasks


def test_the_places_of_a_guess_are_the_likeliest_first(belief: Belief) -> None:
    (guess,) = plan_under_uncertainty(TaughtPlanner(MEANT), "mug", belief, QUICK).guesses
    chances = [chance for _, chance in guess.places]
    assert chances == sorted(chances, reverse=True) and sum(chances) == pytest.approx(1.0)


def test_a_thing_that_nobody_has_seen_is_not_refused_and_one_that_the_map_lacks_is(belief: Belief) -> None:
    planner = TaughtPlanner(MEANT)
    assert plan_under_uncertainty(planner, "teddy", belief, QUICK).guesses[0].wanted == "teddy bear"
    plan = plan_under_uncertainty(planner, "sofa", belief, QUICK)
    assert (plan.status, plan.reason) == ("refused", "there is no sofa here")


def test_nothing_of_the_plan_is_where_the_robot_cannot_know_it_to_be(start: State, tmp_path: Path) -> None:
    """The same is planned in a home with another content behind its doors."""
    rooms, _ = TWO_ROOMS.split("objects:\n")
    other = two_rooms(tmp_path, f"{rooms}objects:\n  countertop: [plate, dirty glass]\n  fridge: [9 mug]\n")
    plans = [plan_under_uncertainty(TaughtPlanner(MEANT), "mug", seen_at_start(s), QUICK) for s in (start, other)]
    assert plans[0].subtasks == plans[1].subtasks and plans[0].guesses == plans[1].guesses


def test_what_was_looked_for_everywhere_is_said_not_to_be_there(belief: Belief, start: State) -> None:
    plan = plan_under_uncertainty(
        TaughtPlanner(MEANT), "teddy", replace(belief, looked=frozenset(start.world.names)), QUICK
    )
    assert (plan.status, plan.is_executable) == ("unverified", False)
    assert plan.reason == "looked everywhere; there is no teddy bear"


def test_no_plan_is_exported_while_something_has_to_be_found(belief: Belief) -> None:
    plan = plan_under_uncertainty(TaughtPlanner(MEANT), "mug", belief, QUICK)
    with pytest.raises(ExportError, match="needs to look for mug"):
        plan.export("bt")


def test_an_error_rate_cannot_be_kept_where_not_all_is_known(belief: Belief) -> None:
    with pytest.raises(CalibrationError, match="only in a fully known home"):
        plan_under_uncertainty(TaughtPlanner(MEANT), "mug", belief, Options(error_rate=0.1))


def test_what_to_look_for_is_plain_data(belief: Belief) -> None:
    (guess,) = plan_under_uncertainty(TaughtPlanner(MEANT), "mug", belief, QUICK).as_dict()["look_for"]  # type: ignore[misc]
    assert guess["wanted"] == "mug" and set(guess["places"][0]) == {"place", "chance"}


@pytest.mark.parametrize(
    ("instruction", "categories"),
    [
        ("bring me the mug", {"mug"}),
        ("put two wine glasses on the table", {"wine glass"}),
        ("put the wine bottle beside the glass", {"wine bottle", "glass"}),
        ("close the fridge", set()),
        ("tell me a joke", set()),
    ],
)
def test_an_instruction_names_categories(instruction: str, categories: set[str]) -> None:
    assert set(categories_named(instruction, load_domain())) == categories


def test_what_is_named_is_there_once_where_nothing_of_it_is_known(belief: Belief) -> None:
    world = with_unseen(belief, ["mug", "plate"]).world
    assert (len(world.entities_by_category["mug"]), len(world.entities_by_category["plate"])) == (1, 1)


def test_things_that_a_plan_names_are_known_by_name(belief: Belief) -> None:
    state, plan = with_named_objects(belief, split_plan("look for mug → pick up mug7 → put Mug 7 on wine glass 2"))
    assert [step.text for step in plan.steps] == ["pick up mug7", "put Mug 7 on wine glass 2"]
    index = state.world.index
    assert {"mug 7", "wine glass 2"} <= index.keys() and "glass 2" not in index
