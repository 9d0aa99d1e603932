"""Bodies of kinds that take their shape from a mesh file: what is drawn, and the convex pieces that collide.

Drawn meshes are simplified, because the time of the software renderer grows with the triangles. Bodies that are not
convex are cut into convex pieces by CoACD (Wei et al., "Approximate Convex Decomposition for 3D Meshes with
Collision-Aware Concavity and Tree Search", 2022), which keeps the inside of a vessel free. A body that would fall over
or roll gets a flat foot, as the built-in fruit has a flat bottom.

Legend: N vertices, M triangles.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from envs.errors import DomainError
from envs.files.mesh_files import INSTALL
from envs.geometry.bodies import Piece
from envs.geometry.meshes import Color, Mesh
from envs.symbolic.domain.mesh_file import solid_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from envs.files.mesh_files import SolidMesh
    from envs.geometry.rotations import Array
    from envs.symbolic.domain import MeshFile, Vec3

    Faces = NDArray[np.int64]

MAX_DRAWN = 1500  # triangles of a drawn mesh
GRIDS = (128, 96, 64, 48, 36, 28, 20, 14, 10)  # cells along the longest side, tried in this order to simplify
SMOOTH_COS = 0.75  # edges whose faces turn more than this are sharp
COLOR_STEPS = 15  # of the color texture (envs/geometry/color_texture.py)
CONVEX_SHARE = 0.97  # of its convex hull that a body fills to be convex
MAX_PIECES = 24
MIN_VOLUME = 1e-7  # of a surface that collides, relative to the cube of the body's length
MAX_SHELLS = 12  # closed surfaces of one body that are cut one by one
MAX_HULL_VERTICES = 40
CONCAVITY = 0.05  # how far the pieces may differ from the body, relative to its size
SEED = 7
HULL_MARGIN_M = 0.001  # PyBullet keeps other bodies so far from a hull
FOOT_M = 0.003  # height of a foot, at least
FOOT_SHARE = 0.06  # of the body's height
STABLE_SHARE = 0.12  # of its height by which a standing body must reach out on all sides of its middle
MAX_FOOT_SHARE = 0.9  # of its footprint


@lru_cache(maxsize=64)
def mesh_appearance(mesh: MeshFile, size: Vec3, color: Color) -> Mesh:
    """Return the drawn mesh of a body, in the colors of its file or, where it has none, in one color.

    Raises:
        DomainError: The file cannot be read any more.
    """
    solid = solid_of(mesh)
    vertices, faces, face = _simplified(_scaled(solid, size), solid.faces, MAX_DRAWN)
    colors = np.repeat(np.array([color[:3]]), len(solid.faces), axis=0) if solid.colors is None else solid.colors
    colors = np.round(colors[face] * COLOR_STEPS) / COLOR_STEPS  # (M, 3)
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    across = np.cross(b - a, c - a).astype(np.float64)
    sums = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(sums, faces[:, k], across)
    smooth = np.einsum("mki,mi->mk", _unit(sums)[faces], _unit(across)) > SMOOTH_COS  # (M, 3)
    number: dict[tuple[int, Vec3, int], int] = {}  # of a drawn vertex: at sharp edges each face has its own
    drawn: list[tuple[int, int, int]] = []
    for m, corners in enumerate(faces.tolist()):
        red, green, blue = colors[m].tolist()
        look = (red, green, blue)
        first, second, third = (
            number.setdefault((corner, look, -1 if smooth[m, k] else m), len(number))
            for k, corner in enumerate(corners)
        )
        drawn.append((first, second, third))
    points = vertices[[corner for corner, _, _ in number]].tolist()
    return Mesh(
        vertices=tuple((x, y, z) for x, y, z in points),
        faces=tuple(drawn),
        colors=tuple((red, green, blue, color[3]) for _, (red, green, blue), _ in number),
    )


@lru_cache(maxsize=64)
def mesh_hulls(mesh: MeshFile, size: Vec3) -> tuple[Piece, ...]:
    """Return the convex pieces that a body collides with, in its frame.

    Raises:
        DomainError: The file cannot be read any more, or a package that cuts it is not installed.
    """
    length = max(size)
    shape = tuple(round(s / length, 4) for s in size)
    pieces = [_hull(points * length) for points in _convex_parts(solid_of(mesh), (shape[0], shape[1], shape[2]))]
    foot = _foot(pieces, size)
    return tuple(pieces) if foot is None else (*pieces, foot)


def triangles(mesh: MeshFile, size: Vec3) -> Array:
    """Return the corners of the simplified triangles of a body, (M, 3, 3)."""
    solid = solid_of(mesh)
    vertices, faces, _ = _simplified(_scaled(solid, size), solid.faces, MAX_DRAWN)
    return vertices[faces]


def _scaled(solid: SolidMesh, size: Vec3) -> Array:
    scaled: Array = solid.vertices / solid.size * np.array(size)
    return scaled


def _unit(vectors: Array) -> Array:
    lengths: Array = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Array = vectors / np.maximum(lengths, 1e-15)
    return unit


def _simplified(vertices: Array, faces: Faces, most: int) -> tuple[Array, Faces, Faces]:
    """Merge vertices that share a cell of a grid, until few triangles are left.

    Returns:
        The vertices, the faces, and for each the number of the face that it was.
    """
    face: Faces = np.arange(len(faces))
    if len(faces) <= most:
        return vertices, faces, face
    low, extent = vertices.min(axis=0), np.ptp(vertices, axis=0)
    for n in GRIDS:
        cells = np.floor((vertices - low) / extent.max() * (n - 1e-6)).astype(np.int64)
        _, number, count = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
        number = number.reshape(-1)
        means = np.zeros((len(count), 3))
        np.add.at(means, number, vertices)
        means /= count[:, None]
        merged = number[faces]
        kept = (merged != np.roll(merged, 1, axis=1)).all(axis=1)
        merged, face = merged[kept], np.flatnonzero(kept)
        _, first = np.unique(np.sort(merged, axis=1), axis=0, return_index=True)
        merged, face = merged[np.sort(first)], face[np.sort(first)]
        if len(merged) <= most:
            break
    middle, spread = (means.max(axis=0) + means.min(axis=0)) / 2, np.ptp(means, axis=0)
    return (means - middle) / np.maximum(spread, 1e-12) * extent + low + extent / 2, merged, face


# -- convex pieces -----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _convex_parts(solid: SolidMesh, shape: Vec3) -> tuple[Array, ...]:
    """Return the corners of the convex parts of a body whose longest side is 1."""
    vertices, faces = _scaled(solid, shape), solid.faces
    shells = [shell for shell in _shells(faces, len(vertices)) if abs(_volume(vertices, shell)) > MIN_VOLUME]
    if not 0 < len(shells) <= MAX_SHELLS:
        shells = [faces]
    corners: list[Array] = []
    for shell in shells:
        used, numbers = np.unique(shell, return_inverse=True)
        corners += _parts_of_shell(vertices[used], numbers.reshape(-1, 3), MAX_PIECES // len(shells))
    together = np.concatenate(corners)  # what CoACD made anew is a little larger or smaller
    middle, spread = (together.max(axis=0) + together.min(axis=0)) / 2, np.ptp(together, axis=0)
    return tuple((points - middle) / spread * np.array(shape) for points in corners)


def _shells(faces: Faces, n: int) -> list[Faces]:
    """Return the closed surfaces of which a surface consists."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first, second = np.concatenate([faces[:, 0], faces[:, 1]]), np.concatenate([faces[:, 1], faces[:, 2]])
    count, shell = connected_components(coo_array((np.ones(len(first)), (first, second)), shape=(n, n)), directed=False)
    return [part for k in range(count) if len(part := faces[shell[faces[:, 0]] == k])]


