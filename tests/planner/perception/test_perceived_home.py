"""Listings, the home that they make, and plans from there to the home that was looked at."""

from __future__ import annotations

import pytest

from envs.scenes.home_files.reader import parse_home
from envs.symbolic.domain import load_domain
from envs.symbolic.state import Action, World
from planner.perception.image_labels import Item, Listing, label, parse_listing
from planner.perception.perceived_home import believed_home, match_names, merge_listings, translate_plan, visible_home
from planner.world_model.open_home import open_home


@pytest.mark.parametrize(
    "text",
    ["fridge open[SEP]apple; dirty plate; mug; mug", "microwave open on[SEP]nothing", "TV stand[SEP]hot cooked egg"],
)
def test_a_listing_is_read_as_it_is_written(text: str) -> None:
    listing = parse_listing(text)
    assert listing is not None and parse_listing(listing.text) == listing
    assert sorted(listing.text) == sorted(text)


@pytest.mark.parametrize(
    "text", ["", "castle[SEP]apple", "fridge[SEP]dragon", "fridge apple[SEP]nothing", "fridge[SEP];"]
)
def test_what_is_no_listing_is_none(text: str) -> None:
    assert parse_listing(text) is None


def test_an_own_kind_is_seen_as_what_it_is_like_and_matched_with_it() -> None:
    text = """
things: {blender: {like: kettle}, trophy: {shape: box, size: [0.1, 0.1, 0.2]}}
furniture: {fish tank: {like: side table}, lectern: {body: table, size: [0.5, 0.5, 1.0]}}
rooms: {kitchen: [fish tank, lectern, countertop]}
objects: {countertop: [blender, trophy]}
"""
    home = World(parse_home(text, geometry=False)).initial()
    domain = home.world.domain
    seen = [label(name, domain) for name in ("blender", "fish tank", "mug", "trophy", "lectern")]
    assert seen == ["kettle", "side table", "mug", None, None]
    believed = believed_home([Listing("countertop", (), (Item("kettle"),))])
    names = match_names(believed, ["countertop 1"], home)
    assert names["kettle 1"] == "blender 1"


def test_parts_of_one_piece_of_furniture_are_joined() -> None:
    parts = [
        Listing("desk", (), (Item("mug"), Item("pen"))),
        Listing("desk", ("open",), (Item("book"), Item("mug"), Item("mug", ("dirty",)))),
    ]
    things = (Item("book"), Item("mug"), Item("mug", ("dirty",)), Item("pen"))
    assert merge_listings(parts) == Listing("desk", ("open",), things)  # the first mug is in both
    astray = Listing("bed", (), (Item("pillow"),))
    assert merge_listings([*parts, astray]).furniture == "desk"


def test_the_home_that_is_believed_in_has_what_is_seen() -> None:
    domain = load_domain()
    large = next(name for name in domain.objects if not domain.fits(name, "drawer"))
    state = believed_home([
        Listing("fridge", ("open",), (Item("apple", ("cold",)), Item("apple"))),
        Listing("drawer", (), (Item(large),)),  # it does not fit: left out
        Listing("fridge"),
    ])  # fmt: skip
    assert state.world.names == ("fridge 1", "drawer 1", "fridge 2", "apple 1", "apple 2")
    assert [state.root(i) for i in (3, 4)] == [0, 0]
    assert state.flags[0] and not state.flags[2]


def test_plans_are_carried_over_by_where_things_are() -> None:
    home = open_home("studio", geometry=False)
    names = home.world.names
    bed, desk = home.world.index["bed 1"], home.world.index["desk 1"]
    desk_seen = Listing("desk", (), (Item("book"), Item("vase")))
    believed = believed_home([Listing("sofa", (), (Item("pillow"),)), desk_seen])
    found = match_names(believed, [names[bed], names[desk]], home)
    assert found["sofa 1"] == "bed 1"  # what it was taken for does not matter
    book = found["book 1"]
    assert home.root(home.world.index[book]) == desk
    assert translate_plan([Action("pick up", ("book 1",)), Action("put", ("book 1", "sofa 1"))], found) == (
        Action("pick up", (book,)), Action("put", (book, "bed 1")),
    )  # fmt: skip
    assert translate_plan([Action("pick up", ("vase 1",))], found) is None  # there is none


def test_of_a_visible_home_only_what_was_seen_is_left() -> None:
    home = open_home("studio", geometry=False)
    index = home.world.index
    seen = {"desk 1": [index["laptop 1"], index["cup 1"]], "bed 1": []}
    left = visible_home(home, seen)
    assert set(left.world.names) == {"desk 1", "bed 1", "laptop 1", "cup 1"}
