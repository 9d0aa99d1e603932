"""Home files: their format, and the error messages for wrong ones."""

from __future__ import annotations

import importlib.util
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.errors import HomeError
from envs.scenes.home_file import HomeFileError, dump_home, load_home, parse_home
from envs.scenes.occupancy_grid import fixtures_without_access
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import World
from envs.symbolic.scene import ObjectSpec, Scene
from planner.io.paths import datasets_dir

HOMES = sorted((datasets_dir() / "homes").glob("*.yaml"))
SMALL = """\
name: small
rooms:
  kitchen:
    - fridge
    - 2 cabinet
    - countertop: {states: [dirty]}
objects:
  cabinet 1: [3 plate, {mug: [dirty]}, {cup: {liquid: coffee, states: [hot], holds: [spoon]}}]
  fridge: [cold milk, glass of water]
"""


def objects(text: str) -> dict[str, ObjectSpec]:
    return {obj.name: obj for obj in parse_home(text).objects}


def in_order(scene: Scene) -> Scene:
    fixtures = sorted(scene.fixtures, key=lambda f: f.name)
    return replace(scene, fixtures=tuple(fixtures), objects=tuple(sorted(scene.objects, key=lambda o: o.name)))


def problems(text: str) -> list[str]:
    with pytest.raises(HomeFileError) as caught:
        parse_home(text)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("path", HOMES, ids=lambda p: p.stem)
def test_built_in_homes_are_valid_and_reachable(path: Path) -> None:
    scene = load_home(path)
    assert not fixtures_without_access(scene)
    assert World(scene).initial()


@pytest.mark.skipif(importlib.util.find_spec("pybullet") is None, reason="pybullet is not installed")
@pytest.mark.parametrize("path", HOMES, ids=lambda p: p.stem)
def test_built_in_homes_match_their_files_in_physics(path: Path) -> None:
    from envs.simulation.physical_home import PhysicalHome

    home = PhysicalHome(load_home(path))
    try:
        assert home.state().without_distances() == home.world.initial()
    finally:
        home.close()


def test_the_example_in_the_readme_is_a_home() -> None:
    readme = (datasets_dir() / "homes" / "README.md").read_text(encoding="utf-8")
    scene = parse_home(readme.partition("```yaml\n")[2].partition("```")[0])
    assert scene.name == "studio"
    assert all(f"`{path.name}`" in readme for path in HOMES)


def test_the_family_house_can_set_a_table_for_six() -> None:
    scene = load_home(datasets_dir() / "homes" / "family_house.yaml")
    clean = Counter(o.category for o in scene.objects if "dirty" not in o.states)
    assert all(clean[name] >= 6 for name in ("plate", "fork", "knife", "spoon", "glass"))
    assert {"kitchen", "living room", "bedroom", "bathroom"} == {room.kind for room in scene.rooms}
    assert {"dining table", "person"} <= {fixture.category for fixture in scene.fixtures}


def test_a_home_without_a_name_is_named_after_its_file(tmp_path: Path) -> None:
    path = tmp_path / "my_flat.yaml"
    path.write_text("rooms: {kitchen: [fridge]}")
    assert load_home(path).name == "my flat"


def test_fixtures_are_numbered_in_order() -> None:
    scene = parse_home(SMALL)
    assert [f.name for f in scene.fixtures] == ["fridge 1", "cabinet 1", "cabinet 2", "countertop 1"]


def test_a_given_name_is_kept_and_other_numbers_skip_it() -> None:
    scene = parse_home("rooms: {kitchen: [cabinet, {cabinet: {name: cabinet 1}}]}")
    assert [f.name for f in scene.fixtures] == ["cabinet 2", "cabinet 1"]


def test_an_object_may_be_written_in_the_words_of_goals() -> None:
    assert objects(SMALL)["glass 1"].liquid == "water"
    assert objects(SMALL)["milk 1"].states == {"cold"}
    assert objects(SMALL)["plate 3"].place == "cabinet 1"


