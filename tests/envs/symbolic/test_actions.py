from __future__ import annotations

import pickle
import random
from dataclasses import replace

import pytest

from envs.errors import ActionError
from envs.scenes.home_file import load_home
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import (
    HELD,
    Action,
    State,
    World,
    applicable,
    apply,
    format_action,
    parse_action,
    successor,
    unmet_precondition,
)
from tests.envs.homes_for_tests import after, is_true, kitchen, liquid_of, place_of, state


def why_not(now: State, subtask: str) -> str | None:
    return unmet_precondition(now, parse_action(now.world, subtask))


@pytest.fixture(scope="module")
def initial_state() -> State:
    return World(kitchen()).initial()


# -- preconditions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "subtask", "reason"),
    [
        ([], "pick up apple 1", "fridge 1 is closed"),
        (["pick up book 1"], "pick up plate 1", "the hand is not empty (holding book 1)"),
        ([], "put plate 1 on dining table 1", "not holding plate 1 (holding nothing)"),
        (["pick up book 1"], "put plate 1 on dining table 1", "not holding plate 1 (holding book 1)"),
        (["pick up plate 1"], "put plate 1 in cabinet 1", "cabinet 1 is closed"),
        (["pick up book 1"], "put book 1 in toaster 1", "book 1 does not fit in toaster 1"),
        (["pick up book 1"], "put book 1 on plant 1", "nothing can be put on plant 1"),
        (["pick up book 1"], "put book 1 on person 1", "nothing can be put on person 1"),
        (["pick up book 1"], "put book 1 on potato 1", "nothing can be put on potato 1"),
        (["pick up pan 1"], "put pan 1 on pan 1", "pan 1 is in the hand"),
        (["pick up potato 1"], "put potato 1 in cup 1", "cabinet 1 is closed"),
        ([], "give book 1 to person 1", "not holding book 1 (holding nothing)"),
        (["pick up book 1"], "give book 1 to sink 1", "sink 1 is not a person"),
        (["open fridge 1"], "open fridge 1", "fridge 1 is already open"),
        ([], "close fridge 1", "fridge 1 is already closed"),
        ([], "open sink 1", "sink 1 cannot be opened or closed"),
        ([], "open apple 1", "apple 1 is not a fixture"),
        (["pick up book 1"], "open fridge 1", "the hand is not empty (holding book 1)"),
        (["turn on microwave 1"], "open microwave 1", "microwave 1 is on"),
        ([], "turn on fridge 1", "fridge 1 has no switch"),
        (["turn on sink 1"], "turn on sink 1", "sink 1 is already on"),
        ([], "turn off sink 1", "sink 1 is already off"),
        (["open microwave 1"], "turn on microwave 1", "microwave 1 is open"),
        (["pick up book 1"], "turn on sink 1", "the hand is not empty (holding book 1)"),
        ([], "slice potato 1", "not holding a knife"),
        (["pick up knife 1"], "slice book 1", "book 1 cannot be sliced"),
        (["pick up knife 1", "slice potato 1"], "slice potato 1", "potato 1 is already sliced"),
        (["open fridge 1", "pick up knife 1"], "slice apple 1", "apple 1 is not on an open surface"),
        ([], "wipe sink 1", "not holding a cloth or sponge"),
        (["pick up cloth 1"], "wipe fridge 1", "fridge 1 cannot be wiped"),
        ([], "pour milk 1 into cup 1", "not holding milk 1 (holding nothing)"),
        (["pick up pan 1"], "pour pan 1 into plant 1", "pan 1 is empty"),
        (["open fridge 1", "pick up milk 1"], "pour milk 1 into plant 1", "milk 1 holds no water"),
        (["open fridge 1", "pick up milk 1"], "pour milk 1 into sink 1", "nothing can be poured into sink 1"),
        (["open fridge 1", "pick up milk 1"], "pour milk 1 into potato 1", "nothing can be poured into potato 1"),
        (["open fridge 1", "pick up milk 1"], "pour milk 1 into cup 1", "cabinet 1 is closed"),
        ([], "fold book 1", "book 1 cannot be folded"),
        (["fold cloth 1"], "fold cloth 1", "cloth 1 is already folded"),
        (["pick up book 1"], "fold cloth 1", "the hand is not empty (holding book 1)"),
        ([], "pick up fridge 1", "fridge 1 is a fixture"),
    ],
)  # fmt: skip
def test_the_first_unmet_precondition_is_reported(
    initial_state: State, before: list[str], subtask: str, reason: str
) -> None:
    assert why_not(after(initial_state, *before), subtask) == reason


