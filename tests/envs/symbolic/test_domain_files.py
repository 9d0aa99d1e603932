"""Domain files: what a domain of its own may have, and what is wrong with a file, at once and with its lines."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest

from envs.data_folder import data_folder
from envs.errors import DomainError, GoalError, HomeError
from envs.scenes.home_file import dump_home, load_home, parse_home
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import applicable, parse_action, successor
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import parse_goal
from envs.symbolic.scoring import holds
from envs.symbolic.state import World
from planner.new_homes.new_home import own_furniture

WORKSHOP = data_folder() / "domains" / "workshop.yaml"
TEXT = WORKSHOP.read_text(encoding="utf-8")
SMALL = """\
objects:
  vial: {shape: bottle, size: [0.03, 0.03, 0.1], at: [rack]}
fixtures:
  rack: {body: table, size: [0.6, 1.0, 0.8], rooms: [cold room]}
"""


def domain_of(text: str, folder: Path) -> object:
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return load_domain(path)


def problems_of(text: str, folder: Path) -> list[str]:
    with pytest.raises(DomainError) as error:
        domain_of(text, folder)
    return [line.removeprefix(f"{folder / 'own.yaml'}: ") for line in str(error.value).splitlines()]


def test_the_workshop_has_thirty_kinds_and_nothing_of_the_home() -> None:
    workshop, home = load_domain(WORKSHOP), load_domain()
    assert len(workshop.objects) >= 30
    assert workshop.objects.keys().isdisjoint(home.objects)
    assert workshop.fixtures.keys().isdisjoint(home.fixtures)
    assert "dirty" not in workshop.states
    assert workshop.person is None


def test_equal_files_are_one_domain_also_after_copies(tmp_path: Path) -> None:
    workshop = load_domain(WORKSHOP)
    assert domain_of(TEXT, tmp_path) is workshop
    assert copy.deepcopy(workshop) is workshop
    assert pickle.loads(pickle.dumps(workshop)) is workshop
    assert domain_of(TEXT.replace("hammer:", "sledge:").replace("hammer", "sledge"), tmp_path) is not workshop


def test_a_domain_needs_only_objects_and_fixtures(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(SMALL, encoding="utf-8")
    domain = load_domain(path)
    assert domain.states == ("open", "on")
    assert [*domain.skills] == ["go to", "pick up", "put", "open", "close", "turn on", "turn off"]
    scene = sample_scene(3, domain=domain)
    assert {room.kind for room in scene.rooms} == {"cold room"}
    assert any(item.category == "vial" for item in scene.objects)


def test_nothing_is_with_people_where_there_are_none(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(SMALL, encoding="utf-8")
    with pytest.raises(GoalError, match="`with` is for people; there are none here; a place follows 'on' or 'in'"):
        parse_goal("vial with rack", load_domain(path))


def test_a_domain_that_extends_the_home_has_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        "extends: home\nstates: [charged]\nskills:\n"
        '  charge: {text: "charge {electronics}", when: ["hand empty"], sets: ["{electronics} charged"]}\n'
        "objects:\n  blender: {like: kettle}\n",
        encoding="utf-8",
    )
    domain, home = load_domain(path), load_domain()
    assert domain.objects.keys() - home.objects.keys() == {"blender"}
    assert domain.skills.keys() - home.skills.keys() == {"charge"}
    assert domain.can_be("laptop", "charged")
    assert not domain.can_be("plate", "charged")
    assert domain.sampling == home.sampling


def test_a_built_in_skill_loses_what_it_says_about_states_that_the_domain_lacks() -> None:
    workshop = load_domain(WORKSHOP)
    words = {e.atom.word for e in workshop.skills["pour"].effects if e.atom.predicate == "state"}
    assert words == set()
    assert {e.atom.word for e in load_domain().skills["pour"].effects} >= {"watered"}


def test_own_skills_and_processes_work_in_a_workshop() -> None:
    scene = load_home(WORKSHOP.with_name("workshop_hall.yaml"), geometry=False)
    state = World(scene).initial()
    for step in (
        "pick up board 1", "put board 1 on workbench 1", "pick up sanding block 1", "sand board 1",
        "put sanding block 1 on workbench 1", "open tool cabinet 2", "pick up carving knife 1",
        "put carving knife 1 on bench grinder 1", "turn on bench grinder 1",
    ):  # fmt: skip
        action = parse_action(state.world, step)
        assert action in applicable(state), step
        state = successor(state, action)
    for text in ("sanded board on workbench", "sharp carving knife", "bench grinder on"):
        (condition,) = parse_goal(text, scene.domain).conditions
        assert holds(state, condition, state), text


@pytest.mark.parametrize("seed", range(12))
def test_sampled_workshops_are_written_and_read_back(seed: int) -> None:
    scene = sample_scene(seed, domain=load_domain(WORKSHOP), geometry=seed < 3)
    text = dump_home(scene, WORKSHOP)
    again = parse_home(text, geometry=seed < 3)
    assert again.domain is scene.domain
    assert {o.name: (o.place, o.states, o.liquid) for o in again.objects} == {
        o.name: (o.place, o.states, o.liquid) for o in scene.objects
    }


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("classes: [fastener]", "classes: [fastner]", "screw box:", "did you mean 'fastener'?"),
        ("at: [lumber rack, workbench, assembly table]", "at: [lumbr rack]", "board:", "did you mean 'lumber rack'?"),
        ("set: [charged]", "set: [chargd]", "charge: {at", "unknown state 'chargd'; did you mean 'charged'?"),
        ("at: [lathe]", "at: [lath]", "turn: {at", "did you mean 'lathe'?"),
        ('sets: ["{wood} sanded"]', 'sets: ["{wod} sanded"]', 'sets: ["{wood} sanded"]', "did you mean 'wood'?"),
        ("  go to:\n", "  jump:\n", "  go to:", "there is no built-in skill 'jump'"),
        ("  go to:\n", "  fold:\n", "  go to:", "fold: it would change nothing here"),
        ("spotless: dusty", "clean: dusty", "negations:", "'clean' is the absence of 'dirty' in every domain"),
        ("states: [open,", "states: [bone dry, open,", "states:", "a state is one, such as 'bone-dry'"),
        ("[0.34, 0.12, 0.022]", "[34, 12, 2.2]", "board:", "for centimeters write [0.34, 0.12, 0.022]"),
        ("shape: book", "shape: bok", "sandpaper: {", "did you mean 'book' or 'box'?"),
        ("body: counter", "body: conter", "workbench: {", "did you mean 'counter'?"),
        ("first_room: wood shop", "first_room: wood shp", "first_room", "did you mean 'wood shop'"),
        ("workbench: [1.0, 1, 2]", "workbench: [1.0, 2]", "workbench: [1.0", "expected [chance, minimum, maximum]"),
        ("sanded: {wood: 0.15}", "sanded: {wood: 1.5}", "sanded: {wood", "1.5 is more than 1"),
        ("wrench: [spanner]", "wrnch: [spanner]", "wrench: [spanner]", "did you mean 'wrench'"),
        ("clear every {c} off", "clear every {d} off", "clear every", "there is no slot 'd'"),
        ("slots: {c: class}", "slots: {c: clas}", "slots: {c", "unknown type 'clas'; did you mean 'class'?"),
        ("contains: oil,", "contains: oli,", "oil can: {", "unknown liquid 'oli'; did you mean 'oil'?"),
        ("exclusive: []", "exclusive: [dusty]", "exclusive", "expected pairs of states such as [[hot, cold]]"),
        ("big: 1.2", "big: 12", "big: 1.2", "12 is no factor of lengths from 0.5 to 2"),
        ("version: 1", "version: 2", "version", "this format has one version, 1"),
        ("version: 1", "extends: hotel", "version", "unknown domain 'hotel'; did you mean 'home'?"),
    ],
)
def test_each_problem_has_its_line_and_says_what_would_do(
    tmp_path: Path, old: str, new: str, line: str, said: str
) -> None:
    assert old in TEXT
    number = next(i for i, text in enumerate(TEXT.splitlines(), start=1) if line in text)
    (problem,) = problems_of(TEXT.replace(old, new, 1), tmp_path)
    assert problem.startswith(f"line {number}: ")
    assert said in problem


def test_names_and_states_of_built_in_skills_are_not_given_another_meaning(tmp_path: Path) -> None:
    text = 'extends: home\nskills:\n  fold: {text: "fold {food}", sets: ["{food} wrapped"]}\n'
    assert "'fold' is a built-in skill; choose another name" in "\n".join(problems_of(text, tmp_path))
    text = 'extends: home\nskills:\n  carve: {text: "carve {fruit}", sets: ["{fruit} sliced"]}\n'
    assert problems_of(text, tmp_path) == [
        "line 3: skill 'carve': 'sliced' belongs to the built-in skill 'slice'; choose another word for the state"
    ]


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = TEXT.replace("shape: book", "shape: bok").replace("body: counter", "body: conter")
    text = text.replace("at: [lathe]", "at: [lath]").replace("first_room: wood shop", "first_room: wod shop")
    assert len(problems_of(text, tmp_path)) == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("- board\n", "it is a list of 1"),
        ("states: [wet]\n", "to add to the home: `extends: home`"),
        ("objects: [1, 2\n", "not YAML"),
        ("objects: &a {}\nfixtures: *a\n", "anchors and aliases"),
        (f"objects: {'[' * 40}{']' * 40}\n", "nested more than"),
        (SMALL.replace("vial:", '"[SEP] vial":'), "a name has letters, digits, spaces and hyphens only"),
        (SMALL.replace("vial:", f"{'v' * 300}:"), "has more than 200 characters"),
        (SMALL.replace("rack:", "vial:"), "'vial' appears twice"),
        (SMALL.replace(", rooms: [cold room]", ""), "say in which kinds of rooms it stands"),
        (SMALL + "  a: {like: b, rooms: [hall]}\n  b: {like: a, rooms: [hall]}\n", "a circle"),
    ],
)
def test_what_is_no_domain_is_refused_in_one_message(tmp_path: Path, text: str, said: str) -> None:
    assert said in "\n".join(problems_of(text, tmp_path))


def test_a_missing_file_and_a_folder_are_no_domain(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(DomainError, match="no such domain"):
            load_domain(path)


def test_a_home_file_names_its_domain_relative_to_itself(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(SMALL, encoding="utf-8")
    home = tmp_path / "lab.yaml"
    home.write_text("domain: own.yaml\nrooms: {cold room: [rack]}\nobjects: {rack: [2 vial]}\n", encoding="utf-8")
    assert load_home(home, geometry=False).domain is load_domain(tmp_path / "own.yaml")
    home.write_text("domain: owm.yaml\nrooms: {cold room: [rack]}\n", encoding="utf-8")
    with pytest.raises(Exception, match="line 1: domain: no such domain"):
        load_home(home)


def test_only_the_problems_of_a_wrong_domain_are_told_of_its_home(tmp_path: Path) -> None:
    (tmp_path / "shed.yaml").write_text("extends: home\nobjects: {rake: {shape: cutlry}}\n")
    (tmp_path / "home.yaml").write_text("domain: shed.yaml\nrooms: {shed: [pot stand]}\nobjects: {bench: [rake]}\n")
    with pytest.raises(HomeError) as caught:
        load_home(tmp_path / "home.yaml")
    (line,) = str(caught.value).splitlines()
    assert "shed.yaml: line 2: rake: shape: unknown shape 'cutlry'" in line


@pytest.mark.parametrize("home", ["studio", "family_house"])
def test_a_home_of_the_built_in_domain_is_none_of_another(home: str) -> None:
    with pytest.raises(HomeError) as caught:
        load_home(home, domain=load_domain(WORKSHOP))
    (line,) = str(caught.value).splitlines()
    assert "a home of the built-in domain, not of the one that was given" in line


def test_hints_are_given_only_in_words_that_the_domain_has() -> None:
    with pytest.raises(HomeError, match="unknown fixture 'floor lmp'"):
        parse_home("rooms: {wood shop: [floor lmp, sofa, lamp]}", domain=load_domain(WORKSHOP))


def test_a_state_that_a_skill_sets_has_a_word_for_its_absence(tmp_path: Path) -> None:
    (tmp_path / "library.yaml").write_text("""\
