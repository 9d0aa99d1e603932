"""What movable things look like and collide as, generated from the domain's `shape`, `size` and `color`.

What is seen is a lathe profile or boxes; what collides is a few convex pieces with a flat bottom, so that fruit does
not roll off a table and a home of fifty things stays fast. An object's frame is its centre, z up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import cos, pi, sin
from typing import TYPE_CHECKING, Literal

from envs.domain import Vec3

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from envs.domain import ObjectCategory

Quat = tuple[float, float, float, float]
Color = tuple[float, float, float, float]
UPRIGHT: Quat = (0.0, 0.0, 0.0, 1.0)
LATHE_SIDES = 20
WALL_M = 0.008  # thickness of a vessel's walls in collision
TAB_M = 0.045  # length of the pieces of rim of plates, trays and pans
TAB_THICK_M = 0.008
RIDGE_M = 0.03  # thickness of a cloth's fold and a kettle's handle
RIDGED = {"cloth": 0.45, "cushion": 0.6, "kettle": 0.78}  # shapes with one: the part of the height that is below it


@dataclass(frozen=True, kw_only=True)
class Mesh:
    """A triangle mesh [m]."""

    vertices: tuple[Vec3, ...]
    faces: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A convex part of a body, in the body's or link's frame.

    Attributes:
        kind: `box` and `cylinder` (axis z) both fill the bounding box `size` [m]; a `mesh` or `file` is only seen.
        solid: Whether it collides.
        visible: Whether it is drawn.
    """

    size: Vec3
    at: Vec3 = (0.0, 0.0, 0.0)
    turn: Quat = UPRIGHT
    kind: Literal["box", "cylinder", "mesh", "file"] = "box"
    color: Color = (0.8, 0.8, 0.8, 1.0)
    solid: bool = True
    visible: bool = True
    mesh: Mesh | None = None
    file: str = ""


@dataclass(frozen=True, kw_only=True)
class Rim:
    """An upright part that fits between two fingers, in a thing's frame.

    Attributes:
        x: Of its middle [m].
        y: Of its middle [m].
        out: Direction across it [rad].
        thick: Across it [m].
        deep: From the thing's top down [m].
    """

    x: float
    y: float
    out: float
    thick: float
    deep: float


def merge(meshes: Sequence[Mesh]) -> Mesh:
    """Join meshes into one, so that a thing is drawn in one call."""
    vertices: list[Vec3] = []
    faces: list[tuple[int, int, int]] = []
    for mesh in meshes:
        first = len(vertices)
        vertices += mesh.vertices
        faces += [(a + first, b + first, c + first) for a, b, c in mesh.faces]
    return Mesh(vertices=tuple(vertices), faces=tuple(faces))


def lathe(profile: Sequence[tuple[float, float]], stretch: float = 1.0) -> Mesh:
    """Turn a profile of (radius, height) points [m] about z; `stretch` scales y (an egg, a lemon)."""
    vertices: list[Vec3] = []
    faces: list[tuple[int, int, int]] = []
    for radius, z in profile:
        for k in range(LATHE_SIDES):
            angle = 2 * pi * k / LATHE_SIDES
            vertices.append((radius * cos(angle), radius * stretch * sin(angle), z))
    for ring in range(len(profile) - 1):
        for k in range(LATHE_SIDES):
            a, b = ring * LATHE_SIDES + k, ring * LATHE_SIDES + (k + 1) % LATHE_SIDES
            faces += [(a, b, a + LATHE_SIDES), (b, b + LATHE_SIDES, a + LATHE_SIDES)]
    return Mesh(vertices=tuple(vertices), faces=tuple(faces))


