"""Links of the robot: a holonomic base with a lift, a Panda and its hand, with visual meshes and collision shapes.

The collision shapes are a little smaller than the spheres that plans are checked with (`envs/robot/kinematics.py`).
"""

from __future__ import annotations

import numpy as np

from envs.geometry.bodies import Link, Piece, visual_piece
from envs.geometry.meshes import Color
from envs.robot import kinematics, panda_meshes
from envs.robot.kinematics import CHAIN, HAND_AT, HAND_TURN, MOUNT_X_M

SHELL: Color = (0.93, 0.94, 0.95, 1.0)
JOINTS: Color = (0.30, 0.33, 0.38, 1.0)
CHASSIS: Color = (0.24, 0.28, 0.36, 1.0)


def body_links() -> list[Link]:
    """Return the robot's links, from the base outwards."""
    disc = Piece(kind="cylinder", size=(0.46, 0.46, 0.16), at=(0.0, 0.0, 0.11), visible=False)
    column = Piece(size=(0.09, 0.12, 1.22), at=(-0.06, 0.0, 0.81), visible=False)
    bracket = Piece(size=(0.15, 0.15, 0.06), at=(MOUNT_X_M, 0.0, -0.01), visible=False)
    chassis = visual_piece(panda_meshes.chassis(), CHASSIS)
    shoulder = visual_piece(panda_meshes.shoulder(MOUNT_X_M), SHELL)
    links = [
        Link(joint="prismatic", pieces=(), at=(0, 0, 0), axis=(1, 0, 0), mass=5.0),
        Link(joint="prismatic", pieces=(), at=(0, 0, 0), axis=(0, 1, 0), parent=0, mass=5.0),
        Link(joint="revolute", pieces=(chassis, disc, column), at=(0, 0, 0), parent=1, mass=60.0),
        Link(joint="prismatic", pieces=(shoulder, bracket), at=(0, 0, 0), parent=2, mass=8.0),
    ]
    for k, ((offset, tilt), shell) in enumerate(zip(CHAIN, panda_meshes.links(), strict=True)):
        at = (offset[0] + (MOUNT_X_M if k == 0 else 0.0), offset[1], offset[2])
        turn = (float(np.sin(tilt / 2)), 0.0, 0.0, float(np.cos(tilt / 2)))
        pieces = [visual_piece(shell, JOINTS if k in (3, 5) else SHELL)]
        for link, center, radius in kinematics.SPHERES:
            if link == k:
                side = 1.2 * radius
                pieces.append(Piece(size=(side, side, side), at=center, visible=False))
        links.append(Link(joint="revolute", pieces=tuple(pieces), at=at, turn=turn, parent=k + 3, mass=2.0))
    half = HAND_TURN / 2
    palm = Piece(size=(0.05, 0.19, 0.06), at=(0.0, 0.0, 0.03), visible=False)
    hand = visual_piece(panda_meshes.hand(), SHELL)
    links.append(
        Link(joint="fixed", pieces=(hand, palm), at=HAND_AT, turn=(0, 0, float(np.sin(half)), float(np.cos(half))),
             parent=10, mass=0.7)
    )  # fmt: skip
    for side in (1, -1):
        turn = (0.0, 0.0, 0.0, 1.0) if side == 1 else (0.0, 0.0, 1.0, 0.0)
        finger = visual_piece(panda_meshes.finger(), JOINTS)
        # Four pads to a finger, each with its own contact points: a round object cannot swing about a single one.
        pads = [
            Piece(size=(0.008, 0.012, 0.015), at=(x, 0.007, z), visible=False)
            for x in (-0.005, 0.005) for z in (0.027, 0.043)
        ]  # fmt: skip
        links.append(
            Link(
                joint="prismatic",
                pieces=(finger, *pads),
                at=(0, 0, 0.0584),
                turn=turn,
                axis=(0, 1, 0),
                parent=11,
                mass=0.1,
            )
        )
    sleeve = visual_piece(panda_meshes.sleeve(MOUNT_X_M), CHASSIS)
    links.append(Link(joint="fixed", pieces=(sleeve,), at=(0, 0, 0), parent=3, mass=0.1))
    return links