extends: home
negations: {overdue: renewed}
skills: {renew: {text: "renew {book}", when: ["holding {book}"], sets: ["{book} renewed"]}}
""")
    domain = load_domain(tmp_path / "library.yaml")
    assert domain.negations["overdue"] == "renewed"
    assert parse_goal("no overdue book", domain)


@pytest.mark.parametrize(
    ("room", "meant"), [("kichen", "kitchen"), ("bedrom", "bedroom"), ("lvingroom", "living room")]
)
def test_a_misspelled_room_of_the_home_is_no_new_one(tmp_path: Path, room: str, meant: str) -> None:
    path = tmp_path / "chapel.yaml"
    path.write_text(f"extends: home\nfixtures: {{altar: {{body: table, rooms: [{room}]}}}}\n")
    with pytest.raises(DomainError, match=f"unknown room '{room}'; did you mean '{meant}'"):
        load_domain(path)
    path.write_text("extends: home\nfixtures: {altar: {body: table, rooms: [chapel, music room, bathhouse]}}\n")
    assert {"chapel", "music room", "bathhouse"} <= {*load_domain(path).rooms}


def test_homes_are_sampled_in_the_domain_of_a_file() -> None:
    scene = sample_scene(5, domain=str(WORKSHOP), geometry=False)
    assert scene == sample_scene(5, domain=load_domain(WORKSHOP), geometry=False)
    assert load_home(5, domain=WORKSHOP, geometry=False) == scene
    with pytest.raises(DomainError, match="a domain is that of `load_domain"):
        sample_scene(5, domain=7)  # type: ignore[arg-type]
    with pytest.raises(DomainError, match="no such domain"):
        sample_scene(5, domain="none.yaml")


def test_a_new_home_has_all_furniture_that_only_its_domain_has(tmp_path: Path) -> None:
    (tmp_path / "chapel.yaml").write_text(
        "extends: home\nfixtures: {altar: {body: table, rooms: [chapel]}, pew: {like: sofa, rooms: [chapel]}}\n"
    )
    domain = load_domain(tmp_path / "chapel.yaml")
    assert own_furniture(["chapel", "kitchen"], domain) == {"altar": 1, "pew": 1}
    assert own_furniture(["kitchen"], domain) == {} == own_furniture(["kitchen"], load_domain())
