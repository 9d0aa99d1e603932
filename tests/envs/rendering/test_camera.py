from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.utils.env_checker import data_equivalence as same

from envs.gym.home_env import HomePhysics
from envs.gym.observations import ROBOT, Senses
from envs.rendering.camera import FAR_M, CameraPose
from envs.scenes.scene_sampler import sample_scene
from tests.envs.homes_for_tests import kitchen

pytestmark = pytest.mark.skipif(importlib.util.find_spec("pybullet") is None, reason="pybullet is not installed")
PICTURES = ("rgb", "depth", "segmentation")
ALL = ("atoms", *PICTURES, "proprioception")
MIDDLE = kitchen().robot[:2]
HIGH_M = 8.0
ABOVE = ((*MIDDLE, HIGH_M), (*MIDDLE, 0.0))  # shows the whole kitchen


def make(**arguments: Any) -> HomePhysics:
    env = gymnasium.make("HomePhysics-v0", **{"home": kitchen(), "goal": "fridge open", **arguments}).unwrapped
    assert isinstance(env, HomePhysics)
    return env


def look(env: HomePhysics, observe: tuple[str, ...] = PICTURES, **arguments: Any) -> tuple[dict[str, Any], CameraPose]:
    """Observe the current home with other options; return the observation and the camera pose."""
    senses = Senses(observe=observe, **arguments)
    home = env._home()
    return senses.read(home), senses.pose(home)


def number(env: HomePhysics, name: str) -> int:
    return env.home_state().world.index[name] + 1


@pytest.fixture(scope="module")
def module_env() -> Iterator[HomePhysics]:
    env = make(observe=ALL, camera="head", image_size=(64, 48))
    yield env
    env.close()


@pytest.fixture
def env(module_env: HomePhysics) -> HomePhysics:
    module_env.reset(seed=0)
    return module_env


def test_gymnasiums_checker_accepts_all_observation_modes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HomePhysics.metadata, "render_modes", ["rgb_array", "ansi"])  # "human" opens a window
    check_env(make(observe=ALL, image_size=(32, 24)))


def test_each_observation_has_its_shape_and_type(env: HomePhysics) -> None:
    observation = env.reset(seed=0)[0]
    assert env.observation_space.contains(observation)
    shapes = {name: (np.shape(observation[name]), observation[name].dtype) for name in ALL[1:]}
    assert shapes == {
        "rgb": ((48, 64, 3), np.uint8),
        "depth": ((48, 64), np.float32),
        "segmentation": ((48, 64), np.int16),
        "proprioception": ((24,), np.float32),
    }