def test_a_full_vessel_takes_no_more() -> None:
    now = state(["countertop 1"], {"milk 1": "countertop 1", "cup 1: of tea": "countertop 1"})
    assert why_not(after(now, "pick up milk 1"), "pour milk 1 into cup 1") == "cup 1 is not empty"


def test_an_object_that_is_too_large_cannot_be_given() -> None:
    now = after(state(["sofa 1", "person 1"], {"baseball bat 1": "sofa 1"}), "pick up baseball bat 1")
    assert why_not(now, "give baseball bat 1 to person 1") == "baseball bat 1 is too large to hand over"


def test_a_full_place_takes_no_more() -> None:
    now = state(["coffee machine 1", "countertop 1"], {"mug 1": "coffee machine 1", "pot 1": "countertop 1"})
    assert why_not(after(now, "pick up pot 1"), "put pot 1 on coffee machine 1") == "no room on coffee machine 1"


def test_an_empty_place_takes_one_object_of_any_size_that_fits() -> None:
    now = after(state(["countertop 1"], {"plate 1": "countertop 1", "bread 1": "countertop 1"}), "pick up bread 1")
    assert why_not(now, "put bread 1 on plate 1") is None


def test_a_held_container_cannot_be_accessed() -> None:
    now = state(["countertop 1"], {"bowl 1": "countertop 1", "apple 1": "bowl 1"})
    assert "hand" in (why_not(after(now, "pick up bowl 1"), "pick up apple 1") or "")


def test_a_closed_fixture_blocks_access_to_nested_contents() -> None:
    now = state(["cabinet 1"], {"bowl 1": "cabinet 1", "apple 1": "bowl 1"})
    assert why_not(now, "pick up apple 1") == "cabinet 1 is closed"


def test_food_on_a_plate_on_a_table_can_be_sliced() -> None:
    objects = {"plate 1": "dining table 1", "apple 1": "plate 1", "knife 1": "dining table 1"}
    now = after(state(["dining table 1"], objects), "pick up knife 1")
    assert why_not(now, "slice apple 1") is None


# -- effects ---------------------------------------------------------------------------------------------------------


def test_a_picked_up_object_is_in_the_hand(initial_state: State) -> None:
    now = after(initial_state, "pick up book 1")
    assert now.held == now.world.index["book 1"]
    assert now.place[now.held] == HELD


def test_picking_up_brings_the_robot_to_the_fixture(initial_state: State) -> None:
    now = after(initial_state, "pick up book 1")
    assert now.world.names[now.at] == "dining table 1"


def test_putting_an_object_down_moves_it_and_empties_the_hand(initial_state: State) -> None:
    now = after(initial_state, "pick up book 1", "put book 1 on countertop 1")
    assert place_of(now, "book 1") == "countertop 1"
    assert now.held < 0


def test_a_given_object_is_with_the_person(initial_state: State) -> None:
    assert place_of(after(initial_state, "pick up book 1", "give book 1 to person 1"), "book 1") == "person 1"


def test_an_object_given_to_a_person_can_be_taken_back(initial_state: State) -> None:
    assert why_not(after(initial_state, "pick up book 1", "give book 1 to person 1"), "pick up book 1") is None


def test_a_container_takes_its_contents_along() -> None:
    now = state(["countertop 1", "dining table 1"], {"bowl 1": "countertop 1", "apple 1": "bowl 1"})
    now = after(now, "pick up bowl 1", "put bowl 1 on dining table 1")
    assert place_of(now, "apple 1") == "bowl 1"
    assert now.world.names[now.root(now.world.index["apple 1"])] == "dining table 1"


