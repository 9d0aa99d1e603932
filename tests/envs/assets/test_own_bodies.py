"""Bodies of kinds that are not built in: like a known kind, of any shape and size, or from a mesh file."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from envs.assets.collision_shapes import hulls, inner_floor_height, is_hollow, rims
from envs.assets.furniture.fixture_models import furniture
from envs.assets.furniture.small_sizes import enlargement
from envs.assets.likeness import likeness
from envs.assets.object_models import appearance
from envs.errors import DomainError
from envs.skills.grasps import MAX_WIDTH_M
from envs.symbolic.described_kinds import fixture_of
from envs.symbolic.domain import FixtureCategory, ObjectCategory, Region, Vec3, load_domain, mass_of
from envs.symbolic.kinds.furniture import scaled_space
from envs.symbolic.scene import FixtureSpec

DOMAIN = load_domain()
SHAPES = {category.shape: category for category in DOMAIN.objects.values()}
BODIES = {f.body: f for f in DOMAIN.fixtures.values() if f.body not in ("person", "floor", "room")}
SIDES_M = (0.01, 0.05, 0.3, 1.0)


def own(name: str, **changes: object) -> ObjectCategory:
    return replace(DOMAIN.objects[name], **{"name": "own", "like": name} | changes)


# Like a known kind


def test_a_kind_looks_like_what_it_is_like() -> None:
    assert appearance(own("kettle")).vertices == appearance(DOMAIN.objects["kettle"]).vertices
    assert likeness(own("kettle", shape="box")) == ""
    assert likeness(replace(DOMAIN.fixtures["toaster"], name="waffle iron", like="toaster")) == "toaster"
    assert likeness(replace(DOMAIN.fixtures["toaster"], name="waffle iron", like="toaster", body="table")) == ""


def test_a_kind_of_another_domain_does_not_look_like_its_namesake_of_another_shape() -> None:
    assert likeness(replace(DOMAIN.objects["ring"], shape="can")) == ""


@pytest.mark.parametrize("factor", [0.2, 0.5, 1.0, 2.0, 4.0])
def test_a_model_fills_the_size_of_its_kind(factor: float) -> None:
    x, y, z = DOMAIN.objects["bowl"].size
    size = (factor * x, factor * y, factor * z)
    assert np.ptp(np.array(appearance(own("bowl", size=size)).vertices), axis=0) == pytest.approx(size, rel=0.05)


# By shape and size


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_has_a_body_in_every_size(shape: str) -> None:
    for size, relation in product(product(SIDES_M, repeat=3), (None, "on", "in")):
        x, y, _ = size
        holds = Region(z=0.0, size=(0.8 * x, 0.8 * y, 0.3)) if relation else None
        category = replace(SHAPES[shape], name="own", size=size, relation=relation, holds=holds)
        pieces = hulls(category)
        assert all(min(piece.size) > 0 for piece in pieces)
        assert all(rim.thick > 0 and rim.deep > 0 for rim in rims(category))
        reach = [np.abs(np.array(p.at)) + np.array(p.size) / 2 for p in pieces if not p.turn[2]]
        assert (np.max(reach, axis=0) <= np.array(size) / 2 + 1e-9).all()
        assert appearance(category).faces


@pytest.mark.parametrize("shape", SHAPES)
def test_what_holds_things_inside_is_hollow_whatever_its_shape(shape: str) -> None:
    holds = Region(z=0.0, size=(0.16, 0.16, 0.3))
    category = replace(SHAPES[shape], name="own", size=(0.2, 0.2, 0.2), relation="in", holds=holds)
    assert is_hollow(category)
    above_floor = inner_floor_height(category) + 0.001
    for piece in hulls(category):
        low, high = np.array(piece.at) - np.array(piece.size) / 2, np.array(piece.at) + np.array(piece.size) / 2
        assert not (np.abs([low[:2], high[:2]]).min() < 0.08 and high[2] > above_floor and low[2] < above_floor) or (
            np.abs(piece.at[:2]).max() > 0.08
        )


def test_what_holds_things_on_it_carries_them_on_its_top() -> None:
    stool = replace(SHAPES["box"], name="stool", size=(0.3, 0.3, 0.2), relation="on", holds=Region(z=0, size=(1, 1, 1)))
    assert inner_floor_height(stool) == pytest.approx(0.1)


def test_the_rims_of_an_oval_platter_are_at_its_edge() -> None:
    platter = replace(SHAPES["plate"], name="platter", size=(0.34, 0.20, 0.025))
    assert sorted({(round(abs(r.x), 3), round(abs(r.y), 3)) for r in rims(platter)}) == [(0.0, 0.096), (0.166, 0.0)]


def test_a_shape_that_nobody_can_build_is_an_error() -> None:
    with pytest.raises(DomainError, match=r"objects.own: no shape 'bowel'; did you mean 'bowl'"):
        appearance(own("bowl", shape="bowel"))


def test_a_mass_is_that_of_the_kind_or_suits_the_size() -> None:
    assert mass_of(own("mug", mass_kg=3.5)) == 3.5
    assert mass_of(own("mug", size=(0.1, 0.1, 0.1))) == pytest.approx(0.5)
    assert DOMAIN.mass_kg("mug") == mass_of(DOMAIN.objects["mug"])


# Furniture


@pytest.mark.parametrize("body", BODIES)
def test_every_body_of_furniture_can_be_built_in_every_size(body: str) -> None:
    example = BODIES[body]
    for size in product((0.1, 0.6, 2.5), (0.1, 0.8, 2.5), (0.1, 0.7, 2.0)):
        ratio = [new / old for new, old in zip(size, example.size, strict=True)]
        region = example.region
        if region is not None:
            x, y, z = (r * s for r, s in zip(ratio, region.size, strict=True))
            region = Region(z=region.z * ratio[2], size=(x, y, z), x=region.x * ratio[0])
        model = furniture(replace(example, name="own", like=example.name, size=size, region=region))
        pieces = [*model.pieces, *(piece for leaf in model.leaves for piece in leaf.pieces)]
        assert all(min(piece.size) > 0 for piece in pieces if piece.kind != "mesh")
        assert bool(model.leaves) == (example.joint is not None)
        assert not example.switch or (model.switch is not None and 0 < model.switch[2] <= size[2] + 0.1)


@pytest.mark.parametrize(
    ("name", "size", "region"),
    [
        ("wardrobe", (0.5, 0.6, 0.9), Region(z=0.3375, size=(0.431, 0.5467, 0.4781))),  # ends below its top
        ("dining table", (0.9, 1.5, 0.4), Region(z=0.4, size=(0.8, 1.4, 0.6))),  # open above, as high as ever
        ("dining table", (2.0, 1.5, 0.74), Region(z=0.74, size=(0.7, 1.4, 0.6), x=0.5389)),  # the front of it
        ("garbage can", (0.4, 0.44, 0.9), Region(z=0.64, size=(0.34, 0.38, 0.6))),  # walls no higher than ever
    ],
)
def test_the_space_of_furniture_in_another_size_can_be_reached(name: str, size: Vec3, region: Region) -> None:
    kind = DOMAIN.fixtures[name]
    assert scaled_space(kind.region, kind.size, size) == region


def test_no_built_in_furniture_is_too_small_for_its_parts() -> None:
    for name, words in product(DOMAIN.fixtures, ((), ("small",), ("big",))):
        spec = FixtureSpec(name=name, category=name, room="", x=0, y=0, yaw=0, properties=words)
        assert enlargement(fixture_of(spec, DOMAIN)) == 1.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"body": "tabel"}, "no body 'tabel'; did you mean 'table'"),
        ({"body": "table", "joint": "hinge"}, "the body 'table' has no joint, not hinge"),
        ({"body": "drawers", "joint": None}, "the body 'drawers' has a slide, not None"),
        ({"body": "bin", "region": None}, "the body 'bin' is made around a region"),
    ],
)
def test_furniture_whose_body_does_not_fit_is_an_error(changes: dict[str, object], message: str) -> None:
    with pytest.raises(DomainError, match=message):
        furniture(FixtureCategory(**{"name": "own", "size": (0.5, 0.5, 0.5), "rooms": (), "region": None} | changes))


# Mesh files


@pytest.fixture(scope="module")
def meshes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ObjectCategory]:
    pytest.importorskip("trimesh")
    pytest.importorskip("coacd")
    from envs.scenes.home_file import load_home
    from tests.envs.own_meshes import write_own_kinds

    home = load_home(write_own_kinds(tmp_path_factory.mktemp("meshes")), geometry=False)
    return {name: category for name, category in home.domain.objects.items() if category.mesh is not None}


NAMES = ("chew ring", "party hat", "bracket", "beaker", "cutting board", "pill tube", "garden rabbit", "chess rook")
each_mesh = pytest.mark.parametrize("name", NAMES)


def test_every_mesh_kind_is_read(meshes: dict[str, ObjectCategory]) -> None:
    assert tuple(meshes) == NAMES


@each_mesh
def test_the_pieces_of_a_mesh_fill_its_size(name: str, meshes: dict[str, ObjectCategory]) -> None:
    category = meshes[name]
    low = np.min([np.array(p.at) - np.array(p.size) / 2 for p in hulls(category)], axis=0)
    high = np.max([np.array(p.at) + np.array(p.size) / 2 for p in hulls(category)], axis=0)
    assert high - low == pytest.approx(category.size, abs=0.0025)
    assert len(hulls(category)) <= 25
    assert all(len(p.mesh.vertices) <= 40 for p in hulls(category) if p.mesh is not None)


@each_mesh
def test_a_drawn_mesh_fills_its_size_with_few_triangles(name: str, meshes: dict[str, ObjectCategory]) -> None:
    drawn = appearance(meshes[name])
    assert np.ptp(np.array(drawn.vertices), axis=0) == pytest.approx(meshes[name].size, rel=1e-3)
    assert len(drawn.faces) <= 1500
    assert len(drawn.colors) == len(drawn.vertices)


@each_mesh
def test_fingers_fit_around_every_rim_of_a_mesh(name: str, meshes: dict[str, ObjectCategory]) -> None:
    category = meshes[name]
    assert bool(rims(category)) == (name != "cutting board")  # 30 cm wide and flat: it is touched, not grasped
    for rim in rims(category):
        assert rim.thick <= MAX_WIDTH_M
        assert (np.abs([rim.x, rim.y]) <= np.array(category.size[:2]) / 2).all()
        assert rim.below + rim.deep <= 2 * category.size[2]


def test_a_tilted_middle_leaves_the_hole_of_a_ring_alone(meshes: dict[str, ObjectCategory]) -> None:
    from envs.assets.mesh_grasps import touch_point, trunk_is_solid

    ring = meshes["chew ring"]
    assert ring.mesh is not None
    assert not trunk_is_solid(ring.mesh, ring.size, 0.035)
    for heading in np.linspace(0, 6, 7):
        x, y, z = touch_point(ring.mesh, ring.size, float(heading))
        assert 0.03 < np.hypot(x, y) < 0.06
        assert z > 0


def test_nothing_is_inside_a_hollow_mesh(meshes: dict[str, ObjectCategory]) -> None:
    from scipy.spatial import ConvexHull

    beaker = meshes["beaker"]
    floor = inner_floor_height(beaker)
    assert floor == pytest.approx(-beaker.size[2] / 2 + 0.006, abs=0.001)
    heights = np.linspace(floor + 0.003, beaker.size[2] / 2, 8)
    turns = np.linspace(0, 2 * np.pi, 16)
    inside = np.array([(r * np.cos(t), r * np.sin(t), h) for r in (0, 0.015, 0.027) for t in turns for h in heights])
    for piece in hulls(beaker):
        assert piece.mesh is not None
        planes = ConvexHull(np.array(piece.mesh.vertices) + piece.at).equations
        assert (inside @ planes[:, :3].T + planes[:, 3]).max(axis=1).min() > -0.001


def test_a_solid_mesh_holds_nothing_inside(meshes: dict[str, ObjectCategory]) -> None:
    holds = Region(z=0.0, size=(0.02, 0.02, 0.3))
    rook = replace(meshes["chess rook"], holds=holds, relation="in", at=())
    with pytest.raises(DomainError, match=r"objects.chess rook: it holds things inside, but .*rook.stl is not hollow"):
        DOMAIN.extended(objects={"chess rook": rook})


def test_a_capsule_gets_a_foot_and_a_bracket_needs_none(meshes: dict[str, ObjectCategory]) -> None:
    assert hulls(meshes["pill tube"])[-1].kind == "box"
    assert all(piece.kind == "hull" for piece in hulls(meshes["bracket"]))


def test_the_colors_of_a_file_come_before_that_of_the_kind(meshes: dict[str, ObjectCategory]) -> None:
    assert appearance(meshes["chew ring"]).colors[0] == pytest.approx((0.8, 2 / 15, 2 / 15, 1.0))
    purple = DOMAIN.properties["color"]["purple"]
    red, green, blue, _ = appearance(meshes["party hat"]).colors[0]
    assert (red, green, blue) == pytest.approx(purple, abs=0.04)


def test_the_same_file_in_another_folder_gives_the_same_body(meshes: dict[str, ObjectCategory], tmp_path: Path) -> None:
    from envs.symbolic.domain.mesh_file import mesh_of, solid_of
    from tests.envs.own_meshes import meshes as all_meshes

    all_meshes()["ring.obj"].export(str(tmp_path / "ring.obj"))
    ring = meshes["chew ring"]
    again = replace(ring, mesh=mesh_of(tmp_path / "ring.obj", size=ring.size).mesh)
    assert again != ring
    assert again.mesh is not None and ring.mesh is not None
    assert solid_of(again.mesh) is solid_of(ring.mesh)  # read, and cut, once
    corners = [[p.mesh.vertices for p in hulls(kind) if p.mesh is not None] for kind in (ring, again)]
    assert corners[0] == corners[1]
