"""Ways for the arm between two postures, free of collisions: a straight line if it is free, else RRT-Connect.

The planning twin is the one of `envs/geometry/collision_boxes.py`: the arm as spheres, what is there as boxes, many postures at once.
Source: Kuffner and LaValle 2000, "RRT-Connect: An efficient approach to single-query path planning".

Legend: N postures (lift and arm, 8 numbers each), S spheres, P points of what is held.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from envs.geometry.collision_boxes import Boxes, overlap
from envs.geometry.rotations import Array, turn_z
from envs.robot import kinematics
from envs.robot.robot import hand_yaw

WEIGHTS = np.array([2.5, 1.0, 1.0, 0.8, 0.8, 0.5, 0.5, 0.3])  # of a meter of lift and radians of joints, in distances
STEP = 0.35  # of a tree's branch
FINE = 0.08  # between two checked postures
TRIES = 250
FREE_M = 0.012  # summed depth in boxes that counts as free
CARGO_R_M = 0.01
SHORTCUTS = 30


@dataclass(frozen=True, kw_only=True)
class Twin:
    """The arm of a base that stands still, and what is around it.

    Attributes:
        base: x, y, yaw [m, rad].
        boxes: What must not be touched.
        cargo: Points of what is held, from the tip in the hand's upright frame [m], (P, 3).
        slack_m: Depth in boxes that is there already at the start or the goal, and so is no reason to refuse.
    """

    base: tuple[float, float, float]
    boxes: Boxes
    cargo: Array
    slack_m: float = 0.0

    def depth(self, q: Array) -> Array:
        """How deep postures (N, 8) are in boxes, summed over spheres [m], (N,)."""
        centers = kinematics.sphere_centers(q)
        radii = kinematics.sphere_radii()
        if len(self.cargo):
            tips, hands = kinematics.tip(q)
            turns = turn_z(np.array([hand_yaw(hand) for hand in hands]))  # (N, 3, 3)
            centers = np.concatenate([centers, tips[:, None] + np.einsum("nij,pj->npi", turns, self.cargo)], axis=1)
            radii = np.concatenate([radii, np.full(len(self.cargo), CARGO_R_M)])
        x, y, yaw = self.base
        placed = centers @ turn_z(yaw).T
        placed[..., :2] += (x, y)
        hard, soft = overlap(self.boxes, placed, radii)
        made: Array = hard + soft
        return made

    def free(self, a: Array, b: Array) -> bool:
        """Whether the straight line between two postures is free."""
        n = max(2, int(np.ceil(distance(a, b) / FINE)) + 1)
        return bool((self.depth(np.linspace(a, b, n, dtype=np.float64)) < FREE_M + self.slack_m).all())


def distance(a: Array, b: Array) -> float:
    """How far two postures are apart, in weighted radians."""
    return float(np.linalg.norm((a - b) * WEIGHTS))


def find_way(twin: Twin, start: Array, goal: Array, rng: np.random.Generator) -> list[Array] | None:
    """Return the postures to go through after `start`, the last one `goal`; None if none was found.

    Args:
        twin: Arm and surroundings.
        start: Lift and arm joints [m, rad], (8,).
        goal: The same, (8,).
        rng: Draws the tree's directions.
    """
    if twin.free(start, goal):
        return [goal]
    trees: tuple[_Tree, _Tree] = (_Tree(start), _Tree(goal))
    for k in range(TRIES):
        here, other = trees if k % 2 == 0 else trees[::-1]
        target = rng.uniform(kinematics.LOWER, kinematics.UPPER)
        if k % 5 == 0:
            target = other.nodes[int(rng.integers(len(other.nodes)))]
        grown = here.grow(target, twin)
        if grown is None:
            continue
        while True:
            near = other.grow(here.nodes[grown], twin)
            if near is None:
                break
            if distance(other.nodes[near], here.nodes[grown]) < 1e-6:
                ours, theirs = here.back(grown), other.back(near)
                path = ours[::-1] + theirs[1:]
                return _shortened(path if k % 2 == 0 else path[::-1], twin, rng)[1:]
    return None


class _Tree:
    """Postures that can be reached from a root."""

    def __init__(self, root: Array) -> None:
        self.nodes: list[Array] = [root]
        self.parents: list[int] = [-1]

    def grow(self, target: Array, twin: Twin) -> int | None:
        """Take one step from the nearest node towards a posture; the new node, or None if something is there."""
        apart = np.linalg.norm((np.array(self.nodes) - target) * WEIGHTS, axis=1)
        nearest = int(np.argmin(apart))
        start, far = self.nodes[nearest], float(apart[nearest])
        if far < 1e-9:
            return nearest
        node = target if far <= STEP else start + (target - start) * (STEP / far)
        if not twin.free(start, node):
            return None
        self.nodes.append(node)
        self.parents.append(nearest)
        return len(self.nodes) - 1

    def back(self, node: int) -> list[Array]:
        """The nodes from one to the root."""
        found = []
        while node >= 0:
            found.append(self.nodes[node])
            node = self.parents[node]
        return found


def _shortened(path: list[Array], twin: Twin, rng: np.random.Generator) -> list[Array]:
    """Leave out corners where the line between their neighbors is free."""
    for _ in range(SHORTCUTS):
        if len(path) < 3:
            break
        i, j = sorted(int(n) for n in rng.integers(len(path), size=2))
        if j - i > 1 and twin.free(path[i], path[j]):
            path = path[: i + 1] + path[j:]
    return path
