"""Kinds of one's own in physics: they stand, are picked up and put, hold things, have their mass, and are copied."""

from __future__ import annotations

import copy
import importlib.util
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from envs.scenes.home_file import load_home
from envs.symbolic.actions import apply, parse_action

if TYPE_CHECKING:
    from envs.simulation.physical_home import PhysicalHome

NEEDED = ("pybullet", "trimesh", "coacd")
pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in NEEDED), reason=f"needs {', '.join(NEEDED)}"
)

HOME = """
include: own_kinds.yaml
things:
  brick: {shape: box, size: [0.20, 0.07, 0.06], mass_kg: 3.5}
furniture:
  bar table: {body: table, size: [0.60, 1.20, 1.05]}
  mini fridge: {like: fridge, size: [0.50, 0.50, 0.85]}
rooms:
  kitchen: [countertop, bar table, mini fridge]
objects:
  countertop 1: [beaker, garden rabbit, party hat, bracket, brick]
"""


@pytest.fixture(scope="module")
def home_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.envs.own_meshes import write_own_kinds

    folder = tmp_path_factory.mktemp("own")
    kinds = write_own_kinds(folder)
    text = kinds.read_text(encoding="utf-8")
    kinds.write_text(text[: text.index("rooms:")].replace("name: own kinds\n", ""), encoding="utf-8")
    (folder / "home.yaml").write_text(HOME, encoding="utf-8")
    return folder / "home.yaml"


@pytest.fixture(scope="module")
def built(home_file: Path) -> Iterator[PhysicalHome]:
    from envs.simulation.physical_home import PhysicalHome

    home = PhysicalHome(load_home(home_file))
    yield home
    home.close()


@pytest.fixture
def home(built: PhysicalHome) -> PhysicalHome:
    built.reset()
    return built


def run(home: Any, *texts: str) -> None:
    for text in texts:
        action = parse_action(home.world, text)
        expected = apply(home.state().without_distances(), action)
        outcome = home.execute(action)
        assert outcome.status == "done", f"{text}: {outcome.reason}"
        assert home.state().without_distances() == expected, text


def test_own_kinds_lie_where_the_file_says(home: PhysicalHome) -> None:
    assert home.state().without_distances() == home.world.initial()
    for name in home.queries.objects:
        _, turn = home.queries.pose(name)
        assert turn[2, 2] > 0.98, f"{name} fell over"


def test_a_thing_goes_into_a_hollow_mesh_and_moves_with_it(home: PhysicalHome) -> None:
    run(home, "pick up bracket 1", "put bracket 1 on bar table 1")
    run(home, "pick up beaker 1", "put beaker 1 on bar table 1")


def test_a_heavy_thing_is_lifted_and_an_own_fridge_is_used(home: PhysicalHome) -> None:
    run(home, "open mini fridge 1", "pick up brick 1", "put brick 1 in mini fridge 1", "close mini fridge 1")


def test_masses_are_those_of_the_kinds(home: PhysicalHome) -> None:
    blueprints = home.engine.snapshot().record.blueprints
    assert blueprints["brick 1"].mass == 3.5
    assert blueprints["bracket 1"].mass == home.world.domain.mass_kg("bracket")


def test_copies_of_a_home_with_meshes_go_on_alike(home: PhysicalHome) -> None:
    run(home, "pick up bracket 1")
    copies = [copy.deepcopy(home), pickle.loads(pickle.dumps(home))]
    for other in copies:
        assert other.scene.domain is home.scene.domain
        run(other, "put bracket 1 on bar table 1")
    poses = [{name: other.engine.pose(name) for name in other.queries.objects} for other in copies]
    for other in copies:
        other.close()
    assert poses[0] == poses[1]


def test_a_mesh_that_is_gone_is_named_when_a_home_is_built(home_file: Path, tmp_path: Path) -> None:
    from envs.assets import mesh_bodies
    from envs.errors import DomainError
    from envs.files import mesh_files
    from envs.simulation.physical_home import PhysicalHome

    folder = tmp_path / "copy"
    shutil.copytree(home_file.parent, folder)
    scene = load_home(folder / "home.yaml")
    (folder / "beaker.glb").unlink()
    for cached in (mesh_files.solid_mesh, mesh_bodies.mesh_hulls, mesh_bodies.mesh_appearance):
        cached.cache_clear()
    with pytest.raises(DomainError, match=r"beaker\.glb: no such file"):
        PhysicalHome(scene)
