"""Problems of a home file are named with their line: other words for a category, characters that look like others."""

from __future__ import annotations

from pathlib import Path

import pytest

from envs.errors import HomeError
from envs.scenes.home_file import HomeFileError, load_home, parse_home

ROOMS = "rooms:\n  kitchen: [sink, 2 cabinet]\n"


def problem(text: str) -> str:
    """Return the problems of a text, a line each."""
    with pytest.raises(HomeFileError) as caught:
        parse_home(text)
    return str(caught.value)


def fixture_problem(word: str) -> str:
    return problem(f"rooms:\n  kitchen: [{word}]\n")


def object_problem(entry: str) -> str:
    return problem(f"{ROOMS}objects: {{sink: [{entry}]}}\n")


@pytest.mark.parametrize(
    ("entry", "category"),
    [("refrigerator", "fridge"), ("Fridge", "fridge"), ("FRIDGE", "fridge"), ("couch", "sofa"), ("tv", "television"),
     ("2 cabinets", "cabinet"), ("tv_stand", "TV stand"), ("2 couch", "sofa"), ("2 couches", "sofa"),
     ("cupboard", "cabinet"), ("2 shelves", "shelf"), ("white couch: []", "sofa"), ("gray couch", "sofa"),
     ("{2 desk lamps: ['on']}", "desk lamp")],
)  # fmt: skip
def test_another_word_for_a_fixture_is_read_as_its_category(entry: str, category: str) -> None:
    assert parse_home(f"rooms:\n  kitchen:\n    - {entry}\n").fixtures[0].category == category


@pytest.mark.parametrize(
    ("entry", "category"),
    [("rag", "cloth"), ("2 mugs", "mug"), ("keys", "key chain"), ("2 dirty sneakers", "shoe"), ("6 knives", "knife"),
     ("{rag: [dirty]}", "cloth"), ("phone", "cell phone"), ("Anna's keys", "key chain"), ("2 mugs of tea", "mug"),
     ("remote", "remote control"), ("{plates: {count: 2}}", "plate"), ("Red Mug", "mug"), ("glass bowl", "bowl")],
)  # fmt: skip
def test_another_word_for_an_object_is_read_as_its_category(entry: str, category: str) -> None:
    home = parse_home(f"people: [Anna]\nrooms:\n  kitchen: [countertop]\nobjects: {{countertop: [{entry}]}}\n")
    assert home.objects[0].category == category


def test_what_stands_before_another_word_is_kept() -> None:
    text = "people: [Anna]\nrooms:\n  kitchen: [open gray cupboard, {2 lamps: {}}]\nobjects:\n  cupboard:\n"
    text += "    - 2 small dirty mugs of tea\n    - {Anna's phone: {color: red}}\n"
    home = parse_home(text.replace(", {2 lamps: {}}", ""))
    assert (home.fixtures[0].properties, home.fixtures[0].states) == (("gray",), {"open"})
    assert {(o.name, o.properties, o.states, o.liquid) for o in home.objects} == {
        ("mug 1", ("small",), frozenset({"dirty"}), "tea"), ("mug 2", ("small",), frozenset({"dirty"}), "tea"),
        ("cell phone 1", ("Anna's", "red"), frozenset(), None),
    }  # fmt: skip
    assert "unknown fixture 'lamps'; did you mean 'desk lamp' or 'floor lamp'?" in problem(text)


def test_words_that_are_read_as_others_are_noted_and_plurals_are_not() -> None:
    notes: list[str] = []
    text = "rooms:\n  study: [couch, 2 cabinets, table lamp]\nobjects:\n  cupboard 1: [keys, 2 glasses, 2 mugs]\n"
    home = parse_home(text, notes=notes)
    assert notes == [
        "'study' is read as office", "'couch' is read as sofa", "'table lamp' is read as desk lamp",
        "'keys' is read as key chain",
        "'2 glasses' is read as to drink from; others are `glasses: {count: 2}`",
        "'cupboard' is read as cabinet",
    ]  # fmt: skip
    assert {o.place for o in home.objects} == {"cabinet 1"}


