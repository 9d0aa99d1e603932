"""Recordings for the Rerun viewer: moving bodies, the robot's links and joints, and log texts, over simulated time.

Needs the package `rerun-sdk` (the extra `rerun`), which nothing else in the project needs.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np

from envs.assets.object_models import object_pieces
from envs.errors import EnvsError
from envs.geometry.bodies import UPRIGHT
from envs.physics.engine import TICK_S
from envs.recording.atomic_output import AtomicOutput
from envs.robot.robot import LINKS, NAME
from envs.robot.robot_model import body_links

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from envs.geometry.bodies import Piece, Quat
    from envs.simulation.physical_home import PhysicalHome

FRAME_TICKS = 16  # 15 frames per simulated second
MIN_MOTION_M = 1e-4  # a body that has moved less is not logged again
TIMELINE = "simulated"
JOINT_NAMES = ("x", "y", "yaw", "lift", *(f"arm {k}" for k in range(1, 8)))
WALL_COLOR, WALL_HEIGHT_M = (220, 217, 209), 0.45


class RecordingError(EnvsError, RuntimeError):
    """A recording cannot be made here."""


def check_installed() -> None:
    """Check that recordings can be made.

    Raises:
        RecordingError: The package is missing; the message says which.
    """
    if importlib.util.find_spec("rerun") is None:
        raise RecordingError("a Rerun recording needs the package rerun-sdk: pip install 'gpt-home-planner[rerun]'")


class Recording(AtomicOutput):
    """Records a home during execution: pass `tick` to `PhysicalHome.execute` as `on_tick`.

    Args:
        path: The RRD file.
        home: The home to record.

    Raises:
        RecordingError: The package rerun-sdk is missing.
    """

    def __init__(self, path: str | Path, home: PhysicalHome) -> None:
        check_installed()
        self._rr: Any = importlib.import_module("rerun")
        super().__init__(path, ".rrd")
        self._home = home
        self._stream: Any = self._rr.RecordingStream("gpt-home-planner")
        self._stream.save(self._partial)
        self._next_tick = 0
        self._links = body_links()
        self._last_poses: dict[str, np.ndarray[Any, Any]] = {}
        self._log_shapes()
        self.record_frame()

    # -- static shapes ----------------------------------------------------------------------------------------------

    def _log_shapes(self) -> None:
        home, rr = self._home, self._rr
        self._stream.log("/", rr.ViewCoordinates.RIGHT_HAND_Z_UP, static=True)
        for room in home.scene.rooms:
            a, b, c, d = room.rect
            tile = rr.Boxes3D(
                centers=[((a + c) / 2, (b + d) / 2, -0.01)], half_sizes=[((c - a) / 2, (d - b) / 2, 0.01)],
                colors=[(190, 175, 155)], labels=[room.name], show_labels=False, fill_mode="solid",
            )  # fmt: skip
            self._log(f"home/rooms/{room.name}", tile, static=True)
        self._log_walls()
        for spec in home.scene.furniture:
            model = home.queries.furniture[spec.name]
            entity = f"home/fixtures/{spec.name}"
            turn = (0.0, 0.0, float(np.sin(spec.yaw / 2)), float(np.cos(spec.yaw / 2)))
            self._log(entity, self._transform((spec.x, spec.y, 0.0), turn), static=True)
            self._log_pieces(f"{entity}/case", model.pieces)
            for k, leaf in enumerate(model.leaves):
                self._log_pieces(f"home/leaves/{spec.name} {k}", leaf.pieces)
        for obj in home.scene.objects:
            pieces = object_pieces(home.queries.objects[obj.name])
            self._log_pieces(_entity(obj.category, obj.name), [p for p in pieces if p.visible])
        self._log_robot()

    def _log_walls(self) -> None:
        centers, halves = [], []
        for name in self._home.engine.bodies:
            if name.startswith("wall "):
                low, high = (np.array(corner) for corner in self._home.engine.bounds(name))
                high[2] = WALL_HEIGHT_M
                centers.append((low + high) / 2)
                halves.append((high - low) / 2)
        boxes = self._rr.Boxes3D(centers=centers, half_sizes=halves, colors=[WALL_COLOR], fill_mode="solid")
        self._log("home/walls", boxes, static=True)

    def _log_robot(self) -> None:
        rr = self._rr
        for number, link in enumerate(self._links):
            self._log_pieces(f"robot/link {number}", link.pieces)
        for k, name in enumerate(JOINT_NAMES):
            self._log(f"joints/{name}", rr.SeriesLines(names=[f"{name} [{'m' if k in (0, 1, 3) else 'rad'}]"]),
                             static=True)  # fmt: skip

    def _log_pieces(self, entity: str, pieces: Sequence[Piece]) -> None:
        """Log the boxes and cylinders of a body as one entity of boxes, and each mesh as another entity."""
        rr = self._rr
        boxes = [p for p in pieces if p.mesh is None and p.kind in ("box", "cylinder") and p.visible]
        if boxes:
            shape = rr.Boxes3D(
                centers=[p.at for p in boxes], half_sizes=[np.array(p.size) / 2 for p in boxes],
                quaternions=[rr.Quaternion(xyzw=p.turn) for p in boxes], colors=[_to_bytes(p.color) for p in boxes],
                fill_mode="solid",
            )  # fmt: skip
            self._log(f"{entity}/boxes", shape, static=True)
        for k, piece in enumerate(p for p in pieces if p.mesh is not None):
            assert piece.mesh is not None
            vertices, faces = np.array(piece.mesh.vertices), np.array(piece.mesh.faces)
            mesh = rr.Mesh3D(
                vertex_positions=vertices, triangle_indices=faces, vertex_normals=_normals(vertices, faces),
                albedo_factor=_to_bytes(piece.color),
            )  # fmt: skip
            self._log(f"{entity}/mesh {k}", mesh, static=True)

    # -- moving bodies -----------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Record a frame if one is due."""
        if self._home.engine.ticks >= self._next_tick:
            self.record_frame()

    def record_frame(self) -> None:
        """Record everything that has moved, and the robot's joints."""
        home, rr = self._home, self._rr
        self._next_tick = home.engine.ticks + FRAME_TICKS
        self._stream.set_time(TIMELINE, duration=home.engine.ticks * TICK_S)
        for obj in home.scene.objects:
            self._log_pose(_entity(obj.category, obj.name), *home.engine.pose(obj.name))
        for name, model in home.queries.furniture.items():
            for k in range(len(model.leaves)):
                at, turn = home.queries.leaf_frame(name, k, home.engine.joint(name, k))
                self._log_pose(f"home/leaves/{name} {k}", at.tolist(), home.queries.quat(turn))
        for link in range(len(self._links)):
            self._log_pose(f"robot/link {link}", *home.engine.link_pose(NAME, link))
        for name, value in zip(JOINT_NAMES, home.engine.joints(NAME, LINKS).tolist(), strict=True):
            self._log(f"joints/{name}", rr.Scalars(value))

    def log_text(self, words: str, *, level: str = "INFO") -> None:
        """Record a line of text at the current time."""
        self.record_frame()
        self._log("subtask", self._rr.TextLog(words, level=level))

    def _log_pose(self, entity: str, at: Sequence[float], turn: Quat) -> None:
        pose = np.array([*at, *turn])
        if entity not in self._last_poses or np.abs(pose - self._last_poses[entity]).max() > MIN_MOTION_M:
            self._last_poses[entity] = pose
            self._log(entity, self._transform(at, turn))

    def _log(self, entity: str, shape: Any, *, static: bool = False) -> None:
        self._stream.log(entity.split("/"), shape, static=static)  # as parts, so that names may contain spaces

    def _transform(self, at: Sequence[float], turn: Quat = UPRIGHT) -> Any:
        return self._rr.Transform3D(translation=at, quaternion=self._rr.Quaternion(xyzw=turn))

    # -- the file ----------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Finish the file and give it its name."""
        self.record_frame()
        super().close()

    def _close_writer(self) -> None:
        self._stream.flush()
        self._stream.disconnect()


def _entity(category: str, name: str) -> str:
    return f"home/things/{category}/{name}"


def _to_bytes(color: Sequence[float]) -> tuple[int, ...]:
    return tuple(round(255 * channel) for channel in color)


def _normals(vertices: np.ndarray[Any, Any], faces: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Vertex normals of a mesh, with which a viewer shades it, (V, 3)."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    face_normals = np.cross(b - a, c - a)
    sums = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(sums, faces[:, k], face_normals)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    normals: np.ndarray[Any, Any] = sums / np.maximum(lengths, 1e-12)
    return normals
