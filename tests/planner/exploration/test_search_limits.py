"""A search keeps the rules: what must not be opened or gone to is not looked at, and the answer says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import OPEN, State
from envs.symbolic.goals import parse_goal, parse_rule
from planner.api import Planner
from planner.execution.events import Ended, Episode
from planner.exploration.belief_planning import plan_for_goal_under_uncertainty
from planner.exploration.search_executor import execute_with_search
from planner.exploration.search_limits import search_limits
from planner.plans.options import Options
from planner.world_model.belief import Belief
from planner.world_model.open_home import with_rules
from tests.planner.world_model.two_rooms import TWO_ROOMS, TaughtPlanner, seen_at_start, sought, two_rooms


@pytest.fixture
def start(tmp_path: Path) -> State:
    return two_rooms(tmp_path)


def subtasks(episode: Episode) -> list[str]:
    return [step.subtask for step in episode.steps]


def shortfall(episode: Episode) -> tuple[str, ...]:
    assert episode.search is not None
    return episode.search.shortfall


@pytest.mark.parametrize(
    ("goal", "never", "reason"),
    [
        ("apple on desk", "open fridge", "I may not look into fridge 1: never open fridge"),
        ("apple on desk", "fridge open", "I may not look into fridge 1: never fridge open"),
        ("mug on desk", "open cabinet", "I may not look into cabinet 1 and cabinet 2: never open cabinet"),
        ("apple on dining table", "go to fridge", "I may not go to fridge 1: never go to fridge"),
        (
            "shirt on dining table", "go to bedroom",
            "I may not go to bed 1, side table 1, wardrobe 1 and desk 1: never go to bedroom",
        ),
    ],
)  # fmt: skip
def test_what_a_rule_forbids_is_not_searched_and_the_answer_names_the_rule(
    start: State, goal: str, never: str, reason: str
) -> None:
    episode, _ = sought(f"{goal} while never {never}", start)
    assert (episode.success, episode.broken) == (False, ())
    assert reason in shortfall(episode)
    places = reason.removeprefix("I may not look into ").removeprefix("I may not go to ").partition(":")[0]
    for place in places.replace(" and ", ", ").split(", "):
        assert not any(step.endswith(place) for step in subtasks(episode))


def test_the_rules_of_the_home_hold_for_a_search(start: State) -> None:
    episode, _ = sought("apple on desk", with_rules(start, ["never open fridge"]))
    assert "open fridge 1" not in subtasks(episode)
    assert "I may not look into fridge 1: never open fridge" in shortfall(episode)


def test_what_is_found_elsewhere_needs_no_forbidden_door(start: State) -> None:
    episode, _ = sought("mug on dining table while never open drawer", start)
    assert (episode.success, episode.broken, shortfall(episode)) == (True, (), ())


def test_all_things_of_a_kind_are_those_in_allowed_places(start: State) -> None:
    episode, _ = sought("every mug on dining table while never open microwave", start)
    assert (episode.success, episode.broken) == (True, ())
    assert shortfall(episode) == ("I may not look into microwave 1: never open microwave",)


def test_an_open_door_may_be_looked_through_though_it_must_not_be_opened(tmp_path: Path) -> None:
    home = two_rooms(tmp_path, TWO_ROOMS.replace("fridge, microwave", "open fridge, microwave"))
    episode, _ = sought("apple on dining table while never open fridge", home)
    assert (episode.success, episode.broken) == (True, ())


def test_a_door_that_must_not_be_closed_stays_open(start: State) -> None:
    episode, _ = sought("pen on dining table while never close drawer", start)
    assert (episode.success, episode.broken) == (True, ())
    assert "close drawer 1" not in subtasks(episode)


def test_something_told_to_be_behind_a_forbidden_door_is_looked_for_elsewhere(tmp_path: Path) -> None:
    text = TWO_ROOMS.replace("fridge: [apple]", "fridge: [apple]\n  cabinet 1: [apple]")
    home = two_rooms(tmp_path, text)
    world = home.world
    fridge = world.index["fridge 1"]
    inside = next(n for n in ("apple 1", "apple 2") if home.place[world.index[n]] == fridge)
    known = seen_at_start(replace_open(home, "fridge 1"))
    known = replace(known, fixtures={**known.fixtures, "fridge 1": frozenset()}, looked=frozenset())
    assert inside in known.things
    episode, _ = sought("apple on dining table while never open fridge", home, belief=known)
    assert (episode.success, episode.broken) == (True, ())


def replace_open(state: State, fixture: str) -> State:
    f = state.world.index[fixture]
    return state._replace(flags=(*state.flags[:f], state.flags[f] | OPEN, *state.flags[f + 1 :]))


def test_a_plan_that_must_look_first_says_where_it_may_not(start: State) -> None:
    belief = seen_at_start(with_rules(start, ["never open fridge"]))
    plan = plan_for_goal_under_uncertainty(TaughtPlanner(), parse_goal("apple on desk"), belief, Options())
    assert plan.reason.endswith("I may not look into fridge 1: never open fridge")
    assert "fridge 1" not in dict(plan.guesses[0].places)
    assert not any("fridge" in subtask for subtask in plan.subtasks)


def limits(start: State, *rules: str) -> tuple[list[str], list[str]]:
    found = search_limits([parse_rule(rule) for rule in rules], Belief.of_map(start.world.scene))
    return sorted(found.visits), sorted(found.doors)


@pytest.mark.parametrize(
    ("rules", "visits", "doors"),
    [
        ([], [], []),
        (["never turn on microwave"], [], []),
        (["never open microwave", "never knife with person"], [], ["microwave 1"]),
        (["never go to desk"], ["desk 1"], []),
        (["never go to drawer"], ["drawer 1"], ["drawer 1"]),
    ],
)
def test_limits_are_what_walking_and_opening_would_break(
    start: State, rules: Sequence[str], visits: list[str], doors: list[str]
) -> None:
    assert limits(start, *rules) == (visits, doors)


def test_a_fixture_that_must_not_be_switched_off_is_not_opened_while_it_runs(start: State) -> None:
    known = replace(Belief.of_map(start.world.scene), fixtures={"microwave 1": frozenset({"on"})})
    assert set(search_limits([parse_rule("never turn off microwave")], known).doors) == {"microwave 1"}


# What was opened to look inside


def left_open(home: SymbolicHome) -> list[str]:
    state = home.state()
    return [state.world.names[f] for f in range(state.world.n_fixtures) if state.flags[f] & OPEN]


@pytest.mark.parametrize("goal", ["pen on dining table", "apple on desk", "shirt on bed", "knife on desk"])
def test_what_was_opened_to_look_inside_is_closed_again(start: State, goal: str) -> None:
    home = SymbolicHome(start)
    sought(goal, start, home=home)
    assert left_open(home) == []


def test_a_door_that_the_goal_wants_open_stays_open_after_a_search(start: State) -> None:
    home = SymbolicHome(start)
    episode, _ = sought("cabinet open ; pen on dining table", start, home=home)
    assert episode.success
    assert len(left_open(home)) == 1


def test_a_door_that_an_earlier_phase_wants_open_stays_open(start: State) -> None:
    home, planner, goal = SymbolicHome(start), Planner.load(), parse_goal("drawer open then pen on dining table")
    *_, last = execute_with_search((), goal, home, seen_at_start(start), planner)
    assert isinstance(last, Ended) and last.episode.success
    assert left_open(home) == ["drawer 1"]