def test_an_object_may_have_options() -> None:
    cup = objects(SMALL)["cup 1"]
    assert (cup.liquid, cup.states) == ("coffee", {"hot"})
    assert objects(SMALL)["spoon 1"].place == "cup 1"


def test_a_negated_state_is_the_absence_of_one() -> None:
    assert objects("rooms: {kitchen: [shelf]}\nobjects: {shelf: [clean plate]}")["plate 1"].states == frozenset()


def test_a_reservoir_has_its_liquid_by_default() -> None:
    assert objects(SMALL)["milk 1"].liquid == "milk"


def test_toilet_paper_is_an_object_although_toilet_is_a_fixture() -> None:
    assert "toilet paper 1" in objects("rooms: {bathroom: [cabinet, toilet]}\nobjects: {cabinet: [toilet paper]}")


def test_a_named_container_may_be_a_place() -> None:
    text = "rooms: {kitchen: [shelf]}\nobjects: {box 1: [book], shelf 1: [box]}"
    assert [o.name for o in parse_home(text).objects] == ["box 1", "book 1"]


def test_a_floor_is_listed_like_any_fixture() -> None:
    scene = parse_home("rooms: {bedroom: [bed, floor]}\nobjects: {floor: [2 dirty sock, toy car]}")
    assert [o.place for o in scene.objects] == ["floor 1"] * 3
    assert parse_home(dump_home(scene)) == scene


def test_a_room_may_have_its_own_name() -> None:
    assert parse_home("rooms: {den: {kind: living room, fixtures: [sofa]}}").rooms[0].kind == "living room"


def test_given_geometry_is_kept() -> None:
    text = (
        "rooms: {kitchen: {rect: [0, 0, 5, 4], fixtures: [{fridge: {pose: [2, 0.5, 90]}}, sink]}}\nrobot: [3, 2, 180]"
    )
    scene = parse_home(text)
    assert scene.rooms[0].rect == (0, 0, 5, 4)
    assert (scene.fixtures[0].x, scene.fixtures[0].y) == (2, 0.5)
    assert scene.robot[:2] == (3, 2)


def test_the_same_file_gives_the_same_home() -> None:
    assert parse_home(SMALL) == parse_home(SMALL)


@pytest.mark.parametrize("path", HOMES, ids=lambda p: p.stem)
def test_built_in_homes_survive_a_round_trip(path: Path) -> None:
    scene = load_home(path)
    assert in_order(parse_home(dump_home(scene))) == in_order(scene)


@given(seed=st.integers(0, 2**62 - 1), rooms=st.integers(1, 8))
@settings(max_examples=25, deadline=None)
def test_sampled_homes_survive_a_round_trip(seed: int, rooms: int) -> None:
    scene = sample_scene(seed, rooms=rooms)
    assert in_order(parse_home(dump_home(scene))) == in_order(scene)


NAMES = st.text(min_size=1, max_size=30).map(lambda t: " ".join(t.split())).filter(bool)


@given(name=NAMES.filter(str.isprintable))
@settings(max_examples=60, deadline=None)
def test_any_name_survives_a_round_trip(name: str) -> None:
    scene = replace(sample_scene(0, rooms=1, n_objects=1), name=name)
    assert parse_home(dump_home(scene)).name == name


@pytest.mark.parametrize("name", ["\x1b[31mred", "\u202eback to front", "a\u200bb", "\x00"])
def test_a_name_with_terminal_control_characters_is_refused(name: str) -> None:
    scene = replace(sample_scene(0, rooms=1, n_objects=1), name=name)
    with pytest.raises(HomeFileError, match="unprintable characters"):
        parse_home(dump_home(scene))


def test_a_very_long_name_is_refused_with_a_short_message() -> None:
    (problem,) = problems(f"name: {'x' * 10_000}\nrooms: {{kitchen: [sink]}}")
    assert problem.endswith("has more than 200 characters") and len(problem) < 120


def test_a_home_without_geometry_is_dumped_without_poses() -> None:
    assert "pose" not in dump_home(sample_scene(4, geometry=False))


