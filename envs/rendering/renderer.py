"""An engine that only draws: it follows the simulated world, with one visual mesh per link.

Images are drawn here and not in the simulated world, which therefore has no visual shapes: it is built and stepped
faster, and no image can change what happens in it. Near bodies are added, and so drawn, first, because most of the
renderer's time goes into pixels that are drawn twice.

Legend: H rows, W columns.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from envs.geometry.bodies import UPRIGHT, VERTEX_COLORS, Link, visual_mesh
from envs.geometry.color_texture import Tint, palette, targa
from envs.physics.engine import BASE, Engine
from envs.rendering.materials import HIGHLIGHT, SHINE, Window, bleached, grained, points_seen, seen_through, shining

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from envs.geometry.bodies import Piece, Quat
    from envs.geometry.meshes import Color, Mesh
    from envs.geometry.rotations import Array
    from envs.symbolic.domain import Vec3


@dataclass(frozen=True, kw_only=True)
class Light:
    """Lighting of an image.

    Attributes:
        direction: Towards the light.
        ambient: Light from everywhere, as a fraction of full light.
        diffuse: Light from the direction, as a fraction of full light.
        specular: Highlights, as a fraction of full light.
    """

    direction: Vec3 = (4.0, -6.0, 12.0)
    ambient: float = 0.62
    diffuse: float = 0.42
    specular: float = 0.05


DAYLIGHT = Light()


class Renderer(Engine):
    """Draws bodies by name; poses of links and bounds of walls come from the simulated world, if there is one."""

    can_be_copied = False  # a copied home makes its own renderer at its first image

    def __init__(self, world: Engine | None = None) -> None:
        self._world = world
        super().__init__()

    def clear(self) -> None:
        """Remove everything."""
        super().clear()
        self._shapes: dict[Mesh, int] = {}
        self._textures: dict[tuple[Tint, ...], int] = {}
        self._materials: dict[str, str] = {}

    def link_pose(self, name: str, link: int) -> tuple[Vec3, Quat]:
        """Position [m] and orientation of a link's frame now, whatever was drawn last."""
        return super().link_pose(name, link) if self._world is None else self._world.link_pose(name, link)

    def bounds(self, name: str) -> tuple[Vec3, Vec3]:
        """Return the lowest and the highest corner of a body's collision shapes [m]."""
        return super().bounds(name) if self._world is None else self._world.bounds(name)

    def image(
        self, width: int, height: int, eye: Sequence[float], target: Sequence[float], *,
        up: Sequence[float] = (0, 0, 1), view_deg: float = 60.0,
    ) -> NDArray[np.uint8]:  # fmt: skip
        """Draw the home with the software renderer, (H, W, 3)."""
        return self.shot(width, height, eye, target, up=up, view_deg=view_deg)[0]

    def shot(
        self, width: int, height: int, eye: Sequence[float], target: Sequence[float], *,
        up: Sequence[float] = (0, 0, 1), view_deg: float = 60.0, near_m: float = 0.25, far_m: float = 40.0,
        light: Light = DAYLIGHT,
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int32]]:  # fmt: skip
        """Draw the home between two distances from the eye with the software renderer.

        Returns:
            Colors (H, W, 3); distances along the camera's axis [m] (H, W), `far_m` where nothing is; and bodies (H, W)
            by their numbers in the simulated world, if there is one, -1 where nothing is.
        """
        view = self._p.computeViewMatrix(list(eye), list(target), list(up))
        near_far = (near_m, far_m)
        projection = self._p.computeProjectionMatrixFOV(view_deg, width / height, *near_far)
        rgb, distance_m, ids = self._drawn((width, height), view, projection, near_far, light)
        masks = self._material_masks(ids)
        if "wooden" in masks:
            wood = masks["wooden"]
            points = points_seen(wood, distance_m, eye, target, up, view_deg)
            rgb = grained(rgb, wood, self._in_frames(points, ids[wood]))
        if "paper" in masks:
            rgb = bleached(rgb, masks["paper"])
        if shiny := {material: mask for material, mask in masks.items() if material in SHINE}:
            window = Window.around(np.logical_or.reduce(list(shiny.values())))
            part = self._p.computeProjectionMatrix(*window.frustum(width, height, view_deg, near_m), *near_far)
            lit, _, _ = self._drawn(window.size, view, part, near_far, replace(light, specular=HIGHLIGHT))
            here = window.slices
            rgb[here] = shining(rgb[here], lit, {material: mask[here] for material, mask in shiny.items()})
            if "glass" in masks:
                with self._without_glass():
                    behind, _, _ = self._drawn(window.size, view, part, near_far, light)
                rgb[here] = seen_through(rgb[here], behind, masks["glass"][here])
        return rgb, distance_m, ids if self._world is None else self._world_body_numbers(self._world.bodies)[ids]

    def _drawn(
        self, size: tuple[int, int], view: Sequence[float], projection: Sequence[float], near_far: tuple[float, float],
        light: Light,
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int32]]:  # fmt: skip
        """Draw with the software renderer: colors, distances [m], and PyBullet's ids of bodies, -1 where nothing is."""
        (width, height), (near_m, far_m) = size, near_far
        _, _, rgba, depth, segmentation = self._p.getCameraImage(
            width, height, view, projection, renderer=self._p.ER_TINY_RENDERER, shadow=0,
            lightDirection=list(light.direction), lightAmbientCoeff=light.ambient,
            lightDiffuseCoeff=light.diffuse, lightSpecularCoeff=light.specular,
        )  # fmt: skip
        rgb = np.ascontiguousarray(np.asarray(rgba, dtype=np.uint8).reshape(height, width, 4)[:, :, :3])
        # 0 at the near plane, 1 at the far plane.
        depth_fraction = np.asarray(depth, dtype=np.float64).reshape(height, width)
        distance_m = (far_m * near_m / (far_m - (far_m - near_m) * depth_fraction)).astype(np.float32)
        return rgb, distance_m, np.asarray(segmentation, dtype=np.int32).reshape(height, width)

    def set_material(self, name: str, material: str) -> None:
        """Let a body look as if it were of a material (`materials.MATERIALS`)."""
        self._materials[name] = material

    def _material_masks(self, ids: NDArray[np.int32]) -> dict[str, NDArray[np.bool_]]:
        """Return the pixels of each material that is seen, (H, W)."""
        bodies: dict[str, list[int]] = {}
        for name, material in self._materials.items():
            bodies.setdefault(material, []).append(self._id(name))
        masks = {material: np.isin(ids, numbers) for material, numbers in bodies.items()}
        return {material: mask for material, mask in masks.items() if mask.any()}

    def _in_frames(self, points: Array, ids: NDArray[np.int32]) -> Array:
        """Transform points of bodies [m], (N, 3), into the frames of their bodies, (N,)."""
        local = np.empty_like(points)
        for body in np.unique(ids).tolist():
            at, turn = self.pose(self._names_by_id[body])
            local[ids == body] = (points[ids == body] - at) @ self.rotation(turn)
        return local

    @contextmanager
    def _without_glass(self) -> Iterator[None]:
        """Hide the bodies of glass for a while."""
        colors = {name: self.painted(name) for name, material in self._materials.items() if material == "glass"}
        for name, color in colors.items():
            self.paint(name, (*color[:3], 0.0))
        try:
            yield
        finally:
            for name, color in colors.items():
                self.paint(name, color)

    def _world_body_numbers(self, bodies: dict[str, int]) -> NDArray[np.int32]:
        """Numbers in the simulated world by body id; a part has the number of its whole, the last entry is -1."""
        numbers = np.full(max(self.names) + 2, -1, np.int32)
        for body, name in self.names.items():
            while name and name not in bodies:  # "plant 1 marker" is a part of plant 1
                name = name.rpartition(" ")[0]  # noqa: PLW2901
            numbers[body] = bodies.get(name, bodies["ground"])
        numbers[-1] = -1
        return numbers

    def _collision(self, pieces: Sequence[Piece]) -> int:
        return -1

    def _visual(self, pieces: Sequence[Piece]) -> int:
        mesh = visual_mesh(tuple(pieces))
        if mesh is None:
            return -1
        if mesh not in self._shapes:
            self._shapes[mesh] = int(
                self._p.createVisualShape(
                    self._p.GEOM_MESH, vertices=mesh.vertices, indices=[i for face in mesh.faces for i in face],
                    uvs=mesh.texels, normals=mesh.normals, rgbaColor=(*VERTEX_COLORS[:3], pieces[0].color[3]),
                )
            )  # fmt: skip
        return self._shapes[mesh]

    def add(
        self, name: str, pieces: Sequence[Piece], at: Sequence[float], turn: Sequence[float] = UPRIGHT, *,
        mass: float = 0.0, links: Sequence[Link] = (),
    ) -> None:  # fmt: skip
        """Add the visible parts of a body; the ground has none."""
        if not links and not any(piece.visible for piece in pieces):
            return
        super().add(name, pieces, at, turn, links=links)
        self.tint(name, ())
        for k, link in enumerate(links):
            if any(piece.visible for piece in link.pieces):
                self._set_texture(name, k, ())

    def tint(self, name: str, tints: tuple[Tint, ...]) -> None:
        """Blend colors over those of a body's base, one after the other."""
        self._set_texture(name, BASE, tints)

    def _set_texture(self, name: str, link: int, tints: tuple[Tint, ...]) -> None:
        if tints not in self._textures:
            with tempfile.NamedTemporaryFile(suffix=".tga") as file:  # PyBullet reads textures only from files
                file.write(targa(palette(tints)))
                file.flush()
                self._textures[tints] = int(self._p.loadTexture(file.name))
        self._p.changeVisualShape(self._id(name), link, textureUniqueId=self._textures[tints])

    def paint(self, name: str, color: Color) -> None:
        """Change the color of a body's base."""
        self._p.changeVisualShape(self._id(name), BASE, rgbaColor=color)

    def painted(self, name: str) -> Color:
        """Return the color of a body's base."""
        red, green, blue, alpha = self._p.getVisualShapeData(self._id(name))[0][7]
        return float(red), float(green), float(blue), float(alpha)

    def show(self, name: str, shown: bool) -> None:
        """Show or hide a body whose base has a single color."""
        red, green, blue, _ = self.painted(name)
        self.paint(name, (red, green, blue, float(shown)))

    def remove(self, name: str) -> None:
        """Remove a body."""
        self._materials.pop(name, None)
        body = self._ids.pop(name)
        del self._names_by_id[body], self.names[self.bodies.pop(name)]
        self._p.removeBody(body)