@pytest.mark.parametrize(
    ("word", "message"),
    [("lamp", "did you mean 'desk lamp' or 'floor lamp'?"), ("table", "did you mean 'dining table' or"),
     ("refridgerator", "did you mean 'fridge'?"), ("frige", "did you mean 'fridge'?"),
     ("cabinets", "how many cabinets? Write a number and one of them, such as `2 cabinet`")],
)  # fmt: skip
def test_a_word_for_several_fixtures_or_a_misspelled_one_is_asked_about(word: str, message: str) -> None:
    assert message in fixture_problem(word)


@pytest.mark.parametrize(
    ("entry", "meant"),
    [("{mug: [filthy]}", "dirty"), ("filthy mug", "dirty"), ("{mug: [warm]}", "hot"), ("aple", "apple"),
     ("{mug: {liquid: cola}}", "soda"), ("bottle", "glass bottle"), ("filthy mugs", "dirty")],
)  # fmt: skip
def test_a_word_for_several_objects_a_state_or_a_liquid_is_offered_as_what_it_is_called(entry: str, meant: str) -> None:
    assert f"did you mean '{meant}'" in object_problem(entry)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("lounge", "living room"), ("Kitchen", "kitchen"), ("hallway", "hall"), ("living-room", "living room"),
     ("master bedroom", "bedroom"), ("Bath 2", "bathroom"), ("study", "office")],
)  # fmt: skip
def test_another_word_for_a_room_is_its_name_and_tells_its_kind(name: str, kind: str) -> None:
    (room,) = parse_home(f"rooms:\n  {name}: [sink]\n").rooms
    assert (room.name, room.kind) == (name, kind)


def test_a_room_that_is_called_like_furniture_needs_its_kind() -> None:
    words = "line 2: unknown room 'toilet'; did you mean 'bathroom'?"
    assert words in problem("rooms:\n  toilet: [sink]\n")


PLACES = """\
people: [Ben]
rooms:
  kitchen: [2 cabinet, white cabinet]
  bedroom: [desk, bed]
  Ben's room: {kind: bedroom, fixtures: [big desk, Ben's bed]}
  bath: {kind: bathroom, fixtures: [bathtub]}
objects:
"""


@pytest.mark.parametrize(
    ("place", "name"),
    [("white cabinet", "cabinet 3"), ("white cupboard", "cabinet 3"), ("cupboard 2", "cabinet 2"),
     ("big desk", "desk 2"), ("desk in bedroom", "desk 1"), ("desk in Ben's room", "desk 2"), ("Ben's bed", "bed 2"),
     ("big table", "desk 2"),
     ("tub", "bathtub 1"), ("white cabinet 2", None), ("red cabinet", None), ("desk in kitchen", None), ("bath", None)],
)  # fmt: skip
def test_a_place_may_be_told_by_what_only_it_has(place: str, name: str | None) -> None:
    text = f'{PLACES}  "{place}": [pen]\n'
    if name is None:
        assert f"line 8: no place is called {place!r}" in problem(text)
    else:
        assert parse_home(text, geometry=False).objects[0].place == name


@pytest.mark.parametrize("lines", ["- 2 cabinetts", "- lamps", "- fridg"])
def test_a_place_whose_furniture_could_not_be_read_is_not_a_second_problem(lines: str) -> None:
    text = f"rooms:\n  kitchen:\n    {lines}\nobjects:\n  cabinet 2: [plate]\n  desk lamp 1: []\n"
    text += "  fridge: [milk]\n"
    known = {"- 2 cabinetts": "cabinet", "- lamps": "lamp", "- fridg": "fridge"}[lines]
    assert not any(f"no place is called '{known}" in line for line in problem(text).splitlines())


