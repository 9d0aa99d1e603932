"""Triangle meshes with a color at each vertex: boxes, solids of revolution, rods, balls and cut-out slabs.

All visible geometry is built from these. They use few triangles, because the time of the software renderer grows with
them. Vertices shared by faces are shaded smoothly, so shapes with sharp edges get separate vertices for each face.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from math import cos, pi, sin, sqrt
from typing import TYPE_CHECKING

import numpy as np

from envs.geometry.color_texture import texel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.domain import Vec3

Color = tuple[float, float, float, float]
Turn = tuple["Vec3", "Vec3", "Vec3"]  # rows of a rotation matrix
GREY: Color = (0.8, 0.8, 0.8, 1.0)
SIDES = 12
MAX_PIECE_M = 1.0
ALONG_X: Turn = ((0, 0, 1), (0, 1, 0), (-1, 0, 0))  # rotates the z axis to x
ALONG_Y: Turn = ((1, 0, 0), (0, 0, 1), (0, -1, 0))  # rotates the z axis to y


@dataclass(frozen=True, kw_only=True, eq=False)
class Mesh:
    """Triangles, counterclockwise when seen from outside.

    Attributes:
        vertices: Positions [m].
        faces: Vertex indices of each triangle.
        colors: One for each vertex.
    """

    vertices: tuple[Vec3, ...]
    faces: tuple[tuple[int, int, int], ...]
    colors: tuple[Color, ...]

    @property
    def normals(self) -> list[list[float]]:
        """Unit normal of each vertex: the area-weighted mean over the faces that share it."""
        points, faces = np.array(self.vertices), np.array(self.faces)
        a, b, c = (points[faces[:, k]] for k in range(3))
        face_normals = np.cross(b - a, c - a)  # length: twice the area of the face
        sums = np.zeros_like(points)
        for k in range(3):
            np.add.at(sums, faces[:, k], face_normals)
        normals: list[list[float]] = (sums / np.maximum(1e-12, np.linalg.norm(sums, axis=1, keepdims=True))).tolist()
        return normals

    @property
    def texels(self) -> list[tuple[float, float]]:
        """Texture coordinates of each vertex in the color texture."""
        texel_of = {color: texel(color) for color in set(self.colors)}
        return [texel_of[color] for color in self.colors]


def mesh(vertices: Sequence[Vec3], faces: Sequence[tuple[int, int, int]], color: Color) -> Mesh:
    """Return a mesh of one color."""
    return Mesh(vertices=tuple(vertices), faces=tuple(faces), colors=(color,) * len(vertices))


def merge(meshes: Sequence[Mesh]) -> Mesh:
    """Join meshes into one, so that they are drawn in one call."""
    vertices: list[Vec3] = []
    colors: list[Color] = []
    faces: list[tuple[int, int, int]] = []
    for part in meshes:
        offset = len(vertices)
        vertices += part.vertices
        colors += part.colors
        faces += [(a + offset, b + offset, c + offset) for a, b, c in part.faces]
    return Mesh(vertices=tuple(vertices), faces=tuple(faces), colors=tuple(colors))


def moved(part: Mesh, at: Vec3 = (0.0, 0.0, 0.0), turn: Turn | None = None) -> Mesh:
    """Rotate a mesh about its origin, then shift it."""
    vertices = part.vertices
    if turn is not None:
        (a, b, c), (d, e, f), (g, h, i) = turn
        vertices = tuple((a * x + b * y + c * z, d * x + e * y + f * z, g * x + h * y + i * z) for x, y, z in vertices)
    shifted = tuple((x + at[0], y + at[1], z + at[2]) for x, y, z in vertices)
    return Mesh(vertices=shifted, faces=part.faces, colors=part.colors)


def scaled(part: Mesh, factors: Vec3) -> Mesh:
    """Scale a mesh along x, y, z about its origin."""
    a, b, c = factors
    vertices = tuple((a * x, b * y, c * z) for x, y, z in part.vertices)
    return Mesh(vertices=vertices, faces=part.faces, colors=part.colors)


def spun(part: Mesh, yaw: float) -> Mesh:
    """Rotate a mesh about z [rad]."""
    c, s = cos(yaw), sin(yaw)
    return moved(part, turn=((c, -s, 0.0), (s, c, 0.0), (0.0, 0.0, 1.0)))


def quads(corners: Sequence[tuple[Vec3, Vec3, Vec3, Vec3]], color: Color) -> Mesh:
    """Return a mesh of flat quadrilaterals."""
    vertices = [corner for face in corners for corner in face]
    faces = [t for k in range(0, len(vertices), 4) for t in ((k, k + 1, k + 2), (k, k + 2, k + 3))]
    return mesh(vertices, faces, color)


def block(
    size: Vec3, at: Vec3 = (0.0, 0.0, 0.0), color: Color = GREY, *, bulge: float = 0.0, below: bool = True
) -> Mesh:
    """Make a box.

    Args:
        size: Along x, y, z [m].
        at: Center [m].
        color: Color of all vertices.
        bulge: In [0, 1): how far the top and bottom corners are pulled in, as in a cushion.
        below: Whether it has a bottom face; a body on the floor needs none.
    """
    x, y, z = (s / 2 for s in size)
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    levels = ((-z, 1 - bulge), (0.0, 1.0), (z, 1 - bulge)) if bulge else ((-z, 1.0), (z, 1.0))
    rings = [
        [(at[0] + sx * x * scale, at[1] + sy * y * scale, at[2] + height) for sx, sy in corners]
        for height, scale in levels
    ]
    faces = [(r[k], r[(k + 1) % 4], s[(k + 1) % 4], s[k]) for r, s in itertools.pairwise(rings)
             for k in range(4)]  # fmt: skip
    top, bottom = rings[-1], rings[0]
    faces.append((top[0], top[1], top[2], top[3]))
    if below:
        faces.append((bottom[3], bottom[2], bottom[1], bottom[0]))
    return quads(faces, color)


def long_block(size: Vec3, at: Vec3, color: Color = GREY, *, below: bool = True) -> Mesh:
    """Make a box in pieces along its longer side; for a box longer than MAX_PIECE_M this renders faster.

    The renderer tests every pixel of a triangle's bounding rectangle, which is large for a long triangle.
    """
    axis = 0 if size[0] >= size[1] else 1
    n = max(1, round(size[axis] / MAX_PIECE_M))
    if n == 1:
        return block(size, at, color, below=below)
    length = size[axis] / n
    parts = []
    for k in range(n):
        offset = length * (k - (n - 1) / 2)
        if axis == 0:
            part = block((length, size[1], size[2]), (at[0] + offset, at[1], at[2]), color, below=below)
        else:
            part = block((size[0], length, size[2]), (at[0], at[1] + offset, at[2]), color, below=below)
        parts.append(_without_inner_faces(part, axis, (at[axis] - size[axis] / 2, at[axis] + size[axis] / 2)))
    return merge(parts)


def _without_inner_faces(part: Mesh, axis: int, ends: tuple[float, float]) -> Mesh:
    """Drop the faces across an axis that are at neither end: neighboring pieces cover them."""
    faces = []
    for face in part.faces:
        coordinates = {round(part.vertices[i][axis], 6) for i in face}
        if len(coordinates) > 1 or min(abs(min(coordinates) - end) for end in ends) < 1e-5:
            faces.append(face)
    return Mesh(vertices=part.vertices, faces=tuple(faces), colors=part.colors)


def lathe(
    profile: Sequence[tuple[float, float]], color: Color = GREY, *, stretch: float = 1.0, sides: int = SIDES,
    at: Vec3 = (0.0, 0.0, 0.0),
) -> Mesh:  # fmt: skip
    """Revolve a profile of (radius, height) points [m], from bottom to top, about z; `stretch` scales y (an egg)."""
    vertices: list[Vec3] = []
    rings: list[list[int]] = []
    for radius, z in profile:
        ring_start = len(vertices)
        if radius < 1e-6:
            vertices.append((at[0], at[1], at[2] + z))
            rings.append([ring_start] * sides)
            continue
        for k in range(sides):
            angle = 2 * pi * k / sides
            vertices.append((at[0] + radius * cos(angle), at[1] + radius * stretch * sin(angle), at[2] + z))
        rings.append([ring_start + k for k in range(sides)])
    faces: list[tuple[int, int, int]] = []
    for low, high in itertools.pairwise(rings):
        for k in range(sides):
            a, b, c, d = low[k], low[(k + 1) % sides], high[k], high[(k + 1) % sides]
            faces += [face for face in ((a, b, c), (b, d, c)) if len(set(face)) == 3]
    return mesh(vertices, faces, color)


def tube(
    radius: float, z: tuple[float, float], color: Color = GREY, *, at: tuple[float, float] = (0.0, 0.0),
    sides: int = SIDES, below: bool = False, top: float | None = None,
) -> Mesh:  # fmt: skip
    """Make an upright cylinder with sharp edges; with a `top` radius it is a truncated cone."""
    upper = radius if top is None else top
    parts = [lathe([(radius, z[0]), (upper, z[1])], color, sides=sides)]
    if upper > 0:
        parts.append(lathe([(upper, z[1]), (0.0, z[1])], color, sides=sides))
    if below:
        parts.append(lathe([(0.0, z[0]), (radius, z[0])], color, sides=sides))
    return moved(merge(parts), (*at, 0.0))


def ball(size: Vec3, at: Vec3 = (0.0, 0.0, 0.0), color: Color = GREY, *, sides: int = 8, rings: int = 4) -> Mesh:
    """Make an ellipsoid that fills a box."""
    around = [(size[0] / 2 * sin(pi * k / rings), -size[2] / 2 * cos(pi * k / rings)) for k in range(1, rings)]
    points = [(0.0, -size[2] / 2), *around, (0.0, size[2] / 2)]
    return lathe(points, color, stretch=size[1] / size[0], sides=sides, at=at)


def rod(start: Vec3, end: Vec3, width: float, color: Color = GREY, *, sides: int = 4, tip: float | None = None) -> Mesh:
    """Make a straight bar between two points, with diameter `width` at its start and `tip` at its end."""
    direction = [b - a for a, b in zip(start, end, strict=True)]
    length = sqrt(sum(v * v for v in direction))
    z = tuple(v / length for v in direction)
    reference = (0.0, 0.0, 1.0) if abs(z[2]) < 0.9 else (0.0, 1.0, 0.0)
    x = _cross(reference, z)
    x_length = sqrt(sum(v * v for v in x))
    x = (x[0] / x_length, x[1] / x_length, x[2] / x_length)
    y = _cross(z, x)
    rings = []
    for middle, diameter in ((start, width), (end, width if tip is None else tip)):
        ring: list[Vec3] = []
        for k in range(sides):
            angle = 2 * pi * (k + 0.5) / sides
            c, s = (f * diameter / 2 / cos(pi / sides) for f in (cos(angle), sin(angle)))
            ring.append((middle[0] + c * x[0] + s * y[0], middle[1] + c * x[1] + s * y[1],
                         middle[2] + c * x[2] + s * y[2]))  # fmt: skip
        rings.append(ring)
    low, high = rings
    shell = quads([(low[k], low[k - sides + 1], high[k - sides + 1], high[k]) for k in range(sides)], color)
    fan = [(0, k, k + 1) for k in range(1, sides - 1)]
    return merge([shell, mesh(high, fan, color), mesh(low[::-1], fan, color)])


def slab(outline: Sequence[tuple[float, float]], thickness: float, color: Color = GREY, *, at: float = 0.0) -> Mesh:
    """Extrude an outline along z into a flat slab.

    Args:
        outline: Counterclockwise (x, y) points [m]; every corner must be visible from their mean.
        thickness: Thickness of the slab [m].
        color: Color of all vertices.
        at: Height of its middle [m].
    """
    low, high = at - thickness / 2, at + thickness / 2
    n = len(outline)
    middle = (sum(p[0] for p in outline) / n, sum(p[1] for p in outline) / n)
    edge = [((*a, low), (*b, low), (*b, high), (*a, high)) for a, b in zip(outline, [*outline[1:], outline[0]],
                                                                          strict=True)]  # fmt: skip
    fan = [(n, k, (k + 1) % n) for k in range(n)]
    above = mesh([*((x, y, high) for x, y in outline), (*middle, high)], fan, color)
    under = mesh([*((x, y, low) for x, y in outline), (*middle, low)], [(a, c, b) for a, b, c in fan], color)
    return merge([quads(edge, color), above, under])


def two_sided_quad(corners: tuple[Vec3, Vec3, Vec3, Vec3], color: Color) -> Mesh:
    """Make a quadrilateral that is visible from both sides."""
    return quads([corners, corners[::-1]], color)


def upright(part: Mesh) -> Mesh:
    """Rotate a slab upright: its y axis becomes z, its thickness lies along y."""
    return moved(part, turn=((1, 0, 0), (0, 0, -1), (0, 1, 0)))


def _cross(a: Sequence[float], b: Sequence[float]) -> Vec3:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
