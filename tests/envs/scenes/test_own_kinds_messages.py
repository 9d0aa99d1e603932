"""What is wrong with a home's own kinds: one message for each problem, with its line and what would do."""

from __future__ import annotations

from pathlib import Path

import pytest

from envs.errors import HomeError
from envs.files.yaml_nodes import HomeFileError
from envs.scenes.home_file import load_home, parse_home

ROOMS = "\nrooms: {kitchen: [shelf]}\n"


def problems(text: str) -> list[str]:
    with pytest.raises(HomeFileError) as caught:
        parse_home(text)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(("entry", "message"), [
    ("blender: {like: ketle}", "blender: like: unknown kind 'ketle'; did you mean 'kettle'?"),
    ("silk scarf: {like: scarf}", "like: unknown kind 'scarf'; the built-in kinds are in envs/domain.yaml"),
    ("blender: {like: sofa}", "'sofa' is furniture, which stays where it is: list 'blender' under `furniture:`"),
    ("blender: {like: couch}", "'couch' is furniture, which stays where it is (sofa)"),
    ("blender: {like: bottle}", "'bottle' may be 'glass bottle' or"),
    ("blender: {like: valuables}", "'valuables' is a class; name one of it, such as"),
    ("blender: kettle", "expected what it is, as in `blender: {like: kettle}`"),
    ("blender:", "blender: say what it is like, or how large it is"),
    ("blender: {color: red}", "blender: say what it is like, or how large it is"),
    ("blender: {like: kettle, colour: red}", "unknown key 'colour'; did you mean 'color'?"),
    ("blender: {like: kettle, weight: 2}", "unknown key 'weight'; did you mean 'mass_kg'?"),
    ("blender: {like: kettle, color: rde}", "unknown color 'rde'; did you mean 'red'"),
    ("blender: {like: kettle, color: [255, 0, 0]}", "from 0 to 1, or a word; write [1.0, 0.0, 0.0]"),
    ("vase a: {size: [16, 16, 19]}", "for centimeters write [0.16, 0.16, 0.19]"),
    ("vase a: {size: [160, 160, 190]}", "for millimeters write [0.16, 0.16, 0.19]"),
    ("vase a: {size: 20}", "20: sizes are in meters, and no side is longer than 3 m; for centimeters write 0.2"),
    ("vase a: {size: [0, 0.1, 0.1]}", "a side is longer than 0; sizes are in meters"),
    ("vase a: {size: [0.1, -0.1, 0.1]}", "a side is longer than 0; sizes are in meters"),
    ("vase a: {size: [0.1, 0.1, 0.0001]}", "no side is shorter than 0.002 m (2 mm)"),
    ("vase a: {size: big}", "size: expected [depth, width, height] in meters, found 'big'"),
    ("vase a: {size: 20 cm}", "found '20 cm'; write 0.2"),
    ("vase a: {size: 20x10x5 cm}", "write [0.2, 0.1, 0.05]"),
    ("vase a: {size: [20 cm, 10 cm, 5 cm]}", "write [0.2, 0.1, 0.05]"),
    ("vase a: {size: [0.1, 0.1]}", "found a list of 2"),
    ("vase a: {size: .nan}", "vase a: size: expected a number"),
    ("raft: {size: [2.0, 1.9, 0.2]}", "raft fits nowhere: it is 200 x 190 x 20 cm"),
    ("globe: {shape: sphere}", "unknown shape 'sphere'; did you mean 'ball'?"),
    ("globe: {size: 0.2, at: [bedroom]}", "at: 'bedroom' is a room; a usual place is furniture"),
    ("globe: {size: 0.2, at: [desc]}", "at: no furniture is called 'desc'; did you mean 'desk'?"),
    ("globe: {size: 0.2, at: [box]}", "at: 'box' is a thing; a usual place is furniture"),
    ("globe: {size: 0.6, at: [drawer]}", "it does not fit in a drawer: it is 60 x 60 x 60 cm, and the room there is"),
    ("globe: {size: 0.2, at: [toaster]}", "a toaster takes only: bread"),
    ("globe: {size: 0.2, at: [window]}", "nothing can be put in or on a window"),
    ("globe: {size: 0.2, classes: [toys]}", "unknown class 'toys'; did you mean 'toy'?"),
    ("globe: {size: 0.2, classes: [lamp]}", "'lamp' is a class of furniture"),
    ("globe: {size: 0.2, folds: maybe}", "folds: expected true or false, found 'maybe'"),
    ("globe: {size: 0.2, contains: beer}", "contains: unknown liquid 'beer'"),
    ("globe: {size: 0.2, holds: inside}", "holds: expected `in`, `on` or {relation: in, size: [x, y, z]}"),
    ("globe: {size: 0.1, holds: {relation: in, size: 0.3}}", "its inside, 30 x 30 cm, is larger than itself"),
    ("globe: {size: 0.2, mass_kg: five}", "mass_kg: expected a number, found 'five'"),
    ("globe: {size: 0.2, mass_kg: -1}", "mass_kg: -1 kg; expected from 0.001 to 50 kg"),
    ("globe: {mesh: globe.stl}", "'globe.stl' is relative to a home file; this home is a text without one"),
    ("globe: {size: 0.2, words: [cup]}", "words: 'cup' means the built-in kind 'cup'; choose another word"),
    ("globe: {size: 0.2, words: [kitchen]}", "words: 'kitchen' is a kind of room"),
])  # fmt: skip
def test_a_wrong_thing_is_named_with_what_would_do(entry: str, message: str) -> None:
    found = problems(f"things:\n  {entry}{ROOMS}objects: {{shelf: [plate]}}")
    assert len(found) == 1
    assert found[0].startswith("line 2: ")
    assert message in found[0]


