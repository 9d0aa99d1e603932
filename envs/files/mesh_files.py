"""Read a body's triangles and colors from an OBJ, STL, GLB or PLY file that somebody else wrote.

trimesh parses the bytes. Nothing is fetched: an OBJ file may name a material file and pictures in its own folder, a GLB
file holds everything, and other addresses are errors. What is not the surface of a solid body is refused.

Legend: N vertices, M triangles.
"""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from envs.errors import DomainError, nearest, quoted
from envs.files.bounded_files import ReadError, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

FORMATS = (".obj", ".stl", ".glb", ".ply")
MAX_BYTES = 20_000_000
MAX_TRIANGLES = 200_000
MAX_COORDINATE = 1e9
MAX_PARTS = 1000  # meshes that one file may place in its scene
MAX_PICTURE_PIXELS = 4_000_000
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tga")
# Vertices nearer than these fractions of the body's length are one; exporters write 5 to 7 digits.
MERGED = (1e-6, 1e-5, 1e-4)
MIN_THICKNESS = 1e-4  # of a body, as a fraction of its length
UPS = ("y", "z")
INSTALL = "pip install 'gpt-home-planner[meshes]'"


@dataclass(frozen=True, kw_only=True, eq=False)
class SolidMesh:
    """The closed surface of a body, z up, in the units of its file.

    Attributes:
        vertices: Positions, (N, 3); the middle of their bounding box is the origin.
        faces: Vertex indices of each triangle, counterclockwise when seen from outside, (M, 3).
        colors: Red, green, blue in [0, 1] of each triangle, (M, 3), or None if the file has none.
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]
    colors: NDArray[np.float64] | None

    @property
    def size(self) -> NDArray[np.float64]:
        """Its bounding box, (3,)."""
        extent: NDArray[np.float64] = np.ptp(self.vertices, axis=0)
        return extent

    def height_inside(self, share: float = 0.15) -> float:
        """Return the height of its surface around its middle, as seen from above, as a fraction of its height.

        1 for a block, little for a vessel.

        Args:
            share: The fraction of its depth and width that is the middle.
        """
        x, y, z = self.size
        corners = self.vertices[self.faces]  # (M, 3, 3)
        points = np.array([(a * x, b * y) for a in (-1, 0, 1) for b in (-1, 0, 1)]) * share / 2 + 1e-7 * self.size[0]
        heights = [_highest(corners, point) for point in points]
        return float(np.median([h for h in heights if h is not None] or [-z / 2]) / z + 0.5)


def _highest(corners: NDArray[np.float64], point: NDArray[np.float64]) -> float | None:
    """Return the greatest height at which a vertical line meets triangles, (M, 3, 3), or None if it meets none."""
    a, b, c = (corners[:, k, :2] - point for k in range(3))
    areas = np.stack([_cross(b, c), _cross(c, a), _cross(a, b)], axis=1)  # (M, 3)
    total = areas.sum(axis=1)
    met = ((areas >= 0).all(axis=1) | (areas <= 0).all(axis=1)) & (total != 0)
    heights = (areas[met] * corners[met, :, 2]).sum(axis=1) / total[met]
    return float(heights.max()) if len(heights) else None


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    product: NDArray[np.float64] = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return product


def file_digest(path: str | Path) -> str:
    """Return the SHA-256 of a mesh file.

    Raises:
        DomainError: It cannot be read, or is too large.
    """
    return hashlib.sha256(_bytes_of(path)).hexdigest()


def read_mesh(path: str | Path, *, up: str | None = None) -> SolidMesh:
    """Return the body in a mesh file.

    Args:
        path: An OBJ, STL, GLB or PLY file.
        up: The axis of the file that points up, `y` or `z`. None: y in GLB files, as their standard says, else z.

    Raises:
        DomainError: It is no mesh, not closed, too large, or trimesh is not installed; the message names the file.
    """
    return solid_mesh(Content(path=str(path), digest=file_digest(path), up=default_up(path) if up is None else up))


def default_up(path: str | Path) -> str:
    """Return the axis that points up in files of this format."""
    return "y" if Path(path).suffix.lower() == ".glb" else "z"


@dataclass(frozen=True, kw_only=True)
class Content:
    """What is in a mesh file. Two files with the same content are equal.

    Attributes:
        path: The file.
        digest: The SHA-256 of its bytes.
        up: The axis that points up, `y` or `z`.
    """

    path: str = field(compare=False)
    digest: str
    up: str


@lru_cache(maxsize=32)
def solid_mesh(content: Content) -> SolidMesh:
    """Return the body in a mesh file: the same object for the same content, which is read once.

    Raises:
        DomainError: As `read_mesh`, and if the file has another content by now.
    """
    path = content.path
    raw = _bytes_of(path)
    if hashlib.sha256(raw).hexdigest() != content.digest:
        raise DomainError(f"{path}: the file has changed since the home was read; read the home again")
    parts = _parts(raw, Path(path))
    vertices = np.concatenate([part[0] for part in parts])
    starts = np.cumsum([0, *(len(part[0]) for part in parts[:-1])])
    faces = np.concatenate([part[1] + start for part, start in zip(parts, starts, strict=True)])
    colored = any(part[2] is not None for part in parts)
    colors = np.concatenate([_colors_or_gray(part[2], len(part[1])) for part in parts]) if colored else None
    if faces.size and (faces.min() < 0 or faces.max() >= len(vertices)):
        raise DomainError(f"{path}: its triangles name vertices that it does not have")
    if content.up == "y":
        vertices = vertices[:, [0, 2, 1]] * (1.0, -1.0, 1.0)
    return _closed(vertices, faces, colors, path)


def _bytes_of(path: str | Path) -> bytes:
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        instead = "; save it as GLB" if suffix in (".gltf", ".dae", ".fbx", ".blend", ".3mf", ".usd", ".usdz") else ""
        raise DomainError(f"{path}: a mesh file ends in {', '.join(FORMATS)}{nearest(suffix, FORMATS)}{instead}")
    try:
        raw = read_bytes(path, MAX_BYTES)
    except ReadError as error:
        raise DomainError(str(error)) from None
    if not raw.strip(b" \t\r\n\0"):
        raise DomainError(f"{path}: the file is empty")
    return raw


Part = tuple["NDArray[np.float64]", "NDArray[np.int64]", "NDArray[np.float64] | None"]  # vertices, faces, colors


def _parts(raw: bytes, path: Path) -> list[Part]:
    """Parse a file and return the parts of its scene where they stand."""
    try:
        import trimesh
    except ImportError as error:
        raise DomainError(f"{path}: reading meshes needs trimesh ({error}): {INSTALL}") from None
    suffix = path.suffix.lower()
    companions = _companions(raw, path) if suffix == ".obj" else {}
    try:
        scene: Any = trimesh.load_scene(
            io.BytesIO(raw), file_type=suffix[1:], resolver=_resolver(trimesh, companions), process=False
        )
        nodes = [scene.graph[name] for name in scene.graph.nodes_geometry]
        parts = list(_placed_parts(scene.geometry, nodes, path))
    except DomainError:
        raise
    except Exception as error:  # a file that somebody else wrote fails in any of the parser's lines
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise DomainError(f"{path}: cannot be read as {suffix[1:].upper()}: {quoted(reason)}") from None
    if not parts:
        raise DomainError(f"{path}: it has no triangles")
    return parts


def _placed_parts(geometry: dict[str, Any], nodes: list[tuple[Any, str]], path: Path) -> Iterator[Part]:
    meshes = [(pose, geometry[name]) for pose, name in nodes if len(getattr(geometry[name], "faces", ()))]
    total = sum(len(mesh.faces) for _, mesh in meshes)
    if len(meshes) > MAX_PARTS or total > MAX_TRIANGLES:
        raise DomainError(
            f"{path}: {total} triangles in {len(meshes)} parts; at most {MAX_TRIANGLES} in {MAX_PARTS}:"
            " simplify it (Blender: Decimate)"
        )
    for pose, mesh in meshes:
        turn, local = np.asarray(pose, dtype=np.float64), np.asarray(mesh.vertices, dtype=np.float64)
        if not (np.abs(turn).max() < MAX_COORDINATE and np.abs(local).max() < MAX_COORDINATE):  # false for NaN too
            raise DomainError(f"{path}: some of its coordinates are no numbers, infinite or above {MAX_COORDINATE:g}")
        vertices = local @ turn[:3, :3].T + turn[:3, 3]
        faces = np.asarray(mesh.faces, dtype=np.int64)
        mirrored = np.linalg.det(turn[:3, :3]) < 0
        yield vertices, faces[:, ::-1] if mirrored else faces, _face_colors(mesh)


def _face_colors(mesh: Any) -> NDArray[np.float64] | None:
    """Return a color for each triangle, (M, 3), or None if the mesh has none."""
    visual = mesh.visual
    if visual.kind in ("vertex", "face"):
        rgba: NDArray[np.float64] = np.asarray(visual.face_colors, dtype=np.float64) / 255
        return rgba[:, :3]
    material = getattr(visual, "material", None)
    if material is None:
        return None
    picture = getattr(material, "image", None) or getattr(material, "baseColorTexture", None)
    main = np.asarray(material.main_color, dtype=np.float64)[:3] / 255
    if picture is None or visual.uv is None or picture.width * picture.height > MAX_PICTURE_PIXELS:
        return np.repeat(main[None], len(mesh.faces), axis=0)
    pixels = np.asarray(picture.convert("RGB"), dtype=np.float64) / 255  # (H, W, 3)
    middles = np.nan_to_num(np.asarray(visual.uv, dtype=np.float64))[mesh.faces].mean(axis=1) % 1.0  # (M, 2)
    rows = ((1 - middles[:, 1]) * (picture.height - 1)).round().astype(int)
    columns = (middles[:, 0] * (picture.width - 1)).round().astype(int)
    colors: NDArray[np.float64] = pixels[rows, columns]
    return colors


def _colors_or_gray(colors: NDArray[np.float64] | None, n: int) -> NDArray[np.float64]:
    return np.full((n, 3), 0.7) if colors is None else colors


# -- files beside an OBJ file ------------------------------------------------------------------------------------------


def _companions(raw: bytes, path: Path) -> dict[str, bytes]:
    """Return the material files of an OBJ file and their pictures, by the names under which they are asked for.

    Raises:
        DomainError: A name leads out of the folder, or a material file is no material file.
    """
    files: dict[str, bytes] = {}
    for name in _named(raw, rb"mtllib"):
        material = _beside(name, path, (".mtl",))
        if material is None:
            continue
        files[name] = material
        for picture in _named(material, rb"map_\w+|bump|disp|refl|decal"):
            picture_bytes = _beside(picture.split()[-1] if picture.startswith("-") else picture, path, PICTURES)
            if picture_bytes is not None and _pixels(picture_bytes) <= MAX_PICTURE_PIXELS:
                files[picture] = picture_bytes
    return files


def _named(raw: bytes, keyword: bytes) -> list[str]:
    names = re.findall(rb"^[ \t]*(?:" + keyword + rb")[ \t]+([^\r\n]+)", raw, re.MULTILINE | re.IGNORECASE)
    return list(dict.fromkeys(name.decode("utf-8", "replace").strip() for name in names))


def _beside(name: str, path: Path, suffixes: tuple[str, ...]) -> bytes | None:
    """Return a file that a mesh file names, or None if it is missing."""
    where = f"{path}: it names {quoted(name)}"
    if re.match(r"[A-Za-z][\w+.-]+:", name) or name.startswith(("/", "\\")):
        raise DomainError(f"{where}; only files in its own folder are read")
    file = path.parent / name.replace("\\", "/")
    if Path(name).suffix.lower() not in suffixes:
        raise DomainError(f"{where} where a file that ends in {' or '.join(suffixes)} belongs")
    if not file.resolve().is_relative_to(path.parent.resolve()):
        raise DomainError(f"{where}; only files in its own folder are read")
    if not file.exists():
        return None  # many files on the web have lost their materials: the body takes the color of its kind
    try:
        return read_bytes(file, MAX_BYTES)
    except ReadError as error:
        raise DomainError(f"{where}: {error}") from None


def _pixels(raw: bytes) -> int:
    """Return the number of pixels of a picture, without decoding it; a huge number if it is no picture."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(raw)) as picture:
            return picture.width * picture.height
    except (OSError, ValueError, Image.DecompressionBombError):
        return MAX_PICTURE_PIXELS + 1


