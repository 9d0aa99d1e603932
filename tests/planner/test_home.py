"""The command that looks at homes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from envs.scenes.home_file import bundled_homes, dump_home, load_home, parse_home
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.goals import parse_goal
from envs.symbolic.obstacles import obstacle
from envs.symbolic.state import World
from planner.home import main
from planner.io.paths import datasets_dir
from tests.planner.json_answers import checked

FAMILY = str(datasets_dir() / "homes" / "family_house.yaml")


@pytest.fixture
def bad(tmp_path: Path) -> str:
    path = tmp_path / "bad.yaml"
    path.write_text("rooms:\n  kitchen:\n    - frige\n    - sinck\n")
    return str(path)


def test_a_valid_home_is_ok(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", FAMILY]) == 0
    assert capsys.readouterr().out.startswith("ok: family house, 4 rooms, ")


def test_what_a_home_adds_is_told_in_plain_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "flat.yaml"
    path.write_text(
        "people: [Anna, Ben]\nrules: [never open oven]\nrooms: {kitchen: [oven, white cabinet, bed, person]}\n"
        "objects: {cabinet: [2 red mug, Ben's big plastic bowl]}\n"
    )
    assert main(["check", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "instructions come from: Anna (person 1)",
        "people: Anna, Ben; things can be given to Anna in the kitchen",
        "owners: Ben (bowl 1)",
        "sizes: big (bowl 1)",
        "colors: red (mug 1, mug 2), white (cabinet 1)",
        "materials: plastic (bowl 1)",
        "rules: never open oven",
    ]
    assert main(["check", str(path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["people"], report["owners"], report["rules"]) == (
        ["Anna", "Ben"], {"Ben": ["bowl 1"]}, ["never open oven"],
    )  # fmt: skip
    assert report["properties"]["color"] == {"red": ["mug 1", "mug 2"], "white": ["cabinet 1"]}
    assert main(["show", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "\n  white cabinet 1: red mug 1, red mug 2, Ben's big plastic bowl 1" in shown
    assert "people: Anna, Ben\nrules: never open oven\n" in shown
    assert main(["show", str(path), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["people"], data["rules"]) == (["Anna", "Ben"], ["never open oven"])
    assert data["objects"][2]["properties"] == ["Ben's", "big", "plastic"]


def test_other_words_are_noted_and_rooms_and_persons_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "flat.yaml"
    path.write_text(
        "people: [Anna, Ben, Mia]\nrooms:\n  Anna's room: {kind: office, fixtures: [couch, person, person]}\n"
        "objects: {couch: [Anna's hot mug of tea]}\n"
    )
    assert main(["check", str(path)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("ok: flat, 1 room, 3 fixtures, 1 object\n")
    assert "things can be given to Anna in Anna's room and Ben in Anna's room\n" in out
    assert out.endswith("\nnotes: 'couch' is read as sofa\n")
    assert main(["check", str(path), "--json"]) == 0
    assert checked("planner.home", capsys.readouterr().out)["notes"] == ["'couch' is read as sofa"]
    assert main(["show", str(path)]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("flat: 1 room, 3 fixtures, 1 object\npeople: Anna, Ben, Mia\n\nAnna's room, an office (")
    assert "  person 1, Anna\n  person 2, Ben" in shown and "sofa 1: Anna's hot mug 1 of tea" in shown


@pytest.mark.parametrize("name", bundled_homes())
def test_a_bundled_home_has_people_with_things_of_their_own_and_reads_back(name: str) -> None:
    scene = load_home(name)
    assert scene.people and any(p.endswith("'s") for o in scene.objects for p in o.properties)
    again = parse_home(dump_home(scene))
    assert (again.people, again.fixtures) == (scene.people, scene.fixtures)
    assert {o.name: o for o in again.objects} == {o.name: o for o in scene.objects}


@pytest.mark.parametrize(
    ("home", "goal"),
    [
        ("family_house", "red mug on dining table ; blue mug on desk"),
        ("family_house", "Anna's cell phone on dining table ; Ben's cell phone with Anna"),
        ("family_house", "big bowl on dining table ; small bowl in sink"),
        ("family_house", "Ben's jacket in bedroom"),
        ("family_house", "every Mia's toy on black armchair"),
        ("office_kitchen", "metal water bottle on white desk"),
        ("retirement_flat", "Mrs. Berg's glasses with Mrs. Berg"),
    ],
)
def test_what_people_would_say_in_a_bundled_home_has_a_meaning_there(home: str, goal: str) -> None:
    state = World(load_home(home, geometry=False)).initial()
    assert obstacle(parse_goal(goal, scene=state.world.scene), state) == ""


def test_a_bad_home_exits_1_and_names_each_line(bad: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", bad]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.removeprefix(f"{bad}: ").partition(":")[0] for line in lines] == ["line 3", "line 4"]


def test_json_lists_the_problems(bad: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", bad, "--json"]) == 1
    report = checked("planner.home", capsys.readouterr().out)
    assert not report["ok"]
    assert [problem["line"] for problem in report["problems"]] == [3, 4]


def test_json_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "none.yaml", "--json"]) == 1
    assert "no such file" in checked("planner.home", capsys.readouterr().out)["problems"][0]["problem"]


def test_a_sampled_home_is_a_home_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", "--seed", "7", "--rooms", "3"]) == 0
    scene = parse_home(capsys.readouterr().out)
    assert (len(scene.rooms), scene.seed) == (3, 7)
    assert len(scene.objects) == len(sample_scene(7, rooms=3).objects)


def test_show_lists_rooms_and_contents(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", FAMILY]) == 0
    shown = capsys.readouterr().out
    assert "\nkitchen (" in shown and "kettle base 1: kettle 1 of water" in shown


def test_show_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", FAMILY, "--json"]) == 0
    assert checked("planner.home", capsys.readouterr().out)["name"] == "family house"


def test_show_of_a_bad_home_fails_on_stderr(bad: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", bad]) == 1
    captured = capsys.readouterr()
    assert "frige" in captured.err and not captured.out


@pytest.mark.parametrize(
    "argv", [[], ["check"], ["sample", "--seed", "-1"], ["sample", "--seed", "x"], ["sample", "--rooms", "9"]]
)
def test_wrong_usage_exits_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2
    assert "-h lists all flags" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_ends_the_command_quietly() -> None:
    shown = subprocess.run(
        f"{sys.executable} -m planner.home show {FAMILY} | head -1",
        shell=True, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert shown.stdout and not shown.stderr


def test_what_only_this_home_has_is_told_in_text_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "flat.yaml"
    path.write_text(
        "things: {blender: {like: kettle, words: [smoothie maker]}, trophy: {size: [0.1, 0.1, 0.25]}}\n"
        "furniture: {aquarium: {like: side table, words: [fish tank]}}\n"
        'skills: {vacuum: {text: "vacuum {room}", sets: ["{room} vacuumed"]}}\n'
        "rooms: {kitchen: [fish tank]}\nobjects: {fish tank: [smoothie maker]}\n"
    )
    lines = [
        "things: blender (like kettle; smoothie maker), trophy (box, 10 x 10 x 25 cm)",
        "furniture: aquarium (like side table; fish tank)", "states: vacuumed", "skills: vacuum {room}",
    ]  # fmt: skip
    for verb in ("check", "show"):
        assert main([verb, str(path)]) == 0
        shown = capsys.readouterr().out.splitlines()
        assert [line for line in shown if line in lines] == lines
        assert "2 fixtures, 1 object" in shown[0]
        assert main([verb, str(path), "--json"]) == 0
        answer = checked("planner.home", capsys.readouterr().out)
        assert [kind["name"] for kind in answer["things"]] == ["blender", "trophy"]
        assert (answer["states"], answer["skills"]) == (["vacuumed"], ["vacuum {room}"])


def test_a_problem_of_an_included_file_names_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kinds.yaml").write_text("things: {blender: {like: ketle}}")
    path = tmp_path / "flat.yaml"
    path.write_text("include: kinds.yaml\nrooms: {kitchen: [shelf]}")
    assert main(["check", str(path), "--json"]) == 1
    (problem,) = checked("planner.home", capsys.readouterr().out)["problems"]
    assert (problem["file"], problem["line"]) == ("kinds.yaml", 1)


def test_a_home_is_sampled_with_every_kind_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", "--seed", "3", "--kinds", "workbench"]) == 0
    scene = parse_home(capsys.readouterr().out)
    assert {"hammer", "parts bin", "paint can"} <= {item.category for item in scene.objects}
    assert {"workbench", "tool cabinet", "shop vacuum"} <= {fixture.category for fixture in scene.fixtures}
    (tmp_path / "kinds.yaml").write_text("things:\n  blender: {like: ketle}")
    assert main(["sample", "--kinds", str(tmp_path / "kinds.yaml")]) == 1
    assert "kinds.yaml, line 2: blender: like: unknown kind 'ketle'" in capsys.readouterr().err
