"""Copies of homes and engines: independent, or refused in words; a closed engine is never used again."""

from __future__ import annotations

import copy
import gc
import importlib.util
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from envs.errors import PhysicsError
from envs.simulation.disturbed_home import DisturbedHome
from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import parse_action
from envs.symbolic.state import World
from tests.envs.homes_for_tests import kitchen, state

physics = pytest.mark.skipif(importlib.util.find_spec("pybullet") is None, reason="pybullet is not installed")
COPIERS: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
}
each_copier = pytest.mark.parametrize("copier", COPIERS.values(), ids=COPIERS.keys())


@pytest.fixture(scope="module")
def built() -> Iterator[Any]:
    from envs.simulation.physical_home import PhysicalHome

    home = PhysicalHome(kitchen())
    yield home
    home.close()


@pytest.fixture
def home(built: Any) -> Any:
    built.reset()
    return built


def execute(home: Any, text: str) -> Any:
    return home.execute(parse_action(home.state().world, text))


@each_copier
def test_a_copied_symbolic_home_is_independent(copier: Callable[[Any], Any]) -> None:
    home = SymbolicHome(World(kitchen()).initial())
    other = copier(home)
    execute(other, "open fridge 1")
    assert (home.state().flags == other.state().flags) is False
    execute(home, "open fridge 1")
    assert home.state()[1:] == other.state()[1:]


def test_the_states_of_a_deeply_copied_home_can_be_compared() -> None:
    now = state(["fridge 1"])
    assert copy.deepcopy(now) == now


@each_copier
def test_a_copied_disturbed_home_is_disturbed_alike(copier: Callable[[Any], Any]) -> None:
    home = DisturbedHome(SymbolicHome(World(kitchen()).initial()), probability=0.9, seed=4)
    execute(home, "open fridge 1")
    other = copier(home)
    for text in ("pick up knife 1", "put knife 1 on dining table 1", "open cabinet 1"):
        assert execute(home, text) == execute(other, text)
    assert home.made == other.made
    assert home.state()[1:] == other.state()[1:]
    other.disturb()
    other.disturb()
    assert len(home.made) < len(other.made)


@physics
def test_a_disturbed_physical_home_is_copied_with_its_disturbances(home: Any) -> None:
    disturbed = DisturbedHome(home, probability=1.0, seed=2)
    execute(disturbed, "open fridge 1")
    other = copy.deepcopy(disturbed)
    here, there = execute(disturbed, "pick up apple 1"), execute(other, "pick up apple 1")
    assert (here.status, here.reason, disturbed.made) == (there.status, there.reason, other.made)
    assert home.state()[1:] == other.state()[1:]


@physics
@each_copier
def test_a_copied_physical_home_has_the_same_bodies_at_the_same_places(home: Any, copier: Callable[[Any], Any]) -> None:
    execute(home, "open fridge 1")
    execute(home, "pick up apple 1")
    other = copier(home)
    here, there = home.engine.snapshot(), other.engine.snapshot()
    assert list(here.motions) == list(there.motions)
    assert (here.asleep, here.parked, here.numbers, here.ticks) == (
        there.asleep, there.parked, there.numbers, there.ticks,
    )  # fmt: skip
    for name, motion in here.motions.items():
        assert np.allclose(motion.pose[0], there.motions[name].pose[0], atol=1e-9), name
        assert np.allclose(motion.pose[1], there.motions[name].pose[1], atol=1e-9), name
        assert np.allclose(motion.joints, there.motions[name].joints, atol=1e-9), name
    for setting in ("frictions", "limits", "motors", "ignored", "awake", "welds", "gears", "is_precise"):
        assert getattr(here.record, setting) == getattr(there.record, setting), setting
    assert other.state()[1:] == home.state()[1:]
    other.close()
    assert execute(home, "put apple 1 on dining table 1").status == "done"


@physics
def test_a_clone_of_a_clone_goes_on_alike(home: Any) -> None:
    clone = home.clone().clone()
    here, there = execute(home, "open cabinet 1"), execute(clone, "open cabinet 1")
    assert (here.status, here.ticks) == (there.status, there.ticks)
    assert clone.reset()[1:] == home.reset()[1:]


@physics
def test_a_home_is_not_copied_while_a_skill_is_running(home: Any) -> None:
    messages: list[str] = []

    def copy_once() -> None:
        if not messages:
            with pytest.raises(PhysicsError) as caught:
                home.clone()
            messages.append(str(caught.value))

    home.execute(parse_action(home.world, "open fridge 1"), copy_once)
    assert messages == ["a skill is running: copy the home between two actions"]
    home.clone().close()


@physics
@each_copier
def test_a_closed_home_is_neither_copied_nor_used(copier: Callable[[Any], Any]) -> None:
    from envs.simulation.physical_home import PhysicalHome

    home = PhysicalHome(kitchen())
    home.close()
    home.close()
    for call in (lambda: copier(home), lambda: copier(home.engine), home.state, home.reset, home.engine.step):
        with pytest.raises(PhysicsError, match="closed"):
            call()


@physics
def test_a_closed_engine_never_touches_the_next_one_with_its_number() -> None:
    from envs.geometry.bodies import Piece
    from envs.physics.engine import Engine

    first = Engine()
    first.close()
    second = Engine()
    assert second._p._number == first._p._number
    second.add("ball", (Piece(size=(0.1, 0.1, 0.1)),), (0.0, 0.0, 1.0), mass=1.0)
    for call in (first.step, first.clear, first.snapshot):
        with pytest.raises(PhysicsError, match="closed"):
            call()
    first.close()
    del first, call
    gc.collect()
    second.step()
    assert second.pose("ball")[0][2] < 1.0
    second.close()


@physics
def test_a_renderer_is_not_copied(home: Any) -> None:
    home.render(16, 16)
    for value in (home.scene_view, home.camera, home.scene_view.renderer):
        with pytest.raises(PhysicsError, match="a renderer cannot be copied"):
            copy.deepcopy(value)
        with pytest.raises(PhysicsError, match="a renderer cannot be copied"):
            pickle.dumps(value)


@physics
@pytest.mark.slow
def test_clones_go_on_alike_in_sampled_homes() -> None:
    from envs.scenes.scene_sampler import sample_scene
    from envs.simulation.physical_home import PhysicalHome
    from envs.symbolic.actions import applicable

    n_equal = n_skills = 0
    for seed in range(11, 16):
        home, rng = PhysicalHome(sample_scene(seed)), np.random.default_rng(seed)
        clone = home.clone()
        for _ in range(4):
            actions = [action for action in applicable(home.state()) if action.skill != "go to"]
            action = actions[int(rng.integers(len(actions)))]
            here, there = home.execute(action), clone.execute(action)
            n_skills += 1
            n_equal += (here.status, here.reason) == (there.status, there.reason) and home.state() == clone.state()
    assert n_equal >= 0.9 * n_skills
