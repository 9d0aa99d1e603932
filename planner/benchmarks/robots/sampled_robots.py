"""Robots by seed: a part of the skills, a hand with limits, and one skill of its own."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from envs.scenes.robot_file import parse_robot
from envs.symbolic.goals import parse_goal

if TYPE_CHECKING:
    from envs.symbolic.embodiment import Robot
    from envs.symbolic.goals import Goal
    from envs.symbolic.state import State

SHARE_OF_SKILLS = 0.75  # that a robot has, on average
WIDTHS_M = (None, None, 0.03, 0.06, 0.08)
PAYLOADS_KG = (None, None, 0.3, 0.8, 1.2)
REACHES_M = (None, None, (0.3, 1.2), (0.0, 0.8), (0.5, 0.95))
SKILLS = ("go to", "pick up", "put", "give", "open", "close", "turn on", "turn off", "slice", "wipe", "pour", "fold")
OWN_SKILLS = {  # each with a goal that only it reaches; {} is a kind of the home
    "vacuum": ('{text: "vacuum {room}", when: ["hand empty"], sets: ["{room} vacuumed"], duration_s: 120}',
               "every room vacuumed"),
    "scan": ('{text: "scan {object}", when: ["{object} reachable"], sets: ["{object} scanned"], duration_s: 5}',
             "scanned anything"),
    "polish": ('{text: "polish {fixture}", when: ["holding what can wipe"], sets: ["{fixture} polished"]}',
               "every countertop polished"),
    "label": ('{text: "label {electronics}", when: ["holding {electronics}"], sets: ["{electronics} labeled"]}',
              "labeled electronics"),
}  # fmt: skip


def sampled_robot(seed: int) -> tuple[Robot, str]:
    """Return the robot of a seed, and the name of its own skill."""
    rng = random.Random(f"robot/{seed}")
    skills = [skill for skill in SKILLS if rng.random() < SHARE_OF_SKILLS]
    width, payload, reach = rng.choice(WIDTHS_M), rng.choice(PAYLOADS_KG), rng.choice(REACHES_M)
    own = rng.choice(sorted(OWN_SKILLS))
    lines = [f"name: robot {seed}", f"skills: [{', '.join(skills)}]"]
    limits = {key: value for key, value in (("width_m", width), ("payload_kg", payload)) if value is not None}
    if limits:
        lines.append(f"hand: {{{', '.join(f'{key}: {value}' for key, value in limits.items())}}}")
    if reach is not None:
        lines.append(f"reach: {{min_m: {reach[0]}, max_m: {reach[1]}}}")
    lines += ["own skills:", f"  {own}: {OWN_SKILLS[own][0]}"]
    return parse_robot("\n".join(lines)), own


def own_goal(own_skill: str, state: State) -> Goal:
    """Return a goal that an own skill reaches, in the home of an equipped robot."""
    return parse_goal(OWN_SKILLS[own_skill][1], scene=state.world.scene)
