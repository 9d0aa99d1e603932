"""Action and observation spaces of the Gymnasium environments: arrays of a fixed shape for homes of any size.

Legend: M = MAX_ENTITIES, F states, C = MAX_CONDITIONS, G = GOAL_LENGTH, S skills, A actions. Entity i of `World.names`
has the number i + 1, so that 0 means "none".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from envs.errors import ActionError, GoalError, HomeError, quoted
from envs.symbolic.actions import HELD, Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.actions import State, World
    from envs.symbolic.domain import Domain
    from envs.symbolic.progress import Score

MAX_ENTITIES = 256
MAX_CONDITIONS = 64
GOAL_LENGTH = 512  # characters
IN_HAND = MAX_ENTITIES + 1  # the `place` of what the robot holds

Observation = dict[str, NDArray[np.generic] | np.int64]


def action_space(domain: Domain) -> spaces.MultiDiscrete:
    """Return the space of (skill, first argument, second argument)."""
    return spaces.MultiDiscrete([len(domain.skills), MAX_ENTITIES + 1, MAX_ENTITIES + 1])


def observation_space(domain: Domain) -> spaces.Dict:
    """Return the space of the observations that `observe` returns."""
    n_categories = len(domain.fixtures) + len(domain.objects)
    return spaces.Dict(
        {
            "category": spaces.Box(0, n_categories, (MAX_ENTITIES,), np.int16),
            "place": spaces.Box(0, IN_HAND, (MAX_ENTITIES,), np.int16),
            "flags": spaces.MultiBinary((MAX_ENTITIES, len(domain.states))),
            "liquid": spaces.Box(0, len(domain.liquids), (MAX_ENTITIES,), np.int16),
            "n_entities": spaces.Discrete(MAX_ENTITIES + 1),
            "held": spaces.Discrete(MAX_ENTITIES + 1),
            "at": spaces.Discrete(MAX_ENTITIES + 1),
            "goal": spaces.Box(0, 127, (GOAL_LENGTH,), np.uint8),
            "goal_met": spaces.MultiBinary(MAX_CONDITIONS),
            "n_conditions": spaces.Discrete(MAX_CONDITIONS + 1),
            "phase": spaces.Discrete(MAX_CONDITIONS + 1),
        }
    )


def encode_action(world: World, action: Action) -> NDArray[np.int64]:
    """Encode an action as a point of the action space."""
    point: NDArray[np.int64] = encode_actions(world, [action])[0]
    return point


def encode_actions(world: World, actions: Sequence[Action]) -> NDArray[np.int64]:
    """Encode actions as points of the action space, (A, 3)."""
    skills, index = {name: i for i, name in enumerate(world.domain.skills)}, world.index
    points = [(skills[a.skill], *(index[name] + 1 for name in a.args), 0)[:3] for a in actions]
    return np.array(points, np.int64).reshape(-1, 3)


def mask_of(points: NDArray[np.int64], n_skills: int) -> NDArray[np.bool_]:
    """Mark applicable points by skill and free argument, (S, M + 1).

    Only one argument of an applicable action is free: the first argument of put, give and pour is the held object. The
    second argument of an own skill with two arguments is marked.
    """
    mask = np.zeros((n_skills, MAX_ENTITIES + 1), np.bool_)
    mask[points[:, 0], np.where(points[:, 2], points[:, 2], points[:, 1])] = True
    return mask


def decode_action(world: World, encoded: object) -> Action:
    """Decode a point of the action space. Only skills with two arguments (put, give, pour) read the second one.

    Args:
        world: The home.
        encoded: Three whole numbers: an array, a list, a tensor; of floats too, because the space contains them.

    Raises:
        ActionError: It is anything else, or a required argument is 0 or no entity of this home.
    """
    skill_index, *arguments = _three_numbers(encoded)
    skills = list(world.domain.skills.values())
    if not 0 <= skill_index < len(skills):
        raise ActionError(f"skill {quoted(skill_index)} is not in 0 to {len(skills) - 1}")
    n_arguments = len(skills[skill_index].parameters)
    for entity in arguments[:n_arguments]:
        if not 1 <= entity <= len(world.names):
            raise ActionError(f"{skills[skill_index].name}: entity {quoted(entity)} is not in 1 to {len(world.names)}")
    return Action(skills[skill_index].name, tuple(world.names[i - 1] for i in arguments[:n_arguments]))


def _three_numbers(encoded: object) -> list[int]:
    wanted = "an action is three whole numbers (skill, first, second)"
    if isinstance(encoded, str | bytes):
        raise ActionError(f"{wanted}, found the text {quoted(encoded)}: encode it with env.unwrapped.encode")
    if isinstance(encoded, np.ma.MaskedArray) and encoded.mask.any():
        raise ActionError(f"{wanted}, found a masked one: {quoted(encoded)}")
    try:
        numbers = np.asarray(encoded)
    except (AttributeError, OverflowError, RuntimeError, TypeError, ValueError):  # such as a tensor on a GPU
        raise ActionError(f"{wanted}, found {quoted(encoded)}") from None
    if numbers.shape != (3,):
        shape = f" of shape {numbers.shape}" if numbers.ndim and numbers.dtype != object else ""
        raise ActionError(f"{wanted}, found {quoted(encoded)}{shape}")
    values = numbers.tolist()
    if any(isinstance(value, bool) or not isinstance(value, int | float) or value % 1 != 0 for value in values):
        raise ActionError(f"{wanted}, found {quoted(encoded)}")
    return [int(value) for value in values]


def check_goal_size(goal: str, n_conditions: int) -> None:
    """Refuse a goal that an observation cannot hold.

    Raises:
        GoalError: It has more than MAX_CONDITIONS conditions or GOAL_LENGTH characters.
    """
    if n_conditions > MAX_CONDITIONS or len(goal) > GOAL_LENGTH:
        size = f"{n_conditions} conditions and {len(goal)} characters"
        raise GoalError(f"the goal has {size}; an observation holds {MAX_CONDITIONS} and {GOAL_LENGTH}")


def observe(state: State, goal: str, score: Score, phase: int) -> Observation:
    """Encode a state and the progress toward its goal.

    Raises:
        HomeError: The home has more than MAX_ENTITIES entities.
        GoalError: The goal has more than MAX_CONDITIONS conditions or GOAL_LENGTH characters.
    """
    world, domain, n_entities = state.world, state.world.domain, len(state.world.names)
    if n_entities > MAX_ENTITIES:
        raise HomeError(f"{world.scene.name} has {n_entities} entities; an observation holds {MAX_ENTITIES}")
    check_goal_size(goal, len(score.met))
    category_numbers = {name: i + 1 for i, name in enumerate((*domain.fixtures, *domain.objects))}
    liquids = {name: i + 1 for i, name in enumerate(domain.liquids)}
    flags = np.zeros((MAX_ENTITIES, len(domain.states)), np.int8)  # (M, F)
    flags[:n_entities] = np.array(state.flags)[:, None] // np.array(list(domain.bits.values())) & 1
    text = np.zeros(GOAL_LENGTH, np.uint8)  # (G,)
    text[: len(goal)] = np.frombuffer(goal.encode("ascii", "replace"), np.uint8)
    met = np.zeros(MAX_CONDITIONS, np.int8)  # (C,)
    met[: len(score.met)] = score.met
    return {
        "category": _padded([category_numbers[c] for c in world.categories]),
        "place": _padded([IN_HAND if p == HELD else p + 1 for p in state.place]),
        "flags": flags,
        "liquid": _padded([liquids.get(name, 0) for name in state.liquid]),
        "n_entities": np.int64(n_entities),
        "held": np.int64(max(state.held, -1) + 1),
        "at": np.int64(max(state.at, -1) + 1),
        "goal": text,
        "goal_met": met,
        "n_conditions": np.int64(len(score.met)),
        "phase": np.int64(phase),
    }


def _padded(values: list[int]) -> NDArray[np.int16]:
    padded = np.zeros(MAX_ENTITIES, np.int16)  # (M,)
    padded[: len(values)] = values
    return padded
