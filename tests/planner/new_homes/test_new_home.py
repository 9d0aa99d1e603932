"""`planner.home new`: every question has an answer by default, and what is written checks."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from envs.scenes.home_file import load_home, parse_home
from envs.symbolic.domain import load_domain
from envs.symbolic.scene import Scene
from planner.errors import InputError
from planner.home import main
from planner.io.paths import datasets_dir
from planner.new_homes.asking import Asker, Choice, numbered, read_choice
from planner.new_homes.drafts import home_text
from planner.new_homes.new_home import Wishes, new_home
from planner.new_homes.room_list import read_rooms


def answered(*answers: str) -> tuple[Scene, str, str]:
    """Return the home of some answers, its file's text, and what was asked."""
    asked = io.StringIO()
    draft = new_home(Asker(io.StringIO("".join(f"{line}\n" for line in answers)), asked), Wishes())
    text = home_text(draft)
    return parse_home(text), text, asked.getvalue()


def things_at(scene: Scene, place: str) -> list[str]:
    return [" ".join((*thing.properties, thing.category)) for thing in scene.objects if thing.place == place]


# Lists of rooms


@pytest.mark.parametrize(
    ("text", "rooms"),
    [
        (
            "kitchen, living room, 2 bedroom",
            "kitchen:kitchen living room:living room bedroom 1:bedroom bedroom 2:bedroom",
        ),
        ("Kitchen; two bedrooms and a bath", "kitchen:kitchen bedroom 1:bedroom bedroom 2:bedroom bath:bathroom"),
        ("den = living room, Mia's room (bedroom)", "den:living room Mia's room:bedroom"),
        ("lounge\nstudy", "lounge:living room study:office"),
        ("bedroom 2, bedroom 1", "bedroom 2:bedroom bedroom 1:bedroom"),
        ("bedroom, bedroom, bedroom 2", "bedroom 1:bedroom bedroom 3:bedroom bedroom 2:bedroom"),
        ("guest room, guest room", "guest room 1:bedroom guest room 2:bedroom"),
        ("the kitchen, an office", "kitchen:kitchen office:office"),
    ],
)
def test_a_list_of_rooms_is_read_as_people_write_it(text: str, rooms: str) -> None:
    read = read_rooms(text, load_domain())
    assert " ".join(f"{room.name}:{room.kind}" for room in read) == rooms


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kitchn", "'kitchn' is no kind of room; did you mean 'kitchen'?"),
        ("garage", "'garage' is no kind of room; known: bathroom, bedroom"),
        ("den = cave", "den: 'cave' is no kind of room"),
        ("", "no room is listed"),
        (" , ;", "no room is listed"),
        ("31 bedrooms", "a number of rooms is from 1 to 30"),
        ("0 bedrooms", "a number of rooms is from 1 to 30"),
        ("20 bedrooms, 11 offices", "31 rooms; a home has at most 30"),
        ("x" * 500 + " = hall", "has up to 60 letters"),
    ],
)
def test_a_wrong_list_of_rooms_says_what_would_do(text: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        read_rooms(text, load_domain())
    assert message in str(error.value)


# Choices


@pytest.mark.parametrize(
    ("answer", "picked", "dropped"),
    [
        ("1-3", (0, 1, 2), ()),
        ("1 3 5", (0, 2, 4), ()),
        ("1 - 3", (0, 1, 2), ()),
        ("2, 3 cabinet; aquarium", (1, "3 cabinet", "aquarium"), ()),
        ("+ radio, - 2", (0, 1, 2, 3, "radio"), (1,)),
        ("+ aquarium, wine rack, no toaster", (0, 1, 2, 3, "aquarium", "wine rack"), ("toaster",)),
        ("without oven", (0, 1, 2, 3), ("oven",)),
        ("none", (), ()),
        ("-", (), ()),
        ("nothing", (), ()),
    ],
)
def test_an_answer_chooses_by_numbers_by_words_or_by_what_is_more_or_less(
    answer: str, picked: tuple[int | str, ...], dropped: tuple[int | str, ...]
) -> None:
    assert read_choice(answer, 4, 6) == Choice(picked=picked, dropped=dropped)


@pytest.mark.parametrize("answer", ["7", "0", "3-9", "5-2"])
def test_a_number_that_is_not_offered_is_refused(answer: str) -> None:
    with pytest.raises(InputError, match="the numbers are 1 to 6"):
        read_choice(answer, 4, 6)


def test_options_are_numbered_in_lines_that_fit_a_terminal() -> None:
    lines = numbered([f"piece of furniture {i}" for i in range(20)])
    assert all(len(line) <= 100 for line in lines)
    assert "".join(lines).count(")") == 20


# The dialogue


def test_a_home_of_enter_alone_is_furnished_and_checks() -> None:
    scene, text, asked = answered(*[""] * 20)
    assert [room.name for room in scene.rooms] == ["kitchen", "living room", "bedroom", "bathroom"]
    assert len(scene.fixtures) > 20
    assert len(scene.objects) > 30
    assert not any("dirty" in thing.states for thing in scene.objects)
    assert "What stands in the kitchen? [1-" in asked
    assert text == answered()[1]  # the end of the input is Enter


def test_rooms_given_beforehand_ask_nothing_and_make_the_same_home() -> None:
    draft = new_home(Asker(None), Wishes(rooms="kitchen, living room, bedroom, bathroom", people=""))
    assert home_text(draft) == answered()[1]


def test_another_seed_is_another_home() -> None:
    texts = {home_text(new_home(Asker(None), Wishes(rooms="kitchen, office", people="", seed=s))) for s in range(3)}
    assert len(texts) == 3


@pytest.mark.parametrize(
    "rooms", ["hall", "30 bedrooms", "8 kitchens", "den = living room", "laundry room, dining room"]
)
def test_every_list_of_rooms_gives_a_home_that_checks(rooms: str) -> None:
    scene = parse_home(home_text(new_home(Asker(None), Wishes(rooms=rooms, people="Anna, Ben"))))
    assert scene.people == ("Anna", "Ben")
    assert {fixture.room for fixture in scene.fixtures} == {room.name for room in scene.rooms}


def test_furniture_and_things_are_chosen_by_number_and_by_words() -> None:
    scene, _, _ = answered(
        "kitchen", "fridge, 2 cabinets, couch", "Anna", "",
        "none, 4 plates in cabinet 2, Anna's red mug, milk in the fridge, 3 forks",
    )  # fmt: skip
    assert [f.name for f in scene.fixtures] == ["fridge 1", "cabinet 1", "cabinet 2", "sofa 1", "person 1"]
    assert things_at(scene, "cabinet 2") == ["plate"] * 4
    assert things_at(scene, "cabinet 1") == ["Anna's red mug"]
    assert things_at(scene, "fridge 1") == ["milk"]
    assert things_at(scene, "sofa 1") == ["fork"] * 3  # no drawer: an open surface


def test_more_and_less_change_what_is_offered() -> None:
    plain, _, _ = answered("office")
    changed, _, _ = answered("office", "+ radio, no desk", "", "none")
    categories = [fixture.category for fixture in plain.fixtures]
    assert "desk" in categories
    expected = [name for name in categories if name != "desk"]
    assert sorted(f.category for f in changed.fixtures) == sorted([*expected, "radio"])
    assert not changed.objects


def test_an_unknown_noun_is_asked_about_and_becomes_a_kind_of_ones_own() -> None:
    scene, text, asked = answered(
        "kitchen", "countertop, 2 aquariums", "side table", "", "blender, 3 dog bowls on aquarium 2", "kettle", ""
    )
    assert "What is an 'aquarium' like?" in asked
    assert "What is a 'blender' like?" in asked
    assert scene.domain.fixtures["aquarium"].like == "side table"
    assert scene.domain.objects["blender"].like == "kettle"
    assert scene.domain.objects["dog bowl"].like == "bowl"  # what its last word is, by default
    assert things_at(scene, "aquarium 2") == ["dog bowl"] * 3
    assert "  blender: {like: kettle}" in text


def test_a_thing_among_the_furniture_is_said_to_be_one() -> None:
    _, _, asked = answered("kitchen", "countertop, blender", "kettle", "none", "none")
    assert "'kettle' is a thing, which can be carried, and these are furniture; give one of the list, or none" in asked
    _, _, asked = answered("kitchen", "countertop", "", "blender", "sofa", "none")
    assert "'sofa' is furniture, which stays where it is, and these are things" in asked


def test_a_name_among_the_furniture_becomes_none_by_itself() -> None:
    scene, text, asked = answered("kitchen", "countertop, Anna", "", "Anna", "none")
    assert "What is an 'Anna' like? (none: leave it out; people are asked for later) [none]" in asked
    assert scene.people == ("Anna",)
    assert "furniture:" not in text


def test_an_unknown_noun_can_be_left_out_and_a_misspelled_one_corrected() -> None:
    scene, text, asked = answered("kitchen", "countertop", "", "blender, knfe, frok", "none", "", "no", "none")
    assert "Do you mean 'knife' by 'knfe'?" in asked
    assert [thing.category for thing in scene.objects] == ["knife"]
    assert "things:" not in text


def test_a_word_for_several_kinds_is_asked_about() -> None:
    scene, _, asked = answered("bedroom", "lamp", "2", "", "none")
    assert "Which is the 'lamp'?" in asked
    assert scene.fixtures[0].category == "floor lamp"


def test_what_is_wrong_is_explained_and_asked_again() -> None:
    scene, _, asked = answered(
        "99 halls",
        "office",
        "1, 77",
        "desk, red person",
        "",
        "",
        "",
        "desk on desk, glass of sand",
        "",
        "",
    )
    assert "a number of rooms is from 1 to 30" in asked
    assert "the numbers are 1 to" in asked
    assert "What instead of" in asked
    assert [room.name for room in scene.rooms] == ["office"]


def test_another_name_of_a_room_is_asked_about() -> None:
    scene, _, _ = answered("kitchen, wine cellar", "hall", "none", "shelf", "", "none", "none")
    assert [(room.name, room.kind) for room in scene.rooms] == [("kitchen", "kitchen"), ("wine cellar", "hall")]


def test_people_have_a_place_or_none_in_the_order_of_the_rooms() -> None:
    scene, _, _ = answered(
        "kitchen, living room", "sink", "sofa", "anna and Ben, Mia", "living room", "kitchen", "", "none", "none"
    )
    assert scene.people == ("Ben", "Anna", "Mia")
    assert [f.room for f in scene.fixtures if f.category == "person"] == ["kitchen", "living room"]


@pytest.mark.parametrize("name", ["Fan", "x" * 50, "An[SEP]na", "7", "Anna, anna"])
def test_a_name_that_is_none_is_asked_for_again(name: str) -> None:
    scene, _, _ = answered("hall", "shelf", name, "Ida", "", "none")
    assert scene.people == ("Ida",)


def test_what_has_no_room_at_its_place_is_put_where_it_usually_is() -> None:
    scene, _, asked = answered("kitchen", "toaster, countertop", "", "3 pots in toaster, 2 breads in toaster")
    assert "no room at toaster 1; put where it usually is" in asked
    assert things_at(scene, "countertop 1").count("pot") == 3


def test_more_furniture_or_things_than_a_home_may_have_are_left_out_and_said() -> None:
    scene, _, asked = answered("kitchen, hall", "50 shelf, 50 shelf, 50 shelf, 50 shelf", "none", "", *["50 pens"] * 1)
    assert len(scene.fixtures) == 180
    assert "A home has at most 180 pieces of furniture" in asked
    many = ", ".join(["40 pens"] * 60)
    scene, _, asked = answered("kitchen", "50 shelf, 50 shelf, 50 shelf", "", many)
    assert len(scene.objects) == 2000
    assert "A home has at most 2000 things" in asked


def test_what_has_no_room_anywhere_is_left_out_and_said() -> None:
    scene, _, asked = answered("hall", "ceiling light", "", "12 pillows")
    assert not scene.objects
    assert "12 pillows: no furniture has room for it; left out." in asked


@pytest.mark.parametrize(
    "junk", ["\x1b[31mred", "[SEP] mug", "'; DROP", "{a: b}", "# x", "&a *a", "- - -", "x" * 3000, "½ mug"]
)
def test_odd_answers_never_break_the_file(junk: str) -> None:
    scene, _, asked = answered("kitchen", junk, "", "", "", "", junk, "", "", "", "")
    assert scene.rooms
    assert "\x1b" not in asked


def test_a_long_answer_is_refused() -> None:
    _, _, asked = answered("x" * 5000, "hall")
    assert "An answer has at most 4000 characters." in asked


# The command


def run(folder: Path, *args: str, answers: str = "") -> subprocess.CompletedProcess[str]:
    root = Path(__file__).resolve().parents[3]
    return subprocess.run(
        [sys.executable, "-m", "planner.home", *args], cwd=folder, input=answers, capture_output=True, text=True,
        check=False, env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip


def test_answers_from_a_pipe_write_a_file_that_checks(tmp_path: Path) -> None:
    done = run(tmp_path, "new", answers="\nkitchen\n" + "\n" * 8)
    assert done.returncode == 0
    assert done.stdout.startswith("my_home.yaml: 1 room, ")
    assert "Which rooms are there?" in done.stderr
    assert main(["check", str(tmp_path / "my_home.yaml")]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["my_home.yaml"]


def test_a_file_is_overwritten_only_if_it_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "flat.yaml"
    path.write_text("mine")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO("no\nother\nhall\n"))
    assert main(["new", "flat.yaml"]) == 0
    assert path.read_text() == "mine"
    assert load_home(tmp_path / "other.yaml").rooms[0].name == "hall"
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\nhall\n"))
    assert main(["new", "flat.yaml"]) == 0
    assert load_home(path).rooms[0].name == "hall"
    path.write_text("mine")
    assert main(["new", "--rooms", "hall", "--out", "flat.yaml"]) == 2
    assert "flat.yaml: exists" in capsys.readouterr().err
    assert path.read_text() == "mine"


def test_rooms_alone_print_the_home(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "--rooms", "kitchen, 2 bedrooms", "--people", "Anna", "--seed", "3"]) == 0
    scene = parse_home(capsys.readouterr().out)
    assert [room.name for room in scene.rooms] == ["kitchen", "bedroom 1", "bedroom 2"]


def test_an_odd_name_of_a_file_stays_out_of_its_text(tmp_path: Path) -> None:
    path = tmp_path / "a\nrooms: [b].yaml"
    assert main(["new", "--rooms", "hall", "--out", str(path)]) == 0
    assert [room.name for room in load_home(path).rooms] == ["hall"]


def test_a_wrong_list_of_rooms_ends_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "--rooms", "kitchn"]) == 2
    assert "did you mean 'kitchen'?" in capsys.readouterr().err
    assert main(["new", "a.yaml", "--rooms", "hall", "--out", "b.yaml"]) == 2
    assert "give one of them" in capsys.readouterr().err


