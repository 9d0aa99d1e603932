"""Where the camera stands: over the home, following the work, or over the robot's shoulder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from envs.engine import Engine
    from envs.kinematics import Array
    from envs.scene import Scene

View = Literal["overhead", "room", "robot"]
GLIDE = 0.2  # part of the way to its new place that the following camera moves in a frame


class Camera:
    """Draws views of one home; the following camera glides, so it is asked for frames in order."""

    def __init__(self, engine: Engine, scene: Scene) -> None:
        self.engine = engine
        self.low = np.array([min(r.rect[k] for r in scene.rooms) for k in (0, 1)])
        self.high = np.array([max(r.rect[k] for r in scene.rooms) for k in (2, 3)])
        self._pose: Array | None = None

    def image(self, width: int, height: int, view: View, q: Array, focus: Array) -> NDArray[np.uint8]:
        """Draw one view, (H, W, 3)."""
        if view == "overhead":
            middle = (self.low + self.high) / 2
            span = max((self.high - self.low)[0] * height / width, (self.high - self.low)[1])
            above = (float(middle[0]), float(middle[1] - 0.62 * span), float(1.12 * span + 1.0))
            return self.engine.image(width, height, above, (middle[0], middle[1] - 0.04 * span, 0.0), view_deg=48)
        base = np.array([q[0], q[1], 0.0])
        ahead = np.array([np.cos(q[2]), np.sin(q[2]), 0.0])
        if view == "robot":
            eye = base - 0.75 * ahead + (0, 0, 1.9)
            target = base + 0.8 * ahead + (0, 0, 0.75)
            return self.engine.image(width, height, eye.tolist(), target.tolist(), view_deg=65)
        near = np.linalg.norm(focus[:2] - base[:2]) < 1.6
        target = 0.5 * base + 0.5 * focus if near else base + 0.3 * ahead
        target = np.array([target[0], target[1], 0.75])
        middle = np.array([*(self.low + self.high) / 2, 0.0])
        side = np.array([-ahead[1], ahead[0], 0.0])
        if side @ (middle - target) < 0:
            side = -side
        eye = target + 1.55 * side - 1.25 * ahead + (0.0, 0.0, 1.55)
        wanted = np.concatenate([eye, target])
        self._pose = wanted if self._pose is None else self._pose + GLIDE * (wanted - self._pose)
        return self.engine.image(width, height, self._pose[:3].tolist(), self._pose[3:].tolist(), view_deg=58)