BAD = [
    ("rooms: {kitchen: [frige]}", "line 1: unknown fixture 'frige'; did you mean 'fridge'?"),
    ("rooms: {kitchen: [apple]}", "line 1: unknown fixture 'apple'; this is an object: list it under `objects:`"),
    ("rooms:\n  kichen: [sink]", "line 2: unknown room 'kichen'; did you mean 'kitchen'?"),
    (
        "rooms: {garage: [desk]}",
        "line 1: unknown room 'garage'; another name needs its `kind:`, one of: bathroom, "
        "bedroom, dining room, hall, kitchen, laundry room, living room, office",
    ),
    (
        "rooms: {kitchen: [{2 stove burner: [on]}]}",
        'line 1: stove burner: a state: YAML reads on as true; write it in quotes: "on"',
    ),
    ("objects: {fridge: [apple]}", "line 1: a home has at least one room, under `rooms:`"),
    ("seed: x\nobjects: {}", "line 1: a home has at least one room, under `rooms:`"),
    ("rooms: {kitchen: [{sink: [open]}]}", "line 1: no sink is ever open; it can be dirty, on"),
    ("rooms: {kitchen: [{sink: [drity]}]}", "line 1: sink: unknown state 'drity'; did you mean 'dirty'?"),
    ("rooms: {kitchen: [{sink: [on]}]}", 'line 1: sink: a state: YAML reads on as true; write it in quotes: "on"'),
    (
        "rooms: {kitchen: [{sink: {off: 1}}]}",
        'line 1: a key of sink: YAML reads off as false; write it in quotes: "off"',
    ),
    (
        "rooms: {kitchen: [{sink: {colour: red}}]}",
        "line 1: sink: unknown key 'colour'; did you mean 'color'?",
    ),
    (
        "rooms: {kitchen: [{sink: {count: two}}]}",
        "line 1: sink: count: expected a whole number from 1 to 50, found 'two'",
    ),
    (
        "rooms: {kitchen: [{sink: {count: 1.5}}]}",
        "line 1: sink: count: expected a whole number from 1 to 50, found '1.5'",
    ),
    (
        "rooms: {kitchen: [[sink]]}",
        "line 1: kitchen: a fixture: expected a name or {name: options}, found a list of 1",
    ),
    ("rooms: {kitchen: sink}", "line 1: kitchen: expected a list such as [a, b], found 'sink'; write [sink]"),
    ("rooms: [kitchen]", "line 1: rooms: expected `key: value` lines, found a list of 1; a key has no '-' before it"),
    ("rooms: {}", "line 1: a home has at least one room, under `rooms:`"),
    ("room: {kitchen: [sink]}", "line 1: home: unknown key 'room'; did you mean 'rooms' or 'robot'?"),
    ("- kitchen", "line 1: a home has `rooms:` and `objects:`; this file has neither: it is a list of 1"),
    ("rooms: {kitchen: [sink], kitchen: [sink]}", "line 1: rooms: 'kitchen' appears twice; the first is on line 1"),
    ("rooms: {kitchen: [{sink: {name: basin}}]}", "line 1: name 'basin': expected one like `sink 1`"),
    (
        "rooms:\n  kitchen:\n    - sink: {name: sink 1}\n    - sink: {name: sink 1}",
        "line 4: sink 1 appears twice; the first is on line 3",
    ),
    ("rooms: {kitchen: [{sink: {pose: [1, 1, 0]}}]}", "line 1: sink 1: a pose needs the `rect` of every room"),
    (
        "rooms: {kitchen: {rect: [0, 0, 4, 4], fixtures: [{sink: {pose: [1, 1]}}]}}",
        "line 1: sink: pose: expected [x, y, yaw in degrees], found a list of 2",
    ),
    ("rooms: {kitchen: {rect: [0, 0, .inf, 4]}}", "line 1: kitchen: rect: expected a number, found '.inf'"),
    ("rooms: {kitchen: {rect: [0, 0, 4000, 4]}}", "line 1: kitchen: rect: 4000 is more than 100"),
    (
        "rooms: {kitchen: {rect: [0, 0, 1, 4]}}",
        "line 1: kitchen: rect is [x0, y0, x1, y1] and at least 1.5 x 1.5 m",
    ),
    (
        "rooms:\n  kitchen: {rect: [0, 0, 4, 4]}\n  hall: {rect: [3, 0, 6, 4]}",
        "line 3: hall overlaps kitchen",
    ),
    (
        "rooms:\n  kitchen: {rect: [0, 0, 4, 4]}\n  hall: {rect: [9, 0, 12, 4]}",
        "line 3: hall: no way in; a room shares at least 1.7 m of wall with its neighbor",
    ),
    ("rooms:\n  kitchen: {rect: [0, 0, 4, 4]}\n  hall: [door]", "line 3: hall: give every room a `rect`, or none"),
    (
        "rooms:\n  kitchen:\n    rect: [0, 0, 4, 4]\n    fixtures:\n      - fridge: {pose: [2, 2, 0]}\n"
        "      - oven: {pose: [2, 2.3, 30]}",
        "line 6: oven 1 overlaps fridge 1; it covers x 1.59 to 2.41, y 1.89 to 2.71 m",
    ),
    (
        "rooms:\n  kitchen:\n    rect: [0, 0, 4, 4]\n    fixtures:\n      - fridge: {pose: [6, 2, 0]}",
        "line 5: fridge 1 stands outside the kitchen [0.0, 0.0, 4.0, 4.0]; it covers x 5.70 to 6.30, y 1.65 to 2.35 m",
    ),
    (
        "rooms:\n  kitchen:\n    rect: [0, 0, 4, 4]\n    fixtures:\n      - fridge: {pose: [0.4, 2, 180]}",
        "line 5: fridge 1: the robot cannot get in front of it; it needs 1.15 m of free floor in front",
    ),
    (
        "rooms:\n  kitchen:\n    rect: [0, 0, 1.6, 1.6]\n    fixtures:\n      - countertop",
        "line 5: countertop 1: no place in the kitchen that the robot can get to; "
        "it needs 1.15 m of free floor in front",
    ),
    (
        "rooms:\n  kitchen: {rect: [0, 0, 4, 4]}\nrobot: [9, 9, 0]",
        "line 3: robot: does not fit at (9, 9); it needs 0.35 m around its middle",
    ),
    (
        "rooms:\n  kitchen: {rect: [0, 0, 4, 4]}\ndoorways: [[1, 1, 1.2, x]]",
        "line 3: this doorway is not within a wall that two rooms share",
    ),
]
BAD_OBJECTS = [
    ("cabnet 1: [plate]", "no place is called 'cabnet 1'; did you mean 'cabinet 1' or 'cabinet 2'?"),
    ("garage: [plate]", "no place is called 'garage'; a place is a fixture or an object that holds things"),
    ("kitchen: [plate]", "no place is called 'kitchen'; this is a room: name a fixture in it, such as 'fridge 1'"),
    ("bedroom: [plate]", "no place is called 'bedroom'; this is a room: name a fixture in it"),
    ("sofa: [pillow]", "no place is called 'sofa'; no room has a sofa: list it under `rooms:`"),
    ("box: [pen]", "no place is called 'box'; there is no box: list it at its own place too"),
    ("cabinet 7: [plate]", "no place is called 'cabinet 7'; there is cabinet 1, cabinet 2"),
    ("cabinet: [plate]", "which cabinet? There are cabinet 1, cabinet 2"),
    (
        "cabinet 1: [plaate]",
        "unknown object 'plaate'; did you mean 'plate'?",
    ),
    ("cabinet 1: [{plaate: [dirty]}]", "unknown object 'plaate'; did you mean 'plate'?"),
    ("cabinet 1: [fridge]", "unknown object 'fridge'; this is a fixture: list it under `rooms:`"),
    ("cabinet 1: [2 fruit]", "unknown object 'fruit'; this is a class, such as 'apple': name one of it"),
    ("cabinet 1: [plate on shelf]", "'plate on shelf': expected a number, states and an object, such as `2 dirty mug`"),
    ("cabinet 1: [sliced plate]", "no plate is ever sliced; it can be cold, dirty, hot"),
    ("cabinet 1: [{apple: [hot, cold]}]", "no apple is hot and cold at once"),
    (
        "cabinet 1: [{cup: {liquid: petrol}}]",
        "unknown liquid 'petrol'; known: water, coffee, tea, milk, juice, wine, soda",
    ),
    ("cabinet 1: [{fork: {liquid: milk}}]", "no fork ever holds milk"),
    ("cabinet 1: [{mug: {holds: [pillow]}}]", "pillow 1 does not fit in mug 1: it is 34 x 26 x 10 cm, and mug 1"),
    ("cabinet 1: [{fork: {holds: [pen]}}]", "pen 1: nothing can be put in or on fork 1; a usual place is: desk"),
    (
        "cabinet 1: [5 plate]",
        "no room for 1 of the 5 plate in cabinet 1: it is full with 4 plate; other usual places are: countertop,",
    ),
    ("cabinet 1: [4 plate, tray]", "no room for tray 1 in cabinet 1: it is full with 4 plate; other usual places are:"),
    (
        "cabinet 1: [{bowl: {holds: [chips]}}]",
        "chips 1 does not fit in bowl 1: it is 15 x 6 x 20 cm, and bowl 1 inside",
    ),
    (
        "cabinet 1: [{plate: {name: plate 2}}, {plate: {name: plate 2}}]",
        "plate 2 appears twice; the first is on line 3",
    ),
    (
        "box 1: [{basket: {name: basket 1}}]\n  basket 1: [box]",
        "basket 1 is inside itself: basket 1 in box 1 in basket 1",
    ),
    ("box 1: [box]", "box 1 is inside itself: box 1 in box 1"),
    ("cabinet 1: plate", "cabinet 1: expected a list such as [a, b], found 'plate'"),
    ("cabinet 1: [{mug: {count: 2, holds: [pen]}}]", "mug: `holds` is for one object, not for 2"),
    ("cabinet 1: [{plate: [dirty], mug: [dirty]}]", "cabinet 1: an object: expected one name with its options"),
    ("cabinet 1: [{mug: dirty}]", "mug: expected a list of states, such as [dirty], or options with their keys, found"),
    ("cabinet 1: [7]", "cabinet 1: an object: expected a word, found '7'"),
]