def block(size: Vec3, at: Vec3 = (0.0, 0.0, 0.0), bulge: float = 0.0) -> Mesh:
    """Make a box; `bulge` in [0, 1) pulls its top and bottom corners in, as a cushion's."""
    x, y, z = (s / 2 for s in size)
    vertices: list[Vec3] = []
    for level, inset in ((-z, 1 - bulge), (0.0, 1.0), (z, 1 - bulge)):
        for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
            vertices.append((at[0] + sx * x * inset, at[1] + sy * y * inset, at[2] + level))
    faces: list[tuple[int, int, int]] = [(0, 2, 1), (0, 3, 2), (8, 9, 10), (8, 10, 11)]
    for ring in (0, 4):
        for k in range(4):
            a, b = ring + k, ring + (k + 1) % 4
            faces += [(a, b, a + 4), (b, b + 4, a + 4)]
    # Separate corners per face give flat shading: TinyRenderer smooths shared vertices.
    flat = [vertices[i] for face in faces for i in face]
    return Mesh(vertices=tuple(flat), faces=tuple((i, i + 1, i + 2) for i in range(0, len(flat), 3)))


def _vessel(profile: Sequence[tuple[float, float]], wall: float = 0.06) -> Callable[[Vec3], Mesh]:
    """An open vessel: the outer profile in fractions of (half width, height), and an inner wall."""

    def build(size: Vec3) -> Mesh:
        r, h = size[0] / 2, size[2]
        outer = [(a * r, (z - 0.5) * h) for a, z in profile]
        inner = [(max(0.0, (a - wall) * r), (max(z, 0.08) - 0.5) * h) for a, z in reversed(profile)]
        return lathe([(0.0, -h / 2), *outer, *inner, (0.0, (0.08 - 0.5) * h)])

    return build


def _solid(profile: Sequence[tuple[float, float]]) -> Callable[[Vec3], Mesh]:
    def build(size: Vec3) -> Mesh:
        points = [(a * size[0] / 2, (z - 0.5) * size[2]) for a, z in profile]
        return lathe([(0.0, points[0][1]), *points, (0.0, points[-1][1])], stretch=size[1] / size[0])

    return build


def _mug(size: Vec3) -> Mesh:
    body = _vessel([(0.85, 0.0), (0.9, 0.05), (0.9, 1.0)], 0.1)(size)
    r, h = size[0] / 2, size[2]
    grips = [((0.012, 0.012, 0.5 * h), (r + 0.016, 0.0, 0.0))]
    grips += [((0.03, 0.012, 0.012), (r + 0.005, 0.0, side * 0.25 * h)) for side in (-1, 1)]
    return merge([body, *(block(s, a) for s, a in grips)])


def _handled(profile: Sequence[tuple[float, float]], long: float, z: float) -> Callable[[Vec3], Mesh]:
    """A vessel with a handle along +x, `long` half-widths from the axis."""

    def build(size: Vec3) -> Mesh:
        r, h = size[0] / 2, size[2]
        return merge(
            [_vessel(profile)(size), block(((long - 0.8) * r, 0.022, 0.016), ((long + 0.8) * r / 2, 0, z * h))]
        )

    return build


def _kettle(size: Vec3) -> Mesh:
    body = _solid([(0.85, 0.0), (0.9, 0.1), (0.75, 0.6), (0.45, 0.8), (0.15, 0.84)])(size)
    x, _, z = size
    spout = block((0.3 * x, 0.03, 0.03), (-0.4 * x, 0.0, 0.1 * z))
    grip = [block((0.6 * x, 0.025, 0.018), (0.0, 0.0, 0.45 * z))]
    grip += [block((0.018, 0.025, 0.2 * z), (side * 0.29 * x, 0.0, 0.36 * z)) for side in (-1, 1)]
    return merge([body, spout, *grip])


def _cutlery(size: Vec3) -> Mesh:
    x, y, z = size
    handle = block((0.6 * x, 0.5 * y, 0.7 * z), (-0.2 * x, 0.0, 0.0))
    return merge([handle, block((0.42 * x, y, z), (0.29 * x, 0.0, 0.0), 0.3)])


def _tray(size: Vec3) -> Mesh:
    x, y, z = size
    parts = [block((x, y, 0.4 * z), (0.0, 0.0, -0.3 * z))]
    parts += [block((0.02, y, z), (side * (x / 2 - 0.01), 0.0, 0.0)) for side in (-1, 1)]
    parts += [block((x, 0.02, z), (0.0, side * (y / 2 - 0.01), 0.0)) for side in (-1, 1)]
    return merge(parts)