def test_a_container_can_stand_in_a_container_in_a_container() -> None:
    objects = {"box 1": "sofa 1", "bowl 1": "sofa 1", "cup 1": "sofa 1", "spoon 1": "sofa 1"}
    now = after(state(["sofa 1"], objects), "pick up spoon 1", "put spoon 1 in cup 1", "pick up cup 1")
    now = after(now, "put cup 1 in bowl 1")
    now = after(now, "pick up bowl 1", "put bowl 1 in box 1")
    assert now.world.names[now.root(now.world.index["spoon 1"])] == "sofa 1"


def test_opening_and_closing_undo_each_other(initial_state: State) -> None:
    now = after(initial_state, "open cabinet 1")
    assert is_true(now, "cabinet 1", "open")
    assert is_true(after(now, "close cabinet 1"), "cabinet 1", "closed")


def test_switching_on_and_off_undo_each_other(initial_state: State) -> None:
    now = after(initial_state, "turn on sink 1")
    assert is_true(now, "sink 1", "on")
    assert is_true(after(now, "turn off sink 1"), "sink 1", "off")


def test_a_sliced_object_stays_sliced(initial_state: State) -> None:
    now = after(initial_state, "pick up knife 1", "slice potato 1", "put knife 1 on countertop 1", "pick up potato 1")
    assert is_true(now, "potato 1", "sliced")


def test_wiping_cleans(initial_state: State) -> None:
    assert is_true(after(initial_state, "pick up cloth 1", "wipe sink 1"), "sink 1", "clean")


def test_folding_folds(initial_state: State) -> None:
    assert is_true(after(initial_state, "fold cloth 1"), "cloth 1", "folded")


def test_go_to_changes_only_the_robots_location(initial_state: State) -> None:
    now = after(initial_state, "go to plant 1")
    assert now.world.names[now.at] == "plant 1"
    assert now[1:5] == initial_state[1:5]


def test_pouring_empties_a_vessel() -> None:
    now = state(["countertop 1"], {"cup 1: of tea": "countertop 1", "mug 1": "countertop 1"})
    now = after(now, "pick up cup 1", "pour cup 1 into mug 1")
    assert (liquid_of(now, "cup 1"), liquid_of(now, "mug 1")) == ("", "tea")


def test_pouring_does_not_empty_a_reservoir(initial_state: State) -> None:
    now = after(initial_state, "open fridge 1", "open cabinet 1", "pick up milk 1", "pour milk 1 into cup 1")
    assert (liquid_of(now, "milk 1"), liquid_of(now, "cup 1")) == ("milk", "milk")


def test_pouring_keeps_the_temperature(initial_state: State) -> None:
    now = after(initial_state, "open fridge 1", "open cabinet 1", "pick up milk 1", "pour milk 1 into cup 1")
    assert is_true(now, "cup 1", "cold")


def test_liquid_poured_into_a_vessel_on_a_hot_burner_gets_hot() -> None:
    fixtures = ["fridge 1: open", "stove burner 1: on"]
    now = state(fixtures, {"milk 1: cold": "fridge 1", "pot 1": "stove burner 1"})
    assert is_true(after(now, "pick up milk 1", "pour milk 1 into pot 1"), "pot 1", "hot")


def test_water_waters_a_plant() -> None:
    now = state(["shelf 1", "plant 1"], {"watering can 1: of water": "shelf 1"})
    now = after(now, "pick up watering can 1", "pour watering can 1 into plant 1")
    assert is_true(now, "plant 1", "watered")
    assert not liquid_of(now, "watering can 1")


# -- names, texts and lists ------------------------------------------------------------------------------------------


def test_an_unknown_object_is_an_error_that_offers_the_nearest(initial_state: State) -> None:
    with pytest.raises(ActionError, match="did you mean 'plate 1'"):
        parse_action(initial_state.world, "pick up plaet 1")


def test_an_unknown_skill_is_an_error_that_lists_the_skills(initial_state: State) -> None:
    with pytest.raises(ActionError, match="it can: go to, pick up"):
        parse_action(initial_state.world, "dance with person 1")