@pytest.mark.parametrize(("text", "message"), BAD, ids=[message for _, message in BAD])
def test_a_wrong_line_is_named(text: str, message: str) -> None:
    assert message in problems(text)


@pytest.mark.parametrize(("line", "message"), BAD_OBJECTS, ids=[message for _, message in BAD_OBJECTS])
def test_a_wrong_object_is_named_with_its_line(line: str, message: str) -> None:
    messages = problems(f"rooms: {{kitchen: [fridge, 2 cabinet]}}\nobjects:\n  {line}")
    assert any(problem.startswith(f"line 3: {message}") for problem in messages), messages


def test_all_problems_are_named_at_once() -> None:
    text = "rooms:\n  kitchen:\n    - frige\n    - sink: [open]\nobjects:\n  nowhere: [plaate]\n"
    assert [problem.partition(":")[0] for problem in problems(text)] == ["line 3", "line 4", "line 6", "line 6"]


def test_many_mistakes_are_each_named_with_line_and_suggestion() -> None:
    text = """\
rooms:
  kitchen:
    rect: [0, 0, 5, 5]
    fixtures:
      - frige
      - countertop: {colour: red}
      - fridge: {pose: [2, 0.4, 90]}
      - oven: {pose: [2.3, 0.4, 90]}
      - sink: {pose: [7, 2, 180]}
      - cabinet: {count: two}
      - drawer: [dirty]
      - dishwasher: {name: dishwasher 1}
      - dishwasher: {name: dishwasher 1}
  bedrom: {rect: [5, 0, 9, 5]}
  hall: []
objects:
  dishwasher 1: [pillow]
  fridge: [{fork: {holds: [pen]}}]
  bathroom: [plate]
"""
    assert problems(text) == [
        "line 5: unknown fixture 'frige'; did you mean 'fridge'?",
        "line 6: countertop: unknown key 'colour'; did you mean 'color'?",
        "line 8: oven 1 overlaps fridge 1; it covers x 1.99 to 2.61, y 0.11 to 0.69 m",
        "line 9: sink 1 stands outside the kitchen [0.0, 0.0, 5.0, 5.0]; it covers x 6.69 to 7.31, y 1.60 to 2.40 m",
        "line 10: cabinet: count: expected a whole number from 1 to 50, found 'two'",
        "line 11: no drawer is ever dirty; it can be open",
        "line 13: dishwasher 1 appears twice; the first is on line 12",
        "line 14: unknown room 'bedrom'; did you mean 'bedroom'?",
        "line 15: hall: give every room a `rect`, or none",
        "line 17: pillow 1 does not fit in dishwasher 1; a dishwasher takes only: dishes, cutlery, cookware; "
        "a usual place is: bed, sofa, armchair",
        "line 18: pen 1: nothing can be put in or on fork 1; a usual place is: desk, drawer, side table",
        "line 19: no place is called 'bathroom'; this is a room: name a fixture in it",
    ]