@pytest.mark.parametrize("observe", [("atoms",), ("rgb",), ("depth", "proprioception"), "segmentation"])
def test_an_observation_has_the_chosen_parts_and_the_goal(observe: tuple[str, ...] | str) -> None:
    env = make(observe=observe, image_size=(32, 32))
    observation = env.reset(seed=0)[0]
    assert env.observation_space.contains(observation)
    chosen = {observe} if isinstance(observe, str) else set(observe)
    assert set(ALL[1:]) & set(observation) == chosen - {"atoms"}
    assert ("category" in observation) == ("atoms" in chosen)
    assert "goal" in observation
    env.close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"observe": ("rbg",)}, "observe contains 'rbg'; it must be some of atoms, rgb.*did you mean 'rgb'"),
        ({"observe": ()}, "observe is empty; name some of atoms"),
        ({"camera": "haed"}, "camera is 'haed'; it must be one of head, overhead.*did you mean"),
        ({"camera": ((0, 0, 1), (0, 0))}, "or a pose"),
        ({"camera": ((0, 0, 1), (0, 0, 1))}, "two different finite points"),
        ({"image_size": (256, 4)}, "each 8 to 2048 pixels"),
        ({"image_size": 256}, r"it must be \(width, height\)"),
        ({"grasp": "magic"}, "grasp is 'magic'; it must be one of assisted, physical"),
    ],
)
def test_a_wrong_option_is_named_with_what_is_allowed(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(**arguments)


@pytest.mark.parametrize("name", ["plate 1", "bread 1", "book 1", "potato 1"])
def test_an_object_is_segmented_at_its_true_distance(env: HomePhysics, name: str) -> None:
    images, pose = look(env, camera=ABOVE)
    middle = env._home().engine.pose(name)[0]
    column, row, depth_m = pose.project([middle], 256, 256)[0]
    assert images["segmentation"][int(row), int(column)] == number(env, name)
    assert depth_m - 0.15 < images["depth"][int(row), int(column)] < depth_m + 0.02


def test_a_segmentation_names_only_what_the_atoms_name(env: HomePhysics) -> None:
    atoms = env.reset(seed=0)[0]
    numbers = set(np.unique(look(env, camera="overhead")[0]["segmentation"]).tolist())
    assert ROBOT in numbers
    assert numbers - {ROBOT} <= set(range(int(atoms["n_entities"]) + 1))
    assert len(numbers) > 8


def test_a_door_is_segmented_as_its_fixture(env: HomePhysics) -> None:
    def extent() -> int:
        return int((look(env, camera=ABOVE)[0]["segmentation"] == number(env, "fridge 1")).sum())

    shut = extent()
    assert env.step(env.encode("open fridge 1"))[4]["outcome"]["status"] == "done"
    assert extent() > shut + 50


def test_a_held_object_keeps_its_segmentation_id(env: HomePhysics) -> None:
    env.step(env.encode("pick up plate 1"))
    images, _ = look(env, camera="overhead", image_size=(512, 512))
    assert number(env, "plate 1") in images["segmentation"]
    assert env.home_state().held == number(env, "plate 1") - 1


def test_depth_is_the_distance_to_the_floor_and_to_a_table(env: HomePhysics) -> None:
    images, pose = look(env, camera=ABOVE)
    top = env._home().queries.region("dining table 1")
    floor, *on_top = [(MIDDLE[0] + 1.0, MIDDLE[1], 0.0), *(top.point(0.0, y, 0.0) for y in (-0.55, 0.55))]
    (row, column), *bare = pose.project([floor, *on_top], 256, 256)[:, [1, 0]].astype(int)
    assert images["segmentation"][row, column] == 0
    assert images["depth"][row, column] == pytest.approx(HIGH_M, abs=0.02)
    for row, column in bare:
        assert images["segmentation"][row, column] == number(env, "dining table 1")
        assert images["depth"][row, column] == pytest.approx(HIGH_M - on_top[0][2], abs=0.02)


def test_depth_of_a_slanted_view_is_along_the_cameras_axis(env: HomePhysics) -> None:
    images, pose = look(env)
    point = np.array(pose.target) * (1, 1, 0)  # on the floor
    offsets = np.linspace(0.0, 2.5, 26)[:, None] * (np.array(pose.target) - pose.eye) * (1, 1, 0)
    columns, rows, expected_m = pose.project(point + offsets, 256, 256).T
    inside = (rows > 0) & (rows < 256)
    pixels = rows[inside].astype(int), columns[inside].astype(int)
    is_floor = images["segmentation"][pixels] == 0
    assert is_floor.sum() >= 3
    # At flat angles a row of pixels covers more of the floor: allow for half a pixel of slope.
    slope_m = np.abs(np.gradient(images["depth"], axis=0))[pixels]
    error_m = np.abs(images["depth"][pixels] - expected_m[inside])
    assert (error_m[is_floor] < 0.02 + slope_m[is_floor]).all()


@pytest.mark.parametrize("size", [(256, 256), (320, 200)])
def test_a_point_of_the_home_is_projected_to_the_pixel_that_shows_it(env: HomePhysics, size: tuple[int, int]) -> None:
    home = env._home()
    x, y, z = middle = home.engine.pose("potato 1")[0]
    pose = CameraPose(eye=(x, y, z + 1.0), target=middle, view_deg=60.0)
    shown = np.argwhere(home.camera.shot(pose, *size).bodies == home.engine.bodies["potato 1"])
    column, row, depth_m = pose.project([middle], *size)[0]
    assert depth_m == pytest.approx(1.0)
    assert shown.mean(axis=0) + 0.5 == pytest.approx((row, column), abs=0.2)


def test_depth_is_maximal_where_nothing_is_visible(env: HomePhysics) -> None:
    images, _ = look(env, camera=((2.0, 3.0, 3.0), (2.0, 9.0, 4.0)))
    assert images["depth"].min() == FAR_M
    assert not images["segmentation"].any()


def test_the_head_moves_with_the_robot(env: HomePhysics) -> None:
    before, old_pose = env.reset(seed=0)[0], env.camera_pose()
    env.step(env.encode("go to fridge 1"))
    after, new_pose = look(env, image_size=(64, 48))[0], env.camera_pose()
    assert np.linalg.norm(np.subtract(new_pose.eye, old_pose.eye)) > 0.3
    assert not same(before["rgb"], after["rgb"])
    x, y, yaw = env._home().engine.joints("robot", (0, 1, 2))
    offset = np.subtract(new_pose.target, new_pose.eye)
    assert np.hypot(new_pose.eye[0] - x, new_pose.eye[1] - y) < 0.1
    assert np.allclose(offset[:2] / np.linalg.norm(offset[:2]), (np.cos(yaw), np.sin(yaw)), atol=1e-3)


def test_a_free_camera_stays_where_it_is(env: HomePhysics) -> None:
    _, pose = look(env, camera=ABOVE)
    env.step(env.encode("go to fridge 1"))
    assert look(env, camera=ABOVE)[1] == pose


def test_the_head_camera_sees_no_object_behind_a_wall(env: HomePhysics) -> None:
    eye, target = (2.0, 3.0, 1.5), (-3.0, 3.0, 1.5)  # at the wall at x = 0
    images, _ = look(env, camera=(eye, target))
    assert images["depth"][128, 128] == pytest.approx(2.0 - 0.05, abs=0.02)


def test_proprioception_holds_joints_speeds_gripper_opening_and_held_flag(env: HomePhysics) -> None:
    at_rest = env.reset(seed=0)[0]["proprioception"]
    assert at_rest[:3] == pytest.approx(env._home().scene.robot, abs=1e-3)
    assert np.abs(at_rest[11:22]).max() < 0.05
    assert at_rest[22] == pytest.approx(0.0, abs=0.005)
    assert at_rest[23] == 0.0
    holding = env.step(env.encode("pick up plate 1"))[0]["proprioception"]
    assert holding[23] == 1.0
    assert holding[22] > 0.005


def test_rendering_never_changes_physics() -> None:
    ends = []
    for observe in (("atoms",), ALL):
        env = make(goal="holding apple", observe=observe, image_size=(32, 32), camera="head")
        env.reset(seed=0)
        outcomes = [env.step(env.encode(text))[4]["outcome"] for text in ("open fridge 1", "pick up apple 1")]
        engine = env._home().engine
        poses = {obj.name: engine.pose(obj.name) for obj in env._home().scene.objects}
        ends.append((outcomes, poses, engine.joints("robot", range(14)).tolist(), engine.ticks))
        env.close()
    assert ends[0] == ends[1]


def test_rendering_keeps_the_walls_low_for_views_from_above(env: HomePhysics) -> None:
    before = env._home().render(64, 48, "overhead")
    look(env)
    assert same(env._home().render(64, 48, "overhead"), before)


@pytest.mark.parametrize("seed", [3, 8])
def test_a_sampled_home_is_seen_from_the_head(seed: int) -> None:
    env = make(home=sample_scene(seed), goal=None, observe=PICTURES)
    observation = env.reset(seed=0)[0]
    assert len(np.unique(observation["segmentation"])) > 4
    assert len(np.unique(observation["rgb"].reshape(-1, 3), axis=0)) > 30
    assert 0.1 < observation["depth"].min() < observation["depth"].max() <= FAR_M
    env.close()
