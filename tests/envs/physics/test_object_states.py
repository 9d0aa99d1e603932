"""States that geometry does not show change by exposure: where a process acts, while it runs, after a delay."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest

from envs.symbolic.actions import parse_action
from tests.envs.homes_for_tests import is_true, liquid_of, scene

if TYPE_CHECKING:
    from envs.robot.motion_primitives import MotionPrimitives
    from envs.simulation.physical_home import PhysicalHome

pytestmark = pytest.mark.skipif(importlib.util.find_spec("pybullet") is None, reason="pybullet is not installed")

HALF_TICKS = 120  # half of the second that an exposure takes
LONG_TICKS = 480
LATE_TICKS = 120  # allowed delay: two checks


@pytest.fixture(scope="module")
def built() -> Iterator[PhysicalHome]:
    from envs.simulation.physical_home import PhysicalHome

    home = PhysicalHome(
        scene(
            ["sink 1", "microwave 1", "countertop 1", "fridge 1", "desk 1", "stove burner 1", "plant 1"],
            {
                "plate 1: dirty": "countertop 1", "mug 1: dirty": "countertop 1", "bowl 1": "desk 1",
                "spoon 1: dirty": "bowl 1", "pot 1": "desk 1", "milk 1: cold": "fridge 1",
                "cup 1: hot of tea": "desk 1",
            },
        )
    )  # fmt: skip
    yield home
    home.close()


@pytest.fixture
def home(built: PhysicalHome) -> PhysicalHome:
    built.engine.step()  # forces the reset to rebuild the home, whatever the previous test moved
    built.reset()
    return built


def run(home: PhysicalHome, *texts: str) -> None:
    for text in texts:
        outcome = home.execute(parse_action(home.world, text))
        assert outcome.status == "done", f"{text}: {outcome.reason}"


def lay(home: PhysicalHome, object_name: str, place: str) -> None:
    """Put an object into the middle of a place, without the robot."""
    area = home.queries.region(place)
    position = area.point(0.0, 0.0, home.queries.objects[object_name].size[2] / 2 + 0.003)
    home.engine.place(object_name, position.tolist(), (0.0, 0.0, 0.0, 1.0))
    home.engine.wake(object_name)
    home.queries.forget()


def open_by(home: PhysicalHome, fixture: str, share: float) -> None:
    """Set a door to a fraction of its range, without the robot."""
    home.engine.set_joint(fixture, 0, share * home.queries.furniture[fixture].leaves[0].opened)
    home.queries.forget()


def wait(home: PhysicalHome, ticks: int = LONG_TICKS) -> None:
    home.motion.robot.wait(ticks)


def has(home: PhysicalHome, name: str, word: str) -> bool:
    return is_true(home.state(), name, word)


# Water


def test_a_dirty_plate_that_the_robot_puts_into_a_running_sink_is_clean(home):
    run(home, "turn on sink 1", "pick up plate 1")
    assert has(home, "plate 1", "dirty")
    run(home, "put plate 1 in sink 1")
    assert not has(home, "plate 1", "dirty")


def test_washing_takes_a_second(home):
    lay(home, "plate 1", "sink 1")
    home.object_states.on_switched("sink 1")
    wait(home, HALF_TICKS)
    assert has(home, "plate 1", "dirty")
    wait(home, HALF_TICKS + LATE_TICKS)
    assert not has(home, "plate 1", "dirty")


def test_a_sink_that_is_off_washes_nothing(home):
    lay(home, "plate 1", "sink 1")
    wait(home)
    assert has(home, "plate 1", "dirty")


def test_an_interrupted_wash_restarts(home):
    initial_pose, _ = home.engine.pose("plate 1")
    home.object_states.on_switched("sink 1")
    for _ in range(4):  # two seconds in total
        lay(home, "plate 1", "sink 1")
        wait(home, HALF_TICKS)
        home.engine.place("plate 1", initial_pose, (0.0, 0.0, 0.0, 1.0))
        wait(home, HALF_TICKS)
    assert has(home, "plate 1", "dirty")


def test_a_plate_held_in_the_running_sink_stays_dirty(home, monkeypatch):
    from envs.robot.motion_primitives import SkillError
    from envs.skills import place

    holders = []

    def hold_on(motion: MotionPrimitives) -> None:
        motion.robot.wait(LONG_TICKS)
        holders.append(motion.queries.root("plate 1"))
        raise SkillError("was held there")

    monkeypatch.setattr(place, "release", hold_on)
    run(home, "turn on sink 1", "pick up plate 1")
    outcome = home.execute(parse_action(home.world, "put plate 1 in sink 1"))
    assert (outcome.status, outcome.reason) == ("failed", "was held there")
    assert holders == ["sink 1"]  # it was under the water
    assert has(home, "plate 1", "dirty")


def test_objects_beside_the_running_sink_stay_dirty_and_empty(home):
    home.object_states.on_switched("sink 1")
    wait(home)
    assert has(home, "mug 1", "dirty")
    assert liquid_of(home.state(), "mug 1") == ""


@pytest.mark.parametrize("above_m", [0.3, 1.0])
def test_water_reaches_objects_in_the_basin_not_above_it(home, above_m):
    spec = home.queries.specs["sink 1"]
    home.object_states.on_switched("sink 1")
    home.engine.place("plate 1", (spec.x, spec.y, 0.9 + 0.5 + above_m), (0.0, 0.0, 0.0, 1.0))
    home.queries.forget()
    assert not home.object_states.pending(None)


def test_vessels_are_filled_in_the_running_sink(home):
    lay(home, "mug 1", "sink 1")
    home.object_states.on_switched("sink 1")
    wait(home)
    assert liquid_of(home.state(), "mug 1") == "water"
    assert not has(home, "mug 1", "dirty")


def test_a_full_vessel_keeps_its_liquid(home):
    lay(home, "cup 1", "sink 1")
    home.object_states.on_switched("sink 1")
    wait(home)
    assert liquid_of(home.state(), "cup 1") == "tea"


def test_the_contents_of_a_bowl_in_the_sink_are_washed_with_it(home):
    lay(home, "bowl 1", "sink 1")
    lay(home, "spoon 1", "bowl 1")
    home.object_states.on_switched("sink 1")
    wait(home)
    assert "sink 1" in home.queries.holders("spoon 1")
    assert not has(home, "spoon 1", "dirty")


# Heat and cold


def test_a_mug_in_a_microwave_that_is_off_stays_cold_until_it_is_turned_on(home):
    run(home, "open microwave 1", "pick up mug 1", "put mug 1 in microwave 1", "close microwave 1")
    wait(home)
    assert not has(home, "mug 1", "hot")
    run(home, "turn on microwave 1")
    assert has(home, "mug 1", "hot")
    assert not has(home, "plate 1", "hot")  # outside


def test_a_microwave_heats_behind_a_closed_door_only(home):
    open_by(home, "microwave 1", 1.0)
    lay(home, "mug 1", "microwave 1")
    home.object_states.on_switched("microwave 1")
    wait(home)
    assert has(home, "microwave 1", "on")
    assert not has(home, "mug 1", "hot")
    open_by(home, "microwave 1", 0.0)
    wait(home)
    assert has(home, "mug 1", "hot")


def test_heating_stops_when_the_microwave_is_turned_off(home):
    lay(home, "mug 1", "microwave 1")
    home.object_states.on_switched("microwave 1")
    wait(home, HALF_TICKS)
    home.object_states.on_switched("microwave 1")
    wait(home)
    assert not has(home, "mug 1", "hot")


@pytest.mark.parametrize(("share", "cold"), [(0.0, True), (0.2, True), (0.7, False)])
def test_a_fridge_chills_while_its_door_is_closed_or_ajar(home, share, cold):
    lay(home, "mug 1", "fridge 1")
    open_by(home, "fridge 1", share)
    wait(home)
    assert home.queries.root("mug 1") == "fridge 1"
    assert has(home, "mug 1", "cold") == cold


def test_a_heated_object_is_no_longer_cold(home):
    lay(home, "milk 1", "microwave 1")
    home.object_states.on_switched("microwave 1")
    wait(home)
    assert has(home, "milk 1", "hot")
    assert not has(home, "milk 1", "cold")


def test_the_burner_heats_the_pot_on_it_and_not_the_one_on_the_desk(home):
    home.object_states.on_switched("stove burner 1")
    wait(home)
    assert not has(home, "pot 1", "hot")
    lay(home, "pot 1", "stove burner 1")
    wait(home)
    assert has(home, "pot 1", "hot")


# Immediate effects of skills


def test_the_first_press_turns_on_and_the_second_turns_off(home):
    on = []
    for _ in range(3):
        home.object_states.on_switched("sink 1")
        on.append(has(home, "sink 1", "on"))
    assert on == [True, False, True]


def test_a_poured_liquid_keeps_its_temperature_and_leaves_the_vessel(home):
    home.object_states.on_poured("cup 1", "mug 1")
    state = home.state()
    assert (liquid_of(state, "mug 1"), liquid_of(state, "cup 1")) == ("tea", "")
    assert is_true(state, "mug 1", "hot")


def test_a_carton_is_not_emptied_by_pouring(home):
    home.object_states.on_poured("milk 1", "mug 1")
    state = home.state()
    assert (liquid_of(state, "mug 1"), liquid_of(state, "milk 1")) == ("milk", "milk")
    assert is_true(state, "mug 1", "cold")


def test_water_on_a_plant_waters_it(home):
    home.object_states.on_poured("cup 1", "plant 1")
    assert has(home, "plant 1", "watered")


def test_no_process_is_pending_after_every_object_has_changed(home):
    lay(home, "plate 1", "sink 1")
    assert not home.object_states.pending(None)
    home.object_states.on_switched("sink 1")
    assert home.object_states.pending(None)
    assert not home.object_states.pending("plate 1")  # a held object is at no place
    wait(home)
    assert not home.object_states.pending(None)


def test_a_new_episode_starts_with_the_states_of_the_scene(home):
    first = home.state()
    lay(home, "mug 1", "sink 1")
    home.object_states.on_switched("sink 1")
    wait(home)
    assert home.state() != first
    assert home.reset() == first


# Places of objects


def on_desk(home: PhysicalHome, x: float, y: float, z: float = 0.053) -> str | None:
    """Return what holds a mug at a point of the desk's frame, relative to the center of its top."""
    spec = home.queries.specs["desk 1"]
    at = home.queries.point_of("desk 1", (x, y, home.queries.domain.fixtures[spec.category].size[2] + z))
    home.engine.place("mug 1", at.tolist(), (0.0, 0.0, 0.0, 1.0))
    home.queries.forget()
    return home.queries.holder("mug 1")


@pytest.mark.parametrize(("x", "y"), [(0.315, 0.0), (-0.315, 0.0), (0.0, 0.59), (0.0, -0.59), (0.315, 0.59)])
def test_an_object_on_the_edge_of_a_desk_is_on_the_desk(home, x, y):
    depth, width, _ = home.queries.region("desk 1").size
    assert abs(x) > depth / 2 + 0.03 or abs(y) > width / 2 + 0.03  # beside the region
    assert on_desk(home, x, y) == "desk 1"


@pytest.mark.parametrize(("x", "y"), [(0.34, 0.0), (0.0, 0.62)])
def test_an_object_beside_a_desk_is_not_on_it(home, x, y):
    assert on_desk(home, x, y) is None


@pytest.mark.parametrize("z", [-0.3, 0.9])
def test_an_object_far_below_or_above_a_desk_is_not_on_it(home, z):
    assert on_desk(home, 0.315, 0.0, z) is None


def test_holders_lists_the_chain_from_the_container_to_the_fixture(home):
    assert home.queries.holders("spoon 1") == ["bowl 1", "desk 1"]
    assert home.queries.contents("bowl 1") == ["spoon 1"]
    assert np.isfinite(home.queries.pose("spoon 1")[0]).all()
