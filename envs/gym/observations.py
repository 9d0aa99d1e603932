"""Sensor observations of the robot: images, depth, segmentation by entity, and proprioception.

Legend: H rows, W columns, J the joints of `robot.LINKS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from gymnasium import spaces

from envs.errors import ArgumentError, nearest, quoted
from envs.gym.spaces import IN_HAND, Observation
from envs.rendering.camera import FAR_M, CameraPose
from envs.robot import kinematics
from envs.robot.robot import DOF, LEFT, LINKS, NAME, RIGHT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from envs.simulation.physical_home import PhysicalHome
    from envs.symbolic.domain import Vec3

SENSES = ("atoms", "rgb", "depth", "segmentation", "proprioception")
CAMERAS = ("head", "overhead")
ROBOT = IN_HAND  # the robot's number in a segmentation, as in `place`
FREE_VIEW_DEG = 60.0
MIN_IMAGE_PX, MAX_IMAGE_PX = 8, 2048
_JOINT_SLACK = 0.5  # motors may let a joint swing this far beyond its range [m, rad]
_LOW = (*[-1e3] * 3, *(kinematics.LOWER - _JOINT_SLACK), *[-50.0] * DOF, -0.01, 0.0)
_HIGH = (*[1e3] * 3, *(kinematics.UPPER + _JOINT_SLACK), *[50.0] * DOF, 0.1, 1.0)


@dataclass(frozen=True, kw_only=True)
class Senses:
    """The keys of an observation, and the camera behind its images.

    Attributes:
        observe: Some of SENSES.
        camera: `head` rides on the robot, `overhead` sees the whole home, and an (eye, target) [m] is fixed.
        image_size: Width and height [pixels].

    Raises:
        ArgumentError: An attribute has another value.
    """

    observe: Sequence[str] = ("atoms",)
    camera: str | tuple[Vec3, Vec3] = "head"
    image_size: tuple[int, int] = (256, 256)

    def __post_init__(self) -> None:
        """Check the values, which come from a user."""
        if not isinstance(self.observe, Iterable):
            raise ArgumentError(f"observe is {quoted(self.observe)}; name some of {', '.join(SENSES)}")
        names = [self.observe] if isinstance(self.observe, str) else list(self.observe)
        for name in names:
            if name not in SENSES:
                raise ArgumentError(
                    f"observe contains {quoted(name)}; it must be some of {', '.join(SENSES)}{_hint(name, SENSES)}"
                )
        if not names:
            raise ArgumentError(f"observe is empty; name some of {', '.join(SENSES)}")
        object.__setattr__(self, "observe", tuple(name for name in SENSES if name in names))
        object.__setattr__(self, "camera", _camera(self.camera))
        object.__setattr__(self, "image_size", _image_size(self.image_size))

    def spaces(self) -> dict[str, spaces.Space[NDArray[np.generic]]]:
        """Return the spaces of the arrays that `read` returns."""
        width, height = self.image_size
        all_spaces: dict[str, spaces.Space[NDArray[np.generic]]] = {
            "rgb": spaces.Box(0, 255, (height, width, 3), np.uint8),
            "depth": spaces.Box(0.0, FAR_M, (height, width), np.float32),
            "segmentation": spaces.Box(0, ROBOT, (height, width), np.int16),
            "proprioception": spaces.Box(np.array(_LOW, np.float32), np.array(_HIGH, np.float32)),
        }
        return {name: space for name, space in all_spaces.items() if name in self.observe}

    def read(self, home: PhysicalHome) -> Observation:
        """Read the sensors now; the atoms are not included."""
        observation: Observation = {}
        if {"rgb", "depth", "segmentation"} & set(self.observe):
            home.scene_view.refresh(home.state())
            shot = home.camera.shot(self.pose(home), *self.image_size)
            observation = {"rgb": shot.rgb, "depth": shot.depth_m}
            if "segmentation" in self.observe:
                observation["segmentation"] = _entity_numbers(home)[shot.bodies]
        if "proprioception" in self.observe:
            observation["proprioception"] = _proprioception(home)
        return {name: value for name, value in observation.items() if name in self.observe}

    def pose(self, home: PhysicalHome) -> CameraPose:
        """Return the camera's current pose."""
        if isinstance(self.camera, tuple):
            return CameraPose(eye=self.camera[0], target=self.camera[1], view_deg=FREE_VIEW_DEG)
        return home.camera.head() if self.camera == "head" else home.camera.overhead(*self.image_size)


def _entity_numbers(home: PhysicalHome) -> NDArray[np.int16]:
    """Each body's number in a segmentation, by the engine's body number; the last entry is for no body, -1."""
    bodies, index = home.engine.names, home.world.index
    numbers = np.zeros(max(bodies) + 2, np.int16)
    for body, name in bodies.items():
        while name and name not in index:  # "plant 1 water" is a part of plant 1
            name = name.rpartition(" ")[0]  # noqa: PLW2901
        numbers[body] = index[name] + 1 if name else 0
    numbers[home.engine.bodies[NAME]] = ROBOT
    return numbers


def _proprioception(home: PhysicalHome) -> NDArray[np.float32]:
    """Joint positions (J,) and speeds (J,), the gripper's opening and whether it holds something, (2 J + 2,)."""
    engine = home.engine
    opening_m = engine.joints(NAME, (LEFT, RIGHT)).sum()
    held = float(home.motion.robot.held is not None)
    values = np.concatenate([engine.joints(NAME, LINKS), engine.joint_speeds(NAME, LINKS), [opening_m, held]])
    return np.clip(values, _LOW, _HIGH).astype(np.float32)


def _camera(camera: object) -> str | tuple[Vec3, Vec3]:
    if isinstance(camera, str) and camera in CAMERAS:
        return camera
    try:
        if isinstance(camera, str):
            raise TypeError
        eye, target = (tuple(float(v) for v in point) for point in camera)  # type: ignore[attr-defined]
        (a, b, c), (d, e, f) = eye, target
    except (TypeError, ValueError):
        allowed = f"one of {', '.join(CAMERAS)}, or a pose ((x, y, z) of the eye, (x, y, z) of the target) [m]"
        raise ArgumentError(f"camera is {quoted(camera)}; it must be {allowed}{_hint(camera, CAMERAS)}") from None
    if not np.isfinite([*eye, *target]).all() or eye == target:
        raise ArgumentError(f"camera is {quoted(camera)}; eye and target must be two different finite points")
    return (a, b, c), (d, e, f)


def _image_size(size: Sequence[int]) -> tuple[int, int]:
    try:
        width, height = (int(v) for v in size)  # not finite: an OverflowError
        if (width, height) != tuple(size) or not all(MIN_IMAGE_PX <= v <= MAX_IMAGE_PX for v in (width, height)):
            raise ValueError
    except (OverflowError, TypeError, ValueError):
        allowed = f"(width, height), each {MIN_IMAGE_PX} to {MAX_IMAGE_PX} pixels"
        raise ArgumentError(f"image_size is {quoted(size)}; it must be {allowed}") from None
    return width, height


def _hint(value: object, choices: Sequence[str]) -> str:
    return nearest(value, choices) if isinstance(value, str) else ""
