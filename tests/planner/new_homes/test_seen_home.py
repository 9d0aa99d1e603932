"""`planner.home from-seen`: the names of pictures tell of rooms, furniture and things; sight, where it is asked for."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest

from envs.scenes.home_file import load_home, parse_home
from envs.symbolic.domain import load_domain
from envs.symbolic.scene import Scene
from planner.errors import InputError
from planner.home import main
from planner.new_homes import seen_home
from planner.new_homes.listings import Picture, read_listing
from planner.new_homes.looking import NO_FILE, Looked, look_at
from planner.new_homes.picture_names import tokens, told_by
from planner.new_homes.seen_home import seen_home_text
from planner.perception.image_labels import parse_listing


def text_of(*parts: str) -> str:
    return seen_home_text(parts, name="seen", look=False, comments=())


def scene_of(*parts: str) -> Scene:
    return parse_home(text_of(*parts))


def told(path: str) -> tuple[str, str]:
    """Return the room that a name tells, and what it shows in words."""
    read = told_by(path, load_domain())
    shown = [
        " ".join(filter(None, (str(m.count) if m.count > 1 else "", *m.properties, *m.states, m.meanings[0],
                               str(m.number or ""))))
        for m in read.mentions
    ]  # fmt: skip
    return read.room, ", ".join(shown)


@pytest.mark.parametrize(
    ("path", "room", "shown"),
    [
        ("kitchen_counter_01.jpg", "kitchen", "countertop"),
        ("bedroom/desk.png", "bedroom", "desk"),
        ("Bedroom 2/white_desk_01.jpg", "bedroom 2", "white desk"),
        ("bedroom2\\desk 2.JPG", "bedroom 2", "desk 2"),
        ("livingroom/couch.jpg", "living room", "sofa"),
        ("livingRoomCoffeeTable.heic", "living room", "coffee table"),
        ("lounge/tv (3).png", "lounge", "television"),
        ("photos/2026-05-01/Kitchen/open fridge with 3 apples and milk.jpg", "kitchen", "open fridge, 3 apple, milk"),
        ("two_red_mugs_in_cabinet.png", "", "2 red mug, cabinet"),
        ("dirty plates.jpg", "", "2 dirty plate"),
        ("wooden-dining-table.webp", "", "wooden dining table"),
        ("dining_room_table-3.jpg", "dining room", "dining table 3"),
        ("bathroom_toilet_paper_holder.jpg", "bathroom", "toilet paper hanger"),
        ("bath.jpg", "bath", ""),
        ("Tom's room/bed.jpg", "Tom's room", "bed"),
        ("flat/mia’s room/white desk.jpg", "Mia's room", "white desk"),
        ("tom's room lamp.jpg", "Tom's room", "desk lamp"),
        ("kitchen/tom's mug.jpg", "kitchen", "mug"),
        ("bathroom/bath.jpg", "bathroom", "bathtub"),
        ("kitchen/toilet.jpg", "kitchen", "toilet"),
        ("hall_door.jpg", "hall", "door"),
        ("guest-room_bed_1.jpg", "guest room", "bed 1"),
        ("IMG_20260501_1234.jpg", "", ""),
        ("WhatsApp Image 2026-05-01 at 10.12.13.jpeg", "", ""),
        ("screenshot.png", "", ""),
        ("study/grey laptop on desk.jpg", "study", "gray laptop, desk"),
        ("alarmclock.jpg", "", "alarm clock"),
        ("20 books.jpg", "", "20 book"),
        ("fridge_open_01.jpg", "", "open fridge"),
        ("kitchen/white fridge open (2).jpg", "kitchen", "white open fridge"),
        ("mug dirty.jpg", "", "dirty mug"),
        ("fridge open dirty mug.jpg", "", "fridge, open dirty mug"),
    ],
)
def test_a_name_tells_room_furniture_and_things(path: str, room: str, shown: str) -> None:
    assert told(path) == (room, shown)


def test_words_that_mean_nothing_known_are_kept() -> None:
    assert told_by("kitchen/aquarium_blue_fish.jpg", load_domain()).unknown == ["aquarium", "fish"]
    assert told_by("garage/bike.jpg", load_domain()).unknown_folders == ["garage"]


def test_names_are_split_at_spaces_hyphens_digits_and_capital_letters() -> None:
    assert tokens("livingRoom2_white-desk (3) [2].v1") == ["living", "room", "2", "white", "desk", "v", "1"]


def test_a_home_is_made_of_rooms_and_names() -> None:
    scene = scene_of("kitchen, 2 bedrooms", "kitchen_counter_01.jpg", "kitchen_counter_02.jpg", "bedroom 2/desk.png",
                     "bedroom/red mug on desk.jpg", "fridge/milk.jpg")  # fmt: skip
    assert [room.name for room in scene.rooms] == ["kitchen", "bedroom 1", "bedroom 2"]
    assert [(f.name, f.room) for f in scene.fixtures] == [
        ("countertop 1", "kitchen"), ("fridge 1", "kitchen"), ("desk 1", "bedroom 1"), ("desk 2", "bedroom 2"),
    ]  # fmt: skip
    assert [(t.name, t.place, t.properties) for t in scene.objects] == [
        ("milk 1", "fridge 1", ()), ("mug 1", "desk 1", ("red",)),
    ]  # fmt: skip


def test_a_small_number_tells_furniture_apart_and_a_padded_one_counts_pictures() -> None:
    scene = scene_of("office/desk 1.jpg", "office/desk 2.jpg", "office/shelf_01.jpg", "office/shelf_02.jpg")
    assert [f.category for f in scene.fixtures] == ["desk", "desk", "shelf"]


def test_looks_tell_furniture_apart() -> None:
    scene = scene_of("living room/white shelf.jpg", "living room/brown shelf.jpg", "living room/white shelf (2).jpg")
    assert [f.properties for f in scene.fixtures] == [("white",), ("brown",)]


def test_a_word_for_several_kinds_means_what_the_room_usually_has() -> None:
    scene = scene_of("bedroom/table.jpg", "living room/table.jpg", "kitchen/table.jpg")
    assert [(f.room, f.category) for f in scene.fixtures] == [
        ("bedroom", "side table"), ("living room", "dining table"), ("kitchen", "dining table")
    ]  # fmt: skip


def test_furniture_without_a_room_goes_where_it_usually_is() -> None:
    scene = scene_of("kitchen, bathroom", "fridge.jpg", "sofa.jpg", "washing machine.jpg")
    assert [(f.category, f.room) for f in scene.fixtures] == [
        ("fridge", "kitchen"), ("washing machine", "bathroom"), ("sofa", "living room")
    ]  # fmt: skip


def test_the_same_thing_in_two_pictures_is_one_thing_and_the_larger_number_counts() -> None:
    scene = scene_of(
        "office/mug on desk.jpg", "office/mug on desk (2).jpg", "office/3 pens on desk.jpg", "office/2 pens on desk.jpg"
    )
    assert sorted(thing.category for thing in scene.objects) == ["mug", "pen", "pen", "pen"]


def test_comments_say_from_which_picture_an_entry_comes_and_what_is_a_guess() -> None:
    text = text_of(
        "kitchen/cabinet_01.jpg", "kitchen/cabinet_02.jpg", "kitchen/plate.jpg", "IMG_1.jpg", "kitchen/aquarium.jpg"
    )
    assert "    - cabinet  # kitchen/cabinet_01.jpg, kitchen/cabinet_02.jpg" in text
    assert "    - plate  # kitchen/plate.jpg; place guessed" in text
    assert "#   IMG_1.jpg: the name tells nothing" in text
    assert "#   kitchen/aquarium.jpg: unknown word 'aquarium': if it is yours, add it under" in text


def test_what_fits_nowhere_is_named() -> None:
    text = text_of("hall/ceiling light.jpg", "hall/20 books.jpg")
    assert "#   hall/20 books.jpg: no furniture has room for: 13 book" in text
    assert len(parse_home(text).objects) == 7


def test_things_without_any_place_get_one_where_they_usually_are() -> None:
    scene = scene_of("3 books.jpg", "hall/ceiling light.jpg")
    assert len(scene.objects) == 3


def test_folders_that_are_called_otherwise_are_rooms_of_their_own() -> None:
    scene = scene_of("master bedroom/bed.jpg", "guest room/bed.jpg", "bedroom_lamp.jpg")
    assert [room.name for room in scene.rooms] == ["master bedroom", "guest room"]
    assert [f.room for f in scene.fixtures] == ["master bedroom", "master bedroom", "guest room"]


# Listings


def test_a_folder_is_read_with_its_folders_but_not_hidden_or_other_files(tmp_path: Path) -> None:
    for name in ("kitchen/fridge.jpg", "kitchen/notes.txt", ".cache/sofa.jpg", "bath room/x.txt", "bedroom/bed.PNG"):
        path = tmp_path / "album" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    listing = read_listing([str(tmp_path / "album")], load_domain())
    assert list(listing.pictures) == ["album/bedroom/bed.PNG", "album/kitchen/fridge.jpg"]
    assert listing.pictures["album/kitchen/fridge.jpg"].file == tmp_path / "album" / "kitchen" / "fridge.jpg"
    assert [room.name for room in listing.rooms] == ["bathroom", "bedroom", "kitchen"]


@pytest.mark.parametrize(
    "text",
    [
        "kitchen/fridge.jpg\nbedroom/bed.jpg\n",
        "./kitchen:\nfridge.jpg\nnotes.txt\n\n./bedroom:\nbed.jpg\n",
        "./kitchen:\ntotal 12K\n-rw-r--r-- 1 me me 1234 May  1 10:00 fridge.jpg\n"
        "./bedroom:\n-rw-r--r--@ 1 me me 1.2K May 1 2026 bed.jpg",
        ".\n├── kitchen\n│   └── fridge.jpg\n└── bedroom\n    └── bed.jpg\n",
        "- kitchen\n  - fridge.jpg\n- bedroom\n  - bed.jpg\n",
        "# my photos\n'kitchen/fridge.jpg'\n\"bedroom/bed.jpg\"\n",
        "kitchen, bedroom\r\nkitchen/fridge.jpg\r\nbedroom/bed.jpg\r\n",
    ],
)
def test_text_listings_of_ls_find_and_tree_are_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "listing.txt"
    path.write_text(text, encoding="utf-8")
    scene = scene_of(str(path))
    assert [(f.room, f.category) for f in scene.fixtures] == [("kitchen", "fridge"), ("bedroom", "bed")]


def test_standard_input_is_a_listing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("kitchen/fridge.jpg\n"))
    assert main(["from-seen", "-"]) == 0
    assert parse_home(capsys.readouterr().out).fixtures[0].name == "fridge 1"


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (("no such folder/",), "no such file or folder, and no list of rooms"),
        (("garage",), "'garage' is no kind of room"),
        (("IMG_1.jpg",), "1 picture, but no name tells of a room or furniture; list the rooms, too"),
    ],
)
def test_what_is_no_list_is_refused(parts: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError) as error:
        text_of(*parts)
    assert message in str(error.value)


def test_an_empty_list_is_refused(tmp_path: Path) -> None:
    (tmp_path / "album").mkdir()
    with pytest.raises(InputError, match="no picture and no room"):
        text_of(str(tmp_path / "album"))


def test_more_than_a_home_may_have_is_left_out_and_named() -> None:
    names = [f"kitchen/{'abcdefghijklmnopqrstuvwxyz'[i % 26]}{i}/cabinet {i % 9 + 1}.jpg" for i in range(9)]
    many = [f"bedroom {i}/desk {k}.jpg" for i in range(1, 10) for k in range(1, 10)]
    more = [f"office {i}/{word} {k}.jpg" for i in range(1, 10) for k in range(1, 10) for word in ("desk", "shelf")]
    text = text_of(*names, *many, *more)
    assert len(parse_home(text).fixtures) == 200
    assert "more than 200 fixtures" in text


@pytest.mark.parametrize(
    "name",
    ["\x1b[31mdesk.jpg", "desk\u202ejpg.png", "a # b: [c] desk.jpg", "desk" + "x" * 300 + ".jpg", "'\"{desk}.jpg"],
)
def test_odd_names_never_break_the_file(name: str) -> None:
    text = text_of("office", f"office/{name}")
    assert parse_home(text).rooms
    assert "\x1b" not in text


# Sight


def looked(text: str) -> Looked:
    return Looked(listing=parse_listing(text))


def test_what_is_seen_adds_to_what_names_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {
        "kitchen/IMG_1.jpg": looked("fridge open[SEP]cold milk; apple; apple"),
        "kitchen/counter.jpg": looked("countertop[SEP]dirty plate; mug"),
        "kitchen/desk.jpg": looked("countertop[SEP]pen"),
        "kitchen/sink.jpg": Looked(doubt="it is gray"),
    }
    monkeypatch.setattr(seen_home, "look_at", lambda pictures: seen)
    text = seen_home_text(list(seen), name="seen", look=True, comments=())
    scene = parse_home(text)
    assert {f.category: sorted(f.states) for f in scene.fixtures} == {
        "fridge": ["open"], "countertop": [], "desk": [], "sink": []
    }  # fmt: skip
    assert sorted((t.category, t.place, tuple(t.states)) for t in scene.objects) == [
        ("apple", "fridge 1", ()), ("apple", "fridge 1", ()), ("milk", "fridge 1", ("cold",)),
        ("mug", "countertop 1", ()), ("plate", "countertop 1", ("dirty",)),
    ]  # fmt: skip
    assert "kitchen/desk.jpg: sight sees a countertop where the name says desk; the name counts" in text
    assert "kitchen/sink.jpg: not recognized: it is gray" in text


def test_pictures_that_cannot_be_looked_at_say_why(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "broken.jpg").write_bytes(b"nothing")
    Image.fromarray(np.full((100, 100, 3), (3, 200, 30), np.uint8)).save(tmp_path / "plain.png")
    pictures = [
        Picture(name="gone.jpg"), Picture(name="broken.jpg", file=tmp_path / "broken.jpg"),
        Picture(name="plain.png", file=tmp_path / "plain.png"),
    ]  # fmt: skip
    result = look_at(pictures)
    assert result["gone.jpg"].doubt == NO_FILE
    assert result["broken.jpg"].doubt.startswith("cannot be read as a picture")
    assert "one color" in result["plain.png"].doubt


def test_the_command_writes_a_file_that_checks_and_never_overwrites(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "seen.yaml"
    assert main(["from-seen", "kitchen", "kitchen/fridge.jpg", "--out", str(path)]) == 0
    assert main(["check", str(path)]) == 0
    assert load_home(path).name == "seen"
    assert main(["from-seen", "kitchen", "--out", str(path)]) == 2
    assert "exists; name another file" in capsys.readouterr().err


def test_a_thing_stays_in_the_room_that_is_told_of_it() -> None:
    scene = scene_of(
        "kitchen/red mug.png", "kitchen/fridge.jpg", "living room/sofa.jpg", "bathroom/soap.jpg", "apple.jpg"
    )
    rooms = {fixture.name: fixture.room for fixture in scene.fixtures}
    where = {thing.category: rooms[thing.place] for thing in scene.objects}
    assert where == {"mug": "kitchen", "soap bar": "bathroom", "apple": "kitchen"}
    text = text_of("kitchen/red mug.png", "kitchen/fridge.jpg", "living room/sofa.jpg")
    assert "# guessed, for kitchen/red mug.png" in text


def test_a_room_with_a_place_for_its_things_gets_no_other() -> None:
    assert "guessed, for" not in text_of("kitchen/red mug.png", "kitchen/countertop.jpg", "kitchen/apple.jpg")
    assert "guessed, for" not in text_of("kitchen/apple.jpg", "kitchen/fridge.jpg")


def test_a_room_that_is_called_after_a_person_is_a_room() -> None:
    scene = scene_of("Tom's room/bed.jpg", "Tom's room/lamp on desk.jpg", "bedroom/bed.jpg")
    assert [(room.name, room.kind) for room in scene.rooms] == [("Tom's room", "bedroom"), ("bedroom", "bedroom")]
