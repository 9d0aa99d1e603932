"""What runs in furniture of one's own: used where it gives a state, and not where only what it is like does."""

from __future__ import annotations

import pytest

from envs.scenes.home_file import parse_home
from envs.symbolic.goals import parse_goal
from envs.symbolic.scene import Scene
from envs.symbolic.state import World
from planner.corpus.teacher_chunks import taught_actions
from planner.goals.feasibility import infeasibility
from planner.goals.means.appliances import APPLIANCES, appliances_for
from planner.verification.plan_verification import verify

STEAMER = 'steamer: {like: microwave, process: {when: [closed, "on"], %s}}'


def home(furniture: str, kitchen: str, things: str = "potato", other: str = "") -> Scene:
    text = f"furniture: {{{furniture}}}\n{other}\nrooms: {{kitchen: [countertop, {kitchen}]}}\n"
    return parse_home(text + f"objects: {{countertop: [{things}]}}")


def used(scene: Scene, text: str) -> set[str]:
    """Return the appliances that the plan of a teacher runs."""
    state, goal = World(scene).initial(), parse_goal(text, scene=scene)
    assert infeasibility(goal, state) == ""
    plan = taught_actions(state, goal)
    assert verify(state, goal, plan).ok
    return {step.args[0] for step in plan if step.skill == "turn on"}


@pytest.mark.parametrize("does", ["cook: true", "set: [cooked]"])
@pytest.mark.parametrize("text", ["cooked potato", "cooked potato by steamer", "every potato is cooked"])
def test_an_appliance_that_only_cooks_is_used_to_cook(does: str, text: str) -> None:
    assert used(home(STEAMER % does, "steamer, microwave"), text) == {"steamer 1"}


def test_what_is_like_a_microwave_but_only_cooks_heats_nothing() -> None:
    scene = home(STEAMER % "cook: true", "steamer, microwave")
    assert used(scene, "hot potato") == {"microwave 1"}
    state = World(home(STEAMER % "cook: true", "steamer")).initial()
    assert appliances_for(state, "hot", state.world.index["potato 1"]) == []


def test_a_toaster_of_ones_own_heats_all_that_fits() -> None:
    scene = home('warmer: {like: oven, process: {when: [closed, "on"], set: [hot]}}', "warmer")
    assert used(scene, "hot potato") == {"warmer 1"}


def test_built_in_appliances_are_those_that_their_processes_make() -> None:
    kitchen = ["sink", "dishwasher", "stove burner", "oven", "microwave", "kettle base", "fridge", "freezer", "toaster"]
    scene = home("", ", ".join(kitchen), "potato, bread")
    state = World(scene).initial()
    for thing in ("potato 1", "bread 1"):
        for word in ("clean", "cooked", "hot", "cold"):
            found = {
                state.world.categories[f] for g in appliances_for(state, word, state.world.index[thing]) for f in g
            }
            known = {kind for kind in APPLIANCES[word] if kind in state.world.entities_by_category}
            assert found - {"toaster"} == known


@pytest.mark.parametrize(("kitchen", "reason"), [
    ("scanner", "atlas 1 cannot become scanned: it does not fit in scanner 1"),
    ("shelf", "atlas 1 cannot become scanned: that takes a scanner, and there is none here"),
    ("scanner, stamper", "mug 1 cannot become stamped: stamper 1 takes only: book"),
])  # fmt: skip
def test_what_keeps_a_thing_from_what_runs_in_furniture_is_said(kitchen: str, reason: str) -> None:
    other = """\
states: [scanned, stamped]
things: {atlas: {like: book, size: [0.45, 0.45, 0.05]}}
processes:
  scan: {at: [scanner], when: ["on"], set: [scanned]}
  stamp: {at: [stamper], set: [stamped]}"""
    scanner = "scanner: {body: slot, switch: true}, stamper: {body: table, accepts: [book]}"
    scene = home(scanner, kitchen, "atlas, mug", other)
    goal = parse_goal("stamped mug" if "stamped" in reason else "scanned atlas", scene=scene)
    assert infeasibility(goal, World(scene).initial()).endswith(reason)
