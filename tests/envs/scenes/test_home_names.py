"""A home is named alike everywhere: by a bundled name, a seed, a file, a scene, a state or a home in use."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

import gymnasium
import numpy as np
import pytest

import envs
from envs.errors import HomeError, HomeNameError
from envs.gym.home_env import HomeEnv
from envs.scenes.home_file import bundled_homes, load_home, state_of
from envs.scenes.scene_sampler import sample_scene
from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import parse_action
from envs.symbolic.scene import Scene
from envs.symbolic.state import World
from planner.tasks.task_files import TaskError, read_tasks
from planner.tasks.task_homes import home_for
from planner.world_model.open_home import open_home

if TYPE_CHECKING:
    from envs.scenes.home_file import AnyHome

FLAT = "rooms: {kitchen: [fridge, sink]}\nobjects: {fridge: [apple]}\n"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with a home file `flat.yaml`, which is also the user's folder."""
    (tmp_path / "flat.yaml").write_text(FLAT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def in_a_task(home: AnyHome) -> Scene:
    """The home of a task whose file has it, as JSON can say it."""
    value = home if isinstance(home, str) else int(cast("int", home))
    line = {"id": "t", "instruction": "fetch a mug", "goal": "mug on desk", "home": value}
    Path("tasks.jsonl").write_text(json.dumps(line), encoding="utf-8")
    return home_for(read_tasks("tasks.jsonl")[0], geometry=False).world.scene


def in_gymnasium(home: AnyHome) -> Scene:
    env = gymnasium.make("HomeSymbolic-v0", home=home)
    env.reset(seed=0)
    return cast("HomeEnv", env.unwrapped).home_state().world.scene


READERS: dict[str, Callable[[AnyHome], Scene]] = {
    "envs.load_home": lambda home: envs.load_home(home, geometry=False),
    "a symbolic home": lambda home: SymbolicHome(home).state().world.scene,
    "gymnasium": in_gymnasium,
    "the planner": lambda home: open_home(home, geometry=False).world.scene,
    "a task file": in_a_task,
}


@pytest.fixture(params=READERS)
def read(request: pytest.FixtureRequest) -> Callable[[AnyHome], Scene]:
    """Each way to read a home."""
    return READERS[request.param]


@pytest.mark.parametrize("home", ["studio", "7", 7, np.int64(7), "flat.yaml", "./flat.yaml", "~/flat.yaml", " 7 "])
def test_every_reader_reads_the_same_home(read: Callable[[AnyHome], Scene], home: str | int) -> None:
    assert read(home) == load_home(home, geometry=False)


@pytest.mark.parametrize(
    ("home", "message"),
    [
        (
            "stduio",
            r"there is no home 'stduio'; did you mean 'studio'\? Or give a YAML file, a seed, or one of: family",
        ),
        ("Family House", "did you mean 'family_house'"),
        ("family-house", "did you mean 'family_house'"),
        ("flat", "did you mean the file 'flat.yaml'"),
        ("-1", r"a seed is a whole number from 0 to 2\*\*62 - 1"),
        ("7.0", "a seed is a whole number"),
        ("7e3", "a seed is a whole number"),
        ("９", "in digits"),  # noqa: RUF001
        ("9" * 30, "a seed is a whole number"),
        ("21" * 300, "a seed is a whole number"),
        (2**62, "a seed"),
        ("studio.yaml", "no such file or directory; the bundled home is called 'studio'"),
        ("homes/Studio", "the bundled home is called 'studio'"),
        ("flat.yml", "no such file or directory; did you mean 'flat.yaml'"),
        ("./flat", "did you mean 'flat.yaml'"),
        ("~nobody-of-this-name/flat.yaml", "there is no such user"),
        ("x" * 400, "there is no home"),
        ("x\0y", "there is no home"),
    ],
)
def test_what_names_no_home_is_said_with_what_does(
    read: Callable[[AnyHome], Scene], home: str | int, message: str
) -> None:
    with pytest.raises(Exception, match=message) as caught:
        read(home)
    assert isinstance(caught.value, ValueError) or type(caught.value).__name__ == "PlannerError"


@pytest.mark.parametrize("home", [True, 7.0, np.float64(7), None, b"studio", ["studio"], -1, np.int32(-3), object()])
def test_what_is_of_no_kind_of_home_is_refused_in_words(home: object) -> None:
    with pytest.raises(HomeNameError, match=r"there is no home|a home is a file, the name of a bundled home, a seed"):
        load_home(cast("str", home))
    with pytest.raises(HomeNameError):
        SymbolicHome(cast("str", home))


def test_a_folder_is_no_home_and_its_home_files_are_offered(folder: Path) -> None:
    assert folder.is_dir()
    with pytest.raises(HomeError, match=r"is a directory; name a home file in it, such as 'flat\.yaml'"):
        load_home("./")
    (folder / "empty").mkdir()
    with pytest.raises(HomeError, match=r"name a home file in it$"):
        load_home("./empty")


def test_a_bundled_name_wins_over_a_file_of_that_name_which_a_slash_or_a_path_selects() -> None:
    Path("studio").write_text(FLAT, encoding="utf-8")
    bundled = load_home(bundled_homes()["studio"], geometry=False)
    assert load_home("studio", geometry=False) == bundled
    assert load_home("./studio", geometry=False) == load_home(Path("studio"), geometry=False) != bundled


def test_a_path_is_always_a_file() -> None:
    with pytest.raises(HomeError, match="7: no such file"):
        load_home(Path("7"))


def test_a_state_and_a_home_in_use_are_the_home_as_it_is_now() -> None:
    home = SymbolicHome("studio")
    for text in (
        "open fridge 1",
        "pick up apple 1",
        "put apple 1 on desk 1",
        "pick up bread 1",
        "put bread 1 on bed 1",
    ):
        assert home.execute(parse_action(home.state().world, text)).status == "done"
    scene = load_home(home)
    assert scene == load_home(home.state()) != load_home("studio", geometry=False)
    again = World(scene).initial()
    assert again[1:] == home.state()._replace(at=again.at)[1:]
    assert state_of(home) is home.state()
    env = gymnasium.make("HomeSymbolic-v0", home=home, goal="apple on bed")
    env.reset(seed=1)
    assert load_home(env) == scene


def test_a_container_that_was_moved_still_comes_before_its_contents() -> None:
    home = SymbolicHome("studio")
    for text in ("pick up cup 1", "put cup 1 on bed 1", "pick up mug 1", "put mug 1 on desk 1"):
        home.execute(parse_action(home.state().world, text))
    known = {fixture.name for fixture in load_home(home).fixtures}
    for spec in load_home(home).objects:
        assert spec.place in known
        known.add(spec.name)


def test_a_state_that_no_home_starts_in_says_why() -> None:
    home = SymbolicHome("studio")
    home.execute(parse_action(home.state().world, "pick up bread 1"))
    with pytest.raises(HomeError, match="bread 1 is in the robot's hand: a home starts with every object in or on"):
        load_home(home)


def test_an_environment_before_its_reset_says_so() -> None:
    with pytest.raises(gymnasium.error.ResetNeeded, match=r"call reset\(\) first"):
        load_home(gymnasium.make("HomeSymbolic-v0", home="studio"))


def test_a_task_file_reports_a_wrong_name_with_its_line_and_finds_files_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "tasks"
    folder.mkdir()
    (folder / "own.yaml").write_text(FLAT, encoding="utf-8")
    task = {"id": "a", "instruction": "fetch a mug", "goal": "mug on desk"}
    path = folder / "t.jsonl"
    path.write_text(json.dumps({**task, "home": "own.yaml"}), encoding="utf-8")
    assert home_for(read_tasks(path)[0]).world.scene.name == "own"
    for name, hint in (("own", "did you mean the file 'own.yaml'"), ("stduio", "did you mean 'studio'")):
        path.write_text("\n" + json.dumps({**task, "home": name}), encoding="utf-8")
        with pytest.raises(TaskError, match=rf"t\.jsonl:2: 'home': there is no home .*{hint}"):
            read_tasks(path)


def test_a_scene_is_itself_and_needs_a_floor_plan_in_physics() -> None:
    pytest.importorskip("pybullet")
    scene = sample_scene(3, geometry=False)
    assert load_home(scene) is scene
    with pytest.raises(HomeError, match="has no floor; open the home with `geometry=True`"):
        envs.PhysicalHome(scene)


def test_the_physical_home_takes_a_name() -> None:
    pytest.importorskip("pybullet")
    home = envs.PhysicalHome("studio")
    assert home.scene == load_home(ROOT / "datasets" / "homes" / "studio.yaml")
    home.close()
