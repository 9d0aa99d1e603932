"""Camera poses and images: over the home, following the work, over the robot's shoulder, or on its head.

Legend: H rows, W columns, N points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from envs.geometry.bodies import Piece
from envs.physics.room_builder import VISIBLE_WALL_HEIGHT_M, WALL_COLOR, WALL_HEIGHT_M
from envs.rendering.renderer import DAYLIGHT, Light

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from envs.geometry.rotations import Array
    from envs.rendering.renderer import Renderer
    from envs.symbolic.domain import Vec3
    from envs.symbolic.scene import Scene

View = Literal["overhead", "room", "robot", "head"]
FOLLOW_GAIN = 0.2  # fraction of the way to its goal that the following camera moves per frame
HEAD_POSITION_M = (0.03, 0.0, 1.50)  # above the column's front edge, in the base's frame
HEAD_TARGET_M = (1.00, 0.0, 0.70)  # where the hand works
HEAD_VIEW_DEG = 70.0
BASE_LINK = 2  # the robot's link that turns with the base
NEAR_M, FAR_M = 0.08, 40.0  # range of the sensor; the arm may come close to the head
PIECES_PER_BODY = 12  # the engine takes 16 per body at most


@dataclass(frozen=True, kw_only=True)
class CameraPose:
    """Position and target of a camera [m], and its vertical field of view."""

    eye: Vec3
    target: Vec3
    view_deg: float

    @property
    def up(self) -> Vec3:
        """Up direction of the image: z, or y for a camera that looks straight down."""
        level = max(abs(self.eye[0] - self.target[0]), abs(self.eye[1] - self.target[1]))
        return (0.0, 0.0, 1.0) if level > 1e-3 else (0.0, 1.0, 0.0)

    def project(self, points: Sequence[Sequence[float]] | Array, width: int, height: int) -> Array:
        """Project points in the world to columns and rows [pixels] and distances along the camera's axis [m], (N, 3).

        The pixel that shows a point is its column and row, rounded down.
        """
        forward = np.subtract(self.target, self.eye)
        forward = forward / np.linalg.norm(forward)
        right = np.cross(forward, self.up)
        right = right / np.linalg.norm(right)
        in_camera = (np.asarray(points, dtype=np.float64) - self.eye) @ np.stack(
            [right, np.cross(forward, right), forward]
        ).T
        scale = height / 2 / np.tan(np.radians(self.view_deg) / 2)
        middle = np.array([width / 2 + 0.5, height / 2 - 0.5])  # TinyRenderer samples a pixel at its lower left corner
        return np.column_stack([middle + scale * in_camera[:, :2] / in_camera[:, 2:], in_camera[:, 2]])


@dataclass(frozen=True, kw_only=True)
class Shot:
    """What a camera sees.

    Attributes:
        rgb: Colors, (H, W, 3).
        depth_m: Distances along the camera's axis [m], (H, W); FAR_M where nothing is.
        bodies: Numbers of the engine's bodies, (H, W); -1 where nothing is.
    """

    rgb: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    bodies: NDArray[np.int32]


class Camera:
    """Draws views of one home. The following camera moves smoothly, so its frames must be requested in order."""

    def __init__(self, engine: Renderer, scene: Scene, followed: Array | None = None) -> None:
        """Add the upper walls to a renderer.

        Args:
            engine: What draws.
            scene: The home.
            followed: Where the following camera is, if a copied home's camera goes on: eye and target [m], (6,).
        """
        self.engine = engine
        self.low = np.array([min(r.rect[k] for r in scene.rooms) for k in (0, 1)])
        self.high = np.array([max(r.rect[k] for r in scene.rooms) for k in (2, 3)])
        self.followed = followed
        walls = list(_upper_walls(engine))
        self._upper = [f"upper walls {k}" for k in range(0, len(walls), PIECES_PER_BODY)]
        for k, name in enumerate(self._upper):
            engine.add(name, walls[k * PIECES_PER_BODY : (k + 1) * PIECES_PER_BODY], (0.0, 0.0, 0.0))

    def image(self, width: int, height: int, view: View, q: Array, focus: Array) -> NDArray[np.uint8]:
        """Draw one view, (H, W, 3)."""
        if view == "head":
            return self.shot(self.head(), width, height).rgb
        if view == "overhead":
            pose = self.overhead(width, height)
        else:
            pose = _over_the_shoulder(q) if view == "robot" else self._following(q, focus)
        return self.engine.image(width, height, pose.eye, pose.target, view_deg=pose.view_deg)

    def shot(self, pose: CameraPose, width: int, height: int, light: Light = DAYLIGHT) -> Shot:
        """Draw what a camera sees. Walls have full height for a camera below their top; otherwise they are cut low."""
        below_wall_top = pose.eye[2] < WALL_HEIGHT_M
        self._show_full_walls(below_wall_top)
        try:
            rgb, depth_m, bodies = self.engine.shot(
                width, height, pose.eye, pose.target, up=pose.up, view_deg=pose.view_deg, near_m=NEAR_M, far_m=FAR_M,
                light=light,
            )  # fmt: skip
        finally:
            self._show_full_walls(False)
        return Shot(rgb=rgb, depth_m=depth_m, bodies=bodies)

    def head(self) -> CameraPose:
        """Pose of the camera on the robot's column, which looks ahead and down at the hand's workspace."""
        at, turn = self.engine.link_pose("robot", BASE_LINK)
        rotation = self.engine.rotation(turn)
        eye, target = (np.array(at) + rotation @ np.array(point) for point in (HEAD_POSITION_M, HEAD_TARGET_M))
        return CameraPose(eye=_point(eye), target=_point(target), view_deg=HEAD_VIEW_DEG)

    def overhead(self, width: int, height: int) -> CameraPose:
        """Pose of a camera that sees the whole home."""
        middle = (self.low + self.high) / 2
        span = max((self.high - self.low)[0] * height / width, (self.high - self.low)[1])
        eye = (middle[0], middle[1] - 0.62 * span, 1.12 * span + 1.0)
        return CameraPose(eye=_point(eye), target=_point((middle[0], middle[1] - 0.04 * span, 0.0)), view_deg=48.0)

    def _show_full_walls(self, inside: bool) -> None:
        """Draw walls at full height and hide the lawn behind them, or draw walls low, so that the rooms are visible."""
        for name in self._upper:
            self.engine.show(name, inside)
        self.engine.show("lawn", not inside)

    def _following(self, q: Array, focus: Array) -> CameraPose:
        base, forward = _base(q)
        works_nearby = np.linalg.norm(focus[:2] - base[:2]) < 1.6
        target = 0.5 * base + 0.5 * focus if works_nearby else base + 0.3 * forward
        target = np.array([target[0], target[1], 0.75])
        home_center = np.array([*(self.low + self.high) / 2, 0.0])
        side = np.array([-forward[1], forward[0], 0.0])
        if side @ (home_center - target) < 0:
            side = -side
        eye = target + 1.55 * side - 1.25 * forward + (0.0, 0.0, 1.55)
        goal = np.concatenate([eye, target])
        self.followed = goal if self.followed is None else self.followed + FOLLOW_GAIN * (goal - self.followed)
        return CameraPose(eye=_point(self.followed[:3]), target=_point(self.followed[3:]), view_deg=58.0)


def _over_the_shoulder(q: Array) -> CameraPose:
    base, forward = _base(q)
    eye, target = base - 0.75 * forward + (0, 0, 1.9), base + 0.8 * forward + (0, 0, 0.75)
    return CameraPose(eye=_point(eye), target=_point(target), view_deg=65.0)


def _base(q: Array) -> tuple[Array, Array]:
    return np.array([q[0], q[1], 0.0]), np.array([np.cos(q[2]), np.sin(q[2]), 0.0])


def _point(values: Array | Sequence[float]) -> Vec3:
    x, y, z = (float(v) for v in values)
    return x, y, z


def _upper_walls(engine: Renderer) -> Iterator[Piece]:
    """The upper parts of the walls, which views from above leave out."""
    for name in engine.bodies:
        if name.startswith("wall "):
            low, high = (np.array(corner) for corner in engine.bounds(name))
            low[2] = VISIBLE_WALL_HEIGHT_M
            color = (*WALL_COLOR[:3], 0.0)  # hidden at first
            yield Piece(size=_point(high - low), at=_point((high + low) / 2), color=color, solid=False)