def test_a_home_of_another_domain_names_its_file_and_checks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workshop = datasets_dir() / "domains" / "workshop.yaml"
    (tmp_path / "hall").mkdir()
    path = tmp_path / "hall" / "shop.yaml"
    assert main(["new", "--rooms", "wood shop, store room", "--domain", str(workshop), "--out", str(path)]) == 0
    assert load_home(path).domain is load_domain(workshop)
    assert "vise" in {fixture.category for fixture in load_home(path).fixtures}
    monkeypatch.setattr(sys, "stdin", io.StringIO("wood shop\nvise, router table\nworkbench\n2 boards, widget\n\n"))
    own = tmp_path / "own.yaml"
    assert main(["new", str(own), "--domain", str(workshop)]) == 0
    assert load_home(own).domain.fixtures["router table"].like == "workbench"
    capsys.readouterr()
    monkeypatch.chdir(tmp_path)
    command = ["from-seen", "wood shop/vise with hammer.jpg", "--domain", str(workshop)]
    assert main(command) == 0
    assert parse_home(capsys.readouterr().out, folder=tmp_path).fixtures[0].name == "vise 1"
    assert main([*command[:2], "--domain", "no.yaml"]) == 2


class Interrupted(io.StringIO):
    """Answers three questions; then the person presses Ctrl-C."""

    asked = 0

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override] # as in StringIO
        self.asked += 1
        if self.asked > 3:
            raise KeyboardInterrupt
        return "\n"


def test_an_interrupted_dialogue_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", Interrupted())
    assert main(["new"]) == 130
    assert not list(tmp_path.iterdir())
