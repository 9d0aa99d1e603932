"""Wrapper around PyBullet, and the only file that imports it: bodies by name, SI units, quaternions (x, y, z, w)."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import sys
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from envs.errors import PhysicsError, nearest
from envs.geometry.bodies import UPRIGHT, Link, Piece, Quat
from envs.physics.world_snapshot import (
    Blueprint,
    Drive,
    Gear,
    Motion,
    Parked,
    Weld,
    WorldRecord,
    WorldSnapshot,
    without_visuals,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    from numpy.typing import NDArray

    from envs.symbolic.domain import Vec3

TICK_S = 1 / 240
BASE = -1  # the link index of a body's base
SOLVER_RESIDUAL = 1e-4  # the solver stops below this residual: a driving robot needs only a few of the 30 iterations
SOLVER_ITERATIONS = 30
PRECISE_RESIDUAL = 1e-7  # for objects held by friction alone, which would creep out of the fingers otherwise
PRECISE_ITERATIONS = 100  # with 30 a pen slips out of the hand of a driving robot; 200 change nothing
CLOSED = "the engine of this home is closed: build the home again"
POSITION_CONTROL = 2  # PyBullet's POSITION_CONTROL


@contextlib.contextmanager
def _suppress_stdout() -> Iterator[None]:
    """Keep what PyBullet's C code prints on connecting out of our standard output, which other programs read."""
    sys.stdout.flush()
    saved = os.dup(1)
    with open(os.devnull, "wb") as devnull:
        os.dup2(devnull.fileno(), 1)
    try:
        yield
    finally:
        ctypes.CDLL(None).fflush(None)  # output that C has buffered must go to where stdout points now
        os.dup2(saved, 1)
        os.close(saved)


class _Client:
    """One connection to PyBullet, whose functions are its attributes.

    PyBullet gives the number of a closed connection to the next one. A connection is therefore closed exactly once, and
    its number is never used again.
    """

    def __init__(self, *, gui: bool) -> None:
        with _suppress_stdout():
            import pybullet

            number = pybullet.connect(pybullet.GUI if gui else pybullet.DIRECT)
        if number < 0:
            raise PhysicsError("PyBullet has no free connection: close homes and environments that are done")
        self._pybullet, self._number = pybullet, number
        self._finalizer = weakref.finalize(self, _disconnect, pybullet, number, os.getpid() if gui else None)

    @property
    def is_closed(self) -> bool:
        """Whether the connection was closed."""
        return not self._finalizer.alive

    def close(self) -> None:
        """Close the connection; safe to call twice."""
        self._finalizer()
        for name in [name for name in vars(self) if not name.startswith("_")]:
            del vars(self)[name]

    def __getattr__(self, name: str) -> Any:
        """Look up a function or a constant of PyBullet, once: looking it up costs as much as setting a motor."""
        if name.startswith("_"):
            raise AttributeError(name)
        if self.is_closed:
            raise PhysicsError(CLOSED)
        value = getattr(self._pybullet, name)
        if callable(value):
            value = functools.partial(value, physicsClientId=self._number)
        vars(self)[name] = value
        return value


def _disconnect(pybullet: ModuleType, number: int, owner: int | None) -> None:
    """Close a connection; a window only in the process that opened it, because a fork shares it."""
    if owner in (None, os.getpid()):
        with contextlib.suppress(pybullet.error):
            pybullet.disconnect(physicsClientId=number)


