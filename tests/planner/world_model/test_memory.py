"""What the robot remembers from run to run, and what it is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envs.scenes.home_file import parse_home
from envs.symbolic.actions import State
from planner.world_model.belief import Belief
from planner.world_model.memory import BeliefError, keep, know, parse_statement, remember
from tests.envs.homes_for_tests import after
from tests.planner.world_model.two_rooms import seen_at_start, two_rooms


@pytest.fixture
def start(tmp_path: Path) -> State:
    return two_rooms(tmp_path)


@pytest.fixture
def map_only(start: State) -> Belief:
    return Belief.of_map(start.world.scene)


@pytest.fixture
def kept(start: State, tmp_path: Path) -> Path:
    """A memory of a look into cabinet 2 and the fridge."""
    path = tmp_path / "memory.json"
    belief = seen_at_start(start)
    for subtask in ("open cabinet 2", "open fridge 1"):
        start = after(start, subtask)
        belief = belief.observe(start)
    keep(path, belief)
    return path


def damaged(path: Path, **changes: object) -> Path:
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")
    return path


def test_what_was_seen_is_remembered_in_the_next_run(kept: Path, map_only: Belief) -> None:
    again = remember(kept, map_only)
    assert (again.things["mug 1"].place, again.things["mug 1"].source) == ("cabinet 2", "remembered")
    assert again.is_open("fridge 1") and "cabinet 2" in again.remembered


def test_what_is_remembered_was_not_looked_at_in_this_run(kept: Path, map_only: Belief) -> None:
    again = remember(kept, map_only)
    assert (again.looked, again.inspected) == (frozenset(), frozenset())


def test_a_memory_that_is_not_there_yet_says_nothing(tmp_path: Path, map_only: Belief) -> None:
    assert remember(tmp_path / "none.json", map_only) is map_only


def test_keeping_what_was_remembered_changes_no_byte(kept: Path, map_only: Belief) -> None:
    before = kept.read_bytes()
    keep(kept, remember(kept, map_only))
    assert kept.read_bytes() == before


def test_what_was_in_the_hand_is_not_remembered(start: State, tmp_path: Path, map_only: Belief) -> None:
    path = tmp_path / "memory.json"
    keep(path, seen_at_start(after(start, "pick up plate 1")))
    assert "plate 1" not in remember(path, map_only).things


def test_a_memory_is_whole_or_as_it_was(kept: Path, monkeypatch: pytest.MonkeyPatch, map_only: Belief) -> None:
    before, write = kept.read_bytes(), Path.write_text

    def full(self: Path, text: str, **more: str) -> int:
        write(self, text[:40], **more)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(BeliefError, match="No space left"):
        keep(kept, map_only)
    assert kept.read_bytes() == before


def test_a_folder_that_cannot_be_written_to_is_named(start: State, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BeliefError, match="memory cannot be written"):
        keep(tmp_path / "file" / "memory.json", seen_at_start(start))


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", '"a"', "null", "\x00", '{"version": 1}', "[" * 100_000])
def test_a_damaged_file_is_a_clear_error(kept: Path, map_only: Belief, text: str) -> None:
    kept.write_text(text, encoding="utf-8")
    with pytest.raises(BeliefError, match=r"memory\.json"):
        remember(kept, map_only)


def test_a_file_that_is_no_text_is_a_clear_error(kept: Path, map_only: Belief) -> None:
    kept.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(BeliefError, match=r"memory\.json"):
        remember(kept, map_only)


def test_a_file_too_large_to_be_a_memory_is_not_read(kept: Path, map_only: Belief) -> None:
    kept.write_text(" " * 2_000_001, encoding="utf-8")
    with pytest.raises(BeliefError, match="larger than"):
        remember(kept, map_only)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": 2}, "version 1"),
        ({"map": {"cabinet 1": "cabinet"}}, "another home"),
        ({"things": []}, "must be objects"),
        ({"things": {"unicorn 1": {"place": "cabinet 1"}}}, "not an object of the domain"),
        ({"things": {"mug 1": {"place": "cellar 1"}}}, "does not exist"),
        ({"things": {"mug 1": {"place": 3}}}, "must be strings"),
        ({"things": {"mug 1": {"place": "cabinet 1", "states": ["asleep"]}}}, "some of"),
        ({"things": {"mug 1": {"place": "cabinet 1", "liquid": "lava"}}}, "must be strings"),
        ({"things": {"box 1": {"place": "box 2"}, "box 2": {"place": "box 1"}}}, "inside itself"),
        ({"looked": ["cellar 1"]}, "not on the map"),
        ({"looked": [3]}, "not on the map"),
        ({"fixtures": {"cabinet 1": ["asleep"]}}, "must be a list of"),
        ({"fixtures": {"cabinet 1": "open"}}, "must be a list of"),
        ({"fixtures": {"cabinet 1": ["on"]}}, "must be a list of: open"),
        ({"things": {"mug 01": {"place": "cabinet 1"}}}, "one like mug 1, found '01'"),
        ({"things": {"mug \u0661": {"place": "cabinet 1"}}}, "one like mug 1"),
        ({"things": {"backpack 1": {"place": "drawer 1"}}}, "does not fit"),
        ({"things": {"mug 1": {"place": "cabinet 1", "states": ["open"]}}}, "a mug cannot be open"),
        ({"things": {"mug 1": {"place": "cabinet 1", "states": ["hot", "cold"]}}}, "a mug cannot be hot and cold"),
        ({"things": {"fork 1": {"place": "cabinet 1", "liquid": "tea"}}}, "a fork cannot contain tea"),
        ({"things": {f"mug {n}": {"place": "cabinet 1"} for n in range(1, 2002)}}, "the maximum is 2000"),
    ],
)
def test_what_cannot_be_remembered_is_said(kept: Path, map_only: Belief, changes: dict[str, object], said: str) -> None:
    with pytest.raises(BeliefError, match=said):
        remember(damaged(kept, **changes), map_only)


@pytest.mark.parametrize(
    ("sentence", "name", "place"),
    [
        ("mug 1 in cabinet 2", "mug 1", "cabinet 2"),
        ("the mug is in cabinet 2", "mug 1", "cabinet 2"),
        ("the shirt is in the wardrobe", "shirt 1", "wardrobe 1"),
        ("dirty plate 3 on countertop 1", "plate 3", "countertop 1"),
    ],
)
def test_a_sentence_says_where_a_thing_is(map_only: Belief, sentence: str, name: str, place: str) -> None:
    known = parse_statement(map_only, [sentence]).things[name]
    assert (known.place, known.source) == (place, "told")
    assert known.states == ({"dirty"} if "dirty" in sentence else set())


def test_a_thing_may_be_told_to_be_in_one_that_was_told_of_before(map_only: Belief) -> None:
    told = parse_statement(map_only, ["box 1 in cabinet 1", "pen 1 in box 1"])
    assert told.root("pen 1") == "cabinet 1"


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("mug 1", "expected where an object is"),
        ("", "expected where an object is"),
        ("unicorn 1 in cabinet 1", "no object is called 'unicorn'"),
        ("mug 1 in celler 1", "no place 'celler 1'"),
        ("mug 1 in cabinet", "which cabinet"),
        ("mug 1 in microwave 7", "did you mean"),
        ("backpack 1 in drawer 1", "does not fit"),
        ("mug 01 in cabinet 1", "one like mug 1, found '01'"),
        ("mug \u0663 in cabinet 1", "one like mug 1"),
        ("open mug 1 in cabinet 1", "a mug cannot be open"),
        ("hot cold mug 1 in cabinet 1", "a mug cannot be hot and cold"),
        ("dirty clean mug 1 in cabinet 1", "cannot be dirty and not dirty"),
        ("x" * 9000 + " in cabinet 1", "told 'xxx"),
    ],
)
def test_a_sentence_that_cannot_be_is_refused(map_only: Belief, sentence: str, said: str) -> None:
    with pytest.raises(BeliefError, match=said):
        parse_statement(map_only, [sentence])


def test_nothing_is_told_to_be_inside_itself(map_only: Belief) -> None:
    with pytest.raises(BeliefError, match="inside itself"):
        parse_statement(map_only, ["box 1 in cabinet 1", "basket 1 in box 1", "box 1 in basket 1"])


def test_what_is_in_sight_outweighs_what_is_told_and_what_is_told_what_is_remembered(start: State, kept: Path) -> None:
    known = know(start, memory=kept, told=["mug 1 in drawer 1", "plate 1 in drawer 1"])
    assert known.things["mug 1"].place == "drawer 1"
    assert (known.things["plate 1"].place, known.things["plate 1"].source) == ("countertop 1", "seen")


def test_what_is_remembered_and_seen_to_be_gone_is_not_known(start: State, kept: Path) -> None:
    moved = after(start, "open cabinet 2", "pick up mug 1", "put mug 1 on bed 1", "go to fridge 1")
    assert "mug 1" not in know(moved, memory=kept).things


def test_a_home_with_own_kinds_is_told_of_and_remembered_in_its_words(tmp_path: Path) -> None:
    scene = parse_home(
        "things: {blender: {like: kettle, words: [smoothie maker]}, red box: {like: box}, PS5: {like: laptop}}\n"
        "furniture: {aquarium: {like: side table, words: [fish tank]}}\nrooms: {kitchen: [cabinet, 2 aquarium]}"
    )
    belief = parse_statement(
        Belief.of_map(scene), ["smoothie maker in cabinet 1", "dirty red box on fish tank 2", "PS5 on aquarium 1"]
    )
    assert {name: known.place for name, known in belief.things.items()} == {
        "blender 1": "cabinet 1", "red box 1": "aquarium 2", "PS5 1": "aquarium 1",
    }  # fmt: skip
    keep(tmp_path / "memory.json", belief)
    assert remember(tmp_path / "memory.json", Belief.of_map(scene)).things.keys() == belief.things.keys()