@pytest.mark.parametrize(("name", "message"), [
    ("mug", "'mug' is a built-in kind; choose another name, or, to change what 'mug' means in this home, write "
            "`mug: {like: mug, …}`"),
    ("Mug", "'Mug' is spelled like the built-in kind 'mug'"), ("sofa", "'sofa' is a built-in kind"),
    ("mugs", "'mugs' is the plural of the built-in kind 'mug'"), ("dirty", "'dirty' is a state"),
    ("clean", "'clean' is a state"), ("water", "'water' is a liquid"), ("red", "'red' is a color"),
    ("big", "'big' is a size"), ("kitchen", "'kitchen' is a kind of room"), ("food", "'food' is a class of things"),
    ("lamp", "'lamp' is a class of things"), ("Anna", "'Anna' is also Anna of `people`"),
    ("pick", "'pick' begins a step of plans ('pick up')"), ("pick up", "'pick up' begins a step of plans"),
    ("12", "'12' begins with a number"), ("2 globes", "'2 globes' begins with a number"),
    ("globe 2", "has the number '2', as names of single things do"), ("red, big globe", "has ','"),
    ("[SEP]", "has '['"), ("tea [SEP] pot", "write 'tea SEP pot'"), ('big "globe"', "has a quote (\")"),
    ("globe_stand", "write 'globe stand'"), ("every", "'every' has 'every', a word that goals are made with"),
    ("very " * 15 + "long globe", "has 85 characters; a name has at most 60"), ("-globe", "'-globe' is no word"),
])  # fmt: skip
def test_a_name_that_means_something_else_is_refused(name: str, message: str) -> None:
    import json

    found = problems(f"people: [Anna]\nthings:\n  {json.dumps(name)}: {{size: 0.1}}{ROOMS}")
    assert len(found) == 1
    assert found[0].startswith("line 3: ")
    assert message in found[0]