def _resolver(trimesh: Any, files: dict[str, bytes]) -> Any:
    """Return a resolver of trimesh that knows these files only."""

    class OnlyThese(trimesh.resolvers.Resolver):  # type: ignore[misc]
        def __init__(self) -> None:
            pass

        def get(self, key: str) -> bytes:
            return files[str(key).strip()]

        def keys(self) -> list[str]:
            return list(files)

        def write(self, name: str, data: bytes) -> None:
            raise KeyError(name)

        def namespaced(self, namespace: str) -> object:
            return self

    return OnlyThese()


# -- the surface of a solid --------------------------------------------------------------------------------------------


def _closed(
    vertices: NDArray[np.float64], faces: NDArray[np.int64], colors: NDArray[np.float64] | None, path: str
) -> SolidMesh:
    """Merge equal vertices and return the surface around the origin.

    Raises:
        DomainError: It is flat, or not closed.
    """
    used, faces = np.unique(faces, return_inverse=True)
    vertices, faces = vertices[used], faces.reshape(-1, 3)
    low, extent = vertices.min(axis=0), np.ptp(vertices, axis=0)
    length = float(extent.max())
    if not length > 0 or not np.isfinite(length):
        raise DomainError(f"{path}: all its points are in one place")
    if extent.min() < MIN_THICKNESS * length:
        raise DomainError(f"{path}: it is flat along {'xyz'[int(extent.argmin())]}; a body needs a thickness")
    unit = (vertices - low) / length
    n_open = len(faces)
    for tolerance in MERGED:
        grid = np.round(unit / tolerance).astype(np.int64)
        _, first, number = np.unique(grid, axis=0, return_index=True, return_inverse=True)
        merged = number.reshape(-1)[faces]
        real = (merged != np.roll(merged, 1, axis=1)).all(axis=1)
        n_open = min(n_open, _open_edges(merged[real]))
        if n_open:
            continue
        kept = merged[real]
        volume = _volume(unit[first], kept)
        if abs(volume) < MIN_THICKNESS**2:
            raise DomainError(f"{path}: it encloses no volume")
        return SolidMesh(
            vertices=vertices[first] - low - extent / 2,
            faces=kept if volume > 0 else kept[:, ::-1],
            colors=None if colors is None else colors[real],
        )
    raise DomainError(
        f"{path}: its surface is not closed: {n_open} edges have a triangle on one side only, or triangles that face"
        " opposite ways; fill the holes (Blender: Select Non Manifold, then Fill, and Recalculate Outside)"
    )


def _open_edges(faces: NDArray[np.int64]) -> int:
    """Return how many edges are not passed as often one way as the other."""
    if not len(faces):
        return 1
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    forward = edges[:, 0] < edges[:, 1]
    _, number = np.unique(np.sort(edges, axis=1), axis=0, return_inverse=True)
    balance = np.bincount(number.reshape(-1), weights=np.where(forward, 1, -1))
    return int((balance != 0).sum())


def _volume(vertices: NDArray[np.float64], faces: NDArray[np.int64]) -> float:
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)