class Engine:
    """One PyBullet world.

    A copy (`copy.copy`, `copy.deepcopy`, pickle) is a world of its own that goes on alike, without a window.

    Raises:
        PhysicsError: PyBullet is not installed.
    """

    can_be_copied: ClassVar[bool] = True

    def __init__(self, *, gui: bool = False) -> None:
        try:
            self._p: Any = _Client(gui=gui)
        except ImportError as error:
            raise PhysicsError(f"the physical home needs pybullet ({error}): pip install 'pybullet>=3.2.6'") from error
        self.has_window = gui  # without a window, another engine draws the images (envs/rendering/renderer.py)
        self.clear()

    def clear(self) -> None:
        """Remove all bodies: the only reset that leaves no trace in the solver's caches."""
        self._p.resetSimulation()
        self.bodies: dict[str, int] = {}  # permanent body numbers, for segmentation images
        self.names: dict[int, str] = {}
        self._ids: dict[str, int] = {}  # PyBullet's ids, which change when an object is parked
        self._names_by_id: dict[int, str] = {}
        self._movable: dict[str, tuple[int, int, float]] = {}  # collision shape, visual shape, mass
        self.parked: dict[str, Parked] = {}
        self._record = WorldRecord()
        self._weld_ids: dict[int, int] = {}  # PyBullet's ids of constraints
        self._n_welds = 0
        self.ticks = 0
        self._invisible_shape = -1
        self._p.setGravity(0, 0, -9.81)
        self._p.setTimeStep(TICK_S)
        self._p.setPhysicsEngineParameter(
            numSolverIterations=SOLVER_ITERATIONS,
            solverResidualThreshold=SOLVER_RESIDUAL,
            deterministicOverlappingPairs=1,
            enableFileCaching=0,
        )

    def be_precise(self) -> None:
        """Use more solver iterations and a smaller residual."""
        self._record.is_precise = True
        self._p.setPhysicsEngineParameter(
            numSolverIterations=PRECISE_ITERATIONS, solverResidualThreshold=PRECISE_RESIDUAL
        )

    def close(self) -> None:
        """Disconnect; safe to call twice. Every later use is a `PhysicsError`."""
        self._p.close()

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return bool(self._p.is_closed)

    def _id(self, name: str) -> int:
        if name in self.parked:
            self.unpark(name)
        if name not in self._ids:
            raise PhysicsError(f"there is no body {name!r}{nearest(name, self.bodies)}")
        return self._ids[name]

    # -- building ------------------------------------------------------------------------------------------------------

    def _collision(self, pieces: Sequence[Piece]) -> int:
        solid = [piece for piece in pieces if piece.solid]
        if not solid:
            return -1
        shape_types = {"box": self._p.GEOM_BOX, "cylinder": self._p.GEOM_CYLINDER, "hull": self._p.GEOM_MESH}
        with tempfile.TemporaryDirectory() as folder:  # PyBullet reads several hulls of one body only from files
            files = [_hull_file(folder, k, piece) for k, piece in enumerate(solid)]
            return int(
                self._p.createCollisionShapeArray(
                    shapeTypes=[shape_types[piece.kind] for piece in solid],
                    halfExtents=[[piece.size[0] / 2, piece.size[1] / 2, piece.size[2] / 2] for piece in solid],
                    radii=[piece.size[0] / 2 for piece in solid],
                    lengths=[piece.size[2] for piece in solid],
                    collisionFramePositions=[piece.at for piece in solid],
                    collisionFrameOrientations=[piece.turn for piece in solid],
                    **({"fileNames": files, "meshScales": [[1, 1, 1]] * len(files)} if any(files) else {}),
                )
            )

    def _visual(self, pieces: Sequence[Piece]) -> int:
        """Create a shape for PyBullet's own window: one mesh in one color, or up to 16 boxes and cylinders per link."""
        visible = [piece for piece in pieces if piece.visible and self.has_window]
        if not visible:  # without a visual shape, the engine draws the collision shape
            if pieces and self._invisible_shape < 0:
                self._invisible_shape = int(self._p.createVisualShape(self._p.GEOM_BOX, halfExtents=[1e-4] * 3))
            return self._invisible_shape if pieces else -1
        mesh = visible[0].mesh
        if mesh is not None:
            flat = [i for face in mesh.faces for i in face]
            return int(
                self._p.createVisualShape(
                    self._p.GEOM_MESH, vertices=mesh.vertices, indices=flat, rgbaColor=visible[0].color
                )
            )
        visible = [piece for piece in visible if piece.mesh is None][:16]
        return int(
            self._p.createVisualShapeArray(
                shapeTypes=[
                    self._p.GEOM_CYLINDER if piece.kind == "cylinder" else self._p.GEOM_BOX for piece in visible
                ],
                halfExtents=[[piece.size[0] / 2, piece.size[1] / 2, piece.size[2] / 2] for piece in visible],
                radii=[piece.size[0] / 2 for piece in visible],
                lengths=[piece.size[2] for piece in visible],
                visualFramePositions=[piece.at for piece in visible],
                visualFrameOrientations=[piece.turn for piece in visible],
                rgbaColors=[piece.color for piece in visible],
            )
        )

    def add(
        self,
        name: str,
        pieces: Sequence[Piece],
        at: Sequence[float],
        turn: Sequence[float] = UPRIGHT,
        *,
        mass: float = 0.0,
        links: Sequence[Link] = (),
    ) -> None:
        """Add a body. A mass of 0 fixes its base. Movable objects may fall asleep, articulated links may not."""
        self._record.blueprints[name] = Blueprint(tuple(pieces), mass, tuple(links))
        body = self._build(name, at, turn)
        self.bodies[name], self.names[body] = body, name

    def _build(self, name: str, at: Sequence[float], turn: Sequence[float]) -> int:
        pieces, mass, links = self._record.blueprints[name]
        if mass > 0 and not links:
            self._make_shapes(name)
            body = self._make_movable(name, at, turn)
        else:
            body = self._make_fixed(pieces, at, turn, mass, links)
        self._ids[name], self._names_by_id[body] = body, name
        return body

    def _make_shapes(self, name: str) -> None:
        pieces, mass, _ = self._record.blueprints[name]
        self._movable[name] = self._collision(pieces), self._visual(pieces), mass

    def _make_movable(self, name: str, at: Sequence[float], turn: Sequence[float]) -> int:
        shape, visual, mass = self._movable[name]
        body = self._p.createMultiBody(
            baseMass=mass, baseCollisionShapeIndex=shape, baseVisualShapeIndex=visual, basePosition=list(at),
            baseOrientation=list(turn),
        )  # fmt: skip
        self._p.changeDynamics(
            body, BASE, lateralFriction=0.9, rollingFriction=0.003, spinningFriction=0.003, angularDamping=0.3,
            linearDamping=0.05, activationState=self._p.ACTIVATION_STATE_ENABLE_SLEEPING,
        )  # fmt: skip
        return int(body)

    def _make_fixed(
        self, pieces: Sequence[Piece], at: Sequence[float], turn: Sequence[float], mass: float, links: Sequence[Link]
    ) -> int:
        body = self._p.createMultiBody(
            baseMass=mass,
            baseCollisionShapeIndex=self._collision(pieces),
            baseVisualShapeIndex=self._visual(pieces),
            basePosition=list(at),
            baseOrientation=list(turn),
            linkMasses=[link.mass for link in links],
            linkCollisionShapeIndices=[self._collision(link.pieces) for link in links],
            linkVisualShapeIndices=[self._visual(link.pieces) for link in links],
            linkPositions=[link.at for link in links],
            linkOrientations=[link.turn for link in links],
            linkInertialFramePositions=[(0, 0, 0) for _ in links],
            linkInertialFrameOrientations=[UPRIGHT for _ in links],
            linkParentIndices=[link.parent + 1 for link in links],
            linkJointTypes=[
                {"revolute": self._p.JOINT_REVOLUTE, "prismatic": self._p.JOINT_PRISMATIC}.get(
                    link.joint, self._p.JOINT_FIXED
                )
                for link in links
            ],
            linkJointAxis=[link.axis for link in links],
            useMaximalCoordinates=int(not links),  # cheaper for bodies that never move
        )
        if links:
            self._p.changeDynamics(body, BASE, activationState=self._p.ACTIVATION_STATE_ENABLE_SLEEPING)
        return int(body)

    # -- parking -------------------------------------------------------------------------------------------------------

    def park(self, name: str) -> None:
        """Take an object at rest out of the simulation. Calls that need more than its pose or bounds unpark it."""
        self.parked[name] = Parked(pose=self.pose(name), bounds=self.bounds(name))
        body = self._ids.pop(name)
        del self._names_by_id[body]
        self._record.forget(name)
        self._p.removeBody(body)

    def unpark(self, name: str) -> None:
        """Put an object back into the simulation, asleep. The next tick may move it; `place` it again afterwards."""
        pose = self.parked.pop(name).pose
        body = self._ids[name] = self._make_movable(name, *pose)
        self._names_by_id[body] = name
        self.sleep(name)

    def keep_awake(self, name: str) -> None:
        """Never let a body sleep: a sleeping robot ignores its motors."""
        self._record.awake.add(name)
        self._p.changeDynamics(self._id(name), BASE, activationState=self._p.ACTIVATION_STATE_DISABLE_SLEEPING)

    def may_sleep(self, name: str) -> None:
        """Let a body fall asleep again once it is at rest."""
        self._record.awake.discard(name)
        self._p.changeDynamics(self._id(name), BASE, activationState=self._p.ACTIVATION_STATE_ENABLE_SLEEPING)
        self.wake(name)

    def ignore(self, name: str, other: str, links: Sequence[int], *, collide: bool = False) -> None:
        """Switch collisions between the base of `name` and some links of `other` off (or on again)."""
        self.filter_collisions(name, BASE, other, links, collide=collide)

    def filter_collisions(
        self, name: str, link: int, other: str, links: Sequence[int], *, collide: bool = False
    ) -> None:
        """Switch collisions between one link of `name` and some links of `other` off (or on again)."""
        for other_link in links:
            self._p.setCollisionFilterPair(self._id(name), self._id(other), link, other_link, int(collide))
            pair = (name, link, other, other_link)
            if collide:
                self._record.ignored.pop(pair, None)
            else:
                self._record.ignored[pair] = None

    # -- time ----------------------------------------------------------------------------------------------------------

    def step(self, ticks: int = 1) -> None:
        """Advance the simulation by some ticks."""
        step = self._p.stepSimulation
        for _ in range(ticks):
            step()
        self.ticks += ticks

    def wake(self, name: str) -> None:
        """Let a body move again until it comes to rest."""
        self._record.slept_at.pop(name, None)
        self._p.changeDynamics(self._id(name), BASE, activationState=self._p.ACTIVATION_STATE_WAKE_UP)

    def sleep(self, name: str) -> None:
        """Freeze a body until an awake body touches it. Its bounding box must be up to date: step first."""
        self._record.slept_at[name] = self.pose(name)
        self._p.changeDynamics(self._id(name), BASE, activationState=self._p.ACTIVATION_STATE_SLEEP)

    def is_asleep(self, name: str) -> bool:
        """Whether a simulated body was put to sleep and has not moved since."""
        return name not in self.parked and self._record.slept_at.get(name) == self.pose(name)

    # -- bodies --------------------------------------------------------------------------------------------------------

    def pose(self, name: str) -> tuple[Vec3, Quat]:
        """Position [m] and orientation of a body's base in the world."""
        if name in self.parked:
            return self.parked[name].pose
        position, turn = self._p.getBasePositionAndOrientation(self._id(name))
        return position, turn

    def link_pose(self, name: str, link: int) -> tuple[Vec3, Quat]:
        """Position [m] and orientation of a link's frame in the world."""
        state = self._p.getLinkState(self._id(name), link, computeForwardKinematics=1)
        return state[4], state[5]

    def bounds(self, name: str) -> tuple[Vec3, Vec3]:
        """Return the lowest and the highest corner of a body's collision shapes [m]."""
        if name in self.parked:
            return self.parked[name].bounds
        low, high = self._p.getAABB(self._id(name))
        return low, high

    def place(self, name: str, at: Sequence[float], turn: Sequence[float]) -> None:
        """Set a body's pose at once: for building, and for bodies that are only drawn."""
        self._p.resetBasePositionAndOrientation(self._id(name), list(at), list(turn))
        if name in self._record.slept_at:
            self._record.slept_at[name] = self.pose(name)

    def rotation(self, turn: Sequence[float]) -> NDArray[np.float64]:
        """Return a quaternion's rotation matrix, (3, 3)."""
        return np.array(self._p.getMatrixFromQuaternion(turn), dtype=np.float64).reshape(3, 3)

    def joint(self, name: str, link: int) -> float:
        """Position of a joint [m, rad]."""
        return float(self._p.getJointState(self._id(name), link)[0])

    def joints(self, name: str, links: Sequence[int]) -> NDArray[np.float64]:
        """Positions of joints [m, rad]."""
        return np.array([s[0] for s in self._p.getJointStates(self._id(name), links)], dtype=np.float64)

    def joint_speeds(self, name: str, links: Sequence[int]) -> NDArray[np.float64]:
        """Speeds of joints [m/s, rad/s]."""
        return np.array([s[1] for s in self._p.getJointStates(self._id(name), links)], dtype=np.float64)

    def power(self, name: str, links: Sequence[int]) -> float:
        """Mechanical power that the joints' motors put in or take out now [W]."""
        return float(sum(abs(s[1] * s[3]) for s in self._p.getJointStates(self._id(name), links)))

    def set_joint(self, name: str, link: int, position: float) -> None:
        """Set a joint at once, for building only."""
        self._p.resetJointState(self._id(name), link, position, 0.0)

    def limit(self, name: str, link: int, low: float, high: float) -> None:
        """Limit a joint's travel at both ends [m, rad]."""
        self._record.limits[name, link] = low, high
        self._p.changeDynamics(self._id(name), link, jointLowerLimit=low, jointUpperLimit=high)

    def brake(self, name: str, link: int, force: float) -> None:
        """Let a joint stay where it is left, with this much friction [N or N m]."""
        self._record.motors[name, link] = None, force
        self._p.setJointMotorControl2(self._id(name), link, self._p.VELOCITY_CONTROL, targetVelocity=0.0, force=force)

    def follow(self, name: str, link: int, position: float, force: float) -> None:
        """Drive one joint softly to a position, as a linkage does."""
        self._record.motors[name, link] = position, force
        self._p.setJointMotorControl2(
            self._id(name), link, self._p.POSITION_CONTROL, targetPosition=position, force=force, positionGain=0.1
        )

    def drive(
        self, name: str, links: Sequence[int], positions: Sequence[float], speeds: Sequence[float],
        forces: Sequence[float], gains: Sequence[float],
    ) -> None:  # fmt: skip
        """Set the motors of joints to track positions and speeds."""
        self._record.drives[name] = Drive(links, positions, speeds, forces, gains)
        self._p.setJointMotorControlArray(
            self._ids[name], links, POSITION_CONTROL, targetPositions=positions, targetVelocities=speeds,
            forces=forces, positionGains=gains, velocityGains=[1.0] * len(links),
        )  # fmt: skip

    # -- contact and constraints ---------------------------------------------------------------------------------------

    def touching(self, name: str) -> list[tuple[str, int, float]]:
        """Return a body's contacts: the other body's name, this body's link and the distance [m], negative inside."""
        contacts = self._p.getContactPoints(self._id(name))
        return [(self._names_by_id.get(c[2], ""), c[3], c[8]) for c in contacts]

    def neighbors(self, name: str) -> set[str]:
        """Return the names of the bodies that a body touches."""
        return {self._names_by_id.get(c[2], "") for c in self._p.getContactPoints(self._id(name))} - {name, ""}

    def set_friction(self, name: str, links: Sequence[int], friction: float) -> None:
        """Set the sliding friction of links, and a little friction against spinning on the spot."""
        for link in links:
            self._record.frictions[name, link] = friction
            self._p.changeDynamics(self._id(name), link, lateralFriction=friction, spinningFriction=0.02)

    def gap(self, name: str, links: Sequence[int], other: str, reach_m: float = 0.05) -> float:
        """Distance [m] of some links of a body to another body, at most `reach_m`."""
        distances = [
            point[8]
            for link in links
            for point in self._p.getClosestPoints(self._id(name), self._id(other), reach_m, linkIndexA=link)
        ]
        return float(min(distances, default=reach_m))

    def weld(
        self, parent: str, link: int, child: str, child_link: int, at: Sequence[float], child_at: Sequence[float],
        child_turn: Sequence[float] | None, force: float,
    ) -> int:  # fmt: skip
        """Fix a point of `child` to a point of `parent`; with `child_turn`, fix its orientation too."""
        turn = None if child_turn is None else tuple(child_turn)
        self._n_welds += 1
        self._add_weld(self._n_welds, Weld(parent, link, child, child_link, tuple(at), tuple(child_at), turn, force))
        return self._n_welds

    def _add_weld(self, number: int, weld: Weld) -> None:
        joint_type = self._p.JOINT_POINT2POINT if weld.child_turn is None else self._p.JOINT_FIXED
        constraint = self._p.createConstraint(
            self._id(weld.parent), weld.link, self._id(weld.child), weld.child_link, joint_type, [0, 0, 0],
            list(weld.at), list(weld.child_at), [0, 0, 0, 1], list(weld.child_turn or UPRIGHT),
        )  # fmt: skip
        self._p.changeConstraint(constraint, maxForce=weld.force)
        self._record.welds[number], self._weld_ids[number] = weld, int(constraint)

    def gear(self, name: str, link: int, other_link: int, force: float) -> None:
        """Let two joints of a body move together, as the fingers of a gripper do."""
        self._record.gears.append(Gear(name, link, other_link, force))
        body = self._id(name)
        constraint = self._p.createConstraint(
            body, link, body, other_link, self._p.JOINT_GEAR, [1, 0, 0], [0, 0, 0], [0, 0, 0]
        )  # fmt: skip
        self._p.changeConstraint(constraint, gearRatio=-1, erp=0.2, maxForce=force)

    def turn_weld(self, weld: int, child_at: Sequence[float], child_turn: Sequence[float], force: float) -> None:
        """Turn the child of a constraint, as a hand that pivots what it pinches."""
        self._p.changeConstraint(
            self._weld_ids[weld],
            jointChildPivot=list(child_at),
            jointChildFrameOrientation=list(child_turn),
            maxForce=force,
        )
        self._record.welds[weld] = self._record.welds[weld]._replace(
            child_at=tuple(child_at), child_turn=tuple(child_turn), force=force
        )

    def release(self, weld: int) -> None:
        """Remove a constraint."""
        self._p.removeConstraint(self._weld_ids.pop(weld))
        del self._record.welds[weld]

    # -- copies --------------------------------------------------------------------------------------------------------

    def snapshot(self) -> WorldSnapshot:
        """Return the world as it is now. Impulses of contacts and the time until a body falls asleep are not read.

        Raises:
            PhysicsError: The engine is closed, or only draws.
        """
        if not self.can_be_copied:
            raise PhysicsError("a renderer cannot be copied: copy its home, which makes another for its first image")
        if self.is_closed:
            raise PhysicsError(CLOSED)
        motions = {name: self._motion(name, body) for name, body in self._ids.items()}
        asleep = frozenset(name for name, motion in motions.items() if self._record.is_asleep(name, motion))
        return WorldSnapshot(
            record=self._record.copy(), motions=motions, parked=dict(self.parked), asleep=asleep,
            numbers=dict(self.bodies), ticks=self.ticks,
        )  # fmt: skip

    def _motion(self, name: str, body: int) -> Motion:
        position, turn = self._p.getBasePositionAndOrientation(body)
        links = range(len(self._record.blueprints[name].links))
        joints = self._p.getJointStates(body, links) if links else ()
        return Motion((position, turn), self._p.getBaseVelocity(body), tuple((joint[0], joint[1]) for joint in joints))

    def restore(self, snapshot: WorldSnapshot) -> None:
        """Rebuild the world as a snapshot says: it goes on alike wherever it is restored, bit for bit."""
        self.clear()
        record = self._record = snapshot.record.copy()
        welds, gears = record.welds, record.gears
        record.welds, record.gears = {}, []
        if record.is_precise:
            self.be_precise()
        for name, motion in snapshot.motions.items():
            self._build(name, *motion.pose)
        for name in snapshot.parked:
            self._make_shapes(name)
        self.parked = dict(snapshot.parked)
        self.bodies, self.names = dict(snapshot.numbers), {body: name for name, body in snapshot.numbers.items()}
        for name, motion in snapshot.motions.items():
            body = self._ids[name]
            if record.blueprints[name].mass:
                self._p.resetBaseVelocity(body, *motion.velocity)
            for link, (position, speed) in enumerate(motion.joints):
                self._p.resetJointState(body, link, position, speed)
        for (name, link), (low, high) in record.limits.items():
            self.limit(name, link, low, high)
        for (name, link), friction in record.frictions.items():
            self.set_friction(name, (link,), friction)
        for (name, link), (target, force) in record.motors.items():
            self.brake(name, link, force) if target is None else self.follow(name, link, target, force)
        for name, drive in record.drives.items():
            self.drive(name, *drive)
        for name, link, other, other_link in record.ignored:
            self._p.setCollisionFilterPair(self._id(name), self._id(other), link, other_link, 0)
        for gear in gears:
            self.gear(*gear)
        for number, weld in welds.items():
            self._add_weld(number, weld)
        self._n_welds = max(welds, default=0)
        for name in record.awake:
            self.keep_awake(name)
        record.slept_at = {}
        for name in sorted(snapshot.asleep):
            self.sleep(name)
        self.ticks = snapshot.ticks

    def __copy__(self) -> Engine:
        """Return another world that goes on alike."""
        other = Engine()
        other.restore(self.snapshot())
        return other

    def __deepcopy__(self, memo: dict[int, object]) -> Engine:
        """Return another world that goes on alike."""
        return self.__copy__()

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle what the world is, not its connection."""
        return _restored, (without_visuals(self.snapshot()),)


def _hull_file(folder: str, number: int, piece: Piece) -> str:
    """Write the corners of a convex hull to a file that PyBullet reads; return its name, empty for other pieces."""
    if piece.kind != "hull" or piece.mesh is None:
        return ""
    n = len(piece.mesh.vertices)
    lines = [f"v {x:.9g} {y:.9g} {z:.9g}" for x, y, z in piece.mesh.vertices]
    lines += [f"f {k} {k % n + 1} {(k + 1) % n + 1}" for k in range(1, n + 1)]  # it takes the corners in faces only
    path = Path(folder, f"{number}.obj")
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    return str(path)


def _restored(snapshot: WorldSnapshot) -> Engine:
    engine = Engine()
    engine.restore(snapshot)
    return engine