@pytest.mark.parametrize(("entry", "message"), [
    ("tank: {like: mug}", "'mug' is a thing, which can be carried: list 'tank' under `things:`"),
    ("tank: {like: coutch}", "unknown kind 'coutch'"),
    ("tank: {classes: [lamp]}", "tank: say what it is like, or its body and size"),
    ("tank: {body: tabel}", "unknown body 'tabel'; did you mean 'table'"),
    ("tank: {body: wardrobe}", "unknown body 'wardrobe'; the body of a wardrobe is 'cupboard'"),
    ("tank: {body: person}", "unknown body 'person'"),
    ("tank: {size: [60, 120, 75]}", "for centimeters write [0.6, 1.2, 0.75]"),
    ("tank: {size: [0.6, 0.6, 2.2]}", "things would be 2.20 m above the floor; the robot reaches from 0 to 1.2 m"),
    ("tank: {body: cupboard, joint: slide}", "the body 'cupboard' has a hinge; a slide is that of the body 'drawers'"),
    ("tank: {body: table, joint: hinge}", "the body 'table' has no joint; a hinge is that of the body 'cupboard'"),
    ("tank: {like: desk, rooms: [kitchn]}", "unknown room 'kitchn'; did you mean 'kitchen'"),
    ("tank: {like: desk, accepts: [fishes]}", "unknown kind or class 'fishes'"),
    ("tank: {like: desk, color: blue}", "unknown key 'color'"),
    ("tank: {like: desk, region: {z: 0.5, size: [2, 2, 1]}}", "2 x 2 m is larger than the furniture"),
    ("tank: {like: desk, process: {when: [on], set: [hot]}}", "no tank is ever on; it needs `switch: true`"),
    ("tank: {like: oven, process: {when: [on], set: [warm]}}", "unknown state 'warm'"),
    ("tank: {like: window, process: {when: [open], set: [cold]}}", "nothing can be in or on a tank"),
    ("tank: {like: oven, process: {when: [on]}}", "process changes nothing"),
    ("tank: [sofa]", "found a list of 1; what stands in a room is listed under `rooms:`"),
])  # fmt: skip
def test_wrong_furniture_is_named_with_what_would_do(entry: str, message: str) -> None:
    found = problems(f"furniture:\n  {entry}{ROOMS}")
    assert any(message in line and line.startswith("line 2: ") for line in found)


def test_no_class_has_things_and_furniture() -> None:
    text = (
        "classes: [animal]\nfurniture: {dog: {body: plant, classes: [animal]}}\n"
        "things: {cat: {size: 0.3, classes: [animal]}}"
    )
    assert problems(text + ROOMS) == [
        "line 3: cat: classes: 'animal' is a class of furniture here (dog), and no class has things as well"
    ]


def test_a_circle_of_likes_is_one_message() -> None:
    found = problems("things:\n  a: {like: b}\n  b: {like: c}\n  c: {like: a}\n  d: {like: a}" + ROOMS)
    assert found == ["line 2: a: like: a circle, a like b like c like a: say what one of them is like, or its size"]


def test_a_kind_like_itself_is_a_circle_unless_it_is_built_in() -> None:
    assert "a circle" in problems("things: {zither: {like: zither}}" + ROOMS)[0]


def test_all_problems_come_at_once_and_each_once() -> None:
    text = """\
things:
  blendr: {like: ketle}
  vase a: {size: [16, 16, 19]}
furniture:
  tank: {like: mug}
rooms: {kitchen: [tank, shelf, {tank: {states: [dirty]}}]}
objects:
  tank 1: [3 blendr, big vase a]
  shelf: [blendr, frok]
"""
    found = problems(text)
    assert [line.partition(":")[0] for line in found] == ["line 2", "line 3", "line 5", "line 9"]
    assert "'frok'" in found[-1]


def test_a_name_given_twice_names_the_first_line() -> None:
    assert "'globe' appears twice; the first is on line 2" in problems(
        "things:\n  globe: {size: 0.1}\nfurniture:\n  globe: {size: 0.5}" + ROOMS
    )[0].replace("on line 4", "on line 2")  # furniture is read first
    found = problems("things:\n  a: {size: 0.1, words: [c]}\n  b: {size: 0.1, words: [c]}" + ROOMS)
    assert found == ["line 3: b: words: 'c' appears twice; the first is on line 2"]


def test_kinds_under_an_unknown_key_give_no_further_message() -> None:
    text = "furnitures: {wine rack: {like: shelf}}\nrooms: {kitchen: [wine rack]}"
    assert problems(text) == ["line 1: home: unknown key 'furnitures'; did you mean 'furniture'?"]


@pytest.mark.parametrize(("text", "message"), [
    ("states: [very fed]", "'very fed' has several words; a state is one, such as 'very-fed'"),
    ("states: [hot]", "'hot' is a state"), ("negations: {unfed: fedd}", "unknown state 'fedd'"),
    ("classes: [kitchen]", "'kitchen' is a kind of room"),
    ("processes: {rise: {at: [proofer], set: [hot]}}", "no furniture is called 'proofer'"),
    ('skills: {open: {text: "open {fixture}", sets: ["{fixture} open"]}}', "begins like the built-in skill 'open'"),
    ('skills: {feed: {text: "feed", sets: ["fed"]}}', "feed"),
    ("include: nothing_bundled", "no bundled file of kinds is called 'nothing_bundled'"),
    ("include: kinds.yaml", "'kinds.yaml' is relative to a home file; this home is a text without one"),
])  # fmt: skip
def test_other_wrong_sections_are_named(text: str, message: str) -> None:
    found = problems(text + ROOMS)
    assert any(message in line and line.startswith("line 1: ") for line in found)


