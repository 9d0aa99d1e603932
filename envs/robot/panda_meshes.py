"""Visual meshes of the Panda, built from few triangles in the frames of its links: white shells over dark joints.

Source of the dimensions: the collision meshes of `franka_panda` in pybullet_data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.geometry.meshes import ALONG_Y, Color, Mesh, block, lathe, merge, moved, rod

if TYPE_CHECKING:
    from envs.geometry.meshes import Turn

SHELL: Color = (0.95, 0.95, 0.97, 1.0)
TRIM: Color = (0.78, 0.80, 0.84, 1.0)
JOINTS: Color = (0.24, 0.26, 0.31, 1.0)
CHASSIS: Color = (0.22, 0.27, 0.38, 1.0)
LIGHT: Color = (0.30, 0.80, 0.98, 1.0)
PADS: Color = (0.12, 0.12, 0.14, 1.0)
SIDES = 8
UPWARDS: Turn = ((1, 0, 0), (0, 0, -1), (0, 1, 0))  # maps z to -y, and y to z


def _drum(radius: float, half: float, color: Color = SHELL) -> Mesh:
    """A motor housing along y with dark ends."""
    dark = [lathe([(0.0, -half), (0.7 * radius, -half)], JOINTS, sides=SIDES),
            lathe([(0.7 * radius, half), (0.0, half)], JOINTS, sides=SIDES)]  # fmt: skip
    edge = 0.75 * half
    shell = lathe([(0.7 * radius, -half), (radius, -edge), (radius, edge), (0.7 * radius, half)], color, sides=SIDES)
    return moved(merge([shell, *dark]), turn=ALONG_Y)


def _limb(low: float, high: float, radius: float, color: Color = SHELL) -> Mesh:
    return lathe([(radius, low), (radius, high)], color, sides=SIDES)


def chassis() -> Mesh:
    """The round base with its wheels' skirt, the column that the lift climbs, and a lamp at the front."""
    skirt = lathe([(0.20, 0.01), (0.23, 0.05), (0.23, 0.17), (0.21, 0.19)], CHASSIS, sides=16)
    deck = lathe([(0.21, 0.19), (0.20, 0.205), (0.0, 0.205)], TRIM, sides=16)
    band = lathe([(0.232, 0.12), (0.232, 0.14)], LIGHT, sides=16)
    column = block((0.09, 0.12, 1.215), (-0.06, 0.0, 0.81), JOINTS, below=False)
    rails = [block((0.012, 0.02, 1.20), (-0.012, s * 0.04, 0.81), TRIM, below=False) for s in (-1, 1)]
    return merge([column, *rails, deck, skirt, band])


def sleeve(mount_x: float) -> Mesh:
    """The part that slides on the column and carries the arm."""
    return merge([block((0.13, 0.18, 0.14), (-0.05, 0.0, 0.02), CHASSIS),
                  block((0.004, 0.1, 0.02), (0.016, 0, 0.06), LIGHT),
                  block((0.17, 0.13, 0.03), (mount_x - 0.03, 0.0, -0.015), CHASSIS)])  # fmt: skip


def shoulder(mount_x: float) -> Mesh:
    """The base of the arm."""
    foot = lathe([(0.09, 0.0), (0.075, 0.06), (0.055, 0.14)], SHELL, sides=SIDES)
    return moved(merge([foot, rod((-0.14, 0.0, 0.04), (-0.05, 0.0, 0.06), 0.08, TRIM)]), (mount_x, 0.0, 0.0))


def links() -> list[Mesh]:
    """The seven moving links of the arm, each in its own frame."""
    first = merge([_limb(-0.192, -0.06, 0.055), moved(_drum(0.06, 0.075), (0.0, -0.055, 0.0)),
                   rod((0, 0, -0.09), (0, -0.05, 0.0), 0.1, SHELL)])  # fmt: skip
    second = merge([moved(_limb(0.06, 0.194, 0.055), turn=UPWARDS),
                    moved(_drum(0.058, 0.07), (0.0, 0.0, 0.058), UPWARDS),
                    rod((0, 0, 0.05), (0, -0.08, 0.0), 0.1, SHELL)])  # fmt: skip
    third = merge([_limb(-0.121, -0.03, 0.055), rod((0, 0, -0.05), (0.0825, 0.05, 0.0), 0.095, SHELL),
                   moved(_drum(0.055, 0.055), (0.0825, 0.055, 0.0))])  # fmt: skip
    fourth = merge([moved(_drum(0.055, 0.055), (0.0, 0.0, 0.055), UPWARDS),
                    rod((0.0, 0.0, 0.055), (-0.0825, 0.06, 0.02), 0.09, SHELL),
                    moved(_limb(0.02, 0.124, 0.055, JOINTS), (-0.0825, 0, 0), ALONG_Y)])  # fmt: skip
    fifth = merge([_limb(-0.265, -0.17, 0.055), rod((0, 0.0, -0.20), (0, 0.07, -0.12), 0.085, SHELL),
                   rod((0, 0.07, -0.13), (0, 0.075, 0.0), 0.07, SHELL),
                   moved(_drum(0.052, 0.05), (0.0, 0.08, 0.0))])  # fmt: skip
    sixth = merge([moved(_drum(0.05, 0.05, JOINTS), turn=UPWARDS),
                   rod((0.0, 0.0, 0.0), (0.088, 0.02, 0.0), 0.075, JOINTS),
                   moved(_drum(0.046, 0.065), (0.088, 0.015, 0.0))])  # fmt: skip
    seventh = merge([lathe([(0.044, 0.05), (0.044, 0.107), (0.0, 0.107)], TRIM, sides=SIDES),
                     rod((0.0, 0.0, 0.09), (0.06, 0.06, 0.09), 0.03, JOINTS)])  # fmt: skip
    return [first, second, third, fourth, fifth, sixth, seventh]


def hand() -> Mesh:
    """The palm."""
    return merge([block((0.045, 0.2, 0.045), (0.0, 0.0, 0.042), SHELL, bulge=0.06),
                  block((0.06, 0.10, 0.045), (0.0, 0.0, 0.0), TRIM, bulge=0.1),
                  block((0.03, 0.19, 0.008), (0.0, 0.0, 0.067), JOINTS)])  # fmt: skip


def finger() -> Mesh:
    """One finger with its rubber pad, on the side of positive y."""
    return merge([block((0.02, 0.022, 0.018), (0.0, 0.015, 0.009), JOINTS),
                  block((0.018, 0.012, 0.04), (0.0, 0.013, 0.034), TRIM),
                  block((0.018, 0.007, 0.02), (0.0, 0.0045, 0.044), PADS)])  # fmt: skip