def test_a_wrong_entry_of_several_objects_is_reported_once() -> None:
    messages = problems("rooms: {kitchen: [cabinet]}\nobjects: {cabinet: [{plate: {count: 9}}, {mug: {count: 5}}]}")
    assert [problem[:23] for problem in messages] == ["line 2: no room for 5 o", "line 2: no room for 3 o"]


def test_rooms_that_overlap_do_not_hide_what_stands_outside() -> None:
    text = (
        "rooms:\n  kitchen:\n    rect: [0, 0, 4, 4]\n    fixtures:\n      - fridge: {pose: [6, 2, 0]}\n"
        "  hall: {rect: [3, 0, 6, 4]}"
    )
    messages = problems(text)
    assert [problem.partition(":")[0] for problem in messages] == ["line 5", "line 6"]


@pytest.mark.parametrize("text", ["", "# nothing", "~"])
def test_an_empty_file_says_what_a_home_has(text: str) -> None:
    assert problems(text) == ["the file is empty; a home has `rooms:` and `objects:`"]


def test_invalid_yaml_is_reported_with_its_line() -> None:
    assert problems("rooms:\n\tkitchen: [sink]")[0].startswith("line 2: not YAML: ")


def test_anchors_are_refused() -> None:
    assert problems("a: &a [1]\nb: *a") == ["line 1: anchors and aliases (& and *) are not read"]