@pytest.mark.parametrize("entry", ["fridge", "2 fridge", "clean fridge", "{fridge: [open]}", "{2 fridge: {count: 2}}"])
def test_a_fixture_among_the_objects_is_said_to_be_one_and_never_offered_as_itself(entry: str) -> None:
    message = object_problem(entry)
    assert "this is a fixture: list it under `rooms:`" in message and "did you mean" not in message


def test_another_word_of_the_other_kind_is_named_with_its_place() -> None:
    assert "this is a fixture, 'fridge': list it under `rooms:`" in object_problem("refrigerator")
    assert "this is an object, 'mug': list it under `objects:`" in fixture_problem("coffee mug")
    assert "this is an object: list it under `objects:`" in fixture_problem("2 mug")


def test_another_word_for_a_place_is_found_in_the_home_or_missed_there() -> None:
    text = "rooms:\n  kitchen: [fridge, 2 desk]\nobjects:\n  refrigerator: [milk]\n  couch: [pillow]\n  table: [pen]\n"
    text += "  work desk 2: [pen]\n"
    assert "line 5: no place is called 'couch'; no room has a sofa: list it under `rooms:`" in problem(text)
    assert "line 6: which table? There are desk 1, desk 2" in problem(text)
    assert "refrigerator" not in problem(text) and "work desk" not in problem(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rooms:\n\tkitchen: [sink]\n", "line 2: not YAML: a tab indents this line; indent with spaces"),
        ("rooms:\n  kitchen:\n  -\tsink\n", "line 3: not YAML: a tab stands after '-'"),
        ("rooms:\n\u00a0\u00a0kitchen: [sink]\n", "line 2: U+00A0 (no-break space) is not a space to YAML"),
        ("rooms:\n  kitchen:\u00a0[sink]\n", "line 2: U+00A0 (no-break space)"),
        ("rooms:\n  kitchen:\n  -\u00a0sink\n", "line 3: U+00A0 (no-break space)"),
        ("rooms:\n\u3000kitchen: [sink]\n", "line 2: U+3000 (ideographic space)"),
        ("rooms:\n  kitchen: [si\u200bnk]\n", "line 2: an invisible character, U+200B (zero width space)"),
        ("rooms:\n  \ufeffkitchen: [sink]\n", "line 2: an invisible character, U+FEFF"),
        ("rooms:\r\n  kit\u00adchen: [sink]\r\n", "line 2: an invisible character, U+00AD (soft hyphen)"),
        ("rooms:\n  kit\0chen: [sink]\n", "line 2: an invisible character, U+0000"),
        ("rooms:\n  kitchen: [{sink: [\u201con\u201d]}]\n", "line 2: U+201C (left double quotation mark) is no quote"),
        ("rooms:\n  \u2018kitchen\u2019: [sink]\n", "line 2: U+2018 (left single quotation mark)"),
        ("rooms\uff1a\n  kitchen: [sink]\n", "line 1: U+FF1A (fullwidth colon) is a letter to YAML; type ':'"),
        ("rooms:\n  kitchen: [sink\uff0cfridge]\n", "line 2: U+FF0C (fullwidth comma)"),
        ("rooms:\n  kitchen:\n  \u2013 sink\n", "line 3: an entry of a list starts with '-', not with U+2013"),
        ("rooms:\n  kitchen:\n  \u2022 sink\n", "line 3: an entry of a list starts with '-', not with U+2022 (bullet)"),
        ("rooms:\n  kitchen:\n  * sink\n", "line 3: an entry of a list starts with '-', not with U+002A (asterisk)"),
        ("rooms:\n  kitchen: [sink]\n  kitchen: [bed]\n", "rooms: 'kitchen' appears twice; the first is on line 2"),
        ("rooms: {hall: [door]}\nrooms:\n  kitchen: [sink]\n", "home: 'rooms' appears twice; the first is on line 1"),
        ("rooms:\n  kitchen: [sink]\n---\nrooms: {}\n", "line 3: not YAML: a second document starts here"),
        ("rooms:\n  kitchen: &a [sink]\n  hall: *a\n", "line 2: anchors and aliases (& and *) are not read"),
        ("rooms:\n  on: [sink]\n", 'line 2: a key of rooms: YAML reads on as true; write it in quotes: "on"'),
        ("rooms:\n  kitchen: [2, sink]\n", "found '2'; a number stands before its word: `2 cabinet`"),
        ("rooms:\n  kitchen: [cabinet: 2]\n", "such as {count: 2}, found '2'"),
        ("rooms:\n  kitchen: [null]\n", "line 2: kitchen: a fixture: expected a word, found nothing; YAML reads null"),
        ("rooms:\n  2024-01-01: [sink]\n", 'YAML does not read 2024-01-01 as a word: write it in quotes: "2024-01-01"'),
        ("rooms:\n  kitchen: [sink\nobjects: {}\n", "(the list that starts in line 2 is not closed with ])"),
        ("rooms:\n  kitchen: [sink]\n hall: [sink]\n", "line 3: not YAML: did not find expected key: this line"),
        ("rooms:\n  kitchen:[sink]\n", "found 'kitchen:[sink]'; a space follows ':'"),
        ("rooms:\n  kitchen:\n    -sink\n", "found '-sink'; a space follows '-'"),
        ("rooms:\n  @kitchen: [sink]\n", "line 2: not YAML: '@' starts a word here; write the word in quotes"),
        ("rooms:\n  - kitchen: [sink]\n", "found a list of 1; a key has no '-' before it"),
        ("rooms:\n  kitchen:\n    sink:\n", "line 3: kitchen: unknown key 'sink'; fixtures are a list: `- sink`"),
        (ROOMS + "objects:\n  sink:\n    mug: [dirty]\n", "found a mapping; each entry of a list starts with '- '"),
        ("- kitchen\n", "line 1: a home has `rooms:` and `objects:`; this file has neither: it is a list of 1"),
        ("rooms:\n", "a home has at least one room, under `rooms:`"),
        ("", "the file is empty"),
        ("rooms: " + "[" * 50 + "]" * 50, "line 1: nested more than 20 deep"),
    ],
)  # fmt: skip
def test_what_yaml_reads_differently_than_it_looks_is_named_with_its_line(text: str, message: str) -> None:
    assert message in problem(text)