def _volume(vertices: Array, faces: Faces) -> float:
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def _parts_of_shell(vertices: Array, faces: Faces, most: int) -> list[Array]:
    """Return the corners of the convex parts of one closed surface, at most so many parts."""
    from scipy.spatial import ConvexHull

    vertices, faces, _ = _simplified(vertices, faces, MAX_DRAWN)
    hull = ConvexHull(vertices)
    if abs(_volume(vertices, faces)) > CONVEX_SHARE * hull.volume:
        return [_few(vertices[hull.vertices])]
    try:
        import coacd
    except ImportError as error:
        raise DomainError(f"cutting a mesh into convex pieces needs coacd ({error}): {INSTALL}") from None
    coacd.set_log_level("error")
    length = float(np.ptp(vertices, axis=0).max())
    parts = coacd.run_coacd(
        coacd.Mesh(vertices / length, faces), threshold=CONCAVITY, max_convex_hull=most, resolution=500,
        mcts_iterations=30, mcts_nodes=8, preprocess_resolution=40, seed=SEED,
    )  # fmt: skip
    return [_few(np.asarray(points, dtype=np.float64) * length) for points, _ in parts]


def _few(points: Array) -> Array:
    """Return the corners of a convex body that reach out farthest, at most `MAX_HULL_VERTICES`."""
    if len(points) <= MAX_HULL_VERTICES:
        return points
    k = np.arange(MAX_HULL_VERTICES - 6) + 0.5  # directions spread evenly over a sphere, and along the axes
    z, turn = 1 - 2 * k / len(k), np.pi * (1 + 5**0.5) * k
    r = np.sqrt(1 - z * z)
    directions = np.concatenate([np.stack([r * np.cos(turn), r * np.sin(turn), z], axis=1), np.eye(3), -np.eye(3)])
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    spread = np.maximum(np.ptp(points, axis=0), 1e-9)
    farthest = np.argmax((points - middle) / spread @ directions.T, axis=0)
    corners: Array = points[np.unique(farthest)]
    return corners


def _hull(points: Array) -> Piece:
    """Return the convex hull of some points as a piece that collides."""
    low, high = points.min(axis=0), points.max(axis=0)
    at = (low + high) / 2
    corners = tuple(map(tuple, (points - at).tolist()))
    mesh = Mesh(vertices=corners, faces=(), colors=())
    (x, y, z), (width, depth, height) = at.tolist(), (high - low).tolist()
    return Piece(kind="hull", size=(width, depth, height), at=(x, y, z), mesh=mesh, visible=False)


def _foot(pieces: list[Piece], size: Vec3) -> Piece | None:
    """Return a flat foot for a body that would not stand, or None."""
    x, y, z = size
    height = max(FOOT_M, FOOT_SHARE * z)
    points = np.concatenate([np.array(piece.mesh.vertices) + piece.at for piece in pieces if piece.mesh is not None])
    below = points[points[:, 2] < -z / 2 + height / 3][:, :2]
    needed = min(STABLE_SHARE * z, MAX_FOOT_SHARE * min(x, y) / 2)
    turns = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    reach = (below @ np.stack([np.cos(turns), np.sin(turns)])).max(axis=0)  # on each side of the middle
    if reach.min() > needed:
        return None
    half = [min(MAX_FOOT_SHARE * s / 2, max(1.5 * needed, 0.3 * s)) for s in (x, y)]
    at = (0.0, 0.0, (height - z) / 2 - HULL_MARGIN_M)
    return Piece(size=(2 * half[0], 2 * half[1], height), at=at, visible=False)