def test_a_class_that_only_a_wrong_kind_has_is_an_argument_of_skills() -> None:
    assert problems("""\
rooms: {kitchen: [shelf]}
classes: [reading, gear]
things: {novel: {like: book, classes: [readin]}}
furniture: {crane: {body: tabl, classes: [gear]}}
skills:
  read: {text: "read {reading}", when: ["holding {reading}"], sets: ["{reading} read"]}
  oil: {text: "oil {gear}", sets: ["{gear} oiled"], clears: ["{gear} watered"]}
  bend: {text: "bend {geat}", sets: ["{geat} bent"]}
""") == [
        "line 3: novel: classes: unknown class 'readin'; did you mean 'reading'?",
        "line 4: crane: body: unknown body 'tabl'; did you mean 'table'?",
        "line 8: skill 'bend': text: {geat} is no kind of argument; did you mean 'gear'?",
    ]


def test_a_new_state_that_is_spelled_like_another_is_listed() -> None:
    skill = 'skills: {cheer: {text: "cheer {person}", sets: ["{person} old"]}}' + ROOMS
    (found,) = problems(skill)
    assert found.endswith(
        "did you mean 'cold' or 'folded'? A state of your own that is so alike is listed under `states:`"
    )
    assert "old" in parse_home("states: [old]\n" + skill).domain.states


@pytest.mark.parametrize(("process", "message"), [
    ('{at: [kiln], when: ["on"], set: [cooked]}', "'kiln' has a process already, with `when: [closed, on]`"),
    ("{at: [icebox], when: [closed], set: [hot]}", "'icebox' has a process already, with `when: [closed]`"),
    ('{at: [sink], set: [cold]}', "'sink' has a process already, with `when: [on]`, and furniture has one"),
    ('{at: [pool], when: ["on"], set: [dirty]}', "this one contradicts it; say all in one, as `process: {…}` of"),
    ('{at: [pool], when: ["on"], fill: tea}', "this one contradicts it; say all in one, as `process: {…}` of"),
])  # fmt: skip
def test_a_second_process_that_does_not_suit_the_first_is_named(process: str, message: str) -> None:
    kiln = "{body: cupboard, size: [0.6, 0.6, 0.9], switch: yes, process: {when: [closed, on], set: [hot]}}"
    text = f"furniture: {{kiln: {kiln}, pool: {{like: sink}}, icebox: {{like: fridge}}}}\nprocesses:\n  bake: {process}"
    [found] = problems(text + ROOMS)
    assert found.startswith("line 3: processes: bake: at: ") and message in found


def test_a_mesh_that_is_not_hollow_is_named_where_it_stands(tmp_path: Path) -> None:
    pytest.importorskip("trimesh").creation.box((0.1, 0.1, 0.1)).export(tmp_path / "cube.stl")
    found = include(
        tmp_path, kinds="things:\n  ink jar: {mesh: cube.stl, holds: in}\n  pot a: {like: pot, mesh: cube.stl}"
    )
    assert found == [
        f"kinds.yaml, line {line}: {name}: mesh: it holds things inside, but cube.stl is not hollow"
        for line, name in ((2, "ink jar"), (3, "pot a"))
    ]


def test_skills_offer_no_far_word_and_say_how_furniture_is_found() -> None:
    needs = '["{kiln} is on", "{kiln} in {room}", "{feed} in {kiln}"]'
    skill = f'{{text: "heat {{room}}", when: {needs}, sets: ["{{room}} hot"]}}'
    text = f"furniture: {{kiln: {{like: oven}}}}\nskills: {{heat: {skill}}}"
    [found] = problems(text + ROOMS)
    assert "{feed} is no argument of the skill, no kind and no class; the arguments are {room}" in found
    [found] = problems(text.replace(', "{feed} in {kiln}"', "") + ROOMS)
    assert "which kiln? say `robot at {kiln}` or `… in {kiln}` before it in `when`, or {kiln} in `text`" in found


