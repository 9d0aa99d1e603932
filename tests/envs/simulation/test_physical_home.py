"""The physical home: the robot's actions, states read from physics, and agreement with the symbolic world."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import numpy as np
import pytest

from envs.symbolic.actions import State, apply, parse_action
from tests.envs.homes_for_tests import scene

pytestmark = pytest.mark.skipif(importlib.util.find_spec("pybullet") is None, reason="pybullet is not installed")

FIXTURES = (
    "countertop 1", "cabinet 1: open", "drawer 1", "fridge 1", "microwave 1", "sink 1", "oven 1", "dining table 1",
    "garbage can 1", "side table 1",
)  # fmt: skip
OBJECTS = {
    "mug 1": "countertop 1", "plate 1: dirty": "cabinet 1", "spoon 1": "drawer 1", "apple 1": "fridge 1",
    "potato 1": "countertop 1", "knife 1": "dining table 1", "bowl 1": "dining table 1", "egg 1": "bowl 1",
    "milk 1": "fridge 1", "cloth 1": "countertop 1", "basketball 1": "side table 1",
}  # fmt: skip


@pytest.fixture(scope="module")
def built() -> Iterator[object]:
    from envs.simulation.physical_home import PhysicalHome

    home = PhysicalHome(scene(FIXTURES, OBJECTS))
    yield home
    home.close()


@pytest.fixture
def home(built):
    built.reset()
    return built


def run(home, *texts: str) -> State:
    """Execute a plan in both worlds, which must agree after every subtask."""
    state = home.state()
    for text in texts:
        action = parse_action(home.world, text)
        expected = apply(state, action)
        outcome = home.execute(action)
        assert outcome.status == "done", f"{text}: {outcome.reason}"
        state = home.state()
        assert state.without_distances() == expected.without_distances(), text
    return state


def test_the_initial_state_matches_the_scene(home):
    assert home.state().without_distances() == home.world.initial()


PLANS = {
    "a surface": ("pick up mug 1", "put mug 1 on dining table 1"),
    "a cabinet": ("pick up plate 1", "put plate 1 on dining table 1", "pick up plate 1", "put plate 1 in cabinet 1"),
    "a drawer": ("open drawer 1", "pick up spoon 1", "put spoon 1 on countertop 1", "close drawer 1"),
    "a fridge": ("open fridge 1", "pick up apple 1", "put apple 1 on countertop 1", "close fridge 1"),
    "a microwave": ("open microwave 1", "pick up mug 1", "put mug 1 in microwave 1", "close microwave 1",
                    "turn on microwave 1", "turn off microwave 1"),
    "a sink": ("pick up plate 1", "put plate 1 in sink 1", "turn on sink 1", "turn off sink 1", "pick up plate 1"),
    "an oven": ("open oven 1", "close oven 1"),
    "a bin": ("pick up potato 1", "put potato 1 in garbage can 1"),
    "a bowl": ("pick up bowl 1", "put bowl 1 on countertop 1", "pick up egg 1", "put egg 1 on dining table 1"),
    "a knife": ("pick up knife 1", "slice potato 1", "put knife 1 on countertop 1"),
    "milk": ("open fridge 1", "pick up milk 1", "pour milk 1 into mug 1", "put milk 1 in fridge 1", "close fridge 1"),
    "a cloth": ("fold cloth 1", "pick up cloth 1", "wipe dining table 1"),
}  # fmt: skip


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS.keys())
def test_both_worlds_agree_on_plans_with(home, plan):
    run(home, *plan)


def test_the_contents_of_a_carried_bowl_move_with_it(home):
    state = run(home, "pick up bowl 1", "put bowl 1 on countertop 1")
    world = home.world
    assert state.place[world.index["egg 1"]] == world.index["bowl 1"]


def test_an_object_behind_a_closed_door_cannot_be_picked_up(home):
    outcome = home.execute(parse_action(home.world, "pick up apple 1"))
    assert (outcome.status, outcome.reason, outcome.ticks) == ("failed", "fridge 1 is closed", 0)


def test_no_room_is_reported_before_the_robot_moves(home):
    run(home, "pick up basketball 1")
    outcome = home.execute(parse_action(home.world, "put basketball 1 in microwave 1"))
    assert outcome.status == "failed"
    assert outcome.ticks == 0


def test_a_failed_skill_leaves_a_world_in_which_the_next_succeeds(home, monkeypatch):

    with monkeypatch.context() as patch:
        patch.setattr(home.engine, "gap", lambda *_: 1.0)
        outcome = home.execute(parse_action(home.world, "pick up mug 1"))
        assert outcome.status == "failed"
        assert outcome.reason == "mug 1 slipped"
    run(home, "pick up mug 1", "put mug 1 on dining table 1")


def test_a_plan_replays_bit_for_bit(home):
    def poses() -> list[object]:
        home.reset()
        run(home, "open fridge 1", "pick up apple 1", "put apple 1 in bowl 1")
        return [home.engine.pose(o.name) for o in home.scene.objects] + [home.engine.ticks]

    assert poses() == poses()


def test_a_rebuilt_home_replays_bit_for_bit(home):
    from envs.simulation.physical_home import PhysicalHome

    ends = []
    for _ in range(2):
        other = PhysicalHome(home.scene)
        outcome = other.execute(parse_action(other.world, "pick up mug 1"))
        ends.append((outcome, [other.engine.pose(o.name) for o in home.scene.objects]))
        other.close()
    assert ends[0] == ends[1]


@pytest.mark.parametrize("view", ["overhead", "room", "robot"])
def test_every_view_shows_something(home, view):
    frame = home.render(160, 120, view)
    assert frame.shape == (120, 160, 3)
    assert frame.dtype == np.uint8
    assert frame.std() > 5


def test_rendering_does_not_change_the_simulation(home):
    run(home, "pick up mug 1")
    plain = home.engine.pose("mug 1")
    home.reset()
    action = parse_action(home.world, "pick up mug 1")
    count = [0]

    def draw() -> None:
        count[0] += 1
        if count[0] % 100 == 0:
            home.render(64, 48)

    home.execute(action, on_tick=draw)
    assert home.engine.pose("mug 1") == plain


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(900, 904))
def test_random_plans_in_sampled_homes_mostly_succeed(seed):
    from envs.scenes.scene_sampler import sample_scene
    from envs.simulation.physical_home import PhysicalHome
    from envs.symbolic.actions import applicable

    home = PhysicalHome(sample_scene(seed))
    rng = np.random.default_rng(seed)
    n_done = 0
    for _ in range(20):
        actions = applicable(home.state())
        skills = sorted({a.skill for a in actions} - {"go to"})
        skill = skills[int(rng.integers(len(skills)))]
        choice = [a for a in actions if a.skill == skill]
        n_done += home.execute(choice[int(rng.integers(len(choice)))]).status == "done"
    home.close()
    assert n_done >= 17


# Floors

FLOOR_OBJECTS = {
    "sock 1": "floor 1", "book 1": "floor 1", "ball 1": "floor 1", "toy block 1": "floor 1", "backpack 1": "floor 1",
    "magazine 1": "floor 1", "mug 1": "desk 1",
}  # fmt: skip


@pytest.fixture(scope="module")
def strewn() -> Iterator[object]:
    from envs.scenes.furniture_layout import FixedGeometry, lay_out
    from envs.simulation.physical_home import PhysicalHome

    bare = scene(["desk 1", "laundry basket 1", "side table 1", "floor 1"], FLOOR_OBJECTS)
    home = PhysicalHome(lay_out(bare, np.random.default_rng(0), FixedGeometry(rooms=True)))
    yield home
    home.close()


@pytest.fixture
def untidy(strewn):
    strewn.reset()
    return strewn


def test_objects_lie_on_the_floor(untidy):
    assert untidy.state().without_distances() == untidy.world.initial()


@pytest.mark.parametrize("name", ["sock 1", "book 1", "ball 1", "toy block 1", "backpack 1", "magazine 1"])
def test_objects_are_picked_up_from_the_floor_and_put_back(untidy, name):
    run(untidy, "go to floor 1", f"pick up {name}", f"put {name} on floor 1")


def test_a_floor_can_be_cleared(untidy):
    run(untidy, "pick up sock 1", "put sock 1 in laundry basket 1", "pick up mug 1", "put mug 1 on floor 1",
        "pick up book 1", "put book 1 on desk 1")  # fmt: skip


def test_a_floor_is_no_obstacle_but_objects_on_it_are(untidy):
    motion, spec = untidy.motion, untidy.queries.specs["floor 1"]
    motion.refresh_floor()
    at, _ = untidy.queries.pose("backpack 1")
    assert not motion.floor.is_free(at[:2])
    motion.floor.update([])
    assert motion.floor.is_free(np.array([spec.x, spec.y]))
    flat, _ = untidy.queries.pose("magazine 1")
    tall = {(round(x, 3), round(y, 3)) for x, y, *_ in untidy.queries.object_footprints()}
    assert (round(float(flat[0]), 3), round(float(flat[1]), 3)) not in tall  # the base drives over it
    untidy.motion.in_the_way = ([], [])


def test_an_object_that_falls_beside_the_rug_lies_on_the_floor_of_its_room(untidy):
    from envs.skills.place import release

    run(untidy, "pick up mug 1", "go to side table 1")
    release(untidy.motion)
    untidy.motion.tuck()
    untidy.motion.robot.wait(120)
    state = untidy.state()
    assert untidy.world.names[state.place[untidy.world.index["mug 1"]]] == "floor 1"
    region = untidy.queries.region("floor 1")
    assert abs(region.local(untidy.queries.pose("mug 1")[0])[:2]).max() > region.size[0] / 2
    untidy.motion.robot.enable_collisions(["mug 1"])
    run(untidy, "pick up mug 1", "put mug 1 on desk 1")


def test_the_clock_counts_ticks_and_skips_what_is_left_of_a_long_wait() -> None:
    from envs.simulation.physical_home import MAX_WAIT_TICKS, PhysicalHome

    home = PhysicalHome(scene(["countertop 1", "fridge 1"], {"apple 1": "countertop 1"}), start_time="06:50")
    start_s = home.time_s
    outcome = home.execute(parse_action(home.world, "pick up apple 1"))
    assert start_s == 24_600 and home.time_s == pytest.approx(start_s + outcome.ticks / 240)
    before = home.engine.ticks
    home.wait(8 * 3600)
    assert home.time_s == pytest.approx(start_s + outcome.duration_s + 8 * 3600)
    assert home.engine.ticks - before == MAX_WAIT_TICKS and home.state().held >= 0
    home.reset()
    assert home.time_s == start_s
    home.close()
