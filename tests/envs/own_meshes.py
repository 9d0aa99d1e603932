"""Meshes of the kinds in `own_kinds.yaml`, made by trimesh: `python -m tests.envs.own_meshes FOLDER`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import trimesh

KINDS = Path(__file__).with_name("own_kinds.yaml")
Y_UP = trimesh.transformations.rotation_matrix(-np.pi / 2, (1, 0, 0))


def prism(outline: list[tuple[float, float]], height: float) -> Any:
    """Return an outline of L shape (six corners, the inner one is the fourth) extruded along z."""
    n = len(outline)
    vertices = [(x, y, z) for z in (0.0, height) for x, y in outline]
    lids = [(3, k, (k + 1) % n) for k in range(n) if 3 not in (k, (k + 1) % n)]
    faces = [(a, c, b) for a, b, c in lids] + [(a + n, b + n, c + n) for a, b, c in lids]
    for k in range(n):
        faces += [(k, (k + 1) % n, (k + 1) % n + n), (k, (k + 1) % n + n, k + n)]
    return trimesh.Trimesh(vertices, faces, process=False)


def blob(balls: list[tuple[float, float, float, float]]) -> Any:
    """Return overlapping balls at (x, y, z) with a radius."""
    parts = []
    for x, y, z, radius in balls:
        ball = trimesh.creation.icosphere(2, radius=radius)
        ball.apply_translation((x, y, z))
        parts.append(ball)
    return trimesh.util.concatenate(parts)


def beaker() -> Any:
    """Return a cup with walls of 4 mm."""
    profile = np.array([(0, 0), (34, 0), (38, 95), (34, 95), (30, 6), (0, 6)]) / 1000
    return trimesh.creation.revolve(profile, sections=32)


def rook() -> Any:
    """Return a chess piece in millimeters."""
    profile = np.array([(0, 0), (22, 0), (22, 8), (14, 16), (12, 52), (18, 60), (18, 74), (0, 74)])
    return trimesh.creation.revolve(profile, sections=24)


def meshes() -> dict[str, Any]:
    """Return a mesh for each file name, in the axes and units of that file."""
    ring = trimesh.creation.torus(0.05, 0.012)
    ring.visual = trimesh.visual.TextureVisuals(material=trimesh.visual.material.SimpleMaterial(diffuse=[200, 30, 30]))
    board = trimesh.creation.box((0.3, 0.2, 0.012))
    board.visual.vertex_colors = [180, 130, 80, 255]
    rabbit = blob([(0, 0, 0.055, 0.055), (0.03, 0, 0.125, 0.035), (0.03, 0.018, 0.17, 0.012), (0.03, 0.018, 0.19, 0.01),
                   (0.03, -0.018, 0.17, 0.012), (0.03, -0.018, 0.19, 0.01), (-0.055, 0, 0.05, 0.014)])  # fmt: skip
    rabbit.visual.face_colors = [235, 230, 220, 255]
    return {
        "ring.obj": ring,
        "cone.stl": trimesh.creation.cone(0.06, 0.16),
        "bracket.stl": prism([(0, 0), (120, 0), (120, 30), (30, 30), (30, 100), (0, 100)], 40),
        "beaker.glb": beaker().apply_transform(Y_UP),
        "board.ply": board,
        "capsule.obj": trimesh.creation.capsule(0.07, 0.02),
        "rabbit.glb": rabbit.apply_transform(Y_UP),
        "rook.stl": rook(),
    }


def write_own_kinds(folder: Path) -> Path:
    """Write the meshes and the home file into a folder, and return the path of the home file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, mesh in meshes().items():
        mesh.export(str(folder / name))
    return Path(shutil.copy(KINDS, folder))


if __name__ == "__main__":
    print(write_own_kinds(Path(sys.argv[1])))
