"""Homes with other robots: what they can do, what their hand holds, and why they refuse a goal."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping, Sequence

import pytest

from envs.assets.collision_shapes import rims
from envs.errors import ActionError
from envs.scenes.home_file import load_home, parse_home
from envs.scenes.robot_file import parse_robot
from envs.symbolic.actions import State, World, applicable, apply, format_action, parse_action, unmet_precondition
from envs.symbolic.domain import Hand, load_domain
from envs.symbolic.embodiment import Robot, equipped, equipped_state
from envs.symbolic.embodiment.grip import grip_width
from envs.symbolic.embodiment.possible import Possible, possible_in
from envs.symbolic.embodiment.refusals import robot_obstacle
from envs.symbolic.goals import parse_goal
from envs.symbolic.obstacles import obstacle
from tests.envs.homes_for_tests import scene

KITCHEN = ("countertop 1", "fridge 1", "cabinet 1", "sink 1", "stove burner 1", "microwave 1", "dining table 1",
           "desk lamp 1: on", "person 1", "floor 1")  # fmt: skip
THINGS = {"milk 1": "fridge 1", "mug 1": "cabinet 1", "mug 2": "countertop 1", "apple 1": "countertop 1",
          "knife 1": "dining table 1", "pot 1: dirty": "countertop 1", "cloth 1": "sink 1", "plate 1: dirty": "sink 1",
          "ball 1": "floor 1", "bread 1": "cabinet 1"}  # fmt: skip


def start(robot: Robot, fixtures: Sequence[str] = KITCHEN, objects: Mapping[str, str] = THINGS) -> State:
    return World(equipped(scene(fixtures, objects), robot)).initial()


def why(robot: Robot, goal: str, fixtures: Sequence[str] = KITCHEN, objects: Mapping[str, str] = THINGS) -> str:
    state = start(robot, fixtures, objects)
    return robot_obstacle(parse_goal(goal, scene=state.world.scene), state)


def without(*skills: str) -> Robot:
    return Robot(without=skills)


# -- the domain --------------------------------------------------------------------------------------------------------


def test_the_default_robot_changes_nothing_of_a_home() -> None:
    home = scene(KITCHEN, THINGS)
    assert equipped(home, Robot()) is home
    assert equipped(home, None) is home


def test_equipped_homes_of_equal_robots_have_the_same_domain_after_pickle_and_copy() -> None:
    home = equipped(scene(KITCHEN, THINGS), without("slice"))
    assert equipped(scene(KITCHEN, THINGS), without("slice")).domain is home.domain
    assert pickle.loads(pickle.dumps(home)).domain is home.domain is copy.deepcopy(home).domain


def test_another_robot_takes_the_place_of_the_one_before() -> None:
    home = equipped(equipped(scene(KITCHEN, THINGS), without("slice")), Robot())
    assert set(home.domain.skills) == set(load_domain().skills)
    assert home.domain.lacking == {}


def test_a_home_in_use_keeps_its_state_when_its_robot_changes() -> None:
    state = World(scene(KITCHEN, THINGS)).initial()
    for text in ("open fridge 1", "pick up milk 1", "go to sink 1"):
        state = apply(state, parse_action(state.world, text))
    robot = parse_robot('own skills: {vacuum: {text: "vacuum {room}", sets: ["{room} vacuumed"]}}')
    other = equipped_state(state, robot)
    assert other.world.n_fixtures == state.world.n_fixtures + 1  # the kitchen
    for name in state.world.names:
        old, new = state.world.index[name], other.world.index[name]
        assert other.flags[new] == state.flags[old]
        place = state.place[old]
        assert other.place[new] == (place if place < 0 else other.world.index[state.world.names[place]])
    assert other.world.names[other.held] == "milk 1"
    assert other.world.names[other.at] == "sink 1"


# -- actions -----------------------------------------------------------------------------------------------------------


def test_a_skill_that_the_robot_lacks_is_never_applicable_and_says_so() -> None:
    state = start(without("slice"))
    action = parse_action(state.world, "slice apple 1")
    assert unmet_precondition(state, action) == "this robot cannot slice"
    assert not any(a.skill == "slice" for a in applicable(state))
    with pytest.raises(ActionError, match="slice apple 1: this robot cannot slice"):
        apply(state, action)


def test_what_is_listed_as_applicable_is_what_has_no_unmet_precondition() -> None:
    robot = Robot(without=("open",), hand=Hand(width_m=0.05, payload_kg=0.5, reach_m=(0.3, 0.8)))
    state = start(robot)
    known = {format_action(state.world, action) for action in applicable(state)}
    full = World(scene(KITCHEN, THINGS)).initial()
    for action in applicable(full):
        reason = unmet_precondition(state, action)
        assert (format_action(full.world, action) in known) == (reason is None)


@pytest.mark.parametrize(
    ("hand", "action", "reason"),
    [
        (Hand(width_m=0.04), "pick up apple 1", "apple 1 is too wide for this robot's hand (0.07 m; it holds 0.04 m)"),
        (Hand(payload_kg=0.3), "pick up pot 1", "pot 1 is too heavy for this robot's hand (1.5 kg; it lifts 0.3 kg)"),
        (Hand(reach_m=(0.2, 1.0)), "pick up ball 1",
         "floor 1 is too low for this robot (0.00 m; it reaches from 0.20 to 1.00 m)"),
        (Hand(reach_m=(0.0, 0.8)), "pick up apple 1",
         "countertop 1 is too high for this robot (0.88 m; it reaches from 0.00 to 0.80 m)"),
        (Hand(reach_m=(0.0, 0.8)), "turn off desk lamp 1", None),
        (Hand(width_m=0.04), "pick up mug 2", None),  # by its wall
    ],
)  # fmt: skip
def test_a_hand_says_what_it_cannot_hold_or_reach(hand: Hand, action: str, reason: str | None) -> None:
    state = start(Robot(hand=hand))
    assert unmet_precondition(state, parse_action(state.world, action)) == reason


def test_what_is_in_a_thing_is_lifted_with_it() -> None:
    things = {"basket 1": "countertop 1", "book 1": "basket 1", "book 2": "basket 1"}
    hand = Hand(payload_kg=load_domain().mass_kg("basket"))
    state = start(Robot(hand=hand), objects=things)
    assert "too heavy" in (unmet_precondition(state, parse_action(state.world, "pick up basket 1")) or "")
    empty = start(Robot(hand=hand), objects={"basket 1": "countertop 1"})
    assert unmet_precondition(empty, parse_action(empty.world, "pick up basket 1")) is None


def test_what_is_lighter_or_narrower_is_never_refused_where_more_is_not() -> None:
    widths = {name: grip_width(category) for name, category in load_domain().objects.items()}
    for name, category in load_domain().objects.items():
        assert widths[name] <= min(category.size)
        assert widths[name] <= min((rim.thick for rim in rims(category)), default=1.0) + 1e-9


# -- refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("robot", "goal", "reason"),
    [
        (without("slice"), "sliced apple", "this robot cannot slice the apple"),
        (without("open"), "milk on dining table", "this robot cannot open the fridge, where the milk is"),
        (without("open"), "apple in microwave", "this robot cannot open the microwave"),
        (without("open"), "2 mug on dining table", "this robot cannot open the cabinet, where mug 1 is"),
        (without("turn off"), "desk lamp off", "this robot cannot turn off the desk lamp"),
        (without("turn on"), "hot apple", "this robot cannot turn on the microwave"),
        (without("close"), "hot apple by microwave", "this robot cannot close the microwave"),
        (without("give"), "milk with person", "this robot cannot give the milk"),
        (without("pick up", "put"), "apple on dining table", "this robot cannot pick up or put the apple"),
        (without("pick up"), "no plate in sink", "this robot cannot pick up the plate"),
        (without("pick up"), "holding apple", "this robot cannot pick up the apple"),
        (Robot(hand=Hand(payload_kg=0.3)), "pot on dining table",
         "the pot is too heavy for this robot's hand (1.5 kg; it lifts 0.3 kg)"),
        (Robot(hand=Hand(width_m=0.04)), "apple on dining table",
         "the apple is too wide for this robot's hand (0.07 m; it holds 0.04 m)"),
        (Robot(hand=Hand(reach_m=(0.2, 1.0))), "ball on dining table",
         "the floor is too low for this robot (0.00 m; it reaches from 0.20 to 1.00 m)"),
        (Robot(hand=Hand(width_m=0.01)), "sliced apple",  # with a knife
         "the knife is too wide for this robot's hand (0.015 m; it holds 0.01 m)"),
        (without("turn on", "open"), "hot apple by microwave", "this robot cannot open or turn on the microwave"),
        (without("open", "pick up"), "milk on dining table",
         "this robot cannot pick up the milk or open the fridge, where the milk is"),
        (without("pick up"), "sliced apple", "this robot cannot pick up"),  # a knife
        (without("turn on"), "stove burner on", "this robot cannot turn on the stove burner"),
        (without("put"), "2 mug on dining table", "this robot cannot put"),
        (without("put"), "mug on dining table", "this robot cannot put a mug"),
        (without("slice"), "plate on dining table then sliced apple",
         "sliced apple: this robot cannot slice the apple"),
    ],
)  # fmt: skip
def test_a_goal_that_needs_more_is_refused_with_that_reason(robot: Robot, goal: str, reason: str) -> None:
    assert why(robot, goal) == reason


@pytest.mark.parametrize(
    ("robot", "goal"),
    [
        (without("open"), "mug on dining table"),  # another mug stands in the open
        (without("open"), "hot apple"),  # in a pot on the burner
        (without("turn off"), "desk lamp on"),  # it is so
        (without("turn on"), "cold apple"),
        (without("slice"), "if sliced bread on countertop: sliced apple"),
        (without("slice"), "banana on dining table"),  # no robot can
        (without("wipe"), "2 clean mug"),
        (Robot(hand=Hand(width_m=0.01)), "mug on dining table"),  # by its wall
        (Robot(hand=Hand(width_m=0.04)), "cold apple"),  # with what it lies in, perhaps
    ],
)
def test_what_can_be_done_in_another_way_or_is_so_is_not_refused(robot: Robot, goal: str) -> None:
    things = {**THINGS, "bowl 1": "countertop 1", "apple 2": "bowl 1"}
    assert why(robot, goal, objects=things) == ""


def test_an_open_cupboard_is_no_reason_to_refuse() -> None:
    fixtures = tuple(f"{name}: open" if name.startswith(("fridge", "cabinet")) else name for name in KITCHEN)
    assert why(without("open"), "milk on dining table", fixtures) == ""
    assert why(without("open", "close"), "milk on dining table", fixtures) == ""
    assert why(without("close"), "cold apple in fridge", fixtures) == "this robot cannot close the fridge"


def test_a_robot_that_cannot_let_go_takes_one_thing() -> None:
    objects = {"milk 1": "countertop 1", "mug 1: of water": "countertop 1", "mug 2": "countertop 1"}
    robot = without("put", "give")
    assert why(robot, "mug of milk", objects=objects) == ""
    assert why(robot, "holding milk", objects=objects) == ""
    assert why(robot, "2 mug of milk", objects=objects) != ""  # the water would have to be poured out first


def test_a_goal_about_an_own_state_needs_the_skill_that_sets_it() -> None:
    robot = parse_robot(
        'own skills: {vacuum: {text: "vacuum {room}", when: ["hand empty"], sets: ["{room} vacuumed"]}}'
    )
    state = start(robot)
    goal = parse_goal("every room vacuumed", scene=state.world.scene)
    assert robot_obstacle(goal, state) == "" == obstacle(goal, state)
    lacking = equipped_state(state, without("vacuum"))
    assert robot_obstacle(goal, lacking) == "this robot cannot vacuum the kitchen"
    assert obstacle(goal, lacking) != ""


def test_rules_may_forbid_what_the_robot_lacks_anyway() -> None:
    assert why(without("slice"), "mug on dining table while never slice apple") == ""


@pytest.mark.parametrize("skill", sorted(load_domain().skills))
def test_more_skills_never_make_less_possible(skill: str) -> None:
    state = World(load_home("studio", geometry=False)).initial()
    domain = state.world.domain
    full = Possible(state, domain.skills, None)
    less = Possible(state, {n: s for n, s in domain.skills.items() if n != skill}, None)
    assert less.holdable <= full.holdable
    assert all(a <= b for a, b in zip(less.roots, full.roots, strict=True))
    assert all(less.true[word] <= full.true[word] and less.false[word] <= full.false[word] for word in domain.states)


def test_an_own_skill_is_for_what_was_made_from_the_kind_that_it_names() -> None:
    text = """
    things: {goat: {like: teddy bear}}
    rooms: {hall: [side table, bench]}
    objects: {side table: [goat]}
    """
    treat = 'own skills: {treat: {text: "treat {teddy bear}", sets: ["{teddy bear} pleased"]}}'
    home = parse_home(text)
    robot = parse_robot(f"skills: [go to, pick up, put]\n{treat}", domain=home.domain)
    possible = possible_in(World(equipped(home, robot)).initial())
    goat = possible.world.index["goat 1"]
    assert possible.can_be(goat, "pleased")


FARM = """
people: [Ute]
classes: [animal, fodder]
things:
  goat: {like: teddy bear, classes: [animal], size: 0.45}
  hay bale: {shape: box, size: [0.3, 0.3, 0.4], classes: [fodder], mass_kg: 4}
  straw broom: {like: umbrella}
