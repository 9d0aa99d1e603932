"""Whoever gives instructions is in every home, and nothing else in the home changes for it."""

from __future__ import annotations

import gymnasium
import pytest

from envs.errors import HomeError
from envs.gym.home_env import HomeEnv
from envs.scenes.furniture_layout import footprint
from envs.scenes.home_file import HomeFileError, bundled_homes, dump_home, load_home, parse_home, state_of
from envs.scenes.occupancy_grid import fixtures_without_access
from envs.scenes.scene_sampler import sample_scene
from envs.scenes.speaker import needs_person, speaker_of, with_speaker
from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import parse_action
from envs.symbolic.goals import parse_goal
from envs.symbolic.scene import FixtureSpec, Scene
from planner.tasks.task_files import TaskLine
from planner.tasks.task_homes import home_for

ROOMS = "rooms:\n  kitchen: [countertop, sink, cabinet]\n  bedroom: [bed, 2 desk]\nobjects: {countertop: [2 apple]}\n"
SEEDS_WITHOUT = [seed for seed in range(40) if speaker_of(sample_scene(seed, geometry=False)) is None]


def person_of(scene: Scene) -> FixtureSpec:
    (person,) = (fixture for fixture in scene.fixtures if fixture.category == "person")
    return person


def without_person(scene: Scene) -> tuple[FixtureSpec, ...]:
    return tuple(fixture for fixture in scene.fixtures if fixture.category != "person")


@pytest.mark.parametrize("name", bundled_homes())
def test_every_bundled_home_has_a_speaker(name: str) -> None:
    assert speaker_of(load_home(name, geometry=False)) == "person 1"


@pytest.mark.parametrize("seed", SEEDS_WITHOUT[:12])
def test_a_speaker_is_added_without_changing_anything_else(seed: int) -> None:
    scene = sample_scene(seed)
    served = load_home(seed, speaker=True)
    assert load_home(seed) == scene
    assert without_person(served) == scene.fixtures
    assert (served.rooms, served.doorways, served.objects, served.robot) == (
        scene.rooms, scene.doorways, scene.objects, scene.robot,
    )  # fmt: skip
    assert not fixtures_without_access(served)
    x0, y0, x1, y1 = footprint(person_of(served), served.domain)
    for fixture in scene.fixtures:
        a0, b0, a1, b1 = footprint(fixture, served.domain)
        assert fixture.category == "floor" or a1 <= x0 or a0 >= x1 or b1 <= y0 or b0 >= y1


def test_a_home_with_a_person_stays_the_same() -> None:
    scene = load_home("family_house")
    assert with_speaker(scene) is scene


def test_the_text_of_a_home_is_read_as_it_stands_and_a_home_file_is_a_home_with_its_speaker(tmp_path) -> None:
    path = tmp_path / "home.yaml"
    path.write_text(ROOMS, encoding="utf-8")
    assert speaker_of(parse_home(ROOMS)) is None
    served = load_home(path)
    assert person_of(served).room == "kitchen"
    assert parse_home(dump_home(served), name=served.name) == served


@pytest.mark.parametrize(
    ("place", "room"),
    [("bedroom", "bedroom"), ("bed", "bedroom"), ("desk 2", "bedroom"), ("kitchen", "kitchen"), ("sink 1", "kitchen")],
)
@pytest.mark.parametrize("geometry", [True, False])
def test_a_home_file_says_where_the_speaker_stands(place: str, room: str, geometry: bool) -> None:
    scene = parse_home(f"{ROOMS}speaker: {place}\n", geometry=geometry)
    assert person_of(scene).room == room
    plain = parse_home(ROOMS, geometry=geometry)
    assert (without_person(scene), scene.objects) == (plain.fixtures, plain.objects)


@pytest.mark.parametrize(
    ("place", "fixture"), [("white desk", "desk 2"), ("computer desk 2", "desk 2"), ("desk in study", "desk 1")]
)
def test_a_speaker_stands_beside_what_is_told_by_what_only_it_has(place: str, fixture: str) -> None:
    rooms = "rooms:\n  study: [desk, shelf]\n  bedroom: [white desk, bed]\n"
    scene = parse_home(f"{rooms}speaker: {place}\n")
    assert person_of(scene).room == next(f.room for f in scene.fixtures if f.name == fixture)


