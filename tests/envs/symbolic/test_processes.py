"""The processes of `envs/domain.yaml`, each in a home of one or two fixtures."""

from __future__ import annotations

from envs.symbolic.actions import World
from tests.envs.homes_for_tests import after, is_true, kitchen, liquid_of, state


def test_a_running_sink_rinses_and_fills_what_is_in_it() -> None:
    now = after(state(["sink 1"], {"mug 1: dirty": "sink 1"}), "turn on sink 1")
    assert is_true(now, "mug 1", "clean")
    assert liquid_of(now, "mug 1") == "water"


def test_an_object_put_into_a_running_sink_gets_clean() -> None:
    now = state(["sink 1: on", "countertop 1"], {"plate 1: dirty": "countertop 1"})
    assert is_true(after(now, "pick up plate 1", "put plate 1 in sink 1"), "plate 1", "clean")


def test_a_sink_that_is_off_cleans_nothing() -> None:
    now = state(["sink 1", "countertop 1"], {"plate 1: dirty": "countertop 1"})
    assert is_true(after(now, "pick up plate 1", "put plate 1 in sink 1"), "plate 1", "dirty")


def test_a_running_sink_does_not_replace_the_liquid_in_a_vessel() -> None:
    assert liquid_of(after(state(["sink 1"], {"mug 1: of tea": "sink 1"}), "turn on sink 1"), "mug 1") == "tea"


def test_a_microwave_heats_through_containers() -> None:
    objects = {"bowl 1": "microwave 1", "potato 1": "bowl 1"}
    assert is_true(after(state(["microwave 1"], objects), "turn on microwave 1"), "potato 1", "hot")


def test_a_microwave_does_not_cook() -> None:
    now = after(state(["microwave 1"], {"potato 1": "microwave 1"}), "turn on microwave 1")
    assert not is_true(now, "potato 1", "cooked")


def test_a_fridge_chills_when_it_is_closed() -> None:
    now = state(["fridge 1: open", "countertop 1"], {"apple 1: hot": "countertop 1"})
    now = after(now, "pick up apple 1", "put apple 1 in fridge 1")
    assert not is_true(now, "apple 1", "cold")
    now = after(now, "close fridge 1")
    assert is_true(now, "apple 1", "cold")
    assert not is_true(now, "apple 1", "hot")


def test_a_freezer_chills_too() -> None:
    assert is_true(state(["freezer 1"], {"apple 1": "freezer 1"}), "apple 1", "cold")


def test_an_object_taken_from_the_fridge_stays_cold() -> None:
    now = state(["fridge 1"], {"apple 1": "fridge 1"})
    assert is_true(after(now, "open fridge 1", "pick up apple 1"), "apple 1", "cold")


def test_a_burner_cooks_the_contents_of_the_pan_on_it() -> None:
    now = after(state(["stove burner 1"], {"pan 1": "stove burner 1", "egg 1": "pan 1"}), "turn on stove burner 1")
    assert is_true(now, "egg 1", "cooked")
    assert is_true(now, "egg 1", "hot")


def test_an_object_that_cannot_be_cooked_is_only_heated() -> None:
    now = after(state(["stove burner 1"], {"pan 1": "stove burner 1", "cheese 1": "pan 1"}), "turn on stove burner 1")
    assert is_true(now, "cheese 1", "hot")
    assert not is_true(now, "cheese 1", "cooked")


def test_an_oven_cooks() -> None:
    assert is_true(after(state(["oven 1"], {"potato 1": "oven 1"}), "turn on oven 1"), "potato 1", "cooked")


def test_a_toaster_toasts() -> None:
    assert is_true(after(state(["toaster 1"], {"bread 1": "toaster 1"}), "turn on toaster 1"), "bread 1", "cooked")


def test_a_coffee_machine_fills_the_mug_under_it_with_hot_coffee() -> None:
    now = after(state(["coffee machine 1"], {"mug 1": "coffee machine 1"}), "turn on coffee machine 1")
    assert liquid_of(now, "mug 1") == "coffee"
    assert is_true(now, "mug 1", "hot")


def test_a_kettle_base_heats_the_kettle() -> None:
    now = after(state(["kettle base 1"], {"kettle 1: of water": "kettle base 1"}), "turn on kettle base 1")
    assert is_true(now, "kettle 1", "hot")


def test_a_dishwasher_washes() -> None:
    now = after(state(["dishwasher 1"], {"plate 1: dirty": "dishwasher 1"}), "turn on dishwasher 1")
    assert is_true(now, "plate 1", "clean")


def test_a_washing_machine_washes() -> None:
    now = after(state(["washing machine 1"], {"shirt 1: dirty": "washing machine 1"}), "turn on washing machine 1")
    assert is_true(now, "shirt 1", "clean")


def test_processes_running_at_the_start_are_applied_to_the_initial_state() -> None:
    assert is_true(World(kitchen()).initial(), "apple 1", "cold")
