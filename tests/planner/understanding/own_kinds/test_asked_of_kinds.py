"""What a sentence asks of a home's own kinds must be in the goal, or the goal is no reading of it."""

from __future__ import annotations

import pytest

from envs.scenes.home_file import parse_home
from envs.symbolic.goals import parse_goal
from envs.symbolic.state import State, World
from planner.plans.planning_result import ParsedInstruction
from planner.understanding.own_kinds.asked_of_kinds import (
    abilities_asked,
    is_to_be_changed,
    switching_asked,
)
from planner.understanding.own_kinds.stand_ins import StandIns, stand_ins, with_own_kinds

HOME = """
things:
  globe: {like: ball}
  phone book: {like: book}
furniture:
  record player: {like: side table, switch: yes, words: [turntable]}
  jukebox: {like: cabinet, switch: yes}
  toy oven: {like: cabinet}
  sofa bed: {like: sofa}
  desk fan: {like: fan}
  lava lamp: {like: desk lamp}
  record shelf: {like: bookshelf}
rooms:
  living room: [record shelf, record player, jukebox, toy oven, sofa bed, desk fan, fan]
  bedroom: [bed, desk, lava lamp, desk lamp]
objects:
  record shelf: [book, phone book, globe]
"""


@pytest.fixture(scope="module")
def home() -> State:
    return World(parse_home(HOME, geometry=False)).initial()


def read(instruction: str, home: State) -> StandIns:
    known = stand_ins(instruction, home)
    assert known is not None
    return known


@pytest.mark.parametrize(
    ("instruction", "ability"),
    [
        ("turn on the jukebox", "switch"),
        ("switch the jukebox off", "switch"),
        ("close the jukebox", "joint"),
        ("fill the haik with water", "fills"),
        ("slice the haik", "slices"),
        ("fold the haik", "folds"),
        ("water the haik", "waterable"),
    ],
)
def test_verbs_ask_for_abilities(instruction: str, ability: str) -> None:
    assert ability in abilities_asked(instruction)


def test_putting_something_on_furniture_asks_for_no_switch() -> None:
    assert not abilities_asked("put the globe on the jukebox")


@pytest.mark.parametrize(("instruction", "trait"), [("turn on the jukebox", "switch"), ("open the jukebox", "joint")])
def test_a_stand_in_has_the_ability_that_is_asked_for(instruction: str, trait: str, home: State) -> None:
    (stand_in,) = read(instruction, home).names
    assert getattr(home.world.domain.fixtures[stand_in], trait)


def test_a_thing_without_a_switch_is_not_read_as_one_with_a_switch(home: State) -> None:
    assert read("turn on the toy oven", home).instruction == "turn on the cabinet"


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("turn on the ", True),
        ("switch off the old ", True),
        ("wash the mug and the ", True),
        ("pick up all of the ", True),
        ("put the mug on the table and dust the ", True),
        ("put the mug on the ", False),
        ("take the book from the ", False),
        ("put the mug on the bed and the ", False),
        ("use the ", False),
        ("wipe everything except the ", False),
    ],
)
def test_the_object_of_a_sentence_stands_behind_no_preposition(before: str, *, expected: bool) -> None:
    assert is_to_be_changed(before) == expected


@pytest.mark.parametrize(
    ("before", "after", "state"),
    [
        ("turn on the ", "", "on"),
        ("please switch the ", " off and go", "off"),
        ("put the globe on the ", " and turn it on", "on"),
        ("put the globe on the ", " and then switch it off", "off"),
        ("turn on the lamp on the ", "", ""),
        ("put the globe on the ", "", ""),
        ("turn the ", " on the left around", ""),
        ("turn on the lamp and dust the ", "", ""),
    ],
)
def test_switching_is_said_right_around_a_noun(before: str, after: str, state: str) -> None:
    assert switching_asked(before, after) == state


def parsed_as(instruction: str, goal: str, home: State) -> ParsedInstruction:
    known = read(instruction, home)
    written = parse_goal(goal, known.state.world.domain)
    return known.parsed(ParsedInstruction(instruction=known.instruction, goal=written), instruction)


def test_a_goal_about_something_else_is_no_reading(home: State) -> None:
    parsed = parsed_as("turn on the toy oven", "holding book ; desk lamp on", home)
    assert parsed.goal is None
    assert parsed.refusal == "I did not understand what to do with the toy oven"


def test_a_place_that_things_come_from_need_not_be_in_the_goal(home: State) -> None:
    assert parsed_as("take the book from the toy oven", "holding book", home).goal is not None


def test_switching_that_the_goal_forgets_is_added(home: State) -> None:
    known = read("switch the record player on and put the globe on it", home)
    own = {name: known_kind for known_kind, name in known.names.items()}
    goal = f"{own['globe']} on {own['record player']}"
    parsed = parsed_as("switch the record player on and put the globe on it", goal, home)
    assert parsed.goal == parse_goal("record player on ; globe on record player", home.world.domain)


@pytest.mark.parametrize(
    ("instruction", "goal", "expected"),
    [
        ("turn on every fan", "every fan on", "every fan on ; every desk fan on"),
        ("turn on all the lamps", "every desk lamp on", "every desk lamp on ; every lava lamp on"),
        ("put all books on the bed", "every book on bed", "every book on bed ; every phone book on bed"),
        ("turn on every desk lamp", "every desk lamp on", "every desk lamp on"),
        ("turn on all lamps", "every lamp on", "every lamp on"),
        ("turn on all the lamps except the lava lamp", "every desk lamp on", "every desk lamp on"),
        ("turn on the fan", "fan on", "fan on"),
    ],
)
def test_every_lamp_means_the_own_lamps_too(instruction: str, goal: str, expected: str, home: State) -> None:
    written = parse_goal(goal, home.world.domain)
    parsed = with_own_kinds(ParsedInstruction(instruction=instruction, goal=written), home)
    assert parsed.goal == parse_goal(expected, home.world.domain)


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        ("put the phone book on the sofa", "put the magazine on the sofa"),  # the only sofa is the sofa bed
        ("put the book on the couch", "put the book on the sofa"),
        ("put the globe on the bookshelf", "put the ball on the bookshelf"),
    ],
)
def test_the_only_kind_of_its_sort_has_its_name(instruction: str, expected: str, home: State) -> None:
    assert read(instruction, home).instruction == expected