@pytest.mark.parametrize(
    "text",
    ["\ufeff" + ROOMS, ROOMS.replace("\n", "\r\n"), ROOMS.replace("\n", "\r"), ROOMS.replace("2 cab", "2\u00a0cab"),
     "name: Anna\u2019s \u201cflat\u201d \u2013 2\n" + ROOMS, "# Anna\u2019s flat\uff1a \u2022 \u200b\n" + ROOMS,
     "---\n" + ROOMS, '{"rooms": {"kitchen": ["sink", "2 cabinet"]}}'],
)  # fmt: skip
def test_what_looks_odd_but_is_right_is_read(text: str) -> None:
    assert [fixture.name for fixture in parse_home(text).fixtures] == ["sink 1", "cabinet 1", "cabinet 2"]


@pytest.mark.parametrize(
    ("raw", "message"),
    [(ROOMS.encode("utf-16"), "but UTF-16; save it as UTF-8"), (ROOMS.encode("utf-32"), "but UTF-32; save"),
     (ROOMS.encode("utf-16-le"), "it seems, UTF-16"),
     (f"{ROOMS}# caf\xe9\n".encode("latin-1"), "line 3 has the byte 0xe9, which is 'é' in Latin-1"),
     (b"\x89PNG\r\n\x1a\n\0\0\0\r", "line 1 has the byte 0x89")],
)  # fmt: skip
def test_a_file_in_another_encoding_is_named(raw: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "home.yaml"
    path.write_bytes(raw)
    with pytest.raises(HomeError, match=r"not a text file \(UTF-8\)") as caught:
        load_home(path)
    assert message in str(caught.value)