furniture:
  hay rack: {like: shelf}
  incubator: {body: cupboard, size: [0.5, 0.5, 0.6], switch: yes, process: {when: [closed, on], set: [hot]}}
skills:
  feed: {text: "feed {animal}", when: ["holding {fodder}"], sets: ["{animal} fed"]}
  sweep: {text: "sweep {room}", when: ["holding {straw broom}"], sets: ["{room} swept"]}
  brush: {text: "groom {animal}", when: ["hand empty"], sets: ["{animal} groomed"]}
rooms: {barn: {kind: hall, fixtures: [hay rack, incubator, side table, person]}}
objects: {side table: [goat], hay rack: [hay bale, straw broom]}
"""


@pytest.mark.parametrize(
    ("text", "goal", "said", "unsaid"),
    [
        ("hand: {width_m: 0.03, payload_kg: 0.2}\nreach: {min_m: 0.5, max_m: 0.9}", "fed goat",
         ("the hay bale is too wide", "the hay bale is too heavy", "the hay rack is too high"), ("goat", "incubator")),
        ("skills: [go to]", "barn swept", ("cannot sweep the barn or pick up",), ("give", "put")),
        ("skills: [go to]", "groomed goat", ("cannot groom",), ("pick up",)),
        ("skills: [go to, sweep]", "barn swept", ("cannot pick up",), ("give", "put", "sweep")),
    ],
)  # fmt: skip
def test_a_refusal_names_what_an_own_skill_needs_and_nothing_else(
    text: str, goal: str, said: tuple[str, ...], unsaid: tuple[str, ...]
) -> None:
    home = parse_home(FARM)
    state = World(equipped(home, parse_robot(text, domain=home.domain))).initial()
    reason = robot_obstacle(parse_goal(goal, scene=state.world.scene), state)
    assert all(words in reason for words in said)
    assert not any(words in reason for words in unsaid)


def test_a_robot_that_puts_nothing_down_uses_its_own_skill_with_what_it_takes() -> None:
    home = parse_home(FARM)
    robot = parse_robot("skills: [go to, pick up, sweep, feed]", domain=home.domain)
    state = World(equipped(home, robot)).initial()
    for goal in ("barn swept", "fed goat"):
        assert robot_obstacle(parse_goal(goal, scene=state.world.scene), state) == ""