def _book(size: Vec3) -> Mesh:
    x, y, z = size
    pages = block((x - 0.008, y - 0.008, 0.6 * z), (0.003, 0.0, 0.0))
    return merge([pages, *(block((x, y, 0.2 * z), (0.0, 0.0, s * 0.4 * z)) for s in (-1, 1))])


def _racket(size: Vec3) -> Mesh:
    x, y, z = size
    head = lathe([(0.38 * y, -z / 3), (0.5 * y, -z / 3), (0.5 * y, z / 3), (0.38 * y, z / 3), (0.38 * y, -z / 3)], 1.0)
    moved = Mesh(vertices=tuple((a + x / 2 - y / 2, b, c) for a, b, c in head.vertices), faces=head.faces)
    strings = block((0.8 * y, 0.8 * y, 0.1 * z), (x / 2 - y / 2, 0.0, 0.0))
    return merge([moved, strings, block((x - y, 0.03, z), (-y / 2, 0.0, 0.0))])


def _crate(size: Vec3) -> Mesh:
    return merge([block(piece.size, piece.at) for piece in _open_box(size)])


_BALL = [(sin(pi * k / 8), 0.5 - 0.5 * cos(pi * k / 8)) for k in range(1, 8)]
_LOOKS: dict[str, Callable[[Vec3], Mesh]] = {
    "plate": _solid([(0.55, 0.0), (0.6, 0.1), (1.0, 0.85), (1.0, 1.0), (0.65, 0.45)]),
    "bowl": _vessel([(0.45, 0.0), (0.5, 0.05), (0.82, 0.45), (1.0, 1.0)]),
    "cup": _vessel([(0.65, 0.0), (0.8, 0.5), (1.0, 1.0)], 0.09),
    "mug": _mug,
    "glass": _vessel([(0.8, 0.0), (1.0, 1.0)], 0.08),
    "wine_glass": _vessel([(0.85, 0.0), (0.1, 0.04), (0.1, 0.45), (0.8, 0.6), (1.0, 0.8), (0.85, 1.0)], 0.08),
    "cutlery": _cutlery,
    "pan": _handled([(0.75, 0.0), (0.8, 0.1), (0.95, 1.0)], 1.7, 0.3),
    "pot": _handled([(0.95, 0.0), (0.98, 0.1), (0.98, 1.0)], 1.25, 0.35),
    "kettle": _kettle,
    "tray": _tray,
    "basket": _crate,
    "bottle": _solid([(0.95, 0.0), (1.0, 0.05), (1.0, 0.6), (0.4, 0.78), (0.4, 0.97), (0.3, 1.0)]),
    "can": _solid([(0.9, 0.0), (1.0, 0.06), (1.0, 0.94), (0.9, 1.0)]),
    "box": block,
    "ball": _solid(_BALL),
    "book": _book,
    "cloth": lambda size: block(size, bulge=0.06),
    "cushion": lambda size: block(size, bulge=0.22),
    "vase": _solid([(0.6, 0.0), (1.0, 0.35), (0.9, 0.55), (0.4, 0.8), (0.6, 1.0)]),
    "roll": _vessel([(1.0, 0.0), (1.0, 1.0)], 0.6),
    "plunger": _solid([(1.0, 0.0), (0.9, 0.16), (0.2, 0.3), (0.15, 0.32), (0.15, 1.0)]),
    "racket": _racket,
}
SHAPES = tuple(_LOOKS)
_ROUND = ("plate", "wine_glass", "bottle", "can", "ball", "vase", "roll", "plunger", "kettle")
_HOLLOW = ("bowl", "cup", "mug", "glass", "pot", "basket")


def _open_box(size: Vec3) -> list[Piece]:
    """A floor and four walls: things dropped into it stay in it."""
    x, y, z = size
    wall = WALL_M
    pieces = [Piece(size=(x, y, wall), at=(0.0, 0.0, (wall - z) / 2))]
    pieces += [Piece(size=(wall, y, z), at=(side * (x - wall) / 2, 0.0, 0.0)) for side in (-1, 1)]
    pieces += [Piece(size=(x - 2 * wall, wall, z), at=(0.0, side * (y - wall) / 2, 0.0)) for side in (-1, 1)]
    return pieces