def test_deep_nesting_is_refused() -> None:
    assert problems("[" * 5000 + "]" * 5000) == ["line 1: nested more than 20 deep"]


def test_too_many_entries_are_refused() -> None:
    assert problems("[" + "a," * 70_000 + "]") == ["line 1: more than 60000 entries"]


def test_too_many_objects_are_refused() -> None:
    entries = ", ".join(["{pen: {count: 50}}"] * 41)
    assert "2050 objects; a home has at most 2000" in problems(
        f"rooms: {{office: [desk]}}\nobjects: {{desk: [{entries}]}}"
    )


def test_reading_stops_after_a_hundred_problems() -> None:
    messages = problems("rooms: {kitchen: [" + "frige, " * 3000 + "]}")
    assert len(messages) == 101
    assert messages[-1] == "line 1: 100 problems; the rest of the file was not checked"


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_text("#" * 1_000_001)
    with pytest.raises(HomeError, match="larger than 1000 kB"):
        load_home(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match=r"none\.yaml: no such file or directory"):
        load_home(tmp_path / "none.yaml")


def test_a_folder_is_not_a_home(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="is a directory"):
        load_home(tmp_path)


def test_a_binary_file_is_not_a_home(tmp_path: Path) -> None:
    path = tmp_path / "home.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(HomeError, match="not a text file"):
        load_home(path)


