"""The mesh file that a kind of object takes its shape from, as a value that a domain can hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from envs.errors import DomainError, nearest
from envs.files.mesh_files import UPS, Content, default_up, file_digest, solid_mesh
from envs.symbolic.domain.categories import MeshFile

if TYPE_CHECKING:
    import os

    from envs.files.mesh_files import SolidMesh
    from envs.symbolic.domain.categories import Vec3

UNITS_M = {"m": 1.0, "dm": 0.1, "cm": 0.01, "mm": 0.001, "in": 0.0254, "ft": 0.3048}
SIZE_M = (0.002, 3.0)  # least and greatest length of a body


@dataclass(frozen=True, kw_only=True)
class SizedMesh:
    """What `mesh_of` reads: the mesh file as a value, and the bounding box [m] that the body has with it."""

    mesh: MeshFile
    size: Vec3


def mesh_of(
    path: str | os.PathLike[str], *, size: Vec3 | float | None = None, unit: str = "m", up: str | None = None
) -> SizedMesh:
    """Read and check a mesh file.

    Args:
        path: An OBJ, STL, GLB or PLY file.
        size: The body's depth, width and height [m], or its greatest length; None: as the file says, in `unit`.
        unit: What one unit of the file is, one of `UNITS_M`.
        up: The axis of the file that points up, `y` or `z`; None: y in GLB files, z in others.

    Raises:
        DomainError: The file is no closed body, or its size is not that of a thing; the message names the file.
    """
    if unit not in UNITS_M:
        raise DomainError(f"{path}: unknown unit {unit!r}{nearest(unit, UNITS_M)}; known: {', '.join(UNITS_M)}")
    if up is not None and up not in UPS:
        raise DomainError(f"{path}: `up` is {up!r}; it is y or z, the axis of the file that points up")
    file = str(Path(path).absolute())
    digest, up = file_digest(file), up or default_up(file)
    solid = solid_mesh(Content(path=file, digest=digest, up=up))
    x, y, z = (float(length) for length in solid.size)
    if isinstance(size, tuple):
        x, y, z = size
    else:
        scale = UNITS_M[unit] if size is None else size / max(x, y, z)
        x, y, z = x * scale, y * scale, z * scale
    if not SIZE_M[0] <= min(x, y, z) <= max(x, y, z) <= SIZE_M[1]:
        hint = "" if size is not None else f" with unit {unit}; say its unit ({', '.join(UNITS_M)}), or its size"
        raise DomainError(f"{path}: the body is {x:.4g} x {y:.4g} x {z:.4g} m{hint}")
    mesh = MeshFile(path=file, digest=digest, up=up, inner_floor=round(solid.height_inside(), 4))
    return SizedMesh(mesh=mesh, size=(x, y, z))


def solid_of(mesh: MeshFile) -> SolidMesh:
    """Return the body in a mesh file; read once for each content.

    Raises:
        DomainError: The file is gone, or has another content by now.
    """
    return solid_mesh(Content(path=mesh.path, digest=mesh.digest, up=mesh.up))
