"""How the habits of a home decide where and how often is looked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from envs.scenes.home_file import parse_home
from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import Action
from envs.symbolic.goals import parse_goal
from envs.symbolic.scene import Scene
from planner.execution.events import Ended, Step
from planner.exploration.information_needs import InformationNeed
from planner.exploration.search_executor import execute_with_search
from planner.exploration.search_order import location_probabilities, most_likely, search_actions
from planner.world_model.belief import Belief
from planner.world_model.location_prior import COMMON, MAX_TRIES, TRIES, patience
from planner.world_model.usual_places import load_usual_places
from tests.planner.world_model.two_rooms import TaughtPlanner, seen_at_start, two_rooms

MUG = InformationNeed(label="mug", words=("mug",))


class OfThisHome:
    """Mugs are in the wardrobe, mostly; some doors stick."""

    def __init__(self, opens: Mapping[str, float] | None = None) -> None:
        self.chance = opens or {}

    def rates(self, category: str, scene: Scene) -> Mapping[str, float]:
        return {**COMMON.rates(category, scene), "wardrobe 1": 50.0}

    def opens(self, fixture: str) -> float:
        return self.chance.get(fixture, 1.0)


class Sticks(SymbolicHome):
    """A home in which a door opens at the n-th try."""

    def __init__(self, *args: object, door: str, tries: int) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.door, self.left = door, tries - 1

    def execute(self, action: Action) -> Step:
        if action == Action("open", (self.door,)) and self.left:
            self.left -= 1
            return Step(subtask=f"open {self.door}", status="failed", reason=f"{self.door} is stuck", duration_s=10.0)
        return super().execute(action)


def test_a_belief_has_common_habits_unless_others_are_known(tmp_path: Path) -> None:
    belief = seen_at_start(two_rooms(tmp_path))
    assert belief.habits is COMMON
    common, own = location_probabilities(MUG, belief), location_probabilities(MUG, replace(belief, habits=OfThisHome()))
    assert common["wardrobe 1"] < 0.1 < 0.9 < own["wardrobe 1"]
    assert sum(own.values()) == pytest.approx(1.0)


def test_habits_stay_with_a_belief_that_learns_more(tmp_path: Path) -> None:
    start = two_rooms(tmp_path)
    habits = OfThisHome()
    belief = replace(Belief.of_map(start.world.scene), habits=habits).observe(start)
    assert belief.after(Action("open", ("cabinet 1",))).habits is habits


def test_what_this_home_keeps_elsewhere_is_looked_for_there_first(tmp_path: Path) -> None:
    belief = replace(seen_at_start(two_rooms(tmp_path)), habits=OfThisHome())
    assert most_likely(search_actions([MUG], belief)).fixture == "wardrobe 1"


def test_a_door_that_sticks_costs_the_tries_that_it_takes(tmp_path: Path) -> None:
    belief = seen_at_start(two_rooms(tmp_path))
    sticky = replace(belief, habits=OfThisHome({"cabinet 1": 0.25}))
    costs = [{look.fixture: look.cost_s for look in search_actions([MUG], b)} for b in (belief, sticky)]
    assert costs[1]["cabinet 1"] == pytest.approx(costs[0]["cabinet 1"] + 30.0)
    assert costs[1]["cabinet 2"] == costs[0]["cabinet 2"]


def test_the_less_often_a_door_opens_the_longer_it_is_tried() -> None:
    assert patience(1.0) == TRIES <= patience(0.5) < patience(0.3) <= patience(0.01) == MAX_TRIES


@pytest.mark.parametrize(("opens", "found"), [(1.0, False), (0.4, True)])
def test_a_door_that_is_known_to_stick_is_not_given_up_too_early(tmp_path: Path, opens: float, found: bool) -> None:
    start = two_rooms(tmp_path)
    home = Sticks(start, door="cabinet 2", tries=4)
    belief = replace(Belief.of_map(start.world.scene), habits=OfThisHome({"cabinet 2": opens}))
    *_, last = execute_with_search((), parse_goal("mug on desk"), home, belief, TaughtPlanner())
    assert isinstance(last, Ended) and last.episode.success == found


def test_own_kinds_are_where_those_are_that_they_are_like_unless_the_home_says_where() -> None:
    domain = parse_home(
        "things: {blender: {like: kettle}, trophy: {like: kettle, at: [bookshelf]}}\n"
        "furniture: {aquarium: {like: side table}}\nrooms: {kitchen: [shelf]}", geometry=False,
    ).domain  # fmt: skip
    rate = partial(load_usual_places().rate, domain=domain)
    assert rate("blender", "kettle base", "kitchen") == rate("kettle", "kettle base", "kitchen")
    assert rate("book", "aquarium", "living room") == rate("book", "side table", "living room")
    assert rate("trophy", "bookshelf", "office") > rate("trophy", "kettle base", "kitchen")