def test_beside_a_fixture_is_nearer_to_it_than_to_the_others_of_its_kind() -> None:
    scene = parse_home(f"{ROOMS}speaker: desk 2\n")
    person, poses = person_of(scene), {f.name: f for f in scene.fixtures}

    def distance(name: str) -> float:
        return float((poses[name].x - person.x) ** 2 + (poses[name].y - person.y) ** 2)

    assert distance("desk 2") < distance("desk 1")


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (
            "bath",
            "line 5: speaker: no room or furniture of this home is called 'bath'; the rooms are: kitchen, bedroom",
        ),
        ("bedrom", "speaker: no room or furniture of this home is called 'bedrom'; did you mean 'bedroom'"),
        ("desk", "speaker: which desk? There are desk 1, desk 2"),
        ("[bed]", "speaker: expected a word, found a list of 1"),
        ("", "speaker: expected a word, found nothing"),
        ("on", "speaker: YAML reads on as true"),
    ],
)
def test_a_wrong_place_of_the_speaker_is_a_problem_of_its_line(place: str, message: str) -> None:
    with pytest.raises(HomeFileError) as caught:
        parse_home(f"{ROOMS}speaker: {place}\n")
    assert message in str(caught.value)


def test_a_person_and_a_place_of_the_speaker_exclude_each_other() -> None:
    with pytest.raises(HomeFileError, match="person 1, the first person, gives the instructions: leave out `speaker`"):
        parse_home("rooms: {kitchen: [person, sink]}\nspeaker: sink\n")


FULL = "rooms:\n  bathroom: {rect: [0, 0, 1.9, 1.9], fixtures: [{sink: {pose: [0.95, 0.33, 90]}}]}\n"


def test_a_home_without_floor_for_a_person_is_still_a_home(tmp_path) -> None:
    path = tmp_path / "bath.yaml"
    path.write_text(FULL, encoding="utf-8")
    assert speaker_of(load_home(path)) is None
    with pytest.raises(HomeError, match="speaker: there is no free floor for a person at sink 1"):
        parse_home(FULL + "speaker: sink\n")


def test_a_symbolic_home_serves_the_speaker() -> None:
    home = SymbolicHome(SEEDS_WITHOUT[0])
    world = home.state().world
    name = world.names[next(i for i in range(world.n_fixtures, len(world.names)) if not home.state().closed_around(i))]
    for text in (f"pick up {name}", f"give {name} to person 1"):
        assert home.execute(parse_action(world, text)).status == "done"
    state = state_of(SEEDS_WITHOUT[0])
    assert SymbolicHome(state).state() is state


@pytest.mark.parametrize("home", ["studio", SEEDS_WITHOUT[0], sample_scene(SEEDS_WITHOUT[0], geometry=False)])
def test_an_environment_whose_goal_is_about_a_person_has_one(home: str | int | Scene) -> None:
    env = gymnasium.make("HomeSymbolic-v0", home=home, goal="cup with person")
    env.reset(seed=0)
    unwrapped = env.unwrapped
    assert isinstance(unwrapped, HomeEnv)
    assert speaker_of(unwrapped.home_state().world.scene) == "person 1"


def test_an_environment_with_another_goal_is_the_home_as_it_was_sampled() -> None:
    env = gymnasium.make("HomeSymbolic-v0", home=SEEDS_WITHOUT[0], goal="every cabinet open")
    env.reset(seed=0)
    unwrapped = env.unwrapped
    assert isinstance(unwrapped, HomeEnv)
    assert unwrapped.home_state().world.scene == sample_scene(SEEDS_WITHOUT[0], geometry=False)


@pytest.mark.parametrize(
    ("goal", "answer"),
    [("cup with person", True), ("every book with person", True), ("spoon in cup with person", True),
     ("mug on desk", False), ("holding cup ; fridge open", False), ("no mug with person", True)],
)  # fmt: skip
def test_a_goal_about_a_person_needs_one(goal: str, answer: bool) -> None:
    assert needs_person(parse_goal(goal)) is answer


def test_a_task_about_a_person_has_one_in_a_home_from_a_seed() -> None:
    def scene(goal: str) -> Scene:
        task = TaskLine(id="t", instruction="", goal=parse_goal(goal), home=SEEDS_WITHOUT[0])
        return home_for(task, geometry=False).world.scene

    assert speaker_of(scene("cup with person")) == "person 1"
    assert scene("mug on desk") == sample_scene(SEEDS_WITHOUT[0], geometry=False)


def test_a_physical_home_has_the_speaker_and_the_robot_hands_things_over(tmp_path) -> None:
    pytest.importorskip("pybullet")
    from envs.simulation.physical_home import PhysicalHome

    path = tmp_path / "home.yaml"
    path.write_text(ROOMS + "speaker: bed\n", encoding="utf-8")
    home = PhysicalHome(path)
    for text in ("pick up apple 1", "give apple 1 to person 1"):
        assert home.execute(parse_action(home.world, text)).status == "done"
    assert home.render(64, 48, "overhead").shape == (48, 64, 3)
    home.close()
