"""What the robot sees from its location."""

from __future__ import annotations

from dataclasses import replace

import pytest

from envs.symbolic.actions import NOWHERE, State, World
from envs.symbolic.scene import Room, Scene
from envs.symbolic.visibility import in_sight, room_of, start_room
from tests.envs.homes_for_tests import after, scene, state


def names(now: State) -> set[str]:
    return {now.world.names[i] for i in in_sight(now).objects}


def two_rooms() -> Scene:
    """Return a home with a kitchen, where the robot starts, and a hall with a wardrobe and a shelf."""
    one = scene(
        ["countertop 1", "cabinet 1", "wardrobe 1", "shelf 1"],
        {"mug 1": "countertop 1", "plate 1": "cabinet 1", "jacket 1": "wardrobe 1", "book 1": "shelf 1"},
    )
    kitchen = one.rooms[0]
    width = kitchen.rect[2]
    hall = Room(name="hall", kind="hall", rect=(width, 0.0, width + 4.0, kitchen.rect[3]))
    moved = tuple(
        replace(f, room="hall", x=width + 2.0) if f.category in ("wardrobe", "shelf") else f for f in one.fixtures
    )
    return replace(one, rooms=(kitchen, hall), fixtures=moved)


def test_an_object_in_the_open_is_visible() -> None:
    assert names(state(["countertop 1"], {"mug 1": "countertop 1"})) == {"mug 1"}


def test_a_closed_container_hides_its_contents() -> None:
    assert names(state(["cabinet 1"], {"mug 1": "cabinet 1"})) == set()


def test_an_open_container_shows_its_contents() -> None:
    assert names(state(["cabinet 1: open"], {"mug 1": "cabinet 1"})) == {"mug 1"}


def test_closing_hides_the_contents_again() -> None:
    now = state(["cabinet 1"], {"mug 1": "cabinet 1"})
    assert names(after(now, "open cabinet 1", "close cabinet 1")) == set()


@pytest.mark.parametrize("fixture", ["fridge 1", "drawer 1", "microwave 1", "wardrobe 1", "safe 1", "dishwasher 1"])
def test_every_kind_of_closed_furniture_hides(fixture: str) -> None:
    now = state([fixture], {"mug 1": fixture})
    assert (names(now), names(after(now, f"open {fixture}"))) == (set(), {"mug 1"})


def test_the_contents_of_a_visible_object_are_visible() -> None:
    assert names(state(["countertop 1"], {"box 1": "countertop 1", "pen 1": "box 1"})) == {"box 1", "pen 1"}


def test_the_contents_of_an_object_behind_a_door_are_hidden() -> None:
    assert names(state(["cabinet 1"], {"bowl 1": "cabinet 1", "egg 1": "bowl 1"})) == set()


def test_a_held_object_is_visible() -> None:
    now = state(["cabinet 1"], {"mug 1": "cabinet 1"})
    assert names(after(now, "open cabinet 1", "pick up mug 1")) == {"mug 1"}


def test_an_object_on_the_bare_ground_is_visible() -> None:
    now = state(["cabinet 1"], {"mug 1": "cabinet 1"})
    place = list(now.place)
    place[now.world.index["mug 1"]] = NOWHERE
    assert names(now._replace(place=tuple(place))) == {"mug 1"}


def test_another_room_is_not_visible() -> None:
    now = World(two_rooms()).initial()
    assert (room_of(now), names(now)) == ("kitchen", {"mug 1"})


def test_entering_a_room_shows_it_and_hides_the_previous_one() -> None:
    now = after(World(two_rooms()).initial(), "go to shelf 1")
    assert (room_of(now), names(now)) == ("hall", {"book 1"})


def test_fixture_states_in_the_room_are_visible_even_of_closed_fixtures() -> None:
    now = World(two_rooms()).initial()
    sight = in_sight(now)
    assert {now.world.names[i] for i in sight.fixtures} == {"countertop 1", "cabinet 1"}
    assert {now.world.names[i] for i in sight.places} == {"countertop 1"}


def test_without_rooms_everything_in_the_open_is_visible() -> None:
    home = replace(two_rooms(), rooms=())
    assert (start_room(home), names(World(home).initial())) == (None, {"mug 1", "book 1"})


def test_without_a_floor_plan_the_robot_starts_in_the_first_room() -> None:
    home = two_rooms()
    flat = tuple(replace(room, rect=(0.0, 0.0, 0.0, 0.0)) for room in home.rooms)
    assert start_room(replace(home, rooms=flat)) == "kitchen"
