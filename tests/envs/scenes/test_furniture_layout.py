"""Floor plans and the layout of fixtures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from envs.errors import HomeError
from envs.scenes.floor_plan import disconnected, shared_wall
from envs.scenes.furniture_layout import BESIDE_M, FixedGeometry, footprint, lay_out
from envs.scenes.occupancy_grid import fixtures_without_access, floor_grid, standing_points
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.domain import load_domain
from envs.symbolic.scene import FixtureSpec, Room, Scene

SEEDS = range(60)


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [sample_scene(seed, rooms=1 + seed % 8) for seed in SEEDS]


def kitchen(*fixtures: FixtureSpec, side: float = 5.0) -> Scene:
    room = Room(name="kitchen", kind="kitchen", rect=(0.0, 0.0, side, side))
    return Scene(
        name="one room",
        seed=0,
        rooms=(room,),
        doorways=(),
        fixtures=fixtures,
        objects=(),
        robot=(side / 2, side / 2, 0.0),
    )


def fixture(name: str, x: float = 0.0, y: float = 0.0, yaw: float = 0.0) -> FixtureSpec:
    return FixtureSpec(name=name, category=name.rpartition(" ")[0], room="kitchen", x=x, y=y, yaw=yaw)


def gap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    return max(a[0] - b[2], b[0] - a[2], a[1] - b[3], b[1] - a[3])


def test_every_fixture_of_sampled_homes_is_reachable(scenes: list[Scene]) -> None:
    assert [fixtures_without_access(scene) for scene in scenes] == [[]] * len(scenes)


def test_the_middle_in_front_of_every_fixture_is_free(scenes: list[Scene]) -> None:
    for scene in scenes:
        grid = floor_grid(scene)
        # A point's cell may be off by half a cell: one of the three middle points is enough.
        assert all(any(grid.area_at(*p) for p in standing_points(f, scene.domain)[:3]) for f in scene.fixtures)


def test_fixtures_keep_their_distance(scenes: list[Scene]) -> None:
    for scene in scenes:
        boxes = [(f.room, footprint(f, scene.domain)) for f in scene.fixtures]
        near = [gap(a, b) for i, (r, a) in enumerate(boxes) for s, b in boxes[:i] if r == s]
        assert min(near, default=1.0) > BESIDE_M - 0.005


def test_fixtures_stand_inside_their_rooms(scenes: list[Scene]) -> None:
    for scene in scenes:
        rects = {room.name: room.rect for room in scene.rooms}
        for each in scene.fixtures:
            box, rect = footprint(each, scene.domain), rects[each.room]
            assert rect[0] < box[0] and rect[1] < box[1] and box[2] < rect[2] and box[3] < rect[3]


def test_rooms_do_not_overlap(scenes: list[Scene]) -> None:
    for scene in scenes:
        assert all(gap(a.rect, b.rect) > -1e-6 for i, a in enumerate(scene.rooms) for b in scene.rooms[:i])


def test_doorways_join_all_rooms(scenes: list[Scene]) -> None:
    assert [disconnected(scene.rooms, scene.doorways) for scene in scenes] == [[]] * len(scenes)


def test_doorways_are_at_least_1_1_m_wide_and_in_a_shared_wall(scenes: list[Scene]) -> None:
    for scene in scenes:
        for doorway in scene.doorways:
            assert doorway.width >= 1.1
            walls = [shared_wall(a.rect, b.rect) for i, a in enumerate(scene.rooms) for b in scene.rooms[:i]]
            at, along = (doorway.y, doorway.x) if doorway.along == "x" else (doorway.x, doorway.y)
            half = doorway.width / 2
            assert any(
                w and w[0] == doorway.along and abs(w[1] - at) < 0.011 and w[2] < along - half and along + half < w[3]
                for w in walls
            )


def test_nothing_stands_in_a_doorway(scenes: list[Scene]) -> None:
    for scene in scenes:
        for doorway in scene.doorways:
            dx, dy = (doorway.width / 2, 1.0) if doorway.along == "x" else (1.0, doorway.width / 2)
            free = (doorway.x - dx, doorway.y - dy, doorway.x + dx, doorway.y + dy)
            assert all(gap(footprint(f, scene.domain), free) >= 0 for f in scene.fixtures)


def test_the_robot_starts_on_free_floor(scenes: list[Scene]) -> None:
    assert all(floor_grid(scene).area_at(scene.robot[0], scene.robot[1]) for scene in scenes)


def test_a_room_grows_until_its_furniture_fits() -> None:
    few, many = (sample_scene(3, rooms=1, need_fixtures={"countertop": n}) for n in (1, 12))
    assert sum(f.category == "countertop" for f in many.fixtures) == 12
    assert many.rooms[0].rect[2] * many.rooms[0].rect[3] > few.rooms[0].rect[2] * few.rooms[0].rect[3]


def test_given_geometry_is_not_moved() -> None:
    pinned = fixture("fridge 1", 2.0, 0.5, np.pi / 2)
    fixed = FixedGeometry(rooms=True, fixtures=frozenset({"fridge 1"}))
    layout = lay_out(kitchen(pinned, fixture("sink 1")), np.random.default_rng(0), fixed)
    assert layout.fixtures[0] == pinned
    assert layout.rooms[0].rect == (0.0, 0.0, 5.0, 5.0)


def test_a_floor_is_no_obstacle() -> None:
    flat = fixture("floor 1", 2.5, 2.5)
    bare, with_floor = floor_grid(kitchen()), floor_grid(kitchen(flat))
    assert np.array_equal(bare.free, with_floor.free)
    assert not fixtures_without_access(kitchen(flat))


def test_a_given_room_that_is_too_small_is_an_error() -> None:
    crowd = [fixture(f"countertop {i}") for i in range(1, 9)]
    with pytest.raises(HomeError, match=r"countertop \d: no place in the kitchen"):
        lay_out(kitchen(*crowd, side=3.0), np.random.default_rng(0), FixedGeometry(rooms=True))


def test_a_fixture_facing_a_wall_is_unreachable() -> None:
    assert fixtures_without_access(kitchen(fixture("fridge 1", 0.4, 2.5, np.pi))) == ["fridge 1"]


def test_a_fixture_behind_a_barrier_is_unreachable() -> None:
    barrier = [fixture(f"countertop {i}", 3.0, 0.7 + 1.4 * i, 0.0) for i in range(4)]
    assert "sink 1" in fixtures_without_access(kitchen(*barrier, fixture("sink 1", 4.6, 2.5, np.pi)))


def test_a_turned_fixture_blocks_its_own_outline() -> None:
    size = load_domain().fixtures["countertop"].size
    scene = kitchen(fixture("countertop 1", 2.5, 2.5, np.pi / 4), side=6.0)
    grid, corner = floor_grid(scene, clearance_m=0.0), (size[1] / 2 - 0.1) / np.sqrt(2)
    assert not grid.area_at(2.5 - corner, 2.5 + corner)
    assert grid.area_at(2.5 + corner, 2.5 + corner)


def test_the_grid_does_not_depend_on_the_origin() -> None:
    scene = sample_scene(5)
    moved = replace(
        scene,
        rooms=tuple(replace(r, rect=tuple(v + 10 for v in r.rect)) for r in scene.rooms),  # type: ignore[arg-type]
        doorways=tuple(replace(d, x=d.x + 10, y=d.y + 10) for d in scene.doorways),
        fixtures=tuple(replace(f, x=f.x + 10, y=f.y + 10) for f in scene.fixtures),
    )
    differing = np.count_nonzero(floor_grid(scene).free != floor_grid(moved).free)
    assert differing < 0.01 * floor_grid(scene).free.size  # rounding at the edges