def test_problems_of_a_file_start_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "home.yaml"
    path.write_text("rooms: {kitchen: [frige]}")
    with pytest.raises(HomeFileError, match=r"home\.yaml: line 1: unknown fixture"):
        load_home(path)


SIGNS = [":", "-", "[", "]", "{", "}", ",", "\n", "\n  ", "on", "1", "~", "&a", "*a", "!!x", "rect:", "pose:", "é"]


@given(pieces=st.lists(st.sampled_from([*SMALL.split(), *SIGNS]), max_size=40))
@settings(max_examples=150, deadline=None)
def test_no_text_crashes_the_parser(pieces: list[str]) -> None:
    try:
        parse_home(" ".join(pieces))
    except HomeError as error:
        assert str(error)


@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_no_corruption_of_a_home_file_crashes_the_parser(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([SMALL, dump_home(sample_scene(1, rooms=2, n_objects=8))]))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    try:
        parse_home(text[:start] + data.draw(st.text(max_size=5)) + text[end:])
    except HomeError as error:
        assert str(error)


# Properties, people, rules

PROPERTIES = """
people: [Anna, Ben]
rules: [never knife with person, never open the oven]
rooms:
  kitchen: [fridge, white cabinet, 2 cabinet, {countertop: {color: black}}, oven, person]
objects:
  cabinet 1: [red mug, big blue bowl, {mug: {color: white, material: glass, owner: anna}}, 2 small green bowl]
  countertop: ["Anna's cell phone", glass bottle, glass of water, dirty red mug, knife]
"""


def test_properties_stand_before_a_name_or_among_the_options() -> None:
    scene = parse_home(PROPERTIES.replace("open the oven", "open oven"), geometry=False)
    by_name = {spec.name: spec.properties for spec in (*scene.fixtures, *scene.objects)}
    assert by_name["cabinet 1"] == ("white",)
    assert by_name["cabinet 2"] == ()
    assert by_name["countertop 1"] == ("black",)
    assert by_name["mug 1"] == ("red",)
    assert by_name["bowl 1"] == ("big", "blue")
    assert by_name["mug 2"] == ("Anna's", "white", "glass")
    assert by_name["bowl 2"] == by_name["bowl 3"] == ("small", "green")
    assert by_name["cell phone 1"] == ("Anna's",)
    assert by_name["glass bottle 1"] == by_name["glass 1"] == ()
    assert by_name["mug 3"] == ("red",)
    assert scene.people == ("Anna", "Ben")
    assert scene.rules == ("never knife with person", "never open oven")


def test_a_home_with_properties_people_and_rules_reads_back() -> None:
    scene = parse_home(PROPERTIES.replace("open the oven", "open oven"))
    again = parse_home(dump_home(scene))
    assert (again.people, again.rules, again.fixtures) == (scene.people, scene.rules, scene.fixtures)
    assert sorted(again.objects, key=lambda o: o.name) == sorted(scene.objects, key=lambda o: o.name)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("color: white", "color: whte", "line 7: mug: unknown color 'whte'; did you mean 'white'?"),
        ("owner: anna", "owner: Carl", "line 7: mug: nobody here is called 'Carl'; list the names under `people:`"),
        ("[Anna, Ben]", "[Anna, anna]", "line 2: people: anna appears twice"),
        ("[Anna, Ben]", "[Anna, '42']", "line 2: people: '42' is no name: it begins with a letter"),
        (
            "{color: white,",
            "{color: white, size: red,",
            "line 7: mug: 'red' is no size but a color: write `color: red`",
        ),
        ("red mug, big", "{red mug: {color: blue}}, big", "line 7: mug: two colors at once, red and blue"),
        ("open the oven", "opn oven", "line 3: rules: "),
    ],
)
def test_a_wrong_property_person_or_rule_is_named(old: str, new: str, message: str) -> None:
    text = PROPERTIES.replace(old, new).replace("open the oven", "open oven")
    assert any(line.startswith(message) for line in problems(text)), problems(text)
