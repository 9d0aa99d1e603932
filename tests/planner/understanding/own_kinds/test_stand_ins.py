"""Own kinds are read as known ones by weights that do not copy names, and the goal is written back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from envs.scenes.home_file import parse_home
from envs.symbolic.goals import format_goal, parse_goal
from envs.symbolic.kinds.spoken_words import own_kinds
from envs.symbolic.renamed_kinds import with_names
from envs.symbolic.scene import FixtureSpec
from envs.symbolic.state import State, World
from planner.api import Planner
from planner.plans.planning_result import ParsedInstruction
from planner.understanding.own_kinds.stand_ins import Basis, StandIns, stand_ins


@pytest.fixture
def own(flat: State) -> State:
    """The small flat, in which the mug is a haik, the table a wold, and the plate a dog bowl."""
    words = {"haik": ("sluff", "tea sluff")}
    return with_names(flat, {"mug": "haik", "dining table": "wold", "plate": "dog bowl"}, words)


def read_as(instruction: str, state: State) -> StandIns:
    known = stand_ins(instruction, state)
    assert known is not None
    return known


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        ("put the haik on the wold", "put the mug on the dining table"),
        ("put a haik on the wold", "put a mug on the dining table"),
        ("put the sluff on the counter", "put the mug on the counter"),
        ("put the tea sluff on the counter", "put the mug on the counter"),
        ("wash the dog bowls", "wash the plates"),
        ("wash the dogbowl", "wash the plate"),
        ("wash the bowl", "wash the plate"),  # the flat has no other bowl
        ("the haik, please!", "the mug, please!"),
    ],
)
def test_own_kinds_are_replaced_by_what_they_are_like(instruction: str, expected: str, own: State) -> None:
    assert read_as(instruction, own).instruction == expected


@pytest.mark.parametrize(
    "instruction",
    [
        "water the plant",
        "put all the electronics on the counter",
        "walk the dog",
        "fill a glass with water",
        "pot roast",
    ],
)
def test_a_word_that_means_something_else_is_no_part_of_a_name(instruction: str, flat: State) -> None:
    names = {"mug": "water lily", "plate": "electronic converter", "fork": "dog bowl", "apple": "roast pan"}
    assert stand_ins(instruction, with_names(flat, names)) is None


def test_a_kind_whose_name_is_part_of_another_word_may_stand(flat: State) -> None:
    state = with_names(flat, {"plate": "haik"})
    haik = replace(state.world.domain.objects["plate"], name="haik", like="ring")
    domain = state.world.domain.extended(objects={"haik": haik})
    home = World(replace(state.world.scene, domain=domain)).initial()
    assert read_as("bring me the haik", home).instruction == "bring me the ring"


def test_an_article_fits_its_stand_in(flat: State) -> None:
    state = with_names(flat, {"apple": "wold"})
    assert read_as("eat a wold", state).instruction == "eat an apple"


def test_a_kind_that_is_said_in_the_instruction_is_no_stand_in(own: State) -> None:
    known = read_as("put the haik beside the mug", own)
    assert known.names != {"mug": "haik"}
    assert list(known.names.values()) == ["haik"]


def like_the_fork(flat: State) -> State:
    """The small flat, in which the plate is a haik that is like the fork, which the flat has, too."""
    state = with_names(flat, {"plate": "haik"})
    haik = replace(state.world.domain.objects["fork"], name="haik", like="fork")
    domain = state.world.domain.extended(objects={"haik": haik})
    return World(replace(state.world.scene, domain=domain)).initial()


def test_a_kind_that_the_home_has_stands_for_one_that_is_like_it_and_they_change_names(flat: State) -> None:
    state = like_the_fork(flat)
    known = read_as("wash the haik", state)
    assert known.instruction == "wash the fork"
    assert known.state.world.categories[known.state.world.index["fork 1"]] == "fork"
    before, after = (dict(zip(s.world.names, s.place, strict=True)) for s in (state, known.state))
    assert (after["fork 1"], after["haik 1"]) == (before["haik 1"], before["fork 1"])


def test_a_kind_that_the_instruction_is_about_stands_for_no_other(flat: State) -> None:
    known = read_as("wash the haik and the fork", like_the_fork(flat))
    assert "fork" not in known.names
    assert known.instruction.endswith("and the fork")


def test_furniture_stands_for_furniture_and_things_for_things(own: State) -> None:
    known = read_as("put the haik on the wold", own)
    domain = own.world.domain
    for stand_in, kind in known.names.items():
        assert (stand_in in domain.fixtures) == (kind in domain.fixtures)


def test_an_instruction_without_own_names_is_read_as_it_is(flat: State, own: State) -> None:
    assert stand_ins("put the apple in the fridge", own) is None
    assert stand_ins("put the mug on the table", flat) is None


@pytest.mark.parametrize(
    "goal",
    [
        "mug on dining table",
        "2 mug on dining table ; fork in mug on dining table",
        "every mug except mug from dining table is clean",
        "no mug on dining table then holding mug",
        "dining table clean",
        "hot mug by microwave",
        "if mug on dining table: every plate on countertop",
    ],
)
def test_goals_are_written_back_in_every_part(goal: str, own: State) -> None:
    known = read_as("the haik, the dog bowl and the wold", own)
    assert set(known.names) == {"mug", "plate", "dining table"}
    written = format_goal(known.goal(parse_goal(goal, known.state.world.domain)), own.world.domain)
    expected = goal.replace("mug", "haik").replace("dining table", "wold").replace("plate", "dog bowl")
    assert written == format_goal(parse_goal(expected, own.world.domain), own.world.domain)


def test_refusals_and_questions_name_the_own_kinds(own: State) -> None:
    known = read_as("put the haik on the wold", own)
    parsed = ParsedInstruction(instruction="x", refusal="there is only one mug here", question="Which mugs?")
    back = known.parsed(parsed, "put the haik on the wold")
    assert back.refusal == "there is only one haik here"
    assert back.question == "Which haiks?"
    assert back.instruction == "put the haik on the wold"


def test_weights_that_know_no_own_names_plan_for_them(memorized: Planner, flat: State) -> None:
    state = with_names(flat, {"mug": "haik"})
    plan = memorized.plan("put the haik on the table", state)
    assert plan.goal_text == "haik on dining table"
    assert plan.status == "verified"
    assert "pick up haik 1" in plan.subtasks


def test_a_stand_in_can_do_what_the_sentence_asks_of_it(flat: State) -> None:
    switched = replace(flat.world.domain.fixtures["side table"], name="record player", like="side table", switch=True)
    domain = flat.world.domain.extended(fixtures={"record player": switched})
    room = flat.world.scene.rooms[0].name
    player = FixtureSpec(name="record player 1", category="record player", room=room, x=0.0, y=0.0, yaw=0.0)
    scene = replace(flat.world.scene, domain=domain, fixtures=(*flat.world.scene.fixtures, player))
    state = World(scene).initial()
    assert read_as("put the mug on the record player", state).instruction == "put the mug on the side table"
    for instruction in ("turn on the record player", "switch the record player off, please"):
        assert domain.fixtures[next(iter(read_as(instruction, state).names))].switch
    able = stand_ins("play something on the record player", state, by="ability")
    assert able is not None
    assert domain.fixtures[next(iter(able.names))].switch


OWN_HOME = """
things:
  guitar: {shape: racket, size: 0.9, words: [axe]}
  phone book: {like: book}
  globe: {like: ball}
furniture:
  balance: {body: slot, switch: yes, size: [0.45, 0.45, 0.95], relation: "on"}
  record shelf: {like: bookshelf}
  record player: {like: side table, switch: yes, words: [turntable]}
  jukebox: {like: cabinet, switch: yes}
  toy oven: {like: cabinet}
  sofa bed: {like: sofa}
  desk fan: {like: fan}
  lava lamp: {like: desk lamp}
rooms:
  living room: [balance, record shelf, record player, jukebox, toy oven, sofa bed, desk fan, fan]
  bedroom: [bed, desk, lava lamp, desk lamp]
objects:
  record shelf: [book, phone book, globe]
  bed: [guitar]
"""


@pytest.fixture(scope="module")
def own_home() -> State:
    return World(parse_home(OWN_HOME, geometry=False)).initial()


@pytest.mark.parametrize("by", ["likeness and task", "likeness", "ability"])
def test_a_home_as_the_gpt_reads_it_passes_every_check(by: Basis, own_home: State) -> None:
    kinds = sorted(own_kinds(own_home.world.domain))
    for kind in kinds:
        for other in kinds:
            assert stand_ins(f"put the {kind} on the {other}", own_home, by=by) is not None
