"""Preconditions and effects of every skill, as pure functions of a state and an action.

The domain says what they are (docs/skills.md), and `envs/symbolic/skills` compiles them. `envs/symbolic/state.py`
defines the state; its names are re-exported here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from envs.errors import ActionError, nearest, quoted
from envs.symbolic.skills.code_generation import CompiledSkill, compiled_skills
from envs.symbolic.skills.wording import join_names, split_names
from envs.symbolic.state import (
    BIT,
    COLD,
    COOKED,
    DIRTY,
    FOLDED,
    HELD,
    HOT,
    NOWHERE,
    ON,
    OPEN,
    SLICED,
    WATERED,
    Action,
    State,
    World,
    apply_process,
)

if TYPE_CHECKING:
    from envs.symbolic.skills.values import Parameter, Skill

__all__ = [
    "BIT",
    "COLD",
    "COOKED",
    "DIRTY",
    "FOLDED",
    "HELD",
    "HOT",
    "NOWHERE",
    "ON",
    "OPEN",
    "SLICED",
    "WATERED",
    "Action",
    "State",
    "World",
    "applicable",
    "apply",
    "apply_process",
    "format_action",
    "parse_action",
    "successor",
    "unmet_precondition",
]


# The order in which actions are listed: walks that are drawn by a seed depend on it. Other skills follow.
_LISTED = ("go to", "put", "give", "pour", "wipe", "slice", "pick up", "fold", "open", "close", "turn on", "turn off")


def _entity(world: World, name: str) -> int:
    index = world.index.get(name)
    if index is None:
        raise ActionError(f"there is no {quoted(name)} in this home{nearest(name, world.index)}")
    return index


def _compiled(world: World, skill: str) -> CompiledSkill:
    """Return a compiled skill, the first time that it is asked for in a world.

    Raises:
        ActionError: The domain has no such skill.
    """
    world.compiled_skills.update(compiled_skills(world.domain))
    compiled: CompiledSkill | None = world.compiled_skills.get(skill)
    if compiled is None:
        raise ActionError(f"there is no skill {quoted(skill)}{nearest(skill, world.domain.all_skills)}")
    return compiled


def unmet_precondition(state: State, action: Action) -> str | None:
    """Return in words the first false precondition of an action, or None if it is applicable.

    Raises:
        ActionError: The action names an unknown skill, or an object or fixture that this home does not have.
    """
    world = state.world
    skill, args = action
    compiled = world.compiled_skills.get(skill) or _compiled(world, skill)
    index = world.index
    try:
        if len(args) == 1:
            return compiled.unmet(state, index[args[0]])
        first, second = args
        return compiled.unmet(state, index[first], index[second])
    except (KeyError, TypeError, ValueError):
        _check_arguments(world, compiled, args)
        raise


def _check_arguments(world: World, compiled: CompiledSkill, args: Sequence[str]) -> None:
    n_args = len(compiled.skill.parameters)
    if len(args) != n_args:
        raise ActionError(f"{compiled.skill.name!r} takes {n_args} name{'s' * (n_args > 1)}, found {len(args)}")
    for name in args:
        _entity(world, name)


def apply(state: State, action: Action) -> State:
    """Return the state after an applicable action.

    Raises:
        ActionError: The action is not applicable; the message says which precondition is false.
    """
    if (reason := unmet_precondition(state, action)) is not None:
        raise ActionError(f"{format_action(state.world, action)}: {reason}")
    return successor(state, action)


def successor(state: State, action: Action) -> State:
    """Return the state after an action that is known to be applicable; preconditions are not checked."""
    world = state.world
    skill, args = action
    compiled = world.compiled_skills.get(skill) or _compiled(world, skill)
    index = world.index
    if len(args) == 1:
        return compiled.successor(state, index[args[0]])
    return compiled.successor(state, index[args[0]], index[args[1]])


def format_action(world: World, action: Action) -> str:
    """Write an action as a subtask, for example `put plate 1 on dining table 1`."""
    skill, args = action
    place = world.index.get(args[-1]) if args else None
    relation = world.relation[place] if place is not None else None
    return join_names(world.domain.all_skills.get(skill), skill, args, relation)


def parse_action(world: World, text: str) -> Action:
    """Parse a subtask. `in` and `on` are both accepted for any place; `format_action` writes the place's own word.

    Raises:
        ActionError: The text names no skill, or an object or fixture that this home does not have.
    """
    words = " ".join(text.split())
    skills = world.domain.all_skills
    name = next((skill for skill in sorted(skills, key=len, reverse=True) if words.startswith(skill + " ")), None)
    if name is None:
        raise ActionError(f"{quoted(text)} starts with no skill of the robot; it can: {', '.join(world.domain.skills)}")
    choices = split_names(skills[name], words[len(name) + 1 :])
    if not choices:
        raise ActionError(f"{quoted(text)}: expected {skills[name].text!r}")
    args = next((names for names in choices if all(n in world.index for n in names)), choices[0])
    for argument in args:
        _entity(world, argument)
    return Action(name, args)


def applicable(state: State, *, fixtures_only: bool = False) -> list[Action]:
    """Return every applicable action, in a fixed order (`fixtures_only`: put objects on fixtures only)."""
    world, actions = state.world, list[Action]()
    for compiled in _in_order(world):
        skill = compiled.skill
        only = fixtures_only and any(effect.atom.predicate == "at" for effect in skill.effects)
        actions += compiled.actions(state, *[_candidates(world, skill, p, only) for p in skill.parameters])
    return actions


def _in_order(world: World) -> Iterator[CompiledSkill]:
    """Yield the compiled skills of a world in the order in which actions are listed."""
    if not world.compiled_skills:
        world.compiled_skills.update(compiled_skills(world.domain))
    for name in _LISTED:
        if name in world.compiled_skills:
            yield world.compiled_skills[name]
    for name, compiled in world.compiled_skills.items():
        if name not in _LISTED:
            yield compiled


def _candidates(world: World, skill: Skill, parameter: Parameter, fixtures_only: bool) -> Sequence[int]:
    """Return the entities that an argument can be, in order."""
    match parameter.kind:
        case "object":
            return range(world.n_fixtures, len(world.names))
        case "fixture":
            return range(world.n_fixtures if skill.travels else world.n_furniture)
        case "place":
            n_entities = world.n_fixtures if fixtures_only else len(world.names)
            return (*range(world.n_furniture), *range(world.n_fixtures, n_entities))
    return sorted(world.of_kind(parameter.kind))