def test_what_is_refused_gives_no_further_message_where_it_is_used() -> None:
    text = """
classes: [kitchen, pet]
states: [in, Foo]
things:
  pick: {like: umbrella, classes: [kitchen]}
  guitar pick: {like: pick}
  cat: {like: teddy bear, classes: [kitchen, pet]}
  bin bag: {like: box, at: [open]}
furniture:
  open: {like: shelf, accepts: [pick, kitchen]}
  rig: {like: shelf, accepts: [pick, kitchen], process: {when: [Foo], set: [in]}}
  box shelf: {body: cup, joint: hinge}
processes: {warm: {at: [open], when: [in], set: [Foo]}}
skills:
  strum: {text: "strum {pick}", when: ["holding {pick}", "robot at {open}"], sets: ["{pick} Foo", "{pick} strummed"]}
  stroke: {text: "stroke {cat}", when: ["{open} is on", "{cat} on {open}"], sets: ["{cat} fed"]}
rooms: {hall: [desk, open]}
objects: {desk: [pick, cat, guitar pick]}
"""
    found = problems(text)
    assert [line.partition(":")[0] for line in found] == [f"line {n}" for n in (2, 3, 3, 5, 10, 12, 16)]
    assert "which open? say `robot at {open}`" in found[-1]  # this one is a mistake of its own


@pytest.mark.parametrize("count", ["-2 mug", "-1 mug", "+3 mugs"])
def test_a_negative_number_is_no_owner(count: str) -> None:
    [found] = problems(f"rooms: {{hall: [desk]}}\nobjects: {{desk: [{count}]}}")
    assert "a number is from 1 to 50" in found


@pytest.mark.parametrize("text", ["states: [Fed]", "negations: {Raw: cooked}"])
def test_states_are_written_small(text: str) -> None:
    [found] = problems(text + ROOMS)
    assert "has a capital letter; a state is written small: " in found


def include(folder: Path, **files: str) -> list[str]:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    (folder / "home.yaml").write_text("include: kinds.yaml" + ROOMS)
    with pytest.raises(HomeError) as caught:
        load_home(folder / "home.yaml")
    return [line.removeprefix(f"{folder / 'home.yaml'}: ") for line in str(caught.value).splitlines()]


def test_a_problem_of_an_included_file_has_its_name_and_line(tmp_path: Path) -> None:
    found = include(tmp_path, kinds="things:\n  blender: {like: ketle}\n")
    assert found == ["kinds.yaml, line 2: blender: like: unknown kind 'ketle'; did you mean 'kettle'?"]


@pytest.mark.parametrize(("text", "message"), [
    ("include: kinds.yaml", "kinds.yaml, line 1: include: 'kinds.yaml' includes itself"),
    ("include: other.yaml", "kinds.yaml, line 1: include: other.yaml: no such file or directory"),
    ("rooms: {kitchen: [shelf]}", "kinds.yaml, line 1: kinds.yaml is a home; an included file has only: include"),
    ("- a", "kinds.yaml, line 1: an included file has `things:` and `furniture:`; this one has neither"),
    ("things: [", "kinds.yaml, line 2: not YAML"), ("", "kinds.yaml: the file is empty; it has `things:`"),
    ("thing: {a: {size: 1}}", "kinds.yaml, line 1: kinds.yaml: unknown key 'thing'; did you mean 'things'?"),
    ("things: {a: {size: 0.1}}\n" + "# " * 600_000, "line 1: include: kinds.yaml: larger than 1000 kB"),
])  # fmt: skip
def test_a_file_that_cannot_be_included_is_named(tmp_path: Path, text: str, message: str) -> None:
    found = include(tmp_path, kinds=text)
    assert len(found) == 1
    assert found[0].startswith(message)


def test_files_that_include_each_other_are_one_message(tmp_path: Path) -> None:
    found = include(tmp_path, kinds="include: more.yaml", more="include: kinds.yaml")
    assert found == ["more.yaml, line 1: include: 'kinds.yaml' includes itself"]


def test_files_include_each_other_only_a_few_levels_deep(tmp_path: Path) -> None:
    files = {f"k{i}": f"include: k{i + 1}.yaml" for i in range(9)}
    assert "more than 5 deep" in include(tmp_path, kinds="include: k0.yaml", **files)[0]


def test_a_missing_included_file_offers_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "kinds_of_mine.yaml").write_text("things: {}")
    (tmp_path / "home.yaml").write_text("include: kinds_of_mime.yaml" + ROOMS)
    with pytest.raises(HomeError, match=r"did you mean 'kinds_of_mine\.yaml'"):
        load_home(tmp_path / "home.yaml")