@pytest.mark.parametrize(
    "action",
    [
        Action("pick up", ()),
        Action("pick up", ("book 1", "plate 1")),
        Action("put", ("book 1",)),
        Action("give", ("book 1", "person 9")),
        Action("throw", ("book 1",)),
        Action("go to", ("moon 1",)),
    ],
)
def test_an_invalid_call_is_an_error(initial_state: State, action: Action) -> None:
    with pytest.raises(ActionError):
        unmet_precondition(initial_state, action)


def test_applying_an_inapplicable_action_is_an_error(initial_state: State) -> None:
    with pytest.raises(ActionError, match="pick up apple 1: fridge 1 is closed"):
        apply(initial_state, Action("pick up", ("apple 1",)))


def test_both_relations_are_parsed_and_the_canonical_one_is_written(initial_state: State) -> None:
    action = parse_action(initial_state.world, "put apple 1 on fridge 1")
    assert format_action(initial_state.world, action) == "put apple 1 in fridge 1"


def walk(seed: int, length: int = 60) -> list[tuple[State, Action]]:
    """Draw a random sequence of applicable actions in a sampled home."""
    rng = random.Random(seed)
    now = World(sample_scene(seed, geometry=False)).initial()
    steps = []
    for _ in range(length):
        by_skill: dict[str, list[Action]] = {}
        for action in applicable(now):
            by_skill.setdefault(action.skill, []).append(action)
        steps.append((now, rng.choice(by_skill[rng.choice(sorted(by_skill))])))
        now = successor(*steps[-1])
    return steps


@pytest.mark.parametrize("seed", range(5))
def test_every_applicable_action_reads_back_from_its_text(seed: int) -> None:
    for now, _ in walk(seed, 10):
        for action in applicable(now):
            assert parse_action(now.world, format_action(now.world, action)) == action


@pytest.mark.parametrize("seed", range(3))
def test_the_list_of_applicable_actions_is_exactly_those_without_an_unmet_precondition(seed: int) -> None:
    for now, _ in walk(seed, 30)[::6]:
        names = now.world.names
        one = [Action(s, (n,)) for s in now.world.domain.skills if s not in ("put", "give", "pour") for n in names]
        two = [Action(s, (a, b)) for s in ("put", "give", "pour") for a in names for b in names]
        assert set(applicable(now)) == {a for a in one + two if unmet_precondition(now, a) is None}


@pytest.mark.parametrize("seed", range(10))
def test_a_random_action_sequence_keeps_the_world_consistent(seed: int) -> None:
    for now, action in walk(seed):
        after_it = apply(now, action)
        world = after_it.world
        objects = range(world.n_fixtures, len(world.names))
        assert [i for i in objects if after_it.place[i] == HELD] == ([after_it.held] if after_it.held >= 0 else [])
        assert all(after_it.root(i) == HELD or 0 <= after_it.root(i) < world.n_fixtures for i in objects)
        assert not any(after_it.has(i, "hot") and after_it.has(i, "cold") for i in objects)


def test_applying_an_action_leaves_the_earlier_state_as_it_was(initial_state: State) -> None:
    copy = initial_state._replace()
    after(initial_state, "open cabinet 1", "pick up mug 1", "put mug 1 in sink 1", "turn on sink 1")
    assert initial_state == copy


@pytest.mark.parametrize("text", ["pick up {}", "put {} on dining table 1", "{}", "put {}"])
def test_the_message_about_a_very_long_subtask_is_short(initial_state: State, text: str) -> None:
    with pytest.raises(ActionError) as caught:
        parse_action(initial_state.world, text.format("x" * 100_000))
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("home", ["studio", 7])
def test_states_of_equal_homes_are_equal(home: str | int) -> None:
    state, again = (World(load_home(home, geometry=False)).initial() for _ in range(2))
    assert state == again == pickle.loads(pickle.dumps(state))
    assert len({state, again}) == 1
    moved = state._replace(place=(*state.place[:-1], state.place[-1] + 1))
    assert moved != again
    assert state._replace(world=state.world.without({0})) != again
    other = World(replace(state.world.scene, rules=("never open fridge",))).initial()
    assert other != state