def _tab(rim: Rim, height: float) -> Piece:
    turn: Quat = (0.0, 0.0, sin(rim.out / 2), cos(rim.out / 2))
    return Piece(size=(rim.thick, TAB_M, rim.deep), at=(rim.x, rim.y, (height - rim.deep) / 2), turn=turn)


def _rims(shape: str, size: Vec3, *, holds: bool) -> tuple[Rim, ...]:
    x, y, z = size
    if shape in _HOLLOW and holds:
        half, thick, deep, first = (x / 2 - WALL_M / 2, y / 2 - WALL_M / 2), WALL_M, z - WALL_M, 0.0
    elif shape == "tray":
        half, thick, deep, first = (x / 2 - TAB_THICK_M / 2, y / 2 - TAB_THICK_M / 2), TAB_THICK_M, 0.5 * z, 0.0
    elif shape in ("plate", "pan"):  # between the axes, along which square things lie
        half, thick, deep, first = (x / 2 - TAB_THICK_M / 2,) * 2, TAB_THICK_M, 0.5 * z, pi / 4
    elif shape in RIDGED:
        return (Rim(x=0.0, y=0.0, out=pi / 2, thick=RIDGE_M, deep=(1 - RIDGED[shape]) * z),)
    else:
        return ()
    outs = [first + k * pi / 2 for k in range(4)]
    return tuple(
        Rim(x=half[k % 2] * cos(out), y=half[k % 2] * sin(out), out=out, thick=thick, deep=deep)
        for k, out in enumerate(outs)
    )


def rims(category: ObjectCategory) -> tuple[Rim, ...]:
    """Where two fingers can take a thing from above, beside its whole body: walls of vessels, rims, folds, handles."""
    return _rims(category.shape, category.size, holds=category.holds is not None)


def _collision(shape: str, size: Vec3, *, holds: bool) -> list[Piece]:
    if shape in _HOLLOW and holds:
        return _open_box(size)
    if shape in ("plate", "tray", "pan"):  # flat, with a rim only where fingers take it: a whole one would cost time
        flat = 0.5 * size[2]
        kind: Literal["box", "cylinder"] = "box" if shape == "tray" else "cylinder"
        base = Piece(size=(size[0], size[1], flat), at=(0.0, 0.0, (flat - size[2]) / 2), kind=kind)
        return [base, *(_tab(rim, size[2]) for rim in _rims(shape, size, holds=holds))]
    if shape in ("cloth", "cushion", "kettle"):  # a fold, or a handle, on top
        part = RIDGED[shape]
        x, y, z = size
        low = Piece(size=(x, y, part * z), at=(0.0, 0.0, (part - 1) * z / 2), kind="box" if x != y else "cylinder")
        low = low if shape == "kettle" else Piece(size=low.size, at=low.at)
        return [low, Piece(size=(0.7 * x, RIDGE_M, (1 - part) * z), at=(0.0, 0.0, part * z / 2))]
    if shape in _ROUND and size[0] == size[1]:
        return [Piece(size=size, kind="cylinder")]
    return [Piece(size=size)]


@lru_cache(maxsize=256)
def object_pieces(category: ObjectCategory) -> tuple[Piece, ...]:
    """Return the pieces of one kind of thing: one that is seen, a few that collide."""
    color = (*category.color, 1.0)
    looks = Piece(size=category.size, kind="mesh", mesh=_LOOKS[category.shape](category.size), color=color, solid=False)
    from envs.hulls import hulls

    return (looks, *hulls(category))


def floor_in(category: ObjectCategory) -> float:
    """Height of a container's inner floor above its centre [m]."""
    bottom = -category.size[2] / 2
    if category.shape in _HOLLOW:
        return bottom + WALL_M
    return bottom + 0.5 * category.size[2]


def mass_kg(category: ObjectCategory) -> float:
    """A mass that suits the size: half as dense as water, within what one hand lifts."""
    x, y, z = category.size
    return min(1.5, max(0.05, 500.0 * x * y * z))
