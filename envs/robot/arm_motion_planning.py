"""Plan collision-free motions of the arm between two postures: a straight line if it is free, otherwise RRT-Connect.

The arm is a set of spheres and its surroundings are boxes (`envs/geometry/collision_boxes.py`), so that many postures
are checked at once.
Source: Kuffner and LaValle 2000, "RRT-Connect: An efficient approach to single-query path planning".

Legend: N postures (lift and arm, 8 numbers each), S spheres, P points of the held object.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from envs.geometry.collision_boxes import Boxes, overlap
from envs.geometry.rotations import Array, turn_z
from envs.robot import kinematics
from envs.robot.robot import hand_yaw

# Weights of a meter of lift and of radians of the arm's joints in distances between postures.
DISTANCE_WEIGHTS = np.array([2.5, 1.0, 1.0, 0.8, 0.8, 0.5, 0.5, 0.3])
STEP_SIZE = 0.35  # step of a tree [weighted radians]
CHECK_STEP = 0.08  # distance between two checked postures [weighted radians]
MAX_ITERATIONS = 250
MAX_OVERLAP_M = 0.012  # summed overlap with boxes that still counts as free
CARGO_RADIUS_M = 0.01
SHORTCUT_TRIES = 30


@dataclass(frozen=True, kw_only=True)
class ArmModel:
    """Collision model of the arm while the base stands still, with its surroundings.

    Attributes:
        base: x, y, yaw [m, rad].
        boxes: Obstacles.
        cargo: Points of the held object, relative to the tip in the hand's upright frame [m], (P, 3).
        slack_m: Overlap that exists already at the start or the goal and is therefore accepted.
    """

    base: tuple[float, float, float]
    boxes: Boxes
    cargo: Array
    slack_m: float = 0.0

    def overlap_depth(self, q: Array) -> Array:
        """Overlap of postures (N, 8) with the boxes, summed over spheres [m], (N,)."""
        centers = kinematics.sphere_centers(q)
        radii = kinematics.sphere_radii()
        if len(self.cargo):
            tips, hands = kinematics.tip(q)
            turns = turn_z(np.array([hand_yaw(hand) for hand in hands]))  # (N, 3, 3)
            centers = np.concatenate([centers, tips[:, None] + np.einsum("nij,pj->npi", turns, self.cargo)], axis=1)
            radii = np.concatenate([radii, np.full(len(self.cargo), CARGO_RADIUS_M)])
        x, y, yaw = self.base
        in_home = centers @ turn_z(yaw).T
        in_home[..., :2] += (x, y)
        hard, soft = overlap(self.boxes, in_home, radii)
        total: Array = hard + soft
        return total

    def is_free_line(self, a: Array, b: Array) -> bool:
        """Whether the straight line between two postures is free."""
        n = max(2, int(np.ceil(distance(a, b) / CHECK_STEP)) + 1)
        return bool((self.overlap_depth(np.linspace(a, b, n, dtype=np.float64)) < MAX_OVERLAP_M + self.slack_m).all())


def distance(a: Array, b: Array) -> float:
    """Distance between two postures in weighted radians."""
    return float(np.linalg.norm((a - b) * DISTANCE_WEIGHTS))


def plan_path(arm_model: ArmModel, start: Array, goal: Array, rng: np.random.Generator) -> list[Array] | None:
    """Return the postures to go through after `start`, the last one being `goal`; None if no path was found.

    Args:
        arm_model: The arm and its surroundings.
        start: Lift and arm joints [m, rad], (8,).
        goal: Lift and arm joints [m, rad], (8,).
        rng: Draws the directions in which the trees grow.
    """
    if arm_model.is_free_line(start, goal):
        return [goal]
    trees: tuple[_Tree, _Tree] = (_Tree(start), _Tree(goal))
    for iteration in range(MAX_ITERATIONS):
        tree, other_tree = trees if iteration % 2 == 0 else trees[::-1]
        target = rng.uniform(kinematics.LOWER, kinematics.UPPER)
        if iteration % 5 == 0:
            target = other_tree.nodes[int(rng.integers(len(other_tree.nodes)))]
        new_node = tree.extend(target, arm_model)
        if new_node is None:
            continue
        while True:
            other_node = other_tree.extend(tree.nodes[new_node], arm_model)
            if other_node is None:
                break
            if distance(other_tree.nodes[other_node], tree.nodes[new_node]) < 1e-6:
                own_branch, other_branch = tree.path_to_root(new_node), other_tree.path_to_root(other_node)
                path = own_branch[::-1] + other_branch[1:]
                return _shorten(path if iteration % 2 == 0 else path[::-1], arm_model, rng)[1:]
    return None


class _Tree:
    """Postures that can be reached from a root."""

    def __init__(self, root: Array) -> None:
        self.nodes: list[Array] = [root]
        self.parents: list[int] = [-1]

    def extend(self, target: Array, arm_model: ArmModel) -> int | None:
        """Take one step from the nearest node toward a posture; return the new node, or None if blocked."""
        distances = np.linalg.norm((np.array(self.nodes) - target) * DISTANCE_WEIGHTS, axis=1)
        nearest = int(np.argmin(distances))
        start, gap = self.nodes[nearest], float(distances[nearest])
        if gap < 1e-9:
            return nearest
        node = target if gap <= STEP_SIZE else start + (target - start) * (STEP_SIZE / gap)
        if not arm_model.is_free_line(start, node):
            return None
        self.nodes.append(node)
        self.parents.append(nearest)
        return len(self.nodes) - 1

    def path_to_root(self, node: int) -> list[Array]:
        """Return the nodes from a node back to the root."""
        path = []
        while node >= 0:
            path.append(self.nodes[node])
            node = self.parents[node]
        return path


def _shorten(path: list[Array], arm_model: ArmModel, rng: np.random.Generator) -> list[Array]:
    """Remove corners where the line between their neighbors is free."""
    for _ in range(SHORTCUT_TRIES):
        if len(path) < 3:
            break
        i, j = sorted(int(n) for n in rng.integers(len(path), size=2))
        if j - i > 1 and arm_model.is_free_line(path[i], path[j]):
            path = path[: i + 1] + path[j:]
    return path
